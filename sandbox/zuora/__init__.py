"""A stand-in for Zuora Billing: one tenant in memory behind the vendor's public REST API.

    server = LoopbackServer(Control(ZuoraStandIn(ZuoraOptions(settlement=True)))).start()

`docs/sandbox-zuora.md` lists what is covered.
"""

from sandbox.zuora.options import ConcurrencyLimits, DataQueryLimits, RateLimits, ZuoraOptions
from sandbox.zuora.service import ZuoraStandIn

__all__ = ["ConcurrencyLimits", "DataQueryLimits", "RateLimits", "ZuoraOptions", "ZuoraStandIn"]
