"""NetSuite refunds, part R3, without Invoice Settlement: what is refunded of which invoice."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tallybridge.settings import DEFAULTS
from tallybridge.steps.netsuite_refunds import NetSuiteRefunds
from tallybridge.steps.shared.context import StepContext
from tests.sync.builders import zid
from tests.sync.memory import MemoryWorld
from tests.sync.reverse_world import (
    REFUNDS,
    all_of,
    balance,
    messages,
    ns_refund,
    paid,
    person_in_zuora,
    ready,
    run,
    status_of,
    zuora_of,
)
from tests.sync.world import World

Amounts = dict[str, float]
REFUND = "customerRefund"
NAME = "NetSuite refund R1"


@pytest.fixture(scope="module")
def fast(started_mode_a: World) -> MemoryWorld:
    return MemoryWorld.of(started_mode_a)


def prepared(world: MemoryWorld, back: float = 50, applied: Amounts | None = None, **fields: Any) -> MemoryWorld:
    """A payment PAY1 of INV1 (100), or applied as given, and a NetSuite refund R1 of so much of it."""
    applied = applied or {"INV1": 100}
    zuora, netsuite = paid(world, sum(applied.values()), applied)
    return ready(world, netsuite, *ns_refund("R1", back, **fields), zuora=zuora)


def refunded(world: MemoryWorld) -> dict[str, Any]:
    return zuora_of(world, "Refund", "R1", REFUND)


def split(world: MemoryWorld) -> dict[str, Any]:
    """The refunded amounts by invoice."""
    names = {zid(n): n for n in ("INV1", "INV2")}
    rows = world.zuora.dump().get("RefundInvoicePayment", [])
    return {names[r["InvoiceId"]]: Decimal(str(r["RefundAmount"])) for r in rows if r["RefundId"] == refunded(world)["Id"]}


@pytest.mark.rule("refunds.R3.create.mode-a")
def test_zuora_reopens_the_only_invoice(fast: MemoryWorld) -> None:
    prepared(fast, 30)
    run(fast, REFUNDS)
    assert (split(fast), balance(fast, "INV1")) == ({"INV1": 30}, 30)


@pytest.mark.rule("refunds.R3.create.mode-a")
def test_each_of_several_invoices_is_named_with_its_full_amount(fast: MemoryWorld) -> None:
    prepared(fast, 120, {"INV1": 80, "INV2": 40})
    bodies: list[str] = []
    send = fast.session.send

    def listen(request: Any, **how: Any) -> Any:
        if request.url.endswith("action/create"):
            bodies.append(request.body if isinstance(request.body, str) else request.body.decode())
        return send(request, **how)

    fast.session.send = listen  # type: ignore[method-assign]
    run(fast, REFUNDS)
    fast.session.send = send  # type: ignore[method-assign]
    assert all(zid(n) in bodies[0] for n in ("INV1", "INV2", "PAY1"))
    assert split(fast) == {"INV1": 80, "INV2": 40}
    assert (balance(fast, "INV1"), balance(fast, "INV2")) == (100, 50)


@pytest.mark.rule("refunds.R3.validation.4")
def test_part_of_several_invoices_is_left_to_a_person(fast: MemoryWorld) -> None:
    prepared(fast, 100, {"INV1": 80, "INV2": 40})
    expected = f"{NAME}: partial refund of a payment spread over several invoices; refund it by hand in Zuora."
    assert messages(run(fast, REFUNDS))["NSRFD-V4"] == expected
    assert all_of(fast, "Refund", "R1", REFUND) == []


@pytest.mark.rule("refunds.R3.validation.3", "refunds.R3.validation.6")
@pytest.mark.parametrize(("before", "code"), [(0, "NSRFD-V3"), (60, "NSRFD-V6")])
def test_no_more_than_is_left(fast: MemoryWorld, before: float, code: str) -> None:
    prepared(fast, 110 if code == "NSRFD-V3" else 50)
    if before:
        body = {"PaymentId": zid("PAY1"), "Amount": before, "Type": "External", "SourceType": "Payment", "MethodType": "Check"}
        (done,) = person_in_zuora(fast).create("Refund", [{**body, "RefundDate": "2026-10-20"}], "before")
        assert done.ok, done
    text = {
        "NSRFD-V3": f"{NAME}: USD 110.00 exceeds payment PAY1 (USD 100.00).",
        "NSRFD-V6": f"{NAME}: only USD 40.00 of payment PAY1 is left to refund.",
    }
    assert messages(run(fast, REFUNDS))[code] == text[code]


@pytest.mark.rule("refunds.R3.status.refused")
def test_a_refusal_is_told_and_tried_again(fast: MemoryWorld) -> None:
    prepared(fast)
    body = [{"Success": False, "Errors": [{"Code": "INVALID_VALUE", "Message": "not today"}]}]
    fast.zuora_control.set_faults([{"method": "POST", "path": "action/create", "status": 200, "body": body}])
    assert "not today" in messages(run(fast, REFUNDS))["ZUORA-INVALID_VALUE"]
    assert status_of(fast, "R1", REFUND) == "Error Creating Refund"
    fast.zuora_control.set_faults([])
    run(fast, REFUNDS)
    assert (status_of(fast, "R1", REFUND), refunded(fast)["Amount"]) == ("Sync Complete", 50)


@pytest.mark.rule("refunds.R3.selection.3")
def test_only_fully_applied_refunds_are_asked_for(fast: MemoryWorld) -> None:
    """NetSuite's refunds are the sum of their applications, so that none can be entered that is not; the query asks all the same."""
    context = StepContext(None, None, None, DEFAULTS, fast.clock, mode="A")  # type: ignore[arg-type]
    assert "NVL(t.foreignpaymentamountunused, 0) = 0" in NetSuiteRefunds(context).selection().rules
