"""`/v1/refunds` and the refunds of payments and credit memos (spec section 12.10)."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from werkzeug.wrappers import Response

from sandbox.zuora.exceptions import v1_error
from sandbox.zuora.http import Call, success
from sandbox.zuora.models import reasons
from sandbox.zuora.models.settlement import refunds
from sandbox.zuora.models.settlement.money import CREDIT_MEMO, PAYMENT, Line, Owner
from sandbox.zuora.models.values import Record
from sandbox.zuora.published import filters
from sandbox.zuora.responses.v1.fields import (
    INVALID,
    REQUIRED,
    RULE,
    finance,
    found,
    names,
    read,
    required,
    show,
    unlocked,
)
from sandbox.zuora.responses.v1.lists import chosen, paged
from sandbox.zuora.responses.v1.payments import lines_of

RESOURCE = 538500
UPDATE = 538700
DENIED = 10
SHOWN = names(
    "id number=RefundNumber status type accountId amount refundDate methodType comment reasonCode referenceId=ReferenceID"
    " secondRefundReferenceId gatewayState gatewayResponse gatewayResponseCode paymentMethodId paymentMethodSnapshotId"
    " softDescriptor softDescriptorPhone cancelledOn markedForSubmissionOn submittedOn settledOn refundTransactionTime"
    " createdDate createdById updatedDate updatedById"
)
CREATE = names(
    "totalAmount=Amount type methodType refundDate comment reasonCode referenceId=ReferenceID secondRefundReferenceId"
    " softDescriptor softDescriptorPhone paymentMethodId"
)
CHANGE = names("comment reasonCode referenceId=ReferenceID")
PART = names("id paymentId creditMemoId amount=RefundAmount createdDate createdById updatedDate updatedById")


def view(call: Call, refund: Record) -> dict[str, Any]:
    shown = show(call.tenant, call.tenant.schema["Refund"], refund, SHOWN)
    if (found_owner := refunds.owner_of(call.tenant, refund)) is not None:
        owner, record = found_owner
        shown["paymentId" if owner is PAYMENT else "creditMemoId"] = record["Id"]
    shown["financeInformation"] = {"transferredToAccounting": refund.get("TransferredToAccounting", "No")}
    return shown


def create(call: Call, owner: Owner, lines: Sequence[Line] = (), amount: Decimal | None = None) -> Response:
    """A refund after unapplying `lines`, of `amount` where the body names none."""
    required(call.body, "type", RESOURCE)
    record = found(call, owner.kind, call.args["key"])
    unlocked(call.tenant, record, RESOURCE)
    kind = call.tenant.schema["Refund"]
    values = read(call, kind, call.body, CREATE, RESOURCE) | finance(call, kind, call.body, RESOURCE)
    values = {k: v for k, v in values.items() if v is not None}
    if lines or amount is not None:
        values.setdefault("Amount", sum((x.amount for x in lines), Decimal(0)) if amount is None else amount)
    if "Amount" not in values:
        raise v1_error(RESOURCE, REQUIRED, "'totalAmount' is required.")
    check_type(values, owner, record)
    source = {"SourceType": owner.kind}
    reasons.check(call.tenant, "Refund", source, values, lambda text: v1_error(RESOURCE, INVALID, text))
    return success(view(call, refunds.create(call.tenant, owner, record, values, lines)))


def check_type(values: Record, owner: Owner, record: Record) -> None:
    """What an electronic refund may not name, and which payments it may refund (published POST_RefundPayment). Raises `V1Error`."""
    if values["Type"] == "External":
        return
    for name in ("MethodType", "RefundDate"):
        if name in values:
            raise v1_error(RESOURCE, INVALID, f"{name[0].lower()}{name[1:]} can only be given for external refunds.")
    if owner is PAYMENT and record["Type"] == "External":
        raise v1_error(RESOURCE, RULE, "An external payment cannot be refunded electronically.")


def of_payment(call: Call) -> Response:
    return create(call, PAYMENT)


def of_payment_with_unapply(call: Call) -> Response:
    if not call.tenant.options.refund_with_unapply:
        raise v1_error(RESOURCE, DENIED, "You do not have permission to refund a payment with automatic unapplying.")
    lines = lines_of(call, call.body, RESOURCE)
    if lines:
        return create(call, PAYMENT, lines)
    payment = found(call, "Payment", call.args["key"])
    wanted = read(call, call.tenant.schema["Refund"], {"totalAmount": call.body.get("totalAmount")}, CREATE, RESOURCE)["Amount"]
    amount = payment["Amount"] - payment.get("RefundAmount", Decimal(0)) if wanted is None else wanted
    return create(call, PAYMENT, refunds.lines_to_unapply(call.tenant, payment, amount), amount)


def of_credit_memo(call: Call) -> Response:
    return create(call, CREDIT_MEMO)


def listed(call: Call) -> Response:
    return chosen(call, "refunds", call.tenant.store.all("Refund"), lambda r: view(call, r), filters.REFUNDS)


def get(call: Call) -> Response:
    return success(view(call, found(call, "Refund", call.args["key"])))


def update(call: Call) -> Response:
    refund = found(call, "Refund", call.args["key"])
    unlocked(call.tenant, refund, UPDATE)
    kind = call.tenant.schema["Refund"]
    changes = read(call, kind, call.body, CHANGE, UPDATE) | finance(call, kind, call.body, UPDATE)
    if "ReferenceID" in changes and refund["Type"] != "External":
        raise v1_error(UPDATE, RULE, "referenceId can only be changed on an external refund.")
    reasons.check(call.tenant, "Refund", refund, changes, lambda text: v1_error(UPDATE, INVALID, text))
    return success(view(call, call.tenant.store.update("Refund", refund["Id"], changes)))


def cancel(call: Call) -> Response:
    return success(view(call, refunds.cancel(call.tenant, found(call, "Refund", call.args["key"]))))


def parts(call: Call) -> Response:
    refund = found(call, "Refund", call.args["key"])
    rows = call.tenant.store.by("RefundPart", "RefundId", refund["Id"])
    kind = call.tenant.schema["RefundPart"]
    return paged(call, "parts", rows, lambda r: show(call.tenant, kind, r, PART))
