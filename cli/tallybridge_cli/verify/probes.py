"""Every probe, system by system, in the order in which they are run."""

from __future__ import annotations

from tallybridge_cli.verify import netsuite, revenue, zuora
from tallybridge_cli.verify.probe import Probe

PROBES: tuple[Probe, ...] = (*netsuite.PROBES, *zuora.PROBES, *revenue.PROBES)
