"""Where things stand: last run, lock, records that wait."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from rich.console import RenderableType

from tallybridge.errors import ConfigurationError
from tallybridge.sync.ledger import Ledger
from tallybridge.sync.runlog import RunOutcome
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
    assert "1 record needs a person" in text


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
    assert "Seats Pro has a trouble.  3 records" in " ".join(text.split(" ")).replace("   ", "  ")
    assert "payment P-00000001, in the end for charge Seats Pro" in text
    assert text.index("1 record needs a person") < text.index("3 records wait for others")
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
