"""What preferences and permissions of the NetSuite account decide: each refusal names its preference, and following the advice ends it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tallybridge.desk.doctor.check import State
from tallybridge.desk.doctor.preferences import preference_checks
from tallybridge.settings import DEFAULTS, Settings
from tallybridge.sync.ledger import Owner
from tests.sync import payment_world, reverse_world
from tests.sync.builders import merged, payment
from tests.sync.memory import MemoryWorld
from tests.sync.payment_world import change
from tests.sync.test_closed_periods import (
    DONE,
    KINDS,
    NEXT_OPEN,
    NOVEMBER,
    OCTOBER,
    WORDS,
    closed,
    each,
    made,
    ready,
    run,
    state_of,
    states,
)

OUTSIDE = "Allow Transaction Date Outside of the Posting Period"


@pytest.fixture(autouse=True)
def usual_account(fast: MemoryWorld) -> Iterator[None]:
    before = dict(vars(fast.netsuite.options))
    yield
    vars(fast.netsuite.options).update(before)


def warnings(summary: dict[str, Any]) -> list[str]:
    """The next step of each warning."""
    return [str(line["advice"]) for line in summary["log"] if line["level"] == "WARNING"]


def advice(summary: dict[str, Any]) -> str:
    """The one warning's next step."""
    (found,) = warnings(summary)
    return found


def periods(world: MemoryWorld, *names: str, **flags: bool) -> None:
    ids = [p["id"] for p in world.in_netsuite("accountingPeriod") if p["periodName"] in names]
    world.load(netsuite={"accountingPeriod": [{"id": i, **flags} for i in ids]})


# -- Post In Next Open Period --------------------------------------------------------------------------------------------


def test_posting_in_another_period_needs_its_preference(fast: MemoryWorld) -> None:
    ready(fast, NEXT_OPEN)
    closed(fast, OCTOBER, NOVEMBER)
    fast.netsuite.options.date_outside_period = False
    told = warnings(run(fast))
    assert len(told) == len(KINDS) and all(OUTSIDE in text and "closed_period" in text for text in told)
    assert [(made(fast, kind), state_of(fast, kind)[1]) for kind in KINDS] == [([], "Error")] * len(KINDS)
    fast.netsuite.options.date_outside_period = True
    summary = run(fast)
    assert (states(fast), summary["outcome"]) == (each(1, *DONE), "completed")


def test_or_the_period_is_opened(fast: MemoryWorld) -> None:
    ready(fast, NEXT_OPEN)
    closed(fast, OCTOBER)
    fast.netsuite.options.date_outside_period = False
    run(fast)
    closed(fast, OCTOBER, value=False)
    run(fast)
    assert states(fast) == each(1, *DONE)


# -- marks on documents of closed periods --------------------------------------------------------------------------------


def paid_in_october(world: MemoryWorld) -> None:
    reverse_world.ready(world, reverse_world.ns_payment("PAY1", 60, {"INV1": 60}))
    closed(world, OCTOBER)


def refunded_in_october(world: MemoryWorld) -> None:
    zuora, there = reverse_world.paid(world, 60, {"INV1": 60})
    more, netsuite = reverse_world.ns_refund("RF1", 60)
    reverse_world.ready(world, merged(there, netsuite), zuora=merged(zuora, more))
    closed(world, OCTOBER)


def test_a_netsuite_payment_of_a_closed_period_is_held_until_it_can_be_marked(fast: MemoryWorld) -> None:
    paid_in_october(fast)
    summary = reverse_world.run(fast)
    text = advice(summary)
    assert text.startswith("Nothing was sent.") and "Allow Non-G/L Changes" in text and "Allow Non G/L Changes" in text
    assert summary["outcome"] == "completed with warnings"
    assert reverse_world.all_of(fast, "Payment", "PAY1") == []
    periods(fast, OCTOBER, allowNonGLChanges=True)
    assert "Allow Non G/L Changes" in advice(reverse_world.run(fast))  # the role still lacks the permission
    fast.netsuite.options.non_gl_changes = True
    summary = reverse_world.run(fast)
    assert (summary["outcome"], summary["tiedOut"]) == ("completed", True)
    assert len(reverse_world.all_of(fast, "Payment", "PAY1")) == 1
    assert reverse_world.status_of(fast, "PAY1") == "Sync Complete"


def test_or_the_period_of_the_payment_is_opened(fast: MemoryWorld) -> None:
    paid_in_october(fast)
    reverse_world.run(fast)
    closed(fast, OCTOBER, value=False)
    assert reverse_world.run(fast)["outcome"] == "completed"
    assert reverse_world.status_of(fast, "PAY1") == "Sync Complete"


def test_the_memo_of_a_payment_of_a_closed_period(fast: MemoryWorld) -> None:
    payment_world.ready(fast, payment("A1", "P1", 90.0, {"INV1": 20.0}))
    run(fast, "customerPayment")
    change(fast, "P1", comment="now with a comment")
    payment_world.reset_by_a_person(fast, "P1")
    closed(fast, OCTOBER)
    summary = run(fast, "customerPayment")
    (message,) = [line["message"] for line in summary["log"] if line["level"] == "WARNING"]
    assert message.startswith("Payment P1:") and "cannot edit" in message
    assert "Allow Non-G/L Changes" in advice(summary)
    periods(fast, OCTOBER, allowNonGLChanges=True)
    fast.netsuite.options.non_gl_changes = True
    run(fast, "customerPayment")
    found = payment_world.ns_payment(fast, "P1")
    assert found is not None and found["memo"] == "now with a comment"
    assert state_of(fast, "customerPayment") == DONE


def test_amounts_of_a_closed_period_stay_refused_whatever_is_allowed(fast: MemoryWorld) -> None:
    payment_world.ready(fast, payment("A1", "P1", 90.0, {"INV1": 20.0}))
    run(fast, "customerPayment")
    change(fast, "P1", "apply", **payment_world.invoices(INV2=30.0))
    payment_world.reset_by_a_person(fast, "P1")
    periods(fast, OCTOBER, closed=True, allowNonGLChanges=True)
    fast.netsuite.options.non_gl_changes = True
    assert "Open the period" in advice(run(fast, "customerPayment"))
    assert payment_world.applied(fast, "P1") == {"7001": 20}


# -- document numbers ----------------------------------------------------------------------------------------------------

NUMBERS = {"transaction_number_mapping": "Use Number From Source Record"}


def test_numbers_that_netsuite_does_not_take_are_told(fast: MemoryWorld) -> None:
    ready(fast, **NUMBERS)
    fast.netsuite.options.allow_number_override = False
    summary = run(fast)
    lines = [line for line in summary["log"] if line.get("code") == "NUMBER-IGNORED"]
    given = {kind: record["tranId"] for kind in KINDS for record in made(fast, kind)}
    text = 'NetSuite numbered 1 of its own accord, though Zuora numbers are sent; the first: {} is "{}" there.'
    assert sorted(line["message"] for line in lines) == sorted(text.format(WORDS[kind], given[kind]) for kind in KINDS)
    assert all("Allow Override" in line["advice"] for line in lines)
    assert states(fast) == each(1, *DONE)


def test_with_the_override_they_are_zuoras_and_nothing_is_said(fast: MemoryWorld) -> None:
    ready(fast, **NUMBERS)
    summary = run(fast)
    numbers = {kind: [record["tranId"] for record in made(fast, kind)] for kind in KINDS}
    assert numbers == {kind: [WORDS[kind].rpartition(" ")[2]] for kind in KINDS}
    assert not [line for line in summary["log"] if line.get("code") == "NUMBER-IGNORED"]


# -- what the doctor reads -----------------------------------------------------------------------------------------------


def examined(world: MemoryWorld, **settings: Any) -> dict[str, State]:
    """The doctor's checks of preferences on this account."""
    netsuite = world.wiring().netsuite(DEFAULTS, Owner("doctor", "by hand/", "doctor"))
    chosen = Settings.model_validate(settings)
    return {c.name: c.state for c in preference_checks(netsuite, chosen, ("netsuite_payments",), world.clock.now().date())}


@pytest.mark.parametrize("allowed", [True, False])
def test_the_doctor_reads_what_the_account_shows(fast: MemoryWorld, allowed: bool) -> None:
    settings: dict[str, Any] = {"closed_period": {"invoice": NEXT_OPEN}, **NUMBERS}
    ready(fast, **settings)
    fast.netsuite.options.allow_number_override = allowed
    periods(fast, OCTOBER, closed=True, allowNonGLChanges=allowed)
    run(fast, "invoice")
    expected = State.OK if allowed else State.WARN
    found = examined(fast, **settings)
    assert (found["marks in closed periods"], found["document numbers"]) == (expected, expected)
    assert found["dates outside of the posting period"] is State.OK
    ready(fast)
    assert examined(fast, **settings)["dates outside of the posting period"] is State.WARN
