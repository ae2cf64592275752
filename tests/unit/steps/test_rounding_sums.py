"""What rounding line by line makes of a document (steps/documents/rounding.py), and amounts as people write them."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tallybridge import money
from tallybridge.steps.documents.rounding import Sums

D = Decimal


@pytest.mark.parametrize(
    ("lines", "amount", "currency", "digits", "rest", "differ"),
    [
        (["33.333", "33.333", "33.334"], "100", "USD", 2, "0.01", False),
        (["100", "0.125", "0.125", "0.125"], "100.38", "USD", 2, "-0.01", False),
        (["100", "0.125", "0.125", "0.125"], "100.375", "USD", 2, "-0.01", False),
        (["10", "20"], "30", "USD", 2, "0", False),
        (["10", "20"], "30.01", "USD", 2, "0.01", True),
        (["33.333", "33.333", "33.334"], "100", "KWD", 3, "0", False),
        (["33.333", "33.333", "33.334"], "100", "KWD", 2, "0.01", False),
        (["33.33", "33.33", "33.34"], "100", "EUR", 0, "1", False),
        (["-33.333", "-33.333", "-33.334"], "-100", "USD", 2, "-0.01", False),
        (["99.60"], "100", "EUR", 0, "0", True),
    ],
)
def test_what_the_lines_lack_of_the_total(lines: list[str], amount: str, currency: str, digits: int, rest: str, differ: bool) -> None:
    sums = Sums.of([D(line) for line in lines], D(amount), currency, digits)
    assert (sums.rest, sums.differ) == (D(rest), differ)


@given(
    st.lists(st.decimals(min_value=-1000, max_value=1000, places=4), min_size=1, max_size=30),
    st.sampled_from([("USD", 2), ("KWD", 2), ("KWD", 3), ("EUR", 0), ("JPY", 0)]),
)
def test_a_rounding_line_is_never_more_than_one_minor_unit_a_line(lines: list[Decimal], kept: tuple[str, int]) -> None:
    currency, digits = kept
    total = money.stored(sum(lines, D(0)), digits)
    sums = Sums.of(lines, total, currency, digits)
    assert sums.can_be_settled
    assert abs(sums.rest) <= len(lines) * money.unit(digits)
    assert sums.kept + sums.rest == total


def test_a_total_that_netsuite_cannot_keep_is_made_right_by_no_line() -> None:
    sums = Sums.of([D("100.50")], D("100.50"), "EUR", 0)
    assert (sums.rest, sums.differ, sums.can_be_settled) == (D("-0.50"), False, False)


@pytest.mark.parametrize(
    ("amount", "currency", "text"),
    [
        ("1190.75", "EUR", "EUR 1,190.75"),
        ("1000", "JPY", "JPY 1,000"),
        ("10", "KWD", "KWD 10.000"),
        ("0.125", "USD", "USD 0.125"),
        ("-5", "USD", "USD -5.00"),
        ("1E+2", "USD", "USD 100.00"),
        ("0", "", "0.00"),
    ],
)
def test_amounts_as_people_write_them(amount: str, currency: str, text: str) -> None:
    assert money.text(D(amount), currency) == text
