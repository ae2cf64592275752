"""The product catalogue: three products, five rate plans, ten charges, and what NetSuite must have for them and their taxes."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sandbox.demo.ids import rounded, zuora_id
from sandbox.demo.tenant import Objects, Planted

RATES = {"USD": Decimal(1), "EUR": Decimal("0.92"), "GBP": Decimal("0.79"), "JPY": Decimal(150)}
"""Price lists are made from the US one by these factors."""
CATALOGUE_START, CATALOGUE_END = "2024-01-01", "2036-12-31"
RECURRING, USAGE = "Subscription Revenue : Recurring", "Subscription Revenue : Usage"
SERVICES, DISCOUNTS = "Professional Services", "Discounts"
EVENLY = "Straight-line, exact days"


@dataclass(frozen=True)
class Charge:
    """One product charge. `price` is in US dollars for one unit; `account` the NetSuite income account; `levy` a fee of the tax engine."""

    key: str
    name: str
    plan: int
    model: str
    kind: str
    account: str
    price: Decimal
    item_type: str = "Service"
    period: str = ""
    unit: str = ""
    template: str = ""
    klass: str = ""
    levy: bool = False

    @property
    def number(self) -> int:
        return next(n for n, c in enumerate(CHARGES, 1) if c is self)

    @property
    def is_discount(self) -> bool:
        return self.model.startswith("Discount")

    def price_in(self, currency: str) -> Decimal:
        """The price of one unit; usage has four more digits than money."""
        if self.kind == "Usage":
            return (self.price * RATES[currency]).normalize()
        return rounded(self.price * RATES[currency], currency)


@dataclass(frozen=True)
class Plan:
    """One rate plan. `price` is what sales orders start from, in US dollars; `prices` stands in the place of the other currencies'."""

    name: str
    product: int
    price: Decimal | None = None
    period: str = "Monthly"
    prices: str = ""


PRODUCTS = ("Analytics Platform", "Data Connectors", "Professional Services", "Field Hardware")
NO_ITEM_TYPE = "Field Hardware"
"""The product that lacks its item type."""
PLANS = (
    Plan("Platform, monthly", 1, Decimal(1250)),
    Plan("Platform, annual", 1, Decimal(13200), "Annual"),
    Plan("Connectors", 2, Decimal("89.50")),
    Plan("Services", 3, Decimal(480), "Quarterly"),
    Plan("Discounts", 1),
    Plan("Hardware, rented", 4, Decimal(75)),
    Plan("Connectors, large", 2, Decimal(790), prices="EUR 726.80"),
)
WRONG_PLANS = {
    "Hardware, rented": ("PLAN-R1", 'Its product "Field Hardware" is not in NetSuite.'),
    "Connectors, large": ("PLAN-R2", 'Its prices "EUR 726.80" are not written as EUR:726.80.'),
}
FLAT, PER_UNIT = "Flat Fee Pricing", "Per Unit Pricing"
CHARGES = (
    Charge("platform", "Platform Fee", 1, FLAT, "Recurring", RECURRING, Decimal(1250), period="Month", template=EVENLY, klass="Software"),
    Charge("licences", "User Licences", 1, PER_UNIT, "Recurring", RECURRING, Decimal(39), period="Month", unit="User", template=EVENLY),
    Charge("calls", "API Calls", 1, PER_UNIT, "Usage", USAGE, Decimal("0.0045"), period="Month", unit="Call"),
    Charge("annual", "Platform Fee, Annual", 2, FLAT, "Recurring", RECURRING, Decimal(13200), period="Annual", template=EVENLY),
    Charge("connector", "Connector Licence", 3, PER_UNIT, "Recurring", RECURRING, Decimal("89.50"), "Non Inventory", "Month", "Connector"),
    Charge("gateway", "Edge Gateway", 3, PER_UNIT, "OneTime", "Sales", Decimal(349), "Non Inventory", unit="Device", levy=True),
    Charge("support", "Premium Support", 4, FLAT, "Recurring", SERVICES, Decimal(480), period="Quarter", klass="Services"),
    Charge("training", "Training Day, on Site", 4, PER_UNIT, "OneTime", SERVICES, Decimal(1100), unit="Day", klass="Services : Training"),
    Charge("loyalty", "Loyalty Discount", 5, "Discount-Percentage", "Recurring", DISCOUNTS, Decimal(0), "Non Inventory", "Month"),
    Charge("storage", "Cold Storage", 2, PER_UNIT, "Recurring", RECURRING, Decimal("0.12"), "", "Month", "GB"),
)
BY_KEY = {c.key: c for c in CHARGES}


@dataclass(frozen=True)
class Tax:
    """One tax of a regime. `item` is the internal id of its NetSuite item; `rate` a fraction, or an amount when `flat`."""

    code: str
    name: str
    item: int
    rate: Decimal
    jurisdiction: str
    flat: bool = False


STATE = Tax("US-STATE", "State sales tax", 501, Decimal("0.0625"), "Texas")
LOCAL = Tax("US-LOCAL", "Local sales tax", 502, Decimal("0.02"), "Austin")
LEVY = Tax("US-RECYCLING", "Electronics recycling fee", 507, Decimal(5), "Texas", flat=True)
REGIMES: dict[str, tuple[Tax, ...]] = {
    "US": (STATE, LOCAL),
    "US exempt": (Tax("US-EXEMPT", "Exempt, government", 508, Decimal(0), "Texas"),),
    "DE": (Tax("DE-VAT", "Umsatzsteuer 19 %", 503, Decimal("0.19"), "Germany"),),
    "FR": (Tax("FR-VAT", "TVA 20 %", 504, Decimal("0.2"), "France"),),
    "GB": (Tax("GB-VAT", "VAT 20 %", 505, Decimal("0.2"), "United Kingdom"),),
    "JP": (Tax("JP-CT", "Consumption tax 10 %", 506, Decimal("0.1"), "Japan"),),
}


def planted_catalogue() -> list[Planted]:
    """The products, rate plans and charges that cannot become items."""
    return [
        Planted("Product", NO_ITEM_TYPE, "held", "Its item type is empty.", code="ITEM-I1"),
        *(Planted("ProductRatePlan", name, "held", wrong, code=code) for name, (code, wrong) in WRONG_PLANS.items()),
        Planted("ProductRatePlanCharge", "Cold Storage", "held", "Its item type is empty.", code="ITEM-I1"),
    ]


def zuora_catalogue() -> Objects:
    """Products, rate plans and charges as Zuora has them. A product and the last charge lack their item type."""
    dates = {"EffectiveStartDate": CATALOGUE_START, "EffectiveEndDate": CATALOGUE_END}
    return {
        "Product": [{**_product(n, name), **dates} for n, name in enumerate(PRODUCTS, 1)],
        "ProductRatePlan": [{**_plan(n, plan), **dates} for n, plan in enumerate(PLANS, 1)],
        "ProductRatePlanCharge": [_charge(n, c) for n, c in enumerate(CHARGES, 1)],
    }


def _product(n: int, name: str) -> dict[str, Any]:
    row = {"Id": zuora_id("Product", n), "Name": name, "SKU": f"SKU-{n:08d}"}
    return row if name == NO_ITEM_TYPE else {**row, "ItemType__NS": "Service"}


def _plan(n: int, plan: Plan) -> dict[str, Any]:
    row = {"Id": zuora_id("ProductRatePlan", n), "ProductId": zuora_id("Product", plan.product), "Name": plan.name}
    row |= {"ItemType__NS": "Service", "Subsidiary__NS": "Parent Company", "IncludeChildren__NS": "Yes"}
    if plan.price is not None:
        others = ";".join(f"{c}:{rounded(plan.price * RATES[c], c)}" for c in RATES if c != "USD")
        row |= {"Price__NS": f"{plan.price}", "MultiCurrencyPrice__NS": plan.prices or others, "BillingPeriod__NS": plan.period}
    return row


def _charge(n: int, charge: Charge) -> dict[str, Any]:
    row: dict[str, Any] = {
        "Id": zuora_id("ProductRatePlanCharge", n),
        "ProductRatePlanId": zuora_id("ProductRatePlan", charge.plan),
        "Name": charge.name,
        "ChargeModel": charge.model,
        "ChargeType": charge.kind,
        "BillingPeriod": charge.period,
        "UOM": charge.unit,
        "AccountingCode": charge.account,
        "Taxable": not charge.is_discount,
        "TaxMode": "" if charge.is_discount else "TaxExclusive",
        "RevRecCode": charge.template,
        "RevRecTriggerCondition": "ContractEffectiveDate" if charge.template else "",
        "RecognizedRevAccount__NS": charge.account,
        "DeferredRevAccount__NS": "Deferred Revenue : Subscriptions" if charge.template else "",
        "RevRecStart__NS": "Charge Period Start" if charge.template else "",
        "RevRecTemplateType__NS": "Standard" if charge.template else "",
        "ItemType__NS": charge.item_type,
        "Class__NS": charge.klass,
        "Subsidiary__NS": "Parent Company",
        "IncludeChildren__NS": "Yes",
    }
    return {k: v for k, v in row.items() if v != ""}


def netsuite_reference() -> Objects:
    """What NetSuite needs besides the reference data of every account: an item per tax, the customer for unassigned payments, and
    January closed."""
    everywhere = {"subsidiary": {"items": [{"id": 1}]}, "includeChildren": True}
    taxes = sorted({t.item: t for regime in (*REGIMES.values(), (LEVY,)) for t in regime}.values(), key=lambda t: t.item)
    clearing = {"id": TAX_ACCOUNT, "acctNumber": "4990", "acctName": "Tax Billed by Zuora", "acctType": "Income"}
    return {
        "account": [clearing],
        "nonInventorySaleItem": [
            {"id": t.item, "itemId": f"Zuora tax {t.code}", "displayName": t.name, "incomeAccount": TAX_ACCOUNT, **everywhere}
            for t in taxes
        ]
        + [{"id": GOODWILL, "itemId": "Goodwill", "displayName": "Goodwill", "incomeAccount": 7, **everywhere}],
        "customer": [{"id": UNASSIGNED, "companyName": "Unassigned Zuora Payments", "subsidiary": 1, "currency": 1}],
        "accountingPeriod": [JANUARY],
    }


TAX_ACCOUNT = 90
UNASSIGNED = 900
GOODWILL = 520
"""An item that people in NetSuite use; it has nothing to do with Zuora."""
JANUARY = {"id": 108, "periodName": "Jan 2026", "startDate": "2026-01-01", "endDate": "2026-01-31", "isPosting": True, "closed": True}
