from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.sync.memory import MemoryWorld
from tests.sync.world import World, start_world


@pytest.fixture(scope="module")
def started_world() -> Iterator[World]:
    yield from start_world()


@pytest.fixture(scope="module")
def started_mode_a() -> Iterator[World]:
    """A world whose Zuora tenant has no Invoice Settlement."""
    yield from start_world(settlement=False)


@pytest.fixture(scope="module")
def fast(started_world: World) -> MemoryWorld:
    """The same with stores in memory, for tests that need many runs."""
    return MemoryWorld.of(started_world)


@pytest.fixture
def world(started_world: World) -> World:
    started_world.reset()
    return started_world
