"""Why an invoice is not sent (invoices.md section 3): one run over one invoice for each rule; nothing is written for any of them."""

from __future__ import annotations

from typing import Any

import pytest

from tests.rules.cases import ruled
from tests.sync.builders import Objects, account, charge, invoice, merged, subscription, zid
from tests.sync.invoice_world import ITEMS, TAX_ITEM, TAXED, Ran, customer, parents, ran, synced_account, synced_charge
from tests.sync.memory import MemoryWorld
from tests.sync.world import World

GOLD = [("Gold", 100.0)]


def standalone(number: str) -> Objects:
    """An invoice whose item has no product charge behind it."""
    made = invoice("A1", number, [("Courtesy fee", 5.0)], sub="S1")
    del made["InvoiceItem"][0]["RatePlanChargeId"]
    return made


def taxed(number: str, **fields: Any) -> Objects:
    return invoice("A1", number, GOLD, sub="S1", taxes=[8.25], tax_fields={"AccountingCode": TAX_ITEM, **fields})


INVOICES: dict[str, Objects] = {
    "good": invoice("A1", "INVGOOD", GOLD, sub="S1", taxes=[8.25], **TAXED),
    "1": invoice("NEW", "INV1", GOLD, sub="SNEW"),
    "2": invoice("A1", "INV2", [("New charge", 10.0), ("New charge", 5.0), ("Gold", 1.0)], sub="S2"),
    "2 standalone": standalone("INV2S"),
    "3": taxed("INV3", AccountingCode=None),
    "4": invoice("A1", "INV4", [("Variable", 10.0), ("Variable", 5.0)], sub="S2"),
    "5": invoice("LOC", "INV5", GOLD, sub="SLOC"),
    "6": invoice("CLS", "INV6", GOLD, sub="SCLS"),
    "7": invoice("DEP", "INV7", GOLD, sub="SDEP"),
    "8": taxed("INV8", AccountingCode="2100 Sales Tax"),
    "9": invoice("A1", "INV9", GOLD, sub="S1", amount=100.01),
    "10": invoice("A1", "INV10", [("Gold", 0.0)], sub="S1", amount=50.0),
    "11": taxed("INV11", Jurisdiction=None),
    "currency": invoice("EURO", "INVEUR", GOLD, sub="SEURO"),
    "period": invoice("A1", "INVOLD", GOLD, sub="S1", InvoiceDate="2025-12-31", DueDate="2026-01-31"),
    "several": invoice("ALL", "INVALL", GOLD, sub="SALL", amount=90.0, taxes=[1.0], tax_fields={"Jurisdiction": None}),
}
EXPECTED: dict[str, list[tuple[str, str]]] = {
    "1": [("INV-V1", "Invoice INV1: account NEW has not been synced to NetSuite.")],
    "2": [("INV-V2", f'Invoice INV2: charge "New charge" ({zid("New charge")}) has not been synced to NetSuite.')],
    "2 standalone": [("INV-V2", 'Invoice INV2S: charge "Courtesy fee" () has not been synced to NetSuite.')],
    "3": [("INV-V3", 'Invoice INV3: tax code "STATE" has no accounting code, so no NetSuite item can be found for its tax line.')],
    "4": [("INV-V4", 'Invoice INV4: charge "Variable" uses a variable revenue template but subscription S2 has no NetSuite Project.')],
    "5": [("INV-V5", 'Invoice INV5: location "Mars" of account LOC does not exist in NetSuite.')],
    "6": [("INV-V6", 'Invoice INV6: class "Toys" of account CLS does not exist in NetSuite.')],
    "7": [("INV-V7", 'Invoice INV7: department "Americas:East" of account DEP does not exist in NetSuite.')],
    "8": [("INV-V8", 'Invoice INV8: tax code "STATE" has accounting code "2100 Sales Tax", which is not a NetSuite item id.')],
    "9": [("INV-V9", "Invoice INV9: lines add up to USD 100.00 but the invoice amount is USD 100.01; not sent.")],
    "10": [("INV-V10", "Invoice INV10: no line left to send after removing zero amounts; not sent.")],
    "11": [("INV-V11", "Invoice INV11: a tax line has no jurisdiction; not sent.")],
    "currency": [("INV-CURRENCY", 'Invoice INVEUR of EUR 100.00: NetSuite customer "Customer EURO" (9104) has USD, not EUR; not sent.')],
    "period": [("INV-PERIOD", "Invoice INVOLD: The accounting period of 2025-12-31 is closed.")],
    "several": [
        ("INV-V3", 'Invoice INVALL: tax code "STATE" has no accounting code, so no NetSuite item can be found for its tax line.'),
        ("INV-V5", 'Invoice INVALL: location "Mars" of account ALL does not exist in NetSuite.'),
        ("INV-V6", 'Invoice INVALL: class "Toys" of account ALL does not exist in NetSuite.'),
        ("INV-V9", "Invoice INVALL: lines add up to USD 101.00 but the invoice amount is USD 90.00; not sent."),
        ("INV-V11", "Invoice INVALL: a tax line has no jurisdiction; not sent."),
    ],
}
NUMBER = {case: made["Invoice"][0]["InvoiceNumber"] for case, made in INVOICES.items()}
RULES: dict[str, str | tuple[str, ...]] = {
    "1": ("invoices.3.validation.1", "sequence-and-status.1.6.order.invoice-debit-memo", "sequence-and-status.2.codes"),
    "2": ("invoices.3.validation.2",),
    "3": ("invoices.3.validation.3",),
    "4": ("invoices.3.validation.4",),
    "5": (
        "invoices.3.validation.5",
        "classifications.5.message.transaction-uses-an-unknown-account-value",
        "sequence-and-status.7.1.rule.4",
    ),
    "6": ("invoices.3.validation.6",),
    "7": ("invoices.3.validation.7",),
    "8": ("invoices.3.validation.8",),
    "9": ("invoices.3.validation.9",),
    "10": ("invoices.3.validation.10",),
    "11": ("invoices.3.validation.11",),
    "2 standalone": ("invoices.3.standalone-charge",),
    "currency": ("sequence-and-status.7.3.differs",),
    "period": ("operations.7.2.failure.closed-period",),
    "several": ("invoices.3.reported-together",),
}
WAITS = {"1": "account NEW", "2": 'charge "New charge"'}


@pytest.fixture(scope="module")
def run(started_world: World) -> Ran:
    world = MemoryWorld.of(started_world)
    world.reset(netsuite_use_revenue_recognition="Yes", avoid_zero_amount_invoice_items="Yes")
    zuora, netsuite = parents()
    accounts = {
        "LOC": {"Location__NS": "Mars"},
        "CLS": {"Class__NS": "Toys"},
        "DEP": {"Department__NS": "Americas:East"},
        "ALL": {"Location__NS": "Mars", "Class__NS": "Toys"},
        "EURO": {"currency": "EUR"},
    }
    more = merged(
        account("NEW"),
        subscription("NEW", "SNEW", "Gold"),
        charge("New charge"),
        synced_charge("Variable", "504", RevRecTemplateType__NS="Variable"),
        subscription("A1", "S2", *ITEMS, "New charge", "Variable"),
        *(synced_account(number, f"91{n:02d}", **fields) for n, (number, fields) in enumerate(accounts.items())),
        *(subscription(number, f"S{number}", "Gold") for number in accounts),
    )
    customers = [customer(number, f"91{n:02d}") for n, number in enumerate(accounts)]
    world.load(merged(zuora, more, *INVOICES.values()), merged(netsuite, {"customer": customers}))
    periods = {p["periodName"]: p for p in world.in_netsuite("accountingPeriod")}
    world.load(netsuite={"accountingPeriod": [{"id": periods["Dec 2025"]["id"], "closed": True}]})
    return ran(world)


@pytest.mark.parametrize("rule", ruled(EXPECTED, RULES))
def test_rule_is_reported_with_its_code_and_text(run: Ran, rule: str) -> None:
    assert sorted(run.problems(NUMBER[rule])) == sorted(EXPECTED[rule])


@pytest.mark.parametrize("rule", EXPECTED)
def test_rule_says_what_to_do(run: Ran, rule: str) -> None:
    for code, _ in EXPECTED[rule]:
        line = run.line(NUMBER[rule], code)
        assert line["level"] == "WARNING"
        assert len(line["advice"]) > 20


@pytest.mark.rule(
    "sequence-and-status.4.1.rule.4",
    "sequence-and-status.4.3.transition.blank-no-null-validation-fails",
    "invoices.3.reported-together",
)
@pytest.mark.parametrize("rule", EXPECTED)
def test_rule_leaves_the_invoice_untouched(run: Ran, rule: str) -> None:
    assert run.untouched(NUMBER[rule])


@pytest.mark.parametrize("rule", WAITS)
def test_rule_names_the_record_that_the_invoice_waits_for(run: Ran, rule: str) -> None:
    assert run.line(NUMBER[rule], EXPECTED[rule][0][0])["waits_for"] == WAITS[rule]


@pytest.mark.rule("sequence-and-status.2.rule.4", "sequence-and-status.1.6.no-block", "operations.1.rule.2")
def test_a_good_invoice_beside_the_bad_ones_is_sent(run: Ran) -> None:
    assert run.synced("INVGOOD")
    assert run.problems("INVGOOD") == []


def test_the_run_completes_with_one_warning_per_invoice_and_ties_out(run: Ran) -> None:
    assert (run.outcome, run.output["tiedOut"]) == ("completed with warnings", True)
    assert sum(t["held"] for t in run.output["totals"]) == len(EXPECTED)
    assert sum(t["synced"] for t in run.output["totals"]) == 1
