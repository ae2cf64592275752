"""Builds the run's mail, stores it, and sends it if the settings ask for one."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from tallybridge.addresses import MAX_RECIPIENTS, is_mail_address
from tallybridge.clock import stamp
from tallybridge.errors import ConfigurationError, MailNotSent
from tallybridge.reporting.causes import causes, ordered
from tallybridge.reporting.delivery import ADVICE, MAIL_FAILED, Undelivered, deliver, is_settled
from tallybridge.reporting.mail import MAX_MAIL_BYTES, Attachment, build_mail, should_send
from tallybridge.reporting.messages import group_messages
from tallybridge.reporting.summary import read_summary
from tallybridge.settings import DEFAULTS, Settings, parse_settings
from tallybridge.sync.folder import RunFolder
from tallybridge.sync.runlog import Level, LogLine, RunOutcome, RunSummary
from tallybridge.sync.runs import Runs
from tallybridge.tasks.archive import add_to_log
from tallybridge.tasks.archive_log import FILES, write_summary
from tallybridge.tasks.run_file import NAME, RunFile
from tallybridge.wiring import Wiring, variable

UNDELIVERED = "undelivered.json"
"""Who was not mailed, and why, as it stands after the last try; there when somebody was not at one."""
DELIVERY = "delivery.json"
"""{"delivered", "tries", "done"}: who has been mailed, and whether nothing is left to be tried."""
LINES = "log/mail.jsonl.gz"
LOOK_BACK = 5
"""Runs looked at to tell how many failed in a row."""
UNCOUNTED = (RunOutcome.SKIPPED, RunOutcome.CANCELLED)


def notify(event: dict[str, Any], wiring: Wiring) -> dict[str, Any]:
    """`event` = {"runId", "again"?, "closer"?}. Answers {"sent", "recipients"}: how many people were mailed. Who was not, although the
    settings say so, stands in log, summary and report, and in the run's record. What is mailed already is not mailed again.

    Raises `MailNotSent` where SES may take the mail later and the caller tries `again`; the lock is freed before, since nothing else is
    left to do. Raises `RunEnded` for a run that has ended."""
    run_id, runs, folder = event["runId"], wiring.runs(), wiring.folder(event["runId"])
    runs.check_open(run_id, str(event.get("closer") or ""))
    known: dict[str, Any] = folder.read_json(DELIVERY) if folder.has(DELIVERY) else {"delivered": [], "tries": 0, "done": False}
    if known["done"]:
        return _answer(known["delivered"])
    summary = read_summary(folder.read(FILES["summary"]))
    settings = RunFile.load(folder).parsed_settings() if folder.has(NAME) else _settings_now(wiring)
    failed = failed_in_a_row(runs, summary)
    everybody, delivered = settings.notify_recipients, list(known["delivered"])
    attached = [_log_of(folder)] if everybody and settings.notify_attach_log else []
    wanted = bool(everybody) and should_send(summary, settings, failed_in_a_row=failed)
    rest = [each for each in everybody if each not in delivered]
    undelivered: list[Undelivered] = []
    refused: list[Undelivered] = []
    for sender in dict.fromkeys(filter(None, (settings.notify_sender, variable("NOTIFICATION_SENDER")))) if everybody else ():
        mail = build_mail(summary, sender=sender, recipients=everybody, attachments=attached, failed_in_a_row=failed).as_bytes()
        folder.write(FILES["mail"], mail, "message/rfc822")
        if not wanted:
            break
        refused = undelivered
        undelivered = deliver(wiring.mailer(), sender=sender, recipients=rest, message=mail, sleep=wiring.clock.sleep)
        if len(undelivered) < len(rest):
            break
    missed = {each.recipient for each in undelivered}
    delivered += [each for each in rest if wanted and each not in missed]
    if undelivered or folder.has(UNDELIVERED):
        folder.write_json(UNDELIVERED, [each.to_json() for each in undelivered])
    if event.get("again") and not is_settled(undelivered, known["tries"]):
        folder.write_json(DELIVERY, {"delivered": delivered, "tries": known["tries"] + 1, "done": False})
        runs.unlock(run_id)
        raise MailNotSent(undelivered[-1].text, advice=ADVICE)
    lines = [_line(summary, wiring, each.text, each.recipient) for each in undelivered]
    if refused:
        lines.append(_line(summary, wiring, f"Mails from {settings.notify_sender} are refused: {refused[0].reason}"))
    if lines:
        _tell(folder, summary, lines)
    folder.write_json(DELIVERY, {"delivered": delivered, "tries": known["tries"] + 1, "done": True})
    return _answer(delivered)


def _answer(delivered: Sequence[str]) -> dict[str, Any]:
    return {"sent": bool(delivered), "recipients": len(delivered)}


def _line(summary: RunSummary, wiring: Wiring, text: str, recipient: str = "") -> LogLine:
    now = stamp(wiring.clock.now())
    return LogLine(now, summary.run_id, "run", Level.WARNING, text, MAIL_FAILED, source_number=recipient, advice=ADVICE)


def _log_of(folder: RunFolder) -> Attachment:
    """The run's log; one that is larger than any mail only in part, since it is named there and not attached."""
    return Attachment(FILES["log"], folder.open(FILES["log"]).read(MAX_MAIL_BYTES), key=folder.key(FILES["log"]))


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
        if settings.notify_recipients:
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
