"""Sequences in pieces, and calls side by side: every service takes only so many ids in one call, and each call takes its time."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import chain, islice
from typing import Any, TypeVar

T = TypeVar("T")
S = TypeVar("S")
CALLS_AT_ONCE = 8


def parts(values: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    """The values in pieces of at most `size`."""
    for start in range(0, len(values), size):
        yield values[start : start + size]


def streamed_parts(values: Iterable[T], size: int) -> Iterator[list[T]]:
    """A stream in pieces of at most `size`, held one at a time."""
    stream = iter(values)
    while piece := list(islice(stream, size)):
        yield piece


def side_by_side(act: Callable[[S], T], values: Sequence[S]) -> list[T]:
    """`act` on each value, several at a time; answers in order. The first exception is raised when all have ended."""
    if len(values) < 2:
        return [act(v) for v in values]
    with ThreadPoolExecutor(max_workers=min(CALLS_AT_ONCE, len(values))) as pool:
        return list(pool.map(act, values))


def all_at_once(*acts: Callable[[], Any]) -> list[Any]:
    """What each of them answers, asked at the same time; the first exception is raised when all have ended."""
    return side_by_side(lambda act: act(), acts)


def begun(values: Iterable[T]) -> Iterator[T]:
    """A stream whose first value has come."""
    stream = iter(values)
    return chain(list(islice(stream, 1)), stream)


def ahead(act: Callable[[S], T], values: Iterable[S], at_once: int = CALLS_AT_ONCE) -> Generator[T, None, None]:
    """`act` on each value of a stream, `at_once` of them under way or not taken yet; answers in order, held one at a time. An exception is
    raised in the place of its answer, when what is under way has ended."""
    stream = iter(values)
    first = list(islice(stream, 2))
    if len(first) < 2 or at_once < 2:
        yield from map(act, chain(first, stream))
        return
    under_way: deque[Future[T]] = deque()
    with ThreadPoolExecutor(max_workers=at_once) as pool:
        try:
            for value in chain(first, stream):
                under_way.append(pool.submit(act, value))
                if len(under_way) >= at_once:
                    yield under_way.popleft().result()
            while under_way:
                yield under_way.popleft().result()
        finally:
            for future in under_way:
                future.cancel()
