"""Zuora invoices -> NetSuite invoices; negative ones of tenants without Invoice Settlement -> credit memos (invoices.md)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

from tallybridge.errors import LoginRefused, ServiceError
from tallybridge.steps.documents.document_lines import DocumentData
from tallybridge.steps.documents.invoice_documents import InvoiceDocuments
from tallybridge.steps.documents.invoice_mapping import InvoiceData, InvoiceMapping
from tallybridge.steps.shared.base import results_of
from tallybridge.steps.shared.conditions import NOT_TRANSFERRED, SYNCED_TO_NETSUITE, not_ignored, since
from tallybridge.steps.shared.context import StepContext
from tallybridge.steps.shared.problems import ambiguous
from tallybridge.sync.held import same_amount
from tallybridge.sync.step import (
    CREATED,
    Counterpart,
    Hold,
    Leave,
    Mark,
    MarkResult,
    Plan,
    Problem,
    Request,
    SourceRecord,
    Write,
)
from tallybridge.zuora.selection import Child, Condition, Is, Join, Parent, SourceQuery

# -- 1 selection ---------------------------------------------------------------------------------------------------------

ACCOUNT = Parent("Account", "AccountId", where=SYNCED_TO_NETSUITE)  # rule 1
WAITING: tuple[Condition, ...] = (
    Is("Status", ("Posted",)),  # rule 2
    NOT_TRANSFERRED,  # rule 3
    not_ignored(),  # rule 5
)
HEAD_FIELDS = (
    "InvoiceNumber",
    "InvoiceDate",
    "DueDate",
    "Amount",
    "AmountWithoutTax",
    "TaxAmount",
    "TaxExemptAmount",
    "Comments",
    "CreatedDate",
    "PostedDate",
    "TargetDate",
    "LastEmailSentDate",
    "Status",
    "AccountId",
    "TransferredToAccounting",
    "IntegrationId__NS",
    "IntegrationStatus__NS",
)
ITEMS = Child(
    "items",
    "InvoiceItem",
    "InvoiceId",
    fields=(
        "Id",
        "ChargeName",
        "ChargeAmount",
        "TaxAmount",
        "Quantity",
        "ChargeDate",
        "ProcessingType",
        "ServiceStartDate",
        "ServiceEndDate",
        "RevRecStartDate",
        "RevRecCode",
        "RatePlanChargeId",
        "SubscriptionId",
    ),
    joins=(
        Join("Subscription", "Subscription", "SubscriptionId", ("Name", "Notes", "SubscriptionEndDate", "Project__NS")),
        Join("RatePlanCharge", "RatePlanCharge", "RatePlanChargeId", ("ProductRatePlanChargeId",)),
    ),
)
TAXES = Child(
    "taxes",
    "TaxationItem",
    "InvoiceId",
    fields=(
        "Id",
        "InvoiceItemId",
        "AccountingCode",
        "Jurisdiction",
        "TaxAmount",
        "TaxCode",
        "TaxDate",
        "TaxRate",
        "TaxRateType",
        "TaxRateDescription",
    ),
    via=("InvoiceItem", "InvoiceItemId", "InvoiceId"),
)

ITEMS_WITH_KEYS = replace(ITEMS, fields=(*ITEMS.fields, "IntegrationId__NS"))
"""Without Invoice Settlement items hold the key of their NetSuite line."""

CREDIT_MEMO = "CustCred"
CREATING, ERROR = "Creating Invoice", "Error Creating Invoice"
CREATING_CREDIT, ERROR_CREDIT = "Creating Credit Memo", "Error Creating Credit Memo"


class Invoices(InvoiceDocuments, InvoiceMapping):
    """Step 4: one NetSuite invoice, or credit memo, per posted Zuora invoice, and later the revenue dates of its deferred lines."""

    name = "invoices"
    title = "Zuora invoices"
    object = "Invoice"
    object_label = "Invoice"
    destination = "invoice"
    code = "INV"
    transaction_type = "CustInvc"
    needs: tuple[str, ...] = ("class", "department", "location", "tax code", "revenue template", "currency", "periods", "fields:invoice")

    item_child = ITEMS
    data_class = InvoiceData
    error = ERROR

    def __init__(self, context: StepContext) -> None:
        super().__init__(context)
        if not self.settlement_on:
            self.needs = (*self.needs, "fields:creditMemo")
            self.item_child = ITEMS_WITH_KEYS

    @property
    def transaction_types(self) -> tuple[str, ...]:
        return (self.transaction_type,) if self.settlement_on else (self.transaction_type, CREDIT_MEMO)

    def query(self) -> SourceQuery:
        return self._query(self.invoice_currency)

    def _query(self, currency: tuple[str, ...]) -> SourceQuery:
        """`currency`: the field, where the tenant's invoices have it."""
        heads = self.alternatives((*WAITING, *since("InvoiceDate", self.settings.cutover_zuora_invoice)))  # rule 4
        copied, children = ("AccountId", *currency), (self.item_child, TAXES)
        return SourceQuery("Invoice", (*HEAD_FIELDS, *currency), heads, parents=(ACCOUNT,), children=children, copy_fields=copied)

    def count(self) -> int:
        """The same call tells whether invoices have a currency of their own."""
        known, source = self.context.invoice_currency, self.context.source
        return known.ask(lambda currency: source.count(self._query(currency), currency)) if known else super().count()

    def head_fields(self) -> tuple[str, ...]:
        return (*HEAD_FIELDS, *self.invoice_currency)

    # -- 2 destination -----------------------------------------------------------------------------------------------

    def find_documents(self, records: Sequence[SourceRecord]) -> dict[str, list[Counterpart]]:
        """Invoices among NetSuite's invoices, negative ones among its credit memos."""
        negative = [r for r in records if self.is_negative(r.data)]
        found = self.find_transactions([r for r in records if not self.is_negative(r.data)])
        return found | self.find_transactions(negative, CREDIT_MEMO)

    def total_in(self, row: Mapping[str, Any]) -> Decimal | None:
        """With the sign of the Zuora invoice: SuiteQL gives the total of a credit memo as a negative amount."""
        return Decimal(row["foreigntotal"]) if "foreigntotal" in row else None

    def also_with_lines(self, records: Sequence[SourceRecord], found: Mapping[str, Sequence[Counterpart]]) -> dict[str, str]:
        large = [r for r in records if not r.data.revenue_update and self._is_large(r.data)]
        known = self.context.known([r.id for r in large]) if large else {}
        for record in large:
            record.data.was_set_aside = known.get(record.id, {}).get("set_aside") == "INV-LARGE"
        return {r.id: found[r.id][0].id for r in large if len(found.get(r.id, ())) == 1}

    # -- 3 validations -----------------------------------------------------------------------------------------------

    rules = {
        "account": 1,
        "charge": 2,
        "tax code": 3,
        "project": 4,
        "location": 5,
        "class": 6,
        "department": 7,
        "tax item": 8,
        "sum": 9,
        "lines": 10,
        "jurisdiction": 11,
    }
    plain_texts = False

    # -- 4 action ----------------------------------------------------------------------------------------------------

    def plan(self, record: SourceRecord, found: Sequence[Counterpart]) -> Plan:
        data: InvoiceData = record.data
        if data.revenue_update:
            return self.plan_revenue_update(record, found)
        if len(found) > 1:
            return Hold((ambiguous("INV", self.label(data), "credit memos" if self.is_negative(data) else "invoices", found),))
        large = self._is_large(data)
        if found and not (large and not same_amount(record.sent, found[0].held)):
            return self.plan_found(record, found[0])
        if self.settlement_on and self.is_negative(data):  # rule 6
            negative = f"Invoice {record.number}: negative invoices are not synced when Invoice Settlement is enabled."
            return Hold((Problem("INV-NEGATIVE", negative, "Handle it by hand, or set Transferred to Accounting to Ignore."),))
        if problems := self.problems(data):
            nothing_to_send = [p.code for p in problems] == ["INV-V10"] and not record.amount
            return Leave(problems[0], set_aside=True) if nothing_to_send else Hold(tuple(problems))
        return self._plan_large(record, found) if large else self.plan_create(record, self._creating(data))

    def _creating(self, data: DocumentData) -> str:
        return CREATING_CREDIT if self.is_negative(data) else CREATING

    def error_of(self, data: DocumentData) -> str:
        return ERROR_CREDIT if self.is_negative(data) else ERROR

    # -- 10 large invoices -------------------------------------------------------------------------------------------

    def _is_large(self, data: InvoiceData) -> bool:
        return len(self.items(data)) + len(self.taxes(data)) > self.settings.large_invoice_lines

    def _plan_large(self, record: SourceRecord, found: Sequence[Counterpart]) -> Plan:
        """Set aside at first sight; once a person has set Transferred to Accounting to No again, send it in pieces.

        Negative lines come last, so that the running total never falls below zero. Lines are numbered in the order in which they are sent:
        a piece that arrives twice changes nothing. After a crash the lines that are already there are left out.
        """
        data: InvoiceData = record.data
        record_type, error = self.record_type(data), self.error_of(data)
        if closed := self.post(data).plan(error):
            return closed
        count = len(self.items(data)) + len(self.taxes(data))
        if not data.was_set_aside and not found and not record.status:
            limit = self.settings.large_invoice_lines
            text_ = f"Invoice {record.number}: {count} lines exceed the limit of {limit}; set aside."
            advice = "Set Transferred to Accounting to No to send it in pieces."
            return Hold((Problem("INV-LARGE", f"{text_} {advice}", advice),), set_aside=True)
        there = {line["zuoraid"] for line in found[0].record["lines"] if line.get("zuoraid")} if found else set()
        id_field = self.reference.custom(record_type, "Zuora ID", line=True)
        lines = sorted(self.lines(data), key=lambda line: line["amount"] < 0)
        missing = (line for line in lines if line[id_field] not in there)
        rest = [{**line, "line": number} for number, line in enumerate(missing, len(there) + 1)]
        size = self.settings.large_invoice_piece
        pieces = [{"item": {"items": rest[n : n + size]}} for n in range(0, len(rest), size)]
        target = found[0].id if found else None
        requests = [Request(record_type, piece, target or CREATED) for piece in pieces]
        if target is None:
            requests[0] = Request(record_type, {**self.header(data), **pieces[0]})
        return Write(
            "create",
            self._creating(data),
            error,
            tuple(requests),
            destination_id=target or "",
            check_amount=self.amounts_must_match,
            facts=self.facts(data),
        )

    # -- source ------------------------------------------------------------------------------------------------------

    def mark(self, marks: Sequence[Mark]) -> dict[str, MarkResult]:
        """50 a call: Actions, which tell which one failed, and with Invoice Settlement `PUT /v1/invoices` (api-zuora-billing.md 15.2)."""
        marks = [self.without_transfer(m) for m in marks]
        if not self.settlement_on:
            return super().mark(marks)
        return results_of(self.context.zuora.update_invoices(self.bulk_objects(marks)))

    def complete_details(self, done: Mapping[str, tuple[SourceRecord, str]]) -> dict[str, MarkResult]:
        """Without Invoice Settlement each item gets the key of its NetSuite line, 50 a call (section 4, 3)."""
        sent = {i: (r, to) for i, (r, to) in done.items() if not r.data.revenue_update}
        if not sent:
            return {}
        try:
            super().complete_details(sent)
            if self.settlement_on:
                return {}
            lines = self.lines_in_netsuite([to for _, to in sent.values()])
        except LoginRefused:
            raise
        except ServiceError as lost:
            return dict.fromkeys(sent, MarkResult(False, lost.code, lost.message))
        keys: dict[str, str] = {}
        invoice_of: dict[str, str] = {}
        for invoice_id, (record, to) in sent.items():
            line_of = {line.get("zuoraid"): line["line"] for line in lines.get(to, ())}
            for item in self.items(record.data):
                if item["Id"] in line_of:
                    keys[item["Id"]], invoice_of[item["Id"]] = line_of[item["Id"]], invoice_id
        objects = [{"Id": i, **self.context.source.to_tenant({"IntegrationId__NS": key})} for i, key in keys.items()]
        written = self.context.zuora.update("InvoiceItem", objects)
        return {invoice_of[w.id]: MarkResult(False, w.code, w.message) for w in written if not w.ok}
