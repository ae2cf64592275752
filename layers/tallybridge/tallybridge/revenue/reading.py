"""Task 4: read the whole dataset, page by page, into temporary storage. Goes on at the next offset when the time of a worker ends."""

from __future__ import annotations

from array import array
from dataclasses import asdict, dataclass, field
from functools import partial
from typing import Any

from tallybridge.errors import NoSlot, NotSent
from tallybridge.netsuite.datasets import MOST_PAGES, PAGE_ROWS, Datasets, Page, rows_in
from tallybridge.revenue.codes import ADVICE, Code, TaskFailed
from tallybridge.revenue.duplicates import repeated
from tallybridge.revenue.identity import Identity
from tallybridge.revenue.pages import PageRows, Pages, is_plain, without_collector
from tallybridge.revenue.work import Answer, Work

NOTE = "read"
RESERVE_SECONDS = 60.0
"""A page is not asked for when less than this, or than the slowest page took, is left, unless it is the first of the worker."""
ATTEMPTS = 2
"""A dataset whose rows moved between pages is read once more by itself."""
NETSUITE_CAP = 100_000
"""Rows at which NetSuite cuts a result without SuiteAnalytics Connect."""
SHOWN_KEYS = 3
SEVERAL_FILES = (
    "Or set large_dataset_mode: single sends one file all the same; chunked sends several, and accepts that earlier ones stay staged where "
    "Revenue rejects a later one."
)


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
    repeating: list[int] = field(default_factory=list)
    """First rows of the pages on which a value of the key column stands twice; on two pages none does once the reading is over."""

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def read(work: Work) -> Answer:
    """Read on from where the last worker stopped. Raises DATASET_NOT_FOUND, DATASET_READ_FAILED, DATASET_INCONSISTENT,
    DATASET_TOO_LARGE, KEY_MISSING, and the NS_ codes."""
    progress = Progress(**work.note(NOTE))
    datasets, keys = work.wiring.datasets(work.run.connection.netsuite), KeyHashes(work, progress)
    if not progress.complete:
        with without_collector():
            complete = _pages(work, datasets, progress, keys)
        if not complete:
            return Answer(done=False)
    moved = keys.on_several_pages()
    if keys.without:
        text = f"{keys.without} of {progress.rows} rows have nothing in {keys.identity.names}: nobody can tell whether any row is missing."
        raise TaskFailed(Code.KEY_MISSING, text)
    if moved:
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
    first, slowest = True, 0.0
    while progress.offset < MOST_PAGES * PAGE_ROWS:
        left = work.seconds_left()
        if not first and left < max(RESERVE_SECONDS, slowest):
            return False
        try:
            page = datasets.page(work.line.dataset, progress.offset)
        except NoSlot:
            return False
        except NotSent:
            if first or work.seconds_left() > RESERVE_SECONDS:
                raise
            return False  # the time was too short for this page; a fresh worker asks again
        first, slowest = False, max(slowest, left - work.seconds_left())
        _check_page(work, progress, page)
        rows = PageRows(page.offset + 1, page.rows, plain=is_plain(page.body), exact=partial(rows_in, page.body))
        store.keep(page.offset, page.body, rows)
        columns |= rows.names()
        progress.rows += len(page.rows)
        progress.offset += PAGE_ROWS
        progress.columns = sorted(columns)
        progress.complete = not page.has_more
        found, without = keys.look(rows)
        if keys.identity.configured and len(found) + without < len(rows):
            progress.repeating.append(rows.first_row)
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
        if page.total > PAGE_ROWS and not Identity.of(work.line):
            text = (
                f"The dataset has {page.total} rows, which come in several pages, and the object has no key column, nor a column mapped to "
                "a line id: nobody could tell whether rows are missing."
            )
            raise TaskFailed(Code.KEY_MISSING, text)
    elif page.total != progress.total:
        text = f"The number of rows changed from {progress.total} to {page.total} while the dataset was read."
        raise TaskFailed(Code.DATASET_INCONSISTENT, text)


def _check_size(work: Work, total: int) -> None:
    """Before further pages are read (api-netsuite-datasets.md section 8, rule 6)."""
    options = work.run.options
    if total > options.max_rows:
        raise TaskFailed(Code.DATASET_TOO_LARGE, f"The dataset has {total} rows; at most {options.max_rows} can be read.")
    if options.large_dataset_mode == "refuse" and total > options.max_rows_per_file:
        text = f"The dataset has {total} rows, one file {options.max_rows_per_file}, and several files of one object are not all or none."
        raise TaskFailed(Code.DATASET_TOO_LARGE, text, advice=f"{ADVICE[Code.DATASET_TOO_LARGE]} {SEVERAL_FILES}")


class KeyHashes:
    """Looks for keys that stand on more than one page: rows moved while the pages were read. Where no two pages share a key, and every row
    has one, as many rows as NetSuite counts are all rows.

    Pages that this worker reads are looked at on the way; those of the worker before it are taken from storage. Hashes are Python's own,
    quick and good for the life of one process, and so are not kept.
    """

    def __init__(self, work: Work, progress: Progress) -> None:
        self.work = work
        self.progress = progress
        self.identity = Identity.of(work.line)
        self.without = 0
        """Rows without a key of a dataset of several pages; those without a value in a key column that is configured are told in task 6."""
        self._seen: dict[tuple[tuple[str | None, ...], int], tuple[array[int], int]] = {}

    def look(self, page: PageRows) -> tuple[array[int], int]:
        """Take note of a page's keys; answers their hashes, and how many rows have none."""
        if not self.identity:
            return array("q"), 0
        columns = self.identity.columns(self.progress.columns)
        keys = self.identity.keys(page, columns)
        found = array("q", {hash(key) for key in keys if key}), keys.count("")
        self._seen[columns, page.first_row] = found
        return found

    def keys(self, page: PageRows) -> list[str]:
        """The keys of a page."""
        return self.identity.keys(page, self.identity.columns(self.progress.columns))

    def on_several_pages(self) -> set[int]:
        """Hashes of the keys on more than one page."""
        progress = self.progress
        if not self.identity or progress.rows <= PAGE_ROWS:
            return set()
        columns, hashes, without = self.identity.columns(progress.columns), array("q"), 0
        for first in range(1, progress.rows + 1, PAGE_ROWS):
            of_page, empty = self._seen.get((columns, first)) or self.look(self.stored().page(first))
            hashes.extend(of_page)
            without += empty
        self.without = 0 if self.identity.configured else without
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
    stand = "1 key stands" if len(moved) == 1 else f"{len(moved)} keys stand"
    return f"{stand} on more than one page, for example {keys.identity.names} {names}: rows move while the pages are read."
