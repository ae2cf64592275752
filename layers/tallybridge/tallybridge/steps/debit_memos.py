"""Zuora debit memos -> NetSuite invoices (memos.md, part D)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from tallybridge.parallel import all_at_once
from tallybridge.steps.documents import invoice_plans, later_revenue
from tallybridge.steps.documents.document_checks import OF_LINES, account_is_synced, problems
from tallybridge.steps.documents.document_lines import item_line, tax_line
from tallybridge.steps.documents.invoice_plans import plan_create, plan_found
from tallybridge.steps.documents.kind import DocumentData, Kind, tables_needed
from tallybridge.steps.documents.memo_mapping import HEAD_FIELDS, WAITING, Memo, items_of, taxes_of, with_triggers
from tallybridge.steps.documents.reading import Reading, record_of
from tallybridge.steps.shared.company import Company
from tallybridge.steps.shared.conditions import ACCOUNT_FIELDS, SYNCED_TO_NETSUITE, not_ignored, since
from tallybridge.steps.shared.context import StepContext
from tallybridge.steps.shared.from_zuora import ZuoraToNetSuite, results_of
from tallybridge.steps.shared.problems import ambiguous
from tallybridge.sync.held import Held
from tallybridge.sync.step import Candidate, Counterpart, Hold, Mark, MarkResult, Plan, SourceRecord
from tallybridge.zuora.selection import Parent, SourceQuery

# -- selection -----------------------------------------------------------------------------------------------------------

ACCOUNT = Parent("Account", "AccountId", fields=ACCOUNT_FIELDS, where=SYNCED_TO_NETSUITE)  # rule 1
UNSYNCED = (*WAITING, not_ignored("Sync Complete"))  # rules 2, 3, 5, 6
FIELDS = (*HEAD_FIELDS, "DueDate", "Comments")
ITEMS, TAXES = items_of("DebitMemo"), taxes_of("Debit")
CREATING, ERROR = "Creating Debit Memo", "Error Creating Debit Memo"
MEMO = Memo("DebitMemo", "invoice", zuora_type="DEBIT_MEMO", comment_field="Comments")

DEBIT_MEMO = Kind[DocumentData](
    object="DebitMemo",
    code="DM",
    label="Debit memo",
    number="MemoNumber",
    date="MemoDate",
    amount="TotalAmount",
    line_amount="AmountWithoutTax",
    tax_of="DebitMemoItemId",
    record_type=lambda data: "invoice",
    header=MEMO.header,
    item_line=item_line,
    tax_line=tax_line,
    checks=(account_is_synced, *OF_LINES),
    rules={
        "account": 1,
        "charge": 2,
        "tax code": 3,
        "tax item": 3,
        "project": 4,
        "location": 5,
        "class": 6,
        "department": 7,
        "sum": 8,
    },
    creating=lambda data: CREATING,
    error=lambda data: ERROR,
    step="debit_memos",
)


# -- action --------------------------------------------------------------------------------------------------------------


def plan(company: Company, record: SourceRecord, found: Sequence[Counterpart]) -> Plan:
    """What is done with a debit memo."""
    data: DocumentData = record.data
    if data.revenue_update:
        return later_revenue.plan_update(DEBIT_MEMO, company, record, found)
    if len(found) > 1:
        return Hold((ambiguous("DM", DEBIT_MEMO.name(data), "invoices", found),))
    if found:
        return plan_found(DEBIT_MEMO, company, record, found[0])
    if told := problems(DEBIT_MEMO, company, data):
        return Hold(tuple(told))
    return plan_create(DEBIT_MEMO, company, record)


# -- the step ------------------------------------------------------------------------------------------------------------


class DebitMemos(ZuoraToNetSuite):
    """Step 5: one NetSuite invoice per posted Zuora debit memo, and later the revenue dates of its deferred lines."""

    name = "debit_memos"
    title = "Zuora debit memos"
    object = DEBIT_MEMO.object
    object_label = DEBIT_MEMO.label
    destination = "invoice"
    code = DEBIT_MEMO.code
    transaction_type = "CustInvc"
    number_field = DEBIT_MEMO.number
    amount_field = DEBIT_MEMO.amount
    needs: tuple[str, ...] = ("class", "department", "location", "tax code", "revenue template", "currency", "periods", "fields:invoice")

    def __init__(self, context: StepContext) -> None:
        super().__init__(context)
        self.needs = tables_needed(self.needs, self.settings)

    def query(self) -> SourceQuery:
        conditions = (*UNSYNCED, *since("MemoDate", self.settings.cutover_zuora_memo))  # rule 4
        heads = later_revenue.alternatives(conditions, self.settings)
        copied, children = ("AccountId", "Currency"), (ITEMS, TAXES)
        return SourceQuery("DebitMemo", FIELDS, heads, parents=(ACCOUNT,), children=children, copy_fields=copied)

    def waiting_work(self, counted: int | None = None) -> int:
        return super().waiting_work(counted) + len(later_revenue.deferred(self.context))

    def select(self) -> Iterator[Candidate]:
        return later_revenue.with_deferred(super().select(), self.context)

    def refresh(self, candidates: Sequence[Candidate]) -> list[SourceRecord]:
        reading = Reading("DebitMemo", FIELDS, ITEMS, _data)
        return [record_of(DEBIT_MEMO, self.company, d) for d in reading.read(self.context.source, self.reread, candidates)]

    # -- destination -------------------------------------------------------------------------------------------------

    def find(self, records: Sequence[SourceRecord]) -> dict[str, list[Counterpart]]:
        new = [r for r in records if not r.data.revenue_update]
        found: dict[str, list[Counterpart]]
        found, _ = all_at_once(partial(self.find_transactions, new), partial[Any](self.note_customers, records))
        changed = {r.id: r.destination_id for r in records if r.data.revenue_update and r.destination_id}
        return later_revenue.with_lines(self.context.netsuite, self.reference, found, changed)

    def holdings(self, source_ids: Sequence[str]) -> Iterator[tuple[str, Held]]:
        return invoice_plans.holdings(self, source_ids)

    def plan(self, record: SourceRecord, found: Sequence[Counterpart]) -> Plan:
        return plan(self.company, record, found)

    # -- source ------------------------------------------------------------------------------------------------------

    def mark(self, marks: Sequence[Mark]) -> dict[str, MarkResult]:
        """`PUT /v1/debit-memos/bulk`, 50 a call (api-zuora-billing.md 12.4). Transferred to Accounting stays Yes during a revenue update
        (invoices.md section 7, 3)."""
        objects = self.bulk_objects([later_revenue.without_transfer(m) for m in marks])
        return results_of(self.context.zuora.update_memos("debit", objects))


def _data(head: Mapping[str, Any], account: Mapping[str, Any], items: list[dict[str, Any]], taxes: list[dict[str, Any]], /) -> DocumentData:
    return DocumentData(head, account, with_triggers(items), taxes)
