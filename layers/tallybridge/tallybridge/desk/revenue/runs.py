"""The runs of the revenue connector: looked at task by task, started, resumed and cancelled."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from typing import Any

from tallybridge.desk.revenue.site import Site
from tallybridge.errors import ConfigurationError, TallybridgeError
from tallybridge.reporting.words import duration_text
from tallybridge.revenue.files import FileState
from tallybridge.revenue.result import RunResult, gather, standing
from tallybridge.revenue.run import RunStatus

MAX_USER = 200
DECISIONS = ("staged", "not staged")
"""What people can say of a file whose outcome is unknown, after they have looked in Revenue."""


WORDS = {
    "summary_csv": "Summary log",
    "attachment": "Attachment of the mail",
    "report": "Report",
    "mail": "Mail",
    "summary": "Summary as JSON",
    "log": "Log, whole, compressed",
}
"""What files are called."""


def took(row: Mapping[str, Any]) -> str:
    """How long a run took, in words."""
    return duration_text(str(row.get("started", "")), str(row.get("ended", "")))


def record(site: Site, run_id: str) -> dict[str, Any]:
    """A run's record. Raises `ConfigurationError` RUN-UNKNOWN."""
    runs = site.runs()
    found = runs.read(run_id)
    if not found or found.get("job", runs.job) != runs.job:
        raise ConfigurationError(f'There is no run "{run_id}".', place="run", code="RUN-UNKNOWN", advice="The list of runs has them all.")
    return found


def details(site: Site, run_id: str) -> dict[str, Any]:
    """A run: {"run", "status", "tasks", "objects", "files", "standing", "next"}; of one that ended before it had begun its record alone."""
    found = record(site, run_id)
    head = {**found, "took": took(found)}
    try:
        result = gather(site, run_id)
    except FileNotFoundError:
        return {"run": head, "status": str(found.get("outcome", "")), "tasks": [], "objects": [], "files": [], "standing": [], "next": ""}
    failure = result.failure
    return {"run": head, **told(result), "standing": standing(result), "next": failure.advice if failure else ""}


def told(result: RunResult) -> dict[str, Any]:
    """Tasks, objects and files of a run as plain data."""
    facts = ("started", "ended", "rows_in", "rows_out", "code", "message")
    tasks = [
        {"number": t.number, "task": t.title, "object": result.object_name(t.object), "status": str(t.status)}
        | {name: getattr(t, name) for name in facts}
        for t in result.tasks
    ]
    objects = [{"object": o.line.object, "status": str(o.status), "rows": o.rows, "staged": o.staged} for o in result.objects]
    files = [{"name": f.name, "state": str(f.state), "rows": f.rows, "key": f.key} for o in result.objects for f in o.files]
    return {"run_id": result.run.run_id, "status": str(result.status), "tasks": tasks, "objects": objects, "files": files}


def unknown_files(files: list[dict[str, Any]]) -> list[str]:
    """The names of files of which a person must say whether they are staged before the run can be resumed."""
    return [str(each["name"]) for each in files if each["state"] in (FileState.UNKNOWN, FileState.SENDING, FileState.SENT)]


def run(site: Site, instance: str, who: str) -> str:
    """Start a run of an instance on demand; answers its ARN. Raises `ConfigurationError` INSTANCE_NOT_FOUND."""
    name = site.instance(instance).name
    return _start(site, {"trigger": "manual", "instance": name}, who, "run", f"revenue instance {name}")


def resume(site: Site, run_id: str, decisions: Mapping[str, str], who: str, reason: str = "") -> str:
    """Send the remaining files of a failed run, unchanged; `decisions` says of files whose outcome is unknown whether they are staged
    ("staged", "not staged"), by name. Answers the ARN. Raises `ConfigurationError` RUN-UNKNOWN; what cannot be resumed is refused by the
    run."""
    record(site, run_id)
    said = ", ".join(f"{name}: {what}" for name, what in decisions.items())
    given = {"trigger": "manual", "resume": run_id, "decisions": dict(decisions)}
    return _start(site, given, who, "resume", f"revenue run {run_id}", after=said, reason=reason)


def cancel(site: Site, run_id: str, who: str) -> bool:
    """Have a run stop before it sends anything; answers whether it will. Raises `ConfigurationError` RUN-UNKNOWN,
    `TallybridgeError` RUN-NOT-RUNNING."""
    outcome = str(record(site, run_id).get("outcome", ""))
    if outcome != RunStatus.RUNNING:
        text = f"Run {run_id} has ended ({outcome}); there is nothing to cancel."
        raise TallybridgeError(text, code="RUN-NOT-RUNNING", advice="`tallybridge revenue show` says how it ended.")
    site.target.note(who, "cancel", f"revenue run {run_id}")
    return site.control(run_id).cancel(who)


def _start(site: Site, document: dict[str, Any], who: str, action: str, what: str, **said: str) -> str:
    name = str(uuid.uuid4())
    site.target.note(who, action, f"{what} ({name})", **said)
    states = site.target.client("stepfunctions")
    content = json.dumps({**document, "user": who[:MAX_USER]})
    return str(states.start_execution(stateMachineArn=site.target["REVENUE_INGEST_ARN"], name=name, input=content)["executionArn"])
