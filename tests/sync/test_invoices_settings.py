"""What the settings change about an invoice (settings.md sections 3 and 4, invoices.md sections 5, 9 and 12)."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from tests.rules.cases import ruled
from tests.sync.builders import Objects, invoice, merged, subscription, zid
from tests.sync.invoice_world import SYNCED, TAXED, customer, item, parents, ready, synced_account, synced_charge
from tests.sync.memory import MemoryWorld
from tests.sync.ran import Ran, ran
from tests.sync.world import World

GOLD = [("Gold", 100.0)]
"""The customer and the item of these cases are taxable in NetSuite: what is not sent comes from them."""
STANDARD: dict[str, dict[str, Any]] = {
    "Yes": {"head": (False, "2"), "line": False, "taxes": 1},
    "Yes - NetSuite Int'l Edition": {"head": (True, None), "line": True, "taxes": 1},
    "No": {"head": (True, None), "line": True, "taxes": 0},
    "No - Use NetSuite Avatax": {"head": (True, None), "line": True, "taxes": 0},
}

STANDARD_RULES: dict[str, str | tuple[str, ...]] = {
    "Yes": (
        "sequence-and-status.7.5.value.yes",
        "sequence-and-status.1.5.value.yes",
        "settings.4.4.value.yes-default-recommended",
        "settings.key.netsuite_default_tax_code",
        "settings.key.use_standard_invoice_sync",
    ),
    "Yes - NetSuite Int'l Edition": (
        "sequence-and-status.7.5.value.yes-netsuite-int-l-edition",
        "sequence-and-status.1.5.value.yes-netsuite-int-l-edition",
        "settings.4.4.value.yes-netsuite-int-l-edition",
        "settings.key.use_standard_invoice_sync",
    ),
    "No": (
        "sequence-and-status.7.5.value.no",
        "sequence-and-status.1.5.value.no",
        "settings.4.4.value.no",
        "invoices.12.lines-without-tax-flags",
        "settings.key.use_standard_invoice_sync",
    ),
    "No - Use NetSuite Avatax": ("sequence-and-status.1.5.value.no-use-netsuite-avatax",),
}


@pytest.fixture
def world(started_world: World) -> World:
    """Stores in memory, so that a run takes a fraction of a second."""
    return MemoryWorld.of(started_world)


@pytest.mark.parametrize("value", ruled(STANDARD, STANDARD_RULES))
def test_4_4_who_calculates_tax_decides_flags_codes_and_tax_lines(world: World, value: str) -> None:
    expected = STANDARD[value]
    taxes = [8.25] if expected["taxes"] else None
    ready(
        world,
        invoice("A1", "INV1", GOLD, sub="S1", taxes=taxes, **TAXED),
        netsuite={"customer": [customer("A1", "9001", taxable=True)], "serviceSaleItem": [item("Gold", "501", isTaxable=True)]},
        use_standard_invoice_sync=value,
        netsuite_default_tax_code="Sales Tax 8%",
    )
    run = ran(world)
    assert run.synced("INV1")
    made, lines = run.sent("INV1"), run.lines_of("INV1")
    code = made.get("taxItem")
    assert (made["isTaxable"], code and code["id"]) == expected["head"]
    assert [line["isTaxable"] for line in lines] == [expected["line"]] + [False] * expected["taxes"]
    assert [line["custcolzuoratype"] for line in lines] == ["Charge"] + ["Tax"] * expected["taxes"]


@pytest.fixture
def suitetax(world: World) -> Iterator[World]:
    """The account has SuiteTax."""
    usual, world.netsuite.options.tax_model = world.netsuite.options.tax_model, "suitetax"
    world.netsuite.tenant.catalog.reset()
    yield world
    world.netsuite.options.tax_model = usual
    world.netsuite.tenant.catalog.reset()


def test_an_account_with_suitetax_gets_no_fields_of_legacy_taxes(suitetax: World) -> None:
    """It would refuse them: no account has both kinds."""
    world = suitetax
    ready(world, invoice("A1", "INV1", GOLD, sub="S1", taxes=[8.25], **TAXED), use_standard_invoice_sync="Yes")
    run = ran(world)
    assert run.synced("INV1")
    assert not {"taxItem", "isTaxable"} & set(run.sent("INV1"))
    assert [(line["custcolzuoratype"], line["amount"]) for line in run.lines_of("INV1")] == [("Charge", 100), ("Tax", 8.25)]


@pytest.mark.parametrize("value", ["No", "No - Use NetSuite Avatax"])
def test_12_zuora_tax_on_an_invoice_is_left_out(world: World, value: str) -> None:
    ready(world, invoice("A1", "INV1", GOLD, sub="S1", taxes=[8.25], **TAXED), use_standard_invoice_sync=value)
    run = ran(world)
    assert [line["amount"] for line in run.lines_of("INV1")] == [100]


def test_12_netsuite_tax_on_top_does_not_spoil_the_control_totals(world: World) -> None:
    records = {
        "customer": [customer("A1", "9001", taxable=True, taxItem={"refName": "Sales Tax 8%"})],
        "serviceSaleItem": [item("Gold", "501", isTaxable=True)],
    }
    ready(world, invoice("A1", "INV1", GOLD, sub="S1"), netsuite=records, use_standard_invoice_sync="No")
    run = ran(world)
    assert Decimal(run.sent("INV1")["total"]) == Decimal("108.00")
    assert (run.output["outcome"], run.output["tiedOut"]) == ("completed", True)


@pytest.mark.parametrize("value", ["No", "No - Use NetSuite Avatax"])
def test_12_validation_9_still_holds_an_incomplete_invoice(world: World, value: str) -> None:
    ready(world, invoice("A1", "INV1", GOLD, sub="S1", amount=150.0), use_standard_invoice_sync=value)
    run = ran(world)
    assert run.problems("INV1") == [("INV-V9", "Invoice INV1: lines add up to USD 100.00 but the invoice amount is USD 150.00; not sent.")]
    assert run.untouched("INV1")


@pytest.mark.rule("sequence-and-status.7.2.auto-number", "settings.key.transaction_number_mapping")
def test_3_6_netsuite_numbers_the_invoice_unless_the_source_number_is_asked_for(world: World) -> None:
    ready(world, invoice("A1", "INV-77", GOLD, sub="S1"))
    assert ran(world).sent("INV-77")["tranId"] == "INV000001"


@pytest.mark.rule("settings.key.netsuite_use_revenue_recognition", "invoices.6.preference-off")
def test_3_3_without_revenue_recognition_no_date_is_sent(world: World) -> None:
    ready(world, invoice("A1", "INV1", GOLD, sub="S1"))
    (line,) = ran(world).lines_of("INV1")
    assert {"revRecStartDate", "revRecEndDate", "deferRevRec", "revRecSchedule"}.isdisjoint(line)


@pytest.mark.rule("sequence-and-status.7.1.rule.3", "classifications.3.value.line-mapping-zuora-charge")
def test_3_2_lines_by_zuora_charge_are_filled_by_netsuite_from_the_item(world: World) -> None:
    own = {"Class__NS": "Software", "Department__NS": "Sales"}
    gold = item("Training", "510", **{"class": {"id": "2"}})
    ready(
        world,
        synced_account("A9", "9009", **own),
        synced_charge("Training", "510"),
        subscription("A9", "S9", "Training"),
        invoice("A9", "INV1", [("Training", 10.0)], sub="S9"),
        netsuite={"customer": [customer("A9", "9009")], "serviceSaleItem": [gold]},
    )
    run = ran(world)
    assert run.sent("INV1")["class"]["id"] == "1"
    (line,) = run.lines_of("INV1")
    assert (line["class"]["id"], line.get("department")) == ("2", None)


@pytest.mark.rule("invoices.9.rule.2", "settings.key.avoid_zero_amount_invoice_items", "invoices.3.validation.10")
def test_4_3_zero_lines_are_left_out_and_an_empty_invoice_of_zero_is_set_aside(world: World) -> None:
    lines = [("Gold", 0.0), ("Silver", 10.0)]
    ready(
        world,
        invoice("A1", "INV1", lines, sub="S1", taxes=[0.0, 0.5], **TAXED),
        invoice("A1", "INV2", [("Gold", 0.0)], sub="S1"),
        invoice("A1", "INV3", [("Gold", 0.0)], sub="S1", amount=5.0),
        avoid_zero_amount_invoice_items="Yes",
    )
    run = ran(world)
    assert [line["amount"] for line in run.lines_of("INV1")] == [10, Decimal("0.50")]
    assert run.record("INV2")["TransferredToAccounting"] == "Ignore"
    assert "IntegrationStatus__NS" not in run.record("INV2")
    text = "no line left to send after removing zero amounts; not sent."
    assert run.problems("INV2") == [("INV-V10", f"Invoice INV2: {text}")]
    assert run.untouched("INV3")  # lines are missing, not zero: it must not be set aside for good
    again = ran(world)
    assert again.problems("INV2") == []
    assert again.problems("INV3") == [("INV-V10", f"Invoice INV3: {text}")]


@pytest.mark.rule("invoices.3.standalone-charge", "settings.key.default_item_id")
def test_3_a_standalone_item_takes_the_default_item(world: World) -> None:
    made = invoice("A1", "INV1", [("Courtesy fee", 5.0)], sub="S1")
    del made["InvoiceItem"][0]["RatePlanChargeId"]
    ready(world, made, default_item_id="502")
    assert [line["item"]["id"] for line in ran(world).lines_of("INV1")] == ["502"]


def test_3_the_default_item_does_not_replace_a_charge_that_is_not_synced(world: World) -> None:
    new = synced_charge("New", "510")
    del new["ProductRatePlanCharge"][0]["IntegrationId__NS"]
    ready(
        world,
        new,
        subscription("A1", "S2", "New"),
        invoice("A1", "INV1", [("New", 5.0)], sub="S2"),
        default_item_id="502",
    )
    assert [code for code, _ in ran(world).problems("INV1")] == ["INV-V2"]


@pytest.mark.rule("settings.key.netsuite_multiple_currencies")
def test_3_1_with_one_currency_the_account_currency_is_not_compared(world: World) -> None:
    ready(
        world,
        synced_account("EURO", "9009", currency="EUR"),
        subscription("EURO", "S9", "Gold"),
        invoice("EURO", "INV1", GOLD, sub="S9"),
        netsuite={"customer": [customer("EURO", "9009")]},
        netsuite_multiple_currencies="No",
    )
    assert ran(world).synced("INV1")


@pytest.fixture
def suffixed(world: World) -> Iterator[World]:
    """A tenant whose connector fields end in __c."""
    options = world.zuora.options
    kinds = {n: [f for f in kind.fields if f.endswith("__NS")] for n, kind in world.zuora.tenant.schema.items()}
    before = options.custom_fields, options.connector_fields
    options.custom_fields = {n: tuple(f.replace("__NS", "__c") for f in names) for n, names in kinds.items() if names}
    options.connector_fields = False
    yield world
    options.custom_fields, options.connector_fields = before
    world.zuora_control.reset()


def with_suffix(objects: Objects) -> Objects:
    return {kind: [{k.replace("__NS", "__c"): v for k, v in row.items()} for row in rows] for kind, rows in objects.items()}


@pytest.mark.rule("custom-fields.1.suffix", "settings.key.zuora.field_suffix")
@pytest.mark.parametrize("path", ["data_query", "zoql"])
def test_9_a_tenant_with_another_field_suffix(suffixed: World, path: str) -> None:
    world = suffixed
    world.reset(**{"zuora.field_suffix": "__c", "zuora.read_path": path})
    zuora, netsuite = parents()
    documents = [
        invoice("A1", "INV1", GOLD, sub="S1"),
        invoice("A1", "INV2", GOLD, sub="S1", IntegrationStatus__NS="Ignore"),
        invoice("A1", "INV3", GOLD, sub="S1", TransferredToAccounting="No", IntegrationStatus__NS=SYNCED["IntegrationStatus__NS"]),
    ]
    world.load(with_suffix(merged(zuora, *documents)), netsuite)
    run: Ran = ran(world)
    head = run.record("INV1")
    assert (head["IntegrationStatus__c"], head["TransferredToAccounting"]) == ("Sync Complete", "Yes")
    assert head["IntegrationId__c"] == str(run.sent("INV1")["id"])
    assert run.untouched("INV2")
    assert len(run.made("INV3")) == 1
    assert zid("INV3") in {i["externalId"] for i in run.netsuite["invoice"]}
