"""The mail: when it is sent, how it is built, and that nothing in the data can change its headers."""

from __future__ import annotations

from dataclasses import dataclass
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP

import pytest

from tallybridge.errors import ConfigurationError
from tallybridge.reporting.mail import FIRST, MAX_MAIL_BYTES, Attachment, build_alert, build_mail, should_send
from tallybridge.sync.runlog import Level, Message, RunOutcome, RunSummary
from tests.unit.reporting import sample_runs

SENDER, RECIPIENTS = "connector@example.com", ["finance@example.com", "it@example.com"]
LOG = Attachment("log.jsonl.gz", b"\x1f\x8b log", key="runs/1/log.jsonl.gz")


@dataclass
class Settings:
    notify_on_error: bool = True
    notify_on_warning: bool = True
    notify_on_success: bool = False


def sent(summary: RunSummary, **more: object) -> EmailMessage:
    """The mail as a mail server would read it."""
    mail = build_mail(summary, sender=SENDER, recipients=RECIPIENTS, **more)  # type: ignore[arg-type]
    parsed = message_from_bytes(mail.as_bytes(), policy=SMTP)
    assert isinstance(parsed, EmailMessage)
    return parsed


def body(mail: EmailMessage, kind: str) -> str:
    part = mail.get_body((kind,))
    assert part is not None
    return str(part.get_content())


@pytest.mark.rule("operations.6.subject")
@pytest.mark.parametrize(
    ("name", "subject"),
    [
        ("clean", "[NetSuite connector] Contoso production: completed"),
        ("dry", "[NetSuite connector] Contoso production: completed (dry run)"),
        ("failed", "[NetSuite connector] Contoso production: failed"),
        ("out_of_balance", "[NetSuite connector] Contoso production: out of balance"),
    ],
)
def test_the_subject_says_how_the_run_ended(name: str, subject: str) -> None:
    assert sent(sample_runs.RUNS[name]()[0])["Subject"] == subject


@pytest.mark.rule("operations.6.subject")
def test_the_subject_counts_warnings() -> None:
    summary, _ = sample_runs.run_with_warnings()
    summary.instance = "Contoso"
    assert sent(summary)["Subject"] == "[NetSuite connector] Contoso: completed with 21 warnings"


@pytest.mark.rule("operations.6.three-failures")
def test_three_failed_runs_in_a_row_are_said_in_subject_and_body() -> None:
    summary, _ = sample_runs.failed_run()
    mail = sent(summary, failed_in_a_row=3)
    assert mail["Subject"].endswith(": failed, 3 runs in a row")
    assert "failed run number 3 in a row" in body(mail, "plain") and "failed run number 3 in a row" in body(mail, "html")
    assert "in a row" not in sent(summary, failed_in_a_row=2).as_string()


def test_text_html_and_attachment() -> None:
    mail = sent(sample_runs.clean_run()[0], attachments=[LOG])
    assert mail.get_content_type() == "multipart/mixed"
    assert [p.get_content_type() for p in mail.walk()][1:] == ["multipart/alternative", "text/plain", "text/html", "application/gzip"]
    (attachment,) = mail.iter_attachments()
    assert (attachment.get_filename(), attachment.get_content()) == ("log.jsonl.gz", LOG.content)
    assert (mail["From"], mail["To"]) == (SENDER, ", ".join(RECIPIENTS))
    assert mail["Date"].datetime.isoformat() == "2025-11-20T05:06:44+00:00"
    assert mail["Auto-Submitted"] == "auto-generated"


@pytest.mark.rule("operations.6.body")
@pytest.mark.parametrize("kind", ["plain", "html"])
def test_the_body_holds_state_times_counters_totals_messages_and_places(kind: str) -> None:
    text = body(sent(sample_runs.run_with_warnings()[0], run_url="https://example.com/run/1"), kind)
    expected = ["20 November 2025, 05:00:12 UTC", "6 min 32 s", "ompleted with 21 warnings", "2,234", "24,275,952.00", "INV-V2"]
    expected += ["Next step:", "runs/20251120T050012Z-7f3a/log.jsonl.gz", "Is it safe to press the button?", "https://example.com/run/1"]
    assert [x for x in expected if x not in text] == []


@pytest.mark.rule("operations.6.body")
def test_only_the_first_20_messages_stand_in_the_mail_errors_first() -> None:
    summary, _ = sample_runs.clean_run()
    summary.messages = [Message("invoices", Level.WARNING, f"W-{n:03d}", "held") for n in range(30)]
    summary.messages.append(Message("invoices", Level.ERROR, "E-001", "stopped"))
    for kind in ("plain", "html"):
        text = body(sent(summary), kind)
        assert text.count("W-0") == FIRST - 1
        assert "E-001" in text
        assert "11 more messages in the report" in text


def test_an_attachment_over_the_limit_of_ses_is_replaced_by_where_it_lies() -> None:
    large = Attachment("log.jsonl.gz", b"x" * (MAX_MAIL_BYTES * 3 // 4), key="runs/1/log.jsonl.gz")
    mail = sent(sample_runs.clean_run()[0], attachments=[large, Attachment("summary.csv", b"a,b", "text/csv")])
    assert [a.get_filename() for a in mail.iter_attachments()] == ["summary.csv"]
    assert "log.jsonl.gz is too large to be attached; it lies at runs/1/log.jsonl.gz." in body(mail, "plain")
    assert len(mail.as_bytes()) < MAX_MAIL_BYTES


def test_a_mail_with_the_largest_fitting_attachment_stays_below_the_limit_of_ses() -> None:
    fitting = Attachment("log.jsonl.gz", b"x" * (MAX_MAIL_BYTES * 65 // 100))
    mail = build_mail(sample_runs.run_with_warnings()[0], sender=SENDER, recipients=RECIPIENTS, attachments=[fitting])
    assert [a.get_filename() for a in mail.iter_attachments()] == ["log.jsonl.gz"]
    assert len(mail.as_bytes()) < MAX_MAIL_BYTES


@pytest.mark.parametrize(
    "name", ["Contoso\r\nBcc: thief@example.com", "Contoso\nX: y", "a\u2028b", "x" * 5000, "\x00\x1b[31m", "cut \ud83d", ""]
)
def test_no_instance_name_adds_a_header(name: str) -> None:
    summary, _ = sample_runs.clean_run()
    honest = set(sent(summary).keys())
    summary.instance = summary.run_id = name
    mail = sent(summary)
    assert set(mail.keys()) == honest
    assert "Bcc" not in mail and mail["Subject"].startswith("[NetSuite connector]")
    assert len(mail["Subject"]) <= 200 and mail["Subject"].endswith(": completed")


@pytest.mark.parametrize(
    "address", ["a@example.com\nBcc: b@example.com", "a@example.com, b@example.com", "nobody", "", "a b@example.com", "<a@b.c>"]
)
def test_an_address_that_is_none_is_refused_with_its_place(address: str) -> None:
    summary, _ = sample_runs.clean_run()
    with pytest.raises(ConfigurationError) as refused:
        build_mail(summary, sender=SENDER, recipients=[address])
    assert refused.value.place == "notify_recipients"
    with pytest.raises(ConfigurationError):
        build_mail(summary, sender=address, recipients=RECIPIENTS)


def test_no_recipients_are_a_configuration_error() -> None:
    with pytest.raises(ConfigurationError):
        build_mail(sample_runs.clean_run()[0], sender=SENDER, recipients=[])


def test_markup_in_data_is_escaped_in_the_html_part() -> None:
    html = body(sent(sample_runs.run_with_warnings()[0]), "html")
    assert "<script" not in html and "<img" not in html and "&lt;script" in html


def test_a_link_is_only_made_of_https() -> None:
    summary, _ = sample_runs.clean_run()
    summary.console_url = ""
    assert "<a " not in body(sent(summary, run_url="javascript:alert(1)"), "html")


@pytest.mark.rule(
    "operations.6.one-mail",
    "settings.key.notify_on_success",
    "settings.key.notify_on_warning",
    "settings.key.notify_on_error",
)
@pytest.mark.parametrize(
    ("name", "settings", "due"),
    [
        ("clean", Settings(), False),
        ("clean", Settings(notify_on_success=True), True),
        ("warnings", Settings(), True),
        ("warnings", Settings(notify_on_warning=False), False),
        ("failed", Settings(), True),
        ("failed", Settings(notify_on_error=False), False),
        ("failed", Settings(notify_on_error=False, notify_on_success=True), True),
        ("out_of_balance", Settings(notify_on_warning=False), True),
        ("out_of_balance", Settings(notify_on_error=False), False),
    ],
)
def test_mail_is_sent_as_the_settings_say(name: str, settings: Settings, due: bool) -> None:
    assert should_send(sample_runs.RUNS[name]()[0], settings) is due


@pytest.mark.rule("operations.6.one-mail")
@pytest.mark.parametrize("outcome", [RunOutcome.SKIPPED, RunOutcome.RUNNING])
def test_skipped_and_unfinished_runs_do_not_mail(outcome: RunOutcome) -> None:
    summary, _ = sample_runs.failed_run()
    summary.outcome = outcome
    assert not should_send(summary, Settings(notify_on_success=True), failed_in_a_row=5)


@pytest.mark.rule("operations.6.three-failures")
def test_three_failed_runs_in_a_row_mail_in_any_case() -> None:
    never = Settings(notify_on_error=False, notify_on_warning=False)
    failed, _ = sample_runs.failed_run()
    assert should_send(failed, never, failed_in_a_row=3)
    assert not should_send(failed, never, failed_in_a_row=2)
    assert not should_send(sample_runs.clean_run()[0], never, failed_in_a_row=3)


def test_lines_of_the_mail_stay_within_the_standard() -> None:
    raw = build_mail(sample_runs.run_with_warnings()[0], sender=SENDER, recipients=RECIPIENTS, attachments=[LOG]).as_bytes()
    assert max(map(len, raw.split(b"\r\n"))) <= 998


def test_an_alert_outside_a_run() -> None:
    mail = build_alert(
        instance="Contoso\nBcc: x@example.com",
        what="the NetSuite certificate ends in 7 days",
        advice="Upload a new one.",
        sender=SENDER,
        recipients=RECIPIENTS,
    )
    assert mail["Subject"] == "[NetSuite connector] Contoso Bcc: x@example.com: the NetSuite certificate ends in 7 days"
    assert "Bcc" not in mail
    assert "Next step: Upload a new one." in mail.get_content()
