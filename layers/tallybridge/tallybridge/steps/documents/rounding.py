"""What rounding makes of a document: NetSuite keeps every line with the digits of its currency, so that lines which add up in Zuora may not
add up there (invoices.md section 3, validation 9, and the decisions in the index of the specification)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from tallybridge.money import digits_of, rounded, stored, unit


@dataclass(frozen=True)
class Sums:
    """The lines of a document: their sum as Zuora has them (`exact`), and as NetSuite keeps them one by one (`kept`); `amount` is the
    document's total in whole minor units of its currency; `count` the number of lines, `digits` those of NetSuite's currency."""

    exact: Decimal
    kept: Decimal
    amount: Decimal
    count: int
    digits: int
    own_digits: int

    @classmethod
    def of(cls, lines: Sequence[Decimal], amount: Decimal, currency: str, digits: int) -> Sums:
        """`digits`: how many NetSuite keeps."""
        exact = sum(lines, Decimal(0))
        kept = sum((stored(line, digits) for line in lines), Decimal(0))
        return cls(exact, kept, rounded(amount, currency), len(lines), digits, max(digits, digits_of(currency)))

    @property
    def differ(self) -> bool:
        """Whether the lines do not add up to the total in Zuora itself, by more than rounding the total explains."""
        return abs(self.exact - self.amount) > unit(self.own_digits) / 2

    @property
    def rest(self) -> Decimal:
        """What the lines of NetSuite lack of the total, or, negative, have too much."""
        return self.amount - self.kept

    @property
    def can_be_settled(self) -> bool:
        """Whether one more line makes the total right: never more than one minor unit for each line."""
        return stored(self.rest, self.digits) == self.rest and abs(self.rest) <= self.count * unit(self.digits)
