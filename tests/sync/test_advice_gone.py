"""A parent that a person deleted in NetSuite, and an external id that something else bears, are told by name; the advice ends it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from tests.sync.builders import Objects, invoice, payment, zid
from tests.sync.memory import MemoryWorld
from tests.sync.test_advice_parents import Change, credit_memo, documents, partly_refunded, problems, refund, run, update
from tests.sync.words import Part, world_with


def ready(world: MemoryWorld) -> None:
    """Account A1, charge Gold and invoice INV1 are in NetSuite."""
    world.reset(default_subsidiary="Parent Company")
    world.load(documents())
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


@dataclass(frozen=True)
class Case:
    """A parent that is deleted, as NetSuite knows it and by its Zuora name, and the record that is made then, which says so. Names end in
    that of the case (`n`), but that of an item, which is the case's alone."""

    record_type: str
    field: str
    parent: str
    make: Callable[[str], Objects]
    number: str
    code: str
    text: str
    follow: Callable[[str], Change]


def second(n: str) -> Objects:
    return invoice(f"A1{n}", f"INV2{n}", [(ITEMS.get(n, "Gold"), 50.0)], sub=f"S1{n}")


ITEMS = {" item": "Silver"}
CASES = {
    " customer": Case(
        "customer",
        "custentityzuoraid",
        "A1 customer",
        second,
        "INV2",
        "INV-GONE",
        "Invoice INV2 customer: NetSuite customer {id} of account A1 customer does not exist any more.",
        lambda n: again("Account", f"A1{n}"),
    ),
    " item": Case(
        "serviceSaleItem",
        "custitemzuoraid",
        "Silver",
        second,
        "INV2",
        "INV-GONE",
        'Invoice INV2 item: NetSuite item {id} of charge "Silver" does not exist any more.',
        lambda n: again("ProductRatePlanCharge", "Silver"),
    ),
    " paid": Case(
        "invoice",
        "custbodyzuoraid",
        "INV1 paid",
        lambda n: payment(f"A1{n}", f"P1{n}", 60.0, {f"INV1{n}": 60.0}),
        "P1",
        "PAY-GONE",
        "Payment P1 paid: NetSuite transaction {id} of invoice INV1 paid does not exist any more.",
        lambda n: again("Invoice", f"INV1{n}", TransferredToAccounting="No"),
    ),
    " credited": Case(
        "invoice",
        "custbodyzuoraid",
        "INV1 credited",
        lambda n: credit_memo("CM1", 40.0, "INV1", n=n),
        "CM1",
        "CM-GONE",
        "Credit memo CM1 credited: NetSuite invoice {id} of invoice INV1 credited does not exist any more.",
        lambda n: again("Invoice", f"INV1{n}", TransferredToAccounting="No"),
    ),
}


@pytest.fixture(scope="module")
def looked(fast: MemoryWorld) -> tuple[dict[str, str], list[dict[str, Any]], dict[str, Any]]:
    """(the ids of what was deleted, the two runs that told it, the second one after the advice was followed)."""
    parts = [Part(n, documents(n=n, item=ITEMS.get(n, "Gold")), {}) for n in CASES]
    world = world_with(fast, *parts, default_subsidiary="Parent Company")
    assert run(world)["tied_out"]
    ids = {n: there(world, case.record_type, case.parent, case.field) for n, case in CASES.items()}
    for n, case in CASES.items():
        delete(world, {"customer": "entity", "serviceSaleItem": "item"}.get(case.record_type, "transaction"), ids[n])
        world.load(case.make(n))
    told = [run(world), run(world)]
    for n, case in CASES.items():
        case.follow(n)(world)
    run(world)
    return ids, told, run(world)


@pytest.mark.parametrize("n", CASES)
def test_a_parent_that_was_deleted_in_netsuite_is_named(
    looked: tuple[dict[str, str], list[dict[str, Any]], dict[str, Any]], n: str
) -> None:
    ids, told, last = looked
    case = CASES[n]
    for summary in told:
        found = {line["code"]: line for line in problems(summary, case.number + n)}
        assert found[case.code]["message"] == case.text.format(id=ids[n])
    assert problems(last, case.number + n) == []


def test_a_payment_that_was_deleted_in_netsuite_before_its_refund(fast: MemoryWorld) -> None:
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
