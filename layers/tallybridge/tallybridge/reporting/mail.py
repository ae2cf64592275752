"""The mail about a run: when it is sent, and what stands in it. It fits one screen of a phone: the verdict, the money that is missing, at
most five causes, what goes on by itself and what is new; everything else is a click away, or attached."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from typing import Protocol

from tallybridge.addresses import is_mail_address
from tallybridge.errors import ConfigurationError
from tallybridge.reporting import brief, drifted, figures
from tallybridge.reporting._templates import render
from tallybridge.reporting.causes import holds_text
from tallybridge.reporting.page import Attention, attention
from tallybridge.reporting.places import code_url, problem_path, run_url, web_address
from tallybridge.reporting.verdict import state_text, verdict
from tallybridge.reporting.words import count_text, duration_text, listed, moment, one_line, plural
from tallybridge.sync.runlog import BROKEN_OFF, Holds, RunOutcome, RunSummary

MAX_MAIL_BYTES = 10 * 1024 * 1024
"""What Amazon SES takes by default for a whole message, after encoding."""
FAILED_IN_A_ROW = 3
"""From this number of failed runs on, the mail says so and is sent whatever the settings are."""
MAX_SUBJECT = 200
MAX_INSTANCE = 100
MAX_TEXT = 180
"""Characters of a cause that stands with its next step."""
RECORDS = 3
"""Records named with a cause that stands with its next step."""
MAX_NAME = 80
MAX_ADVICE = 400
"""Characters of a next step."""
MAX_OF_MANY = 140
"""Characters of a cause without one."""
FIRST = 5
"""Causes in the mail."""
MONEY = 2
"""Currencies shown with a cause."""
WITH_ADVICE = 2
"""Up to so many causes stand with their next steps; of more, the first alone does, and the others' are a click away."""
SUBJECT_ON_ONE_LINE = 400
"""Length of header lines, so that mail programs show the subject as it is."""

_FAILURES = frozenset({*BROKEN_OFF, RunOutcome.OUT_OF_BALANCE})
_NO_ATOM = re.compile(r"[^A-Za-z0-9_-]+")


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


@dataclass(frozen=True)
class Letter:
    """What a mail says beside its run. `news`: what has changed since the last mail; `incident` and `first`: the id of the incident and the
    Message-ID of the first mail about it, "" for a mail that belongs to none; `standing`: what is half done and must be known;
    `places`: where files lie that do not come along."""

    failed_in_a_row: int = 0
    whole: bool = True
    """Whether the run was restricted to no steps or records, so that it says something of the whole."""
    news: str = ""
    recovered: bool = False
    incident: str = ""
    first: str = ""
    standing: tuple[str, ...] = ()
    places: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Item:
    """A cause as the mail shows it; `url` leads to its records, `about` to what its code means, "" where there is no console."""

    name: str
    where: str
    tone: str
    amount: str
    text: str
    advice: str
    url: str
    about: str
    records: str = ""


def should_send(summary: RunSummary, settings: NotificationSettings, *, failed_in_a_row: int = 0) -> bool:
    """Whether the settings ask for a mail: errors, warnings or success. Skipped runs do not mail, nor do unfinished ones.

    Out of balance counts as an error, and so does a run that was stopped; a run that is partly done as one with warnings. Three failed
    runs in a row (this one included) mail in any case.
    """
    if summary.outcome in (RunOutcome.SKIPPED, RunOutcome.RUNNING):
        return False
    errors = is_error(summary)
    warnings = bool(summary.warnings) or summary.outcome in (RunOutcome.WARNINGS, RunOutcome.PARTLY)
    wanted = (errors and settings.notify_on_error) or (warnings and settings.notify_on_warning) or settings.notify_on_success
    return bool(wanted) or (errors and failed_in_a_row >= FAILED_IN_A_ROW)


def is_error(summary: RunSummary) -> bool:
    """Whether the run itself went wrong, and not only single records."""
    return bool(summary.errors) or summary.outcome in _FAILURES


def subject_of(summary: RunSummary, letter: Letter = Letter()) -> str:
    """ "[NetSuite connector] {instance}: completed with 3 warnings", on one line whatever the instance is called."""
    row = f", {letter.failed_in_a_row} runs in a row" if letter.failed_in_a_row >= FAILED_IN_A_ROW else ""
    instance = one_line(summary.instance, MAX_INSTANCE)
    recovered = "recovered, " if letter.recovered else ""
    return one_line(f"[NetSuite connector] {instance}: {recovered}{state_text(summary)}{row}", MAX_SUBJECT)


def build_mail(
    summary: RunSummary,
    *,
    sender: str,
    recipients: Sequence[str],
    letter: Letter = Letter(),
    attachments: Sequence[Attachment] = (),
    subject: str = "",
    hidden: bool = False,
) -> EmailMessage:
    """The mail with a text and an HTML alternative and what fits of the attachments; deterministic but for MIME boundaries.

    An attachment that would take the mail over the limit of SES is left out and the mail says where it lies. `subject` prevails over the
    usual one; `hidden` recipients do not see each other. Raises ConfigurationError if an address is none, or there are no recipients.
    """
    mail = EmailMessage(policy=SMTP.clone(max_line_length=SUBJECT_ON_ONE_LINE))
    mail["Subject"] = subject = subject or subject_of(summary, letter)
    mail["From"] = _address(sender, "mail_sender")
    if not recipients:
        raise ConfigurationError("The run has a report to mail, but no recipients.", place="notify_recipients")
    to = ", ".join(_address(r, "notify_recipients") for r in recipients)
    mail["To"] = "undisclosed-recipients:;" if hidden else to
    ended = moment(summary.ended) or moment(summary.started)
    if ended:
        mail["Date"] = format_datetime(ended)
    for name, value in _thread(summary, letter, sender).items():
        mail[name] = value
    mail["Auto-Submitted"] = "auto-generated"
    mail["X-Tallybridge-Run"] = one_line(summary.run_id, MAX_INSTANCE).encode("ascii", "replace").decode()
    fitting, too_large = _that_fit(attachments)
    values = _values(summary, letter, subject, [a.name for a in fitting], too_large)
    mail.set_content(render("mail.txt", **values), cte="quoted-printable")
    mail.add_alternative(render("mail.html", **values), subtype="html", cte="quoted-printable")
    for attachment in fitting:
        kind, _, charset = attachment.content_type.partition("; charset=")
        main, _, sub = kind.partition("/")
        params = {"charset": charset} if charset else None
        name = one_line(attachment.name, MAX_INSTANCE)
        mail.add_attachment(attachment.content, maintype=main, subtype=sub, filename=name, params=params)
    return mail


def _thread(summary: RunSummary, letter: Letter, sender: str) -> dict[str, str]:
    """Headers that put the mails of an incident into one thread (RFC 5322 section 3.6.4).

    Amazon SES replaces the Message-ID of every mail. So each of them, the first too, refers to the incident's own id, which no mail bears;
    and the later ones to the first by the id that SES has given it.
    """
    domain = sender.rpartition("@")[2]
    run_id = _NO_ATOM.sub("-", summary.run_id)[:MAX_INSTANCE] or "run"
    headers = {"Message-ID": f"<{run_id}.mail@{domain}>"}
    if letter.incident:
        root = f"<{_NO_ATOM.sub('-', letter.incident)[:MAX_INSTANCE]}.incident@{domain}>"
        headers["In-Reply-To"] = letter.first or root
        headers["References"] = f"{root} {letter.first}".strip()
    return headers


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


def _values(summary: RunSummary, letter: Letter, subject: str, attached: list[str], too_large: list[Attachment]) -> dict[str, object]:
    console = web_address(summary.console_url)
    items = [*_causes(summary, console), *_drift(summary, console)]
    shown = len(items[:FIRST])
    left_out = [row for row in summary.left_out if not row.due]
    return {
        "run": summary,
        "verdict": verdict(summary),
        "subject": subject,
        "job": figures.job_title(summary.job),
        "mode": figures.mode_text(summary.mode),
        "took": duration_text(summary.started, summary.ended),
        "letter": letter,
        "in_a_row": letter.failed_in_a_row if letter.failed_in_a_row >= FAILED_IN_A_ROW else 0,
        "complete": brief.complete_text(summary) if letter.whole else "",
        "money": brief.money_lines(summary),
        "items": items[:FIRST],
        "more": plural(len(items) - shown, "more cause", "more causes") if len(items) > shown else "",
        "with_advice": shown if shown <= WITH_ADVICE else 1,
        "heals": brief.heals_text(summary),
        "left_out": holds_text(Holds(row.object, row.currency, row.tally.count, abs(row.tally.amount)) for row in left_out),
        "max_text": MAX_TEXT,
        "max_advice": MAX_ADVICE,
        "max_of_many": MAX_OF_MANY,
        "attached": attached,
        "places": [*letter.places, *((a.name, a.key) for a in too_large)],
        "report": summary.keys.get("report", ""),
        "run_url": run_url(summary),
    }


def _causes(summary: RunSummary, console: str) -> Iterable[Item]:
    """The causes in their order. What is held or refused leads to its records, the rest to the run."""
    by_rule = {row.code for row in summary.left_out}
    for entry in attention(summary):
        if entry.waits:
            continue  # it is told with what goes on by itself
        own = entry.problem[0] and not summary.dry_run and entry.code not in by_rule and summary.job == "billing"
        yield Item(
            entry.code or entry.step,
            entry.step if entry.code else "",
            entry.tone,
            _amount(entry),
            entry.text,
            entry.advice,
            console + problem_path(*entry.problem) if console and own else run_url(summary),
            code_url(console, entry.code),
            _records(entry),
        )


def _records(entry: Attention) -> str:
    """The first records of a cause, with what differs about each: "INV1 (4000), INV2 (4100) and 3 more"."""
    named = [one_line(f"{name} ({about})" if about else name, MAX_NAME) for name, about in entry.records[:RECORDS]]
    left = entry.count - len(named)
    return listed([*named, *([f"{count_text(left)} more"] if named and left > 0 else [])])


def _amount(entry: Attention) -> str:
    """What a cause keeps back: "3 records, USD 300.00 and EUR 20.00", or how often it was told."""
    count = entry.count + entry.waiting_count
    records = plural(count, "record") if entry.holds or entry.records else plural(count, "time") if count > 1 else ""
    left = len(entry.money) - MONEY
    return ", ".join(filter(None, [records, *entry.money[:MONEY], plural(left, "more currency", "more currencies") if left > 0 else ""]))


def _drift(summary: RunSummary, console: str) -> Iterable[Item]:
    """What changed after its sync, by code: the first record of each, and how many there are."""
    rows = drifted.drift_rows(summary)
    for code in dict.fromkeys(row.code for row in rows):
        alike = [row for row in rows if row.code == code]
        first, count = alike[0], plural(len(alike), "drifted record")
        amount = f"{count}, {first.amount}" if len(alike) == 1 and first.amount else count
        yield Item(code, first.title, "watch", amount, first.text, first.advice, run_url(summary), code_url(console, code))


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
