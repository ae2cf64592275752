"""Refunds of applied money where Zuora does not unapply and refund in one call: that operation belongs to a permission of its own (refunds
with automatic unapply). What is to be refunded is then unapplied, refunded, and applied again if the refund is refused. The ledger keeps
what was unapplied before it is, so that an interrupted refund is finished, or the money applied again, by whoever comes next.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from tallybridge.errors import Refused
from tallybridge.money import plain

KEPT = "unapplied_for_refund"
"""The ledger's fact."""
FORGOTTEN: Mapping[str, Any] = {KEPT: ""}
LACKING = "refund-with-unapply"
"""What a run learns of a tenant without the permission."""
ONE_CALL = "/v1/payments/{id}/refunds/unapply"
"""Unapplies and refunds."""
PERMISSION = ("permission", "not enabled", "not available", "not supported", "not allowed")
"""Words of a refusal that is about the operation, not about the refund."""
ZERO = Decimal(0)


@dataclass(frozen=True)
class Unapplied:
    """Of a Zuora payment (its id) and a refund of `amount`: what the payment was applied to before, by document, and what of it is
    unapplied for the refund. `memos` are those documents that are debit memos."""

    payment: str
    amount: Decimal
    before: Mapping[str, Decimal]
    lines: Mapping[str, Decimal]
    memos: frozenset[str] = field(default=frozenset())

    @classmethod
    def of(cls, item: Mapping[str, Any]) -> Unapplied | None:
        """From the ledger's item."""
        kept = item.get(KEPT)
        if not isinstance(kept, Mapping):
            return None
        own = (str(kept["payment"]), Decimal(str(kept["amount"])))
        return cls(*own, _amounts(kept["before"]), _amounts(kept["lines"]), frozenset(map(str, kept["memos"])))

    def facts(self) -> dict[str, Any]:
        """As the ledger keeps it."""
        own = {"payment": self.payment, "amount": plain(self.amount), "memos": sorted(self.memos)}
        return {KEPT: {**own, "before": _texts(self.before), "lines": _texts(self.lines)}}

    @property
    def after(self) -> dict[str, Decimal]:
        """What the payment is applied to once it was unapplied."""
        return applied({d: amount - self.lines.get(d, ZERO) for d, amount in self.before.items()})

    def documents(self) -> dict[str, Any]:
        """The lists of a v1 call."""
        invoices = [{"invoiceId": d, "amount": amount} for d, amount in self.lines.items() if d not in self.memos]
        debit = [{"debitMemoId": d, "amount": amount} for d, amount in self.lines.items() if d in self.memos]
        return {name: lines for name, lines in (("invoices", invoices), ("debitMemos", debit)) if lines}


def applied(amounts: Mapping[str, Decimal]) -> dict[str, Decimal]:
    """The amounts that are more than nothing."""
    return {d: amount for d, amount in amounts.items() if amount > ZERO}


def after_all(moves: Iterable[Unapplied]) -> dict[str, Decimal]:
    """What a payment is applied to after several of these, which were decided on before any of them was made."""
    moves = list(moves)
    left = dict(moves[0].before) if moves else {}
    for move in moves:
        for document, amount in move.lines.items():
            left[document] = left.get(document, ZERO) - amount
    return applied(left)


def is_lacking(refused: Refused) -> bool:
    """Whether a refusal of the one call says that the tenant does not offer it."""
    text = (refused.detail or refused.message).lower()
    code = refused.service_code
    denied = code == "NO_PERMISSION" or (len(code) == 8 and code.endswith("10")) or refused.status in (403, 404, 405)
    return denied or any(word in text for word in PERMISSION)


def _amounts(texts: Mapping[str, Any]) -> dict[str, Decimal]:
    return {str(d): Decimal(str(amount)) for d, amount in texts.items()}


def _texts(amounts: Mapping[str, Decimal]) -> dict[str, str]:
    return {d: plain(amount) for d, amount in sorted(amounts.items())}
