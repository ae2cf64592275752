"""Dates: from the way NetSuite shows them to the template's format (revenue-connector.md section 9, rule 3). Nothing is guessed."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date

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
SHORT = tuple(name[:3] for name in MONTHS)
TOKEN = re.compile(r"YYYY|YY|MONTH|MON|MM|M|DD|D", re.IGNORECASE)
PIVOT = 70
"""Two digits of a year from here on are of the 20th century."""
ISO = re.compile(r"(\d{4})-(\d{2})-(\d{2})(?:[T ].*)?")
TIME = re.compile(r"\s+\d{1,2}:\d{2}.*$")
PATTERNS = {
    "YYYY": r"(?P<year>\d{4})",
    "YY": r"(?P<year>\d{2})",
    "MONTH": r"(?P<month>[A-Za-z]+)",
    "MON": r"(?P<month>[A-Za-z]{3})",
    "MM": r"(?P<month>\d{1,2})",
    "M": r"(?P<month>\d{1,2})",
    "DD": r"(?P<day>\d{1,2})",
    "D": r"(?P<day>\d{1,2})",
}
WRITERS: dict[str, Callable[[date], str]] = {
    "YYYY": lambda d: f"{d.year:04}",
    "YY": lambda d: f"{d.year % 100:02}",
    "MONTH": lambda d: MONTHS[d.month - 1],
    "MON": lambda d: SHORT[d.month - 1],
    "MM": lambda d: f"{d.month:02}",
    "M": lambda d: str(d.month),
    "DD": lambda d: f"{d.day:02}",
    "D": lambda d: str(d.day),
}
PARTS = {"YYYY": "year", "YY": "year", "MONTH": "month", "MON": "month", "MM": "month", "M": "month", "DD": "day", "D": "day"}


def pieces(form: str) -> list[str]:
    """A format as tokens and the text between them: "DD-MON-YYYY" -> ["DD", "-", "MON", "-", "YYYY"]. Raises `ValueError`
    unless year, month and day stand in it once each."""
    found: list[str] = []
    at = 0
    for token in TOKEN.finditer(form):
        found += [form[at : token.start()], token[0].upper()]
        at = token.end()
    found = [piece for piece in [*found, form[at:]] if piece]
    parts = [PARTS[piece] for piece in found if piece in PARTS]
    if sorted(parts) != ["day", "month", "year"]:
        raise ValueError(f'"{form}" is not a date format: it needs year, month and day once each, such as DD-MON-YYYY')
    return found


def checked_source_format(form: str) -> str:
    """The format, for the configuration; empty is allowed where another one stands in. Raises `ValueError`."""
    if form:
        pieces(form)
    return form


def reader(form: str) -> Callable[[str], date | None]:
    """Reads a text in `form`, or an ISO date; a time behind it is dropped. None when the text is no such date."""
    pattern = re.compile("".join(PATTERNS.get(piece, re.escape(piece)) for piece in pieces(form)))

    def read(text: str) -> date | None:
        if iso := ISO.fullmatch(text):
            return _date(iso[1], iso[2], iso[3])
        match = pattern.fullmatch(TIME.sub("", text))
        return _date(match["year"], match["month"], match["day"]) if match else None

    return read


def writer(form: str) -> Callable[[date], str]:
    """Writes a date in `form`; month names are English, upper case. Raises `ValueError` for a form that is none."""
    steps = [(WRITERS.get(piece), piece) for piece in pieces(form)]

    def write(day: date) -> str:
        return "".join(act(day) if act else text for act, text in steps)

    return write


def _date(year: str, month: str, day: str) -> date | None:
    if month.isdecimal():
        number = int(month)
    elif month.upper() in MONTHS:
        number = MONTHS.index(month.upper()) + 1
    elif month.upper() in SHORT:
        number = SHORT.index(month.upper()) + 1
    else:
        return None
    whole = int(year) if len(year) == 4 else int(year) + (1900 if int(year) >= PIVOT else 2000)
    try:
        return date(whole, number, int(day))
    except ValueError:
        return None
