"""Calls side by side, taken one at a time."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from tallybridge.parallel import ahead

GUARD = 60.0


def test_answers_come_in_the_order_of_the_questions() -> None:
    later = threading.Event()

    def act(n: int) -> int:
        if n == 0:
            assert later.wait(GUARD)
        elif n == 2:
            later.set()
        return n * n

    assert list(ahead(act, range(6), 3)) == [0, 1, 4, 9, 16, 25]


@pytest.mark.parametrize("count", [0, 1, 2])
def test_a_few_are_all_there(count: int) -> None:
    assert list(ahead(str, range(count), 4)) == [str(n) for n in range(count)]


def test_no_more_is_read_than_is_under_way_or_not_taken() -> None:
    drawn = []

    def questions() -> Iterator[int]:
        for n in range(100):
            drawn.append(n)
            yield n

    stream = ahead(lambda n: n, questions(), 4)
    for taken in range(10):
        assert next(stream) == taken
        assert len(drawn) <= taken + 1 + 4
    stream.close()
    assert len(drawn) < 20


def test_an_error_comes_in_the_place_of_its_answer_and_nothing_is_begun_behind_it() -> None:
    begun = []

    def act(n: int) -> int:
        begun.append(n)
        if n == 5:
            raise ValueError(n)
        return n

    taken: list[int] = []
    stream = ahead(act, range(1_000), 2)
    with pytest.raises(ValueError, match="5"):
        taken.extend(stream)
    assert len(begun) < 12
