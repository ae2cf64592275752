"""Which sales orders are taken, and which that fail validation (sales-orders.md sections 1-3)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tallybridge.settings import DEFAULTS, Settings
from tallybridge.tasks.steps import steps_to_run
from tests.sync.builders import account, merged, zid
from tests.sync.memory import MemoryWorld
from tests.sync.order_world import (
    CHARGE,
    GOLD,
    OLD,
    ORDINARY,
    SILVER,
    STATUS,
    change,
    messages,
    netsuite,
    order,
    plan_id,
    plans_of,
    ready,
    run,
    subscriptions,
)

rule = pytest.mark.rule
SELECTION, VALIDATION = "sales-orders.2.selection.", "sales-orders.3.validation."


@pytest.fixture
def world(fast: MemoryWorld) -> Iterator[MemoryWorld]:
    yield fast
    fast.zuora.options.orders = True


@pytest.mark.parametrize(
    ("lines", "fields"),
    [
        pytest.param((GOLD,), {STATUS: "Sync Complete"}, marks=rule(f"{SELECTION}2"), id="synced"),
        pytest.param((GOLD,), {STATUS: "Complete"}, marks=rule(f"{SELECTION}2", "custom-fields.1.1.reading"), id="complete"),
        pytest.param((GOLD,), {STATUS: "Ignore"}, marks=rule(f"{SELECTION}2"), id="ignored"),
        pytest.param((ORDINARY,), {}, marks=rule(f"{SELECTION}3"), id="ordinary item"),
        pytest.param((CHARGE,), {}, marks=rule(f"{SELECTION}3"), id="charge item"),
        pytest.param(
            (GOLD,),
            {"custbodysendtozuora": False},
            marks=rule(f"{SELECTION}4", "sales-orders.5.mapping.send-to-zuora-selection-only"),
            id="not to be sent",
        ),
    ],
)
def test_left_out(world: MemoryWorld, lines: tuple[str, ...], fields: dict[str, Any]) -> None:
    ready(world, order("6001"), order("6002", *lines, **fields))
    assert run(world)["tiedOut"]
    assert [s["IntegrationId__NS"] for s in subscriptions(world)] == ["6001"]
    assert netsuite(world, "6002").get(STATUS) == fields.get(STATUS)


def lines(*items: tuple[str, bool]) -> dict[str, Any]:
    """Lines of an order: item, and whether the line is closed."""
    return {"items": [{"item": {"id": i}, "quantity": 1, "amount": 1, "isClosed": closed} for i, closed in items]}


SECOND = "Sales order SO-6002: "
TOLD: dict[str, tuple[dict[str, Any], dict[str, str]]] = {
    "pending approval": ({"orderStatus": {"id": "A"}}, {"SO-PENDING": f"{SECOND}waits for approval in NetSuite; not sent."}),
    "closed": ({"item": lines((GOLD, True))}, {"SO-CLOSED": f"{SECOND}is closed in NetSuite; not sent."}),
    "rate plans closed": (
        {"item": lines((GOLD, True), (SILVER, True), (ORDINARY, False))},
        {"SO-LINES-CLOSED": f"{SECOND}all its lines of Zuora rate plans are closed; not sent."},
    ),
    "customer not synced": (
        {"owner": "9002"},
        {"SO-CUSTOMER": f"{SECOND}Zuora Customer ID (Sales) is empty, its customer is not in Zuora; not sent."},
    ),
}


@rule(f"{SELECTION}1", f"{SELECTION}5")
@pytest.mark.parametrize("why", TOLD)
def test_an_order_that_is_left_out_is_told(world: MemoryWorld, why: str) -> None:
    fields, expected = TOLD[why]
    ready(world, order("6001"), order("6002", **fields))
    for selected in (2, 1):
        summary = run(world)
        assert messages(summary) == expected
        report = summary["steps"][0]
        due = int(why == "customer not synced")  # the others are not sold
        assert (report["selected"], report["held"], report["skipped"], summary["tiedOut"]) == (selected, due, 1 - due, True)
    assert [s["IntegrationId__NS"] for s in subscriptions(world)] == ["6001"]
    assert STATUS not in netsuite(world, "6002")


@rule(f"{SELECTION}5")
def test_an_order_is_sold_once_it_is_approved(world: MemoryWorld) -> None:
    ready(world, order("6001", orderStatus={"id": "A"}))
    run(world)
    assert subscriptions(world) == []
    change(world, "6001", orderStatus={"id": "B"})
    run(world)
    assert len(subscriptions(world)) == 1


@pytest.mark.parametrize("orders", [True, False], ids=["orders", "subscriptions"])
def test_a_closed_line_is_not_sold_and_told(world: MemoryWorld, orders: bool) -> None:
    world.zuora.options.orders = orders
    ready(world, order("6001", item=lines((GOLD, False), (SILVER, True), (ORDINARY, True), (GOLD, False), (OLD, True))))
    summary = run(world)
    assert plans_of(world, "6001") == [plan_id(GOLD), plan_id(GOLD)]
    told = [line["message"] for line in summary["log"] if line.get("code") == "SO-LINE-CLOSED"]
    closed = (("2", "Item 502"), ("5", "Item 503"))
    assert told == [f"Sales order SO-6001: line {n} ({item}) is closed; it is not sold." for n, item in closed]


def test_what_was_made_before_an_order_was_closed_is_completed(world: MemoryWorld) -> None:
    ready(world, order("6001"))
    run(world)
    change(world, "6001", **{STATUS: "Creating Subscription", "custbodyzuoraid": ""})
    change(world, "6001", item={"items": [{"line": 1, "isClosed": True}]})
    run(world)
    assert len(subscriptions(world)) == 1
    assert netsuite(world, "6001")[STATUS] == "Sync Complete"


@rule(f"{SELECTION}3", "custom-fields.2.2.rate-plan-both", "sales-orders.1.rule.2")
@pytest.mark.parametrize("item", [GOLD, SILVER], ids=["RATE_PLAN", "RATEPLAN"])
def test_both_spellings_of_the_type(world: MemoryWorld, item: str) -> None:
    ready(world, order("6001", ORDINARY, item, CHARGE))
    run(world)
    assert plans_of(world, "6001") == [plan_id(item)]


@rule("sales-orders.0.off-by-default")
def test_off_by_default() -> None:
    assert not steps_to_run(DEFAULTS, "B")["sales_orders"] and not steps_to_run(DEFAULTS, "A")["sales_orders"]
    assert steps_to_run(Settings.model_validate({"enable_sales_order_sync": "Yes"}), "A")["sales_orders"]


def case(rule_number: int, message: str, *lines: str, **fields: Any) -> Any:
    return pytest.param(rule_number, message, lines, fields, marks=rule(f"{VALIDATION}SO{rule_number}"), id=message)


@rule(f"{VALIDATION}untouched")
@pytest.mark.parametrize(
    ("number", "message", "lines", "fields"),
    [
        case(2, "Zuora Initial Term is empty.", custbodyzuorainitialterm=None),
        case(3, "Zuora Renewal Term is empty.", custbodyzuorarenewalterm=None),
        case(5, 'Zuora Initial Term "1.5" is not a whole number.', custbodyzuorainitialterm="1.5"),
        case(5, 'Zuora Renewal Term "-1" is not a whole number.', custbodyzuorarenewalterm="-1"),
        case(6, 'Zuora Term Setting "YEARLY" is not valid.', custbodyzuoratermsetting="YEARLY"),
        case(8, f"rate plan {plan_id(OLD)} is not active in Zuora.", GOLD, OLD),
    ],
)
def test_held(world: MemoryWorld, number: int, message: str, lines: tuple[str, ...], fields: dict[str, Any]) -> None:
    ready(world, order("6001", *lines, **fields), order("6002"))
    summary = run(world)
    assert messages(summary) == {f"SO-V{number}": f"Sales order SO-6001: {message}"}
    assert STATUS not in netsuite(world, "6001")
    assert [s["IntegrationId__NS"] for s in subscriptions(world)] == ["6002"]
    assert summary["tiedOut"]


@rule(f"{VALIDATION}SO8")
def test_a_rate_plan_that_is_not_in_zuora(world: MemoryWorld) -> None:
    ready(world)
    item: dict[str, Any] = {"id": "509", "itemId": "Gone", "custitemzuoraid": zid("gone"), "custitemzuoratype": "RATE_PLAN"}
    item |= {"subsidiary": {"items": [{"id": "1"}]}, "includeChildren": True}
    world.load(netsuite={"serviceSaleItem": [item], "salesOrder": [order("6001", "509")]})
    assert messages(run(world)) == {"SO-V8": f"Sales order SO-6001: rate plan {zid('gone')} is not active in Zuora."}


@rule(f"{VALIDATION}SO8")
def test_a_product_that_is_not_effective(world: MemoryWorld) -> None:
    ready(world, order("6001", custbodyzuoracontracteffectivedate="2041-01-01"))
    assert messages(run(world)) == {"SO-V8": f"Sales order SO-6001: rate plan {plan_id(GOLD)} is not active in Zuora."}


V4, V7 = 'currency "USD" is not active in Zuora.', "currency USD differs from the Zuora account's currency EUR."
NO_CURRENCIES = {"netsuite_multiple_currencies": "No", "netsuite_advanced_pricing": "No"}


@rule(f"{VALIDATION}SO4", f"{VALIDATION}SO7", "sales-orders.5.mapping.currency-name-to-subscription-currency")
@pytest.mark.parametrize(
    ("known", "expected"), [(True, {"SO-V7": V7}), (False, {"SO-V4": V4, "SO-V7": V7})], ids=["used in Zuora", "unknown"]
)
def test_currencies(world: MemoryWorld, known: bool, expected: dict[str, str]) -> None:
    world.reset(enable_sales_order_sync="Yes")
    ready(world, zuora=None)
    euro = merged(account("E1", currency="EUR"))
    own = {"id": "9003", "companyName": "Euro", "subsidiary": {"id": "1"}, "custentityzuoraid": zid("E1"), "currency": {"refName": "USD"}}
    world.load(euro, {"customer": [own], "salesOrder": [order("6001", owner="9003")]})
    if not known:
        for row in list(world.zuora.tenant.store.tables["Account"].values()):
            if row["Currency"] == "USD":
                world.zuora.tenant.store.update("Account", row["Id"], {"Currency": "GBP"})
    assert messages(run(world)) == {code: f"Sales order SO-6001: {text}" for code, text in expected.items()}
    assert subscriptions(world) == []


def test_an_account_that_is_not_in_zuora(world: MemoryWorld) -> None:
    ready(world)
    own = {"id": "9003", "companyName": "Lost", "subsidiary": {"id": "1"}, "custentityzuoraid": zid("lost"), "currency": {"refName": "USD"}}
    world.load(netsuite={"customer": [own], "salesOrder": [order("6001", owner="9003")]})
    assert messages(run(world)) == {"SO-ACCOUNT": f"Sales order SO-6001: account {zid('lost')} does not exist in Zuora."}


@rule("sales-orders.1.rule.6", f"{SELECTION}2")
def test_never_looked_at_again(world: MemoryWorld) -> None:
    ready(world, order("6001"))
    run(world)
    before = subscriptions(world)
    change(world, "6001", custbodyzuorainitialterm="24", memo="Changed")
    world.calls()
    assert run(world)["tiedOut"]
    counted = world.calls()
    assert counted["netsuite"] == {
        "GET /record/v1/metadata-catalog/salesOrder": 1,
        "GET /record/v1/metadata-catalog/customer": 1,
        "GET /record/v1/metadata-catalog/serviceSaleItem": 1,
        "GET /record/v1/metadata-catalog/invoice": 1,
        "POST /query/v1/suiteql": 5,
    }  # does it answer, how many, what is left out, changed, deleted
    assert counted["zuora"].get("POST /v1/action/query", 0) == 0
    assert subscriptions(world) == before


# -- Zuora Customer ID (Sales) is sourced from the customer; what of it can be read is not published ---------------------

SOURCED = {"scriptId": "custbodyzuoracustomeridsales"}
WAYS: dict[str, dict[str, Any]] = {
    "the account lacks it": {"isInactive": True},
    "empty on orders from before the customer was in Zuora": {"kept": "stored"},
}


@rule(f"{SELECTION}1")
@pytest.mark.parametrize("way", WAYS)
def test_an_order_whose_customer_is_in_zuora_is_sold_whatever_its_sourced_field_says(world: MemoryWorld, way: str) -> None:
    ready(world)
    world.netsuite.load({"customField": [{**SOURCED, **WAYS[way]}], "customer": [{"id": "9001", "custentityzuoraid": None}]})
    world.netsuite.load({"salesOrder": [order("6001"), order("6002", owner="9002")]})
    world.netsuite.load({"customer": [{"id": "9001", "custentityzuoraid": zid("A1")}]})
    assert not netsuite(world, "6001").get("custbodyzuoracustomeridsales")
    assert set(messages(run(world))) == {"SO-CUSTOMER"}, "the customer of the other one is not in Zuora"
    assert [s["IntegrationId__NS"] for s in subscriptions(world)] == ["6001"]


@rule(f"{SELECTION}3")
def test_a_line_from_before_its_item_was_in_zuora_is_sold(world: MemoryWorld) -> None:
    ready(world)
    world.netsuite.load({"customField": [{"scriptId": "custcolzuoraitemid", "kept": "stored"}]})
    world.netsuite.load({"serviceSaleItem": [{"id": GOLD, "custitemzuoraid": None}]})
    world.netsuite.load({"salesOrder": [order("6001")]})
    world.netsuite.load({"serviceSaleItem": [{"id": GOLD, "custitemzuoraid": plan_id(GOLD)}]})
    assert run(world)["tiedOut"]
    assert plans_of(world, "6001") == [plan_id(GOLD)]
