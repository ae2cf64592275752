"""Marks on many NetSuite records by one request: NetSuite changes them in a job of its own, and one query says which bear them.

A mark may be written twice, so that nothing is kept of a job: what is not seen on a record afterwards is written there by itself. The job
is waited for here, since a record is marked before anything is sent for it. One that takes too long is left; should it write an older mark
over a newer one, the next run finds the record unfinished and completes it.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from typing import Any

from tallybridge.errors import LoginRefused, Refused, ServiceError
from tallybridge.parallel import parts
from tallybridge.steps.shared.bulk import NetSuiteBulk
from tallybridge.steps.shared.context import StepContext
from tallybridge.sync.runlog import Level
from tallybridge.sync.step import Problem

USUAL = "reference/mark-seconds.json"
MOST_SECONDS = 90
"""A job of marks is not waited for longer: a function has 300 seconds for its records, each of which is marked twice."""


class MarksTogether:
    """Marks of one step."""

    def __init__(self, context: StepContext) -> None:
        self.context = context
        self.bulk = NetSuiteBulk(context, USUAL)

    def write(
        self, record_type: str, table: str, bodies: Mapping[str, Mapping[str, Any]], status: str, spared: Callable[[str], bool]
    ) -> set[str]:
        """Write fields of records by id; answers the ids of those that bear them now. `table` is that of the record type in SuiteQL,
        `status` the field without which nobody could tell; the fields that are `spared` are not looked at."""
        seen_by = {i: telling(body, spared) for i, body in bodies.items() if status in body}
        done: set[str] = set()
        for ids in parts(list(seen_by), self.bulk.most):
            if self.bulk.is_worth_it(len(ids)) and self._written(record_type, {i: bodies[i] for i in ids}):
                done |= self._seen(table, {i: seen_by[i] for i in ids})
        return done

    def _written(self, record_type: str, bodies: Mapping[str, Mapping[str, Any]]) -> bool:
        """Whether a job with the bodies is over."""
        try:
            job = self.context.netsuite.submit(
                record_type, [{"id": i, **body} for i, body in bodies.items()], str(uuid.uuid4()), update=True
            )
        except LoginRefused:
            raise
        except ServiceError as error:
            if isinstance(error, Refused):
                self._give_up(record_type, Level.INFO, "JOBS-NOT-TAKEN", f"takes no batch requests here: {error.detail or error.message}")
            return False
        begun, age = self._now(), 0
        wait = self.bulk.not_before(0, len(bodies))
        while age + wait <= MOST_SECONDS:
            self.context.clock.sleep(wait)
            age = round(self._now() - begun)
            if self.bulk.is_over(job):
                self.bulk.lasted(age)
                return True
            wait = self.bulk.pause(age)
        self._give_up(record_type, Level.WARNING, "JOB-LATE", f"has not carried out job {job} within {MOST_SECONDS} seconds.")
        return False

    def _give_up(self, record_type: str, level: Level, code: str, text: str) -> None:
        advice = "Statuses are written one by one in this run. If it happens often, set netsuite_batch_requests to off."
        self.bulk.give_up(level, Problem(code, f"Statuses of {record_type}: NetSuite {text}", advice))

    def _seen(self, table: str, seen_by: Mapping[str, Mapping[str, str]]) -> set[str]:
        """Which of the records bear their values."""
        names = sorted({name for values in seen_by.values() for name in values})
        q = f"SELECT id, {', '.join(names)} FROM {table} WHERE id IN {{in}}"
        try:
            rows = list(self.context.netsuite.suiteql_in(q, seen_by))
        except LoginRefused:
            raise
        except ServiceError:
            return set()
        shown = {row["id"]: row for row in rows}
        return {i for i, values in seen_by.items() if i in shown and all(shown[i].get(n.lower(), "") == v for n, v in values.items())}

    def _now(self) -> float:
        return self.context.clock.now().timestamp()


def telling(body: Mapping[str, Any], spared: Callable[[str], bool]) -> dict[str, str]:
    """The texts of a mark as SuiteQL shows them, "" for empty."""
    return {name: value or "" for name, value in body.items() if isinstance(value, str | None) and not spared(name)}
