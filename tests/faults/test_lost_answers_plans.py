"""A plan is applied with one answer lost after the request was applied: in the end both systems look exactly as if nothing had been lost.
Every n-th call of some steps in the default suite, of each other ones; every second one of all steps with `make slow`."""

from __future__ import annotations

from typing import Any

import pytest

from tests.faults.deaths import undisturbed
from tests.faults.each_step import STEPS, fill, picture
from tests.faults.test_lost_answers_each_step import MAX_RUNS
from tests.sync.memory import MemoryWorld
from tests.sync.world import unserved_world

DEFAULT_EVERY = 11
SAMPLE = [("B", "invoices"), ("A", "payments"), ("B", "netsuite_refunds")]


@pytest.fixture(scope="module")
def memory(request: pytest.FixtureRequest) -> tuple[MemoryWorld, str]:
    return MemoryWorld.of(unserved_world(settlement=request.param == "B")), request.param


def lose_every(world: MemoryWorld, mode: str, step: str, every: int, first: int = 0) -> None:
    known = undisturbed(mode, step)
    for system, method, nth in known.calls[first::every]:
        fill(world, mode, step)
        asked: dict[str, Any] = {"plan": world.run(steps=[step], dry_run=True)["runId"]}
        control = world.zuora_control if system == "zuora" else world.netsuite_control
        control.set_faults([{"method": method, "path": "/", "nth": nth, "drop": "after"}])
        where = f"{step}, mode {mode}: answer to {method} {nth} of {system} lost"
        output: dict[str, Any] = {}
        for _ in range(MAX_RUNS):
            output = world.run(**asked)
            if output.get("outcome") == "completed":
                break
            world.clock.advance(minutes=30)
            asked = {"steps": [step]}
        control.set_faults([])
        assert output.get("outcome") == "completed", (where, world.summary(output)["messages"])
        assert picture(world) == known.picture, where


@pytest.mark.parametrize(("memory", "step"), SAMPLE, indirect=["memory"])
def test_a_lost_answer_leaves_nothing_of_a_plan_undone_and_nothing_doubled(memory: tuple[MemoryWorld, str], step: str) -> None:
    world, mode = memory
    lose_every(world, mode, step, DEFAULT_EVERY, 4 * SAMPLE.index((mode, step)))


@pytest.mark.slow
@pytest.mark.parametrize(("memory", "step"), STEPS, indirect=["memory"])
def test_lost_answers_of_plans_of_every_step(memory: tuple[MemoryWorld, str], step: str) -> None:
    lose_every(*memory, step, 2)
