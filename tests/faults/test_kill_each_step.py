"""Each step of the billing sync alone, killed before and after its effects: in the end both systems look exactly as after a run that
nobody disturbed. Every n-th effect in the default suite; all of them with KILL_EVERY=1 (`make faults`).

A worker that dies right after an effect and one that dies before the next leave nearly the same behind, so the complete set tries the one
at every effect and the other at every fifth; the two ways to go on take turns."""

from __future__ import annotations

import os
from typing import Any

import pytest

from tests.faults.each_step import RECORDS, STEPS, fill, picture
from tests.faults.killing import KillableWiring, Killer, KillingObserver
from tests.faults.ways import WAYS, killed_at
from tests.sync.memory import MemoryWorld
from tests.sync.world import unserved_world

DEFAULT_EVERY = 71
BEFORE_EVERY = 5
SHIFT = 11
"""Each step, way and moment begins at another effect, so that together they meet more of them."""
EACH = pytest.mark.parametrize(("killable", "step"), STEPS, indirect=["killable"])


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


def places_of(number: int, every: int, moment: str, place: int, shift: int) -> range:
    """The effects at which a worker dies, from 1: every n-th one. In the complete set (1) the ways take turns, so that each effect is tried
    after it happened, and every fifth before, too."""
    if every > 1:
        return range(1 + (SHIFT * shift) % min(every, number), number + 1, every)
    stride = 2 if moment == "after" else 2 * BEFORE_EVERY
    return range(1 + place // 2, number + 1, stride)


def kill_every(world: MemoryWorld, mode: str, step: str, every: int) -> None:
    number, expected = undisturbed(world, step, mode)
    for place, (way, moment) in enumerate((w, m) for w in WAYS for m in ("before", "after")):
        for at in places_of(number, every, moment, place, 4 * STEPS.index((mode, step)) + place):
            killer, output = killed_at(world, way, at, moment, lambda k: new_world(world, mode, step, k), [step])
            where = f"{step}, mode {mode}: effect {at} of {number}, {killer.where}; {way}"
            assert killer.where, where
            assert output.get("tiedOut") is True, (where, world.summary(output)["messages"])
            found = picture(world)
            differing = {k: (v, found.get(k)) for k, v in expected.items() if found.get(k) != v}
            assert not differing, (where, differing)


@EACH
def test_a_killed_step_leaves_nothing_undone_and_nothing_doubled(killable: tuple[MemoryWorld, str], step: str) -> None:
    kill_every(*killable, step, int(os.environ.get("KILL_EVERY", DEFAULT_EVERY)))


@pytest.mark.slow
@EACH
def test_killed_at_each_single_effect_of_a_step(killable: tuple[MemoryWorld, str], step: str) -> None:
    kill_every(*killable, step, 1)
