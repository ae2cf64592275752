"""Task 4: read the whole dataset, page by page, into temporary storage. Goes on at the next offset when the time of a worker ends."""

from __future__ import annotations

from array import array
from dataclasses import asdict, dataclass, field
from functools import partial
from typing import Any

from tallybridge.errors import NotSent
from tallybridge.netsuite.datasets import MOST_PAGES, PAGE_ROWS, Datasets, Page, rows_in
from tallybridge.revenue.codes import Code, TaskFailed
from tallybridge.revenue.duplicates import repeated
from tallybridge.revenue.mapping import find_sources
from tallybridge.revenue.pages import PageRows, Pages, without_collector
from tallybridge.revenue.values import character
from tallybridge.revenue.work import Answer, Work

NOTE = "read"
RESERVE_SECONDS = 60.0
"""A page is not asked for when less than this is left, unless it is the first of the worker."""
ATTEMPTS = 2
"""A dataset whose rows moved between pages is read once more by itself."""
NETSUITE_CAP = 100_000
"""Rows at which NetSuite cuts a result without SuiteAnalytics Connect."""
SHOWN_KEYS = 3


@dataclass
class Progress:
    """How far the reading is."""

    attempt: int = 1
    offset: int = 0
    rows: int = 0
    total: int = -1
    """totalResults of the first page, -1 before it."""
    columns: list[str] = field(default_factory=list)
    """Names of all columns seen in any row."""
    complete: bool = False

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def read(work: Work) -> Answer:
    """Read on from where the last worker stopped. Raises DATASET_NOT_FOUND, DATASET_READ_FAILED, DATASET_INCONSISTENT,
    DATASET_TOO_LARGE, and the NS_ codes."""
    progress = Progress(**work.note(NOTE))
    datasets, keys = work.wiring.datasets(work.run.connection.netsuite), KeyHashes(work, progress)
    if not progress.complete:
        with without_collector():
            complete = _pages(work, datasets, progress, keys)
        if not complete:
            return Answer(done=False)
    if moved := keys.on_several_pages():
        if progress.attempt >= ATTEMPTS:
            raise TaskFailed(Code.DATASET_INCONSISTENT, _moved_text(work, keys, moved))
        work.keep(NOTE, Progress(attempt=progress.attempt + 1).to_json())
        return Answer(done=False)
    if progress.rows == NETSUITE_CAP:
        work.warn(Code.POSSIBLE_CUT, f"The dataset has exactly {NETSUITE_CAP} rows; NetSuite may have cut it.")
    if not progress.rows and work.run.options.warn_on_empty_dataset:
        work.warn(Code.DATASET_EMPTY, f"The dataset {work.line.dataset} has no rows.")
    again = " at the second attempt" if progress.attempt > 1 else ""
    work.count(progress.rows, progress.rows, f"Read {progress.rows} rows of {work.line.dataset}{again}.")
    return Answer()


def _pages(work: Work, datasets: Datasets, progress: Progress, keys: KeyHashes) -> bool:
    """Reads pages until the dataset ends (True) or the worker's time does (False). The offset is kept after each page."""
    store = Pages(work.uploads, work.number, progress.attempt)
    columns = set(progress.columns)
    first = True
    while progress.offset < MOST_PAGES * PAGE_ROWS:
        if not first and work.seconds_left() < RESERVE_SECONDS:
            return False
        try:
            page = datasets.page(work.line.dataset, progress.offset)
        except NotSent:
            if first or work.seconds_left() > RESERVE_SECONDS:
                raise
            return False  # the time was too short for this page; a fresh worker asks again
        first = False
        _check_page(work, progress, page)
        store.keep(page.offset, page.body)
        columns.update(*map(dict.keys, page.rows))
        progress.rows += len(page.rows)
        progress.offset += PAGE_ROWS
        progress.columns = sorted(columns - {"links"})
        progress.complete = not page.has_more
        keys.look(PageRows(page.offset + 1, page.rows, exact=partial(rows_in, page.body)))
        work.keep(NOTE, progress.to_json())
        work.beat()
        if progress.complete:
            break
        if len(page.rows) < PAGE_ROWS:
            text = f"The page from row {page.offset} has {len(page.rows)} rows although more are promised."
            raise TaskFailed(Code.DATASET_INCONSISTENT, text)
    if progress.rows != progress.total:
        text = f"NetSuite says that the dataset has {progress.total} rows, but gave {progress.rows}."
        raise TaskFailed(Code.DATASET_INCONSISTENT, text)
    return True


def _check_page(work: Work, progress: Progress, page: Page) -> None:
    if progress.total < 0:
        progress.total = page.total
        _check_size(work, page.total)
    elif page.total != progress.total:
        text = f"The number of rows changed from {progress.total} to {page.total} while the dataset was read."
        raise TaskFailed(Code.DATASET_INCONSISTENT, text)


def _check_size(work: Work, total: int) -> None:
    """Before further pages are read (api-netsuite-datasets.md section 8, rule 6)."""
    options = work.run.options
    if total > options.max_rows:
        raise TaskFailed(Code.DATASET_TOO_LARGE, f"The dataset has {total} rows; at most {options.max_rows} can be read.")
    if options.large_dataset_mode == "refuse" and total > options.max_rows_per_file:
        text = f"The dataset has {total} rows; one file takes {options.max_rows_per_file}, and larger datasets are refused by the settings."
        raise TaskFailed(Code.DATASET_TOO_LARGE, text)


class KeyHashes:
    """Looks for keys that stand on more than one page: rows moved while the pages were read.

    Pages that this worker reads are looked at on the way; those of the worker before it are taken from storage. Hashes are Python's own,
    quick and good for the life of one process, and so are not kept.
    """

    def __init__(self, work: Work, progress: Progress) -> None:
        self.work = work
        self.progress = progress
        self._seen: dict[tuple[str | None, int], array[int]] = {}

    @property
    def column(self) -> str | None:
        """Under which name the rows have the key column, as far as they are known."""
        return find_sources([self.work.line.key_column], self.progress.columns)[self.work.line.key_column]

    def look(self, page: PageRows) -> array[int]:
        """Take note of a page's keys."""
        found = array("q")
        if self.work.line.key_column:
            column = self.column
            found.extend({hash(key) for key in self.keys(page) if key})
            self._seen[column, page.first_row] = found
        return found

    def keys(self, page: PageRows) -> list[str]:
        """The keys of a page."""
        return character(page.column(self.column))

    def on_several_pages(self) -> set[int]:
        """Hashes of the keys on more than one page."""
        progress = self.progress
        if not self.work.line.key_column or progress.rows <= PAGE_ROWS:
            return set()
        column, hashes = self.column, array("q")
        for first in range(1, progress.rows + 1, PAGE_ROWS):
            known = self._seen.get((column, first))
            hashes.extend(self.look(self.stored().page(first)) if known is None else known)
        return repeated(hashes)

    def stored(self) -> Pages:
        """The pages as they are stored."""
        return Pages(self.work.uploads, self.work.number, self.progress.attempt, self.progress.rows)


def _moved_text(work: Work, keys: KeyHashes, moved: set[int]) -> str:
    found: list[str] = []
    for page in keys.stored().read():
        found += [key for key in keys.keys(page) if hash(key) in moved and key not in found]
        if len(found) >= SHOWN_KEYS:
            break
    names = ", ".join(found[:SHOWN_KEYS])
    return f"{len(moved)} keys stand on more than one page, for example {work.line.key_column} {names}: rows move while the pages are read."
