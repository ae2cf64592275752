"""Whether every scheduled run has happened: the schedules as EventBridge has them, whoever has changed them, against the list of runs."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from tallybridge.clock import stamp
from tallybridge.errors import StepFailed
from tallybridge.schedules import UnknownExpression, last_due
from tallybridge.sync.runs import BILLING, NOT_THE_WHOLE, REVENUE, Runs
from tallybridge.wiring import Wiring, variable

GRACE = timedelta(minutes=30)
"""How long after its moment a start is waited for: EventBridge tries for a quarter of an hour, and opening a run takes its time."""
EARLY = timedelta(minutes=1)
"""By so much clocks may differ."""
MAX_PAGES = 100


@dataclass(frozen=True)
class Missing:
    """A start that did not lead to a run: of which schedule, and since when it has been due. `problem` says why the schedule could not be
    understood, "" otherwise."""

    job: str
    schedule: str
    due: str = ""
    problem: str = ""


def watch_runs(wiring: Wiring) -> dict[str, list[dict[str, str]]]:
    """{"billing", "revenue"}: the scheduled runs that did not happen, each as {"job", "schedule", "due", "problem"}. A schedule that is off
    misses nothing, nor does one before it was changed last, or after its end."""
    found: dict[str, list[dict[str, str]]] = {BILLING: [], REVENUE: []}
    jobs, schedules = {variable("BILLING_SYNC_ARN"): BILLING, variable("REVENUE_INGEST_ARN"): REVENUE}, wiring.schedules()
    for row in _listed(schedules):
        job = jobs.get(str(row.get("Target", {}).get("Arn", "")), "")
        if job and row.get("State") == "ENABLED":
            schedule = schedules.get_schedule(Name=row["Name"], GroupName=row["GroupName"])
            if missing := look(schedule, job, wiring.runs(job), wiring.clock.now()):
                found[job].append(asdict(missing))
    return found


def _listed(schedules: Any) -> Iterator[Mapping[str, Any]]:
    """The schedules whose names begin with the stack's. Raises `StepFailed` INTERNAL beyond `MAX_PAGES`."""
    arguments = {"NamePrefix": variable("STACK_NAME")}
    for _ in range(MAX_PAGES):
        answer = schedules.list_schedules(**arguments)
        yield from answer["Schedules"]
        if not answer.get("NextToken"):
            return
        arguments["NextToken"] = answer["NextToken"]
    raise StepFailed("The list of schedules does not end.", code="INTERNAL", advice="Report it with this text.")


def look(schedule: Mapping[str, Any], job: str, runs: Runs, now: datetime) -> Missing | None:
    """What one schedule (the answer of GetSchedule) misses at `now`."""
    window = timedelta(minutes=int(schedule.get("FlexibleTimeWindow", {}).get("MaximumWindowInMinutes") or 0))
    since = max(filter(None, (schedule.get("StartDate"), schedule.get("LastModificationDate"))), default=now) - timedelta(seconds=1)
    until = min(filter(None, (schedule.get("EndDate"), now - GRACE - window)))
    zone = str(schedule.get("ScheduleExpressionTimezone") or "UTC")
    try:
        due = last_due(str(schedule["ScheduleExpression"]), zone, since, until)
    except UnknownExpression as unknown:
        return Missing(job, str(schedule["Name"]), problem=f"its expression is not understood: {unknown}")
    if due is None or any(_meant(run, schedule) for run in runs.since(stamp(due - EARLY))):
        return None
    return Missing(job, str(schedule["Name"]), stamp(due))


def _meant(run: Mapping[str, Any], schedule: Mapping[str, Any]) -> bool:
    """Whether a run is one that the schedule starts: none that only looks, or takes up no more than was chosen before, and of the
    schedule's instance where it names one."""
    try:
        given = json.loads(schedule.get("Target", {}).get("Input") or "{}")
    except ValueError:
        given = {}
    instance = str(given.get("instance", "") if isinstance(given, dict) else "").lower()
    restricted = any(run.get(name) for name in NOT_THE_WHOLE)
    return not restricted and (not instance or str(run.get("instance", "")).lower() == instance)
