"""A Zuora payment with everything that its step needs to know."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from tallybridge.steps.settlement.families import Family, Spread
from tallybridge.steps.settlement.settlements import Applied
from tallybridge.steps.shared.currencies import Customer, own_currency


@dataclass
class PaymentData:
    """A payment with everything its mapping needs. `applied` sums the parts by document id; `documents` are the invoices and debit memos
    it is applied to, by id; `families` what they are in NetSuite and `spread` how their amounts are spread over it, where they are
    several documents there (without Invoice Settlement)."""

    head: Mapping[str, Any]
    account: Mapping[str, Any]
    method: Mapping[str, Any]
    applied: Mapping[str, Decimal]
    kinds: Mapping[str, str]
    documents: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    families: Mapping[str, Family] = field(default_factory=dict)
    spread: dict[str, Spread] = field(default_factory=dict)
    customer: Customer | None = None
    booked: Mapping[str, str] = field(default_factory=dict)
    """The currencies that NetSuite holds the documents in, by their internal id there."""
    there: Applied | None = None
    """The NetSuite payment, where it is to be updated."""
    deposit: Mapping[str, Any] = field(default_factory=dict)
    """The fields with the account that its payment method posts to."""

    @property
    def name(self) -> str:
        """What messages call it."""
        return f"Payment {self.head.get('PaymentNumber') or self.head['Id']}"

    @property
    def currency(self) -> str:
        return own_currency(self.head, self.account)

    @property
    def method_type(self) -> str:
        """The Zuora payment method type."""
        return str(self.method.get("Type") or "")

    @property
    def unassigned(self) -> bool:
        return not self.head.get("AccountId")

    @property
    def wanted(self) -> dict[str, Decimal]:
        """The applied amounts by NetSuite document."""
        wanted: dict[str, Decimal] = {}
        for d, amount in self.applied.items():
            wanted |= self.spread[d].lines if d in self.spread else {str(self.documents[d]["IntegrationId__NS"]): amount}
        return wanted

    def document_name(self, document_id: str) -> str:
        """What messages call a document that it is applied to."""
        document = self.documents.get(document_id, {})
        return f"{self.kinds[document_id]} {document.get('InvoiceNumber') or document.get('MemoNumber') or document_id}"
