"""What is written on the order, and that no order ever becomes two subscriptions (sales-orders.md section 4)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from tests.sync.builders import zid
from tests.sync.memory import MemoryWorld
from tests.sync.order_world import CREATES, SETTINGS, STATUS, change, netsuite, order, ready, run, subscription, subscriptions
from tests.sync.ran import SALES_ORDERS, Ran, ran
from tests.sync.recording import recorded_bodies
from tests.sync.table import FOUND, SENT, Row, Table, check, found, held, sent
from tests.sync.words import Part, a_sales_order, an_account, internal_id

rule = pytest.mark.rule
RECOVERY = "sales-orders.4.recovery."
PATCH = "^/services/rest/record/v1/salesOrder/6001"
STAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ\Z")
CREATING, ERROR = "Creating Subscription", "Error Creating Subscription"
DECLINED = {"success": False, "reasons": [{"code": 58410020, "message": "The plan is closed."}]}


@pytest.fixture(params=[True, False], ids=["orders", "subscriptions"])
def world(fast: MemoryWorld, request: pytest.FixtureRequest) -> Iterator[MemoryWorld]:
    fast.reset()
    fast.zuora.options.orders = request.param
    yield fast
    fast.zuora.options.orders = True
    fast.session.__dict__.pop("send", None)
    for control in (fast.zuora_control, fast.netsuite_control):
        control.set_faults([])


@rule(
    "sales-orders.4.status.validations-passed",
    "sales-orders.4.status.subscription-created",
    "custom-fields.2.4.field.sales-order-zuora-subscription-subtab",
)
def test_status_before_and_after(world: MemoryWorld) -> None:
    ready(world, order("6001"))
    written = recorded_bodies(world, "salesOrder")
    run(world)
    made = subscription(world, "6001")
    assert STAMP.match(written[1].pop("custbodyzuorasyncdate"))
    assert written == [
        {STATUS: CREATING},
        {
            STATUS: "Sync Complete",
            "custbodyzuoraid": made["Id"],
            "custbodyzuorareferencenumber": made["Name"],
        },
    ]


@rule("sales-orders.4.status.zuora-rejects", f"{RECOVERY}not-found")
def test_zuora_rejects(world: MemoryWorld) -> None:
    ready(world, order("6001"))
    world.zuora_control.set_faults([{"method": "POST", "path": CREATES, "probability": 1.0, "seed": 1, "status": 200, "body": DECLINED}])
    summary = run(world)
    assert netsuite(world, "6001")[STATUS] == ERROR
    assert any("The plan is closed." in line["message"] for line in summary["log"])
    world.zuora_control.set_faults([])
    run(world)
    assert netsuite(world, "6001")["custbodyzuoraid"] == subscription(world, "6001")["Id"]


@rule(f"{RECOVERY}by-integration-id", "sales-orders.1.rule.1")
@pytest.mark.parametrize("when", ["before", "after"])
def test_a_lost_answer(world: MemoryWorld, when: str) -> None:
    ready(world, order("6001"), order("6002"))
    path = CREATES if world.zuora.options.orders else "^/v1/subscriptions"
    world.zuora_control.set_faults([{"method": "POST", "path": path, "nth": 1, "drop": when}])
    run(world)
    world.zuora_control.set_faults([])
    run(world)
    for own in ("6001", "6002"):
        assert netsuite(world, own)["custbodyzuoraid"] == subscription(world, own)["Id"]


@rule(f"{RECOVERY}by-integration-id")
def test_a_lost_write_back(world: MemoryWorld) -> None:
    ready(world, order("6001"))
    world.netsuite_control.set_faults([{"method": "PATCH", "path": PATCH, "nth": n, "drop": "before"} for n in range(2, 20)])
    run(world)
    assert netsuite(world, "6001")[STATUS] == CREATING
    world.netsuite_control.set_faults([])
    run(world)
    made = subscription(world, "6001")
    assert (netsuite(world, "6001")[STATUS], netsuite(world, "6001")["custbodyzuoraid"]) == ("Sync Complete", made["Id"])


@rule("sales-orders.6.resync")
def test_a_person_asks_for_it_again(world: MemoryWorld) -> None:
    ready(world, order("6001"))
    run(world)
    first = subscription(world, "6001")["Id"]
    world.zuora.tenant.store.update("Subscription", first, {"Status": "Cancelled"})
    change(world, "6001", **{STATUS: None, "custbodyzuoraid": None})
    run(world)
    made = {s["Id"]: s["Status"] for s in subscriptions(world, "6001")}
    assert sorted(made.values()) == ["Active", "Cancelled"] and made[first] == "Cancelled"
    assert made[netsuite(world, "6001")["custbodyzuoraid"]] == "Active"


def test_a_dry_run_writes_nothing(world: MemoryWorld) -> None:
    ready(world, order("6001"))
    before = netsuite(world, "6001")
    summary = run(world, dry_run=True)
    assert subscriptions(world) == [] and netsuite(world, "6001") == before
    assert any("would be created" in line["message"] for line in summary["log"])


def test_calls_per_order(world: MemoryWorld) -> None:
    ready(world, *(order(str(6001 + n)) for n in range(10)))
    world.calls()
    run(world)
    counted = world.calls()
    orders = world.zuora.options.orders
    assert (counted["zuora"].get("POST /v1/orders", 0), counted["zuora"].get("POST /v1/subscriptions", 0)) == (
        (10, 0) if orders else (1, 10)
    )
    assert counted["netsuite"]["PATCH /record/v1/salesOrder/{id}"] == 20
    assert counted["zuora"]["POST /v1/action/query"] <= 6 and counted["netsuite"]["POST /query/v1/suiteql"] <= 9


# -- what Zuora has already --------------------------------------------------------------------------------------------------


def existing(order: Part, internal_id: str = "", owner: str = "A1", **fields: Any) -> Part:
    """The order, and a subscription that is in Zuora already: `internal_id` is its Integration ID, and its order number is the order's,
    unless another is given."""
    own = {"IntegrationId__NS": internal_id} if internal_id else {}
    name = f"S-{order.number}-{owner}-{internal_id}"
    head = {"Id": zid(name), "AccountId": zid(owner), "Name": name, "Status": "Active", "TermType": "TERMED"}
    more = {"SalesOrder__NS": order.number, "ContractEffectiveDate": "2026-11-01", "IsLatestVersion": True, **own, **fields}
    return replace(order.with_(Part("", {"Subscription": [{**head, **more}]}, {}), an_account(owner)), there=zid(name))


def begun(number: str, status: str = CREATING, **fields: Any) -> Part:
    return a_sales_order(number, **{STATUS: status, **fields})


def invalid(number: str, status: str) -> Part:
    """Begun, and it would no longer pass validation."""
    return begun(number, status, custbodyzuorainitialterm=None)


BY_ID = (f"{RECOVERY}by-integration-id", f"{RECOVERY}by-order-number")
NONE = (f"{RECOVERY}by-order-number", f"{RECOVERY}not-found")
TWICE = existing(existing(begun("TWICE"), internal_id("TWICE")), internal_id("TWICE"), owner="A2")
TWO = ", ".join(sorted(zid(f"S-TWICE-{owner}-{internal_id('TWICE')}") for owner in ("A1", "A2")))
ROWS = [
    found("integration id", existing(invalid("ID1", CREATING), internal_id("ID1")), also=BY_ID),
    found("integration id, refused", existing(invalid("ID2", ERROR), internal_id("ID2")), also=BY_ID),
    found("order number", existing(invalid("NUMBER1", CREATING)), also=BY_ID),
    found("order number, refused", existing(invalid("NUMBER2", ERROR)), also=BY_ID),
    sent("earlier version", existing(begun("EARLIER"), internal_id("EARLIER"), IsLatestVersion=False), also=NONE),
    sent("other account", existing(begun("ACCOUNT"), owner="A2"), also=NONE),
    sent("other order's", existing(begun("ORDER"), "7777"), also=NONE),
    sent("cancelled", existing(begun("CANCELLED"), internal_id("CANCELLED"), Status="Cancelled"), also=NONE),
    sent("other number", existing(begun("OTHER"), SalesOrder__NS="SO-9"), also=NONE),
    sent("the number alone is no reason for an order that was never tried", existing(a_sales_order("NEVER"))),
    held(
        "two subscriptions carry the id",
        TWICE,
        f"SO-AMBIGUOUS: 2 Zuora subscriptions carry its internal id as Integration ID ({TWO}). Clear the duplicates first.",
    ),
]
PAGE = Table(replace(SALES_ORDERS, most=2), "", ROWS, SETTINGS)
"""An order may have a subscription that does not count."""


@pytest.fixture(scope="module")
def looked_up(fast: MemoryWorld) -> dict[str, Ran]:
    """By the call that the tenant takes."""
    runs = {}
    for call in ("orders", "subscriptions"):
        own = PAGE.world(fast)
        own.zuora.options.orders = call == "orders"
        runs[call] = ran(own, PAGE.kind)
        fast.zuora.options.orders = True
    return runs


def is_of(run: Ran, row: Row) -> None:
    """Whether the order names its subscription: the one that was there, or a new one."""
    own, there = run.record(row.number), {s["Id"]: s["Name"] for s in run.zuora["Subscription"]}
    assert (own["custbodyzuoraid"] == row.given.there) == (row.outcome == FOUND)
    assert (own[STATUS], own["custbodyzuorareferencenumber"]) == ("Sync Complete", there[own["custbodyzuoraid"]])


@pytest.mark.parametrize("call", ["orders", "subscriptions"])
@pytest.mark.parametrize("row", PAGE.cases())
def test_what_was_begun_is_looked_up(looked_up: dict[str, Ran], row: Row, call: str) -> None:
    run = looked_up[call]
    check(run, row)
    if row.outcome in (SENT, FOUND):
        is_of(run, row)


@pytest.mark.parametrize("call", ["orders", "subscriptions"])
def test_nothing_else_is_told_and_none_is_made_beside(looked_up: dict[str, Ran], call: str) -> None:
    PAGE.holds_together(looked_up[call])
    given = sum(len(row.given.zuora["Subscription"]) for row in ROWS)
    assert len(looked_up[call].zuora["Subscription"]) == given + sum(row.outcome == SENT for row in ROWS)
