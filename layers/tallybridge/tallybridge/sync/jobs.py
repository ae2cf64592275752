"""The second way to write: many creates as one job of the destination, under the same protocol as single requests.

    SENT, with the job's key ---submit---> SENT, with the job ......... the job is over ---> the batch's next round, as any other:
                                           nothing runs, the state                          what the look-up finds was made by the job,
                                           machine waits                                    what it does not find is sent one by one

The key is made of the records and of nothing else, and is in the ledger before the request leaves: whoever finds a record whose submit was
not answered submits it again under that key, and is told the first job. A record of a job belongs to nobody while the job is under way:
any worker that meets it asks the destination, and goes on when the job is over. What a job refused is sent once more by itself, so that
the destination says of that very record why.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from tallybridge.clock import Clock
from tallybridge.errors import BadAnswer, OutcomeUnknown, Refused, ServiceError
from tallybridge.parallel import parts, side_by_side
from tallybridge.sync.ledger import IN_JOB, JOB, JOB_AT, JOB_KEY, OPEN, Ledger, LostClaim
from tallybridge.sync.runlog import Level, Outcome
from tallybridge.sync.sender import Sender, hash_of
from tallybridge.sync.step import Counterpart, Plan, Problem, Request, Step, Write
from tallybridge.sync.waves import waits_for
from tallybridge.sync.work import Work, name_of

LATE_SECONDS = 1800
"""A job that is not over by then is waited for no longer: its records are looked up, and sent one by one where they are not there. Their
external ids keep the job from making them a second time."""
UNDER_WAY = "IN-JOB"
"""Code of records whose job is under way."""
NAMESPACE = uuid.UUID("7f1d3a52-52c5-5d0c-9a53-6f0d3c1b8f0e")


class Jobs:
    """Creates of one batch that go together. `handed_over` is how many records this worker has put into jobs."""

    def __init__(self, step: Step, ledger: Ledger, clock: Clock, sender: Sender) -> None:
        self.step = step
        self.bulk = step.bulk()
        self.ledger = ledger
        self.clock = clock
        self.sender = sender
        self.late = False
        self.handed_over = 0
        self.in_jobs: dict[str, Mapping[str, Any]] = {}
        """Items, by their keys, of records that went into a job: of these nothing goes into one again."""
        self.over: set[str] = set()
        """Jobs that are known to be over, or are waited for no longer."""
        self.pending: dict[str, str] = {}
        """Job keys, by the key of the record, of submits whose answer nobody has noted."""
        self.chosen: set[str] = set()

    # -- what is under way -------------------------------------------------------------------------------------------

    def seen(self, known: Mapping[str, dict[str, Any]]) -> tuple[Mapping[str, dict[str, Any]], int]:
        """The items, those of jobs as if nobody held them; and seconds to wait while jobs are under way (else 0). The job that was
        submitted last stands for all: of an older one is asked if it has not made a record."""
        if self.bulk is None or self.sender.worker.dry_run:
            return known, 0
        open_items = {key: item for key, item in known.items() if item.get("state") in OPEN}
        in_jobs: dict[str, Mapping[str, Any]] = {key: item for key, item in open_items.items() if item.get(JOB)}
        if in_jobs:
            last = max(in_jobs.values(), key=lambda item: (int(item[JOB_AT]), len(item[JOB]), item[JOB]))
            if wait := self._seconds_until_over(last, len(in_jobs)):
                return known, wait
            if not self.late:
                self.bulk.lasted(self._age(last))
        self.in_jobs = in_jobs
        self.pending = {key: str(item[JOB_KEY]) for key, item in open_items.items() if item.get(JOB_KEY) and key not in in_jobs}
        return {key: {**item, **dict.fromkeys(IN_JOB, ""), "lease": 0} if key in in_jobs else item for key, item in known.items()}, 0

    def _seconds_until_over(self, item: Mapping[str, Any], number: int) -> int:
        """Of the job of a record, which is one of so many that are looked at together."""
        assert self.bulk is not None
        job, age = str(item[JOB]), self._age(item)
        if wait := self.bulk.not_before(age, number):
            return wait
        if not self.bulk.is_over(job):
            if age < LATE_SECONDS:
                return self.bulk.pause(age)
            self._late(job)
        self.over.add(job)
        return 0

    def _age(self, item: Mapping[str, Any]) -> int:
        return max(0, int(self.clock.now().timestamp()) - int(item[JOB_AT]))

    def _late(self, job: str) -> None:
        assert self.bulk is not None
        self.late = True
        text = f"{self.step.title}: {self.step.destination_system} has not carried out job {job} within {LATE_SECONDS // 60} minutes."
        advice = "Its records are looked up and sent one by one. If it happens often, set netsuite_batch_requests to off."
        self.bulk.give_up(Level.WARNING, Problem("JOB-LATE", text, advice))

    def work(self, key: str, work: Work, there: Sequence[Counterpart]) -> Work:
        """The work of a record. One that a job of this very batch has made is written now, as far as anybody is told; one that is not there
        is left alone while its job is under way."""
        item = self.in_jobs.get(key)
        if item and not there and item[JOB] not in self.over and self._seconds_until_over(item, 1):
            self._settle_under_way(work, item[JOB])
        if not self.ledger.own(item) or len(there) != 1 or not there[0].own:
            return work
        plan = self.step.decide(work.record, [])
        if not self._suits(plan):
            return work
        return Work(work.record, plan, destination_id=there[0].id, there=there[0].held, asked=True, by_job=True)

    # -- what goes together ------------------------------------------------------------------------------------------

    def choose(self, works: Sequence[Work]) -> None:
        """Choose, of all that the batch has to write, what goes into jobs: creates of one request, alone in their group, for which nothing
        else of the batch waits; if they are enough. What was submitted before, and not answered, does in any case."""
        if self.bulk is None:
            return
        writes = [w for w in works if isinstance(w.plan, Write) and not w.by_job]
        groups: dict[str, int] = {}
        for work in writes:
            groups[work.record.group] = groups.get(work.record.group, 0) + 1
        needed = {later.record_id for work in writes for later in waits_for(work.plan)}
        able = [w for w in writes if self._suits(w.plan) and self.key(w) not in self.in_jobs]
        alone = {w.record.id for w in able if (not w.record.group or groups[w.record.group] == 1) and w.record.id not in needed}
        self.chosen = alone if self.bulk.is_worth_it(len(alone)) else set()
        self.chosen |= {w.record.id for w in able if self.key(w) in self.pending and not self.bulk.has_given_up()}

    def _suits(self, plan: Plan) -> bool:
        """Whether a plan is one create that stands for itself."""
        if self.bulk is None or not isinstance(plan, Write) or plan.otherwise or plan.then or len(plan.requests) != 1:
            return False
        (request,) = plan.requests
        return request.record_id is None and not request.name and self.bulk.takes(request)

    def key(self, work: Work) -> str:
        return self.ledger.key(self.step.system, self.step.object, work.record.id)

    # -- handing over ------------------------------------------------------------------------------------------------

    def hand_over(self, works: Sequence[Work]) -> list[Work]:
        """Submit those that were chosen and may be sent; answers the others, with those that the destination does not take together."""
        assert self.bulk is not None or not self.chosen
        alike: dict[tuple[str, str], list[Work]] = {}
        others = []
        for work in works:
            if work.outcome is not None or work.record.id not in self.chosen or self.sender.must_stop():
                others.append(work)
                continue
            assert isinstance(work.plan, Write)
            alike.setdefault((work.plan.requests[0].record_type, self.pending.get(self.key(work), "")), []).append(work)
        for (record_type, key), group in alike.items():
            for part in parts(group, self.bulk.most if self.bulk else 1):
                others += self._hand_over(record_type, key, part)
        return others

    def _hand_over(self, record_type: str, key: str, works: Sequence[Work]) -> list[Work]:
        """One job. SENT is stored, with its key, before the request leaves."""
        key = key or key_of(record_type, works)
        side_by_side(lambda work: self._note_sent(work, key), works)
        works = [w for w in works if w.outcome is None]
        try:
            job = self._submitted(record_type, works, key) if works else ""
        except (Refused, BadAnswer) as refused:
            return self._not_taken(works, refused)
        except ServiceError as lost:
            for work in works:
                work.in_doubt = isinstance(lost, OutcomeUnknown)
            self.sender.missed(works, lost)
            return []
        side_by_side(lambda work: self._note_job(work, job), works)
        self.handed_over += len(works)
        return []

    def _note_sent(self, work: Work, key: str) -> None:
        assert isinstance(work.plan, Write) and work.claim is not None
        (stage,) = work.plan.stages
        try:
            work.claim = self.ledger.sent(work.claim, hash_of(stage), **stage.keep, **{JOB_KEY: key})
        except LostClaim:
            self._lost(work)

    def _submitted(self, record_type: str, works: Sequence[Work], key: str) -> str:
        """The job."""
        assert self.bulk is not None
        for work in works:
            work.asked = work.in_doubt = True
        return self.bulk.submit(record_type, [_request(work) for work in works], key)

    def _not_taken(self, works: Sequence[Work], refused: ServiceError) -> list[Work]:
        assert self.bulk is not None
        for work in works:
            work.in_doubt = False
        text = f"{self.step.title}: {self.step.destination_system} takes no batch requests here: {refused.detail or refused.message}"
        advice = "Nothing is lost: records are sent one by one in this run. Set netsuite_batch_requests to off, or see to the role."
        self.bulk.give_up(Level.INFO, Problem("JOBS-NOT-TAKEN", text, advice))
        return list(works)

    def _note_job(self, work: Work, job: str) -> None:
        """From now on any worker may ask for the job, and go on when it is over."""
        assert work.claim is not None
        try:
            self.ledger.handed_over(work.claim, job, LATE_SECONDS)
        except LostClaim:
            self._lost(work)
            return
        work.claim, work.in_doubt = None, False  # it is this worker's no longer
        self._settle_under_way(work, job)

    def _settle_under_way(self, work: Work, job: str) -> None:
        text = f"{name_of(work, self.step)}: handed to {self.step.destination_system} in job {job}, which is not over."
        work.settle(Outcome.UNFINISHED, Problem(UNDER_WAY, text, "Nothing needs to be done: the next run looks it up and completes it."))

    @property
    def wait(self) -> int:
        """Seconds until what was handed over is worth a look."""
        return self.bulk.not_before(0, self.handed_over) if self.bulk else 0

    def note_made(self, work: Work) -> None:
        """The job has made the record."""
        assert work.claim is not None
        try:
            work.claim = self.ledger.confirmed(work.claim, work.destination_id)
        except LostClaim:
            self._lost(work)

    def _lost(self, work: Work) -> None:
        work.settle(Outcome.UNFINISHED, Problem("LEDGER-BUSY", f"{name_of(work, self.step)}: another worker took it over."))


def key_of(record_type: str, works: Iterable[Work]) -> str:
    """The idempotency key of a job: a UUID made of its records and of how often each was given a final answer, not of the run."""
    records = sorted(f"{w.claim.key}/{w.claim.generation}" for w in works if w.claim is not None)
    return str(uuid.uuid5(NAMESPACE, "\n".join([record_type, *records])))


def _request(work: Work) -> Request:
    assert isinstance(work.plan, Write) and work.claim is not None
    return replace(work.plan.requests[0], generation=work.claim.generation)
