"""The schedule of the billing sync, as EventBridge has it: shown and changed without a deployment.

The stack makes the schedule once, from its parameters; a deployment that does not change them leaves it as it is.
"""

from __future__ import annotations

from typing import Any

from botocore.exceptions import ClientError

from tallybridge.errors import ConfigurationError
from tallybridge.schedules import UnknownExpression, last_due
from tallybridge_cli.target import Target

KEPT = (
    *("Name", "GroupName", "Description", "ScheduleExpression", "ScheduleExpressionTimezone", "State", "FlexibleTimeWindow", "Target"),
    *("StartDate", "EndDate", "KmsKeyArn", "ActionAfterCompletion"),
)
"""What an update has to name, since EventBridge takes whatever it does not name back to its default."""


def current(target: Target) -> dict[str, Any]:
    """The schedule that the stack has made. Raises `ConfigurationError` SCHEDULE-UNKNOWN."""
    name = target["BILLING_SYNC_ARN"].rpartition(":")[2]
    try:
        return dict(target.client("scheduler").get_schedule(Name=name))
    except ClientError as refused:
        if refused.response["Error"]["Code"] != "ResourceNotFoundException":
            raise
        raise ConfigurationError(
            f"EventBridge has no schedule {name}.",
            place="schedule",
            code="SCHEDULE-UNKNOWN",
            advice="Create it again in EventBridge under this name, for the state machine, with the stack's role BillingSyncScheduleRole.",
        ) from refused


def change(target: Target, expression: str, timezone: str, on: bool | None) -> dict[str, Any]:
    """The schedule with what is given changed, "" and None for what stays. Raises `ConfigurationError` SCHEDULE, SCHEDULE-UNKNOWN."""
    wanted = {k: v for k, v in current(target).items() if k in KEPT and v}
    wanted["ScheduleExpression"] = expression or wanted["ScheduleExpression"]
    wanted["ScheduleExpressionTimezone"] = timezone or wanted.get("ScheduleExpressionTimezone") or "UTC"
    if on is not None:
        wanted["State"] = "ENABLED" if on else "DISABLED"
    now = target.clock.now()
    try:
        last_due(wanted["ScheduleExpression"], wanted["ScheduleExpressionTimezone"], now, now)
    except UnknownExpression as unknown:
        raise ConfigurationError(
            f"EventBridge would not understand this schedule: {unknown}, {wanted['ScheduleExpressionTimezone']}.",
            place="schedule",
            code="SCHEDULE",
            advice="Such as cron(0 2 * * ? *) or rate(1 hour), and a time zone such as Europe/Berlin.",
        ) from unknown
    target.client("scheduler").update_schedule(**wanted)
    return current(target)


def shown(schedule: dict[str, Any]) -> dict[str, str]:
    """What a person wants to know of a schedule."""
    return {
        "schedule": str(schedule["Name"]),
        "expression": str(schedule["ScheduleExpression"]),
        "timezone": str(schedule.get("ScheduleExpressionTimezone") or "UTC"),
        "state": "on" if schedule.get("State") == "ENABLED" else "off",
    }
