"""The audit: who did what, when, why, with what was there before and after.

Entries are added and never changed: the table refuses updates and deletions to everybody, and each entry carries the hash of the one
before it, so that one that was overwritten or is missing shows.

    pk "audit"   sk "000000000042"   at, who, action, what, reason, before, after, previous, hash
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

from tallybridge import money
from tallybridge.clock import Clock, stamp
from tallybridge.errors import TallybridgeError
from tallybridge.sync.ledger import Table

PARTITION = "audit"
DIGITS = 12
TRIES = 40
"""Two people who do something at once take the numbers after one another."""
MAX_TEXT = 2_000
PAGE = 1_000


@dataclass(frozen=True)
class Entry:
    """`at` is ISO 8601 UTC; `who` the person as the sign-in or AWS names them; `action` a word ("link"); `what` says on what it was done
    ("Invoice INV00000001", "settings"); `before` and `after` are texts, "" where there is nothing to say."""

    number: int
    at: str
    who: str
    action: str
    what: str
    reason: str = ""
    before: str = ""
    after: str = ""
    previous: str = ""
    hash: str = ""

    @property
    def proper_hash(self) -> str:
        """What `hash` must be."""
        content = {name: value for name, value in asdict(self).items() if name != "hash"}
        return hashlib.sha256(money.dumps(content).encode()).hexdigest()

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True)
class Wanted:
    """Which entries: by a part of who, what or action, and between two days (YYYY-MM-DD, both included). "" for all."""

    who: str = ""
    what: str = ""
    action: str = ""
    since: str = ""
    until: str = ""

    def takes(self, entry: Entry) -> bool:
        parts = (self.who in entry.who, self.what in entry.what, self.action in ("", entry.action))
        return all(parts) and self.since <= entry.at[:10] and (not self.until or entry.at[:10] <= self.until)


class Audit:
    """Adds entries and reads them."""

    def __init__(self, table: Table, clock: Clock) -> None:
        self.table = table
        self.clock = clock

    def note(self, who: str, action: str, what: str, *, reason: str = "", before: str = "", after: str = "") -> Entry:
        """Add an entry; it is called before what it tells of is done. Raises `TallybridgeError` AUDIT-BUSY: then nothing may be done."""
        taken = self.table.meta.client.exceptions.ConditionalCheckFailedException
        texts = {"reason": reason[:MAX_TEXT], "before": before[:MAX_TEXT], "after": after[:MAX_TEXT]}
        for attempt in range(TRIES):
            last = next(self._read(forward=False, size=1), None)
            number, previous = (last.number + 1, last.hash) if last else (1, "")
            entry = Entry(number, stamp(self.clock.now()), who, action, what[:MAX_TEXT], previous=previous, **texts)
            item = {**entry.to_json(), "pk": PARTITION, "sk": f"{number:0{DIGITS}}", "hash": entry.proper_hash}
            try:
                self.table.put_item(Item=item, ConditionExpression="attribute_not_exists(pk)")
            except taken:
                self.clock.sleep(0.02 * (attempt + 1))
                continue
            return _of_item(item)
        advice = "Nothing was done. Try again; many people are at work on this installation at this moment."
        raise TallybridgeError("The audit could not take an entry.", code="AUDIT-BUSY", advice=advice)

    def newest(self) -> Iterator[Entry]:
        """All entries, newest first."""
        return self._read(forward=False)

    def found(self, wanted: Wanted) -> Iterator[Entry]:
        """The entries that are wanted, newest first."""
        for entry in self.newest():
            if entry.at[:10] < wanted.since:
                return
            if wanted.takes(entry):
                yield entry

    def flaw(self) -> str:
        """What does not fit in the chain of entries, in a sentence; "" where all of it does."""
        previous = ""
        for number, entry in enumerate(self._read(forward=True), start=1):
            if entry.number != number:
                return f"Entry {number} is missing."
            if entry.hash != entry.proper_hash:
                return f"Entry {number} was changed after it had been written."
            if entry.previous != previous:
                return f"Entry {number} does not follow entry {number - 1} as it is now: one of them was replaced."
            previous = entry.hash
        return ""

    def _read(self, *, forward: bool, size: int = PAGE) -> Iterator[Entry]:
        start: dict[str, Any] = {}
        while True:
            answer = self.table.query(
                KeyConditionExpression="pk = :pk",
                ExpressionAttributeValues={":pk": PARTITION},
                ScanIndexForward=forward,
                ConsistentRead=True,
                Limit=size,
                **start,
            )
            yield from map(_of_item, answer["Items"])
            if not answer.get("LastEvaluatedKey"):
                return
            start = {"ExclusiveStartKey": answer["LastEvaluatedKey"]}


def _of_item(item: Mapping[str, Any]) -> Entry:
    known = {f.name: item[f.name] for f in fields(Entry) if f.name in item}
    return Entry(**known | {"number": int(item["number"])})


def rows(entries: Iterable[Entry]) -> Iterator[list[str]]:
    """Entries for a CSV file, with a head."""
    yield [f.name for f in fields(Entry)]
    for entry in entries:
        yield [str(value) for value in asdict(entry).values()]
