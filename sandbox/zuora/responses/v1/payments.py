"""`/v1/payments` (spec sections 12.5 and 12.9)."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from werkzeug.wrappers import Response

from sandbox.zuora.exceptions import v1_error
from sandbox.zuora.http import Call, success
from sandbox.zuora.models.settlement import payments
from sandbox.zuora.models.settlement.money import DOCUMENT_LINKS, DOCUMENT_NUMBERS, PAYMENT, Line, Owner, check_date
from sandbox.zuora.models.values import Record, ValueRefused, check_decimal
from sandbox.zuora.models.values import check_date as date_value
from sandbox.zuora.published import filters
from sandbox.zuora.responses.v1.fields import (
    INVALID,
    REQUIRED,
    finance,
    found,
    names,
    read,
    required,
    show,
    unlocked,
)
from sandbox.zuora.responses.v1.lists import chosen, paged
from sandbox.zuora.schema import Field
from sandbox.zuora.schema.rules import METHOD_TYPES

RESOURCE = 538100
APPLY = 538200
TRANSFER = 538300
UNAPPLY = 538400
UPDATE = 538600
MAX_DOCUMENTS = 1_000
AMOUNT = Field("amount", "dec", None, "")
DATE = Field("effectiveDate", "date", None, "")
SHOWN = names(
    "id number=PaymentNumber status type accountId amount appliedAmount unappliedAmount refundAmount"
    " creditBalanceAmount=AppliedCreditBalanceAmount currency effectiveDate comment paymentMethodId paymentMethodSnapshotId"
    " gatewayState gatewayOrderId gatewayResponse gatewayResponseCode referenceId secondPaymentReferenceId authTransactionId"
    " bankIdentificationNumber softDescriptor softDescriptorPhone cancelledOn markedForSubmissionOn submittedOn settledOn"
    " createdDate createdById updatedDate updatedById standalone=IsStandalone prepayment"
)
CREATE = names(
    "accountId amount authTransactionId comment currency effectiveDate gatewayOrderId paymentMethodId prepayment referenceId"
    " softDescriptor softDescriptorPhone standalone=IsStandalone type number=PaymentNumber"
)
CHANGE = names("comment referenceId gatewayState")
ROWS = (("invoices", "Invoice", "invoice"), ("debitMemos", "DebitMemo", "debitMemo"))
"""Lists of documents in a body, their types, and the stem of the keys that name one."""
TAXES = {"Invoice": "TaxationItem", "DebitMemo": "DebitTaxationItem"}
PART = names("id invoiceId debitMemoId amount createdDate createdById updatedDate updatedById")


def view(call: Call, payment: Record) -> dict[str, Any]:
    shown = show(call.tenant, call.tenant.schema["Payment"], payment, SHOWN)
    account = call.tenant.store.get("Account", payment.get("AccountId"))
    if account is not None:
        shown["accountNumber"] = account["AccountNumber"]
        shown.setdefault("currency", account["Currency"])
    shown["financeInformation"] = {"transferredToAccounting": payment.get("TransferredToAccounting", "No")}
    return shown


def amount_of(row: Mapping[str, Any], resource: int) -> Decimal:
    """The amount of an application; without one, the sum of its items."""
    raw = row.get("amount")
    items = row.get("items")
    if raw is None and isinstance(items, list):
        return sum((amount_of(i, resource) for i in items), Decimal(0))
    if raw is None:
        raise v1_error(resource, REQUIRED, "'amount' is required.")
    try:
        return check_decimal(AMOUNT, raw)
    except ValueRefused as wrong:
        raise v1_error(resource, INVALID, str(wrong)) from None


def lines_of(call: Call, body: Mapping[str, Any], resource: int) -> list[Line]:
    """The documents and amounts in `invoices` and `debitMemos`. Raises `V1Error`."""
    lines: list[Line] = []
    for name, kind, stem in ROWS:
        rows = body.get(name) or []
        if not isinstance(rows, list) or not all(isinstance(r, dict) for r in rows):
            raise v1_error(resource, INVALID, f"'{name}' must be a list of objects.")
        if len(rows) > MAX_DOCUMENTS:
            raise v1_error(resource, 30, f"'{name}' holds more than {MAX_DOCUMENTS} documents.")
        for row in rows:
            document = document_of(call, kind, row.get(f"{stem}Id"), row.get(f"{stem}Number"))
            if document is None:
                raise v1_error(resource, 40, f"Cannot find a {kind} instance with id.")
            if row.get(f"{stem}Number") not in (None, document[DOCUMENT_NUMBERS[kind]]):
                raise v1_error(resource, INVALID, f"{stem}Id and {stem}Number name different documents.")
            lines.append(Line(kind, document, amount_of(row, resource)))
            check_items(call, lines[-1], row.get("items") or [], stem, resource)
    return lines


def check_items(call: Call, line: Line, items: list[Mapping[str, Any]], stem: str, resource: int) -> None:
    """Items bear the amount of their document, each of them one of its own or a tax of one. Raises `V1Error`."""
    store, link = call.tenant.store, DOCUMENT_LINKS[line.kind]
    for item in items:
        own, tax = item.get(f"{stem}ItemId"), item.get("taxItemId")
        if own is None and tax is None:
            raise v1_error(resource, REQUIRED, f"'{stem}ItemId' or 'taxItemId' is required.")
        held = store.get(f"{line.kind}Item", own) if own is not None else tax_holder(call, line.kind, tax)
        if held is None or held.get(link) != line.document["Id"]:
            raise v1_error(resource, 40, f"Cannot find an item of {line.number} with id {own or tax}.")
    if items and sum((amount_of(i, resource) for i in items), Decimal(0)) != line.amount:
        raise v1_error(resource, INVALID, f"The amounts of the items of {line.number} do not sum up to the amount {line.amount}.")


def tax_holder(call: Call, kind: str, tax_id: Any) -> Record | None:
    """The item that a tax is of."""
    tax = call.tenant.store.get(TAXES[kind], tax_id)
    return call.tenant.store.get(f"{kind}Item", tax.get(f"{kind}ItemId")) if tax is not None else None


def lines_wanted(call: Call, resource: int) -> list[Line]:
    """The lines of a call that is about nothing else. Raises `V1Error`."""
    if not (lines := lines_of(call, call.body, resource)):
        raise v1_error(resource, REQUIRED, "'invoices' or 'debitMemos' is required.")
    return lines


def document_of(call: Call, kind: str, record_id: Any, number: Any) -> Record | None:
    if record_id is not None:
        return call.tenant.store.get(kind, record_id)
    matching = call.tenant.store.by(kind, DOCUMENT_NUMBERS[kind], number)
    return matching[0] if matching else None


def date_of(call: Call, owner: Owner, record: Record, own_date: str, resource: int) -> str:
    raw = call.body.get("effectiveDate")
    try:
        given = None if raw is None else date_value(DATE, raw)
    except ValueRefused as wrong:
        raise v1_error(resource, INVALID, str(wrong)) from None
    return check_date(call.tenant, owner, record, given, own_date)


def create(call: Call) -> Response:
    required(call.body, "amount currency type", RESOURCE)
    kind = call.tenant.schema["Payment"]
    values = read(call, kind, call.body, CREATE, RESOURCE)
    values.update(finance(call, kind, call.body, RESOURCE))
    values = {k: v for k, v in values.items() if v is not None}
    number = call.body.get("accountNumber")
    if number is not None:
        account = found(call, "Account", str(number), RESOURCE)
        if values.setdefault("AccountId", account["Id"]) != account["Id"]:
            raise v1_error(RESOURCE, INVALID, "accountId and accountNumber name different accounts.")
    taken = values.get("PaymentNumber")
    if taken and call.tenant.store.by("Payment", "PaymentNumber", taken):
        raise v1_error(RESOURCE, INVALID, f"The payment number {taken} already exists.")
    check_gateway(call, values)
    method_type = call.body.get("paymentMethodType")
    if method_type is not None and method_type not in METHOD_TYPES:
        raise v1_error(RESOURCE, INVALID, f"The payment method type {method_type!r} is invalid.")
    return success(view(call, payments.create(call.tenant, values, method_type, lines_of(call, call.body, RESOURCE))))


def check_gateway(call: Call, values: Record) -> None:
    """What an electronic payment must name, and what no other may. Raises `V1Error`."""
    gateway = call.body.get("gatewayId")
    if gateway and gateway not in call.tenant.options.payment_gateways:
        raise v1_error(RESOURCE, INVALID, f"There is no payment gateway {gateway}.")
    if values["Type"] == "Electronic":
        required(call.body, "effectiveDate gatewayId", RESOURCE)
    elif values.get("IsStandalone"):
        raise v1_error(RESOURCE, INVALID, "standalone can only be true for electronic payments.")


def listed(call: Call) -> Response:
    return chosen(call, "payments", call.tenant.store.all("Payment"), lambda r: view(call, r), filters.PAYMENTS)


def get(call: Call) -> Response:
    return success(view(call, found(call, "Payment", call.args["key"])))


def update(call: Call) -> Response:
    payment = found(call, "Payment", call.args["key"])
    unlocked(call.tenant, payment, UPDATE)
    kind = call.tenant.schema["Payment"]
    changes = read(call, kind, call.body, CHANGE, UPDATE) | finance(call, kind, call.body, UPDATE)
    if "ReferenceId" in changes and payment["Type"] != "External":
        raise v1_error(UPDATE, 30, "referenceId can only be changed on an external payment.")
    return success(view(call, call.tenant.store.update("Payment", payment["Id"], changes)))


def apply(call: Call) -> Response:
    payment = found(call, "Payment", call.args["key"], APPLY)
    unlocked(call.tenant, payment, APPLY)
    date = date_of(call, PAYMENT, payment, "EffectiveDate", APPLY)
    return success(view(call, payments.apply(call.tenant, payment, lines_wanted(call, APPLY), date)))


def unapply(call: Call) -> Response:
    payment = found(call, "Payment", call.args["key"], UNAPPLY)
    unlocked(call.tenant, payment, UNAPPLY)
    date = date_of(call, PAYMENT, payment, "EffectiveDate", UNAPPLY)
    return success(view(call, payments.unapply(call.tenant, payment, lines_wanted(call, UNAPPLY), date)))


def transfer(call: Call) -> Response:
    payment = found(call, "Payment", call.args["key"], TRANSFER)
    if "accountId" not in call.body:
        raise v1_error(TRANSFER, REQUIRED, "'accountId' is required; an empty one makes an unassigned payment.")
    key = call.body["accountId"]
    account_id = found(call, "Account", str(key), TRANSFER)["Id"] if key else None
    return success(view(call, payments.transfer(call.tenant, payment, account_id)))


def cancel(call: Call) -> Response:
    payment = found(call, "Payment", call.args["key"])
    unlocked(call.tenant, payment, UPDATE)
    return success(view(call, payments.cancel(call.tenant, payment)))


def parts(call: Call) -> Response:
    payment = found(call, "Payment", call.args["key"])
    rows = call.tenant.store.by("PaymentPart", "PaymentId", payment["Id"])
    kind = call.tenant.schema["PaymentPart"]
    return paged(call, "parts", rows, lambda r: show(call.tenant, kind, r, PART))
