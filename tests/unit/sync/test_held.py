"""When a destination holds what was sent (sync/held.py)."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tallybridge.sync.held import Held, agree

D = Decimal
SENT = Held(D("100.00"), "USD", "9001", "invoice")


@pytest.mark.parametrize(
    ("there", "same"),
    [
        (SENT, True),
        (Held(D("100.004"), "USD", "9001", "invoice"), True),
        (Held(D("100.01"), "USD", "9001", "invoice"), False),
        (Held(D("-100"), "USD", "9001", "invoice"), False),
        (Held(None, "USD", "9001", "invoice"), False),
        (Held(D("100"), "EUR", "9001", "invoice"), False),
        (Held(D("100"), "USD", "9002", "invoice"), False),
        (Held(D("100"), "USD", "9001", "creditMemo"), False),
        (Held(D("100")), True),
    ],
    ids=["same", "below a cent", "a cent more", "other sign", "no amount", "currency", "customer", "type", "an amount is all it says"],
)
def test_money_customer_and_type_must_be_those_that_were_sent(there: Held, same: bool) -> None:
    assert agree(SENT, there) is same


def test_a_record_that_was_sent_without_money_may_have_any() -> None:
    assert agree(Held(None, "USD"), Held(D("1"), "USD")) and agree(Held(None, "USD"), Held(None, "USD"))


def test_the_base_currency_agrees_where_the_destination_books_in_no_other() -> None:
    assert agree(Held(D("100"), "EUR"), Held(D("100"), "USD"), "USD") and not agree(Held(D("100"), "EUR"), Held(D("100"), "GBP"), "USD")


def test_amounts_are_compared_with_the_digits_of_their_currency() -> None:
    assert not agree(Held(D("10.001"), "KWD"), Held(D("10.002"), "KWD")) and agree(Held(D("1000.4"), "JPY"), Held(D("1000"), "JPY"))
