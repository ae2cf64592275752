"""The command that shows and changes the schedule; what EventBridge does with it is tested on the stack."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tallybridge_cli.target import Target
from tests.cli.test_commands import call

__all__ = ["call"]


class Scheduler:
    """EventBridge Scheduler, with one schedule."""

    def __init__(self) -> None:
        self.schedule: dict[str, Any] = {
            **{"Arn": "arn", "Name": "billing", "GroupName": "default", "State": "DISABLED", "Target": {"Arn": "x", "RoleArn": "y"}},
            **{"ScheduleExpression": "cron(0 2 * * ? *)", "ScheduleExpressionTimezone": "UTC", "FlexibleTimeWindow": {"Mode": "OFF"}},
        }

    def get_schedule(self, *, Name: str) -> dict[str, Any]:
        assert Name == "billing"
        return {**self.schedule, "ResponseMetadata": {}}

    def update_schedule(self, **given: Any) -> None:
        assert "Arn" not in given and "ResponseMetadata" not in given
        self.schedule = {"Arn": "arn", **given}


@pytest.fixture(autouse=True)
def scheduler(target: Target) -> Scheduler:
    made = Scheduler()
    target.clients["scheduler"] = made
    return made


def test_it_is_shown(call: Any) -> None:
    assert call("schedule") == (0, "billing: cron(0 2 * * ? *) UTC, off\n")


def test_what_is_given_is_changed(call: Any, scheduler: Scheduler) -> None:
    code, text = call("schedule", "--at", "rate(2 hours)", "--timezone", "Europe/Berlin", "--on", "--json")
    assert (code, json.loads(text)) == (
        0,
        {"schedule": "billing", "expression": "rate(2 hours)", "timezone": "Europe/Berlin", "state": "on"},
    )
    assert call("schedule", "--off") == (0, "billing: rate(2 hours) Europe/Berlin, off\n")
    assert scheduler.schedule["Target"] == {"Arn": "x", "RoleArn": "y"}


def test_nonsense_is_a_configuration_error_that_changes_nothing(call: Any, scheduler: Scheduler) -> None:
    code, text = call("schedule", "--at", "every night", "--on")
    assert (code, "SCHEDULE" in text, scheduler.schedule["State"]) == (3, True, "DISABLED")
