"""Sending the requests of a stage: records of one group one after the other, others in parallel; a create whose outcome is unknown is
verified."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from tallybridge import money
from tallybridge.clock import Clock
from tallybridge.errors import AlreadyExists, LoginRefused, NotSent, OutcomeUnknown, Refused, ServiceError, StepFailed, TallybridgeError
from tallybridge.sync.ledger import Ledger, LostClaim
from tallybridge.sync.runlog import Outcome
from tallybridge.sync.step import Counterpart, Problem, Request, Stage, Step, Write
from tallybridge.sync.waves import with_made
from tallybridge.sync.work import Work, name_of, problem_of

CREATE_TRIES = 3
"""How often a create is sent when its outcome was unknown and the look-up found nothing."""
VERIFY_AFTER_SECONDS = 1.0
"""How long to wait before looking up a create whose outcome is unknown."""
UNREACHABLE_LIMIT = 10
"""After so many records in a row whose outcome is unknown nothing more is sent: the destination is down."""
SEND_MARGIN_SECONDS = 20
"""Nothing is sent when less time than this is left."""


@dataclass(frozen=True)
class Worker:
    """What a batch runs with. `deadline` (epoch seconds) is when the worker is stopped from outside."""

    run_id: str
    dry_run: bool
    debug: bool
    writers: int
    deadline: float


class Sender:
    """Writes to the destination of one step. `failure` says why nothing more is sent."""

    def __init__(self, step: Step, ledger: Ledger, clock: Clock, worker: Worker) -> None:
        self.step = step
        self.writer = step.writer()
        self.ledger = ledger
        self.clock = clock
        self.worker = worker
        self.unreachable = 0
        self.failure: Problem | None = None
        self.guard = threading.Lock()

    def send(self, works: Sequence[Work], number: int) -> None:
        """Send stage `number` of each plan."""
        lanes: dict[str, list[Work]] = {}
        for work in sorted(works, key=lambda w: (w.record.order, w.record.number)):
            lanes.setdefault(work.record.group or f"alone#{work.record.id}", []).append(work)

        def lane(queue: list[Work]) -> None:
            for work in queue:
                self._send(work, number)

        with ThreadPoolExecutor(max_workers=max(1, min(self.worker.writers, len(lanes)))) as pool:
            for future in [pool.submit(lane, queue) for queue in lanes.values()]:
                future.result()

    def _send(self, work: Work, number: int) -> None:
        if self.failure or self.clock.now().timestamp() > self.worker.deadline - SEND_MARGIN_SECONDS:
            text = f"{name_of(work, self.step)}: not sent in this run; the next run sends it."
            work.settle(Outcome.UNFINISHED, Problem("NOT-SENT", text))
            return
        assert isinstance(work.plan, Write) and work.claim is not None
        stages, work.stage = work.plan.stages, number
        try:
            if number == 0:
                work.destination_id = work.made[""] = work.plan.destination_id
            work.claim = self.ledger.sent(work.claim, _hash(stages[number]))
            for request in stages[number].requests:
                self._request(work, request)
            if number == len(stages) - 1:
                work.claim = self.ledger.confirmed(work.claim, work.destination_id)
            self._reached()
        except Refused as refused:
            self._reached()
            work.settle(Outcome.REFUSED, problem_of(work, self.step, refused), refused.detail)
        except LoginRefused as refused:
            self._fail(Problem(refused.code, refused.message, refused.advice))
            work.settle(Outcome.UNFINISHED, problem_of(work, self.step, refused))
        except (NotSent, OutcomeUnknown, ServiceError, StepFailed) as lost:
            self._missed(lost)
            work.settle(Outcome.UNFINISHED, problem_of(work, self.step, lost))
        except LostClaim:
            work.settle(Outcome.UNFINISHED, Problem("LEDGER-BUSY", f"{name_of(work, self.step)}: another worker took it over."))

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
                unknown = lost
                self.clock.sleep(VERIFY_AFTER_SECONDS)
                there = self._look_up(work, request)
                if there is not None:
                    return there.id
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

    def _missed(self, lost: TallybridgeError) -> None:
        with self.guard:
            self.unreachable += 1
            down = self.unreachable >= UNREACHABLE_LIMIT
        if down:
            text = f"{self.step.title}: no answer for {UNREACHABLE_LIMIT} records in a row: {lost.message}"
            self._fail(Problem("DESTINATION-DOWN", text, lost.advice))

    def _fail(self, problem: Problem) -> None:
        with self.guard:
            self.failure = self.failure or problem


def _hash(stage: Stage) -> str:
    content = money.dumps([[r.record_type, str(r.record_id), repr(r.body)] for r in stage.requests])
    return hashlib.sha256(content.encode()).hexdigest()[:32]
