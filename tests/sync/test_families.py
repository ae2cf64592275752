"""Invoices that are several documents in NetSuite: charge adjustments become invoices of their own, and what Zuora applies to the one
invoice settles all of them (adjustments.md A1, payments.md P1, refunds.md R1)."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tallybridge.settings import DEFAULTS
from tallybridge.sync.ledger import Owner
from tallybridge.zuora import Zuora
from tests.sync import payment_world, reverse_world
from tests.sync.builders import merged, zid
from tests.sync.memory import MemoryWorld
from tests.sync.mode_a_world import adjustment, messages, only, ready, run, state_of
from tests.sync.mode_a_world import applied as applied_by
from tests.sync.payment_world import DONE, applied, ns_payment, paid
from tests.sync.payment_world import state_of as state_of_payment
from tests.sync.world import World

ALL = ("payments", "refunds", "adjustments")


@pytest.fixture
def world(started_mode_a: World) -> MemoryWorld:
    return MemoryWorld.of(started_mode_a)


def in_zuora(world: MemoryWorld) -> Zuora:
    """What a person does there."""
    return world.wiring().zuora(DEFAULTS)


def refund(world: MemoryWorld, payment: str, amount: float) -> str:
    """A person refunds part of a payment in Zuora; answers the refund's number."""
    fields = {"PaymentId": zid(payment), "Amount": amount, "Type": "External", "MethodType": "Check", "SourceType": "Payment"}
    date = world.clock.now().date().isoformat()
    (made,) = in_zuora(world).create("Refund", [{**fields, "RefundDate": date}], f"refund {payment} {amount}")
    assert made.ok, made
    world.clock.advance(minutes=30)
    return str(next(r["RefundNumber"] for r in world.zuora.dump()["Refund"] if r["Id"] == made.id))


def named(world: MemoryWorld, number: str, internal_id: str) -> None:
    """A person enters the Integration ID of an adjustment."""
    (done,) = in_zuora(world).update("InvoiceItemAdjustment", [{"Id": zid(number), "IntegrationId__NS": internal_id}])
    assert done.ok, done


def open_of(world: MemoryWorld, *ids: str) -> list[Decimal]:
    found = {str(i["id"]): Decimal(str(i["amountRemaining"])) for i in world.in_netsuite("invoice")}
    return [found[i] for i in ids]


def charge_of(world: MemoryWorld, number: str) -> str:
    return str(only(world, number, "invoice")["id"])


def test_a_payment_settles_the_invoice_and_its_charge_when_the_charge_came_first(world: MemoryWorld) -> None:
    ready(world, adjustment("IIA1", "INV1", 5.0, "Charge"), paid("A1", "P1", 105.0, {"INV1": 105.0}))
    run(world)
    summary = run(world, *ALL)
    charge = charge_of(world, "IIA1")
    assert applied(world, "P1") == {"7001": 100, charge: 5}
    assert open_of(world, "7001", charge) == [0, 0]
    assert state_of_payment(world, "P1") == DONE
    assert (summary["outcome"], summary["tiedOut"]) == ("completed", True)


def test_a_payment_waits_for_a_charge_that_is_not_in_netsuite_yet(world: MemoryWorld) -> None:
    ready(world, adjustment("IIA1", "INV1", 5.0, "Charge"), paid("A1", "P1", 105.0, {"INV1": 105.0}))
    first = run(world, *ALL)
    assert messages(first, "P1") == [("PAY-V2", "Payment P1: adjustment IIA1 of invoice INV1 has not been synced to NetSuite.")]
    assert ns_payment(world, "P1") is None
    run(world, *ALL)
    assert applied(world, "P1") == {"7001": 100, charge_of(world, "IIA1"): 5}


@pytest.mark.parametrize("first", [True, False])
def test_two_payments_share_the_documents_in_their_order(world: MemoryWorld, first: bool) -> None:
    own = [paid("A1", "P1", 60.0, {"INV1": 60.0}, EffectiveDate="2026-10-11"), paid("A1", "P2", 45.0, {"INV1": 45.0})]
    ready(world, adjustment("IIA1", "INV1", 5.0, "Charge"), *own)
    for _ in range(3):
        run(world, *(ALL if first else reversed(ALL)))
    charge = charge_of(world, "IIA1")
    assert (applied(world, "P1"), applied(world, "P2")) == ({"7001": 60}, {"7001": 40, charge: 5})
    assert open_of(world, "7001", charge) == [0, 0]


def test_a_credit_beside_a_charge_leaves_each_its_room(world: MemoryWorld) -> None:
    adjustments = (adjustment("IIA1", "INV1", 5.0, "Charge"), adjustment("IIA2", "INV1", 5.0, AdjustmentDate="2026-10-21"))
    ready(world, *adjustments, paid("A1", "P1", 100.0, {"INV1": 100.0}))
    for _ in range(2):
        summary = run(world, *ALL)
    charge = charge_of(world, "IIA1")
    assert applied(world, "P1") == {"7001": 95, charge: 5}
    assert open_of(world, "7001", charge) == [0, 0]
    assert (summary["outcome"], state_of(world, "IIA2")) == ("completed", DONE)


def test_a_credit_larger_than_what_the_invoice_has_open_takes_from_its_charge(world: MemoryWorld) -> None:
    adjustments = (adjustment("IIA1", "INV1", 50.0, "Charge"), adjustment("IIA2", "INV1", 70.0, AdjustmentDate="2026-10-21"))
    ready(world, paid("A1", "P1", 60.0, {"INV1": 60.0}))
    run(world, *ALL)
    world.load(merged(*adjustments))
    first = run(world, *ALL)
    assert messages(first, "IIA2") == [("IIA-V1", "Adjustment IIA2: adjustment IIA1 of invoice INV1 has not been synced to NetSuite.")]
    run(world, *ALL)
    charge = charge_of(world, "IIA1")
    assert applied_by(only(world, "IIA2", "creditMemo")) == {"7001": 40, charge: 30}
    assert open_of(world, "7001", charge) == [0, 20]
    assert (state_of(world, "IIA2"), state_of_payment(world, "P1")) == (DONE, DONE)


def test_a_credit_that_fits_nowhere_is_told_with_the_amount_that_lacks(world: MemoryWorld) -> None:
    """Somebody settled the invoice in NetSuite alone; when that is taken back the adjustment goes."""
    ready(world, adjustment("IIA1", "INV1", 5.0, "Charge"), adjustment("IIA2", "INV1", 70.0, AdjustmentDate="2026-10-21"))
    by_hand = {"id": "8100", "customer": {"id": "9001"}, "payment": 60, "tranDate": "2026-10-15", "autoApply": False}
    world.load(netsuite={"customerPayment": [{**by_hand, "apply": {"items": [{"doc": {"id": "7001"}, "apply": True, "amount": 60}]}}]})
    run(world, *ALL)
    text = "Adjustment IIA2: the NetSuite documents of invoice INV1 have USD 25.00 less open than the USD 70.00 credited."
    assert messages(run(world, *ALL), "IIA2") == [("IIA-OPEN", text)]
    body = {"apply": {"items": [{"doc": {"id": "7001"}, "apply": False, "amount": 0}]}}
    world.wiring().netsuite(DEFAULTS, Owner("person", "by hand/", "person")).update("customerPayment", "8100", body)
    run(world, *ALL)
    assert state_of(world, "IIA2") == DONE


@pytest.mark.parametrize(("amount", "left"), [(105.0, {}), (7.0, {"7001": 98}), (3.0, {"7001": 100, "charge": 2})])
def test_a_refund_reopens_the_charge_first_and_then_the_invoice(world: MemoryWorld, amount: float, left: dict[str, int]) -> None:
    ready(world, adjustment("IIA1", "INV1", 5.0, "Charge"), paid("A1", "P1", 105.0, {"INV1": 105.0}))
    run(world)
    run(world, *ALL)
    charge = charge_of(world, "IIA1")
    refund(world, "P1", amount)
    summary = run(world, *ALL)
    assert messages(summary) == []
    assert applied(world, "P1") == {charge if d == "charge" else d: Decimal(a) for d, a in left.items()}
    assert [Decimal(str(r["total"])) for r in world.in_netsuite("customerRefund")] == [Decimal(str(amount))]
    assert sum(open_of(world, "7001", charge)) == Decimal(str(amount))
    assert (summary["outcome"], summary["tiedOut"]) == ("completed", True)


def test_a_charge_that_is_never_sent_is_told_with_the_amount_that_lacks(world: MemoryWorld) -> None:
    left_out = adjustment("IIA1", "INV1", 5.0, "Charge", IntegrationStatus__NS="Ignore")
    ready(world, left_out, paid("A1", "P1", 105.0, {"INV1": 105.0}))
    text = "Payment P1: the NetSuite documents of invoice INV1 have USD 5.00 less open than the USD 105.00 applied to it."
    assert messages(run(world, *ALL), "P1") == [("PAY-OPEN", text)]
    # the advice, followed: the charge is entered in NetSuite by hand and named in Zuora
    line = {"item": {"id": "501"}, "amount": 5}
    head: dict[str, Any] = {"id": "7050", "entity": {"id": "9001"}, "tranDate": "2026-10-20", "custbodyzuoraid": zid("IIA1")}
    world.load(netsuite={"invoice": [{**head, "item": {"items": [line]}}]})
    named(world, "IIA1", "7050")
    run(world, *ALL)
    assert applied(world, "P1") == {"7001": 100, "7050": 5}


# -- from NetSuite -------------------------------------------------------------------------------------------------------


def test_a_netsuite_payment_of_both_documents_pays_the_one_zuora_invoice(world: MemoryWorld) -> None:
    charged(world)
    summary = reverse_world.run(world)
    (made,) = reverse_world.all_of(world, "Payment", "P1")
    assert (made["Amount"], reverse_world.parts_of(world, made["Id"])) == (105, {"INV1": 105})
    assert reverse_world.balance(world, "INV1") == 0
    assert (summary["outcome"], summary["tiedOut"], reverse_world.status_of(world, "P1")) == ("completed", True, "Sync Complete")


def test_a_netsuite_payment_of_the_charge_alone_is_left_out_and_told(world: MemoryWorld) -> None:
    charged(world, {"7060": 5})
    summary = reverse_world.run(world)
    assert reverse_world.all_of(world, "Payment", "P1") == []
    assert [row["code"] for row in summary["left_out"] if row["step"] == "netsuite_payments"] == ["LEFT-CHARGES"]


def charged(world: MemoryWorld, applied_to: dict[str, float] | None = None) -> None:
    """INV1 of 100 with a charge of 5 that is NetSuite invoice 7060, and a NetSuite payment, of both if nothing else is said."""
    row = adjustment("IIA1", "INV1", 5.0, "Charge", IntegrationId__NS="7060", TransferredToAccounting="Yes")
    row["InvoiceItemAdjustment"][0]["SourceId"] = zid("INV1 item")
    document = payment_world.ns_invoice("7060", "9001", 5, zid("IIA1"), kind="INVOICE_ITEM_ADJUSTMENT")
    settled = applied_to or {"INV1": 100, "7060": 5}
    payment = reverse_world.ns_payment("P1", sum(settled.values()), settled)
    reverse_world.ready(world, {"invoice": [document]}, payment, zuora=row)
