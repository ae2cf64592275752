"""One Revenue stand-in behind a loopback server for all tests here, reset before each."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import requests

from sandbox.control import Control
from sandbox.revenue import RevenueOptions, RevenueStandIn
from sandbox.server import LoopbackServer
from tests.clients.spoil import served
from tests.standins.revenue.tenant import START, Clock, Revenue, template


@pytest.fixture(scope="session")
def running() -> Iterator[Revenue]:
    clock = Clock()
    stand_in = RevenueStandIn(RevenueOptions(clock=clock))
    with LoopbackServer(served(Control(stand_in))) as server:
        yield Revenue(stand_in, server.url, clock)


@pytest.fixture
def rv(running: Revenue) -> Revenue:
    """A new tenant with one template, logged in."""
    running.clock.now = START
    requests.post(f"{running.url}/_sandbox/reset", timeout=10)
    running.load(template=[template()])
    running.log_in()
    return running
