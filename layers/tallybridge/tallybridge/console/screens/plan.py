"""Plans: what the next run would do, by object, record by record, with its effect on the general ledger; and the button that does it."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote, urlencode

from tallybridge.console.asked import MAX_REASON, Action, Asked, Screen
from tallybridge.console.errors import missing
from tallybridge.console.roles import Role
from tallybridge.desk import plans, progress
from tallybridge.errors import ConfigurationError
from tallybridge.tasks.open_run import MAX_TRIGGER
from tallybridge.tasks.steps import step_class

MAX_WORD = 100


def newest(asked: Asked) -> dict[str, Any]:
    """The newest plan, as `show` has it; {"plan": null} where there is none."""
    try:
        return _view(asked, plans.newest(asked.target))
    except ConfigurationError as none:
        if none.code != "PLAN-UNKNOWN":
            raise
        return {"plan": None}


def show(asked: Asked) -> dict[str, Any]:
    """{"plan": {"run", "state", "objects", "effect", "unknown", "off", "silent", "left_out"}, "address"}"""
    return _view(asked, asked.path["run_id"])


def _view(asked: Asked, run_id: str) -> dict[str, Any]:
    found = plans.overview(asked.target, run_id)
    for each in found["objects"]:
        for row in each["does"]:
            row["address"] = _records(run_id, each["step"], row["does"])
    return {"plan": found, "address": _address(run_id)}


def records(asked: Asked) -> dict[str, Any]:
    """Some records of a plan: {"run_id", "step", "title", "does", "word", "records", "next", "first", "address"}."""
    run_id = asked.path["run_id"]
    step, does, after = (asked.query.get(name, "")[:MAX_WORD] for name in ("step", "does", "after"))
    found = plans.page(asked.target, run_id, step, does, after)
    return {
        "run_id": run_id,
        "step": step,
        "title": step_class(step).title,
        "does": does,
        "word": plans.WORDS.get(does, ""),
        "records": found.rows,
        "next": f"{_records(run_id, step, does)}&{urlencode({'after': found.next})}" if found.next else "",
        "first": _records(run_id, step, does) if after else "",
        "address": _address(run_id),
    }


def _address(run_id: str) -> str:
    return f"/runs/{quote(run_id, safe='')}/plan"


def _records(run_id: str, step: str, does: str) -> str:
    return f"{_address(run_id)}/records?{urlencode({'step': step, 'does': does})}"


def make(asked: Asked) -> str:
    """Make a plan, by a dry run."""
    progress.start(asked.target, trigger=asked.person[:MAX_TRIGGER], dry_run=True, steps=None, by=asked.person)
    return "/plan?done=planning"


def apply(asked: Asked) -> str:
    """Have exactly this plan done, with a reason, by somebody who says that he has looked at it."""
    reason = asked.needed("reason", "The reason", MAX_REASON)
    if asked.form.get("sure") != "on":
        raise missing("That you have looked at the plan")
    execution = plans.apply(asked.target, asked.path["run_id"], asked.person, reason)
    return f"/runs/{quote(progress.run_id_of(execution), safe='')}?done=applied"


NEWEST = Screen("plan", "/plan", "plan.html", newest, {"make": Action(Role.OPERATOR, make)}, "Plan")
SCREEN = Screen("plan of run", "/runs/<run_id>/plan", "plan.html", show, {"apply": Action(Role.APPROVER, apply)})
RECORDS = Screen("records of plan", "/runs/<run_id>/plan/records", "plan_records.html", records)
