"""A run that applies a plan is killed before and after its effects: in the end everything is applied once, as by a run without a plan.
Every n-th effect of some steps in the default suite, the ways to go on taking turns; more of them of all steps with `make slow`."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import pytest

from tests.faults.each_step import STEPS, fill, picture
from tests.faults.killing import KillableWiring, Killer, KillingObserver
from tests.faults.ways import PLACES, WAYS, Place, in_turn, killed_at
from tests.sync.memory import MemoryWorld
from tests.sync.world import unserved_world

DEFAULT_EVERY = 197
SAMPLE = [("B", "invoices"), ("A", "refunds"), ("B", "netsuite_payments")]


@dataclass
class KillerAfter(Killer):
    """Kills after the first effect of a name, whichever number it has."""

    name: str = ""

    def before(self, name: str) -> int:
        number = super().before(name)
        if name == self.name and not self.where:
            self.at = number
        return number


@pytest.fixture(scope="module")
def killable(request: pytest.FixtureRequest) -> tuple[MemoryWorld, str]:
    world = unserved_world(settlement=request.param == "B")
    return MemoryWorld.of(world, KillableWiring), request.param


def planned(world: MemoryWorld, mode: str, step: str, asked: dict[str, Any]) -> Callable[[Killer], None]:
    """Makes the world anew, with a plan that `asked` then names; only what comes after it may be killed."""

    def begin(killer: Killer) -> None:
        KillingObserver.killer = Killer()
        fill(world, mode, step)
        asked["plan"] = world.run(steps=[step], dry_run=True)["runId"]
        KillingObserver.killer = killer

    return begin


def kill_every(world: MemoryWorld, mode: str, step: str, every: int, places: Iterable[Place]) -> None:
    asked: dict[str, Any] = {}
    begin = planned(world, mode, step, asked)
    begin(killer := Killer())
    assert world.run(**asked)["tiedOut"]
    number, expected = len(killer.names), picture(world)
    for place, way, moment in places:
        for at in range(1 + (place * 7) % min(every, number), number + 1, every):
            dead, output = killed_at(world, way, at, moment, begin, [step], asked)
            where = f"{step}, mode {mode}: effect {at} of {number}, {dead.where}; {way}"
            assert output.get("tiedOut") is True, (where, world.summary(output)["messages"])
            assert picture(world) == expected, where


@pytest.mark.parametrize(("killable", "step"), SAMPLE, indirect=["killable"])
def test_a_killed_plan_is_applied_once(killable: tuple[MemoryWorld, str], step: str) -> None:
    world, mode = killable
    kill_every(world, mode, step, DEFAULT_EVERY, in_turn(SAMPLE.index((mode, step))))


@pytest.mark.parametrize("killable", ["B"], indirect=True)
@pytest.mark.parametrize("way", WAYS)
def test_what_was_sent_when_the_worker_died_is_still_as_planned(killable: tuple[MemoryWorld, str], way: str) -> None:
    """Its counterpart is there by then, so that its plan is another one than before."""
    world, mode = killable
    asked: dict[str, Any] = {}
    begin = planned(world, mode, "invoices", asked)
    begin(Killer())
    world.run(**asked)
    expected = picture(world)
    begin(killer := KillerAfter(moment="after", name="NetSuite POST invoice"))
    output = WAYS[way](world, killer, ["invoices"], asked)
    assert killer.where
    assert (output["tiedOut"], world.summary(output)["due"], picture(world)) == (True, 0, expected)


@pytest.mark.slow
@pytest.mark.parametrize(("killable", "step"), STEPS, indirect=["killable"])
def test_a_plan_of_every_step_is_applied_once(killable: tuple[MemoryWorld, str], step: str) -> None:
    kill_every(*killable, step, 7, PLACES)
