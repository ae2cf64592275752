"""How a Zuora invoice becomes a NetSuite invoice, or a negative one a credit memo: its header and what is special to its lines (invoices.md
sections 2, 5, 8 and 9)."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from tallybridge.clock import stamp, utc_moment
from tallybridge.settings import NumberMapping
from tallybridge.steps.documents.document_lines import DocumentData, DocumentLines
from tallybridge.steps.shared import classification
from tallybridge.steps.shared.texts import day, ref, text


@dataclass
class InvoiceData(DocumentData):
    """An invoice with everything its mapping needs; `was_set_aside` for section 10."""

    was_set_aside: bool = False


class InvoiceMapping(DocumentLines):
    """Sections 5 to 8: what is sent. Nothing here decides whether."""

    number_field = "InvoiceNumber"
    date_field = "InvoiceDate"
    amount_field = "Amount"
    line_amount = "ChargeAmount"
    tax_of = "InvoiceItemId"

    # -- 2 destination -----------------------------------------------------------------------------------------------

    def is_negative(self, data: DocumentData) -> bool:
        """Whether the invoice becomes a credit memo (tenants without Invoice Settlement)."""
        return Decimal(data.head.get("Amount") or 0) < 0

    def record_type(self, data: DocumentData) -> str:
        return "creditMemo" if self.is_negative(data) else "invoice"

    def sent_amount(self, data: DocumentData, amount: Decimal) -> Decimal:
        """Amounts of a negative invoice change their sign."""
        return -amount if amount and self.is_negative(data) else amount

    # -- 5.1 and 8.1 header ------------------------------------------------------------------------------------------

    def header(self, data: DocumentData) -> dict[str, Any]:
        """Invoice or credit memo header; what the tables say is "not sent" is absent here."""
        head, account, record_type, negative = data.head, data.account, self.record_type(data), self.is_negative(data)
        use_number = self.settings.transaction_number_mapping is NumberMapping.SOURCE_NUMBER
        custom = {
            "Zuora Amount Without Tax": text(self._amount(data, "AmountWithoutTax")),
            "Zuora Tax Amount": text(self._amount(data, "TaxAmount")),
            "Zuora Tax Exempt Amount": text(self._amount(data, "TaxExemptAmount")),
            "Zuora Created Date": utc_moment(head.get("CreatedDate")),
            "Zuora ID": head["Id"],
            "Zuora Reference Number": text(head.get("InvoiceNumber")),
            "Zuora Last Email Sent Date": utc_moment(head.get("LastEmailSentDate")),
            "Zuora Posted Date": utc_moment(head.get("PostedDate")),
            "Zuora Target Date": text(head.get("TargetDate")),
            "Zuora Type": "NEGATIVE_INVOICE" if negative else "INVOICE",
            "Zuora Origin": "ZUORA",
            "Zuora Sync Date": stamp(self.context.clock.now()),
        }
        fields = {
            "externalId": self.external_id(head["Id"]),
            "entity": ref(account.get("IntegrationId__NS")),
            **self.booking.field(self.currency_of(data), data.customer),
            "memo": text(head.get("Comments")),
            "dueDate": None if negative else day(head.get("DueDate")),
            "tranDate": day(head.get("InvoiceDate")),
            "tranId": head.get("InvoiceNumber") if use_number else None,
            "autoApply": False if negative else None,  # standalone: applied to nothing
            **self.tax_flags(),
            **data.posting,
            **classification.header(self.settings, self.reference, account),
            **{self.reference.custom(record_type, label): value for label, value in custom.items()},
        }
        return self.existing(record_type, fields)

    def _amount(self, data: DocumentData, field: str) -> Decimal | None:
        amount = data.head.get(field)
        return None if amount is None else self.sent_amount(data, Decimal(amount))

    # -- 9 zero amounts ----------------------------------------------------------------------------------------------

    def items(self, data: DocumentData) -> list[dict[str, Any]]:
        return [i for i in super().items(data) if i.get("ChargeAmount") or not self._drops_zero]

    def taxes(self, data: DocumentData) -> list[dict[str, Any]]:
        """Zero ones are dropped with the zero items."""
        return [t for t in super().taxes(data) if t.get("TaxAmount") or not self._drops_zero]

    @property
    def _drops_zero(self) -> bool:
        """Without Invoice Settlement zero lines are always sent."""
        return self.settings.avoid_zero_amount_invoice_items and self.settlement_on
