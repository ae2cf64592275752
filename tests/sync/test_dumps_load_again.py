"""What the stand-ins dump after runs is the same tenant and account when it is loaded again, and a run changes nothing there."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sync.full_world import full_world
from tests.sync.memory import Memory, MemoryParameters, MemoryWorld
from tests.sync.world import unserved_world


@pytest.fixture(scope="module", params=["A", "B"])
def left(request: pytest.FixtureRequest) -> tuple[MemoryWorld, dict[str, Any]]:
    """A world, with Invoice Settlement in mode B, and both dumps after runs in which every step has written something."""
    world = MemoryWorld.of(unserved_world(settlement=request.param == "B"))
    full = full_world(request.param)
    world.reset(default_subsidiary="Parent Company", **full.settings)
    world.load(full.first_zuora, full.first_netsuite)
    assert world.reported()["outcome"] == "completed"
    world.load(netsuite=full.second)
    assert world.reported()["outcome"] == "completed"
    assert world.reported()["outcome"] == "completed"
    return world, dumps(world)


def dumps(world: MemoryWorld) -> dict[str, Any]:
    """Both dumps as they come over the wire."""
    return {name: world.session.get(f"{control(world, name)}/dump").json() for name in ("zuora", "netsuite")}


def load(world: MemoryWorld, dumped: dict[str, Any]) -> None:
    """Both stand-ins anew, with these dumps."""
    for name in ("netsuite", "zuora"):
        world.session.post(f"{control(world, name)}/reset").raise_for_status()
        answer = world.session.post(f"{control(world, name)}/load", json=dumped[name])
        assert answer.status_code == 200, answer.text


def control(world: MemoryWorld, system: str) -> str:
    return f"{world.credentials[system]['base_url']}/_sandbox"


def differences(before: Any, after: Any, at: str = "") -> list[str]:
    if isinstance(before, dict) and isinstance(after, dict):
        return [d for key in sorted({*before, *after}) for d in differences(before.get(key), after.get(key), f"{at}.{key}")]
    if isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        return [d for n, (one, other) in enumerate(zip(before, after, strict=True)) for d in differences(one, other, f"{at}[{n}]")]
    return [] if before == after else [f"{at}: {before!r} -> {after!r}"]


def test_what_runs_have_made_loads_again_as_it_was(left: tuple[MemoryWorld, dict[str, Any]]) -> None:
    world, dumped = left
    load(world, dumped)
    assert differences(dumped, dumps(world)) == []


def test_a_run_changes_nothing_in_what_was_loaded_again(left: tuple[MemoryWorld, dict[str, Any]]) -> None:
    """Neither with the ledger of the runs before, nor without one, as after moving to another machine."""
    world, dumped = left
    ledger = world.memory
    for memory in (ledger, Memory(parameters=MemoryParameters(ledger.settings))):
        world.memory = memory
        load(world, dumped)
        summary = world.reported()
        assert (summary["outcome"], summary["tiedOut"]) == ("completed", True)
        assert differences(dumped, dumps(world)) == []
