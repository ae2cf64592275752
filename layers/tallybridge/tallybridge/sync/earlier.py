"""What an earlier attempt of a batch has done, told from the ledger, so that a batch that is started again accounts for all of it."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from tallybridge import money
from tallybridge.sync.ledger import State
from tallybridge.sync.runlog import Outcome, RecordResult
from tallybridge.sync.step import SourceRecord

FOUND_ACTIONS = frozenset({"recover", "none"})
"""Actions of records that were in the destination before."""
GONE = "GONE"
"""Code of candidates that no longer meet the selection."""


def intent_of(record: SourceRecord, action: str, found_id: str, record_type: str = "") -> dict[str, str]:
    """What the ledger keeps with a claim: action, what is applied, the counterpart's id where it was found ("" otherwise), and what is kept
    of every record (`about`)."""
    applied = {} if record.applied is None else {"applied": money.plain(record.applied)}
    found = {"destination_id": found_id} if found_id else {}
    return {"action": action, **about(record, record_type), **applied, **found}


def about(record: SourceRecord, record_type: str) -> dict[str, str]:
    """What the ledger keeps of a record whatever becomes of it, so that a period can be told from the ledger alone: currency and amount,
    and as far as they are known the customer (the destination's id, and what people call it), the date of the document, and the record type
    that it becomes."""
    named = {"customer": record.customer, "customer_name": record.customer_name, "document_date": record.date, "record_type": record_type}
    return {**money_of(record), **{name: value for name, value in named.items() if value}}


def money_of(record: SourceRecord) -> dict[str, str]:
    """A record's currency and amount as the ledger keeps them."""
    return {"currency": record.currency, "amount": "" if record.amount is None else money.plain(record.amount)}


def compared_money(item: Mapping[str, Any]) -> str:
    """The money of an item as its proof names it: "USD 100.5"."""
    return f"{item.get('currency', '')} {item.get('amount', '')}"


def result_of_earlier(object_type: str, record_id: str, item: Mapping[str, Any] | None, *, own: bool) -> RecordResult:
    """The result of a candidate that no longer meets the selection. `own`: this very batch moved the ledger's item last.

    A record that an earlier attempt completed counts as it would have then. One that an earlier run completed is there already: the
    query copy from which it was selected lags behind. Any other was changed by somebody and is skipped.
    """
    action, state = (str(item.get("action", "")), item.get("state")) if item else ("", None)
    counts = (action in FOUND_ACTIONS or state in (State.CONFIRMED, State.DONE)) if own else state == State.DONE
    if item is None or not counts:
        return RecordResult(object_type, record_id, record_id, Outcome.SKIPPED, code=GONE)
    there = not own or action in FOUND_ACTIONS
    return RecordResult(
        object=object_type,
        source_id=record_id,
        source_number=str(item.get("number", record_id)),
        outcome=Outcome.ALREADY if there else Outcome.SYNCED,
        action=action if own else "none",
        currency=str(item.get("currency", "")),
        amount=Decimal(str(item["amount"])) if item.get("amount") else None,
        destination_id=str(item.get("destination_id", "")),
    )
