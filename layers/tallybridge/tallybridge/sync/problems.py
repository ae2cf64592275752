"""What of each step is held or refused, put together by code: counted when a run has gone through the step, so that nobody has to read
every record to see what there is.

    pk "problems"   sk <step>   run_id, at, under_way, problems: what `Alike.to_json` gives, one for each code

Nothing but a run moves a record into or out of this state, and every run that takes up records of a step counts again in the end. One that
died before that, or found fewer than it has held because the index was behind, leaves `under_way`: then the records themselves must be
asked.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from tallybridge import money
from tallybridge.clock import Clock, stamp
from tallybridge.sync.ledger import Ledger, State, Table

PARTITION = "problems"
WAITS = (State.REFUSED, State.HELD)
"""What a record waits as: it was declined, or it was not sent."""


@dataclass
class Alike:
    """The records of a step with one code. `waits`: all of them only wait for other records; `sums` is what they amount to, by currency;
    `since` is when the oldest of them was first seen (the oldest that needs a person, where one does), `number` that one, and `text` what
    was said of it; `attempts` in how many runs the most stubborn one was met."""

    code: str
    count: int = 0
    waits: bool = True
    sums: dict[str, Decimal] = field(default_factory=dict)
    since: str = ""
    number: str = ""
    text: str = ""
    attempts: int = 1

    def add(self, item: Mapping[str, Any]) -> None:
        """Count a record, as its ledger item tells it."""
        since, waits = str(item.get("since") or item.get("updated", "")), bool(item.get("waits_for"))
        if not self.count or (waits, since) < (self.waits, self.since):
            self.since, self.text, self.number = since, str(item.get("message", "")), str(item.get("number") or item.get("id", ""))
        self.count += 1
        self.waits = self.waits and waits
        self.attempts = max(self.attempts, int(item.get("attempts", 1)))
        if amount := item.get("amount"):
            currency = str(item.get("currency", ""))
            self.sums[currency] = self.sums.get(currency, Decimal(0)) + Decimal(str(amount))

    def to_json(self) -> dict[str, Any]:
        return {**vars(self), "sums": {currency: money.plain(amount) for currency, amount in sorted(self.sums.items())}}

    @classmethod
    def from_json(cls, row: Mapping[str, Any]) -> Alike:
        sums = {currency: Decimal(str(amount)) for currency, amount in row["sums"].items()}
        return cls(**{**row, "sums": sums, "count": int(row["count"]), "attempts": int(row["attempts"])})


def alike(items: Iterable[Mapping[str, Any]]) -> list[Alike]:
    """Records put together by their code."""
    found: dict[str, Alike] = {}
    for item in items:
        code = str(item.get("code", ""))
        found.setdefault(code, Alike(code)).add(item)
    return list(found.values())


def counted(ledger: Ledger, step: str) -> list[Alike]:
    """What waits in a step, from the records themselves."""
    return alike(item for state in WAITS for item in ledger.attention(f"{state}#{step}"))


@dataclass(frozen=True)
class Count:
    """What the newest run has counted in a step, and when (ISO 8601 UTC); `under_way` names a run that has begun to change it since."""

    run_id: str
    at: str
    under_way: str
    problems: tuple[Alike, ...]


class Counts:
    """The counts of all steps, in the table of runs."""

    def __init__(self, table: Table, clock: Clock) -> None:
        self.table = table
        self.clock = clock

    def begin(self, step: str, run_id: str) -> None:
        """A run is about to change what waits in a step."""
        self.table.update_item(
            Key={"pk": PARTITION, "sk": step},
            UpdateExpression="SET under_way = :run",
            ExpressionAttributeValues={":run": run_id},
        )

    def keep(self, step: str, run_id: str, problems: Iterable[Alike]) -> None:
        """A run has gone through a step."""
        rows = [each.to_json() for each in problems]
        item = {"pk": PARTITION, "sk": step, "run_id": run_id, "at": stamp(self.clock.now()), "under_way": "", "problems": rows}
        self.table.put_item(Item=item)

    def settled(self) -> set[str]:
        """The steps in which nothing waits, as far as that is known."""
        return {step for step, count in self.read().items() if not (count.problems or count.under_way)}

    def read(self) -> dict[str, Count]:
        """By step; a step that no run has gone through is left out."""
        values = {":pk": PARTITION}
        items = self.table.query(KeyConditionExpression="pk = :pk", ExpressionAttributeValues=values, ConsistentRead=True)["Items"]
        known = (item for item in items if "problems" in item)
        return {str(item["sk"]): _count(item) for item in known}


def _count(item: Mapping[str, Any]) -> Count:
    rows = tuple(map(Alike.from_json, item["problems"]))
    return Count(str(item["run_id"]), str(item["at"]), str(item.get("under_way", "")), rows)
