"""A run of the revenue connector in the shape that pages, mails and the command line show for every run of the product."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from tallybridge.revenue.codes import ADVICE, Code
from tallybridge.revenue.result import ObjectResult, RunResult
from tallybridge.revenue.run import ObjectStatus, RunStatus, TaskRecord, TaskStatus
from tallybridge.revenue.tables import log_lines
from tallybridge.sync.runlog import ControlTotal, Level, LogLine, Message, RunOutcome, RunSummary, StepOutcome, StepReport, Tally

OUTCOMES = {
    RunStatus.SUCCESS: RunOutcome.COMPLETED,
    RunStatus.WARNING: RunOutcome.WARNINGS,
    RunStatus.FAILED: RunOutcome.FAILED,
    RunStatus.SKIPPED: RunOutcome.SKIPPED,
    RunStatus.CANCELLED: RunOutcome.CANCELLED,
    RunStatus.RUNNING: RunOutcome.RUNNING,
    RunStatus.QUEUED: RunOutcome.RUNNING,
}
STEP_OUTCOMES = {TaskStatus.SUCCESS: StepOutcome.COMPLETED, TaskStatus.WARNING: StepOutcome.WARNINGS, TaskStatus.ERROR: StepOutcome.FAILED}
DIRECTION = "NetSuite -> Zuora Revenue"
TIME = "%Y-%m-%dT%H:%M:%SZ"


def run_summary(result: RunResult, messages: list[Message], keys: Mapping[str, str]) -> RunSummary:
    """The run's summary: tasks as steps, objects as control totals (rows instead of amounts)."""
    return RunSummary(
        run_id=result.run.run_id,
        job="revenue",
        instance=f"{result.run.environment}: {result.run.instance.name}",
        trigger=result.run.trigger,
        dry_run=False,
        outcome=OUTCOMES[result.status],
        started=result.run.started,
        ended=result.ended,
        mode=result.run.mode,
        settings_version=result.run.config_version,
        steps=[_step(result, task) for task in result.tasks],
        totals=[_total(item) for item in result.objects if item.rows],
        messages=messages,
        keys=dict(keys),
    )


def _step(result: RunResult, task: TaskRecord) -> StepReport:
    name = result.object_name(task.object)
    staged = task.rows_out if task.name == "confirm" else 0
    return StepReport(
        step=f"{task.name}-{task.object}" if task.object else task.name,
        title=f"{task.title}: {name}" if name else task.title,
        direction=DIRECTION,
        outcome=STEP_OUTCOMES.get(task.status, StepOutcome.SKIPPED),
        started=task.started,
        ended=task.ended,
        selected=task.rows_in if task.name == "confirm" else 0,
        created=staged,
        warnings=len(task.warnings),
        message=task.message,
    )


def _total(item: ObjectResult) -> ControlTotal:
    """Rows read = rows staged + rows that are not, for a known reason or with an open outcome."""
    rows, staged = Tally(item.rows), Tally(item.staged)
    left = Tally(item.rows - item.staged)
    total = ControlTotal(item.line.object, "", selected=rows, synced=staged, expected=staged)
    if item.status is ObjectStatus.UNKNOWN:
        total.unfinished = left
    elif item.status is ObjectStatus.SKIPPED:
        total.skipped = left
    else:
        total.held = left
    return total


def lines_of(result: RunResult) -> Iterator[LogLine]:
    """The summary log's lines as lines of a run log."""
    levels = {"ERROR": Level.ERROR, "WARNING": Level.WARNING}
    for cells in log_lines(result):
        level = levels.get(str(cells["level"]), Level.INFO)
        code = str(cells.get("code", ""))
        text = str(cells.get("message", ""))
        if level is Level.WARNING and cells.get("status"):
            level = Level.INFO  # how a task, or the run, ended; its warnings have lines of their own
        if level is Level.ERROR and cells.get("file_name"):
            level = Level.INFO  # the task that failed for this file has said so
        if level is not Level.INFO and not text:
            continue
        yield LogLine(
            str(cells.get("time_utc", "")),
            result.run.run_id,
            str(cells["task"]),
            level,
            text,
            code,
            DIRECTION,
            str(cells.get("object", "")),
            destination_id=str(cells.get("file_name", "")),
            advice=str(cells.get("advice") or (ADVICE[Code(code)] if code in Code.__members__ else "")),
        )
