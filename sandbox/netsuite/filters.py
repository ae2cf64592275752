"""The `q` parameter of a collection: `email START_WITH "ap@" AND isInactive IS false`."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from sandbox.netsuite.exceptions import NetSuiteError, invalid_parameter
from sandbox.netsuite.schema import Field, RecordType

MAX_DEPTH = 50
_TOKEN = re.compile(r'\s*(?:"((?:[^"\\]|\\.)*)"|([()\[\],])|([^\s()\[\],"]+))')
Test = Callable[[dict[str, Any]], bool]

_STRING: dict[str, Callable[[str, str], bool]] = {
    "CONTAIN": lambda v, w: w in v,
    "IS": lambda v, w: v == w,
    "START_WITH": lambda v, w: v.startswith(w),
    "END_WITH": lambda v, w: v.endswith(w),
    "ENDWITH": lambda v, w: v.endswith(w),
}
_NUMBER: dict[str, Callable[[Decimal, list[Decimal]], bool]] = {
    "ANY_OF": lambda v, w: v in w,
    "BETWEEN": lambda v, w: w[0] <= v <= w[1],
    "WITHIN": lambda v, w: w[0] <= v <= w[1],
    "EQUAL": lambda v, w: v == w[0],
    "GREATER": lambda v, w: v > w[0],
    "GREATER_OR_EQUAL": lambda v, w: v >= w[0],
    "LESS": lambda v, w: v < w[0],
    "LESS_OR_EQUAL": lambda v, w: v <= w[0],
}
_DATE: dict[str, Callable[[date, date], bool]] = {
    "AFTER": lambda v, w: v > w,
    "BEFORE": lambda v, w: v < w,
    "ON": lambda v, w: v == w,
    "ON_OR_AFTER": lambda v, w: v >= w,
    "ON_OR_BEFORE": lambda v, w: v <= w,
}
_LISTS = {"ANY_OF": None, "BETWEEN": 2, "WITHIN": 2}


@dataclass(frozen=True)
class _Token:
    text: str
    quoted: bool = False


def invalid_query(text: str) -> NetSuiteError:
    """The filter cannot be understood."""
    return invalid_parameter(f"Invalid search query. Detailed unprocessed description follows. {text}", "q")


def parse(text: str, kind: RecordType) -> Test:
    """A test on a record's values. Raises `NetSuiteError` naming what is wrong with the filter."""
    parser = _Parser(_tokens(text), kind)
    test = parser.either(0)
    if parser.left:
        raise invalid_query(f"Unexpected '{parser.left[0].text}'.")
    return test


def _tokens(text: str) -> list[_Token]:
    found, position = [], 0
    text = text.strip()
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None:
            raise invalid_query(f"Cannot read '{text[position:]}'.")
        quoted = match[1] is not None
        found.append(_Token(re.sub(r"\\(.)", r"\1", match[1]) if quoted else match[2] or match[3], quoted))
        position = match.end()
    return found


class _Parser:
    def __init__(self, tokens: list[_Token], kind: RecordType) -> None:
        self.left = tokens
        self.kind = kind

    def next(self) -> _Token:
        if not self.left:
            raise invalid_query("Unexpected end.")
        return self.left.pop(0)

    def taken(self, word: str) -> bool:
        if self.left and not self.left[0].quoted and self.left[0].text.upper() == word:
            self.left.pop(0)
            return True
        return False

    def either(self, depth: int) -> Test:
        tests = [self.both(depth)]
        while self.taken("OR"):
            tests.append(self.both(depth))
        return lambda values: any(t(values) for t in tests)

    def both(self, depth: int) -> Test:
        tests = [self.one(depth)]
        while self.taken("AND"):
            tests.append(self.one(depth))
        return lambda values: all(t(values) for t in tests)

    def one(self, depth: int) -> Test:
        if depth > MAX_DEPTH:
            raise invalid_query("Too many parentheses.")
        if self.taken("("):
            test = self.either(depth + 1)
            if not self.taken(")"):
                raise invalid_query("A closing parenthesis is missing.")
            return test
        name = self.next().text
        field = self.kind.fields.get(name.lower())
        if name.lower() == "id":
            field = Field("id", "int")
        if field is None or field.kind in ("sub", "rec", "any", "multi"):
            raise invalid_query(f"Field '{name}' does not exist or cannot be used in a filter.")
        return self.condition(field)

    def condition(self, field: Field) -> Test:
        operator = self.next().text.upper()
        name, negative = field.name, operator.endswith("_NOT")
        operator = operator.removesuffix("_NOT")
        if operator == "EMPTY":
            return lambda values: (values.get(name) in (None, "")) != negative
        compare = _comparison(field, operator, lambda: self.operands(operator))
        return lambda values: (values.get(name) is not None and compare(values[name])) != negative

    def operands(self, operator: str) -> list[str]:
        if not self.taken("["):
            return [self.next().text]
        found = []
        while not self.taken("]"):
            token = self.next()
            if token.quoted or token.text != ",":
                found.append(token.text)
        if operator not in _LISTS or _LISTS[operator] not in (None, len(found)):
            raise invalid_query(f"Operator {operator} does not take {len(found)} values.")
        return found


def _comparison(field: Field, operator: str, operands: Callable[[], list[str]]) -> Callable[[Any], bool]:
    """The comparison that an operator means on this kind of field, given the text operands that follow it."""
    if field.kind == "bool" and operator == "IS":
        wanted = operands()[0].lower() in ("true", "t")
        return lambda value: bool(value == wanted)
    if field.kind in ("num", "int", "ref") and operator in _NUMBER:
        numbers = [_decimal(text) for text in operands()]
        return lambda value: _NUMBER[operator](Decimal(value), numbers)
    if field.kind in ("date", "dt") and operator in _DATE:
        day = _day(operands()[0])
        return lambda value: _DATE[operator](value.date() if isinstance(value, datetime) else value, day)
    if field.kind in ("str", "enum") and operator in _STRING:
        text = operands()[0].lower()
        return lambda value: _STRING[operator](str(value).lower(), text)
    raise invalid_query(f"Operator {operator} cannot be used with field '{field.name}'.")


def _decimal(text: str) -> Decimal:
    try:
        return Decimal(text)
    except InvalidOperation:
        raise invalid_query(f"'{text}' is not a number.") from None


def _day(text: str) -> date:
    """A date in the account's display format, M/D/YYYY."""
    match = re.fullmatch(r"(\d{1,2})/(\d{1,2})/(\d{4})", text)
    if match is None:
        raise invalid_query(f"'{text}' is not a date in the format of the account (M/D/YYYY).")
    try:
        return date(int(match[3]), int(match[1]), int(match[2]))
    except ValueError:
        raise invalid_query(f"'{text}' is not a date.") from None
