"""Trino's functions of texts, numbers and arrays that need more than a line."""

from __future__ import annotations

import json
import math
import random
import re
import unicodedata
from collections.abc import Callable, Iterable
from decimal import ROUND_DOWN
from typing import Any
from urllib.parse import parse_qs, quote_plus, unquote_plus, urlsplit

from sandbox.zuora.models.dataquery.aggregates import exact

DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
MAX_SEQUENCE = 10_000
NO_NUMBER = "NaN is not imitated here"
"""The engine has no value for it."""
URL_PARTS: dict[str, Callable[[Any], Any]] = {
    "host": lambda url: url.hostname,
    "path": lambda url: url.path,
    "protocol": lambda url: url.scheme,
    "query": lambda url: url.query,
    "fragment": lambda url: url.fragment,
    "port": lambda url: url.port,
}


class Fault(ValueError):
    """A value that Trino refuses while the query runs; the text is its own."""


def made(items: Iterable[Any]) -> str:
    return json.dumps(list(items), ensure_ascii=False)


def nth_place(text: str, part: str, nth: int = 1) -> int:
    """Where a part begins for the nth time, for a negative number from behind; 0 where it does not."""
    if nth == 0:
        raise Fault("'instance' must be a positive or negative number.")
    places = [m.start() + 1 for m in re.finditer(f"(?={re.escape(part)})", text)]
    if nth > 0:
        return places[nth - 1] if nth <= len(places) else 0
    return places[nth] if -nth <= len(places) else 0


def pieces(text: str, sign: str, limit: int = 0) -> str:
    if not sign:
        raise Fault("The delimiter may not be the empty string")
    if limit < 0:
        raise Fault("Limit must be positive")
    return made(text.split(sign, limit - 1 if limit else -1))


def translated(text: str, old: str, new: str) -> str:
    signs: dict[int, str] = {}
    for place, sign in enumerate(old):
        signs.setdefault(ord(sign), new[place] if place < len(new) else "")
    return text.translate(signs)


def edits(one: str, other: str) -> int:
    row = list(range(len(other) + 1))
    for i, left in enumerate(one, 1):
        before, row[0] = row[0], i
        for j, right in enumerate(other, 1):
            before, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, before + (left != right))
    return row[-1]


def unlike(one: str, other: str) -> int:
    if len(one) != len(other):
        raise Fault("The input strings to hamming_distance function must have the same length")
    return sum(a != b for a, b in zip(one, other, strict=True))


def in_base(value: int, base: int) -> str:
    check_base(base)
    sign, rest, text = "-" if value < 0 else "", abs(value), ""
    while rest or not text:
        rest, digit = divmod(rest, base)
        text = DIGITS[digit] + text
    return sign + text


def of_base(text: str, base: int) -> int:
    check_base(base)
    try:
        return int(text, base)
    except ValueError:
        raise Fault(f"Not a valid base-{base} number: {text}") from None


def check_base(base: int) -> None:
    if not 2 <= base <= len(DIGITS):
        raise Fault("Radix must be between 2 and 36")


def url_part(name: str) -> Callable[[str], Any]:
    return lambda text: URL_PARTS[name](urlsplit(text))


def cut_off(value: float | int, places: int = 0) -> float | int:
    cut = exact(value).scaleb(places).to_integral_value(ROUND_DOWN).scaleb(-places)
    return int(cut) if isinstance(value, int) else float(cut)


def guarded(function: Callable[..., float]) -> Callable[..., float]:
    """A function of doubles that answers an infinite number instead of failing."""

    def called(*values: float) -> float:
        try:
            return float(function(*values))
        except OverflowError:
            return math.inf
        except ValueError:
            if function in LOGARITHMS and values[-1] == 0:
                return -math.inf
            raise Fault(NO_NUMBER) from None

    return called


def bucket(value: float, low: float, high: float, count: int) -> int:
    if count <= 0:
        raise Fault("bucketCount must be greater than 0")
    if low == high:
        raise Fault("bounds cannot equal each other")
    if low > high:
        value, low, high = -value, -low, -high
    return 0 if value < low else count + 1 if value >= high else int(count * (value - low) / (high - low)) + 1


def chance(low: int | None = None, high: int | None = None) -> float | int:
    if low is None:
        return random.random()
    bound = (0, low) if high is None else (low, high)
    if bound[0] >= bound[1]:
        raise Fault("bound must be positive" if high is None else "start value must be less than stop value")
    return random.randrange(*bound)


def numbers(start: int, stop: int, step: int | None = None) -> str:
    by = step if step is not None else 1 if stop >= start else -1
    if by == 0 or (stop - start) * by < 0:
        raise Fault("sequence stop value should be greater than or equal to start value if step is greater than zero otherwise stop value "
                    "should be less than or equal to start value")  # fmt: skip
    if abs(stop - start) // abs(by) >= MAX_SEQUENCE:
        raise Fault(f"result of sequence function must not have more than {MAX_SEQUENCE} entries")
    return made(range(start, stop + (1 if by > 0 else -1), by))


def part_of_array(items: str, start: int, size: int) -> str:
    if start == 0:
        raise Fault("SQL array indices start at 1")
    if size < 0:
        raise Fault("length must be greater than or equal to 0")
    found = json.loads(items)
    begin = start - 1 if start > 0 else len(found) + start
    return made(found[begin : begin + size] if 0 <= begin < len(found) else [])


def together(one: str, other: str) -> str:
    return made(dict.fromkeys([*json.loads(one), *json.loads(other)]))


def kept(one: str, other: str, there: bool) -> str:
    items = json.loads(other)
    return made(i for i in dict.fromkeys(json.loads(one)) if (i in items) == there)


def groups_of(text: str, pattern: str, group: int = 0) -> str:
    return made(m[group] for m in re.finditer(pattern, text))


def place_of_match(text: str, pattern: str) -> int:
    match = re.search(pattern, text)
    return match.start() + 1 if match else -1


def json_length(text: str) -> int | None:
    try:
        found = json.loads(text)
    except ValueError:
        return None
    return len(found) if isinstance(found, list) else None


LOGARITHMS = frozenset({math.log, math.log2, math.log10})
MORE_SCALARS: dict[str, Callable[..., Any]] = {
    "strpos": nth_place,
    "split": pieces,
    "translate": translated,
    "levenshtein_distance": edits,
    "hamming_distance": unlike,
    "normalize": lambda text: unicodedata.normalize("NFC", text),
    "to_base": in_base,
    "from_base": of_base,
    "url_encode": quote_plus,
    "url_decode": unquote_plus,
    "url_extract_parameter": lambda text, name: next(iter(parse_qs(urlsplit(text).query).get(name, ())), None),
    **{f"url_extract_{name}": url_part(name) for name in URL_PARTS},
    "regexp_split": lambda text, pattern: made(re.split(pattern, text)),
    "regexp_extract_all": groups_of,
    "regexp_count": lambda text, pattern: len(re.findall(pattern, text)),
    "regexp_position": place_of_match,
    "json_array_length": json_length,
    "truncate": cut_off,
    "power": guarded(lambda a, b: float(a) ** b),
    "pow": guarded(lambda a, b: float(a) ** b),
    "sqrt": guarded(math.sqrt),
    "cbrt": guarded(lambda v: math.copysign(round(abs(v) ** (1 / 3), 12), v)),
    "exp": guarded(math.exp),
    "ln": guarded(math.log),
    "log2": guarded(math.log2),
    "log10": guarded(math.log10),
    "log": guarded(lambda base, v: math.log2(v) / math.log2(base)),
    **{name: guarded(getattr(math, name)) for name in ("sin", "cos", "tan", "asin", "acos", "atan", "atan2", "degrees", "radians")},
    "pi": lambda: math.pi,
    "e": lambda: math.e,
    "is_infinite": lambda v: v in (math.inf, -math.inf),
    "is_finite": math.isfinite,
    "infinity": lambda: math.inf,
    "bitwise_and": lambda a, b: a & b,
    "bitwise_or": lambda a, b: a | b,
    "bitwise_xor": lambda a, b: a ^ b,
    "bitwise_not": lambda a: ~a,
    "width_bucket": bucket,
    "sequence": numbers,
    "repeat": lambda value, count: made([value] * max(0, count)),
    "slice": part_of_array,
    "array_union": together,
    "array_intersect": lambda one, other: kept(one, other, True),
    "array_except": lambda one, other: kept(one, other, False),
    "arrays_overlap": lambda one, other: bool(set(json.loads(one)) & set(json.loads(other))),
}
CHANCES: dict[str, Callable[..., Any]] = {"rand": chance, "random": chance}
"""Functions that answer otherwise every time."""
