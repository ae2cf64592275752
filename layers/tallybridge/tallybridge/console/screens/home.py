"""Home: did it run, is the money right, what needs me, is it safe to press the button; and the button."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tallybridge.console.asked import MAX_REASON, Action, Asked, Screen
from tallybridge.console.errors import wrong
from tallybridge.console.roles import Role
from tallybridge.desk import credentials, progress, stopping
from tallybridge.desk import schedule as schedules
from tallybridge.desk.connection import connection
from tallybridge.desk.freshness import freshness
from tallybridge.desk.month_glance import glance
from tallybridge.desk.problems import Problem, problems
from tallybridge.desk.standing import Standing, standing
from tallybridge.reporting.causes import holds_text
from tallybridge.reporting.figures import facts
from tallybridge.reporting.missing import missing, together
from tallybridge.reporting.places import problem_path
from tallybridge.reporting.verdict import verdict
from tallybridge.reporting.words import money_text
from tallybridge.sync.runlog import Cause, RunSummary
from tallybridge.tasks.open_run import MAX_TRIGGER
from tallybridge.tasks.steps import step_class

MOST = 100
"""Records of a step and state that the first page reads; where there are more, its causes are those of the last run."""
SHOWN = 5
"""Causes on the first page; the others are counted."""


def show(asked: Asked) -> dict[str, Any]:
    """{"connection", "freshness", "last", "verdict", "progress", "missing", "causes", "more", "month", "oldest", "schedule", "lock",
    "ending"}"""
    target = asked.target
    now, schedule, known = standing(target, MOST), schedules.if_any(target), problems(target).found
    found = now.causes
    return {
        "connection": vars(connection(target)),
        "freshness": vars(freshness(target, now, schedule)),
        "last": now.last,
        "verdict": _verdict(now),
        "lock": vars(now.lock) if now.lock else None,
        "ending": credentials.ending(target),
        "progress": _progress(asked, now),
        "missing": _missing(now.summary),
        "causes": [_cause(cause, now, known) for cause in found[:SHOWN]],
        "more": max(0, len(found) - SHOWN),
        "month": vars(glance(target)),
        "oldest": _oldest(known),
        "schedule": schedules.described(schedule, asked.now) if schedule else None,
    }


def _cause(cause: Cause, now: Standing, problems: Sequence[Problem]) -> dict[str, Any]:
    """A cause with the next step, which the ledger does not keep and the last run has told, and the page of its records, if any."""
    known = now.summary.causes if now.summary else []
    alike = [each for each in known if each.code == cause.code]
    same = next((each for each in alike if each.message == cause.message), alike[0] if alike else cause)
    holds = holds_text((*cause.own, *cause.waiting))
    step = next((each.step for each in problems if each.code == cause.code), "")
    told = {"code": cause.code, "text": cause.message, "advice": cause.advice or same.advice, "count": cause.count, "holds": holds}
    return {**told, "address": problem_path(step, cause.code) if step else ""}


def _verdict(now: Standing) -> dict[str, Any] | None:
    if now.summary is None:
        return None
    known = verdict(now.summary)
    answers = [{"question": a.question, "answer": a.answer, "detail": a.detail, "tone": str(a.tone)} for a in known.answers]
    return {
        "run_id": now.summary.run_id,
        "state": known.state,
        "tone": str(known.tone),
        "headline": known.headline,
        "facts": facts(now.summary),
        "answers": answers,
    }


def _progress(asked: Asked, now: Standing) -> list[dict[str, Any]] | None:
    """The steps of the run in progress; None where there is none."""
    if now.lock is None:
        return None
    read = progress.ProgressReader(asked.target.folder(now.lock.run_id)).read("RUNNING", "")
    return [
        {"step": each.step, "title": step_class(each.step).title, "state": each.state, "selected": each.selected, "done": each.done}
        for each in read.steps
    ]


def _missing(summary: RunSummary | None) -> list[dict[str, Any]]:
    """What the destination does not have, by object and currency."""
    found = together(missing(summary)) if summary else []
    return [
        {"name": m.name, "currency": m.currency, "count": m.count, "amount": m.amount, "text": money_text(m.amount, m.currency)}
        for m in found
    ]


def _oldest(problems: Sequence[Problem]) -> dict[str, str] | None:
    """The problem that has been there longest, of those that wait for a person."""
    own = [each for each in problems if not each.waits and each.since]
    if not own:
        return None
    first = min(own, key=lambda each: each.since)
    return {"record": first.number, "since": first.since, "code": first.code, "text": first.text}


# -- actions -----------------------------------------------------------------------------------------------------------


def _trigger(asked: Asked) -> str:
    """Who starts the run, as the run's input takes it."""
    return asked.person[:MAX_TRIGGER]


def start(asked: Asked) -> str:
    """Start a run, or a dry one."""
    kind = asked.form.get("kind", "")
    if kind not in ("run", "dry"):
        raise wrong("It is not said whether the run is a dry one.")
    progress.start(asked.target, trigger=_trigger(asked), dry_run=kind == "dry", steps=None, by=asked.person)
    return "/?done=started"


def stop(asked: Asked) -> str:
    """Stop the run that is named, with a reason."""
    run_id, reason = asked.needed("run_id", "The run", 100), asked.needed("reason", "The reason", MAX_REASON)
    stopping.stop(asked.target, "BILLING_SYNC_ARN", run_id, reason, asked.person)
    return "/?done=stopped"


def switch(asked: Asked) -> str:
    """Pause the schedule, or switch it on again."""
    state = asked.form.get("state", "")
    if state not in ("on", "off"):
        raise wrong("It is not said whether the schedule is to be on or off.")
    schedules.change(asked.target, "", "", state == "on")
    return "/?done=resumed" if state == "on" else "/?done=paused"


SCREEN = Screen(
    "home",
    "/",
    "home.html",
    show,
    {"start": Action(Role.OPERATOR, start), "stop": Action(Role.OPERATOR, stop), "switch": Action(Role.OPERATOR, switch)},
    "Home",
)
