"""Records from NetSuite have a currency of their own, too: a payment is made in Zuora in the currency of what it is applied to, and held
where the two sides differ."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from tests.sync.builders import zid
from tests.sync.currency_world import EUR, EURO, billed_in, without_multiple_currencies
from tests.sync.memory import MemoryWorld
from tests.sync.payment_world import ns_invoice, zuora_invoice
from tests.sync.reverse_world import DOCUMENTS, all_of, messages, ns_payment, ready, run, zuora_of
from tests.sync.test_tie_out_identity import close_after


def prepared(world: MemoryWorld, applied: dict[str, float], **fields: Any) -> MemoryWorld:
    """A payment of NetSuite in EUR; account A1 is in USD and has the invoice INVE in EUR."""
    DOCUMENTS["INVE"] = "7060"
    invoice = zuora_invoice("INVE", "A1", 100, "7060")
    invoice["Invoice"][0] |= EUR
    ready(world, zuora=invoice)
    world.load(netsuite=billed_in("USD", "EUR"))
    world.load(netsuite={"invoice": [{**ns_invoice("7060", "9001", 100, zid("INVE")), "currency": {"id": EURO}}]})
    world.load(netsuite=ns_payment("P1", sum(applied.values()) or 60, applied, currency={"id": EURO}, **fields))
    return world


def test_a_payment_is_made_in_the_currency_of_what_it_is_applied_to(fast: MemoryWorld) -> None:
    prepared(fast, {"INVE": 60})
    summary = run(fast)
    (row,) = summary["totals"]
    assert (summary["outcome"], row["currency"], row["tied_out"]) == ("completed", "EUR", True)
    assert (zuora_of(fast, "Payment", "P1")["Currency"], zuora_of(fast, "Payment", "P1")["Amount"]) == ("EUR", Decimal(60))


def test_an_unapplied_payment_in_another_currency_than_the_accounts_is_held(fast: MemoryWorld) -> None:
    prepared(fast, {})
    text = "NetSuite payment P1 of EUR 60.00: Zuora account A1 is in USD, not EUR; not sent."
    assert messages(run(fast))["NSPAY-CURRENCY"] == text
    assert all_of(fast, "Payment", "P1") == []


def test_a_tenant_without_multiple_currencies_takes_the_accounts_currency_alone(fast: MemoryWorld) -> None:
    with without_multiple_currencies(fast):
        DOCUMENTS["INVE"] = "7060"
        ready(fast, zuora=zuora_invoice("INVE", "A1", 100, "7060"))
        fast.load(netsuite=billed_in("USD", "EUR"))
        fast.load(netsuite={"invoice": [{**ns_invoice("7060", "9001", 100, zid("INVE")), "currency": {"id": EURO}}]})
        fast.load(netsuite=ns_payment("P1", 60, {"INVE": 60}, currency={"id": EURO}))
        text = "NetSuite payment P1 of EUR 60.00: Zuora invoice INVE is in USD, not EUR; not sent."
        assert messages(run(fast))["NSPAY-CURRENCY"] == text


def test_a_payment_that_moved_to_another_account_in_zuora_does_not_tie_out(fast: MemoryWorld) -> None:
    prepared(fast, {"INVE": 60})

    def moved() -> None:
        fast.zuora.tenant.store.update("Payment", zuora_of(fast, "Payment", "P1")["Id"], {"AccountId": zid("A2")})

    output, summary = close_after(fast, moved, "netsuite_payments")
    assert (output["outcome"], [r.number for r in summary.totals[0].off]) == ("out of balance", ["P1"])


def test_a_payment_that_zuora_holds_in_another_currency_does_not_tie_out(fast: MemoryWorld) -> None:
    prepared(fast, {"INVE": 60})

    def changed() -> None:
        fast.zuora.tenant.store.update("Payment", zuora_of(fast, "Payment", "P1")["Id"], {"Currency": "USD"})

    output, summary = close_after(fast, changed, "netsuite_payments")
    (total,) = summary.totals
    assert (output["outcome"], total.currency, [h.currency for r in total.off for h in r.held]) == ("out of balance", "EUR", ["USD"])


def test_what_netsuite_has_in_its_base_currency_is_told_of_payments_into_zuora_too(fast: MemoryWorld) -> None:
    ready(fast, ns_payment("P1", 60, {"INV1": 60}), netsuite_multiple_currencies="No")
    fast.zuora.tenant.store.update("Account", zid("A1"), {"Currency": "EUR"})
    summary = run(fast)
    assert [(t["currency"], t["booked_in"], t["tied_out"]) for t in summary["totals"]] == [("EUR", "USD", False)]
    assert summary["outcome"] == "completed with warnings"
