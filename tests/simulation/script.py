"""What happens in a tenant, as a list of events made of a seed."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

ACCOUNTS = {"A1": "USD", "A2": "USD", "E1": "EUR"}
KINDS = {
    "bill": 10,
    "pay": 7,
    "credit": 4,
    "refund": 4,
    "run": 5,
    "answers are lost": 4,
    "answers are slow": 2,
    "service is away": 2,
    "too many calls": 2,
    "clocks differ": 2,
    "period closes": 2,
    "period opens": 1,
    "worker dies": 3,
    "worker dies and is started again": 3,
    "functions meet": 3,
    "run is stopped": 2,
    "update is deployed": 2,
    "other job works": 2,
    "run is doubled": 1,
    "dry run": 1,
    "settings": 1,
    "time passes": 3,
    "person changes the amount": 1,
    "person deletes": 1,
    "person resets": 2,
    "person cancels an invoice": 1,
    "person voids a payment": 1,
    "person renames a customer": 1,
    "person enters a payment": 4,
    "person works during a run": 2,
}
"""Kinds of events and how often they happen, relative to each other."""
FEWEST, MOST = 4, 10
"""Events of a script."""


@dataclass(frozen=True)
class Event:
    """`luck` is all that its details are made of, so that an event means the same whichever others are left out."""

    kind: str
    luck: int

    def __str__(self) -> str:
        return f"{self.kind} ({self.luck})"


def script_of(seed: int) -> list[Event]:
    """The events of a seed; the first ones are always a bill run and a payment."""
    chance = Random(seed)
    kinds = chance.choices(list(KINDS), list(KINDS.values()), k=chance.randint(FEWEST, MOST))
    return [Event(kind, chance.randrange(1_000_000)) for kind in ["bill", "pay", *kinds]]


def mode_of(seed: int) -> str:
    """Every third tenant has no Invoice Settlement."""
    return "A" if seed % 3 == 0 else "B"


def goes_both_ways(seed: int) -> bool:
    """Every other tenant takes payments and refunds from NetSuite too."""
    return seed % 2 == 0


def has_threads(seed: int) -> bool:
    """Every tenth tenant's workers do things at the same time, as deployed ones do; what comes first is then up to the machine."""
    return seed % 10 == 0
