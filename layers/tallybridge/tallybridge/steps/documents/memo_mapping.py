"""How a Zuora debit memo becomes a NetSuite invoice and a credit memo a NetSuite credit memo: header, item lines, tax lines (memos.md, the
tables of D and C), and what both steps read in Zuora."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tallybridge.clock import stamp, utc_moment
from tallybridge.steps.documents.document_lines import tax_flags
from tallybridge.steps.documents.kind import DocumentData
from tallybridge.steps.shared.company import Company
from tallybridge.steps.shared.conditions import NOT_TRANSFERRED
from tallybridge.steps.shared.currencies import own_currency
from tallybridge.steps.shared.texts import day, ref, text
from tallybridge.zuora.selection import Child, Condition, Is, Join

HEAD_FIELDS = (
    "Currency",
    "MemoNumber",
    "MemoDate",
    "TotalAmount",
    "TotalAmountWithoutTax",
    "TaxAmount",
    "TotalTaxExemptAmount",
    "CreatedDate",
    "PostedOn",
    "TargetDate",
    "UpdatedDate",
    "Status",
    "AccountId",
    "TransferredToAccounting",
    "IntegrationId__NS",
    "IntegrationStatus__NS",
)
WAITING: tuple[Condition, ...] = (
    Is("Status", ("Posted",)),  # D 2, C 1
    NOT_TRANSFERRED,  # D 3, C 3
)
TRIGGERS = {
    "contracteffectivedate": "ContractEffectiveDate",
    "serviceactivationdate": "ServiceActivationDate",
    "customeracceptancedate": "ContractAcceptanceDate",
}
"""Which date of the subscription a revenue trigger condition means."""


def items_of(memo: str) -> Child:
    """The items of "DebitMemo" or "CreditMemo"."""
    return Child(
        "items",
        f"{memo}Item",
        f"{memo}Id",
        fields=(
            "Id",
            "ChargeName",
            "AmountWithoutTax",
            "Quantity",
            "ChargeDate",
            "ProcessingType",
            "ServiceStartDate",
            "ServiceEndDate",
            "InvoiceItemId",
            "ProductRatePlanChargeId",
            "RatePlanChargeId",
            "SubscriptionId",
        ),
        joins=(
            Join(
                "Subscription",
                "Subscription",
                "SubscriptionId",
                ("Name", "Notes", "SubscriptionEndDate", "Project__NS", *TRIGGERS.values()),
            ),
            Join(
                "RatePlanCharge",
                "RatePlanCharge",
                "RatePlanChargeId",
                ("ProductRatePlanChargeId", "RevRecCode", "RevRecTriggerCondition"),
            ),
            Join("InvoiceItem", "InvoiceItem", "InvoiceItemId", ("RevRecStartDate",)),
        ),
    )


def taxes_of(kind: str) -> Child:
    """The tax lines of "Debit" or "Credit" memos."""
    item = f"{kind}MemoItem"
    fields = ("Id", f"{item}Id", "AccountingCode", "TaxAmount", "TaxCode", "TaxDate", "TaxRate", "TaxRateType", "TaxRateDescription")
    return Child("taxes", f"{kind}TaxationItem", f"{item}Id", fields=fields, via=(item, f"{item}Id", f"{kind}MemoId"))


# -- header --------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Memo:
    """What the headers of the two kinds have of their own: the object's name in Zuora, the NetSuite record type, the Zuora Type, and the
    field with the memo's text, which Zuora's APIs name differently."""

    object: str
    record_type: str
    zuora_type: str
    comment_field: str

    def header(self, company: Company, data: DocumentData) -> dict[str, Any]:
        """Header of a new record; what the tables say is "not sent" is absent here."""
        head, account = data.head, data.account
        custom = {
            "Zuora Amount Without Tax": text(head.get("TotalAmountWithoutTax")),
            "Zuora Tax Amount": text(head.get("TaxAmount")),
            "Zuora Tax Exempt Amount": text(head.get("TotalTaxExemptAmount")),
            "Zuora Created Date": utc_moment(head.get("CreatedDate")),
            "Zuora Target Date": text(head.get("TargetDate")),
            "Zuora Posted Date": utc_moment(head.get("PostedOn")),
            "Zuora ID": head["Id"],
            "Zuora Origin": "ZUORA",
            "Zuora Type": self.zuora_type,
        }
        fields = {
            "entity": ref(account.get("IntegrationId__NS")),
            **company.booking.field(own_currency(head, account), data.customer),
            "tranDate": day(head.get("MemoDate")),
            "dueDate": day(head.get("DueDate")),
            "tranId": company.number(head.get("MemoNumber")),
            "externalId": company.external_id(self.object, head["Id"]),
            **tax_flags(company),
            **data.posting,
            **company.classified(account),
            **company.named(self.record_type, custom),
        }
        return {**company.existing(self.record_type, fields), **self.descriptive(company, data)}

    def descriptive(self, company: Company, data: DocumentData) -> dict[str, Any]:
        """The rows of the header that an update sends again."""
        head = data.head
        custom = {
            "Zuora Reference Number": text(head.get("MemoNumber")),
            "Zuora Updated Date": utc_moment(head.get("UpdatedDate")),
            "Zuora Sync Date": stamp(company.clock.now()),
        }
        return company.existing(self.record_type, {"memo": text(head.get(self.comment_field)), **company.named(self.record_type, custom)})


# -- items ---------------------------------------------------------------------------------------------------------------


def with_triggers(items: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Memo items with the counterpart of an invoice item's `RevRecStartDate`."""
    return [{**item, "RevRecStartDate": trigger_of(item)} for item in items]


def trigger_of(item: Mapping[str, Any]) -> str:
    """The revenue trigger date of a memo item, YYYY-MM-DD, "" while it is not known: that of the invoice item which it belongs to, else
    the date of the subscription that its charge waits for. Memo items have no such field themselves."""
    condition = str(item.get("RatePlanCharge.RevRecTriggerCondition") or "").replace(" ", "").lower()
    own = item.get(f"Subscription.{TRIGGERS[condition]}") if condition in TRIGGERS else None
    return str(item.get("InvoiceItem.RevRecStartDate") or own or "")[:10]
