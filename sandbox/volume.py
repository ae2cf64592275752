"""The first sync of a large tenant, through the real definitions on the virtual clock: customers, items, invoices and payments, over as
many runs as it takes. Prints what each run did, and in the end what it all took.

Options (environment): INVOICES of one line each, all of them paid, ten an account; LATENCY_MS of a call to Zuora or NetSuite, QUERY_S of a
Data Query job, NETSUITE_SLOTS, RUN_HOURS of a run (0: as the settings have it), HOURS_BETWEEN the starts of runs, GUARD_MINUTES of this
machine for one run. Ends with 0 when everything is synced and every total ties out.
"""

from __future__ import annotations

import os
import resource
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any, Literal

from botocore.client import BaseClient

from sandbox.aws.limits import Histories
from sandbox.clock import START, VirtualClock
from sandbox.demo.bench import bench
from sandbox.host import Sandbox, SandboxOptions

MAX_RUNS = 60
ERRORS = 5
LAMBDA_GB_SECOND, LAMBDA_REQUEST = 0.0000133334, 0.20 / 1e6
TRANSITION = 25 / 1e6
TABLE_WRITE, TABLE_READ = 0.625 / 1e6, 0.125 / 1e6
PUT, GET = 0.005 / 1e3, 0.0004 / 1e3
"""Prices of us-east-1 in US dollars, as AWS's price list had them in 2025."""
WRITES = {"PutItem", "UpdateItem", "DeleteItem"}
READS = {"GetItem", "Query", "BatchGetItem"}
PUTS = {"PutObject", "ListObjectsV2", "CopyObject", "UploadPart", "CreateMultipartUpload", "CompleteMultipartUpload"}
TOKENS = ("oauth", "/files/")
"""Calls that are not counted: logins, and the files of queries."""
SYSTEMS: tuple[Literal["zuora", "netsuite"], ...] = ("zuora", "netsuite")
OBJECTS = ("Account", "ProductRatePlanCharge", "Invoice", "Payment")


@dataclass(frozen=True)
class Options:
    invoices: int
    latency_ms: int
    query_s: int
    slots: int
    run_hours: int
    between: int
    guard_minutes: int

    @classmethod
    def from_environment(cls) -> Options:
        def number(name: str, default: int) -> int:
            return int(os.environ.get(name, default))

        return cls(
            number("INVOICES", 100_000),
            number("LATENCY_MS", 2_000),
            number("QUERY_S", 600),
            number("NETSUITE_SLOTS", 5),
            number("RUN_HOURS", 0),
            number("HOURS_BETWEEN", 1),
            number("GUARD_MINUTES", 600),
        )


@dataclass
class Calls:
    """Calls to AWS by operation, of every thread."""

    counted: Counter[str] = field(default_factory=Counter)
    guard: threading.Lock = field(default_factory=threading.Lock)

    @contextmanager
    def counting(self) -> Iterator[Calls]:
        name = "_make_api_call"
        before = getattr(BaseClient, name)

        def call(client: BaseClient, operation: str, arguments: Any) -> Any:
            with self.guard:
                self.counted[operation] += 1
            return before(client, operation, arguments)

        setattr(BaseClient, name, call)
        try:
            yield self
        finally:
            setattr(BaseClient, name, before)

    def of(self, operations: set[str]) -> int:
        return sum(self.counted[operation] for operation in operations)


def main() -> int:
    """Run until nothing is left; 0 when all is synced and tied out."""
    options = Options.from_environment()
    say(f"{options.invoices:,} invoices, {options.latency_ms} ms a call, queries of {options.query_s} s, {options.slots} slots")
    begun, clock, calls = time.monotonic(), VirtualClock(), Calls()
    with tempfile.TemporaryDirectory() as out, calls.counting():
        settings = {"run_hours": options.run_hours} if options.run_hours else {}
        given = SandboxOptions(
            out=Path(out), child=False, clock=clock, netsuite_slots=options.slots, data_query_s=options.query_s, settings=settings
        )
        with Sandbox(given) as sandbox:
            synced, green, runs = sync(sandbox, options, clock)
            report(sandbox, calls, runs, clock, begun)
    expected = {"Invoice": options.invoices, "Payment": options.invoices}
    whole = all(synced[name] == number for name, number in expected.items())
    say(f"Synced: {', '.join(f'{synced[name]:,} {name}' for name in OBJECTS)}. {'All tied out.' if whole and green else 'NOT COMPLETE.'}")
    return 0 if whole and green else 1


def sync(sandbox: Sandbox, options: Options, clock: VirtualClock) -> tuple[Counter[str], bool, int]:
    """Load the tenant and run; answers what was synced by object, whether every run tied out, and how many runs there were."""
    load(sandbox, options.invoices)
    for system in SYSTEMS:
        sandbox.control(system, "latency", {"ms": options.latency_ms})
    synced: Counter[str] = Counter()
    tied_out = True
    for run in range(1, MAX_RUNS + 1):
        moment = clock.now()
        ended = sandbox.aws.run("BillingSyncArn", {"trigger": "schedule"}, timeout=options.guard_minutes * 60)
        output = ended.get("output") or {}
        outcome, totals = output.get("outcome", ended["status"]), output.get("totals", [])
        for total in totals:
            synced[total["object"]] += total["synced"]
        tied_out = tied_out and bool(output.get("tiedOut"))
        done = ", ".join(f"{t['synced']:,} {t['object']}" for t in totals if t["synced"])
        say(f"Run {run}: {outcome} after {hours(clock.now() - moment)} hours; {done or 'nothing to do'}")
        if outcome != "partly done":
            return synced, tied_out and outcome == "completed", run
        clock.advance(hours=options.between)
    return synced, False, MAX_RUNS


def load(sandbox: Sandbox, invoices: int) -> None:
    """Put the tenant into the stand-ins, type by type, so that it is not held twice."""
    tenant = bench(invoices, lines=1, payments=invoices)
    sandbox.store_settings(tenant.settings)
    sandbox.load_netsuite(tenant.netsuite)
    names = list(tenant.zuora)
    sandbox.load_zuora({name: tenant.zuora[name] for name in names})


def report(sandbox: Sandbox, calls: Calls, runs: int, clock: VirtualClock, begun: float) -> None:
    """What it all took."""
    used = sandbox.aws.used
    stats = {system: sandbox.control(system, "stats") for system in SYSTEMS}
    made = {name: sum(n for call, n in each["calls"].items() if not any(t in call for t in TOKENS)) for name, each in stats.items()}
    cost = {
        "Lambda": used.gigabyte_seconds * LAMBDA_GB_SECOND + used.invocations * LAMBDA_REQUEST,
        "Step Functions": Histories.entered * TRANSITION,
        "DynamoDB": calls.of(WRITES) * TABLE_WRITE + calls.of(READS) * TABLE_READ,
        "S3": calls.of(PUTS) * PUT + calls.counted["GetObject"] * GET,
    }
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024 / 1024
    say(f"Runs: {runs}, on the virtual clock {hours(clock.now() - START)} hours, here {(time.monotonic() - begun) / 60:.0f} minutes")
    say(f"Calls: NetSuite {made['netsuite']:,} (at most {stats['netsuite']['in_flight_max']} in flight), Zuora {made['zuora']:,}")
    say(f"Invocations: {used.invocations:,}, errors: {used.errors}, longest {used.longest / 1000:.0f} s")
    for each in [each for each in sandbox.aws.invocations() if each.error][:ERRORS]:
        say(f"  {each.function}: {each.error} after {each.milliseconds / 1000:.0f} s")
    say(f"Largest payload: {used.largest:,} bytes")
    say(f"Longest history: {Histories.longest:,} events; states entered: {Histories.entered:,}")
    say(f"Peak memory of this process, the stand-ins and their data included: {peak:.1f} GiB")
    say(f"Cost by AWS's price list: USD {sum(cost.values()):.2f} ({', '.join(f'{name} {amount:.2f}' for name, amount in cost.items())})")


def hours(passed: timedelta) -> str:
    return f"{passed / timedelta(hours=1):.1f}"


def say(text: str) -> None:
    print(text, flush=True)


if __name__ == "__main__":
    raise SystemExit(main())
