"""Zuora invoices -> NetSuite invoices; negative ones of tenants without Invoice Settlement -> credit memos (invoices.md)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from decimal import Decimal
from typing import Any

from tallybridge.errors import LoginRefused, ServiceError
from tallybridge.steps.documents import invoice_plans, later_revenue
from tallybridge.steps.documents.document_checks import OF_LINES, account_is_synced, problems
from tallybridge.steps.documents.document_lines import item_line, lines, tax_line
from tallybridge.steps.documents.invoice_mapping import InvoiceData, header, is_negative, items, record_type, signed, taxes
from tallybridge.steps.documents.invoice_plans import amounts_must_match, plan_create, plan_found, post
from tallybridge.steps.documents.kind import Kind, tables_needed
from tallybridge.steps.documents.reading import Reading, record_of
from tallybridge.steps.shared.company import Company
from tallybridge.steps.shared.conditions import ACCOUNT_FIELDS, NOT_TRANSFERRED, SYNCED_TO_NETSUITE, not_ignored, since
from tallybridge.steps.shared.context import StepContext
from tallybridge.steps.shared.from_zuora import ZuoraToNetSuite, result_of, results_of
from tallybridge.steps.shared.problems import ambiguous
from tallybridge.sync.held import Held, same_amount
from tallybridge.sync.step import (
    CREATED,
    Candidate,
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

ACCOUNT = Parent("Account", "AccountId", fields=ACCOUNT_FIELDS, where=SYNCED_TO_NETSUITE)  # rule 1
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


INVOICE = Kind[InvoiceData](
    object="Invoice",
    code="INV",
    label="Invoice",
    number="InvoiceNumber",
    date="InvoiceDate",
    amount="Amount",
    line_amount="ChargeAmount",
    tax_of="InvoiceItemId",
    record_type=record_type,
    header=header,
    items=items,
    taxes=taxes,
    signed=signed,
    item_line=item_line,
    tax_line=tax_line,
    checks=(account_is_synced, *OF_LINES),
    rules={
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
    },
    plain_texts=False,
    creating=lambda data: CREATING_CREDIT if is_negative(data) else CREATING,
    error=lambda data: ERROR_CREDIT if is_negative(data) else ERROR,
    step="invoices",
)


# -- 4 action ------------------------------------------------------------------------------------------------------------


def plan(company: Company, record: SourceRecord, found: Sequence[Counterpart]) -> Plan:
    """What is done with an invoice."""
    data: InvoiceData = record.data
    if data.revenue_update:
        return later_revenue.plan_update(INVOICE, company, record, found)
    if len(found) > 1:
        return Hold((ambiguous("INV", INVOICE.name(data), "credit memos" if is_negative(data) else "invoices", found),))
    large = is_large(company, data)
    if found and not (large and not same_amount(record.sent, found[0].held)):
        return plan_found(INVOICE, company, record, found[0])
    if company.settlement_on and is_negative(data):  # rule 6
        negative = f"Invoice {record.number}: negative invoices are not synced when Invoice Settlement is enabled."
        return Hold((Problem("INV-NEGATIVE", negative, "Handle it by hand, or set Transferred to Accounting to Ignore."),))
    if told := problems(INVOICE, company, data):
        nothing_to_send = [p.code for p in told] == ["INV-V10"] and not record.amount
        return Leave(told[0], set_aside=True) if nothing_to_send else Hold(tuple(told))
    return plan_large(company, record, found) if large else plan_create(INVOICE, company, record)


# -- 10 large invoices ---------------------------------------------------------------------------------------------------


def _line_count(company: Company, data: InvoiceData) -> int:
    return len(items(company, data)) + len(taxes(company, data))


def is_large(company: Company, data: InvoiceData) -> bool:
    """Whether it is not sent as a whole."""
    return _line_count(company, data) > company.settings.large_invoice_lines


def plan_large(company: Company, record: SourceRecord, found: Sequence[Counterpart]) -> Plan:
    """Set aside at first sight; once a person has set Transferred to Accounting to No again, send it in pieces.

    Negative lines come last, so that the running total never falls below zero. Lines are numbered in the order in which they are sent:
    a piece that arrives twice changes nothing. After a crash the lines that are already there are left out.
    """
    data: InvoiceData = record.data
    type_, error = INVOICE.record_type(data), INVOICE.error(data)
    if closed := post(INVOICE, company, data).plan(error):
        return closed
    count, limit = _line_count(company, data), company.settings.large_invoice_lines
    if not data.was_set_aside and not found and not record.status:
        text_ = f"Invoice {record.number}: {count} lines exceed the limit of {limit}; set aside."
        advice = "Set Transferred to Accounting to No to send it in pieces."
        return Hold((Problem("INV-LARGE", f"{text_} {advice}", advice),), set_aside=True)
    there = {line["zuoraid"] for line in found[0].record["lines"] if line.get("zuoraid")} if found else set()
    id_field = company.reference.custom(type_, "Zuora ID", line=True)
    wanted = sorted(lines(INVOICE, company, data), key=lambda line: line["amount"] < 0)
    missing = (line for line in wanted if line[id_field] not in there)
    rest = [{**line, "line": number} for number, line in enumerate(missing, len(there) + 1)]
    size = company.settings.large_invoice_piece
    pieces = [{"item": {"items": rest[n : n + size]}} for n in range(0, len(rest), size)]
    target = found[0].id if found else None
    requests = [Request(type_, piece, target or CREATED) for piece in pieces]
    if target is None:
        requests[0] = Request(type_, {**header(company, data), **pieces[0]})
    return Write(
        "create",
        INVOICE.creating(data),
        error,
        tuple(requests),
        destination_id=target or "",
        check_amount=amounts_must_match(company.settings),
        facts=later_revenue.facts(INVOICE, company, data),
    )


# -- the step ------------------------------------------------------------------------------------------------------------


class Invoices(ZuoraToNetSuite):
    """Step 4: one NetSuite invoice, or credit memo, per posted Zuora invoice, and later the revenue dates of its deferred lines."""

    name = "invoices"
    title = "Zuora invoices"
    object = INVOICE.object
    object_label = INVOICE.label
    destination = "invoice"
    code = INVOICE.code
    transaction_type = "CustInvc"
    number_field = INVOICE.number
    amount_field = INVOICE.amount
    needs: tuple[str, ...] = ("class", "department", "location", "tax code", "revenue template", "currency", "periods", "fields:invoice")

    def __init__(self, context: StepContext) -> None:
        super().__init__(context)
        self.needs = tables_needed(self.needs, self.settings)
        self.item_child = ITEMS
        if not self.context.settlement_on:
            self.needs = (*self.needs, "fields:creditMemo")
            self.item_child = ITEMS_WITH_KEYS

    @property
    def transaction_types(self) -> tuple[str, ...]:
        return (self.transaction_type,) if self.context.settlement_on else (self.transaction_type, CREDIT_MEMO)

    # -- 1 selection -------------------------------------------------------------------------------------------------

    def query(self) -> SourceQuery:
        return self._query(self.context.currency_of_invoices)

    def _query(self, currency: tuple[str, ...]) -> SourceQuery:
        """`currency`: the field, where the tenant's invoices have it."""
        conditions = (*WAITING, *since("InvoiceDate", self.settings.cutover_zuora_invoice))  # rule 4
        heads = later_revenue.alternatives(conditions, self.settings)
        copied, children = ("AccountId", *currency), (self.item_child, TAXES)
        return SourceQuery("Invoice", (*HEAD_FIELDS, *currency), heads, parents=(ACCOUNT,), children=children, copy_fields=copied)

    def waiting_work(self, counted: int | None = None) -> int:
        """The same call tells whether invoices have a currency of their own."""
        known, source = self.context.invoice_currency, self.context.source
        if counted is None and known:
            counted = known.ask(lambda currency: source.count(self._query(currency), currency))
        return super().waiting_work(counted) + len(later_revenue.deferred(self.context))

    def select(self) -> Iterator[Candidate]:
        return later_revenue.with_deferred(super().select(), self.context)

    def refresh(self, candidates: Sequence[Candidate]) -> list[SourceRecord]:
        reading = Reading("Invoice", (*HEAD_FIELDS, *self.context.currency_of_invoices), self.item_child, InvoiceData)
        return [record_of(INVOICE, self.company, d) for d in reading.read(self.context.source, self.reread, candidates)]

    # -- 2 destination -----------------------------------------------------------------------------------------------

    def find(self, records: Sequence[SourceRecord]) -> dict[str, list[Counterpart]]:
        """Invoices among NetSuite's invoices, negative ones among its credit memos; with their lines those that are changed by line."""
        new = [r for r in records if not r.data.revenue_update]
        with ThreadPoolExecutor(max_workers=1) as pool:  # both look-ups at once
            noting = pool.submit(self.note_customers, records)
            found = self.find_transactions([r for r in new if not is_negative(r.data)])
            found |= self.find_transactions([r for r in new if is_negative(r.data)], CREDIT_MEMO)
            noting.result()
        changed = {r.id: r.destination_id for r in records if r.data.revenue_update and r.destination_id}
        return later_revenue.with_lines(self.context.netsuite, self.reference, found, changed | self._large(new, found))

    def _large(self, records: Sequence[SourceRecord], found: Mapping[str, Sequence[Counterpart]]) -> dict[str, str]:
        """The NetSuite invoices of large ones, by source id; what the ledger says of these is noted."""
        large = [r for r in records if is_large(self.company, r.data)]
        known = self.context.known([r.id for r in large]) if large else {}
        for record in large:
            record.data.was_set_aside = known.get(record.id, {}).get("set_aside") == "INV-LARGE"
        return {r.id: found[r.id][0].id for r in large if len(found.get(r.id, ())) == 1}

    def total_in(self, row: Mapping[str, Any]) -> Decimal | None:
        """With the sign of the Zuora invoice: SuiteQL gives the total of a credit memo as a negative amount."""
        return Decimal(row["foreigntotal"]) if "foreigntotal" in row else None

    def holdings(self, source_ids: Sequence[str]) -> Iterator[tuple[str, Held]]:
        return invoice_plans.holdings(self, source_ids)

    def plan(self, record: SourceRecord, found: Sequence[Counterpart]) -> Plan:
        return plan(self.company, record, found)

    # -- source ------------------------------------------------------------------------------------------------------

    def mark(self, marks: Sequence[Mark]) -> dict[str, MarkResult]:
        """50 a call: Actions, which tell which one failed, and with Invoice Settlement `PUT /v1/invoices` (api-zuora-billing.md 15.2)."""
        marks = [later_revenue.without_transfer(m) for m in marks]
        if not self.context.settlement_on:
            return super().mark(marks)
        return results_of(self.context.zuora.update_invoices(self.bulk_objects(marks)))

    def complete_details(self, done: Mapping[str, tuple[SourceRecord, str]]) -> dict[str, MarkResult]:
        """Without Invoice Settlement each item gets the key of its NetSuite line, 50 a call (section 4, 3)."""
        sent = {i: (r, to) for i, (r, to) in done.items() if not r.data.revenue_update}
        if not sent:
            return {}
        try:
            super().complete_details(sent)
            if self.context.settlement_on:
                return {}
            there = later_revenue.lines_in_netsuite(self.context.netsuite, self.reference, [to for _, to in sent.values()])
        except LoginRefused:
            raise
        except ServiceError as lost:
            return dict.fromkeys(sent, MarkResult(False, lost.code, lost.message))
        keys: dict[str, str] = {}
        invoice_of: dict[str, str] = {}
        for invoice_id, (record, to) in sent.items():
            line_of = {line.get("zuoraid"): line["line"] for line in there.get(to, ())}
            for item in items(self.company, record.data):
                if item["Id"] in line_of:
                    keys[item["Id"]], invoice_of[item["Id"]] = line_of[item["Id"]], invoice_id
        objects = [{"Id": i, **self.context.source.to_tenant({"IntegrationId__NS": key})} for i, key in keys.items()]
        written = self.context.zuora.update("InvoiceItem", objects)
        return {invoice_of[w.id]: result_of(w) for w in written if not w.ok}
