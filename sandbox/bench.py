"""`make bench`: every step of the billing sync through the real state machines, against the stand-ins with a latency per call and a slot
limit; each step alone, in a tenant where everything before it has been done.

Prints, per step, records per second, their ratio to what the slots allow (slots / latency), calls per record on both sides, the highest
number of NetSuite calls in flight, the query's own time, the step's fixed time (`Measured.fixed`), and the published figure of the
commercial connector (records per minute with 10 parallel writers, 3 items an invoice, 1 a memo; its latency is not published). For invoices
a simple writer, a bare pooled loop, ours and the limit stand on one line, all from one run. Then batch requests, a run with nothing to do,
whose processor time a record takes, what it costs on AWS, the peak memory of a worker process for a small and a large backlog, import
times, revenue rows; in the end the table of aims.

Options as environment variables: INVOICES (1000), LONG (5000, invoices of the long profile; 0: none), RECORDS (100, of every other object),
STEPS (all), MODES (B,A), LATENCY_MS (300), NETSUITE_SLOTS (5), WIDE (15, slots of the wide profile; 0: none), COUNTED (25, invoices whose
instructions are counted; 0: none), MEMORY (1000,20000), REVENUE_ROWS (200000; 0: none), QUICK (1: few records and steps, less than three
minutes), KEEP (a file that keeps what was printed). Latency profile: the same fixed latency for every call on both sides, Data Query files
included.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from sandbox import revenue_bench
from sandbox.aws.functions_apart import FunctionsApart
from sandbox.aws.meter import interpreter
from sandbox.aws.translate import load_template
from sandbox.bench_cost import PER, cost_of, in_words
from sandbox.bench_measure import RUN_SECONDS, SYSTEMS, Measured, Profile, calls, measure, run, set_latency
from sandbox.bench_table import table
from sandbox.demo.bench import bench as bench_tenant
from sandbox.demo.bench_steps import CASES
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
BATCHES = "netsuite_batch_requests"
"""The setting that chooses NetSuite's batch requests."""
PROCESSORS, ITEM_SECONDS = 5, 1.2
PROCESSING = {"netsuite": {"processors": PROCESSORS, "async_item_s": ITEM_SECONDS}}
"""Of an account's asynchronous jobs: how many at a time, and how long one record takes."""
INTO_ZUORA = ("sales_orders", "netsuite_customers", "netsuite_payments", "netsuite_credit_memos", "netsuite_refunds")
OF_PAYMENTS = ("payments", "refunds")
SPARING = {BATCHES: "always", "journal_only_progress_mark": "Yes"}
"""Settings with which statuses are written together, or not at all while a record is under way."""
EVERYTHING_ON = {
    "enable_sales_order_sync": "Yes",
    "disable_netsuite_payment_sync": "No",
    "disable_netsuite_credit_memo_sync": "No",
    "disable_netsuite_refund_sync": "No",
}
QUICK = {
    **{"INVOICES": "50", "LONG": "0", "RECORDS": "20", "WIDE": "0", "MEMORY": "", "REVENUE_ROWS": "20000", "COUNTED": "0"},
    **{"STEPS": "invoices,payments", "MODES": "B"},
}


@dataclass(frozen=True)
class Options:
    invoices: int
    long: int
    records: int
    steps: tuple[str, ...]
    modes: tuple[str, ...]
    counted: int
    latency_ms: int
    slots: int
    wide: int
    memory: tuple[int, ...]
    revenue_rows: int
    keep: str

    @classmethod
    def from_environment(cls) -> Options:
        given = {**(QUICK if os.environ.get("QUICK") else {}), **os.environ}

        def number(name: str, default: int) -> int:
            return int(given.get(name, default))

        steps = tuple(filter(None, given.get("STEPS", "").split(","))) or tuple(CASES)
        memory = tuple(int(n) for n in given.get("MEMORY", "1000,20000").split(",") if n)
        return cls(
            invoices=number("INVOICES", 1000),
            long=number("LONG", 5000),
            records=number("RECORDS", 100),
            steps=steps,
            modes=tuple(given.get("MODES", "B,A").split(",")),
            counted=number("COUNTED", 25),
            latency_ms=number("LATENCY_MS", 300),
            slots=number("NETSUITE_SLOTS", 5),
            wide=number("WIDE", 15),
            memory=memory,
            revenue_rows=number("REVENUE_ROWS", 200_000),
            keep=given.get("KEEP", ""),
        )

    def profile(self, step: str, mode: str) -> Profile:
        """One of a step; invoices are sent by the two other programs too. Records are written one by one."""
        count = self.invoices if step == "invoices" else self.records
        return Profile(step, mode, count, self.slots, self.latency_ms, one_by_one(), loops=step == "invoices")


@dataclass
class Bench:
    """A run of the bench: what it prints, what came out by the key of its aim, and whether every run ended green."""

    options: Options
    out: Path
    printed: list[str] = field(default_factory=list)
    results: dict[str, float] = field(default_factory=dict)
    absent: dict[str, str] = field(default_factory=dict)
    green: bool = True
    number: Iterator[int] = field(default_factory=lambda: iter(range(1, 10_000)))

    def say(self, text: str) -> None:
        self.printed.append(text)
        print(text, flush=True)

    def measured(self, profile: Profile) -> Measured:
        """Measure and print the line of a step."""
        found = measure(profile, self.out / str(next(self.number)))
        self.say(line(found))
        if not found.green:
            self.green = False
            self.say(f"    not all done: {found.records} of {profile.count}")
        return found

    def highest(self, key: str, amount: float) -> None:
        self.results[key] = max(amount, self.results.get(key, amount))

    def lowest(self, key: str, amount: float) -> None:
        self.results[key] = min(amount, self.results.get(key, amount))


def main() -> int:
    """Run the benchmark and print its figures; 0 when every run ended green."""
    options = Options.from_environment()
    with tempfile.TemporaryDirectory() as out:
        bench = Bench(options, Path(out))
        bench.say(f"{options.invoices:,} invoices of 3 lines, {options.records:,} of every other object")
        bench.say(f"{options.latency_ms} ms a call, {options.slots} slots")
        steps(bench)
        sparing(bench)
        idle(bench)
        for count in options.memory:
            bench.say(memory(count, options.slots, bench.out))
        imports(bench)
    if options.revenue_rows:
        figures = revenue_bench.measure(options.revenue_rows, revenue_bench.PART_ROWS, key=True)
        bench.results["revenue"] = revenue_bench.share(figures)
        bench.say(f"Revenue rows beside csv.writer, with key column, {options.revenue_rows:,} rows: {bench.results['revenue']:.2f}")
    bench.say(f"\n{table(bench.results, bench.absent)}")
    if options.keep:
        Path(options.keep).write_text("\n".join(bench.printed) + "\n", encoding="utf-8")
    return 0 if bench.green else 1


HEAD = (
    "  step                 records  seconds      rate  ratio  NetSuite     Zuora in fl. rejected    query    fixed  a minute commercial"
    "   (ratio to the limit; calls per record)"
)


def line(found: Measured) -> str:
    """A step's figures."""
    profile = found.profile
    return (
        f"  {profile.step:<21} {found.records:>6,} {found.seconds:>7.1f} s {found.rate:>7.2f}/s {found.ratio:>6.2f} "
        f"{found.each(found.netsuite_calls):>9.3f} {found.each(found.zuora_calls):>9.3f} {found.in_flight:>6} {found.rejected:>6} "
        f"{found.query:>8.1f} s {found.fixed:>6.1f} s {found.rate * 60:>8.0f} {COMMERCIAL.get(profile.step, '-'):>10}"
    )


def beside(found: Measured) -> str:
    """Peer, bare loop, ours and the limit on one line, in records a second. Empty where the other programs were not run."""
    if found.bare is None or found.peer is None:
        return ""
    profile, calls_a_record = found.profile, 2
    bare = min(found.records, 1_000) / found.bare.seconds
    peer = found.peer.calls / calls_a_record / found.peer.seconds
    shares = f"ours is {found.rate / bare:.2f} of the bare loop"
    return (
        f"  {found.records:,} {profile.step}, {profile.slots} slots, {profile.latency_ms} ms: peer {peer:.2f}/s   bare loop {bare:.2f}/s   "
        f"ours {found.rate:.2f}/s   limit {profile.limit:.2f}/s   ({shares})"
    )


def one_by_one() -> dict[str, str]:
    return {BATCHES: "off"}


def steps(bench: Bench) -> None:
    """Every step in both modes, then the further profiles of invoices."""
    options, first = bench.options, None
    for mode, words in ((mode, MODES[mode]) for mode in options.modes):
        bench.say(f"\nTenants {words}\n{HEAD}")
        for step in (s for s in CASES if s in options.steps and mode in CASES[s][1]):
            found = bench.measured(options.profile(step, mode))
            if step == "invoices":
                bench.say(beside(found))
                first = first or found
            take(bench, found)
    if first is not None:
        profile, found_of = options.profile("invoices", "B"), dict[str, Measured]()
        bench.say(f"\nFurther profiles of invoices\n{HEAD}")
        more: tuple[tuple[str, dict[str, Any]], ...] = (("long", {"count": options.long}), ("wide", {"slots": options.wide}))
        for key, other in more:
            if all(other.values()):
                found = found_of[key] = bench.measured(replace(profile, **other))
                bench.say(beside(found))
                bench.results[key] = found.ratio
        if "long" in found_of:
            amounts = cost_of(PER, first, found_of["long"])
            bench.results["cost"] = sum(amounts.values())
            bench.say(f"  {in_words(amounts)}")
        batches(bench, profile)
        if options.counted:
            instructions(bench, profile, options.counted)


def take(bench: Bench, found: Measured) -> None:
    """Put a step's figures where the aims look for them."""
    step, mode = found.profile.step, found.profile.mode
    if step in INTO_ZUORA:
        bench.highest("into_zuora", found.each(found.netsuite_calls))
    elif step == "invoices":
        bench.results["invoices" if mode == "B" else "invoices_a"] = found.ratio
    else:
        bench.lowest("lowest", found.ratio)
    if step not in INTO_ZUORA:
        bench.highest("fixed", found.fixed)
    if mode == "B" and step in OF_PAYMENTS:
        bench.results[step] = found.each(found.zuora_calls)
    if mode == "B" and step == "invoices":
        bench.results["processor"] = found.each(sum(found.processor.values())) * 1000
        whose = ", ".join(f"{name} {found.each(seconds) * 1000:.1f}" for name, seconds in found.processor.items())
        bench.say(f"  processor time a record in ms: {whose}; the embedded AWS beside it {found.each(found.emulator) * 1000:.1f}")


def sparing(bench: Bench) -> None:
    """The steps that mark records one by one, with the settings that spare these calls; each in one mode, with Invoice Settlement if it
    may."""
    options = bench.options
    last = {step: max(CASES[step][1]) for step in (*INTO_ZUORA, *OF_PAYMENTS)}
    due = [(step, mode) for step, mode in last.items() if step in options.steps and mode in options.modes]
    if due:
        bench.say(f"\nWith {' and '.join(f'{name} {value}' for name, value in SPARING.items())}\n{HEAD}")
    for step, mode in due:
        found = bench.measured(replace(options.profile(step, mode), settings=SPARING, account=PROCESSING))
        if step in INTO_ZUORA:
            bench.highest("into_zuora_sparing", found.each(found.netsuite_calls))
        else:
            bench.results[f"{step}_sparing"] = found.each(found.zuora_calls)


def batches(bench: Bench, profile: Profile) -> None:
    """Invoices by NetSuite's batch requests, in an account with so many processors; their limit is processors / time of a record."""
    found = bench.measured(replace(profile, settings={BATCHES: "always"}, account=PROCESSING, loops=False))
    pace, limit = found.rate, PROCESSORS / ITEM_SECONDS
    bench.say(f"    by batch requests: {pace:.2f}/s of {limit:.2f}/s ({PROCESSORS} processors, {ITEM_SECONDS} s a record)")
    bench.results |= {"batch_calls": found.each(found.netsuite_calls), "batch_pace": pace / limit}


def instructions(bench: Bench, profile: Profile, counted: int) -> None:
    """Whose instructions a run takes: the interpreter's, which other work on the machine does not change. What each record adds is told by
    two runs, of which one has twice as many."""
    few, many = (
        measure(replace(profile, count=count, latency_ms=0, loops=False, instructions=True), bench.out / str(next(bench.number)))
        for count in (counted, 2 * counted)
    )
    added = {name: (many.instructions[name] - number) / counted for name, number in few.instructions.items()}
    whose = ", ".join(f"{name} {number:,.0f}" for name, number in added.items())
    bench.say(f"Instructions of {interpreter()} that each further invoice takes: {sum(added.values()):,.0f} ({whose})")


def idle(bench: Bench) -> None:
    """A run with nothing to do, with every step switched on: calls and seconds."""
    bench.say("")
    options = bench.options
    for mode, words in ((mode, MODES[mode]) for mode in options.modes):
        out = bench.out / f"idle-{mode}"
        with (
            Sandbox(SandboxOptions(netsuite_slots=options.slots, settlement=mode == "B", out=out, console=False)) as sandbox,
            FunctionsApart(sandbox.aws, REPOSITORY),
        ):
            sandbox.store_settings(EVERYTHING_ON)
            run(sandbox, None)
            set_latency(sandbox, options.latency_ms)
            for system in SYSTEMS:
                sandbox.control(system, "stats", {})
            output = run(sandbox, None)
            total = sum(calls(sandbox.control(system, "stats")) for system in SYSTEMS)
            number = sum(mode in CASES[s][1] for s in CASES) - 1  # customers go one way
            seconds = output["seconds"]
            bench.say(f"A run with nothing to do, {words}: {total} calls in {number} steps ({total / number:.1f} a step), {seconds:.1f} s.")
            bench.highest("idle_calls", total)
            bench.highest("idle_seconds", seconds)
            bench.green = bench.green and output["outcome"] == "completed"


def memory(invoices: int, slots: int, out: Path) -> str:
    """Peak memory of worker processes that select a backlog and sync its first batch."""
    with Sandbox(SandboxOptions(netsuite_slots=slots, out=out / str(invoices))) as sandbox:
        sandbox.load(bench_tenant(invoices))
        run(sandbox, ["customers", "charges"])
        environment = {**os.environ, **sandbox.env, "PYTHONPATH": os.pathsep.join(sys.path)}
        environment |= {**usual_variables(), "INSTANCE_NAME": "bench", "NOTIFICATION_SENDER": "bench@example.com"}
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
        return f"Peak memory of a worker, backlog of {figures['selected']:>6,}: select {select}, batch {batch} (after import {imported})"


def usual_variables() -> dict[str, str]:
    """Those that the template gives to every function, as far as they are known before it is deployed."""
    variables = load_template(REPOSITORY / "template.yaml")["Globals"]["Function"]["Environment"]["Variables"]
    return {name: value for name, value in variables.items() if isinstance(value, str)}


def imports(bench: Bench) -> None:
    """Import time of a sync function in a fresh process, best of five, beside an empty interpreter: with bytecode and the variables of the
    template, as it is deployed, and without bytecode."""
    code = "import sys; sys.path.insert(0, 'functions/invoices'); import app; import tallybridge.steps.invoices"
    client = "import boto3; boto3.client('dynamodb', region_name='eu-west-1')"
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), **usual_variables()}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    kept = {**environment, "PYTHONPYCACHEPREFIX": str(bench.out / "bytecode")}
    without = {**environment, "PYTHONPYCACHEPREFIX": str(bench.out / "none"), "PYTHONDONTWRITEBYTECODE": "1"}

    def best(code: str, variables: dict[str, str]) -> float:
        times = []
        for _ in range(5):
            begun = time.perf_counter()
            subprocess.run([sys.executable, "-c", code], check=True, cwd=REPOSITORY, env=variables)
            times.append(time.perf_counter() - begun)
        return min(times) * 1000

    empty = best("pass", kept)
    function, anew, boto = best(code, kept) - empty, best(code, without) - empty, best(client, kept) - empty
    bench.results["import"] = function / 1000
    bench.say(
        f"Import of the invoices function: {function:.0f} ms, without bytecode {anew:.0f} ms; boto3 with one client, made at the first"
        f" call: {boto:.0f} ms (interpreter {empty:.0f} ms left out)"
    )
