"""When an instance runs by itself (revenue-connector.md section 6), as EventBridge Scheduler understands it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from datetime import time as clock_time
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, available_timezones

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from tallybridge.documents import Day, Place, refuse

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
    if name not in available_timezones():
        raise ValueError("must be a time zone, such as Europe/Berlin")
    return name


class Schedule(BaseModel):
    """When an instance runs. `minutes`: every 15 or 30; `hours`: every 1 to 12, at a minute; `daily`, `weekly`, `monthly`: at a time."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    frequency: Literal["minutes", "hours", "daily", "weekly", "monthly"]
    every: Annotated[int, Field(strict=True, ge=1, le=30)] | None = None
    start_minute: Annotated[int, Field(strict=True, ge=0, le=59)] | None = None
    time: Annotated[str, Field(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$")] | None = None
    days: list[Literal["MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN"]] | None = None
    day: Annotated[int, Field(strict=True, ge=1, le=28)] | Literal["last"] | None = None
    timezone: Annotated[str, AfterValidator(_zone)] = "UTC"
    start_date: Day = None
    end_date: Day = None

    @model_validator(mode="after")
    def _complete(self) -> Schedule:
        refuse(self._faults())
        return self

    def _faults(self) -> Iterator[tuple[Place, str]]:
        for name in NEEDS[self.frequency]:
            if not getattr(self, name):
                yield (name,), f"is needed for {self.frequency}"
        for name in ("every", "start_minute", "time", "days", "day"):
            if getattr(self, name) is not None and name not in ALLOWED[self.frequency]:
                yield (name,), f"has no place in {self.frequency}"
        if self.frequency == "minutes" and self.every not in (None, 15, 30):
            yield ("every",), "minutes are 15 or 30"
        if self.frequency == "hours" and (self.every or 0) > 12:
            yield ("every",), "hours are 1 to 12"
        if self.start_date and self.end_date and self.end_date < self.start_date:
            yield ("end_date",), "is before start_date"

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

    def is_over(self, now: datetime) -> bool:
        """Whether its end date has passed, so that it never fires again: EventBridge takes no such schedule."""
        return self.end_date is not None and self._end() <= now

    def _end(self) -> datetime:
        assert self.end_date is not None
        return datetime.combine(self.end_date, clock_time.max, ZoneInfo(self.timezone))

    def request(
        self, *, name: str, instance: str, target: str, role: str, dead_letters: str, group: str, enabled: bool, now: datetime | None = None
    ) -> dict[str, Any]:
        """The arguments of EventBridge Scheduler's `create_schedule` and `update_schedule`. Missed occurrences are not made up; starts that
        fail go to the queue `dead_letters` (its ARN). A start date that has passed `now` is left out: EventBridge refuses it."""
        bounds: dict[str, Any] = {}
        start = datetime.combine(self.start_date, clock_time.min, ZoneInfo(self.timezone)) if self.start_date else None
        if start and (now is None or start > now):
            bounds["StartDate"] = start
        if self.end_date:
            bounds["EndDate"] = self._end()
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
                "DeadLetterConfig": {"Arn": dead_letters},
            },
            **bounds,
        }
