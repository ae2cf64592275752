"""Tasks 11 and 12, and the end: summary log, mail, final record, locks freed. None of them changes the run's result."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from tallybridge.clock import stamp
from tallybridge.errors import ConfigurationError
from tallybridge.reporting.messages import group_messages
from tallybridge.reporting.page import report_page
from tallybridge.reporting.summary import summary_json
from tallybridge.revenue import mail, tables
from tallybridge.revenue.codes import Code
from tallybridge.revenue.config import Notifications, parse_config
from tallybridge.revenue.performing import note_failure
from tallybridge.revenue.result import ObjectResult, RunResult, gather, standing, with_task
from tallybridge.revenue.run import RunStatus, TaskBook, TaskRecord, TaskStatus
from tallybridge.revenue.summary import lines_of, run_summary
from tallybridge.revenue.wiring import RevenueWiring
from tallybridge.tasks.open_run import run_id_of
from tallybridge.wiring import variable

MAIL_TRIES = 3
MAIL_PAUSE_SECONDS = 2.0
MAX_ATTACHMENT = 5_000_000
AFTER_THE_LOG = TaskRecord(12, "mail", status=TaskStatus.PENDING, message="follows when this log is stored")
FILES = {"summary": "summary.json", "report": "report.html", "log": "log.jsonl.gz", "mail": "mail.eml"}


def write_log(event: dict[str, Any], wiring: RevenueWiring) -> dict[str, Any]:
    """`event` = {"runId"}. Task 11: summary log, attachment, summary and page. Answers {"status", "keys"}."""
    run_id = event["runId"]
    folder = wiring.folder(run_id)
    book = TaskBook(folder, wiring.clock)
    begun = replace(book.start("log"), message="Summary log written.")
    record = replace(begun, status=TaskStatus.SUCCESS, ended=stamp(wiring.clock.now()))
    result = with_task(with_task(gather(wiring, run_id), record), AFTER_THE_LOG)
    keys = keys_of(result, folder.key)
    folder.write(tables.log_name(run_id), tables.summary_log(result).encode(), "text/csv; charset=utf-8")
    folder.write(tables.attachment_name(result), tables.attachment(result).encode(), "text/csv; charset=utf-8")
    folder.write_lines(FILES["log"], (line.to_json() for line in lines_of(result)))
    summary = run_summary(result, group_messages(lines_of(result)), keys)
    folder.write(FILES["summary"], summary_json(summary).encode())
    folder.write(FILES["report"], report_page(summary, lines_of(result)).encode(), "text/html; charset=utf-8")
    book.write(record)  # last: until then the log counts as not stored
    return {"status": str(result.status), "keys": keys}


def keys_of(result: RunResult, key: Any) -> dict[str, str]:
    """Where the run's files lie, by what they are."""
    keys = {name: key(file) for name, file in FILES.items()}
    keys |= {"summary_csv": key(tables.log_name(result.run.run_id)), "attachment": key(tables.attachment_name(result))}
    return keys | {f"line_results_{o.number}": key(f"line_results_{o.number}.csv") for o in result.objects if o.staged}


def notify(event: dict[str, Any], wiring: RevenueWiring) -> dict[str, Any]:
    """`event` = {"runId"}. Task 12. Answers {"sent", "recipients"}, both of this call; a failure to send is written down, not raised.

    A mail that is known to be sent is not sent again. A worker that dies between SES's answer and that note leaves a second mail behind,
    as in the billing sync: one mail too many is better than a failed run of which nobody hears.
    """
    run_id = event["runId"]
    folder = wiring.folder(run_id)
    book = TaskBook(folder, wiring.clock)
    before = book.read("mail")
    if before is not None and before.status is TaskStatus.SUCCESS:
        return {"sent": False, "recipients": 0}
    record = replace(AFTER_THE_LOG, status=TaskStatus.RUNNING, started=stamp(wiring.clock.now()), message="")
    _stored(lambda: book.write(record))
    result, log = gather(wiring, run_id), _missing_log(book)
    if log is not None:
        result = with_task(result, log)
    settings = result.run.notifications if result.run.config_version else _notifications_now(wiring)
    if not (mail.is_due(result.status, settings) or (log is not None and settings.on_warning)):
        book.end(replace(record, status=TaskStatus.SKIPPED, message=f"No mail is wanted for {result.status}."))
        return {"sent": False, "recipients": 0}
    if not settings.recipients:
        text = "Nobody is named as recipient; no mail was sent."
        warned = [[str(Code.NO_RECIPIENT), text]]
        book.end(replace(record, status=TaskStatus.WARNING, code=str(Code.NO_RECIPIENT), message=text, warnings=warned))
        return {"sent": False, "recipients": 0}
    sender = settings.sender or variable("NOTIFICATION_SENDER")
    table, name = tables.attachment(result).encode(), tables.attachment_name(result)
    kept = len(table) <= MAX_ATTACHMENT or log is not None  # without the log there is no other copy
    built = mail.build(result, sender=sender, attachment=(name, table) if kept else None, place=folder.key(name)).as_bytes()
    _stored(lambda: folder.write(FILES["mail"], built, "message/rfc822"))
    error = _send(wiring, sender, settings.recipients, built)
    count = 0 if error else len(settings.recipients)
    if error:
        ended = replace(record, status=TaskStatus.ERROR, code=str(Code.MAIL_FAILED), message=f"The mail could not be sent: {error}")
    else:
        ended = replace(record, status=TaskStatus.SUCCESS, message=f"Mailed to {count} recipient{'' if count == 1 else 's'}.")
    _stored(lambda: book.end(ended))
    return {"sent": not error, "recipients": count}


def _missing_log(book: TaskBook) -> TaskRecord | None:
    """The record of task 11 when it did not come to its end; the mail says so."""
    log = book.read("log") or TaskRecord(11, "log")
    if log.status is TaskStatus.SUCCESS:
        return None
    text = "The summary log could not be stored."
    failed = replace(log, status=TaskStatus.ERROR, code=str(Code.LOG_NOT_STORED), message=text, warnings=[[str(Code.LOG_NOT_STORED), text]])
    _stored(lambda: book.end(failed))
    return failed


def _stored(action: Callable[[], object]) -> bool:
    """Store something that the mail does not depend on; answers whether that went well."""
    try:
        action()
        return True
    except Exception:  # the last edge of the run: a bucket that is out of order must not keep the mail from going out
        return False


def _send(wiring: RevenueWiring, sender: str, recipients: list[str], text: bytes) -> str:
    """Hand the mail to SES, at most three times; the recipients see nothing of each other. Answers what went wrong at last, or ""."""
    mailer, error = wiring.mailer(), ""
    for attempt in range(MAIL_TRIES):
        if attempt:
            wiring.clock.sleep(MAIL_PAUSE_SECONDS * attempt)
        try:
            mailer.send_raw_email(Source=sender, Destinations=list(recipients), RawMessage={"Data": text})
            return ""
        except Exception as failed:  # the last edge of the run: whatever SES says, the run has ended and its result stands
            error = f"{type(failed).__name__}: {failed}"[:300]
    return error


def _notifications_now(wiring: RevenueWiring) -> Notifications:
    """For a run that failed on its configuration: whoever can be told from what is usable of it."""
    try:
        return parse_config(wiring.revenue_document()).notifications
    except ConfigurationError:
        pass
    try:
        content = json.loads(wiring.revenue_document())
        given = content.get("notifications", {}) if isinstance(content, dict) else {}
        return parse_config(json.dumps({"notifications": given})).notifications
    except (ValueError, ConfigurationError):
        return Notifications()


def close_run(event: dict[str, Any], wiring: RevenueWiring) -> dict[str, Any]:
    """`event` = {"runId"} or an EventBridge event of an ended execution. Frees the locks, writes the final record. Answers the output of
    the execution: {"runId", "outcome", "objects", "keys", "message", "standing"}."""
    if "detail" in event:
        return _stopped(event["detail"], wiring)
    run_id = event["runId"]
    try:
        result = gather(wiring, run_id)
    except FileNotFoundError:  # it could not even be opened
        return _unopened(run_id, wiring)
    keys = keys_of(result, wiring.folder(run_id).key)
    failure = result.failure
    message = failure.message if failure else next((t.message for t in result.tasks if t.code), "")
    wiring.runs().record(
        run_id,
        started=result.run.started,
        ended=result.ended,
        outcome=str(result.status),
        keys=keys,
        message=message,
        code=failure.code if failure else "",
    )
    free_locks(wiring, run_id, result.run.instance.key)
    objects = [_object(item) for item in result.objects]
    return {
        "runId": run_id,
        "outcome": str(result.status),
        "objects": objects,
        "keys": keys,
        "message": message[:1000],
        "standing": [s[:1000] for s in standing(result)],
    }


def _unopened(run_id: str, wiring: RevenueWiring) -> dict[str, Any]:
    """The run failed before its snapshot was kept: only its record can tell of it."""
    record, ended, text = wiring.runs().read(run_id), stamp(wiring.clock.now()), "The run could not be opened; see the function's log."
    wiring.runs().record(run_id, started=str(record.get("started", ended)), ended=ended, outcome=str(RunStatus.FAILED), message=text)
    free_locks(wiring, run_id, str(record.get("instance", "")).lower())
    return {"runId": run_id, "outcome": str(RunStatus.FAILED), "objects": [], "keys": {}, "message": text, "standing": []}


def _object(item: ObjectResult) -> dict[str, Any]:
    files = [{"name": f.name, "state": str(f.state), "rows": f.rows, "key": f.key} for f in item.files]
    return {"object": item.line.object, "status": str(item.status), "rows": item.rows, "staged": item.staged, "files": files[:50]}


def free_locks(wiring: RevenueWiring, run_id: str, instance: str) -> bool:
    """Free what the run holds; answers whether it held its instance's lock."""
    wiring.upload_lock().unlock(run_id)
    return wiring.instance_lock(instance).unlock(run_id)


def _stopped(detail: dict[str, Any], wiring: RevenueWiring) -> dict[str, Any]:
    """An execution that was stopped, timed out or failed: nothing of it runs any more. Its log and mail come out here."""
    run_id = run_id_of(detail["executionArn"])
    record = wiring.runs().read(run_id)
    if not record:
        return {"runId": run_id, "outcome": str(RunStatus.FAILED), "freed": False}
    if record.get("outcome") == RunStatus.RUNNING:
        mailed = TaskBook(wiring.folder(run_id), wiring.clock).read("mail")
        if mailed is not None and mailed.ended:  # only the closing was missing: the result stands
            return {**close_run({"runId": run_id}, wiring), "freed": True}
        _report_stop(run_id, str(detail.get("status", "")), wiring)
    freed = free_locks(wiring, run_id, str(record.get("instance", "")).lower())
    return {"runId": run_id, "outcome": str(RunStatus.FAILED), "freed": freed}


def _report_stop(run_id: str, status: str, wiring: RevenueWiring) -> None:
    event = {"runId": run_id, "error": {"Error": status, "Cause": "the execution was stopped from outside"}}
    try:
        note_failure(event, wiring)
        _stored(lambda: write_log(event, wiring))
        notify(event, wiring)
    except FileNotFoundError:  # stopped before its snapshot was kept: there is nothing to report but the record
        pass
    text = f"The execution ended with {status}."
    wiring.runs().record(run_id, ended=stamp(wiring.clock.now()), outcome=str(RunStatus.FAILED), message=text)
