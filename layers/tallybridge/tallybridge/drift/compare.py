"""Whether the two sides of a synced record still agree, and what is said where they do not. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from tallybridge import money
from tallybridge.drift.in_netsuite import Applied, There
from tallybridge.drift.in_zuora import STATUS, TRANSFERRED, applied_now
from tallybridge.drift.kinds import Kind
from tallybridge.reporting.words import listed
from tallybridge.sync.drift import Drift
from tallybridge.sync.ledger import State
from tallybridge.sync.step import has_status, is_complete
from tallybridge.zuora.source import INTEGRATION_ID

UNDONE = {"Canceled": "cancelled", "Cancelled": "cancelled", "Voided": "voided", "Draft": "set back to draft", "Error": "set to Error"}
"""What a Zuora status that does not count means in words."""
ACCEPT = "If both sides are to stay as they are: `tallybridge accept {0}`."
SEND_AGAIN = (
    "To have it in NetSuite again, clear Integration ID and Integration Status in Zuora and set Transferred to Accounting to No; to leave "
    "it out, set Transferred to Accounting to Ignore."
)


@dataclass(frozen=True)
class Pair:
    """The two sides of a record that was synced from Zuora. `head` None: Zuora has it no more. `known`: the ledger's item. `renamed`:
    another record of the kind bears its number now. `applied` is what NetSuite has applied of it to Zuora's documents, None where it was
    not asked. `compares_amounts`: NetSuite's total is to be what was sent; `whole`: that was all of the record's amount, and not what is
    applied."""

    kind: Kind
    id: str
    head: Mapping[str, Any] | None
    there: There | None
    known: Mapping[str, Any]
    renamed: bool = False
    applied: Applied | None = None
    compares_amounts: bool = True
    whole: bool = True

    @property
    def number(self) -> str:
        return str((self.head or {}).get(self.kind.number) or self.known.get("number") or self.id)

    @property
    def internal_id(self) -> str:
        """The NetSuite record that it was synced to."""
        return (self.there.id if self.there else "") or str(self.known.get("destination_id") or (self.head or {}).get(INTEGRATION_ID) or "")

    @property
    def currency(self) -> str:
        return str(self.known.get("currency") or (self.there.currency if self.there else ""))

    @property
    def synced(self) -> Decimal | None:
        """The amount that was synced."""
        if self.known.get("amount"):
            return Decimal(str(self.known["amount"]))
        return self.in_zuora

    @property
    def in_zuora(self) -> Decimal | None:
        """What Zuora says the amount is now."""
        return Decimal(self.head.get(self.kind.amount) or 0) if self.head and self.kind.is_money else None

    @property
    def held(self) -> Decimal | None:
        """What NetSuite holds now, with the sign that the amount has in Zuora; None when it holds nothing."""
        if self.there is None or self.there.voided or (self.synced and not self.there.total):
            return None
        total = self.there.total
        negative = (self.synced or Decimal(0)) < 0
        return -abs(total) if negative else abs(total)

    def money(self, amount: Decimal | None) -> str:
        return money.text(amount or Decimal(0), self.currency)


def drift_of(pair: Pair) -> Drift | None:
    """The drift of a record; None where both sides agree, where a person has set it aside, or where its own step speaks of it."""
    undone = _undone(pair)
    if undone:
        return _no_more_in_zuora(pair, undone) if pair.held else None
    head = pair.head or {}
    if has_status(head.get(STATUS), "Ignore") or head.get(TRANSFERRED) == "Ignore" or not _is_synced(pair):
        return None
    if pair.held is None:
        return _no_more_in_netsuite(pair)
    changes = [change for change in (_amount(pair), _currency(pair), _customer(pair), _applications(pair)) if change]
    if not changes:
        return None
    (code, _, advice), texts = changes[0], [text for _, text, _ in changes]
    return _drift(pair, code, f"{listed(texts)}.", advice)


def missing_master(kind: Kind, record_id: str, head: Mapping[str, Any], internal_id: str) -> Drift:
    """A customer or item that NetSuite has no more."""
    number = str(head.get(kind.number) or record_id)
    text = f"{kind.label} {number} ({record_id}): NetSuite {kind.there} {internal_id}, which it was synced to, was deleted."
    advice = (
        "To have it in NetSuite again, clear Integration ID and Integration Status in Zuora; or enter the id of the record that took its "
        f"place. {ACCEPT.format(number)}"
    )
    return Drift(kind.step, kind.object, "DRIFT-MISSING", number, record_id, internal_id, text, advice)


def _undone(pair: Pair) -> str:
    """What became of a record that counts no more in Zuora, in words; "" where it counts."""
    if pair.head is None:
        return "deleted"
    status = str(pair.head.get("Status") or "")
    if status == pair.kind.standing:
        return ""
    return UNDONE.get(status, f'set to "{status}"')


def _is_synced(pair: Pair) -> bool:
    """Whether the record counts as synced: neither asked for again by a person nor in the hands of its step."""
    head = pair.head or {}
    if pair.known and pair.known.get("state") not in (State.DONE, State.DRIFT):
        return False
    return is_complete(head.get(STATUS)) and head.get(TRANSFERRED) in ("Yes", None)


def _drift(pair: Pair, code: str, text: str, advice: str) -> Drift:
    return Drift(
        pair.kind.step,
        pair.kind.object,
        code,
        pair.number,
        pair.id,
        pair.internal_id,
        f"{pair.kind.label} {pair.number} ({pair.id}): {text}",
        f"{advice} {ACCEPT.format(pair.number)}",
        pair.currency,
        pair.synced,
        pair.held,
    )


def _name(pair: Pair) -> str:
    return f"NetSuite {pair.there.kind if pair.there else pair.kind.there} {pair.internal_id}"


def _no_more_in_zuora(pair: Pair, undone: str) -> Drift:
    text = f"{undone} in Zuora after its sync; {_name(pair)} still holds {pair.money(pair.held)}."
    advice = f"Void or delete {_name(pair)}, or set its amount to 0, after taking off what is applied to it."
    if pair.renamed:
        text = f"{text[:-1]}. Another {pair.kind.label.lower()} bears the number {pair.number} now, so that NetSuite may hold it twice."
        return _drift(pair, "DRIFT-REGENERATED", text, advice)
    return _drift(pair, "DRIFT-DELETED" if pair.head is None else "DRIFT-UNDONE", text, advice)


def _no_more_in_netsuite(pair: Pair) -> Drift:
    gone = "voided or set to 0" if pair.there else "deleted"
    text = f"{_name(pair)}, which it was synced to, was {gone}; Zuora holds {pair.money(pair.in_zuora)}."
    return _drift(pair, "DRIFT-MISSING", text, SEND_AGAIN)


Change = tuple[str, str, str]
"""Code, text without its end, advice."""


def _amount(pair: Pair) -> Change | None:
    if not pair.compares_amounts or pair.held is None or not (pair.whole or pair.known.get("amount")):
        return None
    currency = pair.currency
    synced, now = pair.synced, pair.in_zuora
    assert synced is not None
    source = now if now is not None and pair.whole else synced
    if money.rounded(pair.held, currency) in (money.rounded(source, currency), _raised(pair)):
        return None
    side = "NetSuite" if money.rounded(source, currency) == money.rounded(synced, currency) else "Zuora"
    text = f"its amount was changed in {side} after its sync: Zuora holds {pair.money(source)}, {_name(pair)} {pair.money(pair.held)}"
    return "DRIFT-AMOUNT", text, f"Correct {_name(pair)}, or the amount in Zuora; the next run compares again."


def _raised(pair: Pair) -> Decimal | None:
    """What a payment that was sent with less than all of it holds after refunds of the rest: they raise it by what they take."""
    if pair.whole or pair.head is None:
        return None
    refunded = Decimal(pair.head.get("RefundAmount") or 0)
    return money.rounded(applied_now(pair.kind, dict(pair.head)) + refunded, pair.currency)


def _currency(pair: Pair) -> Change | None:
    there, was = pair.there.currency if pair.there else "", str(pair.known.get("currency") or "")
    if not there or not was or there == was:
        return None
    text = f"{_name(pair)} is in {there} now, it was synced in {was}"
    return "DRIFT-CURRENCY", text, f"Put {_name(pair)} back into {was}; if it cannot be changed, delete it and send the record again."


def _customer(pair: Pair) -> Change | None:
    there, was = pair.there.customer if pair.there else "", str(pair.known.get("customer") or "")
    now = str((pair.head or {}).get("customer") or "")
    if not there or not was or there in (was, now):
        return None
    text = f"{_name(pair)} belongs to customer {there} now, it was synced to customer {was}"
    return (
        "DRIFT-CUSTOMER",
        text,
        f"Give {_name(pair)} back to customer {was}, or move the record in Zuora to the account of customer {there}.",
    )


def _applications(pair: Pair) -> Change | None:
    """A refund that was made in one system alone, since NetSuite's refunds take from Zuora's payment and not from NetSuite's, or since
    its own step holds it, may explain that Zuora has less applied."""
    if pair.applied is None or pair.head is None:
        return None
    now, there = applied_now(pair.kind, dict(pair.head)), pair.applied
    explained = max(Decimal(0), Decimal(pair.head.get("RefundAmount") or 0) - there.refunded)
    if now <= there.amount <= now + explained:
        return None
    text = f"it was applied otherwise in Zuora after its sync: {pair.money(now)} there, {pair.money(there.amount)} in {_name(pair)}"
    advice = f"Set Transferred to Accounting to No in Zuora: the next run brings the applications of {_name(pair)} to what Zuora says."
    return "DRIFT-APPLIED", text, advice
