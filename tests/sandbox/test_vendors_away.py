"""Maintenance windows of the vendors, on the virtual clock: a run ends in good order and says why, once; the next one goes on where it
stood, and nothing is sent twice."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any, Literal

import boto3
import pytest

from sandbox.clock import VirtualClock
from sandbox.host import Sandbox, SandboxOptions
from tallybridge.desk import runs
from tallybridge.desk.target import Target
from tests.sandbox.conftest import GUARD_SECONDS
from tests.sync.full_world import found, full_world

LATENCY_MS = 4_000
IN_MID_RUN_S = 400
"""Seconds after its start: customers are there, documents are not."""
System = Literal["zuora", "netsuite"]


def started(out: Path, clock: VirtualClock) -> Sandbox:
    return Sandbox(SandboxOptions(out=out, child=False, clock=clock, latency_ms=LATENCY_MS))


def run(sandbox: Sandbox) -> tuple[dict[str, Any], dict[str, Any], timedelta]:
    """The output of a run, its summary, and how long it took."""
    ended = sandbox.aws.run("BillingSyncArn", {"trigger": "schedule"}, timeout=GUARD_SECONDS)
    assert ended["status"] == "SUCCEEDED"
    key = ended["output"]["keys"]["summary"]
    body = boto3.client("s3").get_object(Bucket=sandbox.env["REPORTS_BUCKET"], Key=key)["Body"].read()
    return ended["output"], json.loads(body), ended["stopDate"] - ended["startDate"]


@pytest.mark.parametrize(("system", "hours"), [("zuora", 2), ("netsuite", 30)], ids=["two hours", "longer than a run may take"])
def test_a_run_ends_when_maintenance_begins_and_the_one_after_it_goes_on(tmp_path: Path, system: System, hours: int) -> None:
    clock = VirtualClock()
    with started(tmp_path, clock) as sandbox:
        world = full_world("B")
        world.load_first(sandbox)
        sandbox.control(system, "faults", [{"answer": "maintenance", "after_s": IN_MID_RUN_S, "for_s": hours * 3600}])
        told, created = [], []
        for _ in ("the run that it begins in", "a run of the schedule while it lasts"):
            output, summary, took = run(sandbox)
            assert took < timedelta(minutes=20)
            assert output["outcome"] == "failed"
            told.append([message["code"] for message in summary["messages"] if message["level"] == "ERROR"])
            created.append(sum(step["created"] for step in summary["steps"]))
        assert created[0] > 0
        assert told == [[f"{system.upper()}-AWAY"]] * 2
        assert len(sandbox.aws.sent_mails()) == 2
        clock.advance(hours=hours)
        output, summary, _ = run(sandbox)
        assert (output["outcome"], output["tiedOut"]) == ("completed", True), summary["messages"]
        assert found(world, sandbox.dump("zuora"), sandbox.dump("netsuite")) == world.expected_first


BURSTS = (20, 240, 440, 670)
"""When the bursts begin, in seconds after the start of the run, so that there is one in every part of it. Each puts the rest off."""
BURST_S = 90


def test_bursts_of_other_integrations_at_zuora_are_outlasted(tmp_path: Path) -> None:
    clock = VirtualClock()
    with started(tmp_path, clock) as sandbox:
        world = full_world("B")
        world.load_first(sandbox)
        sandbox.control("zuora", "faults", [{"answer": "busy", "after_s": at, "for_s": BURST_S} for at in BURSTS])
        output, summary, took = run(sandbox)
        assert took > timedelta(seconds=BURSTS[-1] + BURST_S)
        assert (output["outcome"], output["tiedOut"]) == ("completed", True), summary["messages"]
        assert found(world, sandbox.dump("zuora"), sandbox.dump("netsuite")) == world.expected_first
        target = Target(sandbox.env, "the test", clock)
        tasks = runs.tasks(target, runs.record(target, output["runId"]), clock.now())
        for task in tasks:
            assert sum(stretch["refused"] for stretch in task.pressed) == task.refused
            assert bool(task.waited) >= bool(task.refused)
