"""Taxation items nested in the items of invoices and memos (spec section 12.12)."""

from __future__ import annotations

from typing import Any

from sandbox.zuora.http import Call
from sandbox.zuora.models.values import Record
from sandbox.zuora.responses.v1.fields import names, show

COMMON = (
    "id name jurisdiction locationCode taxAmount taxCode taxCodeDescription taxDate taxRate taxRateDescription taxRateType exemptAmount"
)
OF_MEMO = "sourceTaxItemId=TaxationItemId taxMode createdDate createdById updatedDate updatedById"
TABLES = {
    "TaxationItem": names(f"{COMMON} balance creditAmount paymentAmount"),
    "CreditTaxationItem": names(f"{COMMON} {OF_MEMO} appliedAmount refundAmount unappliedAmount"),
    "DebitTaxationItem": names(f"{COMMON} {OF_MEMO} balance"),
}


def taxes(call: Call, kind: str, link: str, item: Record) -> dict[str, Any]:
    """`{"data": [...]}` with the taxes of one item."""
    rows = call.tenant.store.by(kind, link, item["Id"])
    return {"data": [show(call.tenant, call.tenant.schema[kind], r, TABLES[kind]) for r in rows]}
