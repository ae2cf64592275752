"""NetSuite customer refunds -> Zuora refunds (refunds.md, part R3)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cached_property
from typing import Any

from tallybridge.clock import stamp
from tallybridge.money import plain
from tallybridge.pieces import side_by_side
from tallybridge.settings import Behavior, Settings
from tallybridge.steps.settling.applications import Application
from tallybridge.steps.settling.netsuite_settlements import CREDIT_MEMO, METHOD_TYPES, NetSuiteSettlement, given
from tallybridge.steps.shared.netsuite_source import (
    STATUS,
    STATUS_WRITERS,
    ZUORA_COMMENT_LIMIT,
    Row,
    SuiteSelection,
)
from tallybridge.steps.shared.problems import ambiguous_in_zuora, currency_problem
from tallybridge.sync.step import (
    CREATED,
    SYNC_COMPLETE,
    Candidate,
    Counterpart,
    Found,
    Hold,
    Leave,
    MarkResult,
    Plan,
    Problem,
    Request,
    SourceRecord,
    Write,
    is_complete,
    normal_status,
)

CREATING, CREATE_REFUSED = "Creating Refund", "Error Creating Refund"
RESEND = "To sync it again, clear Zuora Integration Status and Zuora ID in NetSuite; to leave it alone, set the status to Ignore."
UNDO = f"Cancel the Zuora refund. {RESEND}"
TRANSACTION_LIMIT = 255
TRANSACTION = "Transaction__NS"


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
    has_transaction: bool = False
    """Whether the tenant's refunds have the field Transaction (open point 5)."""
    known: Mapping[str, Any] = field(default_factory=dict)
    """The ledger's item."""
    qualifies: bool = True
    """Whether the rules for new refunds choose it."""

    @property
    def name(self) -> str:
        return f"NetSuite refund {self.row.get('tranid') or self.row['id']}"

    @property
    def amount(self) -> Decimal:
        return sum((a.amount for a in self.applications), Decimal(0))

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


class NetSuiteRefunds(NetSuiteSettlement):
    """Step 10: one Zuora refund per NetSuite customer refund of a credit memo that asks for it."""

    name = "netsuite_refunds"
    title = "NetSuite refunds"
    object = "customerRefund"
    object_label = "NetSuite refund"
    destination = "refund"
    code = "NSRFD"
    zuora_object = "Refund"
    undone = ("Canceled", "Error")
    needs = ("fields:customerRefund", "fields:creditMemo", "fields:customer")
    follows_changes = True

    @staticmethod
    def behavior_in(settings: Settings) -> Behavior:
        """Refunds that were synced are looked at when they change: nothing is sent, but differences are told."""
        return Behavior.NEW_AND_MODIFIED

    # -- selection ---------------------------------------------------------------------------------------------------

    def selection(self) -> SuiteSelection:
        wanted = f"d.{self.label_field('Create Zuora Refund', 'creditMemo')} = 'T'"
        applied = "SELECT 1 FROM nexttransactionlinelink l JOIN transaction d ON d.id = l.previousdoc WHERE l.nextdoc = t.id"
        where = (
            "t.type = 'CustRfnd'",
            self.not_ignored(),
            self.not_from_zuora(),  # rule 5
        )
        rules = (
            f"{self.customer_field()} IS NOT NULL",  # rule 1
            self.not_complete(),  # rule 2
            "NVL(t.foreignpaymentamountunused, 0) = 0",  # rule 3
            f"EXISTS ({applied} AND d.type = '{CREDIT_MEMO}' AND {wanted})",  # rule 4
        )
        columns = (*self.common_columns(), "NVL(c.companyname, c.altname) AS customername")
        changed, since = self.modified_since_watermark()
        due = f"({self.not_complete()}) OR ({changed})"
        return SuiteSelection(self.tables(), where, columns, (), "t.entity", due, since, rules, self.was_sent())

    # -- reading -----------------------------------------------------------------------------------------------------

    def refresh(self, candidates: Sequence[Candidate]) -> list[SourceRecord]:
        rows = self.reread(candidates)
        ids = [row["id"] for row in rows]
        applied, known = self.applications(ids) if ids else {}, self.context.known(ids) if ids else {}
        qualifying = self.qualifying(rows)
        found = [RefundData(row, applied.get(row["id"], ()), self.method_type(row.get("method", ""))) for row in rows]
        memos = self._credit_memos(a.document for data in found for a in data.applications if a.kind == CREDIT_MEMO)
        accounts = self.accounts(rows)
        for data in found:
            data.known, data.qualifies = known.get(data.row["id"], {}), data.row["id"] in qualifying
            data.account, data.has_transaction = accounts.get(data.row.get("account", ""), {}), self._has_transaction
            if data.one_credit_memo:
                data.credit_memo = memos.get(data.applications[0].document, {})
        self._read_payments(found)
        return [self.settlement_record(data) for data in found]

    def _credit_memos(self, ids: Iterable[str]) -> dict[str, Row]:
        """Credit memos with the Zuora id of the payment that each names (refunds.md, open point 3)."""
        reference = self.label_field("Zuora Refund Payment Reference", "creditMemo")
        q = (
            f"SELECT d.id, d.tranid, d.foreigntotal AS total, p.{self.label_field('Zuora ID')} AS payment FROM transaction d "
            f"LEFT JOIN transaction p ON p.id = d.{reference} WHERE d.id IN {{in}}"
        )
        return {row["id"]: row for row in self.context.netsuite.suiteql_in(q, sorted(set(ids)))}

    def _read_payments(self, found: Sequence[RefundData]) -> None:
        """The Zuora payments, and what they paid as far as it decides anything."""
        fields = ("PaymentNumber", "Amount", "RefundAmount", "UnappliedAmount", "Status", "EffectiveDate")
        found = [data for data in found if not is_complete(data.row.get("status"))]
        payments = self.context.source.reread("Payment", (data.credit_memo.get("payment", "") for data in found), fields)
        for data in found:
            data.payment = payments.get(data.credit_memo.get("payment", ""), {})
        due = [data for data in found if data.payment and (not self.settlement_on or data.unapplied < data.amount)]
        ids = sorted({str(data.payment["Id"]) for data in due})
        paid = self._applied_now(ids) if self.settlement_on else self._invoice_payments(ids)
        for data in due:
            data.paid = paid.get(str(data.payment["Id"]), ())

    def _applied_now(self, ids: Sequence[str]) -> dict[str, list[Paid]]:
        """What payments are applied to, from the transactional store: one call each, where the unapplied money is not enough."""
        read = side_by_side(self.context.zuora.get_payment_parts, ids)
        return {i: [p for part in rows if (p := _paid(part)).document and p.left > 0] for i, rows in zip(ids, read, strict=True)}

    def _invoice_payments(self, ids: Sequence[str]) -> dict[str, list[Paid]]:
        found: dict[str, list[Paid]] = {}
        fields = ("PaymentId", "InvoiceId", "Amount", "RefundAmount")
        for row in self.context.source.by_field("InvoicePayment", "PaymentId", ids, fields):
            left = Decimal(row.get("Amount") or 0) - Decimal(row.get("RefundAmount") or 0)
            found.setdefault(row["PaymentId"], []).append(Paid(row["InvoiceId"], False, left))
        return found

    def counterpart_fields(self) -> tuple[str, ...]:
        return ("RefundNumber", "TransferredToAccounting")

    # -- validations -------------------------------------------------------------------------------------------------

    def problems(self, data: RefundData) -> list[Problem]:
        """All failures of one refund; without a credit memo or a payment nothing further can be said."""
        if not data.one_credit_memo:
            text = f"{data.name}: must be applied to one credit memo only."
            return [Problem("NSRFD-V1", text, "Enter one customer refund for each credit memo.")]
        if data.payment.get("Status") != "Processed":
            text = f"{data.name}: credit memo {data.memo_number} has no valid Zuora payment reference."
            advice = "Choose a payment that Zuora has, and has not canceled, in Zuora Refund Payment Reference of the credit memo."
            return [Problem("NSRFD-V2", text, advice)]
        return [*self._amount_problems(data), *self._other_problems(data)]

    def _amount_problems(self, data: RefundData) -> Iterator[Problem]:
        """Validations 3, 4 and 6."""
        payment, amount = data.payment_number, plain(data.amount)
        if data.amount > Decimal(data.payment["Amount"]):
            text = f"{data.name}: {amount} exceeds payment {payment} ({plain(Decimal(data.payment['Amount']))})."
            yield Problem("NSRFD-V3", text, "Choose the payment that is refunded, or correct the amount.")
        elif data.amount > data.left:
            text = f"{data.name}: only {plain(data.left)} of payment {payment} is left to refund."
            yield Problem("NSRFD-V6", text, "Part of the payment was refunded before; correct the amount, or refund by hand.")
        elif self._is_part_of_several(data):
            text = f"{data.name}: partial refund of a payment spread over several invoices; refund it by hand in Zuora."
            yield Problem("NSRFD-V4", text, "Make the refund in Zuora, where its parts can be chosen, and set the status here to Ignore.")

    def _is_part_of_several(self, data: RefundData) -> bool:
        """Whether it is open from which documents the money is to be taken."""
        if len(data.paid) < 2:
            return False
        all_of_it = data.unapplied if self.settlement_on else Decimal(0)
        return data.amount != all_of_it + sum((p.left for p in data.paid), Decimal(0))

    def _other_problems(self, data: RefundData) -> Iterator[Problem]:
        """Validations 5 and 7, account and currency."""
        if data.method_type not in METHOD_TYPES:
            text = f'{data.name}: payment method "{data.row.get("method", "")}" is not known to Zuora.'
            yield Problem("NSRFD-V5", text, "Name the NetSuite payment method as in Zuora, or translate it in payment_method_translation.")
        if data.amount != abs(Decimal(data.credit_memo.get("total", "0"))):
            text = f"{data.name}: must refund the whole of credit memo {data.memo_number}."
            yield Problem("NSRFD-V7", text, "Refund the full amount of the credit memo, which must not be applied to anything else.")
        if not data.account:
            text = f"{data.name}: Zuora account {data.row.get('account')} does not exist."
            yield Problem("NSRFD-ACCOUNT", text, "Correct the Zuora ID of the NetSuite customer.")
        elif problem := currency_problem("NSRFD", data.name, str(data.account.get("Currency") or ""), data.row.get("currency", "")):
            yield problem

    # -- action ------------------------------------------------------------------------------------------------------

    def plan(self, record: SourceRecord, found: Sequence[Counterpart]) -> Plan:
        data: RefundData = record.data
        live = [c for c in found if self.counts(c.record)]
        if len(live) > 1:
            return Hold((ambiguous_in_zuora("NSRFD", data.name, "refunds", live),))
        if live:
            return self._plan_synced(data, live[0]) if is_complete(record.status) else self._plan_found(data, live[0])
        if normal_status(record.status) and self.is_void(data.row):
            return Leave(Problem("NSRFD-VOID", f"{data.name}: is void, and Zuora has no refund of it that counts."))
        if found and normal_status(record.status):
            number = found[0].record.get("RefundNumber") or found[0].id
            text = f"{data.name}: Zuora refund {number} was canceled; nothing is done."
            return Hold((Problem("NSRFD-CANCELED", text, RESEND),))
        if is_complete(record.status):
            text = f"{data.name}: marked as synced, but no Zuora refund carries its internal id; nothing is done."
            return Hold((Problem("NSRFD-MISSING", text, RESEND),))
        if not data.qualifies:
            text = f"{data.name}: was never made in Zuora and no longer meets the selection rules; nothing is done."
            return Leave(Problem("NSRFD-LEFT", text, "Clear Zuora Integration Status if it is not to be sent."))
        if problems := self.problems(data):
            return Hold(tuple(problems))
        made = (self._refund(record),) if self.settlement_on else (self._refund_of_mode_a(record), self._transferred(CREATED))
        return Write("create", CREATING, CREATE_REFUSED, made, facts=_facts(data))

    def _plan_synced(self, data: RefundData, there: Counterpart) -> Plan:
        """After success no change is sent; that the money differs is told."""
        number = there.record.get("RefundNumber") or there.id
        was = f"Zuora refund {number} of {plain(there.amount or Decimal(0))} stays as it is."
        before, named = data.known.get("payment"), data.credit_memo.get("payment", "")
        if self.is_void(data.row) or not data.applications:
            return Hold((Problem("NSRFD-VOIDED", f"{data.name}: voided or unapplied after its sync; {was}", UNDO),))
        if not data.row.get("account"):
            text = f"{data.name}: its customer no longer carries a Zuora ID; {was}"
            return Hold((Problem("NSRFD-UNLINKED", text, "Put the Zuora ID back on the NetSuite customer, or set the status to Ignore."),))
        if data.amount != there.amount or not data.one_credit_memo or (before and named != before):
            what = f"amount {plain(data.amount)}" if data.amount != there.amount else "credit memo or payment changed"
            return Hold((Problem("NSRFD-CHANGED", f"{data.name}: changed after its sync ({what}); {was}", UNDO),))
        if data.known.get("attention"):
            return Found(there, action="none", facts=_facts(data))
        return Found(there, action="none", write_back=False)

    def _plan_found(self, data: RefundData, there: Counterpart) -> Plan:
        if there.record.get("TransferredToAccounting") == "Yes":
            return Found(there, facts=_facts(data))
        done = self._transferred(there.id)
        if self.settlement_on:
            done = Request("/v1/refunds/{id}", {"financeInformation": {"transferredToAccounting": "Yes"}}, there.id)
        return Write("recover", CREATING, CREATE_REFUSED, (done,), destination_id=there.id, facts=_facts(data))

    # -- mapping -----------------------------------------------------------------------------------------------------

    def _refund_of_mode_a(self, record: SourceRecord) -> Request:
        """Without Invoice Settlement; Zuora reopens the invoices. What was paid of several invoices is named with its full amount."""
        data: RefundData = record.data
        split = [{"InvoiceId": p.document, "RefundAmount": p.left} for p in data.paid if p.left > 0]
        body = {
            "PaymentId": data.payment["Id"],
            "Amount": data.amount,
            "RefundDate": data.row.get("trandate"),
            "MethodType": data.method_type,
            "Comment": data.row.get("memo", "")[:ZUORA_COMMENT_LIMIT],
            "Type": "External",
            "SourceType": "Payment",
            "RefundInvoicePaymentData": {"RefundInvoicePayment": split} if len(data.paid) > 1 else None,
            **self._connector_fields(record),
        }
        return Request("Refund", given(body), key=f"refund-{record.id}")

    def _transferred(self, refund: Any) -> Request:
        """Transferred to Accounting cannot be created without Invoice Settlement."""
        now = self.context.source.to_tenant({"SyncDate__NS": stamp(self.context.clock.now())})
        return Request("Refund", {"TransferredToAccounting": "Yes", **now}, refund)

    def _refund(self, record: SourceRecord) -> Request:
        """With Invoice Settlement: unapplied money as it is; what is missing is unapplied by the same call, so that nothing stays
        unapplied when the refund is refused."""
        data: RefundData = record.data
        lines = self._to_unapply(data)
        body = {
            "totalAmount": data.amount,
            "refundDate": data.row.get("trandate"),
            "methodType": data.method_type,
            "comment": data.row.get("memo", "")[:ZUORA_COMMENT_LIMIT],
            "type": "External",
            "financeInformation": {"transferredToAccounting": "Yes"},
            **lines,
            **self._connector_fields(record),
        }
        path = f"/v1/payments/{data.payment['Id']}/refunds"
        if lines:
            return Request(f"{path}/unapply", given(body), key=f"refund-{record.id}-unapply")
        return Request(path, given(body), key=f"refund-{record.id}")

    @staticmethod
    def _to_unapply(data: RefundData) -> dict[str, Any]:
        """Nothing if enough is unapplied; what is missing from the only document; all of several."""
        missing = data.amount - data.unapplied
        if missing <= 0:
            return {}
        amounts = [(p, missing if len(data.paid) == 1 else p.left) for p in data.paid]
        invoices = [{"invoiceId": p.document, "amount": amount} for p, amount in amounts if not p.is_debit_memo]
        memos = [{"debitMemoId": p.document, "amount": amount} for p, amount in amounts if p.is_debit_memo]
        return {name: lines for name, lines in (("invoices", invoices), ("debitMemos", memos)) if lines}

    def _connector_fields(self, record: SourceRecord) -> dict[str, Any]:
        """Transaction is the customer's name and the date (open point 4), where the tenant has the field."""
        row = record.data.row
        if not record.data.has_transaction:
            return self.connector_fields(record)
        text = f"{row.get('customername', '')} {row.get('trandate', '')}".strip()[:TRANSACTION_LIMIT]
        return self.connector_fields(record, **{TRANSACTION: text})

    @cached_property
    def _has_transaction(self) -> bool:
        (name,) = self.context.source.to_tenant({TRANSACTION: ""})
        return any(f.name == name for f in self.context.zuora.describe("Refund"))

    # -- source ------------------------------------------------------------------------------------------------------

    def complete_details(self, done: Mapping[str, tuple[SourceRecord, str]]) -> dict[str, MarkResult]:
        """The credit memo is complete together with its refund, so that no other sync takes it."""

        def write(item: tuple[str, tuple[SourceRecord, str]]) -> tuple[str, MarkResult]:
            source_id, (record, refund) = item
            memo: Row = record.data.credit_memo
            if not memo:
                return source_id, MarkResult(True)
            body = self.fields_by_label("creditMemo", {"Zuora ID": refund, STATUS: SYNC_COMPLETE})
            return source_id, self.patch("creditMemo", memo["id"], body, record.data.memo_number)

        with ThreadPoolExecutor(max_workers=STATUS_WRITERS) as pool:
            return {source_id: result for source_id, result in pool.map(write, done.items()) if not result.ok}


def _facts(data: RefundData) -> dict[str, str]:
    """What the ledger keeps of a success: the Zuora payment that was refunded."""
    return {"payment": str(data.credit_memo.get("payment", ""))}


def _paid(part: Mapping[str, Any]) -> Paid:
    document = str(part.get("invoiceId") or part.get("debitMemoId") or "")
    return Paid(document, bool(part.get("debitMemoId")), Decimal(part.get("amount") or 0))
