"""The tie-out compares money and identity: an amount that agrees in figures, but not in currency, customer or type, does not tie out; and
what NetSuite books in its base currency is told and not called tied out."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from email import message_from_bytes, policy
from typing import Any

import pytest

from tallybridge.reporting.summary import read_summary
from tallybridge.reporting.verdict import off_text
from tallybridge.tasks.steps import STEPS
from tallybridge_cli.exits import Code, code_of
from tests.sync import invoice_world, payment_world
from tests.sync.builders import invoice, merged, subscription, zid
from tests.sync.currency_world import EUR, EURO, billed_in
from tests.sync.invoice_world import TAXED, customer, parents, synced_account
from tests.sync.memory import MemoryWorld

GOLD = [("Gold", 1190.75)]
Change = Callable[[MemoryWorld, dict[str, Any]], None]


def other_values(world: MemoryWorld, record: dict[str, Any], **values: Any) -> None:
    """What a script or a person with more rights than the API gives does to a transaction."""
    store = world.netsuite.tenant.store
    changed = store.transaction(int(record["id"])).copy()
    changed.values.update(values)
    store.apply(changed.key, changed)


CHANGES: dict[str, tuple[Change, str]] = {
    "currency": (lambda w, r: other_values(w, r, currency=int(EURO)), "NetSuite holds EUR 1,190.75, USD 1,190.75 was sent"),
    "customer": (
        lambda w, r: other_values(w, r, entity=9002),
        "NetSuite holds USD 1,190.75 of customer 9002 instead of 9001, USD 1,190.75 was sent",
    ),
}


def close_after(world: MemoryWorld, change: Callable[[], None], *steps: str) -> tuple[dict[str, Any], Any]:
    """A run of some steps in which something changes between the last step and the comparison."""
    opened = world.open(steps=list(steps))
    for step in STEPS:
        if opened["steps"][step]:
            world.step(opened["runId"], step)
    change()
    output = world.close(opened["runId"])
    return output, read_summary(world.object(output["keys"]["summary"]))


@pytest.mark.parametrize("what", CHANGES)
def test_a_total_that_agrees_in_figures_alone_does_not_tie_out(fast: MemoryWorld, what: str) -> None:
    change, words = CHANGES[what]
    second = synced_account("A2", "9002")
    invoice_world.ready(fast, invoice("A1", "X1", GOLD, sub="S1", **TAXED), second, netsuite={"customer": [customer("A2", "9002")]})

    def changed() -> None:
        (record,) = [r for r in fast.in_netsuite("invoice") if r.get("custbodyzuoraid") == zid("X1")]
        change(fast, record)

    output, summary = close_after(fast, changed, "invoices")
    assert (output["outcome"], output["tiedOut"]) == ("out of balance", False)
    (total,) = summary.totals
    assert (total.difference, [r.number for r in total.off]) == (0, ["X1"])
    assert off_text(total) == "NetSuite holds 1 record in another currency, of another customer or of another type than was sent"
    lines = [json.loads(line) for line in gzip.decompress(fast.object(output["keys"]["log"])).splitlines()]
    assert [line["message"] for line in lines if line.get("code") == "TOTAL-RECORD"] == [f"Invoice X1: {words}."]


def test_a_counterpart_of_another_customer_is_refused_when_it_is_found(fast: MemoryWorld) -> None:
    """An interrupted create, and somebody who moved the record to another customer before the next run."""
    second = synced_account("A2", "9002")
    found = {
        "id": "7777",
        "externalId": zid("X1"),
        "custbodyzuoraid": zid("X1"),
        "tranDate": "2026-10-05",
        "entity": {"id": "9002"},
        "item": {"items": [{"item": {"id": "501"}, "amount": 1190.75}]},
    }
    document = invoice("A1", "X1", GOLD, sub="S1", IntegrationStatus__NS="Creating Invoice", TransferredToAccounting="Processing", **TAXED)
    invoice_world.ready(fast, document, second, netsuite={"customer": [customer("A2", "9002")]})
    fast.load(netsuite={"invoice": [found]})
    summary = fast.reported("invoices")
    assert [line["message"] for line in summary["log"] if line.get("code") == "INV-TOTAL"] == [
        "Invoice X1: invoice 7777 belongs to customer 9002 instead of 9001."
    ]
    assert (summary["outcome"], summary["totals"][0]["refused"]["count"]) == ("out of balance", 1)


# -- one currency in NetSuite --------------------------------------------------------------------------------------------


def in_two_currencies(world: MemoryWorld) -> None:
    """Accounts in USD and EUR, with an invoice each; NetSuite books all in its base currency."""
    euro = merged(synced_account("E1", "9051", currency="EUR"), subscription("E1", "SE", "Gold"))
    documents = merged(invoice("A1", "X1", [("Gold", 10.0)], sub="S1", **TAXED), invoice("E1", "X2", GOLD, sub="SE", **TAXED))
    invoice_world.ready(
        world, euro, documents, netsuite={"customer": [customer("E1", "9051")]}, netsuite_multiple_currencies="No", notify_on_success="Yes"
    )


TOLD = "NetSuite books EUR in USD, its base currency (netsuite_multiple_currencies is No): Invoices EUR 1,190.75; not tied out."


@pytest.mark.parametrize("dry_run", [False, True])
def test_what_netsuite_books_in_its_base_currency_is_told_and_not_tied_out(fast: MemoryWorld, dry_run: bool) -> None:
    in_two_currencies(fast)
    output = fast.run(steps=("invoices",), dry_run=dry_run)
    summary = read_summary(fast.object(output["keys"]["summary"]))
    totals = {t.currency: t for t in summary.totals}
    assert (output["outcome"], output["tiedOut"]) == ("completed with warnings", False)
    assert {c: (t.tied_out, t.booked_in) for c, t in totals.items()} == {"USD": (not dry_run, ""), "EUR": (False, "USD")}
    lines = [json.loads(line) for line in gzip.decompress(fast.object(output["keys"]["log"])).splitlines()]
    assert [line["message"] for line in lines if line.get("code") == "BASE-CURRENCY"] == [TOLD]
    assert code_of(summary) is Code.LEFT_OVER
    if not dry_run:
        mail = message_from_bytes(fast.memory.mailer.sent[-1]["RawMessage"]["Data"], policy=policy.default)
        text = " ".join(str(mail.get_body(("plain",)).get_content()).split())  # type: ignore[union-attr]
        page = " ".join(fast.object(output["keys"]["report"]).decode().split())
        for place in (text, page):
            assert "NetSuite books EUR in USD, its base currency" in place
            assert "every total ties out" not in place


def test_an_account_that_netsuite_has_in_its_own_currency_ties_out(fast: MemoryWorld) -> None:
    in_two_currencies(fast)
    fast.load(netsuite={"customer": [customer("E1", "9061", "EUR")]})
    store = fast.zuora.tenant.store
    store.update("Account", zid("E1"), {"IntegrationId__NS": "9061"})
    summary = fast.reported("invoices")
    assert (summary["outcome"], {t["currency"]: t["tied_out"] for t in summary["totals"]}) == ("completed", {"USD": True, "EUR": True})


def test_payments_and_their_totals_are_told_likewise(fast: MemoryWorld) -> None:
    payment_world.ready(fast, netsuite_multiple_currencies="No")
    fast.zuora.tenant.store.update("Account", zid("A1"), {"Currency": "EUR"})
    head = {"Id": zid("P1"), "PaymentNumber": "P1", "AccountId": zid("A1"), "Amount": 60, "EffectiveDate": "2026-10-15"}
    known = {"PaymentMethodId": zid("check"), "Status": "Processed", "Type": "External"}
    fast.load({"PaymentMethod": [{"Id": zid("check"), "Type": "Check"}], "Payment": [{**head, **known}]})
    fast.settings(netsuite_multiple_currencies="No", sync_unapplied_payments="Yes")
    summary = fast.reported("payments")
    assert [(t["currency"], t["booked_in"], t["tied_out"]) for t in summary["totals"]] == [("EUR", "USD", False)]


def test_customers_without_money_say_nothing_of_currencies(fast: MemoryWorld) -> None:
    invoice_world.ready(fast, netsuite_multiple_currencies="No")
    summary = fast.reported("customers", "invoices")
    assert [line for line in summary["log"] if line.get("code") == "BASE-CURRENCY"] == []


def test_a_document_in_the_customers_second_currency_is_proved_in_it(fast: MemoryWorld) -> None:
    """The currency is read back: a NetSuite that books it in the primary one after all is found out."""
    invoice_world.ready(fast, invoice("A1", "X1", GOLD, sub="S1", **EUR, **TAXED))
    fast.load(netsuite=billed_in("USD", "EUR"))

    def changed() -> None:
        (record,) = [r for r in fast.in_netsuite("invoice") if r.get("custbodyzuoraid") == zid("X1")]
        other_values(fast, record, currency=1)

    output, summary = close_after(fast, changed, "invoices")
    assert (output["outcome"], summary.totals[0].currency, summary.totals[0].off_count) == ("out of balance", "EUR", 1)


def test_an_account_of_netsuite_without_the_feature_has_one_currency(fast: MemoryWorld) -> None:
    """Its records have no field Currency: what they are in is the base currency."""
    zuora, netsuite = parents()
    euro = merged(synced_account("E1", "9051", currency="EUR"), subscription("E1", "SE", "Gold"))
    documents = merged(invoice("A1", "X1", [("Gold", 10.0)], sub="S1", **TAXED), invoice("E1", "X2", GOLD, sub="SE", **TAXED))
    for row in (rows := [*netsuite["customer"], customer("E1", "9051")]):
        del row["currency"]
    fast.netsuite.options.multiple_currencies = False
    try:
        fast.reset(netsuite_multiple_currencies="No")
        fast.load(merged(zuora, euro, documents), {**netsuite, "customer": rows})
        summary = fast.reported("invoices")
        totals = {t["currency"]: (t["tied_out"], t.get("booked_in", "")) for t in summary["totals"]}
        assert (summary["outcome"], totals) == ("completed with warnings", {"USD": (True, ""), "EUR": (False, "USD")})
    finally:
        fast.netsuite.options.multiple_currencies = True
        fast.netsuite_control.reset()
