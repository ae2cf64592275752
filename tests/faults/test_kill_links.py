"""A run that carries out instructions is killed before and after its effects: in the end what was linked is linked once, and nothing was
made. Every n-th effect of some steps in the default suite, the ways to go on taking turns; more of them of all steps with `make slow`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest

from tests.faults.each_step import STEPS
from tests.faults.killing import KillableWiring, Killer, KillingObserver
from tests.faults.ways import PLACES, Place, in_turn, killed_at
from tests.sync.by_hand import ONE_OF_SEVERAL, counted, entered_by_hand, links, paired
from tests.sync.memory import MemoryWorld
from tests.sync.world import unserved_world

DEFAULT_EVERY = 197
SAMPLE = [("B", "invoices"), ("A", "payments"), ("B", "netsuite_payments"), ("A", "customers")]
LINKED = [(mode, step) for mode, step in STEPS if step not in ONE_OF_SEVERAL]


@pytest.fixture(scope="module")
def killable(request: pytest.FixtureRequest) -> tuple[MemoryWorld, str]:
    world = unserved_world(settlement=request.param == "B")
    return MemoryWorld.of(world, KillableWiring), request.param


def kill_every(world: MemoryWorld, mode: str, step: str, every: int, places: Iterable[Place]) -> None:
    together: dict[str, dict[str, Any]] = {}

    def begin(killer: Killer) -> None:
        KillingObserver.killer = Killer()
        together.clear()
        together.update(entered_by_hand(world, mode, step))
        links(world, step, together)
        KillingObserver.killer = killer

    begin(killer := Killer())
    world.run(steps=[step])
    number, there = len(killer.names), counted(world)
    assert all(paired(world, item) for item in together.values())
    for place, way, moment in places:
        for at in range(1 + (place * 7) % min(every, number), number + 1, every):
            dead, output = killed_at(world, way, at, moment, begin, [step])
            where = f"{step}, mode {mode}: effect {at} of {number}, {dead.where}; {way}"
            assert output.get("tiedOut") is True, (where, world.summary(output)["messages"])
            assert counted(world) == there, where
            assert [key for key, item in together.items() if not paired(world, item)] == [], where


@pytest.mark.parametrize(("killable", "step"), SAMPLE, indirect=["killable"])
def test_a_killed_link_is_made_once(killable: tuple[MemoryWorld, str], step: str) -> None:
    world, mode = killable
    kill_every(world, mode, step, DEFAULT_EVERY, in_turn(SAMPLE.index((mode, step))))


@pytest.mark.slow
@pytest.mark.parametrize(("killable", "step"), LINKED, indirect=["killable"])
def test_a_link_of_every_step_is_made_once(killable: tuple[MemoryWorld, str], step: str) -> None:
    kill_every(*killable, step, 7, PLACES)
