"""Asynchronous jobs: submit, follow, and read the results of their tasks."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil
from typing import Any

from sandbox.netsuite.exceptions import NetSuiteError, invalid_header, nonexistent
from sandbox.netsuite.operations import Operation, Outcome, outcome_of
from sandbox.netsuite.options import NetSuiteOptions

JOB_PATH = "/services/rest/async/v1/job/"
BATCH_SIZE = 100
UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
CONFLICT_TYPE = "https://www.w3.org/Protocols/rfc2616/rfc2616-sec10.html#sec10.4.10"


@dataclass
class Job:
    """A submitted job: when it started, when it is done, and what its tasks answered."""

    id: int
    started: datetime
    done: datetime
    results: list[Outcome]


class Jobs:
    """The jobs of one account. Operations run when they are submitted; the job is shown as pending until its time is over."""

    def __init__(self, options: NetSuiteOptions) -> None:
        self.options = options
        self.reset()

    def reset(self) -> None:
        self.jobs: dict[int, Job] = {}
        self.keys: dict[str, int] = {}

    def submit(self, operations: list[Operation], base: str, key: str | None, parallel: bool = False) -> Outcome:
        """Take the operations; the answer names the job. The same idempotency key again is a conflict that names the first job."""
        if key is not None and self.options.habits.key_must_be_uuid and not UUID.fullmatch(key):
            raise invalid_header("The idempotency key must be a UUID.", "X-NetSuite-Idempotency-Key")
        if key is not None and key in self.keys:
            return self._conflict(base + JOB_PATH + str(self.keys[key]))
        number = len(self.jobs) + 1
        now = self.options.clock()
        workers = self.options.processors if parallel else 1
        seconds = self.options.async_wait_s + self.options.async_item_s * ceil(len(operations) / workers)
        self.jobs[number] = Job(number, now, now + timedelta(seconds=seconds), [outcome_of(operation) for operation in operations])
        if key is not None:
            self.keys[key] = number
        return Outcome(202, location=base + JOB_PATH + str(number), headers={"Preference-Applied": "respond-async"})

    @staticmethod
    def _conflict(location: str) -> Outcome:
        text = "A request with the same idempotency key is already submitted. To check its state, see the job in the Location header."
        error = NetSuiteError(400, "IDEMPOTENCY_ERROR", text)
        return Outcome(400, {**error.document(), "type": CONFLICT_TYPE, "title": "Conflict"}, location=location, kind="error")

    def _job(self, number: str) -> Job:
        if not number.isdigit() or int(number) not in self.jobs:
            raise nonexistent()
        return self.jobs[int(number)]

    def _state(self, job: Job) -> dict[str, Any]:
        done = self.options.clock() >= job.done
        return {"completed": done, "progress": "succeeded" if done else "pending"}

    def job(self, number: str, base: str) -> dict[str, Any]:
        """A job's state."""
        job = self._job(number)
        here = f"{base}{JOB_PATH}{job.id}"
        return {"links": [_self(here)], "id": str(job.id), **self._state(job), "task": {"links": [_self(f"{here}/task")]}}

    def tasks(self, number: str, base: str) -> dict[str, Any]:
        """A job's tasks, in the order of its items."""
        job = self._job(number)
        here = f"{base}{JOB_PATH}{job.id}/task"
        links = [_self(f"{here}/{n}") for n in range(1, len(job.results) + 1)]
        items: list[dict[str, Any]] = [{"links": links}]
        if self.options.task_per_item:
            items = [{"links": [link], "id": str(n)} for n, link in enumerate(links, 1)]
        return {"links": [_self(here)], "items": items, "totalResults": len(items), "count": len(items), "hasMore": False, "offset": 0}

    def task(self, number: str, task: str, base: str) -> dict[str, Any]:
        """One task's state."""
        job, position = self._job(number), self._position(number, task)
        here = f"{base}{JOB_PATH}{job.id}/task/{task}"
        state = self._state(job)
        document = {"links": [_self(here)], "id": task, **state, "startTime": _utc(job.started)}
        if state["completed"]:
            failed = job.results[position].status >= 400
            document["progress"] = "failed" if failed else "succeeded"
            document["endTime"] = _utc(job.done)
            document["links"] = [{"rel": "related", "href": f"{here}/result"}, _self(here)]
        return document

    def result(self, number: str, task: str) -> Outcome:
        """What the task's operation answered."""
        job, position = self._job(number), self._position(number, task)
        if not self._state(job)["completed"]:
            raise nonexistent()
        return job.results[position]

    def _position(self, number: str, task: str) -> int:
        if not task.isdigit() or not 1 <= int(task) <= len(self._job(number).results):
            raise nonexistent()
        return int(task) - 1


def _self(href: str) -> dict[str, str]:
    return {"rel": "self", "href": href}


def _utc(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
