"""The schedule of the billing sync (operations.md 4.2): what is deployed is what EventBridge Scheduler gets, in UTC."""

from __future__ import annotations

from pathlib import Path

import boto3
import pytest

from sandbox.aws import LocalAws
from sandbox.aws.translate import translate
from tests.infra.conftest import PARAMETERS, TEMPLATE
from tests.rules.cases import ruled

SCHEDULES = {
    "every 15 minutes": "rate(15 minutes)",
    "every 2 hours": "rate(2 hours)",
    "every 14 days": "rate(14 days)",
    "every 15 minutes, first at 8:00, last at 17:45, Monday to Friday": "cron(0/15 8-17 ? * MON-FRI *)",
}
PROPERTIES = {
    "every 15 minutes": ("type", "interval"),
    "every 2 hours": ("type", "interval"),
    "every 14 days": ("type", "interval"),
    "every 15 minutes, first at 8:00, last at 17:45, Monday to Friday": ("start-time", "end-time", "days"),
}
RULES = {name: tuple(f"operations.4.2.schedule.{p}" for p in found) for name, found in PROPERTIES.items()}


@pytest.mark.rule("sequence-and-status.2.rule.2")
@pytest.mark.parametrize("wanted", ruled(SCHEDULES, RULES))
def test_the_schedule_goes_to_eventbridge_as_it_is_given(functions_root: Path, wanted: str) -> None:
    parameters = {**PARAMETERS, "ScheduleExpression": SCHEDULES[wanted], "ScheduleState": "ENABLED"}
    with LocalAws(TEMPLATE, parameters=parameters, functions_root=functions_root) as aws:
        schedule = boto3.client("scheduler").get_schedule(Name="tallybridge-billing-sync")
        assert schedule["ScheduleExpression"] == SCHEDULES[wanted]
        assert schedule["ScheduleExpressionTimezone"] == "UTC"
        assert schedule["State"] == "ENABLED"
        assert schedule["Target"]["Arn"] == aws.outputs["BillingSyncArn"]


@pytest.mark.rule("sequence-and-status.2.rule.2")
def test_the_advice_of_thirty_minutes_stands_with_the_parameter() -> None:
    parameter = translate(TEMPLATE, PARAMETERS, "eu-west-1")["Parameters"]["ScheduleExpression"]
    assert "at least 30 minutes between starts" in parameter["Description"]
    assert not parameter.keys() & {"AllowedPattern", "AllowedValues"}
