"""Spreading an adjustment over the lines of a Zuora invoice (adjustments.md, A2: invoice items, then tax items, in line order, each up to
what is still adjustable). Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

CREDIT, CHARGE = "Credit", "Charge"
ITEM, TAX = "InvoiceDetail", "Tax"
"""Zuora's words for what an item adjustment adjusts (api-zuora-billing.md 12.11)."""
ZERO = Decimal(0)

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Place:
    """A line of an invoice that can be adjusted: an invoice item or a tax item."""

    source_id: str
    source_type: str


@dataclass(frozen=True)
class Share:
    """What goes to one line; the amount is positive."""

    place: Place
    amount: Decimal


@dataclass
class Book:
    """What is open on Zuora invoices: `balances` by invoice, `places` in line order by invoice, `left` by line with its sign: the amount
    after all adjustments so far. `reserve` takes what a record of the batch will adjust, so that the next one does not count on it."""

    balances: dict[str, Decimal] = field(default_factory=dict)
    places: dict[str, list[Place]] = field(default_factory=dict)
    left: dict[str, Decimal] = field(default_factory=dict)

    def add_lines(self, invoice_id: str, items: Sequence[Row], taxes: Sequence[Row], adjustments: Iterable[Row]) -> None:
        """The lines of an invoice and all its item adjustments; canceled ones do not count."""
        lines = [(Place(str(i["Id"]), ITEM), i.get("ChargeAmount")) for i in items]
        lines += [(Place(str(t["Id"]), TAX), t.get("TaxAmount")) for t in taxes]
        self.places[invoice_id] = [place for place, _ in lines]
        self.left |= {place.source_id: Decimal(amount or 0) for place, amount in lines}
        for a in adjustments:
            if a.get("Status") == "Processed" and a.get("SourceId") in self.left:
                self.left[str(a["SourceId"])] += _signed(str(a.get("Type")), Decimal(a["Amount"]))

    def spread(self, kind: str, amount: Decimal, invoice_id: str) -> list[Share]:
        """Shares in line order: credits on lines with a positive rest, charges on lines with a negative one. Their sum is less than
        `amount` if it cannot be placed."""
        return list(self._shares(kind, amount, invoice_id))

    def _shares(self, kind: str, amount: Decimal, invoice_id: str) -> Iterator[Share]:
        rest = amount
        for place in self.places.get(invoice_id, ()):
            left = self.left[place.source_id]
            share = min(rest, left if kind == CREDIT else -left)
            if share > ZERO:
                rest -= share
                yield Share(place, share)

    def reserve(self, kind: str, amount: Decimal, invoice_id: str, source_id: str = "") -> None:
        """Take an adjustment into account that is going to be made."""
        self.balances[invoice_id] = self.balances.get(invoice_id, ZERO) + _signed(kind, amount)
        if source_id:
            self.left[source_id] += _signed(kind, amount)


def placed(shares: Iterable[Share]) -> Decimal:
    """The sum of the shares."""
    return sum((s.amount for s in shares), ZERO)


def _signed(kind: str, amount: Decimal) -> Decimal:
    return -amount if kind == CREDIT else amount
