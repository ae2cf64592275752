"""Bind markers: every `?` gets a name, and a list of them counts as one, so that long lists cost nothing to translate."""

from __future__ import annotations

import re
from dataclasses import dataclass

MARKER = re.compile(r":nsb_(\d+)_")
_TOKENS = re.compile(r"'(?:[^']|'')*'|\"[^\"]*\"|--[^\n]*|/\*.*?\*/|\?(?:\s*,\s*\?)*", re.DOTALL)


@dataclass(frozen=True)
class Bound:
    """A query whose bind markers are named; `sizes[n]` says how many values marker n stands for."""

    text: str
    sizes: tuple[int, ...]

    @property
    def count(self) -> int:
        return sum(self.sizes)

    def positions(self, marker: int) -> range:
        """Which of the query's parameters a marker stands for, counted from 0."""
        start = sum(self.sizes[:marker])
        return range(start, start + self.sizes[marker])

    def expand(self, sql: str) -> str:
        """SQLite's text: each named marker becomes the numbered parameters it stands for."""

        def numbered(match: re.Match[str]) -> str:
            return ", ".join(f"?{k + 1}" for k in self.positions(int(match[1])))

        return MARKER.sub(numbered, sql)


def bind(text: str) -> Bound:
    """Name the bind markers of a query; those inside quotes and comments are text."""
    sizes: list[int] = []

    def named(match: re.Match[str]) -> str:
        found = match[0]
        if not found.startswith("?"):
            return found
        sizes.append(found.count("?"))
        return f":nsb_{len(sizes) - 1}_"

    return Bound(_TOKENS.sub(named, text), tuple(sizes))


def outside_quotes(text: str) -> str:
    """The query without string literals, quoted names and comments, for checks on its words."""
    return _TOKENS.sub(lambda m: m[0] if m[0].startswith("?") else "''", text)
