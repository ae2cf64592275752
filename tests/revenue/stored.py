"""A run of the revenue connector that has failed while it sent, as its functions leave it behind: for pages that show it."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from tallybridge.clock import stamp
from tallybridge.desk.target import Target
from tallybridge.revenue.config import parse_config
from tallybridge.revenue.files import FileState, UploadedFile, UploadedFiles
from tallybridge.revenue.run import TASKS, RevenueRun, TaskBook, TaskStatus
from tests.revenue.world import line

RUN = "5b1f0c7e-revenue-run"
FILE = "daily_orders_20260504T030000Z_5b1f0c7e_p02of02.csv"
LOST = 8
"""The task whose answer was lost."""


def document() -> dict[str, Any]:
    """The configuration: an instance that runs every day, and one that is run on demand."""
    schedule = {"frequency": "daily", "time": "05:00", "timezone": "Europe/Berlin"}
    instances = [{"name": "Daily", "objects": [line("Orders")], "schedule": schedule}, {"name": "On demand", "objects": [line("Invoices")]}]
    netsuite = {"account_id": "1234567", "services_url": "https://1234567.suitetalk.api.netsuite.com"}
    connection = {"netsuite": netsuite, "revenue": {"host": "https://acme.revprooncloud.com"}}
    return {"enabled": True, "connection": connection, "instances": instances}


def store_failed_run(target: Target) -> str:
    """Store it, and the configuration; answers its id."""
    config = parse_config(json.dumps(document()))
    instance, now = config.instances[0], stamp(target.clock.now())
    facts = (config.connection, config.notifications, config.options, "1", "Test", "manual", "ann@example.com", now, RUN)
    folder = target.folder(RUN)
    RevenueRun(RUN, instance, *facts).save_in(folder)
    book = TaskBook(folder, target.clock)
    for kind in (kind for kind in TASKS if kind.number <= LOST):
        begun = book.start(kind.name, "1" if kind.per_object else "")
        lost = {"status": TaskStatus.ERROR, "code": "UPLOAD_OUTCOME_UNKNOWN", "message": f"No answer came to the upload of {FILE}."}
        book.end(replace(begun, rows_in=500, rows_out=500, **(lost if kind.number == LOST else {"status": TaskStatus.SUCCESS})))
    files = UploadedFiles(target.table("RUNS_TABLE"), target.clock, RUN)
    for part, state in ((1, FileState.STAGED), (2, FileState.UNKNOWN)):
        name = FILE.replace("p02", f"p{part:02}")
        files.prepare(UploadedFile("1", part, 2, name, f"runs/{RUN}/{name}", "NetSuite Orders", 1, 250, 9_000, "0" * 64, state=state))
    told = {"instance": "Daily", "trigger": "manual", "user": "ann@example.com", "started": now, "ended": now, "outcome": "FAILED"}
    target.revenue_runs.record(RUN, job="revenue", message="The outcome of an upload is unknown.", **told)
    return RUN
