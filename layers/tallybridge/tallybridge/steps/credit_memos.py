"""Zuora credit memos -> NetSuite credit memos (memos.md, part C)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from tallybridge.clock import utc_moment
from tallybridge.money import plain
from tallybridge.steps.documents.document_checks import DocumentChecks
from tallybridge.steps.documents.document_lines import DocumentData
from tallybridge.steps.documents.memo_mapping import HEAD_FIELDS, WAITING, MemoMapping, items_of, taxes_of
from tallybridge.steps.settling.applications import (
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
from tallybridge.steps.shared.conditions import ACCOUNT_COMPLETE, SYNCED_TO_NETSUITE
from tallybridge.steps.shared.problems import ambiguous
from tallybridge.steps.shared.texts import day
from tallybridge.sync.step import (
    SYNC_COMPLETE,
    Candidate,
    Counterpart,
    Found,
    Hold,
    Leave,
    Mark,
    Plan,
    Problem,
    Remainder,
    Request,
    SourceRecord,
    Write,
    has_status,
)
from tallybridge.zuora.selection import Child, IsNot, OnOrAfter, Parent, Selected, SourceQuery

# -- selection -----------------------------------------------------------------------------------------------------------

ACCOUNT = Parent("Account", "AccountId", where=SYNCED_TO_NETSUITE, fresh=ACCOUNT_COMPLETE)
UNSENT = (
    *WAITING,
    IsNot("Origin__NS", ("NETSUITE",)),  # rule 4
    IsNot("IntegrationStatus__NS", ("Ignore",)),  # rule 6
)
MIGRATED = "AR Mig - negative invoice"
"""Reason code of the memos that Zuora's migration makes of negative invoices, which NetSuite has already (rule 6)."""
ITEMS, TAXES = items_of("CreditMemo"), taxes_of("Credit")
PARTS = Child("parts", "CreditMemoPart", "CreditMemoId", fields=("Id", "InvoiceId", "DebitMemoId", "Amount"), zoql=False)

CREATING, ERROR_CREATING = "Creating Credit Memo", "Error Creating Credit Memo"
UPDATING, ERROR_UPDATING = "Updating Credit Memo", "Error Updating Credit Memo"
TOGETHER = 150
"""Memos that are processed together: each such piece costs four look-ups in NetSuite, one more than for other documents."""
SECONDS = len("2026-01-31T08:15:00")
"""Object Query gives moments without their fractions."""


@dataclass
class CreditMemoData(DocumentData):
    """A credit memo with everything its mapping needs. `applied` sums its parts by document id; `documents` are the invoices and debit
    memos it is applied to or made from, by id; `present` is what NetSuite has applied of it, `allotment` what can be applied now."""

    applied: Mapping[str, Decimal] = field(default_factory=dict)
    kinds: Mapping[str, str] = field(default_factory=dict)
    documents: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    present: Mapping[str, Decimal] = field(default_factory=dict)
    allotment: Allotment = field(default_factory=Allotment)

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


class CreditMemos(DocumentChecks, MemoMapping):
    """Step 6: one NetSuite credit memo per posted Zuora credit memo, with its applications; later changes of those as updates."""

    name = "credit_memos"
    title = "Zuora credit memos"
    object = "CreditMemo"
    object_label = "Credit memo"
    destination = "creditMemo"
    code = "CM"
    transaction_type = "CustCred"
    chunk = TOGETHER
    in_order = True
    needs = ("class", "department", "location", "tax code", "revenue template", "periods", "fields:creditMemo")

    tax_of = "CreditMemoItemId"
    kind = "credit"
    zuora_type = "CREDIT_MEMO"
    comment_field = "Comment"

    def query(self) -> SourceQuery:
        conditions = UNSENT
        if self.settings.cutover_zuora_memo:
            conditions += (OnOrAfter("MemoDate", self.settings.cutover_zuora_memo.isoformat()),)  # rule 5
        return SourceQuery(
            "CreditMemo",
            (*HEAD_FIELDS, "Comment", "InvoiceId", "ReasonCode", "AppliedAmount", "Origin__NS"),
            (conditions,),
            parents=(ACCOUNT,),  # rule 2
            children=(ITEMS, TAXES, PARTS),
            copy_fields=("AccountId", "ReasonCode"),
            group="AccountId",
        )

    def select(self) -> Iterator[Candidate]:
        """As many as one run may take (rule 7); those that are not sent anyway do not count."""
        counted = 0
        for candidate in super().select():
            counted += not self._stays_behind(candidate.data["copy"])
            if counted > self.settings.credit_memos_per_run:
                return
            yield candidate

    def _stays_behind(self, head: Mapping[str, Any]) -> bool:
        return head.get("ReasonCode") == MIGRATED and not self.settings.send_migrated_credit_memos

    def refresh(self, candidates: Sequence[Candidate]) -> list[SourceRecord]:
        source = self.context.source
        rereads, charges = self.reread_with_charges(candidates)
        found = [self._data(selected, head, parents["Account"]) for selected, head, parents in rereads]
        self.add_charges(found, charges)
        referred = {str(d.head.get("InvoiceId") or "") for d in found}
        documents = {
            **source.reread("Invoice", referred | _documents(found, "invoice"), ("InvoiceNumber", "IntegrationId__NS")),
            **source.reread("DebitMemo", _documents(found, "debit memo"), ()),
        }
        for data in found:
            data.documents = documents
        return [self.record(d) for d in found]

    def _data(self, selected: Selected, head: Mapping[str, Any], account: Mapping[str, Any]) -> CreditMemoData:
        children = selected.children
        applied, kinds = applied_parts(children.get("parts", []))
        moved = utc_moment(selected.updated)[:SECONDS] != utc_moment(head.get("UpdatedDate"))[:SECONDS]
        if moved or sum(applied.values(), Decimal(0)) != Decimal(head.get("AppliedAmount") or 0):  # applied since the copy was taken
            applied, kinds = applied_parts(self.context.source.children(PARTS, [selected.id])[selected.id])
        items = self.complete_items(children.get("items", []))
        return CreditMemoData(head, account, items, children.get("taxes", []), applied=applied, kinds=kinds)

    def find(self, records: Sequence[SourceRecord]) -> dict[str, list[Counterpart]]:
        """Counterparts; beside each record what NetSuite has applied of it, and what the open balances allow: at most four calls."""
        netsuite = self.context.netsuite
        with ThreadPoolExecutor(max_workers=2) as pool:  # the look-ups at once
            noting = pool.submit(self.note_customer_currencies, records)
            opening = pool.submit(open_balances, netsuite, {d for r in records for d in r.data.wanted})
            found = self.find_transactions(records)
            noting.result()
            balances = opening.result()
        there = {r.id: found[r.id][0].id for r in records if len(found.get(r.id, ())) == 1}
        held = applications(netsuite, there.values(), self.reference.custom("invoice", "Zuora ID"))
        for record in sorted(records, key=lambda r: r.turn):
            data: CreditMemoData = record.data
            applied = held.get(there.get(record.id, ""), ())
            data.present = by_document(a for a in applied if a.zuora_id or a.document in data.wanted)
            if self._may_apply(data, new=record.id not in there):
                data.allotment = allotted(data.wanted, data.present, balances)
        return found

    def _may_apply(self, data: CreditMemoData, *, new: bool) -> bool:
        """Whether the memo takes its share of the open balances: not when it is not going to be sent."""
        if new:
            return not self._stays_behind(data.head) and not self.problems(data)
        return not any(self._application_problems(data))

    def find_made(self, record: SourceRecord, request: Request) -> list[Counterpart]:
        return self.find_transactions([record]).get(record.id, [])

    # -- validations -------------------------------------------------------------------------------------------------

    rules = {
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
    }

    def _parents(self, data: DocumentData) -> Iterator[Problem]:
        assert isinstance(data, CreditMemoData)
        if not data.account.get("IntegrationId__NS"):
            name = f"account {data.account.get('AccountNumber', '')}"
            advice = "Enter the account's NetSuite id, or clear its Integration Status so that it is synced again."
            yield Problem("CM-ACCOUNT", f"{self.label(data)}: {name} has not been synced to NetSuite.", advice, name)
        yield from self._application_problems(data)

    def _application_problems(self, data: CreditMemoData) -> Iterator[Problem]:
        """Rules 1, 2 and 8, which concern updates too."""
        referred = str(data.head.get("InvoiceId") or "")
        for document_id, kind in {**({referred: "invoice"} if referred else {}), **data.kinds}.items():
            if not data.internal_id(document_id):
                name = f"{kind} {data.number_of(document_id)}"
                yield self.not_synced(kind, data, name)
        if sum(data.applied.values(), Decimal(0)) > Decimal(data.head.get("TotalAmount") or 0):
            advice = "Compare the memo with its applications in Zuora; if they are right there, ask for help with this number."
            yield self.problem("applied", data, "applied amounts exceed the memo amount.", advice)

    # -- action ------------------------------------------------------------------------------------------------------

    def plan(self, record: SourceRecord, found: Sequence[Counterpart]) -> Plan:
        data: CreditMemoData = record.data
        if len(found) > 1:
            return Hold((ambiguous(self.code, self.label(data), "credit memos", found),))
        if found:
            return self._plan_present(record, found[0])
        if self._stays_behind(data.head):
            text = "created by the Invoice Settlement migration from a negative invoice; not sent."
            advice = "Set Transferred to Accounting to Yes or allow migrated memos."
            return Leave(Problem("CM-MIGRATED", f"{self.label(data)}: {text} {advice}", advice), level="WARNING")
        if problems := self.problems(data):
            return Hold(tuple(problems))
        posting = self.posting(day(data.head.get("MemoDate")) or "", self.label(data))
        if closed := posting.plan(ERROR_CREATING):
            return closed
        data.posting = posting.fields
        lines = apply_sublist(apply_lines(data.allotment.fits))
        body = {**self.header(data), "item": {"items": self.lines(data)}, "autoApply": False, **lines}
        return Write("create", CREATING, ERROR_CREATING, (Request("creditMemo", body),), remainder=self._remainder(data))

    def _plan_present(self, record: SourceRecord, there: Counterpart) -> Plan:
        """The NetSuite credit memo exists: its applications follow Zuora's, whether it was reset by a person or found after an interrupted
        create. Item lines, date and customer stay as they are; applications to documents that are not Zuora's too."""
        data: CreditMemoData = record.data
        updating = is_update(record.status)
        if there.amount != record.amount:
            if updating:
                text = f"amount differs from NetSuite credit memo {there.id}; lines are not changed by an update."
                advice = "Correct or delete the NetSuite credit memo; the next run looks again."
                return Hold((self.problem("amount", data, text, advice),))
            return Write("recover", "", ERROR_CREATING, (), destination_id=there.id)  # refused by the comparison that follows
        if problems := [*self._application_problems(data)]:
            return Hold(tuple(problems))
        lines = changed_lines(data.allotment.reachable(data.present), data.present)
        remainder = self._remainder(data)
        if remainder and not lines and has_status(record.status, UPDATING):
            problem = remainder.problem
            return Hold((Problem(problem.code, problem.message.replace("{id}", there.id), problem.advice),))
        if not updating and not lines and not remainder:
            return Found(there)
        body = {**(self.descriptive(data) if updating else {}), **apply_sublist(lines)}
        requests = (Request("creditMemo", body, there.id),) if body else ()
        action = "update" if updating else "recover"
        return Write(action, UPDATING, ERROR_UPDATING, requests, destination_id=there.id, remainder=remainder)

    def _remainder(self, data: CreditMemoData) -> Remainder | None:
        """The applications that NetSuite would refuse, which a later run makes; None when all of them fit."""
        short = data.allotment.short
        if not short:
            return None
        missing = [
            f"not applied to {data.number_of(d)}: open balance {plain(short[i].open)}, needed {plain(short[i].needed)}"
            for d in data.applied
            if (i := data.internal_id(d)) in short
        ]
        text = f"{self.label(data)}: created as {{id}}, but {'; '.join(missing)}."
        advice = "Free the document's balance in NetSuite (a payment made there, or one that Zuora has unapplied); the next run applies it."
        return Remainder(UPDATING, Problem("CM-OPEN", text, advice))

    # -- mapping -----------------------------------------------------------------------------------------------------

    def line_type(self, item: Mapping[str, Any]) -> str | None:
        return "Charge"

    def quantity(self, item: Mapping[str, Any]) -> Any:
        """Not mapped for credit memos."""
        return None

    # -- source ------------------------------------------------------------------------------------------------------

    def mark_fields(self, mark: Mark) -> dict[str, Any]:
        origin = {"Origin__NS": "ZUORA"} if mark.destination_id else {}
        return {**super().mark_fields(mark), **origin}


def is_update(status: str) -> bool:
    """Whether a memo that NetSuite has is to be updated: it was complete, or an update of it was refused, interrupted, left unfinished."""
    return has_status(status, SYNC_COMPLETE, UPDATING, ERROR_UPDATING)


def _documents(found: Sequence[CreditMemoData], kind: str) -> set[str]:
    return {d for data in found for d, k in data.kinds.items() if k == kind}
