"""One test per repair of moto's Step Functions: each shows what AWS does and moto alone does not."""

from __future__ import annotations

import itertools
import json
import threading
import time
from types import SimpleNamespace
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from moto.cloudformation.models import Stack
from moto.stepfunctions.parser.asl.component.eval_component import EvalComponent
from moto.stepfunctions.parser.asl.parse.asl_parser import AmazonStateLanguageParser
from moto.stepfunctions.parser.utils import TMP_THREADS
from moto.stepfunctions.responses import StepFunctionResponse

from sandbox.aws import LocalAws, repairs
from sandbox.clock import START, VirtualClock
from tests.infra.scripted import Script, fail, work_until

ROLE = "arn:aws:iam::123456789012:role/any"
NUMBERS = itertools.count(1)


class Machines:
    """Small state machines of the test's own, beside those of the stack."""

    def __init__(self, aws: LocalAws) -> None:
        self.aws = aws
        self.client: Any = boto3.client("stepfunctions")

    def create(self, states: dict[str, Any], **fields: Any) -> str:
        definition = json.dumps({"StartAt": next(iter(states)), "States": states, **fields})
        return str(self.client.create_state_machine(name=f"small-{next(NUMBERS)}", definition=definition, roleArn=ROLE)["stateMachineArn"])

    def run(self, machine: str, document: Any = None, **named: str) -> dict[str, Any]:
        started = self.client.start_execution(stateMachineArn=machine, input=json.dumps(document if document is not None else {}), **named)
        return self.aws.wait(started["executionArn"])


@pytest.fixture
def machines(aws: LocalAws, script: Script) -> Machines:
    return Machines(aws)


def invoke(function: str, **fields: Any) -> dict[str, Any]:
    """A state that calls a function with the state's input."""
    parameters = {"FunctionName": f"tallybridge-{function}", "Payload.$": "$"}
    return {"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "Parameters": parameters, "OutputPath": "$.Payload", **fields}


def nested(machine: str, **fields: Any) -> dict[str, Any]:
    """A state that runs another state machine and waits for it."""
    parameters = {"StateMachineArn": machine, "Name.$": "$.name", "Input": {"given.$": "$.name"}}
    return {"Type": "Task", "Resource": "arn:aws:states:::states:startExecution.sync:2", "Parameters": parameters, **fields}


def item_map(key: str, child: dict[str, Any], workers: int = 2) -> dict[str, Any]:
    """A distributed Map over a JSON array in the reports bucket."""
    return {
        "Type": "Map",
        "MaxConcurrency": workers,
        "ItemReader": {
            "Resource": "arn:aws:states:::s3:getObject",
            "ReaderConfig": {"InputType": "JSON"},
            "Parameters": {"Bucket.$": "$.bucket", "Key": key},
        },
        "ItemProcessor": {
            "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
            "StartAt": "Child",
            "States": {"Child": child},
        },
    }


def store_items(aws: LocalAws, key: str, count: int) -> None:
    boto3.client("s3").put_object(Bucket=aws.outputs["ReportsBucket"], Key=key, Body=json.dumps([{"n": n} for n in range(count)]))


def test_state_machines_of_stacks_are_executed(aws: LocalAws, script: Script) -> None:
    """They are there for the interpreter, with everything put into their definitions."""
    described = boto3.client("stepfunctions").describe_state_machine(stateMachineArn=aws.outputs["BillingSyncArn"])
    assert "${" not in described["definition"]
    assert ":function:tallybridge-notify" in described["definition"]
    assert described["tracingConfiguration"] == {"enabled": True}
    assert described["loggingConfiguration"]["level"] == "ALL"


def test_templates_in_json_are_read_as_json() -> None:
    assert Stack.parse_template('{"Resources": {"A": 1}}') == {"Resources": {"A": 1}}
    assert Stack.parse_template("Resources:\n  A: 1\n") == {"Resources": {"A": 1}}


def test_nested_executions_convert_names(machines: Machines) -> None:
    """Parameters in PascalCase go in, answers in PascalCase come out, dates as numbers, input and output as JSON."""
    child = machines.create({"Say": {"Type": "Pass", "Parameters": {"said.$": "$.given"}, "End": True}})
    ended = machines.run(machines.create({"Nest": nested(child, End=True)}), {"name": "child-of-names"})
    assert ended["output"]["Output"] == {"said": "child-of-names"}
    assert ended["output"]["Input"] == {"given": "child-of-names"}
    assert ended["output"]["Status"] == "SUCCEEDED"
    assert ended["output"]["ExecutionArn"].endswith(":child-of-names")
    assert isinstance(ended["output"]["StartDate"], int)


def test_submitted_nested_executions_are_converted_before_use(machines: Machines) -> None:
    """The history shows what was submitted, in PascalCase."""
    child = machines.create({"Say": {"Type": "Pass", "End": True}})
    ended = machines.run(machines.create({"Nest": nested(child, End=True)}), {"name": "child-of-history"})
    events = machines.client.get_execution_history(executionArn=ended["executionArn"])["events"]
    (submitted,) = [event["taskSubmittedEventDetails"] for event in events if event["type"] == "TaskSubmitted"]
    assert json.loads(submitted["output"])["ExecutionArn"].endswith(":child-of-history")
    assert (submitted["resourceType"], submitted["resource"]) == ("states", "startExecution.sync:2")


def test_a_nested_execution_that_fails_is_a_failed_task_with_its_description(machines: Machines) -> None:
    child = machines.create({"Stop": {"Type": "Fail", "Error": "Broken", "Cause": "on purpose"}})
    caught = {"ErrorEquals": ["States.TaskFailed"], "Next": "Seen"}
    ended = machines.run(
        machines.create({"Nest": nested(child, Catch=[caught], End=True), "Seen": {"Type": "Succeed"}}), {"name": "child-that-fails"}
    )
    cause = json.loads(ended["output"]["Cause"])
    assert (cause["Status"], cause["Error"], cause["Cause"]) == ("FAILED", "Broken", "on purpose")


def test_a_nested_execution_whose_name_was_used_is_named_so(machines: Machines) -> None:
    child = machines.create({"Say": {"Type": "Pass", "End": True}})
    caught = {"ErrorEquals": ["StepFunctions.ExecutionAlreadyExistsException"], "Next": "Seen"}
    parent = machines.create({"Nest": nested(child, Catch=[caught], End=True), "Seen": {"Type": "Succeed"}})
    machines.run(parent, {"name": "child-again"})
    assert machines.run(parent, {"name": "child-again"})["output"]["Error"] == "StepFunctions.ExecutionAlreadyExistsException"


def test_nested_executions_are_awaited_closely(machines: Machines, monkeypatch: pytest.MonkeyPatch) -> None:
    """A child that takes a second is described once, at its end."""
    asked: list[str] = []
    respond = StepFunctionResponse.describe_execution

    def describe(self: Any) -> Any:
        asked.append(self._get_param("executionArn"))
        return respond(self)

    child = machines.create({"Rest": {"Type": "Wait", "Seconds": 1, "End": True}})
    parent = machines.create({"Nest": nested(child, End=True)})
    monkeypatch.setattr(StepFunctionResponse, "describe_execution", describe)
    assert machines.run(parent, {"name": "child-that-rests"})["status"] == "SUCCEEDED"
    assert len([arn for arn in asked if arn.endswith(":child-that-rests")]) == 1


def test_nested_executions_stop_with_their_parent(machines: Machines, script: Script) -> None:
    begun, go_on = threading.Event(), threading.Event()

    def slow(event: Any, _: Any) -> None:
        begun.set()
        work_until(go_on)

    script.when("notify", slow)
    child = machines.create({"Slow": invoke("notify", Next="After"), "After": {"Type": "Pass", "End": True}})
    parent = machines.create({"Nest": nested(child, End=True)})
    started = machines.client.start_execution(stateMachineArn=parent, input='{"name": "child-to-stop"}')["executionArn"]
    assert begun.wait(60)
    machines.client.stop_execution(executionArn=started)
    deadline = time.monotonic() + 60
    while machines.client.list_executions(stateMachineArn=child)["executions"][0]["status"] == "RUNNING" and time.monotonic() < deadline:
        time.sleep(0.01)
    assert machines.client.list_executions(stateMachineArn=child)["executions"][0]["status"] == "ABORTED"
    go_on.set()


def test_a_nested_execution_stops_when_its_task_waited_too_long(machines: Machines) -> None:
    child = machines.create({"Rest": {"Type": "Wait", "Seconds": 30, "End": True}})
    caught = [{"ErrorEquals": ["States.Timeout"], "Next": "Seen"}]
    states = {"Nest": nested(child, TimeoutSeconds=1, Catch=caught, End=True), "Seen": {"Type": "Succeed"}}
    ended = machines.run(machines.create(states), {"name": "child-too-slow"})
    assert machines.aws.states_entered(ended["executionArn"]) == ["Nest", "Seen"]
    (listed,) = machines.client.list_executions(stateMachineArn=child)["executions"]
    assert machines.aws.wait(listed["executionArn"])["status"] == "ABORTED"


def test_maps_of_any_length_run(aws: LocalAws, machines: Machines) -> None:
    """One worker takes far more items than Python allows nested calls."""
    store_items(aws, "runs/many.json", 1_200)
    machine = machines.create({"Each": {**item_map("runs/many.json", {"Type": "Pass", "Result": {}, "End": True}, workers=1), "End": True}})
    ended = machines.run(machine, {"bucket": aws.outputs["ReportsBucket"]})
    assert ended["output"] == [{}] * 1_200


def test_a_child_that_fails_fails_the_map(aws: LocalAws, machines: Machines) -> None:
    store_items(aws, "runs/failing.json", 3)
    caught = [{"ErrorEquals": ["States.ExceedToleratedFailureThreshold"], "Next": "Seen"}]
    states = {
        "Each": {**item_map("runs/failing.json", {"Type": "Fail", "Error": "Broken"}), "Catch": caught, "End": True},
        "Seen": {"Type": "Succeed"},
    }
    ended = machines.run(machines.create(states), {"bucket": aws.outputs["ReportsBucket"]})
    assert machines.aws.states_entered(ended["executionArn"]) == ["Each", "Seen"]
    assert ended["output"]["Error"] == "States.ExceedToleratedFailureThreshold"


@pytest.mark.parametrize(("key", "body"), [("runs/none.json", None), ("runs/torn.json", b'[{"n": 1')])
def test_unreadable_manifests_have_their_error_name(aws: LocalAws, machines: Machines, key: str, body: bytes | None) -> None:
    if body is not None:
        boto3.client("s3").put_object(Bucket=aws.outputs["ReportsBucket"], Key=key, Body=body)
    caught = [{"ErrorEquals": ["States.ItemReaderFailed"], "Next": "Seen"}]
    child = {"Type": "Pass", "End": True}
    machine = machines.create({"Each": {**item_map(key, child), "Catch": caught, "End": True}, "Seen": {"Type": "Succeed"}})
    assert machines.run(machine, {"bucket": aws.outputs["ReportsBucket"]})["output"]["Error"] == "States.ItemReaderFailed"


class TestNames:
    """executions_have_valid_names"""

    @pytest.fixture
    def machine(self, machines: Machines) -> str:
        return machines.create({"Say": {"Type": "Pass", "End": True}})

    def test_an_execution_without_a_name_gets_one(self, machines: Machines, machine: str) -> None:
        ended = machines.run(machine)
        assert len(ended["name"]) == 36
        assert ended["executionArn"].endswith(ended["name"])

    @pytest.mark.parametrize("name", ["with space", "a/b", "a:b", "x" * 81])
    def test_a_name_that_is_not_valid_is_refused(self, machines: Machines, machine: str, name: str) -> None:
        with pytest.raises(ClientError):
            machines.client.start_execution(stateMachineArn=machine, name=name)

    def test_a_name_is_used_once(self, machines: Machines, machine: str) -> None:
        machines.run(machine, name="once")
        with pytest.raises(machines.client.exceptions.ExecutionAlreadyExists):
            machines.client.start_execution(stateMachineArn=machine, name="once")

    def test_starts_of_one_name_at_once_give_one_execution(self, machines: Machines, machine: str) -> None:
        answers: list[str] = []
        meet = threading.Barrier(8)

        def start() -> None:
            meet.wait()
            try:
                machines.client.start_execution(stateMachineArn=machine, name="together")
                answers.append("started")
            except ClientError as refused:
                answers.append(refused.response["Error"]["Code"])

        threads = [threading.Thread(target=start) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert set(answers) <= {"started", "ExecutionAlreadyExists"}
        assert len(machines.client.list_executions(stateMachineArn=machine)["executions"]) == 1


def test_an_execution_runs_as_soon_as_it_is_listed(machines: Machines, monkeypatch: pytest.MonkeyPatch) -> None:
    """The start is told while the execution is on the list and has not begun: the very moment."""
    machine = machines.create({"Say": {"Type": "Pass", "End": True}})
    seen: list[str] = []

    def look(execution: Any, status: str) -> None:
        if status == "RUNNING":
            described = machines.client.describe_execution(executionArn=execution.exec_arn)
            (listed,) = machines.client.list_executions(stateMachineArn=machine)["executions"]
            seen.extend([described["status"], listed["status"]])

    monkeypatch.setattr(repairs.Hooks, "status_changed", look)
    assert machines.run(machine)["status"] == "SUCCEEDED"
    assert seen == ["RUNNING", "RUNNING"]


class TestStopping:
    """stopping_takes_effect_at_once"""

    def test_in_the_first_instant(self, aws: LocalAws, machines: Machines) -> None:
        machine = machines.create({"Rest": {"Type": "Wait", "Seconds": 30, "End": True}})
        with aws.clock.working():
            started = machines.client.start_execution(stateMachineArn=machine)["executionArn"]
            machines.client.stop_execution(executionArn=started, error="Enough", cause="no more")
        described = machines.client.describe_execution(executionArn=started)
        assert (described["status"], described["error"], described["cause"]) == ("ABORTED", "Enough", "no more")
        assert described["stopDate"] >= described["startDate"]

    def test_after_the_end_changes_nothing(self, machines: Machines) -> None:
        ended = machines.run(machines.create({"Say": {"Type": "Pass", "End": True}}))
        machines.client.stop_execution(executionArn=ended["executionArn"])
        assert machines.client.describe_execution(executionArn=ended["executionArn"])["status"] == "SUCCEEDED"


def test_status_changes_are_told(machines: Machines, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[dict[str, Any]] = []
    monkeypatch.setattr(repairs.Hooks, "status_changed", lambda execution, status: told.append(repairs.status_event(execution, status)))
    ended = machines.run(machines.create({"Stop": {"Type": "Fail", "Error": "Broken", "Cause": "on purpose"}}), {"a": 1})
    machines.aws.settle()
    assert [event["detail"]["status"] for event in told] == ["RUNNING", "FAILED"]
    assert told[0]["detail"]["stopDate"] is None
    assert (told[1]["source"], told[1]["detail-type"]) == ("aws.states", "Step Functions Execution Status Change")
    assert told[1]["resources"] == [ended["executionArn"]]
    assert (told[1]["detail"]["error"], told[1]["detail"]["cause"], told[1]["detail"]["input"]) == ("Broken", "on purpose", '{"a": 1}')


class TestDescriptions:
    """executions_are_described_in_full"""

    @pytest.mark.parametrize("result", ["a text", 5, True, None, ["x"], {"a": {"b": 1}}])
    def test_any_output(self, machines: Machines, result: Any) -> None:
        machine = machines.create({"Say": {"Type": "Pass", "InputPath": "$.result", "End": True}})
        assert machines.run(machine, {"result": result})["output"] == result

    def test_an_output_with_a_date_of_the_context(self, machines: Machines) -> None:
        machine = machines.create({"Say": {"Type": "Pass", "Parameters": {"begun.$": "$$.Execution.StartTime"}, "End": True}})
        assert machines.run(machine)["output"]["begun"].startswith("20")

    def test_the_end_of_one_that_timed_out(self, machines: Machines) -> None:
        ended = machines.run(machines.create({"Rest": {"Type": "Wait", "Seconds": 30, "End": True}}, TimeoutSeconds=1))
        assert ended["status"] == "TIMED_OUT"
        assert "stopDate" in ended
        (listed,) = machines.client.list_executions(stateMachineArn=ended["stateMachineArn"], statusFilter="TIMED_OUT")["executions"]
        assert listed["stopDate"] == ended["stopDate"]


def test_histories_are_paged(machines: Machines) -> None:
    states = {f"S{n}": {"Type": "Pass", "Next": f"S{n + 1}"} for n in range(10)} | {"S10": {"Type": "Succeed"}}
    arn = machines.run(machines.create(states))["executionArn"]
    whole = [event["id"] for event in machines.client.get_execution_history(executionArn=arn)["events"]]
    pages = machines.client.get_paginator("get_execution_history").paginate(executionArn=arn, PaginationConfig={"PageSize": 5})
    assert [event["id"] for page in pages for event in page["events"]] == whole
    backwards = machines.client.get_execution_history(executionArn=arn, reverseOrder=True, maxResults=3)
    assert [event["id"] for event in backwards["events"]] == whole[::-1][:3]
    with pytest.raises(ClientError, match="InvalidToken"):
        machines.client.get_execution_history(executionArn=arn, nextToken="not a token")


def test_repeated_work_is_remembered(machines: Machines) -> None:
    definition = json.dumps({"StartAt": "A", "States": {"A": {"Type": "Succeed"}}})
    assert AmazonStateLanguageParser.parse(definition) is AmazonStateLanguageParser.parse(definition)


class TestCallingFunctions:
    """functions_are_called_directly"""

    def test_the_answer_is_that_of_lambda(self, machines: Machines, script: Script) -> None:
        script.when("notify", lambda event, _: {"got": event})
        machine = machines.create({"Call": {**invoke("notify"), "OutputPath": "$", "End": True}})
        output = machines.run(machine, {"a": 1})["output"]
        assert output["Payload"] == {"got": {"a": 1}}
        assert (output["StatusCode"], output["ExecutedVersion"]) == (200, "$LATEST")

    def test_a_function_that_is_not_there_has_its_error_name(self, machines: Machines) -> None:
        ended = machines.run(machines.create({"Call": invoke("nobody", End=True)}))
        assert (ended["status"], ended["error"]) == ("FAILED", "Lambda.ResourceNotFoundException")

    def test_more_than_a_state_may_hold_is_refused(self, machines: Machines, script: Script) -> None:
        script.when("notify", lambda event, _: "x" * 300_000)
        assert machines.run(machines.create({"Call": invoke("notify", End=True)}))["error"] == "States.DataLimitExceeded"


def test_retry_counts_survive_threads() -> None:
    """The key does not depend on who asks first."""
    component = SimpleNamespace()
    keys = {EvalComponent.heap_key.fget(component) for _ in range(3)}  # type: ignore[attr-defined]
    assert len(keys) == 1


def test_the_wait_of_a_retry_is_as_long_as_it_says(machines: Machines, script: Script) -> None:
    script.when("notify", fail(times=1))
    retry = [{"ErrorEquals": ["States.ALL"], "IntervalSeconds": 40, "MaxAttempts": 1}]
    ended = machines.run(machines.create({"Call": invoke("notify", Retry=retry, End=True)}))
    assert ended["status"] == "SUCCEEDED"
    assert (ended["stopDate"] - ended["startDate"]).total_seconds() == pytest.approx(40, abs=0.01)


def test_executions_live_by_the_clock(machines: Machines, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(repairs.Hooks, "clock", VirtualClock())
    until = START.strftime("%Y-%m-%dT%H:%M:%SZ")
    ended = machines.run(machines.create({"Rest": {"Type": "Wait", "Timestamp": until, "End": True}}))
    assert (ended["startDate"], ended["stopDate"]) == (START, START)
    events = machines.client.get_execution_history(executionArn=ended["executionArn"])["events"]
    assert {event["timestamp"] for event in events} == {START}


def test_threads_of_ended_executions_are_let_go(machines: Machines) -> None:
    machine = machines.create({"Say": {"Type": "Pass", "End": True}})
    for _ in range(20):
        machines.run(machine)
    assert len(TMP_THREADS) < 40


def test_every_repair_has_a_test() -> None:
    """By its name: a function, or a class whose docstring is the name."""
    tested = {name.removeprefix("test_") for name in globals()} | {
        str(each.__doc__) for each in globals().values() if isinstance(each, type)
    }
    assert [repair.__name__ for repair in repairs.REPAIRS if repair.__name__ not in tested] == []
