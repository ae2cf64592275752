"""What takes a log's lines one by one may be put down as JSON after any of them and taken up again: it comes to the same."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any, TypeVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tallybridge import money
from tallybridge.reporting import causes as causes_module
from tallybridge.reporting import drifted
from tallybridge.reporting.causes import NOBODY_TELLS, Collector, causes
from tallybridge.reporting.messages import Messages, group_messages
from tallybridge.reporting.page import Excerpt, report_page
from tallybridge.reporting.summary import read_summary, summary_json
from tallybridge.reporting.verdict import verdict
from tallybridge.sync.drift import Drift
from tallybridge.sync.runlog import Holds, Level, LogLine, RunSummary
from tests.unit.reporting import sample_runs

Taker = TypeVar("Taker", Messages, Collector, Excerpt)

NUMBERS = [f"INV-{n}" for n in range(6)]
TEXTS = ["{0}: no Item Type.", 'Charge "{0}" of {1} is odd.', "NetSuite Warning: {0} is closed since 2026-01-0{2}", "{0} waits."]


@st.composite
def lines(draw: st.DrawFn) -> LogLine:
    number, other = draw(st.sampled_from(NUMBERS)), draw(st.sampled_from(NUMBERS))
    level = draw(st.sampled_from([Level.INFO, Level.DEBUG, Level.WARNING, Level.WARNING, Level.ERROR]))
    amount = draw(st.sampled_from(["", "10.00", "-3"]))
    return LogLine(
        "2026-11-02T08:00:00.000Z",
        "run",
        draw(st.sampled_from(["invoices", "payments", ""])),
        level,
        draw(st.sampled_from(TEXTS)).format(number, other, len(other)),
        draw(st.sampled_from(["", "INV-V1", "NS-INVALID"])),
        object=draw(st.sampled_from(["Invoice", "Payment"])),
        source_id=draw(st.sampled_from(["", f"id-{number}"])),
        source_number=draw(st.sampled_from(["", number])),
        waits_for=draw(st.sampled_from(["", "", f"invoice {other}"])),
        outcome=draw(st.sampled_from(["held", "refused", "synced", ""])),
        currency="USD" if amount else "",
        amount=amount,
        cause=draw(st.sampled_from(["", "", "The period is closed."])),
        detail=draw(st.sampled_from(["", "raw"])),
    )


def in_rounds(taker: Callable[[], Taker], of: Sequence[LogLine], cuts: Sequence[int]) -> Taker:
    """Put down before each of these lines."""
    one = taker()
    for number, line in enumerate(of):
        if number in cuts:
            other = taker()
            other.load(money.loads(money.dumps(one.to_json())))
            one = other
        one.add(line)
    return one


logs = given(of=st.lists(lines(), max_size=40), cuts=st.sets(st.integers(0, 40), max_size=6))
some = settings(max_examples=60, deadline=None)


@logs
@some
def test_messages(of: list[LogLine], cuts: set[int]) -> None:
    for debug in (False, True):
        put_down = in_rounds(lambda: Messages(debug=debug, error_limit=3), of, sorted(cuts))  # noqa: B023
        assert put_down.grouped() == group_messages(of, debug=debug, error_limit=3)


@logs
@some
def test_causes(of: list[LogLine], cuts: set[int]) -> None:
    assert causes_module.with_rules(in_rounds(Collector, of, sorted(cuts)).causes(), []) == causes(of)


@logs
@some
def test_excerpt(of: list[LogLine], cuts: set[int]) -> None:
    put_down = in_rounds(lambda: Excerpt(10), of, sorted(cuts))
    whole = Excerpt.of(of, 10)
    assert (put_down.shown(), put_down.number) == (whole.shown(), whole.number)


def test_more_troubled_records_than_are_known_by_name_leave_nobody_accused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a record whose parent is beyond the names that are kept it is not known that nobody tells of the parent."""
    monkeypatch.setattr(causes_module, "MAX_HOMES", 4)
    shared: dict[str, Any] = {"outcome": "held", "currency": "USD", "amount": "10"}
    held = [
        LogLine("t", "r", "invoices", Level.WARNING, f"{n}: no Item Type.", "INV-V1", object="Invoice", source_id=f"id-{n}",
                source_number=n, advice="Give it one.", **shared)
        for n in NUMBERS
    ]  # fmt: skip
    waiting = [
        replace(line, step="payments", object="Payment", code="PAY-V2", source_id=f"pay-{line.source_number}", source_number="",
                message="It waits.", waits_for=f"invoice {line.source_number}", advice="It follows.")
        for line in held
    ]  # fmt: skip
    found = causes([*held, *waiting])
    assert sum(cause.held for cause in found) == len(held) + len(waiting)
    assert NOBODY_TELLS not in [cause.advice for cause in found]


def drift(n: int) -> Drift:
    amount = Decimal(n)
    return Drift("payments", "Payment", "DRIFT-AMOUNT", f"P-{n}", f"id-{n}", f"{n}", f"P-{n} changed.", "Look.", "USD", amount, amount + 1)


def test_a_summary_lists_the_first_drifted_records_and_counts_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drifted, "LISTED", 3)
    summary, log = sample_runs.clean_run()
    drifted.keep_first(summary, [drift(n) for n in range(1, 11)])
    summary = read_summary(summary_json(summary))
    assert ([d.number for d in summary.drift], summary.drift_beyond) == (["P-1", "P-2", "P-3"], [Holds("Payment", "USD", 7, Decimal(49))])
    assert summary.drifted == 10
    assert drifted.drift_sums(summary) == ["USD 55.00"]
    assert "10 drifted records" in verdict(summary).state
    assert "7 more records in the log file" in report_page(summary, log)


def test_a_summary_of_an_earlier_version_lists_all() -> None:
    summary, _ = sample_runs.clean_run()
    row = money.loads(summary_json(summary))
    del row["drift_beyond"]
    assert RunSummary.from_json(row).drifted == 0
