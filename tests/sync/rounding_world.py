"""What the tests about rounding share: lines that lose a cent, currencies of the NetSuite account, and the settings with which the
difference is booked."""

from __future__ import annotations

from typing import Any

from tests.sync.builders import Objects, invoice
from tests.sync.invoice_world import TAXED, item

THIRDS = [("Gold", 33.333), ("Silver", 33.333), ("Gold", 33.334)]
ROUNDING_ITEM = "650"
BOOK = {"rounding_difference": "line", "rounding_item_id": ROUNDING_ITEM}


def currencies(*rows: tuple[str, int]) -> Objects:
    """Currencies of the NetSuite account beside the usual ones: (ISO code, digits)."""
    named = [{"id": str(20 + n), "name": code, "symbol": code, "currencyPrecision": digits} for n, (code, digits) in enumerate(rows)]
    return {"currency": named, "serviceSaleItem": [item("Rounding", ROUNDING_ITEM)]}


def of_invoice(account: str, number: str, lines: list[tuple[str, float]], **fields: Any) -> Objects:
    return invoice(account, number, lines, sub=f"S{account}" if account != "A1" else "S1", **TAXED, **fields)
