"""Performs one task of a run and writes down how it went; the state machine only learns whether to go on."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from tallybridge.errors import StepFailed, TallybridgeError
from tallybridge.revenue.building import build
from tallybridge.revenue.checking import check
from tallybridge.revenue.codes import ADVICE, OF_ONE_OBJECT, Code
from tallybridge.revenue.connecting import netsuite, revenue
from tallybridge.revenue.loading import template
from tallybridge.revenue.opening import keep_run
from tallybridge.revenue.reading import read
from tallybridge.revenue.result import REPORTING
from tallybridge.revenue.run import KINDS, RevenueRun, TaskBook, TaskStatus, tasks_begun
from tallybridge.revenue.staging import stage_errors
from tallybridge.revenue.uploading import confirm, upload
from tallybridge.revenue.wiring import RevenueWiring
from tallybridge.revenue.work import FAILED, Answer, Task, Work, coded
from tallybridge.tasks.ended import End

PERFORMED: dict[str, Task] = {
    "netsuite": netsuite,
    "revenue": revenue,
    "read": read,
    "template": template,
    "build": build,
    "check": check,
    "upload": upload,
    "confirm": confirm,
    "stage_errors": stage_errors,
}
AFTER_BARRIER = frozenset({"upload", "confirm", "stage_errors"})
MAY_GO_ON = frozenset({"upload", "confirm"})
"""Tasks after whose failure later objects may be sent, if that is configured."""


def perform(event: dict[str, Any], wiring: RevenueWiring) -> dict[str, Any]:
    """`event` = {"task", "runId", "object"?}. Answers {"ok", "goOn", "done", "wait", "more", "skip"}; a failure is written down and
    answered, not raised. Whatever is raised is a fault of the program or of AWS, or `RunEnded` for a run that has ended."""
    wiring.runs().check_open(event["runId"])
    name, run_id, number = str(event.get("task")), event["runId"], str(event.get("object") or "")
    if name not in PERFORMED:
        raise StepFailed(f"Unknown task {name!r}.", code="TASK", advice=f"Tasks are {', '.join(PERFORMED)}.")
    folder = wiring.folder(run_id)
    run, book = RevenueRun.load(folder), TaskBook(folder, wiring.clock)
    work = Work(run, number, wiring, book, book.start(name, number))
    try:
        work.beat()
        if name not in AFTER_BARRIER:
            wiring.control(run_id).check()
        with wiring.task():
            answer = PERFORMED[name](work)
    except TallybridgeError as failed:
        return _failed(work, failed)
    if not answer.done:
        book.write(work.record)
        return answer.to_json()
    status = (
        TaskStatus.SKIPPED if answer.skip and name in AFTER_BARRIER else TaskStatus.WARNING if work.record.warnings else TaskStatus.SUCCESS
    )
    book.end(replace(work.record, status=status))
    return answer.to_json()


def _failed(work: Work, failed: TallybridgeError) -> dict[str, Any]:
    code, message, advice = coded(failed)
    if work.record.name == "stage_errors":  # never fails a run, nor stands beside the failure of one
        work.warn(Code.STAGE_ERRORS_UNREAD, f"The results of the lines could not be told: {message}")
        work.book.end(replace(work.record, status=TaskStatus.WARNING))
        return Answer().to_json()
    cancelled = code == Code.RUN_CANCELLED
    status = TaskStatus.SKIPPED if cancelled else TaskStatus.ERROR
    work.book.end(replace(work.record, status=status, code=code, message=message, advice=advice))
    if work.record.name not in AFTER_BARRIER:
        return {**FAILED, "goOn": bool(work.number) and code in OF_ONE_OBJECT}
    go_on = work.record.name in MAY_GO_ON and work.run.options.continue_after_object_failure and code != Code.RUN_TIMEOUT
    return {**FAILED, "goOn": go_on}


def pass_barrier(event: dict[str, Any], wiring: RevenueWiring) -> dict[str, Any]:
    """`event` = {"runId"}. No upload starts before every object has passed tasks 4 to 7, and none after the run was cancelled.

    Answers {"ok"}; when it is false, the reason has been written down. Raises `RunEnded` for a run that has ended.
    """
    wiring.runs().check_open(event["runId"])
    folder = wiring.folder(event["runId"])
    run, book = RevenueRun.load(folder), TaskBook(folder, wiring.clock)
    if not run.resumes:
        if any(r.status is TaskStatus.ERROR for r in tasks_begun(book.folder) if r.name not in REPORTING):
            return {"ok": False}
        if not book.all_checked(run.objects):
            raise StepFailed("Not every object has passed its checks; nothing is sent.", code="INTERNAL")
    try:
        wiring.control(run.run_id).begin_upload()
    except TallybridgeError as cancelled:
        record = book.start("upload", next(iter(run.objects)))
        book.end(replace(record, status=TaskStatus.SKIPPED, code=cancelled.code, message=cancelled.message, advice=cancelled.advice))
        return {"ok": False}
    return {"ok": True}


def note_failure(event: dict[str, Any], wiring: RevenueWiring) -> dict[str, Any]:
    """`event` = {"runId", "error"}: a state failed. Tasks that were under way are written down as failed, with what the error says; when
    a task has already said why, nothing is added. Raises `RunEnded` for a run that has ended."""
    from tallybridge.tasks.failure import failure_text

    wiring.runs().check_open(event["runId"])
    keep_run(wiring, event["runId"])
    book = TaskBook(wiring.folder(event["runId"]), wiring.clock)
    records = tasks_begun(book.folder)
    text = failure_text(event.get("error") or {})
    open_tasks = [r for r in records if r.status is TaskStatus.RUNNING]
    failed = {r.object for r in records if r.status is TaskStatus.ERROR}
    for record in open_tasks:
        message = f"{record.title} ended unexpectedly: {text}"
        advice = "Read the text and the execution's history; the function's log has the cause."
        if record.name == "stage_errors" and record.object in failed:
            warnings = [[str(Code.STAGE_ERRORS_UNREAD), message]]
            book.end(replace(record, status=TaskStatus.WARNING, message=message, warnings=warnings))
            continue
        book.end(replace(record, status=TaskStatus.ERROR, code=str(Code.INTERNAL), message=message, advice=advice))
    told = open_tasks or [r for r in records if r.status is TaskStatus.ERROR or r.code == Code.RUN_CANCELLED]
    if not told:
        record = book.start(*_next_task(records))
        book.end(replace(record, status=TaskStatus.ERROR, code=str(Code.INTERNAL), message=f"The run ended unexpectedly: {text}"))
    return {"noted": True}


def note_stop(wiring: RevenueWiring, run_id: str, end: End) -> None:
    """A run was ended from outside. Nothing more is sent of it; what was under way is written down as cancelled where a person has stopped
    it before anything was sent, else as failed."""
    book, message = TaskBook(wiring.folder(run_id), wiring.clock), end.message
    cancelled = wiring.control(run_id).cancel(end.who) and end.cancelled
    status, code = (
        (TaskStatus.SKIPPED, Code.RUN_CANCELLED) if cancelled else (TaskStatus.ERROR, Code.RUN_STOPPED if end.cancelled else Code.INTERNAL)
    )
    records = [r for r in tasks_begun(book.folder) if r.name not in REPORTING]
    open_tasks = [r for r in records if r.status is TaskStatus.RUNNING]
    told = any(r.status is TaskStatus.ERROR or r.code == Code.RUN_CANCELLED for r in records)
    for record in open_tasks or ([] if told else [book.start(*_next_task(records))]):
        book.end(replace(record, status=status, code=str(code), message=message, advice=ADVICE[code]))


def _next_task(records: list[Any]) -> tuple[str, str]:
    """The task that would have come next: where a failure is put that no task has written down."""
    begun = {(r.name, r.object) for r in records}
    for kind in KINDS.values():
        if not any(name == kind.name for name, _ in begun):
            return kind.name, "1" if kind.per_object else ""
    return "validate", ""
