"""Access tokens that end in mid-run, on the virtual clock: whoever works for longer than a token lives takes a new one."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any, Literal

import boto3

from sandbox.clock import VirtualClock
from sandbox.host import Sandbox, SandboxOptions
from tallybridge.desk.doctor.check import State
from tallybridge.desk.doctor.examine import examine
from tallybridge_cli.target import Target
from tests.revenue.world import order, template
from tests.sandbox.both_jobs import DATASET, line
from tests.sandbox.conftest import GUARD_SECONDS
from tests.sandbox.test_slow_vendors import one_account

HOUR = timedelta(hours=1)
"""What a token of Zuora and of NetSuite lives."""
HALF_AN_HOUR = timedelta(minutes=30)
"""What a token of Zuora Revenue lives."""
QUARTER = timedelta(minutes=15)
"""What a token lives where payments are written: the vendors say with each token what that is, and the fewer records outlast it."""
PAYMENTS, ROWS = 18, 10_000
SLOW_WRITES: dict[str, Any] = {"method": "POST", "path": "/record/v1/customerPayment$", "delay_ms": 55_000}
System = Literal["zuora", "netsuite", "revenue"]
BOTH: tuple[System, ...] = ("zuora", "netsuite")
KEY = "configuration/by-hand/daily.json"
LOGINS: dict[System, str] = {"zuora": "POST /oauth/token", "netsuite": "POST /auth/oauth2/v1/token", "revenue": "POST /authenticate"}


def started(out: Path, **options: Any) -> Sandbox:
    return Sandbox(SandboxOptions(out=out, child=False, clock=VirtualClock(), **options))


def logins(sandbox: Sandbox, system: System) -> int:
    calls: dict[str, int] = sandbox.control(system, "stats")["calls"]
    return calls[LOGINS[system]]


def run(sandbox: Sandbox, machine: str, **content: Any) -> tuple[dict[str, Any], timedelta]:
    """The output of a run in which no function failed, and how long it took."""
    ended = sandbox.aws.run(machine, {"trigger": "manual", **content}, timeout=GUARD_SECONDS)
    assert ended["status"] == "SUCCEEDED"
    assert [(each.function, each.error) for each in sandbox.aws.invocations() if each.error] == []
    return ended["output"], ended["stopDate"] - ended["startDate"]


def test_the_billing_sync_outlasts_the_tokens_of_both_sides_while_it_reads_and_while_it_writes(tmp_path: Path) -> None:
    """The payments belong to one account: they are written one after the other, which alone takes longer than a token lives."""
    life = {"token_life_s": int(QUARTER.total_seconds())}
    with started(tmp_path, data_query_s=QUARTER.total_seconds() / 2, profile={"zuora": life, "netsuite": life}) as sandbox:
        sandbox.load(one_account(PAYMENTS))
        sandbox.control("netsuite", "faults", [SLOW_WRITES])
        output, took = run(sandbox, "BillingSyncArn", steps=["payments"])
        assert (output["outcome"], output["tiedOut"], output["totals"][0]["synced"]) == ("completed", True, PAYMENTS)
        assert PAYMENTS * timedelta(milliseconds=SLOW_WRITES["delay_ms"]) > QUARTER and took > 2 * QUARTER
        for system in BOTH:
            assert logins(sandbox, system) >= took // QUARTER, system


def test_the_revenue_connector_outlasts_the_tokens_of_both_sides(tmp_path: Path) -> None:
    """It reads datasets for longer than an hour, and waits for two until its rows are staged."""
    with started(tmp_path) as sandbox:
        configure_revenue(sandbox)
        sandbox.control("netsuite", "faults", [{"path": DATASET, "delay_ms": 400_000}])
        sandbox.control("revenue", "load", {"tenant": [{"staging_delay_s": 2 * HOUR.total_seconds()}]})
        output, took = run(sandbox, "RevenueIngestArn", instance="Daily")
        assert output["outcome"] == "SUCCESS", output["message"]
        assert [each["staged"] for each in output["objects"]] == [ROWS]
        assert took > 3 * HOUR
        assert logins(sandbox, "netsuite") >= 2
        assert logins(sandbox, "revenue") >= took // HALF_AN_HOUR


def configure_revenue(sandbox: Sandbox) -> None:
    """One instance with a dataset of several pages."""
    columns = [{"name": name, "value": "SO{n:06}-1" if name == "doc_line_id" else str(value)} for name, value in order(1).items()]
    sandbox.load_netsuite({"dataset": [{"id": "custdataset_1", "name": "Orders 1", "columns": columns, "generate": ROWS}]})
    sandbox.control("revenue", "load", {"template": [{**template("Orders"), "name": "NetSuite 1"}]})
    env, outputs = sandbox.env, sandbox.aws.outputs
    netsuite = {"account_id": env["NETSUITE_ACCOUNT"], "services_url": env["NETSUITE_BASE_URL"], "auth_method": "oauth2_m2m"}
    document = {
        "enabled": True,
        "connection": {"netsuite": netsuite, "revenue": {"host": env["REVENUE_BASE_URL"]}},
        "notifications": {"recipients": ["revenue@example.com"]},
        "options": {"staging_minutes": 180, "poll_most_seconds": 300},
        "instances": [{"name": "Daily", "objects": [line(1)]}],
    }
    value = json.dumps({"stored": KEY})
    boto3.client("ssm").put_parameter(Name=outputs["RevenueSettingsParameter"], Value=value, Type="String", Overwrite=True)
    boto3.client("s3").put_object(Bucket=outputs["ReportsBucket"], Key=KEY, Body=json.dumps(document).encode())


def test_the_doctor_outlasts_the_tokens_of_both_sides(tmp_path: Path) -> None:
    with started(tmp_path, data="demo", data_query_s=300) as sandbox:
        for system in BOTH:
            sandbox.control(system, "latency", {"ms": 55_000})
        clock = sandbox.aws.clock
        begun = clock.now()
        with clock.working():
            checks = list(examine(Target(sandbox.env, "the sandbox", clock)))
        took = clock.now() - begun
        assert [check for check in checks if check.state is State.FAIL] == []
        assert took > HOUR
        assert logins(sandbox, "netsuite") >= 2
