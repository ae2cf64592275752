"""What happens in a tenant, as a list of events made of a seed."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

ACCOUNTS = {"A1": "USD", "A2": "USD", "E1": "EUR"}
SERVICES = ("zuora", "netsuite")
KINDS = {
    "bill": 8,
    "pay": 5,
    "credit": 3,
    "run": 5,
    "answers are lost": 4,
    "service is away": 2,
    "too many calls": 2,
    "worker dies": 4,
    "worker dies and is started again": 3,
    "run is doubled": 1,
    "dry run": 1,
    "person changes the amount": 1,
    "person deletes": 1,
    "person resets": 1,
    "settings": 2,
    "time passes": 3,
}
"""Kinds of events and how often they happen, relative to each other."""
FEWEST, MOST = 4, 12
"""Events of a script."""


@dataclass(frozen=True)
class Event:
    """`luck` is all that its details are made of, so that an event means the same whichever others are left out."""

    kind: str
    luck: int

    def __str__(self) -> str:
        return f"{self.kind} ({self.luck})"


def script_of(seed: int) -> list[Event]:
    """The events of a seed; the first one is always a bill run."""
    chance = Random(seed)
    kinds = chance.choices(list(KINDS), list(KINDS.values()), k=chance.randint(FEWEST, MOST))
    return [Event(kind, chance.randrange(1_000_000)) for kind in ["bill", *kinds]]


def mode_of(seed: int) -> str:
    """Every third tenant has no Invoice Settlement."""
    return "A" if seed % 3 == 0 else "B"
