"""A small world for the revenue connector: NetSuite and Zuora Revenue as stand-ins, which requests go straight into, tables and buckets in
memory, and the real state machine definition walked through in this process."""

from __future__ import annotations

import csv
import io
import itertools
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

import requests

from sandbox.control import Control
from sandbox.netsuite import NetSuiteOptions, NetSuiteStandIn
from sandbox.revenue import RevenueOptions, RevenueStandIn
from tallybridge.http import Http, Observer
from tallybridge.revenue.closing import close_run
from tallybridge.revenue.config import RevenueSide, parse_config
from tallybridge.revenue.files import UploadedFile
from tallybridge.revenue.opening import open_run
from tallybridge.revenue.performing import pass_barrier, perform
from tallybridge.revenue.reporting import report
from tallybridge.revenue.result import RunResult, gather
from tallybridge.revenue.run import TaskRecord
from tallybridge.revenue.wiring import RevenueWiring
from tallybridge.tokens import ProcessTokens
from tallybridge.wiring import Invocation, parse_secret
from tests.revenue.machine import Machine
from tests.straight import straight_into
from tests.sync.memory import MemoryMailer, MemoryParameters, MemoryTable, NoSuchKey, PreconditionFailed
from tests.sync.world import MovableClock

ACCOUNT_SECONDS = 900
SENDER = "reports@example.com"
RECIPIENT = "revenue@example.com"
NAMES = {"REPORTS_BUCKET": "reports", "UPLOADS_BUCKET": "uploads", "REVENUE_SETTINGS_PARAMETER": "/test/revenue-settings"}
COLUMNS: dict[str, list[tuple[str, str]]] = {
    "Orders": [
        ("type", "Character"),
        ("doc_num", "Character"),
        ("doc_line_id", "Character"),
        ("doc_date", "Date"),
        ("cust_num", "Character"),
        ("cstmr_nm", "Character"),
        ("item_num", "Character"),
        ("ord_qty", "Number"),
        ("ext_lst_prc", "Number"),
        ("ext_sll_prc", "Number"),
        ("curr", "Character"),
        ("f_cur", "Character"),
        ("start_date", "Date"),
        ("def_segments", "Character"),
        ("rev_segments", "Character"),
        ("comments", "Character"),
    ],
    "Invoices": [
        ("type", "Character"),
        ("inv_num", "Character"),
        ("inv_line_id", "Character"),
        ("inv_date", "Date"),
        ("doc_line_id", "Character"),
        ("cust_num", "Character"),
        ("cstmr_nm", "Character"),
        ("item_num", "Character"),
        ("start_date", "Date"),
        ("inv_qty", "Number"),
        ("ord_qty", "Number"),
        ("ext_lst_prc", "Number"),
        ("ext_sll_prc", "Number"),
        ("curr", "Character"),
        ("f_cur", "Character"),
        ("def_segments", "Character"),
        ("rev_segments", "Character"),
        ("sec_atr_val", "Character"),
    ],
}
DATASETS = {"Orders": "custdataset_orders", "Invoices": "custdataset_invoices"}


def template(name: str, **more: Any) -> dict[str, Any]:
    """An upload template for the stand-in, with every column of COLUMNS."""
    mapping = [{"col_name": c, "label": label(c), "data_type": kind} for c, kind in COLUMNS[name]]
    return {"name": f"NetSuite {name}", "date_format": "DD-MON-YYYY", "mapping": mapping, **more}


def label(column: str) -> str:
    return column.replace("_", " ").title()


def order(n: int, **changes: Any) -> dict[str, Any]:
    """One sales order line as a dataset gives it."""
    row = {
        "type": "SO",
        "doc_num": f"SO{n}",
        "doc_line_id": f"SO{n}-1",
        "doc_date": "1/5/2026",
        "cust_num": "C-77",
        "cstmr_nm": "Acme",
        "item_num": "ITEM-A",
        "ord_qty": "2",
        "ext_lst_prc": "200.00",
        "ext_sll_prc": "180.00",
        "curr": "USD",
        "f_cur": "USD",
        "start_date": "1/5/2026",
        "def_segments": "01.2200.000",
        "rev_segments": "01.4000.000",
    }
    return {**row, **changes}


def invoice(n: int, **changes: Any) -> dict[str, Any]:
    """One invoice line as a dataset gives it."""
    row = {
        "type": "INV",
        "inv_num": f"INV{n}",
        "inv_line_id": f"INV{n}-1",
        "inv_date": "1/31/2026",
        "doc_line_id": f"SO{n}-1",
        "cust_num": "C-77",
        "cstmr_nm": "Acme",
        "item_num": "ITEM-A",
        "start_date": "1/5/2026",
        "inv_qty": "2",
        "ord_qty": "2",
        "ext_lst_prc": "200.00",
        "ext_sll_prc": "180.00",
        "curr": "USD",
        "f_cur": "USD",
        "def_segments": "01.2200.000",
        "rev_segments": "01.4000.000",
    }
    return {**row, **changes}


def mapped(name: str, leave_out: tuple[str, ...] = ("comments", "sec_atr_val")) -> list[dict[str, str]]:
    """Every column to the target of its name."""
    return [{"source": c, "target": c} for c, _ in COLUMNS[name] if c not in leave_out]


def line(name: str, **changes: Any) -> dict[str, Any]:
    """One object of an instance."""
    given = {
        "object": name,
        "dataset": DATASETS.get(name, "custdataset_other"),
        "dataset_name": f"ZR {name}",
        "template": f"NetSuite {name}",
        "mapping": mapped(name) if name in COLUMNS else [],
    }
    return {**given, **changes}


class Buckets:
    """The part of the S3 client that the product uses, for several buckets. `after_put` is called after each write."""

    def __init__(self) -> None:
        self.content: dict[tuple[str, str], bytes] = {}

    def put_object(self, *, Bucket: str, Key: str, Body: Any, IfNoneMatch: str = "", **_: Any) -> dict[str, Any]:
        if IfNoneMatch == "*" and (Bucket, Key) in self.content:
            raise PreconditionFailed(Key)
        self.content[Bucket, Key] = bytes(Body) if isinstance(Body, bytes | bytearray) else Body.read()
        return {}

    def get_object(self, *, Bucket: str, Key: str, **_: Any) -> dict[str, Any]:
        if (Bucket, Key) not in self.content:
            raise NoSuchKey(Key)
        return {"Body": io.BytesIO(self.content[Bucket, Key])}

    def list_objects_v2(self, *, Bucket: str, Prefix: str, MaxKeys: int = 1000, **_: Any) -> dict[str, Any]:
        found = sorted(key for bucket, key in self.content if bucket == Bucket and key.startswith(Prefix))[:MaxKeys]
        return {"KeyCount": len(found), "Contents": [{"Key": key} for key in found]}


@dataclass
class Memory:
    """What outlives a worker."""

    runs: MemoryTable = field(default_factory=lambda: MemoryTable("runs", "pk", "sk"))
    objects: Any = field(default_factory=Buckets)
    mailer: Any = field(default_factory=MemoryMailer)
    parameters: MemoryParameters = field(default_factory=MemoryParameters)

    @property
    def document(self) -> str:
        """The configuration, as it stands in its parameter."""
        return self.parameters.text or ""

    @document.setter
    def document(self, text: str) -> None:
        self.parameters.text = text


class WorldWiring(RevenueWiring):
    """The product's clients on stores in memory. `world` is set by the world."""

    world: RevenueWorld

    def table(self, name: str) -> Any:
        assert name == "RUNS_TABLE"
        return self.world.memory.runs

    def objects(self) -> Any:
        return self.world.memory.objects

    def mailer(self) -> Any:
        return self.world.memory.mailer

    def parameters(self) -> Any:
        return self.world.memory.parameters

    def secret(self) -> dict[str, Any]:
        return parse_secret(json.dumps(self.world.credentials))

    def http(self) -> Http:
        clock = self.clock
        http = Http(observer=self.observer(), clock=lambda: clock.now().timestamp(), sleep=clock.sleep, session=self.world.session)
        http.deadline = self.invocation.deadline
        return http

    def observer(self) -> Observer | None:
        return self.world.observer

    def tokens(self) -> ProcessTokens:
        return self.world.tokens


@dataclass
class RevenueWorld:
    """Both stand-ins behind their control, and everything that a run leaves."""

    netsuite: NetSuiteStandIn
    netsuite_control: Control
    netsuite_url: str
    revenue: RevenueStandIn
    revenue_control: Control
    revenue_url: str
    clock: MovableClock
    options: RevenueOptions
    account: NetSuiteOptions
    session: requests.Session
    memory: Memory = field(default_factory=Memory)
    tokens: ProcessTokens = field(default_factory=ProcessTokens)
    observer: Observer | None = None
    invocation_seconds: float = ACCOUNT_SECONDS
    counter: Iterator[int] = field(default_factory=lambda: itertools.count(1))
    passed: list[str] = field(default_factory=list)
    config: dict[str, Any] = field(default_factory=dict)
    credentials: dict[str, Any] = field(default_factory=dict)

    # -- setting up --------------------------------------------------------------------------------------------------

    def reset(self) -> None:
        """Everything as at the start: empty tenant, empty account, one instance with orders and invoices."""
        self.revenue_control.reset()
        self.netsuite_control.reset()
        self.clock.advance(days=1)
        self.clock.moment = self.clock.moment.replace(hour=8, minute=0, second=0, microsecond=0)
        self.memory, self.tokens, self.observer = Memory(), ProcessTokens(), None
        self.invocation_seconds = ACCOUNT_SECONDS
        user = self.options.users[0]
        account = self.account
        self.credentials = {
            "netsuite": {
                "consumer_key": account.consumer_key,
                "consumer_secret": account.consumer_secret,
                "token_id": account.token_id,
                "token_secret": account.token_secret,
            },
            "revenue": {"user": user.name, "password": user.password},
        }
        self.config = {
            "enabled": True,
            "connection": {
                "netsuite": {"account_id": account.account, "services_url": self.netsuite_url},
                "revenue": {"host": self.revenue_url},
            },
            "notifications": {"recipients": [RECIPIENT], "sender": SENDER, "on_success": True, "on_warning": True},
            "options": {"poll_first_seconds": 1, "poll_most_seconds": 2},
            "instances": [{"name": "Daily", "objects": [line("Orders"), line("Invoices")]}],
        }
        self.store()
        self.load_revenue(template=[template("Orders"), template("Invoices")])

    def store(self) -> None:
        """Make `config` the configuration."""
        self.memory.document = json.dumps(self.config)

    def change(self, **options: Any) -> None:
        """Change options and store the configuration."""
        self.config["options"] |= options
        self.store()

    def objects(self, *lines: dict[str, Any]) -> None:
        """Make these the objects of the instance."""
        self.config["instances"][0]["objects"] = list(lines)
        self.store()

    def load_revenue(self, **objects: list[dict[str, Any]]) -> None:
        self.revenue.load(objects)

    def load_rows(self, **rows: list[dict[str, Any]]) -> None:
        """Datasets with these rows: orders=[...], invoices=[...]."""
        given = []
        for name, content in rows.items():
            columns = sorted({key for row in content for key in row}) or ["type"]
            typed = [{"name": c, "type": "text"} for c in columns]
            given.append({"id": f"custdataset_{name}", "name": f"ZR {name}", "columns": typed, "rows": content})
        self.netsuite.load({"dataset": given})

    def faults(self, system: str, *rules: dict[str, Any]) -> None:
        """Fault rules of a stand-in."""
        control = self.netsuite_control if system == "netsuite" else self.revenue_control
        control.set_faults(list(rules))

    # -- running -----------------------------------------------------------------------------------------------------

    def wiring(self) -> WorldWiring:
        deadline = self.clock.now().timestamp() + self.invocation_seconds
        wiring = WorldWiring(Invocation(f"invocation-{next(self.counter)}", deadline), self.clock)
        wiring.world = self
        return wiring

    def machine(self) -> Machine:
        """The state machine, with the functions in this process."""
        functions = {
            "RevenueOpenFunctionArn": lambda event: open_run(event, self.wiring()),
            "RevenuePrepareFunctionArn": lambda e: (pass_barrier if e["task"] == "barrier" else perform)(e, self.wiring()),
            "RevenueUploadFunctionArn": lambda event: perform(event, self.wiring()),
            "RevenueReportFunctionArn": lambda event: report(event, self.wiring()),
            "RevenueCloseFunctionArn": lambda event: close_run(event, self.wiring()),
        }
        machine = Machine(functions, lambda seconds: self.clock.advance(seconds=seconds))
        self.passed = machine.passed
        return machine

    def run(self, name: str = "", **given: Any) -> dict[str, Any]:
        """Run an instance to its end; answers the execution's output."""
        content = {"trigger": "manual", "instance": "Daily", **given}
        return self.machine().run(name or f"run-{next(self.counter):04}", content)

    # -- looking -----------------------------------------------------------------------------------------------------

    def revenue_side(self) -> RevenueSide:
        """The Revenue side of the configuration."""
        return parse_config(self.memory.document).connection.revenue

    def result(self, run_id: str) -> RunResult:
        return gather(self.wiring(), run_id)

    def task(self, run_id: str, name: str, number: str = "") -> TaskRecord:
        """One task of a run; SKIPPED when it was not reached."""
        return next(t for t in self.result(run_id).tasks if (t.name, t.object) == (name, number))

    def files(self, run_id: str) -> list[UploadedFile]:
        return self.wiring().files(run_id).all()

    def log(self, run_id: str) -> list[dict[str, str]]:
        """The summary log's lines."""
        return list(csv.DictReader(io.StringIO(self.report_file(run_id, f"summary_{run_id}.csv"))))

    def codes(self, run_id: str, level: str = "ERROR") -> set[str]:
        return {row["code"] for row in self.log(run_id) if row["level"] == level and row["code"]}

    def report_file(self, run_id: str, name: str) -> str:
        return bytes(self.memory.objects.content["reports", f"runs/{run_id}/{name}"]).decode()

    def upload_file(self, run_id: str, part: int = 0) -> str:
        """The text of an upload file as it was stored."""
        return bytes(self.memory.objects.content["uploads", self.files(run_id)[part].key]).decode()

    def mails(self) -> list[EmailMessage]:
        return [message_from_bytes(m["RawMessage"]["Data"], policy=policy.default) for m in self.memory.mailer.sent]

    def dump(self) -> dict[str, Any]:
        """What the Revenue tenant holds."""
        return dict(self.revenue.dump())

    def staged(self) -> list[str]:
        """Line ids in staging."""
        return [row.get("inv_line_id") or row["doc_line_id"] for row in self.dump()["stagingLine"]]

    def uploads(self) -> list[dict[str, Any]]:
        return list(self.dump()["upload"])


def start() -> RevenueWorld:
    """Both stand-ins, to which no connection is made."""
    os.environ.update({**NAMES, "INSTANCE_NAME": "Test", "NOTIFICATION_SENDER": SENDER})
    clock = MovableClock()
    clock.yields = 0  # this connector has no threads
    account = NetSuiteOptions(clock=clock.now)
    options = RevenueOptions(clock=clock.now)
    netsuite, revenue = NetSuiteStandIn(account), RevenueStandIn(options)
    first, second = Control(netsuite), Control(revenue)
    one, two = "http://127.0.0.1:1", "http://127.0.0.1:2"
    return RevenueWorld(netsuite, first, one, revenue, second, two, clock, options, account, straight_into({one: first, two: second}))
