"""What the tests of sales orders share: an account on both sides, rate plans with their items, orders, and runs of the step alone."""

from __future__ import annotations

import json
from typing import Any

from tallybridge.settings import DEFAULTS
from tallybridge.sync.ledger import Owner
from tests.sync.builders import Objects, account, merged, zid
from tests.sync.memory import MemoryWorld
from tests.sync.payment_world import customer

SETTINGS = {"enable_sales_order_sync": "Yes"}
ONLY = ("sales_orders",)
GOLD, SILVER, OLD, ORDINARY, CHARGE = "501", "502", "503", "504", "505"
"""NetSuite items: two rate plans, one that is no longer sold, one of NetSuite's own, one of a Zuora charge."""
STATUS = "custbodyzuoraintegrationstatus"
CREATES = "^/v1/(orders|subscriptions)"


def plan_id(item: str) -> str:
    """The Zuora rate plan of an item."""
    return zid(f"plan {item}")


def catalogue() -> Objects:
    dates = {"EffectiveStartDate": "2020-01-01", "EffectiveEndDate": "2040-12-31"}
    price = {"ChargeModel": "Flat Fee Pricing", "ChargeType": "Recurring", "BillingPeriod": "Month", "Taxable": False}
    plans = [{"Id": plan_id(i), "ProductId": zid("product"), "Name": f"Plan {i}", **dates} for i in (GOLD, SILVER)]
    plans.append({"Id": plan_id(OLD), "ProductId": zid("product"), "Name": "Old", **dates, "EffectiveEndDate": "2025-12-31"})
    return {
        "Product": [{"Id": zid("product"), "Name": "Analytics", **dates}],
        "ProductRatePlan": plans,
        "ProductRatePlanCharge": [{"Id": zid("fee"), "ProductRatePlanId": plan_id(GOLD), "Name": "Fee", **price}],
        "ProductRatePlanChargeTier": [
            {"Id": zid("tier"), "ProductRatePlanChargeId": zid("fee"), "Tier": 1, "Price": 99, "Currency": "USD", "StartingUnit": 0}
        ],
    }


def items() -> list[dict[str, Any]]:
    kinds = {GOLD: "RATE_PLAN", SILVER: "RATEPLAN", OLD: "RATE_PLAN"}
    common = {"subsidiary": {"items": [{"id": "1"}]}, "includeChildren": True}
    plans = [{"id": i, "itemId": f"Item {i}", "custitemzuoraid": plan_id(i), "custitemzuoratype": k, **common} for i, k in kinds.items()]
    charge = {"id": CHARGE, "itemId": "Fee", "custitemzuoraid": zid("fee"), "custitemzuoratype": "CHARGE", **common}
    return [*plans, {"id": ORDINARY, "itemId": "Ordinary", **common}, charge]


def order(internal_id: str, *lines: str, owner: Any = "9001", **fields: Any) -> dict[str, Any]:
    """An order with one line per item; a field of None is left out."""
    record = {
        "id": internal_id,
        "tranId": f"SO-{internal_id}",
        "entity": {"id": owner},
        "tranDate": "2026-10-05",
        "item": {"items": [{"item": {"id": i}, "quantity": 3, "amount": 777} for i in lines or (GOLD,)]},
        "custbodysendtozuora": True,
        "custbodyzuoraautorenew": True,
        "custbodyzuorainitialterm": "12",
        "custbodyzuorarenewalterm": "6",
        "custbodyzuoratermsetting": "TERMED",
        "custbodyzuoracontracteffectivedate": "2026-11-01",
        **fields,
    }
    return {k: v for k, v in record.items() if v is not None}


def lines(*items: tuple[str, bool]) -> dict[str, Any]:
    """Lines of an order: item, and whether the line is closed."""
    return {"items": [{"item": {"id": i}, "quantity": 1, "amount": 1, "isClosed": closed} for i, closed in items]}


def ready(world: MemoryWorld, *orders: dict[str, Any], zuora: Any = None, **settings: Any) -> None:
    """The world anew: accounts A1 (USD) and A2 (USD, no customer), the catalogue, and these orders."""
    world.reset(**SETTINGS, **settings)
    own = merged(account("A1", IntegrationId__NS="9001"), account("A2"), catalogue(), zuora or {})
    nobody = {k: v for k, v in customer("9002", "").items() if k != "custentityzuoraid"}
    customers = [customer("9001", zid("A1")), nobody]
    world.load(own, {"customer": customers, "serviceSaleItem": items(), "salesOrder": list(orders)})


def run(world: MemoryWorld, **how: Any) -> dict[str, Any]:
    """One run of the step; answers its summary with the log's lines under "log"."""
    return world.reported(*ONLY, **how)


def messages(summary: dict[str, Any], prefix: str = "SO-") -> dict[str, str]:
    """The log's message by code."""
    return {line["code"]: line["message"] for line in summary["log"] if line.get("code", "").startswith(prefix)}


def subscriptions(world: MemoryWorld, internal_id: str = "") -> list[dict[str, Any]]:
    """The Zuora subscriptions, or those of one order."""
    rows = world.zuora.dump().get("Subscription", [])
    return [s for s in rows if not internal_id or s.get("IntegrationId__NS") == internal_id]


def subscription(world: MemoryWorld, internal_id: str) -> dict[str, Any]:
    """The one subscription of an order."""
    (row,) = subscriptions(world, internal_id)
    return row


def plans_of(world: MemoryWorld, internal_id: str) -> list[str]:
    """The rate plans of an order's subscription, in their order."""
    own = subscription(world, internal_id)["Id"]
    return [p["ProductRatePlanId"] for p in world.zuora.dump()["RatePlan"] if p["SubscriptionId"] == own]


def netsuite(world: MemoryWorld, internal_id: str) -> dict[str, Any]:
    """A NetSuite order as it is."""
    return next(o for o in world.in_netsuite("salesOrder") if str(o["id"]) == internal_id)


def change(world: MemoryWorld, internal_id: str, **fields: Any) -> None:
    """What a person does to an order in NetSuite; some time passes."""
    world.clock.advance(minutes=10)
    tester = Owner("tests", "by hand", f"person-{next(world.counter)}")
    world.wiring().netsuite(DEFAULTS, tester).update("salesOrder", internal_id, fields)


def bodies(world: MemoryWorld, path: str) -> list[dict[str, Any]]:
    """Bodies and headers of all Zuora creates at a path from now on: {"body", "key"}."""
    sent: list[dict[str, Any]] = []
    send = world.session.send

    def listen(request: Any, **how: Any) -> Any:
        if request.method == "POST" and request.path_url.split("?")[0] == path:
            sent.append({"body": json.loads(request.body), "key": request.headers.get("Idempotency-Key")})
        return send(request, **how)

    world.session.send = listen  # type: ignore[method-assign]
    return sent
