"""Query jobs that take hours, on a virtual clock, with the real handlers and definitions: a run that is stopped leaves none at work."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import boto3
import pytest
import requests

from sandbox.clock import VirtualClock
from sandbox.host import Sandbox, SandboxOptions
from tests.sandbox.conftest import GUARD_SECONDS

JOB_SECONDS = 3 * 3600
MINUTES = 20
"""After which a run is stopped."""


@pytest.fixture
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    clock = VirtualClock(datetime(2026, 11, 2, 8, 0, tzinfo=UTC))
    out = tmp_path_factory.mktemp("out")
    with Sandbox(SandboxOptions(data="demo", out=out, child=False, clock=clock, data_query_s=JOB_SECONDS)) as running:
        yield running


def jobs(sandbox: Sandbox) -> list[str]:
    """The states of the tenant's jobs, as a client of the API sees them."""
    base = sandbox.env["ZUORA_BASE_URL"]
    keys = {f"client_{name}": sandbox.env[f"ZUORA_CLIENT_{name.upper()}"] for name in ("id", "secret")}
    token = requests.post(f"{base}/oauth/token", {**keys, "grant_type": "client_credentials"}, timeout=30).json()["access_token"]
    listed = requests.get(f"{base}/query/jobs", headers={"Authorization": f"Bearer {token}"}, timeout=30).json()["data"]
    return [job["queryStatus"] for job in reversed(listed)]


def test_a_run_that_is_stopped_while_it_waits(sandbox: Sandbox) -> None:
    client, clock = boto3.client("stepfunctions"), sandbox.aws.clock
    with clock.working():
        arn = client.start_execution(stateMachineArn=sandbox.aws.outputs["BillingSyncArn"])["executionArn"]
        clock.sleep(60 * MINUTES)
        assert jobs(sandbox) == ["cancelled", "in_progress"]  # that of the first look was given up
        client.stop_execution(executionArn=arn, error="Stopped", cause="enough")
    sandbox.aws.settle(GUARD_SECONDS)
    assert jobs(sandbox) == ["cancelled", "cancelled"]
    assert [(each.function, each.error) for each in sandbox.aws.invocations() if each.error] == []
