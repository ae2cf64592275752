"""When a round is over."""

from __future__ import annotations

from typing import Any

import pytest

from tallybridge.errors import NotSent
from tallybridge.rounds import MARGIN_SECONDS, MISSED_ROUNDS, UNANSWERED_SECONDS, Kept, NotDone, in_rounds
from tallybridge.sync.folder import RunFolder
from tests.sync.memory import MemoryObjects
from tests.unit.sync.tables import Clock

ROUND_SECONDS = 300


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def folder() -> RunFolder:
    objects: Any = MemoryObjects()
    return RunFolder(objects, "bucket", "run")


def round_of(folder: RunFolder, clock: Clock) -> Kept:
    return Kept(folder, "answers/", clock, clock.now().timestamp() + ROUND_SECONDS)


def pieces_of(seconds: float, kept: Kept, clock: Clock) -> int:
    """How many pieces of work a round does, each of so many seconds."""
    pieces, began = 0, kept.now()
    try:
        while True:
            clock.sleep(seconds)
            pieces += 1
            began = kept.checkpoint(began)
    except NotDone:
        return pieces


def test_a_round_ends_while_another_piece_of_the_slowest_kind_would_still_fit_in(folder: RunFolder, clock: Clock) -> None:
    assert pieces_of(41, round_of(folder, clock), clock) == 6  # 54 seconds are left, and a piece may take half as long again


def test_short_pieces_leave_the_margin_alone(folder: RunFolder, clock: Clock) -> None:
    assert pieces_of(1, round_of(folder, clock), clock) == ROUND_SECONDS - MARGIN_SECONDS + 1


def test_a_call_that_fails_when_the_time_is_used_up_is_made_by_the_next_round(folder: RunFolder, clock: Clock) -> None:
    def fails() -> dict[str, Any]:
        clock.sleep(ROUND_SECONDS - UNANSWERED_SECONDS)
        raise NotSent("No answer.", service="NetSuite")

    for _ in range(MISSED_ROUNDS):
        assert in_rounds(fails, round_of(folder, clock))["done"] is False
    with pytest.raises(NotSent):
        in_rounds(fails, round_of(folder, clock))


def test_a_call_that_fails_early_is_an_error(folder: RunFolder, clock: Clock) -> None:
    def fails() -> dict[str, Any]:
        raise NotSent("No answer.", service="NetSuite")

    kept = round_of(folder, clock)
    assert not kept.used_up()
    with pytest.raises(NotSent):
        in_rounds(fails, kept)
