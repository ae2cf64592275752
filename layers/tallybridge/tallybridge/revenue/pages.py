"""The pages of a dataset as they were read, in the uploads bucket: NetSuite's own text, page after page."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from operator import itemgetter
from typing import Any

from tallybridge.netsuite.datasets import PAGE_ROWS, Row, quick_rows_in, rows_in
from tallybridge.revenue.values import as_text
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


class PageRows:
    """Rows of one page, by column. `first_row` is the number of the first of them in the dataset, from 1.

    `plain` says that no value has a quote, a control character or anything outside ASCII, which is nearly always so. It is read off the
    page's text: JSON cannot write a quote or a control character inside a string without a backslash.
    """

    def __init__(
        self, first_row: int, rows: Sequence[Row], *, plain: bool = False, exact: Callable[[], Sequence[Row]] | None = None
    ) -> None:
        self.first_row = first_row
        self.plain = plain
        self._rows = rows
        self._exact = exact

    def __len__(self) -> int:
        return len(self._rows)

    def column(self, key: str | None) -> list[str]:
        """The values of one column as text, "" where a row does not have it; all "" without a key."""
        return self.columns([key])[0]

    def columns(self, keys: Sequence[str | None]) -> list[list[str]]:
        """The values of several columns, each as by `column`."""
        found = self._values(keys)
        try:
            "".join(map("".join, found))
        except TypeError:  # something other than text: its own digits are wanted
            if self._exact is not None:
                self._rows, self._exact, self.plain = self._exact(), None, False
            found = [as_text(values) for values in self._values(keys)]
        return found

    def _values(self, keys: Sequence[str | None]) -> list[list[Any]]:
        """Pages whose rows all have the same columns, which is the usual case, are taken apart in one go."""
        present = list(dict.fromkeys(key for key in keys if key is not None))
        try:
            several = len(present) > 1 and len(self._rows) > 0
            taken = list(map(list, zip(*map(itemgetter(*present), self._rows), strict=True))) if several else []
        except KeyError:
            taken = []
        columns = dict(zip(present, taken or [[row.get(key, "") for row in self._rows] for key in present], strict=True))
        nothing = [""] * len(self._rows)
        return [columns[key] if key is not None else nothing for key in keys]


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

    def read(self, first: int = 1, last: int = 0) -> Iterator[PageRows]:
        """Rows `first` to `last` (from 1, the end included; 0 means to the end), by page."""
        last = last or self.rows
        for offset in range((first - 1) // PAGE_ROWS * PAGE_ROWS, last, PAGE_ROWS):
            body = self.uploads.read(self._name(offset))
            wanted = slice(max(first - 1 - offset, 0), last - offset)
            plain = b"\\" not in body and body.isascii()
            exact = partial(_exact_rows, body, wanted)
            yield PageRows(offset + wanted.start + 1, quick_rows_in(body)[wanted], plain=plain, exact=exact)

    def page(self, first: int) -> PageRows:
        """The whole page that begins with this row."""
        return next(self.read(first, min(first + PAGE_ROWS - 1, self.rows)))

    def row(self, number: int) -> PageRows:
        """One row."""
        return next(self.read(number, number))

    def _name(self, offset: int) -> str:
        return f"objects/{self.number}/read{self.attempt}/{offset:07}.json"


def _exact_rows(body: bytes, wanted: slice) -> list[Row]:
    return rows_in(body)[wanted]


def pages_of(uploads: RunFolder, number: str, note: dict[str, Any]) -> Pages:
    """The pages that task 4 has read, from its note."""
    return Pages(uploads, number, int(note["attempt"]), int(note["rows"]))
