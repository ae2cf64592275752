"""What a system holds of a record: money is an amount in a currency, it belongs to somebody and is something. Two of them agree only if
all of it does."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from decimal import Decimal
from typing import Any

from tallybridge.money import rounded


@dataclass(frozen=True)
class Held:
    """An amount in units of `currency` (ISO code), the destination's id of the customer that it is booked on, and the record type there.
    None and "" where a system does not say."""

    amount: Decimal | None = None
    currency: str = ""
    customer: str = ""
    kind: str = ""

    def to_json(self) -> dict[str, Any]:
        return {name: value for name, value in asdict(self).items() if value not in (None, "")}

    @classmethod
    def from_json(cls, row: Mapping[str, Any] | Any) -> Held:
        """Of what `to_json` gave; of an amount alone, as earlier runs kept it."""
        if not isinstance(row, Mapping):
            return cls(None if row is None else Decimal(str(row)))
        amount = row.get("amount")
        return cls(None if amount is None else Decimal(str(amount)), *(str(row.get(name, "")) for name in ("currency", "customer", "kind")))


def same_amount(sent: Held, there: Held) -> bool:
    """Whether the amounts agree, in whole minor units of the currency."""
    if sent.amount is None or there.amount is None:
        return sent.amount is None
    return rounded(sent.amount, sent.currency) == rounded(there.amount, sent.currency)


def same_currency(sent: Held, there: Held, base: str = "") -> bool:
    """Whether the currencies agree; `base` is the only one that the destination books in, if there is but one."""
    return "" in (sent.currency, there.currency) or there.currency in (sent.currency, base)


def same_customer(sent: Held, there: Held) -> bool:
    return "" in (sent.customer, there.customer) or sent.customer == there.customer


def same_kind(sent: Held, there: Held) -> bool:
    return "" in (sent.kind, there.kind) or sent.kind == there.kind


def agree(sent: Held, there: Held, base: str = "") -> bool:
    """Whether a destination holds what was sent: amount, currency, customer and type. What one side does not say is not compared."""
    return same_amount(sent, there) and same_currency(sent, there, base) and same_customer(sent, there) and same_kind(sent, there)
