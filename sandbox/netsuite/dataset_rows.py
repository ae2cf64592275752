"""Columns and rows of datasets: how values look in a result, and rows that are computed instead of stored.

A computed column has a `value`: a text with places for numbers made of the row's number `n`, which begins with 1:
`SO{n:07}-1`, `{n/4}` (whole part), `{n%900+100}.50`, `USD`. A date column adds days: `2026-01-01+{n%28}`.
A page of computed rows costs the same wherever it stands in the dataset.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sandbox.netsuite.suiteql.functions import shown

TYPES = ("text", "number", "boolean", "date")
ALIAS = re.compile(r"[A-Za-z0-9_]+(?: [A-Za-z0-9_]+)*")
PLACE = re.compile(r"\{n(?:(?P<sign>[/%])(?P<by>[1-9]\d*))?(?:\+(?P<plus>\d+))?(?::0(?P<width>\d{1,2}))?\}")
GROWING_DATE = re.compile(r"(?P<start>\d{4}-\d{2}-\d{2})(?:\+(?P<days>\{.*\}))?")
NUMBER = re.compile(r"-?\d+(\.\d+)?")
ISO_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")

Number = Callable[[int], int]
Part = Callable[[int], object]
"""From a row's number to what stands at one place of the row."""


@dataclass(frozen=True)
class Column:
    """One column: its alias, what it holds, and in a computed dataset how."""

    name: str
    type: str = "text"
    value: str = ""

    @classmethod
    def from_object(cls, given: Any) -> Column:
        """A column from the form that `load` takes. Raises `ValueError`."""
        if not isinstance(given, dict) or set(given) - {"name", "type", "value"}:
            raise ValueError(f"a column is an object with name, type and value, not {given!r}")
        made = cls(str(given.get("name", "")), str(given.get("type", "text")), str(given.get("value", "")))
        if not ALIAS.fullmatch(made.name) or made.name.lower() == "links":
            raise ValueError(f"a column cannot be named {made.name!r}")
        if made.type not in TYPES:
            raise ValueError(f"the type of {made.name!r} must be one of {', '.join(TYPES)}")
        return made

    def as_object(self) -> dict[str, str]:
        """The form that `load` takes."""
        content = {"name": self.name, "type": self.type}
        return {**content, "value": self.value} if self.value else content

    def check(self, value: Any) -> None:
        """Refuse a value that the column cannot hold. Raises `ValueError`."""
        if value is None or value == "":
            return
        fits = {
            "text": isinstance(value, str),
            "boolean": isinstance(value, bool),
            "number": not isinstance(value, bool) and bool(NUMBER.fullmatch(shown(value))),
            "date": isinstance(value, str) and bool(ISO_DATE.fullmatch(value)),
        }
        if not fits[self.type]:
            raise ValueError(f"{value!r} does not fit the column {self.name!r} of type {self.type}")
        if self.type == "date":
            date.fromisoformat(value)


def day_text(day: date, date_format: str) -> str:
    """A date as the account's preference shows it."""
    if date_format == "M/D/YYYY":
        return f"{day.month}/{day.day}/{day.year}"
    if date_format == "D/M/YYYY":
        return f"{day.day}/{day.month}/{day.year}"
    return day.strftime("%d-%b-%Y") if date_format == "DD-Mon-YYYY" else day.isoformat()


def row_text(row: dict[str, Any], kinds: dict[str, str], key_style: str, date_format: str) -> str:
    """A stored row as JSON text: values as text, flags T and F, dates in the account's format, empty values left out."""
    content: dict[str, Any] = {"links": []}
    for name, value in row.items():
        if value is None or value == "":
            continue
        key = name.lower() if key_style == "lower" else name
        if isinstance(value, bool):
            content[key] = "T" if value else "F"
        elif kinds.get(name) == "date":
            content[key] = day_text(date.fromisoformat(value), date_format)
        else:
            content[key] = value if type(value) is str and value[:1] > "\x1f" else shown(value)
    return json.dumps(content, ensure_ascii=False)


class Formulas:
    """All computed columns as one pattern, so that a row costs one formatting."""

    def __init__(self, columns: tuple[Column, ...], key_style: str, date_format: str) -> None:
        self.parts: list[Part] = []
        pieces = ['{"links": []']
        for column in columns:
            if column.value:
                key = column.name.lower() if key_style == "lower" else column.name
                pieces.append(f", {_literal(json.dumps(key))}: {self._piece(column, date_format)}")
        self.pattern = "".join(pieces) + "}"

    def row(self, number: int) -> str:
        """Row `number` (from 1) as JSON text."""
        return self.pattern % tuple(part(number) for part in self.parts)

    def _piece(self, column: Column, date_format: str) -> str:
        if column.type == "date":
            self.parts.append(_days(column, date_format))
            return '"%s"'
        if column.type == "boolean":
            self.parts.append(_flag(column))
            return '"%s"'
        made, end = "", 0
        for place in PLACE.finditer(column.value):
            made += _literal(_inside(column.value[end : place.start()]))
            made += f"%0{place['width']}d" if place["width"] else "%d"
            self.parts.append(_number(place))
            end = place.end()
        rest = column.value[end:]
        if "{" in rest or "{" in PLACE.sub("", column.value):
            raise ValueError(f"the value {column.value!r} of {column.name!r} has a place that cannot be read")
        return f'"{made}{_literal(_inside(rest))}"'


def _inside(text: str) -> str:
    """A text as it stands between the quotes of JSON."""
    return json.dumps(text, ensure_ascii=False)[1:-1]


def _literal(text: str) -> str:
    return text.replace("%", "%%")


def _number(place: re.Match[str]) -> Number:
    sign, by, plus = place["sign"], int(place["by"] or 1), int(place["plus"] or 0)
    if sign == "/":
        return lambda n: n // by + plus
    if sign == "%":
        return lambda n: n % by + plus
    return lambda n: n + plus


def _days(column: Column, date_format: str) -> Part:
    found = GROWING_DATE.fullmatch(column.value)
    place = PLACE.fullmatch(found["days"]) if found and found["days"] else None
    if found is None or (found["days"] and place is None):
        raise ValueError(f"the value of the date column {column.name!r} must look like 2026-01-01+{{n%28}}")
    start, offset = date.fromisoformat(found["start"]), _number(place) if place else (lambda n: 0)
    known: dict[int, str] = {}

    def shown_day(n: int) -> str:
        days = offset(n)
        if days not in known:
            known[days] = day_text(start + timedelta(days=days), date_format)
        return known[days]

    return shown_day


def _flag(column: Column) -> Part:
    place = PLACE.fullmatch(column.value)
    if column.value in ("T", "F"):
        return lambda n: column.value
    if place is None:
        raise ValueError(f"the value of the boolean column {column.name!r} must be T, F or a number such as {{n%2}}")
    number = _number(place)
    return lambda n: "T" if number(n) else "F"
