"""Values in queries, and text that Zuora can store. Every value that enters a query goes through one of the two escapers here."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from tallybridge import money

Literal = str | bool | int | Decimal | date | None
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")
_ZOQL_ESCAPES = str.maketrans({"\\": "\\\\", "'": "\\'", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t"})
_BEYOND_BMP = re.compile(r"[\U00010000-\U0010ffff]")


def zoql_literal(value: Literal) -> str:
    """The value as ZOQL writes it (api-zuora-billing.md 8.3): 'O\\'Neil', 12.5, true, null, '2026-01-31'.

    A moment without a zone is read in the tenant's zone. Raises `ValueError` for text with control characters.
    """
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case int() | Decimal():
            return _number(value)
        case datetime():
            return f"'{value.isoformat(timespec='seconds')}'"
        case date():
            return f"'{value.isoformat()}'"
    return f"'{_printable(value).translate(_ZOQL_ESCAPES)}'"


def sql_literal(value: Literal | tuple[Literal, ...] | list[Literal]) -> str:
    """The value as Data Query writes it (10.2): 'O''Neil', DATE '2026-01-31', TIMESTAMP with milliseconds and UTC offset.

    A list becomes `(a, b)` for `IN`. Raises `ValueError` for an empty list, text with control characters, a moment without zone.
    """
    match value:
        case None:
            return "NULL"
        case bool():
            return "TRUE" if value else "FALSE"
        case int() | Decimal():
            return _number(value)
        case datetime():
            if value.tzinfo is None:
                raise ValueError(f"{value} has no time zone")
            return f"TIMESTAMP '{value.astimezone(UTC):%Y-%m-%d %H:%M:%S}.{value.microsecond // 1000:03d} +00:00'"
        case date():
            return f"DATE '{value.isoformat()}'"
        case tuple() | list():
            if not value:
                raise ValueError("IN needs at least one value")
            return f"({', '.join(sql_literal(v) for v in value)})"
    return "'" + _printable(value).replace("'", "''") + "'"


def storable(value: Any) -> Any:
    """The value with all text, however deep, free of characters beyond the Basic Multilingual Plane, which Zuora cannot store."""
    if isinstance(value, str):
        return _BEYOND_BMP.sub("", value)
    if isinstance(value, Mapping):
        return {k: storable(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [storable(v) for v in value]
    return value


def _number(value: int | Decimal) -> str:
    if isinstance(value, Decimal):
        if not value.is_finite():
            raise ValueError(f"{value} is not an amount")
        return money.plain(value)
    return str(value)


def _printable(text: str) -> str:
    if _CONTROL.search(text):
        raise ValueError(f"text in a query must not contain control characters: {text!r}")
    return text
