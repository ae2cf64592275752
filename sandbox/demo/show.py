"""The demo: starts a sandbox with the demo tenant, runs the billing sync as an operator would, and checks that all went as planned.

Two runs: the first brings what is in Zuora to NetSuite; then people in NetSuite enter sales orders, payments and refunds of what came, and
the second run brings those to Zuora.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sandbox.demo.tenant import LATER, Planted, Tenant, load_tenant
from sandbox.host import Sandbox, SandboxError, SandboxOptions, options_from
from sandbox.zuora import ZuoraOptions
from tallybridge.errors import TallybridgeError
from tallybridge.reporting.objects import title
from tallybridge.sync.folder import RunFolder
from tallybridge.sync.runlog import RunSummary
from tallybridge.tasks.steps import STEPS
from tallybridge_cli import watch
from tallybridge_cli.main import finished, follow
from tallybridge_cli.options import console_for
from tallybridge_cli.target import Target

AS_PLANNED, OTHERWISE = 0, 1
LONGEST_SECONDS = 600.0
"""How long the demo's run is waited for; it takes a few seconds."""
OUTCOMES = {"held": "held", "refused": "refused", "skipped": "left"}
"""Outcomes of a record that do not bring it to the other system, in the words of the tenant."""
WORDS = {"held": "held", "refused": "refused by the other system", "left": "left alone", "drift": "told as changed after its sync"}
DATA_KINDS = {
    "Account": "accounts",
    "ProductRatePlanCharge": "charges",
    "Invoice": "invoices",
    "DebitMemo": "debit memos",
    "CreditMemo": "credit memos",
    "Payment": "payments",
    "Refund": "refunds",
    "InvoiceItemAdjustment": "adjustments",
}

Record = tuple[str, str]
"""Object type and number."""


@dataclass(frozen=True)
class Stopped:
    """What became of a record that a run did not bring across: an outcome in the words of the tenant, and the code of its message."""

    outcome: str
    code: str = ""


def demo() -> int:
    """Run the demo; 0 if both runs ended as the demo tenant says, 1 otherwise. SETTLEMENT chooses the tenant, on or off."""
    options = options_from({**os.environ, "DATA": "demo"}, port_base=None, console=False)
    tenant = load_tenant()
    content = _content(tenant, _mode(options))
    print(f"Starting the sandbox: AWS with the stack of template.yaml, Zuora, NetSuite, and {content}.", flush=True)
    with Sandbox(options) as sandbox:
        return _two_runs(sandbox, options, tenant)


def _two_runs(sandbox: Sandbox, options: SandboxOptions, tenant: Tenant) -> int:
    mode = _mode(options)
    print("Running the billing sync through the state machine.", flush=True)
    first = _run(sandbox, options)
    if first is None:
        return OTHERWISE
    at_first, money = first
    planned = tenant.expected(mode)
    differences = [*compare(planned, at_first), *money]
    later = tenant.later_in(mode)
    try:
        sandbox.load_netsuite(later)
    except SandboxError as refused:
        return _conclude([], [*differences, f"What is entered in NetSuite after the first run was refused: {refused}"])
    entered, deleted = (
        _named({kind: [row for row in rows if bool(row.get("deleted")) is gone] for kind, rows in later.items()}) for gone in (False, True)
    )
    print(f"\nNow people enter or correct {entered} in NetSuite, and delete {deleted}; running again.", flush=True)
    # Zuora's query copy shows by then what the first run wrote; before, it would select all of that once more
    sandbox.aws.clock.sleep(ZuoraOptions().data_query_lag_s)
    second = _run(sandbox, options)
    if second is None:
        return OTHERWISE
    afterwards, money = second
    known = {(p.object, p.number) for p in planned}
    new = {record: stop for record, stop in afterwards.items() if record not in known}
    planned_later = tenant.expected(mode, LATER)
    return _conclude([*planned, *planned_later], [*differences, *compare(planned_later, new), *money])


def _run(sandbox: Sandbox, options: SandboxOptions) -> tuple[dict[Record, Stopped], list[str]] | None:
    """One run, shown on the screen: what it stopped at, and what is wrong with its money. None when it did not end."""
    console = console_for(sys.stdout)
    target = Target(sandbox.env, "the demo's sandbox")
    execution = watch.start(target, trigger="demo", dry_run=False, steps=None)
    try:
        follow(target, execution, console=console, longest=LONGEST_SECONDS)
    except TallybridgeError as endless:
        print(f"{endless.code} {endless.message}\n  Next: {endless.advice}")
        return None
    print(flush=True)
    finished(target, execution, console=console, into=_folder(options))
    end = watch.ended(target, execution)
    return {**stopped(target.folder(end.run_id)), **drifted(end.summary)}, money_problems(end.summary)


def _mode(options: SandboxOptions) -> str:
    return "B" if options.settlement else "A"


def _folder(options: SandboxOptions) -> Path:
    return options.out / "runs"


def stopped(folder: RunFolder) -> dict[Record, Stopped]:
    """What the run held, left alone or was refused, by record, from the results of its batches."""
    found = {}
    for step in STEPS:
        for name in folder.names(f"{step}/results/"):
            for result in folder.read_json(name)["results"]:
                if result["outcome"] in OUTCOMES:
                    stop = Stopped(OUTCOMES[result["outcome"]], result.get("code", ""))
                    found[result["object"], result["source_number"]] = stop
    return found


def drifted(summary: RunSummary | None) -> dict[Record, Stopped]:
    """What the run told as changed on one side after its sync."""
    return {(drift.object, drift.number): Stopped("drift", drift.code) for drift in (summary.drift if summary else ())}


def compare(expected: Iterable[Planted], found: dict[Record, Stopped]) -> list[str]:
    """What is otherwise than the tenant says, in words."""
    planned = {(p.object, p.number): p for p in expected}
    differences = []
    for record in sorted({*planned, *found}):
        want, got = planned.get(record), found.get(record)
        name = f"{title(record[0])}: {record[1]}"
        if (want and want.expect) != (got and got.outcome):
            differences.append(f"{name} should {_should(want)} but {_was(got)}.")
        elif want and got and want.code and want.code != got.code:
            differences.append(f"{name} should be {WORDS[want.expect]} with {want.code}, not with {got.code or 'no code'}.")
    return differences


def _should(planted: Planted | None) -> str:
    return f"be {WORDS[planted.expect]}" if planted else "reach the other system"


def _was(stop: Stopped | None) -> str:
    return f"was {WORDS[stop.outcome]} ({stop.code or 'no code'})" if stop else "was not stopped"


def money_problems(summary: RunSummary | None) -> list[str]:
    """Why the run is not tied out, in words."""
    if summary is None:
        return ["The run left no summary."]
    if not summary.totals:
        return ["The run has no control totals."]
    return [f"{title(t.object)} {t.currency} do not tie out.".replace("  ", " ") for t in summary.totals if not t.in_order]


def _conclude(expected: list[Planted], differences: list[str]) -> int:
    if differences:
        print("\nThis is not what the demo tenant should lead to:")
        for difference in differences:
            print(f"  {difference}")
        return OTHERWISE
    print(f"\nAs planned: every total ties out, and exactly the {len(expected)} records with something wrong stayed behind.")
    print("tenant.json and tenant_mode_a.json in sandbox/demo say what is wrong with each.")
    print("`make sandbox` keeps the sandbox running to try things out.")
    return AS_PLANNED


def _content(tenant: Tenant, mode: str) -> str:
    zuora = tenant.in_mode(mode)
    return ", ".join(f"{len(zuora[kind])} {name}" for kind, name in DATA_KINDS.items() if zuora.get(kind))


def _named(records: dict[str, list[Any]]) -> str:
    return ", ".join(f"{len(rows)} {title(kind).removeprefix('NetSuite ').lower()}" for kind, rows in records.items() if rows)
