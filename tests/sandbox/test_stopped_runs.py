"""Runs that are stopped while calls are in flight, on a virtual clock, with the real handlers and definitions: their functions live on, the
next run starts at once, and in the end everything ties out as if nobody had stopped anything."""

from __future__ import annotations

import gzip
import json
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime

import boto3
import pytest

from sandbox.clock import VirtualClock
from sandbox.host import Sandbox, SandboxOptions
from tallybridge.sync.runs import Runs
from tests.sandbox.conftest import GUARD_SECONDS

LATENCY_MS = 4_000
STOPS = (70, 290)
"""Seconds after their start at which runs are stopped: while customers are written, and while invoices are."""
ANN = "arn:aws:iam::123456789012:user/ann"


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    clock = VirtualClock(datetime(2026, 11, 2, 8, 0, tzinfo=UTC))
    out = tmp_path_factory.mktemp("out")
    with Sandbox(SandboxOptions(data="demo", out=out, child=False, clock=clock, latency_ms=LATENCY_MS)) as running:
        yield running


def stopped_one_after_the_other(sandbox: Sandbox) -> list[str]:
    """Starts runs and stops each after its time, with nobody else's time passing before the next one starts; answers all ids, that of the
    last one, which goes on, included."""
    client, clock, begun = boto3.client("stepfunctions"), sandbox.aws.clock, []
    with clock.working():
        for seconds in STOPS:
            begun.append(started(sandbox))
            clock.sleep(seconds)
            arn = begun[-1]
            client.stop_execution(executionArn=arn, error="Stopped", cause=f"Stopped by {ANN}: after {seconds} s")
            sandbox.aws.settle(GUARD_SECONDS)
        begun.append(started(sandbox))
    return begun


def started(sandbox: Sandbox) -> str:
    arn = boto3.client("stepfunctions").start_execution(stateMachineArn=sandbox.aws.outputs["BillingSyncArn"])["executionArn"]
    return str(arn)


def runs(sandbox: Sandbox) -> Runs:
    return Runs(boto3.resource("dynamodb").Table(sandbox.aws.outputs["RunsTable"]), sandbox.aws.clock)


def left_by(sandbox: Sandbox, run_id: str, name: str) -> bytes:
    key = f"runs/{run_id}/{name}"
    return bytes(boto3.client("s3").get_object(Bucket=sandbox.aws.outputs["ReportsBucket"], Key=key)["Body"].read())


def test_runs_that_are_stopped_one_after_the_other_leave_nothing_that_the_last_does_not_settle(sandbox: Sandbox) -> None:
    *arns, last_arn = stopped_one_after_the_other(sandbox)
    ended = sandbox.aws.wait(last_arn, GUARD_SECONDS)
    stopped = [arn.rpartition(":")[2] for arn in arns]
    sandbox.aws.settle(GUARD_SECONDS)
    assert (ended["status"], ended["output"]["outcome"], ended["output"]["tiedOut"]) == ("SUCCEEDED", "completed with warnings", True)
    for run_id, seconds in zip(stopped, STOPS, strict=True):
        record = runs(sandbox).read(run_id)
        assert (record["outcome"], record["stopped_by"], record["reason"]) == ("cancelled", ANN, f"after {seconds} s")
        lines = [json.loads(line) for line in gzip.decompress(left_by(sandbox, run_id, "log.jsonl.gz")).splitlines()]
        assert "RUN-CANCELLED" in {line.get("code") for line in lines}
        assert json.loads(left_by(sandbox, run_id, "summary.json"))["outcome"] == "cancelled"
    mails = [mail for mail in sandbox.aws.sent_mails() if mail["X-Tallybridge-Run"] in stopped]
    assert [mail["X-Tallybridge-Run"] for mail in mails] == stopped and all("cancelled" in mail["Subject"] for mail in mails)
    last = json.loads(left_by(sandbox, ended["name"], "summary.json"))
    codes = {message["code"] for message in last["messages"]}
    assert not codes & {"RUN-LOCK-LOST", "RUN-STALE-LOCK", "RUN-ENDED", "BATCH-FAILED", "STEP-FAILED"}
    assert runs(sandbox).lock_holder() is None


def test_nothing_was_made_twice(sandbox: Sandbox) -> None:
    for record_type, records in sandbox.dump("netsuite").items():
        made = Counter(each["externalId"] for each in records if each.get("externalId"))
        assert not [name for name, count in made.items() if count > 1], record_type


def test_no_function_failed_for_it(sandbox: Sandbox) -> None:
    assert [(each.function, each.error) for each in sandbox.aws.invocations() if each.error] == []
