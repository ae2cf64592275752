"""The embedded AWS on a virtual clock: hours of waiting and work take no time, and functions end where Lambda ends them."""

from __future__ import annotations

import json
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest

from sandbox.aws import FunctionFailed, LocalAws
from sandbox.clock import START, VirtualClock
from tallybridge.clock import SystemClock
from tallybridge.wiring import SAFETY_SECONDS, Wiring
from tests.infra.conftest import PARAMETERS, TEMPLATE
from tests.infra.scripted import Script, usual
from tests.infra.test_repairs import Machines, invoke, item_map, nested, store_items

NOTIFY_SECONDS = 120
"""The time-out of the function that the tests use."""


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock()


@pytest.fixture
def aws(functions_root: Path, clock: VirtualClock) -> Iterator[LocalAws]:
    with LocalAws(TEMPLATE, parameters=PARAMETERS, functions_root=functions_root, clock=clock) as running:
        yield running


@pytest.fixture
def machines(aws: LocalAws, script: Script) -> Machines:
    return Machines(aws)


def took(execution: dict[str, Any]) -> float:
    """Seconds."""
    return float((execution["stopDate"] - execution["startDate"]).total_seconds())


def put(aws: LocalAws, key: str) -> None:
    boto3.client("s3").put_object(Bucket=aws.outputs["ReportsBucket"], Key=f"runs/{key}", Body=b"x")


def keys(aws: LocalAws) -> list[str]:
    listed = boto3.client("s3").list_objects_v2(Bucket=aws.outputs["ReportsBucket"], Prefix="runs/")
    return [each["Key"].removeprefix("runs/") for each in listed.get("Contents", [])]


# --- Passing time ----------------------------------------------------------------------------------------------------


def test_a_run_of_hours_ends_at_once(aws: LocalAws, script: Script, clock: VirtualClock) -> None:
    """Seven steps of three batches of four minutes, two at a time."""

    def slow(event: dict[str, Any], context: Any) -> Any:
        time.sleep(240 if event.get("task") == "batch" else 0)
        return usual(context.function_name.removeprefix("tallybridge-").replace("-", "_"), event)

    for step in ("customers", "charges", "invoices", "debit_memos", "credit_memos", "payments", "refunds"):
        script.when(step, slow)
    ended = aws.run("BillingSyncArn", {"trigger": "manual"})
    assert (ended["status"], ended["output"]["outcome"]) == ("SUCCEEDED", "completed")
    assert took(ended) == 7 * 2 * 240
    assert clock.now() == START + timedelta(seconds=7 * 2 * 240)


@pytest.mark.parametrize("minutes", [5, 25])
def test_a_run_outlasts_others_that_use_up_what_the_account_may_run(
    aws: LocalAws, script: Script, clock: VirtualClock, minutes: int
) -> None:
    """Lambda refuses every invocation for a time, in the middle of a run: nothing fails, and nobody is told."""

    def throttled(event: dict[str, Any], context: Any) -> Any:
        aws.allow_at_once(0)
        return usual("customers", event)

    script.when("customers.select", throttled)
    with clock.working():
        started = boto3.client("stepfunctions").start_execution(stateMachineArn=aws.outputs["BillingSyncArn"], input="{}")
        clock.sleep(minutes * 60)
        aws.allow_at_once()
    ended = aws.wait(started["executionArn"], 300)
    assert (ended["status"], ended["output"]["outcome"]) == ("SUCCEEDED", "completed")
    assert script.events("reconcile")[0]["results"]["customers"] == {"outcome": "completed", "selected": 3, "synced": 3}
    assert minutes * 60 < took(ended) < minutes * 60 + 180
    assert not [each for each in script.calls if each[0].endswith("batch_failed")]


def test_an_event_waits_for_room(aws: LocalAws, script: Script, clock: VirtualClock) -> None:
    aws.allow_at_once(0)
    boto3.client("lambda").invoke(FunctionName="tallybridge-notify", InvocationType="Event", Payload=b"{}")
    clock.advance(hours=2)
    assert script.events("notify") == []
    aws.allow_at_once()
    clock.advance(minutes=2)
    aws.settle()
    assert script.events("notify") == [{}]


def test_waits_last_as_long_as_they_say(machines: Machines, clock: VirtualClock) -> None:
    until = (START + timedelta(hours=5)).strftime("%Y-%m-%dT%H:%M:%SZ")
    states = {"Rest": {"Type": "Wait", "Seconds": 7200, "Next": "Until"}, "Until": {"Type": "Wait", "Timestamp": until, "End": True}}
    ended = machines.run(machines.create(states))
    assert (ended["startDate"].astimezone(START.tzinfo), took(ended)) == (START, 5 * 3600)


def test_retries_wait_as_long_as_they_say(machines: Machines, script: Script) -> None:
    calls: list[Any] = []

    def fails(_: Any, __: Any) -> None:
        calls.append(SystemClock().now())
        raise RuntimeError("out of order")

    script.when("notify", fails)
    retry = [{"ErrorEquals": ["States.ALL"], "IntervalSeconds": 60, "BackoffRate": 2, "MaxAttempts": 3}]
    ended = machines.run(machines.create({"Call": invoke("notify", Retry=retry, End=True)}))
    assert ended["status"] == "FAILED"
    assert calls == [START + timedelta(seconds=each) for each in (0, 60, 180, 420)]


def test_what_takes_longer_than_its_task_may_is_timed_out(machines: Machines, script: Script) -> None:
    script.when("notify", lambda *_: time.sleep(100))
    caught = [{"ErrorEquals": ["States.Timeout"], "Next": "Seen"}]
    states = {"Call": invoke("notify", TimeoutSeconds=90, Catch=caught, End=True), "Seen": {"Type": "Succeed"}}
    ended = machines.run(machines.create(states))
    assert machines.aws.states_entered(ended["executionArn"]) == ["Call", "Seen"]
    assert took(ended) == 90


def test_a_machine_that_takes_too_long_is_timed_out(machines: Machines) -> None:
    ended = machines.run(machines.create({"Rest": {"Type": "Wait", "Seconds": 7200, "End": True}}, TimeoutSeconds=3600))
    assert (ended["status"], took(ended)) == ("TIMED_OUT", 3600)


def test_a_nested_execution_is_waited_for_and_stopped_with_its_task(machines: Machines) -> None:
    child = machines.create({"Rest": {"Type": "Wait", "Seconds": 36_000, "End": True}})
    ended = machines.run(machines.create({"Nest": nested(child, End=True)}), {"name": "ten-hours"})
    assert (ended["status"], took(ended)) == ("SUCCEEDED", 36_000)
    caught = [{"ErrorEquals": ["States.Timeout"], "Next": "Seen"}]
    states = {"Nest": nested(child, TimeoutSeconds=60, Catch=caught, End=True), "Seen": {"Type": "Succeed"}}
    ended = machines.run(machines.create(states), {"name": "too-long"})
    assert took(ended) == 60
    listed = [machines.aws.wait(each["executionArn"]) for each in machines.client.list_executions(stateMachineArn=child)["executions"]]
    assert {each["name"]: each["status"] for each in listed} == {"ten-hours": "SUCCEEDED", "too-long": "ABORTED"}


def test_workers_of_a_map_wait_at_the_same_time(machines: Machines, script: Script) -> None:
    store_items(machines.aws, "runs/six.json", 6)
    script.when("notify", lambda *_: time.sleep(100))
    bucket = {"bucket": machines.aws.outputs["ReportsBucket"]}
    each = item_map("runs/six.json", invoke("notify", End=True), workers=3)
    ended = machines.run(machines.create({"Each": {**each, "End": True}}), bucket)
    assert (ended["status"], took(ended)) == ("SUCCEEDED", 200)


# --- What a function sees --------------------------------------------------------------------------------------------


def test_a_function_sees_the_clock(aws: LocalAws, script: Script) -> None:
    def told(_: Any, context: Any) -> Any:
        wiring = Wiring.of(context)
        left = [context.get_remaining_time_in_millis()]
        wiring.clock.sleep(30)
        left.append(context.get_remaining_time_in_millis())
        with ThreadPoolExecutor(max_workers=2) as pool:
            list(pool.map(wiring.clock.sleep, (10, 10)))
        left.append(context.get_remaining_time_in_millis())
        return {"left": left, "now": str(wiring.clock.now()), "deadline": wiring.invocation.deadline - wiring.clock.now().timestamp()}

    script.when("notify", told)
    answer = aws.invoke("notify", {})
    assert answer["left"] == [120_000, 90_000, 80_000]
    assert answer["now"] == str(START + timedelta(seconds=40))
    assert answer["deadline"] == pytest.approx(80 - SAFETY_SECONDS, abs=0.001)
    assert aws.invocations("notify")[-1].milliseconds == 40_000


# --- Functions that take too long ------------------------------------------------------------------------------------


def test_a_function_that_takes_too_long_ends_as_lambda_ends_it(aws: LocalAws, script: Script, clock: VirtualClock) -> None:
    script.when("notify", lambda *_: time.sleep(NOTIFY_SECONDS + 1))
    with pytest.raises(FunctionFailed, match=r"Error: Task timed out after 120.00 seconds") as failed:
        aws.invoke("notify", {})
    assert failed.value.error_type == "Sandbox.Timedout"
    assert clock.now() == START + timedelta(seconds=NOTIFY_SECONDS)
    record = aws.invocations("notify")[-1]
    assert (record.error, record.milliseconds) == ("Sandbox.Timedout", NOTIFY_SECONDS * 1000)
    assert "Task timed out after 120.00 seconds" in record.log


def test_a_function_that_just_makes_it_is_answered(aws: LocalAws, script: Script) -> None:
    script.when("notify", lambda *_: time.sleep(NOTIFY_SECONDS - 0.001))
    assert aws.invoke("notify", {}) is None


def test_the_error_of_a_time_out_can_be_caught(machines: Machines, script: Script) -> None:
    script.when("notify", lambda *_: time.sleep(1000))
    caught = [{"ErrorEquals": ["Sandbox.Timedout"], "ResultPath": "$.error", "Next": "Seen"}]
    states = {"Call": invoke("notify", Catch=caught, End=True), "Seen": {"Type": "Succeed"}}
    ended = machines.run(machines.create(states))
    assert took(ended) == NOTIFY_SECONDS
    assert "Task timed out after 120.00 seconds" in json.loads(ended["output"]["error"]["Cause"])["errorMessage"]


class TestNoEffectAfterTheTimeOut:
    """What a function did before stays; nothing that it or its threads would do later happens."""

    def run(self, aws: LocalAws, script: Script, work: Any) -> None:
        script.when("notify", work)
        with pytest.raises(FunctionFailed):
            aws.invoke("notify", {})
        aws.clock.advance(hours=1)  # type: ignore[attr-defined]

    @pytest.fixture(autouse=True)
    def allowed(self, aws: LocalAws, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(aws.roles, "allows", lambda *_: True)

    def test_of_the_handler(self, aws: LocalAws, script: Script) -> None:
        def work(*_: Any) -> None:
            put(aws, "before")
            time.sleep(NOTIFY_SECONDS)
            put(aws, "after")

        self.run(aws, script, work)
        assert keys(aws) == ["before"]

    def test_of_its_threads(self, aws: LocalAws, script: Script) -> None:
        def later(seconds: int) -> None:
            time.sleep(seconds)
            put(aws, str(seconds))

        def work(*_: Any) -> None:
            with ThreadPoolExecutor(max_workers=4) as pool:
                list(pool.map(later, (60, 119, 121, 180)))

        self.run(aws, script, work)
        assert keys(aws) == ["119", "60"]

    def test_of_who_waits_for_another_thread(self, aws: LocalAws, script: Script) -> None:
        def work(*_: Any) -> None:
            threading.Event().wait()
            put(aws, "after")

        self.run(aws, script, work)
        assert keys(aws) == []

    def test_of_who_takes_every_error_for_one_to_go_on_with(self, aws: LocalAws, script: Script) -> None:
        def work(*_: Any) -> None:
            for attempt in range(3):
                try:
                    time.sleep(NOTIFY_SECONDS)
                except Exception:
                    put(aws, f"error-{attempt}")
                finally:
                    put(aws, f"finally-{attempt}")

        self.run(aws, script, work)
        assert keys(aws) == []


def test_the_next_invocation_starts_afresh(aws: LocalAws, script: Script) -> None:
    """Lambda ends the process with the invocation, so that nothing that the function's module keeps is there any more."""

    def count(*_: Any) -> Any:
        kept = vars(sys.modules["sandbox_function_notify"])
        kept["kept"] = kept.get("kept", 0) + 1
        return kept["kept"]

    script.when("notify", count)
    assert [aws.invoke("notify", {}) for _ in range(2)] == [1, 2]
    script.when("notify", lambda *_: time.sleep(1000))
    with pytest.raises(FunctionFailed):
        aws.invoke("notify", {})
    script.when("notify", count)
    assert aws.invoke("notify", {}) == 1
