"""Throw-away functions for tests of the state machines: what each answers is set by the test, in this process."""

from __future__ import annotations

import json
import select
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import boto3

STEPS = (
    *["customers", "netsuite_customers", "products", "rate_plans", "sales_orders", "charges"],
    *["invoices", "debit_memos", "credit_memos", "payments", "refunds", "adjustments"],
    *["netsuite_payments", "netsuite_credit_memos", "netsuite_refunds", "reversals"],
)
"""As sequence-and-status.md 1.1 and 1.2 order them, spelt out here so that the product's own table is checked against it. The last one has
no part in usual runs."""
USUAL = ("customers", "charges", "invoices", "debit_memos", "credit_memos", "payments", "refunds")
"""What runs in a tenant with Invoice Settlement when no setting is changed."""
FUNCTIONS = ("open_run", *STEPS, "reconcile", "archive_log", "notify", "close_run", "watch_runs")
REVENUE_FUNCTIONS = ("revenue_open", "revenue_prepare", "revenue_upload", "revenue_report", "revenue_close")
CONSOLE = "console"
DONE = {"done": True, "wait": 0}
SOURCE = """
from tests.infra import scripted


def handler(event, context):
    return scripted.answer("{name}", event, context)
"""

Answer = Callable[[dict[str, Any], Any], Any]


class Script:
    """What the functions do, and the calls they got: (function, event). Batches per step are in `batches`."""

    def __init__(self) -> None:
        self.answers: dict[str, Answer] = {}
        self.calls: list[tuple[str, dict[str, Any]]] = []
        self.batches = 3
        self.workers = 2
        self.lock = threading.Lock()

    def when(self, call: str, answer: Answer) -> None:
        """Replaces the usual answer of a function ("notify") or of one task of a step's function ("invoices.select")."""
        self.answers[call] = answer

    def events(self, call: str) -> list[dict[str, Any]]:
        """The events of one function or of one task of it, in the order they came."""
        return [event for name, event in self.calls if call in (name, f"{name}.{event.get('task')}")]


SCRIPT = Script()


def write(root: Path) -> Path:
    """Writes all functions below `root` and returns it."""
    for name in (*FUNCTIONS, *REVENUE_FUNCTIONS, CONSOLE):
        folder = root / "functions" / name
        folder.mkdir(parents=True)
        (folder / "app.py").write_text(SOURCE.format(name=name))
    return root


def camel(name: str) -> str:
    """The name of a step or function as states and resources spell it: netsuite_payments is NetSuitePayments."""
    return "".join(part.capitalize() for part in name.split("_")).replace("Netsuite", "NetSuite")


def answer(name: str, event: dict[str, Any], context: Any) -> Any:
    with SCRIPT.lock:
        SCRIPT.calls.append((name, event))
    for call in (f"{name}.{event.get('task')}", name):
        if call in SCRIPT.answers:
            return SCRIPT.answers[call](event, context)
    return usual(name, event)


def usual(name: str, event: dict[str, Any]) -> Any:
    """The answer that a function gives when all goes well."""
    if name == "open_run":
        run_id = event["execution"].rpartition(":")[2]
        wanted = event["input"].get("steps") or USUAL
        return {"opened": True, "runId": run_id, "dryRun": False, "mode": "B", "steps": {step: step in wanted for step in STEPS}}
    if name == "close_run" and "detail" in event:
        return {"runId": "", "closer": event["closer"], "leave": True, "archived": False, "freed": False}
    if name == "close_run":
        return {"runId": event.get("runId", ""), "outcome": "failed" if event.get("error") else "completed", "totals": [], "keys": {}}
    if name in STEPS:
        return usual_task(event)
    if name in ("reconcile", "archive_log"):
        return dict(DONE)
    return {}


def usual_task(event: dict[str, Any]) -> Any:
    if event["task"] == "select":
        return selection(event)
    if event["task"] in ("batch", "batch_failed"):
        return dict(DONE)
    return {**DONE, "outcome": "failed" if event.get("error") else "completed", "selected": SCRIPT.batches, "synced": SCRIPT.batches}


def selection(event: dict[str, Any]) -> dict[str, Any]:
    """Writes the bundles of a step and answers for them."""
    import os

    bucket, key = os.environ["REPORTS_BUCKET"], f"runs/{event['runId']}/{event['step']}/bundles.json"
    rows = [{"batches": [f"{number:06d}"]} for number in range(1, SCRIPT.batches + 1)]
    if rows:  # nobody reads an empty list
        boto3.client("s3").put_object(Bucket=bucket, Key=key, Body=json.dumps(rows))
    return {
        **DONE,
        "selected": len(rows),
        "batches": len(rows),
        "bundles": {"bucket": bucket, "key": key},
        "workers": SCRIPT.workers,
        "until": "9999",
    }


def fail(message: str = "out of order", kind: type[Exception] = RuntimeError, times: int | None = None) -> Answer:
    """An answer that raises, always or the first `times` times per function and batch; afterwards the usual one is given."""
    seen: dict[Any, int] = {}

    def answered(event: dict[str, Any], context: Any) -> Any:
        key = (context.function_name, event.get("task"), event.get("batch"))
        with SCRIPT.lock:
            seen[key] = seen.get(key, 0) + 1
        if times is None or seen[key] <= times:
            raise kind(message)
        return usual(context.function_name.removeprefix("tallybridge-").replace("-", "_"), event)

    return answered


def work_until(told: threading.Event) -> None:
    """Works until it is told, for a minute of the machine at most: no time passes on a virtual clock."""
    for _ in range(60 * 200):
        if told.is_set():
            return
        select.select([], [], [], 1 / 200)  # waits where the clock does not see it
