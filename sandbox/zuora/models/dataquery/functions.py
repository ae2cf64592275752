"""Functions of the SQL dialect that the embedded engine does not have."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

OFFSET = re.compile(r"([+-])(\d\d):(\d\d)\Z")
UNITS = {"second": 1, "minute": 60, "hour": 3_600, "day": 86_400, "week": 604_800}
TRUNCATED = {"day": 10, "month": 7, "year": 4}


def zone_named(name: str) -> tzinfo:
    """A time zone from its name or offset. Raises `ValueError`."""
    if name.upper() in ("UTC", "Z", "GMT"):
        return UTC
    if match := OFFSET.match(name):
        minutes = int(match[2]) * 60 + int(match[3])
        return timezone(timedelta(minutes=-minutes if match[1] == "-" else minutes))
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        raise ValueError(f"Time zone not supported: {name}") from None


def at_timezone(moment: str | None, zone: str) -> str | None:
    """A moment shown in a zone: `2026-01-31T08:15:00.000+00:00`."""
    if moment is None:
        return None
    return shown_moment(moment, zone_named(zone))


def shown_moment(moment: str, zone: tzinfo) -> str:
    return datetime.fromisoformat(moment).astimezone(zone).isoformat(timespec="milliseconds")


def date_add(unit: str, amount: int, moment: str | None) -> str | None:
    if moment is None:
        return None
    at = datetime.fromisoformat(moment) + timedelta(seconds=UNITS[unit] * amount)
    return at.date().isoformat() if len(moment) == len("2026-01-31") else at.strftime("%Y-%m-%d %H:%M:%S.") + moment[-4:]


def date_trunc(unit: str, moment: str | None) -> str | None:
    if moment is None:
        return None
    start = (moment[: TRUNCATED[unit]] + "-01-01")[:10]
    return start if len(moment) == len(start) else f"{start} 00:00:00.000Z"


def regexp_like(text: str | None, pattern: str) -> bool | None:
    return None if text is None else re.search(pattern, text) is not None


class ExactSum:
    """`sum` of amounts without the drift of binary fractions."""

    def __init__(self) -> None:
        self.total = Decimal(0)
        self.count = 0
        self.whole = True

    def step(self, value: float | int | None) -> None:
        if value is not None:
            self.total += Decimal(repr(value))
            self.count += 1
            self.whole = self.whole and isinstance(value, int)

    def inverse(self, value: float | int | None) -> None:
        if value is not None:
            self.total -= Decimal(repr(value))
            self.count -= 1

    def value(self) -> float | int | None:
        if not self.count:
            return None
        return int(self.total) if self.whole else float(self.total)

    def finalize(self) -> float | int | None:
        return self.value()


def register(connection: sqlite3.Connection, zone: tzinfo) -> None:
    """Make the functions known to a connection."""

    def date_of(value: str | None) -> str | None:
        if value is None or len(value) == len("2026-01-31"):
            return value
        return datetime.fromisoformat(value).astimezone(zone).date().isoformat()

    functions: list[tuple[str, int, Callable[..., Any]]] = [
        ("at_timezone", 2, at_timezone),
        ("date_add", 3, date_add),
        ("date_trunc", 2, date_trunc),
        ("regexp", 2, lambda pattern, text: regexp_like(text, pattern)),
        ("regexp_like", 2, regexp_like),
        ("date_of", 1, date_of),
        ("strpos", 2, lambda text, part: None if text is None else text.find(part) + 1),
    ]
    connection.create_window_function("sum", 1, ExactSum)  # type: ignore[attr-defined, unused-ignore]
    for name, arguments, function in functions:
        connection.create_function(name, arguments, function, deterministic=True)
