"""What a person changes of a schedule stays: no deployment takes it back, and the alarm for a run that did not happen follows it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import boto3
import pytest

from sandbox.aws import LocalAws
from sandbox.aws.translate import load_template
from sandbox.clock import VirtualClock
from tallybridge.desk import schedule as scheduling
from tallybridge.errors import ConfigurationError
from tallybridge_cli.target import Target
from tests.infra.conftest import PARAMETERS, TEMPLATE

NAME = "tallybridge-billing-sync"


@pytest.fixture
def aws() -> Iterator[LocalAws]:
    """The stack with the real functions, and its schedule off."""
    clock = VirtualClock(datetime(2026, 11, 2, 8, 0, tzinfo=UTC))
    with LocalAws(TEMPLATE, parameters=PARAMETERS, clock=clock) as running:
        yield running


def target(aws: LocalAws) -> Target:
    return Target({"BILLING_SYNC_ARN": aws.outputs["BillingSyncArn"], "AWS_REGION": aws.region}, "the test", aws.clock)


def advance(aws: LocalAws, **delta: float) -> None:
    aws.clock.advance(**delta)  # type: ignore[attr-defined]
    aws.settle()


def missing(aws: LocalAws, metric: str = "RunsMissing") -> float:
    """What the function that watches has counted last."""
    lines = [json.loads(line) for line in aws.invocations("watch_runs")[-1].log.splitlines() if metric in line and line.startswith("{")]
    return float(next(line[metric][0] for line in lines if metric in line))


def starts(aws: LocalAws) -> int:
    return len(boto3.client("stepfunctions").list_executions(stateMachineArn=aws.outputs["BillingSyncArn"])["executions"])


def unstartable(aws: LocalAws) -> Any:
    """Roles that may start no execution any more."""
    allowed = aws._may
    return lambda target, need: need.action != "states:StartExecution" and allowed(target, need)


DEPLOYMENTS: dict[str, dict[str, Any]] = {
    "with a tag": {"tags": {"owner": "finance"}},
    "with other parameters": {"parameters": {"LogLevel": "DEBUG", "LogRetentionDays": "30", "InstanceName": "Renamed"}},
    "again": {},
}


@pytest.mark.parametrize("how", DEPLOYMENTS)
def test_what_was_changed_in_eventbridge_outlasts_a_deployment(aws: LocalAws, how: str) -> None:
    changed = scheduling.shown(scheduling.change(target(aws), "cron(30 5 * * ? *)", "Europe/Berlin", on=True))
    assert changed == {"schedule": NAME, "expression": "cron(30 5 * * ? *)", "timezone": "Europe/Berlin", "state": "on"}
    done = aws.update(**DEPLOYMENTS[how])
    assert "BillingSyncSchedule" not in done
    assert scheduling.shown(scheduling.current(target(aws))) == changed


def test_a_change_keeps_what_it_does_not_name(aws: LocalAws) -> None:
    before = scheduling.current(target(aws))
    after = scheduling.change(target(aws), "", "", on=True)
    for name in ("Target", "FlexibleTimeWindow", "Description", "ScheduleExpression", "ScheduleExpressionTimezone"):
        assert after[name] == before[name], name
    assert (before["State"], after["State"]) == ("DISABLED", "ENABLED")


@pytest.mark.parametrize(("expression", "zone"), [("every night", ""), ("cron(0 2 * * * *)", ""), ("", "Atlantis/Capital")])
def test_what_eventbridge_would_refuse_changes_nothing(aws: LocalAws, expression: str, zone: str) -> None:
    before = scheduling.current(target(aws))
    with pytest.raises(ConfigurationError) as refused:
        scheduling.change(target(aws), expression, zone, on=True)
    assert refused.value.code == "SCHEDULE"
    assert scheduling.current(target(aws))["State"] == before["State"]


def test_a_schedule_that_somebody_has_deleted_is_told(aws: LocalAws) -> None:
    boto3.client("scheduler").delete_schedule(Name=NAME)
    with pytest.raises(ConfigurationError) as refused:
        scheduling.current(target(aws))
    assert refused.value.code == "SCHEDULE-UNKNOWN"


def test_no_release_writes_the_schedule(aws: LocalAws) -> None:
    """CloudFormation writes a schedule as a whole when any of its properties changes, so that none of them may ever change; a new property
    would take back what people have set."""
    assert load_template(TEMPLATE)["Resources"]["BillingSyncSchedule"] == {
        "Type": "AWS::Scheduler::Schedule",
        "Properties": {
            "Name": {"Fn::Sub": "${AWS::StackName}-billing-sync"},
            "Description": "Starts the billing sync.",
            "ScheduleExpression": {"Ref": "ScheduleExpression"},
            "ScheduleExpressionTimezone": {"Ref": "ScheduleTimezone"},
            "State": {"Ref": "ScheduleState"},
            "FlexibleTimeWindow": {"Mode": "OFF"},
            "Target": {
                "Arn": {"Ref": "BillingSync"},
                "RoleArn": {"Fn::GetAtt": ["BillingSyncScheduleRole", "Arn"]},
                "Input": '{"trigger": "schedule"}',
                "RetryPolicy": {"MaximumRetryAttempts": 3, "MaximumEventAgeInSeconds": 900},
                "DeadLetterConfig": {"Arn": {"Fn::GetAtt": ["ScheduleDeadLetters", "Arn"]}},
            },
        },
    }


# --- The alarm for a run that did not happen --------------------------------------------------------------------------


def test_a_schedule_that_is_off_is_not_missed(aws: LocalAws) -> None:
    advance(aws, days=2)
    assert starts(aws) == 0 and missing(aws) == 0


def test_a_run_that_happened_is_not_missed_even_if_it_failed(aws: LocalAws) -> None:
    scheduling.change(target(aws), "cron(0 2 * * ? *)", "America/New_York", on=True)
    advance(aws, days=1)
    assert starts(aws) == 1 and missing(aws) == 0


def test_a_run_that_eventbridge_could_not_start_is_missed(aws: LocalAws, monkeypatch: pytest.MonkeyPatch) -> None:
    scheduling.change(target(aws), "cron(0 2 * * ? *)", "America/New_York", on=True)
    monkeypatch.setattr(aws, "_may", unstartable(aws))
    advance(aws, hours=23, minutes=20)  # 2:20 in New York
    assert starts(aws) == 0 and missing(aws) == 0
    advance(aws, minutes=30)
    assert missing(aws) == 1
    scheduling.change(target(aws), "", "", on=False)
    advance(aws, minutes=30)
    assert missing(aws) == 0


def test_an_instance_of_the_revenue_connector_is_missed_too(aws: LocalAws, monkeypatch: pytest.MonkeyPatch) -> None:
    arn, role = aws.outputs["RevenueIngestArn"], aws.outputs["RevenueScheduleRole"]
    boto3.client("scheduler").create_schedule(
        Name="tallybridge-revenue-ingest-daily",
        ScheduleExpression="cron(0 9 * * ? *)",
        FlexibleTimeWindow={"Mode": "OFF"},
        Target={"Arn": arn, "RoleArn": role, "Input": '{"trigger": "schedule", "instance": "Daily"}'},
    )
    advance(aws, hours=2)
    assert missing(aws, "RevenueRunsMissing") == 0 and missing(aws) == 0
    monkeypatch.setattr(aws, "_may", unstartable(aws))
    advance(aws, hours=24)
    assert missing(aws, "RevenueRunsMissing") == 1 and missing(aws) == 0
