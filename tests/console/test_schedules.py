"""Schedules and the checks of the set-up in the console."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from tallybridge.console.app import Console
from tallybridge.console.roles import Role
from tallybridge.console.site import OwnMachine, Site
from tallybridge.desk.schedule_words import words
from tallybridge_cli.target import Target
from tests.console.conftest import fault
from tests.console.world import KEY, Browser, Executions, Scheduler


def test_the_billing_sync_in_words_with_its_next_five_starts(browser: Browser, scheduler: Scheduler) -> None:
    scheduler.schedule |= {"ScheduleExpression": "cron(30 6 ? * MON-FRI *)", "ScheduleExpressionTimezone": "Europe/Berlin"}
    billing = browser.get("/schedules?format=json").data["billing"]
    assert (billing["words"], billing["timezone"], billing["state"]) == ("Monday to Friday at 06:30", "Europe/Berlin", "on")
    days = ("Mon 2026-05-04", "Tue 2026-05-05", "Wed 2026-05-06", "Thu 2026-05-07", "Fri 2026-05-08")
    assert billing["next"] == [f"{day} 06:30 CEST" for day in days]
    assert "Fri 2026-05-08 06:30 CEST" in browser.get("/schedules").seen


def test_it_is_changed_and_paused(browser: Browser, scheduler: Scheduler) -> None:
    answer = browser.send("/schedules", "/schedules/change", expression="rate(2 hours)", timezone="Europe/Berlin")
    assert answer.where == "/schedules?done=changed"
    now = scheduler.schedule
    assert (now["ScheduleExpression"], now["ScheduleExpressionTimezone"]) == ("rate(2 hours)", "Europe/Berlin")
    assert browser.send("/schedules", "/schedules/switch", state="off").where == "/schedules?done=paused"
    assert scheduler.schedule["State"] == "DISABLED"
    assert "none" in browser.get("/schedules").seen.partition("Next starts")[2][:12]


WRONG = [("every night", "UTC"), ("cron(0 2 * * * *)", "UTC"), ("rate(0 hours)", "UTC"), ("rate(1 day)", "Mars")]


@pytest.mark.parametrize(("expression", "zone"), WRONG)
def test_what_eventbridge_would_not_understand_changes_nothing(browser: Browser, scheduler: Scheduler, expression: str, zone: str) -> None:
    before = dict(scheduler.schedule)
    answer = browser.send("/schedules", "/schedules/change", expression=expression, timezone=zone)
    assert (answer.status, "SCHEDULE" in answer.seen, scheduler.schedule == before) == (400, True, True)
    assert f'value="{expression}"' in answer.text


def test_a_run_on_demand(browser: Browser, executions: Executions) -> None:
    assert browser.send("/schedules", "/schedules/start", kind="run").where == "/?done=started"
    assert len(executions.started) == 1


def test_a_viewer_changes_nothing(signed_in: Callable[..., Browser], scheduler: Scheduler) -> None:
    viewer, before = signed_in(Role.VIEWER), dict(scheduler.schedule)
    form = {**viewer.get("/schedules").fields("/signout"), "expression": "rate(1 day)", "timezone": "UTC", "state": "off"}
    assert [viewer.post(f"/schedules/{action}", form).status for action in ("change", "switch", "start", "revenue")] == [403] * 4
    assert scheduler.schedule == before


@pytest.mark.parametrize(
    ("expression", "text"),
    [
        ("cron(0 2 * * ? *)", "every day at 02:00"),
        ("cron(0 2,14 * * ? *)", "every day at 02:00 and 14:00"),
        ("cron(0 6 1 * ? *)", "on day 1 of the month at 06:00"),
        ("cron(0 6 L * ? *)", "on the last day of the month at 06:00"),
        ("cron(0 6 ? * TUE#2 *)", "on the second Tuesday of the month at 06:00"),
        ("cron(0 6 ? * MON,WED *)", "every Monday and Wednesday at 06:00"),
        ("cron(0 6 1 1,7 ? *)", "on day 1 of January and July at 06:00"),
        ("cron(0/15 * * * ? *)", "every 15 minutes"),
        ("cron(5 0/2 * * ? *)", "every 2 hours from 00:05"),
        ("rate(1 day)", "every day"),
        ("rate(2 hours)", "every 2 hours"),
        ("at(2026-11-02T02:00:00)", "once, at 2026-11-02 02:00:00"),
        ("cron(0 2 * * ? 2027)", "cron(0 2 * * ? 2027)"),
        ("cron(0 2 15W * ? *)", "cron(0 2 15W * ? *)"),
        ("nonsense", "nonsense"),
    ],
)
def test_a_schedule_in_words(expression: str, text: str) -> None:
    assert words(expression) == text


# -- the revenue connector ---------------------------------------------------------------------------------------------


@pytest.fixture
def with_revenue(site: Site, target: Target, monkeypatch: pytest.MonkeyPatch) -> Browser:
    """An approver's browser of an installation whose revenue connector has two instances."""
    names = {**target.variables, "REVENUE_SETTINGS_PARAMETER": "/tallybridge/revenue-settings", "REVENUE_INGEST_ARN": "arn:revenue"}
    there = replace(target, variables=names)
    line: dict[str, Any] = {"object": "Invoices", "dataset": "custdataset_a", "template": "T"}
    daily = {"frequency": "daily", "time": "04:30", "timezone": "America/New_York"}
    instances = [{"name": "Daily", "objects": [line], "schedule": daily}, {"name": "By hand", "objects": [line]}]
    target.client("ssm").put_parameter(
        Name="/tallybridge/revenue-settings", Value=json.dumps({"enabled": True, "instances": instances}), Type="String"
    )
    own = OwnMachine(KEY, "ann@example.com", Role.APPROVER)
    browser = Browser(Console(replace(site, target=there, entrance=own), fault))
    browser.get(f"/enter?key={KEY}")
    return browser


def test_each_instance_of_the_revenue_connector(with_revenue: Browser) -> None:
    rows = {row["instance"]: row for row in with_revenue.get("/schedules?format=json").data["revenue"]}
    assert (rows["Daily"]["words"], rows["Daily"]["timezone"], len(rows["Daily"]["next"])) == ("every day at 04:30", "America/New_York", 5)
    assert (rows["By hand"]["words"], rows["By hand"]["next"]) == ("on demand", [])


def test_an_instance_is_started_on_demand_by_its_person(with_revenue: Browser, executions: Executions) -> None:
    assert with_revenue.send("/schedules", "/schedules/revenue", instance="by hand").where.endswith("?done=begun")
    (given,) = executions.started
    assert given["stateMachineArn"] == "arn:revenue"
    assert json.loads(given["input"]) == {"trigger": "manual", "instance": "By hand", "user": "ann@example.com"}
    answer = with_revenue.send("/schedules", "/schedules/revenue", instance="nowhere")
    assert (answer.status, "INSTANCE_NOT_FOUND" in answer.seen, len(executions.started)) == (400, True, 1)


# -- doctor ------------------------------------------------------------------------------------------------------------


def test_the_checks_are_made_and_kept_with_who_made_them(browser: Browser, signed_in: Callable[..., Browser]) -> None:
    assert "The set-up was not checked yet" in browser.get("/doctor").seen
    assert browser.send("/doctor", "/doctor/run").where == "/doctor"
    data = signed_in(Role.VIEWER).get("/doctor?format=json").data
    assert (data["by"], data["whole"]) == ("ann@example.com", True)
    assert {"AWS", "Settings"} <= {check["area"] for check in data["checks"]} | {"Settings"}
    failed = [check for check in data["checks"] if check["state"] == "fail"]
    assert failed and all(check["next"] for check in failed)
    assert browser.get("/doctor").seen.count("Next:") >= len(failed)
