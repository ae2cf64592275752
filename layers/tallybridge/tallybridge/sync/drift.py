"""What changed on one side after a record was synced, as a value: plain data that survives a round trip through JSON."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from decimal import Decimal
from typing import Any

from tallybridge import money

AMOUNTS = ("amount", "held")


@dataclass(frozen=True)
class Drift:
    """One record that was synced and of which the two sides say different things now.

    `code` says what changed first and most; `message` names the record, both ids and all that changed; `advice` ends it when followed.
    `amount` is what was synced, `held` what the destination holds now (None: nothing), both in units of `currency`; None for records
    without money. `since` is when a run first told it (ISO 8601 UTC).
    """

    step: str
    object: str
    code: str
    number: str
    source_id: str
    destination_id: str
    message: str
    advice: str
    currency: str = ""
    amount: Decimal | None = None
    held: Decimal | None = None
    since: str = ""

    @property
    def shape(self) -> str:
        """A short text that tells this drift from another one of the same record: a drift that is accepted stays so until it changes."""
        content = [
            self.code,
            self.destination_id,
            self.currency,
            *(None if a is None else money.plain(a) for a in (self.amount, self.held)),
        ]
        return hashlib.sha256(money.dumps([*content, self.message]).encode()).hexdigest()[:32]

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, row: Mapping[str, Any]) -> Drift:
        known = {f.name: row[f.name] for f in fields(cls) if f.name in row}
        return cls(**known | {name: None if row.get(name) is None else Decimal(str(row[name])) for name in AMOUNTS})
