from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.faults.killing import KillableWiring
from tests.sync.memory import MemoryWorld
from tests.sync.world import unserved_world


@pytest.fixture(scope="module")
def world_of() -> Callable[[str], MemoryWorld]:
    """A world for each mode, made when it is first asked for."""
    made: dict[str, MemoryWorld] = {}

    def of(mode: str) -> MemoryWorld:
        if mode not in made:
            made[mode] = MemoryWorld.of(unserved_world(settlement=mode == "B"), KillableWiring)
        return made[mode]

    return of
