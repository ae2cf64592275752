"""Mapping tables: one row per row of the specification's table, and the comparison of what they give with what NetSuite holds."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Generic, TypeVar

from tallybridge.steps.shared.reference import Reference

S = TypeVar("S")


class _Empty:
    """The one value of its kind."""

    def __repr__(self) -> str:
        return "EMPTY"


EMPTY = _Empty()
"""What a rule answers to have a field emptied in NetSuite (JSON null); None only means that nothing is sent."""


@dataclass(frozen=True)
class Custom:
    """A custom field of NetSuite by its label."""

    label: str


@dataclass(frozen=True)
class Mapped(Generic[S]):
    """One row: where the value comes from, where it goes, when it is written ("C" create, "U" update, "L" link), and the rule.

    The rule answers None for "not sent". `follows`: the value is sent along with others but is no reason to send an update.
    """

    source: str
    target: str | Custom
    when: str
    rule: Callable[[S], Any]
    follows: bool = False


Body = dict[str, Any]


def target_name(row: Mapped[Any], reference: Reference, record_type: str) -> str:
    """The NetSuite property that a row writes."""
    return reference.custom(record_type, row.target.label) if isinstance(row.target, Custom) else row.target


def filled(rows: Sequence[Mapped[S]], when: str, subject: S, reference: Reference, record_type: str) -> Body:
    """The values of all rows for one kind of write, by NetSuite property; None and "" are values that are not sent."""
    body: Body = {}
    for row in rows:
        if when in row.when:
            value = row.rule(subject)
            if value is not None and value != "":
                body[target_name(row, reference, record_type)] = value
    return body


def sent(body: Mapping[str, Any]) -> Body:
    """The body as it goes out: `EMPTY` as the null that empties a field."""
    return {name: None if value is EMPTY else value for name, value in body.items()}


def followers(rows: Sequence[Mapped[Any]], reference: Reference, record_type: str) -> frozenset[str]:
    """The properties that are no reason to send an update."""
    return frozenset(target_name(row, reference, record_type) for row in rows if row.follows)


def changes(wanted: Mapping[str, Any], held: Mapping[str, Any], follow: Iterable[str] = ()) -> Body:
    """The values that differ from what NetSuite holds; nothing when only followers differ (customer-accounts.md section 1, rule 4)."""
    differing = {name: value for name, value in wanted.items() if not same(value, held.get(name))}
    return differing if differing.keys() - set(follow) else {}


def same(wanted: Any, held: Any) -> bool:
    """Whether NetSuite holds the value: references by id or by label, multi-selects as sets, sublists line by line, text without outer and
    repeated blanks."""
    if isinstance(wanted, Mapping):
        if "items" in wanted:
            return _ids(wanted) == _ids(held) if _is_multi_select(wanted) else _has_lines(held, wanted["items"])
        key = next(k for k in ("id", "refName", "value") if k in wanted)
        return str(wanted[key]) == str(held.get(key, "") if isinstance(held, Mapping) else held)
    if isinstance(wanted, bool):
        return wanted is bool(held)
    if isinstance(wanted, int | Decimal):
        return held is not None and Decimal(str(wanted)) == Decimal(str(held))
    return _plain(wanted) == _plain(held)


def _is_multi_select(value: Mapping[str, Any]) -> bool:
    return all(isinstance(i, Mapping) and i.keys() == {"id"} for i in value["items"])


def _has_lines(held: Any, wanted: Sequence[Mapping[str, Any]]) -> bool:
    """Whether a sublist has a line with every wanted line's values; it may have other lines, and other values in them."""
    lines = held.get("items", ()) if isinstance(held, Mapping) else ()
    return all(any(all(same(v, line.get(n)) for n, v in want.items()) for line in lines) for want in wanted)


def _ids(value: Any) -> set[str]:
    items = value.get("items") if isinstance(value, Mapping) else None
    return {str(i.get("id")) if isinstance(i, Mapping) else str(i) for i in items or ()}


def _plain(value: Any) -> str:
    if isinstance(value, Mapping):
        value = value.get("refName", value.get("id", ""))
    return " ".join(str(value if value is not None else "").split())


def cut(body: Mapping[str, Any], limits: Mapping[str, int]) -> tuple[Body, list[tuple[str, int]]]:
    """The body with texts cut to NetSuite's lengths, and which were cut to how many characters."""
    long = [(n, limits[n]) for n, v in body.items() if n in limits and isinstance(v, str) and len(v) > limits[n]]
    return {**body, **{n: str(body[n])[:limit] for n, limit in long}}, long
