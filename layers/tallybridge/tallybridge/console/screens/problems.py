"""Problems: what is held or refused, by what is wrong; the records of one of them; and what can be done about all or some of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from tallybridge.console.asked import MAX_REASON, Action, Asked, Screen
from tallybridge.console.errors import missing
from tallybridge.console.roles import Role
from tallybridge.desk import actions
from tallybridge.desk.problems import PAGE, alike, money_of, problems
from tallybridge.desk.standing import Waiting, chained, waiting
from tallybridge.reporting.places import problem_path
from tallybridge.sync.instructions import Kind

MAX_WORD = 100
PICKED = "pick-"
"""How the fields begin by which single records are chosen; the record's id follows."""
LAST_DAY = 10
"""Characters of a day."""


def show(asked: Asked) -> dict[str, Any]:
    """{"problems", "records", "money"}: by step and code, what needs a person first."""
    rows = list(waiting(asked.target))
    return {
        "problems": [{**each.to_json(), "address": problem_path(each.step, each.code)} for each in problems(rows)],
        "records": len(rows),
        "money": money_of(rows),
    }


def one(asked: Asked) -> dict[str, Any]:
    """The records of one problem, a page of them: {"problem", "records", "page", "pages"}."""
    rows = alike(chained(list(waiting(asked.target))), *_meant(asked.query))
    pages = (len(rows) - 1) // PAGE + 1
    page = min(max(1, asked.number("page", 1)), pages)
    (problem,) = problems(rows)
    shown = rows[(page - 1) * PAGE : page * PAGE]
    given = actions.queue_of(asked.target).read([actions.key_of(row) for row in shown])
    return {
        "problem": problem.to_json(),
        "records": [_told(row, given.get(actions.key_of(row))) for row in shown],
        "page": page,
        "pages": pages,
        "address": problem_path(problem.step, problem.code),
    }


def _told(row: Waiting, instruction: Any) -> dict[str, Any]:
    said = f"{instruction.kind}, said by {instruction.by}" if instruction and not instruction.outcome else ""
    return {**asdict(row), "money": " ".join(money_of([row])), "said": said}


def retry(asked: Asked) -> str:
    """Have the records tried again now, by a run that takes up nothing else."""
    return _done(asked, Kind.RETRY)


def ignore(asked: Asked) -> str:
    """Do not send the records, until a day or until somebody says otherwise."""
    until = asked.form.get("until", "").strip()[:LAST_DAY]
    return _done(asked, Kind.IGNORE, reason=asked.needed("reason", "The reason", MAX_REASON), until=until)


def _done(asked: Asked, kind: Kind, **said: str) -> str:
    rows = _chosen(asked)
    actions.instruct(asked.target, kind, rows, asked.person, **said)
    actions.run(asked.target, rows, asked.person)
    return "/problems?done=instructed"


def _chosen(asked: Asked) -> Sequence[Waiting]:
    """The records that the form names, or all of its problem. Raises `Refusal` CONSOLE-INPUT, `ConfigurationError` PROBLEM-GONE."""
    rows = alike(waiting(asked.target), *_meant(asked.form))
    if asked.form.get("which") == "all":
        return rows
    picked = {name.removeprefix(PICKED) for name in asked.form if name.startswith(PICKED)}
    chosen = [row for row in rows if row.id in picked]
    if not chosen:
        raise missing("Which records are meant")
    return chosen


def _meant(words: Any) -> tuple[str, str]:
    return words.get("step", "")[:MAX_WORD], words.get("code", "")[:MAX_WORD]


SCREEN = Screen("problems", "/problems", "problems.html", show, menu="Problems")
ALIKE = Screen(
    "problem",
    "/problems/alike",
    "problem.html",
    one,
    {"retry": Action(Role.OPERATOR, retry), "ignore": Action(Role.APPROVER, ignore)},
)
