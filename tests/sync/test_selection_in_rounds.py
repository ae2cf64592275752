"""A selection that takes longer than a function may run: whatever the rounds are, the batches are those of one go."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest

from tallybridge.http import Call
from tallybridge.tasks.steps import step_class
from tests.faults.each_step import STEPS, fill
from tests.sync.memory import MemoryWiring, MemoryWorld
from tests.sync.world import unserved_world

LEFT_SECONDS = 20
"""What is left of a round's time after its first call: for another one it is too little."""
MAX_ROUNDS = 200
CHUNK = 1
"""So that there are several batches."""


class Slow:
    """Every call takes nearly all of the function's time."""

    def __init__(self, wiring: MemoryWiring) -> None:
        self.wiring = wiring

    def before(self, call: Call) -> None:
        clock, until = self.wiring.world.clock, self.wiring.invocation.deadline - LEFT_SECONDS
        clock.advance(seconds=max(0, until - clock.moment.timestamp()))

    def after(self, call: Call, status: int | None, seconds: float) -> None:
        return None


class SlowWiring(MemoryWiring):
    def observer(self) -> Slow:
        return Slow(self)


@pytest.fixture(scope="module")
def memory(request: pytest.FixtureRequest) -> tuple[MemoryWorld, str]:
    return MemoryWorld.of(unserved_world(settlement=request.param == "B")), request.param


def chosen(world: MemoryWorld, step: str, wiring: type[MemoryWiring]) -> tuple[list[list[Any]], int]:
    """What a selection writes, batch by batch, and how many rounds it took."""
    run_id = world.open(steps=[step])["runId"]
    worker = copy.copy(world)
    worker.wiring_class = wiring
    for rounds in range(1, MAX_ROUNDS):
        answer = worker.task(step, {"runId": run_id, "step": step, "task": "select"})
        if answer["done"]:
            folder = world.wiring().folder(run_id)
            manifest = folder.read_json(f"{step}/manifest.json")
            named = [batch for bundle in json.loads(world.object(answer["bundles"]["key"])) for batch in bundle["batches"]]
            assert named == [entry["batch"] for entry in manifest]
            batches = [list(folder.read_lines(f"{step}/{entry['file']}")) for entry in manifest]
            assert [entry["records"] for entry in manifest] == [len(rows) for rows in batches]
            assert answer["selected"] == sum(map(len, batches))
            world.close(run_id)
            return batches, rounds
        world.clock.advance(seconds=answer["wait"])
    raise AssertionError("the selection does not end")


CASES = [(m, s, path) for m, s in STEPS for path in ("data_query", "zoql") if path == "data_query" or step_class(s).system == "zuora"]


@pytest.mark.parametrize(("memory", "step", "read_path"), CASES, indirect=["memory"])
def test_a_selection_in_rounds_is_that_of_one_go(
    memory: tuple[MemoryWorld, str], step: str, read_path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    world, mode = memory
    monkeypatch.setattr(step_class(step), "chunk", CHUNK)
    fill(world, mode, step)
    world.memory.settings = json.dumps({**json.loads(world.memory.settings), "zuora.read_path": read_path})
    expected, rounds = chosen(world, step, MemoryWiring)
    assert (rounds, bool(expected)) == (1, True)
    found, rounds = chosen(world, step, SlowWiring)
    assert found == expected
    assert rounds > 1
