"""Zuora products -> NetSuite parent items: they group rate plans and cannot be used on transactions (catalog.md, section 2)."""

from __future__ import annotations

import re
from typing import Any

from tallybridge.steps.master_data.items import (
    CLASSIFICATIONS,
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
)
from tallybridge.steps.shared.mapping import EMPTY, Custom, Mapped
from tallybridge.steps.shared.texts import text

# -- selection -----------------------------------------------------------------------------------------------------------

FIELDS = (*ITEM_FIELDS, "EffectiveStartDate", "EffectiveEndDate")

# -- mapping -------------------------------------------------------------------------------------------------------------

INCOME_ACCOUNT = re.compile(r"income ?account", re.IGNORECASE)
"""How NetSuite names the field when it asks for it."""


def needs_income_account(item: Item) -> bool:
    """Whether NetSuite declined this product for want of an income account: the account's forms or preferences demand one."""
    return bool(INCOME_ACCOUNT.search(item.refusal))


def _income_account(item: Item) -> Any:
    """Emptied, so that no transaction takes the item. Where NetSuite insists, nothing is sent: its default income account applies."""
    return None if needs_income_account(item) else EMPTY


def _parent_only(item: Item) -> Any:
    """Keeps an item with an income account off transactions: only its sub-items can be chosen."""
    return True if needs_income_account(item) else None


ROWS: tuple[Mapped[Item], ...] = (
    ITEM_ID,
    ZUORA_ID,
    Mapped("Name", Custom("Zuora Product Name"), "CUL", lambda i: text(i.own.get("Name"))),
    ZUORA_TYPE,
    SYNC_DATE,
    Mapped("-", "incomeAccount", "C", _income_account),
    Mapped("-", "parentOnly", "C", _parent_only),
    *CLASSIFICATIONS,
    SUBSIDIARY,
    TAX_SCHEDULE,
)

PRODUCT = Kind(
    step="products",
    title="Zuora products",
    code="PROD",
    object="Product",
    fields=FIELDS,
    word="Product",
    prefix="Zuora Product",
    zuora_type="PRODUCT",
    classified=False,
    rows=ROWS,
)

Products = catalogue_step(PRODUCT)
"""One NetSuite item per effective product, the parent of its rate plans' items."""
