"""Spreading an adjustment over the lines of a Zuora invoice (adjustments.md, A2)."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tallybridge.steps.documents.adjustment_spread import Book, Share, placed

SPREAD = pytest.mark.rule("adjustments.A2.target.invoiceitemadjustment")


def book(items: list[float], taxes: list[float] | None = None, adjustments: list[tuple[Any, ...]] | None = None) -> Book:
    """Invoice "I" with items i0, i1, ... and taxes t0, ...; adjustments are (line, type, amount, status)."""
    made = Book({"I": Decimal(str(sum(items) + sum(taxes or [])))})
    rows = [{"SourceId": s, "Type": t, "Amount": Decimal(str(a)), "Status": status} for s, t, a, status in adjustments or []]
    made.add_lines(
        "I",
        [{"Id": f"i{n}", "ChargeAmount": Decimal(str(a))} for n, a in enumerate(items)],
        [{"Id": f"t{n}", "TaxAmount": Decimal(str(a))} for n, a in enumerate(taxes or [])],
        rows,
    )
    return made


def shares(found: list[Share]) -> list[tuple[str, str, float]]:
    return [(s.place.source_id, s.place.source_type, float(s.amount)) for s in found]


CASES: dict[str, tuple[Book, str, float, list[tuple[str, str, float]]]] = {
    "one item is enough": (book([60, 30]), "Credit", 50, [("i0", "InvoiceDetail", 50)]),
    "items in line order": (book([60, 30]), "Credit", 80, [("i0", "InvoiceDetail", 60), ("i1", "InvoiceDetail", 20)]),
    "then taxes": (book([60], [6, 4]), "Credit", 68, [("i0", "InvoiceDetail", 60), ("t0", "Tax", 6), ("t1", "Tax", 2)]),
    "up to what is still adjustable": (
        book([60, 30], adjustments=[("i0", "Credit", 50, "Processed")]),
        "Credit",
        20,
        [("i0", "InvoiceDetail", 10), ("i1", "InvoiceDetail", 10)],
    ),
    "a charge gives room back": (
        book([60, 30], adjustments=[("i0", "Charge", 5, "Processed")]),
        "Credit",
        65,
        [("i0", "InvoiceDetail", 65)],
    ),
    "canceled ones do not count": (book([60], adjustments=[("i0", "Credit", 50, "Canceled")]), "Credit", 60, [("i0", "InvoiceDetail", 60)]),
    "used-up lines are left out": (
        book([60, 30], adjustments=[("i0", "Credit", 60, "Processed")]),
        "Credit",
        5,
        [("i1", "InvoiceDetail", 5)],
    ),
    "credits leave negative items alone": (book([-10, 30]), "Credit", 20, [("i1", "InvoiceDetail", 20)]),
    "charges go to negative items": (book([10, -50, -30]), "Charge", 70, [("i1", "InvoiceDetail", 50), ("i2", "InvoiceDetail", 20)]),
    "and to negative taxes": (book([-50], [-5]), "Charge", 55, [("i0", "InvoiceDetail", 50), ("t0", "Tax", 5)]),
}


@SPREAD
@pytest.mark.parametrize("case", CASES)
def test_shares(case: str) -> None:
    given_book, kind, amount, expected = CASES[case]
    assert shares(given_book.spread(kind, Decimal(str(amount)), "I")) == expected


@SPREAD
def test_what_cannot_be_placed_is_missing_from_the_sum() -> None:
    assert placed(book([60, -10]).spread("Credit", Decimal(70), "I")) == 60


def test_what_is_reserved_is_no_longer_there() -> None:
    open_ = book([60, 30])
    for share in open_.spread("Credit", Decimal(50), "I"):
        open_.reserve("Credit", share.amount, "I", share.place.source_id)
    assert open_.balances["I"] == 40
    assert shares(open_.spread("Credit", Decimal(30), "I")) == [("i0", "InvoiceDetail", 10), ("i1", "InvoiceDetail", 20)]


AMOUNTS = st.lists(st.integers(-500, 500), min_size=1, max_size=6)


@SPREAD
@given(AMOUNTS, AMOUNTS, st.sampled_from(["Credit", "Charge"]), st.integers(1, 3000))
def test_shares_never_exceed_a_line_and_add_up(items: list[int], taxes: list[int], kind: str, amount: int) -> None:
    open_ = book([float(i) for i in items], [float(t) for t in taxes])
    sign = 1 if kind == "Credit" else -1
    found = open_.spread(kind, Decimal(amount), "I")
    assert all(0 < s.amount <= sign * open_.left[s.place.source_id] for s in found)
    assert placed(found) == min(amount, sum(max(sign * a, 0) for a in (*items, *taxes)))
