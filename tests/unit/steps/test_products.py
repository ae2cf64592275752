"""Zuora products -> NetSuite parent items: catalog.md section 2."""

from __future__ import annotations

from typing import Any

import pytest

from tallybridge.steps.master_data.items import RECORD_TYPES
from tallybridge.steps.products import FIELDS, ROWS, Products
from tallybridge.steps.shared.mapping import EMPTY
from tests.unit.steps.catalog_fakes import ONE_WORLD, C, bench, mapped, written
from tests.unit.steps.master_fakes import STAMP

rule = pytest.mark.rule
SETTINGS: dict[str, Any] = {
    **ONE_WORLD,
    "default_class": "Software",
    "default_department": "Sales : Field",
    "default_location": "Europe",
    "default_subsidiary": "Parent : Europe",
    "netsuite_default_tax_schedule": "Standard",
}
MAP = "catalog.2.mapping."
DIMENSIONS = MAP + "settings-to-location-class-department"
TABLE: list[tuple[tuple[str, ...], str, Any, str]] = [
    # rules, NetSuite property, value, written on
    ((MAP + "id-name-to-item-name-number",), "itemId", "Zuora Product pr1", "CU"),
    ((MAP + "product-id-to-zuora-id",), C["Zuora ID"], "pr1", "CUL"),
    ((MAP + "product-name-to-zuora-product-name",), C["Zuora Product Name"], "Analytics", "CUL"),
    ((MAP + "to-zuora-type",), C["Zuora Type"], "PRODUCT", "CUL"),
    ((MAP + "to-zuora-sync-date",), C["Zuora Sync Date"], STAMP, "CUL"),
    ((MAP + "to-income-account",), "incomeAccount", EMPTY, "C"),
    ((DIMENSIONS, "settings.key.default_location"), "location", {"id": "21"}, "CU"),
    ((DIMENSIONS, "settings.key.default_class"), "class", {"id": "1"}, "CU"),
    ((DIMENSIONS, "settings.key.default_department"), "department", {"id": "11"}, "CU"),
    ((MAP + "setting-to-subsidiary",), "subsidiary", {"items": [{"id": "3"}]}, "C"),
    ((MAP + "setting-to-tax-schedule", "settings.key.netsuite_default_tax_schedule"), "taxSchedule", {"id": "81"}, "CU"),
]


@pytest.mark.parametrize(("target", "value", "when"), [pytest.param(t, v, w, marks=rule(*r), id=f"{t}-{w}") for r, t, v, w in TABLE])
def test_each_row_of_the_mapping(target: str, value: Any, when: str) -> None:
    for write in "CUL":
        body = mapped(bench(Products, settings=SETTINGS), write)
        assert body.get(target, "not sent") == (value if write in when else "not sent")


@pytest.mark.parametrize("write", "CUL")
def test_nothing_else_is_sent(write: str) -> None:
    body = mapped(bench(Products, settings=SETTINGS), write)
    assert body.keys() == {target for _, target, _, when in TABLE if write in when}


@rule(DIMENSIONS, "classifications.3.value.product-item")
def test_without_defaults_a_product_has_no_classifications() -> None:
    change = {"Class__NS": "Software", "Department__NS": "Sales : Field", "Location__NS": "Europe", "IncludeChildren__NS": "Yes"}
    assert not {"class", "department", "location", "includeChildren"} & written(bench(Products, change)).keys()


@rule(MAP + "setting-to-subsidiary", "classifications.4.subsidiary.product-item")
def test_a_product_has_only_the_default_subsidiary() -> None:
    assert written(bench(Products, {"Subsidiary__NS": "Parent : Europe"}, {**ONE_WORLD, "default_subsidiary": "Parent"}))["subsidiary"] == {
        "items": [{"id": "1"}]
    }
    assert "subsidiary" not in written(bench(Products, settings={"default_subsidiary": "Parent"}))


@rule(MAP + "to-income-account")
def test_the_income_account_goes_out_as_null() -> None:
    body = written(bench(Products))
    assert body["incomeAccount"] is None
    assert "parentOnly" not in body


@pytest.mark.parametrize(
    ("ledger", "insists"),
    [
        ({"state": "REFUSED", "message": "Product Analytics: Please enter value(s) for: Income Account"}, True),
        ({"state": "REFUSED", "message": "Invalid value for the field incomeAccount"}, True),
        ({"state": "REFUSED", "message": "Please enter value(s) for: Tax Schedule"}, False),
        ({"state": "HELD", "message": "Income Account"}, False),
        ({"state": "DONE"}, False),
    ],
)
@rule(MAP + "to-income-account")
def test_where_netsuite_insists_its_default_account_applies_to_an_item_for_sub_items_only(ledger: dict[str, Any], insists: bool) -> None:
    b = bench(Products, {"IntegrationStatus__NS": "Error Creating Item"})
    b.known = {"pr1": ledger}
    body = written(b)
    assert ("incomeAccount" not in body, body.get("parentOnly", False)) == (insists, insists)


@rule("custom-fields.1.3.field.item-type")
def test_only_fields_that_products_have_are_read() -> None:
    connector = {"ItemType__NS", "IntegrationId__NS", "IntegrationStatus__NS"}
    assert {f for f in FIELDS if f.endswith("__NS")} == connector


@pytest.mark.parametrize(
    ("settings", "more"), [({}, set()), (ONE_WORLD, {"subsidiary"}), ({"netsuite_default_tax_schedule": "Standard"}, {"tax schedule"})]
)
def test_only_tables_that_the_settings_call_for_are_read(settings: dict[str, Any], more: set[str]) -> None:
    always = {"class", "department", "location", *(f"fields:{t}" for t in RECORD_TYPES.values())}
    assert set(bench(Products, settings=settings).step().needs) == always | more


def test_the_table_has_no_other_rows() -> None:
    assert len(ROWS) == len(TABLE) + 1  # the account that NetSuite insists on
