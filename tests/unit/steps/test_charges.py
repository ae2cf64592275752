"""Zuora product rate plan charges -> NetSuite items: catalog.md sections 1 and 4."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tallybridge.errors import Refused
from tallybridge.steps.charges import ROWS, Charges
from tallybridge.steps.items import RECORD_TYPES
from tallybridge.steps.mapping import Custom, filled
from tallybridge.steps.reference import Reference, load_reference
from tallybridge.sync.runlog import Outcome
from tallybridge.sync.step import Found, Hold, Leave, Write
from tests.unit.steps.master_fakes import STAMP, Bench, FakeNetSuite, FakeZuora, fields_with, table

LABELS = list(dict.fromkeys(row.target.label for row in ROWS if isinstance(row.target, Custom)))
STANDARD = [row.target for row in ROWS if isinstance(row.target, str)]
FIELDS = fields_with(STANDARD, LABELS, "custitem")
C = FIELDS.custom

CHARGE: dict[str, Any] = {
    "Id": "ch1",
    "Name": "Platform Fee",
    "AccountingCode": "Sales",
    "ChargeModel": "Flat Fee Pricing",
    "ChargeType": "Recurring",
    "CreatedDate": "2026-01-05T10:00:00.000+01:00",
    "Description": "The platform",
    "ProductRatePlanId": "rp1",
    "RevRecCode": "Straight",
    "TaxCode": "STX",
    "Taxable": True,
    "UpdatedDate": "2026-02-01T08:00:00.000+01:00",
    "ItemType__NS": "Service",
    "Class__NS": "Software",
    "Department__NS": "Sales : Field",
    "Location__NS": "Europe",
    "DeferredRevAccount__NS": "Deferred : Subscriptions",
    "IncludeChildren__NS": "Yes",
    "RecognizedRevAccount__NS": "Revenue : Recurring",
    "Subsidiary__NS": "Parent : Europe",
}
PLAN = {"Id": "rp1", "Name": "Monthly", "ProductId": "pr1", "EffectiveStartDate": "2026-01-01", "EffectiveEndDate": "2026-12-31"}
PRODUCT = {"Id": "pr1", "Name": "Analytics", "EffectiveStartDate": "2026-01-01", "EffectiveEndDate": "2026-12-31"}
ONE_WORLD = {"netsuite_subsidiaries": "Yes"}
REV_REC = {"netsuite_use_revenue_recognition": "Yes"}
NEW_ONLY = {"product_catalog_sync_behavior": "Sync New Records Only"}
SYNCED = {"IntegrationId__NS": "900", "IntegrationStatus__NS": "Sync Complete"}
SUITEQL = {"serviceSaleItem": "Service", "nonInventorySaleItem": "NonInvtPart", "inventoryItem": "InvtPart"}


def bench(charge: Mapping[str, Any] | None = None, settings: Mapping[str, Any] | None = None, **parents: Mapping[str, Any]) -> Bench:
    zuora, netsuite = FakeZuora(), FakeNetSuite(zuora_field=C["Zuora ID"], item_types=SUITEQL)
    zuora.put("ProductRatePlanCharge", {k: v for k, v in {**CHARGE, **(charge or {})}.items() if v is not None})
    zuora.put("ProductRatePlan", PLAN | dict(parents.get("plan", {})))
    zuora.put("Product", PRODUCT | dict(parents.get("product", {})))
    accounts = {"Sales": ("41", "Income"), "Revenue : Recurring": ("42", "Income"), "Deferred : Subscriptions": ("24", "DeferRevenue")}
    tables = {
        "class": table(Software="1", Hardware="2"),
        "department": table(Sales__Field="11"),
        "location": table(Europe="21"),
        "subsidiary": table(Parent="1", Parent__Europe="3"),
        "tax schedule": table(Standard="81"),
        "revenue template": table(Straight="61"),
        "account": {name: {"id": i, "kind": kind} for name, (i, kind) in accounts.items()},
    }
    return Bench(Charges, zuora, netsuite, Reference(tables, dict.fromkeys(RECORD_TYPES.values(), FIELDS)), dict(settings or {}))


def held(b: Bench) -> list[tuple[str, str]]:
    plan = b.plan("ch1")
    assert isinstance(plan, Hold), plan
    return [(p.code, p.message) for p in plan.problems]


def written(b: Bench) -> dict[str, Any]:
    plan = b.plan("ch1")
    assert isinstance(plan, Write), plan
    return dict(plan.requests[0].body)


def synced(b: Bench) -> Bench:
    b.netsuite.put("serviceSaleItem", "900", **written(b))
    b.zuora.tables["ProductRatePlanCharge"]["ch1"] |= SYNCED
    return b


# -- selection (1, rule 3) -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("parents", "processed"),
    [
        ({}, True),
        ({"plan": {"EffectiveEndDate": "2026-03-01"}, "product": {"EffectiveStartDate": "2026-03-01"}}, True),
        ({"plan": {"EffectiveStartDate": "2026-03-02"}}, False),
        ({"plan": {"EffectiveEndDate": "2026-02-28"}}, False),
        ({"product": {"EffectiveStartDate": "2026-03-02"}}, False),
        ({"product": {"EffectiveEndDate": "2026-02-28"}}, False),
    ],
)
def test_only_charges_of_effective_rate_plans_and_products_are_synced(parents: dict[str, Any], processed: bool) -> None:
    step = bench(**parents).step()
    assert bool(step.refresh(list(step.select()))) is processed


def test_the_selection_joins_the_rate_plan_and_its_product() -> None:
    sql = bench().step().query().heads_sql()
    assert "JOIN productrateplan p0 ON p0.id = h.productrateplanid" in sql
    assert "JOIN product p1 ON p1.id = p0.productid" in sql
    for column in ("p0.effectivestartdate <=", "p0.effectiveenddate >=", "p1.effectivestartdate <=", "p1.effectiveenddate >="):
        assert f"{column} DATE '2026-03-01'" in sql


@pytest.mark.parametrize(
    ("change", "settings", "selected"),
    [
        ({}, {}, True),
        ({"IntegrationStatus__NS": "Ignore"}, {}, False),
        ({"IntegrationStatus__NS": "Error Creating Item"}, NEW_ONLY, True),
        (SYNCED, {}, True),
        (SYNCED, NEW_ONLY, False),
        ({**SYNCED, "UpdatedDate": "2025-12-31T00:00:00Z"}, {}, False),
    ],
)
def test_selects_charges_that_are_new_or_modified_since_the_watermark(
    change: dict[str, Any], settings: dict[str, Any], selected: bool
) -> None:
    assert [c.id for c in bench(change, settings).step().select()] == (["ch1"] if selected else [])


def test_own_write_backs_are_dropped_and_held_charges_selected_again() -> None:
    b = bench(SYNCED)
    b.own_changes = {"ch1": "2026-02-01T07:00:00.000Z"}
    assert list(b.step().select()) == []
    assert b.step().watermark_after("2026-01-01T00:00:00.000Z") == "2026-02-01T07:00:00.000Z"
    b.retry = ("ch1",)
    assert [c.id for c in b.step().select()] == ["ch1"]


# -- validations (1.3, 4.1) ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "settings", "code", "message"),
    [
        ({"ItemType__NS": None}, {}, "ITEM-I1", 'Charge "Platform Fee": Item Type is empty.'),
        ({"ItemType__NS": "Kit"}, {}, "ITEM-I1", 'Charge "Platform Fee": Item Type "Kit" is not valid.'),
        (
            {"IntegrationStatus__NS": "Complete"},
            {},
            "ITEM-I3",
            'Charge "Platform Fee": status is Sync Complete but Integration ID is empty.',
        ),
        ({"Location__NS": "Mars"}, {}, "ITEM-I4", 'Charge "Platform Fee": location "Mars" does not exist in NetSuite.'),
        ({"Class__NS": "Mars"}, {}, "ITEM-I5", 'Charge "Platform Fee": class "Mars" does not exist in NetSuite.'),
        ({"Department__NS": "Sales:Field"}, {}, "ITEM-I6", 'Charge "Platform Fee": department "Sales:Field" does not exist in NetSuite.'),
        ({"Subsidiary__NS": "Mars"}, ONE_WORLD, "ITEM-I7", 'Charge "Platform Fee": subsidiary "Mars" does not exist in NetSuite.'),
        ({"Subsidiary__NS": None}, ONE_WORLD, "ITEM-I8", 'Charge "Platform Fee": no subsidiary and no default subsidiary is configured.'),
        (
            {"RecognizedRevAccount__NS": "Mars"},
            {},
            "CHG-G1",
            'Charge "Platform Fee": income account "Mars" does not exist in NetSuite.',
        ),
        (
            {"RecognizedRevAccount__NS": None, "AccountingCode": "Deferred : Subscriptions"},
            {},
            "CHG-G1",
            'Charge "Platform Fee": income account "Deferred : Subscriptions" does not exist in NetSuite.',
        ),
        (
            {"DeferredRevAccount__NS": "Sales"},
            REV_REC,
            "CHG-G2",
            'Charge "Platform Fee": deferred revenue account "Sales" does not exist in NetSuite.',
        ),
        (
            {"RevRecCode": "Mars"},
            REV_REC,
            "CHG-G3",
            'Charge "Platform Fee": revenue recognition template "Mars" does not exist in NetSuite.',
        ),
    ],
)
def test_a_failed_validation_holds_the_charge(change: dict[str, Any], settings: dict[str, Any], code: str, message: str) -> None:
    b = bench(change, settings)
    assert held(b) == [(code, message)]
    assert all(p.advice for p in b.plan("ch1").problems)


def test_a_changed_item_type_is_an_error_until_it_is_restored() -> None:  # I2
    b = synced(bench())
    b.zuora.tables["ProductRatePlanCharge"]["ch1"]["ItemType__NS"] = "Inventory"
    message = (
        'Charge "Platform Fee": Item Type was changed to "Inventory" after the item was created in NetSuite. '
        "Restore it, or delete the item and clear the integration fields."
    )
    assert held(b) == [("ITEM-I2", message)]
    b.zuora.tables["ProductRatePlanCharge"]["ch1"] |= {"IntegrationId__NS": "", "IntegrationStatus__NS": "Creating Item"}
    assert held(b) == [("ITEM-I2", message)]


@pytest.mark.parametrize(
    ("change", "settings"),
    [
        ({"Subsidiary__NS": "Mars"}, {}),
        ({"DeferredRevAccount__NS": "Mars", "RevRecCode": "Mars"}, {}),
        ({"Subsidiary__NS": None}, {**ONE_WORLD, "default_subsidiary": "Parent"}),
        ({"RecognizedRevAccount__NS": None, "AccountingCode": None}, {}),
        ({"Name": "n" * 100}, {}),
    ],
)
def test_validations_that_do_not_apply_do_not_hold(change: dict[str, Any], settings: dict[str, Any]) -> None:
    assert written(bench(change, settings))["itemId"]


def test_a_code_without_deferred_revenue_account_is_remarked_on() -> None:  # G4
    plan = bench({"DeferredRevAccount__NS": None}, REV_REC).plan("ch1")
    assert [r.message for r in plan.remarks] == ['Charge "Platform Fee": has a revenue recognition code but no deferred revenue account.']


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
def test_charge_models_that_are_not_carried_are_skipped_unless_the_setting_says_so(model: str, left: bool) -> None:  # G5
    plan = bench({"ChargeModel": model}).plan("ch1")
    assert isinstance(plan, Leave) is left
    if left:
        assert plan.problem.message == f'Charge "Platform Fee": charge model "{model}" is not supported; the charge is skipped.'
    assert written(bench({"ChargeModel": model}, {"sync_unsupported_charge_models": "Yes"}))["itemId"]


NAMES = st.text(st.characters(blacklist_categories=["Cs", "Cc", "Zs"]), min_size=1, max_size=300) | st.sampled_from(['"', ",", "🦊" * 61])


@given(name=NAMES)
def test_any_name_ends_as_an_item_or_as_one_clear_message(name: str) -> None:  # I9
    b = bench({"Name": name}, {"item_id_mapping": "Use Zuora Record Name"})
    if len(name) > 60:
        assert held(b) == [("ITEM-I9", f'Charge "{name}": item name is longer than 60 characters.')]
    else:
        assert written(b)["itemId"] == name


# -- mapping (4.2) -------------------------------------------------------------------------------------------------------

EVERYTHING = {
    **ONE_WORLD,
    **REV_REC,
    "use_standard_invoice_sync": "No - Use NetSuite Avatax",
    "netsuite_default_tax_schedule": "Standard",
}
LINK = {
    C["Zuora Product Rate Plan Charge Name"]: "Platform Fee",
    C["Zuora ID"]: "ch1",
    C["Zuora Charge Model"]: "Flat Fee Pricing",
    C["Zuora Charge Type"]: "Recurring",
    C["Zuora Created Date"]: "2026-01-05T09:00:00Z",
    C["Zuora Product Rate Plan Name"]: "Monthly",
    C["Zuora Product Name"]: "Analytics",
    C["Zuora Type"]: "CHARGE",
    C["Zuora Sync Date"]: STAMP,
    C["Zuora Taxable"]: True,
    C["Zuora Tax Code"]: "STX",
}
UPDATE = LINK | {
    "itemId": "Zuora Charge ch1",
    "salesDescription": "The platform",
    "incomeAccount": {"id": "42"},
    "deferredRevenueAccount": {"id": "24"},
    "revRecSchedule": {"id": "61"},
    "isTaxable": True,
    C["Avalara Tax Code"]: "STX",
    "class": {"id": "1"},
    "department": {"id": "11"},
    "location": {"id": "21"},
    "includeChildren": True,
    "taxSchedule": {"id": "81"},
}
CREATE = UPDATE | {"displayName": "Platform Fee", "subsidiary": {"items": [{"id": "3"}]}}


@pytest.mark.parametrize(("when", "expected"), [("C", CREATE), ("U", UPDATE), ("L", LINK)])
def test_the_mapping_table_writes_exactly_these_values(when: str, expected: dict[str, Any]) -> None:
    b = bench(settings=EVERYTHING)
    assert filled(ROWS, when, b.record("ch1").data, b.reference, "serviceSaleItem") == expected


@pytest.mark.parametrize("row", ROWS, ids=lambda r: f"{r.source}-{r.target}-{r.when}")
def test_every_row_of_the_table_gives_a_value_in_the_test_above(row: Any) -> None:
    b = bench(settings=EVERYTHING)
    item = b.record("ch1").data
    for when in row.when:
        assert filled([row], when, item, b.reference, "serviceSaleItem"), when


@pytest.mark.parametrize(
    ("item_type", "record_type"),
    [("Service", "serviceSaleItem"), ("Non Inventory", "nonInventorySaleItem"), ("Inventory", "inventoryItem")],
)
def test_the_item_type_chooses_the_record_type(item_type: str, record_type: str) -> None:
    assert bench({"ItemType__NS": item_type}).plan("ch1").requests[0].record_type == record_type


@pytest.mark.parametrize(
    ("recognized", "code", "account"),
    [("Revenue : Recurring", "Sales", {"id": "42"}), (None, "Sales", {"id": "41"}), ("", "Sales", {"id": "41"}), (None, None, None)],
)
def test_the_income_account_is_the_recognised_revenue_account_else_the_accounting_code(  # 4.3
    recognized: str | None, code: str | None, account: dict[str, str] | None
) -> None:
    assert written(bench({"RecognizedRevAccount__NS": recognized, "AccountingCode": code})).get("incomeAccount") == account


@pytest.mark.parametrize("model", ["Discount-Fixed Amount", "Discount-Percentage"])
def test_a_discount_charge_gets_its_revenue_template_by_hand(model: str) -> None:
    body = written(bench({"ChargeModel": model}, REV_REC))
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
def test_tax_fields_depend_on_who_calculates_tax(standard: str, taxable: bool | None, avalara: str | None) -> None:
    body = written(bench({"Taxable": False}, {"use_standard_invoice_sync": standard}))
    assert (body.get("isTaxable"), body.get(C["Avalara Tax Code"])) == (taxable, avalara)
    assert body[C["Zuora Taxable"]] is False


def test_nothing_about_revenue_or_subsidiaries_is_sent_where_they_are_off() -> None:
    body = written(bench())
    assert not {"deferredRevenueAccount", "revRecSchedule", "subsidiary", "includeChildren", "taxSchedule"} & body.keys()


def test_classifications_fall_back_to_the_connector_defaults() -> None:
    assert written(bench({"Class__NS": None}, {"default_class": "Hardware"}))["class"] == {"id": "2"}
    assert "class" not in written(bench({"Class__NS": None}))


def test_the_charge_type_is_the_same_whichever_interface_read_it() -> None:
    assert written(bench({"ChargeType": "One-Time"}))[C["Zuora Charge Type"]] == "OneTime"


def test_display_names_and_descriptions_beyond_netsuites_lengths_are_cut_and_said() -> None:
    plan = bench({"Name": "n" * 100}).plan("ch1")
    assert plan.requests[0].body["displayName"] == "n" * 60
    assert [r.code for r in plan.remarks] == ["ITEM-CUT"]


def test_a_default_tax_schedule_that_is_gone_is_remarked_on() -> None:
    plan = bench(settings={"netsuite_default_tax_schedule": "Gone"}).plan("ch1")
    assert [r.message for r in plan.remarks] == ['Default tax schedule "Gone" does not exist in NetSuite; it is ignored.']


# -- actions and statuses (1, rules 4 to 7) ------------------------------------------------------------------------------


def test_a_new_charge_is_created() -> None:
    plan = bench().plan("ch1")
    assert (plan.action, plan.in_progress, plan.error) == ("create", "Creating Item", "Error Creating Item")
    assert plan.requests[0].body["externalId"] == "ch1"
    assert (plan.write_back, plan.transferred, plan.check_amount) == (True, False, False)


def test_recovery_looks_for_the_zuora_id_of_charges_only() -> None:
    b = bench({"IntegrationStatus__NS": "Creating Item"})
    b.netsuite.put("serviceSaleItem", "77", **{C["Zuora ID"]: "ch1"})
    plan = b.plan("ch1")
    assert isinstance(plan, Found)
    assert plan.counterpart.id == "77"
    assert f"AND t.{C['Zuora Type']} IN ('CHARGE')" in b.netsuite.calls[0][1]


def test_an_item_found_after_an_error_is_brought_up_to_date_as_well() -> None:
    b = bench({"IntegrationStatus__NS": "Error Creating Item"})
    b.netsuite.put("serviceSaleItem", "77", **{C["Zuora ID"]: "ch1"}, salesDescription="Old")
    plan = b.plan("ch1")
    assert (plan.action, plan.write_back, plan.requests[0].record_id) == ("recover", True, "77")
    assert plan.requests[0].body["salesDescription"] == "The platform"


def test_two_items_with_one_zuora_id_hold_the_charge() -> None:
    b = bench()
    for internal_id in ("77", "78"):
        b.netsuite.put("serviceSaleItem", internal_id, **{C["Zuora ID"]: "ch1"})
    assert held(b) == [("CHG-AMBIGUOUS", 'Charge "Platform Fee": 2 NetSuite items carry this Zuora ID. Clear the duplicates first.')]


def test_an_update_sends_only_what_differs_and_never_the_display_name() -> None:
    b = synced(bench(settings=EVERYTHING))
    b.zuora.tables["ProductRatePlanCharge"]["ch1"] |= {"Description": "New", "Subsidiary__NS": "Parent"}
    b.netsuite.records["serviceSaleItem"]["900"]["displayName"] = "Kept by hand"
    plan = b.plan("ch1")
    assert (plan.action, plan.in_progress, plan.error, plan.write_back) == ("update", "", "Error Updating Item", False)
    assert plan.requests[0].body == {"salesDescription": "New"}


def test_nothing_is_sent_when_nothing_differs() -> None:
    plan = synced(bench(settings=EVERYTHING)).plan("ch1")
    assert isinstance(plan, Found)
    assert (plan.write_back, plan.action) == (False, "none")


@pytest.mark.parametrize("status", ["Error Updating Item", ""])
def test_a_successful_update_of_a_charge_that_is_not_complete_completes_it(status: str) -> None:
    b = synced(bench())
    b.zuora.tables["ProductRatePlanCharge"]["ch1"]["IntegrationStatus__NS"] = status
    assert b.plan("ch1").write_back is True


def test_an_item_that_was_deleted_in_netsuite_ends_as_netsuites_refusal() -> None:
    plan = bench(SYNCED).plan("ch1")
    assert (plan.action, plan.requests[0].record_id) == ("update", "900")


def test_an_item_that_cannot_be_read_holds_only_its_charge() -> None:
    b = synced(bench())
    b.netsuite.broken = {"900"}
    assert [m for _, m in held(b)] == ['Charge "Platform Fee": NetSuite serviceSaleItem 900 could not be read: no answer']


@pytest.mark.parametrize("item_type", ["Service", None])
def test_a_link_writes_zuora_fields_only_and_validates_nothing(item_type: str | None) -> None:
    b = bench({"IntegrationId__NS": "900", "Location__NS": "Mars", "ItemType__NS": item_type}, {**EVERYTHING, **NEW_ONLY})
    b.netsuite.put("serviceSaleItem", "900")
    plan = b.plan("ch1")
    assert (plan.action, plan.in_progress, plan.error) == ("link", "Linking Item", "Error Linking Item")
    assert plan.requests[0].record_type == "serviceSaleItem"
    assert plan.requests[0].body == LINK


def test_a_link_without_any_item_type_is_held() -> None:
    b = bench({"IntegrationId__NS": "900", "ItemType__NS": None}, NEW_ONLY)
    assert held(b) == [("ITEM-I1", 'Charge "Platform Fee": Item Type is empty.')]


def test_a_charge_goes_through_the_engine() -> None:
    b = bench()
    assert [r.outcome for r in b.run().results] == [Outcome.SYNCED]
    assert [w.get("IntegrationStatus__NS") for w in b.zuora.writes] == ["Creating Item", "Sync Complete"]
    assert b.zuora.tables["ProductRatePlanCharge"]["ch1"]["IntegrationId__NS"] == "501"


def test_an_unsupported_charge_is_skipped_without_a_status() -> None:
    b = bench({"ChargeModel": "MultiAttributePricing"})
    assert [r.outcome for r in b.run().results] == [Outcome.SKIPPED]
    assert b.zuora.writes == []


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
    assert set(bench(settings=settings).step().needs) == always | more


class Shelf(dict[str, Any]):
    """Tables of a run, in memory."""

    def has(self, name: str) -> bool:
        return name in self

    def read_json(self, name: str) -> Any:
        return self[name]

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
