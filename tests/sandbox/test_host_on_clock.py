"""The whole sandbox on a virtual clock: real handlers and definitions, and vendors that take seconds for every call."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from sandbox.clock import VirtualClock
from sandbox.host import Sandbox, SandboxError, SandboxOptions
from tests.sync.full_world import full_world

LATENCY_MS = 4_000
BURST: dict[str, Any] = {"path": "/services/rest/", "status": 429, "body": {"o:errorDetails": []}, "headers": {"Retry-After": "5"}}
"""What NetSuite answers while other integrations use up what the account may have in flight."""
MILLISECOND = timedelta(milliseconds=1)
"""What Step Functions tells moments to."""
GUARD_SECONDS = 300
"""Of the machine."""


@pytest.fixture(scope="module")
def clock() -> VirtualClock:
    return VirtualClock(datetime(2026, 11, 2, 8, 0, tzinfo=UTC))


@pytest.fixture(scope="module")
def sandbox(clock: VirtualClock, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    out = tmp_path_factory.mktemp("out")
    with Sandbox(SandboxOptions(out=out, child=False, clock=clock, latency_ms=LATENCY_MS)) as running:
        full_world("B").load_first(running)
        yield running


def test_a_run_outlasts_vendors_that_take_seconds_and_a_burst_of_others_calls(sandbox: Sandbox, clock: VirtualClock) -> None:
    sandbox.control("netsuite", "faults", [{**BURST, "after_s": 120, "for_s": 60}])
    begun = clock.now()
    ended = sandbox.aws.run("BillingSyncArn", {"trigger": "manual"}, timeout=GUARD_SECONDS)
    assert (ended["status"], ended["output"]["outcome"]) == ("SUCCEEDED", "completed")
    assert ended["startDate"] == begun
    assert timedelta(0) <= clock.now() - ended["stopDate"] < MILLISECOND
    assert timedelta(minutes=5) < clock.now() - begun < timedelta(hours=1)
    assert not [each for each in sandbox.aws.invocations() if each.error]
    assert any(each.milliseconds > 30_000 for each in sandbox.aws.invocations())


def test_stand_ins_of_another_process_cannot_live_by_the_clock(tmp_path: Path) -> None:
    with pytest.raises(SandboxError, match="child=False"), Sandbox(SandboxOptions(out=tmp_path, clock=VirtualClock())):
        pass
