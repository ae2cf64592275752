"""From the mail to the broken record in two clicks, and from there to "retry all alike" in one more."""

from __future__ import annotations

import re
from decimal import Decimal
from html import unescape
from typing import Any
from urllib.parse import unquote

from tallybridge.console.app import Console
from tallybridge.console.roles import Role
from tallybridge.desk import actions
from tallybridge.reporting.mail import build_mail
from tallybridge.sync.runlog import Cause, Holds, Level
from tallybridge_cli.target import Target
from tests.console.conftest import fault
from tests.console.test_records import hold
from tests.console.world import ADDRESS, Browser
from tests.unit.reporting import sample_runs


def links_of_the_mail() -> list[str]:
    """Where a mail about two held invoices leads, as paths of the console."""
    summary, _ = sample_runs.clean_run()
    summary.console_url = ADDRESS
    held = [Holds("Invoice", "USD", 2, Decimal("241.00"))]
    summary.causes = [Cause(Level.WARNING, "INV-V1", "The charge is not synced.", "mend it", ["invoices"], 2, ["INV1", "INV2"], held)]
    part = build_mail(summary, sender="a@example.com", recipients=["b@example.com"]).get_body(("html",))
    found = re.findall(r'href="([^"]*)"', unescape(str(part.get_content())))  # type: ignore[union-attr]
    assert all(link.startswith(ADDRESS) for link in found)
    return [link.removeprefix(ADDRESS) for link in found]


def test_two_clicks_to_the_record_and_one_more_to_retry_all_alike(signed_in: Any, target: Target, executions: Any) -> None:
    for number in ("INV1", "INV2"):
        hold(target, number)
    browser = signed_in(Role.OPERATOR)
    (problem,) = [link for link in links_of_the_mail() if link.startswith("/problems/")]
    page = browser.get(problem)
    assert page.status == 200 and "2 records, USD 241.00" in page.seen
    (record,) = [link for link in re.findall(r'href="([^"]*)"', page.text) if "INV1" in link]
    assert "The charge is not synced." in browser.get(unescape(record)).seen
    browser.send(problem, "/problems/alike/retry", which="all")
    assert {each.number for each in actions.queue_of(target).due("invoices")} == {"INV1", "INV2"}


def test_every_link_of_the_mail_leads_to_a_page(browser: Browser, target: Target) -> None:
    hold(target, "INV1")
    links = links_of_the_mail()
    assert sorted(link.split("/")[1] for link in links) == ["codes", "problems", "runs"]
    assert [browser.get(link).status for link in links if not link.startswith("/runs")] == [200, 200]


def test_who_is_not_signed_in_comes_back_to_where_the_mail_leads(site: Any, target: Target) -> None:
    """On one's own machine there is no sign-in; the address that the command prints is needed."""
    (problem,) = [link for link in links_of_the_mail() if link.startswith("/problems/")]
    page = Browser(Console(site, fault)).get(problem)
    assert page.status == 401 and "CONSOLE-SESSION" in page.seen and "INV1" not in unquote(page.text)
