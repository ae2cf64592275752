"""Credentials that end soon are told by the doctor, by the run, its mail and the console, each with what ends it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date, timedelta
from itertools import takewhile
from pathlib import Path
from typing import Any

import boto3
import pytest

from sandbox.clock import VirtualClock
from sandbox.host import Sandbox, SandboxOptions
from tallybridge.console.app import Console
from tallybridge.console.roles import Role
from tallybridge.console.site import OwnMachine, Site
from tallybridge.desk import certificate_change, credentials
from tallybridge.desk.doctor import State, examine
from tallybridge.desk.target import Target
from tallybridge.expiry import CODE
from tests.console.conftest import fault
from tests.console.world import ADDRESS, KEY, Browser

PERSON = "ann@example.com"
STEP = {"trigger": "manual", "steps": ["customers"]}
"""Credentials are looked at by a run, whichever steps it has."""


@pytest.fixture
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    options = SandboxOptions(
        out=tmp_path_factory.mktemp("out"), child=False, clock=VirtualClock(), console=False, settings={"notify_on_success": "No"}
    )
    with Sandbox(options) as started:
        # Months pass here, in which it would look after the runs every quarter of an hour.
        boto3.client("scheduler").delete_schedule(Name=started.aws.physical_ids["WatchRunsSchedule"])
        yield started


@pytest.fixture
def target(sandbox: Sandbox) -> Target:
    return Target(sandbox.env, "the test", sandbox.aws.clock)


def ends_in(target: Target, days: int, system: str = "netsuite") -> str:
    """Say that the credentials of a side end in so many days."""
    day = (target.clock.now().date() + timedelta(days=days)).isoformat()
    credentials.rotate(target, system, {"expires_on": day}, PERSON)
    return day


def told(sandbox: Sandbox) -> dict[str, Any]:
    """The causes of a run, by code."""
    ended = sandbox.aws.run("BillingSyncArn", STEP)
    sandbox.aws.settle()
    folder = Target(sandbox.env, "the test", sandbox.aws.clock).folder(ended["executionArn"].rpartition(":")[2])
    return {cause["code"]: cause for cause in folder.read_json("summary.json")["causes"]}


def checked(target: Target) -> dict[str, tuple[State, str]]:
    first = takewhile(lambda c: c.area in ("AWS", "Settings", "Credentials"), examine(target))
    return {c.name: (c.state, c.next) for c in first if c.area == "Credentials"}


def mails(sandbox: Sandbox) -> list[str]:
    """The texts of the mails since the last look."""
    sent = [mail.get_body(("plain",)).get_content() for mail in sandbox.aws.sent_mails()]  # type: ignore[union-attr]
    return sent


def test_the_doctor_looks_sixty_days_ahead(sandbox: Sandbox, target: Target) -> None:
    client, name = target.client("secretsmanager"), target["CREDENTIALS_SECRET"]
    whole = json.loads(client.get_secret_value(SecretId=name)["SecretString"])
    client.put_secret_value(SecretId=name, SecretString=json.dumps({**whole, "netsuite": {**whole["netsuite"], "expires_on": ""}}))
    assert checked(target)["last day of NetSuite"][0] is State.NOTE, "nobody has said it"
    for days, state in ((61, State.OK), (60, State.WARN), (0, State.WARN), (-1, State.FAIL)):
        ends_in(target, days)
        found, advice = checked(target)["last day of NetSuite"]
        assert (found, "rotate netsuite --certificate" in advice) == (state, state is not State.OK)
    ends_in(target, 3, "zuora")
    assert "`tallybridge rotate zuora`" in checked(target)["last day of Zuora"][1]


def test_a_run_tells_it_and_mails_it_at_each_stage(sandbox: Sandbox, target: Target, tmp_path: Path) -> None:
    ends_in(target, 61)
    assert CODE not in told(sandbox)
    before = len(mails(sandbox))
    day = ends_in(target, 60)
    sandbox.aws.run("BillingSyncArn", {**STEP, "dryRun": True})
    cause = told(sandbox)[CODE]
    assert day in json.dumps(cause) and "rotate netsuite --certificate" in json.dumps(cause)
    assert len(mails(sandbox)) == before + 1
    assert day in mails(sandbox)[-1] and "rotate netsuite --certificate" in mails(sandbox)[-1]
    for _ in range(3):
        sandbox.aws.clock.sleep(86_400 * 3)
        told(sandbox)
    assert len(mails(sandbox)) == before + 1, "mailed once in a stage"
    for days in (30, 14):
        sandbox.aws.clock.sleep((ends_at(day) - target.clock.now().date()).days * 86_400 - days * 86_400)
        assert CODE in told(sandbox)
    assert len(mails(sandbox)) == before + 3, "and once more when it is nearer"


def test_the_console_shows_it_until_the_advice_was_followed(sandbox: Sandbox, target: Target, tmp_path: Path) -> None:
    browser = Browser(Console(Site(target, ADDRESS, "a-secret-of-the-tests", OwnMachine(KEY, PERSON, Role.VIEWER), "Test"), fault))
    browser.get(f"/enter?key={KEY}")
    assert "expire" not in browser.get("/").seen
    day = ends_in(target, 20)
    for page in ("/", "/settings"):
        assert day in browser.get(page).seen and "tallybridge rotate netsuite --certificate" in browser.get(page).seen
    ends_in(target, -1)
    assert "expired on" in browser.get("/").seen
    certificate_change.begin(target, tmp_path, PERSON)
    assert "expire" not in browser.get("/").seen
    assert CODE not in told(sandbox)


def test_a_run_that_opens_twice_tells_it_both_times(sandbox: Sandbox, target: Target) -> None:
    """Step Functions opens a run again after a lost answer."""
    runs = target.runs
    assert [runs.is_first_to_tell("x", "one", run) for run in ("a", "a", "b")] == [True, True, False]
    assert [runs.is_first_to_tell("x", "two", run) for run in ("b", "a")] == [True, False]


def ends_at(day: str) -> date:
    return date.fromisoformat(day)
