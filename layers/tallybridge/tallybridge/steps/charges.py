"""Zuora product rate plan charges -> NetSuite items (catalog.md, section 4)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from tallybridge.clock import stamp, utc_moment
from tallybridge.settings import StandardInvoiceSync
from tallybridge.steps.master_data.items import (
    CLASSIFICATIONS,
    FULL_NAME,
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
from tallybridge.steps.shared.texts import ref, text
from tallybridge.sync.step import Problem
from tallybridge.zuora.selection import Parent

# -- selection -----------------------------------------------------------------------------------------------------------

FIELDS = (
    *ITEM_FIELDS,
    "AccountingCode",
    "ChargeModel",
    "ChargeType",
    "Description",
    "ProductRatePlanId",
    "RevRecCode",
    "TaxCode",
    "Taxable",
    "Class__NS",
    "DeferredRevAccount__NS",
    "Department__NS",
    "IncludeChildren__NS",
    "Location__NS",
    "RecognizedRevAccount__NS",
    "Subsidiary__NS",
)
PLAN = Parent("ProductRatePlan", "ProductRatePlanId", fields=("Name", "ProductId", "EffectiveStartDate", "EffectiveEndDate"))
PRODUCT = Parent("Product", "ProductId", of="ProductRatePlan", fields=("Name", "EffectiveStartDate", "EffectiveEndDate"))

UNSUPPORTED_MODELS = ("highwatermark", "prerated", "multiattribute")
"""Beginnings of charge models in letters only (G5)."""
INCOME = ("Income", "OthIncome")
DEFERRED = ("DeferRevenue",)


# -- validations ---------------------------------------------------------------------------------------------------------


def income_account(item: Item) -> str:
    """Full name of the income account (4.3); "" lets NetSuite's default apply."""
    return str(item.own.get("RecognizedRevAccount__NS") or item.own.get("AccountingCode") or "").strip()


def is_discount(item: Item) -> bool:
    return str(item.own.get("ChargeModel") or "").lower().startswith("discount")


def problems_of_charge(item: Item) -> list[Problem]:
    """G1-G3."""
    own, reference = item.own, item.reference
    found: list[Problem] = []

    def account(number: int, word: str, name: str, kinds: Sequence[str]) -> None:
        if name and (reference.id_of("account", name) is None or reference.kind_of("account", name) not in kinds):
            text = missing(reference, "account", word, name)
            found.append(Problem(f"CHG-G{number}", f"{item.label}: {text}", FULL_NAME, cause=text))

    account(1, "income account", income_account(item), INCOME)
    if item.settings.netsuite_use_revenue_recognition:
        account(2, "deferred revenue account", str(own.get("DeferredRevAccount__NS") or "").strip(), DEFERRED)
        template = own.get("RevRecCode")
        if template and reference.id_of("revenue template", template) is None:
            text = missing(reference, "revenue template", "revenue recognition template", template)
            advice = "The revenue recognition code must equal the name of a NetSuite template."
            found.append(Problem("CHG-G3", f"{item.label}: {text}", advice, cause=text))
    return found


def remarks_on_charge(item: Item) -> list[Problem]:
    """G4, advisory."""
    wanted = item.settings.netsuite_use_revenue_recognition and item.own.get("RevRecCode")
    if wanted and not item.own.get("DeferredRevAccount__NS"):
        text_ = f"{item.label}: has a revenue recognition code but no deferred revenue account."
        return [Problem("CHG-G4", text_, "Fill NetSuite Deferred Revenue Account on the charge in Zuora.")]
    return []


def unsupported(item: Item) -> Problem | None:
    """G5: charge models that the connector does not carry, unless the setting says so."""
    model = str(item.own.get("ChargeModel") or "")
    plain = "".join(c for c in model.lower() if c.isalpha())
    if item.settings.sync_unsupported_charge_models or not plain.startswith(UNSUPPORTED_MODELS):
        return None
    advice = "Set sync_unsupported_charge_models to Yes to create items for such charges all the same."
    return Problem("CHG-G5", f'{item.label}: charge model "{model}" is not supported; the charge is skipped.', advice)


# -- mapping -------------------------------------------------------------------------------------------------------------


def _own(name: str) -> Any:
    return lambda i: text(i.own.get(name))


def _charge_type(i: Item) -> Any:
    """As all of Zuora's interfaces write it but ZOQL, which says One-Time."""
    return text("OneTime" if i.own.get("ChargeType") == "One-Time" else i.own.get("ChargeType"))


def _revenue_account(i: Item) -> Any:
    name = i.own.get("DeferredRevAccount__NS")
    return ref(i.reference.id_of("account", name)) if i.settings.netsuite_use_revenue_recognition else None


def _revenue_template(i: Item) -> Any:
    if not i.settings.netsuite_use_revenue_recognition or is_discount(i):
        return None
    return ref(i.reference.id_of("revenue template", i.own.get("RevRecCode")))


def _taxable(i: Item) -> Any:
    return bool(i.own.get("Taxable")) if i.settings.use_standard_invoice_sync.netsuite_calculates_tax else None


def _avalara(i: Item) -> Any:
    return i.own.get("TaxCode") if i.settings.use_standard_invoice_sync is StandardInvoiceSync.NO_AVATAX else None


def _created(i: Item) -> Any:
    created = i.own.get("CreatedDate")
    return stamp(datetime.fromisoformat(utc_moment(created))) if created else None


ROWS: tuple[Mapped[Item], ...] = (
    ITEM_ID,
    Mapped("Name", "displayName", "C", lambda i: i.own.get("Name")),
    Mapped("Name", Custom("Zuora Product Rate Plan Charge Name"), "CUL", _own("Name")),
    Mapped("Description", "salesDescription", "CU", lambda i: i.own.get("Description")),
    ZUORA_ID,
    Mapped("ChargeModel", Custom("Zuora Charge Model"), "CUL", _own("ChargeModel")),
    Mapped("ChargeType", Custom("Zuora Charge Type"), "CUL", _charge_type),
    Mapped("CreatedDate", Custom("Zuora Created Date"), "CUL", _created),
    Mapped("ProductRatePlan.Name", Custom("Zuora Product Rate Plan Name"), "CUL", lambda i: text(i.parent("ProductRatePlan", "Name"))),
    Mapped("Product.Name", Custom("Zuora Product Name"), "CUL", lambda i: text(i.parent("Product", "Name"))),
    ZUORA_TYPE,
    SYNC_DATE,
    Mapped("4.3", "incomeAccount", "CU", lambda i: ref(i.reference.id_of("account", income_account(i)))),
    Mapped("DeferredRevAccount__NS", "deferredRevenueAccount", "CU", _revenue_account),
    Mapped("RevRecCode", "revRecSchedule", "CU", _revenue_template),
    Mapped("Taxable", Custom("Zuora Taxable"), "CUL", lambda i: i.own.get("Taxable")),
    Mapped("Taxable", "isTaxable", "CU", _taxable),
    Mapped("TaxCode", Custom("Zuora Tax Code"), "CUL", _own("TaxCode")),
    Mapped("TaxCode", Custom("Avalara Tax Code"), "CU", _avalara),
    *CLASSIFICATIONS,
    SUBSIDIARY,
    INCLUDE_CHILDREN,
    TAX_SCHEDULE,
)

CHARGE = Kind(
    step="charges",
    title="Zuora product rate plan charges",
    code="CHG",
    object="ProductRatePlanCharge",
    fields=FIELDS,
    parents=(PLAN, PRODUCT),
    dated=False,
    word="Charge",
    prefix="Zuora Charge",
    zuora_type="CHARGE",
    rows=ROWS,
    problems=problems_of_charge,
    remarks=remarks_on_charge,
    left_alone=unsupported,
    tables=lambda settings: {"account": True, "revenue template": settings.netsuite_use_revenue_recognition},
)

Charges = catalogue_step(CHARGE)
"""One NetSuite item per effective product rate plan charge; invoice and memo lines refer to it."""
