"""Oracle's numbers: exact arithmetic over whatever stands for a number, and the format models of `TO_CHAR`."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from decimal import ROUND_DOWN, ROUND_HALF_EVEN, ROUND_HALF_UP, Context, Decimal
from typing import Any

EXACT = Context(prec=60)
DIGITS = 38
"""What a NUMBER holds of a quotient."""
NUMBER = re.compile(r"\s*[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?\s*\Z")
MODEL = re.compile(
    r"(?P<fm>FM)?(?P<sign>S)?(?P<money>\$)?(?P<whole>[09,G]*)(?:(?P<point>[.D])(?P<places>[09]*))?(?P<end>MI|S)?\Z", re.IGNORECASE
)


def number(value: Any) -> Decimal:
    """Raises `ValueError` for what is no number."""
    if isinstance(value, str) and not NUMBER.match(value):
        raise ValueError(f"invalid number: '{value}'")
    return Decimal(value.strip() if isinstance(value, str) else repr(value))


def is_number(text: str) -> bool:
    return NUMBER.match(text) is not None


def kept(value: Decimal) -> int | float:
    """A number as SQLite keeps it."""
    return int(value) if value == value.to_integral_value() and abs(value) < 2**63 else float(value)


def plain(value: Any) -> str:
    """A number as a text: without superfluous zeros, nor the one before the point."""
    text = format(number(value), "f")
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return re.sub(r"^(-?)0\.", r"\1.", text)


def reckoned(op: str, left: Any, right: Any) -> int | float | None:
    """`+ - * /` of two values."""
    if left is None or right is None:
        return None
    one, other = number(left), number(right)
    if op == "/" and not other:
        raise ValueError("divisor is equal to zero")
    made = {"+": EXACT.add, "-": EXACT.subtract, "*": EXACT.multiply, "/": EXACT.divide}[op](one, other)
    return kept(Context(prec=DIGITS).plus(made))


def turned(value: Any) -> int | float | None:
    return None if value is None else kept(-number(value))


def to_number(value: Any, model: str | None = None) -> int | float | None:
    """`TO_NUMBER`; a model allows for the signs that it has. Raises `ValueError`."""
    if value is None:
        return None
    if model is not None and isinstance(value, str):
        if MODEL.match(model) is None:
            raise ValueError("invalid number format model")
        value = "".join(sign for sign in value if sign not in ",$" or sign not in model.replace("G", ",").replace("g", ","))
    return kept(number(value))


def whole(value: Any) -> int | None:
    """`CAST(... AS INTEGER)`."""
    return None if value is None else int(number(value).to_integral_value(ROUND_HALF_UP))


def at_places(way: str) -> Callable[..., int | float]:
    """`ROUND` and `TRUNC` of numbers; places may be negative."""
    return lambda value, places=0: kept(number(value).scaleb(int(places)).quantize(Decimal(1), way, EXACT).scaleb(-int(places)))


def modulo(value: Any, by: Any) -> int | float | None:
    if value is None or by is None:
        return None
    return to_number(value) if not number(by) else kept(EXACT.remainder(number(value), number(by)))


def remainder(value: Any, by: Any) -> int | float | None:
    if value is None or by is None:
        return None
    one, other = number(value), number(by)
    if not other:
        raise ValueError("divisor is equal to zero")
    return kept(one - other * (one / other).to_integral_value(ROUND_HALF_EVEN))


def bits(one: Any, other: Any) -> int | None:
    return None if one is None or other is None else int(number(one)) & int(number(other))


def of_doubles(function: Callable[..., float]) -> Callable[..., int | float | None]:
    """Raises `ValueError` for an argument out of range."""

    def called(*values: Any) -> int | float | None:
        if None in values:
            return None
        try:
            return kept(number(round(function(*(float(number(v)) for v in values)), 15)))
        except (ValueError, OverflowError):
            raise ValueError("argument is out of range") from None

    return called


def formatted(value: Any, model: str) -> str:
    """`TO_CHAR` of a number. Raises `ValueError` for a model that is none."""
    match = MODEL.match(model)
    if match is None or not (match["whole"] or match["places"]):
        raise ValueError("invalid number format model")
    places, digits = match["places"] or "", re.sub("[,Gg]", "", match["whole"])
    given = number(value).quantize(Decimal(1).scaleb(-len(places)), ROUND_HALF_UP, EXACT)
    text = format(abs(given), "f")
    before, _, after = text.partition(".")
    if len(before.lstrip("0")) > len(digits):
        return "#" * (len(model.upper().removeprefix("FM")) + 1)
    least = len(digits) - digits.index("0") if "0" in digits else 0
    shown = before.lstrip("0").rjust(least, "0")
    if not shown and not places:
        shown = "0"
    if match["fm"]:
        needed = places.rindex("0") + 1 if "0" in places else 0
        after = after[:needed] + after[needed:].rstrip("0")
    shown = grouped(shown, match["whole"]) + ("." + after if match["point"] and (after or not match["fm"]) else "")
    return signed(("$" if match["money"] else "") + shown, given < 0, match, model)


def grouped(digits: str, model: str) -> str:
    """Digits with the commas of a model, from the right."""
    left, text = list(digits), ""
    for sign in reversed(model):
        if not left:
            break
        text = ("," if sign in ",Gg" else left.pop()) + text
    return text


def signed(text: str, negative: bool, match: re.Match[str], model: str) -> str:
    end = (match["end"] or "").upper()
    if end:
        return text + ("-" if negative else "+" if end == "S" else "" if match["fm"] else " ")
    sign = "-" if negative else "+" if match["sign"] else ""
    if match["fm"]:
        return sign + text
    return (sign + text).rjust(len(model) + (0 if match["sign"] else 1))


NUMBERS: dict[str, Callable[..., Any]] = {
    "ns_reckoned": reckoned,
    "ns_turned": turned,
    "ns_to_number": to_number,
    "ns_whole": whole,
    "ns_mod": modulo,
    "ns_remainder": remainder,
    "ns_bitand": bits,
    "ns_sqrt": of_doubles(math.sqrt),
    "ns_ln": of_doubles(math.log),
    "ns_log": of_doubles(lambda base, v: math.log(v) / math.log(base)),
    "ns_exp": of_doubles(math.exp),
    "ns_power": of_doubles(math.pow),
    **{
        f"ns_{name}": of_doubles(getattr(math, name))
        for name in ("sin", "cos", "tan", "asin", "acos", "atan", "atan2", "sinh", "cosh", "tanh")
    },
}
ROUNDED = at_places(ROUND_HALF_UP)
CUT = at_places(ROUND_DOWN)
