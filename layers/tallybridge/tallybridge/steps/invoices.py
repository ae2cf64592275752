"""Zuora invoices -> NetSuite invoices (invoices.md), Invoice Settlement tenants."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

from tallybridge.steps.base import ambiguous, day
from tallybridge.steps.invoice_documents import ACCOUNT_FIELDS, REVENUE_UNFINISHED, InvoiceDocuments
from tallybridge.steps.invoice_mapping import InvoiceData, InvoiceMapping
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
from tallybridge.zuora.selection import Child, Condition, Is, IsNot, Join, OnOrAfter, Parent, SourceQuery

__all__ = ["ACCOUNT_FIELDS", "HEAD_FIELDS", "ITEMS", "REVENUE_UNFINISHED", "TAXES", "Invoices"]

# -- 1 selection ---------------------------------------------------------------------------------------------------------

ACCOUNT = Parent("Account", "AccountId", where=(Is("SynctoNetSuite__NS", ("Yes", None)),))  # rule 1
WAITING: tuple[Condition, ...] = (
    Is("Status", ("Posted",)),  # rule 2
    Is("TransferredToAccounting", ("No", None, "Error", "Processing")),  # rule 3
    IsNot("IntegrationStatus__NS", ("Ignore",)),  # rule 5
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

CREATING, ERROR = "Creating Invoice", "Error Creating Invoice"


class Invoices(InvoiceDocuments, InvoiceMapping):
    """Step 4: one NetSuite invoice per posted Zuora invoice, and later the revenue dates of its deferred lines."""

    name = "invoices"
    title = "Zuora invoices"
    object = "Invoice"
    object_label = "Invoice"
    destination = "invoice"
    code = "INV"
    transaction_type = "CustInvc"
    needs = ("class", "department", "location", "tax code", "revenue template", "periods", "fields:invoice")

    head_fields = HEAD_FIELDS
    item_child = ITEMS
    data_class = InvoiceData
    error = ERROR

    def query(self) -> SourceQuery:
        conditions = WAITING
        if self.settings.cutover_zuora_invoice:
            conditions += (OnOrAfter("InvoiceDate", self.settings.cutover_zuora_invoice.isoformat()),)  # rule 4
        heads = self.alternatives(conditions)
        return SourceQuery("Invoice", HEAD_FIELDS, heads, parents=(ACCOUNT,), children=(ITEMS, TAXES), copy_fields=("AccountId",))

    def find(self, records: Sequence[SourceRecord]) -> dict[str, list[Counterpart]]:
        updates = [r for r in records if r.data.revenue_update]
        large = [r for r in records if not r.data.revenue_update and self._is_large(r.data)]
        with ThreadPoolExecutor(max_workers=1) as pool:  # both look-ups at once
            noting = pool.submit(self.note_customer_currencies, records)
            found = self.find_transactions([r for r in records if not r.data.revenue_update])
            noting.result()
        known = self.context.known([r.id for r in large]) if large else {}
        for record in large:
            record.data.was_set_aside = known.get(record.id, {}).get("code") == "INV-LARGE"
        needed = {r.id: r.destination_id for r in updates if r.destination_id}
        needed |= {r.id: found[r.id][0].id for r in large if len(found.get(r.id, ())) == 1}
        lines = self.lines_in_netsuite(list(needed.values()))
        for source_id, internal_id in needed.items():
            amount = found[source_id][0].amount if source_id in found else None
            found[source_id] = [Counterpart(internal_id, amount, {"lines": lines.get(internal_id, [])})]
        return found

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
            return Hold((ambiguous("INV", f"Invoice {record.number}", "invoices", found),))
        large = self._is_large(data)
        if found and not (large and found[0].amount != record.amount):
            return self.plan_found(record, found[0])
        if Decimal(data.head.get("Amount") or 0) < 0:  # rule 6
            negative = f"Invoice {record.number}: negative invoices are not synced when Invoice Settlement is enabled."
            return Leave(
                Problem("INV-NEGATIVE", negative, "Handle it by hand, or set Transferred to Accounting to Ignore."), level="WARNING"
            )
        if problems := self.problems(data):
            nothing_to_send = [p.code for p in problems] == ["INV-V10"] and not record.amount
            return Leave(problems[0], set_aside=True) if nothing_to_send else Hold(tuple(problems))
        posting = self.posting(day(data.head.get("InvoiceDate")) or "", f"Invoice {record.number}")
        if closed := posting.plan(ERROR):
            return closed
        data.posting = posting.fields
        if large:
            return self._plan_large(record, found)
        return Write(
            "create",
            CREATING,
            ERROR,
            (Request("invoice", {**self.header(data), "item": {"items": self.lines(data)}}),),
            check_amount=self.amounts_must_match,
            facts=self.facts(data),
        )

    # -- 10 large invoices -------------------------------------------------------------------------------------------

    def _is_large(self, data: InvoiceData) -> bool:
        return len(self.items(data)) + len(self.taxes(data)) > self.settings.large_invoice_lines

    def _plan_large(self, record: SourceRecord, found: Sequence[Counterpart]) -> Plan:
        """Set aside at first sight; once a person has set Transferred to Accounting to No again, send it in pieces.

        Negative lines come last, so that the running total never falls below zero. Lines are numbered in the order in which they are sent:
        a piece that arrives twice changes nothing. After a crash the lines that are already there are left out.
        """
        data: InvoiceData = record.data
        count = len(self.items(data)) + len(self.taxes(data))
        if not data.was_set_aside and not found and not record.status:
            limit = self.settings.large_invoice_lines
            text_ = f"Invoice {record.number}: {count} lines exceed the limit of {limit}; set aside."
            advice = "Set Transferred to Accounting to No to send it in pieces."
            return Leave(Problem("INV-LARGE", f"{text_} {advice}", advice), set_aside=True, level="WARNING")
        there = {line["zuoraid"] for line in found[0].record["lines"]} if found else set()
        id_field = self.reference.custom("invoice", "Zuora ID", line=True)
        lines = sorted(self.lines(data), key=lambda line: line["amount"] < 0)
        missing = (line for line in lines if line[id_field] not in there)
        rest = [{**line, "line": number} for number, line in enumerate(missing, len(there) + 1)]
        size = self.settings.large_invoice_piece
        pieces = [{"item": {"items": rest[n : n + size]}} for n in range(0, len(rest), size)]
        target = found[0].id if found else None
        requests = [Request("invoice", piece, target or CREATED) for piece in pieces]
        if target is None:
            requests[0] = Request("invoice", {**self.header(data), **pieces[0]})
        return Write("create", CREATING, ERROR, tuple(requests), destination_id=target or "", facts=self.facts(data))

    # -- source ------------------------------------------------------------------------------------------------------

    def mark(self, marks: Sequence[Mark]) -> dict[str, MarkResult]:
        """`PUT /v1/invoices`, 50 a call (api-zuora-billing.md 12.3)."""
        objects = []
        for mark in marks:
            fields = self.mark_fields(mark)
            if mark.record.data.revenue_update:
                fields.pop("TransferredToAccounting", None)  # stays Yes (section 7, 3)
            if "TransferredToAccounting" in fields:
                fields["transferredToAccounting"] = fields.pop("TransferredToAccounting")
            objects.append({"id": mark.record.id, **self.context.source.to_tenant(fields)})
        return {w.id: MarkResult(w.ok, w.code, w.message) for w in self.context.zuora.update_invoices(objects)}
