"""The example inputs in `events/` are what the state machines send, so that a function can be tried by hand with them."""

from __future__ import annotations

import json
import time

import boto3
import pytest

from sandbox.aws import LocalAws, definitions
from tests.infra.conftest import REPOSITORY
from tests.infra.scripted import FUNCTIONS, REVENUE_FUNCTIONS, STEPS, Script, camel

EVENTS = {path.stem: json.loads(path.read_text()) for path in sorted((REPOSITORY / "events").glob("*.json"))}
EXECUTIONS = ("billing_sync", "sync_step")
ENDED = ("run_ended", "revenue_ended")
OF_STEPS = "step"
"""Every step's function takes the same events; the one that is asked knows which step it is."""


def tasks(step: str) -> dict[str, set[str]]:
    """Task of a step's function: the keys that the state machines send with it."""
    found = {}
    for name in EXECUTIONS:
        machine = json.loads((REPOSITORY / "statemachine" / f"{name}.asl.json").read_text())
        for _, state in definitions.states(machine):
            payload = state.get("Parameters", {}).get("Payload", {})
            if "task" in payload and payload.get("step", step) == step:
                found[payload["task"]] = {key.removesuffix(".$") for key in payload}
    return found


def payload_of(function: str) -> set[str]:
    machine = json.loads((REPOSITORY / "statemachine" / "billing_sync.asl.json").read_text())
    wanted = f"${{{camel(function)}FunctionArn}}"
    for _, state in definitions.states(machine):
        if state.get("Parameters", {}).get("FunctionName") == wanted:
            return {key.removesuffix(".$") for key in state["Parameters"]["Payload"]}
    raise LookupError(function)


def test_there_is_an_example_for_every_execution_and_function() -> None:
    functions = (set(FUNCTIONS) | set(REVENUE_FUNCTIONS)) - set(STEPS)
    assert {name.partition(".")[0] for name in EVENTS} == {*EXECUTIONS, *ENDED, *functions, OF_STEPS, "revenue_ingest"}


@pytest.mark.parametrize("step", STEPS)
def test_there_is_an_example_for_every_task_of_a_step(step: str) -> None:
    """All steps are sent the same; some are sent more."""
    shapes = {name.partition(".")[2]: set(event) for name, event in EVENTS.items() if name.startswith(f"{OF_STEPS}.")}
    assert {task: shapes[task] for task in shapes.keys() & tasks(step).keys()} == tasks(step)


def test_every_example_of_a_step_is_sent_to_one() -> None:
    shown = {name.partition(".")[2] for name in EVENTS if name.startswith(f"{OF_STEPS}.")}
    assert shown == {task for step in STEPS for task in tasks(step)}


@pytest.mark.parametrize("function", sorted(set(FUNCTIONS) - set(STEPS) - {"watch_runs"}))
def test_an_example_has_the_keys_that_the_state_machine_sends(function: str) -> None:
    assert set(EVENTS[function]) == payload_of(function)


@pytest.mark.parametrize("name", [name for name in EVENTS if name.startswith("billing_sync")])
def test_the_state_machine_runs_with_the_example(aws: LocalAws, script: Script, name: str) -> None:
    assert aws.run("BillingSyncArn", EVENTS[name])["status"] == "SUCCEEDED"


def test_the_step_machine_runs_with_the_example(aws: LocalAws, script: Script) -> None:
    function = aws.physical_ids["CustomersFunction"]
    assert aws.run("SyncStepArn", {**EVENTS["sync_step"], "function": function})["output"] == {
        "outcome": "completed",
        "selected": 3,
        "synced": 3,
    }


@pytest.mark.parametrize(("example", "machine"), [("run_ended", "BillingSyncArn"), ("revenue_ended", "RevenueIngestArn")])
def test_the_clean_up_example_has_the_keys_of_the_event_that_the_rule_sends(
    aws: LocalAws, script: Script, example: str, machine: str
) -> None:
    client = boto3.client("stepfunctions")
    function = "close_run" if example == "run_ended" else "revenue_close"
    for call in ("open_run", "revenue_open"):
        script.when(call, lambda event, context: time.sleep(0.2))
    with aws.clock.working():
        started = client.start_execution(stateMachineArn=aws.outputs[machine])
        client.stop_execution(executionArn=started["executionArn"])
    aws.settle()
    (event,) = [event for event in script.events(function) if "detail" in event]
    ended = aws.physical_ids["RunEnded" if example == "run_ended" else "RevenueEnded"]
    latest = client.list_executions(stateMachineArn=ended)["executions"][0]
    sent = json.loads(client.describe_execution(executionArn=latest["executionArn"])["input"])
    assert set(sent) == set(EVENTS[example])
    assert set(event["detail"]) == set(EVENTS[example]["detail"])
    if function == "close_run":
        assert set(event) == set(EVENTS["close_run.note_end"])


def test_there_is_an_example_for_every_task_of_the_revenue_connector() -> None:
    machine = json.loads((REPOSITORY / "statemachine" / "revenue_ingest.asl.json").read_text())
    payloads = [state["Parameters"]["Payload"] for _, state in definitions.states(machine) if state["Type"] == "Task"]
    sent = {payload["task"]: {key.removesuffix(".$") for key in payload} for payload in payloads if "task" in payload}
    examples = {event["task"]: set(event) for name, event in EVENTS.items() if name.startswith("revenue_") and "task" in event}
    assert examples == sent
