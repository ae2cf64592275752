"""The probes of NetSuite: first what is only read, then records of their own."""

from __future__ import annotations

from tallybridge_cli.verify.netsuite import account, applying, clock, documents, entities, features, items, jobs
from tallybridge_cli.verify.netsuite.books import CLEANER
from tallybridge_cli.verify.probe import Probe

__all__ = ["CLEANER", "PROBES"]

PROBES: tuple[Probe, ...] = (
    *account.PROBES,
    *clock.PROBES,
    *entities.PROBES,
    *items.PROBES,
    *features.PROBES,
    *documents.PROBES,
    *applying.PROBES,
    *jobs.PROBES,
)
