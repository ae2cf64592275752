"""Both jobs on one sandbox: the billing sync and runs of the revenue connector, side by side on a virtual clock."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import boto3
import pytest
from werkzeug.wrappers import Request, Response

from sandbox.clock import VirtualClock
from sandbox.host import Sandbox, SandboxOptions
from sandbox.netsuite import NetSuiteStandIn
from tests.revenue.world import order, template

GUARD_SECONDS = 300
"""Of the machine."""
ROWS = 2
DATASET = "/services/rest/query/v1/dataset/.*/result"


class Seen(NamedTuple):
    """When a call came, how many were in flight with it, and whether it was refused."""

    at: datetime
    in_flight: int
    refused: bool


@dataclass
class Account:
    """What the NetSuite stand-in saw of governed calls. `limit` is what it answers at a time; others use up the rest of the account."""

    clock: VirtualClock
    limit: Callable[[datetime], int]
    calls: list[Seen] = field(default_factory=list)

    @property
    def most(self) -> int:
        return max((call.in_flight for call in self.calls), default=0)

    @property
    def refused(self) -> list[datetime]:
        return [call.at for call in self.calls if call.refused]

    def between(self, begun: datetime, ended: datetime) -> Account:
        """The same for a part of the time."""
        return Account(self.clock, self.limit, [call for call in self.calls if begun <= call.at < ended])


@dataclass
class Both:
    """A running sandbox with a demo tenant, `revenue` instances with a dataset each, and what its NetSuite account saw."""

    sandbox: Sandbox
    clock: VirtualClock
    account: Account
    slots: int
    instances: int

    def start(self, machine: str, **given: Any) -> str:
        """Starts a run; answers its execution."""
        client = boto3.client("stepfunctions")
        arn = self.sandbox.aws.outputs[machine]
        return str(client.start_execution(stateMachineArn=arn, input=json.dumps({"trigger": "manual", **given}))["executionArn"])

    def start_billing(self) -> str:
        return self.start("BillingSyncArn")

    def start_revenue(self) -> list[str]:
        """One run of each instance."""
        return [self.start("RevenueIngestArn", instance=f"Instance {n}") for n in range(self.instances)]

    def ended(self, execution: str) -> dict[str, Any]:
        return self.sandbox.aws.wait(execution, GUARD_SECONDS)

    def seen_of_revenue(self) -> Account:
        """What the account sees of one run of each instance, all of which end well."""
        with self.clock.working():
            begun, executions = self.clock.now(), self.start_revenue()
        self.check_revenue(executions)
        return self.account.between(begun, self.clock.now() + timedelta(seconds=1))

    def check_revenue(self, executions: list[str]) -> None:
        assert [self.ended(each)["output"]["outcome"] for each in executions] == ["SUCCESS"] * len(executions)

    def stop(self, execution: str) -> None:
        boto3.client("stepfunctions").stop_execution(executionArn=execution)

    def started_and_stopped(self, after: float) -> tuple[list[str], str]:
        """Both jobs, of which the billing sync is stopped after so many seconds and begun anew: the executions that go on."""
        with self.clock.working():
            revenue, stopped = self.start_revenue(), self.start_billing()
            self.clock.sleep(after)
            self.stop(stopped)
            self.clock.sleep(1)
            return revenue, self.start_billing()

    def item(self) -> dict[str, Any]:
        """The item that the account's slots live in."""
        table = boto3.resource("dynamodb", region_name=self.sandbox.aws.region).Table(self.sandbox.aws.outputs["RunsTable"])
        found = table.query(KeyConditionExpression="pk = :pk", ExpressionAttributeValues={":pk": "slots"})["Items"]
        assert len(found) == 1
        return dict(found[0])

    def configure_revenue(self, most: int) -> None:
        env = self.sandbox.env
        netsuite = {"account_id": env["NETSUITE_ACCOUNT"].lower().replace("_", "-"), "services_url": env["NETSUITE_BASE_URL"]}
        document = {
            "enabled": True,
            "connection": {
                "netsuite": {**netsuite, "auth_method": "oauth2_m2m", "max_concurrency": most},
                "revenue": {"host": env["REVENUE_BASE_URL"]},
            },
            "notifications": {"recipients": ["revenue@example.com"]},
            "options": {"poll_first_seconds": 1, "poll_most_seconds": 1},
            "instances": [{"name": f"Instance {n}", "objects": [line(n)]} for n in range(self.instances)],
        }
        outputs, key = self.sandbox.aws.outputs, f"configuration/by-hand/{most}.json"
        boto3.client("s3").put_object(Bucket=outputs["ReportsBucket"], Key=key, Body=json.dumps(document).encode())
        value = json.dumps({"stored": key})
        boto3.client("ssm").put_parameter(Name=outputs["RevenueSettingsParameter"], Value=value, Type="String", Overwrite=True)


def line(n: int) -> dict[str, Any]:
    """The one object of an instance."""
    columns = [{"source": name, "target": name} for name in order(1) if name != "comments"]
    return {"object": "Orders", "dataset": f"custdataset_{n}", "dataset_name": f"ZR {n}", "template": f"NetSuite {n}", "mapping": columns}


@contextmanager
def both_jobs(out: Path, *, slots: int, latency_ms: int, instances: int, **more: Any) -> Iterator[Both]:
    """A sandbox whose NetSuite account has so many slots, to which both jobs are set; `more` are options of the sandbox."""
    clock = VirtualClock()
    account = Account(clock, lambda now: slots)
    admit = NetSuiteStandIn.admit

    def watched(stand_in: NetSuiteStandIn, request: Request, in_flight: int) -> Response | None:
        stand_in.options.slots = account.limit(clock.now())
        refusal = admit(stand_in, request, in_flight)
        if request.path.startswith("/services/rest/") and "oauth2" not in request.path:
            account.calls.append(Seen(clock.now(), in_flight, refusal is not None))
        return refusal

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(NetSuiteStandIn, "admit", watched)
        options = SandboxOptions(data="demo", out=out, child=False, clock=clock, latency_ms=latency_ms, netsuite_slots=slots, **more)
        with Sandbox(options) as sandbox:
            columns = [{"name": name, "type": "text"} for name in order(1)]
            rows = [order(n) for n in range(1, ROWS + 1)]
            sandbox.load_netsuite(
                {"dataset": [{"id": f"custdataset_{n}", "name": f"Orders {n}", "columns": columns, "rows": rows} for n in range(instances)]}
            )
            templates = [{**template("Orders"), "name": f"NetSuite {n}"} for n in range(instances)]
            sandbox.control("revenue", "load", {"template": templates})
            both = Both(sandbox, clock, account, slots, instances)
            both.configure_revenue(slots)
            yield both
