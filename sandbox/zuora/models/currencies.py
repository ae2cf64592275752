"""How many decimals amounts of money may have (ISO 4217)."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

DECIMALS = {
    **dict.fromkeys(["BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "VND", "VUV", "XAF", "XOF", "XPF"], 0),
    **dict.fromkeys(["BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"], 3),
}
USUAL = 2


def decimals(currency: str | None) -> int:
    return DECIMALS.get(currency or "", USUAL)


def check_decimals(amount: Decimal, currency: str | None, refuse: Callable[[str], Exception]) -> None:
    """Raises what `refuse` makes of a text for an amount with more decimals than its currency has."""
    if amount != round(amount, decimals(currency)):
        raise refuse(f"The amount {amount} has more decimals than {currency} has.")
