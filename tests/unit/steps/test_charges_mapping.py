"""Zuora product rate plan charges -> NetSuite items: the mapping table, catalog.md sections 4.2 and 4.3."""

from __future__ import annotations

from typing import Any

import pytest

from tallybridge.steps.charges import Charges
from tests.unit.steps.catalog_fakes import ONE_WORLD, REV_REC, C, bench, mapped, own, synced, written
from tests.unit.steps.master_fakes import STAMP

rule = pytest.mark.rule
EVERYTHING = {
    **ONE_WORLD,
    **REV_REC,
    "use_standard_invoice_sync": "No - Use NetSuite Avatax",
    "netsuite_default_tax_schedule": "Standard",
}
MAP, FIELD, ZUORA = "catalog.4.mapping.", "custom-fields.2.2.field.", "custom-fields.1.3.field."
MODEL = (MAP + "chargemodel-chargetype-to-zuora-charge-model-zuora-charge-type", FIELD + "zuora-charge-model-zuora-charge-type")
NAMES = (MAP + "productrateplan-name-product-name-to-zuora-product-rate-plan-name-zuora-product-name",)
CLASSES = (MAP + "class-ns-department-ns-location-ns-to-class-department-location", ZUORA + "netsuite-department-location-class")
TABLE: list[tuple[tuple[str, ...], str, Any, str]] = [
    # rules, NetSuite property, value, written on
    ((MAP + "id-name-to-item-name-number",), "itemId", "Zuora Charge ch1", "CU"),
    ((MAP + "name-to-display-name",), "displayName", "Platform Fee", "C"),
    (
        (MAP + "name-to-zuora-product-rate-plan-charge-name", FIELD + "zuora-product-rate-plan-charge-name"),
        C["Zuora Product Rate Plan Charge Name"],
        "Platform Fee",
        "CUL",
    ),
    ((MAP + "description-to-sales-description",), "salesDescription", "The platform", "CU"),
    ((MAP + "id-to-zuora-id",), C["Zuora ID"], "ch1", "CUL"),
    (MODEL, C["Zuora Charge Model"], "Flat Fee Pricing", "CUL"),
    (MODEL, C["Zuora Charge Type"], "Recurring", "CUL"),
    (
        (MAP + "createddate-to-zuora-created-date", FIELD + "zuora-created-date-zuora-sync-date"),
        C["Zuora Created Date"],
        "2026-01-05T09:00:00Z",
        "CUL",
    ),
    (NAMES, C["Zuora Product Rate Plan Name"], "Monthly", "CUL"),
    (NAMES, C["Zuora Product Name"], "Analytics", "CUL"),
    ((MAP + "to-zuora-type",), C["Zuora Type"], "CHARGE", "CUL"),
    ((MAP + "to-zuora-sync-date",), C["Zuora Sync Date"], STAMP, "CUL"),
    ((MAP + "4-3-to-income-account", ZUORA + "netsuite-recognized-revenue-account"), "incomeAccount", {"id": "42"}, "CU"),
    (
        (MAP + "deferredrevaccount-ns-to-deferred-revenue-account", ZUORA + "netsuite-deferred-revenue-account"),
        "deferredRevenueAccount",
        {"id": "24"},
        "CU",
    ),
    ((MAP + "revreccode-to-rev-rec-schedule",), "revRecSchedule", {"id": "61"}, "CU"),
    ((MAP + "taxable-to-zuora-taxable", FIELD + "zuora-taxable-zuora-is-taxable"), C["Zuora Taxable"], True, "CUL"),
    ((MAP + "taxable-to-istaxable",), "isTaxable", True, "CU"),
    ((MAP + "taxcode-to-zuora-tax-code", FIELD + "zuora-tax-code"), C["Zuora Tax Code"], "STX", "CUL"),
    ((MAP + "taxcode-to-avalara-tax-code",), C["Avalara Tax Code"], "STX", "CU"),
    (CLASSES, "class", {"id": "1"}, "CU"),
    (CLASSES, "department", {"id": "11"}, "CU"),
    (CLASSES, "location", {"id": "21"}, "CU"),
    ((MAP + "subsidiary-ns-to-subsidiary",), "subsidiary", {"items": [{"id": "3"}]}, "C"),
    ((MAP + "includechildren-ns-to-include-children",), "includeChildren", True, "CU"),
    ((MAP + "setting-to-tax-schedule",), "taxSchedule", {"id": "81"}, "CU"),
]


@pytest.mark.parametrize(("target", "value", "when"), [pytest.param(t, v, w, marks=rule(*r), id=f"{t}-{w}") for r, t, v, w in TABLE])
def test_each_row_of_the_mapping(target: str, value: Any, when: str) -> None:
    for write in "CUL":
        body = mapped(bench(Charges, settings=EVERYTHING), write)
        assert body.get(target, "not sent") == (value if write in when else "not sent")


@pytest.mark.parametrize("write", "CUL")
@rule(MAP + "to-price-level", "catalog.4.revenue-dates-not-mapped")
def test_nothing_else_is_sent_no_price_and_no_revenue_dates(write: str) -> None:
    body = mapped(bench(Charges, settings=EVERYTHING), write)
    assert body.keys() == {target for _, target, _, when in TABLE if write in when}
    assert not {"rate", "price", "priceLevel"} & body.keys()
    assert "Charge Period Start" not in body.values()


@pytest.mark.parametrize(
    ("recognized", "code", "account"),
    [("Revenue : Recurring", "Sales", {"id": "42"}), (None, "Sales", {"id": "41"}), ("", "Sales", {"id": "41"}), (None, None, None)],
)
@rule("catalog.4.income-account.1")
def test_the_income_account_is_the_recognised_revenue_account_else_the_accounting_code(
    recognized: str | None, code: str | None, account: dict[str, str] | None
) -> None:
    assert written(bench(Charges, {"RecognizedRevAccount__NS": recognized, "AccountingCode": code})).get("incomeAccount") == account


@pytest.mark.parametrize("model", ["Discount-Fixed Amount", "Discount-Percentage"])
@rule(MAP + "revreccode-to-rev-rec-schedule")
def test_a_discount_charge_gets_its_revenue_template_by_hand(model: str) -> None:
    body = written(bench(Charges, {"ChargeModel": model}, REV_REC))
    assert "revRecSchedule" not in body
    assert body["deferredRevenueAccount"] == {"id": "24"}


@pytest.mark.parametrize(
    ("standard", "taxable", "avalara"),
    [
        ("Yes", None, None),
        ("Yes - NetSuite Int'l Edition", None, None),
        ("No", False, None),
        ("No - Use NetSuite Avatax", False, "STX"),
    ],
)
@rule(MAP + "taxable-to-istaxable", MAP + "taxcode-to-avalara-tax-code", "settings.4.4.value.no-use-netsuite-avatax")
def test_tax_fields_depend_on_who_calculates_tax(standard: str, taxable: bool | None, avalara: str | None) -> None:
    body = written(bench(Charges, {"Taxable": False}, {"use_standard_invoice_sync": standard}))
    assert (body.get("isTaxable"), body.get(C["Avalara Tax Code"])) == (taxable, avalara)
    assert body[C["Zuora Taxable"]] is False


@rule(
    MAP + "deferredrevaccount-ns-to-deferred-revenue-account",
    MAP + "revreccode-to-rev-rec-schedule",
    MAP + "subsidiary-ns-to-subsidiary",
    MAP + "includechildren-ns-to-include-children",
    "settings.key.netsuite_use_revenue_recognition",
    "classifications.4.subsidiary.off",
)
def test_nothing_about_revenue_or_subsidiaries_is_sent_where_they_are_off() -> None:
    body = written(bench(Charges))
    assert not {"deferredRevenueAccount", "revRecSchedule", "subsidiary", "includeChildren", "taxSchedule"} & body.keys()


@rule(CLASSES[0], "classifications.3.value.charge-item")
def test_classifications_fall_back_to_the_connector_defaults() -> None:
    assert written(bench(Charges, {"Class__NS": None}, {"default_class": "Hardware"}))["class"] == {"id": "2"}
    assert "class" not in written(bench(Charges, {"Class__NS": None}))


@rule(MODEL[0])
def test_the_charge_type_is_the_same_whichever_interface_read_it() -> None:
    assert written(bench(Charges, {"ChargeType": "One-Time"}))[C["Zuora Charge Type"]] == "OneTime"


def test_display_names_and_descriptions_beyond_netsuites_lengths_are_cut_and_said() -> None:
    plan = bench(Charges, {"Name": "n" * 100}).plan("ch1")
    assert plan.requests[0].body["displayName"] == "n" * 60
    assert [r.code for r in plan.remarks] == ["ITEM-CUT"]


@rule(MAP + "name-to-display-name", MAP + "subsidiary-ns-to-subsidiary", "classifications.4.subsidiary.rate-plan-charge-item-update")
def test_an_update_never_touches_display_name_and_subsidiary() -> None:
    b = synced(bench(Charges, settings=EVERYTHING))
    own(b).update({"Description": "New", "Subsidiary__NS": "Parent"})
    b.netsuite.records["serviceSaleItem"]["900"]["displayName"] = "Kept by hand"
    assert b.plan("ch1").requests[0].body == {"salesDescription": "New"}
