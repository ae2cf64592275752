"""Both definitions run with throw-away functions: which states a run goes through when things go well and when they do not."""

from __future__ import annotations

import json
import threading
import time
from typing import Any

import boto3
import pytest

from sandbox.aws import LocalAws
from tallybridge.errors import MailNotSent, RunEnded
from tallybridge.reporting.delivery import LATER
from tests.infra import scripted
from tests.infra.scripted import STEPS, USUAL, Script, camel, fail, usual

CLOSING = ["ArchiveLog", "Archived?", "Notify", "CloseRun"]
IN_PROGRESS = "Sync not started: a previous run is still in progress."
OPENING = ["OpenRun", "RunOpened?", "PrepareResults"]
AFTER_DOCUMENTS = ("payments", "refunds")
"""Steps that are left out where a step of documents has failed."""


def run(aws: LocalAws, document: Any = None, name: str | None = None) -> dict[str, Any]:
    """A run that starts a second after all before it, so that it is the latest."""
    aws.clock.sleep(1)
    return aws.run("BillingSyncArn", document if document is not None else {}, name=name)


def step_executions(aws: LocalAws) -> Any:
    return boto3.client("stepfunctions").list_executions(stateMachineArn=aws.outputs["SyncStepArn"])["executions"]


def test_a_run_goes_through_the_steps_in_the_documented_order(aws: LocalAws, script: Script) -> None:
    ended = run(aws, {"trigger": "manual"}, name="in-order")
    assert ended["status"] == "SUCCEEDED"
    entered = [*OPENING]
    for step in STEPS:
        entered += ["DocumentStepFailed?"] if step == "payments" else []
        entered += [f"{camel(step)}Wanted?"]
        if step in USUAL:
            entered += [f"{camel(step)}Blocked?"] if step in AFTER_DOCUMENTS else []
            entered += [f"Sync{camel(step)}"]
    assert aws.states_entered(ended["executionArn"]) == [*entered, "Reconcile", "Reconciled?", *CLOSING]
    assert ended["output"] == {"runId": "in-order", "outcome": "completed", "totals": [], "keys": {}}


def test_open_run_gets_the_input_as_it_came(aws: LocalAws, script: Script) -> None:
    ended = run(aws, {"trigger": "manual", "dryRun": True, "steps": ["charges"]})
    (event,) = script.events("open_run")
    assert event["input"] == {"trigger": "manual", "dryRun": True, "steps": ["charges"]}
    assert event["execution"] == ended["executionArn"]
    assert event["started"].startswith(str(ended["startDate"].year))


def test_steps_that_are_not_wanted_are_passed_over(aws: LocalAws, script: Script) -> None:
    ended = run(aws, {"steps": ["charges"]})
    assert [state for state in aws.states_entered(ended["executionArn"]) if state.startswith("Sync")] == ["SyncCharges"]
    (event,) = script.events("reconcile")
    assert event["results"]["invoices"] == {"outcome": "not run", "selected": 0, "synced": 0}
    assert event["results"]["charges"] == {"outcome": "completed", "selected": 3, "synced": 3}


def test_every_batch_of_every_step_is_synced_once(aws: LocalAws, script: Script) -> None:
    run(aws, {"steps": list(STEPS)})
    for step in STEPS:
        assert sorted(event["batch"] for event in script.events(f"{step}.batch")) == ["000001", "000002", "000003"]
        assert script.events(f"{step}.summarise") == [
            {"task": "summarise", "runId": script.events("notify")[0]["runId"], "step": step, "error": None}
        ]


def test_a_step_with_nothing_selected_goes_straight_to_its_summary(aws: LocalAws, script: Script) -> None:
    script.batches = 0
    run(aws, {"steps": ["customers"]})
    latest = step_executions(aws)[0]
    assert aws.states_entered(latest["executionArn"]) == [
        *["Prepare", "Select", "Selected?", "AnyBatches?", "Summarise", "Summarised?", "StepDone"],
    ]


def test_a_run_that_finds_another_one_is_skipped_and_closes_nothing(aws: LocalAws, script: Script) -> None:
    script.when(
        "open_run",
        lambda event, _: {"opened": False, "runId": "second", "reason": "Sync not started: a previous run is still in progress."},
    )
    ended = run(aws)
    assert ended["status"] == "SUCCEEDED"
    assert ended["output"]["outcome"] == "skipped"
    assert ended["output"]["reason"] == IN_PROGRESS
    assert aws.states_entered(ended["executionArn"]) == ["OpenRun", "RunOpened?", "DescribeSkippedRun", "Skipped"]


@pytest.mark.parametrize("document", [{}, [], "text", None, 5])
def test_a_run_that_cannot_be_opened_is_archived_mailed_and_closed(aws: LocalAws, script: Script, document: Any) -> None:
    script.when("open_run", fail("no credentials", ValueError))
    ended = aws.run("BillingSyncArn", document)
    assert aws.states_entered(ended["executionArn"]) == ["OpenRun", "OpenRunFailed", *CLOSING]
    assert ended["output"]["outcome"] == "failed"
    (event,) = script.events("close_run")
    assert event["runId"] == ended["name"]
    assert event["error"]["Error"] == "ValueError"
    assert json.loads(event["error"]["Cause"])["errorMessage"] == "no credentials"


def test_select_that_keeps_failing_fails_the_step_and_the_run_goes_on(aws: LocalAws, script: Script) -> None:
    script.when("customers.select", fail("Zuora is down", ConnectionError))
    ended = run(aws)
    assert len(script.events("customers.select")) == 2
    (summary,) = script.events("customers.summarise")
    assert summary["error"]["Error"] == "ConnectionError"
    (event,) = script.events("reconcile")
    outcomes = {step: result["outcome"] for step, result in event["results"].items() if step in USUAL}
    assert outcomes == {**dict.fromkeys(USUAL, "completed"), "customers": "failed"}
    assert ended["status"] == "SUCCEEDED"


def test_a_batch_that_crashes_is_repeated(aws: LocalAws, script: Script) -> None:
    script.when("charges.batch", fail(times=1))
    run(aws, {"steps": ["charges"]})
    assert len([event for event in script.events("charges.batch") if event["batch"] == "000002"]) == 2
    assert script.events("charges.batch_failed") == []


def test_a_batch_that_fails_for_good_is_recorded_and_stops_no_other(aws: LocalAws, script: Script) -> None:
    def broken(event: dict[str, Any], _: Any) -> Any:
        if event["batch"] == "000002":
            raise KeyError("gone")
        return scripted.DONE

    script.when("charges.batch", broken)
    run(aws, {"steps": ["charges"]})
    (failed,) = script.events("charges.batch_failed")
    assert (failed["batch"], failed["error"]["Error"]) == ("000002", "KeyError")
    assert len([event for event in script.events("charges.batch") if event["batch"] == "000002"]) == 3
    assert {event["batch"] for event in script.events("charges.batch")} == {"000001", "000002", "000003"}
    assert script.events("charges.summarise")[0]["error"] is None


def test_a_batch_failure_that_cannot_be_recorded_stops_nothing_either(aws: LocalAws, script: Script) -> None:
    script.when("charges.batch", fail())
    script.when("charges.batch_failed", fail())
    ended = run(aws, {"steps": ["charges"]})
    assert script.events("charges.summarise")[0]["error"] is None
    assert ended["status"] == "SUCCEEDED"


def rounds(number: int, last: Any, wait: int = 1) -> scripted.Answer:
    """The answers of a task that asks for rounds, `number` in all; the second one crashes once. `last` answers the last one."""
    begun: list[int] = []

    def answer(event: dict[str, Any], _: Any) -> Any:
        begun.append(1)
        if len(begun) == 2:
            raise RuntimeError("crash in the second round")
        return last(event) if len(begun) > number else {"done": False, "wait": wait}

    return answer


@pytest.mark.parametrize(
    ("call", "last"),
    [
        ("invoices.select", scripted.selection),
        ("invoices.batch", scripted.usual_task),
        ("invoices.summarise", scripted.usual_task),
        ("reconcile", lambda _: scripted.DONE),
        ("archive_log", lambda _: scripted.DONE),
    ],
)
def test_a_task_may_ask_for_more_rounds_and_each_of_them_may_crash_once(aws: LocalAws, script: Script, call: str, last: Any) -> None:
    script.batches = 1
    script.when(call, rounds(4, last))
    ended = run(aws, {"steps": ["invoices"]})
    assert len(script.events(call)) == 5
    assert ended["status"] == "SUCCEEDED"
    assert script.events("invoices.summarise")[-1]["error"] is None
    assert script.events("archive_log")[-1]["error"] is None


@pytest.mark.parametrize(("until", "called"), [("2000-01-01T00:00:00Z", 0), ("9999-12-31T23:59:59Z", 3)])
def test_no_bundle_is_begun_when_the_time_of_the_step_is_up(aws: LocalAws, script: Script, until: str, called: int) -> None:
    script.batches = 3
    script.when("invoices.select", lambda event, _: {**scripted.selection(event), "until": until})
    ended = run(aws, {"steps": ["invoices"]})
    assert ended["status"] == "SUCCEEDED"
    assert len(script.events("invoices.batch")) == called
    assert script.events("invoices.summarise")[0]["error"] is None


def test_batches_of_a_bundle_are_called_one_after_the_other_and_a_failing_one_stops_no_other(aws: LocalAws, script: Script) -> None:
    def bundled(event: dict[str, Any], _: Any) -> dict[str, Any]:
        answer = scripted.selection(event)
        place = {"Bucket": answer["bundles"]["bucket"], "Key": answer["bundles"]["key"]}
        boto3.client("s3").put_object(**place, Body=json.dumps([{"batches": ["000001", "000002", "000003"]}, {"batches": ["000004"]}]))
        return answer

    def second_fails(event: dict[str, Any], _: Any) -> dict[str, Any]:
        if event["batch"] == "000002":
            raise RuntimeError("out of order")
        return dict(scripted.DONE)

    script.batches = 4
    script.when("invoices.select", bundled)
    script.when("invoices.batch", second_fails)
    ended = run(aws, {"steps": ["invoices"]})
    assert ended["status"] == "SUCCEEDED"
    names = [event["batch"] for event in script.events("invoices.batch")]
    assert [name for name in dict.fromkeys(names) if name != "000004"] == ["000001", "000002", "000003"]
    assert [event["batch"] for event in script.events("invoices.batch_failed")] == ["000002"]
    assert script.events("invoices.summarise")[0]["error"] is None


def test_a_manifest_that_cannot_be_read_fails_the_step(aws: LocalAws, script: Script) -> None:
    lost = {
        **scripted.DONE,
        "selected": 1,
        "batches": 1,
        "bundles": {"bucket": aws.outputs["ReportsBucket"], "key": "runs/none.json"},
        "workers": 1,
        "until": "9999",
    }
    script.when("customers.select", lambda event, _: lost)
    run(aws, {"steps": ["customers"]})
    assert script.events("customers.summarise")[0]["error"]["Error"] == "States.ItemReaderFailed"


def test_a_step_that_cannot_be_summarised_is_noted_as_failed(aws: LocalAws, script: Script) -> None:
    script.when("customers.summarise", fail())
    ended = run(aws, {"steps": ["customers"]})
    (event,) = script.events("reconcile")
    assert event["results"]["customers"] == {"outcome": "failed", "selected": 0, "synced": 0, "error": "States.TaskFailed"}
    assert "CustomersFailed" in aws.states_entered(ended["executionArn"])


@pytest.mark.parametrize("broken", ["reconcile", "archive_log", "notify"])
def test_a_closing_task_that_fails_does_not_keep_the_run_from_being_closed(aws: LocalAws, script: Script, broken: str) -> None:
    script.when(broken, fail("broken", LookupError))
    ended = run(aws)
    tasks = [state for state in aws.states_entered(ended["executionArn"]) if not state.endswith("?")]
    assert tasks[-4:] == ["Reconcile", "ArchiveLog", "Notify", "CloseRun"]
    (event,) = script.events("close_run")
    assert event["error"]["Error"] == "LookupError"
    assert ended["output"]["outcome"] == "failed"


def noted(event: dict[str, Any]) -> dict[str, Any]:
    """What CloseRun answers to the clean-up's first question."""
    return {"runId": event["detail"]["name"], "closer": event["closer"], "leave": False, "archived": False, "freed": True}


def clean_ups(aws: LocalAws) -> list[list[str]]:
    """The states that each clean-up went through, the newest first."""
    listed = boto3.client("stepfunctions").list_executions(stateMachineArn=aws.physical_ids["RunEnded"])["executions"]
    return [aws.states_entered(each["executionArn"]) for each in listed]


def test_a_run_that_cannot_be_closed_fails_and_its_clean_up_closes_it(aws: LocalAws, script: Script) -> None:
    aws.settle()  # what another run has left to be cleaned up
    failing = fail(times=3)
    script.when("close_run", lambda event, _: noted(event) if "detail" in event else failing(event, _))
    ended = run(aws)
    aws.settle()
    assert (ended["status"], ended["error"]) == ("FAILED", "RunNotClosed")
    assert aws.states_entered(ended["executionArn"])[-2:] == ["CloseRun", "RunNotClosed"]
    (event,) = [event for event in script.events("close_run") if event.get("detail", {}).get("name") == ended["name"]]
    assert event["detail"]["status"] == "FAILED"
    assert clean_ups(aws)[0] == ["NoteEnd", "Left?", *CLOSING]
    assert script.events("close_run")[-1] == {"runId": ended["name"], "closer": event["closer"]}


def test_a_run_that_has_ended_before_refuses_a_redriven_execution_with_a_word(aws: LocalAws, script: Script) -> None:
    for call in ("customers", "archive_log", "notify", "close_run"):
        script.when(call, fail("Run x has ended", RunEnded))
    ended = run(aws, {"steps": ["customers"]})
    assert (ended["status"], ended["error"]) == ("FAILED", "RUN-ENDED")
    assert "Start a new run" in ended["cause"]


def stop_in_a_batch(aws: LocalAws, script: Script, name: str) -> dict[str, Any]:
    """Starts the billing sync, stops it by hand while a batch of its first step works, and waits until that has been told."""
    begun, go_on = threading.Event(), threading.Event()

    def slow(event: dict[str, Any], _: Any) -> Any:
        begun.set()
        go_on.wait()
        return {"done": True}

    script.when("customers.batch", slow)
    aws.clock.sleep(1)  # so that its clean-up is the latest
    client = boto3.client("stepfunctions")
    with aws.clock.working():
        started = client.start_execution(stateMachineArn=aws.outputs["BillingSyncArn"], name=name)
        assert begun.wait(60)
        client.stop_execution(executionArn=started["executionArn"], error="Operator", cause="stopped by hand")
    described = client.describe_execution(executionArn=started["executionArn"])
    aws.settle()
    go_on.set()
    return dict(described)


def dead_letters(aws: LocalAws) -> list[dict[str, Any]]:
    """The messages about runs that could not be closed; they are taken out of the queue."""
    client, url = boto3.client("sqs"), aws.physical_ids["CleanUpDeadLetters"]
    found = client.receive_message(QueueUrl=url, MaxNumberOfMessages=10, MessageAttributeNames=["All"]).get("Messages", [])
    for message in found:
        client.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    return [{**json.loads(m["Body"]), "error": m["MessageAttributes"]["ErrorMessage"]["StringValue"]} for m in found]


@pytest.mark.parametrize("outage", [3, 7])
def test_an_end_that_cannot_be_noted_is_tried_again_and_then_fails_the_clean_up(aws: LocalAws, script: Script, outage: int) -> None:
    failing = fail("the table is gone", times=outage)
    script.when("close_run", lambda event, _: (failing(event, _), noted(event))[1] if "detail" in event else usual("close_run", event))
    stop_in_a_batch(aws, script, f"unclosed-{outage}")
    entered = clean_ups(aws)[0]
    assert entered == (["NoteEnd", "EndNotNoted"] if outage == 7 else ["NoteEnd", "Left?", *CLOSING])


def test_an_end_that_cannot_be_handed_over_is_kept_as_a_dead_letter(aws: LocalAws, script: Script, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: Any) -> bool:
        return False

    with monkeypatch.context() as patched:
        patched.setattr(aws, "_may", refused)
        stop_in_a_batch(aws, script, "unheard")
    (told,) = [each for each in dead_letters(aws) if each["detail"]["name"] == "unheard"]
    assert told["detail"]["status"] == "ABORTED" and "states:StartExecution" in told["error"]
    script.when("close_run", lambda event, _: noted(event) if "detail" in event else usual("close_run", event))
    event = {k: v for k, v in told.items() if k != "error"}
    started = boto3.client("stepfunctions").start_execution(stateMachineArn=aws.physical_ids["RunEnded"], input=json.dumps(event))
    assert aws.wait(started["executionArn"])["status"] == "SUCCEEDED", "what an operator does with it"


def test_a_stopped_run_is_cleaned_up_and_its_step_stops_too(aws: LocalAws, script: Script) -> None:
    script.when("close_run", lambda event, _: noted(event) if "detail" in event else usual("close_run", event))
    described = stop_in_a_batch(aws, script, "stopped")
    assert (described["status"], described["error"], described["cause"]) == ("ABORTED", "Operator", "stopped by hand")
    event, closed = script.events("close_run")
    assert {name: event["detail"][name] for name in ("status", "name", "error", "cause")} == {
        **{"status": "ABORTED", "name": "stopped"},
        **{"error": "Operator", "cause": "stopped by hand"},
    }
    after = {"runId": "stopped", "closer": event["closer"]}
    assert (script.events("archive_log"), script.events("notify"), closed) == ([after], [{**after, "again": True}], after)
    nested = step_executions(aws)[0]
    assert aws.wait(nested["executionArn"])["status"] == "ABORTED"
    assert script.events("customers.summarise") == []


@pytest.mark.parametrize(
    ("answer", "states"),
    [({"leave": True}, ["NothingToDo"]), ({"archived": True}, ["Notify", "CloseRun"]), ({}, CLOSING)],
)
def test_what_a_clean_up_does(aws: LocalAws, script: Script, answer: dict[str, bool], states: list[str]) -> None:
    script.when("close_run", lambda event, _: {**noted(event), **answer} if "detail" in event else usual("close_run", event))
    stop_in_a_batch(aws, script, "-".join(["cleaned", *answer]))
    assert clean_ups(aws)[0] == ["NoteEnd", "Left?", *states]


@pytest.mark.parametrize("broken", ["archive_log", "notify"])
def test_a_clean_up_goes_on_to_close_the_run_whatever_fails_before(aws: LocalAws, script: Script, broken: str) -> None:
    script.when("close_run", lambda event, _: noted(event) if "detail" in event else usual("close_run", event))
    script.when(broken, fail())
    stop_in_a_batch(aws, script, f"broken-{broken}")
    assert [state for state in clean_ups(aws)[0] if not state.endswith("?")] == ["NoteEnd", "ArchiveLog", "Notify", "CloseRun"]


def test_cloudtrail_tells_the_clean_up_who_has_stopped_a_run_of_this_stack(aws: LocalAws, script: Script) -> None:
    def told(execution: str) -> None:
        call = {"eventSource": "states.amazonaws.com", "eventName": "StopExecution", "userIdentity": {"arn": "arn:aws:iam::1:user/ann"}}
        detail = {**call, "requestParameters": {"executionArn": execution}}
        aws.tell({"source": "aws.states", "detail-type": "AWS API Call via CloudTrail", "detail": detail})
        aws.settle()

    left = {"runId": "stopped", "closer": "x", "leave": True, "archived": False, "freed": False}
    script.when("close_run", lambda event, _: left)
    arn = aws.outputs["BillingSyncArn"].replace(":stateMachine:", ":execution:")
    told(f"{arn}-of-another:stopped")
    assert script.events("close_run") == []
    told(f"{arn}:stopped")
    (event,) = script.events("close_run")
    assert event["detail"]["userIdentity"] == {"arn": "arn:aws:iam::1:user/ann"}


def test_a_mail_that_the_service_was_too_busy_for_is_tried_for_half_an_hour(aws: LocalAws, script: Script) -> None:
    script.when("notify", fail("Throttling", MailNotSent, times=LATER))
    ended = run(aws, {"steps": ["customers"]})
    assert len(script.events("notify")) == 1 + LATER
    assert aws.states_entered(ended["executionArn"])[-4:] == CLOSING
    (event,) = script.events("close_run")
    assert event["error"] is None


def test_as_many_batches_run_at_once_as_there_are_workers(aws: LocalAws, script: Script) -> None:
    running, most, lock = 0, 0, threading.Lock()

    def count(event: dict[str, Any], _: Any) -> Any:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        time.sleep(0.02)
        with lock:
            running -= 1
        return {"done": True}

    script.batches, script.workers = 12, 4
    script.when("charges.batch", count)
    run(aws, {"steps": ["charges"]})
    assert most == 4


def test_states_carry_counts_only_however_many_batches_there_are(aws: LocalAws, script: Script) -> None:
    script.batches, script.workers = 150, 4
    run(aws, {"steps": ["charges"]})
    pages = (
        boto3.client("stepfunctions").get_paginator("get_execution_history").paginate(executionArn=step_executions(aws)[0]["executionArn"])
    )
    outputs = [
        event["stateExitedEventDetails"]["output"] for page in pages for event in page["events"] if "stateExitedEventDetails" in event
    ]
    assert len(script.events("charges.batch")) == 150
    assert max(map(len, outputs)) < 2_000


def test_a_nested_execution_is_named_after_its_step_and_run_and_fits_the_limit(aws: LocalAws, script: Script) -> None:
    ended = run(aws, {"steps": ["customers"]}, name="n" * 80)
    assert ended["status"] == "SUCCEEDED"
    name = step_executions(aws)[0]["name"]
    assert name.startswith("customers-")
    assert len(name) <= 80
