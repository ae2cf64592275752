"""The schedule of the billing sync, as EventBridge has it: shown and changed without a deployment.

The stack makes the schedule once, from its parameters; a deployment that does not change them leaves it as it is.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from itertools import islice
from typing import Any
from zoneinfo import ZoneInfo

from botocore.exceptions import ClientError

from tallybridge.configuration import REVENUE
from tallybridge.desk.schedule_words import words
from tallybridge.desk.target import Target
from tallybridge.errors import ConfigurationError
from tallybridge.revenue.config import Instance, RevenueConfig, parse_config
from tallybridge.schedules import UnknownExpression, next_due

KEPT = (
    *("Name", "GroupName", "Description", "ScheduleExpression", "ScheduleExpressionTimezone", "State", "FlexibleTimeWindow", "Target"),
    *("StartDate", "EndDate", "KmsKeyArn", "ActionAfterCompletion"),
)
"""What an update has to name, since EventBridge takes whatever it does not name back to its default."""
"""Characters of who starts a run of the revenue connector."""
STARTS = 5
"""Starts ahead that are told."""


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


def change(target: Target, expression: str, timezone: str, on: bool | None, who: str = "") -> dict[str, Any]:
    """The schedule with what is given changed, "" and None for what stays; `who` changes it, the caller as AWS names them where nobody is
    named. Raises `ConfigurationError` SCHEDULE, SCHEDULE-UNKNOWN."""
    before = current(target)
    wanted = {k: v for k, v in before.items() if k in KEPT and v}
    wanted["ScheduleExpression"] = expression or wanted["ScheduleExpression"]
    wanted["ScheduleExpressionTimezone"] = timezone or wanted.get("ScheduleExpressionTimezone") or "UTC"
    if on is not None:
        wanted["State"] = "ENABLED" if on else "DISABLED"
    now = target.clock.now()
    try:
        next(next_due(wanted["ScheduleExpression"], wanted["ScheduleExpressionTimezone"], now), None)
    except UnknownExpression as unknown:
        raise ConfigurationError(
            f"EventBridge would not understand this schedule: {unknown}, {wanted['ScheduleExpressionTimezone']}.",
            place="schedule",
            code="SCHEDULE",
            advice="Such as cron(0 2 * * ? *) or rate(1 hour), and a time zone such as Europe/Berlin.",
        ) from unknown
    texts = [" ".join(shown(each).values()) for each in (before, wanted)]
    target.note(who or target.who(), "schedule", str(wanted["Name"]), before=texts[0], after=texts[1])
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


def next_starts(schedule: Mapping[str, Any], now: datetime, count: int = STARTS) -> list[datetime]:
    """The next moments (UTC) at which a schedule, the answer of GetSchedule, starts a run; [] while it is off, or not understood. Those of
    a rate are counted from its start date or its last change, as EventBridge does."""
    if schedule.get("State") != "ENABLED":
        return []
    begin = schedule.get("StartDate") or schedule.get("LastModificationDate") or schedule.get("CreationDate")
    after = max(now, schedule["StartDate"]) if schedule.get("StartDate") else now
    zone = str(schedule.get("ScheduleExpressionTimezone") or "UTC")
    try:
        found = islice(next_due(str(schedule["ScheduleExpression"]), zone, after, begin), count)
        return [due for due in found if not schedule.get("EndDate") or due <= schedule["EndDate"]]
    except UnknownExpression:
        return []


def described(schedule: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    """A schedule as `shown`, with "words" and the "next" starts (ISO 8601 in its own time zone)."""
    plain = shown(dict(schedule))
    starts = next_starts(schedule, now)
    return {**plain, "words": words(plain["expression"]), "next": [local(due, plain["timezone"]) for due in starts]}


def local(moment: datetime, zone: str) -> str:
    """A moment by the clock of a time zone: "Mon 2026-11-02 02:00 CET"."""
    try:
        there = moment.astimezone(ZoneInfo(zone))
    except (KeyError, ValueError):
        there = moment.astimezone(UTC)
    return f"{there:%a} {there:%Y-%m-%d %H:%M} {there:%Z}"


def of_revenue(target: Target) -> list[dict[str, Any]]:
    """The revenue connector's instances, as its configuration has them: {"instance", "objects", "words", "timezone", "state", "next"};
    "words" is "on demand" for one without a schedule. [] where there is no configuration."""
    config = revenue_config(target)
    if config is None:
        return []
    return [_of_instance(instance, config.enabled, target.clock.now()) for instance in config.instances]


def _of_instance(instance: Instance, enabled: bool, now: datetime) -> dict[str, Any]:
    known = {"instance": instance.name, "objects": [line.object for line in instance.enabled_objects]}
    own = instance.schedule
    if own is None or own.is_over(now):
        return {**known, "words": "on demand", "timezone": "", "state": "off", "next": []}
    bounds = own.request(name="", instance="", target="", role="", dead_letters="", group="", enabled=enabled, now=now)
    starts = [local(start, own.timezone) for start in next_starts(bounds, now)]
    return {**known, "words": words(own.expression), "timezone": own.timezone, "state": "on" if enabled else "off", "next": starts}


def revenue_config(target: Target) -> RevenueConfig | None:
    """The configuration of the revenue connector, None where nothing was ever saved, or it is not usable."""
    try:
        return parse_config(target.configuration(REVENUE).current().document)
    except ConfigurationError:
        return None


def if_any(target: Target) -> dict[str, Any] | None:
    """The schedule that the stack has made, None where it was deleted."""
    try:
        return current(target)
    except ConfigurationError:
        return None
