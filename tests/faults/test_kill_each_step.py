"""Each step of the billing sync alone, killed before and after its effects, in both ways to go on: in the end both systems look exactly as
after a run that nobody disturbed. Two effects of each in the default suite; each single one with `python -m tests.faults` (`make faults`).

There a worker does one thing after the other. Here some more die while their threads work side by side (`make slow`)."""

from __future__ import annotations

from typing import Any

import pytest

from tallybridge.tasks import select
from tallybridge.tasks.steps import step_class
from tests.faults import each_step
from tests.faults.deaths import one_of_each, prove
from tests.faults.each_step import IN_JOBS, RECORDS, STEPS, fill, picture
from tests.faults.killing import KillableWiring, Killer, KillingObserver
from tests.faults.ways import MOMENTS, PLACES, WAYS, in_turn, killed_at
from tests.sync.memory import MemoryWorld
from tests.sync.world import unserved_world

IN_THREADS = True
THREADS_EVERY = 29
OVERLAPPING = 6
OVERLAPS = [("A", "invoices"), ("B", "invoices"), ("B", "payments")]
OVERLAP_EVERY, OVERLAP_MANY = 211, 61
SHIFT = 11
"""Each step, way and moment begins at another effect, so that together they meet more of them."""


@pytest.mark.parametrize(("mode", "step"), STEPS)
def test_a_killed_step_leaves_nothing_undone_and_nothing_doubled(mode: str, step: str) -> None:
    tally = prove(mode, step, sample=one_of_each(STEPS.index((mode, step)), len(STEPS)))
    assert tally.cases == len(WAYS) == len(MOMENTS) and not tally.failures, tally


@pytest.mark.parametrize(("mode", "step"), IN_JOBS)
def test_a_step_killed_around_its_job_leaves_nothing_undone_and_nothing_doubled(mode: str, step: str) -> None:
    tally = prove(mode, step, jobs=True, sample=one_of_each(IN_JOBS.index((mode, step)), len(IN_JOBS)))
    assert tally.cases == len(WAYS) == len(MOMENTS) and not tally.failures, tally


# -- while threads work side by side -----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def killable(request: pytest.FixtureRequest) -> tuple[MemoryWorld, str]:
    return MemoryWorld.of(unserved_world(settlement=request.param == "B"), KillableWiring), request.param


def new_world(world: MemoryWorld, mode: str, step: str, killer: Killer) -> None:
    KillingObserver.killer = killer
    fill(world, mode, step)


def undisturbed(world: MemoryWorld, step: str, mode: str) -> tuple[int, dict[str, list[Any]]]:
    killer = Killer()
    new_world(world, mode, step, killer)
    output = world.run(steps=[step])
    assert output["outcome"] == "completed", world.summary(output)["messages"]
    assert sum(t["synced"] for t in output["totals"]) == RECORDS
    return len(killer.names), picture(world)


@pytest.mark.slow
@pytest.mark.parametrize(("killable", "step"), STEPS, indirect=["killable"])
def test_a_step_killed_among_its_threads_leaves_nothing_undone_and_nothing_doubled(killable: tuple[MemoryWorld, str], step: str) -> None:
    world, mode = killable
    number, expected = undisturbed(world, step, mode)
    for place, way, moment in PLACES:
        shift = SHIFT * (4 * STEPS.index((mode, step)) + place)
        for at in range(1 + shift % THREADS_EVERY, number + 1, THREADS_EVERY):
            killer, output = killed_at(world, way, at, moment, lambda k: new_world(world, mode, step, k), [step])
            where = f"{step}, mode {mode}: effect {at} of {number}, {killer.where}; {way}"
            assert output.get("tiedOut") is True, (where, world.summary(output)["messages"])
            found = picture(world)
            differing = {k: (v, found.get(k)) for k, v in expected.items() if found.get(k) != v}
            assert not differing, (where, differing)


# -- while chunks overlap ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("every", [OVERLAP_EVERY, pytest.param(OVERLAP_MANY, marks=pytest.mark.slow)], ids=["some", "many"])
@pytest.mark.parametrize(("killable", "step"), OVERLAPS, indirect=["killable"])
def test_a_step_killed_while_its_chunks_overlap_leaves_nothing_undone_and_nothing_doubled(
    killable: tuple[MemoryWorld, str], step: str, every: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Chunks of one record, three in a batch: one is read, one is sent and one is settled when the worker dies."""
    world, mode = killable
    monkeypatch.setattr(each_step, "RECORDS", OVERLAPPING)
    monkeypatch.setattr(select, "MANY", 1)
    monkeypatch.setattr(step_class(step), "chunk", 1)
    killer = Killer()
    new_world(world, mode, step, killer)
    output = world.run(steps=[step])
    assert (output["outcome"], output["tiedOut"]) == ("completed", True)
    number, expected = len(killer.names), picture(world)
    for place, way, moment in PLACES if every == OVERLAP_MANY else in_turn(OVERLAPS.index((mode, step))):
        for at in range(every // 2 + SHIFT * place, number + 1, every):
            killer, output = killed_at(world, way, at, moment, lambda k: new_world(world, mode, step, k), [step])
            where = f"{step}, mode {mode}: effect {at} of {number}, {killer.where}; {way}"
            assert output.get("tiedOut") is True, (where, world.summary(output)["messages"])
            found = picture(world)
            assert not {k: (v, found.get(k)) for k, v in expected.items() if found.get(k) != v}, where
