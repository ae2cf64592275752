"""The mail about a run (operations.md section 6): when it is sent, and what stands in it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from typing import Protocol

from tallybridge.addresses import is_mail_address
from tallybridge.errors import ConfigurationError
from tallybridge.reporting import drifted, figures
from tallybridge.reporting._templates import render
from tallybridge.reporting.page import attention, order_text, web_address
from tallybridge.reporting.verdict import state_text, verdict
from tallybridge.reporting.words import count_text, duration_text, moment, one_line
from tallybridge.sync.runlog import BROKEN_OFF, RunOutcome, RunSummary

MAX_MAIL_BYTES = 10 * 1024 * 1024
"""What Amazon SES takes by default for a whole message, after encoding."""
FAILED_IN_A_ROW = 3
"""From this number of failed runs on, the mail says so and is sent whatever the settings are."""
MAX_SUBJECT = 200
MAX_INSTANCE = 100
MAX_TEXT = 600
"""Characters of one message in the mail."""
FIRST = 20
"""Messages in the mail."""
RECORDS = 5
"""Records listed with one message in the mail."""

_FAILURES = frozenset({*BROKEN_OFF, RunOutcome.OUT_OF_BALANCE})


class NotificationSettings(Protocol):
    """The settings of settings.md section 5 that decide whether a mail is sent."""

    @property
    def notify_on_error(self) -> bool: ...
    @property
    def notify_on_warning(self) -> bool: ...
    @property
    def notify_on_success(self) -> bool: ...


@dataclass(frozen=True)
class Attachment:
    """A file for the mail. `key` says where it lies in storage, for the sentence that replaces it when it is too large."""

    name: str
    content: bytes
    content_type: str = "application/gzip"
    key: str = ""


def should_send(summary: RunSummary, settings: NotificationSettings, *, failed_in_a_row: int = 0) -> bool:
    """Whether a mail is due: errors, warnings or success, as the settings say. Skipped runs do not mail, nor do unfinished ones.

    Out of balance counts as an error, and so does a run that was stopped; a run that is partly done as one with warnings. Three failed
    runs in a row (this one included) mail in any case.
    """
    if summary.outcome in (RunOutcome.SKIPPED, RunOutcome.RUNNING):
        return False
    errors = bool(summary.errors) or summary.outcome in _FAILURES
    warnings = bool(summary.warnings) or summary.outcome in (RunOutcome.WARNINGS, RunOutcome.PARTLY)
    wanted = (errors and settings.notify_on_error) or (warnings and settings.notify_on_warning) or settings.notify_on_success
    return bool(wanted) or (errors and failed_in_a_row >= FAILED_IN_A_ROW)


def subject_of(summary: RunSummary, failed_in_a_row: int = 0) -> str:
    """ "[NetSuite connector] {instance}: completed with 3 warnings", on one line whatever the instance is called."""
    row = f", {failed_in_a_row} runs in a row" if failed_in_a_row >= FAILED_IN_A_ROW else ""
    instance = one_line(summary.instance, MAX_INSTANCE)
    return one_line(f"[NetSuite connector] {instance}: {state_text(summary)}{row}", MAX_SUBJECT)


def build_mail(
    summary: RunSummary,
    *,
    sender: str,
    recipients: Sequence[str],
    attachments: Sequence[Attachment] = (),
    run_url: str = "",
    failed_in_a_row: int = 0,
) -> EmailMessage:
    """The mail with a text and an HTML alternative and what fits of the attachments; deterministic but for MIME boundaries.

    `run_url` is shown as a link if it is https. An attachment that would take the mail over the limit of SES is left out and the
    mail says where it lies. Raises ConfigurationError if an address is none, or there are no recipients.
    """
    mail = EmailMessage(policy=SMTP)
    mail["Subject"] = subject_of(summary, failed_in_a_row)
    mail["From"] = _address(sender, "mail_sender")
    if not recipients:
        raise ConfigurationError("The run has a report to mail, but no recipients.", place="notify_recipients")
    mail["To"] = ", ".join(_address(r, "notify_recipients") for r in recipients)
    ended = moment(summary.ended) or moment(summary.started)
    if ended:
        mail["Date"] = format_datetime(ended)
    mail["Auto-Submitted"] = "auto-generated"
    mail["X-Tallybridge-Run"] = one_line(summary.run_id, MAX_INSTANCE).encode("ascii", "replace").decode()
    fitting, too_large = _that_fit(attachments)
    values = _values(summary, run_url, failed_in_a_row, [a.name for a in fitting], too_large)
    mail.set_content(render("mail.txt", **values), cte="quoted-printable")
    mail.add_alternative(render("mail.html", **values), subtype="html", cte="quoted-printable")
    for attachment in fitting:
        main, _, sub = attachment.content_type.partition("/")
        mail.add_attachment(attachment.content, maintype=main, subtype=sub, filename=one_line(attachment.name, MAX_INSTANCE))
    return mail


def _address(text: str, place: str) -> str:
    if not is_mail_address(text):
        raise ConfigurationError(f"{one_line(text, MAX_INSTANCE)!r} is not a mail address.", place=place)
    return text


def _that_fit(attachments: Iterable[Attachment]) -> tuple[list[Attachment], list[Attachment]]:
    """The attachments that go with the mail, and those that are too large. A tenth of the limit is kept for the mail itself."""
    left = MAX_MAIL_BYTES * 9 // 10
    fitting: list[Attachment] = []
    too_large: list[Attachment] = []
    for attachment in attachments:
        encoded = len(attachment.content) * 4 // 3 * 78 // 76 + 1024
        (fitting if encoded <= left else too_large).append(attachment)
        left -= encoded if encoded <= left else 0
    return fitting, too_large


def _values(summary: RunSummary, run_url: str, failed_in_a_row: int, attached: list[str], too_large: list[Attachment]) -> dict[str, object]:
    items = attention(summary)
    groups = figures.total_groups(summary)
    steps = figures.step_rows(summary)
    return {
        "run": summary,
        "verdict": verdict(summary),
        "subject": subject_of(summary, failed_in_a_row),
        "job": figures.job_title(summary.job),
        "mode": figures.mode_text(summary.mode),
        "took": duration_text(summary.started, summary.ended),
        "files": figures.files(summary),
        "groups": groups,
        "steps": steps,
        "counters": ("selected", "created", "updated", "linked", "held", "refused", "warnings"),
        "items": items[:FIRST],
        "order": order_text(summary.causes),
        "drift": drifted.drift_rows(summary)[:FIRST],
        "more_drift": max(0, summary.drifted - FIRST),
        "by_rule": figures.left_out_rows(summary),
        "left_out": len(items) - FIRST if len(items) > FIRST else 0,
        "records": RECORDS,
        "max_text": MAX_TEXT,
        "in_a_row": failed_in_a_row if failed_in_a_row >= FAILED_IN_A_ROW else 0,
        "attached": attached,
        "too_large": [(a.name, a.key) for a in too_large],
        "run_url": web_address(run_url or summary.console_url),
        "text_totals": _text_table(_total_lines(groups)),
        "text_steps": _text_table(_step_lines(steps)),
    }


def _total_lines(groups: Sequence[figures.TotalGroup]) -> list[list[str]]:
    rows = [["Object type", "", "Expected", "Held there", "Difference", ""]]
    for group in groups:
        if len(groups) > 1:
            rows.append([f"{group.heading}:", "", "", "", "", ""])
        for row in group.rows:
            rows.append([row.title, row.currency, row.expected, row.figures[-2].main, row.figures[-1].main, row.mark])
    return rows


def _step_lines(steps: Sequence[figures.StepRow]) -> list[list[str]]:
    names = ("selected", "created", "updated", "linked", "held", "refused", "warnings")
    rows = [["Step", *(n.capitalize() for n in names), "State"]]
    rows += [[s.title, *(count_text(dict(s.counters)[n]) for n in names), s.state] for s in steps]
    return rows


def _text_table(rows: list[list[str]]) -> str:
    """Columns side by side: the first and the last to the left, numbers to the right."""
    if len(rows) < 2:
        return ""
    widths = [max(len(one_line(row[i], 28)) for row in rows) for i in range(len(rows[0]))]
    lines = []
    for row in rows:
        cells = [one_line(cell, 28) for cell in row]
        middle = [cell.rjust(width) for cell, width in zip(cells[1:-1], widths[1:-1], strict=True)]
        lines.append("  ".join([cells[0].ljust(widths[0]), *middle, cells[-1]]).rstrip())
    return "\n".join(lines)


def build_alert(*, instance: str, what: str, advice: str, sender: str, recipients: Sequence[str]) -> EmailMessage:
    """A mail about something outside a run: credentials that expire, a stale lock. Plain text."""
    mail = EmailMessage(policy=SMTP)
    mail["Subject"] = one_line(f"[NetSuite connector] {one_line(instance, MAX_INSTANCE)}: {what}", MAX_SUBJECT)
    mail["From"] = _address(sender, "mail_sender")
    if not recipients:
        raise ConfigurationError("There is an alert to mail, but no recipients.", place="notify_recipients")
    mail["To"] = ", ".join(_address(r, "notify_recipients") for r in recipients)
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content(render("alert.txt", instance=one_line(instance, MAX_INSTANCE), what=what, advice=advice), cte="quoted-printable")
    return mail
