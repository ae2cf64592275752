"""How far a step has looked, in the source's own time."""

from __future__ import annotations

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any, cast

import pytest

from tallybridge.clock import EPOCH
from tallybridge.sync.step import Candidate
from tallybridge.tasks.watermarks import Looks, Watermark


def test_the_first_look_begins_with_everything() -> None:
    assert Watermark().since == EPOCH
    assert Watermark("2026-01-31T10:00:00.000Z").since == "2026-01-31T08:00:00.000Z"


def test_a_look_that_shows_nothing_later_moves_on_by_the_time_that_has_passed() -> None:
    mark = Watermark().after("2026-01-31T02:00:00.000Z", "2026-01-31T10:00:00Z")
    later = mark.after("", "2026-01-31T13:00:00Z").after("2026-01-30T00:00:00.000Z", "2026-01-31T14:00:00Z")
    assert later.highest == mark.highest
    assert (mark.since, later.since) == ("2026-01-31T00:00:00.000Z", "2026-01-31T04:00:00.000Z")


def test_a_later_change_sets_the_clock_anew() -> None:
    """What has passed is only a guess: the account's clock may have been set back meanwhile."""
    mark = Watermark().after("2026-01-31T02:00:00.000Z", "2026-01-31T10:00:00Z").after("", "2026-01-31T14:00:00Z")
    anew = mark.after("2026-01-31T05:00:00.000Z", "2026-01-31T14:30:00Z")
    assert anew == Watermark("2026-01-31T05:00:00.000Z", "2026-01-31T14:30:00Z", "2026-01-31T14:30:00Z")


@pytest.mark.parametrize("looked", ["2026-01-31T09:00:00Z", ""])
def test_time_never_runs_backwards(looked: str) -> None:
    assert Watermark("2026-01-31T02:00:00.000Z", "2026-01-31T10:00:00Z", looked).since == "2026-01-31T00:00:00.000Z"


def test_a_mark_is_stored_in_parts() -> None:
    mark = Watermark("2026-01-31T02:00:00.000Z", "2026-01-31T10:00:00Z", "2026-01-31T11:00:00Z")
    assert Watermark(*mark.parts()) == mark


@pytest.mark.parametrize(
    ("item", "looked_at"),
    [
        ({}, False),
        ({"attention": "HELD#invoices", "seen_sure": False}, True),
        ({"attention": "HELD#invoices", "seen_sure": True}, True),
        ({"state": "SENT", "seen_sure": False}, True),
        ({"seen": "2026-01-31T09:00:00.000Z"}, True),
        ({"seen_state": "of a day before"}, True),
    ],
    ids=["as it was", "held", "held, and seen for sure", "under way", "changed since", "another content"],
)
def test_what_is_as_it_was_is_passed_over_unless_something_is_left_to_do(item: dict[str, Any], looked_at: bool) -> None:
    """A held record may bear no mark in its source, where that could not be written: only the ledger knows of it then."""
    at = "2026-01-31T10:00:00.000Z"
    known = {"1": {"state": "DONE", "seen": at, "seen_state": "content", "seen_at": "2026-01-31T10:00:00Z", **item}}
    context = SimpleNamespace(known=lambda ids: known, clock=SimpleNamespace(now=lambda: datetime(2026, 1, 31, 10, 5, tzinfo=UTC)))
    record = SimpleNamespace(id="1", status="Sync Complete", state="content", modified=at)
    step = cast(Any, SimpleNamespace(context=context, refresh=lambda candidates: [record]))
    looks = Looks(step, cast(Any, None), following=True, switched=False, noting=False)
    assert [c.id for c in looks.news([Candidate("1", data={"updated": at})])] == (["1"] if looked_at else [])
