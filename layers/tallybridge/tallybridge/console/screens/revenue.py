"""Runs of the revenue connector: listed by instance; one of them task by task, with its files; stopped, cancelled, resumed."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote, urlencode

from tallybridge.console import frame
from tallybridge.console.asked import MAX_REASON, Action, Asked, Download, Screen
from tallybridge.console.errors import Refusal, missing, no_such_page, wrong
from tallybridge.console.roles import Role
from tallybridge.console.screens.run import LARGEST
from tallybridge.desk import runs as all_runs
from tallybridge.desk import schedule, stopping
from tallybridge.desk.revenue import files, runs
from tallybridge.desk.revenue.site import Site
from tallybridge.errors import TallybridgeError
from tallybridge.revenue.run import RunStatus

MAX_WORD = 100
DECIDED = "file-"
"""How the fields begin in which a person says what became of a file; its name follows."""
KINDS = {".csv": "text/csv; charset=utf-8", ".html": "text/html; charset=utf-8", ".json": "application/json", ".eml": "message/rfc822"}


def show(asked: Asked) -> dict[str, Any]:
    """{"runs", "filter", "instances", "outcomes", "next", "first"}, newest first; "next" is the address of the next page, "" at the end."""
    words = {name: asked.query.get(name, "").strip()[:MAX_WORD] for name in ("instance", "outcome")}
    if words["outcome"] not in ("", *RunStatus):
        raise wrong(f'"{words["outcome"]}" is no outcome of a run.')
    found = all_runs.page(asked.target.revenue_runs, all_runs.Filter(**words), asked.query.get("after", "")[:MAX_WORD])
    given = {name: value for name, value in words.items() if value}
    config = schedule.revenue_config(asked.target)
    return {
        "runs": [{**row, "took": runs.took(row)} for row in found.rows],
        "filter": words,
        "instances": [each.name for each in config.instances] if config else [],
        "outcomes": [str(outcome) for outcome in RunStatus if outcome is not RunStatus.QUEUED],
        "next": f"/revenue?{urlencode({**given, 'after': found.next})}" if found.next else "",
        "first": "after" not in asked.query,
    }


def one(asked: Asked) -> dict[str, Any]:
    """{"run", "status", "tasks", "objects", "files", "standing", "next", "downloads", "unknown", "running", "failed"}"""
    site, run_id = Site(asked.target), asked.path["run_id"]
    found = runs.details(site, run_id)
    outcome = str(found["run"].get("outcome", ""))
    return {
        **found,
        "downloads": [{"what": runs.WORDS.get(place.what, place.what), "name": place.name} for place in files.told(site, run_id)],
        "unknown": runs.unknown_files(found["files"]),
        "running": outcome == RunStatus.RUNNING,
        "failed": outcome == RunStatus.FAILED,
    }


def file(asked: Asked) -> Download:
    """A file that a run has left. Raises `Refusal`."""
    site, run_id, name = Site(asked.target), asked.path["run_id"], asked.path["name"]
    runs.record(site, run_id)
    place = next((place for place in files.told(site, run_id) if place.name == name), None)
    if place is None:
        raise no_such_page(f"/revenue/{run_id}/files/{name}")
    content = files.content(site, place)
    if content is None:
        text = f"Run {run_id} has left no {name}, or it has expired."
        raise Refusal(text, "RUN-NO-FILES", "See on the run's page how it ended.", 404)
    if len(content) > LARGEST:
        advice = f"Fetch it with the command `tallybridge revenue download {run_id}`, or from the reports bucket."
        raise Refusal(f"{name} of run {run_id} is larger than the console hands over.", "CONSOLE-TOO-LARGE", advice, 413)
    kind = next((kind for ending, kind in KINDS.items() if name.endswith(ending)), "application/octet-stream")
    return Download(f"{run_id}-{name}", kind, content, frame.REPORT_POLICY if name.endswith(".html") else "")


def stop(asked: Asked) -> str:
    """Stop the run wherever it is, with a reason."""
    run_id = _known(asked)
    stopping.stop(asked.target, "REVENUE_INGEST_ARN", run_id, asked.needed("reason", "The reason", MAX_REASON), asked.person)
    return f"/revenue/{run_id}?done=stopped"


def cancel(asked: Asked) -> str:
    """Have the run end before it sends anything."""
    run_id = _known(asked)
    if not runs.cancel(Site(asked.target), run_id, asked.person):
        text = f"Run {run_id} has begun to send; it can no longer be cancelled."
        advice = "Stop it, if it must not go on; its mail then says what is staged and what is not."
        raise TallybridgeError(text, code="RUN-SENDS", advice=advice)
    return f"/revenue/{run_id}?done=cancelled"


def resume(asked: Asked) -> str:
    """Send the remaining files of a failed run; of each file whose outcome is unknown a person has to say what became of it."""
    run_id = _known(asked)
    decisions = {name.removeprefix(DECIDED): value for name, value in asked.form.items() if name.startswith(DECIDED)}
    if undecided := [name for name in runs.unknown_files(runs.details(Site(asked.target), run_id)["files"]) if not decisions.get(name)]:
        raise missing(f"What became of {undecided[0]}")
    if unknown := [value for value in decisions.values() if value not in runs.DECISIONS]:
        raise wrong(f'"{unknown[0][:MAX_WORD]}" is neither "staged" nor "not staged".')
    reason = asked.needed("reason", "The reason", MAX_REASON)
    arn = runs.resume(Site(asked.target), run_id, decisions, asked.person, reason)
    return f"/revenue/{quote(arn.rpartition(':')[2])}?done=begun"


def _known(asked: Asked) -> str:
    runs.record(Site(asked.target), asked.path["run_id"])
    return asked.path["run_id"]


SCREEN = Screen("revenue", "/revenue", "revenue.html", show, menu="Revenue")
RUN = Screen(
    "revenue_run",
    "/revenue/<run_id>",
    "revenue_run.html",
    one,
    {"stop": Action(Role.OPERATOR, stop), "cancel": Action(Role.OPERATOR, cancel), "resume": Action(Role.APPROVER, resume)},
)
FILE = Screen("revenue_file", "/revenue/<run_id>/files/<name>", "", file)
