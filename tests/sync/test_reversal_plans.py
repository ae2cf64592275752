"""Plans that reverse a run: what they hold and what they leave, and who may approve them, when and how often."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tallybridge import money
from tallybridge.desk.reversal import approving
from tallybridge.desk.reversal.planning import plan as make_plan
from tallybridge.desk.standing import last_summary
from tallybridge.errors import ServiceError
from tallybridge.sync.reversal import VALID_FOR, NotReversed, ReversalPlan
from tallybridge.sync.sender import Sender
from tests.sync.builders import invoice
from tests.sync.invoice_world import lose_answers
from tests.sync.memory import MemoryWorld
from tests.sync.reversal_world import (
    ANN,
    BOB,
    Sold,
    approved,
    carried_out,
    connect,
    planned,
    refusal,
    reversed_whole,
    reversers,
    sold_in,
    target_of,
    the,
    transactions,
    write,
)
from tests.sync.run_world import fails_to_open
from tests.sync.world import unserved_world

pytestmark = pytest.mark.apart


@pytest.fixture(scope="module")
def sold() -> Sold:
    return sold_in(MemoryWorld.of(unserved_world()))


@pytest.fixture(scope="module")
def paid() -> Sold:
    return sold_in(MemoryWorld.of(unserved_world()), "payments")


# --- Planning ------------------------------------------------------------------------------------------------------------


def test_planning_writes_nothing(sold: Sold) -> None:
    memory, run_id = sold.world, sold.run_id
    before = transactions(memory)
    plan = planned(memory, run_id)
    assert transactions(memory) == before
    assert [tuple(vars(t).values()) for t in plan.totals] == [("invoice", "creditMemo", "USD", 1, Decimal(100))]


def only_left(plan: ReversalPlan) -> NotReversed:
    (told,) = [each for each in plan.left if each.id]
    assert plan.reversals == ()
    return told


def test_an_invoice_that_somebody_else_has_paid_is_told_and_left(sold: Sold) -> None:
    memory, run_id = sold.world, sold.run_id
    document = transactions(memory)[the(memory, "invoice")]
    apply = {"apply": {"items": [{"doc": {"id": document["id"]}, "apply": True, "amount": 40}]}}
    payment = write(memory, "customerPayment", {"customer": document["entity"], "payment": 40, "autoApply": False, **apply})
    told = only_left(planned(memory, run_id))
    assert (told.code, told.number, told.currency, told.amount) == ("RV-APPLIED", "INV1", "USD", Decimal(100))
    assert f"payment {payment} is applied to it with 40 USD" in told.message


def test_what_is_applied_to_a_document_that_stays_lets_the_document_stay(paid: Sold) -> None:
    """A refund by hand keeps the payment, and the payment keeps its invoice."""
    memory, run_id = paid.world, paid.run_id
    payment = the(memory, "customerPayment")
    row = transactions(memory)[payment]
    write(memory, "customerPayment", {"customer": row["customer"], "payment": 75}, payment)
    plan = planned(memory, run_id)
    assert [(each.code, each.number) for each in plan.left if each.id] == [("RV-CHANGED", "P1"), ("RV-APPLIED", "INV1")]
    assert plan.reversals == ()


def test_a_document_that_is_gone_or_changed_is_told(sold: Sold) -> None:
    memory, run_id = sold.world, sold.run_id
    document = the(memory, "invoice")
    line = transactions(memory)[document]["item"]["items"][0]
    write(memory, "invoice", {"item": {"items": [{"line": line["line"], "rate": 90, "amount": 90}]}}, document)
    assert only_left(planned(memory, run_id)).code == "RV-CHANGED"
    memory.netsuite.tenant.store.apply(("transaction", int(document)), None)
    assert only_left(planned(memory, run_id)).code == "RV-GONE"


def test_what_is_reversed_already_is_told_and_not_planned_again(sold: Sold) -> None:
    memory, run_id = sold.world, sold.run_id
    reversed_whole(memory, run_id)
    plan = planned(memory, run_id)
    assert only_left(plan).code == "RV-REVERSED"
    assert refusal(lambda: approved(memory, plan)).code == "REVERSAL-NOTHING"


def test_the_reversal_is_dated_as_the_document_or_in_a_closed_period_on_the_day_of_the_plan(sold: Sold) -> None:
    memory, run_id = sold.world, sold.run_id
    (as_dated,) = planned(memory, run_id).reversals
    assert as_dated.date == "2026-10-01"
    (period,) = [p for p in memory.in_netsuite("accountingPeriod") if p.get("periodName") == "Oct 2026"]
    memory.load(netsuite={"accountingPeriod": [{**period, "closed": True}]})
    (later,) = planned(memory, run_id).reversals
    assert later.date == memory.clock.now().date().isoformat()
    approved(memory, plan := planned(memory, run_id))
    output = carried_out(memory, plan)
    assert output["tiedOut"] is True, memory.summary(output)["messages"]


@pytest.mark.parametrize("run", ["dry", "reversal", "unknown"])
def test_a_run_that_has_nothing_to_be_reversed_is_refused(sold: Sold, run: str) -> None:
    memory, run_id = sold.world, sold.run_id
    if run == "dry":
        run_id = memory.run(steps=["invoices"], dry_run=True)["runId"]
    if run == "reversal":
        run_id = reversed_whole(memory, run_id)[1]["runId"]
    wanted = "unknown" if run == "unknown" else run_id
    assert refusal(lambda: planned(memory, wanted)).code == ("RUN-UNKNOWN" if run == "unknown" else "REVERSAL-RUN")


def test_a_run_whose_results_are_not_complete_is_refused(sold: Sold) -> None:
    """Else what is missing among them would not be reversed, and nobody would know."""
    memory, run_id = sold.world, sold.run_id
    del memory.memory.objects.content[f"runs/{run_id}/invoices/folded/so_far.json"]
    refused = refusal(lambda: planned(memory, run_id))
    assert (refused.code, "invoices was not counted to the end" in refused.message) == ("REVERSAL-RUN", True)


def test_what_a_run_was_cut_off_on_is_told(sold: Sold) -> None:
    memory = sold.world
    memory.load(invoice("A1", "INV2", [("Gold", 10.0)], sub="S1"))
    memory.netsuite_control.set_faults([{"method": "POST", "path": "^/services/rest/record/v1/invoice", "status": 503}])
    memory.clock.advance(minutes=30)
    output = memory.run(steps=["invoices"])
    memory.netsuite_control.set_faults([])
    (told,) = planned(memory, output["runId"]).left
    assert (told.code, told.currency, told.amount) == ("RV-UNFINISHED", "USD", Decimal(10))
    assert "INV2" in told.message


def test_what_a_run_had_sent_when_it_was_cut_off_is_reversed_with_it(sold: Sold, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its answer was lost, and the run after it has found the document."""
    memory = sold.world
    memory.load(invoice("A1", "INV2", [("Gold", 10.0)], sub="S1"))
    lose_answers(memory)
    memory.netsuite_control.set_faults([{"method": "POST", "path": "^/services/rest/record/v1/invoice", "drop": "after"}])
    with monkeypatch.context() as cut_off:
        cut_off.setattr(Sender, "_look_up", lambda *_: (_ for _ in ()).throw(ServiceError("no answer", service="NetSuite")))
        memory.clock.advance(minutes=30)
        first = memory.run(steps=["invoices"])["runId"]
    memory.netsuite_control.set_faults([])
    assert [each.code for each in planned(memory, first).left] == ["RV-UNFINISHED"]
    memory.clock.advance(minutes=30)
    second = memory.run(steps=["invoices"])["runId"]
    assert [each.code for each in planned(memory, second).left] == ["RV-FOUND"]
    (document,) = planned(memory, first).reversals
    assert (document.number, document.amount, document.currency) == ("INV2", Decimal(10), "USD")
    _, output = reversed_whole(memory, first)
    assert output["tiedOut"] is True, memory.summary(output)["messages"]


def test_more_documents_than_there_is_time_for_are_refused(sold: Sold) -> None:
    memory, run_id = sold.world, sold.run_id
    assert refusal(lambda: make_plan(target_of(memory), run_id, ANN, most=0, connect=connect(memory))).code == "REVERSAL-LARGE"


# --- Approving -----------------------------------------------------------------------------------------------------------


def test_nobody_approves_a_plan_of_his_own(sold: Sold) -> None:
    memory = sold.world
    plan = planned(memory, sold.run_id)
    assert refusal(lambda: approved(memory, plan, ANN)).code == "REVERSAL-SAME-PERSON"
    error, _ = fails_to_open(memory, {"reverse": plan.id})
    assert error.code == "REVERSAL-NOT-APPROVED"
    assert reversers(memory) == {}


def test_planning_approving_and_carrying_out_stand_in_the_audit(sold: Sold) -> None:
    memory = sold.world
    plan = planned(memory, sold.run_id)
    started = approved(memory, plan)
    assert started == {"trigger": "reversal", "dryRun": False, "steps": None, "reverse": plan.id, "by": BOB}
    newest = list(target_of(memory).audit.newest())
    assert [(e.who, e.action) for e in newest] == [(BOB, "run"), (BOB, "approve reversal"), (ANN, "plan reversal")]
    assert newest[1].reason == "wrong price list"
    assert "1 invoice with USD 100.00 by credit memo" in newest[1].after


def test_a_plan_is_approved_once(sold: Sold) -> None:
    memory = sold.world
    plan = planned(memory, sold.run_id)
    approved(memory, plan)
    assert refusal(lambda: approved(memory, plan, "carol@example.com")).code == "REVERSAL-APPROVED"


def test_an_old_plan_is_refused(sold: Sold) -> None:
    memory = sold.world
    plan = planned(memory, sold.run_id)
    memory.clock.advance(days=VALID_FOR.days + 1)
    assert refusal(lambda: approved(memory, plan)).code == "REVERSAL-OLD"


def test_an_old_plan_is_not_carried_out_either(sold: Sold) -> None:
    memory = sold.world
    plan = planned(memory, sold.run_id)
    approved(memory, plan)
    memory.clock.advance(days=VALID_FOR.days + 1)
    error, _ = fails_to_open(memory, {"reverse": plan.id})
    assert error.code == "REVERSAL-OLD"


def test_a_plan_whose_world_has_moved_is_refused(sold: Sold) -> None:
    memory = sold.world
    plan = planned(memory, sold.run_id)
    document = the(memory, "invoice")
    write(memory, "invoice", {"tranDate": "2026-10-02"}, document)
    moved = refusal(lambda: approved(memory, plan))
    assert moved.code == "REVERSAL-MOVED"
    assert f"NetSuite invoice {document} has changed" in moved.message


def test_a_plan_that_somebody_has_changed_is_refused(sold: Sold) -> None:
    memory = sold.world
    plan = planned(memory, sold.run_id)
    key = f"reversals/{plan.id}.json"
    content = money.loads(memory.object(key))
    content["reversals"][0]["amount"] = 1
    memory.memory.objects.content[key] = money.dumps(content).encode()
    assert refusal(lambda: approved(memory, plan)).code == "REVERSAL-SEAL"


def test_what_is_carried_out_is_not_carried_out_again(sold: Sold) -> None:
    memory = sold.world
    plan, _ = reversed_whole(memory, sold.run_id)
    target = target_of(memory)
    assert approving.standing(target, plan.id).state == approving.DONE
    assert refusal(lambda: approving.carry_out(target, plan.id, BOB)).code == "REVERSAL-DONE"


def test_an_unknown_plan_is_refused(sold: Sold) -> None:
    memory = sold.world
    for name in ("20260101T000000Z-abcdef", "../settings", ""):
        assert refusal(lambda: approving.standing(target_of(memory), name)).code == "REVERSAL-UNKNOWN"  # noqa: B023


@pytest.mark.parametrize("why", ["moved", "old", "seal"])
def test_a_new_plan_ends_what_has_moved(sold: Sold, why: str) -> None:
    memory, run_id = sold.world, sold.run_id
    plan = planned(memory, run_id)
    if why == "moved":
        write(memory, "invoice", {"tranDate": "2026-10-02"}, the(memory, "invoice"))
    if why == "old":
        memory.clock.advance(days=VALID_FOR.days + 1)
    if why == "seal":
        memory.memory.objects.content[f"reversals/{plan.id}.json"] = memory.object(f"reversals/{plan.id}.json").replace(b"INV1", b"INV2")
    assert refusal(lambda: approved(memory, plan)).code == f"REVERSAL-{why.upper()}"
    _, output = reversed_whole(memory, run_id)
    assert output["tiedOut"] is True, memory.summary(output)["messages"]


@pytest.mark.parametrize("more", [{"steps": ["invoices"]}, {"only": "instructed"}, {"plan": "run-1"}, {"acceptMode": "A"}])
def test_a_reversal_goes_with_nothing_else(sold: Sold, more: dict[str, Any]) -> None:
    memory = sold.world
    plan = planned(memory, sold.run_id)
    approved(memory, plan)
    error, _ = fails_to_open(memory, {"reverse": plan.id, **more})
    assert (error.code, error.place) == ("INPUT", "reverse")  # type: ignore[attr-defined]
    assert reversers(memory) == {}


def test_a_reversal_that_is_refused_is_no_failed_usual_run(sold: Sold) -> None:
    memory = sold.world
    memory.clock.advance(minutes=5)
    fails_to_open(memory, {"reverse": planned(memory, sold.run_id).id})
    summary = last_summary(target_of(memory))
    assert summary and summary.run_id == sold.run_id
