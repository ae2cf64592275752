"""Rules of the steps from NetSuite that leave new records out say so, too."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sync import order_world
from tests.sync.builders import merged
from tests.sync.full_world import customers_world, full_world
from tests.sync.memory import MemoryWorld
from tests.sync.payment_world import customer, ns_invoice
from tests.sync.reverse_world import PAYMENTS, STATUS, ns_payment, ready, run
from tests.sync.test_left_out import left_out, lines
from tests.sync.world import unserved_world

FIRST, SECOND = "2026-10-09", "2026-10-20"


@pytest.fixture(scope="module", params=["A", "B"])
def world(request: pytest.FixtureRequest) -> MemoryWorld:
    return MemoryWorld.of(unserved_world(settlement=request.param == "B"))


def test_new_payments_that_a_rule_leaves_out(world: MemoryWorld) -> None:
    settlement = world.zuora.options.settlement
    ready(
        world,
        merged(
            ns_payment("GOOD", 10, {"INV1": 10}, tranDate=SECOND),
            ns_payment("OLD", 11, {"INV1": 11}, tranDate=FIRST),
            ns_payment("SET ASIDE", 12, {"INV1": 12}, tranDate=SECOND, **{STATUS: "Ignore"}),
            ns_payment("PARTLY", 20, {"INV1": 13}, tranDate=SECOND),
            ns_payment("JOURNAL TOO", 30, {"INV1": 15, "JOURNAL": 15}, tranDate=SECOND),
            ns_payment("NOT FOLLOWED", 14, {"INV1": 14}, tranDate=SECOND, custbodyzuorasyncupdates=False),
            ns_payment("ELSEWHERE", 5, {"FOREIGN": 5}, tranDate=SECOND),
        ),
        cutover_netsuite_payment="2026-10-10",
    )
    summary = run(world)
    told = left_out(summary)
    assert told.pop((PAYMENTS, "LEFT-CUTOVER", "USD")) == (1, 11, ["OLD"])
    assert told.pop((PAYMENTS, "LEFT-IGNORED", "USD")) == (1, 12, ["SET ASIDE"])
    if settlement:
        assert told == {(PAYMENTS, "LEFT-UPDATES", "USD"): (1, 14, ["NOT FOLLOWED"])}
    else:
        assert told == {
            (PAYMENTS, "LEFT-CREDITS", "USD"): (1, 30, ["JOURNAL TOO"]),
            (PAYMENTS, "LEFT-UNAPPLIED", "USD"): (1, 20, ["PARTLY"]),
        }
    assert any(line.startswith("NetSuite payments: 1 record (USD 11.00) is left out: they are dated before") for line in lines(summary))


DEPOSIT = {"id": "7601", "tranId": "DEP1", "customer": {"id": "9001"}, "payment": 40, "tranDate": FIRST}
MEMO = {"id": "7601", "entity": {"id": "9001"}, "tranDate": FIRST, "item": {"items": [{"item": {"id": "501"}, "amount": 40}]}}
BESIDE: dict[str, tuple[str, Any]] = {
    "customer deposit": ("deposit", {"customerDeposit": [DEPOSIT]}),
    "credit memo": ("credit", {"creditMemo": [MEMO]}),
}


@pytest.mark.parametrize("kind", BESIDE)
def test_a_payment_that_uses_something_else_beside_its_own_money(world: MemoryWorld, kind: str) -> None:
    """With Invoice Settlement it is held and named; without, a rule leaves it out, which is said."""
    sublist, records = BESIDE[kind]
    used: Any = {"items": [{"doc": {"id": "7601"}, "apply": True, "amount": 40}]}
    ready(world, records, ns_payment("P1", 60, {"INV1": 100}, tranDate=SECOND, **{sublist: used}))
    summary = run(world)
    if world.zuora.options.settlement:
        assert (summary["step"]["held"], left_out(summary)) == (1, {})
    else:
        assert left_out(summary) == {(PAYMENTS, "LEFT-CREDITS", "USD"): (1, 60, ["P1"])}
        assert world.zuora.dump().get("Payment", []) == []


def test_payments_of_customers_without_a_zuora_id(world: MemoryWorld) -> None:
    stranger: dict[str, Any] = {k: v for k, v in customer("9050", "x").items() if k != "custentityzuoraid"}
    theirs = ns_invoice("7050", "9050", 40, "INV50")
    payment = {"customer": {"id": "9050"}, "payment": 40, "tranId": "P50", "tranDate": SECOND}
    payment |= {"apply": {"items": [{"doc": {"id": "7050"}, "apply": True, "amount": 40}]}, "custbodyzuorasyncupdates": True}
    ready(world, {"customer": [stranger], "invoice": [theirs], "customerPayment": [payment]})
    assert left_out(run(world)) == {(PAYMENTS, "LEFT-CUSTOMER", "USD"): (1, 40, ["P50"])}


def test_with_nothing_left_out_the_rules_cost_one_query(world: MemoryWorld) -> None:
    ready(world, ns_payment("GOOD", 10, {"INV1": 10}, tranDate=SECOND))
    for _ in range(3):
        run(world)
        world.clock.advance(hours=3)
    world.netsuite_control.clear_stats()
    assert left_out(run(world)) == {}
    asked = world.netsuite_control.stats()["calls"]["POST /query/v1/suiteql"]
    assert asked == 5, "does it answer, how many wait, what is left out, what was changed and deleted since"


def test_every_step_can_be_asked(world: MemoryWorld) -> None:
    """In a tenant in which every step works, nothing that is asked is refused by either side."""
    full = full_world("B" if world.zuora.options.settlement else "A")
    world.reset(default_subsidiary="Parent Company", **full.settings)
    world.load(full.first_zuora, full.first_netsuite)
    world.reported()
    world.load(netsuite=full.second)
    summary = world.reported()
    assert (summary["errors"], summary["tied_out"]) == (0, True)
    assert [line["message"] for line in summary["log"] if line.get("code") == "LEFT-UNREAD"] == []


def test_customers_that_a_rule_leaves_out(world: MemoryWorld) -> None:
    full = customers_world()
    world.reset(default_subsidiary="Parent Company", **full.settings)
    world.load(full.first_zuora, full.first_netsuite)
    marked = {"subsidiary": {"id": "1"}, "custentitysendtozuora": True}
    aside = {"custentityzuoraintegrationstatus": "Ignore"}
    given = [{"companyName": "Left 1", **marked, "isInactive": True}, {"companyName": "Left 2", **marked, **aside}]
    world.load(netsuite={"customer": [{"entityId": row["companyName"], **row} for row in given]})
    told = left_out(world.reported("netsuite_customers"))
    assert {code: names for (_, code, _), (_, _, names) in told.items()} == {"LEFT-INACTIVE": ["Left 1"], "LEFT-IGNORED": ["Left 2"]}


def test_a_query_that_netsuite_refuses_is_a_remark_and_nothing_else(world: MemoryWorld) -> None:
    ready(world, ns_payment("GOOD", 10, {"INV1": 10}, tranDate=SECOND))
    send = world.session.send

    def refusing(request: Any, **how: Any) -> Any:
        body = request.body.decode() if isinstance(request.body, bytes) else request.body or ""
        if "leftby" in body:
            request.body = body.replace("leftby", "left by")
            request.headers["Content-Length"] = str(len(request.body))
        return send(request, **how)

    world.session.send = refusing  # type: ignore[method-assign]
    try:
        summary = run(world)
    finally:
        world.session.send = send  # type: ignore[method-assign]
    assert (summary["outcome"], summary["step"]["created"]) == ("completed with warnings", 1)
    assert [line["code"] for line in summary["log"] if line.get("code")] == ["LEFT-UNREAD"]


def test_sales_orders_that_a_rule_leaves_out(world: MemoryWorld) -> None:
    closed = {"items": [{"item": {"id": order_world.GOLD}, "quantity": 1, "amount": 1, "isClosed": True}]}
    order_world.ready(
        world,
        order_world.order("6001"),
        order_world.order("6002", owner="9002"),
        order_world.order("6003", order_world.ORDINARY),
        order_world.order("6004", item=closed),
        order_world.order("6005", **{STATUS: "Ignore"}),
        order_world.order("6006", custbodysendtozuora=False),
    )
    summary = order_world.run(world)
    told = {code: (count, names) for (_, code, _), (count, _, names) in left_out(summary).items()}
    assert told == {"LEFT-IGNORED": (1, ["SO-6005"])}
    alone = {line["source_number"]: line["code"] for line in summary["log"] if line.get("code", "").startswith("SO-")}
    assert alone == {"SO-6002": "SO-CUSTOMER", "SO-6004": "SO-CLOSED"}
