"""Amounts: Decimal from wire to wire, rounded to the currency's precision only where two systems are compared."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import simplejson

DECODER = simplejson.JSONDecoder(parse_float=Decimal)
ENCODER = simplejson.JSONEncoder(use_decimal=True, ensure_ascii=False, separators=(",", ":"))
DEFAULT_PRECISION = 2
PRECISION = {
    **dict.fromkeys(["BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "VND", "VUV", "XAF", "XOF", "XPF"], 0),
    **dict.fromkeys(["BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"], 3),
}
"""Digits after the point by ISO 4217 code, where they are not two."""


def digits_of(currency: str) -> int:
    """Digits after the point by ISO 4217. What a NetSuite account keeps is said by the account: `Reference.digits_of`."""
    return PRECISION.get(currency, DEFAULT_PRECISION)


def quantum(currency: str) -> Decimal:
    """The smallest amount of a currency, for example Decimal("0.01")."""
    return unit(digits_of(currency))


def unit(digits: int) -> Decimal:
    """The smallest amount with so many digits after the point."""
    return Decimal(1).scaleb(-digits)


def rounded(amount: Decimal, currency: str) -> Decimal:
    """The amount in whole minor units of the currency."""
    return stored(amount, digits_of(currency))


def stored(amount: Decimal, digits: int) -> Decimal:
    """The amount as it is kept with so many digits after the point: halves away from zero, as NetSuite rounds."""
    return amount.quantize(unit(digits), rounding=ROUND_HALF_UP)


def text(amount: Decimal, currency: str) -> str:
    """The amount as people write it, with at least the currency's digits: "EUR 1,190.75", "JPY 1,000"; never rounded."""
    exponent = amount.normalize().as_tuple().exponent
    digits = max(digits_of(currency), -exponent if isinstance(exponent, int) else 0)
    return f"{currency} {amount:,.{digits}f}".strip()


def plain(amount: Decimal) -> str:
    """The amount as text with a decimal point, no exponent, no superfluous zeros: 1E+2 -> "100", 0.50 -> "0.5"."""
    text = f"{amount:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def loads(text: str | bytes) -> Any:
    """JSON with every number that has a point read as Decimal, so that no float ever stands near an amount."""
    return DECODER.decode(text if isinstance(text, str) else text.decode())


def dumps(value: Any) -> str:
    """JSON with Decimals written as numbers, digit for digit, keys in the order given."""
    return str(ENCODER.encode(value))
