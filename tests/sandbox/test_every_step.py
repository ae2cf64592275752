"""A tenant with every object type through the real state machines, in both modes and with either master of customers: everything arrives
once, all totals tie out, and a further run writes nothing."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest

from sandbox.clock import VirtualClock
from sandbox.host import Sandbox, SandboxOptions
from tallybridge.tasks.steps import STEPS
from tests.sync.full_world import customers_world, found, full_world

RUN_SECONDS = 240.0
READS = ("GET ", "POST /query/v1/suiteql", "POST /auth/", "POST /oauth", "POST /v1/action/query", "POST /query/jobs")
"""How operations begin that change nothing."""
OF_MODE = {"A": {"adjustments", "netsuite_credit_memos"}, "B": {"debit_memos", "credit_memos"}}


@pytest.fixture(params=["A", "B"])
def sandbox(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Sandbox, str]]:
    with Sandbox(SandboxOptions(settlement=request.param == "B", out=tmp_path, child=False, clock=VirtualClock())) as started:
        yield started, request.param


def run(sandbox: Sandbox, **asked: Any) -> dict[str, Any]:
    ended = sandbox.aws.run("BillingSyncArn", {"trigger": "manual", **asked}, timeout=RUN_SECONDS)
    assert ended["status"] == "SUCCEEDED", ended
    output: dict[str, Any] = ended["output"] if isinstance(ended["output"], dict) else json.loads(ended["output"])
    content = boto3.client("s3").get_object(Bucket=sandbox.env["REPORTS_BUCKET"], Key=output["keys"]["summary"])["Body"].read()
    summary: dict[str, Any] = json.loads(content)
    troubles = [m["message"] for m in summary["messages"] if m["level"] != "INFO"]
    dry = bool(asked.get("dryRun"))  # compares nothing with NetSuite
    assert (output["outcome"], output["tiedOut"] or dry, troubles) == ("completed", True, []), troubles
    return summary


def writes(sandbox: Sandbox) -> dict[str, int]:
    """The calls since the counters were last cleared that may have changed something."""
    counted: dict[str, int] = {}
    for system in ("zuora", "netsuite"):
        calls = sandbox.control(system, "stats")["calls"]
        counted |= {f"{system} {name}": n for name, n in calls.items() if not name.startswith(READS)}
    return counted


def planned(sandbox: Sandbox, mode: str) -> dict[str, str]:
    """In mode B the first run applies the plan of a dry run, which has written nothing."""
    if mode == "A":
        return {}
    for system in ("zuora", "netsuite"):
        sandbox.control(system, "stats", {})
    plan = run(sandbox, dryRun=True)["run_id"]
    assert writes(sandbox) == {}
    return {"plan": plan}


@pytest.mark.rule("sequence-and-status.2.rule.5")
def test_every_object_type_arrives_once_and_a_further_run_writes_nothing(sandbox: tuple[Sandbox, str]) -> None:
    started, mode = sandbox
    world = full_world(mode)
    world.load_first(started)
    run(started, **planned(started, mode))
    assert found(world, started.dump("zuora"), started.dump("netsuite")) == world.expected_first
    world.load_second(started)
    second = run(started)
    assert found(world, started.dump("zuora"), started.dump("netsuite")) == world.expected
    for system in ("zuora", "netsuite"):
        started.control(system, "stats", {})
    third = run(started)
    assert sum(s["created"] + s["updated"] + s["linked"] for s in third["steps"]) == 0
    assert writes(started) == {}
    own = ("netsuite_customers", "reversals")  # of tenants where NetSuite is the master; of runs that reverse others
    expected = [s for s in STEPS if s not in own and s not in OF_MODE["B" if mode == "A" else "A"]]
    assert [s["step"] for s in second["steps"]] == expected


def test_customers_of_netsuite_arrive_once_and_a_further_run_writes_nothing(sandbox: tuple[Sandbox, str]) -> None:
    started, _ = sandbox
    world = customers_world()
    world.load_first(started)
    run(started)
    assert found(world, started.dump("zuora"), started.dump("netsuite")) == world.expected_first
    for system in ("zuora", "netsuite"):
        started.control(system, "stats", {})
    run(started)
    assert writes(started) == {}
