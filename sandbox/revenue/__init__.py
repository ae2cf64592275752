"""A stand-in for Zuora Revenue: authentication, upload templates, uploads into inbound staging, stage validation.

with LoopbackServer(Control(RevenueStandIn(RevenueOptions()))) as server:
    ...  # server.url + "/api/integration/v1/authenticate"
"""

from sandbox.revenue.options import RevenueOptions, Role, User
from sandbox.revenue.service import RevenueStandIn

__all__ = ["RevenueOptions", "RevenueStandIn", "Role", "User"]
