"""How a Zuora invoice item adjustment becomes a NetSuite credit memo or invoice: its header and its single line (adjustments.md, the tables
of A1)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from tallybridge.clock import stamp, utc_moment
from tallybridge.steps.documents.document_lines import item_id, of_every_line, revenue, schedule, tax_flags
from tallybridge.steps.documents.kind import DocumentData, Item, Kind
from tallybridge.steps.settlement.families import Family, Spread
from tallybridge.steps.shared.company import Company
from tallybridge.steps.shared.currencies import own_currency
from tallybridge.steps.shared.texts import day, ref, text

CREDIT_MEMO, INVOICE = "creditMemo", "invoice"


@dataclass
class AdjustmentData(DocumentData):
    """An adjustment with everything its mapping needs: the item that it adjusts stands in `items`, or the tax line in `taxes`, with the
    adjustment's amount. `invoice` is the adjusted invoice; `applied` is what NetSuite has applied of that invoice's credit memo, by
    document, `open` what is left of the credit memo for this adjustment, None when NetSuite does not have it; `family` are the NetSuite
    documents of an invoice that is credited, `spread` is how the credit is applied to them, None when NetSuite lacks the invoice."""

    invoice: Mapping[str, Any] = field(default_factory=dict)
    applied: Mapping[str, Decimal] = field(default_factory=dict)
    open: Decimal | None = None
    family: Family | None = None
    spread: Spread | None = None
    booked: str = ""
    """The currency that NetSuite holds the adjusted invoice in."""

    @property
    def amount(self) -> Decimal:
        """What is credited or charged: always positive."""
        return Decimal(self.head.get("Amount") or 0)

    @property
    def is_credit(self) -> bool:
        return self.head.get("Type") == "Credit"

    @property
    def on_negative_invoice(self) -> bool:
        """Whether the adjusted invoice is a credit memo in NetSuite."""
        return Decimal(self.invoice.get("Amount") or 0) < 0

    @property
    def original(self) -> str:
        """The adjusted invoice's internal id in NetSuite, "" without one."""
        return str(self.invoice.get("IntegrationId__NS") or "")

    @property
    def invoice_number(self) -> str:
        return str(self.invoice.get("InvoiceNumber") or self.head.get("InvoiceNumber") or self.head.get("InvoiceId") or "")


def currency_of(data: AdjustmentData) -> str:
    """An adjustment changes its invoice, in the invoice's currency."""
    return own_currency(data.invoice, data.account)


def record_type(data: AdjustmentData) -> str:
    """NetSuite has no debit memo: a charge becomes an invoice."""
    return CREDIT_MEMO if data.is_credit else INVOICE


def header(company: Company, data: AdjustmentData) -> dict[str, Any]:
    """Header without applications; due date and terms are NetSuite's."""
    head = data.head
    custom = {
        "Zuora Reference Number": text(head.get("AdjustmentNumber")),
        "Zuora Created Date": utc_moment(head.get("CreatedDate")),
        "Zuora ID": head["Id"],
        "Zuora Related Reference Number": text(head.get("InvoiceNumber")),
        "Zuora Related Transaction": ref(data.original),
        "Zuora Reference ID": text(head.get("ReferenceId")),
        "Zuora Adjustment Type": text(head.get("Type")),
        "Zuora Type": "INVOICE_ITEM_ADJUSTMENT",
        "Zuora Origin": "ZUORA",
        "Zuora Sync Date": stamp(company.clock.now()),
    }
    fields = {
        "externalId": company.external_id("InvoiceItemAdjustment", head["Id"]),
        "entity": ref(data.account.get("IntegrationId__NS")),
        **company.booking.field(currency_of(data), data.customer),
        "tranDate": day(head.get("AdjustmentDate")),
        "tranId": company.number(head.get("AdjustmentNumber")),
        "memo": text(head.get("Comment")),
        "autoApply": False if data.is_credit else None,
        **tax_flags(company),
        **data.posting,
        **company.classified(data.account),
        **company.named(record_type(data), custom),
    }
    return company.existing(record_type(data), fields)


def item_line(kind: Kind[AdjustmentData], company: Company, data: AdjustmentData, item: Item) -> dict[str, Any]:
    """The line that adjusts an invoice item. It has revenue dates but is never deferred."""
    dates = revenue(company, data, item)
    custom = {
        "Zuora Service Start Date": day(item.get("ServiceStartDate")),
        "Zuora Service End Date": day(item.get("ServiceEndDate")),
    }
    fields = {
        "item": ref(item_id(company, data, item)),
        "amount": item[kind.line_amount],
        "revRecStartDate": dates.start,
        "revRecEndDate": dates.end,
        "revRecSchedule": schedule(company, data, item),
        "job": ref(dates.project),
        **_single(kind, company, data, custom),
    }
    return company.existing(record_type(data), fields, line=True)


def tax_line(kind: Kind[AdjustmentData], company: Company, data: AdjustmentData, tax: Item) -> dict[str, Any]:
    """The line that adjusts a tax: like tax lines of invoices it has no dates."""
    fields = {"item": ref(str(tax["AccountingCode"])), "amount": tax["TaxAmount"], **_single(kind, company, data, {})}
    return company.existing(record_type(data), fields, line=True)


def _single(kind: Kind[AdjustmentData], company: Company, data: AdjustmentData, custom: Mapping[str, Any]) -> dict[str, Any]:
    return {"quantity": 1, "price": {"id": "-1"}, **of_every_line(kind, company, data, custom)}
