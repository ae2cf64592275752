"""Ids and amounts of made-up objects: the same in every run, and easy to follow by eye."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

TYPES = (
    *("Account", "Contact", "PaymentMethod", "Product", "ProductRatePlan", "ProductRatePlanCharge", "Subscription", "RatePlan"),
    *("RatePlanCharge", "Invoice", "InvoiceItem", "TaxationItem", "Payment", "PaymentPart", "DebitMemo", "DebitMemoItem"),
    *("DebitTaxationItem", "CreditMemo", "CreditMemoItem", "CreditTaxationItem", "CreditMemoPart", "Refund", "RefundPart"),
    *("RefundInvoicePayment", "InvoiceItemAdjustment"),
)
DIGITS = {"JPY": 0}
"""Decimal places of currencies that do not have two."""


def zuora_id(kind: str, number: int) -> str:
    """32 hexadecimal characters that tell type and number: Invoice 12 -> 8ad0000a000000000000000000000012."""
    return f"8ad0{TYPES.index(kind) + 1:04x}{number:024d}"


def rounded(amount: Decimal, currency: str) -> Decimal:
    """An amount in the currency's smallest unit, halves away from zero."""
    return amount.quantize(Decimal(1).scaleb(-DIGITS.get(currency, 2)), ROUND_HALF_UP)


def number(amount: Decimal) -> int | float:
    """An amount as JSON writes it."""
    return int(amount) if amount == amount.to_integral_value() else float(amount)
