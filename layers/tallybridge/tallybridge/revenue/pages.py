"""The pages of a dataset as they were read, in the uploads bucket, page after page: column by column where all rows have the same columns
and text without anything unusual in each, which is nearly always so and is read back in a quarter of the time; else NetSuite's own text."""

from __future__ import annotations

import gc
import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from operator import itemgetter
from typing import Any

from tallybridge.netsuite.datasets import PAGE_ROWS, Row, quick_rows_in, rows_in
from tallybridge.revenue.values import SEPARATOR, as_text
from tallybridge.sync.folder import RunFolder

LINKS = "links"
"""What NetSuite adds to each row, and nobody needs."""
BY_COLUMN = b"\x1f"
"""Begins a page that is kept column by column; JSON cannot begin with it."""
Table = dict[str, list[Any]]
"""The values of a page by column."""


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
        self._table: Table | None = None

    @classmethod
    def of_table(cls, first_row: int, table: Table) -> PageRows:
        """Plain rows that are columns of text already."""
        page = cls(first_row, range(len(next(iter(table.values())))), plain=True)  # type: ignore[arg-type]
        page._table = table
        return page

    def __len__(self) -> int:
        return len(self._rows)

    def table(self) -> Table | None:
        """All columns, where all rows have the same ones; None where they do not."""
        if self._table is None and self._rows:
            names = tuple(self._rows[0])
            if len(names) > 1 and set(map(len, self._rows)) == {len(names)}:
                with suppress(KeyError):
                    self._table = dict(zip(names, map(list, zip(*map(itemgetter(*names), self._rows), strict=True)), strict=True))
        return self._table

    def names(self) -> set[str]:
        """The columns that any row has."""
        table = self.table()
        return (set(table) if table is not None else set().union(*self._rows)) - {LINKS}

    def packed(self) -> bytes | None:
        """The page column by column; None for one that has to be kept as it came."""
        table = self.table() if self.plain else None
        if table is None:
            return None
        names = [name for name in table if name != LINKS]
        try:
            text = SEPARATOR.join(map(SEPARATOR.join, (table[name] for name in names)))
        except TypeError:  # something other than text
            return None
        return BY_COLUMN + f"{json.dumps([len(self), names])}\n{text}".encode("ascii")

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
                self._rows, self._exact, self._table, self.plain = self._exact(), None, None, False
            found = [as_text(values) for values in self._values(keys)]
        return found

    def _values(self, keys: Sequence[str | None]) -> list[list[Any]]:
        """Pages whose rows all have the same columns, which is the usual case, are taken apart in one go."""
        nothing = [""] * len(self)
        if self._table is not None:
            return [self._table.get(key, nothing) if key is not None else nothing for key in keys]
        present = list(dict.fromkeys(key for key in keys if key is not None))
        try:
            several = len(present) > 1 and len(self._rows) > 0
            taken = list(map(list, zip(*map(itemgetter(*present), self._rows), strict=True))) if several else []
        except KeyError:
            taken = []
        columns = dict(zip(present, taken or [[row.get(key, "") for row in self._rows] for key in present], strict=True))
        return [columns[key] if key is not None else nothing for key in keys]


@dataclass(frozen=True)
class Pages:
    """The pages of one object, of one attempt at reading it."""

    uploads: RunFolder
    number: str
    attempt: int
    rows: int = 0
    """Rows of the dataset, once it has been read."""

    def keep(self, offset: int, body: bytes, page: PageRows) -> None:
        """Store a page, with its text as NetSuite gave it."""
        self.uploads.write(self._name(offset), page.packed() or body)

    def read(self, first: int = 1, last: int = 0) -> Iterator[PageRows]:
        """Rows `first` to `last` (from 1, the end included; 0 means to the end), by page."""
        last = last or self.rows
        for offset in range((first - 1) // PAGE_ROWS * PAGE_ROWS, last, PAGE_ROWS):
            body = self.uploads.read(self._name(offset))
            wanted = slice(max(first - 1 - offset, 0), last - offset)
            if body.startswith(BY_COLUMN):
                yield PageRows.of_table(offset + wanted.start + 1, _unpacked(body, wanted))
                continue
            plain = is_plain(body)
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


def is_plain(body: bytes) -> bool:
    """Whether no value in the text of a page can have a quote, a control character or anything outside ASCII; see `PageRows`."""
    return b"\\" not in body and body.isascii()


def _unpacked(body: bytes, wanted: slice) -> Table:
    head, _, text = body[len(BY_COLUMN) :].decode("ascii").partition("\n")
    rows, names = json.loads(head)
    cells, whole = text.split(SEPARATOR), wanted.start == 0 and wanted.stop >= rows
    columns = ((name, cells[place * rows : (place + 1) * rows]) for place, name in enumerate(names))
    return {name: values if whole else values[wanted] for name, values in columns}


def _exact_rows(body: bytes, wanted: slice) -> list[Row]:
    return rows_in(body)[wanted]


def pages_of(uploads: RunFolder, number: str, note: dict[str, Any]) -> Pages:
    """The pages that task 4 has read, from its note."""
    return Pages(uploads, number, int(note["attempt"]), int(note["rows"]))
