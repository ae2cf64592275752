"""With Invoice Settlement: how memos, payments, refunds and their parts are read in bulk, API by API (spec sections 7, 9 and 10.3)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.standins.zuora.tenant import Tenant, rid
from tests.standins.zuora.test_payments import code, payment_body

MEMO, DEBIT, INVOICE = rid("4"), rid("6"), rid("1", 1)
REFUND = {"type": "External", "methodType": "Check", "refundDate": "2026-01-31"}
IN_OBJECT_QUERY = {
    "CreditMemo": "credit-memos",
    "CreditMemoItem": "credit-memo-items",
    "CreditMemoApplication": "credit-memo-applications",
    "DebitMemo": "debit-memos",
    "DebitMemoItem": "debit-memo-items",
    "PaymentApplication": "payment-applications",
    "RefundApplication": "refund-applications",
}
ONLY_IN_DATA_QUERY = ("CreditMemoPart", "CreditTaxationItem", "DebitTaxationItem", "PaymentPart", "RefundPart")


@pytest.fixture
def moved(settled: Tenant) -> Tenant:
    """A memo applied to an invoice and a debit memo, a payment applied in part and refunded in part, taxes on both memos."""
    settled.load(
        CreditTaxationItem=[{"CreditMemoItemId": rid("5"), "TaxAmount": 4.0, "Name": "State"}],
        DebitTaxationItem=[{"DebitMemoItemId": rid("7"), "TaxAmount": 3.0, "Name": "State"}],
    )
    lines = {"invoices": [{"invoiceId": INVOICE, "amount": 25}], "debitMemos": [{"debitMemoId": DEBIT, "amount": 10}]}
    assert settled.put(f"/v1/credit-memos/{MEMO}/apply", lines)["success"]
    body = payment_body(invoices=[{"invoiceId": INVOICE, "amount": 50}], debitMemos=[{"debitMemoNumber": "DM00000001", "amount": 20}])
    made = settled.post("/v1/payments", body)
    assert made["success"], made
    assert settled.post(f"/v1/payments/{made['id']}/refunds", {**REFUND, "totalAmount": 60})["success"]
    settled.clock.move(6)
    return settled


def test_parts_show_the_present_state(moved: Tenant) -> None:
    memo = moved.sql("SELECT invoiceid, debitmemoid, amount FROM creditmemopart ORDER BY amount")
    assert [(r.get("invoiceid"), r.get("debitmemoid"), r["amount"]) for r in memo] == [
        (None, None, 5),
        (None, DEBIT, 10),
        (INVOICE, None, 25),
    ]
    payment = moved.sql("SELECT invoiceid, debitmemoid, amount FROM paymentpart ORDER BY amount")
    assert [(r.get("invoiceid"), r.get("debitmemoid"), r["amount"]) for r in payment] == [(None, DEBIT, 20), (INVOICE, None, 50)]
    refund = moved.sql("SELECT rp.refundamount, p.paymentnumber FROM refundpart rp JOIN payment p ON p.id = rp.paymentid")
    assert refund == [{"refundamount": 60, "paymentnumber": "P-00000001"}]


def test_balances_are_what_is_left(moved: Tenant) -> None:
    rows = moved.sql("SELECT balance FROM invoice WHERE id = '" + INVOICE + "' UNION ALL SELECT balance FROM debitmemo ORDER BY 1")
    assert [r["balance"] for r in rows] == [0, 25]
    assert moved.sql("SELECT balance, appliedamount, refundamount FROM creditmemo") == [
        {"balance": 5, "appliedamount": 35, "refundamount": 0}
    ]
    assert moved.sql("SELECT unappliedamount, refundamount FROM payment") == [{"unappliedamount": 0, "refundamount": 60}]


def test_applications_are_the_history(moved: Tenant) -> None:
    back = {"invoices": [{"invoiceId": INVOICE, "amount": 25}]}
    assert moved.put(f"/v1/credit-memos/{MEMO}/unapply", back)["unappliedAmount"] == 30
    moved.clock.move(6)
    assert len(moved.sql("SELECT id FROM creditmemoapplication WHERE invoiceid = '" + INVOICE + "'")) == 2
    assert moved.sql("SELECT id FROM creditmemopart WHERE invoiceid = '" + INVOICE + "'") == []


@pytest.mark.parametrize("kind", [*IN_OBJECT_QUERY, *ONLY_IN_DATA_QUERY])
def test_which_api_reads_which_object(moved: Tenant, kind: str) -> None:
    assert moved.sql(f"SELECT * FROM {kind.lower()}")
    assert moved.zoql(f"select Id from {kind}")["FaultCode"] == "INVALID_TYPE"
    if kind in IN_OBJECT_QUERY:
        assert moved.get(f"/object-query/{IN_OBJECT_QUERY[kind]}")["data"]
    else:
        plural = "".join(f"-{c.lower()}" if c.isupper() else c for c in kind).lstrip("-") + "s"
        assert code(moved.get(f"/object-query/{plural}")) == 40


def test_memos_with_items_and_taxes_in_three_jobs(moved: Tenant) -> None:
    heads = moved.sql(
        "SELECT m.id, m.memonumber, m.memodate, m.totalamount, m.comments, a.currency FROM creditmemo m"
        " JOIN account a ON a.id = m.accountid"
        " WHERE m.status = 'Posted' AND COALESCE(m.transferredtoaccounting, 'No') IN ('No', 'Error', 'Processing')"
    )
    assert [(h["memonumber"], h["currency"]) for h in heads] == [("CM00000001", "USD")]
    assert moved.sql(f"SELECT id FROM creditmemoitem WHERE creditmemoid IN ('{MEMO}')") == [{"id": rid("5")}]
    taxes = moved.sql("SELECT t.taxamount FROM credittaxationitem t JOIN creditmemoitem i ON i.id = t.creditmemoitemid")
    assert taxes == [{"taxamount": 4}]
    nested = moved.get(f"/v1/credit-memos/{MEMO}/items")["items"][0]["taxationItems"]["data"]
    assert [(t["name"], t["taxAmount"]) for t in nested] == [("State", 4)]
    nested = moved.get(f"/v1/debit-memos/{DEBIT}/items")["items"][0]["taxationItems"]["data"]
    assert [(t["name"], t["taxAmount"]) for t in nested] == [("State", 3)]


def test_memos_are_read_again_by_ids_in_the_transactional_store(moved: Tenant) -> None:
    body = {"memos": [{"id": MEMO, "IntegrationStatus__NS": "Creating Credit Memo", "transferredToAccounting": "Processing"}]}
    assert moved.put("/v1/credit-memos/bulk", body)["memos"][0]["success"] is True
    shown = moved.get("/object-query/credit-memos", **{"filter[]": f"id.IN:[{MEMO},{rid('4', 9)}]", "pageSize": 99})["data"]
    assert [(s["IntegrationStatus__NS"], s["transferredToAccounting"]) for s in shown] == [("Creating Credit Memo", "Processing")]
    assert moved.sql("SELECT integrationstatus__ns FROM creditmemo WHERE integrationstatus__ns IS NOT NULL") == []  # the copy lags


@pytest.mark.parametrize("field", ["transferredtoaccounting.EQ:No", "IntegrationStatus__NS.EQ:x"])
def test_object_query_does_not_filter_on_status_fields(moved: Tenant, field: str) -> None:
    assert code(moved.get("/object-query/credit-memos", **{"filter[]": field})) == 27


def test_parts_by_rest(moved: Tenant) -> None:
    refund = moved.get("/v1/refunds/R-00000001/parts")["parts"]
    assert [(p["amount"], "creditMemoId" in p) for p in refund] == [(60, False)]
    applied = moved.get(f"/v1/debit-memos/{DEBIT}/application-parts")["applicationParts"]
    assert sorted((p["appliedAmount"], p.get("creditMemoId")) for p in applied if "creditMemoId" in p) == [(10, MEMO)]


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/v1/payments", payment_body(invoices=[{"invoiceId": INVOICE, "amount": 25.01}])),
        ("POST", "/v1/payments", payment_body(invoices=[{"invoiceId": rid("1", 2), "amount": 1}], amount=0.5)),
        ("PUT", f"/v1/credit-memos/{MEMO}/apply", {"invoices": [{"invoiceId": rid("1", 2), "amount": 5.01}]}),
        ("PUT", f"/v1/credit-memos/{MEMO}/unapply", {"debitMemos": [{"debitMemoId": DEBIT, "amount": 10.01}]}),
        ("POST", f"/v1/credit-memos/{MEMO}/refund", {**REFUND, "totalAmount": 5.01}),
        ("POST", "/v1/payments", payment_body(debitMemos=[{"debitMemoId": DEBIT, "amount": 0.01}])),
    ],
)
def test_more_than_there_is_is_refused_and_changes_nothing(moved: Tenant, method: str, path: str, body: Any) -> None:
    before = moved.stand_in.dump()
    assert code(moved.call(method, path, body).json()) == 30
    assert moved.stand_in.dump() == before


def test_a_repeated_payment_is_made_once(settled: Tenant) -> None:
    body = payment_body(invoices=[{"invoiceId": INVOICE, "amount": 70}], IntegrationId__NS="50110")
    answers = [settled.call("POST", "/v1/payments", body, headers={"Idempotency-Key": "nsz-payment-50110"}) for _ in range(2)]
    assert [a.status_code for a in answers] == [200, 409]
    assert answers[0].json()["id"] == answers[1].json()["id"]
    assert settled.zoql("select Id, IntegrationId__NS from Payment where IntegrationId__NS = '50110'")["size"] == 1
    key = answers[0].json()["id"]
    refunds = [
        settled.call("POST", f"/v1/payments/{key}/refunds", {**REFUND, "totalAmount": 10}, headers={"Idempotency-Key": "nsz-refund-1"})
        for _ in range(2)
    ]
    assert len({r.json()["id"] for r in refunds}) == 1 and settled.get(f"/v1/payments/{key}")["refundAmount"] == 10
