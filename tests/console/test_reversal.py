"""Reversing a run on the console: planned by one person, approved by another, each form once, and the same as JSON."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tallybridge.console.app import Console
from tallybridge.console.roles import Role
from tallybridge.console.screens import reversal as screen
from tallybridge.console.site import OwnMachine, Site
from tallybridge.desk.reversal import planning
from tallybridge.desk.target import Target
from tests.console.conftest import fault
from tests.console.world import ADDRESS, KEY, Browser
from tests.sync.memory import MemoryWorld
from tests.sync.reversal_world import carried_out, connect, invoices, reversers, target_of
from tests.sync.world import unserved_world

ANN, BOB = "ann@example.com", "bob@example.com"
People = Callable[..., Browser]


@pytest.fixture(scope="module")
def started() -> MemoryWorld:
    return MemoryWorld.of(unserved_world())


@pytest.fixture
def run(started: MemoryWorld, monkeypatch: pytest.MonkeyPatch) -> str:
    """The path of the reversals of a run that has created an invoice and a payment."""
    run_id = invoices(started, "payments")["runId"]
    monkeypatch.setattr(planning, "connected", connect(started))
    return f"/runs/{run_id}/reversal"


@pytest.fixture
def installation(started: MemoryWorld, run: str) -> Target:
    return target_of(started)


@pytest.fixture
def person(installation: Target) -> People:
    """person("ann@example.com", Role.OPERATOR) -> a browser in which that person is signed in."""

    def enter(name: str, role: Role = Role.APPROVER) -> Browser:
        browser = Browser(Console(Site(installation, ADDRESS, "a-secret-of-the-tests", OwnMachine(KEY, name, role), "Test"), fault))
        assert browser.get(f"/enter?key={KEY}").status == 303
        return browser

    return enter


def test_a_run_leads_to_its_reversal(person: People, run: str) -> None:
    page = person(ANN, Role.VIEWER).get(run.removesuffix("/reversal"))
    assert f'href="{run}"' in page.text
    assert "Nothing was planned yet." in person(ANN, Role.VIEWER).get(run).seen


def test_one_plans_another_approves_and_a_run_is_started(person: People, run: str, installation: Target, started: MemoryWorld) -> None:
    ann, bob = person(ANN, Role.OPERATOR), person(BOB)
    planned = ann.send(run, f"{run}/plan")
    assert planned.where == f"{run}?done=planned"
    seen = bob.get(planned.where).seen
    assert "not approved" in seen and "USD 100.00" in seen and "USD 60.00" in seen and f"Planned by {ANN}" in seen
    assert "Zuora customer accounts: 1 were created in NetSuite and are no transactions" in seen
    approved = bob.send(run, f"{run}/approve", reason="wrong price list")
    assert approved.where == f"{run}?done=reversing"
    (given,) = installation.clients["stepfunctions"].inputs
    (told,) = bob.get(f"{run}?format=json").data["reversals"]
    assert (given["reverse"], given["by"]) == (told["id"], BOB)
    assert (told["state"], told["approval"]["reason"]) == ("approved", "wrong price list")
    assert reversers(started) == {}


def test_a_reversal_that_was_carried_out_says_by_what(person: People, run: str, started: MemoryWorld, installation: Target) -> None:
    ann, bob = person(ANN), person(BOB)
    ann.send(run, f"{run}/plan")
    bob.send(run, f"{run}/approve", reason="wrong price list")
    plan = planning.stored(installation).plan(next(planning.stored(installation).ids()))
    output = carried_out(started, plan)
    (told,) = bob.get(f"{run}?format=json").data["reversals"]
    assert told["state"] == "carried out"
    assert {d["id"]: [d["reversed_by"]] for d in told["documents"]} == reversers(started)
    assert f"This run has carried out reversal {plan.id}" in bob.get(f"/runs/{output['runId']}").seen
    assert bob.get(f"/runs/{output['runId']}/reversal").status == 200


def test_who_has_planned_it_is_not_offered_to_approve_it_and_cannot(person: People, run: str, installation: Target) -> None:
    ann = person(ANN)
    ann.send(run, f"{run}/plan")
    assert "Another approver has to approve it." in ann.get(run).seen
    (told,) = ann.get(f"{run}?format=json").data["reversals"]
    form = ann.get(run).fields(f"{run}/plan")
    refused = ann.post(f"{run}/approve", {**form, "reversal": told["id"], "reason": "mine"})
    assert "REVERSAL-SAME-PERSON" in refused.seen
    assert installation.clients["stepfunctions"].inputs == []


@pytest.mark.parametrize(("role", "action"), [(Role.VIEWER, "plan"), (Role.OPERATOR, "approve"), (Role.OPERATOR, "run")])
def test_roles(person: People, run: str, role: Role, action: str, installation: Target) -> None:
    other = person(BOB, role)
    form = person(ANN).get(run).fields(f"{run}/plan")
    session = other.get(run).text
    token = {"csrf": session.partition('name="csrf" value="')[2].partition('"')[0], "once": form["once"]}
    answer = other.post(f"{run}/{action}", {**token, "reversal": "x", "reason": "y"})
    assert answer.status == 403 and "CONSOLE-ROLE" in answer.seen
    assert list(planning.stored(installation).ids()) == []


def test_a_form_from_elsewhere_does_nothing(person: People, run: str, installation: Target) -> None:
    answer = person(ANN).send(run, f"{run}/plan", {"origin": "https://elsewhere.example", "sec-fetch-site": "cross-site"})
    assert answer.status == 403
    assert list(planning.stored(installation).ids()) == []


def test_a_plan_is_made_once_for_a_form_that_is_sent_twice(person: People, run: str, installation: Target) -> None:
    ann = person(ANN)
    form = ann.get(run).fields(f"{run}/plan")
    assert [ann.post(f"{run}/plan", form).where for _ in range(2)] == [f"{run}?done=planned", f"{run}?done=already"]
    assert len(list(planning.stored(installation).ids())) == 1


def test_of_many_documents_the_first_are_shown(person: People, run: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(screen, "SHOWN", 1)
    ann = person(ANN)
    ann.send(run, f"{run}/plan")
    (told,) = ann.get(f"{run}?format=json").data["reversals"]
    assert (len(told["documents"]), told["more"]) == (1, 1)
    assert "And 1 more: tallybridge reversal show" in ann.get(run).seen


def test_an_unknown_run_is_told(person: People, run: str) -> None:
    assert "RUN-UNKNOWN" in person(ANN).get("/runs/nothing/reversal").seen
