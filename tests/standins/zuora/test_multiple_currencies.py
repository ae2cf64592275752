"""Documents in other currencies than their account's: with and without the feature Multiple Currencies."""

from __future__ import annotations

from typing import Any

from tests.standins.zuora.tenant import CHECK, Tenant, basics, invoice, memos, rid, running

EURO = invoice(3, 100.0, Currency="EUR")


def payment(currency: str, **more: Any) -> dict[str, Any]:
    known = {"accountId": rid("a"), "type": "External", "amount": 50, "effectiveDate": "2026-01-31", "paymentMethodId": CHECK["Id"]}
    return {**known, "currency": currency, **more}


def zoql(tenant: Tenant, text: str) -> Any:
    """With the WSDL version that knows the field."""
    return tenant.call("POST", "/v1/action/query", {"queryString": text}, headers={"X-Zuora-WSDL-Version": "147"}).json()


def on(number: int, amount: float = 50) -> dict[str, Any]:
    return {"invoices": [{"invoiceId": rid("1", number), "amount": amount}]}


def test_an_invoice_has_a_currency_of_its_own(settled: Tenant) -> None:
    settled.load(Invoice=[EURO])
    assert zoql(settled, f"select Currency from Invoice where Id = '{rid('1', 3)}'")["records"] == [{"Id": rid("1", 3), "Currency": "EUR"}]
    assert settled.sql(f"SELECT i.currency FROM invoice i WHERE i.id = '{rid('1', 3)}'") == [{"currency": "EUR"}]
    assert "<name>Currency</name>" in settled.call("GET", "/v1/describe/Invoice").text


def test_a_payment_is_in_the_currency_of_what_it_is_applied_to(settled: Tenant) -> None:
    settled.load(Invoice=[EURO])
    made = settled.post("/v1/payments", payment("EUR", **on(3)))
    assert (made["success"], made["currency"], made["appliedAmount"]) == (True, "EUR", 50)
    assert settled.post("/v1/payments", payment("EUR"))["success"] is False
    assert settled.post("/v1/payments", payment("EUR", **on(1)))["success"] is False
    assert settled.post("/v1/payments", payment("USD", **on(3)))["success"] is False
    assert settled.post("/v1/payments", payment("XXX", **on(3)))["success"] is False
    assert settled.call("PUT", f"/v1/payments/{made['id']}/unapply", on(3)).json()["success"] is True
    refund = {"totalAmount": 50, "type": "External", "methodType": "Check", "refundDate": "2026-01-31"}
    back = settled.post(f"/v1/payments/{made['id']}/refunds", refund)
    assert settled.sql(f"SELECT r.currency FROM refund r WHERE r.id = '{back['id']}'") in ([], [{"currency": "EUR"}])


def test_without_the_feature_no_api_knows_the_field() -> None:
    with running(multiple_currencies=False) as tenant:
        tenant.load(**basics(), **memos())
        assert "INVALID_FIELD" in str(zoql(tenant, "select Currency from Invoice"))
        assert "currency" in tenant.sql_error("SELECT i.currency FROM invoice i").lower()
        assert "<name>Currency</name>" not in tenant.call("GET", "/v1/describe/Invoice").text
        assert tenant.refused(Invoice=[EURO])[0]["message"] == "Invoice has no field Currency."
        assert tenant.get(f"/v1/invoices/{rid('1')}")["currency"] == "USD"
        assert tenant.post("/v1/payments", payment("EUR", **on(1)))["success"] is False
