"""A parent that a person deleted in NetSuite, and an external id that something else bears, are told by name; the advice ends it."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sync.builders import account, charge, invoice, merged, payment, subscription, zid
from tests.sync.memory import MemoryWorld
from tests.sync.test_advice_parents import Change, credit_memo, problems, run, update


def ready(world: MemoryWorld) -> None:
    """Account A1, charge Gold and invoice INV1 are in NetSuite."""
    world.reset(default_subsidiary="Parent Company")
    world.load(merged(account("A1"), charge("Gold"), subscription("A1", "S1", "Gold"), invoice("A1", "INV1", [("Gold", 100.0)], sub="S1")))
    assert run(world)["tied_out"]


def there(world: MemoryWorld, record_type: str, name: str, field: str) -> str:
    return str(next(r["id"] for r in world.in_netsuite(record_type) if r.get(field) == zid(name)))


def delete(world: MemoryWorld, group: str, internal_id: str) -> None:
    """A person deletes a NetSuite record, and whatever depends on it."""
    store = world.netsuite.tenant.store
    for number in list(store.of_customer.get(int(internal_id), ())) if group == "entity" else []:
        store.apply(("transaction", number), None)
    store.apply((group, int(internal_id)), None)
    world.clock.advance(minutes=5)


def again(kind: str, number: str, **more: Any) -> Change:
    return update(kind, number, IntegrationId__NS=None, IntegrationStatus__NS=None, **more)


CASES = {
    "the customer of an invoice": (
        "customer",
        "custentityzuoraid",
        "A1",
        invoice("A1", "INV2", [("Gold", 50.0)], sub="S1"),
        "INV2",
        "INV-GONE",
        "Invoice INV2: NetSuite customer {id} of account A1 does not exist any more.",
        again("Account", "A1"),
    ),
    "the item of an invoice": (
        "serviceSaleItem",
        "custitemzuoraid",
        "Gold",
        invoice("A1", "INV2", [("Gold", 50.0)], sub="S1"),
        "INV2",
        "INV-GONE",
        'Invoice INV2: NetSuite item {id} of charge "Gold" does not exist any more.',
        again("ProductRatePlanCharge", "Gold"),
    ),
    "the invoice of a payment": (
        "invoice",
        "custbodyzuoraid",
        "INV1",
        payment("A1", "P1", 60.0, {"INV1": 60.0}),
        "P1",
        "PAY-GONE",
        "Payment P1: NetSuite transaction {id} of invoice INV1 does not exist any more.",
        again("Invoice", "INV1", TransferredToAccounting="No"),
    ),
    "the invoice of a credit memo": (
        "invoice",
        "custbodyzuoraid",
        "INV1",
        credit_memo("CM1", 40.0, "INV1"),
        "CM1",
        "CM-GONE",
        "Credit memo CM1: NetSuite invoice {id} of invoice INV1 does not exist any more.",
        again("Invoice", "INV1", TransferredToAccounting="No"),
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_a_parent_that_was_deleted_in_netsuite_is_named(fast: MemoryWorld, case: str) -> None:
    record_type, field, parent, objects, number, code, text, follow = CASES[case]
    ready(fast)
    internal_id = there(fast, record_type, parent, field)
    group = {"customer": "entity", "serviceSaleItem": "item"}.get(record_type, "transaction")
    delete(fast, group, internal_id)
    fast.load(objects)
    for _ in range(2):
        found = {line["code"]: line for line in problems(run(fast), number)}
        assert found[code]["message"] == text.format(id=internal_id)
    follow(fast)
    run(fast)
    assert problems(run(fast), number) == []


def test_a_payment_that_was_deleted_in_netsuite_before_its_refund(fast: MemoryWorld) -> None:
    from tests.sync.test_advice_parents import partly_refunded, refund

    ready(fast)
    fast.load(partly_refunded())
    run(fast)
    internal_id = there(fast, "customerPayment", "P2", "custbodyzuoraid")
    delete(fast, "transaction", internal_id)
    fast.load(refund("R1", "P2", 20.0))
    (line,) = problems(run(fast), "R1")
    assert (line["code"], f"NetSuite payment {internal_id} of payment P2 does not exist" in line["message"]) == ("RFD-GONE", True)
    again("Payment", "P2", TransferredToAccounting="No")(fast)
    assert problems(run(fast), "R1") == []


def test_an_external_id_that_something_else_bears_is_named_and_never_linked(fast: MemoryWorld) -> None:
    ready(fast)
    customer, item = there(fast, "customer", "A1", "custentityzuoraid"), there(fast, "serviceSaleItem", "Gold", "custitemzuoraid")
    lines = {"items": [{"item": {"id": item}, "amount": 5}]}
    other = {
        "id": "7777",
        "tranId": "CM-77",
        "entity": {"id": customer},
        "tranDate": "2026-10-01",
        "externalId": zid("INV2"),
        "item": lines,
    }
    fast.load(invoice("A1", "INV2", [("Gold", 50.0)], sub="S1"), {"creditMemo": [{**other, "autoApply": False}]})
    for _ in range(2):
        (line,) = problems(run(fast), "INV2")
        assert line["code"] == "INV-EXTERNAL-ID"
        assert f"its external id {zid('INV2')} is taken by NetSuite credit memo CM-77 (7777)" in line["message"]
        assert "Do not link to it." in line["advice"] and "Link it" not in line["message"] + line["advice"]
        assert not fast.in_zuora("Invoice", "INV2").get("IntegrationId__NS")
    store = fast.netsuite.tenant.store
    record = store.transaction(7777).copy()
    record.values.pop("externalId")
    store.apply(record.key, record)
    assert problems(run(fast), "INV2") == []
    assert fast.in_zuora("Invoice", "INV2")["IntegrationStatus__NS"] == "Sync Complete"


def test_an_item_that_is_inactive_is_named(fast: MemoryWorld) -> None:
    ready(fast)
    item = there(fast, "serviceSaleItem", "Gold", "custitemzuoraid")
    fast.load(netsuite={"serviceSaleItem": [{"id": item, "isInactive": True}]})
    fast.load(invoice("A1", "INV2", [("Gold", 50.0)], sub="S1"))
    (line,) = problems(run(fast), "INV2")
    assert (line["code"], line["message"]) == ("INV-INACTIVE", f'Invoice INV2: NetSuite item {item} of charge "Gold" is inactive.')
    fast.load(netsuite={"serviceSaleItem": [{"id": item, "isInactive": False}]})
    assert problems(run(fast), "INV2") == []
