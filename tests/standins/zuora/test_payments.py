"""Payments with Invoice Settlement: balances and parts move, over-application is refused (spec section 12.9)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from sandbox.zuora.options import SANDBOX_GATEWAY_ID
from tests.standins.zuora.tenant import CHECK, Tenant, rid, running


def payment_body(**more: Any) -> dict[str, Any]:
    return {
        "accountId": rid("a"),
        "type": "External",
        "amount": 130.0,
        "currency": "USD",
        "effectiveDate": "2026-01-31",
        "paymentMethodId": CHECK["Id"],
        **more,
    }


def code(answer: Any) -> int:
    assert answer["success"] is False, answer
    return int(answer["reasons"][0]["code"]) % 100


def balance(tenant: Tenant, number: int) -> Any:
    return tenant.get(f"/v1/invoices/{rid('1', number)}")["balance"]


def parts(tenant: Tenant, key: str) -> dict[str, Any]:
    rows = tenant.get(f"/v1/payments/{key}/parts")["parts"]
    return {r.get("invoiceId") or r.get("debitMemoId") or "rest": r["amount"] for r in rows}


def test_create_with_applications_moves_balances_and_makes_parts(settled: Tenant) -> None:
    made = settled.post(
        "/v1/payments",
        payment_body(
            invoices=[{"invoiceId": rid("1", 1), "amount": 70.25}],
            debitMemos=[{"debitMemoId": rid("6"), "amount": 30}],
            financeInformation={"transferredToAccounting": "Yes"},
            IntegrationId__NS="50110",
            Origin__NS="NETSUITE",
        ),
    )
    assert made["success"] is True
    assert (made["number"], made["status"], made["accountNumber"]) == ("P-00000001", "Processed", "A-1")
    assert (made["appliedAmount"], made["unappliedAmount"]) == (100.25, 29.75)
    assert made["financeInformation"] == {"transferredToAccounting": "Yes"}
    assert made["IntegrationId__NS"] == "50110"
    assert made["createdDate"] == "2026-01-31 16:15:00"
    assert balance(settled, 1) == 29.75
    assert settled.get(f"/v1/debit-memos/{rid('6')}")["balance"] == 0
    assert parts(settled, made["id"]) == {rid("1", 1): 70.25, rid("6"): 30, "rest": 29.75}
    applied = settled.get(f"/v1/invoices/{rid('1', 1)}/application-parts")["applicationParts"]
    assert [(p["paymentId"], p["appliedAmount"]) for p in applied] == [(made["id"], 70.25)]


def test_apply_and_unapply_move_the_money_back_and_forth(settled: Tenant) -> None:
    key = settled.post("/v1/payments", payment_body())["number"]
    line = {"invoices": [{"invoiceNumber": "INV00000001", "amount": 100}], "debitMemos": []}
    assert settled.put(f"/v1/payments/{key}/apply", line)["unappliedAmount"] == 30
    assert balance(settled, 1) == 0
    back = settled.put(f"/v1/payments/{key}/unapply", {"invoices": [{"invoiceId": rid("1", 1), "amount": 100}]})
    assert (back["appliedAmount"], back["unappliedAmount"]) == (0, 130)
    assert balance(settled, 1) == 100
    assert parts(settled, key) == {"rest": 130}


def test_fully_applied_payment_has_no_rest_part(settled: Tenant) -> None:
    made = settled.post("/v1/payments", payment_body(amount=100, invoices=[{"invoiceId": rid("1", 1), "amount": 100}]))
    assert parts(settled, made["id"]) == {rid("1", 1): 100}


@pytest.mark.parametrize(
    ("change", "category"),
    [
        ({"invoices": [{"invoiceId": rid("1", 1), "amount": 100.01}]}, 30),
        ({"invoices": [{"invoiceId": rid("1", 1), "amount": 60}, {"invoiceId": rid("1", 1), "amount": 60}]}, 30),
        ({"amount": 10, "invoices": [{"invoiceId": rid("1", 1), "amount": 10.01}]}, 30),
        ({"invoices": [{"invoiceId": rid("1", 1), "amount": 0}]}, 20),
        ({"invoices": [{"invoiceId": rid("1", 1), "amount": 10, "items": [{"invoiceItemId": rid("2", 1), "amount": 5}]}]}, 20),
        ({"invoices": [{"invoiceId": rid("1", 1), "amount": 10, "items": [{"invoiceItemId": rid("2", 2), "amount": 10}]}]}, 40),
        ({"invoices": [{"invoiceId": rid("1", 1), "amount": 10, "items": [{"invoiceItemId": rid("2", 99), "amount": 10}]}]}, 40),
        ({"invoices": [{"invoiceId": rid("1", 1), "amount": 10, "items": [{"taxItemId": rid("2", 1), "amount": 10}]}]}, 40),
        ({"invoices": [{"invoiceId": rid("1", 1), "amount": 10, "items": [{"amount": 10}]}]}, 22),
        ({"invoices": [{"invoiceId": rid("1", 99), "amount": 1}]}, 40),
        ({"currency": "EUR"}, 20),
        ({"effectiveDate": "2026-02-01"}, 20),
        ({"effectiveDate": "31.01.2026"}, 20),
        ({"amount": "130"}, 20),
        ({"accountId": rid("a", 77)}, 40),
        ({"paymentMethodId": rid("9", 77)}, 40),
        ({"type": "Barter"}, 20),
        ({"colour": "red"}, 21),
        ({"Nothing__NS": "x"}, 21),
        ({"amount": None}, 22),
        ({"IntegrationId__NS": "x" * 256}, 20),
    ],
)
def test_a_wrong_payment_is_refused_and_changes_nothing(settled: Tenant, change: dict[str, Any], category: int) -> None:
    before = settled.stand_in.dump()
    assert code(settled.post("/v1/payments", payment_body(**change))) == category
    assert settled.stand_in.dump() == before


def test_items_of_a_document_bear_its_amount(settled: Tenant) -> None:
    items = [{"invoiceItemId": rid("2", 1), "amount": 7}, {"taxItemId": rid("3", 1), "amount": 3}]
    made = settled.post("/v1/payments", payment_body(invoices=[{"invoiceId": rid("1", 1), "amount": 10, "items": items}]))
    assert made["appliedAmount"] == 10


def test_apply_more_than_is_left_is_refused(settled: Tenant) -> None:
    key = settled.post("/v1/payments", payment_body(amount=50))["id"]
    refused = settled.put(f"/v1/payments/{key}/apply", {"invoices": [{"invoiceId": rid("1", 1), "amount": 50.01}]})
    assert code(refused) == 30
    assert balance(settled, 1) == 100


def test_unapply_more_than_was_applied_is_refused(settled: Tenant) -> None:
    key = settled.post("/v1/payments", payment_body(invoices=[{"invoiceId": rid("1", 1), "amount": 40}]))["id"]
    assert code(settled.put(f"/v1/payments/{key}/unapply", {"invoices": [{"invoiceId": rid("1", 1), "amount": 40.01}]})) == 30


def test_unapply_before_the_latest_application_is_refused(settled: Tenant) -> None:
    settled.clock.now -= timedelta(days=11)
    key = settled.post("/v1/payments", payment_body(effectiveDate="2026-01-20"))["id"]
    settled.clock.now += timedelta(days=11)
    line = {"invoices": [{"invoiceId": rid("1", 1), "amount": 10}]}
    settled.put(f"/v1/payments/{key}/apply", {"effectiveDate": "2026-01-30", **line})
    assert code(settled.put(f"/v1/payments/{key}/unapply", {"effectiveDate": "2026-01-29", **line})) == 30
    assert settled.put(f"/v1/payments/{key}/unapply", {"effectiveDate": "2026-01-30", **line})["success"]


def test_only_unapplied_payments_can_be_transferred_or_canceled(settled: Tenant) -> None:
    line = {"invoices": [{"invoiceId": rid("1", 1), "amount": 40}]}
    key = settled.post("/v1/payments", payment_body(**line))["id"]
    assert code(settled.put(f"/v1/payments/{key}/transfer", {"accountId": rid("a", 2)})) == 30
    assert code(settled.put(f"/v1/payments/{key}/cancel", {})) == 30
    settled.put(f"/v1/payments/{key}/unapply", line)
    settled.load(Account=[{"Id": rid("a", 3), "Name": "Gamma", "AccountNumber": "A-3", "Currency": "USD"}])
    assert code(settled.put(f"/v1/payments/{key}/transfer", {"accountId": rid("a", 2)})) == 20, "its currency is another one"
    assert settled.put(f"/v1/payments/{key}/transfer", {"accountId": rid("a", 3)})["accountNumber"] == "A-3"
    assert settled.put(f"/v1/payments/{key}/cancel", {})["status"] == "Canceled"
    assert parts(settled, key) == {}


def test_a_missing_payment_is_reported_with_the_code_of_the_operation(settled: Tenant) -> None:
    codes = {op: settled.put(f"/v1/payments/P-99999999/{op}", {})["reasons"][0]["code"] for op in ("cancel", "unapply", "transfer")}
    assert codes == {"cancel": 50000040, "unapply": 53840040, "transfer": 53830040}
    assert settled.get("/v1/payments/P-99999999")["reasons"][0]["message"] == "Cannot find entity by key: 'P-99999999'."


def test_custom_fields_and_finance_information_are_written_in_one_put(settled: Tenant) -> None:
    key = settled.post("/v1/payments", payment_body())["id"]
    settled.clock.move(60)
    body = {"IntegrationStatus__NS": "Sync Complete", "financeInformation": {"transferredToAccounting": "No"}}
    after = settled.put(f"/v1/payments/{key}", body)
    assert after["IntegrationStatus__NS"] == "Sync Complete"
    assert after["financeInformation"] == {"transferredToAccounting": "No"}
    assert after["updatedDate"] == "2026-01-31 16:16:00"
    assert code(settled.put(f"/v1/payments/{key}", {"SynctoNetSuite__NS": "No"})) == 21
    assert code(settled.put(f"/v1/payments/{key}", {"financeInformation": {"transferredToAccounting": "Maybe"}})) == 20


def test_the_default_payment_method_must_fit_the_type(settled: Tenant) -> None:
    body = payment_body()
    del body["paymentMethodId"]
    assert settled.post("/v1/payments", body)["paymentMethodId"] == CHECK["Id"]
    assert code(settled.post("/v1/payments", {**body, "type": "Electronic", "gatewayId": SANDBOX_GATEWAY_ID})) == 30
    other = {**body, "accountId": rid("a", 2), "currency": "EUR"}
    assert code(settled.post("/v1/payments", other)) == 22
    assert settled.post("/v1/payments", {**other, "paymentMethodType": "Check"})["paymentMethodId"] == CHECK["Id"]


def test_a_payment_without_account_cannot_be_applied(settled: Tenant) -> None:
    body = payment_body()
    del body["accountId"]
    assert settled.post("/v1/payments", body)["unappliedAmount"] == 130
    assert code(settled.post("/v1/payments", {**body, "invoices": [{"invoiceId": rid("1", 1), "amount": 1}]})) == 30


def test_the_effective_date_is_today_unless_the_tenant_takes_earlier_ones(settled: Tenant) -> None:
    assert code(settled.post("/v1/payments", payment_body(effectiveDate="2026-01-30"))) == 20
    assert settled.post("/v1/payments", payment_body())["success"]
    with running(payment_effective_date="not_future") as tenant:
        tenant.load(Account=[{"Id": rid("a"), "Name": "Acme", "Currency": "USD"}], PaymentMethod=[CHECK])
        assert tenant.post("/v1/payments", payment_body(effectiveDate="2026-01-30"))["success"]
        assert code(tenant.post("/v1/payments", payment_body(effectiveDate="2026-02-01"))) == 20


def test_lists_are_paged_with_a_full_url(settled: Tenant) -> None:
    for _ in range(3):
        settled.post("/v1/payments", payment_body())
    first = settled.get("/v1/payments", pageSize=2, accountId=rid("a"))
    assert [p["number"] for p in first["payments"]] == ["P-00000001", "P-00000002"]
    assert first["nextPage"].startswith(settled.url + "/v1/payments?")
    last = settled.http.get(first["nextPage"]).json()
    assert [p["number"] for p in last["payments"]] == ["P-00000003"]
    assert "nextPage" not in last
    assert settled.get("/v1/payments", accountId=rid("a", 2))["payments"] == []
    assert len(settled.get("/v1/payments", pageSize=41)["payments"]) == 3
    assert code(settled.get("/v1/payments", pageSize=0)) == 27


def test_mode_a_has_no_v1_payments(unsettled: Tenant) -> None:
    for method, path in (
        ("POST", "/v1/payments"),
        ("GET", "/v1/payments"),
        ("GET", "/v1/credit-memos?pageSize=1"),
        ("GET", "/v1/refunds/x"),
    ):
        assert code(unsettled.call(method, path, {} if method == "POST" else None).json()) == 10
