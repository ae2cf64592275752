from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from tallybridge.console.app import Console
from tallybridge.console.roles import Role
from tallybridge.console.site import OwnMachine, Site
from tallybridge_cli.target import Target
from tests.cli.conftest import TestClock, clients, clock, target
from tests.console.world import ADDRESS, KEY, Browser, Executions, Scheduler

__all__ = ["TestClock", "clients", "clock", "target"]


@pytest.fixture
def scheduler(target: Target) -> Scheduler:
    target.clients["scheduler"] = made = Scheduler()
    return made


@pytest.fixture
def executions(target: Target) -> Executions:
    target.clients["stepfunctions"] = made = Executions()
    return made


@pytest.fixture
def site(target: Target, scheduler: Scheduler, executions: Executions) -> Site:
    return Site(target, ADDRESS, "a-secret-of-the-tests", OwnMachine(KEY, "ann@example.com", Role.APPROVER), "Test")


def fault(error: Exception) -> None:
    """A fault of the console fails the test that meets it."""
    raise error


@pytest.fixture
def signed_in(site: Site) -> Callable[..., Browser]:
    """signed_in(Role.VIEWER) -> a browser in which a person of this role is signed in."""

    def enter(role: Role = Role.APPROVER, person: str = "ann@example.com") -> Browser:
        browser = Browser(Console(replace(site, entrance=OwnMachine(KEY, person, role)), fault))
        answer = browser.get(f"/enter?key={KEY}")
        assert answer.status == 303, answer.seen
        return browser

    return enter


@pytest.fixture
def browser(signed_in: Any) -> Browser:
    """An approver's."""
    made: Browser = signed_in()
    return made
