"""When an instance runs by itself (revenue-connector.md section 6), as EventBridge Scheduler understands it."""

from __future__ import annotations

import json
from datetime import date, datetime
from datetime import time as clock_time
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

DAYS = ("MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN")
NEEDS = {
    "minutes": ("every",),
    "hours": ("every",),
    "daily": ("time",),
    "weekly": ("time", "days"),
    "monthly": ("time", "day"),
}
ALLOWED = {**NEEDS, "hours": ("every", "start_minute")}


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError) as wrong:
        raise ValueError(f'"{name}" is not a time zone, such as Europe/Berlin') from wrong
    return name


class Schedule(BaseModel):
    """When an instance runs. `minutes`: every 15 or 30; `hours`: every 1 to 12, at a minute; `daily`, `weekly`, `monthly`: at a time."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    frequency: Literal["minutes", "hours", "daily", "weekly", "monthly"]
    every: Annotated[int, Field(ge=1, le=30)] | None = None
    start_minute: Annotated[int, Field(ge=0, le=59)] | None = None
    time: Annotated[str, Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")] | None = None
    days: list[Literal["MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN"]] | None = None
    day: Annotated[int, Field(ge=1, le=28)] | Literal["last"] | None = None
    timezone: Annotated[str, AfterValidator(_zone)] = "UTC"
    start_date: date | None = None
    end_date: date | None = None

    @model_validator(mode="after")
    def _complete(self) -> Schedule:
        for name in NEEDS[self.frequency]:
            if not getattr(self, name):
                raise ValueError(f"{name}: is needed for {self.frequency}")
        for name in ("every", "start_minute", "time", "days", "day"):
            if getattr(self, name) is not None and name not in ALLOWED[self.frequency]:
                raise ValueError(f"{name}: has no place in {self.frequency}")
        if self.frequency == "minutes" and self.every not in (15, 30):
            raise ValueError("every: minutes are 15 or 30")
        if self.frequency == "hours" and (self.every or 0) > 12:
            raise ValueError("every: hours are 1 to 12")
        if self.start_date and self.end_date and self.end_date < self.start_date:
            raise ValueError("end_date: is before start_date")
        return self

    @property
    def expression(self) -> str:
        """The cron expression of six fields, in the schedule's own time zone."""
        if self.frequency == "minutes":
            return f"cron(0/{self.every} * * * ? *)"
        if self.frequency == "hours":
            return f"cron({self.start_minute or 0} 0/{self.every} * * ? *)"
        hour, minute = map(int, (self.time or "00:00").split(":"))
        if self.frequency == "daily":
            return f"cron({minute} {hour} * * ? *)"
        if self.frequency == "weekly":
            return f"cron({minute} {hour} ? * {','.join(d for d in DAYS if d in (self.days or ()))} *)"
        return f"cron({minute} {hour} {'L' if self.day == 'last' else self.day} * ? *)"

    def request(self, *, name: str, instance: str, target: str, role: str, group: str, enabled: bool) -> dict[str, Any]:
        """The arguments of EventBridge Scheduler's `create_schedule` and `update_schedule`. Missed occurrences are not made up."""
        zone = ZoneInfo(self.timezone)
        bounds: dict[str, Any] = {}
        if self.start_date:
            bounds["StartDate"] = datetime.combine(self.start_date, clock_time.min, zone)
        if self.end_date:
            bounds["EndDate"] = datetime.combine(self.end_date, clock_time.max, zone)
        return {
            "Name": name,
            "GroupName": group,
            "Description": f"Revenue connector, instance {instance}"[:512],
            "ScheduleExpression": self.expression,
            "ScheduleExpressionTimezone": self.timezone,
            "State": "ENABLED" if enabled else "DISABLED",
            "FlexibleTimeWindow": {"Mode": "OFF"},
            "Target": {
                "Arn": target,
                "RoleArn": role,
                "Input": json.dumps({"trigger": "schedule", "instance": instance}),
                "RetryPolicy": {"MaximumRetryAttempts": 3, "MaximumEventAgeInSeconds": 600},
            },
            **bounds,
        }
