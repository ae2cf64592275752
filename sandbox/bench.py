"""`make bench`: every step of the billing sync through the real state machines, against the stand-ins with a latency per call and a slot
limit; each step alone, in a tenant where everything before it has been done.

Prints, per step, records per second and per minute, their ratio to what the slots allow (slots / latency), calls per record on both sides,
the highest number of NetSuite calls in flight, and the published figure of the commercial connector (records per minute with 10 parallel
writers, 3 items an invoice, 1 a memo; its latency is not published); then a run with nothing to do, the peak memory of a worker process for
a small and a large backlog, and import times.

Options as environment variables: INVOICES (1000), RECORDS (100, of every other object), STEPS (all), LATENCY_MS (300), NETSUITE_SLOTS (5),
MEMORY (1000,20000). Latency profile: the same fixed latency for every call on both sides, Data Query files included.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

import boto3

from sandbox.demo.bench import bench as bench_tenant
from sandbox.demo.bench_steps import CASES, bench_step
from sandbox.host import REPOSITORY, Sandbox, SandboxOptions

COMMERCIAL = {
    "customers": 200,
    "charges": 20,
    "invoices": 25,
    "debit_memos": 10,
    "credit_memos": 25,
    "payments": 35,
    "refunds": 30,
    "netsuite_payments": 2,
}
"""Published speed of the commercial connector in records per minute (sequence-and-status.md section 2)."""
MODES = {"B": "with Invoice Settlement", "A": "without Invoice Settlement"}
WORKER = "sandbox.bench_worker"
RUN_SECONDS = 3_600.0
TOKEN_CALL = "oauth"
SYSTEMS: tuple[Literal["zuora"], Literal["netsuite"]] = ("zuora", "netsuite")
EVERYTHING_ON = {
    "enable_sales_order_sync": "Yes",
    "disable_netsuite_payment_sync": "No",
    "disable_netsuite_credit_memo_sync": "No",
    "disable_netsuite_refund_sync": "No",
}


@dataclass(frozen=True)
class Options:
    invoices: int
    records: int
    steps: tuple[str, ...]
    latency_ms: int
    slots: int
    memory: tuple[int, ...]

    @classmethod
    def from_environment(cls) -> Options:
        def number(name: str, default: int) -> int:
            return int(os.environ.get(name, default))

        steps = tuple(filter(None, os.environ.get("STEPS", "").split(","))) or tuple(CASES)
        memory = tuple(int(n) for n in os.environ.get("MEMORY", "1000,20000").split(",") if n)
        return cls(number("INVOICES", 1000), number("RECORDS", 100), steps, number("LATENCY_MS", 300), number("NETSUITE_SLOTS", 5), memory)


@dataclass(frozen=True)
class StepFigures:
    """What one step took: synced records, seconds of its execution, calls on both sides (logins left out)."""

    step: str
    records: int
    seconds: float
    netsuite_calls: int
    zuora_calls: int
    in_flight: int
    rejected: int

    def line(self, limit: float) -> str:
        rate = self.records / self.seconds if self.seconds else 0.0
        count = self.records or 1
        return (
            f"  {self.step:<21} {self.records:>6,} {self.seconds:>7.1f} s {rate:>7.2f}/s {rate / limit:>6.2f} "
            f"{self.netsuite_calls / count:>9.3f} {self.zuora_calls / count:>9.3f} {self.in_flight:>6} {self.rejected:>6} "
            f"{rate * 60:>8.0f} {COMMERCIAL.get(self.step, '-'):>10}"
        )


def main() -> int:
    """Run the benchmark and print its figures; 0 when every run ended green."""
    options = Options.from_environment()
    limit = options.slots / (options.latency_ms / 1000) if options.latency_ms else float("inf")
    say(f"{options.invoices:,} invoices of 3 lines, {options.records:,} of every other object")
    say(f"{options.latency_ms} ms a call, {options.slots} slots")
    say(f"The limit is {limit:.2f} NetSuite calls a second (slots / latency).")
    green = True
    with tempfile.TemporaryDirectory() as out:
        for mode, words in MODES.items():
            say(f"\nTenants {words}\n{HEAD}")
            for step in (s for s in CASES if s in options.steps and mode in CASES[s][1]):
                green = measure_step(step, mode, options, limit, Path(out)) and green
        green = measure_idle(options, Path(out)) and green
        for count in options.memory:
            measure_memory(count, options.slots, Path(out))
    measure_imports()
    return 0 if green else 1


HEAD = (
    "  step                 records  seconds      rate  ratio  NetSuite     Zuora in fl. rejected  a minute commercial"
    "   (ratio to the limit; calls per record)"
)


def started(out: Path, slots: int, mode: str) -> Sandbox:
    return Sandbox(SandboxOptions(latency_ms=0, netsuite_slots=slots, settlement=mode == "B", out=out))


def measure_step(step: str, mode: str, options: Options, limit: float, out: Path) -> bool:
    """One step in a tenant of its own, so that it has its own figures; the state machines are the real ones."""
    count = options.invoices if step == "invoices" else options.records
    with started(out / f"{step}-{mode}", options.slots, mode) as sandbox:
        tenant = bench_step(step, count, mode)
        sandbox.load(tenant)
        sandbox.load_netsuite(tenant.later_in(mode))
        set_latency(sandbox, options.latency_ms)
        for system in SYSTEMS:
            sandbox.control(system, "stats", {})
        output = run(sandbox, [step])
        netsuite, zuora = sandbox.control("netsuite", "stats"), sandbox.control("zuora", "stats")
        records = sum(t["synced"] for t in output["totals"])
        seconds = seconds_of(sandbox, output["execution"], step)
        say(StepFigures(step, records, seconds, calls(netsuite), calls(zuora), netsuite["in_flight_max"], netsuite["rejected"]).line(limit))
        green: bool = output["outcome"] == "completed" and records == count
        if not green:
            say(f"    {output['outcome']}: {records} of {count}")
        return green


def measure_idle(options: Options, out: Path) -> bool:
    """A run with nothing to do, with every step switched on: calls per step."""
    say("")
    green = True
    for mode, words in MODES.items():
        with started(out / f"idle-{mode}", options.slots, mode) as sandbox:
            sandbox.store_settings(EVERYTHING_ON)
            output = run(sandbox, None)
            for system in SYSTEMS:
                sandbox.control(system, "stats", {})
            output = run(sandbox, None)
            total = sum(calls(sandbox.control(system, "stats")) for system in SYSTEMS)
            steps = sum(mode in CASES[s][1] for s in CASES) - 1  # customers go one way
            say(f"A run with nothing to do, {words}: {total} calls in {steps} steps ({total / steps:.1f} a step).")
            green = green and output["outcome"] == "completed"
    return green


def run(sandbox: Sandbox, steps: list[str] | None) -> dict[str, Any]:
    """Run the billing sync; the execution's output with the ARN of the execution."""
    ended = sandbox.aws.run("BillingSyncArn", {"trigger": "bench", "steps": steps}, timeout=RUN_SECONDS)
    if ended["status"] != "SUCCEEDED":
        raise RuntimeError(f"the run ended as {ended['status']}: {ended.get('cause', '')}")
    output = ended["output"] if isinstance(ended["output"], dict) else json.loads(ended["output"])
    return {**output, "execution": ended["executionArn"]}


def seconds_of(sandbox: Sandbox, execution: str, step: str) -> float:
    """How long the step's own execution took, by its start and stop dates."""
    client = boto3.client("stepfunctions", region_name=sandbox.aws.region)
    machine = sandbox.aws.outputs["SyncStepArn"]
    found = client.list_executions(stateMachineArn=machine)["executions"]
    latest: dict[str, Any] = max((e for e in found if e["name"].startswith(f"{step}-")), key=lambda e: e["startDate"])
    begun: datetime = latest["startDate"]
    ended: datetime = latest["stopDate"]
    return (ended - begun).total_seconds()


def calls(stats: dict[str, Any]) -> int:
    """API calls without logins and result files, which do not count against the services' limits."""
    return sum(n for operation, n in stats["calls"].items() if TOKEN_CALL not in operation and "/files/" not in operation)


def set_latency(sandbox: Sandbox, milliseconds: int) -> None:
    for system in SYSTEMS:
        sandbox.control(system, "latency", {"ms": milliseconds})


def measure_memory(invoices: int, slots: int, out: Path) -> None:
    """Peak memory of worker processes that select a backlog and sync its first batch."""
    with Sandbox(SandboxOptions(netsuite_slots=slots, out=out / str(invoices))) as sandbox:
        sandbox.load(bench_tenant(invoices))
        run(sandbox, ["customers", "charges"])
        environment = {**os.environ, **sandbox.env, "PYTHONPATH": os.pathsep.join(sys.path)}
        environment |= {"INSTANCE_NAME": "bench", "NOTIFICATION_SENDER": "bench@example.com"}
        done = subprocess.run(
            [sys.executable, "-m", WORKER],
            cwd=REPOSITORY,
            env=environment,
            capture_output=True,
            text=True,
            timeout=RUN_SECONDS,
            check=False,
        )
        if done.returncode:
            raise RuntimeError(done.stderr[-2000:])
        figures = json.loads(done.stdout.splitlines()[-1])
        select, batch, imported = (f"{figures[name]:.0f} MiB" for name in ("select_mib", "batch_mib", "import_mib"))
        say(f"Peak memory of a worker, backlog of {figures['selected']:>6,}: select {select}, batch {batch} (after import {imported})")


def measure_imports() -> None:
    """Import time of a sync function in a fresh process, best of three, beside an empty interpreter."""

    def best(code: str) -> float:
        times = []
        for _ in range(3):
            begun = time.perf_counter()
            subprocess.run(
                [sys.executable, "-c", code], check=True, cwd=REPOSITORY, env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
            )
            times.append(time.perf_counter() - begun)
        return min(times) * 1000

    empty = best("pass")
    boto = best("import boto3; boto3.client('dynamodb', region_name='eu-west-1')")
    library = best("import tallybridge.tasks.sync_step, tallybridge.steps.invoices")
    function = best("import sys; sys.path.insert(0, 'functions/invoices'); import app; import tallybridge.steps.invoices")
    say(
        f"Import of the invoices function: {function - empty:.0f} ms, of it library {library - empty:.0f} ms;"
        f" boto3 with one client, made at the first call: {boto - empty:.0f} ms (interpreter {empty:.0f} ms left out)"
    )


def say(text: str) -> None:
    print(text, flush=True)
