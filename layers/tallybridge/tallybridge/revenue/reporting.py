"""The tasks of the function that reports: summary log, mail, and failures that a state could not write down itself."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tallybridge.errors import StepFailed
from tallybridge.revenue.closing import notify, write_log
from tallybridge.revenue.performing import note_failure
from tallybridge.revenue.wiring import RevenueWiring

TASKS: dict[str, Callable[[dict[str, Any], RevenueWiring], dict[str, Any]]] = {"log": write_log, "mail": notify, "failure": note_failure}


def report(event: dict[str, Any], wiring: RevenueWiring) -> dict[str, Any]:
    """`event` = {"task", "runId", "error"?}."""
    if event.get("task") not in TASKS:
        raise StepFailed(f"Unknown task {event.get('task')!r}.", code="TASK", advice=f"Tasks are {', '.join(TASKS)}.")
    return TASKS[event["task"]](event, wiring)
