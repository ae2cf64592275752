"""The mail: when it is sent, how it is built, and that nothing in the data can change its headers."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP
from html import unescape

import pytest

from tallybridge.errors import ConfigurationError
from tallybridge.reporting.mail import (
    FIRST,
    MAX_MAIL_BYTES,
    MAX_OF_MANY,
    MAX_TEXT,
    Attachment,
    Letter,
    build_alert,
    build_mail,
    should_send,
)
from tallybridge.sync.runlog import Cause, Holds, Level, Message, RunOutcome, RunSummary
from tests.unit.reporting import sample_runs

SENDER, RECIPIENTS = "connector@example.com", ["finance@example.com", "it@example.com"]
PAGE = Attachment("report.html", "<p>Zürich</p>".encode(), "text/html; charset=utf-8", key="runs/1/report.html")
CONSOLE = "https://console.example.com"
KEY_OF_REPORT = "runs/20251120T050012Z-7f3a/report.html"


def with_console(summary: RunSummary) -> RunSummary:
    summary.console_url = CONSOLE
    return summary


def without_console(summary: RunSummary) -> RunSummary:
    summary.console_url = ""
    return summary


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
    mail = sent(summary, letter=Letter(failed_in_a_row=3))
    assert mail["Subject"].endswith(": failed, 3 runs in a row")
    assert "failed run number 3 in a row" in body(mail, "plain") and "failed run number 3 in a row" in body(mail, "html")
    assert "in a row" not in sent(summary, letter=Letter(failed_in_a_row=2)).as_string()


def test_text_html_and_attachment() -> None:
    mail = sent(sample_runs.clean_run()[0], attachments=[PAGE])
    assert mail.get_content_type() == "multipart/mixed"
    assert [p.get_content_type() for p in mail.walk()][1:] == ["multipart/alternative", "text/plain", "text/html", "text/html"]
    (attachment,) = mail.iter_attachments()
    assert (attachment.get_filename(), attachment.get_content().strip()) == ("report.html", "<p>Zürich</p>")
    assert (mail["From"], mail["To"]) == (SENDER, ", ".join(RECIPIENTS))
    assert mail["Date"].datetime.isoformat() == "2025-11-20T05:06:44+00:00"
    assert mail["Auto-Submitted"] == "auto-generated"


@pytest.mark.rule("operations.6.body")
@pytest.mark.parametrize("kind", ["plain", "html"])
def test_the_body_holds_verdict_money_causes_what_heals_and_where_to_look(kind: str) -> None:
    text = body(sent(with_console(sample_runs.run_with_causes()[0])), kind)
    expected = ["The run is complete and every total ties out; 24 records could not be brought over.", "ompleted with 50 warnings"]
    expected += ["Not complete up to 20 November 2025, 05:00 UTC: 24 records are missing.", "Missing USD: invoices 4,031,220.05"]
    expected += [
        "INV-V3",
        "29 records, EUR 3,705,701.67, USD 61.50, 1 more currency",
        "And 1 more cause.",
        "Is it safe to press the button?",
    ]
    expected += ["20 payments (EUR 1,998.00) only wait and follow.", f"{CONSOLE}/runs/20251120T050012Z-7f3a"]
    expected += ["20 November 2025, 05:00:12 UTC", "6 min 32 s"]
    assert [x for x in expected if x not in text] == []
    assert "/problems/alike?step=invoices&code=INV-V3" in unescape(text)


def test_the_inbox_shows_the_verdict_and_the_money_before_the_mail_is_opened() -> None:
    html = body(sent(sample_runs.run_with_causes()[0]), "html")
    first = html.partition("<body")[2].partition("</div>")[0].rpartition(">")[2]
    assert first.startswith("The run is complete and every total ties out; 24 records could not be brought over. Not complete up to")
    assert "Missing USD: invoices 4,031,220.05" in first


@pytest.mark.parametrize("kind", ["plain", "html"])
def test_the_tables_are_in_the_report_and_not_in_the_mail(kind: str) -> None:
    text = body(sent(sample_runs.run_with_warnings()[0]), kind)
    assert "Control totals".lower() not in text.lower() and "24,275,952.00" not in text and "Expected" not in text


@pytest.mark.rule("operations.6.body")
def test_at_most_five_causes_stand_in_the_mail_errors_first() -> None:
    summary, _ = sample_runs.clean_run()
    summary.messages = [Message("invoices", Level.WARNING, f"W-{n:03d}", "held") for n in range(30)]
    summary.messages.append(Message("invoices", Level.ERROR, "E-001", "stopped"))
    for kind in ("plain", "html"):
        text = body(sent(without_console(summary)), kind)
        assert text.count("W-0") == FIRST - 1
        assert "E-001" in text
        assert "And 26 more causes in the report." in text


def test_a_cause_leads_to_its_records_its_code_to_its_page_and_all_else_to_the_run() -> None:
    summary = with_console(sample_runs.failed_run()[0])
    summary.causes = [
        Cause(Level.WARNING, "INV-V1", "held", "mend it", ["invoices"], 2, ["I1", "I2"], [Holds("Invoice", "USD", 2, Decimal("20.00"))]),
        Cause(Level.ERROR, "NS-LOGIN", "refused", "log in", ["run"], 1),
    ]
    html = unescape(body(sent(summary), "html"))
    assert f'href="{CONSOLE}/problems/alike?step=invoices&code=INV-V1"' in html and f'href="{CONSOLE}/codes/INV-V1"' in html
    assert "step=run" not in html and f'href="{CONSOLE}/runs/{summary.run_id}"' in html
    assert "<a " not in body(sent(without_console(summary)), "html")
    assert f"Report: {summary.keys['report']}" in body(sent(without_console(summary)), "plain")


def test_records_that_no_run_keeps_lead_to_the_run() -> None:
    """A dry run holds nothing, and what a rule leaves out is no problem that can be tried again."""
    dry = with_console(sample_runs.run_with_causes()[0])
    dry.dry_run = True
    assert "/problems/" not in body(sent(dry), "html")
    left_out = unescape(body(sent(with_console(sample_runs.run_with_causes()[0])), "plain"))
    assert "code=LEFT-UNAPPLIED" not in left_out and "LEFT-UNAPPLIED" in left_out


def test_next_steps_stand_with_few_causes_and_with_the_first_of_many() -> None:
    summary, _ = sample_runs.clean_run()
    summary.messages = [Message("invoices", Level.WARNING, f"W-{n}", "x" * 500, "mend it") for n in range(2)]
    few = body(sent(summary), "plain")
    assert few.count("Next: mend it") == 2 and "x" * (MAX_TEXT - 1) in few
    summary.messages.append(Message("invoices", Level.WARNING, "W-3", "x" * 500, "mend it"))
    many = body(sent(summary), "plain")
    assert many.count("Next:") == 1 and many.count("x" * (MAX_OF_MANY - 1)) == 3 and many.count("x" * MAX_OF_MANY) == 1


@pytest.mark.parametrize(("restricted", "says"), [(False, True), (True, False)])
def test_only_a_run_of_the_whole_says_that_all_is_over(restricted: bool, says: bool) -> None:
    text = body(sent(sample_runs.clean_run()[0], letter=Letter(whole=not restricted)), "plain")
    assert ("Complete up to 20 November 2025, 05:00 UTC." in text) is says


@pytest.mark.parametrize("name", ["dry", "failed"])
def test_a_run_that_cannot_tell_does_not_say_complete(name: str) -> None:
    assert "\nComplete up to" not in body(sent(sample_runs.RUNS[name]()[0]), "plain")


def test_every_mail_of_an_incident_is_in_its_thread_the_first_too() -> None:
    first = sent(sample_runs.failed_run()[0], letter=Letter(incident="run/1\r\nX: y"))
    assert first["In-Reply-To"] == first["References"] == "<run-1-X-y.incident@example.com>"
    known = "<0102-abc@eu-west-1.amazonses.com>"
    later = sent(sample_runs.clean_run()[0], letter=Letter(recovered=True, news="All is settled.", incident="run/1\r\nX: y", first=known))
    assert (later["In-Reply-To"], later["References"]) == (known, f"<run-1-X-y.incident@example.com> {known}")
    assert later["Subject"] == "[NetSuite connector] Contoso production: recovered, completed"
    assert "News: All is settled." in body(later, "plain") and body(later, "plain").startswith("Recovered. ")
    assert "Recovered: completed" in body(later, "html")
    alone = sent(sample_runs.clean_run()[0])
    assert "References" not in alone and "In-Reply-To" not in alone
    assert alone["Message-ID"] == "<20251120T050012Z-7f3a.mail@example.com>"


def test_a_mail_of_the_revenue_connector_says_what_is_staged_and_explains_codes() -> None:
    mail = sent(sample_runs.revenue_run()[0], letter=Letter(standing=sample_runs.STANDING), subject="[Production] Revenue", hidden=True)
    assert (mail["Subject"], mail["To"]) == ("[Production] Revenue", "undisclosed-recipients:;")
    for kind in ("plain", "html"):
        told = " ".join(body(mail, kind).split())
        assert "Orders: 50,000 of 51,250 rows staged" in told and all(text in told for text in sample_runs.STANDING)
        assert "omplete up to" not in told
    html = body(mail, "html")
    assert f'href="{CONSOLE}/codes/STAGING_TIMEOUT"' in html and "/runs/" not in html.replace(KEY_OF_REPORT, "")


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
    summary.console_url = "javascript:alert(1)"
    assert "<a " not in body(sent(summary), "html")


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
    raw = build_mail(sample_runs.run_with_warnings()[0], sender=SENDER, recipients=RECIPIENTS, attachments=[PAGE]).as_bytes()
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
