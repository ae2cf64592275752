"""Currencies of records from NetSuite in tenants without Invoice Settlement: credit memos become adjustments of invoices in their currency,
payments are taken in the account's alone."""

from __future__ import annotations

import pytest

from tests.sync.builders import zid
from tests.sync.currency_world import EUR, EURO, billed_in
from tests.sync.memory import MemoryWorld
from tests.sync.netsuite_memo_world import MEMOS, ON_ITEMS, adjustments, ns_memo
from tests.sync.payment_world import ns_invoice, zuora_invoice
from tests.sync.reverse_world import DOCUMENTS, MEMOS_ON, all_of, messages, ns_payment, ready, run
from tests.sync.world import World


@pytest.fixture(scope="module")
def fast(started_mode_a: World) -> MemoryWorld:
    return MemoryWorld.of(started_mode_a)


def in_euro(world: MemoryWorld, **settings: str) -> MemoryWorld:
    """Account A1 is in USD and has the invoice INVE in EUR, on both sides."""
    DOCUMENTS["INVE"] = "7060"
    invoice = zuora_invoice("INVE", "A1", 100, "7060")
    invoice["Invoice"][0] |= EUR
    ready(world, zuora=invoice, **settings)
    world.load(netsuite=billed_in("USD", "EUR"))
    world.load(netsuite={"invoice": [{**ns_invoice("7060", "9001", 100, zid("INVE")), "currency": {"id": EURO}}]})
    return world


def test_a_credit_memo_of_an_invoice_in_its_currency_is_sent(fast: MemoryWorld) -> None:
    in_euro(fast, **MEMOS_ON, **ON_ITEMS)
    fast.load(netsuite=ns_memo("CM1", 40, {"INVE": 40}, currency={"id": EURO}))
    summary = run(fast, MEMOS)
    (row,) = summary["totals"]
    assert (summary["outcome"], row["currency"], row["tied_out"]) == ("completed", "EUR", True)
    assert [a["Amount"] for a in adjustments(fast, ON_ITEMS["credit_memo_target"])] == [40]


def test_a_credit_memo_of_an_invoice_in_another_currency_is_held(fast: MemoryWorld) -> None:
    in_euro(fast, **MEMOS_ON, **ON_ITEMS)
    fast.load(netsuite=ns_memo("CM1", 40, {"INVE": 40}, currency={"id": EURO}))
    fast.zuora.tenant.store.update("Invoice", zid("INVE"), {"Currency": "GBP"})
    text = "NetSuite credit memo CM1 of EUR 40.00: Zuora invoice INVE is in GBP, not EUR; not sent."
    assert messages(run(fast, MEMOS))["NSCM-CURRENCY"] == text
    assert adjustments(fast, ON_ITEMS["credit_memo_target"]) == []


def test_a_payment_in_another_currency_than_the_accounts_is_held(fast: MemoryWorld) -> None:
    in_euro(fast)
    fast.load(netsuite=ns_payment("P1", 60, {"INVE": 60}, currency={"id": EURO}))
    text = "NetSuite payment P1 of EUR 60.00: Zuora account A1 is in USD, not EUR; not sent."
    assert messages(run(fast))["NSPAY-CURRENCY"] == text
    assert all_of(fast, "Payment", "P1") == []
