from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from tests.faults.branching import one_thread
from tests.simulation.trying import Worlds
from tests.sync.memory import MemoryWorld


@pytest.fixture(scope="module")
def worlds() -> Worlds:
    return Worlds()


@pytest.fixture
def world_of(worlds: Worlds) -> Iterator[Callable[[str], MemoryWorld]]:
    """The world of a mode, in which everything is done in one thread."""
    with one_thread():
        yield worlds.of
