"""How each kind of document is reversed: pure. An invoice by a credit memo that NetSuite builds from it and that is applied to it; credit
memos, payments and refunds by a journal entry with their postings the other way round, because NetSuite's REST services can neither void
nor delete them (api-netsuite.md 3.7, 9.6 to 9.8, 9.10).

A payment or credit memo is taken off what it was applied to, and applied to the receivable line of its journal entry: neither of them is
open afterwards. A refund keeps what it was applied to; the receivable line of its journal entry stays open as a credit of the customer.

[A] NetSuite lets a payment or credit memo be applied to the receivable debit of a journal entry of the same customer, currency and account,
through REST as it does on the form.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from tallybridge.steps.reversing.documents import RECEIVABLE, Applied, Books, Document, Posting
from tallybridge.steps.shared.applications import apply_sublist
from tallybridge.steps.shared.reference import Reference
from tallybridge.sync.reversal import Reversal, external_id
from tallybridge.sync.step import CREATED, IGNORE, Later, Problem, Request

CODE = "RV"
WAYS = {
    "customerRefund": "journalEntry",
    "customerPayment": "journalEntry",
    "creditMemo": "journalEntry",
    "invoice": "creditMemo",
}
"""What reverses a document by its record type, in the order in which they are reversed."""
ORDER = {record_type: str(place) for place, record_type in enumerate(WAYS)}
APPLIES = ("customerPayment", "creditMemo")
"""Record types that are taken off what they are applied to."""
RECEIVABLE_SIDE = {"customerRefund": 1, "customerPayment": -1, "creditMemo": -1}
"""The side on which a document of a type posts to receivables: 1 debits, -1 credits."""
TRANSFORM = "/!transform/"
ZERO = Decimal(0)
STATUS = "Zuora Integration Status"
WORDS = {
    "invoice": "invoice",
    "creditMemo": "credit memo",
    "customerPayment": "payment",
    "customerRefund": "refund",
    "journalEntry": "journal entry",
    "depositApplication": "deposit application",
}


def word(record_type: str) -> str:
    """What people call a record type of NetSuite."""
    return WORDS.get(record_type, record_type)


# -- what stands against it ------------------------------------------------------------------------------------------------


def problem(wanted: Reversal, found: Document | None, books: Books, planned: Iterable[str]) -> Problem | None:
    """Why a document cannot be reversed as it was planned; None if it can. `planned` are the documents that are reversed before it."""
    name = f"{word(wanted.record_type).capitalize()} {wanted.number}"
    if found is None:
        advice = "Nothing is left to be reversed. See NetSuite's audit trail for who has deleted it, and correct Zuora by hand."
        return Problem(f"{CODE}-GONE", f"{name}: NetSuite {wanted.record_type} {wanted.id} does not exist any more.", advice)
    if found.voided:
        return Problem(f"{CODE}-GONE", f"{name}: it is voided in NetSuite.", "Nothing is left to be reversed.")
    if found.seal != wanted.seal:
        text = f"{name}: NetSuite {found.record_type} {found.id} has changed since the plan was made."
        return Problem(f"{CODE}-CHANGED", text, "Look at what was changed, and make a new plan: `tallybridge reversal plan`.")
    return applied_by_others(name, found, books, planned) or _unexpected(name, found)


def applied_by_others(name: str, found: Document, books: Books, planned: Iterable[str]) -> Problem | None:
    """What is applied to a document and is not reversed with it."""
    for each in others(found, books, planned):
        text = f"{name}: {word(each.record_type)} {each.record} is applied to it with {each.amount} {found.currency}, and is not reversed."
        advice = "Take that application off in NetSuite, or reverse the run that has made it first; then make a new plan."
        return Problem(f"{CODE}-APPLIED", text, advice)
    return None


def others(found: Document, books: Books, planned: Iterable[str]) -> list[Applied]:
    """Applications to a document that neither the plan undoes nor an earlier reversal has made up for."""
    known = set(planned)
    own = found.reversal.id if found.reversal else ""
    return [
        a for a in found.used_by if a.record not in (*known, own) and not (a.record_type == "customerRefund" and a.record in books.reversed)
    ]


def _unexpected(name: str, found: Document) -> Problem | None:
    """Postings that a journal entry cannot simply turn round."""
    side = RECEIVABLE_SIDE.get(found.record_type)
    if side is None:
        return None
    receivable = sum((p.amount for p in found.postings if p.kind == RECEIVABLE), ZERO)
    if sum((p.amount for p in found.postings), ZERO) == 0 and receivable == side * found.total:
        return None
    text = f"{name}: its postings in NetSuite do not move {found.currency} {found.total} on the customer's account."
    return Problem(f"{CODE}-POSTING", text, "Reverse it by hand in NetSuite: a plug-in or another book has changed what it posts.")


# -- requests --------------------------------------------------------------------------------------------------------------


def requests(wanted: Reversal, found: Document, books: Books, reference: Reference, plan_id: str) -> tuple[Request, ...]:
    """What is sent to NetSuite."""
    if wanted.way == "creditMemo":
        return (_credit(wanted, found, reference, plan_id),)
    return (Request("journalEntry", _journal(wanted, found, reference, plan_id)), *reapplied(found, books, reference, CREATED))


def _memo(wanted: Reversal, plan_id: str) -> str:
    return f"Reverses {word(wanted.record_type)} {wanted.number} (Tallybridge reversal {plan_id})"


def _credit(wanted: Reversal, found: Document, reference: Reference, plan_id: str) -> Request:
    """The credit memo that NetSuite builds from an invoice, line by line. It belongs to no Zuora record, and is not sent to Zuora."""
    body = {
        "externalId": external_id(wanted.id),
        "tranDate": wanted.date,
        "memo": _memo(wanted, plan_id),
        reference.custom("creditMemo", "Zuora ID"): None,
        **_aside(reference),
        **apply_sublist([{"doc": {"id": wanted.id}, "line": 0, "apply": True, "amount": found.total}]),
    }
    return Request(f"invoice/{wanted.id}{TRANSFORM}creditMemo", body)


def _journal(wanted: Reversal, found: Document, reference: Reference, plan_id: str) -> dict[str, Any]:
    """The journal entry with what a document has posted, the other way round. Receivable lines name the customer, no other line does."""
    head: dict[str, Any] = {"externalId": external_id(wanted.id), "tranDate": wanted.date, "memo": _memo(wanted, plan_id)}
    if found.subsidiary:
        head["subsidiary"] = {"id": found.subsidiary}
    if found.currency_id:
        head["currency"] = {"id": found.currency_id}
        if found.rate and found.currency != reference.base_currency:
            head["exchangeRate"] = Decimal(found.rate)
    return {**head, "line": {"items": [_journal_line(posting, found) for posting in found.postings]}}


def _journal_line(posting: Posting, found: Document) -> dict[str, Any]:
    side = "credit" if posting.amount > 0 else "debit"
    customer = {"entity": {"id": found.customer}} if posting.kind == RECEIVABLE else {}
    segments: Mapping[str, Any] = {name: {"id": value} for name, value in posting.segments}
    return {"account": {"id": posting.account}, side: abs(posting.amount), **customer, **segments}


def reapplied(found: Document, books: Books, reference: Reference, journal: Any) -> tuple[Request, ...]:
    """Take a payment or credit memo off its documents and apply what is left of it to its journal entry; nothing where it is so already.
    What refunds have taken from it they keep. A credit memo is set aside for the sync from NetSuite, which else would take the application
    for one that Zuora is to have."""
    if found.record_type not in APPLIES:
        return ()
    done = books.reversed.get(found.id)
    mine = {done.id} if done else set()
    off = [{"doc": {"id": a.document}, "apply": False, "amount": ZERO} for a in found.uses if a.document not in mine]
    left = found.total - sum((a.amount for a in found.used_by), ZERO)
    present = sum((a.amount for a in found.uses if a.document in mine), ZERO)
    on = [{"doc": {"id": journal}, "apply": True, "amount": left}] if left > 0 and present != left else []
    if not off and not on:
        return ()
    party = {"customer" if found.record_type == "customerPayment" else "entity": {"id": found.customer}}
    aside = _aside(reference) if found.record_type == "creditMemo" else {}
    return (Request(found.record_type, {**party, **aside, **apply_sublist([*off, *on])}, found.id),)


def _aside(reference: Reference) -> dict[str, str]:
    """The field of a credit memo that keeps it from being sent to Zuora, where the account has it."""
    status = reference.custom("creditMemo", STATUS)
    return {status: IGNORE} if reference.has_field("creditMemo", status) else {}


def first(found: Document, planned: Mapping[str, Reversal]) -> tuple[Later, ...]:
    """The documents of the same plan that are reversed before this one: what is applied to it."""
    return tuple(
        Later(a.record, _waits(found, planned[a.record])) for a in {a.record: a for a in found.used_by}.values() if a.record in planned
    )


def _waits(found: Document, other: Reversal) -> Problem:
    text = f"{word(found.record_type).capitalize()} {found.number}: waits for the reversal of {word(other.record_type)} {other.number}."
    advice = "See why that one was not reversed, then carry the reversal out again: `tallybridge reversal run`."
    return Problem(f"{CODE}-WAITS", text, advice)
