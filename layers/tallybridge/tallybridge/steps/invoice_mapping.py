"""How a Zuora invoice becomes a NetSuite invoice: its header and what is special to its lines (invoices.md sections 5, 9 and 12)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tallybridge.clock import stamp, utc_moment
from tallybridge.settings import NumberMapping
from tallybridge.steps import classification
from tallybridge.steps.base import day, ref, text
from tallybridge.steps.document_lines import MEMO_LIMIT, PROCESSING_TYPES, DocumentData, DocumentLines, charge_id_of, tax_rate_text

__all__ = ["MEMO_LIMIT", "PROCESSING_TYPES", "InvoiceData", "InvoiceMapping", "charge_id_of", "tax_rate_text"]


@dataclass
class InvoiceData(DocumentData):
    """An invoice with everything its mapping needs; `was_set_aside` for section 10."""

    was_set_aside: bool = False


class InvoiceMapping(DocumentLines):
    """Sections 5 to 6: what is sent. Nothing here decides whether."""

    number_field = "InvoiceNumber"
    date_field = "InvoiceDate"
    amount_field = "Amount"
    line_amount = "ChargeAmount"
    tax_of = "InvoiceItemId"

    # -- 5.1 header --------------------------------------------------------------------------------------------------

    def header(self, data: DocumentData) -> dict[str, Any]:
        """Invoice header; what the table says is "not sent" is absent here."""
        head, account = data.head, data.account
        use_number = self.settings.transaction_number_mapping is NumberMapping.SOURCE_NUMBER
        custom = {
            "Zuora Amount Without Tax": text(head.get("AmountWithoutTax")),
            "Zuora Tax Amount": text(head.get("TaxAmount")),
            "Zuora Tax Exempt Amount": text(head.get("TaxExemptAmount")),
            "Zuora Created Date": utc_moment(head.get("CreatedDate")),
            "Zuora ID": head["Id"],
            "Zuora Reference Number": text(head.get("InvoiceNumber")),
            "Zuora Last Email Sent Date": utc_moment(head.get("LastEmailSentDate")),
            "Zuora Posted Date": utc_moment(head.get("PostedDate")),
            "Zuora Target Date": text(head.get("TargetDate")),
            "Zuora Type": "INVOICE",
            "Zuora Origin": "ZUORA",
            "Zuora Sync Date": stamp(self.context.clock.now()),
        }
        fields = {
            "externalId": self.external_id(head["Id"]),
            "entity": ref(account.get("IntegrationId__NS")),
            "memo": text(head.get("Comments"), MEMO_LIMIT),
            "dueDate": day(head.get("DueDate")),
            "tranDate": day(head.get("InvoiceDate")),
            "tranId": head.get("InvoiceNumber") if use_number else None,
            **self.tax_flags(),
            **data.posting,
            **classification.header(self.settings, self.reference, account),
            **{self.reference.custom("invoice", label): value for label, value in custom.items()},
        }
        return self.existing("invoice", fields)

    # -- 9 zero amounts ----------------------------------------------------------------------------------------------

    def items(self, data: DocumentData) -> list[dict[str, Any]]:
        drop_zero = self.settings.avoid_zero_amount_invoice_items
        return [i for i in super().items(data) if not (drop_zero and not i.get("ChargeAmount"))]

    def taxes(self, data: DocumentData) -> list[dict[str, Any]]:
        """Zero ones are dropped with the zero items."""
        drop_zero = self.settings.avoid_zero_amount_invoice_items
        return [t for t in super().taxes(data) if not (drop_zero and not t.get("TaxAmount"))]
