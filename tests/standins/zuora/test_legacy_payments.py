"""Payments, refunds and adjustments without Invoice Settlement (spec sections 12.9 to 12.11)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.standins.zuora.tenant import CHECK, Tenant, rid

ONE, TWO = rid("1", 1), rid("1", 2)


def create(tenant: Tenant, kind: str, body: dict[str, Any]) -> Any:
    return tenant.post("/v1/action/create", {"type": kind, "objects": [body]})[0]


def update(tenant: Tenant, kind: str, **body: Any) -> Any:
    return tenant.post("/v1/action/update", {"type": kind, "objects": [body]})[0]


def field(tenant: Tenant, kind: str, record_id: str, name: str) -> Any:
    return tenant.zoql(f"select {name} from {kind} where Id = '{record_id}'")["records"][0].get(name)


def payment(**more: Any) -> dict[str, Any]:
    return {
        "AccountId": rid("a"),
        "PaymentMethodId": CHECK["Id"],
        "Type": "External",
        "Status": "Processed",
        "Amount": 150.0,
        "EffectiveDate": "2026-01-31",
        "AppliedCreditBalanceAmount": 0,
        "InvoicePaymentData": {"InvoicePayment": [{"InvoiceId": ONE, "Amount": 100.0}, {"InvoiceId": TWO, "Amount": 50.0}]},
        **more,
    }


def test_a_processed_payment_lowers_the_invoices(unsettled: Tenant) -> None:
    made = create(unsettled, "Payment", payment(IntegrationId__NS="50110"))
    assert made["Success"] is True, made
    assert (field(unsettled, "Invoice", ONE, "Balance"), field(unsettled, "Invoice", TWO, "Balance")) == (0, 50)
    rows = unsettled.zoql(f"select InvoiceId, Amount from InvoicePayment where PaymentId = '{made['Id']}'")["records"]
    assert {r["InvoiceId"]: r["Amount"] for r in rows} == {ONE: 100, TWO: 50}
    assert update(unsettled, "Payment", Id=made["Id"], TransferredToAccounting="Yes")["Success"] is True


def test_one_invoice_in_the_short_form(unsettled: Tenant) -> None:
    body = payment(Amount=30.0, InvoiceNumber="INV00000001", AppliedInvoiceAmount=30.0)
    del body["InvoicePaymentData"], body["AppliedCreditBalanceAmount"]
    assert create(unsettled, "Payment", body)["Success"] is True
    assert field(unsettled, "Invoice", ONE, "Balance") == 70


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"InvoicePaymentData": {"InvoicePayment": [{"InvoiceId": ONE, "Amount": 150.0}]}}, "INVALID_VALUE"),
        ({"Amount": 149.99}, "INVALID_VALUE"),
        ({"Amount": 160.0}, "INVALID_VALUE"),
        ({"PaymentMethodId": None}, "MISSING_REQUIRED_VALUE"),
        ({"Status": "Error"}, "INVALID_VALUE"),
        ({"AccountId": rid("a", 2)}, "INVALID_VALUE"),
        ({"InvoicePaymentData": {"InvoicePayment": [{"InvoiceId": rid("1", 99), "Amount": 150.0}]}}, "INVALID_VALUE"),
        ({"TransferredToAccounting": "Yes"}, "INVALID_FIELD"),
        ({"InvoicePaymentData": {"InvoicePayment": [{"InvoiceId": ONE, "Amount": 0.5}] * 201}}, "MAX_RECORDS_EXCEEDED"),
    ],
)
def test_wrong_payments_are_refused_and_change_nothing(unsettled: Tenant, change: dict[str, Any], code: str) -> None:
    before = unsettled.stand_in.dump()
    result = create(unsettled, "Payment", payment(**change))
    assert result["Errors"][0]["Code"] == code
    assert unsettled.stand_in.dump() == before


def test_draft_then_invoice_payments_then_processed(unsettled: Tenant) -> None:
    body = payment(Status="Draft")
    del body["InvoicePaymentData"]
    draft = create(unsettled, "Payment", body)["Id"]
    assert create(unsettled, "InvoicePayment", {"PaymentId": draft, "InvoiceId": ONE, "Amount": 100.0})["Success"] is True
    assert update(unsettled, "Payment", Id=draft, Status="Processed")["Errors"][0]["Code"] == "INVALID_VALUE"
    assert create(unsettled, "InvoicePayment", {"PaymentId": draft, "InvoiceId": TWO, "Amount": 50.01})["Success"] is False
    assert create(unsettled, "InvoicePayment", {"PaymentId": draft, "InvoiceId": TWO, "Amount": 50.0})["Success"] is True
    assert field(unsettled, "Invoice", ONE, "Balance") == 100
    assert update(unsettled, "Payment", Id=draft, Status="Processed")["Success"] is True
    assert (field(unsettled, "Invoice", ONE, "Balance"), field(unsettled, "Invoice", TWO, "Balance")) == (0, 50)


def test_cancelling_gives_the_money_back_unless_it_was_transferred(unsettled: Tenant) -> None:
    made = create(unsettled, "Payment", payment())["Id"]
    assert update(unsettled, "Payment", Id=made, Status="Voided")["Success"] is False
    update(unsettled, "Payment", Id=made, TransferredToAccounting="Yes")
    assert update(unsettled, "Payment", Id=made, Status="Canceled")["Success"] is False
    update(unsettled, "Payment", Id=made, TransferredToAccounting="Ignore")
    assert update(unsettled, "Payment", Id=made, Status="Canceled")["Success"] is True
    assert field(unsettled, "Invoice", ONE, "Balance") == 100


def test_refunds_put_the_amount_back_on_the_invoices(unsettled: Tenant) -> None:
    paid = create(unsettled, "Payment", payment())["Id"]
    body = {
        "Amount": 120.0,
        "Type": "External",
        "PaymentId": paid,
        "SourceType": "Payment",
        "MethodType": "Check",
        "RefundDate": "2026-01-31",
    }
    made = create(unsettled, "Refund", body)
    assert made["Success"] is True, made
    assert (field(unsettled, "Invoice", ONE, "Balance"), field(unsettled, "Invoice", TWO, "Balance")) == (100, 70)
    rows = unsettled.sql(
        "SELECT x.refundamount, ip.paymentid FROM refund r JOIN refundinvoicepayment x ON x.refundid = r.id"
        " JOIN invoicepayment ip ON ip.id = x.invoicepaymentid ORDER BY 1"
    )
    assert rows == []  # the copy lags behind
    unsettled.clock.move(6)
    rows = unsettled.sql("SELECT x.refundamount FROM refundinvoicepayment x ORDER BY 1")
    assert [r["refundamount"] for r in rows] == [20, 100]
    assert update(unsettled, "Refund", Id=made["Id"], Status="Canceled")["Success"] is True
    assert field(unsettled, "Invoice", ONE, "Balance") == 0


@pytest.mark.parametrize(
    "change",
    [
        {"Amount": 150.01},
        {"RefundDate": "2026-01-30"},
        {"MethodType": None},
        {"PaymentId": None},
        {"RefundInvoicePaymentData": {"RefundInvoicePayment": [{"InvoiceId": TWO, "RefundAmount": 60.0}]}},
        {"RefundInvoicePaymentData": {"RefundInvoicePayment": [{"InvoiceId": TWO, "RefundAmount": 10.0}]}},
        {"RefundInvoicePaymentData": {"RefundInvoicePayment": [{"InvoiceId": TWO, "RefundAmount": 30.0}] * 2}},
        {"RefundInvoicePaymentData": {"RefundInvoicePayment": [{"InvoiceId": ONE, "RefundAmount": a} for a in (70.0, -10.0)]}},
    ],
)
def test_wrong_refunds(unsettled: Tenant, change: dict[str, Any]) -> None:
    paid = create(unsettled, "Payment", payment())["Id"]
    before = unsettled.stand_in.dump()
    body = {"Amount": 60.0, "Type": "External", "PaymentId": paid, "MethodType": "Check", "RefundDate": "2026-01-31", **change}
    assert create(unsettled, "Refund", body)["Success"] is False
    assert unsettled.stand_in.dump() == before


def adjustment(**more: Any) -> dict[str, Any]:
    return {
        "AdjustmentDate": "2026-01-31",
        "Amount": 12.5,
        "InvoiceId": ONE,
        "SourceType": "InvoiceDetail",
        "SourceId": rid("2", 1),
        "Type": "Credit",
        **more,
    }


def test_adjustments_move_the_balance(unsettled: Tenant) -> None:
    made = create(unsettled, "InvoiceItemAdjustment", adjustment(**{"InvoiceItemAdjustment.IntegrationId__NS": "61200"}))
    assert made["Success"] is True, made
    assert field(unsettled, "InvoiceItemAdjustment", made["Id"], "IntegrationId__NS") == "61200"
    assert field(unsettled, "InvoiceItemAdjustment", made["Id"], "AdjustmentNumber") == "IIA-00000001"
    assert field(unsettled, "Invoice", ONE, "Balance") == 87.5
    tax = adjustment(SourceType="Tax", SourceId=rid("3", 1), Amount=10.0)
    assert create(unsettled, "InvoiceItemAdjustment", tax)["Success"] is True
    assert create(unsettled, "InvoiceItemAdjustment", adjustment(Type="Charge", Amount=5.0))["Success"] is True
    assert field(unsettled, "Invoice", ONE, "Balance") == 82.5
    for value in ("No", "Processing", "Yes", "Error", "Ignore"):
        assert update(unsettled, "InvoiceItemAdjustment", Id=made["Id"], TransferredToAccounting=value)["Success"] is True
    assert update(unsettled, "InvoiceItemAdjustment", Id=made["Id"], Status="Canceled")["Success"] is True
    assert field(unsettled, "Invoice", ONE, "Balance") == 95


@pytest.mark.parametrize(
    "change",
    [
        {"Amount": 90.01},
        {"Amount": -1.0},
        {"SourceId": rid("2", 2)},
        {"SourceType": "Tax"},
        {"SourceType": "Tax", "SourceId": rid("3", 1), "Amount": 10.01},
        {"Type": "Gift"},
        {"AdjustmentDate": None},
        {"Comment": "x" * 256},
    ],
)
def test_wrong_adjustments(unsettled: Tenant, change: dict[str, Any]) -> None:
    assert create(unsettled, "InvoiceItemAdjustment", adjustment(**change))["Success"] is False
    assert field(unsettled, "Invoice", ONE, "Balance") == 100


def test_the_connector_fields_of_adjustments_end_with_the_common_three(unsettled: Tenant) -> None:
    body = {"type": "InvoiceItemAdjustment", "objects": [adjustment(Origin__NS="NETSUITE")]}
    assert unsettled.call("POST", "/v1/action/create?rejectUnknownFields=true", body).status_code == 400
