"""Values in queries and text that Zuora can store (api-zuora-billing.md 8.3, 10.2, 3)."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tallybridge.zuora import sql_literal, zoql_literal
from tallybridge.zuora.literals import storable

PRINTABLE = st.text(st.characters(min_codepoint=32, exclude_categories=["Cs"]))


@pytest.mark.parametrize(
    ("value", "zoql", "sql"),
    [
        ("O'Neil", r"'O\'Neil'", "'O''Neil'"),
        ("back\\slash", r"'back\\slash'", "'back\\slash'"),
        (True, "true", "TRUE"),
        (None, "null", "NULL"),
        (12, "12", "12"),
        (Decimal("1E+2"), "100", "100"),
        (Decimal("0.10"), "0.1", "0.1"),
        (date(2026, 1, 31), "'2026-01-31'", "DATE '2026-01-31'"),
        (
            datetime(2026, 1, 31, 8, 15, 0, 123456, tzinfo=timezone(timedelta(hours=-8))),
            "'2026-01-31T08:15:00-08:00'",
            "TIMESTAMP '2026-01-31 16:15:00.123 +00:00'",
        ),
    ],
)
def test_how_values_are_written(value: Any, zoql: str, sql: str) -> None:
    assert zoql_literal(value) == zoql
    assert sql_literal(value) == sql


def test_a_list_is_written_for_in() -> None:
    assert sql_literal(["a", "b'c"]) == "('a', 'b''c')"


@pytest.mark.parametrize(
    "wrong",
    [lambda: sql_literal([]), lambda: sql_literal(datetime(2026, 1, 1)), lambda: sql_literal("a\0b"), lambda: zoql_literal("a\x1bb")],  # noqa: DTZ001
)
def test_what_cannot_be_written_is_refused(wrong: Any) -> None:
    with pytest.raises(ValueError, match=r"\S"):
        wrong()


def test_a_number_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError, match="not an amount"):
        zoql_literal(Decimal("NaN"))


@given(PRINTABLE)
def test_no_text_ends_an_sql_literal_early(text: str) -> None:
    inner = sql_literal(text)[1:-1]
    assert inner.replace("''", "").count("'") == 0
    assert inner.replace("''", "'") == text


@given(PRINTABLE)
def test_no_text_ends_a_zoql_literal_early(text: str) -> None:
    inner, read = zoql_literal(text)[1:-1], ""
    characters = iter(inner)
    for character in characters:
        assert character != "'"
        read += next(characters) if character == "\\" else character
    assert read == text


def test_text_loses_what_zuora_cannot_store_and_keeps_the_rest() -> None:
    body = {"Name": "Café 🎉 株式会社", "lines": [{"memo": "ok\U0001f600"}, 3, None], "when": datetime(2026, 1, 1, tzinfo=UTC)}
    assert storable(body) == {
        "Name": "Café  株式会社",
        "lines": [{"memo": "ok"}, 3, None],
        "when": datetime(2026, 1, 1, tzinfo=UTC),
    }
