"""The functions that translated queries call, as SQLite user functions."""

from __future__ import annotations

import calendar
import sqlite3
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from sandbox.netsuite.rules import Tenant
from sandbox.netsuite.suiteql import dates, numbers, texts
from sandbox.netsuite.suiteql.rows import TYPE_CODES
from sandbox.netsuite.values import STATUS_LABELS

MAX_TEXT = 4000
"""Characters of one value, as Oracle's VARCHAR2 has them."""
NAMES = {code: name for name, code in TYPE_CODES.items()}


class Failure:
    """Why a function refused its arguments; SQLite itself only says that one did."""

    text = ""


def install(connection: sqlite3.Connection, tenant: Tenant, failure: Failure) -> None:
    """Make all functions known to a connection. All count as deterministic, the time too: it stands still during one query."""

    def define(name: str, function: Callable[..., Any]) -> None:
        def guarded(*arguments: Any) -> Any:
            try:
                return function(*arguments)
            except (ValueError, TypeError, ArithmeticError) as wrong:
                failure.text = str(wrong)
                raise

        connection.create_function(name, -1, guarded, deterministic=True)

    for name, function in FUNCTIONS.items():
        define(name, function)

    class Texts(_Texts):
        """With the reason of a refusal kept."""

        def finalize(self) -> str | None:
            try:
                return super().finalize()
            except ValueError as wrong:
                failure.text = str(wrong)
                raise

    class OneRow(_OneRow):
        """With the reason of a refusal kept."""

        def finalize(self) -> Any:
            try:
                return super().finalize()
            except ValueError as wrong:
                failure.text = str(wrong)
                raise

    connection.create_aggregate("ns_listagg", -1, Texts)  # type: ignore[arg-type]
    connection.create_aggregate("ns_one_row", 1, OneRow)
    define("ns_now", lambda: dates.mark(tenant.options.local(tenant.now())))
    define("ns_df", lambda kind, value: display(tenant, kind, value))


def shown(value: Any) -> str:
    """A value as result rows show it: numbers without superfluous zeros, dates in the account's format."""
    if isinstance(value, float):
        text = format(Decimal(repr(round(value, 8))), "f")
        return text.rstrip("0").rstrip(".") if "." in text else text
    if dates.is_date(value):
        return dates.display(value)
    return str(value)


def display(tenant: Tenant, kind: str, value: Any) -> str | None:
    """`BUILTIN.DF`: what people see instead of an id, a flag or a code."""
    if value is None:
        return None
    if kind.startswith("ref:"):
        return tenant.store.display(kind[4:], int(value)) or None
    if kind == "bool":
        return "Yes" if value == "T" else "No"
    if kind == "type":
        name = NAMES.get(value)
        return tenant.catalog.type(name).title if name else str(value)
    if kind == "status":
        code, _, letter = str(value).partition(":")
        name = NAMES[code]
        return f"{tenant.catalog.type(name).title} : {STATUS_LABELS[name].get(letter, letter)}"
    return shown(value)


def _concat(*parts: Any) -> str | None:
    return "".join(_plain(p) for p in parts if p is not None) or None


def _to_date(text: Any, model: str = "MM/DD/YYYY") -> Any:
    if text is None or dates.is_date(text):
        return text
    return dates.parse(str(text), model)


def _to_char(value: Any, model: str | None = None) -> str | None:
    if value is None:
        return None
    if dates.is_date(value):
        return dates.render(value, model) if model else dates.display(value)
    if isinstance(value, (int, float)):
        return numbers.formatted(value, model) if model else numbers.plain(value)
    if model:
        raise ValueError("invalid number" if not numbers.is_number(value) else "invalid number format model")
    return str(value)


def _shift(value: Any, days: Any) -> Any:
    return None if value is None or days is None else dates.shifted(value, float(days))


def _days_between(later: Any, earlier: Any) -> Any:
    if later is None or earlier is None:
        return None
    return (dates.moment_of(later) - dates.moment_of(earlier)).total_seconds() / 86400


def _at_unit(of_numbers: Callable[..., Any], of_dates: Callable[..., str]) -> Callable[..., Any]:
    """`TRUNC` and `ROUND`, of numbers and of dates."""

    def cut(value: Any, unit: Any = None) -> Any:
        if value is None:
            return None
        return of_dates(value, unit or "DD") if dates.is_date(value) else of_numbers(value, unit or 0)

    return cut


def _add_months(value: Any, months: Any) -> Any:
    return None if value is None or months is None else dates.mark(dates.months_on(dates.moment_of(value), int(months)))


def _last_day(value: Any) -> Any:
    if value is None:
        return None
    moment = dates.moment_of(value)
    return dates.mark(moment.replace(day=calendar.monthrange(moment.year, moment.month)[1]))


def _months_between(later: Any, earlier: Any) -> Any:
    if later is None or earlier is None:
        return None
    a, b = dates.moment_of(later), dates.moment_of(earlier)
    ends = all(m.day == calendar.monthrange(m.year, m.month)[1] for m in (a, b))
    if a.day == b.day or ends:
        return (a.year - b.year) * 12 + a.month - b.month
    return (a.year - b.year) * 12 + a.month - b.month + (a.day - b.day) / 31


def _text(function: Callable[..., Any]) -> Callable[..., Any]:
    """A function of texts that is null when its first argument is; an empty text is null too."""

    def called(first: Any, *others: Any) -> Any:
        answer = None if first is None else function(_plain(first), *others)
        return None if answer == "" else answer

    return called


def _plain(value: Any) -> str:
    return numbers.plain(value) if isinstance(value, (int, float)) else shown(value)


def _pad(text: str, width: Any, fill: str, left: bool) -> str:
    missing = int(width) - len(text)
    padding = (fill * max(missing, 0))[: max(missing, 0)]
    return (padding + text if left else text + padding)[: int(width)]


class _Texts:
    """`LISTAGG`: the values of a group as one text, sorted by the keys; nulls are left out of it, and come last among the keys."""

    def __init__(self) -> None:
        self.found: list[tuple[str, list[tuple[int, Any]]]] = []
        self.separator, self.distinct = "", False

    def step(self, distinct: int, separator: str | None, value: Any, *keys: Any) -> None:
        self.separator, self.distinct = separator or "", bool(distinct)
        if value is not None:
            self.found.append((shown(value), list(zip(keys[::2], keys[1::2], strict=True))))

    def finalize(self) -> str | None:
        for position in reversed(range(len(self.found[0][1]) if self.found else 0)):
            descending = bool(self.found[0][1][position][0])
            self.found.sort(key=lambda row: _sortable(row[1][position][1]), reverse=descending)
        texts = [text for text, _ in self.found]
        joined = self.separator.join(dict.fromkeys(texts) if self.distinct else texts)
        if len(joined) > MAX_TEXT:
            raise ValueError("The result of LISTAGG is too long.")
        return joined or None


class _OneRow:
    """What a scalar subquery yields."""

    def __init__(self) -> None:
        self.rows: list[Any] = []

    def step(self, value: Any) -> None:
        self.rows.append(value)

    def finalize(self) -> Any:
        if len(self.rows) > 1:
            raise ValueError("single-row subquery returns more than one row")
        return self.rows[0] if self.rows else None


def _sortable(key: Any) -> tuple[bool, bool, Any]:
    """Numbers before texts, nulls last."""
    return (key is None, isinstance(key, str), key if key is not None else 0)


FUNCTIONS: dict[str, Callable[..., Any]] = {
    **numbers.NUMBERS,
    **{name: _text(function) for name, function in texts.TEXTS.items()},
    "ns_concat": _concat,
    "ns_to_date": _to_date,
    "ns_to_timestamp": _to_date,
    "ns_to_char": _to_char,
    "ns_shift": _shift,
    "ns_days_between": _days_between,
    "ns_trunc": _at_unit(numbers.CUT, dates.truncated),
    "ns_round": _at_unit(numbers.ROUNDED, dates.rounded),
    "ns_next_day": lambda value, name: None if value is None or name is None else dates.next_weekday(value, name),
    "ns_greatest": lambda *values: None if None in values else max(values),
    "ns_least": lambda *values: None if None in values else min(values),
    "ns_add_months": _add_months,
    "ns_last_day": _last_day,
    "ns_months_between": _months_between,
    "ns_lpad": _text(lambda text, width, fill=" ": _pad(text, width, fill, True)),
    "ns_rpad": _text(lambda text, width, fill=" ": _pad(text, width, fill, False)),
    "ns_replace": _text(lambda text, old, new="": text.replace(old, new or "")),
    "ns_initcap": _text(str.title),
}
