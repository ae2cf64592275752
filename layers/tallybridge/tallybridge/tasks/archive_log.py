"""Gathers what a run left into log.jsonl.gz, summary.json, summary.csv and report.html."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Any

from tallybridge.clock import stamp
from tallybridge.errors import StepFailed
from tallybridge.parallel import side_by_side
from tallybridge.reporting.causes import with_rules
from tallybridge.reporting.drifted import keep_first
from tallybridge.reporting.page import Excerpt, report_page
from tallybridge.reporting.summary import steps_csv, summary_csv, summary_json
from tallybridge.reporting.totals import run_outcome
from tallybridge.rounds import Kept, in_rounds
from tallybridge.settings import DEFAULTS
from tallybridge.sync.folder import Listing, RunFolder
from tallybridge.sync.runlog import (
    Cause,
    ControlTotal,
    LeftOut,
    Level,
    LogLine,
    Message,
    RunOutcome,
    RunSummary,
    StepOutcome,
    StepReport,
    together,
)
from tallybridge.tasks.archive import LOG_FILE, Archive
from tallybridge.tasks.away import Away
from tallybridge.tasks.drift import read_drift
from tallybridge.tasks.ended import End
from tallybridge.tasks.failure import failure_text
from tallybridge.tasks.folded import Folded, fold, piece_name
from tallybridge.tasks.left_out import left_out_lines, read_left_out
from tallybridge.tasks.results import LOG, MANIFEST, StepFacts, batch_of
from tallybridge.tasks.run_file import NAME, RunFile
from tallybridge.tasks.steps import STEPS
from tallybridge.wiring import Wiring, variable

FILES = {
    "log": LOG_FILE,
    "summary": "summary.json",
    "summary_csv": "summary.csv",
    "steps_csv": "steps.csv",
    "report": "report.html",
    "mail": "mail.eml",
}
CUT_SHORT = "Under way when the run was ended; the next run takes up the rest."


def archive_log(event: dict[str, Any], wiring: Wiring) -> dict[str, Any]:
    """One round. `event` = {"runId", "error"?, "closer"?}. Works for a run at any point, also for one that never opened, and for one that
    was ended from outside, in the name of its clean-up, the `closer`. Answers {"done", "wait"} and in the end {"outcome", "keys"}. Raises
    `RunEnded` for a run that has ended."""
    wiring.runs().check_open(event["runId"], str(event.get("closer") or ""))
    folder = wiring.folder(event["runId"])
    kept = wiring.kept(folder, "archive")
    return in_rounds(lambda: _archive(event, folder, wiring, kept), kept)


def _archive(event: dict[str, Any], folder: RunFolder, wiring: Wiring, kept: Kept) -> dict[str, Any]:
    run_id, error, runs, closer = folder.run_id, event.get("error"), wiring.runs(), str(event.get("closer") or "")
    end = End.kept(runs.end(run_id)) if closer else None
    with suppress(StepFailed):  # a run that was stopped, or never opened, holds no lock
        runs.heartbeat(run_id)
    listing = folder.listing()
    run = RunFile.load(folder) if listing.has(NAME) else None
    folded = _folded(folder, listing, kept, dry_run=bool(run and run.dry_run))
    archive = Archive(folder, run.parsed_settings() if run else DEFAULTS, kept)
    archive.go_through(_log_files(listing, folded))
    steps, unwritten = _steps(folder, listing, folded, wiring)
    left_out = together([*read_left_out(folder, listing), *unwritten])
    if error and not wiring.runs().read(run_id).get("code"):
        archive.add(_failed(run_id, error, wiring))
    found = with_rules(archive.causes.causes(), left_out)
    for line in left_out_lines(left_out, run_id, stamp(wiring.clock.now())):
        archive.add(line)
    archive.close()
    summary = _summary(wiring, folder, run, steps, archive.messages.grouped(), left_out, found, bool(error))
    keep_first(summary, read_drift(folder))
    if end is not None:
        summary.outcome = end.outcome
    elif summary.drift and summary.outcome is RunOutcome.COMPLETED:
        summary.outcome = RunOutcome.WARNINGS
    runs.check_open(run_id, closer)  # a worker of a stopped run may have come so far
    write_summary(folder, summary, archive.excerpt)
    archive.done()
    return {"outcome": str(summary.outcome), "keys": summary.keys}


def write_summary(folder: RunFolder, summary: RunSummary, excerpt: Excerpt) -> None:
    """The files that are made of a summary and the log."""
    folder.write(FILES["summary"], summary_json(summary).encode())
    folder.write(FILES["summary_csv"], summary_csv(summary).encode(), "text/csv; charset=utf-8")
    folder.write(FILES["steps_csv"], steps_csv(summary).encode(), "text/csv; charset=utf-8")
    folder.write(FILES["report"], report_page(summary, excerpt).encode(), "text/html; charset=utf-8")


def _folded(folder: RunFolder, listing: Listing, kept: Kept, *, dry_run: bool) -> dict[str, Folded]:
    """The steps with batches, all gone through: those that were not summarised too."""
    there = (step for step in STEPS if listing.has(f"{step}/{MANIFEST}"))
    return {step: fold(folder, StepFacts.noted(folder, step), kept, dry_run=dry_run) for step in there}


def _log_files(listing: Listing, folded: Mapping[str, Folded]) -> list[str]:
    """The files of the log in the order of the run: opening, then step by step, first its batches."""

    def of_step(step: str) -> list[str]:
        pieces = range(1, folded[step].pieces + 1) if step in folded else ()
        own = (n for n in listing.names(f"{step}/{LOG}/") if not pieces or not batch_of(n).isdecimal())
        return [*(piece_name(step, number, LOG) for number in pieces), *own]

    return [*listing.names("log/"), *(name for step in STEPS for name in of_step(step))]


def _steps(folder: RunFolder, listing: Listing, folded: Mapping[str, Folded], wiring: Wiring) -> tuple[list[StepReport], list[LeftOut]]:
    """The reports of the steps, and what those that never came to one leave out: the run ended before, and what their batches left is
    counted all the same."""

    def report(step: str) -> StepReport | None:
        name = f"{step}/report.json"
        return StepReport.from_json(folder.read_json(name)) if listing.has(name) else None

    reports, left_out = [], []
    for step, known in zip(STEPS, side_by_side(report, STEPS), strict=True):
        if known is None and step in folded:
            left_out += folded[step].left_out
            started = str(folder.read_json(f"{step}/start.json")["started"])
            known = replace(folded[step].report, started=started, ended=stamp(wiring.clock.now()), outcome=StepOutcome.FAILED)
            known.message = known.message or CUT_SHORT
        reports += [known] if known else []
    return reports, left_out


def _summary(
    wiring: Wiring,
    folder: RunFolder,
    run: RunFile | None,
    steps: list[StepReport],
    messages: list[Message],
    left_out: list[LeftOut],
    found: list[Cause],
    failed: bool,
) -> RunSummary:
    record = wiring.runs().read(folder.run_id)
    totals = [ControlTotal.from_json(t) for t in folder.read_json_or("totals.json", [])]
    errors = [m for m in messages if m.level is Level.ERROR]
    dry_run = bool(run and run.dry_run)
    outcome = RunOutcome.FAILED if failed or run is None else run_outcome(steps, totals, errors, dry_run, left_out)
    if outcome is RunOutcome.COMPLETED and any(m.level is Level.WARNING for m in messages):
        outcome = RunOutcome.WARNINGS
    return RunSummary(
        run_id=folder.run_id,
        job="billing",
        instance=run.instance if run else "",
        trigger=run.trigger if run else str(record.get("trigger", "")),
        dry_run=dry_run,
        outcome=outcome,
        started=run.started if run else str(record.get("started", "")),
        ended=stamp(wiring.clock.now()),
        mode=run.mode if run else "",
        settings_version=str(record.get("settings_version", "")),
        steps=steps,
        totals=totals,
        messages=messages,
        left_out=left_out,
        causes=found,
        keys={name: folder.key(file) for name, file in FILES.items()},
        console_url=variable("CONSOLE_ADDRESS", optional=True),
        set_up=bool(record.get("set_up")) or Away.known(folder) is not None,
    )


def _failed(run_id: str, error: Any, wiring: Wiring) -> LogLine:
    """Of a run that could not say itself why it ended."""
    text = f"The run ended with an error: {failure_text(error)}"
    advice = "See the execution's history for the state that failed, and `tallybridge doctor` for the set-up."
    return LogLine(stamp(wiring.clock.now()), run_id, "run", Level.ERROR, text, "RUN-FAILED", advice=advice)
