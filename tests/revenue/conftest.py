from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.revenue.host import Host, started
from tests.revenue.world import RevenueWorld, start


@pytest.fixture(scope="session")
def revenue_world() -> RevenueWorld:
    return start()


@pytest.fixture
def world(revenue_world: RevenueWorld) -> RevenueWorld:
    """A fresh world: two templates, no datasets, an instance with orders and invoices."""
    revenue_world.reset()
    return revenue_world


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Host]:
    yield from started(tmp_path_factory.mktemp("out"))
