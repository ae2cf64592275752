"""The four answers: did it run, is the money right, what needs me, is it safe to press the button."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tallybridge.reporting.answers import Tone
from tallybridge.reporting.objects import title
from tallybridge.reporting.off import off_words
from tallybridge.reporting.totals import control_totals
from tallybridge.reporting.verdict import off_text, state_text, verdict
from tallybridge.sync.held import Held
from tallybridge.sync.runlog import ControlTotal, Level, Message, OffRecord, Outcome, RunOutcome, RunSummary, Tally
from tests.unit.reporting import sample_runs


def empty(outcome: RunOutcome) -> RunSummary:
    return RunSummary("r", "billing", "Contoso", "manual", False, outcome, "", "", "A", "1")


def answers(summary: RunSummary) -> list[str]:
    return [a.answer for a in verdict(summary).answers]


@pytest.mark.parametrize(
    ("name", "state", "tone", "expected"),
    [
        ("clean", "completed", Tone.GOOD, ["Yes", "Yes, to the cent", "Nothing", "Yes"]),
        ("dry", "completed (dry run)", Tone.GOOD, ["Yes, as a dry run", "Nothing was written", "Nothing", "Yes"]),
        ("warnings", "completed with 21 warnings", Tone.WATCH, ["Yes", "Yes, to the cent", "21 records", "Yes"]),
        ("failed", "failed", Tone.BAD, ["Not to the end", "Not proven", "The cause of the failure", "Yes, after the cause is gone"]),
        ("out_of_balance", "out of balance", Tone.BAD, ["Yes", "No: EUR 1,204.50 too little", "1 total", "Yes, after a look"]),
    ],
)
def test_the_answers_of_a_run(name: str, state: str, tone: Tone, expected: list[str]) -> None:
    summary, _ = sample_runs.RUNS[name]()
    assert (verdict(summary).state, verdict(summary).tone, answers(summary)) == (state, tone, expected)


@pytest.mark.parametrize("outcome", list(RunOutcome))
def test_every_outcome_has_words_even_for_an_empty_run(outcome: RunOutcome) -> None:
    said = verdict(empty(outcome))
    assert all([said.headline, said.state, *(a.answer and a.detail for a in said.answers)])


def test_a_failed_run_without_totals_does_not_claim_the_money_is_right() -> None:
    assert answers(empty(RunOutcome.FAILED))[1] == "Not checked"


def test_money_that_was_not_compared_is_not_called_right() -> None:
    summary, _ = sample_runs.clean_run()
    summary.totals = control_totals(sample_runs.results("Invoice", "EUR", {Outcome.SYNCED: 2}), {})
    assert answers(summary)[1] == "Not compared in full"


def test_amounts_not_brought_over_are_named_by_currency() -> None:
    summary, _ = sample_runs.run_with_warnings()
    lines = [t for t in summary.totals if t.currency == "USD" and t.held.plus(t.refused).amount]
    detail = verdict(summary).answers[1].detail
    assert lines
    for line in lines:
        assert f"{title(line.object).lower()} USD {line.held.plus(line.refused).amount:,.2f}" in detail
    assert "NetSuite's receivables are EUR 155,511.90 too low" in detail


def test_differences_that_cancel_out_are_still_not_proven() -> None:
    summary, _ = sample_runs.clean_run()
    summary.totals = control_totals([], {("Invoice", "EUR"): Tally(1, Decimal(5)), ("Refund", "EUR"): Tally(1, Decimal(-5))})
    assert answers(summary)[1] == "Not proven"


def test_a_warning_outcome_without_warning_lines_does_not_say_zero_warnings() -> None:
    assert state_text(empty(RunOutcome.WARNINGS)) == "completed with warnings"


@pytest.mark.parametrize(
    ("total", "text"),
    [
        (
            ControlTotal("Invoice", "USD", Tally(2, Decimal(9)), synced=Tally(1, Decimal(4)), checked=False),
            "1 selected record left no result",
        ),
        (ControlTotal("Invoice", "USD", synced=Tally(1, Decimal(4))), "1 result more than records selected"),
        (
            ControlTotal("Payment", "JPY", expected=Tally(1, Decimal(400)), destination=Tally(1, Decimal(1500)), checked=True),
            "NetSuite holds JPY 1,100 more than was sent",
        ),
        (
            ControlTotal("customerPayment", "EUR", expected=Tally(2, Decimal(3)), destination=Tally(1, Decimal(1)), checked=True),
            "Zuora holds EUR 2.00 less than was sent, in 1 record where 2 were expected",
        ),
        (
            ControlTotal("Account", "", expected=Tally(2), destination=Tally(3), checked=True),
            "NetSuite holds 3 records where 2 were expected",
        ),
    ],
)
def test_why_a_total_does_not_tie_out(total: ControlTotal, text: str) -> None:
    assert off_text(total) == text


def test_a_service_that_does_not_answer_needs_nobody() -> None:
    summary = empty(RunOutcome.FAILED)
    summary.messages = [Message("run", Level.ERROR, "NETSUITE-AWAY", "NetSuite does not answer.")]
    assert answers(summary) == ["Not to the end", "Not checked", "Nothing", "Yes"]
    summary.messages.append(Message("run", Level.ERROR, "STEP-FAILED", "Something else."))
    assert answers(summary)[2:] == ["The cause of the failure", "Yes, after the cause is gone"]


def booked_in_base(count: int) -> RunSummary:
    """A clean run of which NetSuite books so many lines in its base currency."""
    summary, _ = sample_runs.RUNS["clean"]()
    with_money = [t for t in summary.totals if t.currency]
    for total in with_money[:count]:
        total.booked_in = "USD"
    summary.outcome = RunOutcome.WARNINGS
    return summary


def test_money_in_another_currency_is_not_called_right() -> None:
    summary = booked_in_base(1)
    first = next(t for t in summary.totals if t.booked_in)
    money = verdict(summary).answers[1]
    assert (money.answer, money.tone) == ("Not in their currency", Tone.WATCH)
    assert money.detail.startswith(f"NetSuite books {first.currency} in USD, its base currency: ")
    assert "agree as figures only" in money.detail
    assert "ties out" not in verdict(summary).headline


def test_one_record_of_another_currency_customer_or_type_is_said_so() -> None:
    sent, there = Held(Decimal(5), "EUR", "9001", "invoice"), Held(Decimal(5), "USD", "9002", "creditMemo")
    off = ControlTotal("Invoice", "EUR", checked=True, off_count=1, off=[OffRecord("i1", "INV1", sent, (there,))])
    assert off_text(off) == "NetSuite holds 1 record in another currency, of another customer or of another type than was sent"
    words = "NetSuite holds USD 5.00 of customer 9002 instead of 9001 as creditMemo instead of invoice, EUR 5.00 was sent"
    assert off_words(off.off[0], "EUR", "NetSuite") == words
    assert OffRecord.from_json(off.off[0].to_json()) == off.off[0]


def test_what_earlier_runs_kept_of_such_records_is_read() -> None:
    old = OffRecord.from_json({"id": "i1", "number": "INV1", "amount": Decimal(5), "held": [Decimal(4), None]})
    assert (old.amount, [h.amount for h in old.held]) == (Decimal(5), [Decimal(4), None])
