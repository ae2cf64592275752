"""Gathers what a run left into log.jsonl.gz, summary.json, summary.csv and report.html."""

from __future__ import annotations

import gzip
import tempfile
from collections.abc import Iterator
from typing import Any

from tallybridge import money
from tallybridge.clock import stamp
from tallybridge.reporting.messages import group_messages
from tallybridge.reporting.page import report_page
from tallybridge.reporting.summary import steps_csv, summary_csv, summary_json
from tallybridge.reporting.totals import run_outcome
from tallybridge.settings import DEFAULTS
from tallybridge.sync.folder import RunFolder
from tallybridge.sync.runlog import ControlTotal, Level, LogLine, Message, RunOutcome, RunSummary, StepReport
from tallybridge.tasks.run_file import NAME, RunFile
from tallybridge.tasks.steps import STEPS
from tallybridge.tasks.sync_step import failure_text
from tallybridge.wiring import Wiring

FILES = {
    "log": "log.jsonl.gz",
    "summary": "summary.json",
    "summary_csv": "summary.csv",
    "steps_csv": "steps.csv",
    "report": "report.html",
    "mail": "mail.eml",
}
SPOOL_BYTES = 16 * 1024 * 1024
"""The log is kept in memory up to this size, on disk beyond it."""


def archive_log(event: dict[str, Any], wiring: Wiring) -> dict[str, Any]:
    """`event` = {"runId", "error"?}. Works for a run that never opened, too. Answers {"outcome", "keys"}."""
    run_id = event["runId"]
    folder = wiring.folder(run_id)
    error = event.get("error")
    extra = [_failed(wiring, run_id, error)] if error else []
    settings = RunFile.load(folder).parsed_settings() if folder.has(NAME) else DEFAULTS
    _write_log(folder, extra)
    messages = group_messages(_stream(folder, extra), debug=settings.debug_logging, error_limit=settings.error_limit)
    summary = _summary(wiring, folder, run_id, messages, bool(error))
    folder.write(FILES["summary"], summary_json(summary).encode())
    folder.write(FILES["summary_csv"], summary_csv(summary).encode(), "text/csv; charset=utf-8")
    folder.write(FILES["steps_csv"], steps_csv(summary).encode(), "text/csv; charset=utf-8")
    folder.write(FILES["report"], report_page(summary, _stream(folder, extra)).encode(), "text/html; charset=utf-8")
    return {"outcome": str(summary.outcome), "keys": summary.keys}


def _parts(folder: RunFolder) -> Iterator[LogLine]:
    """All log lines in the order of the run: opening, then step by step."""
    names = [*folder.names("log/"), *(n for step in STEPS for n in folder.names(f"{step}/log/"))]
    for name in names:
        yield from (LogLine.from_json(row) for row in folder.read_lines(name))


def _stream(folder: RunFolder, extra: list[LogLine]) -> Iterator[LogLine]:
    yield from _parts(folder)
    yield from extra


def _write_log(folder: RunFolder, extra: list[LogLine]) -> None:
    with tempfile.SpooledTemporaryFile(max_size=SPOOL_BYTES) as file:
        with gzip.GzipFile(fileobj=file, mode="wb", mtime=0) as packed:
            for line in _stream(folder, extra):
                packed.write((money.dumps(line.to_json()) + "\n").encode())
        file.seek(0)
        folder.store.put_object(Bucket=folder.bucket, Key=folder.key(FILES["log"]), Body=file, ContentType="application/gzip")


def _summary(wiring: Wiring, folder: RunFolder, run_id: str, messages: list[Message], failed: bool) -> RunSummary:
    record = wiring.runs().read(run_id)
    run = RunFile.load(folder) if folder.has(NAME) else None
    steps = [StepReport.from_json(folder.read_json(f"{s}/report.json")) for s in STEPS if folder.has(f"{s}/report.json")]
    totals = [ControlTotal.from_json(t) for t in folder.read_json("totals.json")] if folder.has("totals.json") else []
    errors = [m for m in messages if m.level is Level.ERROR]
    dry_run = bool(run and run.dry_run)
    outcome = RunOutcome.FAILED if failed or run is None else run_outcome(steps, totals, errors, dry_run)
    if outcome is RunOutcome.COMPLETED and any(m.level is Level.WARNING for m in messages):
        outcome = RunOutcome.WARNINGS
    return RunSummary(
        run_id=run_id,
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
        keys={name: folder.key(file) for name, file in FILES.items()},
    )


def _failed(wiring: Wiring, run_id: str, error: Any) -> LogLine:
    text = f"The run ended with an error: {failure_text(error)}"
    advice = "See the execution's history for the state that failed, and `tallybridge doctor` for the set-up."
    return LogLine(stamp(wiring.clock.now()), run_id, "run", Level.ERROR, text, "RUN-FAILED", advice=advice)
