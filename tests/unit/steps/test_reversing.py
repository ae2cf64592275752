"""What reverses a document of NetSuite, and what stands against it (steps/reversing/ways.py)."""

from __future__ import annotations

from decimal import Decimal
from types import SimpleNamespace
from typing import Any, cast

import pytest

from tallybridge.steps.reversing.documents import Books, Document, Posting
from tallybridge.steps.reversing.ways import WAYS, problem, requests
from tallybridge.sync.reversal import Reversal
from tallybridge.sync.step import IGNORE

SIXTY = Decimal(60)
BANK, RECEIVABLE = Posting("1", "Bank", -SIXTY), Posting("6", "AcctRec", SIXTY)
REFERENCE = cast(Any, SimpleNamespace(base_currency="USD", custom=lambda kind, label: label, has_field=lambda kind, name: True))


def document(kind: str = "customerRefund", currency: str = "USD", rate: str = "1", *postings: Posting) -> Document:
    money = (SIXTY, currency, "2", rate)
    return Document("71", kind, "R1", "2026-10-01", *money, subsidiary="", customer="9001", voided=False, postings=postings)


def wanted(found: Document) -> Reversal:
    money = (found.currency, found.total, found.customer)
    return Reversal(found.id, found.record_type, WAYS[found.record_type], "refunds", "r1", "R1", *money, "2026-11-04", found.seal)


def sent(found: Document) -> dict[str, Any]:
    (request,) = requests(wanted(found), found, Books(), REFERENCE, "plan-1")
    return dict(request.body)


@pytest.mark.parametrize(
    ("currency", "rate", "booked_at"),
    [("EUR", "1.0831", Decimal("1.0831")), ("USD", "1", None), ("EUR", "", None)],
    ids=["another currency", "the base currency", "a rate that NetSuite does not show"],
)
def test_a_reversal_is_booked_at_the_rate_of_what_it_reverses(currency: str, rate: str, booked_at: Decimal | None) -> None:
    """At the rate of the day it would leave a gain or a loss behind in the base currency."""
    assert sent(document("customerRefund", currency, rate)).get("exchangeRate") == booked_at


def test_each_posting_stands_on_the_other_side_and_receivables_name_the_customer() -> None:
    bank, receivable = sent(document("customerRefund", "USD", "1", BANK, RECEIVABLE))["line"]["items"]
    assert bank == {"account": {"id": "1"}, "debit": SIXTY}
    assert receivable == {"account": {"id": "6"}, "credit": SIXTY, "entity": {"id": "9001"}}


def test_the_credit_memo_of_a_reversal_is_nothing_that_zuora_is_to_have() -> None:
    """The sync from NetSuite would make an adjustment of it in Zuora, of an invoice that people correct there themselves."""
    body = sent(document("invoice"))
    assert (body["Zuora Integration Status"], body["Zuora ID"]) == (IGNORE, None)


@pytest.mark.parametrize(
    ("postings", "code"),
    [
        ((BANK, RECEIVABLE), ""),
        ((BANK, Posting("6", "AcctRec", Decimal(50)), Posting("9", "Expense", Decimal(10))), "RV-POSTING"),
        ((BANK, RECEIVABLE, Posting("9", "Expense", Decimal(1))), "RV-POSTING"),
        ((Posting("1", "Bank", SIXTY), Posting("6", "AcctRec", -SIXTY)), "RV-POSTING"),
    ],
    ids=["as it should", "another amount on receivables", "one-sided", "the other way round"],
)
def test_what_does_not_move_its_total_on_the_customers_account_is_reversed_by_hand(postings: tuple[Posting, ...], code: str) -> None:
    found = document("customerRefund", "USD", "1", *postings)
    why = problem(wanted(found), found, Books(), ())
    assert (why.code if why else "") == code
