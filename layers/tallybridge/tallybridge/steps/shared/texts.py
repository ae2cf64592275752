"""Values as NetSuite's REST bodies take them."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from tallybridge.money import plain


def text(value: Any) -> str | None:
    """A value as NetSuite text: dates and amounts in their plain form; None for nothing. Lengths are seen to by `fitting`."""
    if value is None or value == "":
        return None
    if isinstance(value, Decimal):
        return plain(value)
    return str(value)


def ref(internal_id: str | None) -> dict[str, str] | None:
    """A NetSuite reference by internal id; None for nothing."""
    return {"id": internal_id} if internal_id else None


def day(value: Any) -> str | None:
    """The date part of a date or date-time, YYYY-MM-DD; None for nothing."""
    return str(value)[:10] if value else None


def named_account(account: Mapping[str, Any]) -> str:
    """What people call a Zuora account: number and name, as far as they were read."""
    return " ".join(str(account[name]) for name in ("AccountNumber", "Name") if account.get(name))
