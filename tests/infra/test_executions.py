"""Both definitions run with throw-away functions: which states a run goes through when things go well and when they do not."""

from __future__ import annotations

import json
import threading
import time
from typing import Any

import boto3
import pytest

from sandbox.aws import LocalAws
from tests.infra.scripted import STEPS, USUAL, Script, fail, usual

CLOSING = ["ArchiveLog", "Notify", "CloseRun"]
IN_PROGRESS = "Sync not started: a previous run is still in progress."
OPENING = ["OpenRun", "RunOpened?", "PrepareResults"]


def run(aws: LocalAws, document: Any = None, name: str | None = None) -> dict[str, Any]:
    return aws.run("BillingSyncArn", document if document is not None else {}, name=name)


def step_executions(aws: LocalAws) -> Any:
    return boto3.client("stepfunctions").list_executions(stateMachineArn=aws.outputs["SyncStepArn"])["executions"]


def test_a_run_goes_through_the_steps_in_the_documented_order(aws: LocalAws, script: Script) -> None:
    ended = run(aws, {"trigger": "manual"}, name="in-order")
    assert ended["status"] == "SUCCEEDED"
    assert aws.states_entered(ended["executionArn"]) == [
        *OPENING,
        *["CustomersWanted?", "SyncCustomers", "NetSuiteCustomersWanted?"],
        *["ProductsWanted?", "RatePlansWanted?", "SalesOrdersWanted?", "ChargesWanted?", "SyncCharges"],
        *["InvoicesWanted?", "SyncInvoices", "DebitMemosWanted?", "SyncDebitMemos", "CreditMemosWanted?", "SyncCreditMemos"],
        *["DocumentStepFailed?", "PaymentsWanted?", "PaymentsBlocked?", "SyncPayments", "RefundsWanted?", "RefundsBlocked?", "SyncRefunds"],
        *["AdjustmentsWanted?", "NetSuitePaymentsWanted?", "NetSuiteCreditMemosWanted?", "NetSuiteRefundsWanted?", "Reconcile", *CLOSING],
    ]
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
    assert aws.states_entered(latest["executionArn"]) == ["Prepare", "Select", "AnyBatches?", "Summarise"]


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


def test_a_batch_that_crashes_is_repeated_as_a_later_attempt(aws: LocalAws, script: Script) -> None:
    script.when("charges.batch", fail(times=1))
    run(aws, {"steps": ["charges"]})
    attempts = [event["attempt"] for event in script.events("charges.batch") if event["batch"] == "000002"]
    assert attempts == [0, 1]
    assert script.events("charges.batch_failed") == []


def test_a_batch_that_fails_for_good_is_recorded_and_stops_no_other(aws: LocalAws, script: Script) -> None:
    def broken(event: dict[str, Any], _: Any) -> Any:
        if event["batch"] == "000002":
            raise KeyError("gone")
        return {"done": True}

    script.when("charges.batch", broken)
    run(aws, {"steps": ["charges"]})
    (failed,) = script.events("charges.batch_failed")
    assert (failed["batch"], failed["error"]["Error"]) == ("000002", "KeyError")
    assert [event["attempt"] for event in script.events("charges.batch") if event["batch"] == "000002"] == [0, 1, 2]
    assert {event["batch"] for event in script.events("charges.batch")} == {"000001", "000002", "000003"}
    assert script.events("charges.summarise")[0]["error"] is None


def test_a_batch_failure_that_cannot_be_recorded_stops_nothing_either(aws: LocalAws, script: Script) -> None:
    script.when("charges.batch", fail())
    script.when("charges.batch_failed", fail())
    ended = run(aws, {"steps": ["charges"]})
    assert script.events("charges.summarise")[0]["error"] is None
    assert ended["status"] == "SUCCEEDED"


def test_a_batch_may_ask_for_more_rounds_and_attempts_keep_growing(aws: LocalAws, script: Script) -> None:
    def twice(event: dict[str, Any], _: Any) -> Any:
        if event["attempt"] == 10:
            raise RuntimeError("crash in the second round")
        return {"done": event["attempt"] >= 20}

    script.batches = 1
    script.when("invoices.batch", twice)
    run(aws, {"steps": ["invoices"]})
    assert [event["attempt"] for event in script.events("invoices.batch")] == [0, 10, 11, 20]


def test_a_batch_that_is_never_done_is_given_up(aws: LocalAws, script: Script) -> None:
    script.batches = 1
    script.when("invoices.batch", lambda event, _: {"done": False})
    run(aws, {"steps": ["invoices"]})
    assert len(script.events("invoices.batch")) == 101
    (failed,) = script.events("invoices.batch_failed")
    assert failed["error"]["Error"] == "BatchRoundsUsedUp"


def test_a_manifest_that_cannot_be_read_fails_the_step(aws: LocalAws, script: Script) -> None:
    lost = {"selected": 1, "batches": 1, "manifest": {"bucket": aws.outputs["ReportsBucket"], "key": "runs/none.json"}, "workers": 1}
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
    assert aws.states_entered(ended["executionArn"])[-4:] == ["Reconcile", *CLOSING]
    (event,) = script.events("close_run")
    assert event["error"]["Error"] == "LookupError"
    assert ended["output"]["outcome"] == "failed"


def test_a_run_that_cannot_be_closed_fails_and_the_rule_closes_it_once_more(aws: LocalAws, script: Script) -> None:
    script.when("close_run", lambda event, _: usual("close_run", event) if "detail" in event else fail()(event, _))
    ended = run(aws)
    aws.settle()
    assert (ended["status"], ended["error"]) == ("FAILED", "RunNotClosed")
    assert aws.states_entered(ended["executionArn"])[-2:] == ["CloseRun", "RunNotClosed"]
    (event,) = [event for event in script.events("close_run") if "detail" in event]
    assert (event["detail"]["name"], event["detail"]["status"]) == (ended["name"], "FAILED")


def test_a_stopped_run_is_closed_by_the_rule_and_its_step_stops_too(aws: LocalAws, script: Script) -> None:
    begun, go_on = threading.Event(), threading.Event()

    def slow(event: dict[str, Any], _: Any) -> Any:
        begun.set()
        go_on.wait(5)
        return {"done": True}

    script.when("customers.batch", slow)
    client = boto3.client("stepfunctions")
    started = client.start_execution(stateMachineArn=aws.outputs["BillingSyncArn"], name="stopped")
    assert begun.wait(5)
    client.stop_execution(executionArn=started["executionArn"], error="Operator", cause="stopped by hand")
    described = client.describe_execution(executionArn=started["executionArn"])
    assert (described["status"], described["error"], described["cause"]) == ("ABORTED", "Operator", "stopped by hand")
    aws.settle()
    (event,) = script.events("close_run")
    assert (event["detail"]["status"], event["detail"]["name"]) == ("ABORTED", "stopped")
    nested = step_executions(aws)[0]
    go_on.set()
    assert aws.wait(nested["executionArn"], 5)["status"] == "ABORTED"
    assert script.events("customers.summarise") == []


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
