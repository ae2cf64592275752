"""Rounds of a task: what is kept, when a round ends, and what becomes of a call that does not get through."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, cast

import pytest

from tallybridge.errors import NotSent
from tallybridge.rounds import DONE, LEAST_WAIT, MARGIN_SECONDS, MISSED_ROUNDS, Kept, NotDone, in_rounds
from tallybridge.sync.folder import RunFolder
from tests.sync.memory import MemoryObjects
from tests.sync.world import MovableClock

ROUND_SECONDS = 300


class Task:
    """Asks `number` questions that take `seconds` each."""

    def __init__(self, seconds: float, number: int = 20) -> None:
        self.clock = MovableClock()
        self.folder = RunFolder(cast(Any, MemoryObjects()), "bucket", "run")
        self.seconds = seconds
        self.number = number
        self.asked: list[str] = []

    def kept(self) -> Kept:
        return Kept(self.folder, "select/answers/", self.clock, self.clock.now().timestamp() + ROUND_SECONDS)

    def round(self) -> dict[str, Any]:
        kept = self.kept()
        return in_rounds(lambda: {"sum": sum(self.ask(kept, n) for n in range(self.number))}, kept)

    def ask(self, kept: Kept, number: int) -> Any:
        def ask() -> Decimal:
            self.asked.append(str(number))
            self.clock.advance(seconds=self.seconds)
            return Decimal(number) / 4

        return kept.answer(str(number), ask)


@pytest.mark.parametrize("seconds", [0.1, 10, 60, 140])
def test_every_question_is_asked_once_however_many_rounds_it_takes(seconds: float) -> None:
    task, rounds = Task(seconds), 1
    while not (answer := task.round())["done"]:
        assert answer == {"done": False, "wait": LEAST_WAIT}
        rounds += 1
    assert answer == {**DONE, "sum": Decimal("47.5")}
    assert task.asked == [str(n) for n in range(20)]
    assert rounds >= seconds * 20 / ROUND_SECONDS


def test_a_round_ends_before_a_call_as_slow_as_the_slowest_would_be_cut_off() -> None:
    task = Task(100)
    begun = task.clock.now()
    assert not task.round()["done"]
    assert (task.clock.now() - begun).total_seconds() < ROUND_SECONDS - MARGIN_SECONDS
    assert len(task.asked) == 2


def test_an_answer_of_none_is_an_answer() -> None:
    task = Task(1)
    assert task.kept().answer("nothing", lambda: None) is None
    assert task.kept().answer("nothing", lambda: pytest.fail("asked twice")) is None


def test_an_error_is_not_kept() -> None:
    task = Task(1)
    with pytest.raises(ValueError, match="no"):
        task.kept().answer("q", lambda: int("no"))
    assert task.kept().answer("q", lambda: 4) == 4


def lost(kept: Kept, clock: MovableClock, seconds: float) -> dict[str, Any]:
    def task() -> dict[str, Any]:
        clock.advance(seconds=seconds)
        raise NotSent("no answer", service="NetSuite")

    return in_rounds(task, kept)


def test_a_call_that_used_up_the_round_is_made_again_but_not_for_ever() -> None:
    task = Task(1)
    for _ in range(MISSED_ROUNDS):
        assert lost(task.kept(), task.clock, ROUND_SECONDS - 5) == {"done": False, "wait": LEAST_WAIT}
    with pytest.raises(NotSent):
        lost(task.kept(), task.clock, ROUND_SECONDS - 5)


def test_rounds_that_get_on_may_be_cut_off_as_often_as_they_are() -> None:
    task = Task(1)
    for number in range(3 * MISSED_ROUNDS):
        kept = task.kept()
        kept.answer(str(number), lambda: 1)
        assert lost(kept, task.clock, ROUND_SECONDS - 5)["done"] is False


def test_a_call_that_fails_in_time_is_an_error_at_once() -> None:
    task = Task(1)
    with pytest.raises(NotSent):
        lost(task.kept(), task.clock, 100)


def test_waits_are_whole_seconds_and_never_none() -> None:
    assert [NotDone(seconds).wait for seconds in (0, 0.2, 1.4, 59.6)] == [1, 1, 1, 60]
