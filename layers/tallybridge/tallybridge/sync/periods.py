"""The documents of a month, counted from the ledger: how many, how much, and where they stand.

The count of a month is kept until one of its items is moved: a page that shows it then costs two small reads, however many documents there
are. It is kept by day, so that periods that are no calendar months are sums of the same figures.
"""

from __future__ import annotations

import gzip
import heapq
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any

from tallybridge import money
from tallybridge.clock import moment_of, stamp
from tallybridge.sync.earlier import compared_money
from tallybridge.sync.instructed import IGNORED
from tallybridge.sync.ledger import OPEN, Ledger, State
from tallybridge.sync.runlog import Tally
from tallybridge.sync.runs import Runs

NAMED = 50
"""Missing documents of a month that are named, the largest of each currency and the oldest among equals."""
SETTLES = timedelta(seconds=10)
"""So long after a change an index may not have all of it yet: a count that was begun sooner is not kept."""
MOST_BYTES = 350_000
"""Of a count that is kept: an item of DynamoDB holds 400 KB. A larger one is made anew each time."""


class Standing(StrEnum):
    """Where a document stands."""

    PROVED = "proved"  # on both sides; amount, currency, customer and type were compared and agree
    BOOKED = "booked in the base currency"  # on both sides; the figures agree, in NetSuite's base currency
    UNPROVED = "not compared"  # on both sides, but nobody has compared its money
    PARTLY = "not in order"  # on the other side, but held or refused: incomplete there, or not the same
    MISSING = "missing"  # held or refused, and not on the other side
    UNFINISHED = "unfinished"  # a run was interrupted while it worked on it
    IGNORED = "ignored"  # not on the other side, because a person has said that it is not to be sent
    NOT_DUE = "not due"  # was held or refused, and nothing is due for it any more


@dataclass(frozen=True)
class Line:
    """What documents of one line have in common. `code` is that of what is wrong, `posted` the name of the period that they are posted in
    where that is not the one of their date; "" otherwise."""

    day: str
    step: str
    object: str
    record_type: str
    currency: str
    standing: Standing
    code: str = ""
    posted: str = ""
    credit: bool = False
    """Whether the amounts are below zero, and lower what others of their type raise."""


@dataclass(frozen=True)
class Named:
    """A document that is missing, or there and not in order."""

    day: str
    step: str
    id: str
    number: str
    currency: str
    amount: Decimal
    code: str
    message: str
    customer: str


@dataclass
class Count:
    """The documents of some days. `moved_last` is when (ISO 8601 UTC) one of them was moved last; amounts have no sign."""

    lines: dict[Line, Tally] = field(default_factory=dict)
    named: list[Named] = field(default_factory=list)
    moved_last: str = ""

    def between(self, first: str, last: str) -> Count:
        """The same of the days from `first` to `last`, both included."""
        lines = {line: tally for line, tally in self.lines.items() if first <= line.day <= last}
        return Count(lines, [each for each in self.named if first <= each.day <= last], self.moved_last)

    def plus(self, other: Count) -> Count:
        """Both together; they have no day in common."""
        return Count(self.lines | other.lines, [*self.named, *other.named], max(self.moved_last, other.moved_last))

    def to_json(self) -> dict[str, Any]:
        lines = sorted(self.lines.items(), key=lambda of: list(vars(of[0]).values()))
        return {
            "lines": [{**vars(line), **tally.to_json()} for line, tally in lines],
            "named": [vars(each) for each in self.named],
            "moved_last": self.moved_last,
        }

    @classmethod
    def from_json(cls, row: Mapping[str, Any]) -> Count:
        lines = {}
        for each in row["lines"]:
            known = {name: each[name] for name in vars(EMPTY)}
            lines[Line(**{**known, "standing": Standing(known["standing"])})] = Tally.from_json(each)
        named = [Named(**{**each, "amount": Decimal(str(each["amount"]))}) for each in row["named"]]
        return cls(lines, named, str(row["moved_last"]))


NAMED_ARE = (Standing.MISSING, Standing.IGNORED, Standing.PARTLY, Standing.UNFINISHED)
"""Where the documents stand that are named."""
EMPTY = Line("", "", "", "", "", Standing.NOT_DUE)


def standing_of(item: Mapping[str, Any]) -> Standing:
    """Where the document of a ledger's item stands."""
    state = item.get("state")
    if state in OPEN:
        return Standing.UNFINISHED
    if state in (State.HELD, State.REFUSED):
        if not item.get("attention"):
            return Standing.IGNORED if item.get("left") == IGNORED else Standing.NOT_DUE
        return Standing.PARTLY if item.get("destination_id") else Standing.MISSING
    if item.get("amount") and item.get("compared") != compared_money(item):
        return Standing.UNPROVED
    return Standing.BOOKED if item.get("booked_in") else Standing.PROVED


def counted(items: Iterable[Mapping[str, Any]]) -> Count:
    """The count of a month's items, those that were moved first in front; traces of documents that have left it count for nothing."""
    count, missing = Count(), dict[str, list[tuple[Decimal, str, Named]]]()
    for item in items:
        count.moved_last = max(count.moved_last, str(item["updated"]))
        if item["state"] == "MOVED":
            continue
        amount, line = Decimal(str(item.get("amount") or 0)), line_of(item)
        count.lines.setdefault(line, Tally()).add(abs(amount))
        if line.standing in NAMED_ARE:
            largest = missing.setdefault(line.currency, [])
            entry = (abs(amount), str(item["id"]), _named(item, line, amount))
            (heapq.heappushpop if len(largest) >= NAMED else heapq.heappush)(largest, entry)
    count.named = [named for of in missing.values() for _, _, named in sorted(of, key=lambda each: (-each[0], each[1]))]
    return count


def line_of(item: Mapping[str, Any]) -> Line:
    """The line that a document is counted in."""
    standing = standing_of(item)
    there = standing in (Standing.PROVED, Standing.BOOKED, Standing.UNPROVED)
    return Line(
        day=str(item["document_date"]),
        step=str(item.get("step", "")),
        object=str(item["id"]).split("#")[1],
        record_type=str(item.get("record_type", "")),
        currency=str(item.get("currency", "")) if item.get("amount") else "",
        standing=standing,
        code="" if there else str(item.get("code", "")),
        posted=str(item.get("posting_period", "")) if there else "",
        credit=str(item.get("amount", "")).startswith("-"),
    )


def _named(item: Mapping[str, Any], line: Line, amount: Decimal) -> Named:
    told = {name: str(item.get(name, "")) for name in ("number", "code", "message")}
    source_id = str(item["id"]).split("#", 2)[2]
    return Named(line.day, line.step, source_id, currency=line.currency, amount=amount, customer=str(item.get("customer_name", "")), **told)


def count_of(ledger: Ledger, runs: Runs, month: str, check_time: Callable[[], None] = lambda: None) -> Count:
    """The count of a month: the one that is kept where nothing has moved since, else made anew and kept. `check_time` is called now and
    then, and may end the counting by raising."""
    moved = ledger.moved_last(month)
    if kept := kept_count(runs, month, moved):
        return kept
    begun = ledger.clock.now()

    def watched() -> Iterable[Mapping[str, Any]]:
        for place, item in enumerate(ledger.dated_in(month)):
            if place % 1_000 == 0:
                check_time()
            yield item

    count = counted(watched())
    at = moment_of(count.moved_last)
    if at and begun - at >= SETTLES:
        body = gzip.compress(money.dumps(count.to_json()).encode(), mtime=0)
        if len(body) <= MOST_BYTES:
            runs.keep_count(month, count.moved_last, body, stamp(begun))
    return count


def make_ready(ledger: Ledger, runs: Runs, check_time: Callable[[], None]) -> None:
    """Count the month that runs and the one before it where something has moved, so that people who look at them need not wait."""
    now = ledger.clock.now()
    last = now.replace(day=1) - timedelta(days=1)
    for month in (f"{last:%Y-%m}", f"{now:%Y-%m}"):
        moved = moment_of(ledger.moved_last(month))
        if moved and now - moved >= SETTLES:
            count_of(ledger, runs, month, check_time)


def kept_count(runs: Runs, month: str, moved: str) -> Count | None:
    """The count of a month as it is kept, if nothing of it was moved after `moved`; that of a month without documents."""
    if not moved:
        return Count()
    known = runs.count(month)
    if known.get("moved_last") != moved:
        return None
    return Count.from_json(money.loads(gzip.decompress(bytes(known["body"]))))
