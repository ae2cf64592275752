"""Trino's functions, casts and decimal arithmetic, made known to the embedded engine."""

from __future__ import annotations

import json
import math
import operator
import re
import sqlite3
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import tzinfo
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal, InvalidOperation
from functools import lru_cache
from typing import Any

from sandbox.zuora.models.dataquery.aggregates import COLLECTED, WIDE, ExactSum, collected, exact, half_up
from sandbox.zuora.models.dataquery.moments import DATE_LENGTH, Moments, parsed_date, parsed_moment, shown_interval, stored_moment
from sandbox.zuora.models.dataquery.scalars import CHANCES, MORE_SCALARS, NO_NUMBER, Fault, made
from sandbox.zuora.models.dataquery.types import MAX_PRECISION

OWN = "trino_"
"""Names of these functions in the engine begin so, and cannot collide with its own."""
TRIED = "tried_"
"""And those of a second set, which answers null where the first one fails."""
NULLS = frozenset({"concat_ws", "array_join", "array", "contains", "greatest", "least", "array_position", "array_remove", "typeof"})
"""Functions that are called with nulls; all others are null then."""
WHOLE = re.compile(r"[+-]?\d+\Z")
LIMITS = {"tinyint": (2**7, "TINYINT"), "smallint": (2**15, "SMALLINT"), "integer": (2**31, "INT"), "bigint": (2**63, "BIGINT")}
"""Of whole numbers: how large they can be, and how refusals name them."""
FRACTIONS = ("double", "real")
MAX_ZONES_KEPT = 64
BOOLEANS = {"true": True, "t": True, "1": True, "false": False, "f": False, "0": False}


def padded(text: str, size: int, fill: str, left: bool) -> str:
    if not fill:
        raise Fault("Padding string must not be empty")
    if len(text) >= size:
        return text[:size]
    more = (fill * size)[: size - len(text)]
    return more + text if left else text + more


def part_of(text: str, start: int, size: int | None = None) -> str:
    begin = start - 1 if start > 0 else len(text) + start
    if start == 0 or begin < 0 or begin >= len(text):
        return ""
    return text[begin:] if size is None else text[begin : begin + max(0, size)]


def split_part(text: str, sign: str, place: int) -> str | None:
    if place < 1:
        raise Fault("Index must be greater than zero")
    parts = text.split(sign) if sign else list(text)
    return parts[place - 1] if place <= len(parts) else None


def substituted(text: str, pattern: str, by: str = "") -> str:
    return re.sub(pattern, re.sub(r"\$(\d+)", r"\\g<\1>", by.replace("\\", "\\\\")), text)


def extracted(text: str, pattern: str, group: int = 0) -> str | None:
    found = re.search(pattern, text)
    if found is None:
        return None
    if group > (found.re.groups or 0):
        raise Fault(f"Pattern has {found.re.groups} groups. Cannot access group {group}")
    return str(found[group]) if found[group] is not None else None


def number(value: Decimal, like: float | int) -> float | int:
    return int(value) if isinstance(like, int) else float(value)


def rounded(value: float | int, places: int = 0) -> float | int:
    return number(half_up(exact(value), places), value)


def whole(way: str) -> Callable[[float | int], float | int]:
    return lambda value: number(exact(value).to_integral_value(way), value)


def remainder(one: float | int, other: float | int) -> float | int:
    if not other:
        raise Fault("Division by zero")
    left = exact(one) % exact(other)
    return int(left) if isinstance(one, int) and isinstance(other, int) else float(left)


def quotient(one: float | int, other: float | int, places: int) -> float | int:
    """`places`: -1 for whole numbers, -2 for doubles, otherwise those of the decimal."""
    if places == -2:
        if not one and not other:
            raise Fault(NO_NUMBER)
        return one / other if other else math.copysign(math.inf, one)
    if not other:
        raise Fault("Division by zero")
    if places == -1:
        result = abs(int(one)) // abs(int(other))
        return result if (one < 0) == (other < 0) else -result
    return float(fitting(half_up(WIDE.divide(exact(one), exact(other)), places), places))


RECKONED: dict[str, tuple[str, Callable[[Any, Any], Any]]] = {
    "+": ("addition", operator.add),
    "-": ("subtraction", operator.sub),
    "*": ("multiplication", operator.mul),
}
OF_DECIMALS = {"+": WIDE.add, "-": WIDE.subtract, "*": WIDE.multiply}


def reckoned_decimal(op: str, one: float | int, other: float | int, places: int) -> float:
    return float(fitting(OF_DECIMALS[op](exact(one), exact(other)), places))


def fitting(value: Decimal, places: int) -> Decimal:
    """A decimal result, if it has no more digits than there can be."""
    if abs(value) >= Decimal(10) ** (MAX_PRECISION - places):
        raise Fault("Decimal overflow")
    return value


def reckoned_whole(op: str, one: int, other: int, kind: str) -> int:
    name, function = RECKONED[op]
    found: int = function(one, other)
    bound = LIMITS[kind][0]
    if not -bound <= found < bound:
        raise Fault(f"{kind} {name} overflow: {one} {op} {other}")
    return found


def greatest(*values: Any) -> Any:
    return None if None in values else max(values)


def least(*values: Any) -> Any:
    return None if None in values else min(values)


def element_at(items: str, place: int) -> Any:
    found = json.loads(items)
    if not place:
        raise Fault("SQL array indices start at 1")
    return found[place - 1 if place > 0 else place] if abs(place) <= len(found) else None


def subscript(items: str, place: int) -> Any:
    size = len(json.loads(items))
    if place < 1 or place > size:
        raise Fault(
            f"Array subscript must be less than or equal to array length: {place} > {size}" if place > 0 else "SQL array indices start at 1"
        )
    return element_at(items, place)


def joined(items: str | None, sign: str | None, null: str | None = None) -> str | None:
    if items is None or sign is None:
        return None
    shown = [null if i is None else i for i in json.loads(items)]
    return sign.join(str(i) for i in shown if i is not None)


def contains(items: str | None, value: Any) -> bool | None:
    return None if items is None or value is None else value in json.loads(items)


def json_scalar(text: str, path: str) -> str | None:
    try:
        found = json.loads(text)
    except ValueError:
        return None
    for name, place in re.findall(r"\.(\w+)|\[(\d+)\]", path):
        if isinstance(found, dict) and name:
            found = found.get(name)
        elif isinstance(found, list) and place:
            found = found[int(place)] if int(place) < len(found) else None
        else:
            return None
    return None if found is None or isinstance(found, (dict, list)) else found if isinstance(found, str) else json.dumps(found)


def concatenated(*values: str) -> str:
    return "".join(values)


def arrays_joined(*values: str) -> str:
    return made([i for v in values for i in json.loads(v)])


SCALARS: dict[str, Callable[..., Any]] = {
    "typeof": lambda kind, _: kind,
    "upper": str.upper,
    "lower": str.lower,
    "length": len,
    "reverse": lambda text: text[::-1],
    "trim": lambda text: text.strip(" "),
    "ltrim": lambda text: text.lstrip(" "),
    "rtrim": lambda text: text.rstrip(" "),
    "lpad": lambda text, size, fill: padded(text, size, fill, True),
    "rpad": lambda text, size, fill: padded(text, size, fill, False),
    "substr": part_of,
    "substring": part_of,
    "starts_with": str.startswith,
    "replace": lambda text, part, by="": text.replace(part, by),
    "split_part": split_part,
    "concat": concatenated,
    "concat_arrays": arrays_joined,
    "concat_ws": lambda sign, *texts: None if sign is None else sign.join(t for t in texts if t is not None),
    "chr": chr,
    "codepoint": ord,
    "regexp_like": lambda text, pattern: re.search(pattern, text) is not None,
    "regexp_replace": substituted,
    "regexp_extract": extracted,
    "abs": abs,
    "sign": lambda v: (v > 0) - (v < 0),
    "round": rounded,
    "floor": whole(ROUND_FLOOR),
    "ceil": whole(ROUND_CEILING),
    "ceiling": whole(ROUND_CEILING),
    "mod": remainder,
    "divide": quotient,
    "decimal": reckoned_decimal,
    "whole": reckoned_whole,
    "greatest": greatest,
    "least": least,
    "array": lambda *items: made(list(items)),
    "subscript": subscript,
    "array_join": joined,
    "cardinality": lambda items: len(json.loads(items)),
    "contains": contains,
    "element_at": element_at,
    "array_distinct": lambda items: made(list(dict.fromkeys(json.loads(items)))),
    "array_sort": lambda items: made(sorted(json.loads(items), key=lambda i: (i is None, i))),
    "array_max": lambda items: greatest(*json.loads(items)) if json.loads(items) else None,
    "array_min": lambda items: least(*json.loads(items)) if json.loads(items) else None,
    "array_position": lambda items, v: (
        None if items is None or v is None else [*json.loads(items), v].index(v) + 1 if contains(items, v) else 0
    ),
    "array_remove": lambda items, v: None if items is None or v is None else made([i for i in json.loads(items) if i != v]),
    "json_extract_scalar": json_scalar,
}


def text_of(value: Any, kind: str, scale: int, moments: Moments) -> str:
    """A value as `CAST(... AS varchar)` shows it."""
    if kind == "boolean":
        return "true" if value else "false"
    if kind == "decimal":
        return f"{exact(value):.{scale}f}"
    if kind in ("days", "months"):
        return shown_interval(value, kind)
    if kind in FRACTIONS:
        return shown_double(value)
    if kind == "timestamp":
        return moments.read(value).isoformat(" ", "milliseconds")[:23] + f" {moments.read(value).tzname()}"
    return str(value)


def shown_double(value: float) -> str:
    """As Java writes it: `1.0`, `1.0E10`."""
    if not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    if value == 0 or 1e-3 <= abs(value) < 1e7:
        return repr(float(value)) if "e" not in repr(float(value)) else f"{value:f}"
    digits, _, power = f"{Decimal(repr(float(value))).normalize():E}".partition("E")
    return f"{digits if '.' in digits else digits + '.0'}E{int(power)}"


def shown_type(kind: str, size: int, scale: int) -> str:
    return f"DECIMAL({size}, {scale})" if kind == "decimal" else LIMITS.get(kind, (0, kind.upper()))[1]


def number_of(value: Any, kind: str, given_as: str, to: str, size: int, scale: int) -> float | int:
    """A number, text or boolean as a number of another type. `given_as` is value and type for the refusal."""
    shown = shown_type(to, size, scale)
    try:
        if to in LIMITS and kind == "varchar" and not WHOLE.match(value):
            raise InvalidOperation
        given = Decimal(value.strip()) if kind == "varchar" else exact(value)
    except InvalidOperation:
        more = f"VARCHAR '{value}' to {shown}. Value is not a number." if to == "decimal" else f"'{value}' to {shown}"
        raise Fault(f"Cannot cast {more}") from None
    if to in FRACTIONS:
        return float(given)
    given = half_up(given, scale if to == "decimal" else 0)
    if to == "decimal":
        if abs(given) >= Decimal(10) ** (size - scale):
            raise Fault(f"Cannot cast {given_as} to {shown}")
        return float(given)
    if not -LIMITS[to][0] <= given < LIMITS[to][0]:
        raise Fault(f"Out of range for {to}: {given}" if kind != "varchar" else f"Cannot cast '{value}' to {shown}")
    return int(given)


def cast(moments: Moments) -> Callable[..., Any]:
    """`cast(value, from, its size and places, to, size, places)`. Raises `Fault`."""

    def converted(value: Any, kind: str, digits: int, places: int, to: str, size: int, scale: int) -> Any:
        if to == "varchar":
            text = text_of(value, kind, places, moments)
            if kind != "varchar" and 0 <= size < len(text):
                raise Fault(f"Value {text} cannot be represented as varchar({size})")
            return text if size < 0 else text[:size]
        if to == "boolean":
            if kind == "varchar" and value.lower() not in BOOLEANS:
                raise Fault(f"Cannot cast '{value}' to BOOLEAN")
            return BOOLEANS[value.lower()] if kind == "varchar" else bool(value)
        if to == "date":
            return parsed_date(value) if kind == "varchar" else moments.day_of(value)
        if to == "timestamp":
            if kind == "varchar":
                return stored_moment(parsed_moment(value, moments.zone))
            return stored_moment(moments.read(value)) if len(value) == DATE_LENGTH else value
        given_as = f"{shown_type(kind, digits, places)} '{text_of(value, kind, places, moments)}'"
        return number_of(value, kind, given_as, to, size, scale)

    return converted


class Faults(threading.local):
    """The text of the function that failed last in this thread; the engine itself tells only that one did."""

    def __init__(self) -> None:
        self.text: str | None = None

    def kept(self, function: Callable[..., Any], nulls: bool) -> Callable[..., Any]:
        def called(*values: Any) -> Any:
            if not nulls and None in values:
                return None
            try:
                return function(*values)
            except Exception as fault:
                self.text = str(fault)
                raise

        return called

    def kept_class(self, made_class: type) -> type:
        faults = self

        class Kept(made_class):  # type: ignore[misc]
            def finalize(self) -> Any:
                try:
                    return super().finalize()
                except Exception as fault:
                    faults.text = str(fault)
                    raise

        return Kept

    def take(self) -> str | None:
        text, self.text = self.text, None
        return text


def null_for_fault(function: Callable[..., Any], faults: Faults) -> Callable[..., Any]:
    """A function as it is inside of TRY."""

    def called(*values: Any) -> Any:
        try:
            return function(*values)
        except (ValueError, ArithmeticError):
            faults.take()
            return None

    return called


@dataclass(frozen=True)
class Functions:
    """The functions of a time zone as the engine takes them: name, function, whether it answers the same every time; aggregations by name,
    with the number of their values."""

    faults: Faults
    scalars: tuple[tuple[str, Callable[..., Any], bool], ...]
    aggregations: tuple[tuple[str, int, type], ...]


@lru_cache(maxsize=MAX_ZONES_KEPT)
def functions_of(zone: tzinfo) -> Functions:
    """Made once, since that takes longer than most queries."""
    moments, faults = Moments(zone), Faults()
    converted = cast(moments)

    def tried(*given: Any) -> Any:
        try:
            return converted(*given)
        except ValueError:
            return None

    scalars: list[tuple[str, Callable[..., Any], bool]] = []
    functions = {**SCALARS, **MORE_SCALARS, **CHANCES, **moments.functions(), "cast": converted, "try_cast": tried}
    for name, function in functions.items():
        called = faults.kept(function, name in NULLS)
        scalars += [(OWN + name, called, name not in CHANCES), (OWN + TRIED + name, null_for_fault(called, faults), name not in CHANCES)]
    classes = {"sum": ExactSum, **{name: collected(result) for name, result in COLLECTED.items()}}
    aggregations = [(OWN + name, 1 if name == "sum" else -1, faults.kept_class(made_class)) for name, made_class in classes.items()]
    return Functions(faults, tuple(scalars), (*aggregations, ("sum", 1, ExactSum)))


def register(connection: sqlite3.Connection, zone: tzinfo) -> Faults:
    """Make the functions known to a connection."""
    functions = functions_of(zone)
    for name, function, is_sure in functions.scalars:
        connection.create_function(name, -1, function, deterministic=is_sure)
    for name, size, made_class in functions.aggregations:
        connection.create_window_function(name, size, made_class)  # type: ignore[attr-defined, unused-ignore]
    return functions.faults
