"""`make bench-revenue`: a million rows read, mapped, checked and written as upload files, next to plain `csv` writing of the same rows.

No network and no AWS: pages come from this process and files go to the disk; making up pages and rows is not counted. Seconds are of the
processor. The yardstick is `csv.writer` with its default settings, given the same rows with the same thirty columns as ready lists of text;
it is measured before and after the product, so that a machine whose speed changes meanwhile treats both alike.

Options as variables: ROWS (1000000; 100000 for a quick look), PART_ROWS (50000), KEY (0: no column is looked at for repetitions; otherwise
the line's id is). The exit code is 1 when an aim is missed.
"""

from __future__ import annotations

import csv
import io
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from tallybridge.clock import SystemClock
from tallybridge.netsuite.datasets import PAGE_ROWS, Page, quick_rows_in
from tallybridge.revenue.building import build
from tallybridge.revenue.checking import check
from tallybridge.revenue.config import Connection, Instance, Notifications, Options
from tallybridge.revenue.reading import read
from tallybridge.revenue.run import RevenueRun, TaskBook
from tallybridge.revenue.wiring import RevenueWiring
from tallybridge.revenue.work import Work
from tallybridge.wiring import Invocation
from tallybridge.zuora_revenue.template import Kind, Template, TemplateColumn

ROWS, PART_ROWS = 1_000_000, 50_000
MEMORY_AIM_MB, SPEED_AIM = 256, 0.5
KEY_COLUMN = "doc_line_id"
WORKER_SECONDS = 900
NAMES = (
    *("type", "doc_num", "doc_line_num", "doc_line_id", "doc_date", "cust_num", "cstmr_nm", "item_num", "ord_qty", "ext_lst_prc"),
    *("ext_sll_prc", "curr", "f_cur", "f_ex_rate", "g_ex_rate", "start_date", "end_date", "def_segments", "rev_segments"),
)
"""Columns of the published sample of a file, all mapped; eleven custom columns of the template stay empty."""
NUMBERS = frozenset({"ord_qty", "ext_lst_prc", "ext_sll_prc", "f_ex_rate", "g_ex_rate"})


def kind_of(name: str) -> Kind:
    return "Date" if name.endswith("_date") else "Number" if name in NUMBERS else "Character"


def values(n: int) -> tuple[str, ...]:
    """One sales order line."""
    date = f"{n % 12 + 1}/{n % 28 + 1}/2026"
    fixed = ("USD", "USD", "1", "1", date, f"{n % 12 + 1}/{n % 28 + 1}/2027", "01.2200.000", "01.4000.000")
    who = (f"C-{n % 5000:05}", f"Customer {n % 5000}", f"ITEM-{n % 300}")
    amounts = (str(n % 7 + 1), f"{n % 900 + 100}.50", f"{n % 900 + 90}.25")
    return ("SO", f"SO{n // 4:07}", str(n % 4 + 1), f"SO{n // 4:07}-{n % 4 + 1}", date, *who, *amounts, *fixed)


def template() -> Template:
    mapped = [TemplateColumn(n, n.replace("_", " ").title(), kind_of(n), seq) for seq, n in enumerate(NAMES)]
    spare = [TemplateColumn(f"atr{n}", f"Atr{n}", "Character", len(NAMES) + n) for n in range(1, 12)]
    return Template("Bench", "DD-MON-YYYY", (*mapped, *spare), "1")


@dataclass
class Source:
    """A dataset that is made up page by page; `seconds` is what that took."""

    rows: int
    seconds: float = 0.0

    def page(self, dataset: str, offset: int) -> Page:
        started = time.process_time()
        last = min(offset + PAGE_ROWS, self.rows)
        items = [{"links": [], **dict(zip(NAMES, values(n), strict=True))} for n in range(offset, last)]
        document = {"count": len(items), "hasMore": last < self.rows, "offset": offset, "totalResults": self.rows, "items": items}
        body = json.dumps(document).encode()
        del items, document
        self.seconds += time.process_time() - started
        return Page(offset, self.rows, last < self.rows, quick_rows_in(body), body)


class Disk:
    """A bucket as one file, to which objects are appended: what a file system takes to make thousands of files is none of the product's."""

    def __init__(self, folder: Path) -> None:
        self.file = (folder / "bucket").open("w+b")
        self.places: dict[str, tuple[int, int]] = {}

    def put_object(self, *, Key: str, Body: Any, **_: Any) -> dict[str, Any]:
        begins = self.file.seek(0, io.SEEK_END)
        pieces: Iterator[bytes] = iter([Body]) if isinstance(Body, bytes) else iter(lambda: Body.read(1 << 20), b"")
        self.places[Key] = begins, sum(map(self.file.write, pieces))
        return {}

    def get_object(self, *, Key: str, **_: Any) -> dict[str, Any]:
        if Key not in self.places:
            raise NoSuchKey(Key)
        begins, length = self.places[Key]
        self.file.seek(begins)
        return {"Body": io.BytesIO(self.file.read(length))}

    def list_objects_v2(self, **_: Any) -> dict[str, Any]:
        return {"KeyCount": 0}


class NoSuchKey(Exception):
    """There is no such object."""


@dataclass
class Nowhere:
    """A table that takes everything and keeps nothing."""

    name: str = "runs"
    meta: Any = field(
        default_factory=lambda: SimpleNamespace(
            client=SimpleNamespace(exceptions=SimpleNamespace(ConditionalCheckFailedException=KeyError))
        )
    )

    def put_item(self, **_: Any) -> dict[str, Any]:
        return {}

    update_item = get_item = delete_item = query = put_item


class BenchWiring(RevenueWiring):
    """The product on a disk, without network."""

    def __init__(self, disk: Disk, source: Source) -> None:
        super().__init__(Invocation("bench", time.time() + WORKER_SECONDS), SystemClock())
        self.disk, self.source = disk, source

    def objects(self) -> Any:
        return self.disk

    def table(self, name: str) -> Any:
        return Nowhere()

    def datasets(self, side: Any) -> Any:
        return self.source


def product(rows: int, part_rows: int, folder: Path, key: bool) -> dict[str, float]:
    """Tasks 4, 6 and 7 over all rows; seconds of each and the process's peak memory."""
    os.environ.update({"REPORTS_BUCKET": "reports", "UPLOADS_BUCKET": "uploads", "INSTANCE_NAME": "bench", "RUNS_TABLE": "runs"})
    mapping = [{"source": name, "target": name} for name in NAMES]
    line = {"object": "Orders", "dataset": "bench", "template": "Bench", "mapping": mapping, "key_column": KEY_COLUMN if key else ""}
    instance = Instance.model_validate({"name": "Bench", "objects": [line]})
    options = Options(large_dataset_mode="chunked", max_rows_per_file=max(part_rows, 60_000), rows_per_part=part_rows)
    started = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    run = RevenueRun("bench", instance, Connection(), Notifications(), options, "", "bench", "manual", "", started, "bench")
    source = Source(rows)
    wiring = BenchWiring(Disk(folder), source)
    book = TaskBook(wiring.folder("bench"), wiring.clock)
    figures: dict[str, float] = {}
    for name, task in (("read", read), ("build", build), ("check", check)):
        if name == "build":
            Work(run, "1", wiring, book, book.start("template", "1")).keep("template", template().to_json())
        made_up, begun = source.seconds, time.process_time()
        while not task(Work(run, "1", wiring, book, book.start(name, "1"))).done:
            pass
        figures[name] = time.process_time() - begun - (source.seconds - made_up)
    return {**figures, "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}


def plain_csv(rows: int, folder: Path) -> dict[str, float]:
    """The same rows through `csv.writer` as it is."""
    spare, seconds = [""] * 11, 0.0
    with (folder / "plain.csv").open("w", newline="", encoding="utf-8") as file:
        out = csv.writer(file)
        for offset in range(0, rows, PAGE_ROWS):
            page = [[*values(n), *spare] for n in range(offset, min(offset + PAGE_ROWS, rows))]
            begun = time.process_time()
            out.writerows(page)
            seconds += time.process_time() - begun
        begun = time.process_time()
    return {"csv": seconds + time.process_time() - begun}


PARTS: dict[str, Callable[[int, int, Path], dict[str, float]]] = {
    "product": lambda rows, part_rows, folder: product(rows, part_rows, folder, key=False),
    "with-key": lambda rows, part_rows, folder: product(rows, part_rows, folder, key=True),
    "csv": lambda rows, part_rows, folder: plain_csv(rows, folder),
}


def measure(rows: int, part_rows: int, *, key: bool) -> dict[str, float]:
    """Both, each in a process of its own, so that memory is each one's own. `csv` is the mean of its two measurements."""
    with tempfile.TemporaryDirectory(prefix="revenue-bench-") as folder:

        def measured(part: str) -> dict[str, float]:
            command = [sys.executable, "-m", "sandbox.revenue_bench", part, str(rows), str(part_rows), folder]
            figures: dict[str, float] = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
            return figures

        before, figures, after = measured("csv"), measured("with-key" if key else "product"), measured("csv")
    return {**figures, "csv": (before["csv"] + after["csv"]) / 2}


def share(figures: dict[str, float]) -> float:
    """Rows a second beside `csv.writer`."""
    return figures["csv"] / (figures["read"] + figures["build"] + figures["check"])


def report(rows: int, part_rows: int, figures: dict[str, float]) -> str:
    """The figures as lines, with what was aimed at."""
    own = figures["read"] + figures["build"] + figures["check"]
    return "\n".join(
        [
            f"rows                     {rows:>12,}   (parts of {part_rows:,})",
            *(f"{name:<24} {figures[key]:>12.1f} s" for name, key in (("read", "read"), ("map and write", "build"), ("check", "check"))),
            f"rows per CPU second      {rows / own:>12,.0f}",
            f"the same by csv.writer   {rows / figures['csv']:>12,.0f}",
            f"share of csv.writer      {share(figures):>12.2f}   (aim: {SPEED_AIM} or more)",
            f"peak memory of a worker  {figures['peak_mb']:>12.0f} MiB (aim: below {MEMORY_AIM_MB})",
        ]
    )


def main() -> int:
    """The entry point; answers the exit code: 1 when an aim is missed."""
    rows, part_rows = int(os.environ.get("ROWS", ROWS)), int(os.environ.get("PART_ROWS", PART_ROWS))
    figures = measure(rows, part_rows, key=os.environ.get("KEY", "1") != "0")
    print(report(rows, part_rows, figures))
    return int(figures["peak_mb"] >= MEMORY_AIM_MB or share(figures) < SPEED_AIM)


if __name__ == "__main__":
    if len(sys.argv) == 5:
        print(json.dumps(PARTS[sys.argv[1]](int(sys.argv[2]), int(sys.argv[3]), Path(sys.argv[4]))))
    else:
        sys.exit(main())
