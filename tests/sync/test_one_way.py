"""What never crosses over: documents that were born in NetSuite, and deletions on either side."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sync.builders import invoice, zid
from tests.sync.invoice_world import delete_in_netsuite, ready
from tests.sync.memory import MemoryWorld

BOTH_WAYS: dict[str, Any] = {
    "disable_netsuite_payment_sync": "No",
    "disable_netsuite_credit_memo_sync": "No",
    "disable_netsuite_refund_sync": "No",
}
OWN = {"id": "7700", "entity": {"id": "9001"}, "tranDate": "2026-10-01", "item": {"items": [{"item": {"id": "501"}, "amount": 70}]}}


def one_invoice(world: MemoryWorld) -> None:
    ready(world, invoice("A1", "INV1", [("Gold", 100.0)], sub="S1"), netsuite={"invoice": [OWN]}, **BOTH_WAYS)


@pytest.mark.rule("invoices.0.one-way")
def test_an_invoice_that_was_made_in_netsuite_stays_there(fast: MemoryWorld) -> None:
    one_invoice(fast)
    assert fast.run()["tiedOut"]
    assert [i["InvoiceNumber"] for i in fast.zuora.dump()["Invoice"]] == ["INV1"]
    assert not fast.zuora.dump().get("DebitMemo")
    own = next(i for i in fast.in_netsuite("invoice") if str(i["id"]) == "7700")
    assert not own.keys() & {"custbodyzuoraid", "custbodyzuoraintegrationstatus", "custbodyzuoratype", "externalId"}


@pytest.mark.rule("operations.3.no-deletion", "sequence-and-status.2.rule.5")
@pytest.mark.parametrize("side", ["Zuora", "NetSuite"])
def test_what_is_deleted_on_one_side_stays_on_the_other(fast: MemoryWorld, side: str) -> None:
    one_invoice(fast)
    fast.run()
    (made,) = [i for i in fast.in_netsuite("invoice") if i.get("externalId") == zid("INV1")]
    if side == "NetSuite":
        delete_in_netsuite(fast, str(made["id"]))
    else:
        delete_in_zuora(fast, "Invoice", "INV1")
        delete_in_zuora(fast, "ProductRatePlanCharge", "Silver")
    for control in (fast.netsuite_control, fast.zuora_control):
        control.clear_stats()
    output = fast.run()
    assert [(d["number"], d["destination_id"]) for d in fast.summary(output)["drift"]] == [("INV1", str(made["id"]))]
    kept = [i for i in fast.in_netsuite("invoice") if i.get("externalId") == zid("INV1")]
    if side == "NetSuite":
        assert fast.in_zuora("Invoice", "INV1")["IntegrationStatus__NS"] == "Sync Complete"
        assert kept == []
    else:
        assert kept == [made]
        assert "502" in {str(i["id"]) for i in fast.in_netsuite("serviceSaleItem")}
    calls = {**fast.netsuite_control.stats()["calls"], **fast.zuora_control.stats()["calls"]}
    assert calls
    assert not [name for name in calls if name.startswith("DELETE")]


def delete_in_zuora(world: MemoryWorld, kind: str, name: str) -> None:
    """A person deletes a Zuora object."""
    store = world.zuora.tenant.store
    with store.lock:
        store.delete(kind, zid(name))
    world.clock.advance(minutes=5)
