"""The probes of NetSuite."""

from __future__ import annotations

from tallybridge_cli.verify.netsuite import account
from tallybridge_cli.verify.netsuite.books import CLEANER
from tallybridge_cli.verify.probe import Probe

__all__ = ["CLEANER", "PROBES"]

PROBES: tuple[Probe, ...] = (*account.PROBES,)
