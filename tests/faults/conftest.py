from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.sync.world import World, start_world, unserved_world


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
