"""One record: searched by number or id, its whole story, and what can be done about it."""

from __future__ import annotations

import re
from tempfile import TemporaryFile
from typing import Any
from urllib.parse import quote

from tallybridge.console.asked import MAX_REASON, Action, Asked, Download, Screen
from tallybridge.console.roles import Role
from tallybridge.console.screens.problems import ME
from tallybridge.desk import actions, care
from tallybridge.desk.care import cares
from tallybridge.desk.evidence import evidence
from tallybridge.desk.payloads import sent
from tallybridge.desk.records import explain
from tallybridge.desk.standing import Waiting
from tallybridge.reporting.words import left_out_words
from tallybridge.sync.instructions import Kind

MAX_NAME = 200
LAST_DAY = 10
_PLAIN = re.compile(r"[^A-Za-z0-9._-]+")
"""What does not stand in the name of a file."""


def show(asked: Asked) -> dict[str, Any]:
    """{"name", "records", "left_out", "audit"}; without a name the search alone."""
    name = asked.query.get("name", "").strip()[:MAX_NAME]
    if not name:
        return {"name": "", "records": [], "left_out": [], "audit": []}
    found = explain(asked.target, name)
    rules = [{"code": row.code, "text": left_out_words(row), "due": row.due} for row in found.left_out]
    waiting = [story.waiting for story in found.stories if story.waiting]
    known = cares(asked.target, {row.step for row in waiting})
    told = found.to_json()
    cared = {row.id: known.of(row).to_json() for row in waiting}
    payloads = {story.id: sent(asked.target, story.item) for story in found.stories if story.item}
    rows = [{**row, "care": cared.get(row["id"]), "sent": payloads.get(row["id"])} for row in told["records"]]
    return {**told, "records": rows, "left_out": rules}


def as_evidence(asked: Asked) -> Download:
    """Its whole story as a zip file, with log lines, ledger item and audit."""
    name = asked.needed("name", "The record", MAX_NAME)
    with TemporaryFile() as made:
        evidence(asked.target, name, asked.person, made)
        made.seek(0)
        return Download(f"tallybridge-{_PLAIN.sub('-', name)}.zip", "application/zip", made.read())


def retry(asked: Asked) -> str:
    """Have the record tried again now."""
    return _done(asked, Kind.RETRY)


def link(asked: Asked) -> str:
    """Link the record with one on the other side, if that holds the same."""
    return _done(asked, Kind.LINK, to=asked.needed("to", "The id on the other side", actions.MAX_TARGET), reason=_reason(asked))


def mark(asked: Asked) -> str:
    """Mark the record as synced with the counterpart that it names, if that holds the same."""
    return _done(asked, Kind.MARK, reason=_reason(asked))


def ignore(asked: Asked) -> str:
    """Do not send the record, until a day or until somebody says otherwise."""
    return _done(asked, Kind.IGNORE, reason=_reason(asked), until=asked.form.get("until", "").strip()[:LAST_DAY])


def withdraw(asked: Asked) -> str:
    """Take back what was said of the record."""
    name = asked.needed("id", "The record", MAX_NAME)
    actions.withdraw(asked.target, name, asked.person)
    return _back(asked, "withdrawn")


def assign(asked: Asked) -> str:
    """Say who looks after the record."""
    who = asked.person if asked.form.get("owner") == ME else asked.form.get("owner", "")
    care.assign(asked.target, [_row(asked)], asked.person, who)
    return _back(asked, "assigned")


def note(asked: Asked) -> str:
    """Note something about the record."""
    care.note(asked.target, [_row(asked)], asked.person, asked.needed("note", "The note", care.MAX_NOTE))
    return _back(asked, "noted")


def _row(asked: Asked) -> Waiting:
    return actions.one(asked.target, asked.needed("id", "The record", MAX_NAME), asked.form.get("step", ""))


def _done(asked: Asked, kind: Kind, **said: str) -> str:
    row = _row(asked)
    actions.instruct(asked.target, kind, [row], asked.person, **said)
    actions.run(asked.target, [row], asked.person)
    return _back(asked, "instructed")


def _reason(asked: Asked) -> str:
    return asked.needed("reason", "The reason", MAX_REASON)


def _back(asked: Asked, done: str) -> str:
    return f"/record?name={quote(asked.form.get('id', '')[:MAX_NAME], safe='')}&done={done}"


SCREEN = Screen(
    "record",
    "/record",
    "record.html",
    show,
    {
        "evidence": Action(Role.VIEWER, as_evidence),
        "retry": Action(Role.OPERATOR, retry),
        "link": Action(Role.APPROVER, link),
        "mark": Action(Role.APPROVER, mark),
        "ignore": Action(Role.APPROVER, ignore),
        "withdraw": Action(Role.APPROVER, withdraw),
        "assign": Action(Role.OPERATOR, assign),
        "note": Action(Role.OPERATOR, note),
    },
    "Record",
)
