"""What a run leaves behind: one log line per event, one result per record, one report per step, one summary per run.

Everything here is plain data that survives a round trip through JSON; amounts are Decimals, written as numbers.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, fields
from decimal import Decimal
from enum import StrEnum
from typing import Any


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
    """One entry of the run log (operations.md section 5). `detail` holds the raw answer, only with debug logging."""

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

    def to_json(self) -> dict[str, str]:
        return {k: str(v) for k, v in asdict(self).items() if v}

    @classmethod
    def from_json(cls, line: dict[str, str]) -> LogLine:
        return cls(**{**line, "level": Level(line["level"])})  # type: ignore[arg-type]


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


@dataclass
class ControlTotal:
    """One line of the control totals: an object type in one currency ("" for records without money).

    Ties out when selected = synced + already + held + refused + skipped + unfinished with `unfinished` zero, and when the
    destination holds exactly what was synced or already there, to the cent.
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
    def tied_out(self) -> bool:
        balanced = self.accounted == self.selected and self.unfinished.count == 0
        return balanced and (not self.checked or self.destination == self.expected)

    def to_json(self) -> dict[str, Any]:
        row: dict[str, Any] = {"object": self.object, "currency": self.currency}
        for f in fields(self):
            value = getattr(self, f.name)
            if isinstance(value, Tally):
                row[f.name] = value.to_json()
        return {**row, "checked": self.checked, "difference": self.difference, "tied_out": self.tied_out}

    @classmethod
    def from_json(cls, row: dict[str, Any]) -> ControlTotal:
        tallies = {k: Tally.from_json(v) for k, v in row.items() if isinstance(v, dict)}
        return cls(object=row["object"], currency=row["currency"], checked=bool(row["checked"]), **tallies)


class StepOutcome(StrEnum):
    COMPLETED = "completed"
    WARNINGS = "completed with warnings"
    FAILED = "failed"
    SKIPPED = "skipped"


class RunOutcome(StrEnum):
    """Run states of operations.md section 4.4 that a run can end in, and the one it is in before that."""

    RUNNING = "running"
    COMPLETED = "completed"
    WARNINGS = "completed with warnings"
    OUT_OF_BALANCE = "out of balance"
    FAILED = "failed"
    SKIPPED = "skipped"


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
    """Why the step was skipped or failed."""

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, row: dict[str, Any]) -> StepReport:
        return cls(**{**row, "outcome": StepOutcome(row["outcome"])})


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
    keys: dict[str, str] = field(default_factory=dict)
    """S3 keys of what the run left: log, summary, summary_csv, report, mail."""
    console_url: str = ""

    @property
    def tied_out(self) -> bool:
        """Every total ties out. A run that failed before anything was counted proves nothing."""
        return all(t.tied_out for t in self.totals) and bool(self.totals or self.outcome is not RunOutcome.FAILED)

    @property
    def warnings(self) -> int:
        return sum(m.count for m in self.messages if m.level is Level.WARNING)

    @property
    def errors(self) -> int:
        return sum(m.count for m in self.messages if m.level is Level.ERROR)

    def to_json(self) -> dict[str, Any]:
        plain = {f.name: getattr(self, f.name) for f in fields(self) if f.name not in ("steps", "totals", "messages", "outcome")}
        return {
            **plain,
            "outcome": str(self.outcome),
            "tied_out": self.tied_out,
            "warnings": self.warnings,
            "errors": self.errors,
            "steps": [s.to_json() for s in self.steps],
            "totals": [t.to_json() for t in self.totals],
            "messages": [m.to_json() for m in self.messages],
        }

    @classmethod
    def from_json(cls, row: dict[str, Any]) -> RunSummary:
        own = {k: v for k, v in row.items() if k not in ("tied_out", "warnings", "errors")}
        own["outcome"] = RunOutcome(row["outcome"])
        own["steps"] = [StepReport.from_json(s) for s in row["steps"]]
        own["totals"] = [ControlTotal.from_json(t) for t in row["totals"]]
        own["messages"] = [Message(**{**m, "level": Level(m["level"])}) for m in row["messages"]]
        return cls(**own)
