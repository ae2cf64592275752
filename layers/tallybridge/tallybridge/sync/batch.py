"""One batch of one step: refresh, look up, plan, claim, mark, send, verify, write back. Knows no object type and no vendor.

    1 ledger       the version that each claim is conditional on, read before anything that a decision rests on
    2 refresh      the source records as they are now; what no longer qualifies is dropped
    3 find         counterparts in the destination, one look-up for all
    4 plan         pure: hold, leave, found, or write
    5 claim        ledger, one conditional write a record
    6 mark         "Creating X" on the source, in bulk, before the first destination write
    7 send         in parallel; records of one group one after the other; SENT is stored before a stage, CONFIRMED after the last one;
                   a plan of several stages is marked and sent stage by stage
    8 verify       the destination's amounts, one look-up for all
    9 write back   "Sync Complete" or "Error ...", in bulk; then DONE or REFUSED in the ledger

A worker may die between any two of them: the next one finds the ledger open, the counterpart by its external id, and goes on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import Any

from tallybridge import money
from tallybridge.clock import Clock, stamp
from tallybridge.errors import ServiceError
from tallybridge.sync.earlier import intent_of, result_of_earlier
from tallybridge.sync.ledger import Ledger, LostClaim
from tallybridge.sync.runlog import Level, LogLine, Outcome, RecordResult
from tallybridge.sync.sender import Sender, Worker
from tallybridge.sync.step import (
    IGNORE,
    SYNC_COMPLETE,
    Candidate,
    Found,
    Hold,
    Leave,
    Mark,
    MarkResult,
    Problem,
    Refusal,
    Step,
    Write,
)
from tallybridge.sync.waves import waits_for, waves, with_ids
from tallybridge.sync.work import Work, destination_of, lines_of, name_of, problem_of, result_of

LEDGER_WRITERS = 8
NO_ANSWER = MarkResult(False, "STATUS", "no answer")
"""What counts as said of a mark that the source did not mention."""


@dataclass
class BatchResult:
    """What became of a batch; `failure` says why the step as a whole cannot go on."""

    results: list[RecordResult] = field(default_factory=list)
    lines: list[LogLine] = field(default_factory=list)
    failure: Problem | None = None


class Batch:
    """Processes candidates of one step."""

    def __init__(self, step: Step, ledger: Ledger, clock: Clock, worker: Worker) -> None:
        self.step = step
        self.ledger = ledger
        self.clock = clock
        self.worker = worker
        self.sender = Sender(step, ledger, clock, worker)

    def process(self, candidates: Sequence[Candidate]) -> BatchResult:
        """Sync the candidates. Raises `StepFailed` or `LoginRefused` when nothing could be decided for any of them."""
        known = self.ledger.read([self._key(c.id) for c in candidates])  # before anything that a decision rests on
        records = self.step.refresh(candidates)
        found = self.step.find(records) if records else {}
        works = [Work(r, self.step.decide(r, found.get(r.id, []))) for r in records]
        for work in works:
            self._take_plan(work, known.get(self._key(work.record.id)))
        by_id = {w.record.id: w for w in works}
        for wave in waves({w.record.id: w.plan for w in works if w.outcome is None}):
            to_do = [by_id[i] for i in wave if self._ready(by_id[i], by_id, known)]
            if self.worker.dry_run:
                self._rehearse(to_do)
            else:
                self._carry_out(to_do, known)
        if not self.worker.dry_run:
            self._set_aside([w for w in works if isinstance(w.plan, Leave) and w.plan.set_aside])
        left = ((c.id, known.get(self._key(c.id))) for c in candidates if c.id not in by_id)
        gone = [result_of_earlier(self.step.object, i, item, own=self.ledger.own(item)) for i, item in left]
        return BatchResult(
            [*(result_of(w, self.step) for w in works), *gone], [line for w in works for line in self._lines(w)], self.sender.failure
        )

    def _key(self, record_id: str) -> str:
        return self.ledger.key(self.step.system, self.step.object, record_id)

    def _take_plan(self, work: Work, known: Mapping[str, Any] | None) -> None:
        """Settle what needs no write in the destination."""
        match work.plan:
            case Hold(problems):
                work.note(Level.WARNING, *problems[1:])
                work.settle(Outcome.HELD, problems[0])
                self._keep_held(work, problems[0], known)
            case Leave(problem, _, level):
                work.note(Level(level), problem)
                work.settle(Outcome.SKIPPED)
                work.code = problem.code
                if work.plan.set_aside:
                    self._keep_held(work, replace(problem, waits_for=""), known, set_aside=True)
            case Found(counterpart, action, remark, write_back):
                work.action, work.destination_id, work.destination_amount = action, counterpart.id, counterpart.amount
                if remark:
                    work.note(Level.INFO, remark)
                if not write_back:
                    work.settle(Outcome.ALREADY)
            case Refusal(action=action):
                work.action = action
            case Write(action, remarks=remarks, remark_level=level):
                work.action = action
                work.note(Level(level), *remarks)

    def _keep_held(self, work: Work, problem: Problem, known: Mapping[str, Any] | None, *, set_aside: bool = False) -> None:
        if not self.worker.dry_run:
            key, number = self._key(work.record.id), work.record.number
            self.ledger.held(key, self.step.name, number, problem.code, problem.message, problem.waits_for, known, set_aside=set_aside)

    def _ready(self, work: Work, by_id: Mapping[str, Work], known: Mapping[str, Mapping[str, Any]]) -> bool:
        """Put in the ids of records that were to be written first; hold the record when one of them was not."""
        needed = waits_for(work.plan)
        if not needed:
            return True
        done = {i: w.destination_id for i, w in by_id.items() if w.outcome in (Outcome.SYNCED, Outcome.ALREADY)}
        missing = next((later for later in needed if later.record_id not in done), None)
        if missing is not None:
            work.settle(Outcome.HELD, missing.otherwise)
            self._keep_held(work, missing.otherwise, known.get(self._key(work.record.id)))
            return False
        assert isinstance(work.plan, Write)
        work.plan = with_ids(work.plan, done)
        return True

    def _rehearse(self, works: Sequence[Work]) -> None:
        """What would become of them."""
        for work in works:
            if isinstance(work.plan, Refusal):
                work.settle(Outcome.REFUSED, work.plan.problem)
            else:
                work.settle(Outcome.ALREADY if self._was_there(work) else Outcome.SYNCED)

    def _carry_out(self, works: list[Work], known: Mapping[str, Mapping[str, Any]]) -> None:
        self._each(works, lambda w: self._claim(w, known.get(self._key(w.record.id))))
        claimed = [w for w in works if w.outcome is None]
        try:
            for work in claimed:
                if isinstance(work.plan, Refusal):
                    work.settle(Outcome.REFUSED, work.plan.problem)
            self._send_stages([w for w in claimed if isinstance(w.plan, Write)])
            self._check_amounts([w for w in claimed if w.outcome is None])
            self._write_back([w for w in claimed if w.outcome in (None, Outcome.REFUSED)])
        finally:
            self._each([w for w in claimed if w.outcome in (None, Outcome.UNFINISHED) and w.claim], self._release)

    def _claim(self, work: Work, known: Mapping[str, Any] | None) -> None:
        there = work.destination_id if isinstance(work.plan, Found) else ""
        intent = intent_of(work.record, work.action, there)
        try:
            work.claim = self.ledger.claim(self._key(work.record.id), self.step.name, work.record.number, known, intent)
        except LostClaim:
            busy = Problem("LEDGER-BUSY", f"{self._name(work)}: another worker is on it; the next run settles it.")
            work.settle(Outcome.UNFINISHED, busy)

    def _send_stages(self, works: list[Work]) -> None:
        """Stage by stage, so that the status texts of each are written in bulk."""
        number = 0
        while due := [w for w in works if w.outcome is None and isinstance(w.plan, Write) and len(w.plan.stages) > number]:
            self._mark_in_progress(due, number)
            self.sender.send([w for w in due if w.outcome is None], number)
            number += 1

    def _mark_in_progress(self, works: list[Work], number: int) -> None:
        """The status is on the source record before the first destination write (sequence-and-status.md 4.1, rule 3)."""
        marks = []
        for work in works:
            assert isinstance(work.plan, Write)
            if text := work.plan.stages[number].in_progress:
                marks.append(Mark(work.record, text, self._transferred("Processing") if work.plan.transferred else None))
        refused = self._mark(marks)
        for work in works:
            if answer := refused.get(work.record.id):
                text = f"{self._name(work)}: its status could not be written in the source: {answer.message}"
                advice = "Nothing was sent. The next run tries again; correct the record if the text names a field."
                work.settle(Outcome.UNFINISHED, Problem(answer.code, text, advice))

    def _mark(self, marks: Sequence[Mark]) -> dict[str, MarkResult]:
        """Write marks in the source; answers those that it did not take, by record id."""
        answers = self.step.mark(marks) if marks else {}
        return {i: answer for i in (m.record.id for m in marks) if not (answer := answers.get(i, NO_ANSWER)).ok}

    def _check_amounts(self, works: list[Work]) -> None:
        """After a create the destination's total is compared with the source's, to the cent."""
        due = [w for w in works if w.destination_amount is None and w.record.amount is not None]
        due = [w for w in due if not isinstance(w.plan, Write) or w.plan.check_amount]
        try:
            amounts = self.step.amounts([w.destination_id for w in due]) if due else {}
        except ServiceError as lost:
            for work in due:
                work.settle(Outcome.UNFINISHED, problem_of(work, self.step, lost))
            return
        for work in due:
            work.destination_amount = amounts.get(work.destination_id)
        for work in works:
            held, own = work.destination_amount, work.record.amount
            if own is None or (isinstance(work.plan, Write) and not work.plan.check_amount):
                continue
            if held is None or money.rounded(held, work.record.currency) != money.rounded(own, work.record.currency):
                there = money.plain(held) if held is not None else "no"
                text = (
                    f"{self._name(work)}: {destination_of(work, self.step)} {work.destination_id} holds {there} {work.record.currency} "
                    f"instead of {money.plain(own)}."
                )
                system = self.step.destination_system
                advice = f"Find the cause (taxes, rounding, scripts), correct or delete the {system} record; the next run checks again."
                work.settle(Outcome.REFUSED, Problem(f"{self.step.code}-TOTAL", text, advice))

    def _write_back(self, works: list[Work]) -> None:
        now = stamp(self.clock.now())
        self._complete_details([w for w in works if w.outcome is None and w.destination_id])
        works = [w for w in works if w.outcome is not Outcome.UNFINISHED]
        marks = [m for w in works if (m := self._final_mark(w, now)) is not None]
        refused, marked = self._mark(marks), {m.record.id for m in marks}
        for work in works:
            if answer := refused.get(work.record.id):
                text = f"{self._name(work)}: done in the destination, but the source could not be written back: {answer.message}"
                advice = "The next run finds the counterpart and completes the source record."
                work.settle(Outcome.UNFINISHED, Problem(answer.code, text, advice))
        settled = [w for w in works if w.outcome is not Outcome.UNFINISHED]
        seen = self.step.after_marks([w.record for w in settled if w.record.id in marked])
        self._each(settled, lambda w: self._settle(w, seen.get(w.record.id, "")))

    def _complete_details(self, works: list[Work]) -> None:
        """Line ids and the like go first: a record that is complete is not looked at again."""
        failed = self.step.complete_details({w.record.id: (w.record, w.destination_id) for w in works}) if works else {}
        for work in works:
            if answer := failed.get(work.record.id):
                text = f"{self._name(work)}: done in the destination, but its lines could not be written back: {answer.message}"
                advice = "The next run finds the counterpart and completes the source record."
                work.settle(Outcome.UNFINISHED, Problem(answer.code or "STATUS", text, advice))

    def _final_mark(self, work: Work, now: str) -> Mark | None:
        plan = work.plan
        if work.outcome is Outcome.REFUSED:
            error = plan.error if isinstance(plan, Refusal) else plan.stages[work.stage].error if isinstance(plan, Write) else ""
            keeps = isinstance(plan, Write) and not plan.transferred
            there = work.destination_id if work.stage else ""  # an earlier stage has made the record
            return Mark(work.record, error, None if keeps else self._transferred("Error"), there) if error else None
        if isinstance(plan, Write | Found) and not plan.write_back:
            return None
        if isinstance(plan, Write) and plan.remainder:
            return Mark(work.record, plan.remainder.status, self._transferred(plan.remainder.transferred), work.destination_id, now)
        return Mark(work.record, SYNC_COMPLETE, self._transferred("Yes"), work.destination_id, now)

    def _settle(self, work: Work, seen: str) -> None:
        assert work.claim is not None
        try:
            if work.outcome is Outcome.REFUSED:
                _, problem = work.notes[-1]
                self.ledger.refused(work.claim, self.step.name, problem.code, problem.message)
                return
            if isinstance(work.plan, Write) and work.plan.remainder:
                problem = work.plan.remainder.problem
                problem = replace(problem, message=problem.message.replace("{id}", work.destination_id))
                self.ledger.kept_back(work.claim, self.step.name, problem.code, problem.message, problem.waits_for)
                work.settle(Outcome.HELD, problem)
                return
            facts = dict(work.plan.facts) if isinstance(work.plan, Write | Found) else {}
            if seen:
                facts["seen"] = seen
            self.ledger.done(work.claim, destination_id=work.destination_id, **facts)
            if work.outcome is None:
                work.settle(Outcome.ALREADY if self._was_there(work) else Outcome.SYNCED)
        except LostClaim:
            work.settle(Outcome.UNFINISHED, Problem("LEDGER-BUSY", f"{self._name(work)}: another worker took it over."))

    def _set_aside(self, works: list[Work]) -> None:
        answers = self.step.mark([Mark(w.record, None, IGNORE) for w in works]) if works else {}
        for work in works:
            answer = answers.get(work.record.id)
            if answer and not answer.ok:
                work.note(Level.WARNING, Problem(answer.code, f"{self._name(work)}: could not be set aside: {answer.message}"))

    def _release(self, work: Work) -> None:
        """Give up the claim, so that the next run need not wait for the lease to end."""
        assert work.claim is not None
        try:
            work.claim = self.ledger.released(work.claim)
        except LostClaim:
            return

    def _each(self, works: list[Work], act: Callable[[Work], None]) -> None:
        if len(works) == 1:
            act(works[0])
        elif works:
            with ThreadPoolExecutor(max_workers=min(LEDGER_WRITERS, len(works))) as pool:
                _all(pool.map(act, works))

    def _transferred(self, value: str) -> str | None:
        return value if self.step.transaction else None

    @staticmethod
    def _was_there(work: Work) -> bool:
        return isinstance(work.plan, Found) or work.action == "recover"

    def _name(self, work: Work) -> str:
        return name_of(work, self.step)

    def _lines(self, work: Work) -> list[LogLine]:
        now, run = stamp(self.clock.now()), self.worker
        return lines_of(work, self.step, now, run.run_id, dry_run=run.dry_run, debug=run.debug)


def _all(values: Iterable[object]) -> None:
    """Run through a lazy map, so that its exceptions come out."""
    for _ in values:
        pass
