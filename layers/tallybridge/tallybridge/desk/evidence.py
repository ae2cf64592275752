"""The evidence of one record: its whole story in a sealed zip file, for whoever has to be shown what happened."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import IO, Any

from tallybridge.desk import log
from tallybridge.desk.audit import Entry
from tallybridge.desk.care import BESIDE as OF_CARE
from tallybridge.desk.payloads import sent
from tallybridge.desk.records import Explained, Story, explain
from tallybridge.desk.sealed import Seal, Sealed
from tallybridge.desk.target import Target
from tallybridge.sync.instructions import BESIDE as OF_INSTRUCTIONS
from tallybridge.sync.runlog import Level, LogLine
from tallybridge.tasks.drift import drift_key
from tallybridge.technical import masked_text

STORY, ITEMS, LOG, ANSWERS, AUDIT, RUNS = "story.json", "ledger.json", "log.json", "answers.json", "audit.json", "runs.json"
PAYLOADS = "sent.json"
BESIDE = (OF_INSTRUCTIONS, OF_CARE, drift_key(""))
"""Beginnings of the keys of what lies beside a record's item."""
MOST_RUNS = 20
"""Runs whose logs are gone through, the newest that met the record."""
OF_RUN = ("run_id", "started", "ended", "outcome", "trigger", "by", "settings_version", "tied_out")
ACTION = "evidence"
_WORD = re.compile(r"[^\s,]+")
GONE = "its log is not kept any more"


def evidence(target: Target, name: str, who: str, out: IO[bytes]) -> Seal:
    """Write all that is known of a record, by its number or id, into `out`; the audit learns who has taken it before it is handed over.
    Raises `ConfigurationError` RECORD-UNKNOWN."""
    found = explain(target, name)
    met = list(_runs_that_met(found.stories))
    runs, lines = [], list[LogLine]()
    for run_id in met[:MOST_RUNS]:
        own = _lines_of(target, run_id, found.stories)
        runs.append({**_told(target, run_id), "log": "kept" if own is not None else GONE})
        lines += own or ()
    with zipfile.ZipFile(out, "w") as made:
        sealed = Sealed(made)
        sealed.write_json(STORY, {name: value for name, value in found.to_json().items() if name != "audit"})
        sealed.write_json(ITEMS, _items(target, found.stories))
        sealed.write_json(PAYLOADS, {str(story.item["id"]): sent(target, story.item) for story in found.stories if "id" in story.item})
        sealed.write_json(RUNS, {"runs": runs, "not_looked_at": met[MOST_RUNS:]})
        sealed.write_json(LOG, [replace(line, detail="").to_json() for line in lines])
        sealed.write_json(ANSWERS, list(_answers(lines)))
        sealed.write_json(AUDIT, [entry.to_json() for entry in _audit(target, found)])
        seal = sealed.seal(target, f"record {name}", records=[story.item.get("id", story.id) for story in found.stories])
    target.note(who, ACTION, _label(found), after=f"manifest {seal.digest}")
    return seal


def _label(found: Explained) -> str:
    return ", ".join(f"{story.label} {story.number or story.id}".strip() for story in found.stories) or found.name


def _runs_that_met(stories: Iterable[Story]) -> Iterator[str]:
    """The runs that stand in the history of records, newest first. What came to the same in several runs names the last of them."""
    met = {str(entry["run"]): str(entry.get("until") or entry["at"]) for story in stories for entry in story.history}
    met |= {str(story.item["run_id"]): str(story.item.get("updated", "")) for story in stories if story.item.get("run_id")}
    return iter(sorted(met, key=lambda run_id: (met[run_id], run_id), reverse=True))


def _lines_of(target: Target, run_id: str, stories: Iterable[Story]) -> list[LogLine] | None:
    """What a run's log says of records; None where it is not kept any more."""
    ids = {story.id for story in stories}
    folder = target.folder(run_id)
    if not any(True for _ in folder.names("")):
        return None
    return [line for line in log.lines(folder, level=Level.DEBUG) if line.source_id in ids]


def _told(target: Target, run_id: str) -> dict[str, Any]:
    known = target.runs.read(run_id)
    return {**{name: known[name] for name in OF_RUN if name in known}, "run_id": run_id}


def _items(target: Target, stories: Iterable[Story]) -> list[Mapping[str, Any]]:
    """The ledger's items of records, as they are, and what lies beside them: instructions, owner and notes, drift."""
    keys = [str(story.item["id"]) for story in stories if "id" in story.item]
    found = target.ledger.read([*keys, *(beside + key for beside in BESIDE for key in keys)])
    return [dict(sorted(item.items())) for _, item in sorted(found.items())]


def _answers(lines: Iterable[LogLine]) -> Iterator[dict[str, str]]:
    """What the other side has answered to what was sent, where a log with `debug_logging` holds it; names and addresses are masked."""
    for line in lines:
        if line.detail:
            told = {name: str(getattr(line, name)) for name in ("time", "run_id", "step", "source_id")}
            yield {**told, "answer": masked_text(line.detail)}


def _audit(target: Target, found: Explained) -> Iterator[Entry]:
    """What people did about records, newest first; who has taken evidence of them is no part of it, so that it stays the same."""
    if not target.variables.get("AUDIT_TABLE"):
        return
    names = {name for story in found.stories for name in (story.number, story.id) if name}
    for entry in target.audit.newest():
        if entry.action != ACTION and names & {*_WORD.findall(entry.what), entry.what.partition(" ")[2]}:
            yield entry
