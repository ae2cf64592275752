"""What payments and refunds share: payment methods, applications in NetSuite, and status writes of both tenant modes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from tallybridge.clock import utc_moment
from tallybridge.errors import Refused
from tallybridge.steps.shared import custom_fields
from tallybridge.steps.shared.applications import Application, applications, by_document
from tallybridge.steps.shared.base import ZuoraToNetSuite
from tallybridge.steps.shared.context import StepContext
from tallybridge.steps.shared.texts import ref
from tallybridge.sync.step import Mark, MarkResult, Problem
from tallybridge.zuora.selection import Parent, Selected
from tallybridge.zuora.writes import Written

METHOD = Parent("PaymentMethod", "PaymentMethodId", optional=True)
METHOD_FIELDS = ("Type", "CreditCardType")
SOURCE_WRITERS = 8
"""Parallel status writes: with Invoice Settlement a payment or refund takes one call each (api-zuora-billing.md section 12.5)."""
PAYMENT = "customerPayment"


@dataclass(frozen=True)
class Applied:
    """What NetSuite says of one of its payments: its customer, the amount by document of the applications to Zuora's documents, what is
    open of it, its amount, and the currency of these amounts, "" where the account has but one."""

    customer: str
    documents: Mapping[str, Decimal] = field(default_factory=dict)
    open: Decimal = Decimal(0)
    amount: Decimal = Decimal(0)
    currency: str = ""


class Settlement(ZuoraToNetSuite):
    """Base of the payments and refunds steps."""

    def __init__(self, context: StepContext) -> None:
        super().__init__(context)
        self.deposits: dict[str, dict[str, Any] | None] = {}

    # -- reading -----------------------------------------------------------------------------------------------------

    def parts(self, selected: Selected, head: Mapping[str, Any]) -> list[dict[str, Any]]:
        """The parts of the selection, or, when the record was changed since, those of the transactional store."""
        if utc_moment(selected.updated) == utc_moment(head.get("UpdatedDate")):
            return selected.children.get("parts", [])
        (child,) = self.query().children
        return self.context.source.children(child, [selected.id]).get(selected.id, [])

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
            cause = f'payment method "{name}" has no NetSuite payment method of exactly that name.'
            yield Problem(f"{self.code}-V1", text, advice, cause=cause)

    # -- account posted to (payments.md P1) --------------------------------------------------------------------------

    def note_accounts(self, kinds: Iterable[str]) -> None:
        """Read once a worker which account each of these payment methods posts to. NetSuite's reference does not promise that it sources
        the account of what the API creates, so it is sent (api-netsuite.md 9.7, 9.8); SuiteQL does not show it."""
        for name in sorted({self.method_name(kind) for kind in kinds}):
            internal_id = self.reference.id_of("payment method", name)
            if internal_id and internal_id not in self.deposits:
                self.deposits[internal_id] = self._deposit_of(internal_id)

    def _deposit_of(self, internal_id: str) -> dict[str, Any] | None:
        """The account of a payment method, {} for Undeposited Funds; None when the role may not read it: NetSuite then decides."""
        try:
            found = self.context.netsuite.read("paymentMethod", internal_id, fields=("account", "undepFunds"))
        except Refused:
            return None
        undeposited = (found.get("undepFunds") or {}).get("id") == "T"
        return {} if undeposited else ref((found.get("account") or {}).get("id")) or {}

    def account_posted(self, kind: str) -> dict[str, Any]:
        """The payment method's account, else Undeposited Funds. Refunds have no such flag: without an account of its own the payment
        method is all that they need."""
        deposit = self.deposits.get(self.reference.id_of("payment method", self.method_name(kind)) or "")
        if deposit is None:
            return {}
        flag = {"undepFunds": {"id": "F" if deposit else "T"}} if self.destination == PAYMENT else {}
        return {**({"account": deposit} if deposit else {}), **flag}

    # -- applications in NetSuite ------------------------------------------------------------------------------------

    def applications(self, payments: Iterable[str]) -> dict[str, Applied]:
        """NetSuite payments by id with their applications to Zuora's documents: two calls per 1,000. A missing one is left out."""
        ids = sorted({p for p in payments if p})
        applied = applications(self.context.netsuite, ids, self.reference.custom("invoice", "Zuora ID"))
        columns = f"id, entity, foreignpaymentamountunused AS unused, foreigntotal AS total{self.currency_column()}"
        heads = f"SELECT {columns} FROM transaction WHERE type = 'CustPymt' AND id IN {{in}}"
        return {row["id"]: self._applied(row, applied.get(row["id"], ())) for row in self.context.netsuite.suiteql_in(heads, ids)}

    def _applied(self, row: Mapping[str, str], applied: Sequence[Application]) -> Applied:
        unused, total = Decimal(row.get("unused", "0")), abs(Decimal(row.get("total", "0")))
        code = self.reference.currency_code(row.get("currency"))
        return Applied(row.get("entity", ""), _of_zuora(applied), unused, total, code)

    # -- status writes -----------------------------------------------------------------------------------------------

    def mark(self, marks: Sequence[Mark]) -> dict[str, MarkResult]:
        """Actions, 50 a call, in mode A; in mode B one PUT each, several at a time, unless the setting says that Actions work there too.
        With `journal_only_progress_mark` what is under way in mode B is kept in the ledger only."""
        if not self.settlement_on:
            return super().mark(marks)
        kept = [m for m in marks if self.settings.journal_only_progress_mark and _is_progress(m)]
        due = [m for m in marks if m not in kept]
        by_actions = self.settings.mode_b_payment_status_write == "actions"
        written = super().mark(due) if by_actions and due else self._put(due)
        return {**{m.record.id: MarkResult(True) for m in kept}, **written}

    def _put(self, marks: Sequence[Mark]) -> dict[str, MarkResult]:
        def write(mark: Mark) -> tuple[str, MarkResult]:
            fields = self.mark_fields(mark)
            transferred = fields.pop("TransferredToAccounting", None)
            body = self.context.source.to_tenant(fields)
            if transferred is not None:
                body["financeInformation"] = {"transferredToAccounting": transferred}
            written = self.put_source(mark.record.id, body)
            return mark.record.id, MarkResult(written.ok, written.code, written.message)

        with ThreadPoolExecutor(max_workers=SOURCE_WRITERS) as pool:
            return dict(pool.map(write, marks))

    def put_source(self, record_id: str, body: Mapping[str, Any]) -> Written:
        """The PUT of one record in mode B."""
        raise NotImplementedError

    def mark_fields(self, mark: Mark) -> dict[str, Any]:
        origin = {"Origin__NS": "ZUORA"} if mark.destination_id else {}
        return {**super().mark_fields(mark), **origin}


def _is_progress(mark: Mark) -> bool:
    """Whether a mark only says that the record is being worked on. That custom fields are still to be copied is told by nothing else."""
    return mark.transferred == "Processing" and mark.status != custom_fields.UPDATING


def _of_zuora(found: Sequence[Application]) -> dict[str, Decimal]:
    """The amounts that are applied to documents which came from Zuora."""
    return by_document(a for a in found if a.zuora_id)
