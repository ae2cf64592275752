"""One batch of one step: refresh, look up, plan, claim, mark, send, verify, write back. Knows no object type and no vendor.

    1 ledger       the version that each claim is conditional on, read before anything that a decision rests on; while another worker
                   holds one of the records nothing is done
    2 refresh      the source records as they are now; what no longer qualifies is dropped
    3 find         counterparts in the destination, one look-up for all
    4 plan         pure: hold, leave, found, or write; held where the counterpart turns out to be another record's
    5 claim        ledger, one conditional write a record
    6 mark         "Creating X" on the source, in bulk, before the first destination write; where each mark takes a call of its own, records
                   are sent as soon as they are marked
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
from tallybridge.errors import NoSlot, OutOfTime
from tallybridge.parallel import CALLS_AT_ONCE, side_by_side
from tallybridge.sync.earlier import about, intent_of, result_of_earlier
from tallybridge.sync.instructed import instruct
from tallybridge.sync.instructions import Instruction
from tallybridge.sync.jobs import UNDER_WAY, Jobs
from tallybridge.sync.ledger import Ledger, LostClaim
from tallybridge.sync.planned import Agreed, Planned, hold_to, planned, shown
from tallybridge.sync.runlog import Level, LogLine, Outcome, RecordResult
from tallybridge.sync.sender import NOT_SENT, Sender, Worker, in_order
from tallybridge.sync.settler import Settler, marked, transferred, was_there
from tallybridge.sync.step import (
    IGNORE,
    Candidate,
    Counterpart,
    Found,
    Hold,
    Leave,
    Mark,
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
    lines_of,
    name_of,
    result_of,
    target_of,
)

FOR_ANOTHER_ROUND = frozenset({NOT_SENT, OutOfTime.code, NoSlot.code, UNDER_WAY})
"""Codes of records that nothing but the time of the worker, or of a job, has kept from being settled."""


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


@dataclass
class Decided:
    """Candidates with what was decided of them. `known` are the ledger's items by key, `plans` what a dry run says; `wait` and `in_jobs`:
    see `BatchResult`. `claimed` are those that were sent and are still to be verified, `rest` ids for which there was no time.
    `overlaps`: how many were still to be settled when others began to be sent."""

    candidates: Sequence[Candidate]
    known: Mapping[str, Mapping[str, Any]]
    works: Sequence[Work] = ()
    plans: Sequence[Planned] = ()
    wait: int = 0
    in_jobs: bool = False
    claimed: list[Work] = field(default_factory=list)
    rest: set[str] = field(default_factory=set)
    overlaps: int = 0


class Batch:
    """Processes candidates of one step, at once (`process`) or part by part (`decide`, `carry_out`, `settle`)."""

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
        self.settler = Settler(step, ledger, clock)
        self.jobs = Jobs(step, ledger, clock, self.sender)

    def process(self, candidates: Sequence[Candidate]) -> BatchResult:
        """Sync the candidates. Raises `StepFailed` or `LoginRefused` when nothing could be decided for any of them."""
        decided = self.decide(candidates)
        self.carry_out(decided)
        return self.settle(decided)

    def decide(self, candidates: Sequence[Candidate]) -> Decided:
        """Steps 1 to 4: reads, and writes nothing, so that it may be forgotten."""
        read = self.ledger.read([self._key(c.id) for c in candidates])  # before anything that a decision rests on
        known, under_way = self.jobs.seen(read)
        if wait := under_way or self._wait(known.values()):
            return Decided(candidates, known, wait=wait, in_jobs=bool(under_way))
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
        return Decided(candidates, known, works, plans)

    def carry_out(self, decided: Decided, nearly: Callable[[bool], None] = lambda free: None) -> None:
        """Steps 5 to 7. Afterwards `settle` must be called, whatever else has failed. `nearly` is told, when little is left to send,
        whether other candidates may be carried out at the same time."""
        works, known, pace = decided.works, decided.known, self.worker.pace

        def free() -> None:
            decided.overlaps = len(works)
            pace.add_unsettled(decided.overlaps)
            nearly(True)

        for work in [w for w in works if w.outcome is None]:
            self._take_plan(work, known.get(self._key(work.record.id)))
        by_id = {w.record.id: w for w in works}
        self.jobs.choose([w for w in works if w.outcome is None and not self.worker.dry_run])
        decided.rest = self._without_time([w for w in works if w.outcome is None])
        if not decided.rest:
            to_send = sum(len(w.plan.stages) for w in works if w.outcome is None and isinstance(w.plan, Write))
            self.sender.until_free(to_send - pace.lead(to_send, self.worker.writers), free)
        for wave in waves({w.record.id: w.plan for w in works if w.outcome is None}):
            self._finish(decided)  # those of this wave need the ids of those before
            to_do = [by_id[i] for i in wave if i not in decided.rest and self._ready(by_id[i], by_id, known)]
            if self.worker.dry_run:
                self._rehearse(to_do)
            else:
                self._begin(decided, to_do)
        if not (decided.overlaps or decided.wait or decided.rest or self.sender.failure):
            free()

    def settle(self, decided: Decided) -> BatchResult:
        """Steps 8 and 9, and what became of all."""
        if decided.wait:
            return BatchResult(wait=decided.wait, in_jobs=decided.in_jobs)
        try:
            self._finish(decided)
        finally:
            self.worker.pace.add_unsettled(-decided.overlaps)
        works, rest = decided.works, set(decided.rest)
        ids = {w.record.id for w in works}
        if not self.worker.dry_run:
            self._set_aside([w for w in works if isinstance(w.plan, Hold | Leave) and w.plan.set_aside and w.noted])
        left = [(c.id, decided.known.get(self._key(c.id))) for c in decided.candidates if c.id not in ids]
        if not self.worker.dry_run:
            for source_id, item in left:
                self.ledger.let_go(self._key(source_id), item)
        rest |= self._cut_off(works)
        if self.jobs.handed_over and len(rest) == len(decided.candidates):
            return BatchResult(wait=self.jobs.wait, in_jobs=True)
        gone = [result_of_earlier(self.step.object, i, item, own=self.ledger.own(item)) for i, item in left]
        return BatchResult(
            [*(result_of(w, self.step) for w in works if w.record.id not in rest), *gone],
            [line for w in works if w.record.id not in rest for line in self._lines(w)],
            self.sender.failure,
            records=[w.record for w in works],
            rest=frozenset(rest),
            no_slot=any(w.code == NoSlot.code for w in works),
            planned=decided.plans,
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
                work.settle(Outcome.ALREADY if was_there(work) else Outcome.SYNCED)

    @staticmethod
    def _brought_over(work: Work) -> bool:
        """Whether the destination has the record afterwards, whole or but for a remainder."""
        whole = work.outcome in (Outcome.SYNCED, Outcome.ALREADY)
        return whole or (isinstance(work.plan, Write) and work.plan.remainder is not None and work.outcome is Outcome.HELD)

    def _begin(self, decided: Decided, works: list[Work]) -> None:
        """Claim, mark and send."""
        side_by_side(lambda w: self._claim(w, decided.known.get(self._key(w.record.id))), works)
        claimed = decided.claimed = [w for w in works if w.outcome is None]
        for work in claimed:
            if isinstance(work.plan, Refusal):
                work.settle(Outcome.REFUSED, work.plan.problem)
        try:
            side_by_side(self.jobs.note_made, [w for w in claimed if w.by_job])
            self._send_stages([w for w in claimed if isinstance(w.plan, Write) and not w.by_job])
        except BaseException:
            self._release_open(decided)
            raise

    def _finish(self, decided: Decided) -> None:
        """Verify and write back what was sent."""
        claimed = decided.claimed
        try:
            self.settler.explain([w for w in claimed if w.declined])
            self.settler.check_held([w for w in claimed if w.outcome is None])
            self.settler.check_parts([w for w in claimed if w.outcome is None])
            self.settler.write_back([w for w in claimed if w.outcome in (None, Outcome.REFUSED)])
        finally:
            self._release_open(decided)

    def _release_open(self, decided: Decided) -> None:
        claimed, decided.claimed = decided.claimed, []
        side_by_side(self._release, [w for w in claimed if w.outcome in (None, Outcome.UNFINISHED) and w.claim])

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
            if self.step.marks_at_once == 1 and not self.jobs.chosen:
                self._mark_while_sending(due, number)
            else:
                self._mark_in_progress(due, number)
                self.sender.send(due if number else self.jobs.hand_over(due), number)
            number += 1

    def _mark_while_sending(self, works: Sequence[Work], number: int) -> None:
        """Of marks that take a call each: a record is sent as soon as its own is written, while those behind it are marked."""
        at_once = len(works) / math.ceil(len(works) / CALLS_AT_ONCE)  # on average: the last ones may be few, and take as long
        with ThreadPoolExecutor(max_workers=CALLS_AT_ONCE) as pool:
            in_turn = sorted(works, key=in_order)
            marking = {w.record.id: pool.submit(self._mark_in_progress, [w], number, at_once) for w in in_turn}
            self.sender.send(works, number, lambda work: marking[work.record.id].result())

    def _mark_in_progress(self, works: Sequence[Work], number: int, at_once: float = 1) -> None:
        """The status is on the source record before the first destination write (sequence-and-status.md 4.1, rule 3). `at_once`: so many
        such calls are made at the same time."""
        marks = []
        for work in works:
            assert isinstance(work.plan, Write)
            if text := work.plan.stages[number].in_progress:
                marks.append(Mark(work.record, text, transferred(self.step, "Processing") if work.plan.transferred else None))
        begun = self.clock.now()
        refused = marked(self.step, marks)
        if marks:
            self.worker.pace.marked(at_once * len(marks), (self.clock.now() - begun).total_seconds())
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

    def _record_type(self, work: Work) -> str:
        """What a transaction becomes; "" for other records."""
        return destination_of(work, self.step) if self.step.transaction else ""

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
