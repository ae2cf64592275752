"""Stopping a run by command: who and why stand in the execution's cause, and the run's report is waited for."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tallybridge.sync.runlog import RunOutcome
from tallybridge.tasks.ended import End
from tallybridge_cli import watch
from tallybridge_cli.target import Target
from tests.cli.runs import RUN, finished_run, store_run
from tests.cli.test_commands import call

__all__ = ["call"]
EXECUTION = f"arn:aws:states:us-east-1:123456789012:execution:billing:{RUN}"
ANN = "arn:aws:iam::123456789012:user/ann"


class NotThere(Exception):
    pass


class Executions:
    """Step Functions, with one execution; `clean_up` happens when it is stopped."""

    exceptions = type("Exceptions", (), {"ExecutionDoesNotExist": NotThere})

    def __init__(self, target: Target, status: str = "RUNNING") -> None:
        self.target, self.status = target, status
        self.stopped: list[dict[str, str]] = []
        self.closes = True

    def describe_execution(self, executionArn: str) -> dict[str, str]:
        if executionArn != EXECUTION:
            raise NotThere
        return {"status": self.status}

    def stop_execution(self, **given: str) -> None:
        self.stopped.append(given)
        self.status = "ABORTED"
        if self.closes:
            store_run(self.target, finished_run(RunOutcome.CANCELLED, held=0, totals=[]))
            self.target.runs.record(RUN, keys={}, message="The run was stopped.", stopped_by=ANN, reason="month end")


@pytest.fixture
def executions(target: Target, monkeypatch: pytest.MonkeyPatch) -> Executions:
    monkeypatch.setattr(Target, "who", lambda _: ANN)
    target.runs.record(RUN, started="2026-05-04T03:00:00Z", outcome="running")
    target.clients["stepfunctions"] = made = Executions(target)
    return made


def test_the_cause_names_the_caller_and_the_reason(call: Any, executions: Executions) -> None:
    code, text = call("stop", "last", "--reason", "month end: close first")
    assert (code, f"tallybridge show {RUN}" in text) == (0, True)
    (given,) = executions.stopped
    assert given["executionArn"] == EXECUTION and len(given["error"]) <= 256
    end = End.told({"status": "ABORTED", **given}, "")
    assert (end.who, end.why) == (ANN, "month end: close first")


def test_as_json(call: Any, executions: Executions) -> None:
    code, text = call("stop", RUN[:12], "--reason", "month end", "--json")
    assert (code, json.loads(text)) == (0, {"run_id": RUN, "stopped_by": ANN, "reason": "month end", "closed": True})


def test_a_clean_up_that_takes_its_time_is_not_waited_for_for_ever(call: Any, executions: Executions) -> None:
    executions.closes = False
    code, text = call("stop", "last", "--reason", "x")
    assert (code, "Its report follows." in text) == (0, True)


@pytest.mark.parametrize("status", ["SUCCEEDED", "FAILED", "ABORTED", "TIMED_OUT"])
def test_a_run_that_has_ended_cannot_be_stopped(call: Any, executions: Executions, status: str) -> None:
    executions.status = status
    code, text = call("stop", "last", "--reason", "x")
    assert (code, "RUN-NOT-RUNNING" in text, status in text, executions.stopped) == (2, True, True, [])


def test_a_run_without_an_execution_cannot_be_stopped(call: Any, executions: Executions, target: Target) -> None:
    target.runs.record("another", started="2026-05-04T04:00:00Z", outcome="running")
    code, text = call("stop", "another", "--reason", "x")
    assert (code, "RUN-NOT-RUNNING" in text) == (2, True)


def test_a_reason_must_be_given(call: Any, executions: Executions) -> None:
    code, text = call("stop", "last")
    assert (code, "reason" in text.lower(), executions.stopped) == (3, True, [])


def test_a_cancelled_run_is_listed_with_who_and_why_and_is_no_success(call: Any, executions: Executions) -> None:
    call("stop", "last", "--reason", "month end")
    code, text = call("runs", "--json")
    (row,) = json.loads(text)["runs"]
    assert (code, row["outcome"], row["stopped_by"], row["reason"]) == (0, "cancelled", ANN, "month end")
    assert [call(command)[0] for command in ("show", "status")] == [2, 2]
    assert "cancelled" in call("runs")[1] and "Not to the end" in call("status")[1]


def test_whoever_follows_a_run_that_is_stopped_waits_for_its_report(target: Target, executions: Executions) -> None:
    executions.stop_execution(executionArn=EXECUTION)
    end = watch.ended(target, EXECUTION)
    assert (end.outcome, end.summary is not None) == ("cancelled", True)
