"""What needs a person, by cause: one cause is one entry, whatever steps it shows in, and what only waits stands with what it waits for.

Two warnings have one cause when both name it (`cause`: a tax code, a payment method, a closed period), else when step, level, code and the
shape of the text agree (`messages`). A record that waits is counted with the cause at the end of its chain. Where no message of the run is
about that end, nobody is told of it: then waiting is itself what needs a person.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from tallybridge.reporting.chains import Chains, known_name, told
from tallybridge.reporting.messages import BETWEEN, MAX_LABEL, MAX_MESSAGES, MAX_RECORDS, OTHER_KINDS, WAITS_FOR, Group, frozen, taken_apart
from tallybridge.reporting.objects import title
from tallybridge.reporting.words import clean, left_out_words, listed, money_text, plural, shortened
from tallybridge.sync.runlog import Cause, Holds, LeftOut, Level, LogLine

MAX_WAITING = 20_000
"""Waiting records that are put with their cause; those beyond stand as a kind of their own."""
MAX_HOMES = 200_000
"""Names by which it is known what is the matter with a record; what waits for others beyond them stands as a kind of its own."""
RECENT = 1_000
"""Records of a cause among which one is looked for before it is counted: all that is said of a record stands close together in the log."""
NOBODY_TELLS = "No message is about what it waits for: see why that was not synced, whether it is ignored, or not due itself."
NOTHING = frozenset({"synced", "already", "skipped"})
"""Outcomes of records about which something is remarked, and that nothing holds up."""

Key = tuple[object, ...]


def causes(lines: Iterable[LogLine], left_out: Iterable[LeftOut] = ()) -> list[Cause]:
    """The warnings and errors of a run by cause, and the rules that leave out what is due, in the order of `ordered`. `lines` is read once;
    memory stays bounded."""
    collector = Collector()
    for line in lines:
        collector.add(line)
    return with_rules(collector.causes(), left_out)


def with_rules(found: Iterable[Cause], left_out: Iterable[LeftOut]) -> list[Cause]:
    """Causes and the rules that leave out what is due, in order."""
    return ordered([*found, *(_of_rule(row) for row in left_out if row.due)])


@dataclass
class _Held:
    """Records that are held up, each once."""

    seen: dict[tuple[str, str], None] = field(default_factory=dict)
    holds: dict[tuple[str, str, bool], Holds] = field(default_factory=dict)
    labels: list[str] = field(default_factory=list)

    def add(self, line: LogLine, label: str) -> None:
        who = (line.object, line.source_id or line.source_number)
        if line.outcome in NOTHING or not who[1] or who in self.seen:
            return
        self.seen[who] = None
        if len(self.seen) > RECENT:
            del self.seen[next(iter(self.seen))]
        amount = Decimal(line.amount or 0)
        currency = line.currency if line.amount else ""
        held = self.holds.setdefault((line.object, currency, amount < 0), Holds(line.object, currency))
        held.count, held.amount = held.count + 1, held.amount + amount
        if len(self.labels) < MAX_RECORDS:
            self.labels.append(label)

    def to_json(self) -> dict[str, Any]:
        holds = [[negative, held.to_json()] for (_, _, negative), held in self.holds.items()]
        return {"seen": list(self.seen), "holds": holds, "labels": self.labels}

    @classmethod
    def from_json(cls, row: dict[str, Any]) -> _Held:
        holds = [(negative, Holds.from_json(held)) for negative, held in row["holds"]]
        seen = dict.fromkeys(map(frozen, row["seen"]))
        return cls(seen, {(held.object, held.currency, negative): held for negative, held in holds}, list(row["labels"]))


@dataclass
class _Entry:
    first: LogLine
    shape: Key
    group: Group
    untold: bool
    one_shape: bool = True
    steps: dict[str, None] = field(default_factory=dict)
    own: _Held = field(default_factory=_Held)
    waiting: _Held = field(default_factory=_Held)

    def cause(self, chains: Chains) -> Cause:
        message = self.group.message(chains)
        text = message.message if self.one_shape else self.first.cause
        return Cause(
            level=self.first.level,
            code=self.first.code,
            message=text[:1].upper() + text[1:],
            advice=NOBODY_TELLS if self.untold else self.first.advice,
            steps=list(self.steps),
            count=sum(h.count for h in self.own.holds.values()) or message.count,
            records=message.records if self.one_shape else self.own.labels,
            own=list(self.own.holds.values()),
            waiting_records=self.waiting.labels,
            waiting=list(self.waiting.holds.values()),
        )

    def to_json(self) -> dict[str, Any]:
        return {
            "first": self.first.to_json(),
            "shape": self.shape,
            "group": self.group.to_json(),
            "untold": self.untold,
            "one_shape": self.one_shape,
            "steps": list(self.steps),
            "own": self.own.to_json(),
            "waiting": self.waiting.to_json(),
        }

    @classmethod
    def from_json(cls, row: dict[str, Any]) -> _Entry:
        return cls(
            LogLine.from_json(row["first"]),
            frozen(row["shape"]),
            Group.from_json(row["group"]),
            bool(row["untold"]),
            bool(row["one_shape"]),
            dict.fromkeys(row["steps"]),
            _Held.from_json(row["own"]),
            _Held.from_json(row["waiting"]),
        )


class Collector:
    """Takes a run's lines one by one. Survives a round trip through JSON."""

    def __init__(self) -> None:
        self.entries: dict[Key, _Entry] = {}
        self.chains = Chains()
        self.home: dict[str, Key] = {}
        """Name of a record -> the entry of its own trouble."""
        self.waiters: list[LogLine] = []

    def add(self, line: LogLine) -> None:
        if line.level not in (Level.WARNING, Level.ERROR):
            return
        names = (line.source_number, line.source_id)
        if line.outcome not in NOTHING:
            self.chains.add(names, line.waits_for)
        if line.waits_for and len(self.waiters) < MAX_WAITING:
            self.waiters.append(line)
            return
        key = self._enter(line)
        if line.outcome not in NOTHING:
            for name in filter(None, names):
                if len(self.home) < MAX_HOMES:
                    self.home.setdefault(name, key)

    def causes(self) -> list[Cause]:
        for line in self.waiters:
            name = known_name(self.chains.root(line.waits_for) or line.waits_for, self.home)
            if name:
                self.entries[self.home[name]].waiting.add(line, self._label(line))
            else:
                self._enter(line, untold=len(self.home) < MAX_HOMES)
        return [entry.cause(self.chains) for entry in self.entries.values()]

    def to_json(self) -> dict[str, Any]:
        places = {key: place for place, key in enumerate(self.entries)}
        return {
            "entries": [[key, entry.to_json()] for key, entry in self.entries.items()],
            "waits": self.chains.waits,
            "home": {name: places[key] for name, key in self.home.items()},
            "waiters": [line.to_json() for line in self.waiters],
        }

    def load(self, row: dict[str, Any]) -> None:
        """Go on where another has stood."""
        self.entries = {frozen(key): _Entry.from_json(entry) for key, entry in row["entries"]}
        keys = list(self.entries)
        self.chains = Chains(dict(row["waits"]))
        self.home = {name: keys[place] for name, place in row["home"].items()}
        self.waiters = list(map(LogLine.from_json, row["waiters"]))

    def _enter(self, line: LogLine, *, untold: bool = False) -> Key:
        pieces, values = taken_apart(line)
        shape: Key = (line.step, line.level, line.code, pieces, untold)
        key: Key = (line.level, line.cause) if line.cause else shape
        if key not in self.entries and len(self.entries) >= MAX_MESSAGES:
            line = LogLine(line.time, line.run_id, "", line.level, OTHER_KINDS, outcome=line.outcome)
            shape = key = (line.level,)
            values = ()
        entry = self.entries.get(key) or self.entries.setdefault(key, _Entry(line, shape, Group(line), untold))
        entry.one_shape &= entry.shape == shape
        if entry.one_shape:
            entry.group.add(line, values)
        if line.step:
            entry.steps[line.step] = None
        entry.own.add(line, self._label(line))
        return key

    def _label(self, line: LogLine) -> str:
        """The record, and what it waits for."""
        about = WAITS_FOR + told(line.waits_for, self.chains.root(line.waits_for)) if line.waits_for else ""
        label = BETWEEN.join(part for part in (line.source_number or line.source_id, about) if part)
        return shortened(clean(label), MAX_LABEL)


def _of_rule(row: LeftOut) -> Cause:
    text = f"{title(row.object)}: {left_out_words(row)}"
    held = [Holds(row.object, row.currency, row.tally.count, row.tally.amount)]
    return Cause(Level.WARNING, row.code, text, LEFT_OUT_ADVICE, [row.step], row.tally.count, list(row.first), held)


LEFT_OUT_ADVICE = "Change what the rule names, or set the records to Ignore if they are not to be sent."


def currencies_in_order(found: Sequence[Cause]) -> list[str]:
    """The currencies of all that is held up: the one with most records first, then by name. Amounts of different currencies are not
    compared."""
    counts: Counter[str] = Counter()
    for held in _all(found):
        counts[held.currency] += held.count
    return sorted((c for c in counts if c), key=lambda c: (-counts[c], c))


def _all(found: Iterable[Cause]) -> Iterator[Holds]:
    return (held for cause in found for held in (*cause.own, *cause.waiting))


def ordered(found: Sequence[Cause]) -> list[Cause]:
    """Errors first; then by the money that a cause holds up, currency by currency in the order of `currencies_in_order`; then by the number
    of records. What holds up nothing comes last."""
    currencies = currencies_in_order(found)

    def rank(cause: Cause) -> tuple[object, ...]:
        sums = money_of(cause)
        return (cause.level is not Level.ERROR, [-sums.get(c, Decimal(0)) for c in currencies], -cause.held)

    return sorted(found, key=rank)


def money_of(cause: Cause) -> dict[str, Decimal]:
    """How much money a cause holds up, by currency: documents of whatever sign, each by its size."""
    sums: dict[str, Decimal] = {}
    for held in _all([cause]):
        if held.currency:
            sums[held.currency] = sums.get(held.currency, Decimal(0)) + abs(held.amount)
    return sums


def holds_text(holds: Iterable[Holds]) -> str:
    """ "3 payments (USD 300.00) and 1 refund (USD 50.00)"."""
    return listed([_held_text(h) for h in sorted(holds, key=lambda h: (-abs(h.amount), -h.count))])


def _held_text(held: Holds) -> str:
    many = title(held.object)
    many = many[:1].lower() + many[1:] if not many.startswith("NetSuite") else many
    one = many.removesuffix("s") if many.endswith("s") else many
    count = plural(held.count, one, many)
    return f"{count} ({money_text(held.amount, held.currency)})" if held.currency else count
