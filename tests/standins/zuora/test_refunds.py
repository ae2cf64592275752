"""Refunds of payments and credit memos with Invoice Settlement (spec section 12.10)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.standins.zuora.tenant import Tenant, rid
from tests.standins.zuora.test_payments import balance, code, parts, payment_body

REFUND = {"type": "External", "methodType": "Check", "refundDate": "2026-01-31", "referenceId": "RF-9"}


@pytest.fixture
def payment(settled: Tenant) -> str:
    """A payment of 130, of which 100 is applied to the first invoice."""
    return str(settled.post("/v1/payments", payment_body(invoices=[{"invoiceId": rid("1", 1), "amount": 100}]))["id"])


def test_refund_takes_unapplied_money(settled: Tenant, payment: str) -> None:
    made = settled.post(f"/v1/payments/{payment}/refunds", {**REFUND, "totalAmount": 10, "Origin__NS": "NETSUITE"})
    assert (made["number"], made["status"], made["amount"], made["paymentId"]) == ("R-00000001", "Processed", 10, payment)
    after = settled.get(f"/v1/payments/{payment}")
    assert (after["unappliedAmount"], after["refundAmount"], after["appliedAmount"]) == (20, 10, 100)
    assert parts(settled, payment) == {rid("1", 1): 100, "rest": 20}
    assert [(p["paymentId"], p["amount"]) for p in settled.get(f"/v1/refunds/{made['id']}/parts")["parts"]] == [(payment, 10)]


@pytest.fixture
def permitted(settled: Tenant) -> Iterator[None]:
    """The user may refund with automatic unapply."""
    settled.stand_in.options.refund_with_unapply = True
    yield
    settled.stand_in.options.refund_with_unapply = False


def test_refunds_with_automatic_unapply_need_a_permission(settled: Tenant, payment: str) -> None:
    body = {**REFUND, "totalAmount": 100, "invoices": [{"invoiceId": rid("1", 1), "amount": 100}]}
    for key in (payment, "0" * 32):
        assert code(settled.post(f"/v1/payments/{key}/refunds/unapply", body)) == 10
    assert (balance(settled, 1), parts(settled, payment)) == (0, {rid("1", 1): 100, "rest": 30})


@pytest.mark.usefixtures("permitted")
def test_refund_of_applied_money_unapplies_it_first(settled: Tenant, payment: str) -> None:
    body = {**REFUND, "totalAmount": 100, "invoices": [{"invoiceId": rid("1", 1), "amount": 100}]}
    assert settled.post(f"/v1/payments/{payment}/refunds/unapply", body)["amount"] == 100
    assert balance(settled, 1) == 100
    assert parts(settled, payment) == {"rest": 30}


def test_fully_refunded_payment_has_no_part_left(settled: Tenant) -> None:
    key = settled.post("/v1/payments", payment_body())["id"]
    settled.post(f"/v1/payments/{key}/refunds", {**REFUND, "totalAmount": 130})
    assert parts(settled, key) == {}


@pytest.mark.parametrize(
    ("change", "category"),
    [
        ({"totalAmount": 30.01}, 30),
        ({"totalAmount": 0}, 30),
        ({"totalAmount": None}, 22),
        ({"refundDate": "2026-01-30"}, 20),
        ({"methodType": None}, 22),
        ({"methodType": "Barter"}, 20),
        ({"Transaction__NS": "x"}, 21),
    ],
)
def test_wrong_refund_is_refused_and_changes_nothing(settled: Tenant, payment: str, change: dict[str, Any], category: int) -> None:
    before = settled.stand_in.dump()
    assert code(settled.post(f"/v1/payments/{payment}/refunds", {**REFUND, "totalAmount": 10, **change})) == category
    assert settled.stand_in.dump() == before


@pytest.mark.usefixtures("permitted")
def test_refund_with_unapply_is_all_or_nothing(settled: Tenant, payment: str) -> None:
    body = {**REFUND, "totalAmount": 131, "invoices": [{"invoiceId": rid("1", 1), "amount": 100}]}
    assert code(settled.post(f"/v1/payments/{payment}/refunds/unapply", body)) == 30
    assert balance(settled, 1) == 0


def test_credit_memo_refund(settled: Tenant) -> None:
    made = settled.post(f"/v1/credit-memos/{rid('4')}/refund", {**REFUND, "totalAmount": 15.5})
    assert made["creditMemoId"] == rid("4")
    memo = settled.get(f"/v1/credit-memos/{rid('4')}")
    assert (memo["unappliedAmount"], memo["refundAmount"]) == (24.5, 15.5)
    assert code(settled.post(f"/v1/credit-memos/{rid('4')}/refund", {**REFUND, "totalAmount": 24.51})) == 30


def test_update_and_cancel(settled: Tenant, payment: str) -> None:
    key = settled.post(f"/v1/payments/{payment}/refunds", {**REFUND, "totalAmount": 10})["number"]
    body = {"IntegrationStatus__NS": "Sync Complete", "financeInformation": {"transferredToAccounting": "Yes"}}
    after = settled.put(f"/v1/refunds/{key}", body)
    assert (after["IntegrationStatus__NS"], after["financeInformation"]["transferredToAccounting"]) == ("Sync Complete", "Yes")
    assert settled.put(f"/v1/refunds/{key}/cancel", {})["status"] == "Canceled"
    assert settled.get(f"/v1/payments/{payment}")["unappliedAmount"] == 30
    assert settled.get(f"/v1/refunds/{key}/parts")["parts"] == []
    assert len(settled.get("/v1/refunds")["refunds"]) == 1
