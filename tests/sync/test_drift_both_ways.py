"""Drift of records that were synced from NetSuite, of records that another connector synced, and of tenants that are read by ZOQL."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tests.sync.builders import zid
from tests.sync.memory import MemoryWorld
from tests.sync.netsuite_memo_world import MEMOS, adjustments, memos, ns_memo
from tests.sync.reverse_world import REFUNDS, is_settlement, ns, ns_payment, ns_refund, paid, ready, run, zuora_of
from tests.sync.world import unserved_world

PAYMENT, REFUND = "customerPayment", "customerRefund"


@pytest.fixture(scope="module", params=["A", "B"])
def fast(request: pytest.FixtureRequest) -> MemoryWorld:
    return MemoryWorld.of(unserved_world(settlement=request.param == "B"))


def drift(world: MemoryWorld, step: str = "netsuite_payments") -> list[dict[str, Any]]:
    world.clock.advance(minutes=10)
    found: list[dict[str, Any]] = run(world, step)["drift"]
    return found


def synced_payment(world: MemoryWorld) -> tuple[str, str]:
    """A NetSuite payment that Zuora has: (NetSuite's id, Zuora's id)."""
    ready(world, ns_payment("P1", 100, {"INV1": 100}))
    assert drift(world) == [] and drift(world) == []
    return ns(world, PAYMENT, "P1")["id"], zuora_of(world, "Payment", "P1")["Id"]


def update(world: MemoryWorld, kind: str, record_id: str, **fields: Any) -> None:
    store = world.zuora.tenant.store
    with store.lock:
        store.update(kind, record_id, fields)
    world.clock.advance(minutes=10)


def delete_there(world: MemoryWorld, internal_id: str) -> None:
    world.netsuite.tenant.store.apply(("transaction", int(internal_id)), None)
    world.clock.advance(minutes=10)


def only(found: list[dict[str, Any]]) -> dict[str, Any]:
    (row,) = found
    return row


def facts(row: dict[str, Any]) -> tuple[Any, ...]:
    return row["code"], row["source_id"], row["destination_id"], row["currency"], Decimal(str(row["amount"]))


def test_a_payment_from_netsuite_that_is_voided_in_zuora_is_told(fast: MemoryWorld) -> None:
    source, there = synced_payment(fast)
    update(fast, "Payment", there, Status="Canceled" if is_settlement(fast) else "Voided")
    for _ in range(2):
        row = only(drift(fast))
        assert facts(row) == ("NSPAY-CANCELED", source, there, "USD", Decimal(100))
        assert source in row["message"] and there in row["message"]
        fast.clock.advance(hours=4)


def test_a_payment_from_netsuite_that_is_deleted_there_is_told(fast: MemoryWorld) -> None:
    source, there = synced_payment(fast)
    delete_there(fast, source)
    for _ in range(2):
        row = only(drift(fast))
        assert facts(row) == ("DRIFT-DELETED", source, there, "USD", Decimal(100))
        assert f"Zuora payment {there} still holds USD 100.00" in row["message"]
        fast.clock.advance(hours=4)
    update(fast, "Payment", there, Status="Canceled")
    assert drift(fast) == []


def test_a_payment_from_netsuite_whose_amount_changes_in_zuora_is_told(fast: MemoryWorld) -> None:
    source, there = synced_payment(fast)
    update(fast, "Payment", there, Amount=Decimal(90))
    row = only(drift(fast))
    assert (row["source_id"], row["destination_id"], Decimal(str(row["held"]))) == (source, there, Decimal(90))


def test_a_payment_from_netsuite_that_changes_there_is_counted_as_drift(fast: MemoryWorld) -> None:
    source, there = synced_payment(fast)
    stored = fast.netsuite.tenant.store.transaction(int(source))
    stored.values |= {"payment": Decimal(0), "lastModifiedDate": fast.netsuite.tenant.now()}
    fast.netsuite.tenant.store.dirty.add(stored.key)
    row = only(drift(fast))
    assert (row["code"], row["source_id"], row["destination_id"]) == ("NSPAY-VOIDED", source, there)


def test_a_refund_from_netsuite_that_is_deleted_there_is_told(fast: MemoryWorld) -> None:
    zuora, netsuite = paid(fast, 100, {"INV1": 100})
    ready(fast, netsuite, *ns_refund("R1", 50), zuora=zuora)
    drift(fast, REFUNDS)
    assert drift(fast, REFUNDS) == []
    source, there = ns(fast, REFUND, "R1")["id"], zuora_of(fast, "Refund", "R1", REFUND)["Id"]
    delete_there(fast, source)
    assert facts(only(drift(fast, REFUNDS))) == ("DRIFT-DELETED", source, there, "USD", Decimal(50))


def test_what_another_connector_synced_is_watched_too(fast: MemoryWorld) -> None:
    ready(fast)
    drift(fast)
    update(fast, "Invoice", zid("INV2"), Status="Canceled")
    row = only(drift(fast))
    assert facts(row) == ("DRIFT-UNDONE", zid("INV2"), "7002", "USD", Decimal(50))
    update(fast, "Invoice", zid("INV2"), Status="Posted", Amount=Decimal(45))
    row = only(drift(fast))
    assert (row["code"], Decimal(str(row["held"]))) == ("DRIFT-AMOUNT", Decimal(50))
    assert "Zuora holds USD 45.00, NetSuite invoice 7002 USD 50.00" in row["message"]


def test_by_zoql_changes_are_told_too(fast: MemoryWorld) -> None:
    by_zoql: dict[str, Any] = {"zuora.read_path": "zoql"}
    ready(fast, **by_zoql)
    drift(fast)
    update(fast, "Invoice", zid("INV2"), Status="Canceled")
    assert only(drift(fast))["code"] == "DRIFT-UNDONE"
    if is_settlement(fast):
        update(fast, "DebitMemo", zid("DM1"), Status="Canceled")
        assert {row["object"] for row in drift(fast)} == {"Invoice", "DebitMemo"}


@pytest.mark.parametrize("kind", ["InvoiceAdjustment", "InvoiceItemAdjustment"])
def test_a_credit_memo_from_netsuite_is_watched_on_both_sides(fast: MemoryWorld, kind: str) -> None:
    if is_settlement(fast):
        pytest.skip("tenants with Invoice Settlement get no adjustments")
    memos(fast, ns_memo("CM1", 25, {"INV1": 25}), credit_memo_target=kind)
    assert drift(fast, MEMOS) == [] and drift(fast, MEMOS) == []
    source, (made,) = ns(fast, "creditMemo", "CM1")["id"], adjustments(fast, kind)
    update(fast, kind, made["Id"], Status="Canceled")
    assert only(drift(fast, MEMOS))["code"] == "NSCM-CANCELED"
    update(fast, kind, made["Id"], Status="Processed")
    assert drift(fast, MEMOS) == []
    delete_there(fast, source)
    assert facts(only(drift(fast, MEMOS))) == ("DRIFT-DELETED", source, made["Id"], "USD", Decimal(25))
