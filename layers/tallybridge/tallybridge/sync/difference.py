"""What a destination holds otherwise than it was sent, in words."""

from __future__ import annotations

from tallybridge.money import text
from tallybridge.sync.held import Held, same_amount, same_currency, same_customer, same_kind


def difference(sent: Held, there: Held, base: str = "") -> str:
    """The predicate of a sentence about the destination's record: "holds USD 99.99 instead of USD 100.00"."""
    parts = []
    if not same_currency(sent, there, base):
        parts.append(f"holds {_amount(there)} instead of {_amount(sent)}")
    elif not same_amount(sent, there):
        parts.append(f"holds {_amount(there, sent.currency)} instead of {_amount(sent)}")
    if not same_customer(sent, there):
        parts.append(f"belongs to customer {there.customer} instead of {sent.customer}")
    if not same_kind(sent, there):
        parts.append(f"is of type {there.kind} instead of {sent.kind}")
    return " and ".join(parts)


def _amount(held: Held, currency: str = "") -> str:
    """ "USD 99.99", "no USD"; `currency` where the system does not say its own."""
    currency = held.currency or currency
    return f"no {currency}".strip() if held.amount is None else text(held.amount, currency)
