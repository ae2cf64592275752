"""The requests that make a Zuora refund of a NetSuite one (refunds.md, part R3)."""

from __future__ import annotations

from typing import Any

from tallybridge.clock import stamp
from tallybridge.steps.settlement import netsuite_settlements as common
from tallybridge.steps.settlement.netsuite_refund_data import RefundData
from tallybridge.steps.settlement.netsuite_settlements import given
from tallybridge.steps.shared.context import StepContext
from tallybridge.sync.step import Request, SourceRecord

TRANSACTION_LIMIT = 255
TRANSACTION = "Transaction__NS"


def of_mode_a(context: StepContext, record: SourceRecord) -> Request:
    """Without Invoice Settlement; Zuora reopens the invoices. What was paid of several invoices is named with its full amount."""
    data: RefundData = record.data
    split = [{"InvoiceId": p.document, "RefundAmount": p.left} for p in data.paid if p.left > 0]
    body = {
        "PaymentId": data.payment["Id"],
        "Amount": data.amount,
        "RefundDate": data.date,
        "MethodType": data.method_type,
        "Comment": data.comment,
        "Type": "External",
        "SourceType": "Payment",
        "RefundInvoicePaymentData": {"RefundInvoicePayment": split} if len(data.paid) > 1 else None,
        **_connector_fields(context, record),
    }
    return Request("Refund", given(body), key=f"refund-{record.id}")


def transferred(context: StepContext, refund: Any) -> Request:
    """Transferred to Accounting cannot be created without Invoice Settlement."""
    now = context.source.to_tenant({"SyncDate__NS": stamp(context.clock.now())})
    return Request("Refund", {"TransferredToAccounting": "Yes", **now}, refund)


def of_unapplied(context: StepContext, record: SourceRecord) -> Request:
    """With Invoice Settlement: a refund of unapplied money."""
    path = f"/v1/payments/{record.data.payment['Id']}/refunds"
    return Request(path, given(body(context, record)), key=f"refund-{record.id}")


def body(context: StepContext, record: SourceRecord) -> dict[str, Any]:
    """The fields of a refund with Invoice Settlement."""
    data: RefundData = record.data
    return {
        "totalAmount": data.amount,
        "refundDate": data.date,
        "methodType": data.method_type,
        "comment": data.comment,
        "type": "External",
        "financeInformation": {"transferredToAccounting": "Yes"},
        **_connector_fields(context, record),
    }


def _connector_fields(context: StepContext, record: SourceRecord) -> dict[str, Any]:
    """Transaction is the customer's name and the date (open point 4), where the tenant has the field."""
    row = record.data.row
    if not record.data.has_transaction:
        return common.connector_fields(context, record)
    text = f"{row.get('customername', '')} {row.get('trandate', '')}".strip()[:TRANSACTION_LIMIT]
    return common.connector_fields(context, record, **{TRANSACTION: text})
