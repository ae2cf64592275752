"""One NetSuite stand-in for all tests here, reset before each. The account's sessions go straight into it, all else through a
loopback server."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from sandbox.control import Control
from sandbox.netsuite import NetSuiteOptions, NetSuiteStandIn, new_key_pair
from sandbox.server import LoopbackServer
from tests.standins.netsuite.account import START, Account, Clock
from tests.straight import straight_into


@pytest.fixture(scope="session")
def served() -> Iterator[tuple[Control, Account]]:
    private, public = new_key_pair()
    clock = Clock()
    stand_in = NetSuiteStandIn(NetSuiteOptions(certificate_public_key=public, clock=clock, time_zone="UTC", allow_number_override=True))
    control = Control(stand_in)
    with LoopbackServer(control) as server:
        straight = {server.url: control}
        yield control, Account(stand_in, server.url, clock, private, straight_into(straight), straight_into(straight))


@pytest.fixture(scope="session")
def running(served: tuple[Control, Account]) -> Account:
    return served[1]


@pytest.fixture
def control(served: tuple[Control, Account]) -> Control:
    """What is around the stand-in."""
    return served[0]


@pytest.fixture
def ns(running: Account) -> Iterator[Account]:
    """A new account, logged in."""
    running.clock.now = START
    running.outside.post(f"{running.url}/_sandbox/reset", timeout=10)
    defaults = dict(vars(running.options))
    running.log_in()
    yield running
    vars(running.options).update(defaults)
