"""How open balances are shared out between credit memos, and where a memo item's revenue trigger comes from: pure rules."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tallybridge.steps.documents.memo_mapping import trigger_of
from tallybridge.steps.shared.applications import Shortage, allotted

CENTS = st.integers(1, 10_000).map(lambda n: Decimal(n) / 100)
AMOUNTS = st.dictionaries(st.sampled_from("1234"), CENTS)


@pytest.mark.rule("memos.C.application.4")
def test_an_application_that_does_not_fit_as_a_whole_is_not_made_in_part() -> None:
    balances = {"1": Decimal(30), "2": Decimal(40)}
    found = allotted({"1": Decimal(60), "2": Decimal(40)}, {}, balances)
    assert found.fits == {"2": Decimal(40)}
    assert found.short == {"1": Shortage(Decimal(30), Decimal(60))}
    assert balances == {"1": Decimal(30), "2": Decimal(0)}


def test_only_what_goes_beyond_the_present_application_needs_a_balance() -> None:
    found = allotted({"1": Decimal(60)}, {"1": Decimal(50)}, {"1": Decimal(10)})
    assert found.fits == {"1": Decimal(60)}


def test_what_is_unapplied_can_be_taken_by_the_next_memo() -> None:
    balances = {"1": Decimal(0)}
    allotted({}, {"1": Decimal(25)}, balances)
    assert allotted({"1": Decimal(25)}, {}, balances).fits == {"1": Decimal(25)}


def test_a_document_that_netsuite_does_not_have_has_no_balance() -> None:
    assert allotted({"1": Decimal(5)}, {}, {}).short == {"1": Shortage(Decimal(0), Decimal(5))}


def test_a_larger_application_that_does_not_fit_stays_at_what_it_is() -> None:
    found = allotted({"1": Decimal(40), "2": Decimal(5)}, {"1": Decimal(20), "3": Decimal(7)}, {"1": Decimal(10), "2": Decimal(5)})
    assert found.reachable({"1": Decimal(20), "3": Decimal(7)}) == {"1": Decimal(20), "2": Decimal(5)}


@given(st.lists(AMOUNTS, max_size=6), AMOUNTS)
def test_no_balance_ever_falls_below_zero(memos: list[dict[str, Decimal]], opened: dict[str, Decimal]) -> None:
    balances = dict(opened)
    made = [allotted(memo, {}, balances).fits for memo in memos]
    assert all(b >= 0 for b in balances.values())
    for document, open_ in opened.items():
        assert sum((fits.get(document, Decimal(0)) for fits in made), Decimal(0)) == open_ - balances[document]


TRIGGERS = {
    "of the invoice item": (
        {"InvoiceItem.RevRecStartDate": "2026-10-10", "Subscription.ServiceActivationDate": "2026-01-01"},
        "2026-10-10",
    ),
    "contract effective": ({"RatePlanCharge.RevRecTriggerCondition": "Contract Effective Date"}, "2026-01-01"),
    "service activation": ({"RatePlanCharge.RevRecTriggerCondition": "ServiceActivationDate"}, "2026-02-02"),
    "customer acceptance": ({"RatePlanCharge.RevRecTriggerCondition": "CustomerAcceptanceDate"}, "2026-03-03"),
    "no condition": ({}, ""),
    "an unknown condition": ({"RatePlanCharge.RevRecTriggerCondition": "Whenever"}, ""),
}


@pytest.mark.parametrize("case", TRIGGERS)
def test_trigger_date_of_a_memo_item(case: str) -> None:
    fields, expected = TRIGGERS[case]
    dates = {"ContractEffectiveDate": "2026-01-01", "ServiceActivationDate": "2026-02-02", "ContractAcceptanceDate": "2026-03-03"}
    assert trigger_of({**{f"Subscription.{k}": v for k, v in dates.items()}, **fields}) == expected
