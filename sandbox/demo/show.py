"""The demo: starts a sandbox with the demo tenant, runs the billing sync as an operator would, and checks that all went as planned."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from pathlib import Path

from sandbox.demo.tenant import Planted, Tenant, load_tenant
from sandbox.host import Sandbox, SandboxOptions, options_from
from tallybridge.errors import TallybridgeError
from tallybridge.reporting.objects import title
from tallybridge.sync.folder import RunFolder
from tallybridge.sync.runlog import RunSummary
from tallybridge.tasks.open_run import STEPS
from tallybridge_cli import watch
from tallybridge_cli.main import console_for, finished, follow
from tallybridge_cli.target import Target

AS_PLANNED, OTHERWISE = 0, 1
LONGEST_SECONDS = 600.0
"""How long the demo's run is waited for; it takes a few seconds."""
OUTCOMES = {"held": "held", "refused": "refused", "skipped": "left"}
"""Outcomes of a record that do not bring it to NetSuite, in the words of the tenant."""
WORDS = {"held": "held", "refused": "refused by NetSuite", "left": "left alone"}

Record = tuple[str, str]
"""Object type and number."""


def demo() -> int:
    """Run the demo; 0 if the run ended as the demo tenant says, 1 otherwise."""
    options = options_from({**os.environ, "DATA": "demo", "SETTLEMENT": "on"}, port_base=None)
    tenant = load_tenant()
    print(f"Starting the sandbox: AWS with the stack of template.yaml, Zuora, NetSuite, and {_content(tenant)}.", flush=True)
    with Sandbox(options) as sandbox:
        return _run(sandbox, options, tenant)


def _run(sandbox: Sandbox, options: SandboxOptions, tenant: Tenant) -> int:
    console = console_for(sys.stdout)
    target = Target(sandbox.env, "the demo's sandbox")
    execution = watch.start(target, trigger="demo", dry_run=False, steps=None)
    print("Running the billing sync through the state machine.", flush=True)
    try:
        follow(target, execution, console=console, longest=LONGEST_SECONDS)
    except TallybridgeError as endless:
        print(f"{endless.code} {endless.message}\n  Next: {endless.advice}")
        return OTHERWISE
    print(flush=True)
    finished(target, execution, console=console, into=_folder(options))
    end = watch.ended(target, execution)
    differences = compare(tenant.expected("B"), stopped(target.folder(end.run_id)))
    differences += money_problems(end.summary)
    return _conclude(tenant.expected("B"), differences)


def _folder(options: SandboxOptions) -> Path:
    return options.out / "runs"


def stopped(folder: RunFolder) -> dict[Record, str]:
    """What the run held, left alone or was refused, by record, from the results of its batches."""
    found = {}
    for step in STEPS:
        for name in folder.names(f"{step}/results/"):
            for result in folder.read_json(name)["results"]:
                if result["outcome"] in OUTCOMES:
                    found[result["object"], result["source_number"]] = OUTCOMES[result["outcome"]]
    return found


def compare(expected: Iterable[Planted], found: dict[Record, str]) -> list[str]:
    """What is otherwise than the tenant says, in words."""
    planned = {(p.object, p.number): p.expect for p in expected}
    differences = []
    for record in sorted({*planned, *found}):
        want, got = planned.get(record), found.get(record)
        if want != got:
            name = f"{title(record[0])}: {record[1]}"
            differences.append(f"{name} should {_should(want)} but {_was(got)}.")
    return differences


def _should(expect: str | None) -> str:
    return f"be {WORDS[expect]}" if expect else "reach NetSuite"


def _was(outcome: str | None) -> str:
    return f"was {WORDS[outcome]}" if outcome else "was not stopped"


def money_problems(summary: RunSummary | None) -> list[str]:
    """Why the run is not tied out, in words."""
    if summary is None:
        return ["The run left no summary."]
    if not summary.totals:
        return ["The run has no control totals."]
    return [f"{title(t.object)} {t.currency} do not tie out.".replace("  ", " ") for t in summary.totals if not t.tied_out]


def _conclude(expected: list[Planted], differences: list[str]) -> int:
    if differences:
        print("\nThis is not what the demo tenant should lead to:")
        for difference in differences:
            print(f"  {difference}")
        return OTHERWISE
    print(f"\nAs planned: every total ties out, and exactly the {len(expected)} records with something wrong stayed behind.")
    print("sandbox/demo/tenant.json says what is wrong with each. `make sandbox` keeps the sandbox running to try things out.")
    return AS_PLANNED


def _content(tenant: Tenant) -> str:
    counts = {"Account": "accounts", "ProductRatePlanCharge": "charges", "Invoice": "invoices", "Payment": "payments"}
    return ", ".join(f"{len(tenant.zuora[kind])} {name}" for kind, name in counts.items())
