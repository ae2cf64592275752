"""Zuora refunds -> NetSuite customer refunds (refunds.md, parts R1 and R2): first the payment is unapplied, then refunded."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from functools import partial
from typing import Any

from tallybridge import money
from tallybridge.clock import stamp, utc_moment
from tallybridge.parallel import all_at_once
from tallybridge.steps.settlement.families import Family, families, spread
from tallybridge.steps.settlement.payment_methods import PAYMENT, Deposits, method_problems, payment_method
from tallybridge.steps.settlement.settlements import METHOD, Applied, applied_there, marked, parts_now, put_each
from tallybridge.steps.shared import classification
from tallybridge.steps.shared.applications import ZERO, apply_lines, apply_sublist, changed_lines
from tallybridge.steps.shared.company import Company
from tallybridge.steps.shared.conditions import ACCOUNT_FIELDS, NOT_TRANSFERRED, NOT_WANTED, SYNCED_TO_NETSUITE, not_ignored, since
from tallybridge.steps.shared.context import StepContext
from tallybridge.steps.shared.currencies import Customer, own_currency
from tallybridge.steps.shared.from_zuora import ZuoraToNetSuite
from tallybridge.steps.shared.parents import INVOICE_FIELDS, PAYMENT_FIELDS
from tallybridge.steps.shared.problems import already_there, ambiguous
from tallybridge.steps.shared.texts import day, ref, text
from tallybridge.sync.step import (
    Candidate,
    Counterpart,
    Found,
    Hold,
    Mark,
    MarkResult,
    Plan,
    Problem,
    Refusal,
    Request,
    SourceRecord,
    Stage,
    Write,
    is_complete,
)
from tallybridge.zuora.selection import Child, Condition, Is, IsNot, Join, Parent, SourceQuery

# -- selection -----------------------------------------------------------------------------------------------------------

ACCOUNT = Parent("Account", "AccountId", fields=ACCOUNT_FIELDS, where=SYNCED_TO_NETSUITE)  # rule 1
METHOD_OF_REFUND = replace(METHOD, fields=("Type",))
WAITING: tuple[Condition, ...] = (
    Is("Status", ("Processed",)),  # rule 2
    NOT_TRANSFERRED,  # rule 4
    not_ignored(),  # rule 6
    IsNot("Origin__NS", ("NETSUITE",)),
    IsNot("SynctoNetSuite__NS", ("No",), NOT_WANTED),  # open point 5
)
OF_PAYMENTS = Is("SourceType", ("Payment",))  # rule 3
OF_MEMOS_TOO = Is("SourceType", ("Payment", "CreditMemo"))
"""With Invoice Settlement: refunds of credit memos are looked at in order to say that they are not synced (R2, 1)."""
HEAD_FIELDS = (
    "RefundNumber",
    "AccountId",
    "Amount",
    "Comment",
    "CreatedDate",
    "MethodType",
    "PaymentMethodId",
    "ReferenceID",
    "RefundDate",
    "SourceType",
    "Status",
    "TransferredToAccounting",
    "Type",
    "UpdatedDate",
    "IntegrationId__NS",
    "IntegrationStatus__NS",
    "Origin__NS",
    "SynctoNetSuite__NS",
)
REFUND_PARTS = Child("parts", "RefundPart", "RefundId", fields=("Id", "PaymentId", "CreditMemoId", "RefundAmount"), zoql=False)
REFUND_INVOICE_PAYMENTS = Child(
    "parts",
    "RefundInvoicePayment",
    "RefundId",
    fields=("Id", "InvoiceId", "InvoicePaymentId", "RefundAmount"),
    joins=(Join("InvoicePayment", "InvoicePayment", "InvoicePaymentId", ("PaymentId",)),),
)
"""What stands in place of the parts without Invoice Settlement."""
PAYMENT_PARTS = Child("parts", "PaymentPart", "PaymentId", fields=("Id", "InvoiceId", "DebitMemoId", "Amount"), zoql=False)
INVOICE_PAYMENTS = Child("parts", "InvoicePayment", "PaymentId", fields=("Id", "InvoiceId", "Amount", "RefundAmount"))

UPDATING, UPDATE_REFUSED = "Updating Payment", "Error Updating Payment"
CREATING, CREATE_REFUSED = "Creating Refund", "Error Creating Refund"


@dataclass
class RefundData:
    """A refund with everything its mapping needs. `refunded` sums its parts by Zuora payment; `touched` are the documents it reopens
    (mode A: invoice ids); `still_applied` is what each payment is applied to now, by payment and document; `documents` by id;
    `families` what those are in NetSuite (mode A); `there` are the NetSuite payments by internal id."""

    head: Mapping[str, Any]
    account: Mapping[str, Any]
    method: Mapping[str, Any]
    refunded: Mapping[str, Decimal]
    touched: frozenset[str] = frozenset()
    payments: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    still_applied: Mapping[str, Mapping[str, Decimal]] = field(default_factory=dict)
    documents: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    families: Mapping[str, Family] = field(default_factory=dict)
    there: Mapping[str, Applied] = field(default_factory=dict)
    customer: Customer | None = None
    deposit: Mapping[str, Any] = field(default_factory=dict)
    """The fields with the account that its payment method posts to."""

    @property
    def name(self) -> str:
        return f"Refund {self.head.get('RefundNumber') or self.head['Id']}"

    @property
    def method_type(self) -> str:
        """The refund's method type; where it is empty, the type of its payment method."""
        return str(self.head.get("MethodType") or self.method.get("Type") or "")

    @property
    def currency(self) -> str:
        return own_currency(self.head, self.account)

    @property
    def amount(self) -> Decimal:
        """What it takes from payments; all of it where it names none."""
        return sum(self.refunded.values(), ZERO) or Decimal(self.head.get("Amount") or 0)

    def payment_name(self, payment_id: str) -> str:
        """What messages call a payment that it refunds."""
        return f"payment {self.payments.get(payment_id, {}).get('PaymentNumber') or payment_id}"

    def internal_id(self, payment_id: str) -> str:
        """The NetSuite payment of a Zuora payment, "" when it has none."""
        return str(self.payments.get(payment_id, {}).get("IntegrationId__NS") or "")


# -- validations ---------------------------------------------------------------------------------------------------------


def problems(company: Company, data: RefundData) -> list[Problem]:
    """All failures of one refund together."""
    return [problem for check in CHECKS for problem in check(company, data)]


def method_is_known(company: Company, data: RefundData) -> Iterator[Problem]:
    """Validation 1."""
    return method_problems(company, data.name, "refund method", data.method_type)


def payments_are_synced(company: Company, data: RefundData) -> Iterator[Problem]:
    """Validations 2 and 7: the payments that it refunds are in NetSuite, and it refunds one."""
    for payment_id in data.refunded:
        internal_id, name = data.internal_id(payment_id), data.payment_name(payment_id)
        if not internal_id:
            yield company.not_synced("RFD-V2", data.name, name, "payment", data.payments.get(payment_id, {}))
        elif internal_id not in data.there:
            advice = (
                f"To have {name} sent again, clear its Integration ID and Integration Status and set its Transferred to "
                "Accounting to No; to leave this refund out, set its Transferred to Accounting to Ignore."
            )
            yield Problem("RFD-GONE", f"{data.name}: NetSuite payment {internal_id} of {name} does not exist.", advice)
    if not data.refunded:
        text_ = f"{data.name}: it refunds no invoice payment; not supported."
        yield Problem("RFD-V7", text_, "Handle it by hand in NetSuite and set Transferred to Accounting to Ignore.")


def classes_are_known(company: Company, data: RefundData) -> Iterator[Problem]:
    """Validations 3, 4 and 5."""
    yield from classification.problems_of_account("RFD", (3, 4, 5), data.name, company.reference, data.account)


def documents_are_synced(company: Company, data: RefundData) -> Iterator[Problem]:
    """Validation 6: documents whose apply line is written."""
    needed = set(data.touched) or {d for p in data.refunded for d in data.still_applied.get(p, ())}
    for document_id in sorted(needed):
        document = data.documents.get(document_id, {})
        if not document.get("IntegrationId__NS"):
            kind = "invoice" if document.get("InvoiceNumber") else "debit memo"
            name = f"{kind} {document.get('InvoiceNumber') or document.get('MemoNumber') or document_id}"
            yield company.not_synced("RFD-V6", data.name, name, kind, document)


def account_is_synced(company: Company, data: RefundData) -> Iterator[Problem]:
    """Its account has a NetSuite customer."""
    if not data.account.get("IntegrationId__NS"):
        name = f"account {data.account.get('AccountNumber', '')}"
        yield company.not_synced("RFD-ACCOUNT", data.name, name, "account", data.account)


def money_fits(company: Company, data: RefundData) -> Iterator[Problem]:
    """The refund's currency, those of the payments, and whether NetSuite keeps all digits."""
    booking, currency = company.booking, data.currency
    if own := booking.problem(data.name, data.amount, currency, data.account, data.customer):
        yield own
    for payment_id, amount in data.refunded.items() if not own else ():
        there = data.there.get(data.internal_id(payment_id))
        if there and there.currency not in ("", currency, booking.booked(currency)):
            yield from filter(None, [booking.crossing(data.name, amount, currency, data.payment_name(payment_id), there.currency)])
    if problem := booking.inexact(data.name, data.refunded.values(), currency):
        yield problem


CHECKS = (method_is_known, payments_are_synced, classes_are_known, documents_are_synced, account_is_synced, money_fits)


def too_little_open(company: Company, data: RefundData) -> Problem | None:
    """R2, 4: what will be unapplied of each payment covers its part of the refund. A payment that was sent with less than Zuora has,
    because only its applied part was, is raised by what is refunded beyond that."""
    for payment_id, amount in data.refunded.items():
        internal_id = data.internal_id(payment_id)
        open_, whole = will_be_open(company, data, payment_id), Decimal(data.payments[payment_id].get("Amount") or 0)
        if amount - open_ > max(ZERO, whole - data.there[internal_id].amount):
            left, needed = (money.text(a, data.currency) for a in (max(open_, ZERO), amount))
            of = f"NetSuite payment {internal_id} of {data.payment_name(payment_id)}"
            text_ = f"{data.name}: {of} has only {left} unapplied, {needed} needed."
            advice = "Unapply the payment in NetSuite, or undo the refund that used it; the next run tries again."
            return Problem("RFD-OPEN", text_, advice)
    return None


# -- mapping -------------------------------------------------------------------------------------------------------------


def header(company: Company, data: RefundData) -> dict[str, Any]:
    """The refund without its applications; its amount follows from them."""
    head = data.head
    custom = {
        "Zuora Reference Number": text(head.get("RefundNumber")),
        "Zuora ID": head["Id"],
        "Zuora Refund Reference ID": text(head.get("ReferenceID")),
        "Zuora Refund Type": text(head.get("Type")),
        "Zuora Created Date": utc_moment(head.get("CreatedDate")),
        "Zuora Updated Date": utc_moment(head.get("UpdatedDate")),
        "Zuora Type": "PAYMENT_REFUND",
        "Zuora Origin": "ZUORA",
        "Zuora Sync Date": stamp(company.clock.now()),
    }
    fields = {
        "externalId": company.external_id("Refund", head["Id"]),
        "customer": ref(str(data.account.get("IntegrationId__NS") or "")),
        **company.booking.field(data.currency, data.customer),
        "tranDate": day(head.get("RefundDate")),
        "tranId": company.number(head.get("RefundNumber")),
        "memo": text(head.get("Comment")),
        **payment_method(company, "customerRefund", data.method_type),
        **data.deposit,
        **company.classified(data.account),
        **company.named("customerRefund", custom),
    }
    return company.existing("customerRefund", fields)


# -- stages: unapply the payments, then refund them ----------------------------------------------------------------------


def stays_applied(company: Company, data: RefundData, payment_id: str) -> dict[str, Decimal]:
    """What the payment stays applied to, by NetSuite document: in mode A for the invoices of this refund only, each of which may be
    several documents: the one applied to last is reopened first."""
    still, present = data.still_applied.get(payment_id, {}), data.there[data.internal_id(payment_id)].documents
    if company.settlement_on:
        return {str(data.documents[d]["IntegrationId__NS"]): amount for d, amount in still.items()}
    wanted: dict[str, Decimal] = {}
    for invoice in data.touched & still.keys():
        first, *more = data.families[invoice].documents
        left = spread(still[invoice], {d: present.get(d, ZERO) for d in (first, *more)})
        wanted |= {first: ZERO, **{d: ZERO for d in more if d in present}, **left.lines}
        wanted[first] += left.short
    return wanted


def will_be_open(company: Company, data: RefundData, payment_id: str) -> Decimal:
    """What the NetSuite payment has open once its applications are those of Zuora."""
    there, wanted = data.there[data.internal_id(payment_id)], stays_applied(company, data, payment_id)
    present = there.documents if company.settlement_on else {d: a for d, a in there.documents.items() if d in wanted}
    return there.open + sum(present.values(), ZERO) - sum(wanted.values(), ZERO)


def unapply(company: Company, data: RefundData) -> Iterator[Request]:
    """One update per payment whose apply lines differ: absolute amounts, so that it may be sent twice."""
    for payment_id in data.refunded:
        there = data.there[data.internal_id(payment_id)]
        lines = changed_lines(stays_applied(company, data, payment_id), there.documents, remove_others=company.settlement_on)
        raised = there.amount + max(ZERO, data.refunded[payment_id] - will_be_open(company, data, payment_id))
        more = {"payment": raised} if raised > there.amount else {}
        if lines or more:
            body = {"customer": ref(there.customer), **more, **apply_sublist(lines)}
            yield Request(PAYMENT, body, data.internal_id(payment_id))


# -- action --------------------------------------------------------------------------------------------------------------


def plan(company: Company, record: SourceRecord, found: Sequence[Counterpart]) -> Plan:
    """What is done with a refund."""
    data: RefundData = record.data
    if data.head.get("SourceType") == "CreditMemo":
        advice = "Enter it in NetSuite by hand; set Transferred to Accounting to Ignore so that it is no longer looked at."
        return Hold((Problem("RFD-MEMO", f"{data.name}: credit memo refunds are not synced.", advice),))
    if len(found) > 1:
        return Hold((ambiguous("RFD", data.name, "refunds", found),))
    if found:
        reset = is_complete(record.status)
        return Found(found[0], remark=already_there("RFD", data.name, "refund", found[0].id) if reset else None)
    if told := problems(company, data):
        return Hold(tuple(told))
    if short := too_little_open(company, data):
        return Refusal(short, UPDATE_REFUSED)
    posting = company.posting("customerRefund", day(data.head.get("RefundDate")) or "", data.name)
    if closed := posting.plan(CREATE_REFUSED):
        return closed
    refunded = {data.internal_id(p): amount for p, amount in data.refunded.items()}
    body = {**header(company, data), **posting.fields, **apply_sublist(apply_lines(refunded))}
    create = Stage(CREATING, CREATE_REFUSED, (Request("customerRefund", body),))
    return Write("create", UPDATING, UPDATE_REFUSED, tuple(unapply(company, data)), then=(create,))


# -- the step ------------------------------------------------------------------------------------------------------------


class Refunds(ZuoraToNetSuite):
    """Step 6 or 8: one NetSuite customer refund per processed refund of payments; the payment is unapplied first."""

    name = "refunds"
    title = "Zuora refunds"
    object = "Refund"
    object_label = "Refund"
    destination = "customerRefund"
    code = "RFD"
    transaction_type = "CustRfnd"
    number_field = "RefundNumber"
    needs = ("class", "department", "location", "payment method", "currency", "periods", "fields:customerRefund", "fields:customerPayment")

    def __init__(self, context: StepContext) -> None:
        super().__init__(context)
        self.parts = REFUND_PARTS if self.context.settlement_on else REFUND_INVOICE_PAYMENTS
        self.deposits = Deposits(context.netsuite)
        if self.context.settlement_on and self.settings.mode_b_payment_status_write == "v1":
            self.marks_at_once = 1

    def query(self) -> SourceQuery:
        kind = OF_MEMOS_TOO if self.context.settlement_on else OF_PAYMENTS
        conditions = (*WAITING, kind, *since("RefundDate", self.settings.cutover_zuora_refund))  # rule 5
        children = (self.parts,)
        parents, copied = (ACCOUNT, METHOD_OF_REFUND), ("Currency", "AccountId", "PaymentMethodId")
        return SourceQuery("Refund", HEAD_FIELDS, (conditions,), parents, children, copied, group="AccountId")

    def refresh(self, candidates: Sequence[Candidate]) -> list[SourceRecord]:
        found = [
            _data(head, parents, parts_now(self.context.source, self.parts, selected, head))
            for selected, head, parents in self.reread(candidates)
        ]
        self._note_payments(found)
        return [self._record(d) for d in found]

    def _note_payments(self, found: Sequence[RefundData]) -> None:
        """Put beside each refund its payments, what they are applied to now, and those documents."""
        source = self.context.source
        ids = sorted({p for d in found for p in d.refunded})
        payments = source.reread("Payment", ids, PAYMENT_FIELDS)
        rows = source.children(PAYMENT_PARTS if self.context.settlement_on else INVOICE_PAYMENTS, ids) if ids else {}
        applied = {payment_id: _still_applied(parts) for payment_id, parts in rows.items()}
        invoices = {p["InvoiceId"] for parts in rows.values() for p in parts if p.get("InvoiceId")} | {i for d in found for i in d.touched}
        memos = {p["DebitMemoId"] for parts in rows.values() for p in parts if p.get("DebitMemoId")}
        documents = {
            **source.reread("Invoice", invoices, INVOICE_FIELDS),
            **source.reread_memos("debit-memos", memos),
        }
        touched = {i: documents[i] for d in found for i in d.touched if i in documents}
        known = families(self.context, touched) if touched and not self.context.settlement_on else {}
        for data in found:
            data.payments, data.still_applied, data.documents, data.families = payments, applied, documents, known

    def _record(self, data: RefundData) -> SourceRecord:
        return self.transaction_record(data, "RefundNumber", "RefundDate", data.amount)

    def find(self, records: Sequence[SourceRecord]) -> dict[str, list[Counterpart]]:
        found: dict[str, list[Counterpart]]
        found, _ = all_at_once(partial(self.find_transactions, records), partial[Any](self.note_customers, records))
        missing = [r for r in records if r.id not in found]
        self.deposits.note(self.company, (r.data.method_type for r in missing))
        paid = (r.data.internal_id(p) for r in missing for p in r.data.refunded)
        there = applied_there(self.context.netsuite, self.company, paid, self.currency_column())
        for record in missing:
            record.data.there = there
            record.data.deposit = self.deposits.fields(self.company, "customerRefund", record.data.method_type)
        return found

    def plan(self, record: SourceRecord, found: Sequence[Counterpart]) -> Plan:
        return plan(self.company, record, found)

    # -- source ------------------------------------------------------------------------------------------------------

    def mark(self, marks: Sequence[Mark]) -> dict[str, MarkResult]:
        """Actions, 50 a call, without Invoice Settlement."""
        if not self.context.settlement_on:
            return super().mark(marks)
        one_by_one = partial(put_each, self.context.source, self.mark_fields, self.context.zuora.update_refund)
        return marked(self.settings, marks, super().mark, one_by_one)

    def mark_fields(self, mark: Mark) -> dict[str, Any]:
        origin = {"Origin__NS": "ZUORA"} if mark.destination_id else {}
        return {**super().mark_fields(mark), **origin}


def _data(head: Mapping[str, Any], parents: Mapping[str, Mapping[str, Any]], parts: Sequence[Mapping[str, Any]]) -> RefundData:
    refunded: dict[str, Decimal] = {}
    for part in parts:
        payment_id = part.get("PaymentId") or part.get("InvoicePayment.PaymentId")
        if payment_id:
            refunded[payment_id] = refunded.get(payment_id, Decimal(0)) + Decimal(part.get("RefundAmount") or 0)
    touched = frozenset(str(p["InvoiceId"]) for p in parts if p.get("InvoiceId"))
    return RefundData(head, parents.get("Account", {}), parents.get("PaymentMethod", {}), refunded, touched)


def _still_applied(parts: Sequence[Mapping[str, Any]]) -> dict[str, Decimal]:
    """What a payment is applied to, by document: parts of one document added up, less what was refunded of them (mode A)."""
    still: dict[str, Decimal] = {}
    for part in parts:
        if document := part.get("InvoiceId") or part.get("DebitMemoId"):
            rest = Decimal(part.get("Amount") or 0) - Decimal(part.get("RefundAmount") or 0)
            still[document] = still.get(document, Decimal(0)) + rest
    return still
