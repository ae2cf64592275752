"""Zuora payments -> NetSuite customer payments (payments.md, parts P1 and P2)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from functools import partial
from typing import Any

from tallybridge import money
from tallybridge.clock import stamp, utc_moment
from tallybridge.parallel import all_at_once
from tallybridge.steps.settlement.families import Family, families, taken
from tallybridge.steps.settlement.payment_data import PaymentData
from tallybridge.steps.settlement.payment_methods import Deposits, method_problems, payment_method
from tallybridge.steps.settlement.settlements import METHOD, METHOD_FIELDS, applied_there, marked, parts_now, put_each
from tallybridge.steps.shared import classification
from tallybridge.steps.shared.applications import applied_parts, apply_lines, apply_sublist, changed_lines, open_balances
from tallybridge.steps.shared.company import Company
from tallybridge.steps.shared.conditions import ACCOUNT_COMPLETE, ACCOUNT_FIELDS, NOT_TRANSFERRED, SYNCED_TO_NETSUITE, not_ignored, since
from tallybridge.steps.shared.context import StepContext
from tallybridge.steps.shared.currencies import own_currency
from tallybridge.steps.shared.from_zuora import ZuoraToNetSuite
from tallybridge.steps.shared.parents import INVOICE_FIELDS
from tallybridge.steps.shared.problems import already_there, ambiguous, not_synced
from tallybridge.steps.shared.texts import day, ref, text
from tallybridge.sync.difference import difference
from tallybridge.sync.held import same_currency
from tallybridge.sync.step import (
    SYNC_COMPLETE,
    Candidate,
    Counterpart,
    Found,
    Hold,
    Mark,
    MarkResult,
    Plan,
    Problem,
    Request,
    SourceRecord,
    Write,
    has_status,
    is_complete,
)
from tallybridge.zuora.selection import Child, Condition, Is, IsNot, Parent, SourceQuery

# -- selection -----------------------------------------------------------------------------------------------------------

ACCOUNT = Parent("Account", "AccountId", fields=ACCOUNT_FIELDS, where=SYNCED_TO_NETSUITE, optional=True)  # rule 1
COMPLETE_ACCOUNT = replace(ACCOUNT, optional=False, fresh=ACCOUNT_COMPLETE)  # P1, rules 1, 2
SNAPSHOT_FIRST = ("PaymentMethodSnapshot", "PaymentMethod")  # P2
METHOD_FIRST = ("PaymentMethod", "PaymentMethodSnapshot")  # P1; the snapshot of a method that is gone
SNAPSHOT = Parent("PaymentMethodSnapshot", "PaymentMethodSnapshotId", optional=True, fields=METHOD_FIELDS)
WAITING: tuple[Condition, ...] = (
    Is("Status", ("Processed",)),  # rule 2
    NOT_TRANSFERRED,  # rule 3
    not_ignored(),
    IsNot("Origin__NS", ("NETSUITE",)),  # rule 6
)
HEAD_FIELDS = (
    "PaymentNumber",
    "AccountId",
    "Amount",
    "Comment",
    "CreatedDate",
    "EffectiveDate",
    "PaymentMethodId",
    "PaymentMethodSnapshotId",
    "ReferenceId",
    "RefundAmount",
    "Status",
    "TransferredToAccounting",
    "Type",
    "UpdatedDate",
    "IntegrationId__NS",
    "IntegrationStatus__NS",
    "Origin__NS",
)
PARTS = Child("parts", "PaymentPart", "PaymentId", fields=("Id", "InvoiceId", "DebitMemoId", "Amount"), zoql=False)
INVOICE_PAYMENTS = Child("parts", "InvoicePayment", "PaymentId", fields=("Id", "InvoiceId", "Amount"))
"""What stands in place of the parts without Invoice Settlement."""

CREATING, ERROR_CREATING = "Creating Payment", "Error Creating Payment"
UPDATING, ERROR_UPDATING = "Updating Payment", "Error Updating Payment"


# -- validations ---------------------------------------------------------------------------------------------------------


def problems(company: Company, data: PaymentData) -> list[Problem]:
    """All failures of one payment together."""
    checks = CHECKS_OF_P2 if company.settlement_on else CHECKS_OF_P1
    return [problem for check in checks for problem in check(company, data)]


def method_is_known(company: Company, data: PaymentData) -> Iterator[Problem]:
    """Validation 1."""
    return method_problems(company, data.name, "payment method", data.method_type)


def is_applied(company: Company, data: PaymentData) -> Iterator[Problem]:
    """P1, validation 6."""
    if not data.applied:
        text_ = f"{data.name}: not applied to any invoice; credit balance and overpayments are not synced."
        yield Problem("PAY-A6", text_, "Apply the payment to an invoice in Zuora, or set Transferred to Accounting to Ignore.")


def documents_are_synced(company: Company, data: PaymentData) -> Iterator[Problem]:
    """Validation 2: what it is applied to is in NetSuite, and has as much open."""
    for document_id in data.applied:
        document = data.documents.get(document_id, {})
        if not document.get("IntegrationId__NS"):
            yield company.not_synced("PAY-V2", data.name, data.document_name(document_id), data.kinds[document_id], document)
        elif document_id in data.spread and data.spread[document_id].short:
            yield _too_little_open(data, document_id)


def has_a_customer(company: Company, data: PaymentData) -> Iterator[Problem]:
    """P2, validation 7."""
    if data.unassigned and not company.settings.unassigned_payments_customer_id:
        text_ = "unassigned, and no NetSuite customer is configured for unassigned payments; skipped."
        yield Problem("PAY-V7", f"{data.name}: {text_}", "Set unassigned_payments_customer_id, or assign the payment in Zuora.")


def account_is_synced(company: Company, data: PaymentData) -> Iterator[Problem]:
    """P2, validation 6; an account whose id was cleared stops payments of P1 too."""
    if not data.unassigned and not data.account.get("IntegrationId__NS"):
        name = f"account {data.account.get('AccountNumber', '')}"
        yield company.not_synced("PAY-V6", data.name, name, "account", data.account)


def no_invoice_is_negative(company: Company, data: PaymentData) -> Iterator[Problem]:
    """P1, validation 7."""
    for document_id in data.applied:
        document = data.documents.get(document_id, {})
        if Decimal(document.get("Amount") or 0) < 0:
            what = f"applied to negative invoice {document.get('InvoiceNumber')}, which is a credit memo in NetSuite; handle by hand."
            advice = "Record the payment in NetSuite by hand and set Transferred to Accounting to Ignore."
            yield Problem("PAY-A7", f"{data.name}: {what}", advice)


def classes_are_known(company: Company, data: PaymentData) -> Iterator[Problem]:
    """Validations 3, 4 and 5."""
    yield from classification.problems_of_account("PAY", (3, 4, 5), data.name, company.reference, data.account)


def money_fits(company: Company, data: PaymentData) -> Iterator[Problem]:
    """The payment's currency, those of the documents that it is applied to, and whether NetSuite keeps all digits."""
    booking, currency, amount = company.booking, data.currency, amount_of(company, data)
    if own := booking.problem(data.name, amount, currency, data.account, data.customer):
        yield own
    for document_id, applied in data.applied.items() if not own else ():
        document, name = data.documents.get(document_id, {}), data.document_name(document_id)
        its = own_currency(document, data.account)
        there = data.booked.get(str(document.get("IntegrationId__NS") or ""), "")
        crossing = booking.crossing(data.name, applied, currency, name, its)
        if problem := crossing or booking.booked_otherwise(data.name, applied, currency, name, there):
            yield problem
    if problem := booking.inexact(data.name, (amount, *data.applied.values()), currency):
        yield problem


CHECKS_OF_P1 = (method_is_known, is_applied, documents_are_synced, account_is_synced, no_invoice_is_negative, classes_are_known, money_fits)
CHECKS_OF_P2 = (method_is_known, documents_are_synced, has_a_customer, account_is_synced, classes_are_known, money_fits)


def _too_little_open(data: PaymentData, invoice_id: str) -> Problem:
    """The NetSuite documents of an invoice have less open than is applied: its other adjustments are still to come, or never will."""
    name = data.document_name(invoice_id)
    for coming in data.families[invoice_id].coming:
        return not_synced("PAY-V2", data.name, f"adjustment {coming.get('AdjustmentNumber')} of {name}", "adjustment", coming)
    short, whole = (money.text(a, data.currency) for a in (data.spread[invoice_id].short, data.applied[invoice_id]))
    text_ = f"{data.name}: the NetSuite documents of {name} have {short} less open than the {whole} applied to it."
    advice = (
        "Look what settles them in NetSuite and is not in Zuora, and take it back; enter charges there that are not sent. "
        "The next run sends the payment."
    )
    return Problem("PAY-OPEN", text_, advice)


# -- mapping -------------------------------------------------------------------------------------------------------------

CARD_TYPES = frozenset({"creditcard", "debitcard", "creditcardreferencetransaction"})


def amount_of(company: Company, data: PaymentData) -> Decimal:
    """What NetSuite's payment is to hold. Without Invoice Settlement what is applied, refunded or not; with it all of it, or, with
    `applied only`, what is applied and what was refunded, as long as anything is applied."""
    applied = sum(data.applied.values(), Decimal(0))
    if not company.settlement_on:
        return applied
    if company.settings.payment_amount == "applied only" and data.applied:
        return applied + Decimal(data.head.get("RefundAmount") or 0)
    return Decimal(data.head.get("Amount") or 0)


def customer_of(company: Company, data: PaymentData) -> str:
    """The internal id of its customer; that of the settings for one without an account."""
    return company.settings.unassigned_payments_customer_id if data.unassigned else str(data.account.get("IntegrationId__NS") or "")


def header(company: Company, data: PaymentData) -> dict[str, Any]:
    """The payment header without amount and applications."""
    head, method = data.head, data.method
    is_card = data.method_type.lower() in CARD_TYPES
    custom = {
        "Zuora Created Date": utc_moment(head.get("CreatedDate")),
        "Zuora Credit Card Type": text(method.get("CreditCardType")) if is_card else None,
        "Zuora ID": head["Id"],
        "Zuora Origin": "ZUORA",
        "Zuora Type": "PAYMENT",
        "Zuora Payment Type": text(head.get("Type")),
    }
    fields = {
        "externalId": company.external_id("Payment", head["Id"]),
        "customer": ref(customer_of(company, data)),
        **company.booking.field(data.currency, data.customer),
        "tranDate": day(head.get("EffectiveDate")),
        "tranId": company.number(head.get("PaymentNumber")),
        **payment_method(company, "customerPayment", data.method_type),
        **data.deposit,
        **company.classified(data.account),
        **descriptive(company, data),
        **company.named("customerPayment", custom),
    }
    return company.existing("customerPayment", fields)


def descriptive(company: Company, data: PaymentData) -> dict[str, Any]:
    """What an update sends again: memo and reference fields."""
    head = data.head
    custom = {
        "Zuora Payment Reference ID": text(head.get("ReferenceId")),
        "Zuora Reference Number": text(head.get("PaymentNumber")),
        "Zuora Sync Date": stamp(company.clock.now()),
    }
    return {"memo": text(head.get("Comment")), **company.named("customerPayment", custom)}


# -- action --------------------------------------------------------------------------------------------------------------


def plan(company: Company, record: SourceRecord, found: Sequence[Counterpart]) -> Plan:
    """What is done with a payment."""
    data: PaymentData = record.data
    if len(found) > 1:
        return Hold((ambiguous("PAY", data.name, "payments", found),))
    if found and is_update(company, record):
        return plan_update(company, record, found[0])
    if found:
        reset = is_complete(record.status)
        return Found(found[0], remark=already_there("PAY", data.name, "payment", found[0].id) if reset else None)
    if company.settlement_on and (why := _not_to_be_sent(company, data)):
        return Hold((why,))
    return plan_create(company, record)


def plan_create(company: Company, record: SourceRecord) -> Plan:
    """A new NetSuite payment with its applications."""
    data: PaymentData = record.data
    if told := problems(company, data):
        return Hold(tuple(told))
    posting = company.posting("customerPayment", day(data.head.get("EffectiveDate")) or "", data.name)
    if closed := posting.plan(ERROR_CREATING):
        return closed
    lines = apply_sublist(apply_lines(data.wanted))
    body = {**header(company, data), **posting.fields, "payment": record.amount, "autoApply": False, **lines}
    return Write("create", CREATING, ERROR_CREATING, (Request("customerPayment", body),))


def _not_to_be_sent(company: Company, data: PaymentData) -> Problem | None:
    """P2: why a payment without a customer, or without applications, is held. One that was refunded whole can never be applied."""
    if data.unassigned:
        return next(has_a_customer(company, data), None)
    if data.applied or company.settings.sync_unapplied_payments:
        return None
    if Decimal(data.head.get("RefundAmount") or 0) >= Decimal(data.head.get("Amount") or 0):
        text_ = f"{data.name}: refunded whole without being applied; neither it nor its refund is sent."
        advice = (
            "Set Transferred to Accounting of the payment and of its refund to Ignore; or set sync_unapplied_payments to Yes to send both."
        )
        return Problem("PAY-UNAPPLIED", text_, advice)
    waiting = f"{data.name}: not applied to any document yet; it is sent once it is."
    return Problem("PAY-UNAPPLIED", waiting, "Apply it in Zuora, or set sync_unapplied_payments to Yes.")


# -- update procedure ----------------------------------------------------------------------------------------------------


def is_update(company: Company, record: SourceRecord) -> bool:
    """Whether the NetSuite payment is to be updated: it was complete, or an update of it was refused or interrupted. Without Invoice
    Settlement nothing is sent after success (P1)."""
    return company.settlement_on and has_status(record.status, SYNC_COMPLETE, UPDATING, ERROR_UPDATING)


def plan_update(company: Company, record: SourceRecord, there: Counterpart) -> Plan:
    """Transferred to Accounting was reset: bring the applications of Zuora documents, and the amount, to their present state, nothing
    else."""
    data: PaymentData = record.data
    if data.there is None:
        text_ = f"{data.name}: NetSuite payment {there.id} could not be read; not updated."
        return Hold((Problem("PAY-READ", text_, "The next run tries again; check that the payment still exists in NetSuite."),))
    customer = data.there.customer
    if data.unassigned:
        text_ = f"{data.name}: no longer assigned to an account; NetSuite payment {there.id} stays as it is."
        advice = "Correct the NetSuite payment by hand if it must follow."
        return Found(there, action="none", remark=Problem("PAY-UNASSIGNED", text_, advice))
    if customer != str(data.account.get("IntegrationId__NS") or ""):
        text_ = f"moved to another account after its sync; NetSuite payment {there.id} keeps customer {customer}. Correct by hand."
        return Hold((Problem("PAY-V8", f"{data.name}: {text_}", "Correct the NetSuite payment, then set its status to Ignore."),))
    missing = [*documents_are_synced(company, data), *money_fits(company, data)]
    if not same_currency(record.sent, there.held, record.base):
        text_ = f"{data.name}: NetSuite payment {there.id} {difference(record.sent, there.held)}; not updated."
        missing.append(Problem("PAY-CURRENCY", text_, "Delete the NetSuite payment, so that it is created anew; or correct it by hand."))
    if missing:
        return Hold(tuple(missing))
    amount, held = amount_of(company, data), there.amount or Decimal(0)
    used = held - data.there.open - sum(data.there.documents.values(), Decimal(0))
    if used + sum(data.applied.values(), Decimal(0)) > amount:
        return Hold((_amount_problem(data, there, amount, used),))
    body = {
        "customer": ref(customer),
        **({"payment": amount} if amount != held else {}),
        **company.existing("customerPayment", descriptive(company, data)),
        **apply_sublist(changed_lines(data.wanted, data.there.documents)),
    }
    request = Request("customerPayment", body, there.id)
    return Write("update", UPDATING, ERROR_UPDATING, (request,), destination_id=there.id)


def _amount_problem(data: PaymentData, there: Counterpart, amount: Decimal, used: Decimal) -> Problem:
    """People have used more of the NetSuite payment than Zuora leaves for it."""
    spent, whole = (money.text(a, data.currency) for a in (used, amount))
    text_ = (
        f"{data.name}: of NetSuite payment {there.id} {spent} are used for refunds or documents not from Zuora; the "
        f"{whole} that it is to hold do not cover that beside its applications. Not updated."
    )
    advice = "Unapply that part of it in NetSuite, or the payment in Zuora; the next run updates it."
    return Problem("PAY-AMOUNT", text_, advice)


# -- the step ------------------------------------------------------------------------------------------------------------


class Payments(ZuoraToNetSuite):
    """Step 7: one NetSuite customer payment per processed Zuora payment, with its applications; later changes as updates."""

    name = "payments"
    title = "Zuora payments"
    object = "Payment"
    object_label = "Payment"
    destination = "customerPayment"
    code = "PAY"
    transaction_type = "CustPymt"
    number_field = "PaymentNumber"
    needs = ("class", "department", "location", "payment method", "currency", "periods", "fields:customerPayment")

    def __init__(self, context: StepContext) -> None:
        super().__init__(context)
        self.parts = PARTS if self.context.settlement_on else INVOICE_PAYMENTS
        self.deposits = Deposits(context.netsuite)
        if self.context.settlement_on and self.settings.mode_b_payment_status_write == "v1":
            self.marks_at_once = 1

    def query(self) -> SourceQuery:
        conditions = (*WAITING, *since("EffectiveDate", self.settings.cutover_zuora_payment))  # rule 4
        return SourceQuery(
            "Payment",
            HEAD_FIELDS,
            (conditions,),
            parents=(ACCOUNT if self.context.settlement_on else COMPLETE_ACCOUNT, METHOD, SNAPSHOT),
            children=(self.parts,),
            copy_fields=("Currency", "AccountId", "PaymentMethodId", "PaymentMethodSnapshotId"),
            group="AccountId",
        )

    def refresh(self, candidates: Sequence[Candidate]) -> list[SourceRecord]:
        source = self.context.source
        methods = SNAPSHOT_FIRST if self.context.settlement_on else METHOD_FIRST
        found = [
            _data(head, parents, parts_now(self.context.source, self.parts, selected, head), methods)
            for selected, head, parents in self.reread(candidates)
        ]
        documents = {
            **self.context.invoices(_documents(found, "invoice"), INVOICE_FIELDS),
            **source.reread_memos("debit-memos", _documents(found, "debit memo")),
        }
        known = families(self.context, documents) if documents and not self.context.settlement_on else {}
        for data in found:
            data.documents, data.families = documents, known
        return [self._record(d) for d in found]

    def _record(self, data: PaymentData) -> SourceRecord:
        record = self.transaction_record(data, "PaymentNumber", "EffectiveDate", amount_of(self.company, data))
        return replace(record, applied=sum(data.applied.values(), Decimal(0)))

    def customer_id(self, data: PaymentData) -> str:
        return customer_of(self.company, data)

    def find(self, records: Sequence[SourceRecord]) -> dict[str, list[Counterpart]]:
        documents = {str(d.get("IntegrationId__NS") or "") for r in records for d in r.data.documents.values()}
        found: dict[str, list[Counterpart]]
        found, booked, _ = all_at_once(
            partial(self.find_transactions, records),
            partial(self.booking.currencies_in, documents),
            partial(self.note_customers, records),
        )
        company = self.company
        self.deposits.note(company, (r.data.method_type for r in records if r.id not in found))
        updates = {r.id: found[r.id][0].id for r in records if len(found.get(r.id, ())) == 1 and is_update(company, r)}
        there = applied_there(self.context.netsuite, company, updates.values(), self.currency_column())
        for record in records:
            record.data.there, record.data.booked = there.get(updates.get(record.id, "")), booked
            record.data.deposit = self.deposits.fields(company, "customerPayment", record.data.method_type)
        self._spread([r for r in records if r.id not in found])
        return found

    def _spread(self, records: Sequence[SourceRecord]) -> None:
        """Spread what is applied to invoices that are several documents in NetSuite, in the order in which the payments are written: one
        call per 1,000 documents, none where there are no such invoices."""
        documents = {d for r in records for i in r.data.applied if (f := r.data.families.get(i, ALONE)).adjusted for d in f.documents}
        balances = open_balances(self.context.netsuite, documents) if documents else {}
        for record in sorted(records, key=lambda r: r.turn):
            data: PaymentData = record.data
            for invoice, amount in data.applied.items():
                family = data.families.get(invoice, ALONE)
                if family.adjusted:
                    data.spread[invoice] = taken(amount, family, balances, reserved=family.still_to_credit)

    def plan(self, record: SourceRecord, found: Sequence[Counterpart]) -> Plan:
        return plan(self.company, record, found)

    # -- source ------------------------------------------------------------------------------------------------------

    def mark(self, marks: Sequence[Mark]) -> dict[str, MarkResult]:
        """Actions, 50 a call, without Invoice Settlement."""
        if not self.context.settlement_on:
            return super().mark(marks)
        one_by_one = partial(put_each, self.context.source, self.mark_fields, self.context.zuora.update_payment)
        return marked(self.settings, marks, super().mark, one_by_one)

    def mark_fields(self, mark: Mark) -> dict[str, Any]:
        origin = {"Origin__NS": "ZUORA"} if mark.destination_id else {}
        return {**super().mark_fields(mark), **origin}


ALONE = Family()
"""What is known of a document without adjustments."""


def _data(
    head: Mapping[str, Any], parents: Mapping[str, Mapping[str, Any]], parts: Sequence[Mapping[str, Any]], methods: Sequence[str]
) -> PaymentData:
    """`methods`: where the payment method is looked for, the first that has a type."""
    applied, kinds = applied_parts(parts)
    method = next((parents[m] for m in methods if parents.get(m, {}).get("Type")), {})
    return PaymentData(head, parents.get("Account", {}), method, applied, kinds)


def _documents(found: Sequence[PaymentData], kind: str) -> list[str]:
    return [d for data in found for d, k in data.kinds.items() if k == kind]
