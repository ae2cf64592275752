"""What products, rate plans and charges have in common: catalog.md section 1."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tallybridge.steps.charges import Charges
from tallybridge.steps.products import Products
from tallybridge.steps.rate_plans import RatePlans
from tallybridge.sync.runlog import Outcome
from tallybridge.sync.step import Found, Write
from tests.unit.steps.catalog_fakes import NEW_ONLY, ONE_WORLD, SYNCED, C, Catalogue, bench, held, id_of, own, synced, written

rule = pytest.mark.rule
ALL = (Products, RatePlans, Charges)
CLASSIFIED = (RatePlans, Charges)
LABEL = {Products: 'Product "Analytics"', RatePlans: 'Rate plan "Monthly"', Charges: 'Charge "Platform Fee"'}
each = pytest.mark.parametrize("kind", ALL, ids=lambda k: k.name)
each_classified = pytest.mark.parametrize("kind", CLASSIFIED, ids=lambda k: k.name)


# -- selection (1, rules 2 and 3) ----------------------------------------------------------------------------------------


@each
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
@rule("catalog.1.rule.3", "settings.key.product_catalog_sync_behavior")
def test_selects_records_that_are_new_or_modified_since_the_watermark(
    kind: Catalogue, change: dict[str, Any], settings: dict[str, Any], selected: bool
) -> None:
    b = bench(kind, change, settings)
    assert [c.id for c in b.step().select()] == ([id_of(b)] if selected else [])


OUTSIDE = [{"EffectiveStartDate": "2026-03-02"}, {"EffectiveEndDate": "2026-02-28"}]
INSIDE = [{}, {"EffectiveEndDate": "2026-03-01"}, {"EffectiveStartDate": "2026-03-01"}]


def is_processed(kind: Catalogue, change: dict[str, Any] | None = None, **parents: dict[str, Any]) -> bool:
    step = bench(kind, change, **parents).step()
    return bool(step.refresh(list(step.select())))


@rule("catalog.1.rule.2", "catalog.1.selection.product-dates")
@pytest.mark.parametrize(("dates", "processed"), [(d, False) for d in OUTSIDE] + [(d, True) for d in INSIDE])
def test_only_effective_products_are_synced(dates: dict[str, Any], processed: bool) -> None:
    assert is_processed(Products, dates) is processed


@rule("catalog.1.rule.2", "catalog.1.selection.rate-plan-dates")
@pytest.mark.parametrize(("dates", "processed"), [(d, False) for d in OUTSIDE] + [(d, True) for d in INSIDE])
def test_only_rate_plans_effective_with_their_product_are_synced(dates: dict[str, Any], processed: bool) -> None:
    assert is_processed(RatePlans, dates) is processed
    assert is_processed(RatePlans, product=dates) is processed


@rule("catalog.1.rule.2", "catalog.1.selection.charge-dates")
@pytest.mark.parametrize(("dates", "processed"), [(d, False) for d in OUTSIDE] + [(d, True) for d in INSIDE])
def test_only_charges_of_effective_rate_plans_and_products_are_synced(dates: dict[str, Any], processed: bool) -> None:
    assert is_processed(Charges, plan=dates) is processed
    assert is_processed(Charges, product=dates) is processed


@rule("catalog.1.selection.product-dates")
@pytest.mark.parametrize(
    ("updated", "first_day", "last_day", "processed"),
    [
        ("2026-02-01T08:00:00.000+13:00", "2026-03-02", "2026-12-31", True),
        ("2026-02-01T08:00:00.000+13:00", "2026-01-01", "2026-03-01", False),
        ("2026-02-01T08:00:00.000+00:00", "2026-03-02", "2026-12-31", False),
        ("2026-02-01T08:00:00.000-11:00", "2026-01-01", "2026-03-01", True),
    ],
)
def test_dates_are_those_of_the_tenants_time_zone(updated: str, first_day: str, last_day: str, processed: bool) -> None:
    """It is noon of the first of March in Greenwich, and the second in Auckland."""
    change = {"UpdatedDate": updated, "EffectiveStartDate": first_day, "EffectiveEndDate": last_day}
    assert is_processed(Products, change) is processed


@each
def test_the_query_takes_in_a_day_more_on_either_side_for_time_zones(kind: Catalogue) -> None:
    sql = bench(kind).step().query().heads_sql()
    own_dates = {"h"} if kind is not Charges else {"p0", "p1"}
    for table in own_dates | ({"p0"} if kind is RatePlans else set()):
        assert f"{table}.effectivestartdate <= DATE '2026-03-02'" in sql
        assert f"{table}.effectiveenddate >= DATE '2026-02-28'" in sql


@each
@rule("customer-accounts.1.1.watermark.own-write-back", "customer-accounts.1.1.watermark.retry-list", "catalog.1.rule.1")
def test_own_write_backs_are_no_change_and_held_records_selected_again(kind: Catalogue) -> None:
    b = bench(kind, SYNCED)
    before = b.record(id_of(b))
    assert b.step().moments([id_of(b)]) == {id_of(b): before.modified}
    b.zuora.tables[kind.object][id_of(b)] |= {"UpdatedDate": "2025-12-01T00:00:00Z", "SyncDate__NS": "now"}
    assert b.record(id_of(b)).state == before.state
    assert list(b.step().select()) == []
    b.retry = (id_of(b),)
    assert [c.id for c in b.step().select()] == [id_of(b)]


# -- item type and name (1.1, 1.2) ---------------------------------------------------------------------------------------


@each
@pytest.mark.parametrize(
    ("item_type", "record_type"),
    [
        pytest.param("Service", "serviceSaleItem", marks=rule("catalog.1.item-type.service")),
        pytest.param("Non Inventory", "nonInventorySaleItem", marks=rule("catalog.1.item-type.non-inventory")),
        pytest.param("Inventory", "inventoryItem", marks=rule("catalog.1.item-type.inventory")),
    ],
)
@rule("catalog.2.mapping.itemtype-ns-to-record-type", "custom-fields.1.3.field.item-type")
def test_the_item_type_chooses_the_record_type(kind: Catalogue, item_type: str, record_type: str) -> None:
    b = bench(kind, {"ItemType__NS": item_type})
    assert b.plan(id_of(b)).requests[0].record_type == record_type


BY_ID = "Use Unique Zuora Internal ID"
BY_NAME = "Use Zuora Record Name"


@pytest.mark.parametrize(
    ("kind", "mapping", "item_id"),
    [
        pytest.param(Products, BY_ID, "Zuora Product pr1", marks=rule("catalog.1.item-name.use-unique-zuora-internal-id")),
        pytest.param(RatePlans, BY_ID, "Zuora Rate Plan rp1", marks=rule("catalog.1.item-name.use-unique-zuora-internal-id")),
        pytest.param(Charges, BY_ID, "Zuora Charge ch1", marks=rule("catalog.1.item-name.use-unique-zuora-internal-id")),
        pytest.param(Products, BY_NAME, "Analytics", marks=rule("catalog.1.item-name.use-zuora-record-name")),
        pytest.param(RatePlans, BY_NAME, "Monthly", marks=rule("catalog.1.item-name.use-zuora-record-name")),
        pytest.param(Charges, BY_NAME, "Platform Fee", marks=rule("catalog.1.item-name.use-zuora-record-name")),
    ],
)
@rule("settings.key.item_id_mapping")
def test_the_item_number_is_made_from_the_id_or_is_the_name(kind: Catalogue, mapping: str, item_id: str) -> None:
    assert written(bench(kind, settings={"item_id_mapping": mapping}))["itemId"] == item_id


# -- validations (1.3) ---------------------------------------------------------------------------------------------------


@each
@pytest.mark.parametrize(
    ("change", "settings", "code", "text"),
    [
        pytest.param({"ItemType__NS": None}, {}, "ITEM-I1", "Item Type is empty.", marks=rule("catalog.1.validation.I1")),
        pytest.param({"ItemType__NS": "Kit"}, {}, "ITEM-I1", 'Item Type "Kit" is not valid.', marks=rule("catalog.1.validation.I1")),
        pytest.param(
            {"IntegrationStatus__NS": "Complete"},
            {},
            "ITEM-I3",
            "status is Sync Complete but Integration ID is empty.",
            marks=rule("catalog.1.validation.I3"),
        ),
        pytest.param(
            {"Subsidiary__NS": None},
            ONE_WORLD,
            "ITEM-I8",
            "no subsidiary and no default subsidiary is configured.",
            marks=rule("catalog.1.validation.I8"),
        ),
    ],
)
@rule("catalog.1.rule.6")
def test_a_failed_validation_holds_the_record(
    kind: Catalogue, change: dict[str, Any], settings: dict[str, Any], code: str, text: str
) -> None:
    b = bench(kind, change, settings)
    assert held(b) == [(code, f"{LABEL[kind]}: {text}")]
    assert all(p.advice for p in b.plan(id_of(b)).problems)


@each_classified
@pytest.mark.parametrize(
    ("field", "word", "code", "settings"),
    [
        pytest.param("Location__NS", "location", "ITEM-I4", {}, marks=rule("catalog.1.validation.I4")),
        pytest.param("Class__NS", "class", "ITEM-I5", {}, marks=rule("catalog.1.validation.I5")),
        pytest.param("Department__NS", "department", "ITEM-I6", {}, marks=rule("catalog.1.validation.I6")),
        pytest.param("Subsidiary__NS", "subsidiary", "ITEM-I7", ONE_WORLD, marks=rule("catalog.1.validation.I7")),
    ],
)
@rule("classifications.5.message.charge-rate-plan-value-unknown")
def test_a_value_that_netsuite_does_not_have_holds_the_record(
    kind: Catalogue, field: str, word: str, code: str, settings: dict[str, Any]
) -> None:
    assert held(bench(kind, {field: "Mars"}, settings)) == [(code, f'{LABEL[kind]}: {word} "Mars" does not exist in NetSuite.')]


@each_classified
@rule("catalog.1.validation.I7", "classifications.4.subsidiary.off")
def test_subsidiaries_are_not_looked_at_without_one_world(kind: Catalogue) -> None:
    assert "subsidiary" not in written(bench(kind, {"Subsidiary__NS": "Mars"}))


@each
@rule(
    "catalog.1.validation.I8",
    "settings.key.default_subsidiary",
    "classifications.4.subsidiary.product-item",
    "classifications.4.subsidiary.rate-plan-charge-item-create",
)
def test_the_default_subsidiary_does_where_the_record_has_none(kind: Catalogue) -> None:
    body = written(bench(kind, {"Subsidiary__NS": None}, {**ONE_WORLD, "default_subsidiary": "Parent"}))
    assert body["subsidiary"] == {"items": [{"id": "1"}]}


@each
@rule("catalog.1.validation.I2")
def test_a_changed_item_type_is_an_error_until_it_is_restored(kind: Catalogue) -> None:
    b = synced(bench(kind))
    own(b)["ItemType__NS"] = "Inventory"
    message = (
        f'{LABEL[kind]}: Item Type was changed to "Inventory" after the item was created in NetSuite. '
        "Restore it, or delete the item and clear the integration fields."
    )
    assert held(b) == [("ITEM-I2", message)]
    own(b).update({"IntegrationId__NS": "", "IntegrationStatus__NS": "Creating Item"})
    assert held(b) == [("ITEM-I2", message)]
    own(b).update({**SYNCED, "ItemType__NS": "Service"})
    assert isinstance(b.plan(id_of(b)), Found)


NAMES = st.text(st.characters(blacklist_categories=["Cs", "Cc", "Zs"]), min_size=1, max_size=300) | st.sampled_from(['"', ",", "🦊" * 61])


@each
@rule("catalog.1.validation.I9")
@given(name=NAMES)
def test_any_name_ends_as_an_item_or_as_one_clear_message(kind: Catalogue, name: str) -> None:
    b = bench(kind, {"Name": name}, {"item_id_mapping": BY_NAME})
    if len(name) > 60:
        word = LABEL[kind].partition(' "')[0]
        assert held(b) == [("ITEM-I9", f'{word} "{name}": item name is longer than 60 characters.')]
    else:
        assert written(b)["itemId"] == name


# -- actions and statuses (1, rules 4 to 7) ------------------------------------------------------------------------------


@each
@rule("catalog.1.rule.4", "catalog.1.rule.5")
def test_a_new_record_is_created(kind: Catalogue) -> None:
    b = bench(kind)
    plan = b.plan(id_of(b))
    assert (plan.action, plan.in_progress, plan.error) == ("create", "Creating Item", "Error Creating Item")
    assert plan.requests[0].body["externalId"] == id_of(b)
    assert (plan.write_back, plan.transferred, plan.check_amount) == (True, False, False)


@pytest.mark.parametrize(
    "kind",
    [
        pytest.param(Products, marks=rule("catalog.2.mapping.internal-id-to-product-integrationid-ns")),
        pytest.param(RatePlans, marks=rule("catalog.3.mapping.internal-id-to-integrationid-ns")),
        pytest.param(Charges, marks=rule("catalog.4.mapping.internal-id-to-integrationid-ns")),
    ],
)
@rule("catalog.1.rule.5")
def test_the_record_gets_the_items_id_with_status_and_date(kind: Catalogue) -> None:
    b = bench(kind)
    assert [r.outcome for r in b.run().results] == [Outcome.SYNCED]
    assert [w.get("IntegrationStatus__NS") for w in b.zuora.writes] == ["Creating Item", "Sync Complete"]
    assert b.zuora.writes[-1]["IntegrationId__NS"] == "501"
    assert b.zuora.writes[-1]["SyncDate__NS"].startswith("2026-03-01T12:00:00")


@each
@pytest.mark.parametrize(
    ("before", "status"),
    [({}, "Error Creating Item"), (SYNCED, "Error Updating Item"), ({"IntegrationId__NS": "900"}, "Error Linking Item")],
    ids=["create", "update", "link"],
)
@rule("catalog.1.rule.5")
def test_what_netsuite_declines_is_marked_as_an_error(kind: Catalogue, before: dict[str, Any], status: str) -> None:
    settings = NEW_ONLY if status == "Error Linking Item" else {}
    b = bench(kind, before, settings)
    if before:
        b.netsuite.put("serviceSaleItem", "900")
    b.netsuite.refuse = lambda body: True
    assert [r.outcome for r in b.run().results] == [Outcome.REFUSED]
    assert b.zuora.writes[-1]["IntegrationStatus__NS"] == status


@each
@rule("catalog.1.rule.6")
def test_a_held_record_keeps_its_status(kind: Catalogue) -> None:
    b = bench(kind, {"ItemType__NS": None})
    ran = b.run()
    assert [r.outcome for r in ran.results] == [Outcome.HELD]
    assert [str(line.level) for line in ran.lines] == ["WARNING"]
    assert b.zuora.writes == []


SPELLINGS = [(Products, "PRODUCT"), (RatePlans, "RATE_PLAN"), (RatePlans, "RATEPLAN"), (Charges, "CHARGE")]


@pytest.mark.parametrize(("kind", "zuora_type"), SPELLINGS)
@rule("catalog.1.rule.7", "catalog.1.rule.4", "custom-fields.2.2.rate-plan-both")
def test_a_left_over_status_is_recovered_by_zuora_id_and_zuora_type(kind: Catalogue, zuora_type: str) -> None:
    b = bench(kind, {"IntegrationStatus__NS": "Creating Item"})
    b.netsuite.put("serviceSaleItem", "76", **{C["Zuora ID"]: id_of(b), C["Zuora Type"]: "SOMETHING"})
    assert b.plan(id_of(b)).action == "create"
    b.netsuite.put("serviceSaleItem", "77", **{C["Zuora ID"]: id_of(b), C["Zuora Type"]: zuora_type})
    plan = b.plan(id_of(b))
    assert isinstance(plan, Found)
    assert plan.counterpart.id == "77"


@each
def test_an_item_found_after_an_error_is_brought_up_to_date_as_well(kind: Catalogue) -> None:
    b = bench(kind, {"IntegrationStatus__NS": "Error Creating Item"})
    b.netsuite.put("serviceSaleItem", "77", **{C["Zuora ID"]: id_of(b)}, itemId="Old")
    plan = b.plan(id_of(b))
    assert (plan.action, plan.write_back, plan.requests[0].record_id) == ("recover", True, "77")
    assert plan.requests[0].body["itemId"].endswith(id_of(b))


@each
def test_two_items_with_one_zuora_id_hold_the_record(kind: Catalogue) -> None:
    b = bench(kind)
    for internal_id in ("77", "78"):
        b.netsuite.put("serviceSaleItem", internal_id, **{C["Zuora ID"]: id_of(b)})
    text = f"{LABEL[kind]}: 2 NetSuite items carry this Zuora ID. Clear the duplicates first."
    assert held(b) == [(f"{kind.code}-AMBIGUOUS", text)]


@each
@rule("catalog.1.rule.4", "catalog.1.rule.5")
def test_an_update_sends_only_what_differs_and_writes_nothing_in_zuora(kind: Catalogue) -> None:
    b = synced(bench(kind, settings={"item_id_mapping": BY_NAME}))
    own(b)["Name"] = "New"
    plan = b.plan(id_of(b))
    assert (plan.action, plan.in_progress, plan.error, plan.write_back) == ("update", "", "Error Updating Item", False)
    body = plan.requests[0].body
    assert body.pop("itemId") == "New"
    assert set(body.values()) <= {"New"}, "fields made from the name, and no others"


@each
def test_nothing_is_sent_when_nothing_differs(kind: Catalogue) -> None:
    plan = synced(b := bench(kind)).plan(id_of(b))
    assert isinstance(plan, Found)
    assert (plan.write_back, plan.action) == (False, "none")


@each
@pytest.mark.parametrize("status", ["Error Updating Item", ""])
@rule("customer-accounts.1.1.watermark.failed-update")
def test_a_successful_update_of_a_record_that_is_not_complete_completes_it(kind: Catalogue, status: str) -> None:
    b = synced(bench(kind))
    own(b)["IntegrationStatus__NS"] = status
    assert [c.id for c in b.step().select()] == [id_of(b)]
    assert b.plan(id_of(b)).write_back is True


def test_an_item_that_was_deleted_in_netsuite_ends_as_netsuites_refusal() -> None:
    plan = bench(Charges, SYNCED).plan("ch1")
    assert (plan.action, plan.requests[0].record_id) == ("update", "900")


def test_an_item_that_cannot_be_read_holds_only_its_record() -> None:
    b = synced(bench(Charges))
    b.netsuite.broken = {"900"}
    assert [m for _, m in held(b)] == ['Charge "Platform Fee": NetSuite serviceSaleItem 900 could not be read: no answer']


@each
@rule("catalog.1.rule.4", "catalog.1.rule.5", "catalog.1.rule.6", "catalog.K1.link-no-subsidiary")
@pytest.mark.parametrize("item_type", ["Service", None])
def test_a_link_writes_zuora_fields_only_and_validates_nothing(kind: Catalogue, item_type: str | None) -> None:
    change = {"IntegrationId__NS": "900", "Location__NS": "Mars", "Subsidiary__NS": "Mars", "ItemType__NS": item_type}
    b = bench(kind, change, {**ONE_WORLD, **NEW_ONLY, "default_class": "Hardware"})
    b.netsuite.put("serviceSaleItem", "900")
    plan = b.plan(id_of(b))
    assert (plan.action, plan.in_progress, plan.error, plan.write_back) == ("link", "Linking Item", "Error Linking Item", True)
    assert plan.requests[0].record_type == "serviceSaleItem"
    body = plan.requests[0].body
    assert body[C["Zuora ID"]] == id_of(b)
    assert all(name in C.values() for name in body)


@each
def test_a_link_without_any_item_type_is_held(kind: Catalogue) -> None:
    b = bench(kind, {"IntegrationId__NS": "900", "ItemType__NS": None}, NEW_ONLY)
    assert held(b) == [("ITEM-I1", f"{LABEL[kind]}: Item Type is empty.")]


@each
def test_an_item_is_never_made_inactive(kind: Catalogue) -> None:
    b = bench(kind)
    plans = [b.plan(id_of(b)), synced(bench(kind, settings={"item_id_mapping": BY_NAME})).plan(id_of(b))]
    assert all("isInactive" not in r.body for p in plans if isinstance(p, Write) for r in p.requests)


@each
def test_a_default_tax_schedule_that_is_gone_is_remarked_on(kind: Catalogue) -> None:
    b = bench(kind, settings={"netsuite_default_tax_schedule": "Gone"})
    texts = [r.message for r in b.plan(id_of(b)).remarks]
    assert texts == ['Default tax schedule "Gone" does not exist in NetSuite; it is ignored.']
