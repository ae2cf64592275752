"""One run: its tasks on a time line, its totals, what changed before it, and its files."""

from __future__ import annotations

import json
from dataclasses import asdict
from itertools import islice
from typing import Any

from tallybridge.console import frame
from tallybridge.console.asked import MAX_REASON, Action, Asked, Download, Screen
from tallybridge.console.errors import Refusal, no_such_page
from tallybridge.console.roles import Role
from tallybridge.desk import log, runs, stopping
from tallybridge.desk.progress import summary_of
from tallybridge.reporting import figures
from tallybridge.reporting.exceptions import bounded, log_rows
from tallybridge.reporting.page import attention
from tallybridge.reporting.verdict import verdict
from tallybridge.reporting.words import duration_text
from tallybridge.sync.runlog import Level, RunOutcome, RunSummary

FILES = {
    "report.html": ("Report", "text/html; charset=utf-8"),
    "mail.eml": ("Mail", "message/rfc822"),
    "summary.csv": ("Totals as CSV", "text/csv; charset=utf-8"),
    "summary.json": ("Summary as JSON", "application/json"),
    "log.jsonl.gz": ("Log, whole, compressed", "application/gzip"),
}
MOST_LINES = 20_000
"""Lines of a log as CSV or JSON: what an answer of the API has room for. The whole log is a file of its own."""
LARGEST = 4_000_000
"""Bytes of a file that the console hands over."""


def show(asked: Asked) -> dict[str, Any]:
    """{"run", "took", "verdict", "tasks", "totals", "attention", "before", "changed", "files", "running"}"""
    target, run_id = asked.target, asked.path["run_id"]
    found = runs.record(target, run_id)
    summary, before = summary_of(target, run_id), runs.run_before(target, found)
    return {
        "run": found,
        "took": duration_text(str(found.get("started", "")), str(found.get("ended", ""))),
        "running": found.get("outcome") == RunOutcome.RUNNING,
        "verdict": _verdict(summary),
        "tasks": [asdict(task) for task in runs.tasks(target, found, asked.now)],
        "totals": _totals(summary),
        "attention": [asdict(entry) for entry in attention(summary)] if summary else [],
        "before": before,
        "changed": runs.settings_changed(target, before, run_id) if before else [],
        "files": [{"name": name, "title": FILES[name][0]} for name in runs.files(target, run_id, tuple(FILES))],
    }


def _verdict(summary: RunSummary | None) -> dict[str, Any] | None:
    if summary is None:
        return None
    known = verdict(summary)
    return {"state": known.state, "headline": known.headline, "tone": str(known.tone)}


def _totals(summary: RunSummary | None) -> list[dict[str, Any]]:
    """The control totals, as the report has them."""
    return [asdict(group) for group in figures.total_groups(summary)] if summary else []


# -- downloads ---------------------------------------------------------------------------------------------------------


def file(asked: Asked) -> Download:
    """A file that the run has left. Raises `Refusal`."""
    run_id, name = asked.path["run_id"], asked.path["name"]
    runs.record(asked.target, run_id)
    if name not in FILES:
        raise no_such_page(f"/runs/{run_id}/files/{name}")
    try:
        content = asked.target.folder(run_id).read(name)
    except FileNotFoundError:
        text = f"Run {run_id} has left no {name}, or it has expired."
        raise Refusal(text, "RUN-NO-FILES", "See on the run's page how it ended.", 404) from None
    if len(content) > LARGEST:
        text = f"{name} of run {run_id} is larger than the console hands over."
        raise Refusal(text, "CONSOLE-TOO-LARGE", f"Fetch it with the command `tallybridge show {run_id}`, or from the reports bucket.", 413)
    policy = frame.REPORT_POLICY if name == "report.html" else ""
    return Download(f"{run_id}-{name}", FILES[name][1], content, policy)


def lines(asked: Asked) -> Download:
    """The log, restricted as the address says, as CSV or as JSON lines."""
    run_id = asked.path["run_id"]
    runs.record(asked.target, run_id)
    level = Level(asked.query["level"]) if asked.query.get("level") in {str(each) for each in Level} else Level.INFO
    found = log.lines(asked.target.folder(run_id), level=level, step=asked.query.get("step", ""), record=asked.query.get("record", ""))
    some = islice(found, MOST_LINES)
    if asked.query.get("as") == "jsonl":
        rows = (json.dumps(line.to_json(), ensure_ascii=False, default=str) for line in some)
        return Download(f"{run_id}-log.jsonl", "application/x-ndjson", bounded(rows, LARGEST))
    return Download(f"{run_id}-log.csv", "text/csv; charset=utf-8", bounded(log_rows(some), LARGEST))


def stop(asked: Asked) -> str:
    """Stop this run, with a reason."""
    run_id = asked.path["run_id"]
    runs.record(asked.target, run_id)
    stopping.stop(asked.target, "BILLING_SYNC_ARN", run_id, asked.needed("reason", "The reason", MAX_REASON), asked.person)
    return f"/runs/{run_id}?done=stopped"


SCREEN = Screen("run", "/runs/<run_id>", "run.html", show, {"stop": Action(Role.OPERATOR, stop)})
FILE = Screen("file", "/runs/<run_id>/files/<name>", "", file)
LOG = Screen("log", "/runs/<run_id>/log", "", lines)
