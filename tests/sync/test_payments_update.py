"""Payments, part P2: the update procedure after a person set Transferred to Accounting back to No."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tallybridge.http import Effect
from tallybridge.settings import DEFAULTS
from tallybridge.sync.ledger import Owner
from tests.sync.builders import Objects, payment, zid
from tests.sync.memory import MemoryWorld
from tests.sync.payment_world import (
    CUSTOMERS,
    DONE,
    FOREIGN,
    UNASSIGNED,
    applied,
    change,
    invoices,
    messages,
    ns_payment,
    ready,
    reset_by_a_person,
    run,
    state_of,
    the_payment,
)
from tests.sync.recording import REFUSAL, during


def synced(world: MemoryWorld, *objects: Objects, **settings: Any) -> MemoryWorld:
    ready(world, *objects, **settings)
    run(world)
    return world


def in_netsuite(world: MemoryWorld, number: str, body: dict[str, Any]) -> None:
    """A person changes the NetSuite payment."""
    found = the_payment(world, number)
    world.wiring().netsuite(DEFAULTS, Owner("person", "by hand/", "person")).update("customerPayment", found["id"], body)


@pytest.mark.rule("payments.P2.update.2")
def test_apply_lines_to_documents_that_are_not_from_zuora_are_left_alone(fast: MemoryWorld) -> None:
    synced(fast, payment("A1", "P1", 90.0, {"INV1": 20.0}))
    in_netsuite(fast, "P1", {"apply": {"items": [{"doc": {"id": FOREIGN}, "apply": True, "amount": 25}]}})
    change(fast, "P1", "unapply", **invoices(INV1=20.0))
    reset_by_a_person(fast, "P1")
    run(fast)
    assert applied(fast, "P1") == {FOREIGN: Decimal(25)}


@pytest.mark.rule("payments.P2.update.3")
def test_memo_and_reference_are_sent_again(fast: MemoryWorld) -> None:
    synced(fast, payment("A1", "P1", 90.0, {"INV1": 20.0}))
    change(fast, "P1", comment="now with a comment")
    reset_by_a_person(fast, "P1")
    run(fast)
    found = the_payment(fast, "P1")
    assert found["memo"] == "now with a comment"


@pytest.mark.rule("payments.P2.update.4")
def test_an_amount_smaller_than_the_applications_is_raised_to_zuoras(fast: MemoryWorld) -> None:
    synced(fast, payment("A1", "P1", 90.0, {"INV1": 20.0}))
    in_netsuite(fast, "P1", {"payment": 30})
    change(fast, "P1", "apply", **invoices(INV2=50.0))
    reset_by_a_person(fast, "P1")
    summary = run(fast)
    assert (applied(fast, "P1"), amount_of(fast)) == ({"7001": 20, "7002": 50}, 90)
    assert (summary["outcome"], summary["tiedOut"]) == ("completed", True)


def test_what_people_used_of_the_netsuite_payment_is_told_and_the_advice_ends_it(fast: MemoryWorld) -> None:
    synced(fast, payment("A1", "P1", 45.0, {"INV1": 20.0}))
    in_netsuite(fast, "P1", {"apply": {"items": [{"doc": {"id": FOREIGN}, "apply": True, "amount": 25}]}})
    change(fast, "P1", "apply", **invoices(INV2=15.0))
    reset_by_a_person(fast, "P1")
    text = "the USD 45.00 that it is to hold do not cover that beside its applications. Not updated."
    told = messages(run(fast))["PAY-AMOUNT"]
    assert "USD 25.00 are used for refunds or documents not from Zuora" in told
    assert told.endswith(text)
    in_netsuite(fast, "P1", {"apply": {"items": [{"doc": {"id": FOREIGN}, "apply": False, "amount": 0}]}})
    run(fast)
    assert (applied(fast, "P1"), state_of(fast, "P1")) == ({"7001": 20, "7002": 15}, DONE)


# -- payment_amount = applied only ---------------------------------------------------------------------------------------

ONLY_APPLIED: dict[str, Any] = {"payment_amount": "applied only"}
AMOUNTS: dict[str, tuple[dict[str, float], dict[str, float], int]] = {
    "more is applied": ({"INV2": 30}, {}, 80),
    "less is applied": ({}, {"INV1": 30}, 20),
    "moved": ({"INV2": 10}, {"INV1": 30}, 30),
    "nothing is applied any more: the full amount": ({}, {"INV1": 50}, 90),
    "nothing changed": ({}, {}, 50),
}


def amount_of(world: MemoryWorld, number: str = "P1") -> Any:
    found = the_payment(world, number)
    return Decimal(str(found["payment"]))


@pytest.mark.rule("settings.key.payment_amount")
@pytest.mark.parametrize("case", AMOUNTS)
def test_with_applied_only_the_amount_follows_the_applications(fast: MemoryWorld, case: str) -> None:
    more, less, expected = AMOUNTS[case]
    synced(fast, payment("A1", "P1", 90.0, {"INV1": 50.0}), **ONLY_APPLIED)
    assert amount_of(fast) == 50
    for action, what in (("unapply", less), ("apply", more)):
        if what:
            change(fast, "P1", action, **invoices(**what))
    reset_by_a_person(fast, "P1")
    summary = run(fast)
    assert amount_of(fast) == expected
    assert (summary["outcome"], summary["tiedOut"], state_of(fast, "P1")) == ("completed", True, DONE)


@pytest.mark.parametrize("settings", [ONLY_APPLIED, {"payment_amount": "full"}])
@pytest.mark.parametrize("again", [False, True])
def test_a_later_refund_raises_what_was_sent_by_what_it_takes(fast: MemoryWorld, settings: dict[str, str], again: bool) -> None:
    """90 with 50 applied, 40 refunded of the rest; then the payment is applied otherwise."""
    synced(fast, payment("A1", "P1", 90.0, {"INV1": 50.0}), **ONLY_APPLIED)
    fast.settings(**settings)
    zuora = fast.wiring().zuora(DEFAULTS)
    body = {"totalAmount": 40, "type": "External", "methodType": "Check", "refundDate": fast.clock.now().date().isoformat()}
    zuora.post(f"/v1/payments/{zid('P1')}/refunds", body, "a refund")
    fast.clock.advance(minutes=30)
    summary = run(fast, steps=("payments", "refunds"))
    (refund,) = fast.in_netsuite("customerRefund")
    assert (refund["total"], amount_of(fast), applied(fast, "P1")) == (40, 90, {"7001": 50})
    assert (summary["outcome"], summary["tiedOut"]) == ("completed", True)
    if again:
        change(fast, "P1", "unapply", **invoices(INV1=20.0))
        reset_by_a_person(fast, "P1")
        summary = run(fast, steps=("payments", "refunds"))
        assert (amount_of(fast), applied(fast, "P1")) == (70 if settings is ONLY_APPLIED else 90, {"7001": 30})
        assert (summary["outcome"], summary["tiedOut"], state_of(fast, "P1")) == ("completed", True, DONE)


def test_a_payment_refunded_in_part_before_it_is_sent_is_sent_with_what_was_refunded(fast: MemoryWorld) -> None:
    ready(fast, payment("A1", "P1", 90.0, {"INV1": 50.0}), **ONLY_APPLIED)
    body = {"totalAmount": 30, "type": "External", "methodType": "Check", "refundDate": fast.clock.now().date().isoformat()}
    fast.wiring().zuora(DEFAULTS).post(f"/v1/payments/{zid('P1')}/refunds", body, "a refund")
    fast.clock.advance(minutes=30)
    summary = run(fast, steps=("payments", "refunds"))
    assert (amount_of(fast), applied(fast, "P1")) == (80, {"7001": 50})
    assert (len(fast.in_netsuite("customerRefund")), summary["outcome"], summary["tiedOut"]) == (1, "completed", True)


@pytest.mark.rule("payments.P2.validation.8")
def test_v8_a_payment_that_moved_to_another_account_keeps_its_customer(fast: MemoryWorld) -> None:
    synced(fast, payment("A1", "P1", 90.0, {"INV1": 20.0}))
    change(fast, "P1", "unapply", **invoices(INV1=20.0))
    change(fast, "P1", "transfer", accountId=zid("A2"))
    reset_by_a_person(fast, "P1")
    summary = run(fast)
    found = the_payment(fast, "P1")
    text = f"Payment P1: moved to another account after its sync; NetSuite payment {found['id']} keeps customer 9001. Correct by hand."
    assert messages(summary)["PAY-V8"] == text
    assert applied(fast, "P1") == {"7001": 20}


@pytest.mark.rule("payments.P2.validation.2")
def test_an_update_waits_for_a_document_that_is_not_synced(fast: MemoryWorld) -> None:
    synced(fast, payment("A1", "P1", 90.0, {"INV1": 20.0}))
    change(fast, "P1", "apply", **invoices(INV9=30.0))
    reset_by_a_person(fast, "P1")
    summary = run(fast)
    assert messages(summary)["PAY-V2"] == "Payment P1: invoice INV9 has not been synced to NetSuite."
    assert applied(fast, "P1") == {"7001": 20}


def test_a_payment_deleted_in_netsuite_is_created_anew(fast: MemoryWorld) -> None:
    synced(fast, payment("A1", "P1", 90.0, {"INV1": 20.0}))
    first = the_payment(fast, "P1")
    calls = fast.wiring().netsuite(DEFAULTS, Owner("person", "by hand/", "person"))._calls
    calls.send("DELETE", f"/services/rest/record/v1/customerPayment/{first['id']}", Effect.REPEATABLE, operation="DELETE customerPayment")
    reset_by_a_person(fast, "P1")
    summary = run(fast)
    after = the_payment(fast, "P1")
    assert after["id"] != first["id"]
    assert summary["tiedOut"] is True


@pytest.mark.rule("payments.P2.status.refused", "sequence-and-status.4.2.text.payment-z-ns-change-mode-b")
def test_a_refused_update_carries_its_error_status_and_is_updated_by_the_next_run(fast: MemoryWorld) -> None:
    synced(fast, payment("A1", "P1", 90.0, {"INV1": 20.0}))
    change(fast, "P1", "apply", **invoices(INV2=30.0))
    reset_by_a_person(fast, "P1")
    fast.netsuite_control.set_faults([{"method": "PATCH", "path": "customerPayment", "status": 400, "body": REFUSAL, "times": 1}])
    run(fast)
    assert state_of(fast, "P1") == ("Error Updating Payment", "Error")
    run(fast)
    assert state_of(fast, "P1") == DONE
    assert applied(fast, "P1") == {"7001": 20, "7002": 30}


@pytest.mark.parametrize("status", ["Updating Payment", "Error Updating Payment"])
def test_an_interrupted_update_is_done_again(fast: MemoryWorld, status: str) -> None:
    synced(fast, payment("A1", "P1", 90.0, {"INV1": 20.0}))
    change(fast, "P1", "apply", **invoices(INV2=30.0))
    change(fast, "P1", IntegrationStatus__NS=status, financeInformation={"transferredToAccounting": "Processing"})
    run(fast)
    assert state_of(fast, "P1") == DONE
    assert applied(fast, "P1") == {"7001": 20, "7002": 30}


def test_parts_changed_after_the_query_copy_was_taken_are_read_again(fast: MemoryWorld) -> None:
    """The copy lags behind: at selection it still shows the old application."""
    ready(fast, payment("A1", "P1", 90.0, {"INV1": 20.0}))
    opened = fast.open(steps=("payments",))
    event = {"runId": opened["runId"], "step": "payments"}
    fast.task("payments", {**event, "task": "select"})
    change(fast, "P1", "unapply", **invoices(INV1=20.0))
    change(fast, "P1", "apply", **invoices(INV2=45.0))
    fast.task("payments", {**event, "task": "batch", "batch": "000001"})
    fast.task("payments", {**event, "task": "summarise", "error": None})
    output = fast.close(opened["runId"])
    assert applied(fast, "P1") == {"7002": 45}
    assert output["tiedOut"] is True


@pytest.mark.parametrize(("moved_to", "customer"), [("A2", CUSTOMERS["A2"]), ("", UNASSIGNED)])
def test_a_payment_moved_after_selection_goes_to_its_new_customer(fast: MemoryWorld, moved_to: str, customer: str) -> None:
    """The accounts that the selection knew are read with the payments; another one after them, and none is none."""
    ready(fast, payment("A1", "P1", 90.0, {}), unassigned_payments_customer_id=UNASSIGNED, sync_unapplied_payments="Yes")
    opened = fast.open(steps=("payments",))
    event = {"runId": opened["runId"], "step": "payments"}
    fast.task("payments", {**event, "task": "select"})
    change(fast, "P1", "transfer", accountId=zid(moved_to) if moved_to else None)
    fast.task("payments", {**event, "task": "batch", "batch": "000001"})
    fast.task("payments", {**event, "task": "summarise", "error": None})
    fast.close(opened["runId"])
    found = the_payment(fast, "P1")
    assert found["customer"]["id"] == customer


@pytest.mark.rule("sequence-and-status.2.rule.7")
def test_a_payment_canceled_after_selection_is_not_sent(fast: MemoryWorld) -> None:
    ready(fast, payment("A1", "P1", 90.0, {}), sync_unapplied_payments="Yes")
    opened = fast.open(steps=("payments",))
    event = {"runId": opened["runId"], "step": "payments"}
    fast.task("payments", {**event, "task": "select"})
    change(fast, "P1", "cancel")
    fast.task("payments", {**event, "task": "batch", "batch": "000001"})
    fast.task("payments", {**event, "task": "summarise", "error": None})
    output = fast.close(opened["runId"])
    assert ns_payment(fast, "P1") is None
    assert [(t["selected"], t["synced"]) for t in output["totals"]] == [(1, 0)]
    assert output["tiedOut"] is True


@pytest.mark.parametrize(
    ("update", "method", "status"),
    [
        pytest.param(False, "POST", "Creating Payment", id="create", marks=pytest.mark.rule("payments.P2.status.created")),
        pytest.param(True, "PATCH", "Updating Payment", id="update", marks=pytest.mark.rule("payments.P2.status.updated")),
    ],
)
@pytest.mark.rule("sequence-and-status.4.1.rule.3")
def test_the_status_is_in_zuora_before_netsuite_is_asked(fast: MemoryWorld, update: bool, method: str, status: str) -> None:
    ready(fast, payment("A1", "P1", 90.0, {"INV1": 20.0}))
    if update:
        run(fast)
        change(fast, "P1", "apply", **invoices(INV2=30.0))
        reset_by_a_person(fast, "P1")
    seen = during(fast, lambda: state_of(fast, "P1"), {"method": method, "path": "/record/v1/customerPayment"})
    run(fast)
    assert seen == [(status, "Processing")]
    assert state_of(fast, "P1") == DONE
