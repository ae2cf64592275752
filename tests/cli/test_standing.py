"""Where things stand: last run, lock, records that wait."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from rich.console import RenderableType

from tallybridge.errors import ConfigurationError
from tallybridge.money import dumps
from tallybridge.reporting.codes import page_of, sentence
from tallybridge.sync.drift import Drift
from tallybridge.sync.ledger import Ledger
from tallybridge.sync.runlog import RunOutcome
from tallybridge.tasks.drift import drift_key
from tallybridge_cli import standing
from tallybridge_cli.exits import Code
from tallybridge_cli.target import Target
from tests.cli.conftest import TestClock
from tests.cli.runs import RUN, finished_run, store_run


def hold(target: Target, record: str, number: str, waits_for: str = "") -> None:
    target.ledger.held(Ledger.key("zuora", "Invoice", record), "invoices", number, "INV-V1", f"Invoice {number} waits.", waits_for, None)


def test_before_the_first_run_there_is_nothing_to_deal_with(target: Target, printed: Callable[[RenderableType], str]) -> None:
    now = standing.standing(target)
    assert now.exit_code is Code.TIED_OUT
    assert "no run yet" in printed(standing.page(now))


def test_held_records_are_listed_with_what_they_wait_for(target: Target, printed: Callable[[RenderableType], str]) -> None:
    store_run(target, finished_run())
    hold(target, "8a1", "INV00000001", "account A00000007")
    hold(target, "8a2", "INV00000002")
    now = standing.standing(target)
    assert {(w.number, w.waits_for) for w in now.waiting} == {("INV00000001", "account A00000007"), ("INV00000002", "")}
    assert now.exit_code is Code.LEFT_OVER
    text = printed(standing.page(now))
    assert "account A00000007" in text
    assert "2 records need a person, of 2 causes" in text  # nobody is told of the account


def test_a_cause_comes_with_its_next_step_whoever_has_told_it(target: Target, printed: Callable[[RenderableType], str]) -> None:
    summary = finished_run(held=1)
    store_run(target, summary)
    (cause,) = summary.messages
    target.ledger.held(Ledger.key("zuora", "Invoice", "8a1"), "invoices", "INV00000001", cause.code, cause.message, "", None)
    target.ledger.held(Ledger.key("zuora", "Invoice", "8a2"), "invoices", "INV00000002", "INV-V1", "Another trouble.", "", None)
    advice = {each.message: each.advice for each in standing.standing(target).causes}
    assert cause.advice and advice[cause.message] == cause.advice
    assert advice["Another trouble."] == sentence(page_of("INV-V1").advice)
    assert printed(standing.page(standing.standing(target))).count("Next: ") == 2


def test_the_cause_of_a_chain_comes_first_with_all_that_hangs_on_it(target: Target, printed: Callable[[RenderableType], str]) -> None:
    def held(step: str, object_: str, record: str, number: str, waits_for: str) -> None:
        target.ledger.held(Ledger.key("zuora", object_, record), step, number, "X-1", f"{number} has a trouble.", waits_for, None)

    held("charges", "ProductRatePlanCharge", "c1", "Seats Pro", "")
    held("invoices", "Invoice", "i1", "INV00000001", "charge Seats Pro")
    held("payments", "Payment", "p1", "P-00000001", "invoice INV00000001")
    held("refunds", "Refund", "r1", "R-00000001", "payment P-00000001")
    now = standing.standing(target)
    assert [(w.number, w.root) for w in now.waiting] == [
        ("Seats Pro", ""),
        ("INV00000001", ""),
        ("P-00000001", "charge Seats Pro"),
        ("R-00000001", "charge Seats Pro"),
    ]
    text = printed(standing.page(now))
    assert "1 record needs a person, of 1 cause; 3 more wait for them" in text
    assert "Holds up 1 charge, 1 invoice, 1 payment and 1 refund; 3 of them only wait." in text
    assert "Since 2026-05-04 03:00 UTC, in 1 run." in text
    assert [c["code"] for c in now.to_json()["causes"]] == ["X-1"]
    assert now.to_json()["waiting"][3]["root"] == "charge Seats Pro"


def test_the_four_questions_are_answered_from_the_last_run_with_a_result(target: Target) -> None:
    store_run(target, finished_run(held=0, outcome=RunOutcome.COMPLETED))
    target.runs.record("later", started="2026-05-04T04:00:00Z", outcome="skipped")
    shown = standing.standing(target).to_json()
    assert shown["summary_of"] == RUN
    assert shown["last_run"]["run_id"] == "later"
    assert [a["question"] for a in shown["answers"]] == [
        "Did it run?",
        "Is the money right?",
        "What needs me?",
        "Is it safe to press the button?",
    ]


@pytest.mark.parametrize("outcome", [RunOutcome.FAILED, RunOutcome.OUT_OF_BALANCE])
def test_a_failed_run_is_code_2(target: Target, outcome: RunOutcome) -> None:
    store_run(target, finished_run(held=0, outcome=outcome))
    assert standing.standing(target).exit_code is Code.FAILED


def test_the_lock_holder_is_named(target: Target, printed: Callable[[RenderableType], str]) -> None:
    target.runs.lock(RUN)
    lock = standing.lock_of(target)
    assert lock is not None
    assert (lock.run_id, lock.stale) == (RUN, False)
    assert f"Run {RUN} is in progress" in printed(standing.page(standing.standing(target)))


def test_a_lock_without_a_sign_of_life_is_stale_after_15_minutes(target: Target, clock: TestClock) -> None:
    target.runs.lock(RUN)
    clock.moment += timedelta(minutes=15)
    assert not standing.lock_of(target).stale  # type: ignore[union-attr]
    clock.moment += timedelta(seconds=1)
    assert standing.lock_of(target).stale  # type: ignore[union-attr]


def test_a_run_is_found_by_id_beginning_or_last(target: Target) -> None:
    store_run(target, finished_run())
    assert {standing.find_run(target, name) for name in (RUN, RUN[:12], "last")} == {RUN}


def test_an_unknown_or_ambiguous_run_is_refused(target: Target) -> None:
    with pytest.raises(ConfigurationError, match='no run "last"'):
        standing.find_run(target, "last")
    for suffix in ("a", "b"):
        target.runs.record(f"2026-{suffix}", started=f"2026-05-04T04:00:0{ord(suffix) % 10}Z", outcome="completed")
    with pytest.raises(ConfigurationError, match="2 runs begin"):
        standing.find_run(target, "2026-")


def test_a_run_that_failed_for_its_set_up_is_code_3(target: Target) -> None:
    target.runs.record(RUN, started="2026-05-04T03:00:00Z", outcome="failed", set_up=True, message="NetSuite refused the login.")
    assert standing.standing(target).exit_code is Code.CONFIGURATION
    store_run(target, finished_run(held=0, outcome=RunOutcome.FAILED, set_up=True))
    assert standing.standing(target).exit_code is Code.CONFIGURATION


def test_a_dry_run_does_not_take_the_place_of_the_last_real_run(target: Target) -> None:
    store_run(target, finished_run(held=0, outcome=RunOutcome.OUT_OF_BALANCE))
    later = finished_run(held=0, outcome=RunOutcome.COMPLETED, run_id="rehearsal", dry_run=True, started="2026-05-05T03:00:00Z")
    store_run(target, later)
    target.runs.record("rehearsal", dry_run=True)
    now = standing.standing(target)
    assert now.summary is not None and now.summary.run_id == RUN
    assert now.last is not None and now.last["run_id"] == RUN
    assert now.exit_code is Code.FAILED


def drifted(target: Target, number: str = "INV00000007") -> Drift:
    text, advice = f"Invoice {number} (8a7): cancelled in Zuora.", "Void NetSuite invoice 1007."
    drift = Drift("invoices", "Invoice", "DRIFT-UNDONE", number, "8a7", "1007", text, advice, "EUR", Decimal("12.50"), Decimal("12.50"))
    facts = {"attention": "DRIFT#invoices", "number": number, "drift": dumps(drift.to_json()), "shape": drift.shape, "accepted": ""}
    target.ledger.drifted(drift_key(Ledger.key("zuora", "Invoice", "8a7")), facts, None)
    return drift


def test_drift_stands_apart_and_is_no_plain_green(target: Target, printed: Callable[[RenderableType], str]) -> None:
    store_run(target, finished_run())
    drift = drifted(target)
    now = standing.standing(target)
    assert (now.waiting, now.drift, now.exit_code) == ((), (drift,), Code.LEFT_OVER)
    assert now.to_json()["drift"] == [drift.to_json()]
    text = printed(standing.page(now))
    assert "1 record changed on one side after the sync (drift)" in text
    assert "DRIFT-UNDONE Invoice INV00000007 (8a7): cancelled in Zuora." in text and "Next: Void NetSuite invoice 1007." in text


@pytest.mark.parametrize("name", ["INV00000007", "8a7"])
def test_an_accepted_drift_needs_nobody_any_more(target: Target, name: str) -> None:
    drift = drifted(target)
    assert standing.accept(target, name) == [drift]
    assert standing.standing(target).exit_code is Code.TIED_OUT
    with pytest.raises(ConfigurationError, match="No drift of"):
        standing.accept(target, name)


@pytest.mark.parametrize("restriction", [{"dry_run": True}, {"instructed_only": True}, {"plan": "20260504T020000Z-plan"}])
def test_a_run_that_was_not_to_do_everything_says_nothing_of_the_whole(target: Target, restriction: dict[str, Any]) -> None:
    store_run(target, finished_run())
    store_run(target, finished_run(RunOutcome.COMPLETED, held=0, run_id="later", started="2026-05-04T04:00:00Z"))
    target.runs.record("later", **restriction)
    assert standing.standing(target).summary == finished_run()
