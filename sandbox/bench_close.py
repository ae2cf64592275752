"""`make bench-close`: how long it takes to close a run of many batches, in how many rounds and with how much memory.

The run's folder is made up: an invoices step whose batches of 100 records are done, each with a file of results and one of log lines; one
record in 50 is held, with a warning. The three tasks that close a run then work on it, each in a process of its own as in a function, in
rounds of 300 seconds. S3 is a folder of this machine whose every call takes its time, and what NetSuite is asked about the invoices is
answered after its time; the slots are shared by AWS's own means in the sandbox, and waits between rounds are left out.

Options as environment variables: BATCHES (100,10000), S3_MS (30), NETSUITE_MS (10000), NETSUITE_SLOTS (5).
"""

from __future__ import annotations

import gzip
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from sandbox.bench_close_worker import ONE_HELD_IN, RECORDS
from sandbox.host import REPOSITORY, Sandbox, SandboxOptions

WORKER = "sandbox.bench_close_worker"
WORKER_SECONDS = 6 * 3600.0
TASKS = ("summarise", "reconcile", "archive")


def main() -> int:
    """Measure and print; 0 when every run closed as it should."""
    s3, netsuite = (float(os.environ.get(name, default)) / 1000 for name, default in (("S3_MS", "30"), ("NETSUITE_MS", "10000")))
    slots = int(os.environ.get("NETSUITE_SLOTS", "5"))
    print(f"S3 {s3 * 1000:.0f} ms a call, NetSuite {netsuite * 1000:.0f} ms a call, {slots} slots, rounds of 300 s", flush=True)
    print("  batches   records  task        seconds  rounds  S3 calls   peak (after import)", flush=True)
    right = True
    for batches in map(int, os.environ.get("BATCHES", "100,10000").split(",")):
        with tempfile.TemporaryDirectory() as out:
            settings = {"netsuite_max_concurrency": slots}
            with Sandbox(
                SandboxOptions(netsuite_slots=slots, out=Path(out) / "sandbox", settings=settings, child=False, console=False)
            ) as sandbox:
                right = measure(sandbox, Path(out), batches, s3, netsuite) and right
    return 0 if right else 1


def measure(sandbox: Sandbox, out: Path, batches: int, s3: float, netsuite: float) -> bool:
    environment = {**os.environ, **sandbox.env, "PYTHONPATH": os.pathsep.join(sys.path), "INSTANCE_NAME": "bench"}
    environment |= {"NOTIFICATION_SENDER": "bench@example.com"}

    def in_own_process(*what: object) -> Any:
        command = [sys.executable, "-m", WORKER, str(out / "s3"), *map(str, what)]
        done = subprocess.run(command, cwd=REPOSITORY, env=environment, capture_output=True, text=True, timeout=WORKER_SECONDS, check=False)
        if done.returncode:
            raise RuntimeError(done.stderr[-3000:])
        return json.loads(done.stdout.splitlines()[-1])

    run_id = in_own_process("make", batches)
    records = batches * RECORDS
    for task in TASKS:
        f = in_own_process("work", run_id, task, s3, netsuite)
        figures = f"{f['seconds']:>9.1f} {f['rounds']:>7} {f['calls']:>9,} {f['peak']:>6.0f} MiB ({f['imported']:.0f})"
        print(f"  {batches:>7,} {records:>9,}  {task:<9} {figures}", flush=True)
    summary = json.loads((out / "s3" / "runs" / run_id / "summary.json").read_bytes())
    with gzip.open(out / "s3" / "runs" / run_id / "log.jsonl.gz") as log:
        lines = sum(1 for _ in log)
    (total,) = (t for t in summary["totals"] if t["object"] == "Invoice")
    held = batches * RECORDS // ONE_HELD_IN
    right: bool = total["tied_out"] and total["destination"]["count"] == records - held and summary["warnings"] == held and lines >= records
    print(f"  {summary['outcome']}, {'ties out' if right else 'is wrong'}; a log of {lines:,} lines", flush=True)
    return right


if __name__ == "__main__":
    sys.exit(main())
