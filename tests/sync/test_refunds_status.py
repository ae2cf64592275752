"""Refunds, parts R1 and R2: statuses before, between, after and on refusal of each stage; recovery; several refunds and payments."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from tests.sync.builders import zid
from tests.sync.memory import MemoryWorld
from tests.sync.payment_world import counted, lose_answers, messages, writes
from tests.sync.ran import REFUNDS, Ran, ran
from tests.sync.recording import REFUSAL, during
from tests.sync.refund_world import (
    CREATING,
    DONE,
    ONLY,
    PAID,
    UPDATING,
    applied,
    change,
    delete_in_netsuite,
    lines_of,
    made,
    ns_refund,
    objects,
    ready,
    refund_lines,
    run,
    state_of,
    zuora_refund,
)
from tests.sync.table import Row, Table, check, found, sent
from tests.sync.words import Part, a_refund, an_invoice, internal_id, made_before, world_with
from tests.sync.world import unserved_world


@pytest.fixture(scope="module", params=[False, True], ids=["A", "B"])
def fast(request: pytest.FixtureRequest) -> MemoryWorld:
    world = unserved_world(settlement=request.param)
    lose_answers(MemoryWorld.of(world))
    return MemoryWorld.of(world)


UNAPPLY = {"method": "PATCH", "path": "/record/v1/customerPayment"}
CREATE = {"method": "POST", "path": "/record/v1/customerRefund"}


# -- statuses ------------------------------------------------------------------------------------------------------------


@pytest.mark.rule(
    "refunds.R1.procedure.1",
    "refunds.R1.procedure.3",
    "refunds.R1.procedure.4",
    "refunds.R1.recovery.blank",
    "refunds.R2.rule.6",
    "sequence-and-status.4.1.rule.3",
    "sequence-and-status.4.2.text.refund-z-ns",
)
def test_each_stage_has_its_status_in_zuora_before_netsuite_is_asked(fast: MemoryWorld) -> None:
    ready(fast)
    seen = during(fast, lambda: (state_of(fast), applied(fast)), UNAPPLY, CREATE)
    run(fast)
    assert seen == [(UPDATING, {"7001": 100}), (CREATING, {"7001": 40})]
    assert (state_of(fast), applied(fast), refund_lines(fast)) == (DONE, {"7001": 40}, {"8001": 60})


@pytest.mark.rule("refunds.R1.refused.step-2", "sequence-and-status.4.2.text.refund-z-ns", "sequence-and-status.4.1.rule.6")
def test_a_refused_unapply_is_said_and_tried_again_by_the_next_run(fast: MemoryWorld) -> None:
    ready(fast)
    fast.netsuite_control.set_faults([{**UNAPPLY, "status": 400, "body": REFUSAL, "times": 1}])
    summary = run(fast)
    assert (state_of(fast), ns_refund(fast)) == (("Error Updating Payment", "Error"), None)
    assert any("A script says no." in m for m in messages(summary).values())
    assert (summary["outcome"], summary["tiedOut"]) == ("completed with warnings", True)
    run(fast)
    assert (state_of(fast), refund_lines(fast)) == (DONE, {"8001": 60})


@pytest.mark.rule("refunds.R1.refused.step-4", "sequence-and-status.4.2.text.refund-z-ns", "sequence-and-status.4.1.rule.6")
def test_a_refused_create_is_said_and_the_payment_stays_unapplied_until_the_next_run(fast: MemoryWorld) -> None:
    ready(fast)
    fast.netsuite_control.set_faults([{**CREATE, "status": 400, "body": REFUSAL, "times": 1}])
    summary = run(fast)
    assert (state_of(fast), ns_refund(fast)) == (("Error Creating Refund", "Error"), None)
    assert applied(fast) == {"7001": 40}
    assert (summary["outcome"], summary["tiedOut"]) == ("completed with warnings", True)
    run(fast)
    assert (state_of(fast), refund_lines(fast), applied(fast)) == (DONE, {"8001": 60}, {"7001": 40})


@pytest.mark.rule("refunds.R1.procedure.0", "sequence-and-status.4.1.rule.1")
def test_the_netsuite_refund_has_no_status_of_its_own_and_a_second_run_writes_nothing(fast: MemoryWorld) -> None:
    ready(fast)
    run(fast)
    assert "custbodyzuoraintegrationstatus" not in made(fast)
    before = fast.netsuite.dump(), fast.zuora.dump()
    summary, netsuite, zuora = counted(fast, steps=ONLY)
    assert (fast.netsuite.dump(), fast.zuora.dump()) == before
    assert not {name for name in (*writes(netsuite), *writes(zuora)) if "oauth" not in name}
    assert summary["steps"][0]["selected"] == 0


# -- recovery ------------------------------------------------------------------------------------------------------------

UPDATING_PAYMENT = "refunds.R1.recovery.updating-payment-error-updating-payment"
CREATING_REFUND = "refunds.R1.recovery.creating-refund-error-creating-refund"
OLD = "refunds.R1.recovery.processing-processing-2-old-versions"
STATUSES: dict[str, tuple[str, ...]] = {
    "Updating Payment": (UPDATING_PAYMENT,),
    "Error Updating Payment": (UPDATING_PAYMENT,),
    "Creating Refund": (CREATING_REFUND,),
    "Error Creating Refund": (CREATING_REFUND,),
    "Processing": (OLD,),
    "Processing 2": (OLD, "sequence-and-status.11.processing-2"),
    "creating refund...": ("sequence-and-status.4.2.rule.reading",),
}
FOUND_AGAIN = (
    CREATING_REFUND,
    "sequence-and-status.5.1.lookup.refund-z-ns",
    "sequence-and-status.5.algorithm.resume",
    "sequence-and-status.5.algorithm.write-back",
)


def left_at(number: str, status: str | None, applied: float = 20.0) -> Part:
    """A refund of 10 that was left with this status, and how much of its payment of 20 is still applied in NetSuite."""
    transferred = "Error" if status and status.startswith("Error") else "Processing"
    return a_refund(number, applied=applied, IntegrationStatus__NS=status, TransferredToAccounting=transferred)


def there(number: str, status: str | None) -> Part:
    """One that NetSuite has: the run that made it told nobody."""
    part = left_at(number, status, applied=10.0)
    line = {"doc": {"id": internal_id(f"P-{number}")}, "apply": True, "amount": 10}
    own = {"customer": {"id": "9001"}, "paymentOption": {"id": "3"}, "apply": {"items": [line]}}
    return made_before(part, "customerRefund", internal_id(number), **own)


BOTH_STAGES = Table(
    REFUNDS,
    "",
    [
        row
        for n, (status, rules) in enumerate(STATUSES.items())
        for row in (
            sent(f"{status}: still applied", left_at(f"R{n}", status), also=rules),
            sent(f"{status}: unapplied already", left_at(f"U{n}", status, applied=10.0), also=rules),
        )
    ],
)
NEITHER_STAGE = Table(
    REFUNDS, "", [found(status or "none", there(f"R{n}", status), also=FOUND_AGAIN) for n, status in enumerate([*STATUSES, None])]
)


@pytest.fixture(scope="module")
def resumed(fast: MemoryWorld) -> Ran:
    return BOTH_STAGES.run(fast)


@pytest.mark.parametrize("row", BOTH_STAGES.cases())
def test_without_a_counterpart_both_stages_are_done(resumed: Ran, row: Row) -> None:
    check(resumed, row)
    payment = internal_id(f"P-{row.number}")
    assert resumed.applied(row.number) == {payment: 10}
    (paid,) = [p for p in resumed.netsuite["customerPayment"] if str(p["id"]) == payment]
    assert lines_of(paid) == {internal_id(f"INV-{row.number}"): 10}


def test_what_is_resumed_ties_out(resumed: Ran) -> None:
    BOTH_STAGES.holds_together(resumed)


@pytest.fixture(scope="module")
def completed(fast: MemoryWorld) -> tuple[Ran, dict[str, int]]:
    """The run and the calls that it took in NetSuite."""
    world = NEITHER_STAGE.world(fast)
    before = world.netsuite.dump()
    world.calls()
    run = ran(world, REFUNDS)
    assert run.netsuite == before
    return run, world.calls()["netsuite"]


@pytest.mark.parametrize("row", NEITHER_STAGE.cases())
def test_with_a_counterpart_only_zuora_is_completed(completed: tuple[Ran, dict[str, int]], row: Row) -> None:
    check(completed[0], row)


def test_what_is_completed_ties_out_and_writes_nothing_in_netsuite(completed: tuple[Ran, dict[str, int]]) -> None:
    NEITHER_STAGE.holds_together(completed[0])
    assert not {name for name in writes(completed[1]) if "oauth" not in name}


@pytest.mark.rule("sequence-and-status.5.algorithm.ambiguous")
def test_two_counterparts_change_nothing(fast: MemoryWorld) -> None:
    ready(fast, refunds={"R1": {"P1": {"INV1": 60}}, "R2": {"P2": {"INV2": 50}}})
    run(fast)
    twin = str(made(fast, "R2")["id"])
    fast.netsuite.load({"customerRefund": [{"id": twin, "custbodyzuoraid": made(fast)["custbodyzuoraid"]}]})
    change(fast, "Refund", "R1", IntegrationStatus__NS="Creating Refund", TransferredToAccounting="Processing")
    summary = run(fast)
    assert messages(summary)["RFD-AMBIGUOUS"].startswith("Refund R1: 2 NetSuite refunds carry this Zuora ID")
    assert state_of(fast) == CREATING


@pytest.mark.rule("sequence-and-status.6.still-present")
def test_a_reset_refund_that_netsuite_still_has_is_not_created_again(fast: MemoryWorld) -> None:
    ready(fast)
    run(fast)
    internal_id = made(fast)["id"]
    change(fast, "Refund", "R1", TransferredToAccounting="No")
    summary = run(fast)
    text = f"Refund R1: already present in NetSuite as refund {internal_id}; not created again. Delete it there first to force a new copy."
    assert messages(summary)["RFD-PRESENT"] == text
    assert (state_of(fast), made(fast)["id"]) == (DONE, internal_id)


@pytest.mark.rule("refunds.R1.resync", "sequence-and-status.6.resync.refund-z-ns")
def test_re_sync_after_the_netsuite_refund_was_deleted_and_the_amounts_applied_again(fast: MemoryWorld) -> None:
    ready(fast)
    run(fast)
    first = made(fast)["id"]
    delete_in_netsuite(fast, first)
    fast.netsuite.load({"customerPayment": [{"id": "8001", "apply": {"items": [{"doc": {"id": "7001"}, "amount": 100}]}}]})
    assert applied(fast) == {"7001": 100}
    change(fast, "Refund", "R1", TransferredToAccounting="No")
    summary = run(fast)
    assert made(fast)["id"] != first
    assert (state_of(fast), applied(fast), refund_lines(fast), summary["tiedOut"]) == (DONE, {"7001": 40}, {"8001": 60}, True)


# -- lost answers --------------------------------------------------------------------------------------------------------

LOST: dict[str, tuple[str, dict[str, Any]]] = {
    "unapply": ("netsuite", UNAPPLY),
    "create": ("netsuite", CREATE),
    "status writes": ("zuora", {"path": "^/v1/(refunds/|action/update)"}),
}


@pytest.mark.parametrize("drop", ["after", "before"])
@pytest.mark.parametrize("nth", [1, 3])
@pytest.mark.parametrize("what", LOST)
def test_a_lost_answer_makes_no_second_refund(fast: MemoryWorld, what: str, nth: int, drop: str) -> None:
    system, rule = LOST[what]
    ready(fast, refunds={"R1": {"P1": {"INV1": 60}}, "R2": {"P1": {"INV1": 15}}, "R3": {"P3": {"INV3": 80}}})
    control = fast.netsuite_control if system == "netsuite" else fast.zuora_control
    control.set_faults([{**rule, "drop": drop, "nth": nth}])
    run(fast)
    control.set_faults([])
    fast.clock.advance(hours=1)
    summary = run(fast)
    for number, lines in {"R1": {"8001": 60}, "R2": {"8001": 15}, "R3": {"8003": 80}}.items():
        assert (state_of(fast, number), refund_lines(fast, number)) == (DONE, lines), number
    assert (applied(fast), applied(fast, "8003")) == ({"7001": 25}, {})
    assert summary["tiedOut"] is True


# -- several -------------------------------------------------------------------------------------------------------------

THREE = {"R1": 50.0, "R2": 30.0, "R3": 20.0}


@pytest.mark.rule("refunds.R1.several-refunds")
def test_several_refunds_of_one_payment_in_one_batch(fast: MemoryWorld) -> None:
    ready(fast, refunds={n: {"P1": {"INV1": a}} for n, a in THREE.items()})
    summary = run(fast)
    assert {n: refund_lines(fast, n) for n in THREE} == {n: {"8001": a} for n, a in THREE.items()}
    assert applied(fast) == {}
    assert (summary["outcome"], summary["tiedOut"]) == ("completed", True)


ORDERS = ["".join(order) for order in itertools.permutations(THREE)]


@pytest.fixture(scope="module")
def in_any_order(fast: MemoryWorld) -> list[Ran]:
    """Three runs over a payment for each order. Each sends the next refund of all; the others are set aside by a person meanwhile."""
    paid = {f"P{o}": (internal_id(f"P{o}"), "A1", 100.0, {f"I{o}": 100.0}) for o in ORDERS}
    refunds = {f"{o} {n}": {f"P{o}": {f"I{o}": amount}} for o in ORDERS for n, amount in THREE.items()}
    aside = {number: {"TransferredToAccounting": "Ignore"} for number in refunds}
    zuora, netsuite = objects(fast.zuora.options.settlement, refunds, paid, aside)
    for payment, order in zip(netsuite["customerPayment"], ORDERS, strict=True):
        payment["apply"] = {"items": [{"doc": {"id": internal_id(f"I{order}")}, "apply": True, "amount": 100}]}
    world = world_with(fast, Part("", zuora, netsuite), *(an_invoice(f"I{o}", synced=True) for o in ORDERS))
    runs = []
    for nth in range(len(THREE)):
        for order in ORDERS:
            change(world, "Refund", f"{order} {order[2 * nth : 2 * nth + 2]}", TransferredToAccounting="No")
        runs.append(ran(world, REFUNDS))
    return runs


@pytest.mark.rule("refunds.R1.several-refunds")
@pytest.mark.parametrize("order", ORDERS)
def test_several_refunds_of_one_payment_in_any_order(in_any_order: list[Ran], order: str) -> None:
    """What is unapplied follows what Zuora has refunded."""
    for nth, one in enumerate(in_any_order):
        name = order[2 * nth : 2 * nth + 2]
        assert one.synced(f"{order} {name}")
        assert one.applied(f"{order} {name}") == {internal_id(f"P{order}"): THREE[name]}
        (payment,) = [p for p in one.netsuite["customerPayment"] if p["custbodyzuoraid"] == zid(f"P{order}")]
        assert (lines_of(payment), one.output["tiedOut"]) == ({}, True)


@pytest.mark.rule("refunds.R1.several-refunds")
def test_a_later_refund_of_a_payment_that_was_refunded_before(fast: MemoryWorld) -> None:
    ready(fast, refunds={"R1": {"P1": {"INV1": 60}}})
    run(fast)
    both = {"R1": {"P1": {"INV1": 60.0}}, "R2": {"P1": {"INV1": 25.0}}}
    settlement = fast.zuora.options.settlement
    zuora, _ = objects(settlement, both, {"P1": PAID["P1"]}, {})
    row = "RefundPart" if settlement else "RefundInvoicePayment"
    if settlement:
        change(fast, "PaymentPart", "P1 part INV1", Amount=15)
    else:
        change(fast, "InvoicePayment", "P1 on INV1", RefundAmount=85)
    fast.zuora.load({"Refund": [zuora["Refund"][1]], row: [zuora[row][1]]})
    fast.clock.advance(minutes=5)
    summary = run(fast)
    assert (refund_lines(fast), refund_lines(fast, "R2"), applied(fast)) == ({"8001": 60}, {"8001": 25}, {"7001": 15})
    assert summary["tiedOut"] is True


@pytest.mark.rule("refunds.R1.several-payments")
def test_a_refund_over_several_payments_is_one_netsuite_refund_with_a_line_each(fast: MemoryWorld) -> None:
    ready(fast, refunds={"R1": {"P1": {"INV1": 60}, "P2": {"INV2": 50}}})
    summary, netsuite, _ = counted(fast, steps=ONLY)
    assert refund_lines(fast) == {"8001": 60, "8002": 50}
    assert (applied(fast), applied(fast, "8002")) == ({"7001": 40}, {})
    assert (netsuite["PATCH /record/v1/customerPayment/{id}"], netsuite["POST /record/v1/customerRefund"]) == (2, 1)
    assert (state_of(fast), made(fast)["total"], summary["tiedOut"]) == (DONE, 110, True)


@pytest.mark.rule("refunds.R1.several-payments", "refunds.R1.refused.step-2")
def test_of_several_payments_a_refused_second_one_leaves_the_refund_to_the_next_run(fast: MemoryWorld) -> None:
    ready(fast, refunds={"R1": {"P1": {"INV1": 60}, "P2": {"INV2": 50}}})
    fast.netsuite_control.set_faults([{**UNAPPLY, "nth": 2, "status": 400, "body": REFUSAL}])
    run(fast)
    assert (state_of(fast), ns_refund(fast)) == (("Error Updating Payment", "Error"), None)
    fast.netsuite_control.set_faults([])
    run(fast)
    assert (state_of(fast), refund_lines(fast)) == (DONE, {"8001": 60, "8002": 50})


def test_refunds_of_one_account_are_written_oldest_first_then_by_number(fast: MemoryWorld) -> None:
    dates = {"R3": "2026-10-16", "R2": "2026-10-17", "R1": "2026-10-17", "R4": "2026-10-15"}
    ready(fast, refunds={n: {"P1": {"INV1": 5}} for n in dates}, fields={n: {"RefundDate": day} for n, day in dates.items()})
    run(fast)
    assert sorted(dates, key=lambda n: int(made(fast, n)["id"])) == ["R4", "R3", "R1", "R2"]


@pytest.mark.rule("sequence-and-status.5.2.rule.1")
@pytest.mark.parametrize("left", [100.0, 0.0], ids=["refused as a duplicate", "refused for want of money"])
def test_a_refund_that_somebody_else_made_after_our_look_up_is_not_made_twice(fast: MemoryWorld, left: float) -> None:
    """A second connector, say. Refused as a duplicate it counts as found; refused because the money is gone, the next run finds it."""
    ready(fast, paid={"P1": ("8001", "A1", 100.0 + left, {"INV1": 100.0})})
    twin = {"customer": {"id": "9001"}, "externalId": zid("R1"), "tranDate": "2026-10-20", "paymentOption": {"id": "3"}}
    line = {"doc": {"id": "8001"}, "apply": True, "amount": 60}
    during(fast, lambda: fast.load(netsuite={"customerRefund": [{**twin, "apply": {"items": [line]}}]}), {**CREATE, "times": 1})
    summary = run(fast)
    if not left:
        assert state_of(fast) == ("Error Creating Refund", "Error")
        summary = run(fast)
    (only,) = fast.in_netsuite("customerRefund")
    assert (state_of(fast), zuora_refund(fast, "R1")["IntegrationId__NS"]) == (DONE, str(only["id"]))
    assert summary["steps"][0]["recovered"] == 1
