"""A plan is applied as it was made, or not: what has moved since is not written and told, record by record or for the run."""

from __future__ import annotations

from typing import Any

import pytest

from tallybridge.errors import ConfigurationError
from tallybridge.settings import DEFAULTS
from tallybridge.sync.instructions import Instruction, Instructions, Kind
from tallybridge.sync.ledger import Owner
from tallybridge.tasks.plans import applied, take
from tests.sync.builders import Objects, charge, invoice, merged, payment, subscription, zid
from tests.sync.invoice_world import change, customer, ready
from tests.sync.memory import MemoryWorld
from tests.sync.run_world import fails_to_open
from tests.sync.world import unserved_world

STEPS = ["invoices"]


@pytest.fixture(scope="module")
def world() -> MemoryWorld:
    return MemoryWorld.of(unserved_world())


def gold(*numbers: str, **fields: Any) -> Objects:
    return merged(*(invoice("A1", n, [("Gold", 100.0)], sub="S1", **fields) for n in numbers))


def plan(world: MemoryWorld, *, steps: list[str] | None = STEPS) -> str:
    return str(world.run(steps=steps, dry_run=True)["runId"])


def apply(world: MemoryWorld, plan_id: str) -> dict[str, Any]:
    return world.reported(plan=plan_id)


def there(world: MemoryWorld) -> set[str]:
    return {row["custbodyzuoraid"] for row in world.in_netsuite("invoice") if row.get("custbodyzuoraid")}


def told(summary: dict[str, Any], code: str) -> list[str]:
    return [line["message"] for line in summary["log"] if line.get("code") == code]


# --- one record -------------------------------------------------------------------------------------------------------


def test_what_has_changed_in_the_source_is_not_written_and_a_new_plan_ends_it(world: MemoryWorld) -> None:
    ready(world, gold("INV1", "INV2"))
    first = plan(world)
    change(world, "Invoice", "INV1", DueDate="2026-12-24")
    summary = apply(world, first)
    assert told(summary, "PLAN-MOVED") == ["Invoice INV1: not written, it is no longer as planned: dueDate was 2026-10-31, is 2026-12-24."]
    assert there(world) == {zid("INV2")}
    assert summary["due"] == 1
    assert world.in_zuora("Invoice", "INV1").get("IntegrationStatus__NS") is None
    later = apply(world, plan(world))
    assert (told(later, "PLAN-MOVED"), later["due"], there(world)) == ([], 0, {zid("INV1"), zid("INV2")})


def test_a_counterpart_that_has_come_into_being_is_not_linked_unasked(world: MemoryWorld) -> None:
    ready(world, gold("INV1"))
    first = plan(world)
    line = {"item": {"id": "501"}, "quantity": 1, "rate": 100, "amount": 100}
    body = {"entity": {"id": "9001"}, "tranDate": "2026-10-01", "custbodyzuoraid": zid("INV1"), "item": {"items": [line]}}
    world.wiring().netsuite(DEFAULTS, Owner("person", "by hand/", "person")).create("invoice", body)
    summary = apply(world, first)
    (message,) = told(summary, "PLAN-MOVED")
    assert "a write was planned, its completion in the source alone would follow now" in message
    assert world.in_zuora("Invoice", "INV1").get("IntegrationId__NS") is None


def test_what_was_held_and_could_be_written_now_is_not_written(world: MemoryWorld) -> None:
    ready(world, charge("Iron"), subscription("A1", "S2", "Iron"), invoice("A1", "INV1", [("Iron", 100.0)], sub="S2"))
    first = plan(world)
    change(world, "ProductRatePlanCharge", "Iron", IntegrationId__NS="502", IntegrationStatus__NS="Sync Complete")
    (message,) = told(apply(world, first), "PLAN-MOVED")
    assert "a hold was planned, a write would follow now" in message
    assert there(world) == set()


def test_what_would_be_held_now_is_held_for_its_own_reason(world: MemoryWorld) -> None:
    ready(world, gold("INV1"))
    first = plan(world)
    change(world, "ProductRatePlanCharge", "Gold", IntegrationId__NS=None)
    summary = apply(world, first)
    assert (len(told(summary, "INV-V2")), told(summary, "PLAN-MOVED"), there(world)) == (1, [], set())


def test_what_came_after_the_plan_is_counted_and_not_touched(world: MemoryWorld) -> None:
    ready(world, gold("INV1"))
    first = plan(world)
    world.load(gold("INV2", "INV3"))
    summary = apply(world, first)
    assert told(summary, "PLAN-NEW") == ["Zuora invoices: 2 records came after the plan and were not taken up."]
    assert there(world) == {zid("INV1")}
    assert [row["selected"]["count"] for row in summary["totals"]] == [1]
    world.reported("invoices")
    assert len(there(world)) == 3


def test_what_people_have_said_of_other_records_stands(world: MemoryWorld) -> None:
    ready(world, gold("INV1"))
    first = plan(world)
    world.load(gold("INV2"))
    wiring = world.wiring()
    queue = Instructions(wiring.ledger("", "desk"), wiring.clock)
    queue.give([Instruction(f"zuora#Invoice#{zid('INV2')}", "invoices", "INV2", Kind.IGNORE, "a person", "2026-11-02", reason="disputed")])
    queue.give([Instruction(f"zuora#Invoice#{zid('INV3')}", "invoices", "INV3", Kind.RETRY, "a person", "2026-11-02")])
    apply(world, first)
    assert sorted(each.number for each in queue.open("invoices")) == ["INV2", "INV3"]


def test_what_is_not_due_any_more_is_counted(world: MemoryWorld) -> None:
    ready(world, gold("INV1", "INV2"))
    first = plan(world)
    change(world, "Invoice", "INV1", TransferredToAccounting="Ignore")
    summary = apply(world, first)
    assert told(summary, "PLAN-NOT-DUE") == ["Zuora invoices: 1 record of the plan is not due any more."]
    assert there(world) == {zid("INV2")}


def test_children_follow_the_parents_that_the_plan_has_made(world: MemoryWorld) -> None:
    """The ids of parents are known only when the plan is applied."""
    ready(world, gold("INV1"), payment("A1", "P1", 60.0, {"INV1": 60.0}))
    summary = apply(world, plan(world, steps=["invoices", "payments"]))
    (made,) = world.in_netsuite("customerPayment")
    (of,) = [line for line in made["apply"]["items"] if line.get("apply")]
    assert (str(of["doc"]["id"]), summary["tied_out"]) == (str(world.in_netsuite("invoice")[0]["id"]), True)


def test_a_child_of_which_a_parent_moved_waits_for_it(world: MemoryWorld) -> None:
    ready(world, gold("INV1"), payment("A1", "P1", 60.0, {"INV1": 60.0}))
    first = plan(world, steps=["invoices", "payments"])
    change(world, "Invoice", "INV1", DueDate="2026-12-24")
    summary = apply(world, first)
    assert [line["waits_for"] for line in summary["log"] if line.get("code") == "PAY-V2"] == ["invoice INV1"]
    assert (world.in_netsuite("customerPayment"), there(world)) == ([], set())


def test_a_plan_moves_no_watermark_and_looks_for_no_drift(world: MemoryWorld) -> None:
    ready(world, gold("INV1"))
    world.reported("customers", "invoices")
    before = {key: dict(item) for key, item in world.memory.tables["RUNS_TABLE"].items.items() if key[0] == "watermark"}
    assert before
    world.load(gold("INV2"))
    world.load(netsuite={"customer": [customer("A9", "9009")]})
    apply(world, plan(world, steps=["customers", "invoices"]))
    assert {key: dict(item) for key, item in world.memory.tables["RUNS_TABLE"].items.items() if key[0] == "watermark"} == before


# --- the run as a whole -----------------------------------------------------------------------------------------------


def refused(world: MemoryWorld, plan_id: str, **more: Any) -> str:
    error, _ = fails_to_open(world, {"trigger": "manual", "plan": plan_id, **more})
    assert there(world) == set()
    return error.code


def test_other_settings_refuse_the_whole_plan(world: MemoryWorld) -> None:
    ready(world, gold("INV1"))
    first = plan(world)
    world.settings(avoid_zero_amount_invoice_items=True)
    error, _ = fails_to_open(world, {"trigger": "manual", "plan": first})
    assert (error.code, "avoid_zero_amount_invoice_items" in error.message, there(world)) == ("PLAN-SETTINGS", True, set())
    assert apply(world, plan(world))["due"] == 0


def test_an_old_plan_is_refused(world: MemoryWorld) -> None:
    ready(world, gold("INV1"))
    first = plan(world)
    world.clock.advance(hours=25)
    assert refused(world, first) == "PLAN-OLD"
    assert apply(world, plan(world))["due"] == 0


def test_a_plan_is_applied_one_time(world: MemoryWorld) -> None:
    ready(world, gold("INV1"))
    first = plan(world)
    by = apply(world, first)["run_id"]
    error, _ = fails_to_open(world, {"trigger": "manual", "plan": first})
    assert (error.code, by in error.message) == ("PLAN-APPLIED", True)
    assert len(there(world)) == 1


def test_of_two_runs_that_have_both_looked_at_a_plan_one_applies_it(world: MemoryWorld) -> None:
    ready(world, gold("INV1"))
    folder, now = world.wiring().folder(plan(world)), world.clock.now()
    for _ in range(2):
        take(folder, "the first", now)
    with pytest.raises(ConfigurationError, match="applied by run the first") as refusal:
        take(folder, "the second", now)
    assert (refusal.value.code, applied(folder)["run_id"]) == ("PLAN-APPLIED", "the first")


def test_what_is_no_plan_is_refused(world: MemoryWorld) -> None:
    ready(world, gold("INV1"))
    assert refused(world, "no-such-run") == "PLAN-UNKNOWN"
    cut_short = str(world.open(steps=STEPS, dry_run=True)["runId"])
    world.wiring().runs().unlock(cut_short)
    assert refused(world, cut_short) == "PLAN-NOT-WHOLE"
    real = str(world.run(steps=["customers"])["runId"])
    assert refused(world, real) == "PLAN-UNKNOWN"


@pytest.mark.parametrize("more", [{"dryRun": True}, {"steps": ["invoices"]}, {"only": "instructed"}, {"acceptMode": "B"}])
def test_a_plan_is_applied_whole_and_alone(world: MemoryWorld, more: dict[str, Any]) -> None:
    ready(world, gold("INV1"))
    assert refused(world, plan(world), **more) == "INPUT"
