"""The probes of Zuora Revenue, as far as it can be asked without harm: nothing is ever staged."""

from __future__ import annotations

from tallybridge_cli.verify.probe import Probe
from tallybridge_cli.verify.revenue import reads

__all__ = ["PROBES"]

PROBES: tuple[Probe, ...] = reads.PROBES
