"""Amounts, times and durations as people read them."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tallybridge.reporting.words import (
    amount_text,
    clean,
    count_text,
    duration_text,
    listed,
    money_text,
    one_line,
    plural,
    shortened,
    utc_text,
)


@pytest.mark.parametrize(
    ("amount", "currency", "text"),
    [
        ("1234567.5", "USD", "1,234,567.50"),
        ("-1234.5", "EUR", "\u22121,234.50"),
        ("1200", "JPY", "1,200"),
        ("1E+6", "JPY", "1,000,000"),
        ("1.5", "KWD", "1.500"),
        ("0.005", "USD", "0.005"),
        ("-0.00", "USD", "0.00"),
        ("1.10000", "USD", "1.10"),
    ],
)
def test_amounts(amount: str, currency: str, text: str) -> None:
    assert amount_text(Decimal(amount), currency) == text


def test_counts_and_plurals() -> None:
    assert (count_text(12345), count_text(-1)) == ("12,345", "\u22121")
    assert (plural(1, "record"), plural(2000, "record"), plural(2, "entry", "entries")) == ("1 record", "2,000 records", "2 entries")
    assert (listed([]), listed(["a"]), listed(["a", "b", "c"])) == ("", "a", "a, b and c")
    assert money_text(Decimal(-3), "JPY") == "JPY \u22123"


@pytest.mark.parametrize(
    ("start", "end", "text"),
    [
        ("2025-11-20T05:00:00Z", "2025-11-20T05:00:00.850Z", "850 ms"),
        ("2025-11-20T05:00:00Z", "2025-11-20T05:00:12Z", "12 s"),
        ("2025-11-20T05:00:00Z", "2025-11-20T05:01:12.999Z", "1 min 12 s"),
        ("2025-11-20T05:00:00Z", "2025-11-20T05:03:00Z", "3 min"),
        ("2025-11-20T23:00:00Z", "2025-11-21T01:05:30Z", "2 h 5 min"),
        ("2025-11-20T05:00:00+01:00", "2025-11-20T05:00:00Z", "1 h"),
        ("2025-11-20T05:00:00", "2025-11-20T05:00:01+00:00", "1 s"),
        ("", "2025-11-20T05:00:01Z", ""),
        ("2025-11-20T05:00:02Z", "2025-11-20T05:00:01Z", ""),
    ],
)
def test_durations(start: str, end: str, text: str) -> None:
    assert duration_text(start, end) == text


def test_times_are_utc_and_say_so() -> None:
    assert utc_text("2025-11-20T06:00:12+01:00") == "20 November 2025, 05:00:12 UTC"
    assert utc_text("no time") == "no time"


def test_text_is_cleaned_and_cut() -> None:
    assert clean("a\x00b\u202ec\ud83d\td\r\ne") == "abc\ufffd\td\ne"
    assert one_line("a\r\nBcc: b@example.com\u2028c\x85d", 50) == "a Bcc: b@example.com c d"
    assert shortened("abcdef", 4) == "abc\u2026"
