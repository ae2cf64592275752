"""Why an adjustment is not sent (adjustments.md A1, validations): one run over one adjustment for each rule; nothing is written for any."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from tests.rules.cases import ruled
from tests.sync.builders import Objects, account, charge, invoice, merged, subscription, zid
from tests.sync.invoice_world import CUSTOMERS, TAX_ITEM, customer, synced_account
from tests.sync.memory import MemoryWorld
from tests.sync.mode_a_world import DONE, adjustment, adjustment_in_zuora, made, messages, ready, run, state_of
from tests.sync.world import World

DONE_INVOICE: dict[str, Any] = {"IntegrationStatus__NS": "Sync Complete", "TransferredToAccounting": "Yes"}
GOLD = [("Gold", 50.0)]


def with_invoice(number: str, document: Objects, kind: str = "Credit", *, of_tax: bool = False, **fields: Any) -> Objects:
    """An adjustment and the invoice it adjusts."""
    return merged(document, adjustment(number, document["Invoice"][0]["InvoiceNumber"], 1.0, kind, of_tax=of_tax, **fields))


def there(number: str, owner: str = "A1", lines: list[tuple[str, float]] = GOLD, sub: str = "", **fields: Any) -> Objects:
    """An invoice that says that it is in NetSuite."""
    return invoice(
        owner, number, lines, sub=sub or ("S1" if owner == "A1" else f"S{owner}"), IntegrationId__NS="7001", **DONE_INVOICE, **fields
    )


def standalone() -> Objects:
    document = there("INVSOLO", lines=[("Courtesy fee", 5.0)])
    del document["InvoiceItem"][0]["RatePlanChargeId"]
    return document


CASES: dict[str, Objects] = {
    "good": adjustment("IIAGOOD", "INV1", 1.0),
    "1": with_invoice("IIA1", invoice("A1", "INVNEW", GOLD, sub="S1")),
    "2": with_invoice("IIA2", there("INVLOC", "LOC")),
    "3": with_invoice("IIA3", there("INVCLS", "CLS")),
    "4": with_invoice("IIA4", there("INVDEP", "DEP")),
    "5": with_invoice("IIA5", there("INVCHG", lines=[("New charge", 5.0)], sub="S2"), "Charge"),
    "5 standalone": with_invoice("IIA5S", standalone()),
    "6": with_invoice("IIA6", there("INVTAX", taxes=[5.0]), of_tax=True),
    "7": with_invoice("IIA7", there("INVACC", "NEW")),
    "8": with_invoice("IIA8", there("INVODD", taxes=[5.0], tax_fields={"AccountingCode": "2100 Sales Tax"}), of_tax=True),
    "gone": with_invoice("IIAGONE", there("NEGGONE", lines=[("Gold", -50.0)]), "Charge"),
    "currency": with_invoice("IIAEUR", there("INVEUR", "EURO")),
    "period": adjustment("IIAOLD", "INV1", 1.0, AdjustmentDate="2025-12-31"),
    "several": with_invoice("IIAALL", invoice("ALL", "INVALL", GOLD, sub="SALL")),
}
EXPECTED: dict[str, list[tuple[str, str]]] = {
    "1": [("IIA-V1", "Adjustment IIA1: invoice INVNEW has not been synced to NetSuite.")],
    "2": [("IIA-V2", 'Adjustment IIA2: location "Mars" of account LOC does not exist in NetSuite.')],
    "3": [("IIA-V3", 'Adjustment IIA3: class "Toys" of account CLS does not exist in NetSuite.')],
    "4": [("IIA-V4", 'Adjustment IIA4: department "Americas:East" of account DEP does not exist in NetSuite.')],
    "5": [("IIA-V5", 'Adjustment IIA5: charge "New charge" has not been synced to NetSuite.')],
    "5 standalone": [("IIA-V5", 'Adjustment IIA5S: charge "Courtesy fee" has not been synced to NetSuite.')],
    "6": [("IIA-V6", 'Adjustment IIA6: tax code "STATE" has no accounting code.')],
    "7": [("IIA-V7", "Adjustment IIA7: account NEW has not been synced to NetSuite.")],
    "8": [("IIA-V8", 'Adjustment IIA8: tax code "STATE" has accounting code "2100 Sales Tax", which is not a NetSuite item id.')],
    "gone": [("IIA-GONE", "Adjustment IIAGONE: NetSuite credit memo 7001 of invoice NEGGONE does not exist.")],
    "currency": [("IIA-CURRENCY", 'Adjustment IIAEUR of EUR 1.00: NetSuite customer "Customer EURO" (9104) has USD, not EUR; not sent.')],
    "period": [("IIA-PERIOD", "Adjustment IIAOLD: The accounting period of 2025-12-31 is closed.")],
    "several": [
        ("IIA-V1", "Adjustment IIAALL: invoice INVALL has not been synced to NetSuite."),
        ("IIA-V2", 'Adjustment IIAALL: location "Mars" of account ALL does not exist in NetSuite.'),
        ("IIA-V3", 'Adjustment IIAALL: class "Toys" of account ALL does not exist in NetSuite.'),
    ],
}
RULES: dict[str, str | tuple[str, ...]] = {
    "1": ("adjustments.A1.validation.1", "sequence-and-status.1.6.order.invoice-item-adjustment-a"),
    "2": ("adjustments.A1.validation.2", "sequence-and-status.7.1.rule.4"),
    "3": "adjustments.A1.validation.3",
    "4": "adjustments.A1.validation.4",
    "5": "adjustments.A1.validation.5",
    "6": "adjustments.A1.validation.6",
    "7": "adjustments.A1.validation.7",
    "currency": "sequence-and-status.7.3.differs",
    "period": "operations.7.2.failure.closed-period",
    "several": "sequence-and-status.4.1.rule.4",
}
NUMBER = {case: objects["InvoiceItemAdjustment"][0]["AdjustmentNumber"] for case, objects in CASES.items()}
WAITS = {"1": "invoice INVNEW", "5": 'charge "New charge"', "7": "account NEW"}


@dataclass
class Looked:
    """What the run left, what the adjustments were before it, and its summary."""

    world: MemoryWorld
    before: dict[str, dict[str, Any]]
    summary: dict[str, Any]


@pytest.fixture(scope="module")
def looked(started_mode_a: World) -> Looked:
    world = MemoryWorld.of(started_mode_a)
    accounts: dict[str, dict[str, Any]] = {
        "LOC": {"Location__NS": "Mars"},
        "CLS": {"Class__NS": "Toys"},
        "DEP": {"Department__NS": "Americas:East"},
        "ALL": {"Location__NS": "Mars", "Class__NS": "Toys"},
        "EURO": {"currency": "EUR"},
    }
    zuora = merged(
        account("NEW"),
        charge("New charge"),
        subscription("A1", "S2", "New charge"),
        *(synced_account(number, f"91{n:02d}", **fields) for n, (number, fields) in enumerate(accounts.items())),
        *(subscription(number, f"S{number}", "Gold") for number in (*accounts, "NEW")),
    )
    customers = [customer(number, f"91{n:02d}") for n, number in enumerate(accounts)]
    ready(world, zuora, *CASES.values(), netsuite={"customer": customers})
    periods = {p["periodName"]: p for p in world.in_netsuite("accountingPeriod")}
    world.load(netsuite={"accountingPeriod": [{"id": periods["Dec 2025"]["id"], "closed": True}]})
    before = {n: adjustment_in_zuora(world, n) for n in NUMBER.values()}
    return Looked(world, before, run(world))


@pytest.mark.parametrize("case", ruled(EXPECTED, RULES))
def test_rule_is_reported_with_its_code_and_text_and_nothing_is_written(looked: Looked, case: str) -> None:
    number = NUMBER[case]
    assert sorted(messages(looked.summary, number)) == EXPECTED[case]
    assert made(looked.world, number) == []
    assert adjustment_in_zuora(looked.world, number) == looked.before[number]


@pytest.mark.parametrize("case", WAITS)
def test_a_missing_parent_is_named_as_what_it_waits_for(looked: Looked, case: str) -> None:
    (line,) = [line for line in looked.summary["log"] if line.get("source_number") == NUMBER[case] and line.get("code")]
    assert line["waits_for"] == WAITS[case]


@pytest.mark.rule("sequence-and-status.1.6.no-block")
def test_a_good_one_is_sent_beside_them(looked: Looked) -> None:
    assert state_of(looked.world, NUMBER["good"]) == DONE
    assert looked.summary["outcome"] == "completed with warnings"
    assert looked.summary["tiedOut"]


def test_a_standalone_item_takes_the_default_item_of_the_settings(started_mode_a: World) -> None:
    world = ready(MemoryWorld.of(started_mode_a), with_invoice("IIA1", standalone()), default_item_id="501")
    run(world)
    (record,) = made(world, "IIA1", "creditMemo")
    assert record["item"]["items"][0]["item"]["id"] == "501"


def test_what_was_held_goes_when_its_cause_is_gone(started_mode_a: World) -> None:
    tax = there("INVTAX", taxes=[5.0])
    world = ready(MemoryWorld.of(started_mode_a), with_invoice("IIA6", tax, of_tax=True))
    assert messages(run(world), "IIA6") == EXPECTED["6"]
    with world.zuora.tenant.store.lock:
        world.zuora.tenant.store.update("TaxationItem", zid("INVTAX tax 1"), {"AccountingCode": TAX_ITEM})
    run(world)
    assert state_of(world, "IIA6") == DONE
    assert CUSTOMERS["A1"] == made(world, "IIA6")[0]["entity"]["id"]
