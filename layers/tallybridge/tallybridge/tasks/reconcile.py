"""Control totals: every selected record accounted for, and what NetSuite says it holds compared with what was sent, to the cent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

from tallybridge.clock import stamp
from tallybridge.errors import NoSlot
from tallybridge.reporting.objects import destination, title
from tallybridge.reporting.off import off_words
from tallybridge.reporting.totals import compared
from tallybridge.reporting.words import listed, money_text
from tallybridge.rounds import Kept, NotDone, in_rounds
from tallybridge.steps.shared.context import StepContext
from tallybridge.steps.shared.reference import Reference, load_reference
from tallybridge.steps.shared.sync_step import SyncStep
from tallybridge.sync.folder import RunFolder
from tallybridge.sync.ledger import Owner
from tallybridge.sync.periods import make_ready
from tallybridge.sync.runlog import ControlTotal, Level, LogLine, StepOutcome, StepReport
from tallybridge.tasks.asking import Asked, Told
from tallybridge.tasks.away import TELLING, Away, learnt
from tallybridge.tasks.drift import DriftTask
from tallybridge.tasks.folded import Folded, fold, results
from tallybridge.tasks.left_out import ask_zuora
from tallybridge.tasks.queries import checked
from tallybridge.tasks.results import MANIFEST, StepClass, StepFacts
from tallybridge.tasks.run_file import RunFile
from tallybridge.tasks.step_task import known_items
from tallybridge.tasks.steps import STEPS, step_class, steps_to_run
from tallybridge.wiring import Wiring
from tallybridge.zuora.invoice_currency import InvoiceCurrency
from tallybridge.zuora.source import ZuoraSource

OFF_ADVICE = "Compare the record in both systems; correct it where it was changed, or delete what stands there twice. Then run again."
BASE_ADVICE = (
    "Set netsuite_multiple_currencies to Yes if NetSuite knows the currency; else give the accounts NetSuite's currency in Zuora, or take "
    "them out of the sync."
)


def reconcile(event: dict[str, Any], wiring: Wiring) -> dict[str, Any]:
    """One round. `event` = {"runId", "results"}. Writes totals.json; answers {"done", "wait"} and in the end {"tiedOut", "lines"}. When a
    service is away nothing is compared, and nothing is said to be tied out. Raises `RunEnded` for a run that has ended."""
    wiring.runs().check_open(event["runId"])
    folder = wiring.folder(event["runId"])
    kept = wiring.kept(folder, "reconcile")
    with wiring.task():
        return checked(in_rounds(lambda: _reconcile_or_nothing(event, folder, wiring, kept), kept), folder, wiring)


def _reconcile_or_nothing(event: dict[str, Any], folder: RunFolder, wiring: Wiring, kept: Kept) -> dict[str, Any]:
    nothing = {"tiedOut": False, "lines": 0}
    if Away.known(folder):
        return nothing
    try:
        return _reconcile(event, folder, wiring, kept)
    except TELLING as error:
        away = None if isinstance(error, NoSlot) else learnt(wiring, RunFile.load(folder).parsed_settings(), folder)
        if away is None:
            raise
        line = LogLine(stamp(wiring.clock.now()), folder.run_id, "run", Level.ERROR, away.message, away.code, advice=away.advice)
        folder.write_lines("log/away.jsonl.gz", [line.to_json()])
        return nothing


def _reconcile(event: dict[str, Any], folder: RunFolder, wiring: Wiring, kept: Kept) -> dict[str, Any]:
    run, asked = RunFile.load(folder), Asked.load(folder)
    wiring.runs().heartbeat(run.run_id)
    _report_lost_steps(event.get("results") or {}, folder, wiring)
    listing = folder.listing()
    kinds = [step_class(name) for name in STEPS if listing.has(f"{name}/{MANIFEST}")]
    folded = {kind: fold(folder, StepFacts.of_class(kind), kept, dry_run=run.dry_run) for kind in kinds}
    try:
        for kind in kinds if not run.dry_run else ():
            if kind.name not in asked.through:
                _ask(kind, folded[kind], folder, run, wiring, kept, asked)
        if not run.restricted:
            ask_zuora([_step(kind, folder, run, wiring, kept, with_reference=False) for kind in kinds], folder, kept)
        totals = _totals(folded, asked, dry_run=run.dry_run)
        _tell_booked(totals, folder, wiring)
        folder.write_json("totals.json", [t.to_json() for t in totals])
        if not run.restricted:
            _look_for_drift(folder, run, wiring, kept, folded)
        if not run.dry_run:
            _count_months(run, wiring, kept)
    except NotDone:
        asked.save(folder)
        raise
    return {"tiedOut": all(t.in_order for t in totals), "lines": len(totals)}


def _totals(folded: Mapping[StepClass, Folded], asked: Asked, *, dry_run: bool) -> list[ControlTotal]:
    """The control totals; each step has an object type of its own. In a dry run as far as it can tell."""
    lines = {line: total for step in folded.values() for line, total in step.totals.items()}
    selected = {line: tally for step in folded.values() for line, tally in step.selected.items()}
    foreseen = {line: base for step in folded.values() for line, base in step.booked.items()}
    answers = asked.answers
    return compared(lines, answers.held, selected, answers.off, foreseen if dry_run else answers.booked)


def _ask(kind: StepClass, folded: Folded, folder: RunFolder, run: RunFile, wiring: Wiring, kept: Kept, asked: Asked) -> None:
    slots = run.parsed_settings().netsuite_max_concurrency
    asked.ask(kind, folded, folder, lambda: _step(kind, folder, run, wiring, kept), slots)
    if asked.told:
        _tell(kind, folder, wiring, asked.told)
    asked.next(kind)


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


def _tell(kind: StepClass, folder: RunFolder, wiring: Wiring, off: Told) -> None:
    """Records that the destination holds otherwise, in the run's log; report and mail name them beside their control total."""
    there, now = destination(kind.object), stamp(wiring.clock.now())
    lines = [
        LogLine(
            now,
            folder.run_id,
            kind.name,
            Level.INFO,
            f"{kind.object_label} {record.number}: {off_words(record, result.currency, there)}.",
            "TOTAL-RECORD",
            kind.direction,
            kind.object,
            source_id=record.id,
            source_number=record.number,
            destination_id=result.destination_id,
            advice=OFF_ADVICE,
        )
        for result, record in off
    ]
    folder.write_lines(f"{kind.name}/log/totals.jsonl.gz", [line.to_json() for line in lines])


def _look_for_drift(folder: RunFolder, run: RunFile, wiring: Wiring, kept: Kept, ran: Mapping[StepClass, Folded]) -> None:
    """What changed after its sync, of all that the settings let be synced, whichever steps this run had."""
    ledger = wiring.ledger(run.run_id, "drift")
    wanted = [step_class(name) for name, runs in steps_to_run(run.parsed_settings(), run.mode).items() if runs]
    steps = {kind.name: _step(kind, folder, run, wiring, kept, with_reference=False) for kind in wanted}
    for kind, step in zip(wanted, steps.values(), strict=True):
        step.context.known = known_items(ledger, kind)
    if steps:
        task = DriftTask(steps, ledger, wiring.runs(), folder, kept, noting=not run.dry_run)
        task.look(r for kind, folded in ran.items() for _, r in results(folder, kind.name, folded))


def _count_months(run: RunFile, wiring: Wiring, kept: Kept) -> None:
    """What month-end asks for; where the round has no time left for it, whoever asks makes the count."""
    with suppress(NotDone):
        make_ready(wiring.ledger(run.run_id), wiring.runs(), kept.check_time)


def _tell_booked(totals: Sequence[ControlTotal], folder: RunFolder, wiring: Wiring) -> None:
    """Once per currency: that NetSuite books it in its base currency, with what that concerns in this run."""
    by_currency: dict[tuple[str, str], list[ControlTotal]] = {}
    for total in totals:
        if total.booked_in:
            by_currency.setdefault((total.currency, total.booked_in), []).append(total)
    lines = []
    for (currency, base), rows in by_currency.items():
        named = listed([f"{title(t.object)} {money_text(t.expected.amount, currency)}" for t in rows])
        text = f"NetSuite books {currency} in {base}, its base currency (netsuite_multiple_currencies is No): {named}; not tied out."
        now = stamp(wiring.clock.now())
        lines.append(LogLine(now, folder.run_id, "run", Level.WARNING, text, "BASE-CURRENCY", advice=BASE_ADVICE))
    if lines:
        folder.write_lines("log/base_currency.jsonl.gz", [line.to_json() for line in lines])


def _step(kind: StepClass, folder: RunFolder, run: RunFile, wiring: Wiring, kept: Kept, *, with_reference: bool = True) -> SyncStep:
    settings = run.parsed_settings()
    netsuite = wiring.netsuite(settings, Owner(run.run_id, f"reconcile {kind.name}/", wiring.invocation.id), kept)
    zuora = wiring.zuora(settings, kept)
    fields = [n for n in kind.needs if n.startswith("fields:") or n == "currency"]
    reference = load_reference(netsuite, folder, fields, settings.field_map) if with_reference else Reference()
    source = ZuoraSource(zuora, settings.zuora_read_path, settings.zuora_field_suffix)
    currency = InvoiceCurrency(zuora, folder)
    context = StepContext(
        zuora, source, netsuite, settings, wiring.clock, reference, shelf=folder, mode=run.mode, invoice_currency=currency
    )
    return kind(context)
