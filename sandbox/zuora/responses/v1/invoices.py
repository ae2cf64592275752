"""`/v1/invoices` (spec sections 12.3 and 12.12)."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from werkzeug.wrappers import Response

from sandbox.zuora.exceptions import V1Error, v1_error
from sandbox.zuora.http import Call, json_response, success
from sandbox.zuora.models.store import Store
from sandbox.zuora.models.values import Record
from sandbox.zuora.responses.v1.fields import INVALID, RULE, found, items_of, names, published, read, show, unlocked
from sandbox.zuora.responses.v1.lists import paged
from sandbox.zuora.responses.v1.memos import application_part
from sandbox.zuora.responses.v1.taxes import taxes

RESOURCE = 592200
SHOWN = names(
    "id invoiceNumber accountId amount amountWithoutTax balance adjustmentAmount paymentAmount refundAmount creditMemoAmount"
    " creditBalanceAdjustmentAmount taxAmount taxExemptAmount taxStatus taxMessage autoPay comments dueDate invoiceDate"
    " targetDate includesOneTime includesRecurring includesUsage lastEmailSentDate paymentTerm postedBy postedDate source sourceId"
    " sourceType status transferredToAccounting billRunId billToContactId billToContactSnapshotId shipToContactId soldToContactId"
    " sequenceSetId templateId currency createdDate createdById updatedDate updatedById"
)
AFTER_PUT = names(
    "id number=InvoiceNumber accountId amount balance autoPay comment=Comments dueDate invoiceDate targetDate currency"
    " creditBalanceAdjustmentAmount taxAmount totalTaxExemptAmount=TaxExemptAmount templateId status transferredToAccounting"
    " postedById=PostedBy postedOn=PostedDate createdDate createdById updatedDate updatedById"
)
CHANGE = names("autoPay comments dueDate invoiceDate templateId transferredToAccounting")
BULK_MODEL = "InvoiceForBulkUpdate"
DRAFT_ONLY = ("DueDate", "InvoiceDate")
ITEM_CHANGE = names(
    "accountingCode bookingReference chargeDate chargeName itemType purchaseOrderNumber quantity revRecCode revRecTriggerCondition"
    " serviceStartDate serviceEndDate sku=SKU taxCode taxMode unitPrice uom=UOM excludeItemBillingFromRevenueAccounting"
    " revenueRecognitionRuleName amount=ChargeAmount"
)
ITEM_SHOWN = names(
    "id accountingCode appliedToItemId=AppliedToInvoiceItemId bookingReference chargeDate chargeDescription chargeId chargeName"
    " excludeItemBillingFromRevenueAccounting fulfillmentId invoiceScheduleId itemType numberOfDeliveries orderLineItemId productName"
    " productRatePlanChargeId purchaseOrderNumber reflectDiscountInNetAmount revRecCode revRecTriggerCondition"
    " revenueRecognitionRuleName serviceStartDate serviceEndDate sku=SKU sourceItemType subscriptionId"
    " subscriptionName=SubscriptionNumber taxCode taxMode unitOfMeasure=UOM unitPrice"
)
ITEM_TEXTS = {"balance": "Balance", "chargeAmount": "ChargeAmount", "quantity": "Quantity", "taxAmount": "TaxAmount"}
Change = tuple[str, str, Record | None]
"""Type, id, and the new values; None deletes."""
PROCESSING = {0: "Charge", 1: "Discount", 2: "Prepayment", 3: "Tax"}


def view(call: Call, invoice: Record, table: Mapping[str, str] = SHOWN) -> dict[str, Any]:
    shown = show(call.tenant, call.tenant.schema["Invoice"], invoice, table)
    account = call.tenant.store.get("Account", invoice["AccountId"]) or {}
    shown.setdefault("currency", account.get("Currency"))
    shown.setdefault("transferredToAccounting", "No")
    if "postedDate" in shown:
        shown["postedDate"] = shown["postedDate"][:10]
    return {**shown, "discount": Decimal(0)}


def planned(call: Call, invoice: Record, body: Mapping[str, Any]) -> list[Change]:
    """The checked changes of an invoice and its items. Raises `V1Error`."""
    unlocked(call.tenant, invoice, RESOURCE)
    changes = read(call, call.tenant.schema["Invoice"], body, CHANGE, RESOURCE)
    posted = invoice["Status"] == "Posted"
    if changes.get("TransferredToAccounting") == "No":
        raise v1_error(RESOURCE, INVALID, "transferredToAccounting cannot be set to No; valid are Processing, Yes, Error, Ignore.")
    if "TransferredToAccounting" in changes and not posted:
        raise v1_error(RESOURCE, RULE, "transferredToAccounting can only be set on a posted invoice.")
    draft = invoice["Status"] == "Draft"
    if not draft and any(n in changes for n in DRAFT_ONLY):
        raise v1_error(RESOURCE, RULE, "Only the dates of a draft can be changed.")
    if changes.get("InvoiceDate") and changes.get("DueDate"):
        raise v1_error(RESOURCE, INVALID, "invoiceDate and dueDate cannot be changed in one request.")
    plan: list[Change] = [("Invoice", str(invoice["Id"]), changes)]
    for row in body.get("invoiceItems") or []:
        item = call.tenant.store.get("InvoiceItem", row.get("id")) if isinstance(row, dict) else None
        if item is None or item["InvoiceId"] != invoice["Id"]:
            raise v1_error(RESOURCE, 40, "Cannot find a InvoiceItem instance with id.")
        values = read(call, call.tenant.schema["InvoiceItem"], row, ITEM_CHANGE, RESOURCE)
        if not draft and (row.get("delete") or any(n in values for n in ITEM_CHANGE.values())):
            raise v1_error(RESOURCE, RULE, "Only the items of a draft can be changed.")
        plan.append(("InvoiceItem", str(item["Id"]), None if row.get("delete") else values))
    return plan


def carry_out(call: Call, plan: list[Change]) -> None:
    store = call.tenant.store
    for kind, record_id, values in plan:
        if values is not None:
            own = store.tables[kind][record_id].get("ChargeAmount", Decimal(0)) - (values.get("ChargeAmount") or Decimal(0))
            store.update(kind, record_id, values)
            if "ChargeAmount" in values:
                reduce(store, store.tables[kind][record_id]["InvoiceId"], own)
            continue
        item = store.tables[kind][record_id]
        for tax in store.by("TaxationItem", "InvoiceItemId", record_id):
            store.delete("TaxationItem", tax["Id"])
        store.delete(kind, record_id)
        reduce(store, item["InvoiceId"], item["ChargeAmount"], item.get("TaxAmount", Decimal(0)))


def reduce(store: Store, invoice_id: str, own: Decimal, tax: Decimal = Decimal(0)) -> None:
    """Take an amount, and the tax on it, out of the totals of a draft."""
    invoice = store.tables["Invoice"][invoice_id]
    less = {"Amount": own + tax, "Balance": own + tax, "TaxAmount": tax, "AmountWithoutTax": own}
    store.update("Invoice", invoice_id, {name: invoice.get(name, Decimal(0)) - amount for name, amount in less.items()})


def get(call: Call) -> Response:
    return success(view(call, found(call, "Invoice", call.args["key"])))


def update(call: Call) -> Response:
    invoice = found(call, "Invoice", call.args["key"])
    carry_out(call, planned(call, invoice, call.body))
    return success(view(call, call.tenant.store.tables["Invoice"][invoice["Id"]], AFTER_PUT))


def bulk_update(call: Call) -> Response:
    """All or none, unless the tenant is set up to save what it can; the answer never says which invoice failed."""
    plans: list[list[Change]] = []
    failure: V1Error | None = None
    for body in items_of(call.body, "invoices", RESOURCE):
        try:
            published(body, BULK_MODEL, RESOURCE)
            invoice = call.tenant.store.get("Invoice", body.get("id"))
            if invoice is None:
                raise v1_error(500000, 40, "Cannot find a Invoice instance with id.")
            plans.append(planned(call, invoice, body))
        except V1Error as refused:
            failure = failure or refused
    if failure is None or call.tenant.options.invoice_bulk_partial:
        for plan in plans:
            carry_out(call, plan)
    if failure is not None:
        raise failure
    return json_response({"success": True})


def items(call: Call) -> Response:
    invoice = found(call, "Invoice", call.args["key"])
    rows = call.tenant.store.by("InvoiceItem", "InvoiceId", invoice["Id"])
    return paged(call, "invoiceItems", rows, lambda r: item_view(call, r))


def item_view(call: Call, item: Record) -> dict[str, Any]:
    """An invoice item; some amounts are texts here, and the processing type is a word."""
    shown = show(call.tenant, call.tenant.schema["InvoiceItem"], item, ITEM_SHOWN)
    shown.update({name: str(item[field]) for name, field in ITEM_TEXTS.items() if field in item})
    shown["processingType"] = PROCESSING[item.get("ProcessingType", 0)]
    shown["availableToCreditAmount"] = item["ChargeAmount"]
    charge = call.tenant.store.get("RatePlanCharge", item.get("RatePlanChargeId")) or {}
    if "ChargeType" in charge:
        shown["chargeType"] = charge["ChargeType"]
    shown["taxationItems"] = taxes(call, "TaxationItem", "InvoiceItemId", item)
    return shown


def application_parts(call: Call) -> Response:
    invoice = found(call, "Invoice", call.args["key"])
    store = call.tenant.store
    rows = [*store.by("PaymentPart", "InvoiceId", invoice["Id"]), *store.by("CreditMemoPart", "InvoiceId", invoice["Id"])]
    return paged(call, "applicationParts", rows, lambda r: application_part(call.tenant, r))
