"""Products, rate plans and charges against both stand-ins: create, nothing to do, update, link, recovery (catalog.md)."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from tallybridge import http
from tallybridge.settings import Settings
from tallybridge.tasks.steps import steps_to_run
from tests.sync.builders import Objects, zid
from tests.sync.memory import MemoryWorld
from tests.sync.world import World, on_loopback

rule = pytest.mark.rule
STEPS = ("products", "rate_plans", "charges")
OBJECTS = {"products": "Product", "rate_plans": "ProductRatePlan", "charges": "ProductRatePlanCharge"}
TYPES = {"products": "PRODUCT", "rate_plans": "RATE_PLAN", "charges": "CHARGE"}
ITEMS = "/services/rest/record/v1/.*Item"
DATES = {"EffectiveStartDate": "2026-01-01", "EffectiveEndDate": "2026-12-31"}
SETTINGS = {
    "force_zuora_product_catalog_sync": "Yes",
    "default_subsidiary": "Parent Company",
    "default_class": "Software",
    "zuora_default_currency": "USD",
    "netsuite_default_tax_schedule": "Standard",
}
NEW_ONLY = {"product_catalog_sync_behavior": "Sync New Records Only"}


def catalogue(**plan: Any) -> Objects:
    """One product with one rate plan and one charge, none of them synced."""
    charge = {"ProductRatePlanId": zid("plan"), "ChargeModel": "Flat Fee Pricing", "ChargeType": "Recurring", "Taxable": False}
    return {
        "Product": [{"Id": zid("product"), "Name": "Analytics", "ItemType__NS": "Service", **DATES}],
        "ProductRatePlan": [
            {
                "Id": zid("plan"),
                "ProductId": zid("product"),
                "Name": "Monthly",
                "ItemType__NS": "Non Inventory",
                "BillingPeriod__NS": "Monthly",
                "Price__NS": "250.25",
                "MultiCurrencyPrice__NS": "EUR:230; GBP:199.9",
                "IncludeChildren__NS": "Yes",
                **DATES,
                **plan,
            }
        ],
        "ProductRatePlanCharge": [{"Id": zid("charge"), "Name": "Fee", "ItemType__NS": "Service", "AccountingCode": "Sales", **charge}],
    }


@pytest.fixture
def world(fast: MemoryWorld) -> Iterator[MemoryWorld]:
    fast.reset(**SETTINGS)
    yield fast
    fast.netsuite_control.set_faults([])


def sync(world: World) -> dict[str, dict[str, Any]]:
    """The three steps as one run; what each said of itself."""
    run_id = world.open()["runId"]
    said = {step: world.step(run_id, step) for step in STEPS}
    world.close(run_id)
    return said


def zuora(world: World, step: str) -> dict[str, Any]:
    (row,) = world.zuora.dump()[OBJECTS[step]]
    return row


def items(world: World) -> dict[str, dict[str, Any]]:
    """The NetSuite items by Zuora Type."""
    found = [i for t in ("serviceSaleItem", "nonInventorySaleItem", "inventoryItem") for i in world.in_netsuite(t)]
    assert len({i["custitemzuoratype"] for i in found}) == len(found)
    return {i["custitemzuoratype"]: i for i in found}


def change(world: World, step: str, **fields: Any) -> None:
    """What a person does in Zuora; some time passes."""
    world.clock.advance(minutes=5)
    store = world.zuora.tenant.store
    with store.lock:
        store.update(OBJECTS[step], zuora(world, step)["Id"], fields)
    world.clock.advance(minutes=5)


def prices(item: Mapping[str, Any]) -> dict[str, float]:
    return {line["currencyPage"]["refName"]: float(line["price"]) for line in item["price"]["items"]}


def is_complete(world: World, step: str, item: Mapping[str, Any]) -> bool:
    row = zuora(world, step)
    return (row["IntegrationStatus__NS"], row["IntegrationId__NS"]) == ("Sync Complete", str(item["id"])) and bool(row["SyncDate__NS"])


@pytest.mark.parametrize("mode", ["A", "B"])
@pytest.mark.parametrize(
    ("settings", "running"),
    [
        pytest.param({}, {"charges"}, marks=rule("catalog.1.runs-when.charges")),
        pytest.param({"disable_zuora_charge_sync": "Yes"}, set(), marks=rule("catalog.1.runs-when.charges")),
        pytest.param({"enable_sales_order_sync": "Yes"}, set(STEPS), marks=rule("catalog.1.runs-when.sales-orders-or-force")),
        pytest.param({"force_zuora_product_catalog_sync": "Yes"}, set(STEPS), marks=rule("catalog.1.runs-when.sales-orders-or-force")),
    ],
)
def test_which_of_the_three_processes_run(mode: str, settings: dict[str, str], running: set[str]) -> None:
    runs = steps_to_run(Settings.model_validate(settings), mode)
    assert {step for step in STEPS if runs[step]} == running
    assert [step for step in runs if step in STEPS] == list(STEPS)


@rule(
    "catalog.1.rule.4",
    "catalog.1.rule.5",
    "catalog.2.mapping.to-income-account",
    "catalog.3.mapping.product-integrationid-ns-to-parent",
    "catalog.3.mapping.price-ns-to-base-price",
    "catalog.3.mapping.multicurrencyprice-ns-to-pricing-matrix-lines",
    "catalog.3.mapping.to-income-account",
    "catalog.3.validation.R1",
)
def test_a_catalogue_is_created_in_one_run_and_left_alone_by_the_next(world: MemoryWorld) -> None:
    world.load(catalogue())
    sync(world)
    made = items(world)
    assert made.keys() == {"PRODUCT", "RATE_PLAN", "CHARGE"}
    assert all(is_complete(world, step, made[TYPES[step]]) for step in STEPS)
    product, plan, charge = made["PRODUCT"], made["RATE_PLAN"], made["CHARGE"]
    assert "incomeAccount" not in product
    assert plan["incomeAccount"]["refName"]
    assert str(plan["parent"]["id"]) == str(product["id"])
    assert "parent" not in charge
    assert prices(plan) == {"US Dollar": 250.25, "Euro": 230, "British pound": 199.9}
    assert (plan["displayName"], plan["custitemzuorabillingperiod"]) == ("Monthly", "Monthly")
    before = world.zuora.dump(), world.netsuite.dump()
    world.clock.advance(minutes=30)
    said = sync(world)
    assert all(s["synced"] == 0 for s in said.values())
    assert (world.zuora.dump(), world.netsuite.dump()) == before


@rule("catalog.1.rule.4", "catalog.1.rule.5", "catalog.5.base-price-only")
def test_a_change_in_zuora_reaches_the_item_and_nothing_is_written_back(world: MemoryWorld) -> None:
    world.load(catalogue())
    sync(world)
    plan = items(world)["RATE_PLAN"]
    line = {"currencyPage": {"id": "1"}, "priceLevel": {"id": "2"}, "price": 5}
    world.load(netsuite={"nonInventorySaleItem": [{**plan, "price": {"items": [*plan["price"]["items"], line]}}]})
    change(world, "products", Name="Insight")
    change(world, "rate_plans", Name="Every month", MultiCurrencyPrice__NS="EUR:235;GBP:199.9")
    change(world, "charges", Description="New")
    before = world.zuora.dump()
    said = sync(world)
    assert {step: s["synced"] for step, s in said.items()} == {"products": 1, "rate_plans": 1, "charges": 1}
    assert world.zuora.dump() == before
    made = items(world)
    assert made["PRODUCT"]["custitemzuoraproductname"] == "Insight"
    assert "incomeAccount" not in made["PRODUCT"]
    assert (made["RATE_PLAN"]["displayName"], made["CHARGE"]["salesDescription"]) == ("Every month", "New")
    levels = {(p["priceLevel"]["id"], p["currencyPage"]["id"]): float(p["price"]) for p in made["RATE_PLAN"]["price"]["items"]}
    assert levels == {("1", "1"): 250.25, ("1", "2"): 235, ("1", "3"): 199.9, ("2", "1"): 5}


@rule("catalog.1.rule.1", "customer-accounts.1.1.watermark.after-step")
def test_each_process_has_a_watermark_of_its_own(world: MemoryWorld) -> None:
    world.load(catalogue())
    sync(world)
    world.clock.advance(minutes=30)
    sync(world)  # sees what the first run wrote
    marks = {step: world.wiring().runs().watermark(step)["watermark"] for step in STEPS}
    change(world, "rate_plans", Name="Every month")
    sync(world)
    moved = {step: world.wiring().runs().watermark(step)["watermark"] for step in STEPS}
    assert {step for step in STEPS if moved[step] > marks[step]} == {"rate_plans"}


def test_the_watermark_stays_where_an_update_was_left_unfinished(world: MemoryWorld) -> None:
    world.load(catalogue())
    sync(world)
    marks = {step: world.wiring().runs().watermark(step)["watermark"] for step in STEPS}
    change(world, "rate_plans", Name="Every month")
    world.netsuite_control.set_faults([{"method": "PATCH", "path": "/record/v1/", "status": 503, "body": {}}])
    assert sync(world)["rate_plans"]["synced"] == 0
    world.netsuite_control.set_faults([])
    assert world.wiring().runs().watermark("rate_plans")["watermark"] == marks["rate_plans"]
    assert sync(world)["rate_plans"]["synced"] == 1


@rule("catalog.1.rule.1", "customer-accounts.1.1.watermark.behavior-was-switched-from-new-only-to-new-and")
def test_after_a_switch_from_new_only_the_modified_records_of_before_are_left_alone(world: MemoryWorld) -> None:
    world.settings(**SETTINGS, **NEW_ONLY)
    world.load(catalogue())
    sync(world)
    change(world, "products", Name="Insight")
    world.settings(**SETTINGS)
    assert sync(world)["products"]["selected"] == 0
    change(world, "products", Name="Insight 2")
    assert sync(world)["products"]["synced"] == 1
    assert items(world)["PRODUCT"]["custitemzuoraproductname"] == "Insight 2"


@rule("catalog.1.rule.4", "catalog.1.rule.5", "catalog.1.rule.6", "catalog.K1.link-no-subsidiary", "catalog.4.mapping.name-to-display-name")
def test_existing_items_are_linked_and_only_their_zuora_fields_written(world: MemoryWorld) -> None:
    world.settings(**SETTINGS, **NEW_ONLY)
    own = {"subsidiary": {"items": [{"id": "3"}]}, "incomeAccount": {"id": "8"}}
    items_there = [{"id": n, "itemId": f"Old {n}", "displayName": "By hand", **own} for n in ("501", "502", "503")]
    world.load(netsuite={"serviceSaleItem": [items_there[0], items_there[2]], "nonInventorySaleItem": [items_there[1]]})
    rows = catalogue(Subsidiary__NS="Nowhere")
    for kind, internal_id in zip(OBJECTS.values(), ("501", "502", "503"), strict=True):
        rows[kind][0]["IntegrationId__NS"] = internal_id
    world.load(rows)
    sync(world)
    made = items(world)
    assert {t: str(i["id"]) for t, i in made.items()} == {"PRODUCT": "501", "RATE_PLAN": "502", "CHARGE": "503"}
    for step in STEPS:
        item = made[TYPES[step]]
        assert is_complete(world, step, item)
        assert item["custitemzuoraid"] == zuora(world, step)["Id"]
        assert (item["itemId"], item["displayName"], item["incomeAccount"]["id"]) == (f"Old {item['id']}", "By hand", "8")
        assert [s["id"] for s in item["subsidiary"]["items"]] == ["3"]
        assert "price" not in item
        assert "parent" not in item


@pytest.mark.parametrize("drop", ["after", "before"])
@rule("catalog.1.rule.4", "catalog.1.rule.7")
def test_a_lost_answer_makes_no_second_item(world: MemoryWorld, drop: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(world, "session", http.new_session(4))  # real connections, which can be dropped
    monkeypatch.setattr(world, "credentials", copy.deepcopy(world.credentials))
    world.load(catalogue())
    world.netsuite_control.set_faults([{"method": "POST", "path": ITEMS, "drop": drop}])
    with on_loopback(world):
        sync(world)
        world.netsuite_control.set_faults([])
        world.clock.advance(minutes=30)
        sync(world)
    made = items(world)
    assert made.keys() == {"PRODUCT", "RATE_PLAN", "CHARGE"}
    assert all(is_complete(world, step, made[TYPES[step]]) for step in STEPS)
    assert str(made["RATE_PLAN"]["parent"]["id"]) == str(made["PRODUCT"]["id"])


@rule("catalog.1.rule.4", "catalog.1.rule.7", "custom-fields.2.2.rate-plan-both")
def test_items_that_were_created_without_zuora_learning_of_it_are_found_again(world: MemoryWorld) -> None:
    world.load(catalogue())
    sync(world)
    made = items(world)
    left_over = {"IntegrationStatus__NS": "Creating Item", "IntegrationId__NS": None, "SyncDate__NS": None}
    for step in STEPS:
        change(world, step, **left_over)
    other = {"externalId": None, "custitemzuoratype": "RATEPLAN"}
    world.load(netsuite={"nonInventorySaleItem": [{**made["RATE_PLAN"], **other}]})
    sync(world)
    found = items(world)
    assert {str(i["id"]) for i in found.values()} == {str(i["id"]) for i in made.values()}
    assert all(is_complete(world, step, found["RATEPLAN" if step == "rate_plans" else TYPES[step]]) for step in STEPS)


def test_what_was_changed_between_a_death_and_the_recovery_is_sent_by_the_run_after(world: MemoryWorld) -> None:
    """The run that finds the item again completes the record alone; what is there was made of what the charge was then."""
    world.load(catalogue())
    sync(world)
    left_over = {"IntegrationStatus__NS": "Creating Item", "IntegrationId__NS": None, "SyncDate__NS": None}
    change(world, "charges", **left_over, Description="Since then")
    sync(world)
    assert items(world)["CHARGE"].get("salesDescription") != "Since then"
    world.clock.advance(minutes=30)
    sync(world)
    assert items(world)["CHARGE"]["salesDescription"] == "Since then"


@rule("catalog.3.validation.R1", "catalog.1.rule.6")
def test_a_rate_plan_waits_until_its_product_is_there(world: MemoryWorld) -> None:
    world.load(catalogue())
    change(world, "products", ItemType__NS=None)
    sync(world)
    assert items(world).keys() == {"CHARGE"}
    assert "IntegrationStatus__NS" not in zuora(world, "rate_plans")
    change(world, "products", ItemType__NS="Service")
    sync(world)
    assert items(world).keys() == {"PRODUCT", "RATE_PLAN", "CHARGE"}


@rule("catalog.2.mapping.to-income-account")
def test_where_netsuite_demands_an_income_account_the_next_run_sends_a_product_for_sub_items_only(world: MemoryWorld) -> None:
    world.load(catalogue())
    detail = "Error while accessing a resource. Please enter value(s) for: Income Account"
    body = {"title": "Bad Request", "status": 400, "o:errorDetails": [{"detail": detail, "o:errorCode": "USER_ERROR"}]}
    world.netsuite_control.set_faults([{"method": "POST", "path": ITEMS, "status": 400, "body": body, "times": 1}])
    sync(world)
    assert zuora(world, "products")["IntegrationStatus__NS"] == "Error Creating Item"
    world.netsuite_control.set_faults([])
    world.clock.advance(minutes=30)
    sync(world)
    product = items(world)["PRODUCT"]
    assert is_complete(world, "products", product)
    assert product["parentOnly"] is True
    assert product["incomeAccount"]["refName"]
    world.clock.advance(minutes=30)
    before = world.netsuite.dump()
    sync(world)
    assert world.netsuite.dump() == before
