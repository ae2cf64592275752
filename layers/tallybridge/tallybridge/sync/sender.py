"""Sending the requests of a stage: records of one group one after the other, others in parallel; a create whose outcome is unknown is
verified."""

from __future__ import annotations

import hashlib
import re
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace

from tallybridge import money
from tallybridge.clock import Clock
from tallybridge.errors import (
    AlreadyExists,
    LoginRefused,
    OutcomeUnknown,
    OutOfTime,
    Refused,
    ServiceError,
    StepFailed,
    TallybridgeError,
)
from tallybridge.sync.ledger import Ledger, LostClaim
from tallybridge.sync.pace import Pace
from tallybridge.sync.runlog import Level, Outcome
from tallybridge.sync.step import Counterpart, Otherwise, Problem, Request, Stage, Step, Write
from tallybridge.sync.waves import with_made
from tallybridge.sync.work import Work, name_of, problem_of

CREATE_TRIES = 3
"""How often a create is sent when its outcome was unknown and the look-up found nothing."""
VERIFY_AFTER_SECONDS = 1.0
"""How long to wait before looking up a create whose outcome is unknown."""
UNREACHABLE_LIMIT = 10
"""After so many records in a row whose outcome is unknown nothing more is sent: the destination is down."""
NOT_SENT = "NOT-SENT"
WORD = re.compile(r"\w+")


@dataclass(frozen=True)
class Worker:
    """What a batch runs with. `deadline` (epoch seconds) is when the worker is stopped from outside; `writers` send side by side, of which
    as many as there are `slots` at the same time."""

    run_id: str
    dry_run: bool
    debug: bool
    writers: int
    deadline: float
    slots: int = 1
    pace: Pace = field(default_factory=Pace)

    def is_short(self, now: float, sent: int = 0) -> bool:
        """Whether no time is left for another request, beside what is needed for those that were sent. `now` in epoch seconds."""
        return now + self.pace.to_settle(sent) > self.deadline


class Sender:
    """Writes to the destination of one step. `failure` says why nothing more is sent; `way_is_open` that the first way of plans that
    have another one was gone."""

    def __init__(self, step: Step, ledger: Ledger, clock: Clock, worker: Worker) -> None:
        self.step = step
        self.writer = step.writer()
        self.ledger = ledger
        self.clock = clock
        self.worker = worker
        self.unreachable = 0
        self.sent = 0
        self.failure: Problem | None = None
        self.guard = threading.Lock()
        self.trying = threading.Lock()
        self.way_is_open = False
        self.begun = 0
        self.free_at = 0
        self.tell_free: Callable[[], None] = lambda: None

    def until_free(self, count: int, tell: Callable[[], None]) -> None:
        """Tell, once so many stages have begun to be sent, and nothing has gone wrong, that others may be sent beside the rest. Not at all
        where they are none."""
        self.free_at, self.tell_free = count, tell

    def _begins(self) -> None:
        with self.guard:
            self.begun += 1
            if self.begun != self.free_at or self.failure:
                return
        self.tell_free()

    def send(self, works: Sequence[Work], number: int, ready: Callable[[Work], None] = lambda work: None) -> None:
        """Send stage `number` of each plan. `ready` waits until a record may be sent, or has settled it."""
        lanes: dict[str, list[Work]] = {}
        for work in sorted(works, key=in_order):
            lanes.setdefault(work.record.group or f"alone#{work.record.id}", []).append(work)

        def lane(queue: list[Work]) -> None:
            for work in queue:
                ready(work)
                if work.outcome is None:
                    self._send(work, number)

        with ThreadPoolExecutor(max_workers=max(1, min(self.worker.writers, len(lanes)))) as pool:
            for future in [pool.submit(lane, queue) for queue in lanes.values()]:
                future.result()

    def must_stop(self) -> bool:
        """Whether nothing more is sent: the destination is down, or the time is used up."""
        return self.failure is not None or self.worker.is_short(self.clock.now().timestamp(), self.sent)

    def missed(self, works: Sequence[Work], lost: TallybridgeError) -> None:
        """Say on some records, and of the destination, that a request of theirs got no answer."""
        if isinstance(lost, OutOfTime):  # says nothing of the destination
            for work in works:
                self._not_sent(work, lost.code)
            return
        if isinstance(lost, LoginRefused):
            self._fail(Problem(lost.code, lost.message, lost.advice))
        else:
            self._not_reached(lost)
        for work in works:
            work.settle(Outcome.UNFINISHED, problem_of(work, self.step, lost))

    def _send(self, work: Work, number: int) -> None:
        if self.must_stop():
            self._not_sent(work)
            return
        self._begins()
        assert isinstance(work.plan, Write)
        other = work.plan.otherwise if number == 0 else None
        if other is not None and not self._is_settled(other):
            with self.trying:
                if not self._is_settled(other):
                    self._send_now(work, 0)
                    self.way_is_open = work.outcome is None and work.plan.otherwise is not None
                    return
        if other is not None and other.sure():
            self._take(work, other)
        self._send_now(work, number)

    def _not_sent(self, work: Work, code: str = NOT_SENT) -> None:
        text = f"{name_of(work, self.step)}: not sent in this run; the next run sends it."
        work.settle(Outcome.UNFINISHED, Problem(code, text))

    def _is_settled(self, other: Otherwise) -> bool:
        return self.way_is_open or other.sure()

    @staticmethod
    def _take(work: Work, other: Otherwise) -> None:
        work.plan, work.in_doubt, work.lost = other.plan, False, False
        work.note(Level(other.plan.remark_level), *other.plan.remarks)

    def _send_now(self, work: Work, number: int) -> None:
        assert isinstance(work.plan, Write) and work.claim is not None
        stages, work.stage = work.plan.stages, number
        with self.guard:
            self.sent += number == 0
        try:
            if number == 0:
                work.destination_id = work.made[""] = work.plan.destination_id
            self._send_stage(work, stages[number])
            if number == len(stages) - 1:
                work.claim = self.ledger.confirmed(work.claim, work.destination_id)
            self._reached()
        except Refused as refused:
            self._reached()
            self._refused(work, number, refused)
        except (ServiceError, StepFailed) as lost:
            self.missed([work], lost)
        except LostClaim:
            work.settle(Outcome.UNFINISHED, Problem("LEDGER-BUSY", f"{name_of(work, self.step)}: another worker took it over."))

    def _send_stage(self, work: Work, stage: Stage) -> None:
        assert work.claim is not None
        work.claim = self.ledger.sent(work.claim, hash_of(stage), **stage.keep)
        for request in stage.requests:
            self._ask_sparing(work, replace(request, generation=work.claim.generation))

    def _refused(self, work: Work, number: int, refused: Refused) -> None:
        """Take the other way that the plan has for this refusal; else take back what was done, and say so."""
        assert isinstance(work.plan, Write)
        other = work.plan.otherwise if number == 0 else None
        if other and other.when(refused):
            self._take(work, other)
            self._send_now(work, 0)
            return
        problem = problem_of(work, self.step, refused)
        try:
            for stage in work.plan.stages[number].undo:
                self._send_stage(work, stage)
        except (ServiceError, StepFailed, LostClaim) as lost:
            why = lost.message if isinstance(lost, ServiceError | StepFailed) else "another worker took it over."
            text = f"{problem.message} What was done before could not be taken back: {why}"
            work.settle(Outcome.UNFINISHED, replace(problem, message=text))
            return
        work.declined = refused
        work.settle(Outcome.REFUSED, problem, refused.detail)

    def _ask_sparing(self, work: Work, request: Request) -> None:
        """One request; once more for each field that the destination declines and that the record can do without."""
        try:
            self._ask(work, request)
        except Refused as refused:
            name = declined(refused, request.spare)
            if not name:
                raise
            work.in_doubt = work.lost = False
            text = f"{name_of(work, self.step)}: {name} was left out, {self.step.destination_system} does not take it: {refused.detail}"
            work.note(Level.INFO, Problem(f"{self.step.code}-CUT", text, "Correct the value in the source record."))
            self._ask_sparing(work, request.without(name))

    def _ask(self, work: Work, request: Request) -> None:
        """One request; notes on the record what its answer leaves open."""
        work.asked = work.in_doubt = True
        begun = self.clock.now()
        try:
            self._request(work, request)
        except OutcomeUnknown as lost:
            work.answered = lost.kept
            work.in_doubt = not lost.kept
            raise
        except ServiceError as error:
            work.answered, work.in_doubt = error.kept, work.lost
            raise
        finally:
            self.worker.pace.requested((self.clock.now() - begun).total_seconds())
        work.in_doubt = work.lost = False

    def _request(self, work: Work, request: Request) -> None:
        ready = with_made(request, work.made)
        if ready.record_id is not None:
            self.writer.update(ready)
            return
        work.made[request.name] = self._create(work, ready)
        if not request.name:
            work.destination_id = work.made[""]

    def _create(self, work: Work, request: Request) -> str:
        """Create; a create that is refused as a duplicate, or whose outcome is unknown, is looked up and never repeated blindly."""
        unknown: OutcomeUnknown | None = None
        for _ in range(CREATE_TRIES):
            try:
                return self.writer.create(request)
            except AlreadyExists as duplicate:
                there = self._look_up(work, request)
                if there is None:
                    raise duplicate
                if not request.name:
                    work.action = "create" if unknown else "recover"
                return there.id
            except OutcomeUnknown as lost:
                unknown, work.lost = lost, not lost.kept
                self.clock.sleep(VERIFY_AFTER_SECONDS)
                there = self._look_up(work, request)
                if there is not None:
                    return there.id
                if lost.kept:  # it would be answered in the same way
                    break
        assert unknown is not None
        raise unknown

    def _look_up(self, work: Work, request: Request) -> Counterpart | None:
        found = self.step.find_made(work.record, request)
        if len(found) > 1:
            ids = ", ".join(c.id for c in found)
            raise ServiceError(f"{len(found)} {self.step.destination} records carry this id: {ids}", service=self.step.destination_system)
        return found[0] if found else None

    def _reached(self) -> None:
        with self.guard:
            self.unreachable = 0

    def _not_reached(self, lost: TallybridgeError) -> None:
        with self.guard:
            self.unreachable += 1
            down = self.unreachable >= UNREACHABLE_LIMIT
        if down:
            text = f"{self.step.title}: no answer for {UNREACHABLE_LIMIT} records in a row: {lost.message}"
            self._fail(Problem("DESTINATION-DOWN", text, lost.advice))

    def _fail(self, problem: Problem) -> None:
        with self.guard:
            self.failure = self.failure or problem


def in_order(work: Work) -> tuple[tuple[str, ...], str]:
    """Sorts records into the order in which they are sent."""
    return work.record.order, work.record.number


def declined(refused: Refused, spare: Sequence[str]) -> str:
    """Which of some fields a refusal is about: the end of the path that it names, else the field of which its text speaks; "" for none."""
    end = refused.path.rpartition(".")[2]
    if end in spare:
        return end
    words = {w.lower() for w in WORD.findall(refused.detail or refused.message)} if not end else set()
    return next((name for name in spare if name.lower() in words), "")


def hash_of(stage: Stage) -> str:
    """What the ledger keeps of a stage's requests."""
    content = money.dumps([[r.record_type, str(r.record_id), repr(r.body)] for r in stage.requests])
    return hashlib.sha256(content.encode()).hexdigest()[:32]
