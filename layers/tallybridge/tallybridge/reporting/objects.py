"""The object types of the billing sync in the documented sequence (operations.md section 1): names for people, and where they go."""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True)
class ObjectType:
    """`name` as results and log lines carry it: Zuora's object name, or NetSuite's REST record name for what comes from NetSuite."""

    name: str
    title: str
    destination: str


SEQUENCE = (
    ObjectType("Account", "Customers", "NetSuite"),
    ObjectType("customer", "NetSuite customers", "Zuora"),
    ObjectType("Product", "Products", "NetSuite"),
    ObjectType("ProductRatePlan", "Rate plans", "NetSuite"),
    ObjectType("salesOrder", "Sales orders", "Zuora"),
    ObjectType("ProductRatePlanCharge", "Charges", "NetSuite"),
    ObjectType("Invoice", "Invoices", "NetSuite"),
    ObjectType("DebitMemo", "Debit memos", "NetSuite"),
    ObjectType("CreditMemo", "Credit memos", "NetSuite"),
    ObjectType("Payment", "Payments", "NetSuite"),
    ObjectType("Refund", "Refunds", "NetSuite"),
    ObjectType("InvoiceItemAdjustment", "Invoice item adjustments", "NetSuite"),
    ObjectType("customerPayment", "NetSuite payments", "Zuora"),
    ObjectType("creditMemo", "NetSuite credit memos", "Zuora"),
    ObjectType("customerRefund", "NetSuite refunds", "Zuora"),
    ObjectType("Reversal", "Reversals", "NetSuite"),
)

_POSITION = {kind.name: place for place, kind in enumerate(SEQUENCE)}


def position(name: str) -> int:
    """The place of an object type in the sequence; types that are not in it come last."""
    return _POSITION.get(name, len(SEQUENCE))


def title(name: str) -> str:
    """The plural a person would use: "ProductRatePlanCharge" -> "Charges". Unknown names are spaced out."""
    if name in _POSITION:
        return SEQUENCE[_POSITION[name]].title
    spaced = re.sub(r"(?<=[a-z])(?=[A-Z])|_", " ", name).strip()
    return spaced[:1].upper() + spaced[1:]


def destination(name: str, job: str = "") -> str:
    """The system that records of this type are written to."""
    if name in _POSITION:
        return SEQUENCE[_POSITION[name]].destination
    return "Zuora Revenue" if is_revenue(job) else "the destination"


LOWERING = frozenset({"CreditMemo", "Payment", "customerPayment", "creditMemo"})
"""Object types that lower receivables; the others raise them. What of a type does otherwise has another record type at the destination."""
CREDITS = frozenset({"creditMemo", "customerPayment", "payment", "invoice adjustment"})
"""Record types at the destination that lower receivables there."""


def lowers(name: str, record_type: str = "") -> bool:
    """Whether a document lowers the receivables of the destination; `record_type` is what it becomes there, where that is known."""
    return record_type in CREDITS if record_type else name in LOWERING


def is_revenue(job: str) -> bool:
    """Whether a run is one of the revenue connector."""
    return "revenue" in job.lower()
