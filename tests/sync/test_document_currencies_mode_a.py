"""Documents in another currency than their account's in tenants without Invoice Settlement: invoices, negative ones, adjustments,
payments and refunds."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tests.sync import invoice_world, mode_a_world, payment_world, refund_world
from tests.sync.builders import Objects, charge, invoice, merged, subscription, zid
from tests.sync.currency_world import EUR, EURO, billed_in, currency_of, without_multiple_currencies
from tests.sync.invoice_world import CUSTOMERS, ITEMS, SYNCED, TAXED
from tests.sync.memory import MemoryWorld
from tests.sync.world import World

GOLD = [("Gold", 1190.75)]


@pytest.fixture(scope="module")
def fast(started_mode_a: World) -> MemoryWorld:
    return MemoryWorld.of(started_mode_a)


def in_euro(world: MemoryWorld, number: str, internal_id: str, amount: float) -> None:
    """A synced invoice of account A1 in EUR on both sides."""
    state: dict[str, Any] = {"IntegrationId__NS": internal_id, "TransferredToAccounting": "Yes", **SYNCED}
    line = {"item": {"id": ITEMS["Gold"]}, "amount": amount}
    head = {
        "id": internal_id,
        "externalId": zid(number),
        "custbodyzuoraid": zid(number),
        "tranDate": "2026-10-01",
        "currency": {"id": EURO},
    }
    world.load(netsuite=billed_in("USD", "EUR"))
    world.load(
        invoice("A1", number, [("Gold", amount)], sub="S1", **EUR, **state),
        {"invoice": [{**head, "entity": {"id": CUSTOMERS["A1"]}, "item": {"items": [line]}}]},
    )


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize("path", ["data_query", "zoql"])
def test_an_invoice_is_booked_in_its_own_currency(fast: MemoryWorld, sign: int, path: str) -> None:
    settings: dict[str, Any] = {"zuora.read_path": path}
    invoice_world.ready(fast, invoice("A1", "X1", [("Gold", sign * 1190.75)], sub="S1", **EUR, **TAXED), **settings)
    fast.load(netsuite=billed_in("USD", "EUR"))
    summary = fast.reported("invoices")
    (record,) = mode_a_world.made(fast, "X1", "invoice" if sign > 0 else "creditMemo")
    assert (summary["outcome"], currency_of(record), Decimal(str(record["total"]))) == ("completed", EURO, Decimal("1190.75"))


def test_an_adjustment_is_booked_in_the_currency_of_its_invoice(fast: MemoryWorld) -> None:
    mode_a_world.ready(fast, mode_a_world.adjustment("X1", "INV1", 5.0))
    in_euro(fast, "INVE", "7050", 100.0)
    fast.load(mode_a_world.adjustment("X2", "INVE", 5.0))
    summary = mode_a_world.run(fast)
    assert summary["outcome"] == "completed"
    assert [currency_of(mode_a_world.only(fast, n, "creditMemo")) for n in ("X1", "X2")] == ["1", EURO]
    assert {t["currency"]: t["synced"]["amount"] for t in summary["totals"]} == {"USD": 5, "EUR": 5}


def test_a_payment_is_booked_in_its_own_currency_and_held_across_currencies(fast: MemoryWorld) -> None:
    payment_world.ready(fast, payment_world.paid("A1", "P2", 50, {"INV1": 50}, **EUR))
    fast.load(invoice_subscription())
    in_euro(fast, "INVE", "7050", 1190.75)
    fast.load(payment_world.paid("A1", "P1", 1190.75, {"INVE": 1190.75}, **EUR))
    summary = payment_world.run(fast)
    record = payment_world.ns_payment(fast, "P1")
    assert record is not None
    assert (currency_of(record), payment_world.applied(fast, "P1")) == (EURO, {"7050": Decimal("1190.75")})
    text = "Payment P2: EUR 50.00 is applied to invoice INV1, which is in USD; not sent."
    assert payment_world.messages(summary, "PAY-CURRENCY") == {"PAY-CURRENCY": text}


def invoice_subscription() -> Objects:
    return merged(charge("Gold"), subscription("A1", "S1", "Gold"))


def test_a_refund_across_currencies_is_held(fast: MemoryWorld) -> None:
    refund_world.ready(fast, fields={"R1": EUR})
    fast.load(netsuite=billed_in("USD", "EUR"))
    summary = fast.reported("refunds")
    text = "Refund R1: EUR 60.00 is applied to payment P1, which is in USD; not sent."
    assert payment_world.messages(summary, "RFD-CURRENCY") == {"RFD-CURRENCY": text}


def test_a_tenant_without_multiple_currencies_syncs_in_the_accounts_currency(fast: MemoryWorld) -> None:
    with without_multiple_currencies(fast):
        mode_a_world.ready(fast, mode_a_world.adjustment("X1", "INV1", 5.0), invoice("A1", "X2", GOLD, sub="S1", **TAXED))
        summary = mode_a_world.run(fast, "adjustments", "invoices", "payments", "refunds")
        assert (summary["outcome"], {t["currency"] for t in summary["totals"]}) == ("completed", {"USD"})


def test_an_adjustment_of_an_invoice_that_netsuite_holds_in_another_currency_is_held(fast: MemoryWorld) -> None:
    mode_a_world.ready(fast, mode_a_world.adjustment("X1", "INV1", 5.0))
    fast.zuora.tenant.store.update("Invoice", zid("INV1"), EUR)
    fast.load(netsuite=billed_in("USD", "EUR"))
    text = "Adjustment X1: EUR 5.00 is applied to invoice INV1, which NetSuite holds in USD; not sent."
    assert mode_a_world.messages(mode_a_world.run(fast), "X1") == [("IIA-CURRENCY", text)]
