"""Refunds, parts R1 and R2: which are selected, read by Data Query and by ZOQL, and which are held."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sync.builders import zid
from tests.sync.common_rows import held_for_the_account, taken_by_state
from tests.sync.memory import MemoryWorld
from tests.sync.payment_world import messages
from tests.sync.ran import REFUNDS, Ran, ran
from tests.sync.refund_world import DONE, change, lines_of, ns_refund, ready, run, state_of, zuora_refund
from tests.sync.table import READ_PATHS, SENT, Row, Table, check, held, left, sent
from tests.sync.words import a_refund, an_account, an_invoice, world_with
from tests.sync.world import unserved_world


@pytest.fixture(scope="module", params=[False, True], ids=["A", "B"])
def fast(request: pytest.FixtureRequest) -> MemoryWorld:
    return MemoryWorld.of(unserved_world(settlement=request.param))


CUTOVER = (
    "refunds.R2.rule.1",
    "settings.key.cutover_zuora_refund",
    "sequence-and-status.1.4.gate.cutover-dates-zuora-invoices-zuora-payments-zuora",
)
BOTH_PARTS = ("refunds.R2.rule.2",)
"""A rule of part R1 that part R2 has, too."""
ROWS = [
    *taken_by_state(
        "RFD",
        a_refund,
        account=1,
        transferred=4,
        date=(5, "RefundDate", "2026-10-16", "2026-10-15"),
        doing="Refund",
        ignored=6,
        cutover=CUTOVER,
    ),
    left("selection.2: canceled", a_refund("R2C", Status="Canceled")),
    left("selection.2: error", a_refund("R2E", Status="Error")),
    left("selection.2: processing", a_refund("R2P", Status="Processing")),
    left("selection.6: born in NetSuite", a_refund("R6N", Origin__NS="NETSUITE")),
    sent("selection.6: born in Zuora", a_refund("R6Z", Origin__NS="ZUORA")),
    left("sync to NetSuite: No on the refund", a_refund("R7N", SynctoNetSuite__NS="No")),
    sent("sync to NetSuite: Yes on the refund", a_refund("R7Y", SynctoNetSuite__NS="Yes")),
    held(
        "validation.1",
        a_refund("RV1", MethodType="BankTransfer"),
        'RFD-V1: refund method "BankTransfer" has no NetSuite payment method of exactly that name.',
        also=(*BOTH_PARTS, "sequence-and-status.7.4.exact-name"),
    ),
    held(
        "validation.2",
        a_refund("RV2", synced=False),
        "RFD-V2: payment P-RV2 has not been synced to NetSuite.",
        also=(*BOTH_PARTS, "sequence-and-status.1.6.order.refund-z-ns"),
        waits_for="payment P-RV2",
    ),
    *held_for_the_account("RFD", a_refund, location=3, class_=4, department=5, amount="10.00", also=BOTH_PARTS),
    held("validation.6", a_refund("RV6", invoice=an_invoice("INV9", 10.0)), "RFD-V6: invoice INV9 has not been synced to NetSuite."),
    held("validation.7", a_refund("RV7", None), "RFD-V7: it refunds no invoice payment; not supported."),
    held(
        "refunds.R2.rule.2",
        a_refund("RVGONE", there="8001", gone=True),
        "RFD-GONE: NetSuite payment 8001 of payment P-RVGONE does not exist.",
    ),
    held(
        "account",
        a_refund("RVACC", of=an_account("NOID", there=""), payer=an_account()),
        "RFD-ACCOUNT: account NOID has not been synced to NetSuite.",
    ),
    held(
        "all together",
        a_refund("RVALL", of=an_account("ALL", Location__NS="Mars", Class__NS="Venus"), MethodType="BankTransfer"),
        'RFD-V1: refund method "BankTransfer" has no NetSuite payment method of exactly that name.',
        'RFD-V3: location "Mars" of account ALL does not exist in NetSuite.',
        'RFD-V4: class "Venus" of account ALL does not exist in NetSuite.',
    ),
]
PAGE = Table(REFUNDS, "refunds.R1.", ROWS, {"cutover_zuora_refund": "2026-10-16"})


@pytest.fixture(scope="module", params=READ_PATHS)
def page(fast: MemoryWorld, request: pytest.FixtureRequest) -> Ran:
    return PAGE.run(fast, **{"zuora.read_path": request.param})


@pytest.mark.parametrize("row", PAGE.cases())
def test_rule(page: Ran, row: Row) -> None:
    """What is not sent has not changed its payment in NetSuite either."""
    check(page, row)
    for before in row.given.netsuite.get("customerPayment", []) if row.outcome != SENT else ():
        (after,) = [p for p in page.netsuite["customerPayment"] if str(p["id"]) == before["id"]]
        assert lines_of(after) == lines_of(before)


def test_nothing_else_is_told_and_the_run_ties_out(page: Ran) -> None:
    """Beside the refunds: that the payment of RVGONE is gone and, where Zuora's payments have parts, that that of RV6 is applied in Zuora
    alone."""
    PAGE.holds_together(page, "DRIFT-MISSING", *(["DRIFT-APPLIED"] if "PaymentPart" in page.zuora else []))


@pytest.mark.rule("refunds.R1.selection.5")
@pytest.mark.parametrize("path", READ_PATHS)
def test_without_a_cutover_date_all_are_taken_however_old(fast: MemoryWorld, path: str) -> None:
    world = world_with(fast, a_refund("R1", RefundDate="2020-01-01"), **{"zuora.read_path": path})
    assert ran(world, REFUNDS).synced("R1")


@pytest.mark.rule("refunds.R1.selection.3", "refunds.0.payments-only")
def test_refunds_of_credit_balance_are_not_selected(fast: MemoryWorld) -> None:
    if fast.zuora.options.settlement:
        pytest.skip("there is no credit balance with Invoice Settlement")
    ready(fast, refunds={"R1": {"P1": {"INV1": 60}}, "R2": {}}, fields={"R2": {"SourceType": "CreditBalance"}})
    summary = run(fast)
    assert summary["steps"][0]["selected"] == 1
    assert (ns_refund(fast, "R2"), state_of(fast, "R2")) == (None, (None, None))
    assert state_of(fast) == DONE


@pytest.mark.rule("refunds.R2.rule.1", "refunds.0.payments-only", "refunds.R1.selection.3")
def test_refunds_of_credit_memos_are_told_and_left_alone(fast: MemoryWorld) -> None:
    if not fast.zuora.options.settlement:
        pytest.skip("there are no credit memos without Invoice Settlement")
    memo = {"Id": zid("CM1"), "MemoNumber": "CM1", "AccountId": zid("A1"), "MemoDate": "2026-10-02", "TotalAmount": 30, "Status": "Posted"}
    part = {"Id": zid("R2 of CM1"), "RefundId": zid("R2"), "CreditMemoId": zid("CM1"), "RefundAmount": 10}
    ready(
        fast,
        {"CreditMemo": [memo], "RefundPart": [part]},
        refunds={"R1": {"P1": {"INV1": 60}}, "R2": {}},
        fields={"R2": {"SourceType": "CreditMemo"}},
    )
    summary = run(fast)
    (line,) = [x for x in summary["log"] if x.get("code") == "RFD-MEMO"]
    assert (line["level"], line["message"]) == ("WARNING", "Refund R2: credit memo refunds are not synced.")
    assert (ns_refund(fast, "R2"), state_of(fast, "R2")) == (None, (None, None))
    assert (summary["outcome"], summary["tiedOut"], summary["due"]) == ("completed with warnings", True, 1)


@pytest.mark.rule("refunds.0.after-success", "refunds.R1.selection.4")
def test_after_success_nothing_is_sent_not_even_a_cancellation(fast: MemoryWorld) -> None:
    ready(fast)
    run(fast)
    before = fast.netsuite.dump()
    change(fast, "Refund", "R1", Comment="changed", Status="Canceled")
    summary = run(fast)
    assert summary["steps"][0]["selected"] == 0
    assert fast.netsuite.dump() == before


@pytest.mark.rule("refunds.R1.selection.2", "sequence-and-status.2.rule.7")
def test_a_refund_canceled_after_selection_is_not_sent(fast: MemoryWorld) -> None:
    ready(fast)
    opened = fast.open(steps=("refunds",))
    event = {"runId": opened["runId"], "step": "refunds"}
    fast.task("refunds", {**event, "task": "select"})
    change(fast, "Refund", "R1", Status="Canceled")
    fast.task("refunds", {**event, "task": "batch", "batch": "000001"})
    fast.task("refunds", {**event, "task": "summarise", "error": None})
    output = fast.close(opened["runId"])
    assert (ns_refund(fast), state_of(fast)) == (None, (None, None))
    assert output["tiedOut"] is True


@pytest.mark.rule("refunds.0.not-with-netsuite-tax")
@pytest.mark.parametrize(("tax", "runs"), [("Yes", True), ("No", False)])
def test_refunds_do_not_run_when_netsuite_calculates_tax(fast: MemoryWorld, tax: str, runs: bool) -> None:
    ready(fast, use_standard_invoice_sync=tax)
    fast.clock.advance(minutes=30)
    opened = fast.open()
    assert opened["steps"]["refunds"] is runs
    fast.close(opened["runId"])


@pytest.mark.rule("refunds.0.ns-off-by-default", "payments.0.default-off")
def test_the_way_back_from_netsuite_is_off_by_default(fast: MemoryWorld) -> None:
    for choice, on in ((None, False), ("No", True)):
        given: dict[str, Any] = {f"disable_netsuite_{kind}_sync": choice for kind in ("refund", "payment") if choice}
        ready(fast, **given)
        fast.clock.advance(minutes=30)
        opened = fast.open()
        assert (opened["steps"]["netsuite_refunds"], opened["steps"]["netsuite_payments"]) == (on, on)
        fast.close(opened["runId"])


@pytest.mark.rule("settings.key.zuora.field_suffix")
@pytest.mark.parametrize("read_path", ["data_query", "zoql"])
def test_fields_of_another_suffix(fast: MemoryWorld, read_path: str) -> None:
    """The tenant's fields are told apart from those of the commercial product, which stay as they are."""
    names = ("IntegrationId", "IntegrationStatus", "SyncDate", "Origin", "SynctoNetSuite", "Class", "Department", "Location")
    objects = ("Account", "Payment", "Refund", "Invoice", "DebitMemo")
    given, fast.zuora.options.custom_fields = fast.zuora.options.custom_fields, {o: tuple(f"{n}__c" for n in names) for o in objects}
    try:
        settings: dict[str, Any] = {"zuora.field_suffix": "__c", "zuora.read_path": read_path}
        ready(fast, fields={"R1": {}, "P1": {"IntegrationId__c": "8001"}}, **settings)
        for number, internal_id in {"A1": "9001", "A2": "9002"}.items():
            change(fast, "Account", number, IntegrationId__c=internal_id, IntegrationStatus__c="Sync Complete")
        change(fast, "Invoice", "INV1", IntegrationId__c="7001")
        run(fast)
        refund = zuora_refund(fast, "R1")
        assert (refund["IntegrationStatus__c"], refund["TransferredToAccounting"]) == DONE
        assert refund["Origin__c"] == "ZUORA"
        assert refund.get("IntegrationStatus__NS") is None
        assert ns_refund(fast) is not None
    finally:
        fast.zuora.options.custom_fields = given
        fast.reset()


def test_a_dry_run_writes_nothing(fast: MemoryWorld) -> None:
    ready(fast, refunds={"R1": {"P1": {"INV1": 60}}, "R2": {"P2": {"INV2": 10}}}, fields={"R2": {"MethodType": "BankTransfer"}})
    before = fast.netsuite.dump()
    summary = run(fast, dry_run=True)
    assert fast.netsuite.dump() == before
    assert [state_of(fast, n) for n in ("R1", "R2")] == [(None, None)] * 2
    assert summary["steps"][0]["created"] == 1
    assert "RFD-V1" in messages(summary)
