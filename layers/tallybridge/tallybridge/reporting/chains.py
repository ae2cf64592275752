"""Who waits for whom: records that wait for their parents, followed to the one that holds them all up.

A refund waits for its payment, that for an invoice, that for a charge without an Item Type: what a person must mend is the charge.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

MAX_LINKS = 20
"""Links that are followed; longer chains and circles end there."""
MAX_RECORDS = 20_000
"""Waiting records that are kept; those beyond show their own parent only."""


@dataclass
class Chains:
    """The records of a run that were left behind. `waits`: name or number of a record -> what it waits for, "" for nothing."""

    waits: dict[str, str] = field(default_factory=dict)

    def add(self, names: tuple[str, ...], waits_for: str) -> None:
        """Note a record under its number and id; what a record waits for goes before a remark about it that waits for nothing."""
        for name in filter(None, names):
            if len(self.waits) < MAX_RECORDS and not self.waits.get(name):
                self.waits[name] = waits_for

    def root(self, waits_for: str) -> str:
        """What stands at the end of the chain that begins with this parent, in the words of the last record that waits for it; "" when it
        is the parent itself."""
        return end_of(waits_for, self.waits)

    def depth(self, waits_for: str) -> int:
        """How many links lie between a record and what holds it up: 0 for a record that waits for nothing."""
        steps, end, seen = 0, waits_for, {waits_for}
        while end and steps < MAX_LINKS:
            steps, end = steps + 1, _next(end, self.waits)
            if end in seen:
                break
            seen.add(end)
        return steps


def end_of(waits_for: str, waits: Mapping[str, str]) -> str:
    """As `Chains.root`, of any records: `waits` says of a name or number what it waits for, "" for nothing."""
    end, seen = waits_for, {waits_for}
    for _ in range(MAX_LINKS):
        further = _next(end, waits)
        if not further or further in seen:
            break
        end = further
        seen.add(further)
    return end if end != waits_for else ""


def _next(parent: str, waits: Mapping[str, str]) -> str:
    key = known_name(parent, waits)
    return waits[key] if key else ""


def known_name(parent: str, known: Mapping[str, object]) -> str:
    """The record that the words "invoice INV00000042" or 'charge "Seats, annual"' stand for: the longest ending of the words that is known,
    without quotes; "" if none is."""
    words = parent.split(" ")
    endings = (" ".join(words[n:]) for n in range(len(words)))
    return next((name for ending in endings for name in (ending, ending.strip('"')) if name in known), "")


def told(waits_for: str, root: str) -> str:
    """ "payment P-1" and "charge Seats" -> "payment P-1, in the end for charge Seats"."""
    return f"{waits_for}, in the end for {root}" if root else waits_for
