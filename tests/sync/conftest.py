from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.sync.world import World, start_world


@pytest.fixture(scope="module")
def started_world() -> Iterator[World]:
    yield from start_world()


@pytest.fixture
def world(started_world: World) -> World:
    started_world.reset()
    return started_world
