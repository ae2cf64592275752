"""A NetSuite customer refund with everything that its Zuora refund is made of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from tallybridge import money
from tallybridge.steps.settlement.netsuite_settlements import CREDIT_MEMO, comment, date_in
from tallybridge.steps.shared.applications import Application
from tallybridge.steps.shared.from_netsuite import Row


@dataclass(frozen=True)
class Paid:
    """What a Zuora payment paid of one document, and how much of that was not refunded (without Invoice Settlement) or is still applied
    (with it)."""

    document: str
    is_debit_memo: bool
    left: Decimal


@dataclass
class RefundData:
    """A NetSuite refund with everything its mapping needs: what it is applied to, the credit memo that this is, the Zuora payment that the
    credit memo names, and what that payment paid (read only where it matters)."""

    row: Row
    applications: Sequence[Application]
    method_type: str
    credit_memo: Row = field(default_factory=dict)
    account: Mapping[str, Any] = field(default_factory=dict)
    payment: Mapping[str, Any] = field(default_factory=dict)
    paid: Sequence[Paid] = ()
    paid_in: str = ""
    """The currency of the Zuora payment."""
    has_transaction: bool = False
    """Whether the tenant's refunds have the field Transaction (open point 5)."""
    known: Mapping[str, Any] = field(default_factory=dict)
    """The ledger's item."""
    kept_parts: Mapping[str, Decimal] = field(default_factory=dict)
    """What the payment from which an interrupted refund has unapplied something is applied to now, by document."""
    qualifies: bool = True
    """Whether the rules for new refunds choose it."""

    def money(self, amount: Decimal) -> str:
        """An amount of it as messages show it: "USD 1,190.75"."""
        return money.text(amount, self.row.get("currency") or str(self.account.get("Currency") or ""))

    @property
    def name(self) -> str:
        return f"NetSuite refund {self.row.get('tranid') or self.row['id']}"

    @property
    def amount(self) -> Decimal:
        return sum((a.amount for a in self.applications), Decimal(0))

    @property
    def date(self) -> str:
        """The refund's date. Zuora takes no refund from before its payment: of a payment that it took with a later date than NetSuite's,
        the payment's."""
        own, effective = str(self.row.get("trandate") or ""), str(self.payment.get("EffectiveDate") or "")[:10]
        paid = date_in(str(self.payment.get("Comment") or ""))
        return effective if paid and paid <= own < effective else own

    @property
    def comment(self) -> str:
        """The memo, with NetSuite's date where Zuora's is another."""
        date = str(self.row.get("trandate") or "")
        return comment(self.row.get("memo", ""), date if date != self.date else "")

    @property
    def left(self) -> Decimal:
        """What was not refunded yet of the payment."""
        return Decimal(self.payment.get("Amount") or 0) - Decimal(self.payment.get("RefundAmount") or 0)

    @property
    def unapplied(self) -> Decimal:
        return Decimal(self.payment.get("UnappliedAmount") or 0)

    @property
    def payment_number(self) -> str:
        return str(self.payment.get("PaymentNumber") or self.payment.get("Id") or "")

    @property
    def memo_number(self) -> str:
        return self.credit_memo.get("tranid") or self.credit_memo.get("id", "")

    @property
    def one_credit_memo(self) -> bool:
        return [a.kind for a in self.applications] == [CREDIT_MEMO]
