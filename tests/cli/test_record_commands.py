"""What people do about single records on the command line: found, refused or taken, put into the audit, told."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest

from tallybridge.desk import actions, progress
from tallybridge.sync.instructions import Kind
from tallybridge.sync.ledger import Ledger, Owner
from tallybridge.sync.runlog import LeftOut, Tally
from tallybridge_cli import main as commands
from tallybridge_cli import options, record_commands, watch
from tallybridge_cli.target import Target
from tests.cli.conftest import TestClock
from tests.cli.runs import RUN, finished_run, store_run

HERS = "arn:aws:sts::123456789012:assumed-role/finance/mara"


@pytest.fixture
def call(target: Target, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Any:
    """Calls a command on the test's installation, as a person; answers exit code and what it wrote. Starting an execution does nothing."""
    import sys

    started: list[dict[str, Any]] = []

    def start(_: Target, **asked: Any) -> str:
        started.append(asked)
        return "arn:aws:states:x:1:execution:billing:R1"

    monkeypatch.setattr(record_commands, "target_of", lambda env, stack: target)
    monkeypatch.setattr(Target, "who", lambda _: HERS)
    monkeypatch.setattr(actions, "start", start)
    monkeypatch.setattr(watch, "follow", lambda *_: iter(()))

    def call_(*arguments: str) -> tuple[int, str]:
        monkeypatch.setattr(record_commands, "out", options.console_for(sys.stdout))
        monkeypatch.setattr(commands, "err", options.console_for(sys.stderr))
        with pytest.raises(SystemExit) as end:
            commands.main(arguments)
        written = capsys.readouterr()
        return int(end.value.code or 0), written.out + written.err

    call_.started = started  # type: ignore[attr-defined]
    return call_


def ledger_of(target: Target, run_id: str) -> Ledger:
    return Ledger(target.table("STATUS_TABLE"), target.clock, Owner(run_id, "invoices/1", "i"), 0)


def hold(target: Target, number: str, code: str = "INV-V1", run_id: str = "run-1", waits_for: str = "", step: str = "invoices") -> None:
    kind = {"invoices": "Invoice", "payments": "Payment"}[step]
    key, ledger = Ledger.key("zuora", kind, f"id-{number}"), ledger_of(target, run_id)
    about = {"currency": "USD", "amount": "120.5"}
    ledger.held(key, step, number, code, f"{number} has a trouble.", waits_for, ledger.read([key]).get(key), about)


def queued(target: Target, step: str = "invoices") -> list[tuple[str, str]]:
    return [(each.number, each.kind) for each in actions.queue_of(target).open(step)]


def test_records_are_tried_again_by_a_run_of_their_own(call: Any, target: Target) -> None:
    hold(target, "INV1")
    hold(target, "INV2")
    code, text = call("retry", "INV1", "--reason", "the charge is there now")
    assert queued(target) == [("INV1", "retry")]
    assert call.started == [{"trigger": "manual", "dry_run": False, "steps": ["invoices"], "instructed_only": True, "by": HERS}]
    assert (code, "INV1 USD 120.50: not carried out yet" in text) == (1, True), text
    (entry,) = target.audit.newest()
    assert (entry.who, entry.action, entry.what, entry.reason) == (HERS, "retry", "Invoice INV1", "the charge is there now")
    assert "INV-V1" in entry.before


def test_all_alike_are_tried_again(call: Any, target: Target) -> None:
    for number, code in (("INV1", "INV-V1"), ("INV2", "INV-V1"), ("INV3", "INV-V2")):
        hold(target, number, code)
    code, text = call("retry", "--code", "INV-V1", "--later")
    assert (code, call.started, queued(target)) == (0, [], [("", "retry")])
    assert {each.number for each in actions.queue_of(target).due("invoices")} == {"INV1", "INV2"}
    assert [entry.what for entry in target.audit.newest()] == ["all 2 records of invoices with INV-V1"]
    assert "INV-V1: 2 records to be tried again; the next run does it." in " ".join(text.split())
    code, text = call("retry", "--code", "INV-V1")
    assert (code, call.started[0]["steps"], call.started[0]["instructed_only"]) == (1, ["invoices"], True)
    assert "2 records tried again; 2 still have it." in " ".join(text.split())
    assert call("withdraw", "INV-V1")[0] == 0
    assert queued(target) == []


def test_more_than_can_be_ignored_one_by_one_are_refused_and_none_is(call: Any, target: Target, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(actions, "MOST_AT_ONCE", 2)
    for number in ("INV1", "INV2", "INV3"):
        hold(target, number)
    code, text = call("ignore", "--code", "INV-V1", "--reason", "old")
    assert (code, queued(target)) == (3, [])
    assert "3 records are too many" in " ".join(text.split())
    assert list(target.audit.newest()) == []


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["retry", "INV9"], "RECORD-UNKNOWN"),
        (["retry"], "RECORD-UNKNOWN"),
        (["retry", "--code", "INV-V9"], "RECORD-UNKNOWN"),
        (["link", "INV1", "--to", " ", "--reason", "x"], "INSTRUCTION"),
        (["link", "INV1", "--to", "1" * 65, "--reason", "x"], "INSTRUCTION"),
        (["link", "INV1", "--to", "7", "--reason", " "], "INSTRUCTION"),
        (["ignore", "INV1", "--reason", ""], "INSTRUCTION"),
        (["ignore", "INV1", "--reason", "x", "--until", "soon"], "INSTRUCTION"),
        (["ignore", "INV1", "--reason", "x", "--until", "2026-05-03"], "INSTRUCTION"),
        (["withdraw", "INV1"], "RECORD-UNKNOWN"),
        (["explain", "INV9"], "RECORD-UNKNOWN"),
    ],
)
def test_what_cannot_be_is_refused_and_leaves_no_trace(call: Any, target: Target, arguments: list[str], says: str) -> None:
    hold(target, "INV1")
    code, text = call(*arguments)
    assert (code, says in text) == (3, True), text
    assert (queued(target), list(target.audit.newest()), call.started) == ([], [], [])


def test_two_records_of_one_name_are_told_apart_by_their_step(call: Any, target: Target) -> None:
    hold(target, "N1")
    hold(target, "N1", step="payments")
    code, text = call("link", "N1", "--to", "7", "--reason", "by hand")
    assert (code, "RECORD-AMBIGUOUS" in text, "invoices, payments" in text) == (3, True, True)
    assert call("link", "N1", "--to", "7", "--reason", "by hand", "--step", "payments", "--later")[0] == 0
    assert (queued(target), queued(target, "payments")) == ([], [("N1", "link")])


def test_what_was_said_can_be_taken_back_once(call: Any, target: Target) -> None:
    hold(target, "INV1")
    call("ignore", "INV1", "--reason", "a test invoice", "--until", "2026-05-31", "--later")
    code, text = call("withdraw", "INV1", "--reason", "it is due after all")
    assert (code, "ignore until 2026-05-31" in text, queued(target)) == (0, True, [])
    assert [entry.action for entry in target.audit.newest()] == ["withdraw", "ignore"]
    assert call("withdraw", "INV1")[0] == 3


def test_the_story_of_a_record_goes_over_all_runs(call: Any, target: Target, clock: TestClock) -> None:
    for run in ("run-1", "run-2", "run-3"):
        hold(target, "INV1", "INV-V1", run)
        clock.sleep(3600)
    hold(target, "INV1", "INV-V2", "run-4", waits_for="charge Gold")
    call("retry", "INV1", "--later")
    code, text = call("explain", "INV1", "--json")
    (record,) = json.loads(text)["records"]
    assert [(entry["code"], entry["times"] or "1") for entry in record["history"]] == [("INV-V1", "3"), ("INV-V2", "1")]
    assert record["history"][0]["at"] < record["history"][0]["until"]
    assert record["ledger"]["amount"] == "120.5"
    assert record["next"].startswith("The next run carries out the instruction (retry)")
    assert [entry["action"] for entry in json.loads(text)["audit"]] == ["retry"]
    by_id = call("explain", "id-INV1")[1]
    assert (code, "INV-V1 INV1 has a trouble." in by_id, "Waits for charge Gold" in by_id) == (0, True, True), by_id


def test_a_synced_record_is_explained_too(call: Any, target: Target) -> None:
    ledger = ledger_of(target, "run-1")
    ledger.done(ledger.confirmed(ledger.claim(Ledger.key("zuora", "Invoice", "8a"), "invoices", "INV5", None), "7001"))
    code, text = call("explain", "INV5")
    assert (code, "On the other side: 7001" in text, "it is synced" in text) == (0, True, True), text


def test_a_record_that_a_rule_leaves_out_is_explained_by_it(call: Any, target: Target) -> None:
    summary = finished_run()
    summary.left_out = [LeftOut("invoices", "Invoice", "LEFT-CUTOVER", "before the cutover date", "USD", Tally(), ["INV7"], due=True)]
    store_run(target, summary)
    code, text = call("explain", "INV7")
    assert (code, "LEFT-CUTOVER" in text, "before the cutover date" in text) == (0, True, True), text


def test_the_audit_is_listed_filtered_exported_and_proved(call: Any, target: Target) -> None:
    hold(target, "INV1")
    hold(target, "INV2")
    call("retry", "INV1", "--later")
    call("ignore", "INV2", "--reason", "=cmd()", "--later")
    assert "retry Invoice INV1" in call("audit")[1]
    assert [e["what"] for e in json.loads(call("audit", "--action", "ignore", "--json")[1])["entries"]] == ["Invoice INV2"]
    assert "'=cmd()" in call("audit", "--csv")[1]
    assert call("audit", "--check")[0] == 0
    table = target.table("AUDIT_TABLE")
    table.delete_item(Key={"pk": "audit", "sk": "000000000001"})
    code, text = call("audit", "--check", "--json")
    assert (code, json.loads(text)) == (2, {"intact": False, "flaw": "Entry 1 is missing."})


def test_a_run_of_single_records_says_nothing_of_the_whole(target: Target) -> None:
    from tallybridge.desk.standing import standing

    store_run(target, finished_run(held=1))
    target.runs.record("later", started="2026-05-04T04:00:00Z", outcome="completed", instructed_only=True)
    now = standing(target)
    assert now.summary is not None
    assert now.summary.run_id == RUN


def test_the_input_of_an_instructed_run_names_who_and_what(monkeypatch: pytest.MonkeyPatch, target: Target) -> None:
    asked: dict[str, Any] = {}

    class States:
        def start_execution(self, **arguments: Any) -> dict[str, str]:
            asked.update(json.loads(arguments["input"]))
            return {"executionArn": "arn"}

    monkeypatch.setattr(Target, "client", lambda *_: States())
    hold(target, "INV1")
    progress.start(target, trigger="manual", dry_run=False, steps=["invoices"], instructed_only=True, by=HERS)
    assert asked == {"trigger": "manual", "dryRun": False, "steps": ["invoices"], "only": "instructed", "by": HERS}
    assert Kind("retry") is Kind.RETRY


def test_the_evidence_of_a_record_is_written_beside_its_story(call: Any, target: Target, tmp_path: Path) -> None:
    hold(target, "INV1")
    file = tmp_path / "inv1.zip"
    code, text = call("explain", "INV1", "--evidence", str(file))
    assert (code, f"{file}: not signed; digest" in text, file.read_bytes()[:2]) == (0, True, b"PK")
    assert json.loads(call("explain", "INV1", "--evidence", str(file), "--json")[1])["evidence"]["signed"] is False


def test_problems_are_listed_assigned_noted_and_exported(call: Any, target: Target) -> None:
    assert call("problems") == (0, "Nothing is held or refused.\n")
    for number in ("INV1", "INV2"):
        hold(target, number)
    assert call("assign", "--code", "INV-V1", "--to", "mara@example.com")[0] == 0
    assert call("note", "INV1", "--text", "The customer will pay on Friday.")[0] == 0
    code, text = call("problems")
    assert code == 1
    assert "INV-V1 Zuora invoices: 2 records, USD 241.00, since" in " ".join(text.split())
    assert "Owner: mara@example.com" in text
    (known,) = json.loads(call("problems", "--json")[1])["problems"]
    assert (known["count"], known["owner"]) == (2, "mara@example.com")
    table = csv.DictReader(io.StringIO(call("problems", "--csv", "--code", "INV-V1")[1]))
    assert {(row["number"], row["owner"], row["note"].partition(": ")[2]) for row in table} == {
        ("INV1", "mara@example.com", "The customer will pay on Friday."),
        ("INV2", "mara@example.com", ""),
    }
    assert call("assign", "INV9", "--to", "x")[0] == 3
    assert call("note", "INV1", "--text", " ")[0] == 3


def test_many_records_are_named_in_a_file(call: Any, target: Target, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in ("INV1", "INV2", "INV3"):
        hold(target, number)
    file = tmp_path / "numbers.txt"
    file.write_text("\ufeffINV1\n\n id-INV2 \nINV1\n", encoding="utf-8")
    assert call("retry", "--from", str(file), "--later")[0] == 0
    assert sorted(queued(target)) == [("INV1", "retry"), ("INV2", "retry")]
    monkeypatch.setattr("sys.stdin", io.StringIO("INV3\n"))
    assert call("retry", "--from", "-", "--later")[0] == 0
    assert len(queued(target)) == 3
    file.write_text("INV9\n")
    assert "RECORD-UNKNOWN" in call("retry", "--from", str(file))[1]
    file.write_text("\n")
    for path in (file, tmp_path / "none.txt"):
        code, text = call("retry", "--from", str(path))
        assert (code, "INPUT" in text) == (3, True)


def test_all_holds_of_closed_periods_are_listed_at_once(call: Any, target: Target) -> None:
    hold(target, "INV1", "INV-PERIOD")
    hold(target, "P1", "PAY-PERIOD", step="payments")
    hold(target, "INV2", "INV-V1")
    listed = json.loads(call("problems", "--code", "*-PERIOD", "--json")[1])["problems"]
    assert [each["code"] for each in listed] == ["INV-PERIOD", "PAY-PERIOD"]
    table = csv.DictReader(io.StringIO(call("problems", "--csv", "--code", "*-PERIOD")[1]))
    assert [row["number"] for row in table] == ["INV1", "P1"]
