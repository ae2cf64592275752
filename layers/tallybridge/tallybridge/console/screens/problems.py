"""Problems: what is held or refused, by what is wrong; the records of one of them; and what can be done about all or some of them."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import asdict
from itertools import islice
from typing import Any
from urllib.parse import urlencode

from tallybridge.console.asked import MAX_REASON, Action, Asked, Download, Screen
from tallybridge.console.errors import missing, wrong
from tallybridge.console.roles import Role
from tallybridge.desk import actions, care
from tallybridge.desk.care import Care, cares
from tallybridge.desk.problem_table import rows
from tallybridge.desk.problems import Problem, money_of, money_texts, page, problem_of, problems
from tallybridge.desk.standing import Waiting, chained
from tallybridge.reporting.places import problem_path
from tallybridge.sync.instructions import Instruction, Kind, alike_key

MAX_WORD = 100
MAX_LIST = 100_000
"""Characters of a list of records."""
MAX_PLACE = 400
"""Characters of a place in the list of records."""
DONE = "/problems?done=instructed"
EXPORTED = 20_000
"""Records in a file."""
ME = "me"
"""What the form calls the person who sends it."""
PICKED = "pick-"
"""How the fields begin by which single records are chosen; the record's id follows."""
LAST_DAY = 10
"""Characters of a day."""


def show(asked: Asked) -> dict[str, Any]:
    """{"problems", "records", "money", "under_way"}: by step and code, what needs a person first."""
    now = problems(asked.target)
    known = cares(asked.target, {each.step for each in now.found})
    owners = {(each.step, each.code): known.of_alike(each.step, each.code).owner for each in now.found}
    return {
        "problems": [
            {**each.to_json(), "address": problem_path(each.step, each.code), "owner": owners[each.step, each.code]} for each in now.found
        ],
        "records": now.records,
        "money": money_texts(now.sums),
        "under_way": now.under_way,
    }


def one(asked: Asked) -> dict[str, Any]:
    """The records of one problem, a page of them: {"problem", "records", "care", "csv", "further", "first", "said"}; `further` is the
    address of the next page, "" on the last one."""
    target, (step, code), after = asked.target, _meant(asked.query), asked.query.get("after", "")[:MAX_PLACE]
    shown, then = page(target, step, code, after)
    problem, queue, all_of_it = problem_of(target, step, code), actions.queue_of(target), alike_key(step, code)
    given = queue.read([all_of_it, *(actions.key_of(row) for row in shown)])
    here, known = problem_path(step, code), cares(target, [step])
    return {
        "problem": problem.to_json(),
        "records": [_told(row, given.get(actions.key_of(row)), known.of(row)) for row in chained(shown)],
        "care": known.of_alike(step, code).to_json(),
        "csv": f"/problems.csv?{urlencode({'step': step, 'code': code})}",
        "further": f"{here}&{urlencode({'after': then})}" if then else "",
        "first": not after,
        "address": here,
        "said": _said(given.get(all_of_it)),
    }


def export(asked: Asked) -> Download:
    """The records of a problem, or all, as CSV."""
    out = io.StringIO()
    csv.writer(out).writerows(islice(rows(asked.target, *_meant(asked.query)), EXPORTED + 1))
    return Download("problems.csv", "text/csv; charset=utf-8", out.getvalue().encode())


def _told(row: Waiting, instruction: Instruction | None, cared: Care) -> dict[str, Any]:
    return {**asdict(row), "money": " ".join(money_of([row])), "said": _said(instruction), "care": cared.to_json()}


def _said(instruction: Instruction | None) -> str:
    return f"{instruction.kind}, said by {instruction.by}" if instruction and not instruction.outcome else ""


def retry(asked: Asked) -> str:
    """Have the records tried again now, by a run that takes up nothing else."""
    if asked.form.get("which") != "all":
        return _done(asked, Kind.RETRY)
    meant = [problem_of(asked.target, *_meant(asked.form))]
    actions.retry_all(asked.target, meant, asked.person)
    actions.run(asked.target, meant, asked.person)
    return DONE


def retry_listed(asked: Asked) -> str:
    """Have the records of a list tried again now: numbers or ids, one a line."""
    names = list(dict.fromkeys(asked.needed("names", "The list", MAX_LIST).split()))
    if len(names) > actions.MOST_AT_ONCE:
        raise wrong(f"The list names {len(names)} records; {actions.MOST_AT_ONCE} are the most at a time.")
    meant = actions.found(asked.target, names)
    actions.instruct(asked.target, Kind.RETRY, meant, asked.person)
    actions.run(asked.target, meant, asked.person)
    return DONE


def ignore(asked: Asked) -> str:
    """Do not send the records, until a day or until somebody says otherwise."""
    until = asked.form.get("until", "").strip()[:LAST_DAY]
    return _done(asked, Kind.IGNORE, reason=asked.needed("reason", "The reason", MAX_REASON), until=until)


def assign(asked: Asked) -> str:
    """Say who looks after the records."""
    who = asked.person if asked.form.get("owner") == ME else asked.form.get("owner", "")
    care.assign(asked.target, _meant_by(asked), asked.person, who)
    return _back(asked, "assigned")


def note(asked: Asked) -> str:
    """Note something about the records."""
    care.note(asked.target, _meant_by(asked), asked.person, asked.needed("note", "The note", care.MAX_NOTE))
    return _back(asked, "noted")


def _meant_by(asked: Asked) -> Sequence[Waiting | Problem]:
    """All that are alike, those that come later included; or those chosen."""
    return [problem_of(asked.target, *_meant(asked.form))] if asked.form.get("which") == "all" else _chosen(asked)


def _back(asked: Asked, done: str) -> str:
    return f"{problem_path(*_meant(asked.form))}&done={done}"


def _done(asked: Asked, kind: Kind, **said: str) -> str:
    rows = _chosen(asked)
    actions.instruct(asked.target, kind, rows, asked.person, **said)
    actions.run(asked.target, rows, asked.person)
    return DONE


def _chosen(asked: Asked) -> Sequence[Waiting]:
    """The records that the form names, or all of its problem. Raises `Refusal` CONSOLE-INPUT, `ConfigurationError` PROBLEM-GONE."""
    step, code = _meant(asked.form)
    if asked.form.get("which") == "all":
        return actions.rows_of(asked.target, [problem_of(asked.target, step, code)])
    picked = [name.removeprefix(PICKED) for name in asked.form if name.startswith(PICKED)]
    if not picked:
        raise missing("Which records are meant")
    return actions.found(asked.target, picked, code=code, step=step)


def _meant(words: Any) -> tuple[str, str]:
    return words.get("step", "")[:MAX_WORD], words.get("code", "")[:MAX_WORD]


SCREEN = Screen("problems", "/problems", "problems.html", show, {"retry": Action(Role.OPERATOR, retry_listed)}, "Problems")
ALIKE = Screen(
    "problem",
    "/problems/alike",
    "problem.html",
    one,
    {
        "retry": Action(Role.OPERATOR, retry),
        "ignore": Action(Role.APPROVER, ignore),
        "assign": Action(Role.OPERATOR, assign),
        "note": Action(Role.OPERATOR, note),
    },
)
EXPORT = Screen("problems_export", "/problems.csv", "", export)
