"""What the batches of a step have left is gone through once, whatever their number."""

from __future__ import annotations

import tracemalloc
from collections import Counter
from decimal import Decimal
from typing import Any

import pytest

from tallybridge.clock import SystemClock
from tallybridge.rounds import Kept
from tallybridge.sync.folder import RunFolder
from tallybridge.sync.runlog import Outcome
from tallybridge.tasks import folded
from tallybridge.tasks.folded import Folded, fold, results
from tallybridge.tasks.results import StepFacts
from tests.sync.memory import MemoryObjects

STEP = StepFacts("invoices", "Invoice", "Zuora invoices", "Zuora -> NetSuite")
RECORDS = 20
ENDLESS = 10.0**12


class Counting(MemoryObjects):
    """Counts its calls; the pieces that are written are not kept if nobody is to read them."""

    def __init__(self, *, keeps: bool = True) -> None:
        super().__init__()
        self.keeps = keeps
        self.calls: Counter[str] = Counter()

    def put_object(self, *, Key: str, **given: Any) -> dict[str, Any]:
        self.calls["put"] += 1
        return super().put_object(Key=Key, **given) if self.keeps or "/folded/0" not in Key else {}

    def get_object(self, **given: Any) -> dict[str, Any]:
        self.calls["get"] += 1
        return super().get_object(**given)

    def list_objects_v2(self, **given: Any) -> dict[str, Any]:
        self.calls["list"] += 1
        return super().list_objects_v2(**given)


def left(store: Counting, batches: int, *, lost: int = 0) -> RunFolder:
    """A folder in which each batch has results and log lines; the last ones have none."""
    any_store: Any = store
    folder = RunFolder(any_store, "bucket", "run")
    names = [f"{n:06d}" for n in range(1, batches + 1)]
    folder.write_json("invoices/manifest.json", [{"batch": n, "records": RECORDS, "file": f"batches/{n}.jsonl.gz"} for n in names])
    for place, name in enumerate(names):
        ids = [f"i{name}-{n}" for n in range(RECORDS)]
        folder.write_lines(f"invoices/batches/{name}.jsonl.gz", [[i, "", {}] for i in ids])
        if place < batches - lost:
            money = {"currency": "USD", "amount": Decimal("1.50"), "outcome": "synced", "action": "create"}
            rows = [{"object": "Invoice", "source_id": i, "source_number": i, **money} for i in ids]
            folder.write_json(f"invoices/results/{name}-0001.json", {"results": rows, "selected": ids, "failure": "", "left_out": []})
            folder.write_lines(f"invoices/log/{name}-0001.jsonl.gz", [{"level": "INFO", "message": f"{i} was created."} for i in ids])
    store.calls.clear()
    return folder


def gone_through(folder: RunFolder) -> Folded:
    return fold(folder, STEP, Kept(folder, "kept/", SystemClock(), ENDLESS), dry_run=False)


def test_every_file_is_read_once_after_one_listing_a_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folded, "FILES_PER_PIECE", 20)
    store = Counting()
    whole = gone_through(left(store, 100))
    assert (whole.report.created, whole.pieces, whole.whole) == (100 * RECORDS, 10, True)
    assert store.calls["get"] == 204  # and the manifest, how far it was gone through, when the step began, what was kept of it
    assert store.calls["list"] < 5
    store.calls.clear()
    assert gone_through(left_as_it_is(store)) == whole
    assert store.calls["get"] == 1


def left_as_it_is(store: Counting) -> RunFolder:
    any_store: Any = store
    return RunFolder(any_store, "bucket", "run")


def test_records_of_batches_that_left_nothing_are_unfinished(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folded, "FILES_PER_PIECE", 4)
    folder = left(Counting(), 10, lost=3)
    whole = gone_through(folder)
    assert (whole.report.created, whole.report.unfinished) == (7 * RECORDS, 3 * RECORDS)
    assert {line: tally.count for line, tally in whole.selected.items()} == {("Invoice", "USD"): 7 * RECORDS, ("Invoice", ""): 3 * RECORDS}
    told = [result for _, result in results(folder, "invoices", whole)]
    assert [r.code for r in told if r.outcome is Outcome.UNFINISHED] == ["BATCH-FAILED"] * 3 * RECORDS
    assert len(told) == 10 * RECORDS


def test_results_go_on_behind_any_place(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folded, "FILES_PER_PIECE", 4)
    folder = left(Counting(), 5)
    whole = gone_through(folder)
    told = list(results(folder, "invoices", whole))
    for number, (place, _) in enumerate(told, start=1):
        assert list(results(folder, "invoices", whole, place)) == told[number:]


def test_memory_does_not_grow_with_the_number_of_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folded, "FILES_PER_PIECE", 40)

    def peak(batches: int) -> int:
        folder = left(Counting(keeps=False), batches)
        tracemalloc.start()
        try:
            assert gone_through(folder).batches == batches
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    peak(60)
    few, many = peak(100), peak(1_000)
    assert many < few + 900 * 2_000  # the names of a batch's files
