"""Executions of the revenue connector that end from outside: what is told of them, by whom they were stopped and why; and that nothing more
is done in their name."""

from __future__ import annotations

from typing import Any

import pytest

from tallybridge.errors import RunEnded
from tallybridge.revenue.closing import close_run, notify, write_log
from tallybridge.revenue.opening import open_run
from tallybridge.revenue.performing import note_failure, pass_barrier, perform
from tests.revenue.rules import rules
from tests.revenue.world import RECIPIENT, RevenueWorld, line, order

ANN = "arn:aws:iam::000000000000:user/ann"
STOP = {"status": "ABORTED", "error": "Stopped", "cause": f"Stopped by {ANN}: wrong month"}
SAID = f"The run was stopped. Stopped by: {ANN}. Reason: wrong month."


class Stopped(BaseException):
    pass


def arn(run_id: str) -> str:
    return f"arn:aws:states:eu-west-1:1:execution:revenue:{run_id}"


def ended(world: RevenueWorld, run_id: str, **detail: Any) -> dict[str, Any]:
    told = {"executionArn": arn(run_id), "status": "ABORTED", "error": None, "cause": None, **detail}
    return close_run({"detail": told, "closer": "clean-up"}, world.wiring())


def run_until(world: RevenueWorld, task: str, run_id: str = "stopped") -> None:
    """A run whose execution is stopped before the answer of a task is heard."""
    world.load_rows(orders=[order(1)])
    world.objects(line("Orders"))
    machine = world.machine()
    usual = dict(machine.functions)

    def watched(name: str) -> Any:
        def function(event: dict[str, Any]) -> dict[str, Any]:
            answer = usual[name](event)
            if event.get("task") == task:
                raise Stopped
            return answer

        return function

    machine.functions = {name: watched(name) for name in usual}
    with pytest.raises(Stopped):
        machine.run(run_id, {"trigger": "manual", "instance": "Daily"})


def locks(world: RevenueWorld) -> list[Any]:
    return [item for item in world.memory.runs.items.values() if item["pk"] == "lock"]


def state(world: RevenueWorld) -> Any:
    tables = {key: dict(item) for key, item in world.memory.runs.items.items()}
    return tables, dict(world.memory.objects.content), len(world.mails())


@rules("10.status.cancelled", "7.rule.2")
@pytest.mark.parametrize("task", ["read", "check", "barrier"])
def test_a_run_that_is_stopped_before_it_sends_is_cancelled_with_who_and_why(world: RevenueWorld, task: str) -> None:
    run_until(world, task)
    answer = ended(world, "stopped", **STOP)
    expected = "CANCELLED" if task != "barrier" else "FAILED"  # from the barrier on it may have begun to send
    assert (answer["outcome"], answer["freed"], answer["mailed"]) == (expected, True, True)
    record = world.wiring().runs().read("stopped")
    assert (record["outcome"], record["stopped_by"], record["reason"]) == (expected, ANN, "wrong month")
    assert record["message"] == SAID and world.uploads() == [] and not locks(world)
    (mail,) = world.mails()
    assert expected in mail["Subject"] and any(SAID in row["message"] for row in world.log("stopped"))
    assert world.run("after")["outcome"] == "SUCCESS" and len(world.staged()) == 1


@rules("7.rule.2")
def test_a_run_that_is_stopped_after_it_has_sent_failed_says_who_and_can_be_resumed(world: RevenueWorld) -> None:
    run_until(world, "upload")
    assert ended(world, "stopped", **STOP)["outcome"] == "FAILED"
    (task,) = [t for t in world.result("stopped").tasks if t.code == "RUN_STOPPED"]
    assert task.message == SAID and "resume" in task.advice
    text = world.mails()[0].get_body(("plain",)).get_content()  # type: ignore[union-attr]
    assert ANN in text.replace("\n", "") and world.files("stopped")[0].name in text
    assert world.run("again", resume="stopped", instance="")["outcome"] == "SUCCESS"


@pytest.mark.parametrize("status", ["TIMED_OUT", "FAILED"])
def test_a_run_that_timed_out_or_crashed_before_it_sent_failed(world: RevenueWorld, status: str) -> None:
    run_until(world, "build")
    assert ended(world, "stopped", status=status, error="States.Runtime" if status == "FAILED" else None)["outcome"] == "FAILED"
    assert len(world.mails()) == 1 and not locks(world) and "INTERNAL" in world.codes("stopped")


def test_a_run_that_was_stopped_before_it_left_a_trace_is_told_too(world: RevenueWorld) -> None:
    world.store()
    answer = ended(world, "early", **STOP, input='{"trigger": "schedule", "instance": "Daily"}')
    assert (answer["outcome"], answer["mailed"]) == ("CANCELLED", True) and len(world.mails()) == 1
    record = world.wiring().runs().read("early")
    assert (record["instance"], record["trigger"], record["stopped_by"]) == ("Daily", "schedule", ANN)


def test_a_crash_in_opening_is_logged_and_mailed(world: RevenueWorld) -> None:
    world.store()
    machine = world.machine()

    def broken(event: dict[str, Any]) -> dict[str, Any]:
        raise MemoryError("no room")

    machine.functions = {**machine.functions, "RevenueOpenFunctionArn": broken}
    assert machine.run("never", {"trigger": "manual", "instance": "Daily"})["outcome"] == "FAILED"
    (mail,) = world.mails()
    assert "FAILED" in mail["Subject"] and any("no room" in row["message"] for row in world.log("never"))


def test_a_run_that_closed_itself_is_left_alone(world: RevenueWorld) -> None:
    world.load_rows(orders=[order(1)])
    world.objects(line("Orders"))
    world.run("done")
    before = state(world)
    assert not ended(world, "done")["freed"]
    assert state(world) == before


LATE = {
    "open": lambda world: open_run({"input": {"instance": "Daily"}, "execution": arn("stopped")}, world.wiring()),
    "read": lambda world: perform({"task": "read", "runId": "stopped", "object": "1"}, world.wiring()),
    "upload": lambda world: perform({"task": "upload", "runId": "stopped", "object": "1"}, world.wiring()),
    "barrier": lambda world: pass_barrier({"runId": "stopped"}, world.wiring()),
    "failure": lambda world: note_failure({"runId": "stopped", "error": {"Error": "x"}}, world.wiring()),
    "log": lambda world: write_log({"runId": "stopped"}, world.wiring()),
    "close": lambda world: close_run({"runId": "stopped"}, world.wiring()),
}


@pytest.mark.parametrize("task", LATE)
def test_a_task_of_a_run_that_was_cleaned_up_does_nothing(world: RevenueWorld, task: str) -> None:
    run_until(world, "check")
    ended(world, "stopped", **STOP)
    before = state(world)
    with pytest.raises(RunEnded) as refused:
        LATE[task](world)
    assert refused.value.code == "RUN-ENDED" and state(world) == before
    assert notify({"runId": "stopped"}, world.wiring()) == {"sent": False, "recipients": 0} and state(world) == before


class Busy:
    """Amazon SES, which is too busy for a time."""

    def __init__(self, calls: int) -> None:
        self.calls = calls
        self.sent: list[dict[str, Any]] = []

    def send_raw_email(self, **mail: Any) -> None:
        self.calls -= 1
        if self.calls >= 0:
            raise ConnectionError("throttled")
        self.sent.append(mail)


def test_a_mail_that_could_not_be_sent_is_tried_again_after_the_locks_are_freed(world: RevenueWorld) -> None:
    world.load_rows(orders=[order(1)])
    world.objects(line("Orders"))
    world.memory.mailer = mailer = Busy(7)
    output = world.run("busy")
    assert (output["outcome"], output["mailed"]) == ("SUCCESS", True) and [m["Destinations"] for m in mailer.sent] == [[RECIPIENT]]
    assert world.task("busy", "mail").status == "SUCCESS"


def test_a_mail_that_can_never_be_sent_is_told(world: RevenueWorld) -> None:
    world.load_rows(orders=[order(1)])
    world.objects(line("Orders"))
    world.memory.mailer = mailer = Busy(1000)
    output = world.run("never")
    assert (output["outcome"], output["mailed"]) == ("SUCCESS", False) and 1000 - mailer.calls == 3 * (1 + 5)
    assert world.task("never", "mail").code == "MAIL_FAILED"


@pytest.mark.parametrize("first", [True, False])
def test_cloudtrail_names_who_has_stopped_a_run(world: RevenueWorld, first: bool) -> None:
    run_until(world, "check")
    call = {"eventName": "StopExecution", "userIdentity": {"arn": ANN}, "requestParameters": {"executionArn": arn("stopped")}}
    steps = [lambda: close_run({"detail": call}, world.wiring()), lambda: ended(world, "stopped")]
    for step in steps if first else reversed(steps):
        step()
    record = world.wiring().runs().read("stopped")
    assert record["stopped_by"] == ANN and ANN in record["message"] and len(world.mails()) == 1
