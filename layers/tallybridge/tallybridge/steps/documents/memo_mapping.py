"""How a Zuora debit memo becomes a NetSuite invoice and a credit memo a NetSuite credit memo: header, item lines, tax lines (memos.md, the
tables of D and C), and what both steps read and write in Zuora."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tallybridge.clock import stamp, utc_moment
from tallybridge.settings import NumberMapping
from tallybridge.steps.documents.document_lines import DocumentData, DocumentLines
from tallybridge.steps.shared import classification
from tallybridge.steps.shared.base import results_of
from tallybridge.steps.shared.conditions import NOT_TRANSFERRED
from tallybridge.steps.shared.texts import day, ref, text
from tallybridge.sync.step import Mark, MarkResult
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


class MemoMapping(DocumentLines):
    """What is sent, and which status fields are written. Nothing here decides whether."""

    number_field = "MemoNumber"
    date_field = "MemoDate"
    amount_field = "TotalAmount"
    line_amount = "AmountWithoutTax"

    kind: str
    """"credit" or "debit", as in the paths of Zuora's API."""
    zuora_type: str
    comment_field: str
    """The text of the memo: Zuora's APIs name it differently for the two kinds."""

    # -- header ------------------------------------------------------------------------------------------------------

    def header(self, data: DocumentData) -> dict[str, Any]:
        """Header of a new record; what the tables say is "not sent" is absent here."""
        head, account = data.head, data.account
        use_number = self.settings.transaction_number_mapping is NumberMapping.SOURCE_NUMBER
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
            **self.booking.field(self.currency_of(data), data.customer),
            "tranDate": day(head.get("MemoDate")),
            "dueDate": day(head.get("DueDate")),
            "tranId": head.get("MemoNumber") if use_number else None,
            "externalId": self.external_id(head["Id"]),
            **self.tax_flags(),
            **data.posting,
            **classification.header(self.settings, self.reference, account),
            **self._named(custom),
        }
        return {**self.existing(self.destination, fields), **self.descriptive(data)}

    def descriptive(self, data: DocumentData) -> dict[str, Any]:
        """The rows of the header that an update sends again."""
        head = data.head
        custom = {
            "Zuora Reference Number": text(head.get("MemoNumber")),
            "Zuora Updated Date": utc_moment(head.get("UpdatedDate")),
            "Zuora Sync Date": stamp(self.context.clock.now()),
        }
        return self.existing(self.destination, {"memo": text(head.get(self.comment_field)), **self._named(custom)})

    def _named(self, custom: Mapping[str, Any]) -> dict[str, Any]:
        return {self.reference.custom(self.destination, label): value for label, value in custom.items()}

    # -- source ------------------------------------------------------------------------------------------------------

    def complete_items(self, items: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """The items with the counterpart of an invoice item's `RevRecStartDate`."""
        return [{**item, "RevRecStartDate": trigger_of(item)} for item in items]

    def mark(self, marks: Sequence[Mark]) -> dict[str, MarkResult]:
        """`PUT /v1/{kind}-memos/bulk`, 50 a call (api-zuora-billing.md 12.4)."""
        return results_of(self.context.zuora.update_memos(self.kind, self.bulk_objects(marks)))


def trigger_of(item: Mapping[str, Any]) -> str:
    """The revenue trigger date of a memo item, YYYY-MM-DD, "" while it is not known: that of the invoice item which it belongs to, else
    the date of the subscription that its charge waits for. Memo items have no such field themselves."""
    condition = str(item.get("RatePlanCharge.RevRecTriggerCondition") or "").replace(" ", "").lower()
    own = item.get(f"Subscription.{TRIGGERS[condition]}") if condition in TRIGGERS else None
    return str(item.get("InvoiceItem.RevRecStartDate") or own or "")[:10]
