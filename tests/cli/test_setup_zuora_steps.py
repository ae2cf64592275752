"""How the steps of the set-up that a Zuora administrator takes stand, by what the doctor has seen."""

from __future__ import annotations

import pytest

from tallybridge.desk.doctor import Check
from tallybridge.desk.doctor import State as Found
from tallybridge_cli.setup.steps import Seen, State
from tallybridge_cli.setup.zuora_steps import STEPS
from tallybridge_cli.target import Target

FIELDS, LOGIN, TAXES, METHODS = STEPS
INSTALLED = Target({}, "the test")
WORKS = Check("Zuora", "login", Found.OK, "the tenant works with Invoice Settlement")
BOTH_WORK = (WORKS, Check("NetSuite", "login", Found.OK))


def seen(*checks: Check, target: Target | None = INSTALLED) -> Seen:
    return Seen(target, checks=checks)


def test_before_anything_is_deployed_only_the_fields_can_be_looked_at_by_another_command() -> None:
    nothing = seen(target=None)
    assert {step.look(nothing).state for step in STEPS} == {State.HIDDEN}
    assert "`tallybridge setup zuora` shows them" in FIELDS.look(nothing).detail


@pytest.mark.parametrize(("found", "state"), [(Found.OK, State.DONE), (Found.FAIL, State.OPEN)])
def test_role_user_and_client_show_in_the_login(found: Found, state: State) -> None:
    assert LOGIN.look(seen(Check("Zuora", "login", found, "said"))).state is state
    assert LOGIN.look(seen()).state is State.OPEN


def test_the_fields_are_done_when_every_object_has_its_own() -> None:
    good = [Check("Zuora", f"fields of {name}", Found.OK, "5 fields") for name in ("Account", "Invoice")]
    assert FIELDS.look(seen(WORKS, *good)).detail == "2 objects have their fields"
    missing = Check("Zuora", "fields of Refund", Found.FAIL, "Zuora Refund is missing field")
    standing = FIELDS.look(seen(WORKS, *good, missing))
    assert (standing.state, standing.detail) == (State.OPEN, "Zuora Refund is missing field")


@pytest.mark.parametrize(("step", "name"), [(TAXES, "tax items"), (METHODS, "tenant-wide payment methods")])
def test_what_is_compared_on_both_sides_shows_once_both_logins_work(step: object, name: str) -> None:
    look = step.look  # type: ignore[attr-defined]
    assert look(seen()).state is State.HIDDEN
    assert look(seen(*BOTH_WORK, Check("Both sides", name, Found.OK, "all"))).state is State.DONE
    assert look(seen(*BOTH_WORK, Check("Both sides", name, Found.WARN, "none"))).state is State.OPEN


def test_methods_without_account_are_not_needed_where_no_payments_are_sent() -> None:
    assert METHODS.look(seen(*BOTH_WORK)).detail == "not needed: no NetSuite payments are sent to Zuora"


def test_every_step_names_a_command_or_a_screen_and_its_minutes() -> None:
    assert len({step.key for step in STEPS}) == len(STEPS)
    assert all(step.minutes > 0 and ("tallybridge setup zuora" in step.next or "Settings >" in step.next) for step in STEPS)
