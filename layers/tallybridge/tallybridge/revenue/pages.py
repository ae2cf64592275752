"""The pages of a dataset as they were read, in the uploads bucket: NetSuite's own text, page after page."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from tallybridge.netsuite.datasets import PAGE_ROWS, Row, rows_in
from tallybridge.sync.folder import RunFolder


@contextmanager
def without_collector() -> Iterator[None]:
    """Rows hold no reference cycles, and the collector would look through millions of them in vain: a quarter of the time."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


@dataclass(frozen=True)
class Pages:
    """The pages of one object, of one attempt at reading it."""

    uploads: RunFolder
    number: str
    attempt: int
    rows: int = 0
    """Rows of the dataset, once it has been read."""

    def keep(self, offset: int, body: bytes) -> None:
        self.uploads.write(self._name(offset), body)

    def read(self, first: int = 1, last: int = 0) -> Iterator[tuple[int, list[Row]]]:
        """Rows `first` to `last` (from 1, the end included; 0 means to the end), by page, with the number of each piece's first row."""
        last = last or self.rows
        for offset in range((first - 1) // PAGE_ROWS * PAGE_ROWS, last, PAGE_ROWS):
            rows = rows_in(self.uploads.read(self._name(offset)))
            start = max(first - 1 - offset, 0)
            yield offset + start + 1, rows[start : last - offset] if start or last - offset < len(rows) else rows

    def row(self, number: int) -> Row:
        """One row."""
        return next(rows for _, rows in self.read(number, number))[0]

    def _name(self, offset: int) -> str:
        return f"objects/{self.number}/read{self.attempt}/{offset:07}.json"


def pages_of(uploads: RunFolder, number: str, note: dict[str, Any]) -> Pages:
    """The pages that task 4 has read, from its note."""
    return Pages(uploads, number, int(note["attempt"]), int(note["rows"]))
