from __future__ import annotations

import pytest

from tests.sync.memory import MemoryWorld
from tests.sync.world import unserved_world


@pytest.fixture(scope="module")
def started_mode_a() -> MemoryWorld:
    """A world whose Zuora tenant has no Invoice Settlement, to begin with."""
    return MemoryWorld.of(unserved_world(settlement=False))


@pytest.fixture(scope="module")
def started_mode_b() -> MemoryWorld:
    """A world whose Zuora tenant has Invoice Settlement."""
    return MemoryWorld.of(unserved_world())
