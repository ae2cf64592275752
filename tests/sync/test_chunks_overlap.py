"""Chunks of a batch overlap: the next one is read while one is sent, but never one that shares a group with what is under way."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Sequence
from typing import Any

import pytest

from sandbox.demo.bench_steps import bench_step
from tallybridge.sync.batch import Batch, BatchResult, Decided
from tallybridge.sync.step import Candidate
from tallybridge.tasks import select
from tallybridge.tasks.batch import whole_groups
from tallybridge.tasks.select import MANY, MOST_CHUNKS, WORKERS, Line, batches, chunks_of
from tallybridge.tasks.steps import step_class
from tests.sync.memory import MemoryWorld
from tests.sync.world import unserved_world

IN_THREADS = True

RECORDS = 40
CHUNK = 3


class Notes:
    """What happened to chunks, in order: (what, ids, groups)."""

    def __init__(self) -> None:
        self.all: list[tuple[str, frozenset[str], frozenset[str]]] = []
        self.guard = threading.Lock()

    def add(self, what: str, candidates: Sequence[Candidate]) -> None:
        ids, groups = frozenset(c.id for c in candidates), frozenset(c.group for c in candidates if c.group)
        with self.guard:
            self.all.append((what, ids, groups))

    def under_way_at(self, place: int) -> list[tuple[frozenset[str], frozenset[str]]]:
        """Chunks that were decided before, and not settled by then."""
        settled = {ids for what, ids, _ in self.all[:place] if what == "settled"}
        return [(ids, groups) for what, ids, groups in self.all[:place] if what == "decided" and ids not in settled]


@pytest.fixture(scope="module")
def memory() -> MemoryWorld:
    return MemoryWorld.of(unserved_world())


@pytest.fixture
def notes(monkeypatch: pytest.MonkeyPatch) -> Notes:
    found = Notes()
    decide, settle = Batch.decide, Batch.settle

    def decided(batch: Batch, candidates: Sequence[Candidate]) -> Decided:
        found.add("begun", candidates)
        answer = decide(batch, candidates)
        found.add("decided", candidates)
        return answer

    def settled(batch: Batch, piece: Decided) -> BatchResult:
        answer = settle(batch, piece)
        found.add("settled", piece.candidates)
        return answer

    monkeypatch.setattr(Batch, "decide", decided)
    monkeypatch.setattr(Batch, "settle", settled)
    monkeypatch.setattr(select, "MANY", 1)
    for step in ("invoices", "payments"):
        monkeypatch.setattr(step_class(step), "chunk", CHUNK)
    return found


def ran(world: MemoryWorld, step: str) -> dict[str, Any]:
    tenant = bench_step(step, RECORDS, "B")
    world.reset(**{"default_subsidiary": "Parent Company", **tenant.settings})
    world.load(tenant.in_mode("B"), tenant.netsuite)
    return world.run(steps=[step])


@pytest.mark.parametrize("step", ["invoices", "payments"])
def test_every_record_is_settled_once_and_groups_stay_apart(memory: MemoryWorld, notes: Notes, step: str) -> None:
    output = ran(memory, step)
    assert (output["outcome"], output["tiedOut"], output["totals"][0]["synced"]) == ("completed", True, RECORDS)
    times = Counter(i for what, ids, _ in notes.all if what == "settled" for i in ids)
    assert (len(times), set(times.values())) == (RECORDS, {1})
    ahead = [place for place, (what, _, _) in enumerate(notes.all) if what == "begun" and notes.under_way_at(place)]
    assert ahead, "nothing was read ahead"
    for place in ahead:
        _, ids, groups = notes.all[place]
        for other_ids, other_groups in notes.under_way_at(place):
            assert not ids & other_ids
            assert not groups & other_groups


def test_a_batch_has_more_chunks_the_more_is_waiting() -> None:
    assert [chunks_of(n) for n in (0, 1, MANY * WORKERS)] == [1, 1, 1]
    assert chunks_of(MANY * WORKERS + 1) == 2
    assert chunks_of(1_000_000) == MOST_CHUNKS


def test_the_first_batch_is_smaller_and_no_group_is_split() -> None:
    found = list(batches(iter([Line(str(n), "g" if 8 <= n < 15 else "", "") for n in range(20)]), 4, 2))
    assert [len(batch) for batch in found] == [2, 4, 9, 4, 1]


@pytest.mark.parametrize(
    ("groups", "size", "most", "taken"),
    [("aabbb", 3, 6, 2), ("aabbb", 2, 4, 2), ("aaaaa", 3, 3, 3), ("aaaaab", 3, 6, 5), ("aaaaaaab", 3, 6, 6), ("a", 3, 6, 1), ("", 3, 6, 0)],
)
def test_a_chunk_ends_where_a_group_does(groups: str, size: int, most: int, taken: int) -> None:
    assert len(whole_groups([Candidate(str(n), group) for n, group in enumerate(groups)], size, most)) == taken


def test_candidates_of_no_group_are_not_kept_together() -> None:
    assert len(whole_groups([Candidate(str(n)) for n in range(5)], 3, 6)) == 3
