"""One record on its way through a batch, and what is told of it in the end: its result and its log lines."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal

from tallybridge.errors import TallybridgeError
from tallybridge.sync.ledger import Claim
from tallybridge.sync.runlog import Level, LogLine, Outcome, RecordResult
from tallybridge.sync.step import Plan, Problem, SourceRecord, Step

WORDS = {"create": "created", "update": "updated", "link": "linked", "recover": "found again, source completed"}


@dataclass
class Work:
    """One record on its way through the batch."""

    record: SourceRecord
    plan: Plan
    claim: Claim | None = None
    outcome: Outcome | None = None
    action: str = ""
    destination_id: str = ""
    destination_amount: Decimal | None = None
    made: dict[str, str] = field(default_factory=dict)
    """Ids that the creates of the plan gave, by request name."""
    stage: int = 0
    """The stage that is being sent, or was refused."""
    notes: list[tuple[Level, Problem]] = field(default_factory=list)
    code: str = ""
    detail: str = ""

    def note(self, level: Level, *problems: Problem) -> None:
        self.notes += [(level, p) for p in problems]

    def settle(self, outcome: Outcome, problem: Problem | None = None, detail: str = "") -> None:
        self.outcome = outcome
        if problem is not None:
            self.note(Level.WARNING, problem)
            self.code = problem.code
        self.detail = detail or self.detail


def name_of(work: Work, step: Step) -> str:
    """What people call the record: "Invoice INV00000001"."""
    return f"{step.object_label} {work.record.number}"


def destination_of(work: Work, step: Step) -> str:
    """The record type that the record becomes."""
    return work.record.destination or step.destination


def problem_of(work: Work, step: Step, error: TallybridgeError) -> Problem:
    """What a failed call means for the record."""
    return Problem(error.code, f"{name_of(work, step)}: {error.message}", error.advice)


def result_of(work: Work, step: Step) -> RecordResult:
    """The record's line in the batch result."""
    record = work.record
    return RecordResult(
        object=step.object,
        source_id=record.id,
        source_number=record.number,
        outcome=work.outcome or Outcome.UNFINISHED,
        action=work.action,
        currency=record.currency if record.amount is not None else "",
        amount=record.amount,
        destination_id=work.destination_id,
        destination_amount=work.destination_amount,
        code=work.code,
    )


def lines_of(work: Work, step: Step, now: str, run_id: str, *, dry_run: bool, debug: bool) -> list[LogLine]:
    """Every note as a log line; a record that was written or found gets one that says so. Raw answers only with `debug`."""

    def line(level: Level, problem: Problem, detail: str = "") -> LogLine:
        return LogLine(
            time=now,
            run_id=run_id,
            step=step.name,
            level=level,
            message=problem.message,
            code=problem.code,
            direction=step.direction,
            object=step.object,
            action=work.action,
            source_id=work.record.id,
            source_number=work.record.number,
            destination_id=work.destination_id,
            advice=problem.advice,
            waits_for=problem.waits_for,
            detail=detail,
        )

    lines = [line(level, problem, work.detail if debug else "") for level, problem in work.notes]
    if work.outcome in (Outcome.SYNCED, Outcome.ALREADY):
        target = f" {work.destination_id}" if work.destination_id else ""
        kind = destination_of(work, step)
        word = f"{'would be ' if dry_run else ''}{WORDS.get(work.action, 'unchanged')}"
        lines.append(line(Level.INFO, Problem("", f"{name_of(work, step)}: {kind}{target} {word}.")))
    return lines
