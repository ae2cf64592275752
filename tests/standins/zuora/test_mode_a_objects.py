"""Without Invoice Settlement: payments, refunds and adjustments one object at a time, as the connector writes and reads them."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox.zuora.schema import build_schema
from tests.standins.zuora.tenant import CHECK, Tenant, invoice, rid, running
from tests.standins.zuora.test_legacy_payments import ONE, TWO, adjustment, field, update
from tests.standins.zuora.test_payments import code

DRAFT = {
    "AccountId": rid("a"),
    "PaymentMethodId": CHECK["Id"],
    "Type": "External",
    "Status": "Draft",
    "Amount": 150.0,
    "EffectiveDate": "2026-01-31",
    "AppliedCreditBalanceAmount": 0,
    "IntegrationId__NS": "50110",
    "Origin__NS": "NETSUITE",
}
NEGATIVE = rid("1", 7)


def make(tenant: Tenant, path: str, body: dict[str, Any]) -> str:
    """Id of a new object."""
    answer = tenant.post(f"/v1/object/{path}", body)
    assert answer["Success"] is True, answer
    return str(answer["Id"])


def refusal(tenant: Tenant, method: str, path: str, body: dict[str, Any]) -> str:
    """Code of a refusal, in the CRUD format with status 400."""
    response = tenant.call(method, f"/v1/object/{path}", body)
    assert (response.status_code, response.json()["Success"]) == (400, False), response.text
    return str(response.json()["Errors"][0]["Code"])


def balances(tenant: Tenant) -> tuple[Any, Any]:
    return field(tenant, "Invoice", ONE, "Balance"), field(tenant, "Invoice", TWO, "Balance")


def draft_payment(tenant: Tenant, *parts: tuple[str, float], **more: Any) -> str:
    payment = make(tenant, "payment", {**DRAFT, **more})
    for invoice_id, amount in parts:
        make(tenant, "invoice-payment", {"PaymentId": payment, "InvoiceId": invoice_id, "Amount": amount})
    return payment


def processed_payment(tenant: Tenant, *parts: tuple[str, float]) -> str:
    payment = draft_payment(tenant, *parts, Amount=sum(a for _, a in parts))
    assert tenant.put(f"/v1/object/payment/{payment}", {"Status": "Processed"}) == {"Success": True, "Id": payment}
    return payment


# payments


def test_a_payment_in_three_steps(unsettled: Tenant) -> None:
    payment = draft_payment(unsettled, (ONE, 100.0))
    assert balances(unsettled) == (100, 100)
    assert refusal(unsettled, "PUT", f"payment/{payment}", {"Status": "Processed"}) == "INVALID_VALUE"
    make(unsettled, "invoice-payment", {"PaymentId": payment, "InvoiceId": TWO, "Amount": 50.0})
    unsettled.put(f"/v1/object/payment/{payment}", {"Status": "Processed"})
    assert balances(unsettled) == (0, 50)
    shown = unsettled.get(f"/v1/object/payment/{payment}")
    assert (shown["Status"], shown["IntegrationId__NS"], shown["UnappliedAmount"]) == ("Processed", "50110", 0)
    assert "AppliedAmount" not in shown  # can be filtered, not read
    assert unsettled.put(f"/v1/object/payment/{payment}", {"TransferredToAccounting": "Yes", "SyncDate__NS": "x"})["Success"]
    rows = unsettled.zoql("select Id, TransferredToAccounting from Payment where IntegrationId__NS = '50110'")["records"]
    assert rows == [{"Id": payment, "TransferredToAccounting": "Yes"}]


@pytest.mark.parametrize(("invoice_id", "amount"), [(ONE, 100.01), (ONE, 0), (rid("1", 99), 10.0), (TWO, 150.01)])
def test_more_than_is_open_is_refused_on_the_draft(unsettled: Tenant, invoice_id: str, amount: float) -> None:
    payment = draft_payment(unsettled)
    row = {"PaymentId": payment, "InvoiceId": invoice_id, "Amount": amount}
    assert refusal(unsettled, "POST", "invoice-payment", row) == "INVALID_VALUE"
    assert unsettled.zoql(f"select Id from InvoicePayment where PaymentId = '{payment}'")["size"] == 0


def test_two_rows_for_one_invoice_are_added_up(unsettled: Tenant) -> None:
    payment = draft_payment(unsettled, (ONE, 60.0))
    assert refusal(unsettled, "POST", "invoice-payment", {"PaymentId": payment, "InvoiceId": ONE, "Amount": 60.0}) == "INVALID_VALUE"


def test_an_invoice_paid_meanwhile_stops_the_draft(unsettled: Tenant) -> None:
    late = draft_payment(unsettled, (ONE, 100.0), (TWO, 50.0))
    processed_payment(unsettled, (ONE, 1.0))
    assert refusal(unsettled, "PUT", f"payment/{late}", {"Status": "Processed"}) == "INVALID_VALUE"
    assert balances(unsettled) == (99, 100)


def test_a_draft_can_be_changed_and_a_processed_payment_cannot(unsettled: Tenant) -> None:
    payment = draft_payment(unsettled, (ONE, 40.0))
    row = unsettled.zoql(f"select Id from InvoicePayment where PaymentId = '{payment}'")["records"][0]["Id"]
    assert unsettled.put(f"/v1/object/payment/{payment}", {"Amount": 70.0, "EffectiveDate": "2026-01-30"})["Success"]
    assert refusal(unsettled, "PUT", f"invoice-payment/{row}", {"Amount": 70.01}) == "INVALID_VALUE"
    assert unsettled.put(f"/v1/object/invoice-payment/{row}", {"Amount": 70.0})["Success"]
    assert unsettled.put(f"/v1/object/payment/{payment}", {"Status": "Processed"})["Success"]
    assert balances(unsettled) == (30, 100)
    assert refusal(unsettled, "PUT", f"payment/{payment}", {"Amount": 71.0}) == "INVALID_FIELD"
    assert refusal(unsettled, "PUT", f"invoice-payment/{row}", {"Amount": 50.0}) == "INVALID_VALUE"


def test_a_draft_of_another_account_cannot_be_processed(unsettled: Tenant) -> None:
    payment = draft_payment(unsettled, (ONE, 100.0), (TWO, 50.0))
    assert unsettled.put(f"/v1/object/payment/{payment}", {"AccountId": rid("a", 2)})["Success"]
    assert refusal(unsettled, "PUT", f"payment/{payment}", {"Status": "Processed"}) == "INVALID_VALUE"


# refunds


def refund_body(payment: str, amount: float, **more: Any) -> dict[str, Any]:
    common = {"Type": "External", "SourceType": "Payment", "MethodType": "Check", "RefundDate": "2026-01-31"}
    return {"PaymentId": payment, "Amount": amount, "Origin__NS": "NETSUITE", "IntegrationId__NS": "50230", **common, **more}


def test_a_refund_reopens_the_invoices_and_is_kept_on_the_applications(unsettled: Tenant) -> None:
    payment = processed_payment(unsettled, (ONE, 100.0), (TWO, 50.0))
    split = {"RefundInvoicePayment": [{"InvoiceId": ONE, "RefundAmount": 30.0}, {"InvoiceId": TWO, "RefundAmount": 50.0}]}
    refund = make(unsettled, "refund", refund_body(payment, 80.0, RefundInvoicePaymentData=split))
    assert balances(unsettled) == (30, 100)
    applied = unsettled.zoql(f"select InvoiceId, Amount, RefundAmount from InvoicePayment where PaymentId = '{payment}'")["records"]
    assert {r["InvoiceId"]: (r["Amount"], r["RefundAmount"]) for r in applied} == {ONE: (100, 30), TWO: (50, 50)}
    assert field(unsettled, "Payment", payment, "RefundAmount") == 80
    rows = unsettled.zoql(f"select InvoiceId, InvoicePaymentId, RefundAmount from RefundInvoicePayment where RefundId = '{refund}'")
    assert {r["InvoiceId"]: r["RefundAmount"] for r in rows["records"]} == {ONE: 30, TWO: 50}
    unsettled.clock.move(6)
    joined = unsettled.sql(
        "SELECT r.refundnumber, r.sourcetype, x.refundamount, ip.paymentid, ip.amount FROM refund r"
        " JOIN refundinvoicepayment x ON x.refundid = r.id JOIN invoicepayment ip ON ip.id = x.invoicepaymentid ORDER BY x.refundamount"
    )
    assert [(r["refundnumber"], r["sourcetype"], r["refundamount"], r["amount"]) for r in joined] == [
        ("R-00000001", "Payment", 30, 100),
        ("R-00000001", "Payment", 50, 50),
    ]
    assert {r["paymentid"] for r in joined} == {payment}
    assert unsettled.get(f"/v1/object/refund/{refund}")["RefundNumber"] == "R-00000001"
    assert unsettled.zoql("select PaymentId from Refund")["FaultCode"] == "INVALID_FIELD"


def test_refunds_add_up_and_never_exceed_the_application(unsettled: Tenant) -> None:
    payment = processed_payment(unsettled, (ONE, 100.0))
    make(unsettled, "refund", refund_body(payment, 60.0))
    assert refusal(unsettled, "POST", "refund", refund_body(payment, 40.01)) == "INVALID_VALUE"
    make(unsettled, "refund", refund_body(payment, 40.0))
    assert balances(unsettled)[0] == 100


def test_a_refunded_payment_cannot_be_canceled(unsettled: Tenant) -> None:
    payment = processed_payment(unsettled, (ONE, 100.0))
    refund = make(unsettled, "refund", refund_body(payment, 60.0))
    assert refusal(unsettled, "PUT", f"payment/{payment}", {"Status": "Canceled"}) == "INVALID_VALUE"
    assert unsettled.put(f"/v1/object/refund/{refund}", {"Status": "Canceled"})["Success"]
    assert unsettled.put(f"/v1/object/payment/{payment}", {"Status": "Canceled"})["Success"]
    assert balances(unsettled) == (100, 100)


def test_transferred_to_accounting_is_written_in_batches(unsettled: Tenant) -> None:
    payment = processed_payment(unsettled, (ONE, 100.0))
    refund = make(unsettled, "refund", refund_body(payment, 60.0))
    item = make(unsettled, "invoice-item-adjustment", adjustment())
    rows = {"Payment": payment, "Refund": refund, "Invoice": ONE, "InvoiceItemAdjustment": item}
    for kind, record in rows.items():
        done = {"Id": record, "TransferredToAccounting": "Yes", "IntegrationStatus__NS": "Sync Complete", "IntegrationId__NS": "77"}
        assert update(unsettled, kind, **done)["Success"] is True
        no = update(unsettled, kind, Id=record, TransferredToAccounting="No")
        assert no["Success"] is (kind == "InvoiceItemAdjustment")
    line = update(unsettled, "InvoiceItem", Id=rid("2", 1), IntegrationId__NS="1")
    assert line["Success"] and field(unsettled, "InvoiceItem", rid("2", 1), "IntegrationId__NS") == "1"


# adjustments


def test_item_adjustments_are_made_read_and_canceled(unsettled: Tenant) -> None:
    made = make(unsettled, "invoice-item-adjustment", adjustment(IntegrationId__NS="61200", ReferenceId="61200", Comment="from NetSuite"))
    shown = unsettled.get(f"/v1/object/invoice-item-adjustment/{made}")
    assert (shown["AdjustmentNumber"], shown["InvoiceNumber"], shown["CustomerNumber"]) == ("IIA-00000001", "INV00000001", "A-1")
    assert (shown["InvoiceItemName"], shown["Status"], shown["AccountId"]) == ("Seats 1", "Processed", rid("a"))
    assert unsettled.put(f"/v1/object/invoice-item-adjustment/{made}", {"Status": "Canceled"})["Success"]
    assert balances(unsettled)[0] == 100
    assert "CancelledDate" in unsettled.get(f"/v1/object/invoice-item-adjustment/{made}")
    assert refusal(unsettled, "PUT", f"invoice-item-adjustment/{made}", {"Status": "Processed"}) == "INVALID_VALUE"


def test_a_credit_takes_no_more_than_the_invoice_has_open(unsettled: Tenant) -> None:
    processed_payment(unsettled, (ONE, 95.0))
    assert refusal(unsettled, "POST", "invoice-item-adjustment", adjustment(Amount=5.01)) == "INVALID_VALUE"
    make(unsettled, "invoice-item-adjustment", adjustment(Amount=5.0))
    assert balances(unsettled)[0] == 0


def invoice_adjustment(**more: Any) -> dict[str, Any]:
    return {"AdjustmentDate": "2026-01-31", "Amount": 12.5, "InvoiceId": ONE, "Type": "Credit", **more}


def test_invoice_adjustments_move_the_balance(unsettled: Tenant) -> None:
    made = make(unsettled, "invoice-adjustment", invoice_adjustment(IntegrationId__NS="61200", Comments="from NetSuite"))
    assert balances(unsettled)[0] == 87.5
    row = unsettled.zoql(
        "select Id, AdjustmentNumber, ImpactAmount, InvoiceNumber from InvoiceAdjustment where IntegrationId__NS = '61200'"
    )
    assert row["records"] == [{"Id": made, "AdjustmentNumber": "IA-00000001", "ImpactAmount": -12.5, "InvoiceNumber": "INV00000001"}]
    make(unsettled, "invoice-adjustment", {**invoice_adjustment(Type="Charge", Amount=2.5), "InvoiceNumber": "INV00000001"})
    assert (balances(unsettled)[0], field(unsettled, "Invoice", ONE, "AdjustmentAmount")) == (90, -10)
    assert update(unsettled, "InvoiceAdjustment", Id=made, TransferredToAccounting="Yes")["Success"] is True
    assert update(unsettled, "InvoiceAdjustment", Id=made, Status="Canceled")["Success"] is True
    assert balances(unsettled)[0] == 102.5
    assert "CancelledOn" in unsettled.get(f"/v1/object/invoice-adjustment/{made}")


@pytest.mark.parametrize(
    ("change", "wanted"),
    [
        ({"Amount": 100.01}, "INVALID_VALUE"),
        ({"Amount": 0}, "INVALID_VALUE"),
        ({"AdjustmentDate": None}, "MISSING_REQUIRED_VALUE"),
        ({"InvoiceId": rid("1", 99)}, "INVALID_VALUE"),
        ({"Type": "Gift"}, "INVALID_VALUE"),
        ({"TransferredToAccounting": "Yes"}, "INVALID_FIELD"),
    ],
)
def test_wrong_invoice_adjustments_change_nothing(unsettled: Tenant, change: dict[str, Any], wanted: str) -> None:
    before = unsettled.stand_in.dump()
    assert refusal(unsettled, "POST", "invoice-adjustment", invoice_adjustment(**change)) == wanted
    assert unsettled.stand_in.dump() == before


def test_a_tenant_may_lack_invoice_adjustments() -> None:
    with running(settlement=False, invoice_adjustments=False) as tenant:
        tenant.load(Account=[{"Id": rid("a"), "Name": "Acme", "Currency": "USD"}], Invoice=[invoice(1)])
        response = tenant.call("POST", "/v1/object/invoice-adjustment", invoice_adjustment())
        assert response.json()["Errors"][0]["Code"] == "INVALID_TYPE"
        batch = tenant.call("POST", "/v1/action/create", {"type": "InvoiceAdjustment", "objects": [invoice_adjustment()]})
        assert (batch.status_code, batch.json()["Errors"][0]["Code"]) == (400, "INVALID_TYPE")
        assert tenant.zoql("select Id from InvoiceAdjustment")["FaultCode"] == "INVALID_TYPE"
        assert "InvoiceAdjustment" not in tenant.call("GET", "/v1/describe/").text
        assert "invoiceadjustment" not in {row["Table"] for row in tenant.sql("SHOW TABLES")}
        assert tenant.get(f"/v1/object/invoice/{ONE}")["Balance"] == 100


def test_a_charge_closes_a_negative_invoice(unsettled: Tenant) -> None:
    item = {"Id": rid("2", 7), "InvoiceId": NEGATIVE, "ChargeName": "Credit", "ChargeAmount": -40.0}
    unsettled.load(Invoice=[invoice(7, -40.0)], InvoiceItem=[item])
    make(unsettled, "invoice-adjustment", invoice_adjustment(InvoiceId=NEGATIVE, Type="Charge", Amount=15.0))
    one = adjustment(InvoiceId=NEGATIVE, SourceId=rid("2", 7), Type="Charge", Amount=25.0)
    make(unsettled, "invoice-item-adjustment", one)
    assert field(unsettled, "Invoice", NEGATIVE, "Balance") == 0
    assert refusal(unsettled, "POST", "invoice-adjustment", invoice_adjustment(InvoiceId=NEGATIVE, Amount=1.0)) == "INVALID_VALUE"


# reading


@pytest.mark.parametrize("kind", ["InvoiceItemAdjustment", "InvoiceAdjustment", "Refund", "RefundInvoicePayment", "InvoicePayment"])
def test_every_field_is_read_by_zoql_and_every_column_by_data_query(unsettled: Tenant, kind: str) -> None:
    payment = processed_payment(unsettled, (ONE, 80.0))
    make(unsettled, "refund", refund_body(payment, 60.0))
    make(unsettled, "invoice-item-adjustment", adjustment())
    make(unsettled, "invoice-adjustment", invoice_adjustment())
    unsettled.clock.move(6)
    fields = build_schema()[kind].fields.values()
    found = unsettled.zoql(f"select {', '.join(f.name for f in fields if f.selectable)} from {kind}")
    assert found["size"] == 1
    columns = [f.sql for f in fields if f.sql]
    row = unsettled.sql(f"SELECT {', '.join(columns)} FROM {kind.lower()}")[0]
    assert row["id"] == found["records"][0]["Id"]


def test_loaded_documents_agree_with_each_other(empty: Tenant) -> None:
    with running(settlement=False) as tenant:
        basics = {
            "Account": [{"Id": rid("a"), "Name": "Acme", "Currency": "USD"}],
            "PaymentMethod": [CHECK],
            "Invoice": [invoice(1), invoice(2)],
            "InvoiceItem": [{"Id": rid("2"), "InvoiceId": ONE, "ChargeName": "Seats", "ChargeAmount": 100.0}],
        }
        payment = {"AccountId": rid("a"), "Amount": 100.0, "EffectiveDate": "2026-01-31", "Type": "External"}
        tenant.load(
            **basics,
            Payment=[{"Id": rid("8", 1), **payment}, {"Id": rid("8", 2), **payment, "Status": "Draft"}],
            InvoicePayment=[
                {"Id": rid("7", 1), "PaymentId": rid("8", 1), "InvoiceId": ONE, "Amount": 100.0},
                {"Id": rid("7", 2), "PaymentId": rid("8", 2), "InvoiceId": TWO, "Amount": 100.0},
            ],
            Refund=[
                {"Id": rid("6", n), "Amount": 30.0, "RefundDate": "2026-01-31", "Type": "External", "Status": status}
                for n, status in ((1, "Processed"), (2, "Canceled"))
            ],
            RefundInvoicePayment=[{"RefundId": rid("6", n), "InvoicePaymentId": rid("7", 1), "RefundAmount": 30.0} for n in (1, 2)],
            InvoiceAdjustment=[{"InvoiceId": ONE, "Type": "Credit", "Amount": 5.0, "AdjustmentDate": "2026-01-31"}],
            InvoiceItemAdjustment=[
                {**adjustment(Amount=4.0, SourceId=rid("2")), "Status": "Canceled"},
                adjustment(Amount=1.0, SourceId=rid("2")),
            ],
        )
        assert balances(tenant) == (24, 100)
        assert field(tenant, "InvoicePayment", rid("7", 1), "RefundAmount") == 30
        assert field(tenant, "Payment", rid("8", 1), "RefundAmount") == 30
        assert [field(tenant, "Payment", rid("8", n), "UnappliedAmount") for n in (1, 2)] == [0, 100]
        names = tenant.zoql("select InvoiceItemName, CustomerName from InvoiceItemAdjustment where Status = 'Processed'")["records"]
        assert [(n["InvoiceItemName"], n["CustomerName"]) for n in names] == [("Seats", "Acme")]


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "credit-memos"),
        ("GET", "debit-memos"),
        ("GET", "credit-memos/x/items"),
        ("GET", "debit-memos/x/items"),
        ("GET", "credit-memos/x/parts"),
        ("PUT", "credit-memos/bulk"),
        ("PUT", "debit-memos/bulk"),
        ("PUT", "credit-memos/x"),
        ("PUT", "debit-memos/x"),
        ("POST", "credit-memos/x/refund"),
        ("POST", "payments"),
        ("PUT", "payments/x"),
        ("PUT", "payments/x/apply"),
        ("PUT", "payments/x/unapply"),
        ("POST", "payments/x/refunds"),
        ("POST", "payments/x/refunds/unapply"),
        ("GET", "payments/x/parts"),
        ("PUT", "refunds/x"),
        ("GET", "refunds/x/parts"),
    ],
)
def test_operations_of_invoice_settlement_are_not_there(unsettled: Tenant, method: str, path: str) -> None:
    body = None if method == "GET" else {"memos": [{"id": rid("4")}]}
    assert code(unsettled.call(method, f"/v1/{path}", body).json()) == 10


def test_objects_of_invoice_settlement_are_not_there(unsettled: Tenant) -> None:
    unsettled.clock.move(6)
    tables = {row["Table"] for row in unsettled.sql("SHOW TABLES")}
    assert "invoicepayment" in tables and not tables & {"creditmemo", "paymentpart", "refundpart", "creditmemopart"}
    assert code(unsettled.get("/object-query/credit-memos")) == 40
