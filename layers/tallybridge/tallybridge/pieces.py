"""Sequences in pieces: every service takes only so many ids or records in one call."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import TypeVar

T = TypeVar("T")


def parts(values: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    """The values in pieces of at most `size`."""
    for start in range(0, len(values), size):
        yield values[start : start + size]


def streamed_parts(values: Iterable[T], size: int) -> Iterator[list[T]]:
    """A stream in pieces of at most `size`, held one at a time."""
    stream = iter(values)
    while piece := list(islice(stream, size)):
        yield piece
