"""One record on its way through a batch, and what is told of it in the end: its result and its log lines."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from tallybridge import money
from tallybridge.errors import Refused, TallybridgeError
from tallybridge.sync.earlier import compared_money, money_of
from tallybridge.sync.held import Held
from tallybridge.sync.ledger import Claim
from tallybridge.sync.runlog import Level, LogLine, Outcome, RecordResult
from tallybridge.sync.step import Found, Plan, Problem, SourceRecord, Step, Write

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
    there: Held | None = None
    """What the destination holds of it, as far as it was told."""
    made: dict[str, str] = field(default_factory=dict)
    """Ids that the creates of the plan gave, by request name."""
    stage: int = 0
    """The stage that is being sent, or was refused."""
    notes: list[tuple[Level, Problem]] = field(default_factory=list)
    code: str = ""
    detail: str = ""
    noted: bool = False
    """The ledger has taken down why the record is left alone."""
    asked: bool = False
    """A request of it has left, or was about to."""
    in_doubt: bool = False
    """A request was sent, and whether it was applied is unknown."""
    lost: bool = False
    """The answer to a create was lost, and no look-up has settled it."""
    compared: Mapping[str, str] = field(default_factory=dict)
    """What the ledger keeps of the comparison with what the destination holds, once they agree."""
    declined: Refused | None = None
    """How the destination has declined a request of it, in its own words."""
    answered: bool = False
    """The destination gave a final answer to a request for which it keeps its answer."""

    by_job: bool = False
    """A job of this batch has made it."""

    def note(self, level: Level, *problems: Problem) -> None:
        self.notes += [(level, p) for p in problems]

    def settle(self, outcome: Outcome, problem: Problem | None = None, detail: str = "") -> None:
        self.outcome = outcome
        if problem is not None:
            self.note(Level.WARNING, problem)
            self.code = problem.code
        self.detail = detail or self.detail


def explain(work: Work, problem: Problem) -> None:
    """Put what is known of a refusal in the place of the destination's own words."""
    work.notes[-1] = (work.notes[-1][0], problem)
    work.code = problem.code


def target_of(plan: Plan) -> str:
    """The destination record that a plan updates or links; "" for none."""
    match plan:
        case Found(counterpart):
            return counterpart.id
        case Write(destination_id=target):
            return target
    return ""


def name_of(work: Work, step: Step) -> str:
    """What people call the record: "Invoice INV00000001"."""
    return f"{step.object_label} {work.record.number}"


def destination_of(work: Work, step: Step) -> str:
    """The record type that the record becomes."""
    return work.record.destination or step.destination


def sent_of(work: Work, step: Step) -> Held:
    """What the destination is to hold of the record."""
    record = work.record
    return Held(record.amount, record.currency, record.customer, destination_of(work, step))


def proof_of(there: Held, record: SourceRecord) -> dict[str, str]:
    """What the ledger keeps of a comparison in which amount, currency, customer and type agreed: the money that was compared, so that it
    proves nothing of another amount later; what the destination holds; and the base currency that it is booked in where the figures alone
    agree."""
    amount = "" if there.amount is None else money.plain(there.amount)
    return {"compared": compared_money(money_of(record)), "held_amount": amount, "booked_in": record.base}


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
        destination_amount=work.there.amount if work.there else None,
        code=work.code,
        destination=destination_of(work, step) if step.transaction else "",
        customer=record.customer,
        base=record.base,
    )


def lines_of(work: Work, step: Step, now: str, run_id: str, *, dry_run: bool, debug: bool) -> list[LogLine]:
    """Every note as a log line; a record that was written or found gets one that says so. Raw answers only with `debug`."""

    told = {"outcome": str(work.outcome or Outcome.UNFINISHED), **money_of(work.record)}

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
            cause=problem.cause,
            **(told if level is Level.WARNING else {}),
        )

    lines = [line(level, problem, work.detail if debug else "") for level, problem in work.notes]
    if work.outcome in (Outcome.SYNCED, Outcome.ALREADY):
        target = f" {work.destination_id}" if work.destination_id else ""
        kind = destination_of(work, step)
        word = f"{'would be ' if dry_run else ''}{WORDS.get(work.action, 'unchanged')}"
        lines.append(line(Level.INFO, Problem("", f"{name_of(work, step)}: {kind}{target} {word}.")))
    return lines
