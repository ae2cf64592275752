"""The evidence of a record: its whole story in one sealed file."""

from __future__ import annotations

import io
import json
import zipfile
from typing import Any

import pytest

from tallybridge.desk import actions, care
from tallybridge.desk.evidence import GONE, evidence
from tallybridge.errors import ConfigurationError
from tallybridge.sync.instructions import Kind
from tallybridge.sync.runlog import Level, LogLine
from tallybridge_cli.target import Target
from tests.cli.months import hold, sync

ANN = "ann@example.com"


def line(number: str, run: str, detail: str = "") -> dict[str, str]:
    text = f"{number} lacks something."
    told = {"source_id": f"id-{number}", "source_number": number, "detail": detail}
    return LogLine("2026-05-04T03:00:00Z", run, "invoices", Level.WARNING, text, "INV-V1", **told).to_json()


def files(target: Target, name: str) -> dict[str, Any]:
    out = io.BytesIO()
    evidence(target, name, ANN, out)
    with zipfile.ZipFile(out) as made:
        return {each: json.loads(made.read(each)) for each in made.namelist()}


@pytest.fixture
def story(target: Target) -> Target:
    """An invoice that two runs have held, somebody has had tried again, and a third run has brought over; another beside it."""
    hold(target, "INV1", run="run-1")
    hold(target, "INV12", run="run-1")
    answer = '{"message": "bad", "customer": "Mara Lind", "email": "mara@example.com"}'
    target.folder("run-1").write_lines("invoices/log/1.jsonl.gz", [line("INV1", "run-1", answer), line("INV12", "run-1")])
    target.runs.record("run-1", started="2026-05-04T03:00:00Z", outcome="completed with warnings", by=ANN)
    actions.instruct(target, Kind.RETRY, actions.found(target, ["INV1"]), ANN, reason="mended")
    actions.instruct(target, Kind.RETRY, actions.found(target, ["INV12"]), ANN)
    care.note(target, actions.found(target, ["INV1"]), ANN, "It is on its way.")
    target.clock.sleep(3600)
    sync(target, "INV1", day="2026-04-12", amount="50", run="run-2")
    return target


def test_it_has_story_ledger_log_runs_and_audit_of_this_record_alone(story: Target) -> None:
    found = files(story, "INV1")
    (record,) = found["story.json"]["records"]
    assert [entry["state"] for entry in record["history"]] == ["HELD", "DONE"]
    cared, said, item = found["ledger.json"]
    assert [note["text"] for note in cared["notes"]] == ["It is on its way."]
    assert (item["state"], item["request_hash"], item["document_date"]) == ("DONE", "hash-INV1", "2026-04-12")
    assert (said["kind"], said["reason"]) == ("retry", "mended")
    assert [each["source_number"] for each in found["log.json"]] == ["INV1"]
    assert [(each["run_id"], each["log"], each.get("by")) for each in found["runs.json"]["runs"]] == [
        ("run-2", GONE, None),
        ("run-1", "kept", ANN),
    ]
    assert [(entry["action"], entry["what"]) for entry in found["audit.json"]] == [("note", "Invoice INV1"), ("retry", "Invoice INV1")]


def test_what_the_other_side_has_answered_names_nobody(story: Target) -> None:
    found = files(story, "INV1")
    (told,) = found["answers.json"]
    assert told["source_id"] == "id-INV1"
    assert not [secret for secret in ("Mara Lind", "mara@example.com") if secret in json.dumps(found)]


def test_it_is_the_same_every_time_and_the_audit_knows_who_has_taken_it(story: Target) -> None:
    first, second = io.BytesIO(), io.BytesIO()
    seal = evidence(story, "INV1", ANN, first)
    story.clock.sleep(3600)
    assert (evidence(story, "INV1", "bo@example.com", second), first.getvalue()) == (seal, second.getvalue())
    newest = next(story.audit.newest())
    assert (newest.who, newest.action, newest.what, newest.after) == (
        *("bo@example.com", "evidence", "Invoice INV1"),
        f"manifest {seal.digest}",
    )


def test_a_record_that_nobody_knows_has_none(story: Target) -> None:
    before = len(list(story.audit.newest()))
    with pytest.raises(ConfigurationError) as refused:
        files(story, "INV99")
    assert (refused.value.code, len(list(story.audit.newest()))) == ("RECORD-UNKNOWN", before)
