"""Refunds: of unapplied money and of credit memos with Invoice Settlement, of invoice payments without it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from sandbox.demo.ids import number, zuora_id
from sandbox.demo.tenant import Objects

Part = tuple[dict[str, str], Decimal]
"""What is refunded, as the fields that refer to it, and how much of it."""


@dataclass
class Refund:
    """A refund in the making. `parts` refer to payments or credit memos (Invoice Settlement), or to invoice payments (without)."""

    account: int
    currency: str
    day: date
    amount: Decimal
    method: str
    settlement: bool
    parts: list[Part] = field(default_factory=list)
    source: str = "Payment"
    comment: str = ""
    electronic: bool = False
    story: str = ""

    def objects(self, n: int) -> Objects:
        """The refund with its parts as Zuora has them; `n` is its place in the sequence of numbers."""
        row: dict[str, Any] = {
            "Id": zuora_id("Refund", n),
            "RefundNumber": refund_number(n),
            "AccountId": zuora_id("Account", self.account),
            "Amount": number(self.amount),
            "Currency": self.currency,
            "RefundDate": self.day.isoformat(),
            "Status": "Processed",
            "Type": "Electronic" if self.electronic else "External",
            "SourceType": self.source,
            "MethodType": self.method,
            "ReferenceID": f"RREF-{530000 + 41 * n}",
            "Comment": self.comment,
            "CreatedDate": f"{self.day}T15:05:00Z",
        }
        kind = "RefundPart" if self.settlement else "RefundInvoicePayment"
        parts = [
            {"Id": zuora_id(kind, n * 10 + i), "RefundId": row["Id"], **of, "RefundAmount": number(amount)}
            for i, (of, amount) in enumerate(self.parts, 1)
        ]
        return {"Refund": [{k: v for k, v in row.items() if v != ""}], kind: parts}


def refund_number(n: int) -> str:
    """R-00000301 for the first refund."""
    return f"R-{300 + n:08d}"
