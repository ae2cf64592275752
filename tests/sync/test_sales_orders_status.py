"""What is written on the order, and that no order ever becomes two subscriptions (sales-orders.md section 4)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest

from tests.sync.builders import zid
from tests.sync.memory import MemoryWorld
from tests.sync.order_world import CREATES, STATUS, change, messages, netsuite, order, ready, run, subscription, subscriptions
from tests.sync.recording import recorded_bodies

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


def existing(internal_id: str = "", number: str = "SO-6001", owner: str = "A1", **fields: Any) -> dict[str, list[dict[str, Any]]]:
    """A subscription that is in Zuora already."""
    own = {"IntegrationId__NS": internal_id} if internal_id else {}
    name = f"S-{internal_id or number}-{owner}-{fields.get('Version', 1)}"
    head = {"Id": zid(name), "AccountId": zid(owner), "Name": name, "Status": "Active", "TermType": "TERMED", "SalesOrder__NS": number}
    return {"Subscription": [{**head, "ContractEffectiveDate": "2026-11-01", "IsLatestVersion": True, **own, **fields}]}


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
    for internal_id in ("6001", "6002"):
        assert netsuite(world, internal_id)["custbodyzuoraid"] == subscription(world, internal_id)["Id"]


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


@rule(f"{RECOVERY}by-integration-id", f"{RECOVERY}by-order-number")
@pytest.mark.parametrize("status", [CREATING, ERROR])
@pytest.mark.parametrize("internal_id", ["6001", ""], ids=["integration id", "order number"])
def test_found(world: MemoryWorld, status: str, internal_id: str) -> None:
    """Even if the order would no longer pass validation: its subscription is there."""
    ready(world, order("6001", custbodyzuorainitialterm=None, **{STATUS: status}), zuora=existing(internal_id))
    run(world)
    (there,) = subscriptions(world)
    own = netsuite(world, "6001")
    assert (own[STATUS], own["custbodyzuoraid"], own["custbodyzuorareferencenumber"]) == ("Sync Complete", there["Id"], there["Name"])


@rule(f"{RECOVERY}by-order-number", f"{RECOVERY}not-found")
@pytest.mark.parametrize(
    "other",
    [
        existing(owner="A2"),
        existing("7777"),
        existing("6001", Status="Cancelled"),
        existing("6001", IsLatestVersion=False),
        existing(number="SO-9"),
    ],
    ids=["other account", "other order's", "cancelled", "earlier version", "other number"],
)
def test_not_found(world: MemoryWorld, other: dict[str, Any]) -> None:
    ready(world, order("6001", **{STATUS: CREATING}), zuora=other)
    run(world)
    made = next(s for s in subscriptions(world) if s["Id"] != other["Subscription"][0]["Id"])
    assert netsuite(world, "6001")["custbodyzuoraid"] == made["Id"]


def test_the_number_alone_is_no_reason_for_an_order_that_was_never_tried(world: MemoryWorld) -> None:
    ready(world, order("6001"), zuora=existing())
    run(world)
    assert len(subscriptions(world)) == 2


def test_two_subscriptions_carry_the_id(world: MemoryWorld) -> None:
    two = {"Subscription": [*existing("6001")["Subscription"], *existing("6001", owner="A2")["Subscription"]]}
    ready(world, order("6001", **{STATUS: CREATING}), zuora=two)
    assert messages(run(world))["SO-AMBIGUOUS"].startswith("Sales order SO-6001: 2 Zuora subscriptions")
    assert netsuite(world, "6001")[STATUS] == CREATING and len(subscriptions(world)) == 2


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
