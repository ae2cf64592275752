"""The tasks of one sync step, called by the step machine: select, batch, batch_failed, summarise, skip."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tallybridge.errors import StepFailed
from tallybridge.tasks.batch import BatchTask
from tallybridge.tasks.results import StepClass
from tallybridge.tasks.select import SelectTask
from tallybridge.tasks.summarise import SummariseTask
from tallybridge.wiring import Wiring

TASKS: dict[str, Callable[[StepClass, dict[str, Any], Wiring], dict[str, Any]]] = {
    "select": lambda *of: SelectTask(*of).select(),
    "batch": lambda *of: BatchTask(*of).batch(),
    "batch_failed": lambda *of: BatchTask(*of).batch_failed(),
    "summarise": lambda *of: SummariseTask(*of).summarise(),
    "skip": lambda *of: SummariseTask(*of).skip(),
}


def run_task(kind: StepClass, event: dict[str, Any], wiring: Wiring) -> dict[str, Any]:
    """Do what the event's `task` says. Raises `RunEnded` for a run that has ended."""
    task = TASKS.get(event.get("task", ""))
    if task is None:
        raise StepFailed(f"Unknown task {event.get('task')!r}.", code="TASK", advice=f"Tasks are {', '.join(TASKS)}.")
    wiring.runs().check_open(event["runId"])
    with wiring.task():
        return task(kind, event, wiring)
