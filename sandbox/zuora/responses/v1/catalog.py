"""`/v1/catalog/products` (spec section 6: pages of 10)."""

from __future__ import annotations

from typing import Any

from werkzeug.wrappers import Response

from sandbox.zuora.http import Call, json_response
from sandbox.zuora.models.values import Record
from sandbox.zuora.responses.v1.fields import found, names, show
from sandbox.zuora.responses.v1.lists import paged

DEFAULT_PAGE = 10
PRODUCT = names("id sku=SKU name description category effectiveStartDate effectiveEndDate productNumber allowFeatureChanges")
PLAN = names("id name description effectiveStartDate effectiveEndDate productRatePlanNumber grade")
CHARGE = names(
    "id name type=ChargeType model=ChargeModel uom=UOM billingPeriod billingTiming defaultQuantity taxable taxCode taxMode"
    " triggerEvent endDateCondition description accountingCode=AccountingCode productRatePlanChargeNumber"
)
TIER = names("tier startingUnit endingUnit price priceFormat currency discountAmount discountPercentage")


def products(call: Call) -> Response:
    return paged(call, "products", list(call.tenant.store.all("Product")), lambda r: product_view(call, r), DEFAULT_PAGE)


def product(call: Call) -> Response:
    return json_response(product_view(call, found(call, "Product", call.args["key"])))


def product_view(call: Call, record: Record) -> dict[str, Any]:
    shown = show(call.tenant, call.tenant.schema["Product"], record, PRODUCT)
    return {**shown, "productRatePlans": call.url(f"/v1/rateplan/{record['Id']}/productRatePlan")}


def rate_plans(call: Call) -> Response:
    """The rate plans of a product with their charges and tiers."""
    owner = found(call, "Product", call.args["key"])
    rows = call.tenant.store.by("ProductRatePlan", "ProductId", owner["Id"])
    return paged(call, "productRatePlans", rows, lambda r: plan_view(call, r), DEFAULT_PAGE)


def plan_view(call: Call, plan: Record) -> dict[str, Any]:
    tenant = call.tenant
    charges = tenant.store.by("ProductRatePlanCharge", "ProductRatePlanId", plan["Id"])
    shown = show(tenant, tenant.schema["ProductRatePlan"], plan, PLAN)
    return {**shown, "productRatePlanCharges": [charge_view(call, c) for c in charges]}


def charge_view(call: Call, charge: Record) -> dict[str, Any]:
    tenant = call.tenant
    tiers = tenant.store.by("ProductRatePlanChargeTier", "ProductRatePlanChargeId", charge["Id"])
    shown = show(tenant, tenant.schema["ProductRatePlanCharge"], charge, CHARGE)
    kind = tenant.schema["ProductRatePlanChargeTier"]
    pricing: dict[str, dict[str, Any]] = {}
    for tier in tiers:
        price = pricing.setdefault(tier["Currency"], {"currency": tier["Currency"], "tiers": []})
        price.setdefault("price", tier.get("Price"))
        price["tiers"].append(show(tenant, kind, tier, TIER))
    return {**shown, "pricing": list(pricing.values())}
