"""Sequences in pieces, and calls side by side: every service takes only so many ids in one call, and each call takes its time."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from typing import TypeVar

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
