"""Month-end in the console: what an accountant reads, signs off and hands to the auditor."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import pytest

from tallybridge.console.roles import Role
from tallybridge.console.screens import month_end as screen
from tallybridge.desk.month_end import month_end
from tallybridge.desk.periods import month_of
from tallybridge.desk.sign_off import sign_offs
from tallybridge.sync.runlog import LeftOut, RunOutcome
from tallybridge_cli.target import Target
from tests.cli.conftest import TestClock
from tests.cli.months import hold, looked, settle, sync
from tests.cli.runs import RUN, finished_run, store_run
from tests.console.world import Browser

PAGE = "/month-end?period=2026-04"
SIGN = "/month-end/sign-off"
EXPORT = "/month-end/export"
PERSON = "ann@example.com"
APRIL = month_of("2026-04")


@pytest.fixture(autouse=True)
def quiet(target: Target) -> None:
    store_run(target, finished_run(RunOutcome.COMPLETED, held=0))
    looked(target)


def test_the_first_page_says_whether_the_month_is_complete(browser: Browser, target: Target) -> None:
    sync(target, "INV1")
    assert "April 2026 is complete: 1 document on both sides, the money compared." in browser.get("/").seen
    hold(target, "INV2")
    page = browser.get("/")
    assert "April 2026 is not complete: 1 document is missing." in page.seen
    assert 'href="/month-end?period=2026-04"' in page.text


def test_the_first_page_goes_on_to_the_month_that_runs_once_the_other_is_signed(browser: Browser, target: Target, clock: TestClock) -> None:
    sync(target, "INV1")
    settle(clock)
    browser.send(PAGE, SIGN)
    assert "May 2026 is not complete" in browser.get("/").seen
    settle(clock)
    sync(target, "INV2")
    assert "1 document has changed since" in browser.get("/").seen


def test_the_first_page_does_not_count_a_month_that_is_too_large(browser: Browser, target: Target, monkeypatch: pytest.MonkeyPatch) -> None:
    sync(target, "INV1")
    monkeypatch.setattr("tallybridge.desk.month_glance.MOST", 0)
    assert "has not been counted since it changed" in browser.get("/").seen


def test_the_page_tells_what_is_missing_with_its_effect_and_leads_to_it(browser: Browser, target: Target) -> None:
    sync(target, "INV1")
    hold(target, "INV2", "INV-PERIOD", amount="1204.5")
    page = browser.get(PAGE)
    assert "NetSuite's receivables are USD 1,204.50 too low." in page.seen
    assert "Closed period INV-PERIOD 1 invoice (USD 1,204.50) not in NetSuite: INV-PERIOD." in page.seen
    assert 'href="/problems/alike?step=invoices&amp;code=INV-PERIOD"' in page.text
    assert 'href="/record?name=INV2"' in page.text
    view = browser.get(f"{PAGE}&format=json").data
    assert (view["complete"], view["rows"][0]["effect"], view["points"][0]["key"]) == (False, 1204.5, "INV-PERIOD")


def test_what_rules_leave_out_stands_beside_the_period(browser: Browser, target: Target) -> None:
    row = LeftOut("invoices", "Invoice", "LEFT-ACCOUNT", "Sync to NetSuite says No", "USD", due=False)
    row.add("INV9", Decimal(7))
    store_run(target, finished_run(RunOutcome.COMPLETED, held=0, left_out=[row]))
    page = browser.get(PAGE)
    assert "1 rule left records out in the last run, of all periods" in page.seen
    assert "Invoices: 1 record (USD 7.00) is left out: Sync to NetSuite says No. INV9." in page.seen
    assert browser.get(f"{PAGE}&format=json").data["points"] == []


def test_a_period_goes_by_netsuites_name_as_well(browser: Browser, target: Target) -> None:
    rows = [{"id": "1", "periodname": "Apr 2026", "first": "2026-03-30", "last": "2026-04-26"}]
    target.folder(RUN).write_json("reference/periods.json", rows)
    view = browser.get("/month-end?period=Apr+2026&format=json").data
    assert (view["period"]["first"], view["period"]["last"]) == ("2026-03-30", "2026-04-26")
    assert {"2026-05", "2026-04", "2025-12", "2026-03-30..2026-04-26"} <= {each["key"] for each in view["offered"]}
    answer = browser.get("/month-end?period=%3Cscript%3E")
    assert (answer.status, "PERIOD-UNKNOWN" in answer.seen, "<script>" in answer.text) == (400, True, False)


def test_an_approver_signs_what_was_shown_and_confirms_what_is_open(browser: Browser, target: Target, clock: TestClock) -> None:
    hold(target, "INV2")
    settle(clock)
    left = browser.send(PAGE, SIGN, None, reason="late")
    assert (left.status, "SIGN-OFF-OPEN" in left.seen, list(sign_offs(target, APRIL))) == (400, True, [])
    signed = browser.send(PAGE, SIGN, None, reason="disputed", **{"confirm-INV-V1": "on"})
    assert signed.where == "/month-end?period=2026-04&done=signed"
    (known,) = sign_offs(target, APRIL)
    assert (known.who, known.reason, known.confirmed) == (PERSON, "disputed", ["INV-V1: 1 invoice (USD 50.00) not in NetSuite: INV-V1."])
    assert "Signed off on 4 May 2026, 03:01:00 UTC by ann@example.com" in browser.get(PAGE).seen


def test_two_clicks_sign_one_time_and_old_figures_not_at_all(browser: Browser, target: Target) -> None:
    sync(target, "INV1")
    form = browser.get(PAGE).fields(SIGN)
    assert browser.post(SIGN, form).status == 303
    assert browser.post(SIGN, form).where.endswith("done=already")
    old = browser.get(PAGE).fields(SIGN)
    sync(target, "INV2")
    answer = browser.post(SIGN, old)
    assert (answer.status, "SIGN-OFF-CHANGED" in answer.seen, len(list(sign_offs(target, APRIL)))) == (400, True, 1)


@pytest.mark.parametrize("role", [Role.VIEWER, Role.OPERATOR])
def test_nobody_but_an_approver_signs(signed_in: Callable[..., Browser], browser: Browser, target: Target, role: Role) -> None:
    sync(target, "INV1")
    other = signed_in(role)
    assert SIGN not in other.get(PAGE).text
    form = {**browser.get(PAGE).fields(SIGN), "csrf": other.get(PAGE).fields("/signout")["csrf"]}
    answer = other.post(SIGN, form)
    assert (answer.status, "CONSOLE-ROLE" in answer.seen, list(sign_offs(target, APRIL))) == (403, True, [])


def test_everybody_may_take_the_export_and_the_audit_knows_who(signed_in: Callable[..., Browser], target: Target) -> None:
    sync(target, "INV1")
    viewer = signed_in(Role.VIEWER, "auditor@example.com")
    form = viewer.get(PAGE).fields(EXPORT)
    answer = viewer.post(EXPORT, form)
    assert (answer.status, answer.headers["content-type"], answer.text[:2]) == (200, "application/zip", "PK")
    assert answer.headers["content-disposition"] == 'attachment; filename="tallybridge-2026-04.zip"'
    entry = next(target.audit.newest())
    assert (entry.who, entry.action) == ("auditor@example.com", "export")
    assert viewer.post(EXPORT, form).text == answer.text, "the same form fetches it again"
    elsewhere = viewer.post(EXPORT, form, {"origin": "https://evil.example.com", "sec-fetch-site": "cross-site"})
    assert (elsewhere.status, len(list(target.audit.newest()))) == (403, 2)


def test_an_export_that_is_too_large_names_the_command(browser: Browser, target: Target, monkeypatch: pytest.MonkeyPatch) -> None:
    sync(target, "INV1")
    form = browser.get(PAGE).fields(EXPORT)
    monkeypatch.setattr(screen, "MOST_EXPORTED", 0)
    assert "tallybridge month-end 2026-04 --export FILE" in browser.get(PAGE).seen
    answer = browser.post(EXPORT, form)
    assert (answer.status, "CONSOLE-TOO-LARGE" in answer.seen, list(target.audit.newest())) == (413, True, [])


def test_names_with_markup_stay_text(browser: Browser, target: Target) -> None:
    hold(target, '<img src=x onerror="x">')
    assert "<img" not in browser.get(PAGE).text
    assert month_end(target, APRIL).count.named[0].number == '<img src=x onerror="x">'
