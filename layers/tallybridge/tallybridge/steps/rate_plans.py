"""Zuora product rate plans -> NetSuite sub-items of their product's item, for sales orders (catalog.md, section 3)."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

from tallybridge.settings import Settings
from tallybridge.steps.master_data.items import (
    CLASSIFICATIONS,
    INCLUDE_CHILDREN,
    ITEM_FIELDS,
    ITEM_ID,
    SUBSIDIARY,
    SYNC_DATE,
    TAX_SCHEDULE,
    ZUORA_ID,
    ZUORA_TYPE,
    Item,
    Kind,
    catalogue_step,
    missing,
)
from tallybridge.steps.shared.mapping import Custom, Mapped
from tallybridge.steps.shared.problems import CORRECT_ID, no_id
from tallybridge.steps.shared.texts import ref, text
from tallybridge.sync.step import Problem
from tallybridge.zuora.selection import Parent
from tallybridge.zuora.source import NO_ID

# -- selection -----------------------------------------------------------------------------------------------------------

FIELDS = (
    *ITEM_FIELDS,
    "EffectiveStartDate",
    "EffectiveEndDate",
    "ProductId",
    "BillingPeriod__NS",
    "Class__NS",
    "Department__NS",
    "IncludeChildren__NS",
    "Location__NS",
    "MultiCurrencyPrice__NS",
    "Price__NS",
    "Subsidiary__NS",
)
PRODUCT = Parent("Product", "ProductId", fields=("Name", "EffectiveStartDate", "EffectiveEndDate", "IntegrationId__NS"))


# -- prices --------------------------------------------------------------------------------------------------------------

NUMBER = re.compile(r"-?[0-9]+(\.[0-9]*)?")
ENTRY = re.compile(r"\s*([A-Z]{3})\s*:\s*([0-9]+(?:\.[0-9]+)?)\s*")
"""One price of NetSuite Multi Currency Price, for example CAD:250.25."""
BASE_PRICE_LEVEL = "1"
LOWEST_QUANTITY = 0


def multi_currency_prices(written: str) -> dict[str, Decimal] | None:
    """Prices by currency from `CUR:amount;CUR:amount`; None when it is not written like that or names a currency twice (3.1)."""
    prices: dict[str, Decimal] = {}
    entries = written.split(";")
    if len(entries) > 1 and not entries[-1].strip():
        entries.pop()
    for entry in entries:
        found = ENTRY.fullmatch(entry)
        if found is None or found[1] in prices:
            return None
        prices[found[1]] = Decimal(found[2])
    return prices


def has_price_matrix(settings: Settings) -> bool:
    """Whether items of this NetSuite account have a price per currency and level; otherwise they have one rate."""
    return settings.netsuite_multiple_currencies or settings.netsuite_advanced_pricing


def _written(item: Item, name: str) -> str:
    value = item.own.get(name)
    return "" if value is None else str(value).strip()


def _price(item: Item) -> Decimal | None:
    """The price in the default currency; None when there is none."""
    written = _written(item, "Price__NS")
    return Decimal(written) if NUMBER.fullmatch(written) else None


def _currency_list(item: Item) -> str:
    return _written(item, "MultiCurrencyPrice__NS")


def _rate(item: Item) -> Any:
    return None if has_price_matrix(item.settings) else _price(item)


def _price_lines(item: Item) -> Any:
    """The base price, and with multiple currencies one price per code; a code that is also the default currency has the last word."""
    if not has_price_matrix(item.settings):
        return None
    prices: dict[str, Decimal] = {}
    if (price := _price(item)) is not None:
        prices[item.settings.zuora_default_currency] = price
    if item.settings.netsuite_multiple_currencies and _currency_list(item):
        prices |= multi_currency_prices(_currency_list(item)) or {}
    lines = [
        {
            "currencyPage": {"id": page},
            "priceLevel": {"id": BASE_PRICE_LEVEL},
            "quantity": {"value": LOWEST_QUANTITY},
            "price": amount,
        }
        for currency, amount in prices.items()
        if (page := item.reference.id_of("currency", currency))
    ]
    return {"items": lines} if lines else None


# -- validations ---------------------------------------------------------------------------------------------------------


def problems_of_rate_plan(item: Item) -> list[Problem]:
    """R1-R4."""
    found: list[Problem] = []

    def fails(number: int, message: str, advice: str, waits_for: str = "") -> None:
        found.append(Problem(f"PLAN-R{number}", f"{item.label}: {message}", advice, waits_for))

    if not item.parent("Product", "IntegrationId__NS"):
        product = f'product "{item.parent("Product", "Name") or item.own.get("ProductId") or ""}"'
        advice = "It syncs by itself once the product has been synced; see the product's own message."
        if wrong := item.parent("Product", NO_ID):
            fails(1, f"{product} {no_id(str(wrong))}", CORRECT_ID)
        else:
            fails(1, f"{product} has not been synced.", advice, product)
    if (written := _currency_list(item)) and has_price_matrix(item.settings):
        prices = multi_currency_prices(written)
        if prices is None:
            advice = "Correct NetSuite Multi Currency Price in Zuora: every currency once, entries separated by semicolons."
            fails(2, f'NetSuite Multi Currency Price "{written}" must look like CAD:250.25;GBP:126.99.', advice)
        for currency in prices or ():
            if item.reference.id_of("currency", currency) is None:
                advice = "Activate the currency in NetSuite, or take it out of NetSuite Multi Currency Price in Zuora."
                fails(3, missing(item.reference, "currency", "currency", currency), advice)
    if (written := str(item.own.get("Price__NS") or "").strip()) and _price(item) is None:
        fails(
            4, f'NetSuite Price "{written}" is not a number.', "Enter digits with an optional decimal point in Zuora, for example 250.25."
        )
    return found


def remarks_on_rate_plan(item: Item) -> list[Problem]:
    """A price that finds no page of the price matrix is left out: prices only pre-fill sales orders."""
    currency = item.settings.zuora_default_currency
    if not has_price_matrix(item.settings) or _price(item) is None or item.reference.id_of("currency", currency):
        return []
    text_ = f'Default currency "{currency}" does not exist in NetSuite; NetSuite Price is ignored.'
    return [Problem("DEFAULT-MISSING", text_, "Correct the setting zuora_default_currency.")]


# -- mapping -------------------------------------------------------------------------------------------------------------

ROWS: tuple[Mapped[Item], ...] = (
    ITEM_ID,
    Mapped("Name", "displayName", "CU", lambda i: i.own.get("Name")),
    Mapped("Name", Custom("Zuora Product Rate Plan Name"), "CUL", lambda i: text(i.own.get("Name"))),
    ZUORA_ID,
    Mapped("Product.Name", Custom("Zuora Product Name"), "CUL", lambda i: text(i.parent("Product", "Name"))),
    Mapped("Product.IntegrationId__NS", "parent", "CU", lambda i: ref(i.parent("Product", "IntegrationId__NS"))),
    ZUORA_TYPE,
    SYNC_DATE,
    Mapped("BillingPeriod__NS", Custom("Zuora Billing Period"), "CUL", lambda i: text(i.own.get("BillingPeriod__NS"))),
    Mapped("Price__NS", "rate", "CU", _rate),
    Mapped("Price__NS, MultiCurrencyPrice__NS", "price", "CU", _price_lines),
    *CLASSIFICATIONS,
    SUBSIDIARY,
    INCLUDE_CHILDREN,
    TAX_SCHEDULE,
)

RATE_PLAN = Kind(
    step="rate_plans",
    title="Zuora product rate plans",
    code="PLAN",
    object="ProductRatePlan",
    fields=FIELDS,
    parents=(PRODUCT,),
    word="Rate plan",
    prefix="Zuora Rate Plan",
    zuora_type="RATE_PLAN",
    spellings=("RATEPLAN",),
    rows=ROWS,
    problems=problems_of_rate_plan,
    remarks=remarks_on_rate_plan,
    tables=lambda settings: {"currency": has_price_matrix(settings)},
)

RatePlans = catalogue_step(RATE_PLAN)
"""One NetSuite item per effective rate plan, below its product's item; sales order lines refer to it."""
