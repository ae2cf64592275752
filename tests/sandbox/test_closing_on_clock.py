"""A run is closed through the real definitions where NetSuite takes ten seconds for every call and each of Zuora's query jobs twenty
minutes: in rounds, while the lock stays fresh."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import boto3

from sandbox.clock import VirtualClock
from sandbox.host import Sandbox, SandboxOptions

JOB_SECONDS = 1_200
STEPS = ["customers", "charges", "invoices"]
GUARD_SECONDS = 300
"""Of the machine."""
FUNCTION_SECONDS = 300


def test_queries_that_take_twenty_minutes_are_part_of_the_rounds(tmp_path: Path) -> None:
    clock = VirtualClock(datetime(2026, 11, 2, 8, 0, tzinfo=UTC))
    options = SandboxOptions(data="demo", out=tmp_path, child=False, clock=clock, latency_ms=10_000, data_query_s=JOB_SECONDS)
    with Sandbox(options) as sandbox:
        begun = clock.now()
        ended = sandbox.aws.run("BillingSyncArn", {"trigger": "manual", "steps": STEPS}, timeout=GUARD_SECONDS)
        assert (ended["status"], ended["output"]["outcome"]) == ("SUCCEEDED", "completed with warnings")
        bucket, keys = sandbox.aws.outputs["ReportsBucket"], ended["output"]["keys"]
        summary = json.loads(boto3.client("s3").get_object(Bucket=bucket, Key=keys["summary"])["Body"].read())
        rounds = [each for each in sandbox.aws.invocations() if "reconcile" in each.function.lower()]
        assert clock.now() - begun > timedelta(seconds=JOB_SECONDS * 5)  # three selections, what rules leave out, what has drifted
        assert len(rounds) > 10
        assert not [each for each in sandbox.aws.invocations() if each.error or each.milliseconds > FUNCTION_SECONDS * 1_000]
        assert {m["code"] for m in summary["messages"]}.isdisjoint({"LEFT-UNREAD", "DRIFT-UNREAD"})
        assert any(row["step"] == "invoices" for row in summary["left_out"])
        assert summary["tied_out"]
