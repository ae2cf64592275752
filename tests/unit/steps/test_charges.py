"""Zuora product rate plan charges -> NetSuite items, what is theirs alone: selection, validations, skipped ones (catalog.md section 4)."""

from __future__ import annotations

from typing import Any

import pytest

from tallybridge.errors import Refused
from tallybridge.steps.charges import Charges
from tallybridge.steps.master_data.items import RECORD_TYPES
from tallybridge.steps.shared.reference import load_reference
from tallybridge.sync.runlog import Outcome
from tallybridge.sync.step import Hold
from tests.unit.steps.catalog_fakes import ONE_WORLD, REV_REC, SYNCED, bench, held, written

rule = pytest.mark.rule


# -- selection (1, rule 3) -----------------------------------------------------------------------------------------------


def test_the_selection_joins_the_rate_plan_and_its_product() -> None:
    sql = bench(Charges).step().query().heads_sql()
    assert "JOIN productrateplan p0 ON p0.id = h.productrateplanid" in sql
    assert "JOIN product p1 ON p1.id = p0.productid" in sql


@rule("catalog.1.selection.charge-dates")
def test_a_change_of_the_rate_plan_is_no_change_of_its_charges() -> None:
    b = bench(Charges, {**SYNCED, "UpdatedDate": "2025-12-31T00:00:00Z"}, plan={"UpdatedDate": "2026-02-20T00:00:00Z"})
    assert list(b.step().select()) == []


# -- validations (4.1) ---------------------------------------------------------------------------------------------------

G1, G2, G3 = (rule(f"catalog.4.validation.G{n}") for n in (1, 2, 3))


@pytest.mark.parametrize(
    ("change", "settings", "code", "text"),
    [
        pytest.param({"RecognizedRevAccount__NS": "Mars"}, {}, "CHG-G1", 'income account "Mars" does not exist in NetSuite.', marks=G1),
        pytest.param(
            {"RecognizedRevAccount__NS": None, "AccountingCode": "Deferred : Subscriptions"},
            {},
            "CHG-G1",
            'income account "Deferred : Subscriptions" does not exist in NetSuite.',
            marks=G1,
        ),
        pytest.param(
            {"RecognizedRevAccount__NS": "Revenue:Recurring"},
            {},
            "CHG-G1",
            'income account "Revenue:Recurring" does not exist in NetSuite.',
            marks=rule("catalog.4.income-account.1"),
        ),
        pytest.param(
            {"DeferredRevAccount__NS": "Sales"},
            REV_REC,
            "CHG-G2",
            'deferred revenue account "Sales" does not exist in NetSuite.',
            marks=G2,
        ),
        pytest.param(
            {"RevRecCode": "Mars"}, REV_REC, "CHG-G3", 'revenue recognition template "Mars" does not exist in NetSuite.', marks=G3
        ),
        pytest.param({"Department__NS": "Sales:Field"}, {}, "ITEM-I6", 'department "Sales:Field" does not exist in NetSuite.'),
    ],
)
def test_a_failed_validation_holds_the_charge(change: dict[str, Any], settings: dict[str, Any], code: str, text: str) -> None:
    b = bench(Charges, change, settings)
    assert held(b) == [(code, f'Charge "Platform Fee": {text}')]
    assert all(p.advice for p in b.plan("ch1").problems)


@pytest.mark.parametrize(
    ("change", "settings"),
    [
        pytest.param({"DeferredRevAccount__NS": "Mars"}, {}, marks=G2),
        pytest.param({"RevRecCode": "Mars"}, {}, marks=G3),
        pytest.param({"RecognizedRevAccount__NS": None, "AccountingCode": None}, {}, marks=G1),
        ({"Name": "n" * 100}, {}),
    ],
)
def test_validations_that_do_not_apply_do_not_hold(change: dict[str, Any], settings: dict[str, Any]) -> None:
    assert written(bench(Charges, change, settings))["itemId"]


@rule("catalog.4.validation.G4")
def test_a_code_without_deferred_revenue_account_is_remarked_on() -> None:
    plan = bench(Charges, {"DeferredRevAccount__NS": None}, REV_REC).plan("ch1")
    assert [r.message for r in plan.remarks] == ['Charge "Platform Fee": has a revenue recognition code but no deferred revenue account.']
    assert bench(Charges, {"DeferredRevAccount__NS": None}).plan("ch1").remarks == ()
    assert bench(Charges, settings=REV_REC).plan("ch1").remarks == ()


@pytest.mark.parametrize(
    ("model", "left"),
    [
        ("HighWatermarkVolumePricing", True),
        ("High Watermark Tiered Pricing", True),
        ("PreratedPerUnit", True),
        ("Pre-Rated Pricing", True),
        ("MultiAttributePricing", True),
        ("Multi-Attribute Pricing", True),
        ("Tiered with Overage Pricing", False),
        ("Discount-Percentage", False),
        ("Delivery Pricing", False),
    ],
)
@rule("catalog.4.validation.G5", "catalog.K7.unsupported-model-setting", "settings.key.sync_unsupported_charge_models")
def test_charge_models_that_are_not_carried_are_skipped_unless_the_setting_says_so(model: str, left: bool) -> None:
    plan = bench(Charges, {"ChargeModel": model}).plan("ch1")
    assert (isinstance(plan, Hold) and plan.problems[0].code == "CHG-G5") is left
    if left:
        assert plan.problems[0].message == f'Charge "Platform Fee": charge model "{model}" is not supported; the charge is skipped.'
    assert written(bench(Charges, {"ChargeModel": model}, {"sync_unsupported_charge_models": "Yes"}))["itemId"]


@rule("catalog.4.validation.G5")
def test_an_unsupported_charge_is_skipped_with_a_warning_and_without_a_status() -> None:
    b = bench(Charges, {"ChargeModel": "MultiAttributePricing"})
    ran = b.run()
    assert [r.outcome for r in ran.results] == [Outcome.HELD]
    assert [(str(line.level), line.code) for line in ran.lines] == [("WARNING", "CHG-G5")]
    assert b.zuora.writes == []


# -- reference data ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("settings", "more"),
    [
        ({}, set()),
        (ONE_WORLD, {"subsidiary"}),
        (REV_REC, {"revenue template"}),
        ({"netsuite_default_tax_schedule": "Standard"}, {"tax schedule"}),
    ],
)
def test_only_tables_that_the_settings_call_for_are_read(settings: dict[str, Any], more: set[str]) -> None:
    always = {"class", "department", "location", "account", *(f"fields:{t}" for t in RECORD_TYPES.values())}
    assert set(bench(Charges, settings=settings).step().needs) == always | more


class Shelf(dict[str, Any]):
    """Tables of a run, in memory."""

    def read_json_or(self, name: str) -> Any:
        return self.get(name)

    def write_json(self, name: str, value: Any) -> str:
        self[name] = value
        return name


class Featureless:
    """An account without classes and inventory."""

    def suiteql(self, q: str, params: Any = ()) -> Any:
        raise Refused("Record 'classification' was not found.", service="NetSuite")

    def metadata(self, record_type: str) -> Any:
        raise Refused("Record type 'inventoryItem' does not exist", service="NetSuite")


def test_features_that_the_account_lacks_do_not_stop_the_step() -> None:
    reference = load_reference(Featureless(), Shelf(), ("class", "fields:inventoryItem"), {})
    assert reference.id_of("class", "Software") is None
    assert reference.has_field("inventoryItem", "itemId")
    with pytest.raises(Refused):
        load_reference(Featureless(), Shelf(), ("account",), {})
