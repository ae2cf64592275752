from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.faults.branching import one_thread
from tests.sync.world import World, start_world, unserved_world


@pytest.fixture(autouse=True)
def in_one_thread(request: pytest.FixtureRequest) -> Iterator[None]:
    """What a run does side by side is done one after the other in the default suite, but for modules whose subject threads are
    (`IN_THREADS`)."""
    if getattr(request.module, "IN_THREADS", False) or request.node.get_closest_marker("slow"):
        yield
        return
    with one_thread():
        yield


@pytest.fixture(scope="module")
def started_world() -> World:
    return unserved_world()


@pytest.fixture(scope="module")
def served_world() -> Iterator[World]:
    yield from start_world()


@pytest.fixture
def world(served_world: World) -> World:
    served_world.reset()
    return served_world
