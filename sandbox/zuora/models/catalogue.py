"""What the catalogue must keep to when it is written: dates, and the prices of a charge (published Object_POSTProductRatePlanCharge)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

from sandbox.zuora.exceptions import CrudError
from sandbox.zuora.models.tenant import Tenant
from sandbox.zuora.models.values import Record
from sandbox.zuora.models.writes import check_required, convert_all

DATED = ("Product", "ProductRatePlan")
CHARGE, TIER = "ProductRatePlanCharge", "ProductRatePlanChargeTier"
TIER_DATA = "ProductRatePlanChargeTierData"
TIER_FIELDS = frozenset(
    ("Currency", "DiscountAmount", "DiscountPercentage", "EndingUnit", "IsOveragePrice", "Price", "PriceFormat", "StartingUnit", "Active")
)
PRICES = ("Price", "DiscountAmount", "DiscountPercentage")


def check_dates(values: Record, refuse: Callable[[str], Exception]) -> None:
    start, end = values.get("EffectiveStartDate"), values.get("EffectiveEndDate")
    if start and end and end < start:
        raise refuse(f"The end date {end} is before the start date {start}.")


def tiers_of(tenant: Tenant, nested: Mapping[str, Any]) -> list[Record]:
    """The tiers in `ProductRatePlanChargeTierData`, at least one, numbered in each currency. Raises `CrudError`."""
    holder = nested.get(TIER_DATA)
    rows = holder.get(TIER) if isinstance(holder, dict) else None
    if not isinstance(rows, list) or not rows or not all(isinstance(row, dict) for row in rows):
        raise CrudError("MISSING_REQUIRED_VALUE", f"Missing required value: {TIER_DATA}")
    numbers: Counter[str] = Counter()
    tiers: list[Record] = []
    for row in rows:
        if unknown := sorted(set(row) - TIER_FIELDS):
            raise CrudError("INVALID_FIELD", f"{TIER} has no field {unknown[0]} that can be created.")
        tier = convert_all(tenant, tenant.schema[TIER], {name: value for name, value in row.items() if value is not None})
        check_required(("Currency",), tier)
        if tier["Currency"] not in tenant.currencies:
            raise CrudError("INVALID_VALUE", f"The currency {tier['Currency']} is not active in this tenant.")
        if not any(name in tier for name in PRICES):
            raise CrudError("MISSING_REQUIRED_VALUE", "Missing required value: Price")
        numbers[tier["Currency"]] += 1
        tiers.append({**tier, "Tier": numbers[tier["Currency"]]})
    return tiers
