"""What each account has subscribed to: one subscription with a rate plan and a charge per thing it buys."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sandbox.demo.accounts import Profile
from sandbox.demo.catalogue import BY_KEY, Charge
from sandbox.demo.ids import number, zuora_id
from sandbox.demo.tenant import Objects

START = "2025-10-01"
ALWAYS = ("training", "loyalty", "storage")
"""Charges that any account can be billed for, whatever it buys regularly."""


@dataclass(frozen=True)
class Bought:
    """A charge of a subscription: its id there and how many units; usage has none."""

    id: str
    charge: Charge
    quantity: int


@dataclass
class Subscribed:
    """The subscription of one account, and its charges by key."""

    id: str
    name: str
    charges: dict[str, Bought]


def subscribe(chosen: list[Profile]) -> tuple[Objects, list[Subscribed]]:
    """Subscriptions, rate plans and charges as Zuora has them, and the same by account for billing."""
    objects: Objects = {"Subscription": [], "RatePlan": [], "RatePlanCharge": []}
    subscribed = [_subscribe(n, p, objects) for n, p in enumerate(chosen, 1)]
    return objects, subscribed


def _subscribe(n: int, p: Profile, objects: Objects) -> Subscribed:
    wanted = {**dict.fromkeys(ALWAYS, 1), **dict(p.buys)}
    mine = Subscribed(zuora_id("Subscription", n), f"A-S{n:08d}", {})
    objects["Subscription"].append(
        {
            "Id": mine.id,
            "Name": mine.name,
            "AccountId": zuora_id("Account", n),
            "Notes": "Renewed by mail on 12 September 2025; price list 2025/2." if n % 4 == 1 else None,
            "ContractEffectiveDate": START,
            "TermType": "TERMED",
            "InitialTerm": 24,
            "RenewalTerm": 12,
            "SubscriptionEndDate": "2027-09-30",
        }
    )
    plans: dict[int, str] = {}
    for key, quantity in wanted.items():
        charge = BY_KEY[key]
        if charge.plan not in plans:
            plans[charge.plan] = zuora_id("RatePlan", n * 10 + charge.plan)
            objects["RatePlan"].append(
                {"Id": plans[charge.plan], "SubscriptionId": mine.id, "ProductRatePlanId": zuora_id("ProductRatePlan", charge.plan)}
            )
        bought = Bought(zuora_id("RatePlanCharge", n * 100 + charge.number), charge, quantity)
        objects["RatePlanCharge"].append(_charge(n, p, bought, plans[charge.plan]))
        mine.charges[key] = bought
    objects["Subscription"][-1] = {k: v for k, v in objects["Subscription"][-1].items() if v is not None}
    return mine


def _charge(n: int, p: Profile, bought: Bought, plan: str) -> dict[str, Any]:
    charge = bought.charge
    row: dict[str, Any] = {
        "Id": bought.id,
        "RatePlanId": plan,
        "ProductRatePlanChargeId": zuora_id("ProductRatePlanCharge", charge.number),
        "ChargeNumber": f"C-{n * 100 + charge.number:08d}",
        "Price": number(charge.price_in(p.currency)) if not charge.is_discount else None,
        "Quantity": bought.quantity or None,
        "RevRecCode": charge.template or None,
        "EffectiveStartDate": START,
    }
    return {k: v for k, v in row.items() if v is not None}
