"""Zuora credit memos -> NetSuite credit memos (memos.md, part C)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

from tallybridge.clock import utc_moment
from tallybridge.steps.documents.document_checks import OF_LINES, parent_not_synced, problem, problems
from tallybridge.steps.documents.document_lines import item_line, lines, tax_line
from tallybridge.steps.documents.kind import DocumentData, Kind, tables_needed
from tallybridge.steps.documents.memo_mapping import HEAD_FIELDS, WAITING, Memo, items_of, taxes_of, with_triggers
from tallybridge.steps.documents.reading import add_charges, record_of, reread_with_charges
from tallybridge.steps.shared.applications import (
    Allotment,
    allotted,
    applications,
    applied_parts,
    apply_lines,
    apply_sublist,
    by_document,
    changed_lines,
    open_balances,
)
from tallybridge.steps.shared.company import Company
from tallybridge.steps.shared.conditions import ACCOUNT_COMPLETE, ACCOUNT_FIELDS, SYNCED_TO_NETSUITE, not_ignored, since
from tallybridge.steps.shared.context import StepContext
from tallybridge.steps.shared.currencies import own_currency
from tallybridge.steps.shared.from_zuora import ZuoraToNetSuite, results_of
from tallybridge.steps.shared.parents import INVOICE_FIELDS
from tallybridge.steps.shared.problems import ambiguous, gone
from tallybridge.steps.shared.texts import day
from tallybridge.sync.difference import difference
from tallybridge.sync.held import agree, same_amount
from tallybridge.sync.runlog import LeftOut
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
    Remainder,
    Request,
    SourceRecord,
    Write,
    has_status,
)
from tallybridge.zuora.selection import Child, IsNot, Parent, Selected, SourceQuery, Told

# -- selection -----------------------------------------------------------------------------------------------------------

ACCOUNT = Parent("Account", "AccountId", fields=ACCOUNT_FIELDS, where=SYNCED_TO_NETSUITE, fresh=ACCOUNT_COMPLETE)
UNSENT = (
    *WAITING,
    IsNot("Origin__NS", ("NETSUITE",)),  # rule 4
    not_ignored(),  # rule 6
)
LIMIT = Told("LEFT-LIMIT", "one run takes no more (credit_memos_per_run); they follow in the next", due=True)
MIGRATED = "AR Mig - negative invoice"
"""Reason code of the memos that Zuora's migration makes of negative invoices, which NetSuite has already (rule 6)."""
ITEMS, TAXES = items_of("CreditMemo"), taxes_of("Credit")
PARTS = Child("parts", "CreditMemoPart", "CreditMemoId", fields=("Id", "InvoiceId", "DebitMemoId", "Amount"), zoql=False)

CREATING, ERROR_CREATING = "Creating Credit Memo", "Error Creating Credit Memo"
UPDATING, ERROR_UPDATING = "Updating Credit Memo", "Error Updating Credit Memo"
TOGETHER = 150
"""Memos that are processed together: each such piece costs five look-ups in NetSuite, two more than for other documents."""
SECONDS = len("2026-01-31T08:15:00")
"""Object Query gives moments without their fractions."""


@dataclass
class CreditMemoData(DocumentData):
    """A credit memo with everything its mapping needs. `applied` sums its parts by document id; `documents` are the invoices and debit
    memos it is applied to or made from, by id; `booked` their currencies in NetSuite by internal id there; `present` is what NetSuite has
    applied of it, `allotment` what can be applied now."""

    applied: Mapping[str, Decimal] = field(default_factory=dict)
    kinds: Mapping[str, str] = field(default_factory=dict)
    documents: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    present: Mapping[str, Decimal] = field(default_factory=dict)
    booked: Mapping[str, str] = field(default_factory=dict)
    allotment: Allotment = field(default_factory=Allotment)
    gone: frozenset[str] = frozenset()
    """NetSuite documents that it is to be applied to and that were deleted."""

    @property
    def wanted(self) -> dict[str, Decimal]:
        """The applications by internal id of the NetSuite document."""
        return {self.internal_id(d): amount for d, amount in self.applied.items()}

    def internal_id(self, document_id: str) -> str:
        """The internal id of a document's NetSuite invoice, "" without one."""
        return str(self.documents.get(document_id, {}).get("IntegrationId__NS") or "")

    def number_of(self, document_id: str) -> str:
        """What people call a document."""
        document = self.documents.get(document_id, {})
        return str(document.get("InvoiceNumber") or document.get("MemoNumber") or document_id)


# -- validations ---------------------------------------------------------------------------------------------------------


def account_is_complete(kind: Kind[CreditMemoData], company: Company, data: CreditMemoData) -> Iterator[Problem]:
    """Its account has a NetSuite customer; selection lets through none without, which may have lost it since."""
    if not data.account.get("IntegrationId__NS"):
        name = f"account {data.account.get('AccountNumber', '')}"
        advice = "Enter the account's NetSuite id, or clear its Integration Status so that it is synced again."
        told = parent_not_synced(kind, company, "account", data, name, data.account, code="CM-ACCOUNT")
        yield replace(told, advice=advice) if told.waits_for else told


def applications_are_possible(kind: Kind[CreditMemoData], company: Company, data: CreditMemoData) -> Iterator[Problem]:
    """Rules 1, 2 and 8, which concern updates too."""
    referred, label = str(data.head.get("InvoiceId") or ""), kind.name(data)
    for document_id, word in {**({referred: "invoice"} if referred else {}), **data.kinds}.items():
        if not data.internal_id(document_id):
            name = f"{word} {data.number_of(document_id)}"
            yield parent_not_synced(kind, company, word, data, name, data.documents.get(document_id, {}))
        elif data.internal_id(document_id) in data.gone:
            name = f"{word} {data.number_of(document_id)}"
            yield gone(kind.code, label, "invoice", data.internal_id(document_id), name)
    currency, booking = kind.currency(data), company.booking
    for document_id, amount in data.applied.items():
        its = own_currency(data.documents.get(document_id, {}), data.account)
        name = f"{data.kinds[document_id]} {data.number_of(document_id)}"
        there = data.booked.get(data.internal_id(document_id), "")
        crossing = booking.crossing(label, amount, currency, name, its)
        if told := crossing or booking.booked_otherwise(label, amount, currency, name, there):
            yield told
    if told := booking.inexact(label, data.applied.values(), currency):
        yield told
    if sum(data.applied.values(), Decimal(0)) > Decimal(data.head.get("TotalAmount") or 0):
        advice = "Compare the memo with its applications in Zuora; if they are right there, ask for help with this number."
        yield problem(kind, "applied", data, "applied amounts exceed the memo amount.", advice)


MEMO = Memo("CreditMemo", "creditMemo", zuora_type="CREDIT_MEMO", comment_field="Comment")
CREDIT_MEMO = Kind[CreditMemoData](
    object="CreditMemo",
    code="CM",
    label="Credit memo",
    number="MemoNumber",
    date="MemoDate",
    amount="TotalAmount",
    line_amount="AmountWithoutTax",
    tax_of="CreditMemoItemId",
    record_type=lambda data: "creditMemo",
    header=MEMO.header,
    item_line=item_line,
    tax_line=tax_line,
    line_type=lambda item: "Charge",
    quantity=lambda item: None,  # not mapped for credit memos
    checks=(account_is_complete, applications_are_possible, *OF_LINES),
    rules={
        "invoice": 1,
        "debit memo": 2,
        "location": 3,
        "class": 4,
        "department": 5,
        "charge": 6,
        "tax code": 6,
        "tax item": 6,
        "sum": 7,
        "applied": 8,
        "amount": 9,
    },
    creating=lambda data: CREATING,
    error=lambda data: ERROR_CREATING,
    in_order=True,
)


# -- action --------------------------------------------------------------------------------------------------------------


def plan(company: Company, record: SourceRecord, found: Sequence[Counterpart]) -> Plan:
    """What is done with a credit memo."""
    if len(found) > 1:
        return Hold((ambiguous("CM", CREDIT_MEMO.name(record.data), "credit memos", found),))
    return plan_present(company, record, found[0]) if found else plan_create(company, record)


def stays_behind(company: Company, head: Mapping[str, Any]) -> bool:
    """Rule 6."""
    return head.get("ReasonCode") == MIGRATED and not company.settings.send_migrated_credit_memos


def may_apply(company: Company, data: CreditMemoData, *, new: bool) -> bool:
    """Whether the memo takes its share of the open balances: not when it is not going to be sent."""
    if new:
        return not stays_behind(company, data.head) and not problems(CREDIT_MEMO, company, data)
    return not any(applications_are_possible(CREDIT_MEMO, company, data))


def plan_create(company: Company, record: SourceRecord) -> Plan:
    """A new credit memo, with the applications for which there is room."""
    data: CreditMemoData = record.data
    label = CREDIT_MEMO.name(data)
    if stays_behind(company, data.head):
        text = "created by the Invoice Settlement migration from a negative invoice; not sent."
        advice = "Set Transferred to Accounting to Yes or allow migrated memos."
        return Hold((Problem("CM-MIGRATED", f"{label}: {text} {advice}", advice),))
    if told := problems(CREDIT_MEMO, company, data):
        return Hold(tuple(told))
    posting = company.posting("creditMemo", day(data.head.get("MemoDate")) or "", label)
    if closed := posting.plan(ERROR_CREATING):
        return closed
    data.posting = posting.fields
    applied = apply_sublist(apply_lines(data.allotment.fits))
    items = {"items": lines(CREDIT_MEMO, company, data)}
    body = {**MEMO.header(company, data), "item": items, "autoApply": False, **applied}
    return Write("create", CREATING, ERROR_CREATING, (Request("creditMemo", body),), remainder=_remainder(data))


def plan_present(company: Company, record: SourceRecord, there: Counterpart) -> Plan:
    """The NetSuite credit memo exists: its applications follow Zuora's, whether it was reset by a person or found after an interrupted
    create. Item lines, date and customer stay as they are; applications to documents that are not Zuora's too."""
    data: CreditMemoData = record.data
    updating = is_update(record.status)
    if not agree(record.sent, there.held, record.base):
        if updating:
            held = f"NetSuite credit memo {there.id} ({CREDIT_MEMO.money(data, there.amount or Decimal(0))})"
            text = f"amount {CREDIT_MEMO.money(data, record.amount or Decimal(0))} differs from {held}"
            if same_amount(record.sent, there.held):
                text = f"NetSuite credit memo {there.id} {difference(record.sent, there.held, record.base)}"
            text += "; lines are not changed by an update."
            advice = "Correct or delete the NetSuite credit memo; the next run looks again."
            return Hold((problem(CREDIT_MEMO, "amount", data, text, advice),))
        return Write("recover", "", ERROR_CREATING, (), destination_id=there.id)  # refused by the comparison that follows
    if told := tuple(applications_are_possible(CREDIT_MEMO, company, data)):
        return Hold(told)
    applied = changed_lines(data.allotment.reachable(data.present), data.present)
    remainder = _remainder(data)
    if remainder and not applied and has_status(record.status, UPDATING):
        left = remainder.problem
        return Hold((Problem(left.code, left.message.replace("{id}", there.id), left.advice),))
    if not updating and not applied and not remainder:
        return Found(there)
    body = {**(MEMO.descriptive(company, data) if updating else {}), **apply_sublist(applied)}
    requests = (Request("creditMemo", body, there.id),) if body else ()
    action = "update" if updating else "recover"
    return Write(action, UPDATING, ERROR_UPDATING, requests, destination_id=there.id, remainder=remainder)


def _remainder(data: CreditMemoData) -> Remainder | None:
    """The applications that NetSuite would refuse, which a later run makes; None when all of them fit."""
    short = data.allotment.short
    if not short:
        return None
    missing = []
    for document_id in data.applied:
        if lack := short.get(data.internal_id(document_id)):
            left, due = CREDIT_MEMO.money(data, lack.open), CREDIT_MEMO.money(data, lack.needed)
            missing.append(f"not applied to {data.number_of(document_id)}: open balance {left}, needed {due}")
    text = f"{CREDIT_MEMO.name(data)}: created as {{id}}, but {'; '.join(missing)}."
    advice = "Free the document's balance in NetSuite (a payment made there, or one that Zuora has unapplied); the next run applies it."
    return Remainder(UPDATING, Problem("CM-OPEN", text, advice))


def is_update(status: str) -> bool:
    """Whether a memo that NetSuite has is to be updated: it was complete, or an update of it was refused, interrupted, left unfinished."""
    return has_status(status, SYNC_COMPLETE, UPDATING, ERROR_UPDATING)


# -- the step ------------------------------------------------------------------------------------------------------------


class CreditMemos(ZuoraToNetSuite):
    """Step 6: one NetSuite credit memo per posted Zuora credit memo, with its applications; later changes of those as updates."""

    name = "credit_memos"
    title = "Zuora credit memos"
    object = CREDIT_MEMO.object
    object_label = CREDIT_MEMO.label
    destination = "creditMemo"
    code = CREDIT_MEMO.code
    transaction_type = "CustCred"
    number_field = CREDIT_MEMO.number
    amount_field = CREDIT_MEMO.amount
    chunk = TOGETHER
    needs: tuple[str, ...] = ("class", "department", "location", "tax code", "revenue template", "currency", "periods", "fields:creditMemo")

    def __init__(self, context: StepContext) -> None:
        super().__init__(context)
        self.needs = tables_needed(self.needs, self.settings)

    def query(self) -> SourceQuery:
        conditions = (*UNSENT, *since("MemoDate", self.settings.cutover_zuora_memo))  # rule 5
        return SourceQuery(
            "CreditMemo",
            (*HEAD_FIELDS, "Comment", "InvoiceId", "ReasonCode", "AppliedAmount", "Origin__NS"),
            (conditions,),
            parents=(ACCOUNT,),  # rule 2
            children=(ITEMS, TAXES, PARTS),
            copy_fields=("AccountId", "Currency", "ReasonCode", "MemoNumber"),
            group="AccountId",
        )

    def select(self) -> Iterator[Candidate]:
        """As many as one run may take (rule 7); those that are not sent anyway do not count. The rest is told."""
        counted = 0
        for candidate in super().select():
            copy = candidate.data["copy"]
            counted += not stays_behind(self.company, copy)
            if counted <= self.settings.credit_memos_per_run:
                yield candidate
            elif not stays_behind(self.company, copy):
                waiting = LeftOut(self.name, self.object, LIMIT.code, LIMIT.reason, due=LIMIT.due)
                waiting.add(str(copy.get("MemoNumber") or candidate.id), Decimal(0))
                self.context.left_out.append(waiting)

    def refresh(self, candidates: Sequence[Candidate]) -> list[SourceRecord]:
        source = self.context.source
        rereads, charges = reread_with_charges(source, self.reread, candidates)
        found = [self._data(selected, head, parents["Account"]) for selected, head, parents in rereads]
        add_charges(source, found, charges)
        referred = {str(d.head.get("InvoiceId") or "") for d in found}
        documents = {
            **self.context.invoices(referred | _documents(found, "invoice"), INVOICE_FIELDS),
            **source.reread("DebitMemo", _documents(found, "debit memo"), ()),
        }
        for data in found:
            data.documents = documents
        return [replace(record_of(CREDIT_MEMO, self.company, d), applied=sum(d.applied.values(), Decimal(0))) for d in found]

    def _data(self, selected: Selected, head: Mapping[str, Any], account: Mapping[str, Any]) -> CreditMemoData:
        children = selected.children
        applied, kinds = applied_parts(children.get("parts", []))
        moved = utc_moment(selected.updated)[:SECONDS] != utc_moment(head.get("UpdatedDate"))[:SECONDS]
        if moved or sum(applied.values(), Decimal(0)) != Decimal(head.get("AppliedAmount") or 0):  # applied since the copy was taken
            applied, kinds = applied_parts(self.context.source.children(PARTS, [selected.id])[selected.id])
        return CreditMemoData(
            head, account, with_triggers(children.get("items", [])), children.get("taxes", []), applied=applied, kinds=kinds
        )

    def find(self, records: Sequence[SourceRecord]) -> dict[str, list[Counterpart]]:
        """Counterparts; beside each record what NetSuite has applied of it, and what the open balances allow: at most five calls."""
        netsuite = self.context.netsuite
        documents = {d for r in records for d in r.data.wanted}
        with ThreadPoolExecutor(max_workers=3) as pool:  # the look-ups at once
            noting = pool.submit(self.note_customers, records)
            reading = pool.submit(self.booking.currencies_in, documents)
            opening = pool.submit(open_balances, netsuite, documents)
            found = self.find_transactions(records)
            noting.result()
            balances, booked = opening.result(), reading.result()
        for record in records:
            record.data.gone = frozenset(record.data.wanted.keys() - balances.keys() - {""})
        there = {r.id: found[r.id][0].id for r in records if len(found.get(r.id, ())) == 1}
        held = applications(netsuite, there.values(), self.reference.custom("invoice", "Zuora ID"))
        for record in sorted(records, key=lambda r: r.turn):
            data: CreditMemoData = record.data
            applied = held.get(there.get(record.id, ""), ())
            data.booked = booked
            data.present = by_document(a for a in applied if a.zuora_id or a.document in data.wanted)
            if may_apply(self.company, data, new=record.id not in there):
                data.allotment = allotted(data.wanted, data.present, balances)
        return found

    def find_made(self, record: SourceRecord, request: Request) -> list[Counterpart]:
        return self.find_transactions([record]).get(record.id, [])

    def plan(self, record: SourceRecord, found: Sequence[Counterpart]) -> Plan:
        return plan(self.company, record, found)

    # -- source ------------------------------------------------------------------------------------------------------

    def mark(self, marks: Sequence[Mark]) -> dict[str, MarkResult]:
        """`PUT /v1/credit-memos/bulk`, 50 a call (api-zuora-billing.md 12.4)."""
        return results_of(self.context.zuora.update_memos("credit", self.bulk_objects(marks)))

    def mark_fields(self, mark: Mark) -> dict[str, Any]:
        origin = {"Origin__NS": "ZUORA"} if mark.destination_id else {}
        return {**super().mark_fields(mark), **origin}


def _documents(found: Sequence[CreditMemoData], kind: str) -> set[str]:
    return {d for data in found for d, k in data.kinds.items() if k == kind}
