"""What a run leaves behind: one log line per event, one result per record, one report per step, one summary per run.

Everything here is plain data that survives a round trip through JSON; amounts are Decimals, written as numbers.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass, field, fields
from decimal import Decimal
from enum import StrEnum
from typing import Any

from tallybridge.sync.drift import Drift
from tallybridge.sync.held import Held


class Level(StrEnum):
    """INFO; WARNING: a record was not synced; ERROR: a step or the run failed; DEBUG: raw answers, only with debug logging."""

    DEBUG = "DEBUG"
    INFO = "INFO"
    WARNING = "WARNING"
    ERROR = "ERROR"


class Outcome(StrEnum):
    """What became of one selected record in this run."""

    SYNCED = "synced"  # written to the destination in this run
    ALREADY = "already"  # was there before: recovered, linked by a look-up, or nothing to change
    HELD = "held"  # failed a validation or waits for its parent; nothing was written
    REFUSED = "refused"  # the destination declined it
    UNFINISHED = "unfinished"  # outcome unknown, worker lost, or in another worker's hands; the next run settles it
    SKIPPED = "skipped"  # no longer meets the selection, or set aside by a rule; not an error


@dataclass(frozen=True)
class LogLine:
    """One entry of the run log (operations.md section 5). `detail` holds the raw answer, only with debug logging. Warnings about a record
    say what became of it (`outcome`), its money (`currency`, and `amount` as a plain number), and what is the matter with others too
    (`cause`)."""

    time: str
    run_id: str
    step: str
    level: Level
    message: str
    code: str = ""
    direction: str = ""
    object: str = ""
    action: str = ""
    source_id: str = ""
    source_number: str = ""
    destination_id: str = ""
    advice: str = ""
    waits_for: str = ""
    detail: str = ""
    outcome: str = ""
    currency: str = ""
    amount: str = ""
    cause: str = ""

    def to_json(self) -> dict[str, str]:
        return {k: str(v) for k, v in asdict(self).items() if v}

    @classmethod
    def from_json(cls, line: dict[str, str]) -> LogLine:
        return cls(**{**_BLANK, **line, "level": Level(line["level"])})  # type: ignore[arg-type]


_BLANK = dict.fromkeys(("time", "run_id", "step", "message"), "")
"""What a line need not have, although every line of the log has it: `to_json` leaves out what is empty."""


@dataclass(frozen=True)
class RecordResult:
    """What became of one record. `amount` is the source's, `destination_amount` what the destination says it holds; both in
    units of `currency`; None for records without an amount (customers, items)."""

    object: str
    source_id: str
    source_number: str
    outcome: Outcome
    action: str = ""  # create, update, link, recover, none
    currency: str = ""
    amount: Decimal | None = None
    destination_id: str = ""
    destination_amount: Decimal | None = None
    code: str = ""
    destination: str = ""  # the record type that it becomes
    customer: str = ""  # the destination's id of the customer that it is booked on
    base: str = ""  # the currency that the destination books it in, where it uses its base currency alone and that is another

    @property
    def sent(self) -> Held:
        """What the destination is to hold of it."""
        return Held(self.amount, self.currency, self.customer, self.destination)

    def to_json(self) -> dict[str, Any]:
        return {k: v for k, v in asdict(self).items() if v not in ("", None)}

    @classmethod
    def from_json(cls, row: dict[str, Any]) -> RecordResult:
        row = {**row, "outcome": Outcome(row["outcome"])}
        for key in ("amount", "destination_amount"):
            if row.get(key) is not None:
                row[key] = Decimal(str(row[key]))
        return cls(**row)


@dataclass
class Tally:
    """A number of records and the sum of their amounts (in units of the currency of the line it stands in)."""

    count: int = 0
    amount: Decimal = Decimal(0)

    def add(self, amount: Decimal | None) -> None:
        self.count += 1
        self.amount += amount or Decimal(0)

    def plus(self, other: Tally) -> Tally:
        return Tally(self.count + other.count, self.amount + other.amount)

    def to_json(self) -> dict[str, Any]:
        return {"count": self.count, "amount": self.amount}

    @classmethod
    def from_json(cls, row: dict[str, Any]) -> Tally:
        return cls(int(row["count"]), Decimal(str(row["amount"])))


@dataclass(frozen=True)
class OffRecord:
    """A record of which the destination holds something else than was sent: nothing, another amount, currency, customer or type, or more
    than one record. `sent` is what it should hold (no amount for records without money), `held` what each record there holds."""

    id: str
    number: str
    sent: Held = field(default_factory=Held)
    held: tuple[Held, ...] = ()

    @property
    def amount(self) -> Decimal | None:
        """The source's."""
        return self.sent.amount

    def to_json(self) -> dict[str, Any]:
        return {"id": self.id, "number": self.number, "sent": self.sent.to_json(), "held": [h.to_json() for h in self.held]}

    @classmethod
    def from_json(cls, row: dict[str, Any]) -> OffRecord:
        return cls(row["id"], row["number"], Held.from_json(row.get("sent", row.get("amount"))), tuple(map(Held.from_json, row["held"])))


@dataclass
class ControlTotal:
    """One line of the control totals: an object type in one currency ("" for records without money).

    Ties out when selected = synced + already + held + refused + skipped + unfinished with `unfinished` zero, and when the
    destination holds exactly what was synced or already there, to the cent, record by record: differences that cancel out count, and so do
    a currency, a customer or a type that is another.
    """

    object: str
    currency: str
    selected: Tally = field(default_factory=Tally)
    synced: Tally = field(default_factory=Tally)
    already: Tally = field(default_factory=Tally)
    held: Tally = field(default_factory=Tally)
    refused: Tally = field(default_factory=Tally)
    skipped: Tally = field(default_factory=Tally)
    unfinished: Tally = field(default_factory=Tally)
    expected: Tally = field(default_factory=Tally)
    """Synced or already there, by the source's amounts: what the destination ought to hold."""
    destination: Tally = field(default_factory=Tally)
    """What the destination says it holds of them, asked at the end of the run."""
    checked: bool = False
    """Whether the destination was asked."""
    missing: Tally = field(default_factory=Tally)
    missing_credits: Tally = field(default_factory=Tally)
    """Held or refused, and not in the destination at all: what raises and what lowers receivables there, amounts without sign."""
    off_count: int = 0
    """How many records it holds otherwise than they were sent."""
    off: list[OffRecord] = field(default_factory=list)
    """The first of them."""
    booked_in: str = ""
    """The base currency of NetSuite, where that is what NetSuite books amounts of this currency in: they agree as figures only."""

    @property
    def difference(self) -> Decimal:
        """What the destination holds more (positive) or less than expected."""
        return self.destination.amount - self.expected.amount

    @property
    def accounted(self) -> Tally:
        total = Tally()
        for part in (self.synced, self.already, self.held, self.refused, self.skipped, self.unfinished):
            total = total.plus(part)
        return total

    @property
    def adds_up(self) -> bool:
        """Whether every selected record has exactly one outcome, none of them unfinished."""
        return self.accounted == self.selected and self.unfinished.count == 0

    @property
    def agrees(self) -> bool:
        """Whether the figures agree, in whatever currency they are."""
        return self.adds_up and (not self.checked or (self.destination == self.expected and not self.off_count))

    @property
    def in_order(self) -> bool:
        """Whether nothing speaks against it: it adds up, and where the destination was asked, it agrees."""
        return self.agrees and not self.booked_in

    @property
    def tied_out(self) -> bool:
        """Whether the destination was asked and agrees."""
        return self.checked and self.in_order

    def to_json(self) -> dict[str, Any]:
        row: dict[str, Any] = {"object": self.object, "currency": self.currency}
        for f in fields(self):
            value = getattr(self, f.name)
            if isinstance(value, Tally):
                row[f.name] = value.to_json()
        row["off"] = {"records": self.off_count, "first": [record.to_json() for record in self.off]}
        row |= {"checked": self.checked, "difference": self.difference, "tied_out": self.tied_out}
        return {**row, "booked_in": self.booked_in} if self.booked_in else row

    @classmethod
    def from_json(cls, row: dict[str, Any]) -> ControlTotal:
        off = row.get("off") or {"records": 0, "first": []}
        tallies = {k: Tally.from_json(v) for k, v in row.items() if k != "off" and isinstance(v, dict)}
        return cls(
            object=row["object"],
            currency=row["currency"],
            checked=bool(row["checked"]),
            off_count=int(off["records"]),
            off=[OffRecord.from_json(r) for r in off["first"]],
            booked_in=str(row.get("booked_in", "")),
            **tallies,
        )


class StepOutcome(StrEnum):
    COMPLETED = "completed"
    WARNINGS = "completed with warnings"
    PARTLY = "partly done"
    FAILED = "failed"
    SKIPPED = "skipped"


class RunOutcome(StrEnum):
    """Run states of operations.md section 4.4 that a run can end in, and the one it is in before that."""

    RUNNING = "running"
    COMPLETED = "completed"
    WARNINGS = "completed with warnings"
    PARTLY = "partly done"
    OUT_OF_BALANCE = "out of balance"
    FAILED = "failed"
    SKIPPED = "skipped"
    CANCELLED = "cancelled"
    """Stopped by a person."""


BROKEN_OFF = frozenset({RunOutcome.FAILED, RunOutcome.CANCELLED})
"""Outcomes of runs that did not come to their end; what they did not count proves nothing."""
CANCELLED = ("RUN-CANCELLED", "RUN_CANCELLED")
"""Codes of the line that says who has stopped a run, and why: of the billing sync, and of the revenue connector."""


@dataclass
class StepReport:
    """One step of a run: its counters and how it ended. Times are ISO 8601 UTC."""

    step: str
    title: str
    direction: str
    outcome: StepOutcome
    started: str = ""
    ended: str = ""
    selected: int = 0
    created: int = 0
    updated: int = 0
    linked: int = 0
    recovered: int = 0
    unchanged: int = 0
    held: int = 0
    refused: int = 0
    skipped: int = 0
    unfinished: int = 0
    warnings: int = 0
    message: str = ""
    """Why the step was skipped or failed, or what it left."""
    left: int = 0
    """Selected records that the run's time did not suffice for; they are in none of the counters, nor in `selected`."""

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, row: dict[str, Any]) -> StepReport:
        return cls(**{**row, "outcome": StepOutcome(row["outcome"])})


NAMED = 10
"""Records named with each rule that leaves records out; the count goes on."""


@dataclass
class LeftOut:
    """Records of one step that a documented rule leaves out, in one currency ("" without money): `code` and `reason` of the rule, how many,
    the sum of their amounts, and the first of them by the name that people call them. `due`: somebody would miss them, so that they count
    like held records; otherwise nothing is due."""

    step: str
    object: str
    code: str
    reason: str
    currency: str = ""
    tally: Tally = field(default_factory=Tally)
    first: list[str] = field(default_factory=list)
    due: bool = field(kw_only=True)

    def add(self, number: str, amount: Decimal) -> None:
        self.tally.add(amount)
        if len(self.first) < NAMED:
            self.first.append(number)

    def to_json(self) -> dict[str, Any]:
        named = {name: getattr(self, name) for name in ("step", "object", "code", "reason", "currency")}
        return {**named, **self.tally.to_json(), "first": self.first, "due": self.due}

    @classmethod
    def from_json(cls, row: dict[str, Any]) -> LeftOut:
        named = {name: row[name] for name in ("step", "object", "code", "reason", "currency")}
        return cls(**named, tally=Tally.from_json(row), first=list(row["first"]), due=bool(row.get("due")))


def together(rows: Iterable[LeftOut]) -> list[LeftOut]:
    """One entry per step, rule and currency, in the order in which they first come."""
    found: dict[tuple[str, str, str], LeftOut] = {}
    for row in rows:
        empty = LeftOut(row.step, row.object, row.code, row.reason, row.currency, due=row.due)
        known = found.setdefault((row.step, row.code, row.currency), empty)
        known.tally = known.tally.plus(row.tally)
        known.first = sorted([*known.first, *row.first])[:NAMED]
    return list(found.values())


@dataclass
class Message:
    """Equal messages of one step grouped into one (operations.md section 5): how often, and for which records."""

    step: str
    level: Level
    code: str
    message: str
    advice: str = ""
    count: int = 1
    records: list[str] = field(default_factory=list)

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


@dataclass
class Holds:
    """Records of one type, currency and sign that something holds up: how many, and the sum of their amounts."""

    object: str
    currency: str = ""
    count: int = 0
    amount: Decimal = Decimal(0)

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, row: dict[str, Any]) -> Holds:
        return cls(row["object"], row["currency"], int(row["count"]), Decimal(str(row["amount"])))


@dataclass
class Cause:
    """One thing that needs a person, whatever steps it shows in, with all that it holds up: `own`, the records whose matter it is, and
    `waiting`, those that wait for them, directly or through others; `records` and `waiting_records` name the first of both."""

    level: Level
    code: str
    message: str
    advice: str = ""
    steps: list[str] = field(default_factory=list)
    count: int = 0
    """Records (or log lines that are about none) that have it."""
    records: list[str] = field(default_factory=list)
    own: list[Holds] = field(default_factory=list)
    waiting_records: list[str] = field(default_factory=list)
    waiting: list[Holds] = field(default_factory=list)

    @property
    def held(self) -> int:
        """How many records it holds up in all."""
        return sum(h.count for h in (*self.own, *self.waiting))

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, row: dict[str, Any]) -> Cause:
        holds = {name: [Holds.from_json(h) for h in row[name]] for name in ("own", "waiting")}
        return cls(**{**row, "level": Level(row["level"]), "count": int(row["count"]), **holds})


OF_VALUES = ("steps", "totals", "messages", "left_out", "causes", "drift", "drift_beyond")
"""What of a summary is a list of values of its own."""


@dataclass
class RunSummary:
    """A finished run, as it is archived in `summary.json`."""

    run_id: str
    job: str
    instance: str
    trigger: str
    dry_run: bool
    outcome: RunOutcome
    started: str
    ended: str
    mode: str
    settings_version: str
    steps: list[StepReport] = field(default_factory=list)
    totals: list[ControlTotal] = field(default_factory=list)
    messages: list[Message] = field(default_factory=list)
    left_out: list[LeftOut] = field(default_factory=list)
    """What documented rules leave out: no part of the totals."""
    causes: list[Cause] = field(default_factory=list)
    """The warnings and errors by what needs a person, gravest and largest first."""
    drift: list[Drift] = field(default_factory=list)
    """Records that changed on one side after their sync: the first of them."""
    drift_beyond: list[Holds] = field(default_factory=list)
    """What there is beyond those, by object type and currency."""
    keys: dict[str, str] = field(default_factory=dict)
    """S3 keys of what the run left: log, summary, summary_csv, report, mail."""
    console_url: str = ""
    """Address of the operator's console, "" where there is none."""
    set_up: bool = False
    """The run failed for its settings, its credentials, or a service that cannot be reached."""

    @property
    def tied_out(self) -> bool:
        """Every total is in order. A run that was broken off before anything was counted proves nothing."""
        return all(t.in_order for t in self.totals) and bool(self.totals or self.outcome not in BROKEN_OFF)

    @property
    def due(self) -> int:
        """Records that somebody would miss: held, refused, unfinished, or left out although they are due. The one definition behind exit
        code, status, report and mail."""
        of_totals = sum(t.held.count + t.refused.count + t.unfinished.count for t in self.totals)
        return of_totals + sum(row.tally.count for row in self.left_out if row.due)

    @property
    def drifted(self) -> int:
        """How many records changed on one side after their sync."""
        return len(self.drift) + sum(held.count for held in self.drift_beyond)

    @property
    def warnings(self) -> int:
        return sum(m.count for m in self.messages if m.level is Level.WARNING)

    @property
    def errors(self) -> int:
        return sum(m.count for m in self.messages if m.level is Level.ERROR)

    def to_json(self) -> dict[str, Any]:
        plain = {f.name: getattr(self, f.name) for f in fields(self) if f.name not in (*OF_VALUES, "outcome")}
        counted = {name: getattr(self, name) for name in ("tied_out", "warnings", "errors", "due")}
        values = {name: [each.to_json() for each in getattr(self, name)] for name in OF_VALUES}
        return {**plain, "outcome": str(self.outcome), **counted, **values}

    @classmethod
    def from_json(cls, row: dict[str, Any]) -> RunSummary:
        own = {k: v for k, v in row.items() if k not in ("tied_out", "warnings", "errors", "due")}
        own["outcome"] = RunOutcome(row["outcome"])
        own["steps"] = [StepReport.from_json(s) for s in row["steps"]]
        own["totals"] = [ControlTotal.from_json(t) for t in row["totals"]]
        own["left_out"] = [LeftOut.from_json(each) for each in row.get("left_out", ())]
        own["causes"] = [Cause.from_json(each) for each in row.get("causes", ())]
        own["drift"] = [Drift.from_json(each) for each in row.get("drift", ())]
        own["drift_beyond"] = [Holds.from_json(each) for each in row.get("drift_beyond", ())]
        own["messages"] = [Message(**{**m, "level": Level(m["level"])}) for m in row["messages"]]
        return cls(**own)
