"""The scheduled runs that did not happen: by the schedules as EventBridge has them, against the list of runs."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tallybridge.clock import stamp
from tallybridge.sync.runs import BILLING, REVENUE
from tallybridge.tasks.watch_runs import look, watch_runs
from tallybridge.wiring import Invocation, Wiring
from tests.sync.memory import MemoryTable

BILLING_ARN, REVENUE_ARN = (
    "arn:aws:states:eu-west-1:1:stateMachine:t-billing-sync",
    "arn:aws:states:eu-west-1:1:stateMachine:t-revenue-ingest",
)
CHANGED = datetime(2026, 10, 1, tzinfo=UTC)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


class Clock:
    def __init__(self) -> None:
        self.moment = at("2026-11-02T08:00")

    def now(self) -> datetime:
        return self.moment

    def sleep(self, seconds: float) -> None:
        self.moment += timedelta(seconds=seconds)


class Schedules:
    """EventBridge Scheduler, one schedule to a page."""

    def __init__(self) -> None:
        self.all: list[dict[str, Any]] = []

    def list_schedules(self, *, NamePrefix: str, NextToken: str = "0") -> dict[str, Any]:
        found = [each for each in self.all if each["Name"].startswith(NamePrefix)]
        place = int(NextToken)
        kept = ("Name", "GroupName", "State", "Target")
        page = [{k: {"Arn": v["Arn"]} if k == "Target" else v for k, v in each.items() if k in kept} for each in found[place : place + 1]]
        return {"Schedules": page, **({"NextToken": str(place + 1)} if place + 1 < len(found) else {})}

    def get_schedule(self, *, Name: str, GroupName: str) -> dict[str, Any]:
        return next(each for each in self.all if (each["Name"], each["GroupName"]) == (Name, GroupName))


class World(Wiring):
    def __init__(self) -> None:
        super().__init__(Invocation("1", 0), Clock())
        self.table_of_runs, self.events = MemoryTable("runs", "pk", "sk"), Schedules()

    def table(self, name: str) -> Any:
        return self.table_of_runs

    def schedules(self) -> Any:
        return self.events

    def schedule(self, expression: str = "cron(0 2 * * ? *)", name: str = "t-billing-sync", **more: Any) -> dict[str, Any]:
        made = {
            **{"Name": name, "GroupName": "default", "State": "ENABLED", "LastModificationDate": CHANGED},
            **{"ScheduleExpression": expression, "ScheduleExpressionTimezone": "UTC", "FlexibleTimeWindow": {"Mode": "OFF"}},
            "Target": {"Arn": BILLING_ARN, "Input": '{"trigger": "schedule"}'},
            **more,
        }
        self.events.all.append(made)
        return made

    def ran(self, started: str, job: str = BILLING, **facts: Any) -> None:
        self.runs(job).record(f"run-{job}-{started}", started=stamp(at(started)), **facts)

    def missing(self, now: str) -> list[str]:
        self.clock.moment = at(now)  # type: ignore[attr-defined]
        found = watch_runs(self)
        return [f"{each['schedule']} {each['due']}".strip() for job in (BILLING, REVENUE) for each in found[job]]


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    for name, value in {"BILLING_SYNC_ARN": BILLING_ARN, "REVENUE_INGEST_ARN": REVENUE_ARN, "STACK_NAME": "t"}.items():
        monkeypatch.setenv(name, value)
    return World()


def test_a_run_that_did_not_happen_is_missing_half_an_hour_later_and_until_the_next_one(world: World) -> None:
    world.schedule()
    world.ran("2026-11-02T02:00:20")
    assert world.missing("2026-11-02T23:59") == [] and world.missing("2026-11-03T02:29") == []
    missed = ["t-billing-sync 2026-11-03T02:00:00Z"]
    assert world.missing("2026-11-03T02:31") == missed == world.missing("2026-11-03T20:00")
    world.ran("2026-11-03T20:10:00")
    assert world.missing("2026-11-03T20:15") == []


@pytest.mark.parametrize("outcome", ["completed", "failed", "skipped", "cancelled", "running"])
def test_a_run_counts_however_it_ended(world: World, outcome: str) -> None:
    world.schedule()
    world.ran("2026-11-02T02:00:01", outcome=outcome)
    assert world.missing("2026-11-02T08:00") == []


@pytest.mark.parametrize("restricted", [{"dry_run": True}, {"instructed_only": True}, {"plan": "the-dry-run"}])
def test_a_run_that_takes_up_less_than_a_scheduled_one_does_not(world: World, restricted: dict[str, Any]) -> None:
    world.schedule()
    world.ran("2026-11-02T02:10:00", **restricted)
    assert len(world.missing("2026-11-02T08:00")) == 1


def test_an_expression_is_read_by_its_own_zone(world: World) -> None:
    world.schedule(ScheduleExpressionTimezone="America/New_York")
    world.ran("2026-11-01T07:00:10")
    assert world.missing("2026-11-02T07:20") == []
    assert world.missing("2026-11-02T07:31") == ["t-billing-sync 2026-11-02T07:00:00Z"]


def test_hourly_runs_are_missed_within_two_hours(world: World) -> None:
    world.schedule("rate(1 hour)")
    world.ran("2026-11-02T06:40:00")
    assert world.missing("2026-11-02T08:09") == []
    assert len(world.missing("2026-11-02T08:15")) == 1


def test_a_schedule_that_is_off_misses_nothing(world: World) -> None:
    world.schedule(State="DISABLED")
    assert world.missing("2026-11-02T08:00") == []


def test_a_schedule_counts_from_its_last_change_and_within_its_dates(world: World) -> None:
    made = world.schedule(LastModificationDate=at("2026-11-02T07:00"))
    assert world.missing("2026-11-02T08:00") == []
    assert len(world.missing("2026-11-03T08:00")) == 1
    made["StartDate"] = at("2026-11-05T00:00")
    assert world.missing("2026-11-04T08:00") == []
    made["EndDate"] = at("2026-11-06T12:00")
    world.ran("2026-11-06T02:00:10")
    assert world.missing("2026-11-20T08:00") == []


def test_a_flexible_window_is_waited_for(world: World) -> None:
    world.schedule(FlexibleTimeWindow={"Mode": "FLEXIBLE", "MaximumWindowInMinutes": 120})
    world.ran("2026-11-01T02:00:10")
    assert world.missing("2026-11-02T04:29") == []
    assert len(world.missing("2026-11-02T04:31")) == 1


def test_each_instance_of_the_revenue_connector_is_watched_by_itself(world: World) -> None:
    for name in ("Daily", "Monthly"):
        given = {"Arn": REVENUE_ARN, "Input": f'{{"trigger": "schedule", "instance": "{name}"}}'}
        world.schedule(name=f"t-revenue-ingest-{name.lower()}", Target=given)
    world.ran("2026-11-02T02:00:05", REVENUE, instance="daily")
    assert world.missing("2026-11-02T08:00") == ["t-revenue-ingest-monthly 2026-11-02T02:00:00Z"]


def test_schedules_of_others_are_not_looked_at(world: World) -> None:
    world.schedule(name="other-stack")
    world.schedule(name="t-something", Target={"Arn": "arn:aws:lambda:eu-west-1:1:function:t-watch-runs", "Input": "{}"})
    assert world.missing("2026-11-02T08:00") == []


def test_an_expression_that_is_not_understood_is_told(world: World) -> None:
    world.schedule("cron(0 2 * * * *)")
    assert world.missing("2026-11-02T08:00") == ["t-billing-sync"]
    (found,) = watch_runs(world)[BILLING]
    assert "cron(0 2 * * * *)" in found["problem"]


@pytest.mark.parametrize("given", [None, "", "x", "[]", "5"])
def test_whatever_its_input_is(world: World, given: str | None) -> None:
    schedule = world.schedule(Target={"Arn": BILLING_ARN, "Input": given})
    assert look(schedule, BILLING, world.runs(), at("2026-11-02T08:00")) is not None
