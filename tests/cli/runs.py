"""Finished runs for the command line to show."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from tallybridge.reporting.summary import summary_json
from tallybridge.sync.runlog import ControlTotal, Level, Message, RunOutcome, RunSummary, StepOutcome, StepReport, Tally
from tallybridge_cli.target import Target

RUN = "20260504T030000Z-abc123"


def finished_run(outcome: RunOutcome = RunOutcome.WARNINGS, held: int = 1, **more: Any) -> RunSummary:
    """A run of ten invoices of 100.10 USD each, so many of them held."""
    arrived = Tally(10 - held, Decimal("100.10") * (10 - held))
    total = ControlTotal(
        "Invoice", "USD", selected=Tally(10, Decimal("1001.00")), synced=arrived, held=Tally(held, Decimal("100.10") * held)
    )
    total.expected, total.destination, total.checked = arrived, arrived, True
    step = StepReport("invoices", "Invoices", "Zuora -> NetSuite", StepOutcome.WARNINGS, selected=10, created=10 - held, held=held)
    message = Message("invoices", Level.WARNING, "INV-V9", "Invoice INV00004037: lines add up to 5 but the amount is 6; not sent.",
                      "Compare it in Zuora.", held, ["INV00004037"])  # fmt: skip
    facts: dict[str, Any] = {
        "run_id": RUN,
        "job": "billing",
        "instance": "Test",
        "trigger": "manual",
        "dry_run": False,
        "outcome": outcome,
        "started": "2026-05-04T03:00:00Z",
        "ended": "2026-05-04T03:01:12Z",
        "mode": "B",
        "settings_version": "0",
        "steps": [step],
        "totals": [total],
        "messages": [message] if held else [],
    }
    return RunSummary(**{**facts, **more})


def store_run(target: Target, summary: RunSummary) -> None:
    """Put a run where the product puts it: record, line in the list of runs, summary in the bucket."""
    target.runs.record(summary.run_id, started=summary.started, ended=summary.ended, trigger=summary.trigger, outcome=str(summary.outcome))
    target.folder(summary.run_id).write("summary.json", summary_json(summary).encode())
