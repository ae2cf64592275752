"""The Plan screen: the plan in sums, its records paged on the server, and having exactly that done, by who may and one time."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from tallybridge.console.roles import Role
from tallybridge.tasks.plans import take
from tallybridge_cli.target import Target
from tests.cli.conftest import TestClock
from tests.cli.plans import save_settings, store_plan
from tests.console.world import Browser, Executions

SURE = {"reason": "month end", "sure": "on"}


@pytest.fixture
def plan(target: Target, clock: TestClock) -> str:
    return store_plan(target, clock)


def started(executions: Executions) -> list[dict[str, Any]]:
    return [json.loads(each["input"]) for each in executions.started]


def test_the_newest_plan_is_shown_by_object_with_what_it_posts(browser: Browser, plan: str) -> None:
    view = browser.get("/plan?format=json").data["plan"]
    does = {(o["step"], d["does"]): (d["count"], d["money"]) for o in view["objects"] for d in o["does"]}
    assert does == {
        ("customers", "update"): (1, []),
        ("invoices", "create"): (1, ["USD 100.00"]),
        ("invoices", "held"): (1, ["USD 7.00"]),
        ("payments", "create"): (1, ["USD 60.00"]),
    }
    posted = {(e["name"], e["period"]): (e["debit_text"], e["credit_text"]) for e in view["effect"]}
    assert posted == {
        ("1100 Accounts Receivable", "Oct 2026"): ("USD 100.00", "USD 60.00"),
        ("4000 Sales", "Oct 2026"): ("", "USD 100.00"),
        ("Undeposited Funds", "Oct 2026"): ("USD 60.00", ""),
    }
    assert (view["run"]["run_id"], view["state"]["applicable"], view["off"], view["unknown"]) == (plan, True, [], [])
    seen = browser.get("/plan").seen
    assert "Debits equal credits in every period and currency." in seen
    assert "It can be applied as it is." in seen


def test_there_may_be_no_plan(browser: Browser) -> None:
    assert browser.get("/plan?format=json").data == {"plan": None}
    assert "There is no plan" in browser.get("/plan").seen
    assert (browser.get("/runs/nobody/plan").status, "RUN-UNKNOWN" in browser.get("/runs/nobody/plan").seen) == (404, True)


def test_the_records_of_a_kind_are_told_with_what_would_be_sent(browser: Browser, plan: str) -> None:
    page = browser.get(f"/runs/{plan}/plan/records?step=invoices&does=held&format=json").data
    assert [(r["number"], r["code"], r["money"]) for r in page["records"]] == [("INV2", "INV-V2", "USD 7.00")]
    (made,) = browser.get(f"/runs/{plan}/plan/records?step=payments&does=create&format=json").data["records"]
    assert made["requests"][0]["fields"]["apply[1].doc"] == "new"
    assert "digests" not in made
    assert [(e["name"], e["debit_text"] or e["credit_text"]) for e in made["posts"]] == [
        ("Undeposited Funds", "USD 60.00"),
        ("1100 Accounts Receivable", "USD 60.00"),
    ]
    assert "What would be sent" in browser.get(f"/runs/{plan}/plan/records?step=payments&does=create").seen
    assert browser.get(f"/runs/{plan}/plan/records?step=nothing").status == 404


def test_what_would_change_is_told_beside_what_is_there(browser: Browser, plan: str) -> None:
    where = f"/runs/{plan}/plan/records?step=customers&does=update"
    (row,) = browser.get(f"{where}&format=json").data["records"]
    assert {"place": "comments", "now": None, "then": "call before delivery"} in row["changes"]
    assert "comments empty call before delivery" in browser.get(where).seen
    assert "post nothing" in browser.get("/plan").seen


def test_many_records_are_paged_on_the_server(browser: Browser, target: Target, clock: TestClock) -> None:
    run_id = store_plan(target, clock, many=120)
    where, numbers = f"/runs/{run_id}/plan/records?step=invoices&does=create", []
    for _ in range(5):
        page = browser.get(f"{where}&format=json").data
        numbers += [row["number"] for row in page["records"]]
        if not page["next"]:
            break
        assert len(page["records"]) == 50
        where = page["next"]
    assert (len(numbers), len(set(numbers))) == (121, 121)
    assert 'rel="next"' in browser.get(f"/runs/{run_id}/plan/records?step=invoices&does=create").text


def test_a_plan_is_applied_with_a_reason_by_an_approver(browser: Browser, plan: str, executions: Executions, target: Target) -> None:
    answer = browser.send(f"/runs/{plan}/plan", f"/runs/{plan}/plan/apply", None, **SURE)
    assert (answer.status, answer.where.endswith("?done=applied")) == (303, True)
    (document,) = started(executions)
    assert (document["plan"], document["dryRun"], document["steps"], document["by"]) == (plan, False, None, "ann@example.com")
    entry = next(target.audit.newest())
    assert (entry.action, entry.reason, plan in entry.after) == ("apply", "month end", True)


@pytest.mark.parametrize("given", [{"reason": "month end"}, {"reason": " ", "sure": "on"}])
def test_a_plan_is_not_applied_unread_or_without_a_reason(
    browser: Browser, plan: str, executions: Executions, given: dict[str, str]
) -> None:
    assert browser.send(f"/runs/{plan}/plan", f"/runs/{plan}/plan/apply", None, **given).status == 400
    assert executions.started == []


def test_the_same_form_applies_it_one_time(browser: Browser, plan: str, executions: Executions) -> None:
    form = {**browser.get(f"/runs/{plan}/plan").fields(f"/runs/{plan}/plan/apply"), **SURE}
    browser.post(f"/runs/{plan}/plan/apply", form)
    assert "done=already" in browser.post(f"/runs/{plan}/plan/apply", form).where
    assert len(executions.started) == 1


@pytest.mark.parametrize("role", [Role.VIEWER, Role.OPERATOR])
def test_others_than_approvers_only_read(
    signed_in: Callable[..., Browser], browser: Browser, plan: str, executions: Executions, role: Role
) -> None:
    his = signed_in(role)
    assert "Apply this plan" not in his.get(f"/runs/{plan}/plan").seen
    form = {**his.get("/").fields("/signout"), **SURE}
    assert (his.post(f"/runs/{plan}/plan/apply", form).status, executions.started) == (403, [])


def test_a_plan_that_was_applied_names_the_run(browser: Browser, plan: str, target: Target, executions: Executions) -> None:
    form = {**browser.get(f"/runs/{plan}/plan").fields(f"/runs/{plan}/plan/apply"), **SURE}
    take(target.folder(plan), "the-run", target.clock.now())
    answer = browser.post(f"/runs/{plan}/plan/apply", form)
    assert (answer.status, "PLAN-APPLIED" in answer.seen, executions.started) == (409, True, [])
    assert "It was applied by run the-run" in browser.get(f"/runs/{plan}/plan").seen


def test_a_plan_of_other_settings_is_not_applied(browser: Browser, plan: str, target: Target, executions: Executions) -> None:
    form = {**browser.get(f"/runs/{plan}/plan").fields(f"/runs/{plan}/plan/apply"), **SURE}
    save_settings(target, '{"notify_on_success": "Yes"}')
    answer = browser.post(f"/runs/{plan}/plan/apply", form)
    assert (answer.status, "PLAN-SETTINGS" in answer.seen, executions.started) == (409, True, [])


def test_a_plan_of_long_ago_is_not_applied(signed_in: Callable[..., Browser], plan: str, clock: TestClock, executions: Executions) -> None:
    clock.sleep(30 * 3600)
    browser = signed_in()
    assert "a plan is good for 24 hours" in browser.get(f"/runs/{plan}/plan").seen
    form = {**browser.get("/").fields("/signout"), **SURE}
    answer = browser.post(f"/runs/{plan}/plan/apply", form)
    assert (answer.status, "PLAN-OLD" in answer.seen, executions.started) == (409, True, [])


def test_a_new_plan_is_a_dry_run(browser: Browser, executions: Executions) -> None:
    assert browser.send("/plan", "/plan/make").where == "/plan?done=planning"
    assert [(d["dryRun"], d["steps"]) for d in started(executions)] == [(True, None)]


def test_the_run_and_its_plan_lead_to_each_other(browser: Browser, plan: str) -> None:
    assert f'href="/runs/{plan}/plan"' in browser.get(f"/runs/{plan}").text
    assert f'href="/runs/{plan}"' in browser.get(f"/runs/{plan}/plan").text
