"""Control totals: the arithmetic to the cent, what throws a line out of balance, and how a run ends."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tallybridge.money import quantum
from tallybridge.reporting.totals import control_totals, differences, run_outcome, unexplained, unverified
from tallybridge.sync.runlog import Outcome, RecordResult, RunOutcome, StepOutcome, StepReport, Tally
from tests.unit.reporting.sample_runs import holdings, results

CURRENCIES = ("EUR", "JPY", "KWD")
FINAL = [o for o in Outcome if o is not Outcome.UNFINISHED]
quick = settings(max_examples=60, derandomize=True, deadline=None)


@st.composite
def records(draw: st.DrawFn) -> RecordResult:
    currency = draw(st.sampled_from(CURRENCIES))
    places = -int(quantum(currency).as_tuple().exponent)
    amount = draw(st.decimals(min_value=-(10**9), max_value=10**9, places=places))
    object_ = draw(st.sampled_from(["Invoice", "Payment"]))
    return RecordResult(object_, "id", "number", draw(st.sampled_from(FINAL)), currency=currency, amount=amount)


@quick
@given(st.lists(records(), max_size=40))
def test_every_line_ties_out_when_the_destination_holds_what_arrived(rows: list[RecordResult]) -> None:
    for total in control_totals(rows, holdings(rows)):
        mine = [r for r in rows if (r.object, r.currency) == (total.object, total.currency)]
        assert total.selected == Tally(len(mine), sum((r.amount or Decimal(0) for r in mine), Decimal(0)))
        assert total.accounted == total.selected
        assert total.difference == 0
        assert total.tied_out


@quick
@given(st.lists(records(), min_size=1, max_size=20), st.integers(-3, 3).filter(bool), st.data())
def test_one_minor_unit_too_many_or_too_few_is_found(rows: list[RecordResult], units: int, data: st.DataObject) -> None:
    held = holdings(rows)
    key = data.draw(st.sampled_from(sorted(held)))
    honest = held[key]
    assert honest is not None
    held[key] = Tally(honest.count, honest.amount + units * quantum(key[1]))
    wrong = [t for t in control_totals(rows, held) if not t.tied_out]
    assert [(t.object, t.currency, t.difference) for t in wrong] == [(*key, units * quantum(key[1]))]
    assert run_outcome([], wrong, [], dry_run=False) is RunOutcome.OUT_OF_BALANCE


def test_a_missing_record_is_found_even_if_the_amount_agrees() -> None:
    rows = [RecordResult("Invoice", "1", "INV-1", Outcome.SYNCED, currency="EUR", amount=Decimal(0))]
    (total,) = control_totals(rows, {("Invoice", "EUR"): Tally(0, Decimal(0))})
    assert not total.tied_out


@pytest.mark.parametrize("outcome", [Outcome.HELD, Outcome.SYNCED])
def test_a_line_of_which_nothing_was_compared_is_in_order_and_does_not_tie_out(outcome: Outcome) -> None:
    rows = [RecordResult("Invoice", "1", "INV-1", outcome, currency="EUR", amount=Decimal(5))]
    (total,) = control_totals(rows, {})
    row = total.to_json()
    assert (total.in_order, row["checked"], row["tied_out"]) == (True, False, False)


def test_amounts_are_rounded_record_by_record_and_only_for_the_comparison() -> None:
    rows = [RecordResult("Invoice", str(n), f"INV-{n}", Outcome.SYNCED, currency="EUR", amount=Decimal("10.005")) for n in range(2)]
    (total,) = control_totals(rows, {("Invoice", "EUR"): Tally(2, Decimal("20.020"))})
    assert total.selected.amount == Decimal("20.010")
    assert total.expected.amount == Decimal("20.02")
    assert total.tied_out


@pytest.mark.parametrize(
    ("currency", "amount", "held", "ties"),
    [("JPY", "1200.4", "1200", True), ("JPY", "1200", "1201", False), ("KWD", "1.0005", "1.001", True), ("KWD", "1.001", "1.002", False)],
)
def test_precision_is_the_currencys(currency: str, amount: str, held: str, ties: bool) -> None:
    rows = [RecordResult("Invoice", "1", "INV-1", Outcome.SYNCED, currency=currency, amount=Decimal(amount))]
    (total,) = control_totals(rows, {("Invoice", currency): Tally(1, Decimal(held))})
    assert total.tied_out is ties


def test_lines_stand_in_the_documented_sequence_then_by_currency() -> None:
    names = ["customerRefund", "Refund", "Payment", "CreditMemo", "Invoice", "ProductRatePlanCharge", "salesOrder", "Product", "Account"]
    rows = [r for name in names for currency in ("USD", "EUR") for r in results(name, currency, {Outcome.SYNCED: 1})]
    lines = [(t.object, t.currency) for t in control_totals(rows, {})]
    assert lines == [(name, currency) for name in reversed(names) for currency in ("EUR", "USD")]


def test_unknown_types_keep_their_order_of_appearance_at_the_end() -> None:
    rows = [r for name in ("Orders", "Invoices", "Account") for r in results(name, "", {Outcome.SYNCED: 1})]
    assert [t.object for t in control_totals(rows, {})] == ["Account", "Orders", "Invoices"]


def test_results_are_read_once_and_not_kept() -> None:
    def endless() -> Iterator[RecordResult]:
        for n in range(20_000):
            yield RecordResult("Invoice", str(n), str(n), Outcome.SYNCED, currency="EUR", amount=Decimal("0.01"))

    (total,) = control_totals(endless(), {})
    assert total.synced == Tally(20_000, Decimal("200.00"))


def test_a_selected_record_without_a_result_throws_the_line_out_of_balance() -> None:
    rows = list(results("Invoice", "EUR", {Outcome.SYNCED: 3}, "1.00"))
    selection = {("Invoice", "EUR"): Tally(4, Decimal("10.00")), ("Payment", "EUR"): Tally(1, Decimal("5.00"))}
    totals = control_totals(rows, holdings(rows), selection)
    assert [unexplained(t) for t in totals] == [Tally(1, Decimal("4.00")), Tally(1, Decimal("5.00"))]
    assert not any(t.tied_out for t in totals)


def test_a_record_with_two_results_throws_the_line_out_of_balance() -> None:
    rows = list(results("Invoice", "EUR", {Outcome.SYNCED: 1})) * 2
    (total,) = control_totals(rows, holdings(rows), {("Invoice", "EUR"): Tally(1, Decimal("118.35"))})
    assert unexplained(total).count == -1
    assert not total.tied_out


def test_what_nobody_sent_is_a_line_of_its_own() -> None:
    totals = control_totals([], {("Refund", "USD"): Tally(1, Decimal("9.99")), ("Payment", "USD"): None})
    assert [(t.object, t.tied_out, t.difference) for t in totals] == [("Refund", False, Decimal("9.99"))]


def test_a_line_that_was_not_asked_about_is_not_checked() -> None:
    (total,) = control_totals(results("Invoice", "EUR", {Outcome.SYNCED: 2}), {("Invoice", "EUR"): None})
    assert not total.checked
    assert unverified(total)


def test_differences_are_summed_by_currency() -> None:
    held = {("Invoice", "EUR"): Tally(1, Decimal(3)), ("Refund", "EUR"): Tally(1, Decimal(-1)), ("Refund", "USD"): Tally(1, Decimal(2))}
    totals = control_totals([], held)
    assert differences(totals) == {"EUR": Decimal(2), "USD": Decimal(2)}


def step(outcome: StepOutcome = StepOutcome.COMPLETED, **counters: int) -> StepReport:
    report = StepReport("invoices", "Invoices", "Zuora -> NetSuite", outcome)
    for name, value in counters.items():
        setattr(report, name, value)
    return report


@pytest.mark.parametrize(
    ("counts", "steps", "errors", "dry_run", "expected"),
    [
        ({Outcome.SYNCED: 2}, [step()], [], False, RunOutcome.COMPLETED),
        ({}, [], [], False, RunOutcome.COMPLETED),
        ({Outcome.SYNCED: 2}, [step(StepOutcome.FAILED)], [], False, RunOutcome.FAILED),
        ({Outcome.SYNCED: 2}, [step()], ["boom"], False, RunOutcome.FAILED),
        ({Outcome.UNFINISHED: 1}, [step()], [], False, RunOutcome.OUT_OF_BALANCE),
        ({Outcome.UNFINISHED: 1}, [step()], [], True, RunOutcome.OUT_OF_BALANCE),
        ({Outcome.UNFINISHED: 1}, [step()], ["boom"], False, RunOutcome.FAILED),
        ({Outcome.HELD: 1}, [step()], [], False, RunOutcome.WARNINGS),
        ({Outcome.REFUSED: 1}, [step()], [], False, RunOutcome.WARNINGS),
        ({Outcome.SYNCED: 1}, [step(StepOutcome.WARNINGS)], [], False, RunOutcome.WARNINGS),
        ({Outcome.SYNCED: 1}, [step(warnings=1)], [], False, RunOutcome.WARNINGS),
        ({Outcome.SKIPPED: 1}, [step(), step(StepOutcome.SKIPPED)], [], False, RunOutcome.COMPLETED),
    ],
)
def test_how_a_run_ends(
    counts: dict[Outcome, int], steps: list[StepReport], errors: list[str], dry_run: bool, expected: RunOutcome
) -> None:
    rows = list(results("Invoice", "EUR", counts))
    totals = control_totals(rows, {} if dry_run else holdings(rows))
    assert run_outcome(steps, totals, errors, dry_run) is expected


def test_money_the_destination_was_not_asked_about_is_not_green_except_in_a_dry_run() -> None:
    totals = control_totals(results("Invoice", "EUR", {Outcome.SYNCED: 2}), {})
    assert run_outcome([], totals, [], dry_run=False) is RunOutcome.WARNINGS
    assert run_outcome([], totals, [], dry_run=True) is RunOutcome.COMPLETED


def test_importing_the_totals_loads_neither_jinja2_nor_email() -> None:
    code = (
        f"import sys; sys.path[:] = {sys.path!r}; before = set(sys.modules); "
        "import tallybridge.reporting.totals, tallybridge.reporting.messages; "
        "print(sorted(m for m in set(sys.modules) - before if m.split('.')[0] in ('jinja2', 'markupsafe', 'email')))"
    )
    done = subprocess.run([sys.executable, "-S", "-c", code], capture_output=True, text=True, check=True, timeout=30)
    assert done.stdout.strip() == "[]"
