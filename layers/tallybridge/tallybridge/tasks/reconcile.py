"""Control totals: every selected record accounted for, and what NetSuite says it holds compared with what was sent, to the cent."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from itertools import groupby
from typing import Any

from tallybridge.clock import stamp
from tallybridge.pieces import streamed_parts
from tallybridge.reporting.totals import control_totals
from tallybridge.steps.shared.base import StepContext, SyncStep
from tallybridge.steps.shared.reference import load_reference
from tallybridge.sync.folder import RunFolder
from tallybridge.sync.ledger import Owner
from tallybridge.sync.runlog import Level, LogLine, Outcome, RecordResult, StepOutcome, StepReport, Tally
from tallybridge.tasks.run_file import RunFile
from tallybridge.tasks.steps import STEPS, step_class
from tallybridge.tasks.sync_step import StepClass, batch_ids, step_results
from tallybridge.wiring import Wiring
from tallybridge.zuora.source import ZuoraSource

IDS_PER_QUESTION = 1_000
WRONG_TOTAL = "-TOTAL"
"""End of the code of records that NetSuite holds with another amount: they are asked about too, so that the run does not tie out."""


def reconcile(event: dict[str, Any], wiring: Wiring) -> dict[str, Any]:
    """`event` = {"runId", "results"}. Writes totals.json; answers {"tiedOut", "lines"}."""
    folder = wiring.folder(event["runId"])
    run = RunFile.load(folder)
    wiring.runs().heartbeat(run.run_id)
    _report_lost_steps(event.get("results") or {}, folder, wiring)
    kinds = [step_class(name) for name in STEPS if folder.has(f"{name}/manifest.json")]
    held: dict[tuple[str, str], Tally | None] = {}
    if not run.dry_run:
        for kind in kinds:
            _ask(kind, folder, run, wiring, held)
    selected: dict[tuple[str, str], Tally] = {}
    for kind in kinds:
        _count_selected(kind, folder, selected)
    totals = control_totals((r for kind in kinds for r in _results(folder, kind)), held, selected)
    folder.write_json("totals.json", [t.to_json() for t in totals])
    return {"tiedOut": all(t.tied_out for t in totals), "lines": len(totals)}


def _report_lost_steps(results: Mapping[str, Any], folder: RunFolder, wiring: Wiring) -> None:
    """A step that ended without being able to write its report counts as failed all the same."""
    for name in STEPS:
        result = results.get(name) or {}
        if result.get("outcome") == StepOutcome.FAILED and not folder.has(f"{name}/report.json"):
            kind, now = step_class(name), stamp(wiring.clock.now())
            text = f"{kind.title} ended with an unexpected error: {result.get('error') or 'no reason given'}."
            report = StepReport(name, kind.title, kind.direction, StepOutcome.FAILED, ended=now, message=text)
            folder.write_json(f"{name}/report.json", report.to_json())
            line = LogLine(now, folder.run_id, name, Level.ERROR, text, "STEP-FAILED", kind.direction, kind.object)
            folder.write_lines(f"{name}/log/lost.jsonl.gz", [line.to_json()])


def _results(folder: RunFolder, kind: StepClass) -> Iterator[RecordResult]:
    for part in step_results(folder, kind):
        yield from map(RecordResult.from_json, part["results"])


def _count_selected(kind: StepClass, folder: RunFolder, selected: dict[tuple[str, str], Tally]) -> None:
    """Count what the batches hold, each record once, under the currency and amount of its first result: a record without a result, or
    with two, throws its line out of balance."""
    known: dict[str, tuple[str, Decimal | None]] = {}
    for batch, parts in by_batch(step_results(folder, kind)):
        known.clear()
        for row in (row for part in parts for row in part["results"]):
            result = RecordResult.from_json(row)
            known.setdefault(result.source_id, (result.currency, result.amount))
        for source_id in batch_ids(folder, kind, batch):
            currency, amount = known.get(source_id, ("", None))
            selected.setdefault((kind.object, currency), Tally()).add(amount)


def by_batch(parts: Iterator[dict[str, Any]]) -> Iterator[tuple[str, Iterator[dict[str, Any]]]]:
    """The results of a step, batch by batch."""
    return groupby(parts, key=lambda part: str(part["batch"]))


def _ask(kind: StepClass, folder: RunFolder, run: RunFile, wiring: Wiring, held: dict[tuple[str, str], Tally | None]) -> None:
    """Ask NetSuite what it holds of a step's records, 1,000 at a time."""
    step: SyncStep | None = None
    due = (r for r in _results(folder, kind) if r.outcome in (Outcome.SYNCED, Outcome.ALREADY) or r.code.endswith(WRONG_TOTAL))
    for part in streamed_parts(due, IDS_PER_QUESTION):
        step = step or _step(kind, folder, run, wiring)
        currency = {r.source_id: r.currency for r in part}
        for key in {(kind.object, c) for c in currency.values()}:
            held.setdefault(key, Tally())
        for source_id, amount in step.holdings(list(currency)):
            tally = held[(kind.object, currency[source_id])]
            assert tally is not None
            tally.add(amount if amount is not None else Decimal(0))


def _step(kind: StepClass, folder: RunFolder, run: RunFile, wiring: Wiring) -> SyncStep:
    settings = run.parsed_settings()
    netsuite = wiring.netsuite(settings, Owner(run.run_id, f"reconcile {kind.name}/", 0, wiring.invocation.id))
    zuora = wiring.zuora(settings)
    fields = [n for n in kind.needs if n.startswith("fields:")]
    reference = load_reference(netsuite, folder, fields, settings.field_map)
    source = ZuoraSource(zuora, settings.zuora_read_path, settings.zuora_field_suffix)
    return kind(StepContext(zuora, source, netsuite, settings, wiring.clock, reference, mode=run.mode))
