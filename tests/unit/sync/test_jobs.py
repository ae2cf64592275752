"""Creates that go together: what is in the ledger before and after a job is submitted, and who goes on when."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest

from tallybridge.errors import NotSent, OutcomeUnknown, OutOfTime, Refused, ServiceError
from tallybridge.sync.batch import Batch, BatchResult
from tallybridge.sync.jobs import LATE_SECONDS
from tallybridge.sync.ledger import IN_FLIGHT_SECONDS
from tallybridge.sync.sender import Worker
from tallybridge.sync.step import Candidate, Counterpart, Found, Later, Plan, Problem, Request, SourceRecord, Write
from tests.sync.memory import MemoryTable
from tests.unit.sync.tables import Clock, ledger
from tests.unit.sync.test_stages import FakeStep

IDS = ("R1", "R2", "R3")
PAUSE = 7
UNKNOWN = OutcomeUnknown("No answer.", service="NetSuite")


def create(i: str) -> Write:
    return Write("create", "Creating Refund", "Error Creating Refund", (Request("customerRefund", {"externalId": i}),))


@dataclass
class FakeBulk:
    """NetSuite's jobs. `fails` are raised one after the other by submits, after the job was taken where they are `OutcomeUnknown`."""

    table: MemoryTable
    least: int = 1
    most: int = 100
    fails: list[ServiceError] = field(default_factory=list)
    jobs: dict[str, list[str]] = field(default_factory=dict)
    over: set[str] = field(default_factory=set)
    asked: list[str] = field(default_factory=list)
    submits: int = 0
    states: list[set[Any]] = field(default_factory=list)
    told: list[str] = field(default_factory=list)

    @property
    def gave_up(self) -> bool:
        return bool(self.told)

    def takes(self, request: Request) -> bool:
        return "externalId" in request.body

    def is_worth_it(self, number: int) -> bool:
        return number >= self.least and not self.gave_up

    def submit(self, record_type: str, requests: Sequence[Request], key: str) -> str:
        self.submits += 1
        self.states.append({(item["state"], item.get("job_key")) for item in self.table.items.values()})
        failed = self.fails.pop(0) if self.fails else None
        if failed is None or isinstance(failed, OutcomeUnknown):
            self.jobs.setdefault(key, [r.body["externalId"] for r in requests])
        if failed:
            raise failed
        return f"job-{list(self.jobs).index(key) + 1}"

    def not_before(self, age: int, number: int) -> int:
        return 0

    def is_over(self, job: str) -> bool:
        self.asked.append(job)
        return job in self.over

    def lasted(self, age: int) -> None:
        return None

    def pause(self, age: int) -> int:
        return PAUSE

    def give_up(self, level: str, told: Problem) -> None:
        self.told.append(told.code)

    def has_given_up(self) -> bool:
        return self.gave_up


class Step(FakeStep):
    """Records of their own. `made` are in the destination."""

    def __init__(self, bulk: FakeBulk | None, **more: Any) -> None:
        super().__init__(create(""), **more)
        self.the_bulk = bulk
        self.made: set[str] = set()
        self.waiting: dict[str, str] = {}
        self.groups: dict[str, str] = {}

    def bulk(self) -> Any:
        return self.the_bulk

    def refresh(self, candidates: Sequence[Candidate]) -> list[SourceRecord]:
        return [SourceRecord(c.id, c.id, "", group=self.groups.get(c.id, ""), currency="") for c in candidates]

    def find(self, records: Sequence[SourceRecord]) -> dict[str, list[Counterpart]]:
        return {r.id: [Counterpart(f"ns-{r.id}", own=True)] for r in records if r.id in self.made}

    def decide(self, record: SourceRecord, found: Sequence[Counterpart]) -> Plan:
        if found:
            return Found(found[0])
        plan = create(record.id)
        if parent := self.waiting.get(record.id):
            body = {"externalId": record.id, "parent": Later(parent, Problem("WAITS", "It waits."))}
            return Write("create", "Creating Refund", "Error Creating Refund", (Request("customerRefund", body),))
        return plan


@dataclass
class World:
    table: MemoryTable = field(default_factory=lambda: MemoryTable("status", "id"))
    clock: Clock = field(default_factory=Clock)

    def __post_init__(self) -> None:
        self.bulk = FakeBulk(self.table)
        self.step = Step(self.bulk)
        self.number = 0

    def process(self, *, run: str = "r1", ids: Sequence[str] = IDS) -> BatchResult:
        """One round of a batch, by a worker of its own."""
        self.number += 1
        worker = Worker(run, False, False, 2, self.clock.now().timestamp() + 300)
        own: Any = ledger(self.table, self.clock, run=run, who=f"w{self.number}")
        step: Any = self.step
        return Batch(step, own, self.clock, worker).process([Candidate(i) for i in ids])

    def done(self, job: str = "job-1", *missing: str) -> None:
        """The job is over, and has made all but some."""
        self.bulk.over.add(job)
        self.step.made |= {i for ids in list(self.bulk.jobs.values())[int(job[4:]) - 1 : int(job[4:])] for i in ids} - set(missing)

    def item(self, i: str) -> dict[str, Any]:
        return dict(self.table.get_item(Key={"id": f"zuora#Refund#{i}"})["Item"])

    @property
    def singly(self) -> list[str]:
        return [body["externalId"] for _, _, body in self.step.sent]


def outcomes(result: BatchResult) -> list[tuple[str, str]]:
    return [(str(r.outcome), r.action) for r in result.results]


def test_what_goes_together_is_settled_when_its_job_is_over() -> None:
    world = World()
    first = world.process()
    assert (first.results, first.wait, world.step.sent) == ([], 0, [])
    assert [m[0] for m in world.step.marks] == ["Creating Refund"] * 3
    assert world.process().wait == PAUSE
    world.done()
    assert outcomes(world.process()) == [("synced", "create")] * 3
    assert (world.singly, world.bulk.submits) == ([], 1)
    assert [m[0] for m in world.step.marks[3:]] == ["Sync Complete"] * 3
    item = world.item("R1")
    assert (item["state"], item["destination_id"], item["generation"]) == ("DONE", "ns-R1", 1)
    assert not {"job", "job_key", "job_at"} & item.keys()


def test_sent_is_stored_with_the_key_before_the_job_is_submitted() -> None:
    world = World()
    world.process()
    (key,) = world.bulk.jobs
    assert world.bulk.states == [{("SENT", key)}]


def test_the_key_is_made_of_the_records_and_not_of_the_run() -> None:
    one, other, third = World(), World(), World()
    one.process(run="r1")
    other.process(run="r2", ids=IDS[::-1])
    third.process(run="r1", ids=IDS[:2])
    keys = [next(iter(world.bulk.jobs)) for world in (one, other, third)]
    assert keys[0] == keys[1] != keys[2]
    assert str(uuid.UUID(keys[0])) == keys[0]


def test_a_record_that_was_given_a_final_answer_has_another_key() -> None:
    world = World()
    world.process(ids=("R1",))
    world.done("job-1", "R1")
    world.step.refuse = lambda request: True
    assert outcomes(world.process(ids=("R1",))) == [("refused", "create")]
    world.step.refuse = lambda request: False
    world.process(ids=("R1",), run="r2")
    assert len(world.bulk.jobs) == 2


def test_what_a_job_has_not_made_is_sent_by_itself() -> None:
    world = World()
    world.process()
    world.done("job-1", "R2")
    assert outcomes(world.process()) == [("synced", "create")] * 3
    assert (world.singly, world.bulk.submits) == (["R2"], 1)


def test_a_record_of_a_job_is_sent_by_nobody_while_the_job_is_under_way() -> None:
    world = World()
    world.process(run="r1")
    world.clock.sleep(IN_FLIGHT_SECONDS + 300)
    assert world.process(run="r2").wait == PAUSE
    world.bulk.told = ["JOB-LATE"]
    assert world.process(run="r3").wait == PAUSE
    assert (world.singly, world.bulk.submits) == ([], 1)


def test_another_run_finds_what_a_job_has_made() -> None:
    world = World()
    world.process(run="r1")
    world.done()
    assert outcomes(world.process(run="r2")) == [("already", "recover")] * 3
    assert world.singly == []


def test_a_job_is_waited_for_within_a_bound() -> None:
    world = World()
    world.process()
    world.clock.sleep(LATE_SECONDS - 1)
    assert world.process().wait == PAUSE
    world.clock.sleep(1)
    result = world.process()
    assert (sorted(world.singly), world.bulk.told) == (list(IDS), ["JOB-LATE"])
    assert outcomes(result) == [("synced", "create")] * 3


def test_a_submit_that_nobody_answers_is_made_again_by_the_next_worker_under_its_key() -> None:
    world = World()
    world.bulk.fails = [UNKNOWN]
    assert outcomes(world.process()) == [("unfinished", "create")] * 3
    wait = world.process(run="r2").wait
    assert IN_FLIGHT_SECONDS - 10 < wait <= IN_FLIGHT_SECONDS
    world.clock.sleep(wait)
    world.bulk.least = 20
    world.step.made.add("R3")
    world.process(run="r2")
    assert (len(world.bulk.jobs), world.item("R1")["job"], world.singly) == (1, "job-1", [])


def test_an_account_that_takes_no_jobs_is_asked_once() -> None:
    world = World()
    world.bulk.fails = [Refused("Not for your role.", service="NetSuite", service_code="INSUFFICIENT_PERMISSION", detail="Not for you.")]
    result = world.process()
    assert outcomes(result) == [("synced", "create")] * 3
    assert (sorted(world.singly), world.bulk.told) == (list(IDS), ["JOBS-NOT-TAKEN"])
    assert "job_key" not in world.item("R1")


@pytest.mark.parametrize("lost", [NotSent("No connection.", service="NetSuite"), OutOfTime("No time.", service="NetSuite")])
def test_a_job_that_was_not_submitted_leaves_nothing_in_doubt(lost: ServiceError) -> None:
    world = World()
    world.bulk.fails = [lost]
    world.process()
    assert (world.singly, world.bulk.jobs, world.bulk.told) == ([], {}, [])
    assert {world.item(i)["lease"] for i in IDS} == {0}
    world.process(run="r2")
    assert len(world.bulk.jobs) == 1


def test_an_older_job_is_asked_for_only_where_it_has_not_made_a_record() -> None:
    world = World()
    world.bulk.most = 2
    world.process()
    assert len(world.bulk.jobs) == 2
    world.done("job-2")
    world.step.made.add("R1")
    result = world.process()
    assert (sorted(r.source_id for r in result.results), result.rest) == (["R1", "R3"], frozenset({"R2"}))
    assert (world.bulk.asked, world.singly) == (["job-2", "job-1"], [])
    world.done("job-1")
    assert outcomes(world.process(ids=("R2",))) == [("synced", "create")]
    assert world.singly == []


def test_records_of_one_group_go_one_after_the_other() -> None:
    world = World()
    world.step.groups = {"R1": "A", "R2": "A"}
    result = world.process()
    assert (world.singly, list(world.bulk.jobs.values()), result.rest) == (["R1", "R2"], [["R3"]], frozenset({"R3"}))


def test_what_others_wait_for_does_not_go_into_a_job() -> None:
    world = World()
    world.step.waiting = {"R2": "R1"}
    world.process()
    assert (world.singly, list(world.bulk.jobs.values())) == (["R1"], [["R3"], ["R2"]])


def test_too_few_go_one_by_one() -> None:
    world = World()
    world.bulk.least = 4
    assert outcomes(world.process()) == [("synced", "create")] * 3
    assert (sorted(world.singly), world.bulk.submits) == (list(IDS), 0)
