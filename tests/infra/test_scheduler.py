"""Schedules fire on the clock: what they say, in their zone, within their dates, and with their role."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from sandbox.aws import LocalAws
from sandbox.aws.expressions import NotAnExpression, parse, zone_of
from sandbox.clock import START, VirtualClock
from tests.infra.conftest import PARAMETERS, TEMPLATE
from tests.infra.scripted import Script


def dues(expression: str, begin: str, count: int = 3, zone: str = "UTC") -> list[str]:
    moment, found = datetime.fromisoformat(begin).replace(tzinfo=UTC), []
    for _ in range(count):
        due = parse(expression).after(moment, zone_of(zone), moment)
        if due is None:
            break
        found.append(f"{due:%Y-%m-%d %H:%M}")
        moment = due
    return found


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("cron(0 2 * * ? *)", ["2026-01-31 02:00", "2026-02-01 02:00", "2026-02-02 02:00"]),
        ("cron(0/15 8-17 ? * MON-FRI *)", ["2026-01-30 12:15", "2026-01-30 12:30", "2026-01-30 12:45"]),
        ("cron(30 6 L * ? *)", ["2026-01-31 06:30", "2026-02-28 06:30", "2026-03-31 06:30"]),
        ("cron(0 0 15W * ? *)", ["2026-02-16 00:00", "2026-03-16 00:00", "2026-04-15 00:00"]),
        ("cron(0 0 1W * ? *)", ["2026-02-02 00:00", "2026-03-02 00:00", "2026-04-01 00:00"]),
        ("cron(0 9 ? * 2#1 *)", ["2026-02-02 09:00", "2026-03-02 09:00", "2026-04-06 09:00"]),
        ("cron(0 9 ? * FRIL *)", ["2026-02-27 09:00", "2026-03-27 09:00", "2026-04-24 09:00"]),
        ("cron(0 12 ? * SAT,SUN *)", ["2026-01-31 12:00", "2026-02-01 12:00", "2026-02-07 12:00"]),
        ("cron(5 1 29 FEB ? *)", ["2028-02-29 01:05", "2032-02-29 01:05", "2036-02-29 01:05"]),
        ("cron(0 0 1 1 ? 2027)", ["2027-01-01 00:00"]),
        ("at(2026-03-01T10:30:00)", ["2026-03-01 10:30"]),
        ("rate(2 hours)", ["2026-01-30 14:00", "2026-01-30 16:00", "2026-01-30 18:00"]),
        ("rate(14 days)", ["2026-02-13 12:00", "2026-02-27 12:00", "2026-03-13 12:00"]),
    ],
)
def test_when_an_expression_is_due(expression: str, expected: list[str]) -> None:
    assert dues(expression, "2026-01-30T12:00") == expected


def test_an_expression_follows_the_clock_of_its_zone() -> None:
    """A time that spring leaves out is skipped, one that autumn shows twice counts once (Scheduler user guide, daylight saving time)."""
    berlin = "Europe/Berlin"
    assert dues("cron(0 2 * * ? *)", "2026-01-30T12:00", 1, berlin) == ["2026-01-31 01:00"]
    assert dues("cron(30 2 * * ? *)", "2026-03-27T12:00", 3, berlin) == ["2026-03-28 01:30", "2026-03-30 00:30", "2026-03-31 00:30"]
    assert dues("cron(30 2 * * ? *)", "2026-10-24T12:00", 2, berlin) == ["2026-10-25 00:30", "2026-10-26 01:30"]
    assert dues("rate(1 day)", "2026-03-28T12:00", 2, berlin) == ["2026-03-29 12:00", "2026-03-30 12:00"]
    assert dues("at(2026-07-01T09:00:00)", "2026-01-30T12:00", 1, berlin) == ["2026-07-01 07:00"]


@pytest.mark.parametrize(
    "expression",
    [
        *("", "daily", "cron(0 2 * * *)", "cron(0 2 * * * *)", "cron(0 2 ? * ? *)", "cron(60 2 * * ? *)", "cron(0 24 * * ? *)"),
        *("cron(0 2 32 * ? *)", "cron(0 2 ? * MUN *)", "cron(0 2 ? * 0 *)", "rate(0 days)", "rate(5 weeks)", "rate(5)", "rate(x days)"),
        *("at(2026-03-01)", "at(2026-13-01T00:00:00)", "cron(0 2 * * ? *", "cron(0/0 2 * * ? *)"),
    ],
)
def test_what_is_no_expression(expression: str) -> None:
    with pytest.raises(NotAnExpression, match="Invalid Schedule Expression"):
        parse(expression)


# --- In the embedded AWS ---------------------------------------------------------------------------------------------


class World:
    def __init__(self, aws: LocalAws, clock: VirtualClock) -> None:
        self.aws, self.clock = aws, clock
        self.client: Any = boto3.client("scheduler")
        self.states: Any = boto3.client("stepfunctions")

    def request(self, expression: str, **fields: Any) -> dict[str, Any]:
        target: dict[str, Any] = {"Arn": self.aws.outputs["BillingSyncArn"], "RoleArn": self.role(), "Input": '{"trigger": "schedule"}'}
        target["DeadLetterConfig"] = {"Arn": self.aws.outputs["ScheduleDeadLetters"]}
        target |= fields.pop("Target", {})
        usual = {"Name": "tried", "FlexibleTimeWindow": {"Mode": "OFF"}, "Target": target, "ScheduleExpression": expression}
        return {**usual, **fields}

    def create(self, expression: str, **fields: Any) -> None:
        self.client.create_schedule(**self.request(expression, **fields))

    def role(self) -> str:
        return str(self.client.get_schedule(Name="tallybridge-billing-sync")["Target"]["RoleArn"])

    def started(self) -> list[timedelta]:
        self.aws.settle()
        listed = self.states.list_executions(stateMachineArn=self.aws.outputs["BillingSyncArn"])["executions"]
        return sorted(each["startDate"].astimezone(UTC) - START for each in listed)

    def input(self) -> Any:
        (execution,) = self.states.list_executions(stateMachineArn=self.aws.outputs["BillingSyncArn"])["executions"]
        return json.loads(self.states.describe_execution(executionArn=execution["executionArn"])["input"])

    def dead_letters(self) -> list[str]:
        client = boto3.client("sqs")
        url = client.get_queue_url(QueueName=self.aws.outputs["ScheduleDeadLetters"].rpartition(":")[2])["QueueUrl"]
        return [each["Body"] for each in client.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", [])]


def hours(*numbers: float) -> list[timedelta]:
    return [timedelta(hours=each) for each in numbers]


@pytest.fixture
def world(functions_root: Path, script: Script) -> Iterator[World]:
    """A Monday, 8:00 in UTC. Runs that are started end at once: of these tests none looks at what a run does."""
    script.when("open_run", lambda event, _: {"opened": False, "runId": "", "reason": "Sync not started."})
    clock = VirtualClock()
    with LocalAws(TEMPLATE, parameters=PARAMETERS, functions_root=functions_root, clock=clock) as aws:
        world = World(aws, clock)
        world.client.delete_schedule(Name="tallybridge-watch-runs")  # which would be invoked every quarter of an hour
        yield world


def test_the_deployed_schedule_starts_the_billing_sync(functions_root: Path, script: Script) -> None:
    clock = VirtualClock()
    parameters = {**PARAMETERS, "ScheduleState": "ENABLED", "ScheduleTimezone": "America/New_York"}
    with LocalAws(TEMPLATE, parameters=parameters, functions_root=functions_root, clock=clock) as aws:
        clock.advance(days=3)
        world = World(aws, clock)
        assert world.started() == hours(23, 47, 71)
        assert script.events("open_run")[0]["input"]["trigger"] == "schedule"


def test_a_schedule_that_is_off_starts_nothing_until_it_is_on(world: World) -> None:
    world.create("cron(0 2 * * ? *)", State="DISABLED")
    world.clock.advance(days=3)
    assert world.started() == []
    world.client.update_schedule(**world.request("cron(0 2 * * ? *)"))
    assert world.started() == []
    world.clock.advance(days=1)
    assert world.started() == hours(90)


def test_time_that_nobody_lets_pass_fires_nothing(world: World) -> None:
    world.create("cron(0 2 * * ? *)")
    assert world.started() == []
    assert world.clock.now() == START


def test_a_schedule_fires_while_a_run_takes_its_time(world: World) -> None:
    machine = json.dumps({"StartAt": "Rest", "States": {"Rest": {"Type": "Wait", "Seconds": 10 * 3600 + 1800, "End": True}}})
    arn = world.states.create_state_machine(name="long", definition=machine, roleArn=world.role())["stateMachineArn"]
    world.create("cron(0 * * * ? *)")
    world.aws.wait(world.states.start_execution(stateMachineArn=arn)["executionArn"])
    assert world.started() == hours(*range(11))


def test_a_rate_begins_at_once_or_at_its_start(world: World) -> None:
    world.create("rate(2 hours)")
    world.clock.advance(hours=5)
    assert world.started() == hours(0, 2, 4)
    world.client.delete_schedule(Name="tried")
    world.clock.advance(hours=5)
    world.create("rate(2 hours)", StartDate=START + timedelta(hours=13), EndDate=START + timedelta(hours=16))
    world.clock.advance(hours=10)
    assert world.started() == hours(0, 2, 4, 13, 15)


def test_a_cron_schedule_keeps_within_its_dates(world: World) -> None:
    world.create("cron(0 2 * * ? *)", StartDate=START + timedelta(days=2), EndDate=START + timedelta(days=4))
    world.clock.advance(days=7)
    assert world.started() == hours(66, 90)


def test_once_is_once_and_may_go_afterwards(world: World) -> None:
    world.create("at(2026-11-02T12:00:00)", ActionAfterCompletion="DELETE")
    world.clock.advance(days=2)
    assert world.started() == hours(4)
    with pytest.raises(world.client.exceptions.ResourceNotFoundException):
        world.client.get_schedule(Name="tried")


def test_a_changed_schedule_fires_by_what_it_says_now(world: World) -> None:
    world.create("cron(0 2 * * ? *)")
    world.clock.advance(days=1)
    world.client.update_schedule(**world.request("cron(0 5 * * ? *)"))
    world.clock.advance(days=1)
    assert world.started() == hours(18, 45)


def test_words_of_the_scheduler_are_replaced(world: World) -> None:
    text = '{"trigger": "schedule", "at": "<aws.scheduler.scheduled-time>", "by": "<aws.scheduler.schedule-arn>"}'
    world.create("at(2026-11-02T12:00:00)", Target={"Input": text})
    world.clock.advance(hours=5)
    world.started()
    given = world.input()
    assert (given["at"], given["by"].rpartition(":")[2]) == ("2026-11-02T12:00:00Z", "schedule/default/tried")


def test_a_target_without_input_gets_the_event(world: World) -> None:
    request = world.request("at(2026-11-02T12:00:00)")
    del request["Target"]["Input"]
    world.client.create_schedule(**request)
    world.clock.advance(hours=5)
    world.started()
    assert world.input()["detail-type"] == "Scheduled Event"
    assert world.input()["time"] == "2026-11-02T12:00:00Z"


def test_what_cannot_be_started_goes_to_the_dead_letters(world: World) -> None:
    world.create("at(2026-11-02T12:00:00)", Target={"Arn": f"{world.aws.outputs['BillingSyncArn']}-gone"})
    world.clock.advance(hours=5)
    assert world.dead_letters() == ['{"trigger": "schedule"}']


def test_a_role_that_may_not_start_the_target_starts_nothing(world: World) -> None:
    world.create("at(2026-11-02T12:00:00)", Target={"Arn": world.aws.outputs["RevenueIngestArn"]})
    world.clock.advance(hours=5)
    assert world.dead_letters() == ['{"trigger": "schedule"}']


@pytest.mark.parametrize("wrong", [{"ScheduleExpression": "every day"}, {"ScheduleExpressionTimezone": "Mars/Olympus"}])
def test_schedules_that_say_nothing_are_refused(world: World, wrong: dict[str, Any]) -> None:
    with pytest.raises(ClientError, match="Invalid Schedule Expression") as refused:
        world.create(**{"expression": "rate(1 day)", **wrong})
    assert refused.value.response["Error"]["Code"] == "ValidationException"
