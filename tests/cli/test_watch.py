"""Following a run by the files it leaves."""

from __future__ import annotations

from pathlib import Path

import pytest

from tallybridge.errors import TallybridgeError
from tallybridge.sync.runlog import StepOutcome, StepReport
from tallybridge_cli import watch
from tallybridge_cli.target import Target
from tests.cli.runs import RUN, finished_run, store_run

EXECUTION = f"arn:aws:states:us-east-1:123456789012:execution:billing:{RUN}"


class Execution:
    """Answers for Step Functions: a status each time it is asked, the last one for ever."""

    def __init__(self, *statuses: str, state: str = "SyncInvoices") -> None:
        self.statuses = list(statuses)
        self.state = state

    def describe_execution(self, executionArn: str) -> dict[str, str]:
        status = self.statuses.pop(0) if len(self.statuses) > 1 else self.statuses[0]
        return {"status": status}

    def get_execution_history(self, **_: object) -> dict[str, list[dict[str, object]]]:
        return {"events": [{"type": "TaskScheduled"}, {"stateEnteredEventDetails": {"name": self.state}}]}


def reader(target: Target) -> watch.ProgressReader:
    target.folder(RUN).write_json("run.json", {"steps": {"customers": True, "charges": False, "invoices": True, "payments": True}})
    return watch.ProgressReader(target.folder(RUN))


def test_before_the_run_is_opened_there_is_no_step(target: Target) -> None:
    assert watch.ProgressReader(target.folder(RUN)).read("RUNNING", "OpenRun").steps == ()


def test_steps_wait_run_and_end(target: Target) -> None:
    reading, folder = reader(target), target.folder(RUN)
    folder.write_json("customers/report.json", StepReport("customers", "", "", StepOutcome.COMPLETED, selected=4, created=4).to_json())
    folder.write_json("invoices/start.json", {})
    folder.write_json("invoices/manifest.json", [{"batch": "000001", "records": 100}, {"batch": "000002", "records": 7}])
    folder.write_json("invoices/results/000001-0001.json", {"selected": ["a", "b", "c"]})
    folder.write_json("invoices/results/000001-0002.json", {"selected": ["d"]})
    steps = {s.step: s for s in reading.read("RUNNING", "SyncInvoices").steps}
    assert list(steps) == ["customers", "invoices", "payments"]
    assert (steps["customers"].state, steps["customers"].selected) == ("completed", 4)
    assert (steps["invoices"].state, steps["invoices"].done, steps["invoices"].selected) == ("running", 4, 107)
    assert steps["payments"].state == "waiting"
    folder.write_json("invoices/results/000002-0001.json", {"selected": ["e", "f"]})
    assert {s.step: s.done for s in reading.read("RUNNING", "SyncInvoices").steps}["invoices"] == 6


def test_what_follows_the_steps_is_named(target: Target) -> None:
    assert reader(target).read("RUNNING", "Reconcile").closing == "control totals"


def test_following_ends_with_the_execution(target: Target) -> None:
    slept: list[float] = []
    target.clients["stepfunctions"] = Execution("RUNNING", "RUNNING", "SUCCEEDED")
    seen = [p.status for p in watch.follow(target, EXECUTION, slept.append)]
    assert seen == ["RUNNING", "RUNNING", "SUCCEEDED"]
    assert slept == [watch.POLL_SECONDS] * 2


def test_following_gives_up_in_the_end(target: Target) -> None:
    target.clients["stepfunctions"] = Execution("RUNNING")
    with pytest.raises(TallybridgeError, match="has not ended"):
        list(watch.follow(target, EXECUTION, lambda seconds: None, longest=3.0))


def test_a_run_with_a_summary_ends_with_it(target: Target) -> None:
    store_run(target, finished_run())
    end = watch.ended(target, EXECUTION)
    assert end.summary is not None
    assert end.outcome == "completed with warnings"


def test_a_skipped_run_says_why(target: Target) -> None:
    target.runs.record(RUN, started="2026-05-04T03:00:00Z", outcome="skipped", message="Sync not started.", advice="Run x holds the lock.")
    target.clients["stepfunctions"] = Execution("SUCCEEDED")
    end = watch.ended(target, EXECUTION)
    assert (end.outcome, end.message, end.advice, end.summary) == ("skipped", "Sync not started.", "Run x holds the lock.", None)


def test_files_that_a_run_left_are_copied_and_others_are_not_invented(target: Target, tmp_path: Path) -> None:
    store_run(target, finished_run())
    target.folder(RUN).write("report.html", b"<html></html>")
    target.folder(RUN).write("invoices/report.json", b"{}")
    copied = watch.download(target, RUN, tmp_path)
    assert [p.relative_to(tmp_path).as_posix() for p in copied] == [f"{RUN}/summary.json", f"{RUN}/report.html"]
    assert copied[1].read_bytes() == b"<html></html>"
