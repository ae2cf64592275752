"""A NetSuite payment with everything that its Zuora payment is made of."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from tallybridge import money
from tallybridge.money import plain
from tallybridge.steps.settlement.netsuite_beside import Beside
from tallybridge.steps.settlement.netsuite_payment_moves import LastSuccess
from tallybridge.steps.settlement.netsuite_settlements import ADJUSTMENT, INVOICE
from tallybridge.steps.shared.applications import Application
from tallybridge.steps.shared.from_netsuite import Row, is_void
from tallybridge.sync.ledger import State
from tallybridge.sync.step import is_complete


@dataclass
class PaymentData:
    """A NetSuite payment with everything its mapping needs. `documents` are the Zuora invoices and debit memos it is applied to, by Zuora
    id; `methods` the tenant-wide payment methods by type; `parts` what its Zuora payment is applied to now, by Zuora document, of which
    `memo_parts` are debit memos; `known` is the ledger's item; `qualifies` says whether the rules for new payments choose it; `beside` what
    settles its documents and is not sent; `changed` when it was changed last in UTC, where that decides anything."""

    row: Row
    applications: Sequence[Application]
    settlement_on: bool
    method_type: str
    known: Mapping[str, Any] = field(default_factory=dict)
    qualifies: bool = True
    beside: Sequence[Beside] = ()
    account: Mapping[str, Any] = field(default_factory=dict)
    documents: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    methods: Mapping[str, str] = field(default_factory=dict)
    parts: Mapping[str, Decimal] = field(default_factory=dict)
    memo_parts: frozenset[str] = frozenset()
    changed: str = ""
    charges: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """Without Invoice Settlement: Zuora's charge adjustments, of which NetSuite has invoices of their own, by id."""

    def money(self, amount: Decimal) -> str:
        """An amount of it as messages show it: "USD 1,190.75"."""
        return money.text(amount, self.row.get("currency") or str(self.account.get("Currency") or ""))

    @property
    def name(self) -> str:
        return f"NetSuite payment {self.row.get('tranid') or self.row['id']}"

    @property
    def to_zuora(self) -> list[Application]:
        """The applications to documents that came from Zuora; without Invoice Settlement: to invoices, and to charges that raised one."""
        born = (a for a in self.applications if a.kind == INVOICE and a.zuora_id)
        if self.settlement_on:
            return [a for a in born if a.zuora_type != ADJUSTMENT]
        return [a for a in born if a.zuora_type == "INVOICE" or a.zuora_id in self.charges]

    def invoice_of(self, application: Application) -> str:
        """The Zuora document that an application settles: of a charge the invoice that it raised."""
        return str(self.charges.get(application.zuora_id, {}).get("InvoiceId") or application.zuora_id)

    @property
    def wanted(self) -> dict[str, Decimal]:
        """The applied amounts by Zuora document."""
        sums: dict[str, Decimal] = {}
        for a in self.to_zuora:
            zuora_id = self.invoice_of(a)
            sums[zuora_id] = sums.get(zuora_id, Decimal(0)) + a.amount
        return sums

    @property
    def to_adjustments(self) -> list[Application]:
        """The applications to invoices that were made of Zuora's invoice item adjustments."""
        return [a for a in self.applications if a.kind == INVOICE and a.zuora_type == ADJUSTMENT]

    @property
    def last(self) -> LastSuccess | None:
        return LastSuccess.of(self.known)

    @property
    def at_rest(self) -> bool:
        """Whether no write of the connector can be half done: its status is written before anything is sent. The worker that asks may
        hold the claim already."""
        return is_complete(self.row.get("status")) and self.known.get("state") not in (State.SENT, State.CONFIRMED)

    @property
    def void(self) -> bool:
        return is_void(self.row)

    @property
    def debit_memos(self) -> set[str]:
        """Which of the Zuora documents are debit memos: Zuora Type tells."""
        return {a.zuora_id for a in self.to_zuora if a.zuora_type == "DEBIT_MEMO"}

    @property
    def amount(self) -> Decimal:
        """The amount of the Zuora payment: what is applied to Zuora's invoices (P3), or all of it (P4)."""
        return Decimal(self.row.get("total", "0")) if self.settlement_on else sum(self.wanted.values(), Decimal(0))

    @property
    def fingerprint(self) -> str:
        """What is compared in order to tell a change: account, amount, applications, memo, reference."""
        applied = sorted((a.document, a.kind, plain(a.amount)) for a in self.applications)
        row = self.row
        content = [row.get("account", ""), plain(self.amount), applied, row.get("memo", ""), row.get("reference", "")]
        return hashlib.sha256(money.dumps(content).encode()).hexdigest()[:32]

    def document_name(self, zuora_id: str) -> str:
        kind = "debit memo" if zuora_id in self.debit_memos else "invoice"
        document = self.documents.get(zuora_id, {})
        return f"{kind} {document.get('InvoiceNumber') or document.get('MemoNumber') or zuora_id}"


def remark_level(data: PaymentData) -> str:
    """The level of its remarks: what is not sent is a warning."""
    return "WARNING" if data.beside else "INFO"


def sums_by_document(parts: Iterable[Mapping[str, Any]]) -> dict[str, Decimal]:
    """Amounts by document; the part that belongs to none is left out."""
    sums: dict[str, Decimal] = {}
    for part in parts:
        document, amount = part.get("invoiceId") or part.get("debitMemoId"), Decimal(part.get("amount") or 0)
        if document and amount:
            sums[document] = sums.get(document, Decimal(0)) + amount
    return sums
