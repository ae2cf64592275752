"""What the vendor's pages say that payments, refunds, memos and adjustments refuse or take, one row each."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from sandbox.zuora.options import SANDBOX_GATEWAY_ID
from tests.standins.zuora.tenant import Tenant, basics, invoice, memos, rid, running
from tests.standins.zuora.test_legacy_payments import create, field, payment, update
from tests.standins.zuora.test_payments import balance, code, parts, payment_body

ONE, TWO, CARD = rid("1", 1), rid("1", 2), rid("9", 7)
LINE = {"invoiceId": ONE, "amount": 10}
EXTERNAL = {"type": "External", "methodType": "Check", "refundDate": "2026-01-31", "totalAmount": 10}
NO_MEMO = {"debitMemoId": rid("6"), "debitMemoNumber": "DM00000009", "amount": 1}


@pytest.fixture
def carded(settled: Tenant) -> Tenant:
    """With a credit card of the first account."""
    settled.load(PaymentMethod=[{"Id": CARD, "Type": "CreditCard", "AccountId": rid("a")}])
    return settled


def electronic(**more: Any) -> dict[str, Any]:
    usual = {"type": "Electronic", "gatewayId": SANDBOX_GATEWAY_ID, "paymentMethodId": CARD}
    return {k: v for k, v in payment_body(**{**usual, **more}).items() if v is not None}


@pytest.mark.parametrize(
    ("change", "category"),
    [
        ({"amount": 0}, 20),
        ({"amount": 60.005}, 20),
        ({"currency": "XXX", "accountId": None}, 20),
        ({"standalone": True}, 20),
        ({"gatewayId": "nobody"}, 20),
        ({"financeInformation": {"bankAccountAccountingCode": "No such code"}}, 20),
        ({"financeInformation": {"bankAccount": "x"}}, 21),
        ({"invoices": [{**LINE, "memo": "x"}]}, 21),
        ({"invoices": [{**LINE, "debitMemoId": rid("6")}]}, 21),
        ({"invoices": [{"invoiceId": ONE, "items": [{"invoiceItemId": rid("2", 1), "amount": 1, "note": "x"}]}]}, 21),
        ({"invoices": [{"invoiceId": ONE, "items": [1]}]}, 20),
        ({"invoices": [{**LINE, "invoiceNumber": "INV00000002"}]}, 20),
        ({"debitMemos": [NO_MEMO]}, 20),
        ({"invoices": [{"invoiceId": ONE, "amount": 10.005}]}, 20),
        ({"customRates": [{"currency": "EUR", "rate": 1}]}, 21),
        ({"customRates": "EUR"}, 20),
    ],
)
def test_payments_that_are_refused(settled: Tenant, change: dict[str, Any], category: int) -> None:
    before = settled.stand_in.dump()
    body = {k: v for k, v in payment_body(**change).items() if v is not None}
    assert code(settled.post("/v1/payments", body)) == category
    assert settled.stand_in.dump() == before


def test_amounts_have_as_many_decimals_as_their_currency(settled: Tenant) -> None:
    body = payment_body(currency="JPY", amount=10.5)
    del body["accountId"]
    assert code(settled.post("/v1/payments", body)) == 20
    assert settled.post("/v1/payments", {**body, "amount": 10})["amount"] == 10


def test_an_invoice_may_be_named_twice_as_long_as_both_agree(settled: Tenant) -> None:
    made = settled.post("/v1/payments", payment_body(invoices=[{**LINE, "invoiceNumber": "INV00000001"}]))
    assert made["appliedAmount"] == 10


@pytest.mark.parametrize(
    ("change", "category"),
    [
        ({"effectiveDate": None}, 22),
        ({"gatewayId": None}, 22),
        ({"effectiveDate": "2026-01-30"}, 20),
        ({"paymentMethodId": rid("9", 1)}, 30),
        ({"paymentMethodId": None, "paymentMethodType": "CreditCard"}, 30),
    ],
)
def test_electronic_payments_that_are_refused(carded: Tenant, change: dict[str, Any], category: int) -> None:
    assert code(carded.post("/v1/payments", electronic(**{"effectiveDate": "2026-01-31"} | change))) == category


def test_what_an_electronic_payment_does_not_take_later(carded: Tenant) -> None:
    made = carded.post("/v1/payments", electronic())
    path = f"/v1/payments/{made['id']}"
    assert code(carded.put(path, {"referenceId": "x"})) == 30
    assert carded.put(path, {"comment": "x"})["comment"] == "x"
    carded.load(Account=[{"Id": rid("a", 3), "Name": "Gamma", "Currency": "USD"}])
    assert code(carded.put(f"{path}/transfer", {"accountId": rid("a", 3)})) == 30
    assert code(carded.put(f"{path}/cancel", {})) == 30


@pytest.mark.parametrize(
    ("verb", "body", "category"),
    [
        ("apply", {}, 22),
        ("apply", {"invoices": []}, 22),
        ("apply", {"invoices": [LINE], "effectiveDate": "2027-01-31"}, 20),
        ("apply", {"invoices": [LINE], "comment": "x"}, 21),
        ("apply", {"invoices": [{**LINE, "memo": "x"}]}, 21),
        ("unapply", {}, 22),
        ("unapply", {"invoices": [{**LINE, "memo": "x"}]}, 21),
        ("transfer", {}, 22),
        ("transfer", {"accountId": rid("a", 2)}, 20),
        ("transfer", {"account": rid("a", 2)}, 21),
    ],
)
def test_moves_that_are_refused(settled: Tenant, verb: str, body: dict[str, Any], category: int) -> None:
    key = settled.post("/v1/payments", payment_body())["id"]
    assert code(settled.put(f"/v1/payments/{key}/{verb}", body)) == category


def test_an_empty_account_makes_an_unassigned_payment(settled: Tenant) -> None:
    key = settled.post("/v1/payments", payment_body())["id"]
    assert "accountId" not in settled.put(f"/v1/payments/{key}/transfer", {"accountId": ""})
    assert settled.put(f"/v1/payments/{key}/transfer", {"accountId": "A-1"})["accountId"] == rid("a")


def test_a_transferred_or_settled_payment_cannot_be_canceled(settled: Tenant) -> None:
    sent = payment_body(financeInformation={"transferredToAccounting": "Yes"})
    key = settled.post("/v1/payments", sent)["id"]
    assert code(settled.put(f"/v1/payments/{key}/cancel", {})) == 30
    settled.put(f"/v1/payments/{key}", {"financeInformation": {"transferredToAccounting": "No"}})
    assert settled.put(f"/v1/payments/{key}/cancel", {})["status"] == "Canceled"
    other = settled.post("/v1/payments", payment_body())["id"]
    settled.put(f"/v1/payments/{other}", {"gatewayState": "Settled"})
    assert code(settled.put(f"/v1/payments/{other}/cancel", {})) == 30
    with running(voids_transferred_payments=True) as tenant:
        tenant.load(**basics(), **memos())
        key = tenant.post("/v1/payments", sent)["id"]
        assert tenant.put(f"/v1/payments/{key}/cancel", {})["status"] == "Canceled"


@pytest.fixture
def refundable(carded: Tenant) -> Iterator[Tenant]:
    """The user may refund with automatic unapply."""
    carded.stand_in.options.refund_with_unapply = True
    yield carded
    carded.stand_in.options.refund_with_unapply = False


@pytest.mark.parametrize(
    ("change", "category"),
    [
        ({"type": "Electronic", "refundDate": None}, 20),
        ({"type": "Electronic", "methodType": None}, 20),
        ({"reasonCode": "No such reason"}, 20),
        ({"totalAmount": 1.005}, 20),
    ],
)
def test_refunds_that_are_refused(carded: Tenant, change: dict[str, Any], category: int) -> None:
    made = carded.post("/v1/payments", electronic())
    body = {k: v for k, v in {**EXTERNAL, **change}.items() if v is not None}
    assert code(carded.post(f"/v1/payments/{made['id']}/refunds", body)) == category


def test_an_external_payment_is_not_refunded_electronically(carded: Tenant) -> None:
    made = carded.post("/v1/payments", payment_body())
    assert code(carded.post(f"/v1/payments/{made['id']}/refunds", {"type": "Electronic", "totalAmount": 1})) == 30
    paid = carded.post("/v1/payments", electronic())
    refund = carded.post(f"/v1/payments/{paid['id']}/refunds", {"type": "Electronic", "totalAmount": 1})
    assert (refund["refundDate"], refund["reasonCode"]) == ("2026-01-31", "Standard Refund")
    assert code(carded.put(f"/v1/refunds/{refund['id']}", {"referenceId": "x"})) == 30


def test_a_refund_without_documents_unapplies_what_it_needs(refundable: Tenant) -> None:
    applied = [{"invoiceId": ONE, "amount": 60}, {"invoiceId": TWO, "amount": 40}]
    key = refundable.post("/v1/payments", payment_body(invoices=applied))["id"]
    path = f"/v1/payments/{key}/refunds/unapply"
    assert refundable.post(path, {**EXTERNAL, "totalAmount": 100})["amount"] == 100
    assert parts(refundable, key) == {TWO: 30}
    assert (balance(refundable, 1), balance(refundable, 2)) == (100, 70)
    whole = {k: v for k, v in EXTERNAL.items() if k != "totalAmount"}
    assert refundable.post(path, whole)["amount"] == 30, "all that is left"
    assert (parts(refundable, key), balance(refundable, 2)) == ({}, 100)


@pytest.mark.parametrize(("kind", "known"), [("credit-memos", "Charge Dispute"), ("debit-memos", "Ad hoc Debit")])
def test_reason_codes_of_memos(settled: Tenant, kind: str, known: str) -> None:
    path = f"/v1/{kind}/{rid('4' if kind == 'credit-memos' else '6')}"
    assert code(settled.put(path, {"reasonCode": "No such reason"})) == 20
    assert settled.put(path, {"reasonCode": known})["reasonCode"] == known
    assert "reasonCode" not in settled.put(path, {"reasonCode": ""})


def test_reason_codes_of_loaded_objects_and_of_options_exist(settled: Tenant) -> None:
    settled.load(CreditMemo=[{"AccountId": rid("a"), "MemoDate": "2026-01-20", "TotalAmount": 1.0, "ReasonCode": "Of old"}])
    assert settled.put(f"/v1/credit-memos/{rid('4')}", {"reasonCode": "Of old"})["success"]
    with running(reason_codes={"Credit Memo": ("Ours",)}) as tenant:
        tenant.load(**basics(), **memos())
        path = f"/v1/credit-memos/{rid('4')}"
        assert tenant.put(path, {"reasonCode": "Ours"})["success"]
        assert code(tenant.put(path, {"reasonCode": "Charge Dispute"})) == 20


# Mode A


def item_adjustment(**more: Any) -> dict[str, Any]:
    body = {"InvoiceId": ONE, "SourceId": rid("2", 1), "SourceType": "InvoiceDetail", "Type": "Credit", "Amount": 5.0}
    return {**body, "AdjustmentDate": "2026-01-31", **more}


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("Payment", payment(EffectiveDate="2026-02-01")),
        ("Payment", payment(EffectiveDate="2026-02-01", Status="Draft")),
        ("Payment", payment(Amount=10.0, AppliedCreditBalanceAmount=10.0, InvoicePaymentData=None)),
        ("Payment", payment(Amount=30.005, InvoicePaymentData={"InvoicePayment": [{"InvoiceId": ONE, "Amount": 30.005}]})),
        ("InvoiceItemAdjustment", item_adjustment(AdjustmentDate="2026-01-14")),
        ("InvoiceItemAdjustment", item_adjustment(ReasonCode="No such reason")),
        ("InvoiceItemAdjustment", item_adjustment(Amount=1.005)),
    ],
)
def test_writes_of_mode_a_that_are_refused(unsettled: Tenant, kind: str, body: dict[str, Any]) -> None:
    before = unsettled.stand_in.dump()
    answer = create(unsettled, kind, {k: v for k, v in body.items() if v is not None})
    assert answer["Errors"][0]["Code"] == "INVALID_VALUE", answer
    assert unsettled.stand_in.dump() == before


def test_a_tenant_may_let_payments_raise_the_credit_balance() -> None:
    with running(settlement=False, credit_balance_payments=True) as tenant:
        tenant.load(**basics())
        body = {k: v for k, v in payment(Amount=10.0, AppliedCreditBalanceAmount=10.0).items() if k != "InvoicePaymentData"}
        assert create(tenant, "Payment", body)["Success"] is True


def test_adjustments_get_the_default_reason(unsettled: Tenant) -> None:
    made = create(unsettled, "InvoiceItemAdjustment", item_adjustment())["Id"]
    assert field(unsettled, "InvoiceItemAdjustment", made, "ReasonCode") == "Standard Adjustment"
    assert update(unsettled, "InvoiceItemAdjustment", Id=made, ReasonCode="Nothing")["Success"] is False
    assert update(unsettled, "InvoiceItemAdjustment", Id=made, ReasonCode="Other")["Success"] is True


def test_a_paid_invoice_does_not_become_a_draft_again(unsettled: Tenant) -> None:
    create(unsettled, "Payment", payment())
    assert update(unsettled, "Invoice", Id=TWO, Status="Draft")["Success"] is False
    unsettled.load(Invoice=[invoice(3)])
    assert update(unsettled, "Invoice", Id=rid("1", 3), Status="Draft")["Success"] is True


def test_a_draft_payment_is_not_moved_into_the_future(unsettled: Tenant) -> None:
    made = create(unsettled, "Payment", payment(Status="Draft"))["Id"]
    assert update(unsettled, "Payment", Id=made, EffectiveDate="2026-02-01")["Success"] is False
    assert update(unsettled, "Payment", Id=made, EffectiveDate="2026-01-30")["Success"] is True


# Invoices


@pytest.mark.parametrize("nested", [{"taxItems": [{"colour": "red"}]}, {"discountItems": [{"colour": "red"}]}])
def test_what_is_nested_in_items_has_the_published_keys(settled: Tenant, nested: dict[str, Any]) -> None:
    item = {"amount": 1, "serviceStartDate": "2026-01-31", **nested}
    body = {"accountId": rid("a"), "invoiceDate": "2026-01-31", "invoiceItems": [item]}
    assert code(settled.post("/v1/invoices", body)) == 21


def test_both_dates_of_an_invoice_are_not_changed_in_one_request(settled: Tenant) -> None:
    settled.load(Invoice=[invoice(3, Status="Draft")])
    path = f"/v1/invoices/{rid('1', 3)}"
    assert code(settled.put(path, {"invoiceDate": "2026-01-16", "dueDate": "2026-02-16"})) == 20
    assert settled.put(path, {"invoiceDate": "2026-01-16"})["invoiceDate"] == "2026-01-16"


def test_items_are_deleted_from_drafts_alone(settled: Tenant) -> None:
    assert code(settled.put(f"/v1/invoices/{ONE}", {"invoiceItems": [{"id": rid("2", 1), "delete": True}]})) == 30
    items = [{"Id": rid("2", n), "InvoiceId": rid("1", 3), "ChargeName": "x", "ChargeAmount": 40.0, "TaxAmount": 10.0} for n in (3, 4)]
    settled.load(Invoice=[invoice(3, Status="Draft")], InvoiceItem=items)
    path = f"/v1/invoices/{rid('1', 3)}"
    after = settled.put(path, {"invoiceItems": [{"id": rid("2", 3), "delete": True}]})
    assert (after["amount"], after["balance"], after["taxAmount"]) == (50, 50, 10)
    assert [i["id"] for i in settled.get(f"{path}/items")["invoiceItems"]] == [rid("2", 4)]


def test_a_changed_item_changes_the_totals_of_its_draft(settled: Tenant) -> None:
    item = {"Id": rid("2", 3), "InvoiceId": rid("1", 3), "ChargeName": "x", "ChargeAmount": 100.0}
    settled.load(Invoice=[invoice(3, Status="Draft")], InvoiceItem=[item])
    after = settled.put(f"/v1/invoices/{rid('1', 3)}", {"invoiceItems": [{"id": rid("2", 3), "amount": 60}]})
    assert (after["amount"], after["balance"]) == (60, 60)


@pytest.mark.parametrize("name", ["taxItems", "discountItems"])
def test_what_would_change_the_amount_of_an_invoice_is_not_passed_over(settled: Tenant, name: str) -> None:
    tax = {"name": "VAT", "taxAmount": 1, "taxCode": "VAT", "taxDate": "2026-01-31", "taxMode": "TaxExclusive", "taxRate": 0.1}
    nested = {"taxItems": [{**tax, "taxRateType": "Percentage"}], "discountItems": [{"amount": -1, "chargeName": "x"}]}[name]
    item = {"amount": 10, "serviceStartDate": "2026-01-31", name: nested}
    refused = settled.post("/v1/invoices", {"accountId": rid("a"), "invoiceDate": "2026-01-31", "invoiceItems": [item]})
    assert code(refused) in (20, 21, 22, 30) and name in refused["reasons"][0]["message"]
    assert code(refused) == 30, refused


def test_a_payment_may_have_a_number_of_its_own(settled: Tenant) -> None:
    assert settled.post("/v1/payments", payment_body(number="P-OWN"))["number"] == "P-OWN"
    assert code(settled.post("/v1/payments", payment_body(number="P-OWN"))) == 20


@pytest.mark.parametrize("status", ["Posted", "Canceled"])
def test_dates_and_items_are_those_of_drafts(settled: Tenant, status: str) -> None:
    item = {"Id": rid("2", 3), "InvoiceId": rid("1", 3), "ChargeName": "x", "ChargeAmount": 100.0}
    memo = {"Id": rid("4", 3), "AccountId": rid("a"), "MemoDate": "2026-01-20", "TotalAmount": 1.0, "Status": status}
    settled.load(Invoice=[invoice(3, Status=status)], InvoiceItem=[item], CreditMemo=[memo])
    path = f"/v1/invoices/{rid('1', 3)}"
    assert code(settled.put(path, {"dueDate": "2026-03-01"})) == 30
    assert code(settled.put(path, {"invoiceItems": [{"id": rid("2", 3), "amount": 60}]})) == 30
    assert code(settled.put(path, {"invoiceItems": [{"id": rid("2", 3), "delete": True}]})) == 30
    assert code(settled.put(f"/v1/credit-memos/{rid('4', 3)}", {"effectiveDate": "2026-01-21"})) == 30
    assert settled.put(path, {"comments": "x"})["success"]
