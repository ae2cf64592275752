"""One NetSuite stand-in behind a loopback server for all tests here, reset before each."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import requests

from sandbox.control import Control
from sandbox.netsuite import NetSuiteOptions, NetSuiteStandIn, new_key_pair
from sandbox.server import LoopbackServer
from tests.standins.netsuite.account import START, Account, Clock


@pytest.fixture(scope="session")
def served() -> Iterator[tuple[Control, Account]]:
    private, public = new_key_pair()
    clock = Clock()
    stand_in = NetSuiteStandIn(NetSuiteOptions(certificate_public_key=public, clock=clock, time_zone="UTC", allow_number_override=True))
    control = Control(stand_in)
    with LoopbackServer(control) as server:
        yield control, Account(stand_in, server.url, clock, private)


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
    requests.post(f"{running.url}/_sandbox/reset", timeout=10)
    defaults = dict(vars(running.options))
    running.log_in()
    yield running
    vars(running.options).update(defaults)
