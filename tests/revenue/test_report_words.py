"""What the report of a run says about its rows and about a new run: true for a job that sends once more whatever the datasets return."""

from __future__ import annotations

from typing import Any

import pytest

from tallybridge.reporting.answers import Answer
from tallybridge.reporting.summary import read_summary
from tallybridge.reporting.verdict import verdict
from tests.revenue.rules import rules
from tests.revenue.test_all_or_none import UPLOAD, orders_in_parts
from tests.revenue.test_run import load
from tests.revenue.world import RevenueWorld, line, order

BILLING_ONLY = ("only what has changed", "not written twice", "nothing is written twice", "tries held", "tried again by the next")
"""What is true for the billing sync alone."""


def answers(world: RevenueWorld, run_id: str) -> tuple[Answer, Answer]:
    """Is the money right, is it safe; the page says both, and nothing that is true for the billing sync alone."""
    page = world.report_file(run_id, "report.html")
    found = verdict(read_summary(world.report_file(run_id, "summary.json").encode())).answers
    assert found[1].answer in page and found[3].answer in page
    assert not [text for text in BILLING_ONLY if text in page]
    return found[1], found[3]


@rules("17.rule.3")
def test_after_a_run_that_staged_everything_a_new_one_is_safe_only_if_the_datasets_leave_it_out(world: RevenueWorld) -> None:
    load(world)
    world.run("good")
    money, safe = answers(world, "good")
    assert (money.answer, money.detail) == ("Yes, every row is staged", "5 of 5 rows read are in Revenue's inbound staging.")
    assert (safe.answer, safe.tone) == ("Only if the datasets leave out what was sent", "watch")
    assert "also those that this run has sent" in safe.detail
    before = len(world.staged())
    world.run("again")
    assert len(world.staged()) == 2 * before  # which is why


def partly(world: RevenueWorld) -> None:
    orders_in_parts(world)
    world.faults("revenue", {"path": UPLOAD, "nth": 2, "status": 400, "body": {"Message": "no"}})


def unknown(world: RevenueWorld) -> None:
    load(world)
    world.objects(line("Orders"))
    world.faults("revenue", {"path": UPLOAD, "nth": 1, "drop": "after"})


@pytest.mark.parametrize(("way", "money", "rows"), [(partly, "No: 15 rows missing", 10), (unknown, "Not known: 3 rows", 0)])
def test_after_a_failed_run_of_which_something_may_be_staged_a_new_one_is_not_safe(
    world: RevenueWorld, way: Any, money: str, rows: int
) -> None:
    way(world)
    world.run("failing")
    told, safe = answers(world, "failing")
    assert (told.answer, told.tone) == (money, "bad") and len(world.files("failing")) > 0
    assert f"{rows} of " in told.detail
    assert (safe.answer, safe.tone) == ("No", "bad")
    assert "tallybridge revenue resume failing" in safe.detail and "send them twice" in safe.detail


def test_after_a_run_that_failed_before_it_sent_anything_a_new_one_is_safe(world: RevenueWorld) -> None:
    load(world)
    world.load_rows(orders=[order(1, ord_qty="x")])
    world.run("bad")
    money, safe = answers(world, "bad")
    assert (money.answer, safe.answer) == ("Nothing is staged", "Yes, after the cause is gone")
    assert "sends nothing twice" in safe.detail


def test_a_run_without_rows_sent_nothing(world: RevenueWorld) -> None:
    world.load_rows(orders=[], invoices=[])
    world.run("empty")
    money, safe = answers(world, "empty")
    assert (money.answer, safe.answer) == ("Yes", "Yes")
    assert "no rows" in money.detail and "sent nothing" in safe.detail


def test_a_run_that_was_skipped_sent_nothing(world: RevenueWorld) -> None:
    load(world)
    world.wiring().instance_lock("daily").lock("other-run")
    world.run("due", trigger="schedule")
    money, safe = answers(world, "due")
    assert (money.answer, safe.answer) == ("Nothing is staged", "Yes")
