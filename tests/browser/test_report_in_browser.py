"""Report and mail in a real browser: nothing executed, nothing fetched, readable on a phone, in the dark and by assistive technology."""

from __future__ import annotations

from functools import cache
from itertools import combinations, pairwise, product

import pytest

from tallybridge.reporting.mail import Letter, build_mail
from tallybridge.reporting.page import report_page
from tallybridge.sync.runlog import RunSummary
from tests.browser.colours import DEFICIENCIES, contrast, distance
from tests.browser.conftest import Opened, Opener
from tests.unit.reporting import sample_runs

pytestmark = pytest.mark.browser

PHONE = 320
FINGER = 20
"""Pixels between two lines with links."""
READABLE = 4.5
"""WCAG 2 level AA for text."""
DISTINCT = 12.0
"""CIE76 distance from which two areas side by side are told apart with ease."""

TEXT_COLOURS = ("ink", "quiet", "good", "watch", "bad")
GROUNDS = ("paper", "surface", "sunken")
BARS = ("synced", "already", "held", "refused", "unfinished", "skipped")

UNREADABLE = """(readable) => {
  const parts = (c) => { const m = c.match(/[\\d.]+/g).map(Number); return m.length < 4 ? [...m, 1] : m; };
  const lin = (v) => (v /= 255) <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
  const lum = (c) => 0.2126 * lin(c[0]) + 0.7152 * lin(c[1]) + 0.0722 * lin(c[2]);
  const ground = (e) => {
    for (; e; e = e.parentElement) { const c = parts(getComputedStyle(e).backgroundColor); if (c[3] === 1) return c; }
    return [255, 255, 255, 1];
  };
  const bad = [], walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  let seen = 0;
  while (walker.nextNode()) {
    const text = walker.currentNode.textContent.trim(), e = walker.currentNode.parentElement;
    if (!text || e.closest('svg') || !e.checkVisibility()) continue;
    seen++;
    const [a, b] = [lum(parts(getComputedStyle(e).color)), lum(ground(e))].sort((x, y) => x - y);
    if ((b + 0.05) / (a + 0.05) < readable) bad.push([((b + 0.05) / (a + 0.05)).toFixed(2), text.slice(0, 40)]);
  }
  return { seen, bad };
}"""


OF_REVENUE = Letter(news="All of it is new.", standing=sample_runs.STANDING)


def mail_html(summary: RunSummary, letter: Letter = Letter()) -> str:
    part = build_mail(summary, sender="a@example.com", recipients=["b@example.com"], letter=letter).get_body(("html",))
    assert part is not None
    return str(part.get_content())


@cache
def html_of(kind: str, name: str) -> str:
    summary, lines = sample_runs.RUNS[name]()
    if kind == "report":
        return report_page(summary, lines)
    return mail_html(summary)


def with_everything_unfolded(opened: Opened) -> Opened:
    opened.ask("() => document.querySelectorAll('details').forEach(d => d.open = true)")
    return opened


each_kind = pytest.mark.parametrize("kind", ["report", "mail"])
each_run = pytest.mark.parametrize("name", sorted(sample_runs.RUNS))
SCHEMES = ("light", "dark")


@each_run
@each_kind
def test_nothing_is_fetched_and_the_console_stays_empty(open_html: Opener, kind: str, name: str) -> None:
    opened = with_everything_unfolded(open_html(html_of(kind, name)))
    fetched = [url for url in opened.asked_for if not url.startswith("data:") and not url.endswith("/page-0.html")]
    assert fetched == []
    assert opened.said == []


@each_kind
def test_injected_markup_is_text(open_html: Opener, kind: str) -> None:
    opened = open_html(html_of(kind, "warnings"))
    assert opened.page.title() != "owned"
    assert opened.ask("() => document.querySelectorAll('script, img, iframe').length") == 0
    shown = sample_runs.INJECTED if kind == "report" else sample_runs.INJECTED[:60]  # a mail has no room for long names
    assert shown in " ".join(opened.page.locator("body").inner_text().split())


@each_run
@each_kind
def test_no_sideways_scrolling_on_a_phone(open_html: Opener, kind: str, name: str) -> None:
    opened = with_everything_unfolded(open_html(html_of(kind, name), width=PHONE))
    assert opened.ask("() => document.documentElement.scrollWidth") <= PHONE
    cut = "() => [...document.querySelectorAll('.sheet')].filter(e => e.scrollWidth > e.clientWidth + 1).map(e => e.className)"
    assert opened.ask(cut) == []


def test_no_sideways_scrolling_at_other_widths(open_html: Opener) -> None:
    opened = with_everything_unfolded(open_html(html_of("report", "warnings")))
    widths = (500, 760, 800, 1000, 1280, 1920)
    wide = [(width, opened.looks(width).ask("() => document.documentElement.scrollWidth")) for width in widths]
    assert [each for each in wide if each[1] > each[0]] == []


@each_run
def test_whether_a_line_ties_out_is_in_view_between_phone_and_desk(open_html: Opener, name: str) -> None:
    """Where the table is wider than the window, the columns of amounts scroll beneath the last one."""
    opened = open_html(html_of("report", name))
    beyond = """() => [...document.querySelectorAll('.totals td.mark')].map(
      e => e.getBoundingClientRect().right - e.closest('.sheet').getBoundingClientRect().right)"""
    for width in (761, 900, 1100):
        assert (width, max([0, *opened.looks(width).ask(beyond)])) <= (width, 1)


@each_kind
@pytest.mark.parametrize("name", ["warnings", "failed", "out_of_balance"])
def test_every_text_stands_out_from_what_is_behind_it(open_html: Opener, kind: str, name: str) -> None:
    opened = with_everything_unfolded(open_html(html_of(kind, name)))
    for scheme in SCHEMES:
        found = opened.looks(scheme=scheme).ask(UNREADABLE, READABLE)
        assert found["seen"] > (50 if kind == "report" else 15)
        assert (scheme, found["bad"]) == (scheme, [])


@pytest.mark.parametrize("scheme", SCHEMES)
def test_the_palette_is_readable_and_told_apart_without_colour_vision(open_html: Opener, scheme: str) -> None:
    opened = open_html(html_of("report", "clean"), scheme=scheme)
    read = """(names) => { const style = getComputedStyle(document.documentElement);
      return Object.fromEntries(names.map(n => [n, style.getPropertyValue('--' + n).trim()])); }"""
    tints = ("good", "watch", "bad")
    colour = opened.ask(read, [*TEXT_COLOURS, *GROUNDS, *BARS, *(f"{t}-tint" for t in tints)])
    pairs = [(text, ground) for text in TEXT_COLOURS for ground in GROUNDS] + [(t, f"{t}-tint") for t in tints]
    assert [(p, round(contrast(colour[p[0]], colour[p[1]]), 2)) for p in pairs if contrast(colour[p[0]], colour[p[1]]) < READABLE] == []
    alike = [
        (a, b, deficiency, round(distance(colour[a], colour[b], deficiency), 1))
        for a, b in combinations(BARS, 2)
        for deficiency in DEFICIENCIES
        if distance(colour[a], colour[b], deficiency) < DISTINCT
    ]
    assert alike == []


@pytest.mark.parametrize("width", [PHONE, 1280])
def test_tables_are_tables_for_assistive_technology(open_html: Opener, width: int) -> None:
    page = open_html(html_of("report", "warnings"), width=width).page
    summary, _ = sample_runs.run_with_warnings()
    totals = page.get_by_role("table", name="Control totals by object type and currency")
    steps = page.get_by_role("table", name="Steps of the run with their counters and times")
    assert totals.get_by_role("rowheader").count() == len(summary.totals) + 2
    assert totals.get_by_role("columnheader").count() == 10
    assert steps.get_by_role("row").count() == len(summary.steps) + 1


@each_kind
def test_every_data_table_has_a_caption_and_scoped_headings(open_html: Opener, kind: str) -> None:
    opened = open_html(html_of(kind, "warnings"))
    tables = opened.ask(
        """() => [...document.querySelectorAll('table:not([role=presentation])')].map(t => ({
          caption: t.caption ? t.caption.textContent.trim() : '',
          unscoped: [...t.querySelectorAll('th')].filter(h => !h.scope).length,
          headed: t.tHead ? t.tHead.rows[0].cells.length : 0 }))"""
    )
    assert len(tables) == (3 if kind == "report" else 0)
    assert all(t["caption"] and t["headed"] and not t["unscoped"] for t in tables)


def test_numbers_line_up_at_the_right(open_html: Opener) -> None:
    opened = open_html(html_of("report", "warnings"))
    edges = opened.ask(
        """() => { const columns = {};
          document.querySelectorAll('.totals td.amount').forEach(c => {
            const range = document.createRange(); range.selectNodeContents(c.firstChild);
            (columns[c.cellIndex] ||= new Set()).add(getComputedStyle(c).textAlign + ' ' + Math.round(c.getBoundingClientRect().right)); });
          return Object.values(columns).map(s => [...s]); }"""
    )
    assert all(len(column) == 1 and column[0].startswith("right") for column in edges)
    assert "tabular-nums" in opened.ask("() => getComputedStyle(document.querySelector('.totals td.amount')).fontVariantNumeric")


def test_bars_have_names_and_visible_segments(open_html: Opener) -> None:
    opened = open_html(html_of("report", "warnings"), width=PHONE)
    bars = opened.page.get_by_role("img")
    assert [b.get_attribute("aria-label") for b in bars.all()][1] == "Invoices: 2,256 selected, 2,234 synced, 16 already there, 6 held"
    narrowest = opened.ask("() => Math.min(...[...document.querySelectorAll('.seg')].map(r => r.getBoundingClientRect().width))")
    assert narrowest >= 2


def test_the_answers_come_first_and_headings_are_in_order(open_html: Opener) -> None:
    page = open_html(html_of("report", "out_of_balance")).page
    assert page.get_by_role("heading", level=1).inner_text() == "The run ended, but its totals do not tie out."
    questions = page.locator("dl.answers dt").all_inner_texts()
    assert questions == ["Did it run?", "Is the money right?", "What needs me?", "Is it safe to press the button?"]
    assert page.locator("dl.answers").bounding_box()["y"] < 400
    sections = page.get_by_role("heading", level=2).all_inner_texts()
    assert sections[:3] == ["Control totals", "What needs attention", "What happened in each step"]


def test_paper_is_white_and_shows_every_listed_record(open_html: Opener) -> None:
    opened = open_html(html_of("report", "warnings"), width=1000, scheme="dark", media="print")
    assert opened.ask("() => getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert opened.page.get_by_text("P-00013", exact=True).first.is_visible()


ORDINARY = ("clean", "dry", "failed", "out_of_balance", "everything")
SCREEN = 844
"""Pixels of a phone's screen that is 390 wide."""


@pytest.mark.parametrize("name", ORDINARY)
def test_the_mail_of_an_ordinary_state_fits_one_screen_of_a_phone(open_html: Opener, name: str) -> None:
    opened = open_html(html_of("mail", name))
    for scheme in SCHEMES:
        bottom = opened.looks(390, scheme).ask("() => document.querySelector('.sheet').getBoundingClientRect().bottom")
        assert (scheme, bottom) <= (scheme, SCREEN)


def test_a_mail_with_five_causes_is_still_short_and_the_first_screen_answers(open_html: Opener) -> None:
    summary, _ = sample_runs.run_with_causes()
    summary.instance = "Contoso production"
    for n, cause in enumerate(summary.causes):
        cause.message = f'Payment term "Net {n}0" does not exist in NetSuite; the customer needs it.'
    opened = open_html(mail_html(summary), width=390)
    assert opened.ask("() => document.querySelector('.sheet').getBoundingClientRect().bottom") <= 1.25 * SCREEN
    texts = opened.page.locator("p, h1, span").all()
    seen = " ".join(t.inner_text() for t in texts if (t.bounding_box() or {"y": 9999})["y"] < SCREEN)
    for told in ("Completed with 50 warnings", "Not complete up to", "Missing USD: invoices", "Is it safe to press the button?"):
        assert told in seen


@pytest.mark.parametrize("what", ["revenue", "recovered"])
def test_the_other_mails_have_the_same_face(open_html: Opener, what: str) -> None:
    """A half sent run of the revenue connector, and the end of an incident."""
    revenue = mail_html(sample_runs.revenue_run()[0], OF_REVENUE)
    html = revenue if what == "revenue" else mail_html(sample_runs.clean_run()[0], Letter(recovered=True, news="INV-V2 is settled."))
    opened = open_html(html)
    for width, scheme in product((390, PHONE), SCHEMES):
        opened.looks(width, scheme)
        assert opened.ask("() => document.querySelector('.sheet').getBoundingClientRect().bottom") <= SCREEN
        assert opened.ask("() => document.documentElement.scrollWidth") <= width
        assert opened.ask(UNREADABLE, READABLE)["bad"] == []
        assert opened.page.get_by_text("Is it safe to press the button?").is_visible()


def test_links_of_the_mail_are_apart_enough_for_a_finger(open_html: Opener) -> None:
    opened = open_html(html_of("mail", "causes"))
    for scheme in SCHEMES:
        tops = opened.looks(390, scheme).ask(
            "() => [...document.querySelectorAll('a')].map(a => Math.round(a.getBoundingClientRect().top))"
        )
        lines = sorted(set(tops))
        assert len(tops) > 8 and min(b - a for a, b in pairwise(lines)) >= FINGER


def test_the_log_opens_without_scripts(open_html: Opener) -> None:
    page = open_html(html_of("report", "warnings")).page
    assert not page.get_by_role("table", name="Log of the run").is_visible()
    page.get_by_text("Show the log").click()
    assert page.get_by_role("table", name="Log of the run").is_visible()
    assert page.get_by_text("<b>too long</b>").is_visible()
