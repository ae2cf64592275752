from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.sync.memory import MemoryWorld
from tests.sync.world import start_world


@pytest.fixture(scope="module")
def started_mode_a() -> Iterator[MemoryWorld]:
    """A world whose Zuora tenant has no Invoice Settlement, to begin with."""
    for world in start_world(settlement=False):
        yield MemoryWorld.of(world)


@pytest.fixture(scope="module")
def started_mode_b() -> Iterator[MemoryWorld]:
    """A world whose Zuora tenant has Invoice Settlement."""
    for world in start_world():
        yield MemoryWorld.of(world)
