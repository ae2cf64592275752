"""NetSuite refunds, part R3, without Invoice Settlement: what is refunded of which invoice, and recovery."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tallybridge.settings import DEFAULTS
from tallybridge.steps.netsuite_refunds import NetSuiteRefunds
from tallybridge.steps.shared.context import StepContext
from tests.rules.cases import ruled
from tests.sync.builders import zid
from tests.sync.memory import MemoryWorld
from tests.sync.reverse_world import (
    REFUNDS,
    STATUS,
    ZUORA_ID,
    all_of,
    balance,
    calls,
    cleared,
    forget_calls,
    in_netsuite,
    lose_answers,
    maps_to,
    messages,
    ns,
    ns_refund,
    paid,
    person_in_zuora,
    ready,
    run,
    status_of,
    statuses_seen,
    writes,
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


MAPPING: dict[str, tuple[str, Any]] = {
    "trandate-to-refunddate": ("RefundDate", "2026-10-21"),
    "apply-line-amount-to-amount": ("Amount", Decimal(50)),
    "paymentmethod-name-to-methodtype": ("MethodType", "Check"),
    "memo-to-comment": ("Comment", "sorry"),
    "to-type": ("Type", "External"),
    "to-sourcetype": ("SourceType", "Payment"),
    "to-transferredtoaccounting": ("TransferredToAccounting", "Yes"),
    "internalid-to-integrationid-ns": ("IntegrationId__NS", "1000001"),
    "to-origin-ns": ("Origin__NS", "NETSUITE"),
    "to-syncdate-ns": ("SyncDate__NS", "written back"),
}


@pytest.fixture(scope="module")
def rich(fast: MemoryWorld) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
    """(Zuora refund, NetSuite refund, NetSuite credit memo)."""
    prepared(fast)
    in_netsuite(fast, "R1", {"memo": "sorry"}, REFUND)
    run(fast, REFUNDS)
    return refunded(fast), ns(fast, REFUND, "R1"), ns(fast, "creditMemo", "CM-R1")


@pytest.mark.parametrize("case", ruled(MAPPING, {row: row for row in MAPPING}, "refunds.R3.mapping."))
def test_mapping(rich: tuple[dict[str, Any], dict[str, Any], dict[str, Any]], case: str) -> None:
    name, expected = MAPPING[case]
    made, source, memo = rich
    assert maps_to(made[name], expected, source)
    assert source[ZUORA_ID] == memo[ZUORA_ID] == made["Id"]


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


@pytest.mark.rule("refunds.R3.status.created", "sequence-and-status.4.2.text.refund-ns-z")
def test_statuses_and_calls(fast: MemoryWorld) -> None:
    prepared(fast)
    seen = statuses_seen(fast, lambda: run(fast, REFUNDS), REFUND)
    sent = [("Zuora", "/v1/action/create"), ("Zuora", "/v1/action/update")]
    assert seen == [("marked", "Creating Refund"), *sent, ("marked", "Sync Complete")]
    forget_calls(fast)
    run(fast, REFUNDS)
    assert (writes(calls(fast)[0]), writes(calls(fast)[1])) == (0, 0)


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


@pytest.mark.rule("refunds.R3.recovery")
@pytest.mark.parametrize("lost", ["create", "update"])
@pytest.mark.parametrize("drop", ["before", "after"])
def test_whatever_answer_is_lost_there_is_one_refund(fast: MemoryWorld, lost: str, drop: str) -> None:
    prepared(fast)
    lose_answers(fast, {"method": "POST", "path": f"action/{lost}", "drop": drop})
    run(fast, REFUNDS)
    lose_answers(fast)
    run(fast, REFUNDS)
    assert (refunded(fast)["TransferredToAccounting"], balance(fast, "INV1")) == ("Yes", 50)
    assert status_of(fast, "R1", REFUND) == ns(fast, "creditMemo", "CM-R1")[STATUS] == "Sync Complete"


@pytest.mark.rule("refunds.R3.resync")
def test_a_cancelled_refund_is_made_again_on_request(fast: MemoryWorld) -> None:
    prepared(fast)
    run(fast, REFUNDS)
    (done,) = person_in_zuora(fast).update("Refund", [{"Id": refunded(fast)["Id"], "Status": "Canceled"}])
    assert done.ok, done
    cleared(fast, "R1", REFUND)
    run(fast, REFUNDS)
    assert sorted(r["Status"] for r in all_of(fast, "Refund", "R1", REFUND)) == ["Canceled", "Processed"]
    assert status_of(fast, "R1", REFUND) == "Sync Complete"


@pytest.mark.rule("refunds.R3.selection.3")
def test_only_fully_applied_refunds_are_asked_for(fast: MemoryWorld) -> None:
    """NetSuite's refunds are the sum of their applications, so that none can be entered that is not; the query asks all the same."""
    context = StepContext(None, None, None, DEFAULTS, fast.clock, mode="A")  # type: ignore[arg-type]
    assert "NVL(t.foreignpaymentamountunused, 0) = 0" in NetSuiteRefunds(context).selection().rules
