"""What a person may do: each role may do what the one before it may."""

from __future__ import annotations

from collections.abc import Iterable
from enum import IntEnum


class Role(IntEnum):
    """VIEWER reads. OPERATOR also starts and stops runs, and changes schedules. APPROVER also changes settings and what moves money."""

    VIEWER = 1
    OPERATOR = 2
    APPROVER = 3

    @property
    def word(self) -> str:
        return self.name.lower()


BY_WORD = {role.word: role for role in Role}


def highest(groups: object) -> Role | None:
    """The highest role among the groups that a token names: a list, or a text with blanks or commas. None where there is none."""
    words: Iterable[object] = groups.replace(",", " ").split() if isinstance(groups, str) else groups if isinstance(groups, list) else ()
    return max((BY_WORD[str(word)] for word in words if str(word) in BY_WORD), default=None)
