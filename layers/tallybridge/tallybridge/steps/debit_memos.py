"""Zuora debit memos -> NetSuite invoices (memos.md, part D)."""

from __future__ import annotations

from collections.abc import Sequence

from tallybridge.steps.documents.invoice_documents import InvoiceDocuments
from tallybridge.steps.documents.memo_mapping import HEAD_FIELDS, WAITING, MemoMapping, items_of, taxes_of
from tallybridge.steps.shared.conditions import SYNCED_TO_NETSUITE, not_ignored, since
from tallybridge.steps.shared.problems import ambiguous
from tallybridge.sync.step import Counterpart, Hold, Mark, MarkResult, Plan, SourceRecord
from tallybridge.zuora.selection import Parent, SourceQuery

# -- selection -----------------------------------------------------------------------------------------------------------

ACCOUNT = Parent("Account", "AccountId", where=SYNCED_TO_NETSUITE)  # rule 1
UNSYNCED = (*WAITING, not_ignored("Sync Complete"))  # rules 2, 3, 5, 6
ITEMS, TAXES = items_of("DebitMemo"), taxes_of("Debit")
CREATING, ERROR = "Creating Debit Memo", "Error Creating Debit Memo"


class DebitMemos(InvoiceDocuments, MemoMapping):
    """Step 5: one NetSuite invoice per posted Zuora debit memo, and later the revenue dates of its deferred lines."""

    name = "debit_memos"
    title = "Zuora debit memos"
    object = "DebitMemo"
    object_label = "Debit memo"
    destination = "invoice"
    code = "DM"
    transaction_type = "CustInvc"
    needs = ("class", "department", "location", "tax code", "revenue template", "currency", "periods", "fields:invoice")

    item_child = ITEMS
    error = ERROR
    tax_of = "DebitMemoItemId"
    kind = "debit"
    zuora_type = "DEBIT_MEMO"
    comment_field = "Comments"

    def head_fields(self) -> tuple[str, ...]:
        return (*HEAD_FIELDS, "DueDate", "Comments")

    def query(self) -> SourceQuery:
        conditions = (*UNSYNCED, *since("MemoDate", self.settings.cutover_zuora_memo))  # rule 4
        heads, copied, children = self.alternatives(conditions), ("AccountId", "Currency"), (ITEMS, TAXES)
        return SourceQuery("DebitMemo", self.head_fields(), heads, parents=(ACCOUNT,), children=children, copy_fields=copied)

    # -- validations -------------------------------------------------------------------------------------------------

    rules = {
        "account": 1,
        "charge": 2,
        "tax code": 3,
        "tax item": 3,
        "project": 4,
        "location": 5,
        "class": 6,
        "department": 7,
        "sum": 8,
    }

    # -- action ------------------------------------------------------------------------------------------------------

    def plan(self, record: SourceRecord, found: Sequence[Counterpart]) -> Plan:
        if record.data.revenue_update:
            return self.plan_revenue_update(record, found)
        if len(found) > 1:
            return Hold((ambiguous(self.code, f"{self.object_label} {record.number}", "invoices", found),))
        if found:
            return self.plan_found(record, found[0])
        if problems := self.problems(record.data):
            return Hold(tuple(problems))
        return self.plan_create(record, CREATING)

    # -- source ------------------------------------------------------------------------------------------------------

    def mark(self, marks: Sequence[Mark]) -> dict[str, MarkResult]:
        """Transferred to Accounting stays Yes during a revenue update (invoices.md section 7, 3)."""
        return super().mark([self.without_transfer(m) for m in marks])
