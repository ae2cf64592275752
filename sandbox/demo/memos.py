"""Debit and credit memos of Invoice Settlement: lines and taxes as on an invoice, and what a credit memo is applied to."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from typing import Any

from sandbox.demo.billing import DAYS, Invoice
from sandbox.demo.ids import number, zuora_id
from sandbox.demo.tenant import Objects

MIGRATED = "AR Mig - negative invoice"
"""Reason code of the credit memos that the move to Invoice Settlement makes of negative invoices."""
ITEM_FIELDS = {
    "ChargeName": "ChargeName",
    "ChargeDate": "ChargeDate",
    "Quantity": "Quantity",
    "UnitPrice": "UnitPrice",
    "UOM": "UnitOfMeasure",
    "ServiceStartDate": "ServiceStartDate",
    "ServiceEndDate": "ServiceEndDate",
    "SubscriptionId": "SubscriptionId",
    "RatePlanChargeId": "RatePlanChargeId",
    "ChargeAmount": "AmountWithoutTax",
}
"""Fields of an invoice item, and what they are called on a memo's."""
TAX_FIELDS = (
    *("Name", "TaxCode", "TaxAmount", "TaxRate", "TaxRateType", "TaxRateDescription", "TaxDate", "Jurisdiction", "ExemptAmount"),
    "AccountingCode",
)


@dataclass
class Memo(Invoice):
    """A memo in the making; lines are added as to an invoice, amounts are positive. `kind` is its object type; `parts` are documents with
    what of a credit memo was applied to them; `refers_to` the invoice it is about; `story` what is special about it."""

    kind: str = "CreditMemo"
    parts: list[tuple[Invoice, Decimal]] = field(default_factory=list)
    refers_to: Invoice | None = None
    reason: str = ""
    story: str = ""

    @property
    def id(self) -> str:
        return zuora_id(self.kind, self.n)

    @property
    def number(self) -> str:
        return f"{'CM' if self.kind == 'CreditMemo' else 'DM'}{self.n:08d}"

    @property
    def reference(self) -> dict[str, str]:
        return {f"{self.kind}Id": self.id}

    def objects(self) -> Objects:
        """The memo with its items, taxes and applications as Zuora has them."""
        credit = self.kind == "CreditMemo"
        row: dict[str, Any] = {
            "Id": self.id,
            "MemoNumber": self.number,
            "AccountId": zuora_id("Account", self.account),
            "MemoDate": self.day.isoformat(),
            "DueDate": "" if credit else (self.day + timedelta(days=DAYS[self.profile.term])).isoformat(),
            "TargetDate": self.day.isoformat(),
            "Status": self.status,
            "TotalAmount": number(self.amount),
            "TotalTaxExemptAmount": number(sum((Decimal(str(t["ExemptAmount"])) for t in self.taxes), Decimal(0))),
            "Currency": self.profile.currency,
            "Comment" if credit else "Comments": self.comments,
            "ReasonCode": self.reason,
            "InvoiceId": self.refers_to.id if self.refers_to else "",
            "SourceType": "Invoice" if self.refers_to else "Standalone",
            "CreatedDate": f"{self.day}T09:30:00Z",
        }
        if self.status == "Posted":
            row["PostedOn"] = f"{self.day}T10:00:00Z"
        found = {self.kind: [_filled(row)], f"{self.kind}Item": self._items(), self._tax_kind: self._taxes()}
        return {**found, "CreditMemoPart": self._applications()} if credit else found

    @property
    def _tax_kind(self) -> str:
        return self.kind.removesuffix("Memo") + "TaxationItem"

    def _items(self) -> list[dict[str, Any]]:
        return [
            {
                "Id": self._item_id(i),
                **self.reference,
                "Amount": line["ChargeAmount"],
                **{ours: line[theirs] for theirs, ours in ITEM_FIELDS.items() if theirs in line},
                "ProcessingType": "Charge",
                "SourceItemType": "InvoiceDetail" if self.refers_to else "SubscriptionComponent",
                "ProductRatePlanChargeId": self._product_charge(line["RatePlanChargeId"]),
            }
            for i, line in enumerate(self.lines, 1)
        ]

    def _item_id(self, place: int) -> str:
        return zuora_id(f"{self.kind}Item", self.n * 100 + place)

    def _product_charge(self, rate_plan_charge: str) -> str:
        bought = next(b for b in self.subscribed.charges.values() if b.id == rate_plan_charge)
        return zuora_id("ProductRatePlanCharge", bought.charge.number)

    def _taxes(self) -> list[dict[str, Any]]:
        places = {line["Id"]: i for i, line in enumerate(self.lines, 1)}
        return [
            {
                "Id": zuora_id(self._tax_kind, self.n * 100 + i),
                f"{self.kind}ItemId": self._item_id(places[tax["InvoiceItemId"]]),
                **{name: tax[name] for name in TAX_FIELDS if name in tax},
            }
            for i, tax in enumerate(self.taxes, 1)
        ]

    def _applications(self) -> list[dict[str, Any]]:
        return [
            {"Id": zuora_id("CreditMemoPart", self.n * 10 + i), "CreditMemoId": self.id, **document.reference, "Amount": number(amount)}
            for i, (document, amount) in enumerate(self.parts, 1)
        ]


def _filled(row: dict[str, Any]) -> dict[str, Any]:
    return {k: v for k, v in row.items() if v != ""}
