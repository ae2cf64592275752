"""`POST /v1/invoices`: an invoice without subscription (published operation POST_StandaloneInvoice)."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from werkzeug.wrappers import Response

from sandbox.zuora.exceptions import v1_error
from sandbox.zuora.http import Call, success
from sandbox.zuora.models.derive import RULES, Batch
from sandbox.zuora.models.values import Record
from sandbox.zuora.responses.v1.fields import INVALID, RULE, found, items_of, names, read, required
from sandbox.zuora.responses.v1.invoices import AFTER_PUT, ITEM_CHANGE, RESOURCE, view

FIELDS = names("accountId autoPay comments currency dueDate invoiceDate templateId transferredToAccounting")
STATUSES = ("Draft", "Posted")
MOST_ITEMS = 1_000
NOT_OFFERED = ("discountItems", "taxItems")
"""What would change the amount of an invoice."""


def create(call: Call) -> Response:
    """A draft, or a posted invoice, with its items. Raises `V1Error`."""
    body = call.body
    required(body, "invoiceDate", RESOURCE)
    values = read(call, call.tenant.schema["Invoice"], body, FIELDS, RESOURCE)
    account = account_of(call, values)
    status = body.get("status", "Draft")
    if status not in STATUSES:
        raise v1_error(RESOURCE, INVALID, f"The status {status!r} is invalid; valid are Draft and Posted.")
    items = [item_values(call, row) for row in items_of(body, "invoiceItems", RESOURCE, MOST_ITEMS)]
    store = call.tenant.store
    total = sum((item["ChargeAmount"] for item in items), Decimal(0))
    own = {"Id": store.new_id("Invoice"), "AccountId": account["Id"], "Amount": total, "Status": status}
    invoice = {**values, **own, "Source": "API", "SourceType": "Standalone"}
    for item in items:
        item.update(Id=store.new_id("InvoiceItem"), InvoiceId=invoice["Id"], ChargeDate=store.now())
    batch = Batch(store, {"Invoice": [invoice], "InvoiceItem": items}, call.tenant.settlement)
    for item in items:
        RULES["InvoiceItem"](batch, item)
    RULES["Invoice"](batch, invoice)
    made = store.insert("Invoice", invoice)
    for item in items:
        store.insert("InvoiceItem", item)
    return success(view(call, made, AFTER_PUT))


def account_of(call: Call, values: Record) -> Record:
    """The account by id or number; both must name the same one."""
    key, number = values.get("AccountId"), call.body.get("accountNumber")
    if not key and not number:
        raise v1_error(RESOURCE, 22, "'accountId' or 'accountNumber' is required.")
    account = found(call, "Account", str(key or number), RESOURCE)
    if number and account["AccountNumber"] != number:
        raise v1_error(RESOURCE, INVALID, "accountId and accountNumber name different accounts.")
    return account


def item_values(call: Call, row: dict[str, Any]) -> Record:
    required(row, "amount serviceStartDate", RESOURCE)
    for name in sorted(name for name in NOT_OFFERED if row.get(name)):
        raise v1_error(RESOURCE, RULE, f"'{name}' is not offered by this tenant.")
    values = read(call, call.tenant.schema["InvoiceItem"], row, ITEM_CHANGE, RESOURCE)
    return {"ChargeName": "Standalone charge", "Quantity": Decimal(1), "UnitPrice": values["ChargeAmount"], **values}
