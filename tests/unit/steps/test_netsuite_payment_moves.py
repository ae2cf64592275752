"""What a Zuora payment is to be applied to after refunds: pure decisions."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tallybridge.steps.settlement.netsuite_payment_moves import LastSuccess, Present, aim

Amounts = dict[str, int]


def of(amounts: Amounts) -> dict[str, Decimal]:
    return {d: Decimal(amount) for d, amount in amounts.items()}


def last(wanted: Amounts, held: Amounts, refunded: int = 0) -> LastSuccess:
    return LastSuccess(of(wanted), of(held), Decimal(refunded))


def now(parts: Amounts, refunded: int, *, amount: int = 100, at_rest: bool = True) -> Present:
    return Present(Decimal(amount), of(parts), Decimal(refunded), at_rest)


CASES: dict[str, tuple[Amounts, Present, LastSuccess | None, Amounts | None]] = {
    "nothing refunded: as in NetSuite": ({"a": 50}, now({"a": 80}, 0), last({"a": 50}, {"a": 50}), {"a": 50}),
    "refunded since": ({"a": 100}, now({"a": 70}, 30), last({"a": 100}, {"a": 100}), {"a": 70}),
    "refunded before the last success": ({"a": 60}, now({"a": 70}, 30), last({"a": 100}, {"a": 70}, 30), {"a": 30}),
    "half done: the unapply was made, the apply not": (
        {"a": 40, "b": 60},
        now({"a": 10}, 30, at_rest=False),
        last({"a": 100}, {"a": 70}, 30),
        {"a": 10, "b": 60},
    ),
    "half done, refunded meanwhile, one document": ({"a": 60}, now({"a": 30}, 30, at_rest=False), last({"a": 100}, {"a": 100}), {"a": 30}),
    "half done, refunded meanwhile, several documents": (
        {"a": 60, "b": 30},
        now({"a": 30, "b": 30}, 30, at_rest=False),
        last({"a": 60, "b": 40}, {"a": 60, "b": 40}),
        None,
    ),
    "a second worker applied twice after a refund": ({"a": 50}, now({"a": 60}, 30), last({"a": 50}, {"a": 50}, 30), {"a": 50}),
    "the refund was canceled": ({"a": 100}, now({"a": 70}, 0), last({"a": 100}, {"a": 70}, 30), {"a": 100}),
    "no memory, money enough": ({"a": 60}, now({"a": 50}, 30), None, {"a": 60}),
    "no memory, the refund took it": ({"a": 100}, now({"a": 70}, 30), None, {"a": 70}),
}


@pytest.mark.parametrize("case", CASES)
def test_aim(case: str) -> None:
    wanted, present, memory, expected = CASES[case]
    found = aim(of(wanted), present, memory)
    assert found == (None if expected is None else of(expected))


def test_the_memory_is_kept_as_texts() -> None:
    memory = last({"b": 100, "a": 5}, {"b": 70}, 30)
    facts = memory.facts()
    assert facts == {"wanted": {"a": "5", "b": "100"}, "held_in_zuora": {"b": "70"}, "refunded": "30"}
    assert LastSuccess.of(facts) == memory
    assert LastSuccess.of({"fingerprint": "x"}) is None
