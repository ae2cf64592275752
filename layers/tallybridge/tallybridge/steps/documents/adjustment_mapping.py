"""How a Zuora invoice item adjustment becomes a NetSuite credit memo or invoice: its header and its single line (adjustments.md, the tables
of A1)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from tallybridge.clock import stamp, utc_moment
from tallybridge.settings import NumberMapping
from tallybridge.steps.documents.document_checks import DocumentChecks
from tallybridge.steps.documents.document_lines import DocumentData
from tallybridge.steps.documents.revenue_dates import inputs_of
from tallybridge.steps.settling.families import Family, Spread
from tallybridge.steps.shared import classification
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


class AdjustmentMapping(DocumentChecks):
    """What is sent. Nothing here decides whether."""

    number_field = "AdjustmentNumber"
    date_field = "AdjustmentDate"
    amount_field = "Amount"
    line_amount = "Amount"
    tax_of = "InvoiceItemId"

    def currency_of(self, data: DocumentData) -> str:
        """An adjustment changes its invoice, in the invoice's currency."""
        assert isinstance(data, AdjustmentData)
        return own_currency(data.invoice, data.account)

    def record_type(self, data: DocumentData) -> str:
        """NetSuite has no debit memo: a charge becomes an invoice."""
        assert isinstance(data, AdjustmentData)
        return CREDIT_MEMO if data.is_credit else INVOICE

    def header(self, data: DocumentData) -> dict[str, Any]:
        """Header without applications; due date and terms are NetSuite's."""
        assert isinstance(data, AdjustmentData)
        head, record_type = data.head, self.record_type(data)
        use_number = self.settings.transaction_number_mapping is NumberMapping.SOURCE_NUMBER
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
            "Zuora Sync Date": stamp(self.context.clock.now()),
        }
        fields = {
            "externalId": self.external_id(head["Id"]),
            "entity": ref(data.account.get("IntegrationId__NS")),
            **self.booking.field(self.currency_of(data), data.customer),
            "tranDate": day(head.get("AdjustmentDate")),
            "tranId": head.get("AdjustmentNumber") if use_number else None,
            "memo": text(head.get("Comment")),
            "autoApply": False if data.is_credit else None,
            **self.tax_flags(),
            **data.posting,
            **classification.header(self.settings, self.reference, data.account),
            **{self.reference.custom(record_type, label): value for label, value in custom.items()},
        }
        return self.existing(record_type, fields)

    def item_line(self, data: DocumentData, item: Mapping[str, Any]) -> dict[str, Any]:
        """The line that adjusts an invoice item. It has revenue dates but is never deferred."""
        charge, dates = data.charge_of(item), self.revenue(data, item)
        on = self.settings.netsuite_use_revenue_recognition
        custom = {
            "Zuora Service Start Date": day(item.get("ServiceStartDate")),
            "Zuora Service End Date": day(item.get("ServiceEndDate")),
        }
        fields = {
            "item": ref(self.item_id(data, item)),
            "amount": item[self.line_amount],
            "revRecStartDate": dates.start,
            "revRecEndDate": dates.end,
            "revRecSchedule": ref(self.reference.id_of("revenue template", inputs_of(item, charge).code)) if on else None,
            "job": ref(dates.project),
            **self._single(data, custom),
        }
        return self.existing(self.record_type(data), fields, line=True)

    def tax_line(self, data: DocumentData, tax: Mapping[str, Any]) -> dict[str, Any]:
        """The line that adjusts a tax: like tax lines of invoices it has no dates."""
        fields = {"item": ref(str(tax["AccountingCode"])), "amount": tax["TaxAmount"], **self._single(data, {})}
        return self.existing(self.record_type(data), fields, line=True)

    def _single(self, data: DocumentData, custom: Mapping[str, Any]) -> dict[str, Any]:
        return {"quantity": 1, "price": {"id": "-1"}, **self._line_fields(data, custom)}
