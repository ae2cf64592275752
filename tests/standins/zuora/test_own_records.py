"""What a client can make and take away by itself: standalone invoices, and the deletion of payments and accounts."""

from __future__ import annotations

from tests.standins.zuora.tenant import Tenant, rid

ITEM = {"amount": 10, "serviceStartDate": "2026-01-31", "chargeName": "Day of work"}
STANDALONE = {"accountId": rid("a"), "invoiceDate": "2026-01-31", "invoiceItems": [ITEM, {**ITEM, "amount": 2.5}], "status": "Posted"}
PAYMENT = {"accountId": rid("a"), "amount": 20, "currency": "USD", "type": "External"}


def test_a_standalone_invoice_owes_the_sum_of_its_items(settled: Tenant) -> None:
    made = settled.post("/v1/invoices", STANDALONE)
    assert (made["success"], made["amount"], made["balance"], made["status"]) == (True, 12.5, 12.5, "Posted")
    items = settled.get(f"/v1/invoices/{made['id']}/items")["invoiceItems"]
    assert [(each["chargeName"], each["chargeAmount"]) for each in items] == [("Day of work", "10"), ("Day of work", "2.5")]
    assert settled.post("/v1/invoices", {**STANDALONE, "status": "Sent"})["success"] is False
    assert settled.post("/v1/invoices", {**STANDALONE, "invoiceItems": []})["success"] is False
    assert settled.post("/v1/invoices", {**STANDALONE, "accountNumber": "A-2"})["success"] is False


def test_a_standalone_invoice_is_a_draft_unless_it_is_posted(unsettled: Tenant) -> None:
    made = unsettled.post("/v1/invoices", {**STANDALONE, "status": "Draft"})
    assert (made["success"], made["status"]) == (True, "Draft")


def test_only_canceled_payments_are_deleted(settled: Tenant) -> None:
    key = settled.post("/v1/payments", PAYMENT)["id"]
    assert settled.call("DELETE", f"/v1/payments/{key}").json()["success"] is False
    assert settled.put(f"/v1/payments/{key}/cancel", {})["success"]
    assert settled.call("DELETE", f"/v1/payments/{key}").json()["success"]
    assert settled.get(f"/v1/payments/{key}")["success"] is False


def test_an_account_goes_with_everything_on_it_and_nothing_else(settled: Tenant) -> None:
    invoice = settled.post("/v1/invoices", STANDALONE)["id"]
    paid = settled.post("/v1/payments", {**PAYMENT, "invoices": [{"invoiceId": invoice, "amount": 10}]})
    assert paid["success"]
    answer = settled.call("DELETE", f"/v1/accounts/{rid('a')}").json()
    assert (answer["success"], answer["id"], answer["jobStatus"]) == (True, rid("a"), "Pending")
    left = settled.stand_in.dump()
    assert [each["Id"] for each in left["Account"]] == [rid("a", 2)]
    assert [each["Id"] for each in left["Contact"]] == [rid("c", 2)]
    assert not any(left.get(kind) for kind in ("Invoice", "InvoiceItem", "Payment", "PaymentPart", "CreditMemo", "DebitMemo"))
