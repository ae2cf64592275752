"""Dates in queries: how they are kept in SQLite, and Oracle's format models.

A date is kept as text with a mark in front, so that results can show it in the account's format and comparisons stay plain.
"""

from __future__ import annotations

import functools
import re
from datetime import datetime, timedelta

MARK = "\x1f"
_KEPT = "%Y-%m-%d %H:%M:%S"
_PARTS = re.compile(r"YYYY|HH24|HH12|HH|MONTH|MON|MM|DD|MI|SS|AM|PM|YY|DAY|DY|FM|Q|\"[^\"]*\"", re.IGNORECASE)
_DIRECTIVES = {
    "YYYY": "%Y",
    "YY": "%y",
    "MM": "%m",
    "DD": "%d",
    "HH24": "%H",
    "HH12": "%I",
    "HH": "%I",
    "MI": "%M",
    "SS": "%S",
    "MON": "%b",
    "MONTH": "%B",
    "DAY": "%A",
    "DY": "%a",
    "AM": "%p",
    "PM": "%p",
    "FM": "",
}


class BadDate(ValueError):
    """A text that is no date in the format it should have."""


def mark(moment: datetime) -> str:
    """A date and time as it is kept."""
    return MARK + moment.strftime(_KEPT)


def is_date(value: object) -> bool:
    return isinstance(value, str) and value.startswith(MARK)


def moment_of(value: str) -> datetime:
    """The date and time that a kept value means."""
    return datetime.strptime(value[len(MARK) :], _KEPT)  # noqa: DTZ007 - account time, which has no zone here


def display(value: str) -> str:
    """A kept date in the account's format: M/D/YYYY."""
    moment = moment_of(value)
    return f"{moment.month}/{moment.day}/{moment.year}"


def parse(text: str, model: str) -> str:
    """`TO_DATE` and `TO_TIMESTAMP`: a text in an Oracle format model, as a kept date. Raises `BadDate`."""
    pattern = _PARTS.sub(lambda m: _DIRECTIVES.get(m[0].upper(), m[0].strip('"')), model)
    try:
        return mark(datetime.strptime(text.strip(), pattern))  # noqa: DTZ007
    except ValueError:
        raise BadDate(f"'{text}' does not match the format '{model}'") from None


def implicit(text: str) -> str:
    """A text that is compared with a date: it must be in the account's format. Raises `BadDate`."""
    if is_date(text):
        return text
    return parse(text, "MM/DD/YYYY")


@functools.lru_cache(maxsize=4_096)
def render(value: str, model: str) -> str:
    """`TO_CHAR` of a kept date."""
    moment = moment_of(value)

    def part(match: re.Match[str]) -> str:
        token = match[0].upper()
        if token.startswith('"'):
            return match[0].strip('"')
        if token == "Q":
            return str((moment.month + 2) // 3)
        if token in ("MON", "MONTH", "DAY", "DY"):
            text = moment.strftime(_DIRECTIVES[token])
            return text.upper() if match[0].isupper() else text
        return moment.strftime(_DIRECTIVES[token]) if _DIRECTIVES[token] else ""

    return _PARTS.sub(part, model)


def shifted(value: str, days: float) -> str:
    """A kept date some days later."""
    return mark(moment_of(value) + timedelta(days=days))


def truncated(value: str, unit: str = "DD") -> str:
    """`TRUNC` of a kept date to the day, month or year."""
    moment = moment_of(value).replace(hour=0, minute=0, second=0)
    if unit.upper() in ("MM", "MON", "MONTH"):
        moment = moment.replace(day=1)
    elif unit.upper() in ("YYYY", "YEAR", "Y"):
        moment = moment.replace(month=1, day=1)
    return mark(moment)
