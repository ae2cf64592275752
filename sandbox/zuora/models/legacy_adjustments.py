"""Invoice item adjustments and invoice adjustments of tenants without Invoice Settlement (spec section 12.11)."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from sandbox.zuora.models import reasons
from sandbox.zuora.models.currencies import check_decimals
from sandbox.zuora.models.legacy_payments import ZERO, posted_invoice, refuse
from sandbox.zuora.models.store import API_USER
from sandbox.zuora.models.tenant import Tenant
from sandbox.zuora.models.values import Record
from sandbox.zuora.models.writes import check_required

NAME_LENGTH = 50
CANCELLED_ON = {"InvoiceItemAdjustment": "CancelledDate", "InvoiceAdjustment": "CancelledOn"}


def create_item_adjustment(tenant: Tenant, nested: Mapping[str, Any], values: Record) -> Record:
    """A credit or charge on one invoice item or one of its taxes. Raises `CrudError`."""
    check_required(("AdjustmentDate", "Amount", "SourceId", "SourceType", "Type"), values)
    invoice = invoice_to_adjust(tenant, values)
    is_tax = values["SourceType"] == "Tax"
    source = tenant.store.get("TaxationItem" if is_tax else "InvoiceItem", values["SourceId"])
    if source is None or source.get("InvoiceId") != invoice["Id"]:
        raise refuse(f"The source {values['SourceId']} is not part of invoice {invoice['InvoiceNumber']}.")
    if values["Type"] == "Credit":
        check_credit(values["Amount"], min(what_is_left(tenant, source, is_tax), invoice["Balance"]))
    made = {
        **values,
        **common_fields(tenant, invoice),
        "InvoiceItemName": source.get("Name") if is_tax else source.get("ChargeName"),
        "ServiceStartDate": source.get("ServiceStartDate"),
        "ServiceEndDate": source.get("ServiceEndDate"),
    }
    return booked(tenant, "InvoiceItemAdjustment", made)


def create_invoice_adjustment(tenant: Tenant, nested: Mapping[str, Any], values: Record) -> Record:
    """A credit or charge on an invoice as a whole. Raises `CrudError`."""
    check_required(("AdjustmentDate", "Amount", "Type"), values)
    invoice = invoice_to_adjust(tenant, values)
    if values["Type"] == "Credit":
        check_credit(values["Amount"], invoice["Balance"])
    impact = -values["Amount"] if values["Type"] == "Credit" else values["Amount"]
    return booked(tenant, "InvoiceAdjustment", {**values, **common_fields(tenant, invoice), "ImpactAmount": impact})


def invoice_to_adjust(tenant: Tenant, values: Record) -> Record:
    invoice = posted_invoice(tenant, values.get("InvoiceId") or values.get("InvoiceNumber"))
    if values["Amount"] <= ZERO:
        raise refuse("The amount of an adjustment must be positive.")
    account = tenant.store.get("Account", invoice["AccountId"]) or {}
    check_decimals(values["Amount"], invoice.get("Currency") or account.get("Currency"), refuse)
    if values["AdjustmentDate"] < invoice["InvoiceDate"]:
        raise refuse(f"The adjustment date {values['AdjustmentDate']} is before the invoice date {invoice['InvoiceDate']}.")
    return invoice


def check_credit(amount: Decimal, left: Decimal) -> None:
    """A credit takes at most what is left."""
    if amount > left:
        raise refuse(f"The adjustment amount {amount} exceeds what is left: {left}.")


def common_fields(tenant: Tenant, invoice: Record) -> Record:
    """What an adjustment repeats of its invoice and account."""
    account = tenant.store.get("Account", invoice["AccountId"]) or {}
    return {
        "Status": "Processed",
        "InvoiceId": invoice["Id"],
        "InvoiceNumber": invoice["InvoiceNumber"],
        "AccountId": invoice["AccountId"],
        "CustomerName": str(account.get("Name", ""))[:NAME_LENGTH],
        "CustomerNumber": account.get("AccountNumber"),
    }


def what_is_left(tenant: Tenant, source: Record, is_tax: bool) -> Decimal:
    """The amount of an item or tax after the adjustments so far."""
    amount: Decimal = source["TaxAmount"] if is_tax else source["ChargeAmount"]
    for other in tenant.store.by("InvoiceItemAdjustment", "InvoiceId", source["InvoiceId"]):
        if other["SourceId"] == source["Id"] and other["Status"] == "Processed":
            amount -= other["Amount"] if other["Type"] == "Credit" else -other["Amount"]
    return amount


def booked(tenant: Tenant, kind: str, made: Record) -> Record:
    """Store an adjustment and move the balance of its invoice."""
    reasons.fill(tenant, kind, made)
    adjustment = tenant.store.insert(kind, made)
    move_balance(tenant, adjustment, 1)
    return adjustment


def undo(tenant: Tenant, kind: str, adjustment: Record) -> None:
    """Give back what a canceled adjustment took."""
    move_balance(tenant, adjustment, -1)
    tenant.store.update(kind, adjustment["Id"], {CANCELLED_ON[kind]: tenant.store.now(), "CancelledById": API_USER})


def move_balance(tenant: Tenant, adjustment: Record, sign: int) -> None:
    invoice = tenant.store.tables["Invoice"][adjustment["InvoiceId"]]
    change = adjustment["Amount"] * (-sign if adjustment["Type"] == "Credit" else sign)
    adjusted = invoice.get("AdjustmentAmount", ZERO) + change
    tenant.store.update("Invoice", invoice["Id"], {"Balance": invoice["Balance"] + change, "AdjustmentAmount": adjusted})
