"""The console in a real browser: by keyboard alone, on a phone, in the dark, without JavaScript, and through the true sign-in."""

from __future__ import annotations

import json
import os
import re
import socket
from collections.abc import Callable, Iterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from sandbox.aws.http_api import HttpApi
from sandbox.clock import RealClock
from sandbox.people import CLIENT, PATH, People
from sandbox.server import LoopbackServer
from tallybridge.console.app import Console
from tallybridge.console.oidc import Client, Provider
from tallybridge.console.site import Site
from tallybridge.desk import actions
from tallybridge.desk.reversal.planning import stored
from tallybridge.desk.standing import waiting
from tallybridge.desk.verify import verify
from tallybridge.sync.instructions import Kind
from tallybridge.sync.ledger import Ledger, Owner
from tallybridge.sync.reversal import Approval, NotReversed, Reversal, ReversalPlan
from tallybridge.sync.runlog import Cause, Holds, Level, RunOutcome, StepOutcome, StepReport
from tallybridge_cli.target import Target
from tests.browser.conftest import TIMEOUT_MS
from tests.browser.test_report_in_browser import PHONE, READABLE, UNREADABLE
from tests.cli import months
from tests.cli.plans import PLAN, store_plan
from tests.cli.runs import RUN, finished_run, store_run
from tests.console.conftest import clients, clock, executions, fault, scheduler, site, target
from tests.console.world import Context, Executions, Scheduler
from tests.revenue.stored import RUN as REVENUE_RUN
from tests.revenue.stored import document as revenue_document
from tests.revenue.stored import store_failed_run

pytestmark = pytest.mark.browser
__all__ = ["clients", "clock", "executions", "scheduler", "site", "target"]
SCREENS: tuple[str, ...] = (
    "/",
    "/runs",
    f"/runs/{RUN}",
    f"/compare?a={RUN}&b=earlier",
    "/schedules",
    "/settings",
    "/settings/edit",
    "/doctor",
    "/nowhere",
)
SCREENS += (
    "/revenue",
    f"/revenue/{REVENUE_RUN}",
    "/problems",
    "/problems/alike?step=invoices&code=INV-V9",
    "/record?name=INV00004037",
    "/audit",
    "/codes/INV-V2",
)
SCREENS += ("/month-end?period=2026-04", f"/runs/{RUN}/reversal")
SCREENS += ("/plan", f"/runs/{PLAN}/plan", *(f"/runs/{PLAN}/plan/records?step={step}" for step in ("invoices", "customers")))
SCREENSHOTS = os.environ.get("SCREENSHOTS", "")
"""A folder for pictures of every page, for people to look at."""


@pytest.fixture
def address(site: Site, target: Target) -> Iterator[str]:
    """A console with something to see, and its company's sign-in, each on a server of its own."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    own = f"http://127.0.0.1:{port}"
    company = LoopbackServer(lambda environ, start: people(environ, start))
    issuer = f"{company.url.replace('127.0.0.1', 'localhost')}{PATH}"
    people = People(issuer, f"{own}/callback", f"{own}/signed-out", lambda: target.clock.now().timestamp())
    Provider._known.clear()
    names = {**target.variables, "REVENUE_SETTINGS_PARAMETER": "/tallybridge/revenue-settings", "UPLOADS_BUCKET": "uploads"}
    target = replace(target, variables=names)
    target.client("ssm").put_parameter(Name=names["REVENUE_SETTINGS_PARAMETER"], Value=json.dumps(revenue_document()), Type="String")
    there = replace(
        site, target=target, address=own, entrance=Client(issuer, CLIENT, "", f"{own}/callback"), instance="Month & <b>Sons</b>"
    )
    console = Console(there, fault)
    fill(target)
    with company, LoopbackServer(HttpApi(lambda event: console.handle(event, Context()), RealClock()), port):
        yield own


def fill(target: Target) -> None:
    """Two runs with problems, settings with a history, and credentials."""
    netsuite = {"account_id": "1234567", "private_key": "x"}
    document = {"zuora": {"base_url": "https://rest.eu.zuora.com", "client_id": "a", "client_secret": "x"}, "netsuite": netsuite}
    target.client("secretsmanager").put_secret_value(SecretId="credentials", SecretString=json.dumps(document))
    earlier = finished_run(RunOutcome.COMPLETED, 0, run_id="earlier", started="2026-05-03T02:00:00Z", ended="2026-05-03T02:04:00Z")
    summary = finished_run(trigger="otto.operator@a-rather-long-company-name.example.com")
    summary.totals[0].missing = summary.totals[0].held
    text = "Invoice INV00004037: lines add up to 5 but the amount is 6; not sent."
    held = Holds("Invoice", "USD", 1, summary.totals[0].held.amount)
    summary.causes = [
        Cause(Level.WARNING, "INV-V9", text, "Compare it in Zuora.", ["invoices"], 1, own=[held], records=["INV00004037 · USD 100.10"])
    ]
    for run in (earlier, summary):
        store_run(target, run)
        target.runs.record(run.run_id, steps={"customers": True, "invoices": True, "payments": True})
        folder = target.folder(run.run_id)
        folder.write_json("run.json", {"settings": {"run_hours": 24 if run is earlier else 12}, "steps": {}})
        for number, step in enumerate(("customers", "invoices")):
            report = StepReport(step, "", "", StepOutcome.WARNINGS, f"{run.started[:14]}0{number}:00Z", f"{run.started[:14]}0{number}:50Z")
            report.selected, report.created, report.held = 10, 9, 1
            folder.write_json(f"{step}/report.json", report.to_json())
    book = Ledger(target.table("STATUS_TABLE"), target.clock, Owner("earlier", "invoices/1", "i"), 0)
    for number in range(37, 60):
        key, about = Ledger.key("zuora", "Invoice", f"8ad08{number}"), {"currency": "USD", "amount": f"{number}.10"}
        about |= {"document_date": "2026-04-30", "customer_name": "A00000007 <b>Lind</b> & Sons"}
        book.held(key, "invoices", f"INV000040{number}", "INV-V9", text, "charge Gold" if number > 50 else "", None, about)
    for number, (step, amount) in enumerate((("invoices", "1204.50"), ("payments", "1000"), ("credit_memos", "4.50"))):
        months.sync(target, f"DOC{number}", step=step, amount=amount, currency=("USD", "EUR", "JPY")[number])
    months.looked(target)
    ignored = waiting(target).__next__()
    actions.instruct(target, Kind.IGNORE, [ignored], "otto@example.com", reason="disputed by the customer since March", until="2026-06-30")
    target.configuration().save_version('{"run_hours": 24}', "otto@example.com", "first")
    target.configuration().save_version('{"run_hours": 12, "notify_recipients": ["a@example.com"]}', "anna@example.com", "nights are short")
    assert store_failed_run(target) == REVENUE_RUN
    assert store_plan(target, target.clock, under_its_settings=False) == PLAN
    reversible(target)


def reversible(target: Target) -> None:
    """A reversal of the run that nobody has approved yet, and one that was."""
    kinds = [("customerPayment", "journalEntry", "payments"), *[("invoice", "creditMemo", "invoices")] * 3]
    documents = [
        Reversal(f"{9000 + n}", kind, way, step, f"8ad0{n}", f"DOC-{n:08}", "USD", Decimal("1190.75") + n, "1001", "2026-05-05", "x")
        for n, (kind, way, step) in enumerate(kinds)
    ]
    left = [
        NotReversed("customers", "RV-MASTER", "Customers: 2 were created in NetSuite and are no transactions: A1.", "They stay.", 2),
        NotReversed(
            "invoices", "RV-APPLIED", "Invoice INV00004036: payment 77 is applied to it.", "Take it off.", 1, "INV1", "9", "invoice"
        ),
    ]
    for plan_id, person in (("20260504T030000Z-aaaaaa", "otto@example.com"), ("20260504T031500Z-bbbbbb", "Otto & <b>Sons</b>")):
        plan = ReversalPlan(plan_id, RUN, "1234567", person, "2026-05-04T03:00:00Z", tuple(documents), tuple(left)).sealed()
        stored(target).keep(plan)
    stored(target).approve(plan, Approval(plan.digest, "anna@example.com", "2026-05-04T03:30:00Z", "wrong price list"))


class Desk:
    """A person's browser. `errors` are what the console of the browser said and what it was kept from doing."""

    def __init__(self, context: Any, address: str) -> None:
        self.context, self.address = context, address
        self.page = context.new_page()
        self.errors: list[str] = []
        self.page.on("console", lambda message: self.errors.append(message.text) if message.type == "error" else None)
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))

    def sign_in(self, person: str = "Anna Approver") -> Desk:
        self.page.goto(self.address)
        self.page.get_by_text(person).click()
        self.page.wait_for_url(f"{self.address}/")
        return self

    def open(self, path: str) -> Desk:
        self.page.goto(f"{self.address}{path}")
        return self

    def looks(self, scheme: str, width: int = 1280) -> Desk:
        """The window is so wide and so coloured from now on."""
        self.page.emulate_media(color_scheme=scheme)
        self.page.set_viewport_size({"width": width, "height": 800})
        return self

    def ask(self, script: str, argument: object = None) -> Any:
        return self.page.evaluate(script, argument)

    @property
    def text(self) -> str:
        return " ".join(self.page.locator("main").inner_text().split())

    def picture(self, name: str) -> None:
        if SCREENSHOTS:
            Path(SCREENSHOTS).mkdir(parents=True, exist_ok=True)
            self.page.screenshot(path=f"{SCREENSHOTS}/{name}.png", full_page=True)


Sitting = Callable[..., Desk]


@pytest.fixture
def desk(browser: Any, address: str) -> Iterator[Sitting]:
    """desk(scripts=True) -> a browser in which nobody is signed in."""
    contexts: list[Any] = []

    def sit(scripts: bool = True) -> Desk:
        context = browser.new_context(viewport={"width": 1280, "height": 800}, color_scheme="light", java_script_enabled=scripts)
        context.set_default_timeout(TIMEOUT_MS)
        contexts.append(context)
        return Desk(context, address)

    yield sit
    for context in contexts:
        context.close()


def name_of(path: str) -> str:
    return re.sub(r"[^\w-]+", "-", path.strip("/")) or "home"


CUT_OFF = """() => [...document.querySelectorAll('body *')].filter(e => e.checkVisibility()
  && !e.closest('.unseen, thead, .skip, svg')
  && e.getBoundingClientRect().right > innerWidth + 1 && !e.closest('.scroll')).map(e => e.tagName + e.className)"""
NAMED = "input:not([type=hidden]), select, textarea:not([hidden]), button, [role=group], nav"
UNNAMED = """(kinds) => [...document.querySelectorAll(kinds)].filter(e =>
    !(e.labels?.length || e.textContent.trim() && e.tagName === 'BUTTON'
    || e.getAttribute('aria-label')
    || document.getElementById(e.getAttribute('aria-labelledby'))?.textContent.trim())).map(e => e.outerHTML.slice(0, 100))"""
TWICE = "() => { const ids = [...document.querySelectorAll('[id]')].map(e => e.id); return ids.filter((id, n) => ids.indexOf(id) !== n); }"


def test_every_page_is_readable_whole_on_a_phone_named_for_assistive_technology_and_runs_nothing_that_is_not_its_own(desk: Sitting) -> None:
    """Each is opened once and looked at in the light, in the dark and on a phone."""
    anna = desk().sign_in()
    for path in SCREENS:
        anna.looks("light").open(path)
        assert (path, anna.ask(UNNAMED, NAMED), anna.ask(TWICE)) == (path, [], [])
        assert anna.ask("() => [document.documentElement.lang, document.querySelectorAll('main').length]") == ["en", 1]
        for scheme in ("light", "dark"):
            anna.looks(scheme).picture(f"{scheme}-{name_of(path)}")
            found = anna.ask(UNREADABLE, READABLE)
            assert (path, scheme, found["bad"]) == (path, scheme, [])
            assert found["seen"] > 5
        anna.looks("light", PHONE).picture(f"phone-{name_of(path)}")
        assert (path, anna.ask("() => document.documentElement.scrollWidth"), anna.ask(CUT_OFF)) == (path, PHONE, [])
    assert [error for error in anna.errors if "404" not in error] == []


def test_without_javascript_one_reads_and_acts(desk: Sitting, executions: Executions) -> None:
    anna = desk(scripts=False).sign_in()
    for path in SCREENS:
        anna.open(path)
        assert anna.page.locator("h1").count() == 1, path
    anna.open("/").page.get_by_role("button", name="Dry run").click()
    anna.page.wait_for_url("**/?done=started")
    assert "The run has been started." in anna.text
    assert json.loads(executions.started[0]["input"]) == {
        "trigger": "anna@example.com",
        "dryRun": True,
        "steps": None,
        "by": "anna@example.com",
    }


def test_by_keyboard_alone(desk: Sitting, scheduler: Scheduler) -> None:
    """From the address bar: the first stop leads to the content, every stop is seen, and the schedule is paused with Enter."""
    anna = desk().sign_in()
    keys = anna.page.keyboard
    keys.press("Tab")
    assert anna.ask("() => document.activeElement.textContent") == "To the content"
    keys.press("Enter")
    assert anna.ask("() => document.activeElement.id") == "content"
    for _ in range(40):
        keys.press("Tab")
        seen = anna.ask(
            """() => { const e = document.activeElement, s = getComputedStyle(e), r = e.getBoundingClientRect();
            return [e.textContent.trim(), s.outlineStyle !== 'none' && parseFloat(s.outlineWidth) >= 1, r.width > 0]; }"""
        )
        assert seen[1:] == [True, True], seen
        if seen[0] == "Pause the schedule":
            break
    keys.press("Enter")
    anna.page.wait_for_url("**/?done=paused")
    assert scheduler.schedule["State"] == "DISABLED"


def test_a_setting_is_changed_from_the_first_page_to_the_last(desk: Sitting, target: Target, monkeypatch: pytest.MonkeyPatch) -> None:
    from tallybridge.desk import settings_checks

    monkeypatch.setattr(settings_checks, "_names", lambda *_: iter(()))
    anna = desk().sign_in()
    anna.page.get_by_role("link", name="Settings").click()
    anna.page.get_by_role("link", name="Change settings").click()
    anna.page.get_by_label("Run hours").fill("8")
    anna.page.get_by_role("button", name="Check and compare").first.click()
    assert "run_hours 12 8" in anna.text
    anna.picture("light-settings-check")
    anna.page.get_by_label("Why?").fill("summer")
    anna.page.get_by_role("button", name="Save").click()
    anna.page.wait_for_url("**/settings?done=saved")
    version = target.configuration().current()
    assert (version.author, version.reason, json.loads(version.document)["run_hours"]) == ("anna@example.com", "summer", 8)


def test_a_month_is_looked_at_signed_off_and_handed_to_the_auditor(desk: Sitting, target: Target) -> None:
    anna = desk().sign_in()
    anna.page.get_by_role("link", name="April 2026 is not complete").click()
    anna.page.wait_for_url("**/month-end?period=2026-04")
    boxes = anna.page.get_by_role("checkbox")
    for number in range(boxes.count()):
        boxes.nth(number).check()
    anna.page.get_by_label("Why it is signed off all the same").fill("the lines are corrected in May")
    anna.page.get_by_role("button", name="Sign off April 2026").click()
    anna.page.wait_for_url("**done=signed")
    assert "Signed off on 4 May 2026, 03:00:00 UTC by anna@example.com" in anna.text
    anna.picture("light-month-end-signed")
    with anna.page.expect_download() as taken:
        anna.page.get_by_role("button", name="Export April 2026 (zip)").click()
    known = verify(Path(taken.value.path()), target)
    assert (known.flaws, known.of, known.proved) == ((), "period April 2026", True)


def test_a_double_click_starts_one_run(desk: Sitting, executions: Executions) -> None:
    anna = desk().sign_in()
    anna.page.get_by_role("button", name="Run now").dblclick()
    anna.page.wait_for_url("**/?done=*")
    assert len(executions.started) == 1


def test_a_run_in_progress_moves_on_by_itself(desk: Sitting, target: Target) -> None:
    target.runs.lock("now")
    target.folder("now").write_json("run.json", {"steps": {"customers": True, "invoices": True}})
    anna = desk().sign_in()
    anna.page.clock.install()
    assert "Zuora invoices waiting" in anna.open("/").text
    anna.picture("light-home-running")
    target.folder("now").write_json("invoices/start.json", {})
    anna.page.clock.fast_forward(1_000 * int(anna.page.locator("[data-refresh]").get_attribute("data-refresh")))
    anna.page.get_by_text("running", exact=True).wait_for()


def test_a_session_that_ended_in_a_form_is_taken_up_again(desk: Sitting, executions: Executions) -> None:
    anna = desk().sign_in()
    anna.context.clear_cookies()
    anna.page.get_by_role("button", name="Dry run").click()
    assert "CONSOLE-SESSION" in anna.text
    anna.picture("light-session-ended")
    with anna.context.expect_page() as opened:
        anna.page.get_by_role("link", name="Sign in").click()
    opened.value.get_by_text("Anna Approver").click()
    opened.value.wait_for_url(f"{anna.address}/")
    anna.page.get_by_role("button", name="Send it again").click()
    anna.page.get_by_role("button", name="Send it again").click()
    anna.page.wait_for_url("**/?done=started")
    assert len(executions.started) == 1


def test_signing_out_ends_it(desk: Sitting) -> None:
    anna = desk().sign_in()
    anna.page.get_by_role("button", name="Sign out").click()
    anna.page.wait_for_url("**/signed-out")
    anna.open("/")
    assert "/_sandbox/people/authorize" in anna.page.url


def test_who_is_in_no_group_sees_a_clear_page(desk: Sitting) -> None:
    nils = desk()
    nils.page.goto(nils.address)
    nils.page.get_by_text("Nils Nobody").click()
    nils.page.wait_for_url("**/callback?*")
    nils.picture("light-no-role")
    assert "CONSOLE-NO-ROLE" in nils.text


AXE = Path(__file__).resolve().parents[2] / "build" / "axe" / "node_modules" / "axe-core" / "axe.min.js"
"""Put there by `make axe`."""


@pytest.mark.skipif(not AXE.is_file(), reason="axe-core is not installed; `make axe` installs it")
def test_axe_finds_nothing(desk: Sitting) -> None:
    anna, found = desk().sign_in(), {}
    wrong = "async () => (await axe.run()).violations.map(v => [v.id, v.impact, v.nodes.slice(0, 3).map(n => n.html.slice(0, 160))])"
    for path in SCREENS:
        anna.open(path)
        anna.ask(f"() => {{ {AXE.read_text(encoding='utf-8')} ; window.axe = window.axe || axe; }}")
        found[path] = anna.ask(wrong)
    assert {path: violations for path, violations in found.items() if violations} == {}
