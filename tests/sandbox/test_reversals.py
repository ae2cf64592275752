"""A run is reversed on the embedded stack: planned and approved by two people, carried out by the real state machine and its functions with
no more than their own roles allow."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sandbox.clock import VirtualClock
from sandbox.host import Sandbox, SandboxOptions
from tallybridge.desk.reversal import approving, planning
from tallybridge.desk.target import Target
from tests.sync.full_world import full_world

RUN_SECONDS = 240.0


@pytest.fixture
def sandbox(tmp_path: Path) -> Iterator[Sandbox]:
    with Sandbox(SandboxOptions(settlement=True, out=tmp_path, child=False, clock=VirtualClock())) as started:
        yield started


def output_of(ended: dict[str, Any]) -> dict[str, Any]:
    assert ended["status"] == "SUCCEEDED", ended
    output: dict[str, Any] = ended["output"] if isinstance(ended["output"], dict) else json.loads(ended["output"])
    return output


def test_what_a_run_has_created_is_reversed_by_a_run_of_its_own(sandbox: Sandbox) -> None:
    full_world("B").load_first(sandbox)
    first = output_of(sandbox.aws.run("BillingSyncArn", {"trigger": "manual"}, timeout=RUN_SECONDS))
    target = Target(sandbox.env, "the sandbox", sandbox.aws.clock)
    plan = planning.plan(target, first["runId"], "ann@example.com")
    assert {(t.record_type, t.count) for t in plan.totals} >= {("invoice", 5), ("creditMemo", 1), ("customerPayment", 3)}
    execution = approving.approve(target, plan.id, "bob@example.com", "wrong price list")
    output = output_of(sandbox.aws.wait(execution, timeout=RUN_SECONDS))
    assert (output["outcome"], output["tiedOut"]) == ("completed", True), output
    assert [state for state in sandbox.aws.states_entered(execution) if state.startswith("Sync")] == ["SyncReversals"]
    known = approving.standing(target, plan.id)
    assert (known.state, len(known.made)) == (approving.DONE, len(plan.reversals))
    there = sandbox.dump("netsuite")
    made = {str(row["externalId"]): str(row["id"]) for kind in ("creditMemo", "journalEntry") for row in there[kind]}
    assert {f"reversal-{i}": by for i, by in known.made.items()}.items() <= made.items()
