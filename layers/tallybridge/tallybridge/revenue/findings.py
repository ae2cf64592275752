"""What is wrong with the rows of a dataset: all errors, not just the first, up to a limit (revenue-connector.md section 8, step 2)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from typing import Any

MAX_LISTED = 1_000
"""Errors, and warnings, of one object that are listed one by one; the others are counted."""
SHOWN = 40
"""Characters of a value that are shown."""
ERROR, WARNING = "ERROR", "WARNING"


@dataclass(frozen=True)
class Finding:
    """One error or warning. `row` counts the dataset's rows from 1 in the order read, 0 when the whole object is meant; `column` is the
    label of the target; `code` is the connector's or Revenue's."""

    level: str
    code: str
    text: str
    row: int = 0
    key: str = ""
    column: str = ""
    value: str = ""

    @property
    def message(self) -> str:
        """One line for people: where, what, and the value."""
        where = [
            f"row {self.row}" if self.row else "",
            f"key {self.key}" if self.key else "",
            f'column "{self.column}"' if self.column else "",
        ]
        shown = f' (found "{self.value}")' if self.value else ""
        place = ", ".join(filter(None, where))
        return f"{place}: {self.text}{shown}" if place else f"{self.text}{shown}"


@dataclass
class Findings:
    """Collects the findings of one object. `counts` counts all, by level and code; `listed` holds the first thousand of each level."""

    counts: Counter[str] = field(default_factory=Counter)
    listed: list[Finding] = field(default_factory=list)
    _room: dict[str, int] = field(default_factory=lambda: {ERROR: MAX_LISTED, WARNING: MAX_LISTED}, repr=False)

    def add(self, finding: Finding, times: int = 1) -> None:
        """Take one finding; `times` counts it for several rows."""
        self.counts[f"{finding.level} {finding.code}"] += times
        if self._room[finding.level] > 0:
            self._room[finding.level] -= 1
            self.listed.append(finding)

    def error(self, code: str, text: str, **where: Any) -> None:
        self.add(Finding(ERROR, code, text, **_cut(where)))

    def warning(self, code: str, text: str, **where: Any) -> None:
        self.add(Finding(WARNING, code, text, **_cut(where)))

    def count(self, level: str) -> int:
        """How many errors or warnings there are, listed or not."""
        return sum(n for name, n in self.counts.items() if name.startswith(f"{level} "))

    def codes(self, level: str) -> dict[str, int]:
        """How often each code was found."""
        return {name.partition(" ")[2]: n for name, n in self.counts.items() if name.startswith(f"{level} ")}

    def of(self, level: str) -> list[Finding]:
        """The listed findings of a level, by row."""
        return sorted((f for f in self.listed if f.level == level), key=lambda f: f.row)

    def first(self, level: str, code: str) -> Finding:
        """The first finding of a code; where none of it is among those listed, one that says only that."""
        return next(
            (f for f in self.of(level) if f.code == code), Finding(level, code, f"{code}, not among the {MAX_LISTED} that are listed")
        )

    def merge(self, others: Iterable[Findings]) -> Findings:
        """These findings and those of other pieces of the object, together."""
        whole = Findings()
        for part in (self, *others):
            for finding in part.listed:
                whole.add(finding)
            listed = Counter(f"{f.level} {f.code}" for f in part.listed)
            whole.counts.update({name: n - listed[name] for name, n in part.counts.items() if n > listed[name]})
        return whole

    def to_json(self) -> dict[str, Any]:
        return {"counts": dict(self.counts), "listed": [{k: v for k, v in asdict(f).items() if v} for f in self.listed]}

    @classmethod
    def from_json(cls, row: dict[str, Any]) -> Findings:
        found = cls()
        for listed in row["listed"]:
            found.add(Finding(**listed))
        found.counts = Counter({name: int(n) for name, n in row["counts"].items()})
        return found


def _cut(where: dict[str, Any]) -> dict[str, Any]:
    for name in ("value", "key"):
        if name in where:
            where[name] = str(where[name])[:SHOWN]
    return where
