"""The summary log, and the attachment of the mail, as CSV (revenue-connector.md sections 11 and 12)."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

from tallybridge.reporting.summary import csv_text
from tallybridge.reporting.words import moment
from tallybridge.revenue.codes import TaskFailed
from tallybridge.revenue.files import FileState, UploadedFile
from tallybridge.revenue.findings import ERROR, MAX_LISTED, WARNING, Finding
from tallybridge.revenue.mapping import find_targets
from tallybridge.revenue.result import ObjectResult, RunResult, standing
from tallybridge.revenue.run import TaskRecord, TaskStatus

LOG_HEADER = [
    "run_id",
    "instance",
    "mode",
    "seq",
    "time_utc",
    "level",
    "task",
    "object",
    "status",
    "duration_ms",
    "rows_in",
    "rows_out",
    "file_name",
    "file_request_id",
    "template",
    "code",
    "message",
]
ATTACHMENT_HEADER = [
    "run_id",
    "instance",
    "mode",
    "execution_status",
    "started_at",
    "finished_at",
    "object_type",
    "dataset_id",
    "dataset_name",
    "template_name",
    "template_id",
    "template_date_format",
    "template_column_count",
    "upload_file_name",
    "file_request_id",
    "rows_read",
    "transactions_ingested",
    "stage_error_count",
    "object_status",
    "mapped_field_count",
    "mapped_fields",
    "message",
]
LEVELS = {TaskStatus.ERROR: ERROR, TaskStatus.WARNING: WARNING}
Cells = dict[str, object]
STANDING, RESULT = "What is staged", "Result"
TOLD_APART = frozenset({STANDING, RESULT})
"""Lines of the log that the mail tells in another place than among the causes."""


def log_name(run_id: str) -> str:
    return f"summary_{run_id}.csv"


def attachment_name(result: RunResult) -> str:
    safe = "".join(c if c.isalnum() else "-" for c in result.run.instance.name)
    return f"revenue_connector_{safe}_{result.run.run_id}.csv"


def summary_log(result: RunResult) -> str:
    """The summary log: the configuration first, a line per task and per remark, the result last."""
    rows = []
    for seq, line in enumerate(log_lines(result), start=1):
        line = {"run_id": result.run.run_id, "instance": result.run.instance.name, "mode": result.run.mode, "seq": seq, **line}
        rows.append([line.get(name, "") for name in LOG_HEADER])
    return csv_text(LOG_HEADER, rows)


def log_lines(result: RunResult) -> Iterator[Cells]:
    """The lines of the summary log, without the columns that are the same in all; `advice`, which is no column of it, is for the report."""
    yield {"time_utc": result.run.started, "level": "INFO", "task": "Configuration", "message": _configuration(result)}
    for task in result.tasks:
        yield _task_line(result, task)
        of = next((o for o in result.objects if o.number == task.object), None)
        base: Cells = {"time_utc": task.ended or result.ended, "task": task.title, "object": result.object_name(task.object)}
        of_rows = of.findings.codes(WARNING) if of is not None and task.name == "check" else {}
        for code, text in task.warnings:
            if code not in of_rows:  # those are listed row by row below
                yield {**base, "level": WARNING, "code": code, "message": text}
        if of is not None:
            yield from ({**base, **cells} for cells in _remarks(task, of))
    code = next((t.code for t in (*result.failures, *result.tasks) if t.code), "")
    for text in standing(result):
        yield {"time_utc": result.ended, "level": ERROR, "task": STANDING, "code": code, "message": text}
    ingested = sum(o.staged for o in result.objects)
    level = ERROR if result.failure else INFO_OR_WARNING.get(str(result.status), "INFO")
    yield {
        "time_utc": result.ended,
        "level": level,
        "task": RESULT,
        "status": str(result.status),
        "code": code if level == ERROR else "",
        "duration_ms": milliseconds(result.run.started, result.ended),
        "rows_in": sum(o.rows for o in result.objects),
        "rows_out": ingested,
        "message": f"{result.status}: {ingested} transactions ingested.",
    }


INFO_OR_WARNING = {"WARNING": WARNING, "SKIPPED": WARNING, "CANCELLED": WARNING, "FAILED": ERROR}


def _configuration(result: RunResult) -> str:
    run = result.run
    objects = [
        {"object": o.object, "dataset": o.dataset, "template": o.template, "mapping": o.mapping_version, "columns": len(o.mapping)}
        for o in run.objects.values()
    ]
    facts = {"configuration": run.config_version, "large_dataset_mode": run.options.large_dataset_mode, "objects": objects}
    return json.dumps({**facts, **({"resumes": run.origin} if run.resumes else {})})


def _task_line(result: RunResult, task: TaskRecord) -> Cells:
    line = result.run.objects.get(task.object)
    return {
        "time_utc": task.ended or task.started or result.ended,
        "level": LEVELS.get(task.status, "INFO"),
        "task": task.title,
        "object": line.object if line else "",
        "status": str(task.status),
        "duration_ms": milliseconds(task.started, task.ended),
        "rows_in": task.rows_in,
        "rows_out": task.rows_out,
        "template": line.template if line else "",
        "code": task.code,
        "message": task.message,
        "advice": task.advice,
    }


def _remarks(task: TaskRecord, result: ObjectResult) -> Iterator[Cells]:
    """Errors and warnings of rows after the task that failed for them, answers of Revenue, stage errors."""
    if (task.name == "check" and task.status is not TaskStatus.SKIPPED) or (task.name == "build" and task.status is TaskStatus.ERROR):
        for level in (ERROR, WARNING):
            yield from _findings(result, level)
    if task.name == "confirm":
        yield from (_file_line(f) for f in result.files if f.answer or f.state is not FileState.PREPARED)
    if task.name == "stage_errors":
        for row in result.stage_listed:
            codes = " ".join(row["codes"])
            text = f"row {row['row']}, key {row['key']}: {row['text']}"
            yield {"level": WARNING, "file_name": row["file"], "code": codes, "message": text}
        if result.stage_errors > len(result.stage_listed):
            yield {"level": WARNING, "message": f"{result.stage_errors - len(result.stage_listed)} more lines with stage errors."}


def _findings(result: ObjectResult, level: str) -> Iterator[Cells]:
    listed: Sequence[Finding] = result.findings.of(level)[:MAX_LISTED]
    for finding in listed:
        yield {"level": level, "code": finding.code, "template": result.line.template, "message": finding.message}
    if (more := result.findings.count(level) - len(listed)) > 0:
        yield {"level": level, "message": f"{more} more of level {level}; the first {len(listed)} are listed."}


def _file_line(file: UploadedFile) -> Cells:
    return {
        "level": "INFO" if file.state is FileState.STAGED else ERROR,
        "status": str(file.state),
        "rows_in": file.rows,
        "rows_out": file.rows if file.state is FileState.STAGED else 0,
        "file_name": file.name,
        "file_request_id": file.request_id,
        "template": file.template,
        "code": file.code if file.state is not FileState.STAGED else "",
        "message": file.answer,
    }


def attachment(result: RunResult) -> str:
    """The attachment of the mail: one row per object and file."""
    rows = []
    for item in result.objects:
        files: list[UploadedFile | None] = [*item.files]
        for file in files or [None]:
            cells = {**_object_cells(result, item), **_file_cells(item, file)}
            rows.append([cells.get(name, "") for name in ATTACHMENT_HEADER])
    return csv_text(ATTACHMENT_HEADER, rows)


def _object_cells(result: RunResult, item: ObjectResult) -> Cells:
    template = item.template
    return {
        "run_id": result.run.run_id,
        "instance": result.run.instance.name,
        "mode": result.run.mode,
        "execution_status": str(result.status),
        "started_at": result.run.started,
        "finished_at": result.ended,
        "object_type": item.line.object,
        "dataset_id": item.line.dataset,
        "dataset_name": item.line.dataset_name,
        "template_name": item.line.template,
        "template_id": template.upload_id if template else "",
        "template_date_format": template.date_format if template else "",
        "template_column_count": len(template.columns) if template else "",
        "rows_read": item.rows,
        "stage_error_count": item.stage_errors,
        "object_status": str(item.status),
        "mapped_field_count": len(item.line.mapping),
        "mapped_fields": mapped_fields(item),
        "message": item.message,
    }


def _file_cells(item: ObjectResult, file: UploadedFile | None) -> Cells:
    if file is None:
        return {"transactions_ingested": 0}
    ingested = file.rows if file.state is FileState.STAGED else 0
    return {"upload_file_name": file.name, "file_request_id": file.request_id, "transactions_ingested": ingested}


def mapped_fields(item: ObjectResult) -> str:
    """`source -> label (column)` of every mapping line, joined by `; `."""
    labels: dict[str, str] = {}
    if item.template:
        by_name = {c.name: c.label for c in item.template.columns}
        try:
            labels = {line.target: by_name[name] for name, line in find_targets(item.line.mapping, item.template).items()}
        except TaskFailed:
            labels = {}
    return "; ".join(f"{line.source} -> {labels.get(line.target, line.target)} ({line.target})" for line in item.line.mapping)


def milliseconds(started: str, ended: str) -> object:
    """Between two times; "" when one of them is missing."""
    start, end = moment(started), moment(ended)
    return round((end - start).total_seconds() * 1000) if start and end else ""
