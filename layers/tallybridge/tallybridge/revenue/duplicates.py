"""Finding values that stand twice among a million, in little memory: by 64-bit digests first, then by the values themselves."""

from __future__ import annotations

from array import array
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator

LOOKED_AT = 2_000
"""Rows whose values are compared in full; more are counted by their digests only."""


def repeated(digests: Iterable[int]) -> set[int]:
    """The digests that occur more than once."""
    found: set[int] = set()
    last: int | None = None
    for value in sorted(digests):
        if value == last:
            found.add(value)
        last = value
    return found


def duplicate_rows(digests: array[int], ignore: int, value_at: Callable[[int], str]) -> Iterator[tuple[int, str]]:
    """Rows (from 1) whose value stands in an earlier row too, with that value. `ignore` is the digest of nothing. `value_at` reads a row's
    value: equal digests of different values are told apart."""
    twice = repeated(digests) - {ignore}
    if not twice:
        return
    groups: dict[int, list[int]] = defaultdict(list)
    looked_at = 0
    for place, value in enumerate(digests, start=1):
        if value in twice:
            groups[value].append(place)
            looked_at += 1
            if looked_at >= LOOKED_AT:
                break
    for rows in groups.values():
        known: set[str] = set()
        for row in rows:
            text = value_at(row)
            if text in known:
                yield row, text
            known.add(text)
