"""Batch requests of NetSuite: creates that go together, as jobs, under the same protocol as those that go one by one."""

from __future__ import annotations

import gzip
import json
from typing import Any

import pytest

from tallybridge.sync.jobs import LATE_SECONDS
from tallybridge.tasks.close_run import close_run
from tests.faults.each_step import STEPS, picture
from tests.faults.each_step import fill as fill_few
from tests.sync.invoice_world import lose_answers
from tests.sync.memory import MemoryWorld
from tests.sync.test_call_budgets import fill
from tests.sync.world import unserved_world

MANY = 30
STEP = "invoices"
CREATE = "POST /record/v1/invoice"
LOOK = "GET /async/v1/job/{id}"
INTO_NETSUITE = [(mode, step) for mode, step in STEPS if not step.startswith("netsuite_") and step != "sales_orders"]
IN_TURN = ("payments", "refunds", "adjustments", "credit_memos")
"""Steps whose two records here are of one account, and go one after the other."""


@pytest.fixture(scope="module")
def memory() -> MemoryWorld:
    world = MemoryWorld.of(unserved_world(settlement=True))
    lose_answers(world)
    return world


@pytest.fixture(scope="module")
def either(request: pytest.FixtureRequest) -> tuple[MemoryWorld, str]:
    return MemoryWorld.of(unserved_world(settlement=request.param == "B")), request.param


def on(world: MemoryWorld, how: str, **options: Any) -> MemoryWorld:
    """Batch requests as a setting says, and NetSuite's processors."""
    settings = {**json.loads(world.memory.settings), "netsuite_batch_requests": how}
    world.memory.settings = json.dumps(settings)
    for name, value in {"processors": 5, "async_item_s": 1.2, "async_wait_s": 0.0, "async_fails_every": 0, **options}.items():
        setattr(world.netsuite.options, name, value)
    world.calls()
    return world


def ready(world: MemoryWorld, how: str = "auto", count: int = MANY, **options: Any) -> MemoryWorld:
    fill(world, "B", STEP, count)
    return on(world, how, **options)


def writes(world: MemoryWorld) -> dict[str, int]:
    """Calls to NetSuite since the last look, without logins."""
    return {name: n for name, n in world.calls()["netsuite"].items() if "/auth/" not in name}


def synced(world: MemoryWorld, output: dict[str, Any], count: int = MANY, already: int = 0) -> None:
    """The run is green, and NetSuite has each invoice once."""
    assert (output["outcome"], output["tiedOut"]) in (("completed", True), ("completed with warnings", True)), world.summary(output)[
        "messages"
    ]
    assert [(t["synced"], t["already"]) for t in output["totals"]] == [(count - already, already)]
    assert len(world.in_netsuite("invoice")) == count
    assert {i["IntegrationStatus__NS"] for i in world.zuora.dump()["Invoice"]} == {"Sync Complete"}


def told(world: MemoryWorld, output: dict[str, Any], code: str) -> list[dict[str, Any]]:
    return [m for m in world.summary(output)["messages"] if m["code"] == code]


def begun(world: MemoryWorld) -> str:
    """A run whose job is under way: its id."""
    run = world.open(steps=[STEP])
    event = {"runId": run["runId"], "step": STEP}
    world.task(STEP, {**event, "task": "select"})
    answer = world.task(STEP, {**event, "task": "batch", "batch": "000001"})
    assert not answer["done"] and len(world.netsuite.jobs.jobs) == 1
    return str(run["runId"])


def results(world: MemoryWorld, run_id: str, outcome: str) -> list[dict[str, Any]]:
    """What the run's batches say of the records with an outcome."""
    parts = [json.loads(body) for key, body in world.memory.objects.content.items() if key.startswith(f"runs/{run_id}/{STEP}/results/")]
    return [result for part in parts for result in part["results"] if result["outcome"] == outcome]


# -- what goes together ------------------------------------------------------------------------------------------------------


def test_many_invoices_go_as_one_job(memory: MemoryWorld) -> None:
    world = ready(memory)
    synced(world, world.run(steps=[STEP]))
    calls = writes(world)
    assert calls[CREATE] == 1
    assert calls[LOOK] <= 4
    assert len(world.netsuite.jobs.jobs) == 1


@pytest.mark.parametrize(("how", "count", "jobs"), [("off", 30, 0), ("auto", 19, 0), ("auto", 20, 1), ("always", 1, 1)])
def test_the_setting_and_the_number_decide(memory: MemoryWorld, how: str, count: int, jobs: int) -> None:
    world = ready(memory, how, count)
    synced(world, world.run(steps=[STEP]), count)
    assert (writes(world)[CREATE], len(world.netsuite.jobs.jobs)) == (jobs or count, jobs)


def test_a_dry_run_submits_nothing(memory: MemoryWorld) -> None:
    world = ready(memory)
    assert world.run(steps=[STEP], dry_run=True)["totals"][0]["synced"] == MANY
    assert CREATE not in writes(world)


def seen_with(world: MemoryWorld, mode: str, step: str, how: str) -> tuple[Any, list[Any]]:
    """Both systems, and what a run says of its records, with this setting in a tenant made anew."""
    fill_few(world, mode, step)
    output = on(world, how).run(steps=[step])
    assert (output["outcome"], output["tiedOut"]) == ("completed", True), world.summary(output)["messages"]
    return picture(world), [(t["synced"], t["already"], t["held"]) for t in output["totals"]]


@pytest.mark.parametrize(("either", "step"), INTO_NETSUITE, indirect=["either"])
def test_both_systems_look_as_after_single_requests(either: tuple[MemoryWorld, str], step: str) -> None:
    world, mode = either
    assert seen_with(world, mode, step, "off") == seen_with(world, mode, step, "always")
    assert world.netsuite.jobs.jobs or step in IN_TURN, step


# -- what a job did not make -------------------------------------------------------------------------------------------------


def test_what_a_job_has_not_made_is_sent_one_by_one(memory: MemoryWorld) -> None:
    world = ready(memory, async_fails_every=7)
    synced(world, world.run(steps=[STEP]))
    assert writes(world)[CREATE] == 1 + MANY // 7


def test_refused_records_are_told_in_the_words_that_single_requests_get(memory: MemoryWorld) -> None:
    seen = []
    for how in ("off", "auto"):
        world = ready(memory, "off")
        customer, item = world.in_netsuite("customer")[0]["id"], world.in_netsuite("serviceSaleItem")[0]["id"]
        taken = {"externalId": world.zuora.dump()["Invoice"][0]["Id"], "tranDate": "2026-10-01", "autoApply": False}
        lines = {"items": [{"item": {"id": item}, "amount": 5}]}
        world.load(netsuite={"creditMemo": [{"id": "7777", "tranId": "CM-77", "entity": {"id": customer}, "item": lines, **taken}]})
        output = on(world, how).run(steps=[STEP])
        messages = [(m["code"], m["message"], m["advice"]) for m in world.summary(output)["messages"]]
        seen.append(([(t["synced"], t["refused"]) for t in output["totals"]], messages, picture(world)))
    assert seen[0] == seen[1]
    assert (seen[0][0], [code for code, *_ in seen[0][1]]) == ([(MANY - 1, 1)], ["INV-EXTERNAL-ID"])
    assert len(world.netsuite.jobs.jobs) == 1


def test_what_a_job_has_made_is_compared_with_the_source(memory: MemoryWorld) -> None:
    """A script of the account changes a record while it is made: its total is told, as after a single request."""
    world = ready(memory)
    run_id = begun(world)
    world.clock.advance(minutes=2)
    world.netsuite.jobs.advance()
    invoice = world.in_netsuite("invoice")[0]
    store = world.netsuite.tenant.store
    record = store.transaction(int(invoice["id"])).copy()
    record.values["total"] += 1
    store.apply(record.key, record)
    world.batch(run_id, STEP, "000001")
    (result,) = results(world, run_id, "refused")
    assert (result["code"], result["action"], result["destination_id"]) == ("INV-TOTAL", "create", str(invoice["id"]))


# -- when something goes wrong -----------------------------------------------------------------------------------------------


def test_a_lost_answer_to_the_submit_makes_no_second_job(memory: MemoryWorld) -> None:
    world = ready(memory)
    world.netsuite_control.set_faults([{"method": "POST", "path": "/record/v1/invoice", "nth": 1, "drop": "after"}])
    synced(world, world.run(steps=[STEP]))
    assert len(world.netsuite.jobs.jobs) == 1


def test_an_account_that_takes_no_jobs_is_written_one_by_one(memory: MemoryWorld) -> None:
    world = ready(memory, count=MANY)
    refusal = {"status": 403, "body": {"o:errorDetails": [{"detail": "Not for your role.", "o:errorCode": "INSUFFICIENT_PERMISSION"}]}}
    world.netsuite_control.set_faults([{"method": "POST", "path": "/record/v1/invoice", "nth": 1, **refusal}])
    output = world.run(steps=[STEP])
    synced(world, output)
    assert writes(world)[CREATE] == 1 + MANY
    lines = gzip.decompress(world.object(output["keys"]["log"])).splitlines()
    (line,) = [line for line in map(json.loads, lines) if line.get("code") == "JOBS-NOT-TAKEN"]
    assert (line["level"], line["message"]) == ("INFO", "Zuora invoices: NetSuite takes no batch requests here: Not for your role.")


def test_a_job_that_is_never_carried_out_is_waited_for_within_a_bound(memory: MemoryWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.sync.world.MAX_ROUNDS", 100)
    world = ready(memory, processors=0)
    began = world.clock.now()
    output = world.run(steps=[STEP])
    synced(world, output)
    assert len(told(world, output, "JOB-LATE")) == 1
    assert LATE_SECONDS <= (world.clock.now() - began).total_seconds() < LATE_SECONDS + 300
    world.netsuite.options.processors = 5
    world.clock.advance(minutes=30)
    assert len(world.in_netsuite("invoice")) == MANY


def stopped(world: MemoryWorld, run_id: str) -> None:
    execution = f"arn:aws:states:eu-west-1:000000000000:execution:billing:{run_id}"
    assert close_run({"detail": {"executionArn": execution, "status": "ABORTED"}}, world.wiring())["freed"]


@pytest.mark.parametrize("how", ["auto", "off"])
def test_the_next_run_waits_for_the_job_of_a_stopped_one(memory: MemoryWorld, how: str) -> None:
    world = ready(memory, processors=1)
    stopped(world, begun(world))
    on(world, how, processors=1)
    synced(world, world.run(steps=[STEP]), already=MANY)
    assert CREATE not in writes(world)


def test_a_job_that_netsuite_no_longer_knows_is_over(memory: MemoryWorld) -> None:
    world = ready(memory, processors=1)
    run_id = begun(world)
    stopped(world, run_id)
    world.clock.advance(minutes=2)
    world.netsuite.jobs.advance()
    world.netsuite.jobs.jobs.clear()
    synced(world, world.run(steps=[STEP]), already=MANY)


# -- marks on NetSuite's records -----------------------------------------------------------------------------------------------

OUT_OF_NETSUITE = [(mode, step) for mode, step in STEPS if (mode, step) not in INTO_NETSUITE]


@pytest.mark.parametrize(("either", "step"), OUT_OF_NETSUITE, indirect=["either"])
def test_marks_together_leave_what_single_marks_leave(either: tuple[MemoryWorld, str], step: str) -> None:
    world, mode = either
    assert seen_with(world, mode, step, "off") == seen_with(world, mode, step, "always")
    calls = writes(world)
    assert not any(name.startswith("PATCH") and name.endswith("{id}") for name in calls), calls
    assert world.netsuite.jobs.jobs


@pytest.mark.parametrize("step", ["netsuite_payments", "netsuite_refunds"])
def test_marks_of_many_records_cost_a_few_calls(memory: MemoryWorld, step: str) -> None:
    """The figures that single marks have are two and three a record."""
    fill(memory, "B", step, 100)
    world = on(memory, "auto")
    output = world.run(steps=[step])
    assert [(t["synced"], t["held"]) for t in output["totals"]] == [(100, 0)]
    calls = writes(world)
    assert sum(calls.values()) < 0.4 * 100, calls


@pytest.mark.parametrize(("options", "code"), [({"processors": 0}, "JOB-LATE"), ({"async_fails_every": 3}, "")])
def test_marks_that_a_job_has_not_made_are_written_one_by_one(memory: MemoryWorld, options: dict[str, int], code: str) -> None:
    fill(memory, "B", "netsuite_payments", MANY)
    world = on(memory, "auto", **options)
    output = world.run(steps=["netsuite_payments"])
    assert [(t["synced"], t["held"]) for t in output["totals"]] == [(MANY, 0)]
    assert [m["code"] for m in world.summary(output)["messages"]] == [code] * bool(code)
    assert {p["custbodyzuoraintegrationstatus"] for p in world.in_netsuite("customerPayment")} == {"Sync Complete"}
