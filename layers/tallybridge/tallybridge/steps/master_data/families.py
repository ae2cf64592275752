"""Accounts that belong into one batch: their parent is still to be created in the same run (customer-accounts.md 1, rule 5)."""

from __future__ import annotations

from collections.abc import Mapping

MAX_DEPTH = 50
"""Levels of parents that are followed."""


def ancestors(child: str, parent_of: Mapping[str, str]) -> list[str]:
    """The account's parents, nearest first, as far as `parent_of` knows them; a circle ends where it closes, with its first member."""
    path = [child]
    while len(path) <= MAX_DEPTH and (parent := parent_of.get(path[-1])):
        path.append(parent)
        if parent in path[:-1]:
            break
    return path[1:]


def is_circular(child: str, parent_of: Mapping[str, str]) -> bool:
    """Whether the account's parents run in a circle, or deeper than `MAX_DEPTH`."""
    above = ancestors(child, parent_of)
    return len(above) >= MAX_DEPTH or len(set(above)) < len(above) or child in above


def root_of(child: str, parent_of: Mapping[str, str]) -> str:
    """The topmost parent, or the account itself; the same one for all members of a circle."""
    above = ancestors(child, parent_of)
    if not above:
        return child
    closes = above[-1]
    before = [child, *above[:-1]]
    return min(before[before.index(closes) :]) if closes in before else closes


def depth_of(child: str, parent_of: Mapping[str, str]) -> int:
    """How many parents stand above the account."""
    return len(ancestors(child, parent_of))
