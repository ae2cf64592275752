"""Payments: in full, in part, over several invoices, too much, without an account, and a few that cannot be sent."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from itertools import cycle
from random import Random
from typing import Any

from sandbox.demo.billing import Invoice
from sandbox.demo.ids import number, rounded, zuora_id
from sandbox.demo.tenant import Objects

FIRST_PAYMENT = 2001
HABITS = ("full", "full", "part", "full", "two", "full", "full", "too much", "full", "full", "part")
"""How customers pay, over and over."""
ELECTRONIC = ("ACH", "CreditCard", "PayPal")


@dataclass
class Payment:
    """A payment in the making. `parts` are invoices or debit memos with what was applied to them; `method` the position of its payment
    method; `mark` the integration status that a person gave it."""

    account: int
    currency: str
    day: date
    amount: Decimal
    method: int
    kind: str = "full"
    comment: str = ""
    electronic: bool = False
    mark: str = ""
    parts: list[tuple[Invoice, Decimal]] = field(default_factory=list)

    def objects(self, n: int) -> Objects:
        """The payment with its parts as Zuora has them; `n` is its place in the sequence of numbers."""
        row: dict[str, Any] = {
            "Id": zuora_id("Payment", n),
            "PaymentNumber": payment_number(n),
            "AccountId": zuora_id("Account", self.account) if self.account else "",
            "Amount": number(self.amount),
            "Currency": self.currency,
            "EffectiveDate": self.day.isoformat(),
            "Status": "Processed",
            "Type": "Electronic" if self.electronic else "External",
            "PaymentMethodId": zuora_id("PaymentMethod", self.method),
            "ReferenceId": f"REF-{860000 + 37 * n}",
            "Comment": self.comment,
            "IntegrationStatus__NS": self.mark,
            "CreatedDate": f"{self.day}T11:20:00Z",
        }
        parts = [
            {"Id": zuora_id("PaymentPart", n * 10 + i), "PaymentId": row["Id"], **document.reference, "Amount": number(amount)}
            for i, (document, amount) in enumerate(self.parts, 1)
        ]
        return {"Payment": [{k: v for k, v in row.items() if v != ""}], "PaymentPart": parts}


def payment_number(n: int) -> str:
    """P-00002001 for the first payment."""
    return f"P-{FIRST_PAYMENT + n - 1:08d}"


def ordinary(invoices: list[Invoice], count: int, chance: Random) -> list[Payment]:
    """So many payments of invoices, oldest first, in the usual mixture; fewer when the invoices run out."""
    waiting = [i for i in invoices if i.amount > 0]
    made: list[Payment] = []
    for habit in cycle(HABITS):
        if len(made) == count or not waiting:
            return made
        first = waiting.pop(0)
        second = next((i for i in waiting if i.account == first.account), None) if habit == "two" else None
        if second:
            waiting.remove(second)
        made.append(_pay(habit, [i for i in (first, second) if i], chance))
    raise AssertionError("unreachable: the habits repeat without end")


def _pay(habit: str, invoices: list[Invoice], chance: Random) -> Payment:
    profile, last = invoices[0].profile, invoices[-1]
    parts = [(i, i.amount) for i in invoices]
    if habit == "part":
        parts = [(last, rounded(last.amount * chance.choice((40, 50, 60)) / 100, profile.currency))]
    applied = sum((amount for _, amount in parts), Decimal(0))
    extra = rounded(Decimal(chance.randint(20, 90)), profile.currency) if habit == "too much" else Decimal(0)
    return Payment(
        account=last.account,
        currency=profile.currency,
        day=last.day + timedelta(days=chance.randint(3, 25)),
        amount=applied + extra,
        method=last.account,
        kind=habit,
        comment={"part": "First instalment, the rest follows", "too much": 'Rounded up by the customer ("keep the rest")'}.get(habit, ""),
        electronic=profile.pays_by in ELECTRONIC,
        parts=parts,
    )


def numbered(payments: list[Payment]) -> Iterator[tuple[int, Payment]]:
    """The payments with their places in the sequence of numbers, by date; the first is that of the invoice before the cutover date."""
    return enumerate(sorted(payments, key=lambda p: p.day))
