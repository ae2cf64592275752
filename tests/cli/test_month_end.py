"""Month-end: whether a period is complete, and its sign-off."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tallybridge import money
from tallybridge.desk.month_end import MonthEnd, month_end
from tallybridge.desk.periods import Period, month_of, months_to_close, period_of
from tallybridge.desk.sign_off import Signed, digest_of, sign_off, sign_offs, signed
from tallybridge.errors import ConfigurationError
from tallybridge.sync.drift import Drift
from tallybridge.sync.ledger import Ledger
from tallybridge.sync.periods import Standing
from tallybridge.sync.runlog import LeftOut, RunOutcome, Tally
from tallybridge.tasks.drift import drift_key
from tallybridge_cli.target import Target
from tests.cli.conftest import TestClock
from tests.cli.months import hold, looked, settle, sync
from tests.cli.runs import RUN, finished_run, store_run

APRIL = month_of("2026-04")
ANN = "ann@example.com"


@pytest.fixture
def quiet(target: Target) -> Target:
    """A run has ended, with nothing to say against it, and has looked at both sides."""
    store_run(target, finished_run(RunOutcome.COMPLETED, held=0))
    looked(target)
    return target


def april(target: Target) -> MonthEnd:
    return month_end(target, APRIL)


def keys(now: MonthEnd) -> list[str]:
    return [point.key for point in now.points]


def test_a_month_of_which_everything_is_there_is_complete(quiet: Target) -> None:
    for number in ("INV1", "INV2"):
        sync(quiet, number)
    sync(quiet, "P1", step="payments", amount="60")
    hold(quiet, "INV3", day="2026-05-01")
    now = april(quiet)
    assert now.headline == "April 2026 is complete: 3 documents on both sides, the money compared."
    assert [(row.name, row.currency, row.of(Standing.PROVED)) for row in now.rows] == [
        ("Invoices", "USD", Tally(2, Decimal(200))),
        ("Payments", "USD", Tally(1, Decimal(60))),
    ]
    assert (now.effects, keys(now)) == ([], [])


def test_what_is_missing_is_told_with_what_it_does_to_receivables(quiet: Target) -> None:
    sync(quiet, "INV1")
    hold(quiet, "INV2", amount="120.5")
    hold(quiet, "INV3", "INV-PERIOD", amount="9")
    hold(quiet, "P1", "PAY-V2", step="payments", amount="30")
    hold(quiet, "CM1", "CM-V1", step="credit_memos", amount="4", currency="EUR")
    hold(quiet, "R1", "RFD-V2", step="refunds", amount="1")
    now = april(quiet)
    assert now.headline == "April 2026 is not complete: 5 documents are missing."
    assert {(row.object, row.currency): row.effect for row in now.rows} == {
        ("Invoice", "USD"): Decimal("129.5"),
        ("Payment", "USD"): Decimal(-30),
        ("CreditMemo", "EUR"): Decimal(-4),
        ("Refund", "USD"): Decimal(1),
    }
    assert now.effects == ["NetSuite's receivables are USD 100.50 too low and EUR 4.00 too high."]
    points = {point.key: point for point in now.points}
    assert set(points) == {"INV-V1", "INV-PERIOD", "PAY-V2", "CM-V1", "RFD-V2"}
    assert points["INV-V1"].text == "1 invoice (USD 120.50) not in NetSuite: INV-V1."
    assert [key for key, point in points.items() if point.closed_period] == ["INV-PERIOD"]
    assert (points["PAY-V2"].step, points["PAY-V2"].code) == ("payments", "PAY-V2")


def test_what_is_there_and_not_in_order_is_no_missing_money(quiet: Target) -> None:
    sync(quiet, "INV1")
    hold(quiet, "INV1", "INV-TOTAL", day="2026-04-10", amount="100")
    sync(quiet, "INV2", proved=False)
    now = april(quiet)
    assert (keys(now), now.effects) == (["INV-TOTAL", "NOT-COMPARED-Invoice"], [])
    assert now.headline == "April 2026 is not complete: 2 points are open."


def test_what_people_have_ignored_is_missing_all_the_same_and_what_was_cancelled_is_not(quiet: Target) -> None:
    for number, why in (("INV1", "IGNORED"), ("INV2", "INV-CANCELED")):
        hold(quiet, number)
        key = Ledger.key("zuora", "Invoice", f"id-{number}")
        quiet.ledger.let_go(key, quiet.ledger.read([key])[key], why)
    now = april(quiet)
    assert [(point.key, point.text) for point in now.points] == [
        ("IGNORED-Invoice", "1 invoice (USD 50.00) not in NetSuite: people have said that they are not to be sent.")
    ]
    assert now.headline == "April 2026 is not complete: 1 document is missing."
    assert now.effects == ["NetSuite's receivables are USD 50.00 too low."]
    assert now.not_due.startswith("1 document once held is not due any more:")


def test_what_is_posted_in_another_period_is_said(quiet: Target) -> None:
    sync(quiet, "INV1", posting_period="May 2026", posted_from="2026-05-01")
    sync(quiet, "INV2", posting_period="May 2026", posted_from="2026-05-01", amount="5", currency="EUR")
    now = april(quiet)
    assert (now.complete, now.posted_later) == (True, ["2 documents (EUR 5.00 and USD 100.00) posted in May 2026"])


def test_drift_of_the_period_is_open(quiet: Target) -> None:
    told = [Drift("invoices", "Invoice", "DRIFT-AMOUNT", "INV1", "id-INV1", "91", "was changed.", "Correct it.")]
    store_run(quiet, finished_run(RunOutcome.WARNINGS, held=0, drift=told))
    for number, day in (("INV1", "2026-04-10"), ("INV2", "2026-05-02")):
        sync(quiet, number, day=day)
        drift = Drift("invoices", "Invoice", "DRIFT-AMOUNT", number, f"id-{number}", "91", "was changed.", "Correct it.")
        key = drift_key(Ledger.key("zuora", "Invoice", f"id-{number}"))
        quiet.ledger.drifted(key, {"drift": money.dumps(drift.to_json()), "number": number, "attention": "DRIFT#invoices"}, None)
    now = april(quiet)
    assert [(point.key, point.text) for point in now.points] == [("DRIFT-AMOUNT", "1 document changed on one side after the sync: INV1.")]


def test_what_no_run_has_proved_is_said(target: Target) -> None:
    sync(target, "INV1")
    assert keys(april(target)) == ["NO-RUN"]
    store_run(target, finished_run(RunOutcome.COMPLETED, held=0))
    assert keys(april(target)) == ["NOT-LOOKED"]
    looked(target, "2026-04-30T23:00:00Z")
    assert keys(april(target)) == ["NOT-LOOKED"], "it was not over then"
    looked(target, "2026-05-01T03:00:00Z")
    assert keys(april(target)) == []


def test_a_month_that_is_not_over_and_one_that_the_ledger_knows_in_part_are_not_complete(quiet: Target) -> None:
    looked(quiet, "2026-06-30T00:00:00Z")
    assert keys(month_end(quiet, month_of("2026-05"))) == ["NOT-OVER"]
    quiet.runs.bind({"netsuite_account": "1", "tenant_mode": "B"})
    quiet.runs.note_dates_begin()
    assert keys(month_end(quiet, APRIL)) == ["UNDATED"]


def test_an_installation_that_kept_dates_from_its_first_run_on_lacks_none(quiet: Target) -> None:
    quiet.runs.note_dates_begin()
    quiet.runs.bind({"netsuite_account": "1", "tenant_mode": "B"})
    quiet.runs.note_dates_begin()
    assert keys(april(quiet)) == []


def test_what_a_rule_leaves_out_although_it_is_due_is_open(target: Target) -> None:
    row = LeftOut("invoices", "Invoice", "LEFT-ACCOUNT", "their account is not to be synced", "USD", due=True)
    row.add("INV9", Decimal(7))
    store_run(target, finished_run(RunOutcome.WARNINGS, held=0, left_out=[row]))
    looked(target)
    (point,) = april(target).points
    assert (point.key, point.text) == (
        "LEFT-ACCOUNT",
        "1 record of Invoices (USD 7.00) left out by a rule although due, of all periods: their account is not to be synced.",
    )


# -- periods -----------------------------------------------------------------------------------------------------------


def known_periods(target: Target) -> None:
    rows = [
        {"id": "1", "periodname": "Apr 2026", "first": "2026-03-30", "last": "2026-04-26"},
        {"id": "2", "periodname": "May 2026", "first": "2026-05-01", "last": "2026-05-31"},
    ]
    store_run(target, finished_run(RunOutcome.COMPLETED, held=0))
    target.folder(RUN).write_json("reference/periods.json", rows)


def test_a_period_is_a_month_or_one_of_netsuite_by_its_name(target: Target) -> None:
    assert period_of(target, "2026-02") == Period("February 2026", "2026-02-01", "2026-02-28")
    known_periods(target)
    april = period_of(target, "apr 2026")
    assert (april.key, april.months) == ("2026-03-30..2026-04-26", ["2026-03", "2026-04"])
    assert period_of(target, april.key) == april
    assert period_of(target, "May 2026").key == "2026-05"


@pytest.mark.parametrize("name", ["", "2026-13", "November", "2026-11-01", "<b>", "x" * 500])
def test_a_period_that_is_none_is_refused_with_those_there_are(target: Target, name: str) -> None:
    known_periods(target)
    with pytest.raises(ConfigurationError) as refused:
        period_of(target, name)
    assert refused.value.code == "PERIOD-UNKNOWN"
    assert "May 2026" in refused.value.advice


def test_a_period_that_is_no_month_is_counted_by_its_days(quiet: Target) -> None:
    known_periods(quiet)
    sync(quiet, "INV1", day="2026-03-29")
    sync(quiet, "INV2", day="2026-03-30")
    hold(quiet, "INV3", day="2026-04-26")
    hold(quiet, "INV4", day="2026-04-27")
    now = month_end(quiet, period_of(quiet, "Apr 2026"))
    (row,) = now.rows
    assert (row.of(Standing.PROVED).count, row.of(Standing.MISSING).count) == (1, 1)
    assert [each.number for each in now.count.named] == ["INV3"]


def test_the_month_to_close_is_the_one_before_this(clock: TestClock) -> None:
    assert [period.key for period in months_to_close(clock.now())] == ["2026-04", "2026-05"]
    assert not APRIL.is_over(clock.now().replace(month=5, day=1, hour=11))
    assert APRIL.is_over(clock.now().replace(month=5, day=1, hour=12))


# -- sign-off ----------------------------------------------------------------------------------------------------------


def sign(target: Target, *confirmed: str, reason: str = "", **more: Any) -> Signed:
    now = april(target)
    sign_off(target, now, ANN, reason, confirmed, **more)
    known = signed(target, april(target))
    assert known is not None
    return known


def test_a_complete_month_is_signed_off_with_its_figures(quiet: Target, clock: TestClock) -> None:
    sync(quiet, "INV1")
    settle(clock)
    known = sign(quiet)
    assert known.text == "Signed off on 4 May 2026, 03:01:00 UTC by ann@example.com; the figures are those that were signed."
    assert known.sign_off.figures[0]["there"] == {"count": 1, "amount": Decimal(100)}
    (entry,) = quiet.audit.newest()
    assert (entry.who, entry.action, entry.what) == (ANN, "sign off", "period April 2026")
    assert digest_of(april(quiet).count) in entry.after


def test_what_is_open_must_be_named_and_a_reason_given(quiet: Target) -> None:
    hold(quiet, "INV2")
    hold(quiet, "P1", "PAY-V2", step="payments")
    with pytest.raises(ConfigurationError) as refused:
        sign(quiet, "INV-V1", reason="it is late")
    assert (refused.value.code, "PAY-V2" in refused.value.message, "INV-V1 " in refused.value.message) == ("SIGN-OFF-OPEN", True, False)
    with pytest.raises(ConfigurationError) as refused:
        sign(quiet, "INV-V1", "PAY-V2", reason="  ")
    assert (refused.value.code, refused.value.place) == ("SIGN-OFF-OPEN", "reason")
    assert (list(sign_offs(quiet, APRIL)), list(quiet.audit.newest())) == ([], [])
    known = sign(quiet, "INV-V1", "PAY-V2", reason="both are disputed")
    assert (known.sign_off.reason, len(known.sign_off.confirmed)) == ("both are disputed", 2)


def test_what_changed_after_the_sign_off_is_said(quiet: Target, clock: TestClock) -> None:
    sync(quiet, "INV1")
    hold(quiet, "INV2")
    hold(quiet, "INV3")
    settle(clock)
    assert sign(quiet, "INV-V1", reason="late").changed == 0
    settle(clock)
    sync(quiet, "INV2", day="2026-04-12", amount="50", run="run-2")
    hold(quiet, "INV3", day="2026-05-12", run="run-2")
    known = signed(quiet, april(quiet))
    assert known is not None
    assert known.text.endswith("; 2 documents have changed since, and the figures are no longer those that were signed.")


def test_a_later_sign_off_comes_after_the_first_and_takes_nothing_back(quiet: Target, clock: TestClock) -> None:
    sync(quiet, "INV1")
    sign(quiet)
    settle(clock)
    sync(quiet, "INV2")
    assert sign(quiet).same_figures
    newer, older = sign_offs(quiet, APRIL)
    assert ([newer.number, older.number], newer.digest != older.digest) == ([2, 1], True)


def test_figures_that_moved_while_somebody_looked_are_not_signed(quiet: Target) -> None:
    sync(quiet, "INV1")
    seen = digest_of(april(quiet).count)
    sync(quiet, "INV2")
    with pytest.raises(ConfigurationError) as refused:
        sign(quiet, seen=seen)
    assert (refused.value.code, list(sign_offs(quiet, APRIL))) == ("SIGN-OFF-CHANGED", [])
    assert sign(quiet, seen=digest_of(april(quiet).count)).same_figures
