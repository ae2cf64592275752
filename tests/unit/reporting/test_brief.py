"""A run in few words: whether all is over, what money is missing, what goes on by itself. Each sentence in every state in which it can
appear."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import pytest

from tallybridge.reporting.brief import CURRENCIES, complete_text, heals_text, money_lines
from tallybridge.sync.drift import Drift
from tallybridge.sync.runlog import Cause, ControlTotal, Holds, Level, Message, RunOutcome, RunSummary, Tally
from tests.unit.reporting import sample_runs

UNTIL = "20 November 2025, 05:00 UTC"
DRIFT = Drift("invoices", "Invoice", "DRIFT-AMOUNT", "I7", "id7", "7", "changed", "correct it", "USD", Decimal(7))


def clean(change: Callable[[RunSummary], object] = lambda summary: None) -> RunSummary:
    summary, _ = sample_runs.clean_run()
    change(summary)
    return summary


def with_drift(summary: RunSummary) -> None:
    summary.drift = [DRIFT]


def booked(summary: RunSummary) -> None:
    summary.totals[-1].booked_in = "EUR"


def unasked(summary: RunSummary) -> None:
    summary.totals[-1].checked = False


def partly(summary: RunSummary) -> None:
    summary.outcome = RunOutcome.PARTLY
    summary.steps[0].left = 1_200


def used_up(summary: RunSummary) -> None:
    summary.outcome = RunOutcome.PARTLY


def cancelled(summary: RunSummary) -> None:
    summary.outcome = RunOutcome.CANCELLED


def skipped(summary: RunSummary) -> None:
    summary.outcome = RunOutcome.SKIPPED


@pytest.mark.parametrize(
    ("summary", "says"),
    [
        (clean(), f"Complete up to {UNTIL}."),
        (clean(booked), f"Complete up to {UNTIL}, as figures only."),
        (clean(unasked), f"Complete up to {UNTIL}, not compared in full."),
        (clean(with_drift), f"Not complete up to {UNTIL}: 1 record changed after the sync."),
        (clean(partly), f"Not complete up to {UNTIL}: 1,200 not taken up yet."),
        (clean(used_up), f"Not complete up to {UNTIL}: the run used up its time."),
        (sample_runs.run_with_causes()[0], f"Not complete up to {UNTIL}: 24 records are missing."),
        (sample_runs.out_of_balance_run()[0], f"Not complete up to {UNTIL}: 1 total does not tie out."),
        (sample_runs.failed_run()[0], f"Not known whether complete up to {UNTIL}: the run did not come to its end."),
        (clean(cancelled), f"Not known whether complete up to {UNTIL}: the run did not come to its end."),
        (clean(skipped), ""),
        (sample_runs.clean_run(dry_run=True)[0], ""),
        (sample_runs.revenue_run()[0], ""),
    ],
)
def test_whether_all_is_over(summary: RunSummary, says: str) -> None:
    assert complete_text(summary) == says


def missing(kind: str, currency: str, amount: str, count: int = 1) -> ControlTotal:
    return ControlTotal(kind, currency, missing=Tally(count, Decimal(amount)))


def test_money_stands_by_currency_those_with_most_documents_first() -> None:
    summary = clean()
    summary.totals = [missing("Invoice", "EUR", "10.5"), missing("Invoice", "USD", "1200", 3), missing("Payment", "USD", "30")]
    assert money_lines(summary) == ["Missing USD: invoices 1,200.00, payments 30.00", "Missing EUR: invoices 10.50"]


def test_many_currencies_and_types_are_counted() -> None:
    summary = clean()
    codes = ["USD", "EUR", "GBP", "CHF", "JPY", "SEK"]
    kinds = ["Invoice", "DebitMemo", "CreditMemo", "Payment", "Refund"]
    summary.totals = [missing("Invoice", code, "10") for code in codes] + [missing(kind, "USD", "5") for kind in kinds[1:]]
    lines = money_lines(summary)
    assert lines[0] == "Missing USD: invoices 10.00, debit memos 5.00, credit memos 5.00, 2 more"
    assert len(lines) == CURRENCIES + 1 and lines[-1] == "2 more currencies"


def test_the_revenue_connector_counts_rows() -> None:
    assert money_lines(sample_runs.revenue_run()[0]) == ["Orders: 50,000 of 51,250 rows staged"]


def test_nothing_is_missing_from_a_clean_run_and_nothing_heals() -> None:
    assert money_lines(clean()) == [] and heals_text(clean()) == ""


@pytest.mark.parametrize(
    ("count", "says"),
    [(1, "1 payment (USD 5.00) only waits and follows."), (2, "2 payments (USD 10.00) only wait and follow.")],
)
def test_what_waits_is_told_with_its_money(count: int, says: str) -> None:
    summary = clean()
    summary.causes = [Cause(Level.WARNING, "INV-V1", "held", waiting=[Holds("Payment", "USD", count, Decimal(5 * count))])]
    assert heals_text(summary) == says


def test_what_waits_is_told_where_only_messages_are_known() -> None:
    summary = clean()
    summary.messages = [
        Message("payments", Level.WARNING, "PAY-V2", "waits", "", 2, ["P1 · waits for invoice I1", "P2 · waits for invoice I1"])
    ]
    assert heals_text(summary) == "2 records only wait and follow."


def test_what_the_next_run_does_is_told() -> None:
    assert heals_text(clean(partly)) == "The next run goes on where this one stopped."
    assert heals_text(sample_runs.failed_run()[0]) == "The next run looks up 6 records whose outcome is not known."
    away = clean()
    away.messages = [Message("run", Level.ERROR, "NETSUITE-AWAY", "NetSuite does not answer.")]
    assert heals_text(away) == "The next run tries again whether the service answers."
