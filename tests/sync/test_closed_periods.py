"""Documents dated in a closed accounting period, end to end: each NetSuite record with each value of the setting `closed_period`."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sync import invoice_world, memo_world, payment_world, refund_world
from tests.sync.builders import invoice, payment, zid
from tests.sync.memory import MemoryWorld
from tests.sync.payment_world import change, invoices, messages

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


def ready(world: MemoryWorld, kind: str, **settings: Any) -> None:
    """A world with one record to send, dated in October 2026."""
    if kind == "invoice":
        invoice_world.ready(world, invoice("A1", "INV20", [("Gold", 100.0)], sub="S1"), **settings)
    elif kind == "creditMemo":
        memo_world.ready(world, memo_world.credit("CM1"), **settings)
    elif kind == "customerPayment":
        payment_world.ready(world, payment("A1", "P1", 60.0, {"INV1": 60.0}), **settings)
    else:  # the unapply of a payment in a closed period is another matter
        paid: dict[str, Any] = {"P1": ("8001", "A1", 100.0, {})}
        refund_world.ready(world, refunds={"R1": {"P1": {"rest": 60.0}}}, paid=paid, **settings)


def run(world: MemoryWorld, kind: str, **how: Any) -> dict[str, Any]:
    return payment_world.run(world, steps=(STEPS[kind],), **how)


def record(world: MemoryWorld, kind: str) -> dict[str, Any]:
    name, number = OBJECTS[kind]
    return next(o for o in world.zuora.dump()[name] if o["Id"] == zid(number))


def state_of(world: MemoryWorld, kind: str) -> tuple[Any, Any]:
    found = record(world, kind)
    return found.get("IntegrationStatus__NS"), found.get("TransferredToAccounting")


def made(world: MemoryWorld, kind: str) -> list[dict[str, Any]]:
    return [t for t in world.in_netsuite(kind) if t.get("custbodyzuoraid") == zid(OBJECTS[kind][1])]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("flag", ["closed", "arLocked"])
@pytest.mark.parametrize("choice", [None, "Hold Until Opened"], ids=["default", "hold"])
def test_it_waits_untouched_and_goes_once_the_period_is_open(fast: MemoryWorld, kind: str, flag: str, choice: str | None) -> None:
    ready(fast, kind, **({"closed_period": {kind: choice}} if choice else {}))
    closed(fast, OCTOBER, flag=flag)
    summary = run(fast, kind)
    assert messages(summary)[CODES[kind]] == f"{WORDS[kind]}: The accounting period of {DATES[kind]} is closed."
    assert (made(fast, kind), state_of(fast, kind)) == ([], (None, None))
    assert (summary["outcome"], summary["tiedOut"]) == ("completed with warnings", True)
    closed(fast, OCTOBER, flag=flag, value=False)
    run(fast, kind)
    assert (len(made(fast, kind)), state_of(fast, kind)) == (1, ("Sync Complete", "Yes"))


@pytest.mark.parametrize("kind", KINDS)
def test_refused_it_gets_the_error_status_without_being_sent(fast: MemoryWorld, kind: str) -> None:
    ready(fast, kind, closed_period={kind: "Refuse"})
    closed(fast, OCTOBER)
    _, netsuite, _ = payment_world.counted(fast, steps=(STEPS[kind],))
    assert not {name for name in payment_world.writes(netsuite) if "oauth" not in name}
    assert (made(fast, kind), state_of(fast, kind)) == ([], (ERRORS[kind], "Error"))
    closed(fast, OCTOBER, value=False)
    run(fast, kind)
    assert (len(made(fast, kind)), state_of(fast, kind)) == (1, ("Sync Complete", "Yes"))


@pytest.mark.parametrize("kind", KINDS)
def test_it_keeps_its_date_and_is_posted_in_the_first_later_period_that_is_open(fast: MemoryWorld, kind: str) -> None:
    ready(fast, kind, closed_period={kind: NEXT_OPEN})
    closed(fast, OCTOBER, NOVEMBER)
    summary = run(fast, kind)
    (found,) = made(fast, kind)
    assert (found["tranDate"], found["postingPeriod"]["refName"]) == (DATES[kind], "Dec 2026")
    assert (state_of(fast, kind), summary["outcome"], summary["tiedOut"]) == (("Sync Complete", "Yes"), "completed", True)


@pytest.mark.parametrize("kind", KINDS)
def test_without_a_later_open_period_it_waits(fast: MemoryWorld, kind: str) -> None:
    ready(fast, kind, closed_period={kind: NEXT_OPEN})
    closed(fast, *(p["periodName"] for p in fast.in_netsuite("accountingPeriod")))
    summary = run(fast, kind)
    text = f"{WORDS[kind]}: The accounting period of {DATES[kind]} is closed. No later period is open."
    assert messages(summary)[CODES[kind]] == text
    assert (made(fast, kind), state_of(fast, kind)) == ([], (None, None))


def test_a_document_of_an_open_period_is_sent_without_a_period(fast: MemoryWorld) -> None:
    ready(fast, "customerPayment", closed_period={"customerPayment": NEXT_OPEN})
    closed(fast, NOVEMBER)
    run(fast, "customerPayment")
    (found,) = made(fast, "customerPayment")
    assert found["postingPeriod"]["refName"] == OCTOBER


def test_a_dry_run_tells_what_would_wait(fast: MemoryWorld) -> None:
    ready(fast, "invoice")
    closed(fast, OCTOBER)
    assert "INV-PERIOD" in messages(run(fast, "invoice", dry_run=True))
    assert state_of(fast, "invoice") == (None, None)


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
