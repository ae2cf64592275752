"""New subscriptions from product rate plans (spec section 12.8)."""

from __future__ import annotations

import calendar
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from sandbox.zuora.exceptions import v1_error
from sandbox.zuora.models.tenant import Tenant
from sandbox.zuora.models.values import MAX_DIGITS, Record
from sandbox.zuora.schema.fields import words

RESOURCE = 531100
INVALID = 20
RULE = 30
NOT_FOUND = 40
ZERO = Decimal(0)
ONE = Decimal(1)
PERIOD_MONTHS = {"Month": 1, "Quarter": 3, "Semi-Annual": 6, "Annual": 12}
TERM_MONTHS = {"Month": 1, "Year": 12}
PER_UNIT_MODELS = ("Per Unit Pricing", "Volume Pricing", "Tiered Pricing", "Overage Pricing", "Tiered with Overage Pricing")
COPIED = words(
    "Name ChargeType ChargeModel BillingPeriod UOM TriggerEvent AccountingCode BillCycleDay BillCycleType EndDateCondition"
    " RevRecCode RevRecTriggerCondition BillingPeriodAlignment"
)


PRICING = {
    "Flat Fee Pricing": ("oneTimeFlatFee", "recurringFlatFee", "usageFlatFee"),
    "Per Unit Pricing": ("oneTimePerUnit", "recurringPerUnit", "usagePerUnit"),
    "Tiered Pricing": ("oneTimeTiered", "recurringTiered", "usageTiered"),
    "Volume Pricing": ("oneTimeVolume", "recurringVolume", "usageVolume"),
    "Overage Pricing": ("usageOverage",),
    "Tiered with Overage Pricing": ("usageTieredWithOverage",),
    "Delivery Pricing": ("recurringDeliveryBased", "recurringDelivery"),
    "Discount-Fixed Amount": ("discount",),
    "Discount-Percentage": ("discount",),
}
"""Keys of `pricing` that fit a charge, by its model; their beginning is its type."""
TYPES = {"OneTime": "oneTime", "Recurring": "recurring", "Usage": "usage"}
PRICED = ("OneTime", "Recurring")
DISCOUNTS = ("Discount-Fixed Amount", "Discount-Percentage")


@dataclass(frozen=True)
class Override:
    """A charge whose quantity or price differs from the catalogue. `model` is the key below `pricing`, "" without one."""

    charge_id: str
    quantity: Decimal | None
    price: Decimal | None
    model: str = ""


@dataclass(frozen=True)
class Plan:
    product_rate_plan_id: Any
    overrides: Sequence[Override]


def add_months(start: date, months: int) -> date:
    index = start.month - 1 + months
    year, month = start.year + index // 12, index % 12 + 1
    return date(year, month, min(start.day, calendar.monthrange(year, month)[1]))


def add_term(start: str, count: int, period: str) -> str:
    """The end of a term, as an ISO date. Raises `V1Error`."""
    day = date.fromisoformat(start)
    try:
        if count > 0 and period in TERM_MONTHS:
            return add_months(day, count * TERM_MONTHS[period]).isoformat()
        if count > 0:
            return (day + timedelta(days=count * (7 if period == "Week" else 1))).isoformat()
    except (ValueError, OverflowError):
        pass
    raise v1_error(RESOURCE, INVALID, f"A term of {count} is invalid.")


def subscribe(tenant: Tenant, account: Record, values: Record, plans: Sequence[Plan]) -> tuple[Record, Decimal, Decimal]:
    """The subscription, its monthly recurring revenue and its contracted value. Raises `V1Error` before anything is stored."""
    start = values["ContractEffectiveDate"]
    chosen = [(plan_of(tenant, plan, start), plan) for plan in plans]
    for product_plan, plan in chosen:
        check_charges(tenant, product_plan, plan.overrides, account["Currency"])
    activation = values.get("ServiceActivationDate") or values.get("ContractAcceptanceDate") or start
    acceptance = values.get("ContractAcceptanceDate") or activation
    term_start = values.get("TermStartDate") or start
    fixed: Record = {
        "AccountId": account["Id"],
        "CreatorAccountId": account["Id"],
        "CreatorInvoiceOwnerId": account["Id"],
        "InvoiceOwnerId": values.get("InvoiceOwnerId") or account["Id"],
        "Status": "Active",
        "Version": 1,
        "IsLatestVersion": True,
        "ServiceActivationDate": activation,
        "ContractAcceptanceDate": acceptance,
        "TermStartDate": term_start,
        "SubscriptionStartDate": start,
        "Currency": account["Currency"],
        "OriginalCreatedDate": tenant.store.now(),
    }
    if values["TermType"] == "TERMED":
        end = add_term(term_start, values["InitialTerm"], values.get("InitialTermPeriodType") or "Month")
        fixed |= {"TermEndDate": end, "SubscriptionEndDate": end, "CurrentTerm": values["InitialTerm"]}
    subscription_id = tenant.store.new_id("Subscription")
    subscription = tenant.store.insert("Subscription", {**values, **fixed, "Id": subscription_id, "OriginalId": subscription_id})
    mrr, once = ZERO, ZERO
    for product_plan, plan in chosen:
        for charge, price in add_rate_plan(tenant, subscription, product_plan, plan.overrides):
            mrr += charge.get("MRR", ZERO)
            if charge["ChargeType"] == "OneTime":
                once += price * (charge.get("Quantity") or ONE)
    months = values.get("InitialTerm") or 0
    if mrr:
        subscription = tenant.store.update("Subscription", subscription_id, {"CMRR": mrr}, touch=False)
        before = tenant.store.tables["Account"][account["Id"]].get("Mrr", ZERO)
        tenant.store.update("Account", account["Id"], {"Mrr": before + mrr}, touch=False)
    return subscription, mrr, mrr * months + once


def plan_of(tenant: Tenant, plan: Plan, day: str) -> Record:
    """The rate plan in the catalogue; it and its product must be effective on the day. Raises `V1Error`."""
    record = tenant.store.get("ProductRatePlan", plan.product_rate_plan_id)
    if record is None:
        raise v1_error(RESOURCE, NOT_FOUND, f"Cannot find a ProductRatePlan instance with id {plan.product_rate_plan_id}.")
    for kind, part in (("ProductRatePlan", record), ("Product", tenant.store.tables["Product"][record["ProductId"]])):
        if not part["EffectiveStartDate"] <= day <= part["EffectiveEndDate"]:
            raise v1_error(RESOURCE, RULE, f"The {kind} {part['Name']} is not effective on {day}.")
    known = {c["Id"] for c in tenant.store.by("ProductRatePlanCharge", "ProductRatePlanId", record["Id"])}
    for override in plan.overrides:
        if override.charge_id not in known:
            raise v1_error(RESOURCE, INVALID, f"The charge {override.charge_id} is not part of the product rate plan.")
    return record


def check_charges(tenant: Tenant, product_plan: Record, overrides: Sequence[Override], currency: str) -> None:
    """Every charge with prices has one in the currency, and overrides are of its kind. One that was loaded without tiers costs nothing.
    Raises `V1Error`."""
    changed = {o.charge_id: o for o in overrides}
    for charge in tenant.store.by("ProductRatePlanCharge", "ProductRatePlanId", product_plan["Id"]):
        override = changed.get(charge["Id"])
        if override and override.quantity is not None and override.quantity < ZERO:
            raise v1_error(RESOURCE, INVALID, f"The quantity of charge {charge['Name']} must not be negative.")
        fitting = [key for key in PRICING.get(charge["ChargeModel"], ()) if key.startswith((TYPES[charge["ChargeType"]], "discount"))]
        if override and override.model and fitting and override.model not in fitting:
            raise v1_error(RESOURCE, INVALID, f"{override.model} does not fit the charge {charge['Name']} ({charge['ChargeModel']}).")
        own = override.price if override else None
        if own is None and charge["ChargeModel"] not in DISCOUNTS and charge["ChargeType"] in PRICED:
            tiers = tenant.store.by("ProductRatePlanChargeTier", "ProductRatePlanChargeId", charge["Id"])
            if tiers and not any(tier["Currency"] == currency for tier in tiers):
                raise v1_error(RESOURCE, RULE, f"The charge {charge['Name']} of {product_plan['Name']} has no price in {currency}.")


def monthly(product_charge: Record, quantity: Decimal | None, price: Decimal) -> Decimal | None:
    """The monthly recurring revenue of a charge; None for one that does not recur."""
    if product_charge["ChargeType"] != "Recurring" or product_charge["ChargeModel"] in DISCOUNTS:
        return None
    return price * (quantity or ONE) / PERIOD_MONTHS.get(product_charge.get("BillingPeriod", "Month"), 1)


def add_rate_plan(
    tenant: Tenant, subscription: Record, product_plan: Record, overrides: Sequence[Override]
) -> list[tuple[Record, Decimal]]:
    """The rate plan with its charges; returns each charge with its price."""
    store = tenant.store
    link = {"SubscriptionId": subscription["Id"], "ProductRatePlanId": product_plan["Id"]}
    plan = store.insert("RatePlan", {**link, "Name": product_plan["Name"], "ProductId": product_plan["ProductId"]})
    changed = {o.charge_id: o for o in overrides}
    made: list[tuple[Record, Decimal]] = []
    for product_charge in store.by("ProductRatePlanCharge", "ProductRatePlanId", product_plan["Id"]):
        override = changed.get(product_charge["Id"])
        quantity = (override.quantity if override else None) or product_charge.get("DefaultQuantity")
        price = override.price if override and override.price is not None else list_price(tenant, product_charge, subscription)
        quantity = quantity if product_charge["ChargeModel"] in PER_UNIT_MODELS else None
        charge_id = store.new_id("RatePlanCharge")
        charge = {
            **{f: product_charge[f] for f in COPIED if f in product_charge},
            "Id": charge_id,
            "OriginalId": charge_id,
            "RatePlanId": plan["Id"],
            "SubscriptionId": subscription["Id"],
            "ProductRatePlanChargeId": product_charge["Id"],
            "Quantity": quantity,
            "Price": price,
            "MRR": monthly(product_charge, quantity, price),
            "Version": 1,
            "Segment": 1,
            "IsLastSegment": True,
            "EffectiveStartDate": subscription["ContractEffectiveDate"],
            "EffectiveEndDate": subscription.get("TermEndDate"),
        }
        made.append((store.insert("RatePlanCharge", charge), price))
    return made


def list_price(tenant: Tenant, product_charge: Record, subscription: Record) -> Decimal:
    """The price of the first tier in the subscription's currency."""
    for tier in tenant.store.by("ProductRatePlanChargeTier", "ProductRatePlanChargeId", product_charge["Id"]):
        if tier["Currency"] == subscription["Currency"] and "Price" in tier:
            return Decimal(tier["Price"])
    return ZERO


def overrides_of(rows: Any) -> list[Override]:
    """The `chargeOverrides` of a request; prices and quantities stand at the top or inside `pricing`."""
    found: list[Override] = []
    for row in rows if isinstance(rows, list) else []:
        flat: dict[str, Any] = dict(row)
        pricing = row.get("pricing") or {}
        for model in pricing.values():
            flat.update(model if isinstance(model, Mapping) else {})
        price = flat.get("price", flat.get("listPrice"))
        key = next(iter(pricing), "")
        found.append(Override(str(flat.get("productRatePlanChargeId")), number(flat.get("quantity")), number(price), key))
    return found


def number(raw: Any) -> Decimal | None:
    if raw is None:
        return None
    if isinstance(raw, bool) or not isinstance(raw, int | Decimal):
        raise v1_error(RESOURCE, INVALID, "Quantities and prices must be numbers.")
    if Decimal(raw).adjusted() >= MAX_DIGITS:
        raise v1_error(RESOURCE, INVALID, f"Quantities and prices have at most {MAX_DIGITS} digits.")
    return Decimal(raw)
