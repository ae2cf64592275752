"""Documents dated in a closed accounting period, end to end: each NetSuite record with each value of the setting `closed_period`."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sync import payment_world, refund_world
from tests.sync.builders import payment, zid
from tests.sync.memory import MemoryWorld
from tests.sync.payment_world import change, invoices, messages
from tests.sync.words import Part, a_credit_memo, a_payment, an_invoice, world_with

OCTOBER, NOVEMBER = "Oct 2026", "Nov 2026"
NEXT_OPEN = "Post In Next Open Period"
KINDS = ("invoice", "creditMemo", "customerPayment", "customerRefund")
WORDS = {"invoice": "Invoice INV20", "creditMemo": "Credit memo CM1", "customerPayment": "Payment P1", "customerRefund": "Refund R1"}
CODES = {"invoice": "INV-PERIOD", "creditMemo": "CM-PERIOD", "customerPayment": "PAY-PERIOD", "customerRefund": "RFD-PERIOD"}
DATES = {"invoice": "2026-10-01", "creditMemo": "2026-10-05", "customerPayment": "2026-10-15", "customerRefund": "2026-10-20"}
STEPS = {"invoice": "invoices", "creditMemo": "credit_memos", "customerPayment": "payments", "customerRefund": "refunds"}
OBJECTS = {
    "invoice": ("Invoice", "INV20"),
    "creditMemo": ("CreditMemo", "CM1"),
    "customerPayment": ("Payment", "P1"),
    "customerRefund": ("Refund", "R1"),
}
ERRORS = {
    "invoice": "Error Creating Invoice",
    "creditMemo": "Error Creating Credit Memo",
    "customerPayment": "Error Creating Payment",
    "customerRefund": "Error Creating Refund",
}


def closed(world: MemoryWorld, *names: str, flag: str = "closed", value: bool = True) -> None:
    """A person closes, or opens, accounting periods."""
    ids = [p["id"] for p in world.in_netsuite("accountingPeriod") if p["periodName"] in names]
    world.load(netsuite={"accountingPeriod": [{"id": i, flag: value} for i in ids]})


def everything() -> list[Part]:
    """One record of each kind, dated in October 2026. The refunded payment is not applied: its unapply in a closed period is another
    matter."""
    zuora, netsuite = refund_world.objects(True, {"R1": {"P9": {"rest": 60.0}}}, {"P9": ("8001", "A1", 100.0, {})}, {})
    return [an_invoice("INV20"), a_credit_memo("CM1"), a_payment("P1", 60.0), Part("R1", zuora, netsuite)]


def ready(world: MemoryWorld, choice: str | None = None, **settings: Any) -> None:
    """A world with all of them, and that choice for each."""
    chosen = {"closed_period": dict.fromkeys(KINDS, choice)} if choice else {}
    world_with(world, *everything(), **{**chosen, **settings})


def run(world: MemoryWorld, *kinds: str, **how: Any) -> dict[str, Any]:
    return payment_world.run(world, steps=tuple(STEPS[kind] for kind in kinds or KINDS), **how)


def record(world: MemoryWorld, kind: str) -> dict[str, Any]:
    name, number = OBJECTS[kind]
    return next(o for o in world.zuora.dump()[name] if o["Id"] == zid(number))


def state_of(world: MemoryWorld, kind: str) -> tuple[Any, Any]:
    found = record(world, kind)
    return found.get("IntegrationStatus__NS"), found.get("TransferredToAccounting")


def made(world: MemoryWorld, kind: str) -> list[dict[str, Any]]:
    return [t for t in world.in_netsuite(kind) if t.get("custbodyzuoraid") == zid(OBJECTS[kind][1])]


DONE = ("Sync Complete", "Yes")


def states(world: MemoryWorld) -> dict[str, tuple[int, tuple[Any, Any]]]:
    """How many NetSuite records each has become, and its state in Zuora."""
    return {kind: (len(made(world, kind)), state_of(world, kind)) for kind in KINDS}


def each(count: int, *state: Any) -> dict[str, tuple[int, tuple[Any, Any]]]:
    return dict.fromkeys(KINDS, (count, (state[0], state[1])))


@pytest.mark.parametrize("flag", ["closed", "arLocked"])
@pytest.mark.parametrize("choice", [None, "Hold Until Opened"], ids=["default", "hold"])
def test_it_waits_untouched_and_goes_once_the_period_is_open(fast: MemoryWorld, flag: str, choice: str | None) -> None:
    ready(fast, choice)
    closed(fast, OCTOBER, flag=flag)
    summary = run(fast)
    told = messages(summary)
    assert told == {CODES[kind]: f"{WORDS[kind]}: The accounting period of {DATES[kind]} is closed." for kind in KINDS}
    assert states(fast) == each(0, None, None)
    assert (summary["outcome"], summary["tiedOut"]) == ("completed with warnings", True)
    closed(fast, OCTOBER, flag=flag, value=False)
    run(fast)
    assert states(fast) == each(1, *DONE)


def test_refused_it_gets_the_error_status_without_being_sent(fast: MemoryWorld) -> None:
    ready(fast, "Refuse")
    closed(fast, OCTOBER)
    _, netsuite, _ = payment_world.counted(fast, steps=tuple(STEPS.values()))
    assert not {name for name in payment_world.writes(netsuite) if "oauth" not in name}
    assert states(fast) == {kind: (0, (ERRORS[kind], "Error")) for kind in KINDS}
    closed(fast, OCTOBER, value=False)
    run(fast)
    assert states(fast) == each(1, *DONE)


def test_it_keeps_its_date_and_is_posted_in_the_first_later_period_that_is_open(fast: MemoryWorld) -> None:
    ready(fast, NEXT_OPEN)
    closed(fast, OCTOBER, NOVEMBER)
    summary = run(fast)
    for kind in KINDS:
        (found,) = made(fast, kind)
        assert (found["tranDate"], found["postingPeriod"]["refName"]) == (DATES[kind], "Dec 2026")
    assert (states(fast), summary["outcome"], summary["tiedOut"]) == (each(1, *DONE), "completed", True)


def test_without_a_later_open_period_it_waits(fast: MemoryWorld) -> None:
    ready(fast, NEXT_OPEN)
    closed(fast, *(p["periodName"] for p in fast.in_netsuite("accountingPeriod")))
    told = messages(run(fast))
    text = "The accounting period of {} is closed. No later period is open."
    assert told == {CODES[kind]: f"{WORDS[kind]}: {text.format(DATES[kind])}" for kind in KINDS}
    assert states(fast) == each(0, None, None)


def test_a_document_of_an_open_period_is_sent_without_a_period(fast: MemoryWorld) -> None:
    ready(fast, NEXT_OPEN)
    closed(fast, NOVEMBER)
    run(fast)
    assert {record["postingPeriod"]["refName"] for kind in KINDS for record in made(fast, kind)} == {OCTOBER}
    assert states(fast) == each(1, *DONE)


def test_a_dry_run_tells_what_would_wait(fast: MemoryWorld) -> None:
    ready(fast)
    closed(fast, OCTOBER)
    assert messages(run(fast, dry_run=True)).keys() == set(CODES.values())
    assert states(fast) == each(0, None, None)


# -- changes of what lies in a closed period: NetSuite refuses them, said once and plainly -------------------------------


def refusals(summary: dict[str, Any]) -> list[str]:
    """The messages of the log's warnings."""
    return [x["message"] for x in summary["log"] if x["level"] == "WARNING"]


def test_an_apply_update_into_a_closed_period_ends_as_one_message(fast: MemoryWorld) -> None:
    payment_world.ready(fast, payment("A1", "P1", 90.0, {"INV1": 20.0}))
    run(fast, "customerPayment")
    change(fast, "P1", "apply", **invoices(INV2=30.0))
    payment_world.reset_by_a_person(fast, "P1")
    closed(fast, OCTOBER)
    summary = run(fast, "customerPayment")
    (text,) = refusals(summary)
    assert text.startswith("Payment P1:") and "period" in text and "closed" in text
    assert state_of(fast, "customerPayment") == ("Error Updating Payment", "Error")
    assert summary["tiedOut"] is True
    closed(fast, OCTOBER, value=False)
    run(fast, "customerPayment")
    assert payment_world.applied(fast, "P1") == {"7001": 20, "7002": 30}


def test_an_unapply_in_a_closed_period_ends_as_one_message_on_the_refund(fast: MemoryWorld) -> None:
    """refunds.md, open point 6: no special handling beyond the message; the next run tries again."""
    refund_world.ready(fast, fields={"R1": {"RefundDate": "2026-11-01"}})
    closed(fast, OCTOBER)
    summary = run(fast, "customerRefund")
    (text,) = refusals(summary)
    assert text.startswith("Refund R1:") and "period" in text and "closed" in text
    assert (state_of(fast, "customerRefund"), made(fast, "customerRefund")) == (("Error Updating Payment", "Error"), [])
    closed(fast, OCTOBER, value=False)
    run(fast, "customerRefund")
    assert state_of(fast, "customerRefund") == ("Sync Complete", "Yes")
