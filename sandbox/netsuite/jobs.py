"""Asynchronous jobs: submit, follow, and read the results of their tasks.

    submitted        begins             ends
    |-- async_wait_s --|-- async_item_s --|   one task; the account's processors share out the tasks of all jobs

What a task does is done when it ends and not before: until then nobody sees its record.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sandbox.netsuite.exceptions import NetSuiteError, invalid_header, nonexistent, unexpected
from sandbox.netsuite.operations import Operation, Outcome, outcome_of
from sandbox.netsuite.options import NetSuiteOptions

JOB_PATH = "/services/rest/async/v1/job/"
BATCH_SIZE = 100
KEY = "X-NetSuite-Idempotency-Key"
APPLIED = {"Preference-Applied": "respond-async"}
UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
CONFLICT_TYPE = "https://www.w3.org/Protocols/rfc2616/rfc2616-sec10.html#sec10.4.10"
CONFLICT = (
    'A request with the same idempotency key is already submitted. See the "Location" header for a link to the previously submitted job'
)


@dataclass
class Task:
    """One operation of a job: its place in the job, the processor's times for it, and what it answered once it is over."""

    number: int
    operation: Operation
    begins: datetime | None = None
    ends: datetime | None = None
    outcome: Outcome | None = None

    def progress(self, now: datetime) -> str:
        if self.outcome is not None:
            return "failed" if self.outcome.status >= 400 else "succeeded"
        return "processing" if self.begins is not None and self.begins <= now else "pending"


@dataclass
class Job:
    """A submitted job. `parallel`: its tasks share out the processors; `ordered`: they take effect in their order."""

    id: int
    submitted: datetime
    tasks: list[Task]
    parallel: bool
    ordered: bool

    @property
    def completed(self) -> bool:
        return all(task.outcome is not None for task in self.tasks)

    @property
    def done(self) -> datetime:
        return max(task.ends or self.submitted for task in self.tasks)

    def progress(self, now: datetime) -> str:
        """A job that is over has succeeded, whatever became of its tasks [A]."""
        if self.completed:
            return "succeeded"
        return "pending" if all(task.progress(now) == "pending" for task in self.tasks) else "processing"


class Jobs:
    """The jobs of one account, and the processors that work on them."""

    def __init__(self, options: NetSuiteOptions, letters: Callable[[], str]) -> None:
        self.options = options
        self.letters = letters
        self.reset()

    def reset(self) -> None:
        self.jobs: dict[int, Job] = {}
        self.open: list[Job] = []
        self.keys: dict[str, int] = {}
        self.free: list[datetime] = []
        self.carried_out = 0

    def submit(self, operations: list[Operation], base: str, key: str | None, parallel: bool = False) -> Outcome:
        """Take the operations; the answer names the job. The same idempotency key again is a conflict that names the first job."""
        habits = self.options.habits
        if key is not None and habits.key_must_be_uuid and not UUID.fullmatch(key):
            raise invalid_header("The idempotency key must be a UUID.", KEY)
        address = (base if habits.job_location == "absolute" else "") + JOB_PATH
        if key is not None and key in self.keys:
            document = {**NetSuiteError(400, "IDEMPOTENCY_ERROR", CONFLICT).document(), "type": CONFLICT_TYPE, "title": "Conflict"}
            return Outcome(400, document, location=f"{address}{self.keys[key]}", headers=APPLIED, kind="error")
        number = len(self.jobs) + 1
        tasks = [Task(n, operation) for n, operation in enumerate(operations, 1)]
        self.jobs[number] = Job(number, self.options.clock(), tasks, parallel, habits.batch_in_order and not parallel)
        self.open.append(self.jobs[number])
        if key is not None:
            self.keys[key] = number
        self.advance()
        return Outcome(202, location=f"{address}{number}", headers=APPLIED)

    # the processors

    def advance(self) -> None:
        """Carry out what is over by now, in the order in which it ended; each operation sees the time at which it ended."""
        if not self.open:
            return
        self._give_out()
        now, clock = self.options.clock(), self.options.clock
        over = [
            (task.ends, job.id, task.number if job.ordered else -task.number, task)
            for job in self.open
            for task in job.tasks
            if task.outcome is None and task.ends is not None and task.ends <= now
        ]
        try:
            for ended, _, _, task in sorted(over, key=lambda each: each[:3]):
                self.options.clock = lambda ended=ended: ended  # type: ignore[misc]
                task.outcome = self._carried_out(task.operation)
        finally:
            self.options.clock = clock
            self.open = [job for job in self.open if not job.completed]

    def _give_out(self) -> None:
        """Processors and times for the tasks that have none yet. Without processors all wait."""
        count = self.options.processors
        if len(self.free) != count:
            now = self.options.clock()
            self.free = sorted([*self.free, *[now] * max(0, count - len(self.free))])[:count]
        if not self.free:
            return
        for job in self.open:
            waiting = [task for task in job.tasks if task.ends is None]
            self._schedule(job, waiting if job.ordered else waiting[::-1])

    def _schedule(self, job: Job, tasks: list[Task]) -> None:
        ready = job.submitted + timedelta(seconds=self.options.async_wait_s)
        chosen = self._next_free()
        for task in tasks:
            chosen = self._next_free() if job.parallel else chosen
            task.begins = max(ready, self.free[chosen])
            task.ends = self.free[chosen] = task.begins + timedelta(seconds=self.options.async_item_s)

    def _next_free(self) -> int:
        return min(range(len(self.free)), key=lambda n: self.free[n])

    def _carried_out(self, operation: Operation) -> Outcome:
        self.carried_out += 1
        every = self.options.async_fails_every
        if every and self.carried_out % every == 0:
            return Outcome(500, unexpected(self.letters()).document(), kind="error")
        try:
            return outcome_of(operation)
        except Exception:  # a fault of the account's own is told as its tasks tell it
            return Outcome(500, unexpected(self.letters()).document(), kind="error")

    # following a job

    def _job(self, number: str) -> Job:
        job = self.jobs.get(int(number)) if number.isdigit() else None
        if job is None or (job.completed and self.options.clock() > job.done + timedelta(seconds=self.options.async_life_s)):
            raise nonexistent()
        return job

    def _task(self, number: str, task: str) -> Task:
        tasks = self._job(number).tasks
        if not task.isdigit() or not 1 <= int(task) <= len(tasks):
            raise nonexistent()
        return tasks[int(task) - 1]

    def job(self, number: str, base: str) -> dict[str, Any]:
        """A job's state."""
        job = self._job(number)
        here = f"{base}{JOB_PATH}{job.id}"
        state = {"completed": job.completed, "progress": job.progress(self.options.clock())}
        return {"links": [_self(here)], "id": str(job.id), **state, "task": {"links": [_self(f"{here}/task")]}}

    def tasks(self, number: str, base: str) -> dict[str, Any]:
        """A job's tasks, in the order of its items."""
        job = self._job(number)
        here = f"{base}{JOB_PATH}{job.id}/task"
        links = [_self(f"{here}/{task.number}") for task in job.tasks]
        items: list[dict[str, Any]] = [{"links": links}]
        if self.options.task_per_item:
            items = [{"links": [link], "id": str(n)} for n, link in enumerate(links, 1)]
        return {"links": [_self(here)], "items": items, "totalResults": len(items), "count": len(items), "hasMore": False, "offset": 0}

    def task(self, number: str, task: str, base: str) -> dict[str, Any]:
        """One task's state, with its times as far as they are past."""
        found, now = self._task(number, task), self.options.clock()
        here = f"{base}{JOB_PATH}{int(number)}/task/{found.number}"
        document: dict[str, Any] = {"links": [_self(here)], "id": str(found.number), "completed": found.outcome is not None}
        document["progress"] = found.progress(now)
        if found.begins is not None and found.begins <= now:
            document["startTime"] = _utc(found.begins)
        if found.outcome is not None and found.ends is not None:
            document["endTime"] = _utc(found.ends)
            document["links"] = [{"rel": "related", "href": f"{here}/result"}, _self(here)]
        return document

    def result(self, number: str, task: str) -> Outcome:
        """What the task's operation answered."""
        outcome = self._task(number, task).outcome
        if outcome is None:
            raise nonexistent()
        return outcome


def _self(href: str) -> dict[str, str]:
    return {"rel": "self", "href": href}


def _utc(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
