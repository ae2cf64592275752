"""Faults between the connector and its two services. Whatever happens: exactly one NetSuite record per Zuora record, statuses final after
at most one further run, totals tied out."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest

from sandbox.clock import VirtualClock
from tallybridge import http
from tallybridge.errors import OutcomeUnknown, TallybridgeError
from tallybridge.tasks.steps import STEPS
from tests.faults.branching import one_thread
from tests.faults.test_kill_at_every_effect import check, fill
from tests.meeting import meeting
from tests.sync.memory import MemoryWorld
from tests.sync.world import MovableClock, World, on_loopback, unserved_world

IN_THREADS = True
BUSY = ("customers", "charges", "invoices", "payments")
"""The steps that this world has records for."""
EACH_STEP = [pytest.param(step, marks=() if step in ("invoices", "payments") else pytest.mark.slow) for step in BUSY]
"""The default suite takes the documents, `make slow` the master data too."""
INVOICES = "/services/rest/record/v1/invoice"
PAYMENTS = "/services/rest/record/v1/customerPayment"
LATENCY_MS = 200
WRITES = "/services/rest/record/v1/"
QUERIES = "/services/rest/query/v1/suiteql"
STATUS = "^/v1/(action/update|payments/)"
RESULT_FILES = "^/presigned/"
SERVER_ERROR = {"status": 503, "body": "<html>Service Unavailable</html>"}


class LoopbackWorld(MemoryWorld):
    """Stores in memory, but real connections: they can be dropped and time out."""

    def use_connections(self) -> None:
        self.session = http.new_session(32)


@pytest.fixture(scope="module")
def loopback(started_world: World) -> Iterator[LoopbackWorld]:
    with on_loopback(started_world) as served:
        world = LoopbackWorld.of(served)
        assert isinstance(world, LoopbackWorld)
        world.use_connections()
        yield world


@pytest.fixture
def world(loopback: LoopbackWorld) -> Iterator[LoopbackWorld]:
    loopback.reset(default_subsidiary="Parent Company")
    fill(loopback)
    yield loopback
    loopback.netsuite_control.set_faults([])
    loopback.zuora_control.set_faults([])


@pytest.fixture(scope="module")
def straight() -> MemoryWorld:
    """Without connections: what is lost in them is the same for jobs."""
    return MemoryWorld.of(unserved_world())


@pytest.fixture
def in_jobs(straight: MemoryWorld) -> MemoryWorld:
    """NetSuite's records go in batch requests, each record of which takes a while."""
    straight.reset(default_subsidiary="Parent Company", netsuite_batch_requests="always")
    fill(straight)
    straight.netsuite.options.async_item_s = 1.2
    return straight


@pytest.fixture
def filled(straight: MemoryWorld) -> MemoryWorld:
    """The same records as in `world`, whose connections nobody looks at."""
    straight.reset(default_subsidiary="Parent Company")
    fill(straight)
    return straight


@pytest.fixture
def faulty(request: pytest.FixtureRequest, case: str) -> Iterator[MemoryWorld]:
    """Real connections where a case loses them; an answer that says no is the same without."""
    rules = [*NETSUITE_FAULTS.get(case, []), *ZUORA_FAULTS.get(case, [])]
    if any("drop" in rule for rule in rules):
        yield request.getfixturevalue("world")
        return
    with one_thread():
        yield request.getfixturevalue("filled")


def settle(world: MemoryWorld, first: dict[str, Any], where: str) -> dict[str, Any]:
    """At most one further run, then everything is in order."""
    if first.get("outcome") != "completed":
        world.netsuite_control.set_faults([])
        world.zuora_control.set_faults([])
        world.clock.advance(minutes=30)
        first = world.run()
    check(world, first, where)
    return first


NETSUITE_FAULTS: dict[str, list[dict[str, Any]]] = {
    "create applied, answer lost": [{"method": "POST", "path": INVOICES, "drop": "after", "nth": 2}],
    "create of payment applied, answer lost": [{"method": "POST", "path": PAYMENTS, "drop": "after"}],
    "each first create applied, answer lost": [
        {"method": "POST", "path": f"{WRITES}{t}", "drop": "after", "times": 1} for t in ("customer", "invoice")
    ],
    "connection lost before the create": [{"method": "POST", "path": WRITES, "drop": "before", "times": 4}],
    "503 before the create": [{"method": "POST", "path": INVOICES, **SERVER_ERROR, "times": 2}],
    "503 on every create of an invoice": [{"method": "POST", "path": INVOICES, **SERVER_ERROR}],
    "503 to the look-up after a lost answer": [
        {"method": "POST", "path": INVOICES, "drop": "after", "times": 1},
        {"path": QUERIES, **SERVER_ERROR, "probability": 0.1, "seed": 9},
    ],
    "lost answers here and there": [{"method": "POST", "path": WRITES, "drop": "after", "probability": 0.5, "seed": 7}],
    "answers and requests lost": [
        {"method": "POST", "path": WRITES, "drop": "after", "probability": 0.3, "seed": 1},
        {"method": "POST", "path": WRITES, "drop": "before", "probability": 0.3, "seed": 2},
    ],
    "queries fail here and there": [{"path": QUERIES, **SERVER_ERROR, "probability": 0.3, "seed": 3}],
    "queries fail always": [{"path": QUERIES, **SERVER_ERROR}],
    "429 at times": [{"path": "/services/rest/", "status": 429, "body": {"o:errorDetails": []}, "probability": 0.3, "seed": 4}],
    "401 in mid-run": [{"path": WRITES, "status": 401, "body": {"o:errorDetails": []}, "times": 1}],
    "everything is refused at the login": [{"path": "/services/rest/auth/", "status": 401, "body": {"error": "invalid_client"}}],
}
ZUORA_FAULTS: dict[str, list[dict[str, Any]]] = {
    "status write applied, answer lost": [{"method": "POST", "path": "^/v1/action/update", "drop": "after", "times": 2}],
    "status write lost": [{"method": "POST", "path": "^/v1/action/update", "drop": "before", "times": 2}],
    "status writes never arrive": [{"path": STATUS, "drop": "before"}],
    "final status write refused": [{"method": "POST", "path": "^/v1/action/update", **SERVER_ERROR, "nth": 4}],
    "status writes fail with 500": [{"path": STATUS, "status": 500, "body": {}}],
    "payment status refused": [
        {
            "method": "PUT",
            "path": "^/v1/payments/",
            "status": 200,
            "body": {"success": False, "reasons": [{"code": 53800020, "message": "no"}]},
        }
    ],
    "429 at times": [{"path": "^/(v1|query)/", "status": 429, "body": {}, "headers": {"Retry-After": "3"}, "probability": 0.2, "seed": 5}],
    "401 in mid-run": [{"path": "^/v1/", "status": 401, "body": {}, "times": 1}],
    "query jobs cannot be submitted": [{"method": "POST", "path": "^/query/jobs", **SERVER_ERROR}],
    "query jobs cannot be looked at": [{"method": "GET", "path": "^/query/jobs/", **SERVER_ERROR}],
    "result files cannot be read": [{"path": RESULT_FILES, **SERVER_ERROR}],
    "queries fail here and there": [{"path": "^/v1/action/query", **SERVER_ERROR, "probability": 0.3, "seed": 6}],
}


def run_through(world: MemoryWorld) -> dict[str, Any]:
    """A run as the state machine drives it: a step that raises is summarised with its error, and the next one goes on."""
    try:
        opened = world.open()
    except TallybridgeError as failed:
        run_id = next(iter(world.memory.tables["RUNS_TABLE"].items[("lock", "billing")]["run_id"].split()))
        return world.close(run_id, {"Error": type(failed).__name__, "Cause": failed.message})
    run_id = opened["runId"]
    for step in filter(opened["steps"].get, STEPS):
        try:
            world.step(run_id, step)
        except TallybridgeError as failed:
            error = {"Error": type(failed).__name__, "Cause": failed.message}
            world.task(step, {"runId": run_id, "step": step, "task": "summarise", "error": error})
    try:
        return world.close(run_id)
    except TallybridgeError as failed:
        return world.close(run_id, {"Error": type(failed).__name__, "Cause": failed.message})


@pytest.mark.parametrize("case", NETSUITE_FAULTS)
def test_netsuite_fault(faulty: MemoryWorld, case: str) -> None:
    faulty.netsuite_control.set_faults(NETSUITE_FAULTS[case])
    first = run_through(faulty)
    assert all(fault.used for fault in faulty.netsuite_control.faults), "the fault never struck"
    settle(faulty, first, case)


@pytest.mark.parametrize("case", NETSUITE_FAULTS)
def test_netsuite_fault_around_jobs(in_jobs: MemoryWorld, case: str) -> None:
    in_jobs.netsuite_control.set_faults(NETSUITE_FAULTS[case])
    with one_thread():
        settle(in_jobs, run_through(in_jobs), f"{case}, around jobs")
    assert in_jobs.netsuite.jobs.jobs


@pytest.mark.parametrize("case", ZUORA_FAULTS)
def test_zuora_fault(faulty: MemoryWorld, case: str) -> None:
    faulty.zuora_control.set_faults(ZUORA_FAULTS[case])
    first = run_through(faulty)
    assert all(fault.used for fault in faulty.zuora_control.faults), "the fault never struck"
    settle(faulty, first, case)


def test_a_lost_answer_is_looked_up_and_found_in_the_same_run(world: LoopbackWorld) -> None:
    world.netsuite_control.set_faults([{"method": "POST", "path": INVOICES, "drop": "after"}])
    output = run_through(world)
    check(world, output, "lost answers")
    calls = world.netsuite_control.stats()["calls"]
    assert sum(n for name, n in calls.items() if name.startswith("POST") and name.endswith("/invoice")) == 3


def test_an_answer_slower_than_the_read_time_out_is_looked_up(world: LoopbackWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    unanswered, send = [], http.Http.send

    def told(self: http.Http, call: http.Call, **how: Any) -> Any:
        try:
            return send(self, call, **how)
        except OutcomeUnknown:
            unanswered.append(call.operation)
            raise

    monkeypatch.setattr(http.Http, "send", told)
    slow_ms = 1000 * http.READ_SECONDS + 1
    world.netsuite_control.set_faults([{"method": "POST", "path": INVOICES, "delay_ms": slow_ms, "times": 1}])
    with meeting(world.netsuite_control):
        output = run_through(world)
    assert unanswered == ["POST invoice"]
    settle(world, output, "slow answer")


@pytest.mark.parametrize("side", ["zuora", "netsuite"])
@pytest.mark.parametrize("before", EACH_STEP)
def test_tokens_that_end_in_mid_run_are_renewed(filled: MemoryWorld, side: str, before: str) -> None:
    opened = filled.open()
    for step in filter(opened["steps"].get, STEPS):
        if step == before:
            if side == "zuora":
                filled.zuora.tenant.tokens.__init__(filled.zuora.options)  # type: ignore[misc]
            else:
                filled.netsuite.gate.reset()
        filled.step(opened["runId"], step)
    check(filled, filled.close(opened["runId"]), f"{side} token ended before {before}")


def follow(monkeypatch: pytest.MonkeyPatch, world: LoopbackWorld, clock: VirtualClock) -> None:
    """The world's time is that of a clock on which who waits at the same time waits together. The usual one jumps by the sum of all waits,
    and with it past every lease."""
    ahead = world.clock.moment - clock.now()
    monkeypatch.setattr(MovableClock, "now", lambda _: clock.now() + ahead)
    monkeypatch.setattr(MovableClock, "sleep", lambda _, seconds: clock.sleep(seconds))


def test_a_storm_of_429_ends_with_everything_synced_and_the_slots_kept(world: LoopbackWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    world.netsuite.options.slots = 2
    world.netsuite_control.latency_ms = LATENCY_MS
    try:
        with meeting(world.netsuite_control) as clock:
            follow(monkeypatch, world, clock)
            output = run_through(world)
    finally:
        world.netsuite.options.slots = 5
        monkeypatch.undo()
    assert world.netsuite_control.stats()["rejected"]
    settle(world, output, "429 storm")
    assert world.netsuite_control.stats()["in_flight_max"] <= 5


def test_a_storm_of_429_around_jobs_ends_with_everything_synced(in_jobs: MemoryWorld) -> None:
    """Three of five calls to NetSuite are refused, submits and looks at jobs among them."""
    storm = {"path": "/services/rest/", "status": 429, "body": {"o:errorDetails": []}, "probability": 0.6, "seed": 8}
    in_jobs.netsuite_control.set_faults([storm])
    settle(in_jobs, run_through(in_jobs), "429 storm around jobs")
    assert in_jobs.netsuite.jobs.jobs


def together(*acts: Callable[[], Any]) -> list[Any]:
    """All at once, each in its own thread; an act's product error is its answer."""
    answers: list[Any] = [None] * len(acts)
    start = threading.Barrier(len(acts))

    def one(number: int) -> None:
        start.wait()
        try:
            answers[number] = acts[number]()
        except TallybridgeError as failed:
            answers[number] = failed

    threads = [threading.Thread(target=one, args=(n,)) for n in range(len(acts))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
        assert not thread.is_alive()
    return answers


def test_of_two_runs_started_at_once_one_runs_and_the_other_is_skipped(filled: MemoryWorld) -> None:
    answers = together(filled.run, filled.run)
    assert sorted("opened" in a for a in answers) == [False, True]
    check(filled, next(a for a in answers if "opened" not in a), "two runs at once")


@pytest.mark.parametrize("attempts", [(0, 0), (0, 1)], ids=["the same attempt", "an attempt and its retry"])
@pytest.mark.parametrize("step", EACH_STEP)
def test_a_batch_delivered_twice_at_once_creates_nothing_twice(filled: MemoryWorld, step: str, attempts: tuple[int, int]) -> None:
    opened = filled.open()
    run_id = opened["runId"]
    for name in filter(opened["steps"].get, STEPS):
        event = {"runId": run_id, "step": name}
        if name != step:
            filled.step(run_id, name)
            continue
        filled.task(name, {**event, "task": "select"})
        batch = {**event, "task": "batch", "batch": "000001"}
        together(*(partial(filled.task, step, {**batch, "attempt": a}) for a in attempts))
        filled.task(name, {**event, "task": "summarise", "error": None})
    first = filled.close(run_id)
    settle(filled, first, f"{step} delivered twice")


def test_a_batch_delivered_twice_at_once_submits_no_record_twice(in_jobs: MemoryWorld) -> None:
    """Both may claim some of the records, each of which is then in one job."""
    opened = in_jobs.open()
    run_id = opened["runId"]
    for name in ("customers", "charges"):
        in_jobs.step(run_id, name)
    before = set(in_jobs.netsuite.jobs.jobs)
    event = {"runId": run_id, "step": "invoices"}
    selected = in_jobs.task("invoices", {**event, "task": "select"})["selected"]
    batch = {**event, "task": "batch", "batch": "000001"}
    together(*[partial(in_jobs.task, "invoices", batch)] * 2)
    submitted = [job for number, job in in_jobs.netsuite.jobs.jobs.items() if number not in before]
    assert 0 < sum(len(job.tasks) for job in submitted) <= selected
    in_jobs.batch(run_id, "invoices", "000001")
    in_jobs.task("invoices", {**event, "task": "summarise", "error": None})
    in_jobs.step(run_id, "payments")
    settle(in_jobs, in_jobs.close(run_id), "delivered twice around jobs")


def test_two_workers_that_both_ignore_the_lock_still_create_nothing_twice(filled: MemoryWorld) -> None:
    """Even if two runs were under way at once, external ids and the ledger keep each record single."""
    first = filled.open()
    filled.clock.advance(minutes=16)
    second = filled.open()
    together(lambda: filled.step(first["runId"], "customers"), lambda: filled.step(second["runId"], "customers"))
    for step in filter(second["steps"].get, STEPS[1:]):
        filled.step(second["runId"], step)
    settle(filled, filled.close(second["runId"]), "old run goes on")
