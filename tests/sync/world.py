"""A small world for tests of the engine: both stand-ins on loopback, tables and bucket in the embedded AWS, and a driver that runs the
tasks of a run in the order of the state machines, without them."""

from __future__ import annotations

import itertools
import json
import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3

from sandbox.aws.inprocess import InProcess
from sandbox.control import Control
from sandbox.netsuite import NetSuiteOptions, NetSuiteStandIn, new_key_pair
from sandbox.server import LoopbackServer
from sandbox.zuora import ZuoraOptions, ZuoraStandIn
from tallybridge import wiring as wiring_module
from tallybridge.clock import stamp
from tallybridge.tasks.archive_log import archive_log
from tallybridge.tasks.close_run import close_run
from tallybridge.tasks.notify import notify
from tallybridge.tasks.open_run import open_run
from tallybridge.tasks.reconcile import reconcile
from tallybridge.tasks.steps import STEPS, step_class
from tallybridge.tasks.sync_step import run_task
from tallybridge.wiring import Invocation, Wiring
from tests.tables import RUNS, STATUS

INVOCATION_SECONDS = 300
MAX_ROUNDS = 40
"""Two leases of claims, one after the other, are waited for in 20 rounds."""
TICK = timedelta(milliseconds=1)
"""How much later it is at every look at the clock."""
SENDER = "reports@example.com"
NAMES = {
    "STATUS_TABLE": "status",
    "RUNS_TABLE": "runs",
    "REPORTS_BUCKET": "reports",
    "SETTINGS_PARAMETER": "/tallybridge/settings",
    "CREDENTIALS_SECRET": "tallybridge/credentials",
    "INSTANCE_NAME": "tallybridge",
    "NOTIFICATION_SENDER": SENDER,
}
SETTINGS: dict[str, Any] = {
    "netsuite_subsidiaries": "Yes",
    "netsuite_multiple_currencies": "Yes",
    "netsuite_default_tax_schedule": "Standard",
    "notify_recipients": ["finance@example.com"],
}


class MovableClock:
    """Time that tests move; waiting takes no time."""

    yields = 0.001
    """Seconds of real time that every wait takes, so that a thread that polls does not run the clock away from one that works."""

    def __init__(self) -> None:
        self.moment = datetime(2026, 11, 2, 8, 0, tzinfo=UTC)

    def now(self) -> datetime:
        self.moment += TICK
        return self.moment

    def sleep(self, seconds: float) -> None:
        self.moment += timedelta(seconds=seconds)
        if self.yields:
            time.sleep(self.yields)

    def advance(self, **delta: float) -> None:
        self.moment += timedelta(**delta)


class WorldWiring(Wiring):
    """Real clients and stores on a clock that tests move."""


@dataclass
class World:
    """`zuora` and `netsuite` are the stand-ins behind their control middleware."""

    zuora: ZuoraStandIn
    netsuite: NetSuiteStandIn
    zuora_control: Control
    netsuite_control: Control
    clock: MovableClock
    credentials: dict[str, Any]
    wiring_class: type[Wiring] = WorldWiring
    counter: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    # -- setting up --------------------------------------------------------------------------------------------------

    def reset(self, **settings: Any) -> None:
        """Everything as at the start, with these settings beside the usual ones."""
        self.zuora_control.reset()
        self.netsuite_control.reset()
        self.clock.advance(days=1)
        self.counter = itertools.count(1)
        for name in (os.environ["STATUS_TABLE"], os.environ["RUNS_TABLE"]):
            boto3.client("dynamodb").delete_table(TableName=name)
        make_tables()
        empty_bucket()
        self.settings(**settings)
        wiring_module.forget_clients()

    def settings(self, **changes: Any) -> None:
        self.set_up_for(changes)
        document = json.dumps({**SETTINGS, **{k.replace("__dot__", "."): v for k, v in changes.items()}})
        boto3.client("ssm").put_parameter(Name=os.environ["SETTINGS_PARAMETER"], Value=document, Type="String", Overwrite=True)

    def set_up_for(self, settings: Mapping[str, Any]) -> None:
        """The NetSuite account's preferences as docs/setup.md asks for with these settings."""
        options = self.netsuite.options
        options.allow_number_override = any(str(v).startswith("Use N") for k, v in settings.items() if k.endswith("number_mapping"))
        options.date_outside_period = "Post In Next Open Period" in settings.get("closed_period", {}).values()

    def load(
        self, zuora: Mapping[str, list[dict[str, Any]]] | None = None, netsuite: Mapping[str, list[dict[str, Any]]] | None = None
    ) -> None:
        if zuora:
            self.zuora.load(dict(zuora))
        if netsuite:
            self.netsuite.load(dict(netsuite))

    # -- running -----------------------------------------------------------------------------------------------------

    def wiring(self) -> Wiring:
        deadline = self.clock.now().timestamp() + INVOCATION_SECONDS
        return self.wiring_class(Invocation(f"invocation-{next(self.counter)}", deadline), self.clock)

    def run(self, *, steps: Sequence[str] | None = None, dry_run: bool = False, **asked: Any) -> dict[str, Any]:
        """A whole run; answers the execution's output. `asked`: further keys of the execution input."""
        opened = self.open(steps=steps, dry_run=dry_run, **asked)
        if not opened["opened"]:
            return opened
        for step in STEPS:
            if opened["steps"][step]:
                self.step(opened["runId"], step)
        return self.close(opened["runId"])

    def open(self, *, steps: Sequence[str] | None = None, dry_run: bool = False, **asked: Any) -> dict[str, Any]:
        content: dict[str, Any] = {"trigger": "manual", "dryRun": dry_run, "steps": list(steps) if steps else None, **asked}
        execution = f"arn:aws:states:eu-west-1:000000000000:execution:billing:run-{next(self.counter):04d}-{self.clock.moment:%d%H%M%S}"
        return open_run({"input": content, "execution": execution}, self.wiring())

    def step(self, run_id: str, step: str) -> dict[str, Any]:
        """Select, all batches one after the other, summarise."""
        event = {"runId": run_id, "step": step}
        selected = self.rounds(lambda: self.task(step, {**event, "task": "select"}))
        for bundle in json.loads(self.object(selected["bundles"]["key"])) if selected["batches"] else ():
            for batch in bundle["batches"] if stamp(self.clock.now()) < selected["until"] else ():
                self.batch(run_id, step, batch)
        return self.rounds(lambda: self.task(step, {**event, "task": "summarise", "error": None}))

    def batch(self, run_id: str, step: str, name: str) -> None:
        """Rounds of a batch until it is done."""
        self.rounds(lambda: self.task(step, {"runId": run_id, "step": step, "task": "batch", "batch": name}))

    def rounds(self, task: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        """Rounds of a task until it is done, as the state machines go through them."""
        for _ in range(MAX_ROUNDS):
            answer = task()
            if answer["done"]:
                return answer
            self.clock.advance(seconds=answer["wait"])
        raise AssertionError(f"not done after {MAX_ROUNDS} rounds")

    def task(self, step: str, event: dict[str, Any]) -> dict[str, Any]:
        return run_task(step_class(step), event, self.wiring())

    def close(self, run_id: str, error: Any = None) -> dict[str, Any]:
        if error is None:
            self.rounds(lambda: reconcile({"runId": run_id}, self.wiring()))
        self.rounds(lambda: archive_log({"runId": run_id, "error": error}, self.wiring()))
        notify({"runId": run_id, "error": error}, self.wiring())
        return close_run({"runId": run_id, "error": error}, self.wiring())

    # -- looking -----------------------------------------------------------------------------------------------------

    def object(self, key: str) -> bytes:
        return bytes(boto3.client("s3").get_object(Bucket=os.environ["REPORTS_BUCKET"], Key=key)["Body"].read())

    def summary(self, output: Mapping[str, Any]) -> dict[str, Any]:
        return dict(json.loads(self.object(output["keys"]["summary"])))

    def in_zuora(self, object_type: str, number: str) -> dict[str, Any]:
        """A Zuora object by its number, name or id."""
        names = ("InvoiceNumber", "PaymentNumber", "AccountNumber", "Name", "Id")
        return next(o for o in self.zuora.dump()[object_type] if number in (o.get(n) for n in names))

    def in_netsuite(self, record_type: str) -> list[dict[str, Any]]:
        return self.netsuite.records_of(record_type)


def unserved_world(*, settlement: bool = True) -> World:
    """Both stand-ins and their clock, for stores in memory (`MemoryWorld.of`): nothing listens, and there is no AWS. `settlement`: the
    Zuora tenant has Invoice Settlement (mode B)."""
    private_key, public_key = new_key_pair()
    clock = MovableClock()
    zuora = ZuoraStandIn(ZuoraOptions(clock=lambda: clock.now(), settlement=settlement))
    netsuite = NetSuiteStandIn(NetSuiteOptions(certificate_public_key=public_key, slots=5, clock=lambda: clock.now()))
    credentials = {
        "zuora": {
            "base_url": "http://127.0.0.1:1",
            "client_id": zuora.options.client_id,
            "client_secret": zuora.options.client_secret,
        },
        "netsuite": {
            "account_id": netsuite.options.account,
            "base_url": "http://127.0.0.1:2",
            "auth_method": "oauth2_m2m",
            "client_id": netsuite.options.client_id,
            "certificate_id": netsuite.options.certificate_id,
            "private_key": private_key,
        },
    }
    os.environ |= NAMES
    return World(zuora, netsuite, Control(zuora), Control(netsuite), clock, credentials)


@contextmanager
def on_loopback(world: World) -> Iterator[World]:
    """The world with its stand-ins behind real connections."""
    with LoopbackServer(world.zuora_control) as zuora, LoopbackServer(world.netsuite_control) as netsuite:
        world.credentials["zuora"]["base_url"] = zuora.url
        world.credentials["netsuite"]["base_url"] = netsuite.url
        yield world


def start_world() -> Iterator[World]:
    """The same with real connections and the stores in the embedded AWS, started once; `reset` makes it fresh for each test."""
    aws = InProcess("eu-west-1")
    aws.start()
    with on_loopback(unserved_world()) as world:
        make_aws(world.credentials)
        try:
            yield world
        finally:
            wiring_module.forget_clients()
            aws.stop()


def make_aws(credentials: Mapping[str, Any]) -> None:
    make_tables()
    boto3.client("s3").create_bucket(Bucket="reports", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    boto3.client("ssm").put_parameter(Name="/tallybridge/settings", Value="{}", Type="String")
    boto3.client("secretsmanager").create_secret(Name="tallybridge/credentials", SecretString=json.dumps(credentials))
    boto3.client("ses").verify_email_identity(EmailAddress=SENDER)


def make_tables() -> None:
    dynamodb = boto3.client("dynamodb")
    dynamodb.create_table(**STATUS)
    dynamodb.create_table(**RUNS)


def empty_bucket() -> None:
    bucket = boto3.resource("s3").Bucket("reports")
    bucket.objects.all().delete()
