"""Which sales orders are taken, and which that fail validation (sales-orders.md sections 1-3)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from tallybridge.settings import DEFAULTS, Settings
from tallybridge.tasks.steps import steps_to_run
from tests.rules.cases import ruled
from tests.sync.builders import zid
from tests.sync.invoice_world import customer
from tests.sync.memory import MemoryWorld
from tests.sync.order_world import (
    CHARGE,
    GOLD,
    OLD,
    ORDINARY,
    SETTINGS,
    SILVER,
    STATUS,
    change,
    lines,
    messages,
    netsuite,
    order,
    plan_id,
    plans_of,
    ready,
    run,
    subscriptions,
)
from tests.sync.ran import SALES_ORDERS, Ran, ran
from tests.sync.table import HELD, LEFT, SENT, SKIPPED, Row, Table, check, held, left, sent, skipped
from tests.sync.words import Part, a_sales_order, a_stranger, an_account, internal_id, world_with

rule = pytest.mark.rule
SELECTION = "sales-orders.2.selection."
UNTOUCHED = ("sales-orders.3.validation.untouched",)
BOTH_SPELLINGS = ("custom-fields.2.2.rate-plan-both", "sales-orders.1.rule.2")
CURRENCY = ("sales-orders.5.mapping.currency-name-to-subscription-currency",)
POUND = an_account("POUND", currency="EUR", has="GBP")
"""An account in euros whose customer has pounds, which no account has."""
LOST = Part("", {}, {"customer": [customer("lost", "9003")]}, "9003")
OLD_ITEM: dict[str, Any] = {"id": "509", "itemId": "Gone", "custitemzuoraid": zid("gone"), "custitemzuoratype": "RATE_PLAN"}
GONE = Part("", {}, {"serviceSaleItem": [{**OLD_ITEM, "subsidiary": {"items": [{"id": "1"}]}, "includeChildren": True}]})


def marked(status: str) -> dict[str, Any]:
    return {STATUS: status}


NOT_ACTIVE = "SO-V8: rate plan {} is not active in Zuora."
ROWS = [
    sent("2.selection.3: type RATE_PLAN", a_sales_order("GOLD", ORDINARY, GOLD, CHARGE), also=BOTH_SPELLINGS),
    sent("2.selection.3: type RATEPLAN", a_sales_order("SILVER", ORDINARY, SILVER, CHARGE), also=BOTH_SPELLINGS),
    left("2.selection.2: synced", a_sales_order("DONE", **marked("Sync Complete"))),
    left("2.selection.2: complete", a_sales_order("DONE2", **marked("Complete")), also=("custom-fields.1.1.reading",)),
    left("2.selection.2: ignored", a_sales_order("IGNORED", **marked("Ignore"))),
    left("2.selection.3: ordinary item", a_sales_order("ORDINARY", ORDINARY)),
    left("2.selection.3: charge item", a_sales_order("CHARGE", CHARGE)),
    left(
        "2.selection.4: not to be sent",
        a_sales_order("NOT", custbodysendtozuora=False),
        also=("sales-orders.5.mapping.send-to-zuora-selection-only",),
    ),
    held(
        "2.selection.1: customer not synced",
        a_sales_order("NOBODY", of=a_stranger("STRANGER")),
        "SO-CUSTOMER: Zuora Customer ID (Sales) is empty, its customer is not in Zuora; not sent.",
    ),
    skipped(
        "2.selection.5: pending approval",
        a_sales_order("PENDING", orderStatus={"id": "A"}),
        "SO-PENDING: waits for approval in NetSuite; not sent.",
    ),
    skipped("2.selection.5: closed", a_sales_order("CLOSED", item=lines((GOLD, True))), "SO-CLOSED: is closed in NetSuite; not sent."),
    skipped(
        "2.selection.5: rate plans closed",
        a_sales_order("PLANS", item=lines((GOLD, True), (SILVER, True), (ORDINARY, False))),
        "SO-LINES-CLOSED: all its lines of Zuora rate plans are closed; not sent.",
    ),
    held("3.validation.SO2", a_sales_order("V2", custbodyzuorainitialterm=None), "SO-V2: Zuora Initial Term is empty.", also=UNTOUCHED),
    held("3.validation.SO3", a_sales_order("V3", custbodyzuorarenewalterm=None), "SO-V3: Zuora Renewal Term is empty.", also=UNTOUCHED),
    held(
        "3.validation.SO4",
        a_sales_order("V4", of=POUND),
        'SO-V4: currency "GBP" is not active in Zuora.',
        "SO-V7: currency GBP differs from the Zuora account's currency EUR.",
        also=CURRENCY,
    ),
    held(
        "3.validation.SO5: initial",
        a_sales_order("V5I", custbodyzuorainitialterm="1.5"),
        'SO-V5: Zuora Initial Term "1.5" is not a whole number.',
        also=UNTOUCHED,
    ),
    held(
        "3.validation.SO5: renewal",
        a_sales_order("V5R", custbodyzuorarenewalterm="-1"),
        'SO-V5: Zuora Renewal Term "-1" is not a whole number.',
        also=UNTOUCHED,
    ),
    held(
        "3.validation.SO6",
        a_sales_order("V6", custbodyzuoratermsetting="YEARLY"),
        'SO-V6: Zuora Term Setting "YEARLY" is not valid.',
        also=UNTOUCHED,
    ),
    held(
        "3.validation.SO7",
        a_sales_order("V7", of=an_account("EURO", currency="EUR")),
        "SO-V7: currency USD differs from the Zuora account's currency EUR.",
        also=CURRENCY,
    ),
    held("3.validation.SO8: old", a_sales_order("V8", GOLD, OLD), NOT_ACTIVE.format(plan_id(OLD)), also=UNTOUCHED),
    held("3.validation.SO8: not in Zuora", a_sales_order("V8G", "509").with_(GONE), NOT_ACTIVE.format(zid("gone"))),
    held(
        "3.validation.SO8: product not effective",
        a_sales_order("V8P", custbodyzuoracontracteffectivedate="2041-01-01"),
        NOT_ACTIVE.format(plan_id(GOLD)),
    ),
    held("account", a_sales_order("LOST", of=LOST), f"SO-ACCOUNT: account {zid('lost')} does not exist in Zuora."),
]
PAGE = Table(SALES_ORDERS, "sales-orders.", ROWS, SETTINGS)
WAITING = [row for row in ROWS if row.outcome in (HELD, SKIPPED)]


@pytest.fixture(scope="module")
def page(fast: MemoryWorld) -> tuple[Ran, Ran]:
    """A run over all, and the next."""
    world = PAGE.world(fast)
    return ran(world, SALES_ORDERS), ran(world, SALES_ORDERS)


@pytest.mark.parametrize("row", PAGE.cases())
def test_rule(page: tuple[Ran, Ran], row: Row) -> None:
    check(page[0], row)
    if row.outcome in (HELD, SKIPPED, LEFT):
        check(page[1], row)


def test_nothing_else_is_told_and_the_run_ties_out(page: tuple[Ran, Ran]) -> None:
    PAGE.holds_together(page[0])
    made = {s["IntegrationId__NS"] for s in page[0].zuora["Subscription"]}
    assert made == {row.given.there for row in ROWS if row.outcome == SENT}


def test_the_next_run_looks_at_those_alone_that_were_not_sent(page: tuple[Ran, Ran]) -> None:
    (step,) = page[1].summary["steps"]
    assert (step["selected"], step["held"] + step["skipped"], page[1].output["tiedOut"]) == (len(WAITING), len(WAITING), True)
    assert page[1].zuora == page[0].zuora


@pytest.mark.parametrize("number", ["GOLD", "SILVER"])
def test_a_subscription_has_the_rate_plans_of_its_order_alone(page: tuple[Ran, Ran], number: str) -> None:
    subscription = page[0].id_of(number)
    plans = [p["ProductRatePlanId"] for p in page[0].zuora["RatePlan"] if p["SubscriptionId"] == subscription]
    assert plans == [plan_id({"GOLD": GOLD, "SILVER": SILVER}[number])]


@rule("sales-orders.0.off-by-default")
def test_off_by_default() -> None:
    assert not steps_to_run(DEFAULTS, "B")["sales_orders"] and not steps_to_run(DEFAULTS, "A")["sales_orders"]
    assert steps_to_run(Settings.model_validate({"enable_sales_order_sync": "Yes"}), "A")["sales_orders"]


@dataclass(frozen=True)
class Later:
    """What a person does to an order between two runs."""

    given: dict[str, Any]
    done: tuple[dict[str, Any], ...]
    made: tuple[int, int]
    """How many subscriptions there are after the first run, and after the second."""


LATER = {
    "approved": Later({"orderStatus": {"id": "A"}}, ({"orderStatus": {"id": "B"}},), (0, 1)),
    "closed after its subscription was made": Later(
        {}, ({STATUS: "Creating Subscription", "custbodyzuoraid": ""}, {"item": {"items": [{"line": 1, "isClosed": True}]}}), (1, 1)
    ),
}


@pytest.fixture(scope="module")
def later(fast: MemoryWorld) -> tuple[Ran, Ran]:
    world = world_with(fast, *(a_sales_order(name, **case.given) for name, case in LATER.items()), **SETTINGS)
    first = ran(world, SALES_ORDERS)
    for name, case in LATER.items():
        for fields in case.done:
            change(world, internal_id(name), **fields)
    return first, ran(world, SALES_ORDERS)


@pytest.mark.parametrize("name", ruled(LATER, {"approved": f"{SELECTION}5"}))
def test_what_a_person_does_between_two_runs(later: tuple[Ran, Ran], name: str) -> None:
    assert tuple(len(run.made(name)) for run in later) == LATER[name].made
    assert later[1].record(name)[STATUS] == "Sync Complete"


@rule("sales-orders.1.rule.6", f"{SELECTION}2")
def test_never_looked_at_again(fast: MemoryWorld) -> None:
    ready(fast, order("6001"))
    run(fast)
    before = subscriptions(fast)
    change(fast, "6001", custbodyzuorainitialterm="24", memo="Changed")
    fast.calls()
    assert run(fast)["tiedOut"]
    counted = fast.calls()
    assert counted["netsuite"] == {
        "GET /record/v1/metadata-catalog/salesOrder": 1,
        "GET /record/v1/metadata-catalog/customer": 1,
        "GET /record/v1/metadata-catalog/serviceSaleItem": 1,
        "GET /record/v1/metadata-catalog/invoice": 1,
        "POST /query/v1/suiteql": 5,
    }  # does it answer, how many, what is left out, changed, deleted
    assert counted["zuora"].get("POST /v1/action/query", 0) == 0
    assert subscriptions(fast) == before


# -- Zuora Customer ID (Sales) is sourced from the customer; what of it can be read is not published ---------------------

SOURCED = {"scriptId": "custbodyzuoracustomeridsales"}
WAYS: dict[str, dict[str, Any]] = {
    "the account lacks it": {"isInactive": True},
    "empty on orders from before the customer was in Zuora": {"kept": "stored"},
}


@rule(f"{SELECTION}1")
@pytest.mark.parametrize("way", WAYS)
def test_an_order_whose_customer_is_in_zuora_is_sold_whatever_its_sourced_field_says(fast: MemoryWorld, way: str) -> None:
    ready(fast)
    fast.netsuite.load({"customField": [{**SOURCED, **WAYS[way]}], "customer": [{"id": "9001", "custentityzuoraid": None}]})
    fast.netsuite.load({"salesOrder": [order("6001"), order("6002", owner="9002")]})
    fast.netsuite.load({"customer": [{"id": "9001", "custentityzuoraid": zid("A1")}]})
    assert not netsuite(fast, "6001").get("custbodyzuoracustomeridsales")
    assert set(messages(run(fast))) == {"SO-CUSTOMER"}, "the customer of the other one is not in Zuora"
    assert [s["IntegrationId__NS"] for s in subscriptions(fast)] == ["6001"]


@rule(f"{SELECTION}3")
def test_a_line_from_before_its_item_was_in_zuora_is_sold(fast: MemoryWorld) -> None:
    ready(fast)
    fast.netsuite.load({"customField": [{"scriptId": "custcolzuoraitemid", "kept": "stored"}]})
    fast.netsuite.load({"serviceSaleItem": [{"id": GOLD, "custitemzuoraid": None}]})
    fast.netsuite.load({"salesOrder": [order("6001")]})
    fast.netsuite.load({"serviceSaleItem": [{"id": GOLD, "custitemzuoraid": plan_id(GOLD)}]})
    assert run(fast)["tiedOut"]
    assert plans_of(fast, "6001") == [plan_id(GOLD)]
