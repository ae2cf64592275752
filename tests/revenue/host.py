"""A sandbox with an empty tenant and the configuration of a test, and the command line on it."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import boto3
import typer

from sandbox.clock import VirtualClock
from sandbox.host import Sandbox, SandboxOptions
from tallybridge_cli.main import app
from tests.revenue.world import order, template


class Host:
    """A sandbox with an empty tenant and the configuration of the test."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self.outputs = sandbox.aws.outputs

    def configure(self, *objects: dict[str, Any], **more: Any) -> None:
        env = self.sandbox.env
        document = {
            "enabled": True,
            "connection": {
                "netsuite": {"account_id": env["NETSUITE_ACCOUNT"], "services_url": env["NETSUITE_BASE_URL"], "auth_method": "oauth2_m2m"},
                "revenue": {"host": env["REVENUE_BASE_URL"]},
            },
            "notifications": {"recipients": ["revenue@example.com"], "on_success": True},
            "options": {"poll_first_seconds": 1, "poll_most_seconds": 1},
            "instances": [{"name": "Daily", "objects": list(objects)}],
        }
        self.put(json.dumps({**document, **more}))

    def put(self, document: str) -> None:
        """A configuration, and a second later, so that the run that it is for is the latest."""
        self.sandbox.aws.clock.sleep(1)
        client = boto3.client("ssm", region_name=self.sandbox.aws.region)
        client.put_parameter(Name=self.outputs["RevenueSettingsParameter"], Value=document, Type="String", Overwrite=True)

    def run(self, **given: Any) -> dict[str, Any]:
        ended = self.sandbox.aws.run("RevenueIngestArn", {"trigger": "manual", "instance": "Daily", **given})
        assert ended["status"] == "SUCCEEDED", ended
        return dict(ended["output"])

    def lock_holders(self) -> list[Any]:
        table = boto3.resource("dynamodb", region_name=self.sandbox.aws.region).Table(self.outputs["RunsTable"])
        return [item for item in table.scan()["Items"] if item["pk"] == "lock"]


def started(out: Path) -> Iterator[Host]:
    """A sandbox with five orders and their upload template."""
    before = Path.cwd()
    with Sandbox(SandboxOptions(out=out, child=False, clock=VirtualClock(datetime.now(UTC)))) as sandbox:
        columns = [{"name": name, "type": "text"} for name in order(1)]
        rows = [order(n) for n in range(1, 6)]
        sandbox.load_netsuite({"dataset": [{"id": "custdataset_orders", "name": "Orders", "columns": columns, "rows": rows}]})
        sandbox.control("revenue", "load", {"template": [template("Orders")]})
        yield Host(sandbox)
    os.chdir(before)


def cli(host: Host, *arguments: str) -> int:
    env = host.sandbox.out / "sandbox.env"
    try:
        return int(app(["revenue", *arguments, "--env", str(env)], standalone_mode=False) or 0)
    except typer.Exit as ended:
        return ended.exit_code
