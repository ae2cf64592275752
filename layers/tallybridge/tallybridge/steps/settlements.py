"""What payments and refunds share: payment methods, applications in NetSuite, and status writes of both tenant modes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from tallybridge.steps.base import ZuoraToNetSuite
from tallybridge.sync.step import Mark, MarkResult, Problem
from tallybridge.zuora.selection import Condition, Is, Parent
from tallybridge.zuora.writes import Written

METHOD = Parent("PaymentMethod", "PaymentMethodId", optional=True)
SYNCED_TO_NETSUITE: tuple[Condition, ...] = (Is("SynctoNetSuite__NS", ("Yes", None)),)
ACCOUNT_FIELDS = (
    "AccountNumber",
    "Currency",
    "SynctoNetSuite__NS",
    "IntegrationId__NS",
    "IntegrationStatus__NS",
    "Class__NS",
    "Department__NS",
    "Location__NS",
)
METHOD_FIELDS = ("Type", "CreditCardType")
MEMO_LIMIT = 999
SOURCE_WRITERS = 8
"""Parallel status writes: with Invoice Settlement a payment or refund takes one call each (api-zuora-billing.md section 12.5)."""
PAYMENT = "customerPayment"


@dataclass(frozen=True)
class Applied:
    """What NetSuite says of one of its payments: its customer, the amount by document of the applications to Zuora's documents, and what
    is open of it. Amounts in transaction currency."""

    customer: str
    documents: Mapping[str, Decimal] = field(default_factory=dict)
    open: Decimal = Decimal(0)


class Settlement(ZuoraToNetSuite):
    """Base of the payments and refunds steps."""

    @property
    def settlement_on(self) -> bool:
        """Whether the tenant has Invoice Settlement (mode B)."""
        return self.context.mode == "B"

    # -- payment methods (sequence-and-status.md 7.4) ----------------------------------------------------------------

    def method_name(self, kind: str) -> str:
        """The NetSuite payment method's name: the Zuora type, character for character, or its translation."""
        return self.settings.payment_method_translation.get(kind, kind)

    def method(self, kind: str) -> dict[str, Any]:
        """The payment method by internal id: `paymentOption`; accounts without payment instruments have `paymentMethod` instead
        (api-netsuite.md 9.7)."""
        name = "paymentOption" if self.reference.has_field(self.destination, "paymentOption") else "paymentMethod"
        internal_id = self.reference.id_of("payment method", self.method_name(kind))
        return {name: {"id": internal_id}} if internal_id else {}

    def method_problems(self, label: str, word: str, kind: str) -> Iterator[Problem]:
        """Validation 1 of payments and of refunds."""
        name = self.method_name(kind)
        if self.reference.id_of("payment method", name) is None:
            advice = f'Create a NetSuite payment method named "{name}", or translate the type in the setting payment_method_translation.'
            text = f'{label}: {word} "{name}" has no NetSuite payment method of exactly that name.'
            yield Problem(f"{self.code}-V1", text, advice)

    # -- applications in NetSuite ------------------------------------------------------------------------------------

    def applications(self, payments: Iterable[str]) -> dict[str, Applied]:
        """NetSuite payments by id with their applications to Zuora's documents: two calls per 1,000. A missing one is left out."""
        ids = sorted({p for p in payments if p})
        zuora_id = self.reference.custom("invoice", "Zuora ID")
        documents: dict[str, dict[str, Decimal]] = {}
        links = (
            "SELECT l.nextdoc AS payment, l.previousdoc AS document, l.foreignamount AS amount FROM nexttransactionlinelink l "
            f"JOIN transaction t ON t.id = l.previousdoc WHERE t.{zuora_id} IS NOT NULL AND l.nextdoc IN {{in}}"
        )
        for row in self.context.netsuite.suiteql_in(links, ids):
            own = documents.setdefault(row["payment"], {})
            own[row["document"]] = own.get(row["document"], Decimal(0)) + Decimal(row["amount"])
        heads = "SELECT id, entity, foreignpaymentamountunused AS unused FROM transaction WHERE type = 'CustPymt' AND id IN {in}"
        return {
            row["id"]: Applied(row.get("entity", ""), documents.get(row["id"], {}), Decimal(row.get("unused", "0")))
            for row in self.context.netsuite.suiteql_in(heads, ids)
        }

    # -- status writes -----------------------------------------------------------------------------------------------

    def mark(self, marks: Sequence[Mark]) -> dict[str, MarkResult]:
        """Actions, 50 a call, in mode A; in mode B one PUT each, several at a time, unless the setting says that Actions work there too."""
        if not self.settlement_on or self.settings.mode_b_payment_status_write == "actions":
            return super().mark(marks)
        if self.settings.journal_only_progress_mark:
            progress = [m for m in marks if m.transferred == "Processing"]
            marks = [m for m in marks if m.transferred != "Processing"]
        else:
            progress = []

        def write(mark: Mark) -> tuple[str, MarkResult]:
            fields = self.mark_fields(mark)
            transferred = fields.pop("TransferredToAccounting", None)
            body = self.context.source.to_tenant(fields)
            if transferred is not None:
                body["financeInformation"] = {"transferredToAccounting": transferred}
            written = self.put_source(mark.record.id, body)
            return mark.record.id, MarkResult(written.ok, written.code, written.message)

        with ThreadPoolExecutor(max_workers=SOURCE_WRITERS) as pool:
            return {**{m.record.id: MarkResult(True) for m in progress}, **dict(pool.map(write, marks))}

    def put_source(self, record_id: str, body: Mapping[str, Any]) -> Written:
        """The PUT of one record in mode B."""
        raise NotImplementedError

    def mark_fields(self, mark: Mark) -> dict[str, Any]:
        origin = {"Origin__NS": "ZUORA"} if mark.destination_id else {}
        return {**super().mark_fields(mark), **origin}


def changed_lines(wanted: Mapping[str, Decimal], present: Mapping[str, Decimal], *, remove_others: bool = True) -> list[dict[str, Any]]:
    """Apply lines that must change, by document id; an amount of 0 unapplies. With `remove_others`, lines of documents that are not
    wanted go too. NetSuite merges them with the rest."""
    gone = [_line(document, Decimal(0)) for document in present if remove_others and document not in wanted]
    changed = [_line(document, amount) for document, amount in wanted.items() if present.get(document, Decimal(0)) != amount]
    return gone + changed


def _line(document: str, amount: Decimal) -> dict[str, Any]:
    return {"doc": {"id": document}, "apply": bool(amount), "amount": amount}


def apply_lines(wanted: Mapping[str, Decimal]) -> list[dict[str, Any]]:
    """The apply lines of a new payment or refund, by document id."""
    return [{"doc": {"id": document}, "apply": True, "amount": amount} for document, amount in wanted.items()]


def apply_sublist(lines: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The `apply` sublist; nothing where there are no lines."""
    return {"apply": {"items": list(lines)}} if lines else {}
