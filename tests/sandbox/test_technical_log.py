"""What the functions print while they work, and when they fail: no name and no mail address; the run's own log keeps what people need."""

from __future__ import annotations

import gzip
import json
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest

from sandbox.clock import VirtualClock
from sandbox.host import Sandbox, SandboxOptions
from tests.sync.full_world import full_world

RUN_SECONDS = 240.0
RECIPIENT = "miller@example.com"


@pytest.fixture(autouse=True)
def loggers_of_new_processes() -> None:
    """powertools sets a logger up once in a process, with the output that it has then: one that another test has made writes elsewhere."""
    known = logging.Logger.manager.loggerDict
    for name in [name for name, logger in known.items() if hasattr(logger, "init")]:
        del known[name]


@pytest.fixture
def sandbox(tmp_path: Path) -> Iterator[Sandbox]:
    with Sandbox(SandboxOptions(settlement=True, out=tmp_path, child=False, clock=VirtualClock())) as started:
        yield started


def names(dumped: dict[str, Any]) -> set[str]:
    """Names and mail addresses in a dump of a tenant."""
    found = set()
    for rows in dumped.values():
        for row in rows:
            for key, value in row.items():
                if (
                    isinstance(value, str)
                    and len(value) > 4
                    and key.lower() in ("companyname", "workemail", "email", "addressee", "altname")
                ):
                    found.add(value)
    return found | {str(row["Name"]) for row in dumped.get("Account", []) if row.get("Name")}


def change_settings(sandbox: Sandbox, **more: Any) -> None:
    client, name = boto3.client("ssm"), sandbox.env["SETTINGS_PARAMETER"]
    known = json.loads(client.get_parameter(Name=name)["Parameter"]["Value"])
    client.put_parameter(Name=name, Value=json.dumps({**known, **more}), Type="String", Overwrite=True)


def test_no_name_and_no_address_is_printed(sandbox: Sandbox) -> None:
    world = full_world("B")
    world.load_first(sandbox)
    change_settings(sandbox, notify_recipients=[RECIPIENT], notify_on_success="Yes", debug_logging="Yes")
    assert sandbox.aws.run("BillingSyncArn", {"trigger": "manual"}, timeout=RUN_SECONDS)["status"] == "SUCCEEDED"
    change_settings(sandbox, notify_recipients=[RECIPIENT, "Miller & Sons <sons@example.com>"])
    failed = sandbox.aws.run("BillingSyncArn", {"trigger": "manual"}, name="failed", timeout=RUN_SECONDS)
    output = failed["output"] if isinstance(failed["output"], dict) else json.loads(failed["output"])
    assert output["outcome"] == "failed"
    printed = "\n".join(record.log for record in sandbox.aws.invocations())
    assert "done" in printed and "[ERROR] ConfigurationError" in printed
    telling = names(sandbox.dump("zuora")) | names(sandbox.dump("netsuite")) | {RECIPIENT, "sons@example.com", "Miller"}
    assert len(telling) > 5 and sorted(word for word in telling if word in printed) == []
    body = boto3.client("s3").get_object(Bucket=sandbox.env["REPORTS_BUCKET"], Key=output["keys"]["log"])["Body"].read()
    assert "Miller & Sons <sons@example.com>" in gzip.decompress(body).decode()
