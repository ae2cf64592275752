"""Builds the run's mail, stores it, and sends it if the settings ask for one."""

from __future__ import annotations

from typing import Any

from tallybridge import money
from tallybridge.errors import ConfigurationError
from tallybridge.reporting.mail import Attachment, build_mail, should_send
from tallybridge.reporting.summary import read_summary
from tallybridge.settings import DEFAULTS, Settings, parse_settings
from tallybridge.sync.runlog import RunOutcome, RunSummary
from tallybridge.sync.runs import Runs
from tallybridge.tasks.archive_log import FILES
from tallybridge.tasks.run_file import NAME, RunFile
from tallybridge.wiring import Wiring, variable

LOOK_BACK = 5
"""Runs looked at to tell how many failed in a row."""


def notify(event: dict[str, Any], wiring: Wiring) -> dict[str, Any]:
    """`event` = {"runId"}. Answers {"sent", "recipients"}: how many people were mailed."""
    folder = wiring.folder(event["runId"])
    summary = read_summary(folder.read(FILES["summary"]))
    settings = RunFile.load(folder).parsed_settings() if folder.has(NAME) else _settings_now(wiring)
    failed = failed_in_a_row(wiring.runs(), summary)
    if not settings.notify_recipients:
        return {"sent": False, "recipients": 0}
    log = Attachment("log.jsonl.gz", folder.read(FILES["log"]), key=folder.key(FILES["log"]))
    sender = settings.notify_sender or variable("NOTIFICATION_SENDER")
    mail = build_mail(
        summary,
        sender=sender,
        recipients=settings.notify_recipients,
        attachments=[log] if settings.notify_attach_log else [],
        failed_in_a_row=failed,
    )
    folder.write(FILES["mail"], mail.as_bytes(), "message/rfc822")
    if not should_send(summary, settings, failed_in_a_row=failed):
        return {"sent": False, "recipients": 0}
    wiring.mailer().send_raw_email(Source=sender, Destinations=list(settings.notify_recipients), RawMessage={"Data": mail.as_bytes()})
    return {"sent": True, "recipients": len(settings.notify_recipients)}


def failed_in_a_row(runs: Runs, summary: RunSummary) -> int:
    """How many runs failed in a row, this one included; skipped runs do not count either way."""
    if summary.outcome is not RunOutcome.FAILED:
        return 0
    count = 1
    for run in runs.recent(LOOK_BACK):
        if run["run_id"] == summary.run_id or run.get("outcome") == RunOutcome.SKIPPED:
            continue
        if run.get("outcome") != RunOutcome.FAILED:
            break
        count += 1
    return count


def _settings_now(wiring: Wiring) -> Settings:
    """For a run that never opened: who is to be told stands in the settings as they are now. When these are the fault, only the keys
    about notification are taken from them, so that somebody learns of it."""
    document = wiring.settings_document()
    try:
        return parse_settings(document)
    except ConfigurationError:
        return _notification_in(document)


def _notification_in(document: str) -> Settings:
    """The usable part of the keys about notification: a wrong mail address does not keep the others from being told."""
    try:
        content = money.loads(document)
    except ValueError:
        return DEFAULTS
    given = {k: v for k, v in content.items() if k.startswith("notify_")} if isinstance(content, dict) else {}
    if isinstance(recipients := given.get("notify_recipients"), list):
        given["notify_recipients"] = [r for r in recipients if _is_usable("notify_recipients", [r])]
    return parse_settings(money.dumps({k: v for k, v in given.items() if _is_usable(k, v)}))


def _is_usable(key: str, value: object) -> bool:
    try:
        parse_settings(money.dumps({key: value}))
    except ConfigurationError:
        return False
    return True
