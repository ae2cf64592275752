"""Zuora payments -> NetSuite customer payments (payments.md, parts P1 and P2)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from functools import partial
from typing import Any

from tallybridge import money
from tallybridge.clock import stamp, utc_moment
from tallybridge.pieces import all_at_once
from tallybridge.settings import NumberMapping
from tallybridge.steps.settling.families import Family, Spread, families, taken
from tallybridge.steps.settling.payment_methods import Deposits, method_problems, payment_method
from tallybridge.steps.settling.settlements import METHOD, METHOD_FIELDS, Applied, applied_there, marked, parts_now, put_each
from tallybridge.steps.shared import classification
from tallybridge.steps.shared.applications import applied_parts, apply_lines, apply_sublist, changed_lines, open_balances
from tallybridge.steps.shared.base import ZuoraToNetSuite
from tallybridge.steps.shared.conditions import ACCOUNT_COMPLETE, ACCOUNT_FIELDS, NOT_TRANSFERRED, SYNCED_TO_NETSUITE, not_ignored, since
from tallybridge.steps.shared.context import StepContext
from tallybridge.steps.shared.currencies import Customer, own_currency
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

    @property
    def method_type(self) -> str:
        """The Zuora payment method type."""
        return str(self.method.get("Type") or "")

    @property
    def unassigned(self) -> bool:
        return not self.head.get("AccountId")


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
        self.parts = PARTS if self.settlement_on else INVOICE_PAYMENTS
        self.deposits = Deposits(context.netsuite)
        if self.settlement_on and self.settings.mode_b_payment_status_write == "v1":
            self.marks_at_once = 1

    def query(self) -> SourceQuery:
        conditions = (*WAITING, *since("EffectiveDate", self.settings.cutover_zuora_payment))  # rule 4
        return SourceQuery(
            "Payment",
            HEAD_FIELDS,
            (conditions,),
            parents=(ACCOUNT if self.settlement_on else COMPLETE_ACCOUNT, METHOD, SNAPSHOT),
            children=(self.parts,),
            copy_fields=("Currency", "AccountId", "PaymentMethodId", "PaymentMethodSnapshotId"),
            group="AccountId",
        )

    def refresh(self, candidates: Sequence[Candidate]) -> list[SourceRecord]:
        source = self.context.source
        methods = SNAPSHOT_FIRST if self.settlement_on else METHOD_FIRST
        found = [
            _data(head, parents, parts_now(self.context.source, self.parts, selected, head), methods)
            for selected, head, parents in self.reread(candidates)
        ]
        documents = {
            **self.invoices(_documents(found, "invoice"), INVOICE_FIELDS),
            **source.reread_memos("debit-memos", _documents(found, "debit memo")),
        }
        known = families(self.context, documents) if documents and not self.settlement_on else {}
        for data in found:
            data.documents, data.families = documents, known
        return [self._record(d) for d in found]

    def _record(self, data: PaymentData) -> SourceRecord:
        record = self.transaction_record(data, "PaymentNumber", "EffectiveDate", self._amount(data))
        return replace(record, applied=sum(data.applied.values(), Decimal(0)))

    def _amount(self, data: PaymentData) -> Decimal:
        """What NetSuite's payment is to hold. Without Invoice Settlement what is applied, refunded or not; with it all of it, or, with
        `applied only`, what is applied and what was refunded, as long as anything is applied."""
        applied = sum(data.applied.values(), Decimal(0))
        if not self.settlement_on:
            return applied
        if self.settings.payment_amount == "applied only" and data.applied:
            return applied + Decimal(data.head.get("RefundAmount") or 0)
        return Decimal(data.head.get("Amount") or 0)

    def find(self, records: Sequence[SourceRecord]) -> dict[str, list[Counterpart]]:
        documents = {str(d.get("IntegrationId__NS") or "") for r in records for d in r.data.documents.values()}
        found: dict[str, list[Counterpart]]
        found, booked, _ = all_at_once(
            partial(self.find_transactions, records),
            partial(self.booking.currencies_in, documents),
            partial(self.note_customers, records),
        )
        self.deposits.note(self.company, (r.data.method_type for r in records if r.id not in found))
        updates = {r.id: found[r.id][0].id for r in records if len(found.get(r.id, ())) == 1 and self._is_update(r)}
        there = applied_there(self.context.netsuite, self.company, updates.values(), self.currency_column())
        for record in records:
            record.data.there, record.data.booked = there.get(updates.get(record.id, "")), booked
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

    def _is_update(self, record: SourceRecord) -> bool:
        """Whether the NetSuite payment is to be updated; without Invoice Settlement nothing is sent after success (P1)."""
        return self.settlement_on and is_update(record.status)

    # -- validations -------------------------------------------------------------------------------------------------

    def problems(self, data: PaymentData) -> list[Problem]:
        """All failures of one payment together."""
        method = method_problems(self.company, _name(data), "payment method", data.method_type)
        own = self._parent_problems(data) if self.settlement_on else self._invoice_problems(data)
        return [*method, *own, *self._classifications(data), *self._money_problems(data)]

    def _money_problems(self, data: PaymentData) -> Iterator[Problem]:
        """The payment's currency, those of the documents that it is applied to, and whether NetSuite keeps all digits."""
        currency, amount = self.currency_of(data), self._amount(data)
        own = list(self.currency_problems(_name(data), data, amount))
        yield from own
        for document_id, applied in data.applied.items() if not own else ():
            document = data.documents.get(document_id, {})
            name, its = _document_name(data, document_id), own_currency(document, data.account)
            there = data.booked.get(str(document.get("IntegrationId__NS") or ""), "")
            crossing = self.booking.crossing(_name(data), applied, currency, name, its)
            if problem := crossing or self.booking.booked_otherwise(_name(data), applied, currency, name, there):
                yield problem
        if problem := self.booking.inexact(_name(data), (amount, *data.applied.values()), currency):
            yield problem

    def customer_id(self, data: PaymentData) -> str:
        return self.settings.unassigned_payments_customer_id if data.unassigned else super().customer_id(data)

    def _invoice_problems(self, data: PaymentData) -> Iterator[Problem]:
        """P1, validations 2, 6 and 7."""
        if not data.applied:
            text_ = f"{_name(data)}: not applied to any invoice; credit balance and overpayments are not synced."
            yield Problem("PAY-A6", text_, "Apply the payment to an invoice in Zuora, or set Transferred to Accounting to Ignore.")
        yield from self._document_problems(data)
        yield from self._account_problems(data)
        for document_id in data.applied:
            document = data.documents.get(document_id, {})
            if Decimal(document.get("Amount") or 0) < 0:
                what = f"applied to negative invoice {document.get('InvoiceNumber')}, which is a credit memo in NetSuite; handle by hand."
                advice = "Record the payment in NetSuite by hand and set Transferred to Accounting to Ignore."
                yield Problem("PAY-A7", f"{_name(data)}: {what}", advice)

    def _document_problems(self, data: PaymentData) -> Iterator[Problem]:
        """Validation 2 of P1 and P2."""
        for document_id in data.applied:
            document = data.documents.get(document_id, {})
            if not document.get("IntegrationId__NS"):
                name = _document_name(data, document_id)
                yield self.not_synced_parent("PAY-V2", _name(data), name, data.kinds[document_id], document)
            elif document_id in data.spread and data.spread[document_id].short:
                yield self._too_little_open(data, document_id)

    def _too_little_open(self, data: PaymentData, invoice_id: str) -> Problem:
        """The NetSuite documents of an invoice have less open than is applied: its other adjustments are still to come, or never will."""
        name = _document_name(data, invoice_id)
        for coming in data.families[invoice_id].coming:
            return not_synced("PAY-V2", _name(data), f"adjustment {coming.get('AdjustmentNumber')} of {name}", "adjustment", coming)
        currency = self.currency_of(data)
        short, whole = (money.text(a, currency) for a in (data.spread[invoice_id].short, data.applied[invoice_id]))
        text_ = f"{_name(data)}: the NetSuite documents of {name} have {short} less open than the {whole} applied to it."
        advice = (
            "Look what settles them in NetSuite and is not in Zuora, and take it back; enter charges there that are not sent. "
            "The next run sends the payment."
        )
        return Problem("PAY-OPEN", text_, advice)

    def _parent_problems(self, data: PaymentData) -> Iterator[Problem]:
        """P2, validations 2, 6 and 7."""
        yield from self._document_problems(data)
        if data.unassigned and not self.settings.unassigned_payments_customer_id:
            text_ = "unassigned, and no NetSuite customer is configured for unassigned payments; skipped."
            yield Problem("PAY-V7", f"{_name(data)}: {text_}", "Set unassigned_payments_customer_id, or assign the payment in Zuora.")
        yield from self._account_problems(data)

    def _account_problems(self, data: PaymentData) -> Iterator[Problem]:
        """P2, validation 6; an account whose id was cleared stops payments of P1 too."""
        if not data.unassigned and not data.account.get("IntegrationId__NS"):
            name = f"account {data.account.get('AccountNumber', '')}"
            yield self.not_synced_parent("PAY-V6", _name(data), name, "account", data.account)

    def _classifications(self, data: PaymentData) -> list[Problem]:
        return classification.problems_of_account("PAY", (3, 4, 5), _name(data), self.reference, data.account)

    # -- action ------------------------------------------------------------------------------------------------------

    def plan(self, record: SourceRecord, found: Sequence[Counterpart]) -> Plan:
        data: PaymentData = record.data
        if len(found) > 1:
            return Hold((ambiguous("PAY", _name(data), "payments", found),))
        if found and self._is_update(record):
            return self._plan_update(record, found[0])
        if found:
            reset = is_complete(record.status)
            return Found(found[0], remark=already_there("PAY", _name(data), "payment", found[0].id) if reset else None)
        if not self.settlement_on:
            return self._plan_create(record)
        if data.unassigned and not self.settings.unassigned_payments_customer_id:
            return Hold((next(p for p in self._parent_problems(data) if p.code == "PAY-V7"),))
        if not data.unassigned and not data.applied and not self.settings.sync_unapplied_payments:
            return Hold((_unapplied(data),))
        return self._plan_create(record)

    def _plan_create(self, record: SourceRecord) -> Plan:
        data: PaymentData = record.data
        if problems := self.problems(data):
            return Hold(tuple(problems))
        posting = self.posting(day(data.head.get("EffectiveDate")) or "", _name(data))
        if closed := posting.plan(ERROR_CREATING):
            return closed
        body = {**self.header(data), **posting.fields, "payment": record.amount, "autoApply": False, **self._new_lines(data)}
        return Write("create", CREATING, ERROR_CREATING, (Request("customerPayment", body),))

    # -- mapping -----------------------------------------------------------------------------------------------------

    def header(self, data: PaymentData) -> dict[str, Any]:
        """The payment header without amount and applications."""
        head, method = data.head, data.method
        use_number = self.settings.transaction_number_mapping is NumberMapping.SOURCE_NUMBER
        is_card = str(method.get("Type") or "").lower() in CARD_TYPES
        fields = {
            "externalId": self.external_id(head["Id"]),
            "customer": ref(self.customer_id(data)),
            **self.booking.field(self.currency_of(data), data.customer),
            "tranDate": day(head.get("EffectiveDate")),
            "tranId": head.get("PaymentNumber") if use_number else None,
            **payment_method(self.company, "customerPayment", data.method_type),
            **self.deposits.fields(self.company, "customerPayment", data.method_type),
            **classification.header(self.settings, self.reference, data.account),
            **self.descriptive(data),
            **self._custom(
                {
                    "Zuora Created Date": utc_moment(head.get("CreatedDate")),
                    "Zuora Credit Card Type": text(method.get("CreditCardType")) if is_card else None,
                    "Zuora ID": head["Id"],
                    "Zuora Origin": "ZUORA",
                    "Zuora Type": "PAYMENT",
                    "Zuora Payment Type": text(head.get("Type")),
                }
            ),
        }
        return self.existing("customerPayment", fields)

    def descriptive(self, data: PaymentData) -> dict[str, Any]:
        """What an update sends again: memo and reference fields."""
        head = data.head
        custom = {
            "Zuora Payment Reference ID": text(head.get("ReferenceId")),
            "Zuora Reference Number": text(head.get("PaymentNumber")),
            "Zuora Sync Date": stamp(self.context.clock.now()),
        }
        return {"memo": text(head.get("Comment")), **self._custom(custom)}

    def _custom(self, values: Mapping[str, Any]) -> dict[str, Any]:
        return {self.reference.custom("customerPayment", label): value for label, value in values.items()}

    def _new_lines(self, data: PaymentData) -> dict[str, Any]:
        return apply_sublist(apply_lines(self._wanted(data)))

    @staticmethod
    def _wanted(data: PaymentData) -> dict[str, Decimal]:
        """The applied amounts by NetSuite document."""
        wanted: dict[str, Decimal] = {}
        for d, amount in data.applied.items():
            wanted |= data.spread[d].lines if d in data.spread else {str(data.documents[d]["IntegrationId__NS"]): amount}
        return wanted

    # -- update procedure --------------------------------------------------------------------------------------------

    def _plan_update(self, record: SourceRecord, there: Counterpart) -> Plan:
        """Transferred to Accounting was reset: bring the applications of Zuora documents, and the amount, to their present state, nothing
        else."""
        data: PaymentData = record.data
        if data.there is None:
            text_ = f"{_name(data)}: NetSuite payment {there.id} could not be read; not updated."
            return Hold((Problem("PAY-READ", text_, "The next run tries again; check that the payment still exists in NetSuite."),))
        customer = data.there.customer
        if data.unassigned:
            text_ = f"{_name(data)}: no longer assigned to an account; NetSuite payment {there.id} stays as it is."
            return Found(
                there, action="none", remark=Problem("PAY-UNASSIGNED", text_, "Correct the NetSuite payment by hand if it must follow.")
            )
        if customer != str(data.account.get("IntegrationId__NS") or ""):
            text_ = f"moved to another account after its sync; NetSuite payment {there.id} keeps customer {customer}. Correct by hand."
            return Hold((Problem("PAY-V8", f"{_name(data)}: {text_}", "Correct the NetSuite payment, then set its status to Ignore."),))
        missing = [*self._document_problems(data), *self._money_problems(data)]
        if not same_currency(record.sent, there.held, record.base):
            text_ = f"{_name(data)}: NetSuite payment {there.id} {difference(record.sent, there.held)}; not updated."
            missing.append(
                Problem("PAY-CURRENCY", text_, "Delete the NetSuite payment, so that it is created anew; or correct it by hand.")
            )
        if missing:
            return Hold(tuple(missing))
        amount, held = self._amount(data), there.amount or Decimal(0)
        used = held - data.there.open - sum(data.there.documents.values(), Decimal(0))
        if used + sum(data.applied.values(), Decimal(0)) > amount:
            return Hold((self._amount_problem(data, there, amount, used),))
        body = {
            "customer": ref(customer),
            **({"payment": amount} if amount != held else {}),
            **self.existing("customerPayment", self.descriptive(data)),
            **apply_sublist(changed_lines(self._wanted(data), data.there.documents)),
        }
        request = Request("customerPayment", body, there.id)
        return Write("update", UPDATING, ERROR_UPDATING, (request,), destination_id=there.id)

    def _amount_problem(self, data: PaymentData, there: Counterpart, amount: Decimal, used: Decimal) -> Problem:
        """People have used more of the NetSuite payment than Zuora leaves for it."""
        spent, whole = (money.text(a, self.currency_of(data)) for a in (used, amount))
        text_ = (
            f"{_name(data)}: of NetSuite payment {there.id} {spent} are used for refunds or documents not from Zuora; the "
            f"{whole} that it is to hold do not cover that beside its applications. Not updated."
        )
        advice = "Unapply that part of it in NetSuite, or the payment in Zuora; the next run updates it."
        return Problem("PAY-AMOUNT", text_, advice)

    # -- source ------------------------------------------------------------------------------------------------------

    def mark(self, marks: Sequence[Mark]) -> dict[str, MarkResult]:
        """Actions, 50 a call, without Invoice Settlement."""
        if not self.settlement_on:
            return super().mark(marks)
        one_by_one = partial(put_each, self.context.source, self.mark_fields, self.context.zuora.update_payment)
        return marked(self.settings, marks, super().mark, one_by_one)

    def mark_fields(self, mark: Mark) -> dict[str, Any]:
        origin = {"Origin__NS": "ZUORA"} if mark.destination_id else {}
        return {**super().mark_fields(mark), **origin}


def is_update(status: str) -> bool:
    """Whether a payment that NetSuite has is to be updated: it was complete, or an update of it was refused or interrupted."""
    return has_status(status, SYNC_COMPLETE, UPDATING, ERROR_UPDATING)


ALONE = Family()
"""What is known of a document without adjustments."""
CARD_TYPES = frozenset({"creditcard", "debitcard", "creditcardreferencetransaction"})


def _unapplied(data: PaymentData) -> Problem:
    """Why a payment without applications is held: one that was refunded whole can never be applied."""
    if Decimal(data.head.get("RefundAmount") or 0) >= Decimal(data.head.get("Amount") or 0):
        text_ = f"{_name(data)}: refunded whole without being applied; neither it nor its refund is sent."
        advice = (
            "Set Transferred to Accounting of the payment and of its refund to Ignore; or set sync_unapplied_payments to Yes to send both."
        )
        return Problem("PAY-UNAPPLIED", text_, advice)
    waiting = f"{_name(data)}: not applied to any document yet; it is sent once it is."
    return Problem("PAY-UNAPPLIED", waiting, "Apply it in Zuora, or set sync_unapplied_payments to Yes.")


def _data(
    head: Mapping[str, Any], parents: Mapping[str, Mapping[str, Any]], parts: Sequence[Mapping[str, Any]], methods: Sequence[str]
) -> PaymentData:
    """`methods`: where the payment method is looked for, the first that has a type."""
    applied, kinds = applied_parts(parts)
    method = next((parents[m] for m in methods if parents.get(m, {}).get("Type")), {})
    return PaymentData(head, parents.get("Account", {}), method, applied, kinds)


def _documents(found: Sequence[PaymentData], kind: str) -> list[str]:
    return [d for data in found for d, k in data.kinds.items() if k == kind]


def _document_name(data: PaymentData, document_id: str) -> str:
    document = data.documents.get(document_id, {})
    return f"{data.kinds[document_id]} {document.get('InvoiceNumber') or document.get('MemoNumber') or document_id}"


def _name(data: PaymentData) -> str:
    return f"Payment {data.head.get('PaymentNumber') or data.head['Id']}"
