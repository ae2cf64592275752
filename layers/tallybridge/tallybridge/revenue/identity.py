"""By what a row of a dataset is told from every other, so that pages which overlap are seen (section 3.4, key column)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tallybridge.revenue import columns
from tallybridge.revenue.config import InstanceObject
from tallybridge.revenue.mapping import find_sources
from tallybridge.revenue.pages import PageRows
from tallybridge.revenue.values import character


@dataclass(frozen=True)
class Identity:
    """The key of a row: the value of the key column or, where none is configured, of the first line id that is filled, with the row's type
    before it, since a cost line bears the id of its order line. False where neither a key column nor a line id is known."""

    ids: tuple[str, ...]
    """Source columns of which the first that is filled identifies a row."""
    kind: str = ""
    """Source column of the type, "" for none."""
    configured: bool = False

    @classmethod
    def of(cls, line: InstanceObject) -> Identity:
        """The identity of an object's rows."""
        if line.key_column:
            return cls((line.key_column,), configured=True)
        by_target = {columns.canonical(mapped.target): mapped.source for mapped in line.mapping}
        return cls(tuple(by_target[name] for name in columns.LINE_IDS if name in by_target), by_target.get("type", ""))

    def __bool__(self) -> bool:
        return bool(self.ids)

    @property
    def names(self) -> str:
        """The columns by name."""
        return " or ".join(self.ids)

    def columns(self, present: Sequence[str]) -> tuple[str | None, ...]:
        """Where the line ids, and the type as the last, stand in rows that have these columns. Raises SOURCE_COLUMN_AMBIGUOUS."""
        found = find_sources([*self.ids, *([self.kind] if self.kind else [])], present)
        return (*(found[name] for name in self.ids), found[self.kind] if self.kind else None)

    def keys(self, page: PageRows, columns: Sequence[str | None]) -> list[str]:
        """The keys of a page's rows, "" where a row has none."""
        *ids, kinds = map(character, page.columns(columns))
        first = ids[0]
        for others in ids[1:]:
            first = [one or other for one, other in zip(first, others, strict=True)]
        if not any(kinds):
            return first
        return [f"{kind} {key}".strip() if key else "" for kind, key in zip(kinds, first, strict=True)]
