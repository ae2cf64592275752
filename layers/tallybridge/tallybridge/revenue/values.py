"""Values of one column in the form that an upload file needs (revenue-connector.md section 9): compiled once, run over whole pages.

Only representation is adapted, never meaning. Each function takes a page's values of one column as text ("" for empty) and answers as
many. A page without anything unusual, which is nearly every one, is recognised by a handful of calls that run in C.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import date
from decimal import Decimal, InvalidOperation

from tallybridge.revenue import dates

Report = Callable[[int, str], None]
"""Told of the position in the page, and the value, that cannot be represented."""
SEPARATOR = "\x1f"
_PLAIN_NUMBER = r"(?:-?[0-9]+(?:\.[0-9]+)?)?"
PLAIN_NUMBERS = re.compile(rf"{_PLAIN_NUMBER}(?:\x1f{_PLAIN_NUMBER})*")
"""Without possessive repetitions: Python 3.11 has let "5." through one of them."""
NUMBER = re.compile(r"([+-]?)([0-9]*)(?:\.([0-9]*))?(?:[eE]([+-]?[0-9]{1,3}))?")
BREAKS = re.compile(r"[\t\r\n\v\f\x1c-\x1f\x85\u2028\u2029]+")
REMEMBERED = 20_000
"""Different dates, or plain numbers, that are kept; date-times may be all different."""


def as_text(values: Sequence[object]) -> list[str]:
    """Values of a page as text: null is empty, flags are T and F; numbers come as their own digits from the JSON reader."""
    return [v if isinstance(v, str) else "" if v is None else ("T" if v else "F") if isinstance(v, bool) else str(v) for v in values]


def character(values: list[str], plain: bool = False) -> list[str]:
    """Outer blanks trimmed, tabs and line breaks as one blank. `plain` says that no value has a control character."""
    text = "".join(values)
    if plain or text.isprintable():
        return [v.strip() for v in values] if " " in text else values
    return [BREAKS.sub(" ", v.strip()).strip() for v in values]


def number(values: list[str], report: Report) -> list[str]:
    """Plain decimal notation, digit for digit: no exponent, no plus sign, no digit without its zero."""
    if PLAIN_NUMBERS.fullmatch(SEPARATOR.join(values)):
        return values
    return [_number(place, value.strip(), report) for place, value in enumerate(values)]


class Numbers:
    """As `number`, for one column: quantities, rates and list prices are the same again and again, and what was plain once is so again."""

    def __init__(self) -> None:
        self._plain: set[str] = set()

    def __call__(self, values: list[str], report: Report) -> list[str]:
        if self._plain.issuperset(values):
            return values
        found = number(values, report)
        if found is values and len(self._plain) < REMEMBERED:
            self._plain.update(values)
        return found


def _number(place: int, value: str, report: Report) -> str:
    if not value:
        return ""
    match = NUMBER.fullmatch(value)
    if not match or not (match[2] or match[3]):
        report(place, value)
        return ""
    sign, whole, part, exponent = "-" if match[1] == "-" else "", match[2] or "0", match[3] or "", match[4]
    if exponent is None:
        return f"{sign}{whole}.{part}" if part else f"{sign}{whole}"
    try:
        return f"{Decimal(value):f}"
    except InvalidOperation:  # pragma: no cover - the pattern lets nothing through that Decimal does not take
        report(place, value)
        return ""


class Dates:
    """Dates of one column: from the source format, or ISO, to the template's. Raises `ValueError` for a format that is none."""

    def __init__(self, source: str, target: str) -> None:
        self._read = dates.reader(source)
        self._write = dates.writer(target)
        self._known: dict[str, str] = {"": ""}

    def __call__(self, values: list[str], report: Report) -> list[str]:
        try:
            return list(map(self._known.__getitem__, values))
        except KeyError:
            return [self._one(place, value, report) for place, value in enumerate(values)]

    def _one(self, place: int, value: str, report: Report) -> str:
        known = self._known.get(value)
        if known is not None:
            return known
        text = value.strip()
        day: date | None = self._read(text) if text else None
        if text and day is None:
            report(place, value)
            return ""
        if len(self._known) >= REMEMBERED:
            self._known = {"": ""}
        self._known[value] = self._write(day) if day else ""
        return self._known[value]


def quoted(values: list[str]) -> list[str]:
    """CSV cells: in double quotes, quotes doubled, nothing for nothing."""
    if '"' in "".join(values):
        values = [v.replace('"', '""') for v in values]
    if "" in values:
        return [f'"{v}"' if v else "" for v in values]
    return [f'"{v}"' for v in values]
