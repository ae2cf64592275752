"""What the Zuora payment of a synced NetSuite payment is to be applied to now (payments.md, P4, update procedure).

NetSuite says what is wanted. A refund from NetSuite takes money away in Zuora on purpose while NetSuite's payment stays as it is
(refunds.md, Creating the Zuora refund): what was taken then is not put back. It is told from the applications as of the last success,
which the ledger keeps, and from how much of the payment Zuora has refunded.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from tallybridge.money import plain

ZERO = Decimal(0)
Amounts = Mapping[str, Decimal]
"""Amounts by Zuora document."""


@dataclass(frozen=True)
class LastSuccess:
    """The state of the last success: what NetSuite wanted, what Zuora held then, and how much Zuora had refunded of the payment."""

    wanted: Amounts
    held: Amounts
    refunded: Decimal

    @classmethod
    def of(cls, item: Mapping[str, Any]) -> LastSuccess | None:
        """From the ledger's item; None for items that keep a fingerprint alone."""
        if not isinstance(item.get("wanted"), Mapping) or not isinstance(item.get("held_in_zuora"), Mapping):
            return None
        return cls(_amounts(item["wanted"]), _amounts(item["held_in_zuora"]), Decimal(str(item.get("refunded") or "0")))

    def facts(self) -> dict[str, Any]:
        """As the ledger keeps it."""
        texts = {"wanted": _texts(self.wanted), "held_in_zuora": _texts(self.held)}
        return {**texts, "refunded": plain(self.refunded)}

    @property
    def missing(self) -> dict[str, Decimal]:
        """What Zuora held less than NetSuite wanted, on purpose."""
        return {d: short for d, amount in self.wanted.items() if (short := amount - self.held.get(d, ZERO)) > 0}


@dataclass(frozen=True)
class Present:
    """The Zuora payment now: its amount, its applications, how much was refunded of it; `at_rest` says that no write of the connector can
    be under way or half done."""

    amount: Decimal
    parts: Amounts
    refunded: Decimal
    at_rest: bool


def aim(wanted: Amounts, present: Present, last: LastSuccess | None) -> dict[str, Decimal] | None:
    """The applications that Zuora must have. None where it cannot be told which of them a refund has taken from."""
    if not present.refunded:
        return _positive(wanted)
    if last is None:
        return _without_memory(wanted, present)
    taken = _taken_since(present, last)
    if taken is None:
        return None
    return _positive({d: amount - last.missing.get(d, ZERO) - taken.get(d, ZERO) for d, amount in wanted.items()})


def _taken_since(present: Present, last: LastSuccess) -> dict[str, Decimal] | None:
    """What refunds since the last success have taken from applications. They take unapplied money first."""
    more = present.refunded - last.refunded
    if more <= 0:
        return {}
    seen = {d: short for d, amount in last.held.items() if (short := amount - present.parts.get(d, ZERO)) > 0}
    if present.at_rest and sum(seen.values(), ZERO) <= more:
        return seen
    forced = present.refunded + sum(last.held.values(), ZERO) - present.amount
    if forced <= 0:
        return {}
    if forced >= sum(last.held.values(), ZERO):
        return dict(last.held)
    return {next(iter(last.held)): forced} if len(last.held) == 1 else None


def _without_memory(wanted: Amounts, present: Present) -> dict[str, Decimal]:
    """Without a memory: while there is unapplied money, no refund has taken from applications."""
    short = sum((max(amount - present.parts.get(d, ZERO), ZERO) for d, amount in wanted.items()), ZERO)
    kept = {d: min(amount, present.parts.get(d, ZERO)) for d, amount in wanted.items()}
    free = present.amount - present.refunded - sum(kept.values(), ZERO)
    return _positive(wanted if short <= free or short > present.refunded else kept)


def _positive(amounts: Amounts) -> dict[str, Decimal]:
    return {d: amount for d, amount in amounts.items() if amount > 0}


def _amounts(texts: Mapping[str, Any]) -> dict[str, Decimal]:
    return {str(d): Decimal(str(amount)) for d, amount in texts.items()}


def _texts(amounts: Amounts) -> dict[str, str]:
    return {d: plain(amount) for d, amount in sorted(amounts.items())}
