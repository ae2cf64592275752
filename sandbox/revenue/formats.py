"""Numbers and dates as cells of an upload file hold them."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from decimal import Decimal

NUMBER = re.compile(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)", re.ASCII)
MONTHS = (
    "JANUARY",
    "FEBRUARY",
    "MARCH",
    "APRIL",
    "MAY",
    "JUNE",
    "JULY",
    "AUGUST",
    "SEPTEMBER",
    "OCTOBER",
    "NOVEMBER",
    "DECEMBER",
)
TOKENS = {
    "YYYY": r"(?P<year>\d{4})",
    "MONTH": r"(?P<name>[A-Z]{3,9})",
    "MON": r"(?P<short>[A-Z]{3})",
    "MM": r"(?P<month>\d{2})",
    "DD": r"(?P<day>\d{2})",
    "YY": r"(?P<years>\d{2})",
    "D": r"(?P<day>\d{1,2})",
}
"""Tokens of a template's date format, longer ones first."""
TOKEN = re.compile("|".join(TOKENS))
CENTURY = 2000


def number_of(text: str) -> Decimal | None:
    """The number of a cell; None when it is empty or none."""
    return Decimal(text) if NUMBER.fullmatch(text) else None


def decimals_of(text: str) -> int:
    """How many decimals a number carries; closing zeros do not count."""
    return len(text.partition(".")[2].rstrip("0"))


def date_reader(date_format: str) -> Callable[[str], date | None]:
    """A function that turns cells in this format into dates, None for what does not fit. Raises `ValueError` for a format without
    day, month and year."""
    shape, pattern, end = date_format.upper(), "", 0
    for token in TOKEN.finditer(shape):
        pattern += re.escape(shape[end : token.start()]) + TOKENS[token.group()]
        end = token.end()
    pattern += re.escape(shape[end:])
    try:
        compiled = re.compile(pattern, re.ASCII)
    except re.error:
        raise ValueError(f"the date format {date_format!r} names a part twice") from None
    groups = set(compiled.groupindex)
    if "day" not in groups or not groups & {"year", "years"} or not groups & {"month", "short", "name"}:
        raise ValueError(f"the date format {date_format!r} needs a day, a month and a year")
    known: dict[str, date | None] = {}

    def read(text: str) -> date | None:
        if text not in known:
            known[text] = _date(compiled.fullmatch(text.upper()))
        return known[text]

    return read


def _date(found: re.Match[str] | None) -> date | None:
    if found is None:
        return None
    parts = found.groupdict()
    year = int(parts["year"]) if parts.get("year") else CENTURY + int(parts["years"])
    try:
        return date(year, _month(parts), int(parts["day"]))
    except ValueError:
        return None


def _month(parts: dict[str, str | None]) -> int:
    """1 to 12; 0 for a name that is no month."""
    if parts.get("month"):
        return int(parts["month"] or 0)
    name = parts.get("name")
    if name:
        return MONTHS.index(name) + 1 if name in MONTHS else 0
    short = [m[:3] for m in MONTHS]
    return short.index(parts["short"] or "") + 1 if parts.get("short") in short else 0
