"""One batch of one step: refresh, look up, plan, claim, mark, send, verify, write back. Knows no object type and no vendor.

    1 ledger       the version that each claim is conditional on, read before anything that a decision rests on; while another worker
                   holds one of the records nothing is done
    2 refresh      the source records as they are now; what no longer qualifies is dropped
    3 find         counterparts in the destination, one look-up for all
    4 plan         pure: hold, leave, found, or write; held where the counterpart turns out to be another record's
    5 claim        ledger, one conditional write a record
    6 mark         "Creating X" on the source, in bulk, before the first destination write
    7 send         in parallel; records of one group one after the other; SENT is stored before a stage, CONFIRMED after the last one;
                   a plan of several stages is marked and sent stage by stage
    8 verify       what the destination holds, one look-up for all; the parts of what was added to or taken from
    9 write back   "Sync Complete" or "Error ...", in bulk; then DONE or REFUSED in the ledger

A worker may die between any two of them: the next one finds the ledger open, the counterpart by its external id, and goes on.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import Any

from tallybridge.clock import Clock, stamp
from tallybridge.errors import NoSlot, OutOfTime, ServiceError
from tallybridge.sync.difference import difference
from tallybridge.sync.earlier import about, intent_of, result_of_earlier
from tallybridge.sync.held import Held, agree
from tallybridge.sync.instructed import instruct
from tallybridge.sync.instructions import Instruction
from tallybridge.sync.jobs import UNDER_WAY, Jobs
from tallybridge.sync.ledger import Ledger, LostClaim
from tallybridge.sync.planned import Agreed, Planned, hold_to, planned, shown
from tallybridge.sync.runlog import Level, LogLine, Outcome, RecordResult
from tallybridge.sync.sender import NOT_SENT, Sender, Worker
from tallybridge.sync.step import (
    IGNORE,
    SYNC_COMPLETE,
    Candidate,
    Counterpart,
    Found,
    Hold,
    Leave,
    Mark,
    MarkResult,
    Plan,
    Problem,
    Refusal,
    SourceRecord,
    Step,
    Write,
)
from tallybridge.sync.waves import waits_for, waves, with_ids
from tallybridge.sync.work import (
    Work,
    destination_of,
    explain,
    lines_of,
    name_of,
    problem_of,
    proof_of,
    result_of,
    sent_of,
    target_of,
)

LEDGER_WRITERS = 8
FOR_ANOTHER_ROUND = frozenset({NOT_SENT, OutOfTime.code, NoSlot.code, UNDER_WAY})
"""Codes of records that nothing but the time of the worker, or of a job, has kept from being settled."""
NO_ANSWER = MarkResult(False, "STATUS", "no answer")
"""What counts as said of a mark that the source did not mention."""


@dataclass
class BatchResult:
    """What became of a batch, and of which `records`; `failure` says why the step as a whole cannot go on. `wait` (seconds) says for how
    long another worker may hold one of the records, or (`in_jobs`) when a job is worth a look: then nothing was settled. `rehearsed` are
    the records that a dry run would have brought over, each with its plan, `planned` is what it says of every record. `sent` is what was
    asked of the destination: {"id", "requests"}, names and addresses masked. `rest` are the ids of records that the worker had no time for,
    or whose job is under way: another round takes them; `no_slot` says that waiting for slots of the destination has used its time up."""

    results: list[RecordResult] = field(default_factory=list)
    lines: list[LogLine] = field(default_factory=list)
    failure: Problem | None = None
    wait: int = 0
    records: Sequence[SourceRecord] = ()
    rehearsed: Sequence[tuple[SourceRecord, Plan]] = ()
    planned: Sequence[Planned] = ()
    sent: Sequence[Mapping[str, Any]] = ()
    rest: frozenset[str] = frozenset()
    no_slot: bool = False
    in_jobs: bool = False


class Batch:
    """Processes candidates of one step."""

    def __init__(
        self,
        step: Step,
        ledger: Ledger,
        clock: Clock,
        worker: Worker,
        instructions: Mapping[str, Instruction] | None = None,
        agreed: Agreed | None = None,
    ) -> None:
        self.instructions = instructions or {}
        """What people have said of records, by source id."""
        self.agreed = agreed
        """The plan that this run applies, if it applies one."""
        self.step = step
        self.ledger = ledger
        self.clock = clock
        self.worker = worker
        self.sender = Sender(step, ledger, clock, worker)
        self.jobs = Jobs(step, ledger, clock, self.sender)

    def process(self, candidates: Sequence[Candidate]) -> BatchResult:
        """Sync the candidates. Raises `StepFailed` or `LoginRefused` when nothing could be decided for any of them."""
        read = self.ledger.read([self._key(c.id) for c in candidates])  # before anything that a decision rests on
        known, under_way = self.jobs.seen(read)
        if wait := under_way or self._wait(known.values()):
            return BatchResult(wait=wait, in_jobs=bool(under_way))
        records = self.step.refresh(candidates)
        found = self.step.find(records) if records else {}
        works = [self._work(r, found.get(r.id, [])) for r in records]
        for work in works:
            if isinstance(work.plan, Hold) and len(there := found.get(work.record.id, [])) == 1:
                work.destination_id = there[0].id
        instruct(works, found, self.instructions, self.step)
        self._spare_those_of_others(works, found)
        if self.agreed is not None:
            begun = {w.record.id for w in works if self.ledger.own(known.get(self._key(w.record.id)))}
            hold_to(works, found, self.agreed, begun, self.step)
        plans = [planned(w, found.get(w.record.id, ()), self.step) for w in works] if self.worker.dry_run else []
        for work in [w for w in works if w.outcome is None]:
            self._take_plan(work, known.get(self._key(work.record.id)))
        by_id = {w.record.id: w for w in works}
        self.jobs.choose([w for w in works if w.outcome is None and not self.worker.dry_run])
        rest = self._without_time([w for w in works if w.outcome is None])
        for wave in waves({w.record.id: w.plan for w in works if w.outcome is None}):
            to_do = [by_id[i] for i in wave if i not in rest and self._ready(by_id[i], by_id, known)]
            if self.worker.dry_run:
                self._rehearse(to_do)
            else:
                self._carry_out(to_do, known)
        if not self.worker.dry_run:
            self._set_aside([w for w in works if isinstance(w.plan, Hold | Leave) and w.plan.set_aside and w.noted])
        left = [(c.id, known.get(self._key(c.id))) for c in candidates if c.id not in by_id]
        if not self.worker.dry_run:
            for source_id, item in left:
                self.ledger.let_go(self._key(source_id), item)
        rest |= self._cut_off(works)
        if self.jobs.handed_over and len(rest) == len(candidates):
            return BatchResult(wait=self.jobs.wait, in_jobs=True)
        gone = [result_of_earlier(self.step.object, i, item, own=self.ledger.own(item)) for i, item in left]
        return BatchResult(
            [*(result_of(w, self.step) for w in works if w.record.id not in rest), *gone],
            [line for w in works if w.record.id not in rest for line in self._lines(w)],
            self.sender.failure,
            records=records,
            rest=frozenset(rest),
            no_slot=any(w.code == NoSlot.code for w in works),
            planned=plans,
            rehearsed=[(w.record, w.plan) for w in works if self._brought_over(w)] if self.worker.dry_run else (),
            sent=[{"id": w.record.id, "requests": shown(w.plan, self.step)} for w in works if w.asked],
        )

    def _work(self, record: SourceRecord, found: Sequence[Counterpart]) -> Work:
        return self.jobs.work(self._key(record.id), Work(record, self.step.decide(record, found)), found)

    def _without_time(self, works: list[Work]) -> set[str]:
        """Ids of the records that this worker has no time to carry out."""
        if self.worker.dry_run:
            return set()
        works = sorted(works, key=lambda w: w.record.turn)
        seconds = self.worker.deadline - self.clock.now().timestamp()
        room = self.worker.pace.room(works, self.worker.slots, seconds)
        return _with_those_that_wait({w.record.id for w in works[room:]}, works)

    def _cut_off(self, works: Sequence[Work]) -> set[str]:
        """Ids of the records that the worker was about to carry out when its time was used up. What was tried and failed is not among
        them."""
        if self.sender.failure:
            return set()
        return _with_those_that_wait({w.record.id for w in works if w.outcome is Outcome.UNFINISHED and w.code in FOR_ANOTHER_ROUND}, works)

    def _wait(self, items: Iterable[Mapping[str, Any]]) -> int:
        """Seconds until no other worker can hold any of the items. A rehearsal waits for nobody."""
        until = max((self.ledger.busy_until(item) for item in items), default=0)
        return math.ceil(until - self.clock.now().timestamp()) if until and not self.worker.dry_run else 0

    def _spare_those_of_others(self, works: Iterable[Work], found: Mapping[str, Sequence[Counterpart]]) -> None:
        """Hold what would be written to, or linked with, a counterpart that belongs to another source record."""
        targets = {}
        for work in works:
            target = target_of(work.plan)
            if target and not any(c.own and c.id == target for c in found.get(work.record.id, ())):
                targets[work.record.id] = (work, target)
        taken = self.step.taken({i: (w.record, target) for i, (w, target) in targets.items()}) if targets else {}
        for i, problem in taken.items():
            targets[i][0].plan = Hold((problem,))

    def _key(self, record_id: str) -> str:
        return self.ledger.key(self.step.system, self.step.object, record_id)

    def _take_plan(self, work: Work, known: Mapping[str, Any] | None) -> None:
        """Settle what needs no write in the destination."""
        match work.plan:
            case Hold(problems, set_aside):
                work.note(Level.WARNING, *problems[1:])
                work.settle(Outcome.HELD, problems[0])
                work.noted = self._keep_held(work, problems[0], known, set_aside=set_aside)
            case Leave(problem, set_aside, level):
                work.note(Level(level), problem)
                work.settle(Outcome.SKIPPED)
                work.code, work.noted = problem.code, set_aside and not self.worker.dry_run
                if not self.worker.dry_run:
                    self.ledger.let_go(self._key(work.record.id), known, problem.code)
            case Found(counterpart, action, remark, write_back):
                work.action, work.destination_id, work.there = action, counterpart.id, counterpart.held
                if remark:
                    work.note(Level.INFO, remark)
                if not write_back:
                    work.settle(Outcome.ALREADY)
            case Refusal(action=action):
                work.action = action
            case Write(action, remarks=remarks, remark_level=level):
                work.action = action
                work.note(Level(level), *remarks)

    def _keep_held(self, work: Work, problem: Problem, known: Mapping[str, Any] | None, *, set_aside: bool = False) -> bool:
        if self.worker.dry_run:
            return False
        key, number = self._key(work.record.id), work.record.number
        facts = {**about(work.record, self._record_type(work)), "cause": problem.cause}
        told = (problem.code, problem.message, problem.waits_for)
        return self.ledger.held(key, self.step.name, number, *told, known, facts, set_aside=set_aside)

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
            elif isinstance(work.plan, Write) and work.plan.remainder:
                problem = work.plan.remainder.problem
                work.settle(Outcome.HELD, replace(problem, message=problem.message.replace("{id}", work.destination_id or "a new record")))
            else:
                work.settle(Outcome.ALREADY if self._was_there(work) else Outcome.SYNCED)

    @staticmethod
    def _brought_over(work: Work) -> bool:
        """Whether the destination has the record afterwards, whole or but for a remainder."""
        whole = work.outcome in (Outcome.SYNCED, Outcome.ALREADY)
        return whole or (isinstance(work.plan, Write) and work.plan.remainder is not None and work.outcome is Outcome.HELD)

    def _carry_out(self, works: list[Work], known: Mapping[str, Mapping[str, Any]]) -> None:
        self._each(works, lambda w: self._claim(w, known.get(self._key(w.record.id))))
        claimed = [w for w in works if w.outcome is None]
        try:
            for work in claimed:
                if isinstance(work.plan, Refusal):
                    work.settle(Outcome.REFUSED, work.plan.problem)
            self._each([w for w in claimed if w.by_job], self.jobs.note_made)
            self._send_stages([w for w in claimed if isinstance(w.plan, Write) and not w.by_job])
            self._explain([w for w in claimed if w.declined])
            self._check_held([w for w in claimed if w.outcome is None])
            self._check_parts([w for w in claimed if w.outcome is None])
            self._write_back([w for w in claimed if w.outcome in (None, Outcome.REFUSED)])
        finally:
            self._each([w for w in claimed if w.outcome in (None, Outcome.UNFINISHED) and w.claim], self._release)

    def _claim(self, work: Work, known: Mapping[str, Any] | None) -> None:
        there = work.destination_id if isinstance(work.plan, Found) else ""
        intent = intent_of(work.record, work.action, there, self._record_type(work))
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
            due = [w for w in due if w.outcome is None]
            self.sender.send(due if number else self.jobs.hand_over(due), number)
            number += 1

    def _mark_in_progress(self, works: list[Work], number: int) -> None:
        """The status is on the source record before the first destination write (sequence-and-status.md 4.1, rule 3)."""
        marks = []
        for work in works:
            assert isinstance(work.plan, Write)
            if text := work.plan.stages[number].in_progress:
                marks.append(Mark(work.record, text, self._transferred("Processing") if work.plan.transferred else None))
        begun = self.clock.now()
        refused = self._mark(marks)
        if marks:
            self.worker.pace.marked(len(marks), (self.clock.now() - begun).total_seconds())
        for work in works:
            if answer := refused.get(work.record.id):
                text = f"{self._name(work)}: its status could not be written in the source: {answer.message}"
                advice = answer.advice or "The next run tries again; correct the record if the text names a field."
                self._stopped(work, Problem(answer.code, text, f"Nothing was sent. {advice}"), final=answer.final)

    def _stopped(self, work: Work, problem: Problem, *, final: bool) -> None:
        """A record whose status could not be written: held where the source declined it for good, else unfinished."""
        assert work.claim is not None
        if not final:
            work.settle(Outcome.UNFINISHED, problem)
            return
        try:
            self.ledger.kept_back(work.claim, self.step.name, problem.code, problem.message, "")
            work.settle(Outcome.HELD, problem)
        except LostClaim:
            work.settle(Outcome.UNFINISHED, Problem("LEDGER-BUSY", f"{self._name(work)}: another worker took it over."))

    def _mark(self, marks: Sequence[Mark]) -> dict[str, MarkResult]:
        """Write marks in the source; answers those that it did not take, by record id."""
        answers = self.step.mark(marks) if marks else {}
        return {i: answer for i in (m.record.id for m in marks) if not (answer := answers.get(i, NO_ANSWER)).ok}

    def _explain(self, works: list[Work]) -> None:
        """Say what a refusal means, where the step can tell. If it cannot ask, the destination's own words stay."""
        declined = {w.record.id: (w.record, w.plan, w.declined) for w in works if isinstance(w.plan, Write) and w.declined}
        try:
            told = self.step.explained(declined) if declined else {}
        except ServiceError:
            return
        for work in works:
            if problem := told.get(work.record.id):
                explain(work, problem)

    def _check_held(self, works: list[Work]) -> None:
        """After a create what the destination holds is compared with the source: amount to the cent, currency, customer, type."""
        works = [w for w in works if w.record.amount is not None and (not isinstance(w.plan, Write) or w.plan.check_amount)]
        due = [w for w in works if w.there is None or w.there.amount is None]
        try:
            held = self.step.held([w.destination_id for w in due]) if due else {}
        except ServiceError as lost:
            for work in due:
                work.settle(Outcome.UNFINISHED, problem_of(work, self.step, lost))
            return
        for work in due:
            work.there = held.get(work.destination_id)
        for work in works:
            sent, there = sent_of(work, self.step), work.there or Held()
            if agree(sent, there, work.record.base):
                work.compared = proof_of(there, work.record)
                continue
            what = difference(sent, there, work.record.base)
            text = f"{self._name(work)}: {destination_of(work, self.step)} {work.destination_id} {what}."
            advice = (
                f"Correct the {self.step.destination_system} record (amounts, taxes, scripts, customer); the next run checks it again. If "
                "it is deleted instead, the next run creates it anew, or says why it cannot be right."
            )
            work.settle(Outcome.REFUSED, Problem(f"{self.step.code}-TOTAL", text, advice))

    def _check_parts(self, works: list[Work]) -> None:
        """What was added to or taken from is read again: a request that moves money twice must not go unseen."""
        written = {w.record.id: (w.record, w.plan) for w in works if isinstance(w.plan, Write)}
        try:
            different = self.step.differences(written) if written else {}
        except ServiceError as lost:
            for work in works:
                work.settle(Outcome.UNFINISHED, problem_of(work, self.step, lost))
            return
        for work in works:
            if problem := different.get(work.record.id):
                work.settle(Outcome.UNFINISHED, problem)

    def _write_back(self, works: list[Work]) -> None:
        now = stamp(self.clock.now())
        self._complete_details([w for w in works if w.outcome is None and w.destination_id])
        works = [w for w in works if w.outcome is not Outcome.UNFINISHED]
        marks = [m for w in works if (m := self._final_mark(w, now)) is not None]
        refused = self._mark(marks)
        for work in works:
            if answer := refused.get(work.record.id):
                text = f"{self._name(work)}: done in the destination, but the source could not be written back: {answer.message}"
                advice = f"{answer.advice} The next run finds the counterpart and completes the source record.".strip()
                work.settle(Outcome.UNFINISHED, Problem(answer.code, text, advice))
        self._each([w for w in works if w.outcome is not Outcome.UNFINISHED], self._settle)

    def _complete_details(self, works: list[Work]) -> None:
        """Line ids and the like go first: a record that is complete is not looked at again."""
        failed = self.step.complete_details({w.record.id: (w.record, w.destination_id) for w in works}) if works else {}
        for work in works:
            if answer := failed.get(work.record.id):
                text = f"{self._name(work)}: done in the destination, but its lines could not be written back: {answer.message}"
                advice = f"{answer.advice} The next run finds the counterpart and completes the source record.".strip()
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

    def _settle(self, work: Work) -> None:
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
            facts = {**work.compared, **(work.plan.facts if isinstance(work.plan, Write | Found) else {})}
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
        """Give up the claim, so that the next run need not wait for the lease to end, unless a request may still be on its way."""
        assert work.claim is not None
        try:
            work.claim = self.ledger.released(work.claim, in_doubt=work.in_doubt, answered=work.answered)
        except LostClaim:
            return

    def _each(self, works: list[Work], act: Callable[[Work], None]) -> None:
        if len(works) == 1:
            act(works[0])
        elif works:
            with ThreadPoolExecutor(max_workers=min(LEDGER_WRITERS, len(works))) as pool:
                _all(pool.map(act, works))

    def _record_type(self, work: Work) -> str:
        """What a transaction becomes; "" for other records."""
        return destination_of(work, self.step) if self.step.transaction else ""

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


def _with_those_that_wait(ids: set[str], works: Sequence[Work]) -> set[str]:
    """The ids with those of the works that wait for one of them, directly or not."""
    while ids and (waiting := {w.record.id for w in works if any(later.record_id in ids for later in waits_for(w.plan))} - ids):
        ids |= waiting
    return ids


def _all(values: Iterable[object]) -> None:
    """Run through a lazy map, so that its exceptions come out."""
    for _ in values:
        pass
