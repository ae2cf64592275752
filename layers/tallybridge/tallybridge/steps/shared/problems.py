"""What more than one step has to say about a record. `code` is the step's own prefix or the whole code, `label` names the record."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from tallybridge import money
from tallybridge.steps.shared.parents import Stays
from tallybridge.sync.step import Counterpart, Problem
from tallybridge.zuora.source import NO_ID

CORRECT_ID = "Enter the internal id of the NetSuite record, digits only; or clear it together with the Integration Status."


def not_synced(code: str, label: str, name: str, kind: str, row: Mapping[str, Any], stays: Stays | None = None) -> Problem:
    """A record that this one refers to is not in NetSuite yet, or its Integration ID is none. `name` is what people call it, for example
    "invoice INV00000001", and what this one waits for; `kind` says whose message explains the matter; `row` is the record. `stays`: why
    it will never follow by itself, so that nothing waits for it and a person has to decide."""
    if wrong := row.get(NO_ID):
        return Problem(code, f"{label}: {name} {no_id(wrong)}", CORRECT_ID)
    if stays is None:
        advice = f"It syncs by itself once the {kind} has been synced; see the {kind}'s own message."
        return Problem(code, f"{label}: {name} has not been synced to NetSuite.", advice, name)
    release = f"To have {name} sent, {stays.release}. " if stays.release else ""
    advice = (
        f"{release}If NetSuite has it already, enter its internal id as Integration ID of {name}. If this record is not to be sent either, "
        "enter it in NetSuite by hand where it is missing, and set its Transferred to Accounting to Ignore."
    )
    return Problem(code, f"{label}: {name} has not been synced to NetSuite and does not follow by itself: {stays.why}.", advice)


def gone(code: str, label: str, kind: str, internal_id: str, name: str) -> Problem:
    """A NetSuite record that this one needs was deleted by hand. `kind` is what people call it there, `name` the Zuora record that it was
    made of, "" where that is not known."""
    text_ = f"{label}: NetSuite {kind} {internal_id}{f' of {name}' if name else ''} does not exist any more."
    transfer = "" if kind in ("customer", "item") else " and set its Transferred to Accounting to No"
    advice = (
        f"To have {name or 'what it was made of'} created again, clear its Integration ID and Integration Status{transfer}; or enter the "
        "internal id of the record that took its place. The next run sends this record."
    )
    return Problem(f"{code}-GONE", text_, advice)


def ambiguous(code: str, label: str, kind: str, found: Sequence[Counterpart]) -> Problem:
    """More than one destination record carries the Zuora ID."""
    ids = ", ".join(c.id for c in found)
    text_ = f"{label}: {len(found)} NetSuite {kind} carry this Zuora ID ({ids}). Clear the duplicates first."
    return Problem(f"{code}-AMBIGUOUS", text_, f"Delete the surplus NetSuite {kind}, or clear their Zuora ID; keep one.")


def no_id(wrong: str) -> str:
    """The end of a sentence about a record whose Integration ID is none."""
    return f'has the Integration ID "{wrong}", which is no internal id of NetSuite.'


def wrong_id(label: str, wrong: str) -> Problem:
    """A record's own Integration ID is none: a person meant to link it to something."""
    return Problem("INTEGRATION-ID", f"{label}: it {no_id(wrong)}", CORRECT_ID)


def already_there(code: str, label: str, kind: str, internal_id: str) -> Problem:
    """A person asked for the record again, but NetSuite still has it and its kind cannot be updated (sequence-and-status.md section 6)."""
    text_ = f"{label}: already present in NetSuite as {kind} {internal_id}; not created again. Delete it there first to force a new copy."
    return Problem(f"{code}-PRESENT", text_)


def other_currency(code: str, label: str, amount: Decimal, currency: str, other: str, its_currency: str) -> Problem | None:
    """A NetSuite record and the Zuora record `other` that it belongs to are in different currencies; None when equal or unknown."""
    if not currency or not its_currency or currency == its_currency:
        return None
    text_ = f"{label} of {money.text(amount, currency)}: {other} is in {its_currency}, not {currency}; not sent."
    advice = "Correct what it is applied to, or its customer, in NetSuite; or enter it in Zuora by hand and set its status to Ignore."
    return Problem(f"{code}-CURRENCY", text_, advice)


def taken(code: str, label: str, target: str, owner: str, field: str) -> Problem:
    """The destination record that a record names belongs to another one. `target` and `owner` are what people call the two; `field` says
    where the destination record names its owner."""
    text_ = f"{label}: {target}, which it names, belongs to {owner}; nothing is written to it."
    advice = f"Name the right record here, or take {owner} away from it by clearing {field} there; the next run goes on."
    return Problem(f"{code}-TAKEN", text_, advice)


def named_twice(code: str, label: str, target: str, others: Sequence[str]) -> Problem:
    """Several source records name one destination record that belongs to none of them yet."""
    text_ = f"{label}: {target} is named by {', '.join(others)} too; nothing is written to it."
    advice = "Leave the id on the one record that it belongs to, and clear it on the others; the next run goes on."
    return Problem(f"{code}-TAKEN", text_, advice)


def ambiguous_in_zuora(code: str, label: str, kind: str, found: Iterable[Counterpart]) -> Problem:
    """More than one Zuora record carries the NetSuite id. `kind` in the plural: payments."""
    ids = [c.id for c in found]
    text = f"{label}: {len(ids)} Zuora {kind} carry its internal id as Integration ID ({', '.join(ids)}). Clear the duplicates first."
    return Problem(f"{code}-AMBIGUOUS", text, f"Cancel the surplus Zuora {kind}, or clear their Integration ID; keep one.")
