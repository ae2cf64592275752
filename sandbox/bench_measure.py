"""How `make bench` measures one step: in a tenant of its own where everything before it has been done, through the real state machines.

Three processes share the work, so that processor time is told apart: the stand-ins of Zuora and NetSuite; the functions, which reach AWS
over HTTP as they do on Lambda; and this one with the embedded AWS. A run with nothing to do goes before, so that no import and no new
client is counted.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

import boto3

from sandbox.aws.functions_apart import FunctionsApart
from sandbox.aws.limits import Histories
from sandbox.bench_loops import Figures, Kind, Task, measured
from sandbox.demo.bench_steps import bench_step
from sandbox.demo.tenant import Tenant
from sandbox.host import REPOSITORY, Sandbox, SandboxOptions

RUN_SECONDS = 3_600.0
TOKEN_CALL = "oauth"
SYSTEMS: tuple[Literal["zuora"], Literal["netsuite"]] = ("zuora", "netsuite")
BARE_RECORDS, PEER_RECORDS = 1_000, 20
"""At most so many are sent by the programs to compare with; their pace does not depend on it."""
KINDS: tuple[Kind, Kind] = ("bare", "peer")
QUERY = ("/query/jobs", "/files/")
RECORD = " /record/v1/"


@dataclass(frozen=True)
class Profile:
    """What is measured: a step with so many records in a mode, with so many slots and a latency for every call on both sides."""

    step: str
    mode: str
    count: int
    slots: int = 5
    latency_ms: int = 300
    settings: Mapping[str, Any] = field(default_factory=dict)
    account: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """Options of the stand-ins by system."""
    loops: bool = False
    """Whether the bare loop and the peer send the same records too."""
    instructions: bool = False

    @property
    def limit(self) -> float:
        """NetSuite calls a second that the slots let through."""
        return self.slots / (self.latency_ms / 1000) if self.latency_ms else float("inf")


@dataclass(frozen=True)
class Measured:
    """What a step took. `seconds` are those of its execution. `query` are those from the submit of its first Data Query job to the last
    result file read before the first record is sent. `processor` are seconds by whose they are, `instructions` likewise, `aws` are calls to
    AWS by operation; gigabyte seconds and states entered are those of the whole run."""

    profile: Profile
    records: int
    green: bool
    seconds: float
    netsuite_calls: int
    zuora_calls: int
    in_flight: int
    rejected: int
    query: float
    processor: Mapping[str, float]
    emulator: float
    instructions: Mapping[str, float]
    aws: Mapping[str, float]
    gigabyte_seconds: float
    invocations: int
    states: int
    bare: Figures | None = None
    peer: Figures | None = None

    @property
    def rate(self) -> float:
        """Records a second."""
        return self.records / self.seconds if self.seconds else 0.0

    @property
    def ratio(self) -> float:
        """Records a second over what the slots let through."""
        return self.rate / self.profile.limit

    @property
    def fixed(self) -> float:
        """The step's fixed time: its seconds without the query's own and without those that its NetSuite calls take with all slots busy. It
        is what a step adds before its first record is sent, after its last status is written, and wherever slots wait in between."""
        return self.seconds - self.query - self.netsuite_calls / self.profile.limit

    def each(self, amount: float) -> float:
        """An amount for one record."""
        return amount / (self.records or 1)


def measure(profile: Profile, out: Path) -> Measured:
    """Measure a step; with `loops` the two other programs as well, on the same records in the same tenant, made anew."""
    tenant = bench_step(profile.step, profile.count, profile.mode)
    own = {system: dict(options) for system, options in profile.account.items()}
    options = SandboxOptions(netsuite_slots=profile.slots, settlement=profile.mode == "B", out=out, console=False, profile=own)
    with Sandbox(options) as sandbox, FunctionsApart(sandbox.aws, REPOSITORY) as functions:
        settings = {**tenant.settings, **profile.settings}
        sandbox.store_settings(settings)
        run(sandbox, [profile.step])
        load(sandbox, tenant, profile.mode)
        sandbox.store_settings(settings)
        set_latency(sandbox, profile.latency_ms)
        for system in SYSTEMS:
            sandbox.control(system, "stats", {})
        if profile.instructions:
            functions.count_instructions()
        usage = sandbox.aws.used
        billed, invoked, states = usage.gigabyte_seconds, usage.invocations, Histories.entered
        before, sent_before, own_before = functions.used(), len(functions.sent()), time.process_time()
        output = run(sandbox, [profile.step])
        after, emulator = functions.used(), time.process_time() - own_before
        netsuite, zuora = sandbox.control("netsuite", "stats"), sandbox.control("zuora", "stats")
        records = sum(t["synced"] for t in output["totals"])
        execution = seconds_of(sandbox, output["execution"], profile.step)
        bare = peer = None
        if profile.loops:
            sent = functions.sent()[sent_before:]
            bare, peer = (compared(sandbox, tenant, profile, kind, sent) for kind in KINDS)
        return Measured(
            profile=profile,
            records=records,
            green=output["outcome"] == "completed" and records == profile.count,
            seconds=execution,
            netsuite_calls=calls(netsuite),
            zuora_calls=calls(zuora),
            in_flight=netsuite["in_flight_max"],
            rejected=netsuite["rejected"],
            query=query_seconds(zuora["log"], netsuite["log"]),
            processor=risen(before["seconds"], after["seconds"]),
            emulator=emulator,
            instructions=risen(before["instructions"], after["instructions"]),
            aws=risen(before["calls"], after["calls"]),
            gigabyte_seconds=usage.gigabyte_seconds - billed,
            invocations=usage.invocations - invoked,
            states=Histories.entered - states,
            bare=bare,
            peer=peer,
        )


def compared(sandbox: Sandbox, tenant: Tenant, profile: Profile, kind: Kind, sent: list[tuple[str, str, str]]) -> Figures:
    """Another program with the same records, in NetSuite as it was before. Raises RuntimeError where one of them was refused."""
    sandbox.control("netsuite", "reset", {})
    sandbox.load_netsuite(tenant.netsuite)
    set_latency(sandbox, profile.latency_ms)
    own = {name: sandbox.env[f"NETSUITE_{name}"] for name in ("ACCOUNT", "CONSUMER_KEY", "CONSUMER_SECRET", "TOKEN_ID", "TOKEN_SECRET")}
    consumer, token = (own["CONSUMER_KEY"], own["CONSUMER_SECRET"]), (own["TOKEN_ID"], own["TOKEN_SECRET"])
    records = sent[: BARE_RECORDS if kind == "bare" else PEER_RECORDS]
    figures = measured(Task(kind, profile.slots, own["ACCOUNT"], consumer, token, records))
    if figures.failed:
        raise RuntimeError(f"{figures.failed} of {len(records)} records of the program {kind!r} were not created")
    return figures


def load(sandbox: Sandbox, tenant: Tenant, mode: str) -> None:
    """Put a tenant for one step into the stand-ins."""
    sandbox.load(tenant)
    sandbox.load_netsuite(tenant.later_in(mode))


def risen(before: Mapping[str, float], after: Mapping[str, float]) -> dict[str, float]:
    return {name: amount - before.get(name, 0) for name, amount in after.items() if amount != before.get(name, 0)}


def query_seconds(zuora: list[dict[str, Any]], netsuite: list[dict[str, Any]]) -> float:
    """The query's own time, from the logs of the stand-ins; see `Measured`. 0 where a step reads nothing by Data Query first."""
    sent = min((e["began"] for e in [*netsuite, *zuora] if is_sent(e)), default=float("inf"))
    own = [e for e in zuora if any(part in e["operation"] for part in QUERY) and e.get("ended", sent) < sent]
    return max(e["ended"] for e in own) - min(e["began"] for e in own) if own else 0.0


def is_sent(entry: Mapping[str, Any]) -> bool:
    """Whether a call writes a record to NetSuite."""
    return entry["method"] != "GET" and RECORD in entry["operation"]


def run(sandbox: Sandbox, steps: list[str] | None) -> dict[str, Any]:
    """Run the billing sync; the execution's output with the ARN of the execution."""
    ended = sandbox.aws.run("BillingSyncArn", {"trigger": "bench", "steps": steps}, timeout=RUN_SECONDS)
    if ended["status"] != "SUCCEEDED":
        raise RuntimeError(f"the run ended as {ended['status']}: {ended.get('cause', '')}")
    output = ended["output"] if isinstance(ended["output"], dict) else json.loads(ended["output"])
    took = (ended["stopDate"] - ended["startDate"]).total_seconds()
    return {**output, "execution": ended["executionArn"], "seconds": took}


def seconds_of(sandbox: Sandbox, execution: str, step: str) -> float:
    """How long the step's own execution took, by its start and stop dates."""
    client = boto3.client("stepfunctions", region_name=sandbox.aws.region)
    machine = sandbox.aws.outputs["SyncStepArn"]
    found = client.list_executions(stateMachineArn=machine)["executions"]
    latest: dict[str, Any] = max((e for e in found if e["name"].startswith(f"{step}-")), key=lambda e: e["startDate"])
    begun: datetime = latest["startDate"]
    ended: datetime = latest["stopDate"]
    return (ended - begun).total_seconds()


def calls(stats: Mapping[str, Any]) -> int:
    """API calls without logins and result files, which do not count against the services' limits."""
    return sum(n for operation, n in stats["calls"].items() if TOKEN_CALL not in operation and "/files/" not in operation)


def set_latency(sandbox: Sandbox, milliseconds: int) -> None:
    for system in SYSTEMS:
        sandbox.control(system, "latency", {"ms": milliseconds})
