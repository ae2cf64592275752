"""Every branch of the revenue date table (invoices.md section 6)."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tallybridge.steps.documents.revenue_dates import RevenueDates, RevenueInputs, inputs_of, revenue_dates
from tests.rules.cases import ruled

START, END, SUBSCRIPTION_END = "2026-10-01", "2026-10-31", "2027-09-30"
EARLIER, LATER = "2026-09-15", "2026-10-10"
TEMPLATE, PERIOD_START, TRIGGER = "Use NetSuite Rev Rec Template", "Charge Period Start", "Rev Rec Trigger Date"
PERIOD_END, TO_SUBSCRIPTION_END = "Charge Period End", "Subscription End Date"
USUAL = RevenueInputs(
    code="Straight-line",
    template_type="Standard",
    start_preference=PERIOD_START,
    end_preference=PERIOD_END,
    trigger=LATER,
    service_start=START,
    service_end=END,
    subscription_end=SUBSCRIPTION_END,
    project="77",
)

ROWS: dict[str, tuple[RevenueInputs, RevenueDates]] = {
    "variable template: no dates, the project": (replace(USUAL, template_type="Variable"), RevenueDates(project="77")),
    "variable template without code: as without code": (replace(USUAL, template_type="Variable", code=""), RevenueDates(START, END)),
    "no code: service start, not deferred": (replace(USUAL, code="", trigger=""), RevenueDates(START, END)),
    "no code: the trigger does not count": (replace(USUAL, code="", start_preference=TRIGGER), RevenueDates(START, END)),
    "no code, template preference: start stays, end empty": (replace(USUAL, code="", start_preference=TEMPLATE), RevenueDates(START)),
    "trigger, template preference": (replace(USUAL, start_preference=TEMPLATE), RevenueDates()),
    "trigger before service start, template preference": (
        replace(USUAL, trigger=EARLIER, start_preference=TEMPLATE),
        RevenueDates(),
    ),
    "trigger before service start": (replace(USUAL, trigger=EARLIER, start_preference=TRIGGER), RevenueDates(START, END)),
    "trigger on service start": (replace(USUAL, trigger=START, start_preference=TRIGGER), RevenueDates(START, END)),
    "charge period start": (USUAL, RevenueDates(START, END)),
    "rev rec trigger date": (replace(USUAL, start_preference=TRIGGER), RevenueDates(LATER, END)),
    "no start preference": (replace(USUAL, start_preference=""), RevenueDates(START, END)),
    "unknown start preference": (replace(USUAL, start_preference="Whenever"), RevenueDates(START, END)),
    "no trigger yet: provisional start, deferred": (replace(USUAL, trigger=""), RevenueDates(START, END, defer=True)),
    "no trigger yet, template preference": (replace(USUAL, trigger="", start_preference=TEMPLATE), RevenueDates(START, defer=True)),
    "end by template": (replace(USUAL, end_preference=TEMPLATE), RevenueDates(START)),
    "charge period end": (replace(USUAL, end_preference=PERIOD_END), RevenueDates(START, END)),
    "subscription end": (replace(USUAL, end_preference=TO_SUBSCRIPTION_END), RevenueDates(START, SUBSCRIPTION_END)),
    "subscription end of an evergreen subscription": (
        replace(USUAL, end_preference=TO_SUBSCRIPTION_END, subscription_end=""),
        RevenueDates(START),
    ),
    "no end preference": (replace(USUAL, end_preference=""), RevenueDates(START, END)),
    "a start value as end preference": (replace(USUAL, end_preference=TRIGGER), RevenueDates(START, END)),
    "preferences without regard to case and blanks": (
        replace(USUAL, start_preference=" REV REC TRIGGER DATE ", end_preference="subscription end date"),
        RevenueDates(LATER, SUBSCRIPTION_END),
    ),
}


RULES: dict[str, str | tuple[str, ...]] = {
    "variable template: no dates, the project": "variable",
    "no code: service start, not deferred": "code-absent",
    "no code: the trigger does not count": "code-absent",
    "no code, template preference: start stays, end empty": "end.start-template",
    "trigger, template preference": ("start.template", "end.start-template"),
    "trigger before service start": "start.trigger-before-service",
    "charge period start": "start.charge-period",
    "rev rec trigger date": "start.trigger",
    "no start preference": "start.no-preference",
    "unknown start preference": "start.no-preference",
    "no trigger yet: provisional start, deferred": "start.deferred",
    "end by template": "end.template",
    "charge period end": "end.charge-period",
    "subscription end": "end.subscription",
    "subscription end of an evergreen subscription": "evergreen",
    "no end preference": "end.otherwise",
    "a start value as end preference": "end.otherwise",
}


@pytest.mark.parametrize("row", ruled(ROWS, RULES, "invoices.6."))
def test_section_6_row(row: str) -> None:
    inputs, expected = ROWS[row]
    assert revenue_dates(inputs, recognition_on=True) == expected


@pytest.mark.rule("invoices.6.preference-off")
@pytest.mark.parametrize("row", ROWS)
def test_section_6_without_recognition_nothing_is_sent(row: str) -> None:
    assert revenue_dates(ROWS[row][0], recognition_on=False) == RevenueDates()


dates = st.sampled_from(["", EARLIER, START, LATER, END])
inputs = st.builds(
    RevenueInputs,
    code=st.sampled_from(["", "Straight-line"]),
    template_type=st.sampled_from(["", "Standard", "Variable", "variable "]),
    start_preference=st.sampled_from(["", TEMPLATE, PERIOD_START, TRIGGER, "other"]),
    end_preference=st.sampled_from(["", TEMPLATE, PERIOD_END, TO_SUBSCRIPTION_END, "other"]),
    trigger=dates,
    service_start=dates,
    service_end=dates,
    subscription_end=dates,
    project=st.sampled_from(["", "77"]),
)


@given(inputs)
def test_section_6_deferred_exactly_with_code_and_without_trigger(given_inputs: RevenueInputs) -> None:
    result = revenue_dates(given_inputs, recognition_on=True)
    is_variable = bool(given_inputs.code) and given_inputs.template_type.strip().lower() == "variable"
    assert result.defer == (bool(given_inputs.code) and not given_inputs.trigger and not is_variable)
    if is_variable:
        assert (result.start, result.end) == ("", "")
    assert result.start in ("", given_inputs.service_start, given_inputs.trigger)
    if result.start and given_inputs.service_start:
        assert result.start >= given_inputs.service_start


CODES = [
    ({"RatePlanCharge.RevRecCode": "plan", "RevRecCode": "item"}, {"RevRecCode": "product"}, "plan"),
    ({"RevRecCode": "item"}, {"RevRecCode": "product"}, "item"),
    ({}, {"RevRecCode": "product"}, "product"),
    ({}, {}, ""),
]


@pytest.mark.rule("invoices.6.code-source")
@pytest.mark.parametrize(("item", "charge", "expected"), CODES)
def test_section_6_the_code_comes_from_the_charge_and_else_from_the_product_charge(
    item: dict[str, str], charge: dict[str, str], expected: str
) -> None:
    assert inputs_of(item, charge).code == expected


def test_section_6_inputs_of_an_item() -> None:
    item = {
        "RevRecStartDate": "2026-10-10",
        "ServiceStartDate": "2026-10-01T00:00:00.000+00:00",
        "ServiceEndDate": "2026-10-31",
        "Subscription.SubscriptionEndDate": "2027-09-30",
        "RatePlanCharge.RevRecCode": "Straight-line",
    }
    charge = {"RevRecTemplateType__NS": "Standard", "RevRecStart__NS": PERIOD_START, "RevRecEnd__NS": PERIOD_END}
    assert inputs_of(item, charge, "77") == USUAL
