"""Values in vendors' fields: whatever a name, number or message holds, it is shown as text, in no spreadsheet a formula, and not lost."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from decimal import Decimal
from email import message_from_bytes, policy

from hypothesis import given
from hypothesis import strategies as st

from tallybridge.reporting.mail import build_mail
from tallybridge.reporting.page import report_page
from tallybridge.reporting.summary import csv_text, read_summary, summary_json
from tallybridge.sync.runlog import Cause, Level, Message, RunSummary
from tests.cli.runs import finished_run
from tests.fuzz.inputs import inputs
from tests.unit.reporting.sample_runs import INJECTED, line
from tests.unit.reporting.test_reporting_page import Page

LIVE = {"script", "img", "iframe", "object", "embed", "base", "form", "video"}
VALUE = st.text(min_size=1, max_size=40) | st.sampled_from(
    [
        INJECTED,
        "=HYPERLINK(1)",
        "\u202eevil\u202c",
        "</td></tr></table>",
        "&lt;b&gt;",
        "{{ 7*7 }}",
        "\x00\x1b[31m",
        "\ud800",
        "a" * 300,
        "'\"><svg onload=1>",
    ]
)


def told(value: str) -> RunSummary:
    """A run that names a record with this value wherever a report can."""
    message = Message("invoices", Level.WARNING, "INV-V9", f"Invoice {value}: does not add up.", f"Compare {value}.", 1, [value])
    cause = Cause(Level.WARNING, "INV-V9", f"Invoice {value}: does not add up.", f"Compare {value}.", ["invoices"], 1, [value])
    return replace(finished_run(held=1), messages=[message], causes=[cause], instance=value, trigger=value)


def shown(value: str) -> str:
    """What a reader sees of it: without blanks and what no page can hold; half a character is shown as one that is missing."""
    whole = ("\ufffd" if "\ud800" <= c <= "\udfff" else c for c in value)
    return "".join(c for c in whole if c.isprintable() and not c.isspace())


@given(VALUE)
@inputs(40, share=0.2)
def test_a_report_shows_it_as_text(value: str) -> None:
    page = Page(report_page(told(value), [line("invoices", Level.WARNING, f"Invoice {value}", code="INV-V9")]))
    assert page.open == []
    assert not LIVE & {tag for tag, _ in page.tags}
    assert not any(key.startswith("on") for _, attributes in page.tags for key in attributes)


@given(VALUE)
@inputs(40, share=0.2)
def test_a_mail_shows_it_as_text_and_keeps_its_headers(value: str) -> None:
    mail = build_mail(told(value), sender="a@example.com", recipients=["b@example.com"])
    read = message_from_bytes(mail.as_bytes(policy=policy.SMTP), policy=policy.default)
    assert read["To"] == "b@example.com" and read["From"] == "a@example.com"
    assert "\n" not in str(read["Subject"]) and read["Bcc"] is None
    html = read.get_body(("html",))
    assert html is not None
    page = Page(html.get_content())
    assert not LIVE & {tag for tag, _ in page.tags}


@given(VALUE, VALUE)
@inputs(60)
def test_a_table_holds_it_and_makes_no_formula_of_it(one: str, other: str) -> None:
    rows = list(csv.reader(io.StringIO(csv_text(["a", "b"], [[one, other]]), newline="")))
    assert len(rows) == 2 and len(rows[1]) == 2
    for given_, cell in zip((one, other), rows[1], strict=True):
        first = cell.lstrip(" \u00a0")
        assert first[:1] not in {"=", "+", "@", "\t", "\r", "\n"}
        assert shown(cell) in (shown(given_), f"'{shown(given_)}"), (given_, cell)


@given(VALUE, st.decimals(allow_nan=False, allow_infinity=False, places=2, min_value=-(10**12), max_value=10**12))
@inputs(60)
def test_a_summary_comes_back_as_it_was(value: str, amount: Decimal) -> None:
    summary = told(value)
    summary.totals[0].synced.amount = amount
    again = read_summary(summary_json(summary))
    assert again.totals[0].synced.amount == amount
    kept = value.encode("utf-8", "replace").decode("utf-8")
    assert again.messages[0].records[0].replace("\ufffd", "?") == kept.replace("\ufffd", "?")
