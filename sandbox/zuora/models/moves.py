"""Changes of state through Actions and CRUD: whether they are allowed, and what they move (spec sections 12.2 and 12.9 to 12.11)."""

from __future__ import annotations

from sandbox.zuora.models import legacy_adjustments, legacy_payments
from sandbox.zuora.models.accounts import check_account
from sandbox.zuora.models.legacy_payments import refuse
from sandbox.zuora.models.store import API_USER
from sandbox.zuora.models.tenant import Tenant
from sandbox.zuora.models.values import Record
from sandbox.zuora.schema import ObjectType

MOVES: dict[str, frozenset[tuple[str, str]]] = {
    "Refund": frozenset({("Processed", "Canceled")}),
    "InvoiceItemAdjustment": frozenset({("Processed", "Canceled")}),
    "InvoiceAdjustment": frozenset({("Processed", "Canceled")}),
    "Invoice": frozenset({("Draft", "Posted"), ("Draft", "Canceled"), ("Posted", "Draft")}),
}
"""Changes of `Status` that documents may make; payments and accounts have rules of their own."""


def free_in_draft(kind: ObjectType, record: Record, name: str) -> bool:
    """Whether this field, which is fixed otherwise, can be changed because the payment is a draft."""
    return kind.name == "Payment" and record.get("Status") == "Draft" and name in legacy_payments.DRAFT_FIELDS


def check(tenant: Tenant, kind: ObjectType, record: Record, changes: Record) -> None:
    """Whether an update may be made. Raises `CrudError`; nothing is changed then."""
    match kind.name:
        case "Account":
            check_account(tenant, record, changes)
        case "Payment":
            legacy_payments.check_payment_change(tenant, record, changes)
        case "InvoicePayment":
            legacy_payments.check_invoice_payment_change(tenant, record, changes)
        case _:
            check_move(kind, record, changes)


def check_move(kind: ObjectType, record: Record, changes: Record) -> None:
    new, old = changes.get("Status"), record.get("Status")
    if kind.name in MOVES and new not in (None, old) and (old, new) not in MOVES[kind.name]:
        raise refuse(f"The {kind.name} cannot go from {old} to {new}.")
    if kind.name == "Invoice" and (old, new) == ("Posted", "Draft") and record["Balance"] != record["Amount"]:
        raise refuse("An invoice to which payments, credits or adjustments were applied cannot become a draft again.")


def after(tenant: Tenant, kind: ObjectType, before: Record, changes: Record) -> None:
    """Move the money that a change of state moves."""
    if kind.name == "Payment":
        legacy_payments.after_payment_update(tenant, before, changes)
        return
    new = changes.get("Status")
    if kind.name not in MOVES or new is None or new == before.get("Status"):
        return
    if kind.name == "Refund":
        legacy_payments.undo_refund(tenant, before)
    elif kind.name == "Invoice":
        if new == "Posted":
            tenant.store.update("Invoice", before["Id"], {"PostedDate": tenant.store.now(), "PostedBy": API_USER})
    else:
        legacy_adjustments.undo(tenant, kind.name, before)
