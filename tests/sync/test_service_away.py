"""A service that is away ends the run: one probe, one message, and the next run tries again."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from tallybridge.tasks.archive_log import archive_log
from tallybridge.tasks.away import Away
from tallybridge.tasks.close_run import close_run
from tallybridge.tasks.notify import notify
from tallybridge.tasks.open_run import open_run
from tallybridge.tasks.steps import STEPS, step_class
from tallybridge.tasks.sync_step import run_task
from tests.faults.test_kill_at_every_effect import check, fill
from tests.sync.memory import MemoryWorld
from tests.sync.world import INVOCATION_SECONDS

DOWN = {"path": "/", "status": 503, "body": "<html>Service Unavailable</html>"}
NO_LOGIN: dict[str, list[dict[str, Any]]] = {
    "netsuite": [{"path": "/services/rest/auth/", "status": 400, "body": {"error": "invalid_grant"}},
                 {"path": "/services/rest/", "status": 401, "body": {"o:errorDetails": []}}],
    "zuora": [{"path": "/oauth/token", "status": 401, "body": {}}, {"path": "^/(v1|query|object-query)", "status": 401, "body": {}}],
}  # fmt: skip
AWAY = {"netsuite": "NETSUITE-AWAY", "zuora": "ZUORA-AWAY"}


@pytest.fixture
def world(fast: MemoryWorld) -> Iterator[MemoryWorld]:
    fast.reset(default_subsidiary="Parent Company")
    fill(fast)
    yield fast
    back(fast)


def control(world: MemoryWorld, service: str) -> Any:
    return world.netsuite_control if service == "netsuite" else world.zuora_control


def back(world: MemoryWorld) -> None:
    for service in AWAY:
        control(world, service).set_faults([])


def run(world: MemoryWorld) -> dict[str, Any]:
    """A run as the state machine drives it when it cannot be opened."""
    run_id = f"run-{next(world.counter)}"
    execution = {"input": {"trigger": "schedule"}, "execution": f"arn:aws:states:eu-west-1:0:execution:billing:{run_id}"}
    try:
        opened = open_run(execution, world.wiring())
    except Exception as failed:  # the state machine catches everything
        event = {"runId": run_id, "error": {"Error": type(failed).__name__, "Cause": "{}"}}
        archive_log(event, world.wiring())
        notify(event, world.wiring())
        return close_run(event, world.wiring())
    return finish(world, opened)


def finish(world: MemoryWorld, opened: dict[str, Any]) -> dict[str, Any]:
    for step in filter(opened["steps"].get, STEPS):
        world.step(opened["runId"], step)
    return world.close(opened["runId"])


def errors(world: MemoryWorld, output: dict[str, Any]) -> list[str]:
    return [m["code"] for m in world.summary(output)["messages"] if m["level"] == "ERROR"]


def calls(world: MemoryWorld) -> int:
    return sum(sum(c.values()) for c in world.calls().values())


@pytest.mark.parametrize("service", AWAY)
def test_a_service_that_answers_503_to_everything_ends_the_run_when_it_opens(world: MemoryWorld, service: str) -> None:
    control(world, service).set_faults([DOWN])
    before = world.clock.moment
    world.calls()
    output = run(world)
    assert output["outcome"] == "failed"
    assert errors(world, output) == [AWAY[service]]
    assert world.summary(output)["set_up"] is True
    assert world.clock.moment - before < timedelta(minutes=2)
    assert calls(world) < 25
    assert len(world.memory.mailer.sent) == 1
    back(world)
    check(world, run(world), "back again")


@pytest.mark.parametrize("service", AWAY)
def test_a_login_that_is_refused_is_told_once(world: MemoryWorld, service: str) -> None:
    control(world, service).set_faults(NO_LOGIN[service])
    world.calls()
    output = run(world)
    assert output["outcome"] == "failed"
    assert len(errors(world, output)) == 1
    assert world.summary(output)["set_up"] is True
    assert calls(world) < 10
    back(world)
    check(world, run(world), "let in again")


@pytest.mark.parametrize("fault", ["down", "login"])
@pytest.mark.parametrize("service", AWAY)
@pytest.mark.parametrize("after", [0, 3])
def test_what_one_step_has_learnt_the_others_need_not_learn(world: MemoryWorld, service: str, fault: str, after: int) -> None:
    """The service goes away between two steps."""
    opened = world.open()
    wanted = [s for s in STEPS if opened["steps"][s]]
    for step in wanted[:after]:
        world.step(opened["runId"], step)
    control(world, service).set_faults([DOWN] if fault == "down" else NO_LOGIN[service])
    world.tokens.__init__()  # type: ignore[misc]  # the tokens of before are no longer good
    before, rest = world.clock.moment, iter(wanted[after:])
    learnt = next(s for s in rest if world.step(opened["runId"], s)["outcome"] == "failed")
    later = list(rest)
    assert world.clock.moment - before < timedelta(minutes=6)
    world.calls()
    for step in later:
        world.step(opened["runId"], step)
    output = world.close(opened["runId"])
    assert calls(world) == 0
    assert (output["outcome"], output["tiedOut"], len(errors(world, output))) == ("failed", False, 1)
    steps = {s["step"]: s for s in world.summary(output)["steps"]}
    assert [steps[s]["outcome"] for s in (learnt, *later)] == ["failed", *["skipped"] * len(later)]
    assert all("Not run" in steps[s]["message"] for s in later)
    back(world)
    world.clock.advance(minutes=30)
    check(world, run(world), "back again")


def test_a_step_that_cannot_be_done_while_the_services_answer_stops_no_other(world: MemoryWorld) -> None:
    world.netsuite_control.set_faults([{"method": "POST", "path": "/services/rest/record/v1/invoice", "status": 503, "body": "x"}])
    output = run(world)
    steps = {s["step"]: s["outcome"] for s in world.summary(output)["steps"]}
    assert "skipped" not in steps.values()
    assert steps["credit_memos"] == "completed"
    back(world)
    world.clock.advance(minutes=30)
    check(world, run(world), "back again")


def test_a_service_that_goes_away_before_the_totals_are_compared_is_told_once(world: MemoryWorld) -> None:
    opened = world.open()
    for step in filter(opened["steps"].get, STEPS):
        world.step(opened["runId"], step)
    world.netsuite_control.set_faults([DOWN])
    output = world.close(opened["runId"])
    assert (output["outcome"], output["tiedOut"], errors(world, output)) == ("failed", False, ["NETSUITE-AWAY"])


def test_a_function_whose_time_is_up_takes_nobody_for_away(world: MemoryWorld) -> None:
    """A call that is not begun, for want of time, says nothing of the service."""
    opened = world.open(steps=["customers"])
    event = {"runId": opened["runId"], "step": "customers"}
    world.task("customers", {**event, "task": "select"})
    wiring = world.wiring()
    world.clock.advance(seconds=INVOCATION_SECONDS)
    answer = run_task(step_class("customers"), {**event, "task": "batch", "batch": "000001"}, wiring)
    assert answer == {"done": False, "wait": 1}
    assert Away.known(wiring.folder(opened["runId"])) is None
    world.step(opened["runId"], "customers")
    assert world.close(opened["runId"])["outcome"] == "completed"
