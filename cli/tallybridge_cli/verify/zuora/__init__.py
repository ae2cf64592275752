"""The probes of Zuora."""

from __future__ import annotations

from tallybridge_cli.verify.probe import Probe
from tallybridge_cli.verify.zuora import payments, reads, settings, tenant, writes
from tallybridge_cli.verify.zuora.books import CLEANER

__all__ = ["CLEANER", "PROBES"]

PROBES: tuple[Probe, ...] = (*tenant.PROBES, *reads.PROBES, *settings.PROBES, *writes.PROBES, *payments.PROBES)
