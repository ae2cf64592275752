"""Tasks 11 and 12, and the end: summary log, mail, final record, locks freed. None of them changes the run's result. The same is done in
the place of an execution that was ended from outside: what is said of it is what its records tell, and who has stopped it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from tallybridge.addresses import MAX_RECIPIENTS, is_mail_address
from tallybridge.clock import stamp
from tallybridge.errors import ConfigurationError, MailNotSent, RunEnded
from tallybridge.reporting.delivery import ADVICE, is_settled
from tallybridge.reporting.incident import TELLS_OF_ALL, Due, Mailed, due, state_of
from tallybridge.reporting.mail import Attachment, Letter, build_mail
from tallybridge.reporting.messages import group_messages
from tallybridge.reporting.page import report_page
from tallybridge.reporting.places import run_url
from tallybridge.reporting.summary import summary_json
from tallybridge.revenue import mail, tables
from tallybridge.revenue.codes import Code
from tallybridge.revenue.config import Notifications, parse_config
from tallybridge.revenue.opening import keep_run
from tallybridge.revenue.performing import note_stop
from tallybridge.revenue.result import ObjectResult, RunResult, gather, standing, with_task
from tallybridge.revenue.run import RevenueRun, RunStatus, TaskBook, TaskRecord, TaskStatus
from tallybridge.revenue.summary import lines_of, run_summary
from tallybridge.revenue.wiring import RevenueWiring
from tallybridge.sync.folder import RunFolder
from tallybridge.sync.runlog import RunSummary
from tallybridge.sync.runs import ITSELF
from tallybridge.tasks.ended import End, input_of, stopper_in
from tallybridge.tasks.mailing import Delivery, post
from tallybridge.tasks.open_run import run_id_of
from tallybridge.wiring import variable

MAX_MESSAGE = 1_000
"""Characters of what a record and an answer say in one sentence."""
MAX_ATTACHMENT = 5_000_000
AFTER_THE_LOG = TaskRecord(12, "mail", status=TaskStatus.PENDING, message="follows when this log is stored")
RUNNING = (None, str(RunStatus.RUNNING))
"""Outcomes of a run that nobody has ended."""
FILES = {"summary": "summary.json", "report": "report.html", "log": "log.jsonl.gz", "mail": "mail.eml"}


def write_log(event: dict[str, Any], wiring: RevenueWiring) -> dict[str, Any]:
    """`event` = {"runId", "closer"?}. Task 11: summary log, attachment, summary and page. Answers {"status", "keys"}. Raises `RunEnded` for
    a run that has ended; a clean-up is the `closer` of its run."""
    run_id = event["runId"]
    wiring.runs().check_open(run_id, str(event.get("closer") or ""))
    folder = wiring.folder(run_id)
    book = TaskBook(folder, wiring.clock)
    begun = replace(book.start("log"), message="Summary log written.")
    record = replace(begun, status=TaskStatus.SUCCESS, ended=stamp(wiring.clock.now()))
    result = with_task(with_task(gather(wiring, run_id), record), AFTER_THE_LOG)
    keys = keys_of(result, folder.key)
    _write_files(folder, result, keys)
    book.write(record)  # last: until then the log counts as not stored
    return {"status": str(result.status), "keys": keys}


def _write_files(folder: RunFolder, result: RunResult, keys: dict[str, str]) -> None:
    """Everything that is told of a run, from what is known of it now."""
    run_id = result.run.run_id
    folder.write(tables.log_name(run_id), tables.summary_log(result).encode(), "text/csv; charset=utf-8")
    folder.write(tables.attachment_name(result), tables.attachment(result).encode(), "text/csv; charset=utf-8")
    folder.write_lines(FILES["log"], (line.to_json() for line in lines_of(result)))
    summary = _summary(result, keys)
    folder.write(FILES["summary"], summary_json(summary).encode())
    folder.write(FILES["report"], report_page(summary, lines_of(result)).encode(), "text/html; charset=utf-8")


def _summary(result: RunResult, keys: dict[str, str]) -> RunSummary:
    summary = run_summary(result, group_messages(lines_of(result)), keys)
    return replace(summary, console_url=variable("CONSOLE_ADDRESS", optional=True))


def keys_of(result: RunResult, key: Any) -> dict[str, str]:
    """Where the run's files lie, by what they are."""
    keys = {name: key(file) for name, file in FILES.items()}
    keys |= {"summary_csv": key(tables.log_name(result.run.run_id)), "attachment": key(tables.attachment_name(result))}
    return keys | {f"line_results_{o.number}": o.line_results for o in result.objects if o.line_results}


def notify(event: dict[str, Any], wiring: RevenueWiring) -> dict[str, Any]:
    """`event` = {"runId", "again"?, "closer"?}. Task 12. Answers {"sent", "recipients"}, both of this call; a failure to send is written
    down, not raised, but for `MailNotSent` where SES may take the mail later and the caller tries `again`: the locks are freed before.
    Raises `RunEnded` for a run that has ended.

    A mail that is known to be sent is not sent again, nor is one about what was mailed before and has not changed. A worker that dies
    between SES's answer and that note leaves a second mail behind, as in the billing sync: one mail too many is better than a failed run of
    which nobody hears.
    """
    run_id = event["runId"]
    folder = wiring.folder(run_id)
    book = TaskBook(folder, wiring.clock)
    before = book.read("mail")
    if before is not None and before.ended and before.status in (TaskStatus.SUCCESS, TaskStatus.WARNING):
        _stored(lambda: _keep(wiring, RevenueRun.load(folder), Delivery.of(folder)))
        return {"sent": False, "recipients": 0}
    wiring.runs().check_open(run_id, str(event.get("closer") or ""))
    record = replace(AFTER_THE_LOG, status=TaskStatus.RUNNING, started=stamp(wiring.clock.now()), message="")
    _stored(lambda: book.write(record))
    result, log = gather(wiring, run_id), _missing_log(book)
    if log is not None:
        result = with_task(result, log)
    settings = result.run.notifications if result.run.config_version else _notifications_now(wiring)
    wanted = mail.is_wanted(result.status, settings) or (log is not None and settings.on_warning)
    summary = _summary(result, keys_of(result, folder.key))
    summary.messages = [message for message in summary.messages if message.step not in tables.TOLD_APART]
    of = _due(summary, result, settings, wiring, wanted=wanted)
    if not of.recipients and wanted and not settings.recipients:
        text = "Nobody is named as recipient; no mail was sent."
        warned = [[str(Code.NO_RECIPIENT), text]]
        book.end(replace(record, status=TaskStatus.WARNING, code=str(Code.NO_RECIPIENT), message=text, warnings=warned))
        return {"sent": False, "recipients": 0}
    if not of.recipients:
        _keep(wiring, result.run, Delivery(told="" if of.counts and not of.after else None))
        why = f"No mail is wanted for {result.status}." if not wanted else "Nothing has changed since the last mail."
        book.end(replace(record, status=TaskStatus.SKIPPED, message=why))
        return {"sent": False, "recipients": 0}
    known = Delivery.of(folder)
    posted = post(wiring, of, known, settings.sender, _letter_of(folder, summary, result, of, logged=log is None))
    remarks = [each.text for each in posted.undelivered]
    if posted.refused:
        remarks.append(f"Mails from {settings.sender} are refused: {posted.refused}")
    ended = _mailed(record, len(known.delivered), remarks)
    if event.get("again") and not is_settled(posted.undelivered, known.tries - 1):
        known.write(folder)
        book.write(ended)  # without an end: as it stands until the next try
        free_locks(wiring, run_id, result.run.instance.key)
        raise MailNotSent(posted.undelivered[-1].text, advice=ADVICE)
    known.done = True
    _stored(lambda: known.write(folder))
    _stored(lambda: book.end(ended))
    _keep(wiring, result.run, known)
    if remarks and log is None:
        told = with_task(result, ended)
        _stored(lambda: _write_files(folder, told, keys_of(told, folder.key)))
    return {"sent": bool(known.delivered), "recipients": len(known.delivered)}


def _kept_under(run: RevenueRun) -> str:
    """What was mailed of a solution instance is kept under its name."""
    return f"revenue#{run.instance.key}"


def _keep(wiring: RevenueWiring, run: RevenueRun, known: Delivery) -> None:
    """Have the next runs of the instance know what was mailed."""
    known.keep(wiring.runs(), _kept_under(run), run.run_id, run.started)


def _due(summary: RunSummary, result: RunResult, settings: Notifications, wiring: RevenueWiring, *, wanted: bool) -> Due:
    """The mail that is due. What is staged of a failed run must be known whatever was mailed before: its files bear other names."""
    return due(
        state_of(summary, standing=standing(result)),
        Mailed.from_text(wiring.runs().mailed(_kept_under(result.run))),
        wiring.clock.now(),
        wanted=wanted,
        every_run=settings.on_success,
        recipients=lambda _: settings.recipients,
        incident=summary.run_id,
        alone=summary.outcome not in TELLS_OF_ALL,
    )


def _letter_of(folder: RunFolder, summary: RunSummary, result: RunResult, of: Due, *, logged: bool) -> Callable[[str], bytes]:
    """Makes the mail of a sender, and stores it. The details come along, and the report as a page where there is no console."""
    name, table = tables.attachment_name(result), tables.attachment(result).encode()
    along = len(table) <= MAX_ATTACHMENT or not logged  # without the log there is no other copy
    attached = [Attachment(name, table, "text/csv; charset=utf-8", folder.key(name))] if along else []
    if logged and not run_url(summary):
        attached.append(Attachment(FILES["report"], folder.read(FILES["report"]), "text/html; charset=utf-8", folder.key(FILES["report"])))
    places = () if along else ((name, folder.key(name)),)
    letter = Letter(0, True, of.news, of.recovered, of.incident, of.first, tuple(standing(result)), places)

    def build(sender: str) -> bytes:
        subject = mail.subject_of(result, recovered=of.recovered)
        built = build_mail(
            summary, sender=sender, recipients=of.recipients, letter=letter, attachments=attached, subject=subject, hidden=True
        ).as_bytes()
        _stored(lambda: folder.write(FILES["mail"], built, "message/rfc822"))
        return built

    return build


def _mailed(record: TaskRecord, count: int, remarks: list[str]) -> TaskRecord:
    """How task 12 ended: an error when nobody was mailed, a warning when somebody was not."""
    done = f"Mailed to {count} recipient{'' if count == 1 else 's'}."
    if not remarks:
        return replace(record, status=TaskStatus.SUCCESS, message=done)
    status = TaskStatus.WARNING if count else TaskStatus.ERROR
    warnings = [[str(Code.MAIL_FAILED), text] for text in remarks]
    message = " ".join([*([done] if count else []), *remarks])[:MAX_MESSAGE]
    return replace(record, status=status, code=str(Code.MAIL_FAILED), message=message, advice=ADVICE, warnings=warnings)


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


def _notifications_now(wiring: RevenueWiring) -> Notifications:
    """For a run that failed on its configuration: whoever can be told from what is usable of it, or of the one that was saved last."""
    found = Notifications()
    for document in wiring.revenue_configuration().documents():
        found = _notifications_in(document)
        if found.recipients:
            break
    return found


def _notifications_in(document: str) -> Notifications:
    try:
        return parse_config(document).notifications
    except ConfigurationError:
        pass
    try:
        given = json.loads(document)["notifications"]
        everybody = [a.strip() for a in given["recipients"] if isinstance(a, str)]
        return Notifications(recipients=[a for a in everybody if is_mail_address(a)][:MAX_RECIPIENTS])
    except (ValueError, RecursionError, LookupError, TypeError):
        return Notifications()


def close_run(event: dict[str, Any], wiring: RevenueWiring) -> dict[str, Any]:
    """`event` = {"runId"}, or one that tells of an ended execution, see `clean_up`. Frees the locks, writes the final record. Answers the
    output of the execution: {"runId", "outcome", "objects", "keys", "message", "standing", "mailed"}; `mailed` is false where somebody who
    should have been was not. Raises `RunEnded` where the clean-up of the execution ends the run."""
    if "detail" in event:
        return clean_up(event, wiring)
    run_id = event["runId"]
    if not wiring.runs().claim_end(run_id):
        raise RunEnded(f"Run {run_id} has ended; it is closed by the clean-up of its execution.")
    return finish(run_id, wiring)


def finish(run_id: str, wiring: RevenueWiring, **facts: str) -> dict[str, Any]:
    """The final record, with `facts` that say more than the result does, and the locks freed."""
    try:
        result = gather(wiring, run_id)
    except FileNotFoundError:  # it could not even be opened
        return _unopened(run_id, wiring)
    keys = keys_of(result, wiring.folder(run_id).key)
    failure = result.failure
    message = " ".join(map(result.told, result.failures)) if failure else next((t.message for t in result.tasks if t.code), "")
    unmailed = next((t.message for t in result.tasks if t.code == Code.MAIL_FAILED and t.message != message), "")
    message = f"{message} {unmailed}".strip()
    known = {"message": message, "code": failure.code if failure else "", **facts}
    wiring.runs().record(run_id, started=result.run.started, ended=result.ended, outcome=str(result.status), keys=keys, **known)
    free_locks(wiring, run_id, result.run.instance.key)
    objects = [_object(item) for item in result.objects]
    return {
        "runId": run_id,
        "outcome": str(result.status),
        "objects": objects,
        "keys": keys,
        "message": message[:MAX_MESSAGE],
        "standing": [s[:MAX_MESSAGE] for s in standing(result)],
        "mailed": any(t.name == "mail" and t.ended and t.code != Code.MAIL_FAILED for t in result.tasks),
    }


def _unopened(run_id: str, wiring: RevenueWiring) -> dict[str, Any]:
    """The run failed before its snapshot was kept: only its record can tell of it."""
    record, ended, text = wiring.runs().read(run_id), stamp(wiring.clock.now()), "The run could not be opened; see the function's log."
    wiring.runs().record(run_id, started=str(record.get("started", ended)), ended=ended, outcome=str(RunStatus.FAILED), message=text)
    free_locks(wiring, run_id, str(record.get("instance", "")).lower())
    return {"runId": run_id, "outcome": str(RunStatus.FAILED), "objects": [], "keys": {}, "message": text, "standing": [], "mailed": False}


def _object(item: ObjectResult) -> dict[str, Any]:
    files = [{"name": f.name, "state": str(f.state), "rows": f.rows, "key": f.key} for f in item.files]
    return {"object": item.line.object, "status": str(item.status), "rows": item.rows, "staged": item.staged, "files": files[:50]}


def free_locks(wiring: RevenueWiring, run_id: str, instance: str) -> bool:
    """Free what the run holds; answers whether it held its instance's lock."""
    wiring.upload_lock().unlock(run_id)
    return wiring.instance_lock(instance).unlock(run_id)


def clean_up(event: Mapping[str, Any], wiring: RevenueWiring) -> dict[str, Any]:
    """`event` = {"detail", "closer"?, "again"?}: the detail of EventBridge's event of an ended execution, or of CloudTrail's of a
    StopExecution, and the id of the clean-up. Answers {"runId", "outcome", "freed"}, and what `close_run` answers where the run was closed.
    A run that closed itself is left alone. May be repeated. Raises `MailNotSent` where the mail is to be tried again."""
    detail, runs, closer = event["detail"], wiring.runs(), str(event.get("closer") or "clean-up")
    if "eventName" in detail:
        return _note_stopper(detail, wiring)
    run_id = run_id_of(detail["executionArn"])
    record, known = runs.read(run_id), runs.end(run_id)
    instance = str(record.get("instance") or input_of(detail).get("instance", "")).lower()
    left = {"runId": run_id, "outcome": str(record.get("outcome", RunStatus.FAILED))}
    if record.get("outcome") not in RUNNING or known.get("claimed") not in (None, ITSELF, closer):
        return {**left, "freed": free_locks(wiring, run_id, instance)}
    mailed = TaskBook(wiring.folder(run_id), wiring.clock).read("mail")
    end = End.kept(known) or replace(End.told(detail, stamp(wiring.clock.now())), archived=mailed is not None and bool(mailed.ended))
    if not end.who and end.cancelled:
        end = replace(end, who=runs.stopper(run_id))
    if not runs.claim_end(run_id, closer, over=ITSELF, **end.facts()):
        return {**left, "freed": False}
    keep_run(wiring, run_id, input_of(detail))
    freed = free_locks(wiring, run_id, instance)
    if not end.archived:  # else only the closing was missing: the result stands
        note_stop(wiring, run_id, end)
        own = {"runId": run_id, "closer": closer, "again": event.get("again")}
        _stored(lambda: write_log(own, wiring))  # without it, the mail says so
        notify(own, wiring)
    told = {"stopped_by": end.who, "reason": end.why, "message": end.message} if end.cancelled else {}
    return {**finish(run_id, wiring, **told), "freed": freed}


def _note_stopper(detail: Mapping[str, Any], wiring: RevenueWiring) -> dict[str, Any]:
    """CloudTrail tells of a StopExecution, sooner or later than EventBridge of the end."""
    runs, who = wiring.runs(), stopper_in(detail)
    run_id = run_id_of(str((detail.get("requestParameters") or {}).get("executionArn", "")))
    record = runs.read(run_id)
    left = {"runId": run_id, "outcome": str(record.get("outcome", "")), "freed": False}
    if detail.get("errorCode") or not who or not run_id:
        return left
    runs.note_stopper(run_id, who)
    end = End.kept(runs.end(run_id))
    if end is not None and end.cancelled and not end.who and record.get("outcome") not in RUNNING:
        runs.record(run_id, stopped_by=who, message=replace(end, who=who).message)
    return left
