"""How hard the services pressed on a step: calls that they refused for too many at once, and the time that calls waited for their turn;
along the step's time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from tallybridge.clock import moment_of
from tallybridge.http import Pressure

BUCKETS = 60
"""Stretches of time that are kept; beyond them every two become one."""
FIRST_SECONDS = 60
"""Length of a stretch to begin with."""


def told(before: Pressure, now: Pressure, at: str) -> dict[str, Any]:
    """What a piece of a batch keeps with its results: {"at", "refused", "waited"}, seconds in whole numbers."""
    return {"at": at, "refused": now.refused - before.refused, "waited": round(now.waited - before.waited)}


@dataclass
class Stretches:
    """Refusals and waiting (seconds, added over all workers) by stretches of `seconds`, each under its beginning (epoch seconds)."""

    seconds: int = FIRST_SECONDS
    found: dict[int, list[int]] = field(default_factory=dict)

    def add(self, pieces: Iterable[Mapping[str, Any]]) -> None:
        for piece in pieces:
            at = moment_of(str(piece.get("at", "")))
            if at and (piece["refused"] or piece["waited"]):
                self._add(int(at.timestamp()), int(piece["refused"]), int(piece["waited"]))

    def _add(self, at: int, refused: int, waited: int) -> None:
        row = self.found.setdefault(at - at % self.seconds, [0, 0])
        row[0], row[1] = row[0] + refused, row[1] + waited
        while len(self.found) > BUCKETS:
            self.seconds *= 2
            before, self.found = self.found, {}
            for begin, (more, longer) in before.items():
                whole = self.found.setdefault(begin - begin % self.seconds, [0, 0])
                whole[0], whole[1] = whole[0] + more, whole[1] + longer

    @property
    def refused(self) -> int:
        return sum(refused for refused, _ in self.found.values())

    @property
    def waited(self) -> int:
        return sum(waited for _, waited in self.found.values())

    def within(self, begin: datetime, end: datetime) -> list[dict[str, int]]:
        """The stretches as they lie between two moments, in thousandths: {"begins", "lasts", "refused", "waited"}."""
        whole = (end - begin).total_seconds()
        if whole <= 0:
            return []
        return [
            {"begins": (place := _thousandths(at - begin.timestamp(), whole)), "refused": refused, "waited": waited}
            | {"lasts": max(2, min(1000 - place, _thousandths(self.seconds, whole)))}
            for at, (refused, waited) in sorted(self.found.items())
        ]

    def to_json(self) -> dict[str, Any]:
        return {"seconds": self.seconds, "found": {str(at): row for at, row in sorted(self.found.items())}}

    @classmethod
    def from_json(cls, row: Mapping[str, Any] | None) -> Stretches:
        if not row:
            return cls()
        return cls(int(row["seconds"]), {int(at): [int(n) for n in pair] for at, pair in row["found"].items()})


def _thousandths(part: float, whole: float) -> int:
    return max(0, min(998, int(1000 * part / whole)))
