"""Whoever has the policy for reading can look at everything, and needs all of it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from botocore.client import BaseClient

from sandbox.aws.inprocess import ACCOUNT
from sandbox.aws.permissions import Need, _allows, _listed, needs
from sandbox.clock import VirtualClock
from sandbox.host import Sandbox, SandboxOptions
from tallybridge.errors import ConfigurationError
from tallybridge_cli import options
from tallybridge_cli.main import app
from tallybridge_cli.setup import policies

READING = (
    ("runs",),
    ("show",),
    ("show", "--log"),
    ("status",),
    ("problems",),
    ("explain", "INV00004001"),
    ("schedule",),
    ("audit",),
    ("month-end",),
    ("settings", "show"),
    ("settings", "history"),
    ("revenue", "runs"),
    ("revenue", "instances"),
    ("revenue", "schedules"),
    ("plan", "last"),
)
BESIDE = {
    "kms:GetPublicKey": "the check of an export by the key of the stack, where there is one",
    "dynamodb:DescribeTable": "the doctor, as far as it goes without the secret",
    "states:DescribeStateMachine": "as before",
    "scheduler:ListSchedules": "the schedules of the revenue connector, where it is set up",
    "states:DescribeExecution": "a run that goes on is followed",
}


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    with Sandbox(
        SandboxOptions(data="demo", out=tmp_path_factory.mktemp("out"), child=False, clock=VirtualClock(), console=False)
    ) as running:
        steps = {"trigger": "manual", "steps": ["customers"]}
        running.aws.run("BillingSyncArn", {**steps, "dryRun": True})
        running.aws.run("BillingSyncArn", steps)
        running.aws.settle()
        yield running


@pytest.fixture
def reading(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[set[str], list[Need]]]:
    """What calls of this thread use of the policy, and what they need beside it."""
    statements = policies.filled_in("tallybridge", ACCOUNT, "us-east-1", "arn:aws:iam::123456789012:user/moto")["read"]["Statement"]
    used: set[str] = set()
    refused: list[Need] = []
    before = BaseClient._make_api_call  # type: ignore[attr-defined]

    def watched(client: Any, operation: str, parameters: Any) -> Any:
        service = client.meta.service_model.service_name
        if threading.current_thread() is threading.main_thread() and service != "sts":
            for need in needs(service, operation, parameters, f"us-east-1:{ACCOUNT}"):
                of_a_stack = need.action.startswith("cloudformation:")
                found = [s for s in statements if (need.action in _listed(s["Action"]) if of_a_stack else _allows(s, need))]
                used.add(need.action) if found else refused.append(need)
        return before(client, operation, parameters)

    alone = options.silent.set(True)  # whoever may not see what the installation connects is told so, which is another matter
    with monkeypatch.context() as patch:  # taken back before the sandbox ends, which has a watch of its own
        patch.setattr(BaseClient, "_make_api_call", watched)
        yield used, refused
    options.silent.reset(alone)


def test_reading_takes_the_policy_for_reading_and_all_of_it(
    sandbox: Sandbox, reading: tuple[set[str], list[Need]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    used, refused = reading
    for name in ("AWS_ENDPOINT_URL", "AWS_REGION", "AWS_DEFAULT_REGION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, sandbox.env[name])
    monkeypatch.chdir(tmp_path)
    for command in READING:
        with suppress(ConfigurationError):  # the revenue connector is not set up
            app([*command, "--stack", "tallybridge"], standalone_mode=False)
        assert refused == [], command
    granted = {
        action
        for statement in policies.filled_in("tallybridge", ACCOUNT, "us-east-1", "")["read"]["Statement"]
        for action in _listed(statement["Action"])
    }
    assert granted - used - set(BESIDE) == set()
