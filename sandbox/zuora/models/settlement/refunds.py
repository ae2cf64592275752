"""Refunds of payments and credit memos with Invoice Settlement (spec section 12.10)."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from sandbox.zuora.exceptions import V1Error, v1_error
from sandbox.zuora.models import reasons
from sandbox.zuora.models.currencies import check_decimals
from sandbox.zuora.models.settlement.money import (
    CREDIT_MEMO,
    DOCUMENT_LINKS,
    PAYMENT,
    ZERO,
    Line,
    Owner,
    change_part,
    check_unapply,
    currency_of,
    move,
    parts_of,
)
from sandbox.zuora.models.tenant import Tenant
from sandbox.zuora.models.values import Record

RESOURCE = 538500
REQUIRED = 22
INVALID = 20
RULE = 30


def refuse(message: str, category: int = RULE) -> V1Error:
    return v1_error(RESOURCE, category, message)


def create(tenant: Tenant, owner: Owner, record: Record, values: Record, lines: Sequence[Line] = ()) -> Record:
    """Refund unapplied money of a payment or credit memo, after unapplying `lines`. Raises `V1Error`; nothing is changed then."""
    own_date = "EffectiveDate" if owner is PAYMENT else "MemoDate"
    date = values.setdefault("RefundDate", max(tenant.today().isoformat(), record.get(own_date, "")))
    if values["Type"] == "External" and "MethodType" not in values:
        raise refuse("methodType is required for an external refund.", REQUIRED)
    if record["Status"] != owner.state:
        raise refuse(f"The {owner.kind} is not {owner.state.lower()}.")
    if date < record.get(own_date, ""):
        raise refuse(f"The refund date {date} is before the date {record[own_date]} of the {owner.kind}.", INVALID)
    check_unapply(tenant.store, owner, record, lines)
    amount = values["Amount"]
    available = record.get(owner.rest, ZERO) + sum((x.amount for x in lines), ZERO)
    if not ZERO < amount <= available:
        raise refuse(f"The refund amount {amount} exceeds the unapplied amount {available}.")
    check_decimals(amount, currency_of(tenant.store, record), lambda text: refuse(text, INVALID))
    values["SourceType"] = owner.kind
    reasons.fill(tenant, "Refund", values)
    record = move(tenant, owner, record["Id"], lines, date, -1)
    refund = tenant.store.insert(
        "Refund",
        {
            **values,
            "Status": "Processed",
            "AccountId": record.get("AccountId"),
            **({"Currency": record["Currency"]} if "Currency" in record else {}),
            "GatewayState": "NotSubmitted" if values["Type"] == "External" else "Submitted",
            "PaymentMethodSnapshotId": record.get("PaymentMethodSnapshotId"),
            "PaymentMethodId": record.get("PaymentMethodId"),
        },
    )
    book(tenant, owner, record, refund, 1)
    return refund


def lines_to_unapply(tenant: Tenant, payment: Record, amount: Decimal) -> list[Line]:
    """What is unapplied for a refund that names no documents: what the unapplied rest does not cover, in the order of the applications."""
    missing = amount - payment.get("UnappliedAmount", ZERO)
    lines: list[Line] = []
    for part in parts_of(tenant.store, PAYMENT, payment):
        for kind, link in DOCUMENT_LINKS.items():
            if (key := part.get(link)) is not None and missing > ZERO:
                lines.append(Line(kind, tenant.store.tables[kind][key], min(missing, part["Amount"])))
                missing -= lines[-1].amount
    return lines


def book(tenant: Tenant, owner: Owner, record: Record, refund: Record, sign: int) -> None:
    """Take the refunded money from the owner's rest (+1) or give it back (-1)."""
    store = tenant.store
    amount = refund["Amount"] * sign
    change_part(store, owner, record, None, -amount)
    refunded = record.get("RefundAmount", ZERO) + amount
    store.update(owner.kind, record["Id"], {owner.rest: record.get(owner.rest, ZERO) - amount, "RefundAmount": refunded})
    link = {owner.link: record["Id"], "RefundId": refund["Id"], "AccountId": refund.get("AccountId")}
    if sign > 0:
        store.insert("RefundPart", {**link, "RefundAmount": refund["Amount"]})
        applied = {"ApplyAmount": refund["Amount"], "EffectiveDate": refund["RefundDate"]}
        store.insert("RefundApplication", {**link, **applied, "ApplicationGroupId": store.new_id("RefundApplication")})


def owner_of(tenant: Tenant, refund: Record) -> tuple[Owner, Record] | None:
    """The payment or credit memo that was refunded."""
    for part in tenant.store.by("RefundPart", "RefundId", refund["Id"]):
        for owner in (PAYMENT, CREDIT_MEMO):
            if (record := tenant.store.get(owner.kind, part.get(owner.link))) is not None:
                return owner, record
    return None


def cancel(tenant: Tenant, refund: Record) -> Record:
    """Cancel a processed external refund; the money is unapplied again."""
    if refund["Status"] != "Processed" or refund["Type"] != "External":
        raise refuse("Only a processed external refund can be canceled.")
    found = owner_of(tenant, refund)
    if found is not None:
        book(tenant, *found, refund, -1)
    for part in tenant.store.by("RefundPart", "RefundId", refund["Id"]):
        tenant.store.delete("RefundPart", part["Id"])
    return tenant.store.update("Refund", refund["Id"], {"Status": "Canceled", "CancelledOn": tenant.store.now()})
