"""One Revenue stand-in for all tests here, reset before each. The tenant's sessions go straight into it, all else through a
loopback server."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from sandbox.control import Control
from sandbox.revenue import RevenueOptions, RevenueStandIn
from sandbox.server import LoopbackServer
from tests.clients.spoil import served
from tests.standins.revenue.tenant import START, Clock, Revenue, template
from tests.straight import straight_into


@pytest.fixture(scope="session")
def running() -> Iterator[Revenue]:
    clock = Clock()
    stand_in = RevenueStandIn(RevenueOptions(clock=clock))
    app = served(Control(stand_in))
    with LoopbackServer(app) as server:
        straight = {server.url: app}
        yield Revenue(stand_in, server.url, clock, session=straight_into(straight), outside=straight_into(straight))


@pytest.fixture
def rv(running: Revenue) -> Revenue:
    """A new tenant with one template, logged in."""
    running.clock.now = START
    running.control("reset", {})
    running.load(template=[template()])
    running.log_in()
    return running
