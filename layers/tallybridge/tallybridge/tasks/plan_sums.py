"""A plan in sums."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from tallybridge.sync.runlog import Tally
from tallybridge.tasks.gl_effect import Effect


@dataclass
class Sums:
    """What a plan does with the records of a step: how many, and how much, by what is done and currency; and what that posts."""

    done: dict[tuple[str, str], Tally] = field(default_factory=dict)
    effect: Effect = field(default_factory=Effect)

    def add(self, part: Mapping[str, Any]) -> None:
        """Add a piece of a batch, as it was kept."""
        for head in part["heads"]:
            amount = head["amount"]
            self.done.setdefault((head["does"], head["currency"]), Tally()).add(None if amount is None else Decimal(str(amount)))
        self.effect.merge(Effect.from_json(part["effect"]))

    def to_json(self) -> dict[str, Any]:
        return {"done": [[*key, tally.to_json()] for key, tally in sorted(self.done.items())], "effect": self.effect.to_json()}

    @classmethod
    def from_json(cls, row: Mapping[str, Any] | None) -> Sums:
        if not row:
            return cls()
        return cls({(what, currency): Tally.from_json(t) for what, currency, t in row["done"]}, Effect.from_json(row["effect"]))
