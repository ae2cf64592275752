"""A copy of the NetSuite account is proved by what it holds, against the stand-in; emptied it is none."""

from __future__ import annotations

from pathlib import Path

from sandbox.clock import VirtualClock
from sandbox.host import Sandbox, SandboxOptions
from tallybridge.desk import moving
from tallybridge.desk.target import Target
from tests.sandbox.conftest import GUARD_SECONDS
from tests.sandbox.test_rotation import browser
from tests.sync.full_world import full_world

OTHER = "1234567_SB9"


def test_the_same_account_under_another_name_is_a_copy(tmp_path: Path) -> None:
    with Sandbox(SandboxOptions(out=tmp_path, child=False, clock=VirtualClock())) as sandbox:
        full_world("B").load_first(sandbox)
        ended = sandbox.aws.run("BillingSyncArn", {"trigger": "manual"}, timeout=GUARD_SECONDS)
        assert ended["status"] == "SUCCEEDED"
        target = Target(sandbox.env, "the test", sandbox.aws.clock)
        proof = moving.prove(target)
        assert len(proof.same) == 15 and (proof.missing, proof.others) == ((), ())
        assert target.runs.bind_anew(target.runs.bound()["netsuite_account"], OTHER)
        person = browser(target)
        assert f"bound to {OTHER}" in person.get("/settings").seen
        assert person.send("/settings", "/settings/accept", reason="the sandbox was made anew").where == "/settings?done=moved"
        assert "bound to" not in person.get("/settings").seen
        sandbox.control("netsuite", "reset", {})
        assert (len(moving.prove(target).missing), moving.prove(target).same) == (len(proof.same), ())
