"""A record whose parent never follows by itself says so, and why; what it advises ends the problem."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from tests.sync.builders import Objects, account, charge, invoice, merged, payment, subscription, zid
from tests.sync.memory import MemoryWorld

NEVER = "has not been synced to NetSuite and does not follow by itself: "
Change = Callable[[MemoryWorld], None]


def update(kind: str, number: str, **fields: Any) -> Change:
    def act(world: MemoryWorld) -> None:
        store = world.zuora.tenant.store
        with store.lock:
            store.update(kind, zid(number), fields)
        world.clock.advance(minutes=10)

    return act


def settings(**changes: Any) -> Change:
    return lambda world: world.settings(default_subsidiary="Parent Company", **changes)


def tenant(*more: Objects, **head: Any) -> Objects:
    """Account A1 with invoice INV1 of USD 100.00 (with these fields) and payment P1 of USD 60.00 on it."""
    return merged(
        account("A1"),
        charge("Gold"),
        subscription("A1", "S1", "Gold"),
        invoice("A1", "INV1", [("Gold", 100.0)], sub="S1", **head),
        payment("A1", "P1", 60.0, {"INV1": 60.0}),
        *more,
    )


def refund(number: str, of: str, amount: float, **fields: Any) -> Objects:
    head = {
        "Id": zid(number),
        "RefundNumber": number,
        "AccountId": zid("A1"),
        "Amount": amount,
        "RefundDate": "2026-10-25",
        "SourceType": "Payment",
        "Status": "Processed",
        "Type": "External",
        "MethodType": "Check",
    }
    parts = [{"Id": zid(f"{number} part"), "RefundId": zid(number), "PaymentId": zid(of), "RefundAmount": amount}]
    return {"Refund": [{**head, **fields}], "RefundPart": parts}


def credit_memo(number: str, amount: float, on: str) -> Objects:
    head = {
        "Id": zid(number),
        "MemoNumber": number,
        "AccountId": zid("A1"),
        "InvoiceId": zid(on),
        "MemoDate": "2026-10-20",
        "TotalAmount": amount,
        "AppliedAmount": amount,
        "Status": "Posted",
    }
    item = {"Id": zid(f"{number} item"), "CreditMemoId": zid(number), "Amount": amount, "AmountWithoutTax": amount, "ChargeName": "Gold"}
    linked = {**item, "RatePlanChargeId": zid("S1 Gold"), "SubscriptionId": zid("S1")}
    part = {"Id": zid(f"{number} part"), "CreditMemoId": zid(number), "InvoiceId": zid(on), "Amount": amount}
    return {"CreditMemo": [head], "CreditMemoItem": [linked], "CreditMemoPart": [part]}


WHOLLY_REFUNDED = {"RefundAmount": 60.0, "AppliedAmount": 0.0, "UnappliedAmount": 0.0}


def unapplied(refunded: float = 0.0) -> Objects:
    """Payment P2 of USD 60.00 that is applied to nothing, of which so much was refunded."""
    objects = payment("A1", "P2", 60.0, {}, RefundAmount=refunded, UnappliedAmount=60.0 - refunded)
    objects["PaymentPart"] = [{**row, "Amount": 60.0 - refunded} for row in objects["PaymentPart"] if refunded < 60]
    return objects


def partly_refunded() -> Objects:
    """Payment P2 of USD 60.00, of which 40.00 are applied and 20.00 were refunded."""
    objects = payment("A1", "P2", 60.0, {"INV1": 40.0}, RefundAmount=20.0, UnappliedAmount=0.0)
    objects["PaymentPart"] = [row for row in objects["PaymentPart"] if row.get("InvoiceId")]
    return objects


CASES: dict[str, tuple[Objects, dict[str, Any], str, str, str, Change]] = {
    "a payment of an invoice before the cutover": (
        tenant(),
        {"cutover_zuora_invoice": "2026-10-05"},
        "PAY-V2",
        "P1",
        f"invoice INV1 {NEVER}it is dated 2026-10-01, before the cutover date 2026-10-05 (cutover_zuora_invoice).",
        settings(cutover_zuora_invoice="2026-10-01"),
    ),
    "the same, left out": (
        tenant(),
        {"cutover_zuora_invoice": "2026-10-05"},
        "PAY-V2",
        "P1",
        NEVER,
        update("Payment", "P1", TransferredToAccounting="Ignore"),
    ),
    "a payment of an ignored invoice": (
        tenant(IntegrationStatus__NS="Ignore"),
        {},
        "PAY-V2",
        "P1",
        f"invoice INV1 {NEVER}its Integration Status says Ignore.",
        update("Invoice", "INV1", IntegrationStatus__NS=None),
    ),
    "a payment of an invoice that is not to be transferred": (
        tenant(TransferredToAccounting="Ignore"),
        {},
        "PAY-V2",
        "P1",
        f"invoice INV1 {NEVER}its Transferred to Accounting says Ignore.",
        update("Invoice", "INV1", TransferredToAccounting="No"),
    ),
    "a payment of a draft": (
        tenant(Status="Draft"),
        {},
        "PAY-V2",
        "P1",
        f"invoice INV1 {NEVER}it is not posted (Draft).",
        update("Invoice", "INV1", Status="Posted"),
    ),
    "a payment of a cancelled invoice": (
        tenant(Status="Canceled"),
        {},
        "PAY-V2",
        "P1",
        f"invoice INV1 {NEVER}it was undone (Canceled).",
        update("Payment", "P1", TransferredToAccounting="Ignore"),
    ),
    "invoices are switched off": (
        tenant(),
        {"disable_zuora_invoice_sync": "Yes"},
        "PAY-V2",
        "P1",
        f"invoice INV1 {NEVER}its step is switched off (disable_zuora_invoice_sync).",
        settings(),
    ),
    "a credit memo on an invoice before the cutover": (
        tenant(credit_memo("CM1", 40.0, "INV1")),
        {"cutover_zuora_invoice": "2026-10-05"},
        "CM-V1",
        "CM1",
        f"invoice INV1 {NEVER}it is dated 2026-10-01, before the cutover date 2026-10-05 (cutover_zuora_invoice).",
        settings(cutover_zuora_invoice="2026-10-01"),
    ),
    "a refund of a payment before the cutover": (
        tenant(partly_refunded(), refund("R1", "P2", 20.0)),
        {"cutover_zuora_payment": "2026-10-20"},
        "RFD-V2",
        "R1",
        f"payment P2 {NEVER}it is dated 2026-10-15, before the cutover date 2026-10-20 (cutover_zuora_payment).",
        settings(cutover_zuora_payment="2026-10-15"),
    ),
    "a refund of an ignored payment": (
        tenant(partly_refunded(), refund("R1", "P2", 20.0)),
        {},
        "RFD-V2",
        "R1",
        f"payment P2 {NEVER}its Transferred to Accounting says Ignore.",
        update("Payment", "P2", TransferredToAccounting="No"),
    ),
    "a refund of an unapplied payment": (
        tenant(unapplied(20.0), refund("R1", "P2", 20.0)),
        {},
        "RFD-V2",
        "R1",
        f"payment P2 {NEVER}it was refunded and is applied to no document, and such payments are not sent (sync_unapplied_payments is No).",
        settings(sync_unapplied_payments="Yes"),
    ),
    "a refund of a payment that was refunded whole without ever being applied": (
        tenant(unapplied(60.0), refund("R1", "P2", 60.0)),
        {},
        "RFD-V2",
        "R1",
        f"payment P2 {NEVER}it was refunded and is applied to no document, and such payments are not sent (sync_unapplied_payments is No).",
        settings(sync_unapplied_payments="Yes"),
    ),
    "an invoice of an inactive account": (
        tenant(),
        {},
        "INV-V1",
        "INV1",
        f"account A1 {NEVER}it is not active (Draft).",
        update("Account", "A1", Status="Active"),
    ),
    "an invoice of an account from before the cutover": (
        tenant(),
        {"cutover_zuora_account": "2026-10-01"},
        "INV-V1",
        "INV1",
        f"account A1 {NEVER}it was created on 2020-01-01, before the cutover date 2026-10-01 (cutover_zuora_account).",
        settings(cutover_zuora_account="2020-01-01"),
    ),
}


def run(world: MemoryWorld) -> dict[str, Any]:
    world.clock.advance(minutes=10)
    steps = ("customers", "charges", "invoices", "debit_memos", "credit_memos", "payments", "refunds")
    return world.reported(*steps)


def problems(summary: dict[str, Any], number: str) -> list[dict[str, Any]]:
    return [line for line in summary["log"] if line.get("source_number") == number and line["level"] == "WARNING"]


@pytest.mark.parametrize("case", CASES)
def test_the_advice_ends_it(fast: MemoryWorld, case: str) -> None:
    objects, how, code, number, text, follow = CASES[case]
    fast.reset(default_subsidiary="Parent Company", **how)
    fast.load(objects)
    if "inactive" in case:
        update("Account", "A1", Status="Draft")(fast)
    if "account from before" in case:
        update("Account", "A1", CreatedDate=datetime(2020, 1, 1, 12, tzinfo=UTC))(fast)
    if "ignored payment" in case:
        update("Payment", "P2", TransferredToAccounting="Ignore")(fast)
    for _ in range(2):
        (line,) = [line for line in problems(run(fast), number) if line["code"] == code]
        assert text in line["message"] and not line.get("waits_for")
        assert "by itself" not in line["advice"] and line["advice"]
    follow(fast)
    summary = run(fast)
    assert problems(summary, number) == []
    kinds = {
        "P": ("Payment", "PaymentNumber"),
        "C": ("CreditMemo", "MemoNumber"),
        "R": ("Refund", "RefundNumber"),
        "I": ("Invoice", "InvoiceNumber"),
    }
    kind, name = kinds[number[0]]
    row = next(r for r in fast.zuora.dump()[kind] if r[name] == number)
    assert row.get("IntegrationStatus__NS") == "Sync Complete" or row["TransferredToAccounting"] == "Ignore"


def test_a_payment_that_was_refunded_whole_is_not_told_to_be_applied(fast: MemoryWorld) -> None:
    fast.reset(default_subsidiary="Parent Company")
    fast.load(tenant(unapplied(60.0), refund("R1", "P2", 60.0)))
    (line,) = [line for line in run(fast)["log"] if line.get("code") == "PAY-UNAPPLIED"]
    assert "refunded whole without being applied; neither it nor its refund is sent." in line["message"]
    assert "Apply it" not in line["advice"]
    for kind, number in (("Payment", "P2"), ("Refund", "R1")):
        update(kind, number, TransferredToAccounting="Ignore")(fast)
    summary = run(fast)
    assert problems(summary, "R1") == [] and "PAY-UNAPPLIED" not in {line.get("code") for line in summary["log"]}


def test_a_parent_that_follows_by_itself_is_waited_for(fast: MemoryWorld) -> None:
    fast.reset(default_subsidiary="Parent Company")
    fast.load(tenant(Amount=101.0))  # its lines add up to 100
    (line,) = problems(run(fast), "P1")
    assert (line["code"], line["waits_for"]) == ("PAY-V2", "invoice INV1")
    update("Invoice", "INV1", Amount=Decimal(100))(fast)
    assert problems(run(fast), "P1") == []


def test_the_id_of_a_document_that_netsuite_has_already_is_enough(fast: MemoryWorld) -> None:
    """The advice of documents from before the cutover: enter the NetSuite id at the invoice."""
    fast.reset(default_subsidiary="Parent Company", cutover_zuora_invoice="2026-10-05")
    fast.load(tenant())
    (line,) = problems(run(fast), "P1")
    assert "enter its internal id as Integration ID of invoice INV1" in line["advice"]
    customer = str(next(c["id"] for c in fast.in_netsuite("customer")))
    item = str(next(i["id"] for i in fast.in_netsuite("serviceSaleItem")))
    old = {"id": "7001", "entity": {"id": customer}, "tranDate": "2026-10-01", "item": {"items": [{"item": {"id": item}, "amount": 100}]}}
    fast.load(netsuite={"invoice": [old]})
    update("Invoice", "INV1", IntegrationId__NS="7001")(fast)
    assert problems(run(fast), "P1") == []
    assert fast.in_zuora("Payment", "P1")["IntegrationStatus__NS"] == "Sync Complete"


ACCOUNT_CASES: dict[str, tuple[dict[str, Any], str]] = {
    "not wanted": ({"SynctoNetSuite__NS": "No"}, "its Sync to NetSuite says No"),
    "ignored": ({"IntegrationStatus__NS": "Ignore"}, "its Integration Status says Ignore"),
    "inactive": ({"Status": "Draft"}, "it is not active (Draft)"),
}


@pytest.mark.parametrize("case", ACCOUNT_CASES)
def test_an_account_whose_parent_is_never_sent(fast: MemoryWorld, case: str) -> None:
    fields, why = ACCOUNT_CASES[case]
    fast.reset(default_subsidiary="Parent Company")
    fast.load(merged(account("A1"), account("A2", ParentId=zid("A1"))))
    update("Account", "A1", **fields)(fast)
    (line,) = problems(run(fast), "A2")
    assert (line["code"], line.get("waits_for")) == ("ACCT-V6", None)
    assert f"parent account A1 is not synced and does not follow by itself: {why}." in line["message"]
    update("Account", "A1", **{"SynctoNetSuite__NS": "Yes", "IntegrationStatus__NS": None, "Status": "Active"})(fast)
    assert problems(run(fast), "A2") == []


def test_an_invoice_of_an_ignored_charge(fast: MemoryWorld) -> None:
    fast.reset(default_subsidiary="Parent Company")
    fast.load(tenant())
    update("ProductRatePlanCharge", "Gold", IntegrationStatus__NS="Ignore")(fast)
    found = {line["code"]: line for line in problems(run(fast), "INV1")}
    assert f"{NEVER}its Integration Status says Ignore." in found["INV-V2"]["message"] and not found["INV-V2"].get("waits_for")
    update("ProductRatePlanCharge", "Gold", IntegrationStatus__NS=None)(fast)
    assert problems(run(fast), "INV1") == []
