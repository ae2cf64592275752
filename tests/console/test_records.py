"""Problems, single records and the audit in the console: seen, acted on by who may, and nothing done twice."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from typing import Any

import pytest

from tallybridge.console.roles import Role
from tallybridge.desk import actions
from tallybridge.sync.ledger import Ledger, Owner
from tallybridge_cli.target import Target
from tests.console.world import Browser, Executions

PERSON = "ann@example.com"
MARKUP = '<script>alert("x")</script>'


def hold(target: Target, number: str, code: str = "INV-V1", waits_for: str = "", message: str = "The charge is not synced.") -> None:
    owner = Owner("run-1", "invoices/1", "i")
    book = Ledger(target.table("STATUS_TABLE"), target.clock, owner, 0)
    about = {"currency": "USD", "amount": "120.5"}
    book.held(Ledger.key("zuora", "Invoice", f"id-{number}"), "invoices", number, code, message, waits_for, None, about)


def queued(target: Target) -> dict[str, tuple[str, str, str, str]]:
    return {each.number: (each.kind, each.target, each.until, each.by) for each in actions.queue_of(target).open("invoices")}


def started(executions: Executions) -> list[dict[str, Any]]:
    return [json.loads(each["input"]) for each in executions.started]


def test_problems_are_put_together_by_what_is_wrong(browser: Browser, target: Target) -> None:
    for number in ("INV1", "INV2"):
        hold(target, number)
    hold(target, "INV3", "INV-V2", waits_for="charge Gold")
    view = browser.get("/problems?format=json").data
    assert [(p["code"], p["count"], p["money"], p["waits"]) for p in view["problems"]] == [
        ("INV-V1", 2, ["USD 241.00"], False),
        ("INV-V2", 1, ["USD 120.50"], True),
    ]
    assert (view["records"], view["money"]) == (3, ["USD 361.50"])
    seen = browser.get("/problems").seen
    assert "3 records held or refused: USD 361.50" in seen
    assert "waits by itself" in seen


def test_all_alike_are_retried_with_two_clicks(browser: Browser, target: Target, executions: Executions) -> None:
    for number in ("INV1", "INV2"):
        hold(target, number)
    hold(target, "INV3", "INV-V2")
    answer = browser.send("/problems/alike?step=invoices&code=INV-V1", "/problems/alike/retry", which="all")
    assert answer.where == "/problems?done=instructed"
    (given,) = actions.queue_of(target).open("invoices")
    assert (given.kind, given.alike, given.by) == ("retry", "INV-V1", PERSON)
    assert {each.number for each in actions.queue_of(target).due("invoices")} == {"INV1", "INV2"}
    assert f"retry, said by {PERSON}" in browser.get("/problems/alike?step=invoices&code=INV-V1").seen
    (document,) = started(executions)
    assert (document["only"], document["by"], document["steps"]) == ("instructed", PERSON, ["invoices"])
    assert "was noted" in browser.get(answer.where).seen


def test_the_first_page_leads_to_the_records_of_a_cause(browser: Browser, target: Target) -> None:
    hold(target, "INV1")
    page = browser.get("/")
    (where,) = [cause["address"] for cause in browser.get("/?format=json").data["causes"]]
    assert f'href="{where.replace("&", "&amp;")}"' in page.text
    assert 'href="/record?name=INV1"' in page.text
    assert "INV1" in browser.get(where).seen


def test_some_are_chosen(browser: Browser, target: Target, executions: Executions) -> None:
    for number in ("INV1", "INV2"):
        hold(target, number)
    page = "/problems/alike?step=invoices&code=INV-V1"
    nothing = browser.send(page, "/problems/alike/retry", which="some")
    assert (nothing.status, "Which records are meant" in nothing.seen, queued(target)) == (400, True, {})
    assert browser.send(page, "/problems/alike/retry", None, which="some", **{"pick-id-INV2": "on"}).status == 303
    assert set(queued(target)) == {"INV2"}
    assert len(executions.started) == 1


def test_the_same_form_does_nothing_twice(browser: Browser, target: Target, executions: Executions) -> None:
    hold(target, "INV1")
    page = browser.get("/problems/alike?step=invoices&code=INV-V1")
    form = {**page.fields("/problems/alike/retry"), "which": "all"}
    assert browser.post("/problems/alike/retry", form).where == "/problems?done=instructed"
    assert "done=already" in browser.post("/problems/alike/retry", form).where
    assert len(executions.started) == 1
    assert [entry.action for entry in target.audit.newest()].count("retry") == 1


def test_a_problem_that_is_gone_says_so(browser: Browser, target: Target) -> None:
    answer = browser.get("/problems/alike?step=invoices&code=INV-V9")
    assert (answer.status >= 400, "PROBLEM-GONE" in answer.seen) == (True, True)


def test_many_records_are_paged_on_the_server(browser: Browser, target: Target) -> None:
    for number in range(120):
        hold(target, f"INV{number:03}")
    hold(target, "INV500", "INV-V11")
    pages = [browser.get("/problems/alike?step=invoices&code=INV-V1&format=json").data]
    while where := pages[-1]["further"]:
        pages.append(browser.get(f"{where}&format=json").data)
    assert [len(page["records"]) for page in pages] == [50, 50, 20]
    assert [row["number"] for page in pages for row in page["records"]] == [f"INV{number:03}" for number in range(120)]
    assert {page["problem"]["count"] for page in pages} == {120}
    assert [page["first"] for page in pages] == [True, False, False]
    for wrong in ("x", "HELD|x", "HELD|a%23b%23c", "NO|a%23b%23c", "|||"):  # an address that somebody has made up
        page = browser.get(f"/problems/alike?step=invoices&code=INV-V1&after={wrong}")
        assert page.status == 200, wrong


def test_the_story_of_a_record_is_found_by_number_and_by_id(browser: Browser, target: Target) -> None:
    hold(target, "INV1", waits_for="charge Gold")
    for name in ("INV1", "id-INV1"):
        (record,) = browser.get(f"/record?name={name}&format=json").data["records"]
        assert (record["number"], record["ledger"]["amount"]) == ("INV1", "120.5")
        assert record["history"][0]["code"] == "INV-V1"
    seen = browser.get("/record?name=INV1").seen
    assert "It is tried again and follows by itself once charge Gold is synced." in seen
    assert browser.get("/record").status == 200
    assert "RECORD-UNKNOWN" in browser.get("/record?name=INV9").seen


@pytest.mark.parametrize(
    ("action", "given", "expected"),
    [
        ("retry", {}, ("retry", "", "", PERSON)),
        ("link", {"to": "7001", "reason": "by hand"}, ("link", "7001", "", PERSON)),
        ("mark", {"reason": "by hand"}, ("mark", "", "", PERSON)),
        ("ignore", {"reason": "disputed", "until": "2026-06-30"}, ("ignore", "", "2026-06-30", PERSON)),
    ],
)
def test_each_action_is_noted_and_started(
    browser: Browser, target: Target, executions: Executions, action: str, given: dict[str, str], expected: tuple[str, str, str, str]
) -> None:
    hold(target, "INV1")
    answer = browser.send("/record?name=INV1", f"/record/{action}", None, **given)
    assert (answer.status, answer.where) == (303, "/record?name=id-INV1&done=instructed")
    assert queued(target) == {"INV1": expected}
    assert len(executions.started) == 1
    assert (target.audit.newest().__next__().action, "run" in [e.action for e in target.audit.newest()]) == ("run", True)


def test_what_was_said_is_taken_back(browser: Browser, target: Target) -> None:
    hold(target, "INV1")
    browser.send("/record?name=INV1", "/record/ignore", reason="disputed")
    assert "disputed" in browser.get("/record?name=INV1").seen
    answer = browser.send("/record?name=INV1", "/record/withdraw")
    assert (answer.where, queued(target)) == ("/record?name=id-INV1&done=withdrawn", {})


@pytest.mark.parametrize("given", [{"to": "", "reason": "x"}, {"to": "7", "reason": ""}, {"to": "1" * 65, "reason": "x"}])
def test_a_link_that_lacks_something_is_shown_again_with_what_was_entered(
    browser: Browser, target: Target, executions: Executions, given: dict[str, str]
) -> None:
    hold(target, "INV1")
    answer = browser.send("/record?name=INV1", "/record/link", None, **given)
    assert (answer.status, queued(target), executions.started) == (400, {}, [])


def test_who_may_do_what(signed_in: Callable[..., Browser], target: Target, executions: Executions) -> None:
    hold(target, "INV1")
    for role, allowed in ((Role.VIEWER, set()), (Role.OPERATOR, {"retry"})):
        browser = signed_in(role)
        page = browser.get("/record?name=INV1")
        assert ('action="/record/retry"' in page.text, 'action="/record/link"' in page.text) == ("retry" in allowed, False)
        form = {**page.fields("/signout"), "id": "id-INV1", "step": "invoices", "reason": "x", "to": "7", "which": "all", "code": "INV-V1"}
        for path in ("/record/link", "/record/mark", "/record/ignore", "/record/withdraw", "/problems/alike/ignore"):
            assert browser.post(path, form).status == 403, path
    assert (queued(target), executions.started) == ({}, [])


def test_names_with_markup_are_text(browser: Browser, target: Target) -> None:
    hold(target, MARKUP, message=MARKUP)
    for path in ("/problems", "/problems/alike?step=invoices&code=INV-V1", "/record?name=%3Cscript%3Ealert(%22x%22)%3C%2Fscript%3E"):
        page = browser.get(path)
        assert (page.status, MARKUP in page.text, "&lt;script&gt;" in page.text) == (200, False, True), path
    browser.send("/record?name=id-%3Cscript%3Ealert(%22x%22)%3C%2Fscript%3E", "/record/retry")
    assert MARKUP not in browser.get("/audit").text


def test_the_audit_is_filtered_exported_and_proved(browser: Browser, target: Target) -> None:
    hold(target, "INV1")
    browser.send("/record?name=INV1", "/record/ignore", reason="=cmd()")
    view = browser.get("/audit?action=ignore&format=json").data
    assert [(e["who"], e["what"], e["reason"]) for e in view["entries"]] == [(PERSON, "Invoice INV1", "=cmd()")]
    assert "'=cmd()" in browser.get("/audit.csv?action=ignore").text
    assert "The chain of entries is unbroken." in browser.get("/audit?check=1").seen
    target.table("AUDIT_TABLE").delete_item(Key={"pk": "audit", "sk": "000000000001"})
    assert "Entry 1 is missing." in browser.get("/audit?check=1").seen
    assert browser.get("/audit?since=soon").status == 400


def test_the_evidence_of_a_record_is_a_file_and_the_audit_knows_who_has_taken_it(browser: Browser, target: Target) -> None:
    hold(target, "INV1")
    answer = browser.send("/record?name=INV1", "/record/evidence")
    assert (answer.status, answer.headers["content-type"], answer.text[:2]) == (200, "application/zip", "PK")
    assert answer.headers["content-disposition"] == 'attachment; filename="tallybridge-INV1.zip"'
    entry = next(target.audit.newest())
    assert (entry.who, entry.action, entry.what) == (PERSON, "evidence", "Invoice INV1")
    assert browser.send("/record?name=INV1", "/record/evidence", name="nobody").status == 400


def owners(browser: Browser) -> dict[str, str]:
    view = browser.get("/problems/alike?step=invoices&code=INV-V1&format=json").data
    return {row["number"]: row["care"]["owner"] for row in view["records"]}


def test_somebody_looks_after_all_that_are_alike_or_after_one(browser: Browser, target: Target) -> None:
    for number in ("INV1", "INV2"):
        hold(target, number)
    page = "/problems/alike?step=invoices&code=INV-V1"
    assert browser.send(page, "/problems/alike/retry", owner="mara@example.com", which="all").status == 303
    form = {**browser.get(page).fields("/problems/alike/retry"), "owner": "mara@example.com", "which": "all"}
    assert browser.post("/problems/alike/assign", form).where == f"{page}&done=assigned"
    assert "It was noted who looks after it." in browser.get(f"{page}&done=assigned").seen
    hold(target, "INV3")  # one that comes later has the same owner
    assert owners(browser) == dict.fromkeys(("INV1", "INV2", "INV3"), "mara@example.com")
    assert "mara@example.com" in browser.get("/problems").seen
    assert browser.send("/record?name=INV2", "/record/assign", owner="me").status == 303
    assert owners(browser)["INV2"] == PERSON
    form = {**browser.get(page).fields("/problems/alike/retry"), "owner": "", "which": "some", "pick-id-INV2": "on"}
    browser.post("/problems/alike/assign", form)
    assert owners(browser)["INV2"] == "mara@example.com"  # nobody of its own, so that of all alike
    told = [(e.action, e.what, e.before, e.after) for e in target.audit.newest() if e.action == "assign"]
    assert told == [
        ("assign", "Invoice INV2", PERSON, "nobody"),
        ("assign", "Invoice INV2", "nobody", PERSON),
        ("assign", "all 2 records of invoices with INV-V1", "nobody", "mara@example.com"),
    ]


def test_notes_are_kept_with_who_and_when_and_shown_as_they_were_written(browser: Browser, target: Target) -> None:
    hold(target, "INV1")
    browser.send("/record?name=INV1", "/record/note", note=MARKUP)
    browser.send("/record?name=INV1", "/record/note", note="The customer will pay on Friday.")
    page = browser.get("/record?name=INV1")
    assert MARKUP in page.seen and MARKUP not in page.text
    (record,) = browser.get("/record?name=INV1&format=json").data["records"]
    assert [(n["by"], n["text"]) for n in record["care"]["notes"]] == [(PERSON, "The customer will pay on Friday."), (PERSON, MARKUP)]
    assert browser.send("/record?name=INV1", "/record/note", note="  ").status == 400


def test_problems_are_exported_with_owner_and_note_and_no_cell_is_run(browser: Browser, target: Target) -> None:
    hold(target, "INV1", message="=1+1")
    browser.send("/record?name=INV1", "/record/note", note="=cmd()")
    browser.send("/record?name=INV1", "/record/assign", owner="mara@example.com")
    answer = browser.get("/problems.csv?step=invoices&code=INV-V1")
    head, row = csv.reader(io.StringIO(answer.text))
    found = dict(zip(head, row, strict=True))
    assert answer.headers["content-disposition"] == 'attachment; filename="problems.csv"'
    assert (found["number"], found["amount"], found["owner"], found["message"]) == ("INV1", "120.5", "mara@example.com", "'=1+1")
    assert found["note"].endswith(f"{PERSON}: =cmd()")
    assert browser.get("/problems.csv").text.count("INV1") >= 1


def test_a_viewer_assigns_nothing(signed_in: Callable[..., Browser], target: Target) -> None:
    hold(target, "INV1")
    viewer = signed_in(Role.VIEWER)
    fields = viewer.get("/").fields("/signout")
    for action in ("assign", "note"):
        assert viewer.post(f"/record/{action}", {**fields, "id": "id-INV1", "owner": "x", "note": "x"}).status == 403
    assert list(target.audit.newest()) == []


def test_the_end_of_a_chain_of_records_that_wait_is_named(browser: Browser, target: Target) -> None:
    hold(target, "INV1", waits_for="charge Gold")
    hold(target, "INV2", waits_for="invoice INV1")
    (record,) = browser.get("/record?name=INV2&format=json").data["records"]
    assert record["waiting"]["root"] == "charge Gold"
    assert "once charge Gold is synced" in record["next"]


def test_a_list_of_records_is_retried(browser: Browser, target: Target, executions: Executions) -> None:
    for number in ("INV1", "INV2", "INV3"):
        hold(target, number)
    assert browser.send("/problems", "/problems/retry", names="INV1\r\n id-INV3\r\nINV1").where == "/problems?done=instructed"
    assert set(queued(target)) == {"INV1", "INV3"}
    assert len(executions.started) == 1
    refused = browser.send("/problems", "/problems/retry", names="INV1\nINV9")
    assert "INV9" in refused.seen and "RECORD-UNKNOWN" in refused.seen
    assert browser.send("/problems", "/problems/retry", names=" ".join(map(str, range(1_001)))).status == 400
    assert len(executions.started) == 1
