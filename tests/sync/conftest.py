from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.faults.branching import one_thread
from tests.sync.memory import MemoryWorld
from tests.sync.world import World, start_world, unserved_world


@pytest.fixture(scope="module", autouse=True)
def _threads(request: pytest.FixtureRequest) -> Iterator[None]:
    """What a run does side by side is done one after the other, which is the same for whoever does not look at the threads and spares a
    tenth of the time. Modules whose subject they are say so (`IN_THREADS`)."""
    if getattr(request.module, "IN_THREADS", False):
        yield
        return
    with one_thread():
        yield


@pytest.fixture(scope="module")
def started_world() -> World:
    return unserved_world()


@pytest.fixture(scope="module")
def started_mode_a() -> World:
    """A world whose Zuora tenant has no Invoice Settlement."""
    return unserved_world(settlement=False)


@pytest.fixture(scope="module")
def started(started_world: World, started_mode_a: World) -> dict[str, World]:
    """The worlds of both modes."""
    return {"A": started_mode_a, "B": started_world}


@pytest.fixture(scope="module")
def fast(started_world: World) -> MemoryWorld:
    """Stores in memory, for tests that need many runs."""
    return MemoryWorld.of(started_world)


@pytest.fixture(scope="module")
def served_world() -> Iterator[World]:
    yield from start_world()


@pytest.fixture
def world(served_world: World) -> World:
    served_world.reset()
    return served_world
