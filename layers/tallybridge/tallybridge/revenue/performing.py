"""Performs one task of a run and writes down how it went; the state machine only learns whether to go on."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from tallybridge.errors import StepFailed, TallybridgeError
from tallybridge.revenue.building import build
from tallybridge.revenue.checking import check
from tallybridge.revenue.codes import Code
from tallybridge.revenue.connecting import netsuite, revenue
from tallybridge.revenue.loading import template
from tallybridge.revenue.reading import read
from tallybridge.revenue.run import KINDS, RevenueRun, TaskBook, TaskStatus
from tallybridge.revenue.staging import stage_errors
from tallybridge.revenue.uploading import confirm, upload
from tallybridge.revenue.wiring import RevenueWiring
from tallybridge.revenue.work import FAILED, Task, Work, coded

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
    answered, not raised. Whatever is raised is a fault of the program or of AWS."""
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
        answer = PERFORMED[name](work)
    except TallybridgeError as failed:
        return _failed(work, failed)
    if not answer.done or answer.more:
        book.write(work.record)
        return answer.to_json()
    status = (
        TaskStatus.SKIPPED if answer.skip and name in AFTER_BARRIER else TaskStatus.WARNING if work.record.warnings else TaskStatus.SUCCESS
    )
    book.end(replace(work.record, status=status))
    return answer.to_json()


def _failed(work: Work, failed: TallybridgeError) -> dict[str, Any]:
    code, message, advice = coded(failed)
    cancelled = code == Code.RUN_CANCELLED
    status = TaskStatus.SKIPPED if cancelled else TaskStatus.ERROR
    work.book.end(replace(work.record, status=status, code=code, message=message, advice=advice))
    go_on = work.record.name in MAY_GO_ON and work.run.options.continue_after_object_failure and code != Code.RUN_TIMEOUT
    return {**FAILED, "goOn": go_on}


def pass_barrier(event: dict[str, Any], wiring: RevenueWiring) -> dict[str, Any]:
    """`event` = {"runId"}. No upload starts before every object has passed tasks 4 to 7, and none after the run was cancelled.

    Answers {"ok"}; when it is false, the reason has been written down.
    """
    folder = wiring.folder(event["runId"])
    run, book = RevenueRun.load(folder), TaskBook(folder, wiring.clock)
    if not run.resumes:
        passed = (TaskStatus.SUCCESS, TaskStatus.WARNING)
        records = [book.read("check", number) for number in run.objects]
        if not all(record is not None and record.status in passed for record in records):
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
    a task has already said why, nothing is added."""
    from tallybridge.tasks.sync_step import failure_text

    book = TaskBook(wiring.folder(event["runId"]), wiring.clock)
    records = book.all()
    text = failure_text(event.get("error") or {})
    open_tasks = [r for r in records if r.status is TaskStatus.RUNNING]
    for record in open_tasks:
        message = f"{record.title} ended unexpectedly: {text}"
        advice = "Read the text and the execution's history; the function's log has the cause."
        book.end(replace(record, status=TaskStatus.ERROR, code=str(Code.INTERNAL), message=message, advice=advice))
    told = open_tasks or [r for r in records if r.status is TaskStatus.ERROR or r.code == Code.RUN_CANCELLED]
    if not told:
        record = book.start(*_next_task(records))
        book.end(replace(record, status=TaskStatus.ERROR, code=str(Code.INTERNAL), message=f"The run ended unexpectedly: {text}"))
    return {"noted": True}


def _next_task(records: list[Any]) -> tuple[str, str]:
    """The task that would have come next: where a failure is put that no task has written down."""
    begun = {(r.name, r.object) for r in records}
    for kind in KINDS.values():
        if not any(name == kind.name for name, _ in begun):
            return kind.name, "1" if kind.per_object else ""
    return "validate", ""
