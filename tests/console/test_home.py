"""The first page: the four questions, the schedule, the money, and the buttons."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal

import pytest

from tallybridge.console.roles import Role
from tallybridge.console.screens import home
from tallybridge.sync.ledger import place_of
from tallybridge.sync.runlog import Cause, Level, RunOutcome
from tallybridge_cli.target import Target
from tests.cli.conftest import TestClock
from tests.cli.runs import RUN, finished_run, store_run
from tests.console.world import Browser, Executions, Scheduler

pytestmark = pytest.mark.usefixtures("scheduler")


def connect(target: Target, zuora: str, account: str) -> None:
    document = {
        "zuora": {"base_url": zuora, "client_secret": "do-not-show-this"},
        "netsuite": {"account_id": account, "private_key": "nor-this"},
    }
    target.client("secretsmanager").put_secret_value(SecretId="credentials", SecretString=json.dumps(document))


def test_before_the_first_run_it_says_how_to_begin(browser: Browser) -> None:
    seen = browser.get("/").seen
    assert "There was no run yet" in seen and "A dry run decides everything and writes nothing" in seen
    assert "NOT SET UP" in seen


def test_the_four_answers_of_the_last_run(browser: Browser, target: Target) -> None:
    store_run(target, finished_run())
    seen = browser.get("/").seen
    for text in ("Did it run?", "Is the money right?", "What needs me?", "Is it safe to press the button?", RUN, "started by manual"):
        assert text in seen


def test_the_money_that_is_missing_by_object_and_currency(browser: Browser, target: Target) -> None:
    summary = finished_run()
    summary.totals[0].missing = summary.totals[0].held
    store_run(target, summary)
    (row,) = browser.get("/?format=json").data["missing"]
    assert row == {"name": "invoices", "currency": "USD", "count": 1, "amount": Decimal("100.10"), "text": "USD 100.10"}
    assert "Invoices USD 1 USD 100.10" in browser.get("/").seen


@pytest.mark.parametrize(
    ("zuora", "account", "badge"),
    [
        ("https://rest.eu.zuora.com", "1234567", "PRODUCTION"),
        ("https://rest.apisandbox.zuora.com", "1234567_SB1", "SANDBOX"),
        ("https://rest.zuora.com", "1234567_SB1", "MIXED"),
        ("https://rest.test.eu.zuora.com", "1234567", "MIXED"),
        ("https://rest.test.zuora.com", "TSTDRV1234567", "SANDBOX"),
    ],
)
def test_what_is_connected_stands_on_top_and_no_secret(browser: Browser, target: Target, zuora: str, account: str, badge: str) -> None:
    connect(target, zuora, account)
    page = browser.get("/")
    assert page.seen.partition("NetSuite account")[0].count(badge) == 1
    assert zuora.removeprefix("https://") in page.seen and account in page.seen
    assert "do-not-show-this" not in page.text + browser.get("/?format=json").text and "nor-this" not in page.text


def state_of(browser: Browser) -> tuple[str, str]:
    fresh = browser.get("/?format=json").data["freshness"]
    return fresh["state"], fresh["detail"]


def test_on_time_late_and_action_required(browser: Browser, target: Target, scheduler: Scheduler, clock: TestClock) -> None:
    scheduler.schedule["LastModificationDate"] = clock.now() - timedelta(hours=2)
    assert state_of(browser) == ("late", "The run that was due at 4 May 2026, 02:00:00 UTC has not started.")
    store_run(target, finished_run(started="2026-05-04T02:00:10Z", ended="2026-05-04T02:01:00Z"))
    assert state_of(browser) == ("on time", "The last run ended at 4 May 2026, 02:01:00 UTC.")
    store_run(target, finished_run(RunOutcome.OUT_OF_BALANCE, started="2026-05-04T02:10:10Z"))
    assert state_of(browser) == ("action required", "The last run's control totals do not tie out.")
    store_run(target, finished_run(RunOutcome.FAILED, started="2026-05-04T02:20:10Z"))
    assert state_of(browser) == ("action required", "The last run failed.")


def test_a_schedule_that_is_off_is_not_called_on_time(browser: Browser, scheduler: Scheduler) -> None:
    scheduler.schedule["State"] = "DISABLED"
    assert state_of(browser) == ("not scheduled", "The schedule is off: no run starts by itself.")


def test_a_run_in_progress_is_shown_step_by_step(browser: Browser, target: Target) -> None:
    target.runs.record(RUN, started="2026-05-04T03:00:00Z", outcome="running")
    target.runs.lock(RUN)
    folder = target.folder(RUN)
    folder.write_json("run.json", {"steps": {"customers": True, "invoices": True, "payments": False}})
    folder.write_json("invoices/manifest.json", [{"batch": "000001", "records": 107}])
    folder.write_json("invoices/results/000001-0001.json", {"selected": ["a", "b"]})
    page = browser.get("/")
    assert "Zuora customer accounts waiting" in page.seen and "Zuora invoices running 2 of 107" in page.seen
    assert "Run now" not in page.seen and "Stop the run" in page.seen


def test_a_run_is_started_once_by_the_person(browser: Browser, executions: Executions) -> None:
    fields = browser.get("/").fields("/start")
    for where in ("/?done=started", "/?done=already"):
        answer = browser.post("/start", {**fields, "kind": "run"})
        assert (answer.status, answer.where) == (303, where)
    (given,) = executions.started
    assert json.loads(given["input"]) == {"trigger": "ann@example.com", "dryRun": False, "steps": None, "by": "ann@example.com"}
    assert "Nothing was done a second time" in browser.get("/?done=already").seen


def test_a_dry_run_is_one(browser: Browser, executions: Executions) -> None:
    assert browser.send("/", "/start", kind="dry").where == "/?done=started"
    assert json.loads(executions.started[0]["input"])["dryRun"] is True


def test_a_run_is_stopped_with_a_reason(browser: Browser, target: Target, executions: Executions) -> None:
    target.runs.lock(RUN)
    executions.running.add(RUN)
    assert browser.send("/", "/stop", reason="month end").where == "/?done=stopped"
    assert executions.stopped[0]["cause"] == "Stopped by ann@example.com: month end"


def test_without_a_reason_nothing_is_stopped_and_the_form_is_shown_again(browser: Browser, target: Target, executions: Executions) -> None:
    target.runs.lock(RUN)
    executions.running.add(RUN)
    answer = browser.send("/", "/stop", reason="  ")
    assert (answer.status, executions.stopped) == (400, [])
    assert "CONSOLE-INPUT" in answer.seen and "The reason is missing" in answer.seen
    again = {**answer.fields("/stop"), "run_id": RUN, "reason": "month end"}
    assert browser.post("/stop", again).where == "/?done=stopped"


def test_a_run_that_has_ended_meanwhile_is_not_stopped(browser: Browser, target: Target, executions: Executions) -> None:
    target.runs.lock(RUN)
    answer = browser.send("/", "/stop", reason="month end")
    assert (answer.status, executions.stopped) == (409, [])
    assert "RUN-NOT-RUNNING" in answer.seen


def test_the_schedule_is_paused_and_switched_on_again(browser: Browser, scheduler: Scheduler) -> None:
    assert browser.send("/", "/switch", state="off").where == "/?done=paused"
    assert scheduler.schedule["State"] == "DISABLED"
    assert browser.send("/", "/switch", state="on").where == "/?done=resumed"
    assert scheduler.schedule["State"] == "ENABLED"


def test_a_viewer_sees_no_buttons_and_can_press_none(signed_in: Callable[..., Browser], executions: Executions) -> None:
    viewer = signed_in(Role.VIEWER)
    page = viewer.get("/")
    assert "Run now" not in page.seen and "Pause the schedule" not in page.seen
    answer = viewer.post("/start", {**page.fields("/signout"), "kind": "run"})
    assert (answer.status, executions.started) == (403, [])
    assert "CONSOLE-ROLE" in answer.seen and "you are signed in as viewer" in answer.seen


def problem(target: Target, number: int, **more: str) -> None:
    """A record that is held, as a run leaves it in the ledger."""
    facts = {"number": f"INV{number:05}", "code": "INV-V9", "message": f"Invoice INV{number:05}: lines differ.", "run_id": RUN}
    item = {
        "id": f"zuora#Invoice#{number}",
        "attention": "HELD#invoices",
        "state": "HELD",
        "since": "2026-05-03T00:00:00Z",
        **facts,
        **more,
    }
    target.table("STATUS_TABLE").put_item(Item={**item, "place": place_of(item)})


def test_what_needs_a_person_and_the_oldest_of_it(browser: Browser, target: Target) -> None:
    store_run(target, finished_run())
    problem(target, 1)
    problem(target, 2, since="2026-04-30T02:00:00Z")
    problem(target, 3, since="2026-01-01T00:00:00Z", waits_for="Invoice INV00001")
    page = browser.get("/")
    assert "The oldest: INV00002 , since 30 April 2026, 02:00:00 UTC ." in page.seen and "INV-V9" in page.seen


def test_of_very_many_problems_the_first_page_reads_so_many_and_has_the_causes_of_the_last_run(
    browser: Browser, target: Target, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(home, "MOST", 3)
    cause = Cause(Level.WARNING, "INV-V9", "The lines of 10,000 invoices differ.", "Mend the rate plan.", ["invoices"], 10_000)
    store_run(target, finished_run(causes=[cause]))
    for number in range(5):
        problem(target, number)
    seen = browser.get("/").seen
    assert "10,000 records" in seen and "The lines of 10,000 invoices differ." in seen


def test_a_cause_has_the_next_step_that_the_last_run_told(browser: Browser, target: Target) -> None:
    told = Cause(Level.WARNING, "INV-V9", "Invoice INV00001: lines differ.", "Mend the rate plan.", ["invoices"], 1)
    store_run(target, finished_run(causes=[told]))
    problem(target, 1)
    assert "Next: Mend the rate plan." in browser.get("/").seen


def test_names_with_markup_are_text(signed_in: Callable[..., Browser], target: Target) -> None:
    store_run(target, finished_run(trigger="<script>alert(1)</script>"))
    page = signed_in(person='<img src=x onerror="alert(1)">').get("/")
    assert "<script>alert" not in page.text and "<img src=x" not in page.text
    assert "started by <script>alert(1)</script>" in page.seen
