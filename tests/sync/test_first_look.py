"""One look at both sides before the first step: whom it spares a call, and when it is not trusted."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.sync import customer_world
from tests.sync.builders import account, invoice, merged, subscription
from tests.sync.memory import MemoryWorld
from tests.sync.reverse_world import STATUS, ns_payment
from tests.sync.run_world import ready

STEPS = 9
"""Of a usual run of such a tenant."""
BOTH_WAYS = {"disable_netsuite_payment_sync": "No", "disable_netsuite_refund_sync": "No"}
OF_DRIFT = 1
FIELDS = "GET /record/v1/metadata-catalog"


@pytest.fixture
def idle(fast: MemoryWorld) -> Iterator[MemoryWorld]:
    """Everything was synced hours ago, so that no change is looked at again."""
    ready(fast, **BOTH_WAYS)
    for _ in range(3):
        assert fast.run()["outcome"] == "completed"
        fast.clock.advance(hours=2, minutes=30)
    fast.calls()
    yield fast
    fast.zuora_control.set_faults([])
    fast.netsuite_control.set_faults([])
    fast.zuora.options.data_query_queue_s = 0


def counted(world: MemoryWorld) -> dict[str, int]:
    """Calls since the last look, without logins and without asking whether a job has ended."""
    of_both = [each for calls in world.calls().values() for each in calls.items()]
    return {name: n for name, n in of_both if not name.startswith(("POST /oauth", "POST /auth", "GET /query/jobs"))}


def only(calls: dict[str, int], begin: str) -> int:
    return sum(n for name, n in calls.items() if name.startswith(begin))


def test_a_run_with_nothing_to_do_asks_each_side_once(idle: MemoryWorld) -> None:
    """Zuora by one job, NetSuite by one query; the rest of the calls is for what changed since the last run."""
    idle.run()
    idle.clock.advance(hours=1)
    idle.calls()
    output = idle.run()
    calls = counted(idle)
    assert (output["outcome"], len(idle.summary(output)["steps"])) == ("completed", STEPS)
    assert sum(step["selected"] for step in idle.summary(output)["steps"]) == 0
    assert only(calls, "POST /query/jobs") == 2  # the look, and what changed
    assert only(calls, "POST /query/v1/suiteql") == 3  # the look, what changed, what was deleted
    assert only(calls, "POST /v1/action/query") == 0
    assert sum(calls.values()) <= 10


def test_what_an_earlier_step_makes_due_is_taken_up_in_the_same_run(fast: MemoryWorld) -> None:
    """The payment's customer has no Zuora ID at the look: it gets one by the step before."""
    fast.reset(**customer_world.SETTINGS, **BOTH_WAYS)
    fast.load(netsuite=merged({"customer": [customer_world.customer("9001")]}, ns_payment("PAY1", 12)))
    opened = fast.open()
    looked = json.loads(fast.object(f"runs/{opened['runId']}/look/counts.json"))
    assert (looked["netsuite_customers"]["due"], looked["netsuite_payments"]["due"]) == (1, 0)
    fast.step(opened["runId"], "netsuite_customers")
    assert fast.step(opened["runId"], "netsuite_payments")["selected"] == 1
    fast.close(opened["runId"])


def test_a_step_with_work_asks_and_ends_the_look(idle: MemoryWorld) -> None:
    idle.load(account("A2"))
    idle.clock.advance(minutes=1)
    opened = idle.open()
    looked = json.loads(idle.object(f"runs/{opened['runId']}/look/counts.json"))
    assert (looked["customers"], looked["invoices"]["due"]) == ({"due": 1, "left out": 0}, 0)
    idle.calls()
    idle.step(opened["runId"], "customers")
    assert idle.calls()["zuora"]["POST /v1/action/query"] >= 1
    assert json.loads(idle.object(f"runs/{opened['runId']}/look/counts.json")) == {}
    idle.close(opened["runId"])


@pytest.mark.parametrize(
    ("system", "rule"),
    [
        (
            "zuora",
            {"method": "POST", "path": "/query/jobs", "status": 400, "times": 1, "body": {"code": "SYNTAX", "message": "no such column"}},
        ),
        (
            "netsuite",
            {"method": "POST", "path": "suiteql", "status": 400, "times": 1, "body": {"title": "Bad Request", "o:errorDetails": []}},
        ),
    ],
)
def test_where_the_look_is_refused_each_step_asks_for_itself(idle: MemoryWorld, system: str, rule: dict[str, Any]) -> None:
    control = idle.zuora_control if system == "zuora" else idle.netsuite_control
    idle.load(merged(account("A2"), subscription("A2", "S2", "Gold"), invoice("A2", "INV2", [("Gold", 50.0)], sub="S2")))
    idle.clock.advance(minutes=1)
    control.set_faults([rule])
    output = idle.run()
    assert output["outcome"] == "completed"
    assert idle.in_zuora("Invoice", "INV2")["IntegrationStatus__NS"] == "Sync Complete"


def test_a_tenant_whose_jobs_wait_is_asked_step_by_step(idle: MemoryWorld) -> None:
    """The look's job is cancelled, so that it holds none of the tenant's places."""
    idle.zuora.options.data_query_queue_s = 45
    idle.load(account("A2"))
    output = idle.run()
    assert output["outcome"] == "completed"
    assert idle.in_zuora("Account", "A2")["IntegrationStatus__NS"] == "Sync Complete"
    tenant = idle.zuora.tenant.jobs
    states = [tenant.told(job).status for job in tenant.jobs.values()]
    assert states.count("cancelled") == 1


def test_the_fields_of_an_account_are_read_again_after_some_hours(idle: MemoryWorld) -> None:
    idle.run()
    assert only(counted(idle), FIELDS) > OF_DRIFT  # six hours after the first run
    idle.clock.advance(hours=5)
    idle.run()
    assert only(counted(idle), FIELDS) == OF_DRIFT
    idle.clock.advance(hours=2)
    idle.run()
    assert only(counted(idle), FIELDS) > OF_DRIFT


def test_the_fields_of_an_account_are_read_again_when_the_settings_change(idle: MemoryWorld) -> None:
    idle.run()
    idle.settings(default_subsidiary="Parent Company", run_hours=5, **BOTH_WAYS)
    idle.calls()
    idle.run()
    assert only(counted(idle), FIELDS) > 1


def test_a_run_of_some_steps_looks_at_these_alone(idle: MemoryWorld) -> None:
    looks = len([key for key in idle.memory.objects.content if key.endswith("look/counts.json")])
    idle.run(steps=["payments"])
    assert len([key for key in idle.memory.objects.content if key.endswith("look/counts.json")]) == looks
    assert only(counted(idle), "POST /v1/action/query") == 1


def test_a_dry_run_takes_the_look_too(idle: MemoryWorld) -> None:
    idle.load(merged(account("A2"), subscription("A2", "S2", "Gold"), invoice("A2", "INV2", [("Gold", 50.0)], sub="S2")))
    idle.clock.advance(minutes=1)
    opened = idle.open(dry_run=True)
    looked = json.loads(idle.object(f"runs/{opened['runId']}/look/counts.json"))
    assert (looked["customers"]["due"], looked["payments"]["due"]) == (1, 0)
    assert idle.step(opened["runId"], "customers")["selected"] == 1
    idle.close(opened["runId"])
    assert idle.in_zuora("Account", "A2").get("IntegrationStatus__NS") in (None, "")


def test_what_a_rule_leaves_out_is_told_of_in_a_run_with_nothing_to_do(idle: MemoryWorld) -> None:
    """On either side: the look has counted it, and the step asks what it is."""
    (customer,) = idle.in_netsuite("customer")
    payment = {"id": "7001", "tranId": "SET ASIDE", "customer": {"id": customer["id"]}, "payment": 12, "tranDate": "2026-10-20"}
    idle.load(account("A2", SynctoNetSuite__NS="No"), {"customerPayment": [{**payment, STATUS: "Ignore"}]})
    idle.clock.advance(minutes=1)
    summary = idle.summary(idle.run())
    assert sum(step["selected"] for step in summary["steps"]) == 0
    assert {(row["step"], row["code"], *row["first"]) for row in summary["left_out"]} == {
        ("customers", "LEFT-OFF", "A2"),
        ("netsuite_payments", "LEFT-IGNORED", "SET ASIDE"),
    }
