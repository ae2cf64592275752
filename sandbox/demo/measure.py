"""The measurement: how many invoices a minute the billing sync brings over, and how many calls each costs.

INVOICES (default 1000), LATENCY_MS and NETSUITE_SLOTS are taken from the environment. Customers and charges are synced first and not
measured.
"""

from __future__ import annotations

import os
import time
from collections import Counter

from sandbox.demo.bench import bench
from sandbox.host import Sandbox, options_from

REFERENCE_PER_MINUTE = 25
"""Invoices of three lines a minute that the commercial product is said to make with ten writers."""
MAX_SECONDS = 3 * 3600.0
COMPLETED = ("completed", "completed with warnings")


def measure() -> int:
    """Run the measurement and print it; 0 if the run tied out."""
    count = int(os.environ.get("INVOICES") or 1000)
    options = options_from({**os.environ, "DATA": "empty", "SETTLEMENT": "on"}, port_base=None)
    with Sandbox(options) as sandbox:
        conditions = f"latency {options.latency_ms} ms, {options.netsuite_slots} NetSuite calls at a time"
        print(f"Loading {count} invoices of 3 lines; {conditions}.", flush=True)
        sandbox.load(bench(count))
        _execute(sandbox, ["customers", "charges"])
        sandbox.control("zuora", "stats", {})
        sandbox.control("netsuite", "stats", {})
        seconds, output = _execute(sandbox, ["invoices"])
        return _report(sandbox, count, seconds, output)


def _execute(sandbox: Sandbox, steps: list[str]) -> tuple[float, dict[str, object]]:
    start = time.monotonic()
    ended = sandbox.aws.run("BillingSyncArn", {"trigger": "bench", "steps": steps}, timeout=MAX_SECONDS)
    output: dict[str, object] = ended.get("output") or {"outcome": ended["status"]}
    return time.monotonic() - start, output


def _report(sandbox: Sandbox, count: int, seconds: float, output: dict[str, object]) -> int:
    per_minute = count / seconds * 60
    print(f"{count} invoices in {seconds:.1f} s: {per_minute:,.0f} a minute ({per_minute / REFERENCE_PER_MINUTE:.0f} times the reference).")
    for name, stats in (("NetSuite", sandbox.control("netsuite", "stats")), ("Zuora", sandbox.control("zuora", "stats"))):
        most = ", ".join(f"{operation} {n}" for operation, n in Counter(stats["calls"]).most_common(4))
        total, at_once = stats["total"], stats["in_flight_max"]
        print(f"{name}: {total} calls, {total / count:.3f} a record, at most {at_once} at a time ({most}).")
    print(f"Outcome: {output.get('outcome')}, tied out: {output.get('tiedOut')}")
    return 0 if output.get("outcome") in COMPLETED and output.get("tiedOut") else 1
