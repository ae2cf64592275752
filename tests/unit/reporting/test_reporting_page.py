"""The report page: complete, self-contained, everything escaped. How it looks and reads in a browser: tests/browser."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest

from tallybridge.reporting.page import attention, report_page
from tallybridge.reporting.places import web_address
from tallybridge.sync.runlog import Level, RunSummary
from tests.unit.reporting import sample_runs
from tests.unit.reporting.sample_runs import line

VOID = {"meta", "link", "col", "br"}


class Page(HTMLParser):
    """Collects tags, attributes and text, and fails on tags that are not closed in order."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.words = ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words += " " + data

    @property
    def text(self) -> str:
        return " ".join(self.words.split())


def page_of(name: str) -> tuple[RunSummary, Page]:
    summary, lines = sample_runs.RUNS[name]()
    return summary, Page(report_page(summary, lines))


@pytest.mark.parametrize("name", sorted(sample_runs.RUNS))
def test_the_page_is_well_formed_and_needs_nothing_beside_itself(name: str) -> None:
    _, page = page_of(name)
    assert page.open == []
    assert not {"script", "img", "iframe", "object", "embed", "base", "form"} & {tag for tag, _ in page.tags}
    for tag, attributes in page.tags:
        assert not any(key.startswith("on") for key in attributes), (tag, attributes)
        assert attributes.get("src") is None
        href = attributes.get("href") or "#"
        assert href.startswith(("#", "https://", "data:,")), href
    assert "url(http" not in report_page(*sample_runs.RUNS[name]())


def test_markup_in_data_stays_text() -> None:
    summary, page = page_of("warnings")
    html = report_page(summary, sample_runs.warning_lines())
    assert "<script" not in html
    assert "<img" not in html
    assert sample_runs.INJECTED in page.words
    assert "\u202e" not in html


@pytest.mark.parametrize("field", ["run_id", "job", "instance", "trigger", "mode", "settings_version"])
def test_every_field_of_a_run_is_escaped(field: str) -> None:
    summary, lines = sample_runs.clean_run()
    setattr(summary, field, sample_runs.INJECTED)
    html = report_page(summary, lines)
    assert "<script" not in html and "&lt;script" in html


def test_fields_of_steps_messages_lines_and_files_are_escaped() -> None:
    evil = sample_runs.INJECTED
    summary, _ = sample_runs.failed_run()
    summary.steps[0].title = summary.steps[0].direction = summary.steps[0].message = evil
    summary.messages[0].message = summary.messages[0].advice = summary.messages[0].code = summary.messages[0].step = evil
    summary.messages[0].records = [evil, f"{evil} \u00b7 {evil}"]
    summary.totals[0].object = summary.totals[0].currency = evil
    summary.keys = {"log": evil, evil: evil}
    texts = dict.fromkeys(("code", "source_number", "destination_id", "waits_for", "detail"), evil)
    html = report_page(summary, [line(evil, Level.WARNING, evil, **texts)])
    assert "<script" not in html and "<img" not in html
    assert Page(html).open == []


@pytest.mark.parametrize("url", ["javascript:alert(1)", "http://example.com/", "//example.com", "https://a\nb", "data:text/html,x", ""])
def test_only_safe_addresses_become_links(url: str) -> None:
    assert web_address(url) == ""
    summary, lines = sample_runs.clean_run()
    summary.console_url = url
    assert "noopener" not in report_page(summary, lines)


def test_totals_show_amounts_counts_and_their_mark() -> None:
    _, page = page_of("out_of_balance")
    row = "Invoices EUR 5,705,061.75 310 5,705,061.75 310 0.00 0.00 0.00 5,703,857.25 309 \u22121,204.50 \u22121 \u2717 Does not tie out"
    assert row in page.text
    assert "NetSuite holds EUR 1,204.50 less than was sent, in 309 records where 310 were expected." in page.text
    assert page.text.count("\u2713 Ties out") == 1


def test_yen_has_no_digits_and_both_directions_are_told_apart() -> None:
    _, page = page_of("warnings")
    assert "32,664,600" in page.text and "32,664,600.00" not in page.text
    assert re.search("Zuora to NetSuite Customers .* NetSuite to Zuora NetSuite payments", page.text)


def test_bars_are_labelled_and_fill_their_width() -> None:
    summary, page = page_of("warnings")
    labels = [a["aria-label"] for t, a in page.tags if t == "svg" and a.get("role") == "img"]
    assert "Invoices: 2,256 selected, 2,234 synced, 16 already there, 6 held" in labels
    widths = [float((a["width"] or "").rstrip("%")) for t, a in page.tags if t == "rect" and (a.get("class") or "").startswith("seg")]
    assert sum(widths) == pytest.approx(100 * len(labels), abs=0.1)
    assert min(widths) > 0.5
    assert len(labels) == sum(bool(s.selected) for s in summary.steps)


def test_attention_names_code_records_next_step_and_what_they_wait_for() -> None:
    summary, page = page_of("warnings")
    assert [i.label for i in attention(summary)] == ["Warning", "Warning", "Waits", "Waits"]
    for text in (
        "INV-V2",
        "Next step: Nothing to do",
        "INV-00000 \u00b7 waits for customer Northwind Traders",
        "14 times",
        "6 more records",
    ):
        assert text in page.text


def test_errors_come_first_then_totals_then_warnings() -> None:
    summary, _ = sample_runs.failed_run()
    summary.messages = [*sample_runs.run_with_warnings()[0].messages, *summary.messages]
    assert [i.label for i in attention(summary)][:3] == ["Error", "Unfinished", "Warning"]


def test_long_logs_are_cut_and_keep_warnings_first() -> None:
    summary, _ = sample_runs.clean_run()
    lines = [line("invoices", Level.INFO, f"information {n}") for n in range(500)] + [line("invoices", Level.WARNING, "the late warning")]
    html = report_page(summary, iter(lines), 20)
    assert html.count("information ") == 19
    assert "the late warning" in html
    assert "481 more lines in the log file" in html


def test_a_run_with_nothing_in_it_has_a_page() -> None:
    summary, _ = sample_runs.clean_run()
    summary.steps, summary.totals, summary.messages, summary.keys, summary.console_url = [], [], [], {}, ""
    page = Page(report_page(summary, []))
    assert "No record was selected" in page.text and "No step was started." in page.text


def test_the_same_run_gives_the_same_page() -> None:
    summary, lines = sample_runs.run_with_warnings()
    assert report_page(summary, lines) == report_page(summary, lines)


def test_codes_of_the_report_lead_to_their_pages_where_there_is_a_console() -> None:
    summary, lines = sample_runs.run_with_causes()
    page = report_page(summary, lines)
    assert 'href="https://console.example.com/codes/INV-V3"' in page and 'href="https://console.example.com/runs/' in page
    summary.console_url = ""
    page = report_page(summary, lines)
    assert '<a href="http' not in page and "tallybridge code CODE" in page
