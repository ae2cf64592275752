"""How a Zuora invoice becomes a NetSuite invoice, or a negative one a credit memo: its header and what is special to its lines (invoices.md
sections 2, 5, 8 and 9)."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from tallybridge.clock import stamp, utc_moment
from tallybridge.steps.documents.document_lines import tax_flags
from tallybridge.steps.documents.kind import DocumentData, all_items, zuora_taxes
from tallybridge.steps.shared.company import Company
from tallybridge.steps.shared.currencies import own_currency
from tallybridge.steps.shared.texts import day, ref, text


@dataclass
class InvoiceData(DocumentData):
    """An invoice with everything its mapping needs; `was_set_aside` for section 10."""

    was_set_aside: bool = False


# -- 2 destination -------------------------------------------------------------------------------------------------------


def is_negative(data: InvoiceData) -> bool:
    """Whether the invoice becomes a credit memo (tenants without Invoice Settlement)."""
    return Decimal(data.head.get("Amount") or 0) < 0


def record_type(data: InvoiceData) -> str:
    """A negative invoice becomes a credit memo."""
    return "creditMemo" if is_negative(data) else "invoice"


def signed(data: InvoiceData, amount: Decimal) -> Decimal:
    """Amounts of a negative invoice change their sign."""
    return -amount if amount and is_negative(data) else amount


# -- 5.1 and 8.1 header --------------------------------------------------------------------------------------------------


def header(company: Company, data: InvoiceData) -> dict[str, Any]:
    """Invoice or credit memo header; what the tables say is "not sent" is absent here."""
    head, account, negative = data.head, data.account, is_negative(data)
    custom = {
        "Zuora Amount Without Tax": text(_amount(data, "AmountWithoutTax")),
        "Zuora Tax Amount": text(_amount(data, "TaxAmount")),
        "Zuora Tax Exempt Amount": text(_amount(data, "TaxExemptAmount")),
        "Zuora Created Date": utc_moment(head.get("CreatedDate")),
        "Zuora ID": head["Id"],
        "Zuora Reference Number": text(head.get("InvoiceNumber")),
        "Zuora Last Email Sent Date": utc_moment(head.get("LastEmailSentDate")),
        "Zuora Posted Date": utc_moment(head.get("PostedDate")),
        "Zuora Target Date": text(head.get("TargetDate")),
        "Zuora Type": "NEGATIVE_INVOICE" if negative else "INVOICE",
        "Zuora Origin": "ZUORA",
        "Zuora Sync Date": stamp(company.clock.now()),
    }
    fields = {
        "externalId": company.external_id("Invoice", head["Id"]),
        "entity": ref(account.get("IntegrationId__NS")),
        **company.booking.field(own_currency(head, account), data.customer),
        "memo": text(head.get("Comments")),
        "dueDate": None if negative else day(head.get("DueDate")),
        "tranDate": day(head.get("InvoiceDate")),
        "tranId": company.number(head.get("InvoiceNumber")),
        "autoApply": False if negative else None,  # standalone: applied to nothing
        **tax_flags(company),
        **data.posting,
        **company.classified(account),
        **company.named(record_type(data), custom),
    }
    return company.existing(record_type(data), fields)


def _amount(data: InvoiceData, field: str) -> Decimal | None:
    amount = data.head.get(field)
    return None if amount is None else signed(data, Decimal(amount))


# -- 9 zero amounts ------------------------------------------------------------------------------------------------------


def items(company: Company, data: InvoiceData) -> list[dict[str, Any]]:
    """Without those of zero, where the settings say so."""
    return [i for i in all_items(company, data) if i.get("ChargeAmount") or not _drops_zero(company)]


def taxes(company: Company, data: InvoiceData) -> list[dict[str, Any]]:
    """Zero ones are dropped with the zero items."""
    return [t for t in zuora_taxes(company, data) if t.get("TaxAmount") or not _drops_zero(company)]


def _drops_zero(company: Company) -> bool:
    """Without Invoice Settlement zero lines are always sent."""
    return company.settings.avoid_zero_amount_invoice_items and company.settlement_on
