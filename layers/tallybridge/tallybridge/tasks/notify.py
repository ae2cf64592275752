"""Builds the run's mail, stores it, and sends it if the settings ask for one."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any

from tallybridge.addresses import MAX_RECIPIENTS, is_mail_address
from tallybridge.clock import stamp
from tallybridge.errors import ConfigurationError, MailNotSent
from tallybridge.reporting.causes import causes, ordered
from tallybridge.reporting.delivery import ADVICE, MAIL_FAILED, is_settled
from tallybridge.reporting.exceptions import bounded, grave_lines, log_rows
from tallybridge.reporting.incident import TELLS_OF_ALL, Due, Mailed, due, state_of
from tallybridge.reporting.mail import FAILED_IN_A_ROW, Attachment, Letter, build_mail, is_error, should_send
from tallybridge.reporting.messages import group_messages
from tallybridge.reporting.places import run_url
from tallybridge.reporting.summary import read_summary
from tallybridge.settings import DEFAULTS, Settings, parse_settings
from tallybridge.sync.folder import RunFolder
from tallybridge.sync.runlog import Level, LogLine, RunOutcome, RunSummary
from tallybridge.sync.runs import Runs
from tallybridge.tasks.archive import add_to_log
from tallybridge.tasks.archive_log import FILES, write_summary
from tallybridge.tasks.mailing import Delivery, post, senders
from tallybridge.tasks.run_file import NAME, RunFile
from tallybridge.tasks.steps import steps_to_run
from tallybridge.wiring import Wiring

MAX_EXCEPTIONS = 4 * 1024 * 1024
"""Bytes of the attached table."""
UNDELIVERED = "undelivered.json"
"""Who was not mailed, and why, as it stands after the last try; there when somebody was not at one."""
LINES = "log/mail.jsonl.gz"
LOOK_BACK = 5
"""Runs looked at to tell how many failed in a row."""
UNCOUNTED = (RunOutcome.SKIPPED, RunOutcome.CANCELLED)


def notify(event: dict[str, Any], wiring: Wiring) -> dict[str, Any]:
    """`event` = {"runId", "again"?, "closer"?}. Answers {"sent", "recipients"}: how many people were mailed. Who was not, although they
    were to be, stands in log, summary and report, and in the run's record. What is mailed already is not mailed again.

    Raises `MailNotSent` where SES may take the mail later and the caller tries `again`; the lock is freed before, since nothing else is
    left to do. Raises `RunEnded` for a run that has ended."""
    run_id, runs, folder = event["runId"], wiring.runs(), wiring.folder(event["runId"])
    runs.check_open(run_id, str(event.get("closer") or ""))
    known = Delivery.of(folder)
    summary = read_summary(folder.read(FILES["summary"]))
    started = summary.started or summary.ended
    if known.done:
        known.keep(runs, runs.job, run_id, started)
        return _answer(known.delivered)
    run = RunFile.load(folder) if folder.has(NAME) else None
    settings = run.parsed_settings() if run else _settings_now(wiring)
    failed = failed_in_a_row(runs, summary)
    mail = _due(summary, settings, run, wiring, failed)
    build = _letter_of(folder, summary, settings, mail, failed, whole=_is_whole(run, settings))
    posted = post(wiring, mail, known, settings.notify_sender, build)
    if posted.undelivered or folder.has(UNDELIVERED):
        folder.write_json(UNDELIVERED, [each.to_json() for each in posted.undelivered])
    if event.get("again") and not is_settled(posted.undelivered, known.tries - 1):
        known.write(folder)
        runs.unlock(run_id)
        raise MailNotSent(posted.undelivered[-1].text, advice=ADVICE)
    lines = [_line(summary, wiring, each.text, each.recipient) for each in posted.undelivered]
    if posted.refused:
        lines.append(_line(summary, wiring, f"Mails from {settings.notify_sender} are refused: {posted.refused}"))
    if lines:
        _tell(folder, summary, lines)
    known.done = True
    known.write(folder)
    known.keep(runs, runs.job, run_id, started)
    return _answer(known.delivered)


def _is_whole(run: RunFile | None, settings: Settings) -> bool:
    """Whether a run says how things stand: one that is no rehearsal and was not restricted to some steps or records."""
    return run is None or (not run.dry_run and not run.restricted and run.steps == steps_to_run(settings, run.mode, None))


def _due(summary: RunSummary, settings: Settings, run: RunFile | None, wiring: Wiring, failed: int) -> Due:
    """The mail that is due. Who has had single records tried again sees what came of them, and is mailed only where something went
    wrong."""
    wanted = should_send(summary, settings, failed_in_a_row=failed)
    if run and run.instructed_only:
        wanted = wanted and is_error(summary)
    return due(
        state_of(summary, in_a_row=failed >= FAILED_IN_A_ROW),
        Mailed.from_text(wiring.runs().mailed(wiring.runs().job)),
        wiring.clock.now(),
        wanted=wanted,
        every_run=settings.notify_on_success,
        recipients=settings.recipients,
        incident=summary.run_id,
        alone=not _is_whole(run, settings) or summary.outcome not in TELLS_OF_ALL,
        partial=summary.outcome in (RunOutcome.FAILED, RunOutcome.PARTLY),
    )


def _letter_of(
    folder: RunFolder, summary: RunSummary, settings: Settings, mail: Due, failed: int, *, whole: bool
) -> Callable[[str], bytes]:
    """Makes the mail of a sender, and stores it. It is stored for the run's page, too, where it is sent to nobody."""
    to = mail.recipients or settings.notified
    letter = Letter(failed, whole, mail.news, mail.recovered, mail.incident, mail.first)
    attached = _attached(folder) if mail.recipients and settings.notify_attach_log and not run_url(summary) else []

    def build(sender: str) -> bytes:
        built = build_mail(summary, sender=sender, recipients=to, letter=letter, attachments=attached).as_bytes()
        folder.write(FILES["mail"], built, "message/rfc822")
        return built

    if to and not mail.recipients:
        build(next(senders(settings.notify_sender)))
    return build


def _answer(delivered: Sequence[str]) -> dict[str, Any]:
    return {"sent": bool(delivered), "recipients": len(delivered)}


def _line(summary: RunSummary, wiring: Wiring, text: str, recipient: str = "") -> LogLine:
    now = stamp(wiring.clock.now())
    return LogLine(now, summary.run_id, "run", Level.WARNING, text, MAIL_FAILED, source_number=recipient, advice=ADVICE)


def _attached(folder: RunFolder) -> list[Attachment]:
    """The report as a page, and the run's warnings and errors as a table. A log that is larger than any mail is read in part."""
    report, rows = FILES["report"], bounded(log_rows(grave_lines(folder.open(FILES["log"]))), MAX_EXCEPTIONS)
    page = Attachment(report, folder.read(report), "text/html; charset=utf-8", folder.key(report))
    return [page, Attachment("exceptions.csv", rows, "text/csv; charset=utf-8")]


def _tell(folder: RunFolder, summary: RunSummary, lines: list[LogLine]) -> None:
    """What became of the mail stands in log, summary and report like any other message of the run."""
    folder.write_lines(LINES, [line.to_json() for line in lines])
    excerpt = add_to_log(folder, lines)
    summary.messages = [*(m for m in summary.messages if m.code != MAIL_FAILED), *group_messages(lines)]
    summary.causes = ordered([*(c for c in summary.causes if c.code != MAIL_FAILED), *causes(lines)])
    if summary.outcome is RunOutcome.COMPLETED:
        summary.outcome = RunOutcome.WARNINGS
    write_summary(folder, summary, excerpt)


def failed_in_a_row(runs: Runs, summary: RunSummary) -> int:
    """How many runs failed in a row, this one included; skipped, stopped and dry runs do not count either way."""
    if summary.outcome is not RunOutcome.FAILED:
        return 0
    count = 1
    for run in runs.recent(LOOK_BACK):
        if run["run_id"] == summary.run_id or run.get("outcome") in UNCOUNTED or run.get("dry_run"):
            continue
        if run.get("outcome") != RunOutcome.FAILED:
            break
        count += 1
    return count


def _settings_now(wiring: Wiring) -> Settings:
    """For a run that never opened: who is to be told stands in the settings as they are now, or, when these have been emptied, as they
    were saved last. When they are the fault, only the keys about notification are taken from them, so that somebody learns of it."""
    settings = DEFAULTS
    for document in wiring.configuration().documents():
        try:
            settings = parse_settings(document)
        except ConfigurationError:
            settings = _notification_in(document)
        if settings.notified:
            break
    return settings


def _notification_in(document: str) -> Settings:
    """The usable part of the keys about notification: a wrong mail address does not keep the others from being told."""
    try:
        content = json.loads(document)  # as far as it goes: a key that stands twice does not keep anybody from being told
    except (ValueError, RecursionError):
        return DEFAULTS
    given = {k: v for k, v in content.items() if k.startswith("notify_")} if isinstance(content, dict) else {}
    if isinstance(recipients := given.get("notify_recipients"), list):
        given["notify_recipients"] = [r for r in recipients if is_mail_address(r)][:MAX_RECIPIENTS]
    return parse_settings(json.dumps({k: v for k, v in given.items() if _is_usable(k, v)}))


def _is_usable(key: str, value: object) -> bool:
    try:
        parse_settings(json.dumps({key: value}))
    except ConfigurationError:
        return False
    return True
