"""How runs look in a terminal."""

from __future__ import annotations

import io
from collections.abc import Callable
from decimal import Decimal

import pytest
from rich.console import Console, RenderableType

from tallybridge.sync.runlog import Level, LogLine, Message, StepOutcome, StepReport, Tally
from tallybridge_cli import render
from tallybridge_cli.watch import Progress, StepProgress
from tests.cli.runs import finished_run

Printed = Callable[[RenderableType], str]


def test_control_totals_show_amounts_with_counts_and_whether_they_tie_out(printed: Printed) -> None:
    text = printed(render.run_result(finished_run(held=1)))
    assert "1,001.00 (10)" in text
    assert "900.90 (9)" in text
    assert "Ties out" in text


def test_a_difference_is_shown_to_the_cent(printed: Printed) -> None:
    run = finished_run(held=0)
    run.totals[0].destination = Tally(10, Decimal("1000.99"))
    text = printed(render.control_totals(run))
    assert "Does not tie out" in text
    assert "\u22120.01" in text


@pytest.mark.parametrize("width", [40, 60, 80, 100, 160])
def test_no_amount_is_cut_on_a_narrow_terminal(width: int) -> None:
    run = finished_run(held=1)
    written = io.StringIO()
    Console(file=written, width=width, highlight=False).print(render.control_totals(run))
    text = " ".join(written.getvalue().split())
    assert "\u2026" not in text
    for amount in ("1,001.00 (10)", "900.90 (9)", "100.10 (1)", "Ties out"):
        assert amount in text


def test_attention_names_code_text_and_next_step(printed: Printed) -> None:
    text = printed(render.run_result(finished_run(held=1)))
    assert "INV-V9" in text
    assert "Next: Compare it in Zuora." in text


def test_a_record_that_the_text_names_is_not_named_twice(printed: Printed) -> None:
    assert printed(render.run_result(finished_run(held=1))).count("INV00004037") == 1


def test_long_lists_of_records_are_cut_and_counted(printed: Printed) -> None:
    message = Message("invoices", Level.WARNING, "INV-V1", "Invoices wait.", "", 30, [f"INV{n:08d}" for n in range(20)])
    text = printed(render.run_result(finished_run(held=1, messages=[message])))
    assert "(30 records)" in text
    assert "and 24 more" in text


def test_nothing_in_the_data_is_taken_as_markup_or_control(printed: Printed) -> None:
    message = Message("invoices", Level.WARNING, "INV-V9", "[red]Account \x1b[31m[/]\u202e", "", 1, [])
    text = printed(render.run_result(finished_run(held=1, messages=[message])))
    assert "[red]Account" in text
    assert "\x1b" not in text
    assert "\u202e" not in text


def test_progress_shows_a_bar_for_the_step_that_works(printed: Printed) -> None:
    report = StepReport("customers", "Customers", "", StepOutcome.COMPLETED, selected=3, created=3)
    steps = (
        StepProgress("customers", "completed", 3, 3, report),
        StepProgress("invoices", "running", 200, 50),
        StepProgress("payments", "waiting"),
    )
    text = printed(render.progress(Progress("run", "RUNNING", steps)))
    assert "3 selected: 3 created" in text
    assert "50 of 200" in text
    assert text.count("\u2501") == render.BAR


def test_a_failed_step_says_why_in_its_line() -> None:
    report = StepReport("invoices", "Invoices", "", StepOutcome.FAILED, message="Zuora does not answer.")
    assert render.progress_line(StepProgress("invoices", "failed", 0, 0, report)).endswith("(Zuora does not answer.)")


def test_a_log_line_shows_time_level_step_code_and_message(printed: Printed) -> None:
    line = LogLine("2026-05-04T03:00:01Z", "run", "invoices", Level.WARNING, "Not sent.", "INV-V9")
    assert printed(render.log_line(line)).split() == ["2026-05-04T03:00:01Z", "WARNING", "invoices", "INV-V9", "Not", "sent."]
