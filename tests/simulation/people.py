"""What people do on both sides, between runs and in the midst of one. Every event answers whether there was anything to do it to."""

from __future__ import annotations

from decimal import Decimal
from random import Random
from typing import Any

from sandbox.control import LoadRefused
from sandbox.netsuite.loading import DELETED
from tests.simulation.outside import FIRST, LAST, Meanwhile
from tests.simulation.script import ACCOUNTS
from tests.simulation.tenant import CENT, TYPES, Document, Simulated, part
from tests.sync.builders import zid

CLEARED = ("IntegrationStatus__NS", "IntegrationId__NS")


def changes_the_amount(tenant: Simulated, chance: Random) -> bool:
    """Of an invoice, in NetSuite, by a cent."""
    found = _synced(tenant, chance, "Invoice")
    if found is None:
        return False
    document, record = found
    store = tenant.world.netsuite.tenant.store
    changed = store.transaction(int(record["id"])).copy()
    changed.values |= {"total": Decimal(str(record["total"])) + CENT, "lastModifiedDate": tenant.world.netsuite.tenant.now()}
    store.apply(changed.key, changed)
    _touched(tenant, document)
    return True


def deletes(tenant: Simulated, chance: Random) -> bool:
    """A payment or a credit memo, in NetSuite; what it was applied to is open again there. One that a refund refers to stays, and so does
    one of a closed month."""
    found = _synced(tenant, chance, "Payment", "CreditMemo")
    if found is None:
        return False
    document, record = found
    kind = tenant.world.netsuite.tenant.store.transaction(int(record["id"])).type.name
    try:
        tenant.world.load(netsuite={kind: [{"id": record["id"], DELETED: True}]})
    except LoadRefused:
        return False
    _touched(tenant, document)
    _with_account(tenant, document)
    return True


def resets(tenant: Simulated, chance: Random) -> bool:
    """Somebody asks in Zuora for a document once more; what NetSuite has of it is recognised."""
    found, sight = _synced(tenant, chance, *TYPES), tenant.sight()
    if found is None or not sight.is_done(found[0]):
        return False
    document = found[0]
    cleared = {name: None for name in CLEARED if name in sight.source(document)} if chance.random() < 0.5 else {}
    tenant.change(document.kind, document.id, TransferredToAccounting="No", **cleared)
    document.drifts = False  # its own step tells what differs
    return True


def cancels_an_invoice(tenant: Simulated, chance: Random) -> bool:
    """In Zuora, one that nothing is applied to."""
    free = [d for d in tenant.documents if d.kind == "Invoice" and d.open == d.amount and not d.touched]
    if not free:
        return False
    document = chance.choice(free)
    tenant.change("Invoice", document.id, Status="Canceled")
    document.open = Decimal(0)
    _undone(tenant, document)
    return True


def voids_a_payment(tenant: Simulated, chance: Random) -> bool:
    """In Zuora; its invoice stays as paid as it was, which is enough to see that the void is told."""
    paid = [d for d in tenant.documents if d.kind == "Payment" and not d.in_netsuite and not d.touched]
    if not paid:
        return False
    document = chance.choice(paid)
    tenant.change("Payment", document.id, Status="Voided")
    _undone(tenant, document)
    return True


def renames_a_customer(tenant: Simulated, chance: Random) -> bool:
    number = chance.choice(sorted(ACCOUNTS))
    tenant.names[number] = f"Customer {chance.randrange(1_000)}"
    tenant.change("Account", zid(number), Name=tenant.names[number])
    return True


def enters_a_payment(tenant: Simulated, chance: Random) -> bool:
    """A payment of a synced invoice is entered in NetSuite, which is where it comes from."""
    if not tenant.both_ways:
        return False
    sight = tenant.sight()
    due = [d for d in tenant.documents if d.kind == "Invoice" and d.open > 0 and not d.touched and sight.is_done(d)]
    if not due:
        return False
    document = chance.choice(due)
    invoice = sight.counterparts(document)[0]
    amount = document.open if chance.random() < 0.5 else part(chance, document.open)
    if Decimal(str(invoice["amountRemaining"])) < amount or sight.rows("Invoice")[document.id]["Balance"] < amount:
        return False
    internal_id = str(6_000 + len(tenant.documents))
    line = {"doc": {"id": str(invoice["id"])}, "apply": True, "amount": float(amount)}
    record = {
        "id": internal_id,
        "tranId": f"N{internal_id}",
        "customer": {"id": str(invoice["entity"]["id"])},
        "payment": float(amount),
        "tranDate": "2026-10-15",
        "currency": {"id": str(invoice["currency"]["id"])},
        "paymentOption": {"refName": "Check"},
        "autoApply": False,
        "custbodyzuorasyncupdates": True,
        "apply": {"items": [line]},
    }
    try:
        tenant.world.load(netsuite={"customerPayment": [record]})
    except LoadRefused:  # the month is closed
        return False
    document.open -= amount
    tenant.documents.append(Document("Payment", internal_id, document.account, amount, Decimal(0), in_netsuite=True))
    return True


def works_during_a_run(tenant: Simulated, chance: Random) -> bool:
    """One of these things happens in the midst of a run."""
    act = chance.choice([renames_a_customer, resets, enters_a_payment, cancels_an_invoice, voids_a_payment, deletes])

    done: list[bool] = []

    def at_once() -> None:
        at_work, tenant.at_work = tenant.at_work, False
        done.append(act(tenant, chance))
        tenant.at_work = at_work

    tenant.run_with(Meanwhile(tenant.world.clock, chance.randint(FIRST, LAST), at_once))
    return any(done)


def _synced(tenant: Simulated, chance: Random, *kinds: str) -> tuple[Document, Any] | None:
    """A document that came from Zuora and its counterpart."""
    sight = tenant.sight()
    there = [(d, r) for d in tenant.documents if d.kind in kinds and not d.in_netsuite for r in sight.counterparts(d)]
    return chance.choice(there) if there else None


def _touched(tenant: Simulated, document: Document) -> None:
    """What is not done is told by its own step."""
    document.drifts = not document.touched and tenant.sight().is_done(document)
    document.touched = True


def _undone(tenant: Simulated, document: Document) -> None:
    document.touched = document.undone = True
    _with_account(tenant, document)


def _with_account(tenant: Simulated, document: Document) -> None:
    """What else of the account depends on it is no longer sure."""
    for other in tenant.documents:
        other.touched = other.touched or other.account == document.account
