"""What must always hold, and what must hold in the end, when nothing disturbs any more."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from tests.simulation.script import ACCOUNTS
from tests.simulation.tenant import TYPES, Simulated, counterparts, writes
from tests.sync.builders import zid

STATUSES = ("", "Sync Complete")
BEGINNINGS = ("Creating ", "Updating ", "Linking ", "Error ")
MASTER = {"Account": "customer", "ProductRatePlanCharge": "serviceSaleItem"}
SETTLING_RUNS = 5
GREEN = ("completed", "completed with warnings")


def always(tenant: Simulated) -> Iterator[str]:
    """Faults that no moment may show."""
    world = tenant.world
    for document in tenant.documents:
        if len(counterparts(world, document)) > 1:
            yield f"{document.kind} {document.number} has {len(counterparts(world, document))} counterparts"
    for record_type in MASTER.values():
        ids = Counter(next((v for k, v in r.items() if k.endswith("zuoraid")), None) for r in world.in_netsuite(record_type))
        yield from (f"{record_type} {i} is there {n} times" for i, n in ids.items() if i and n > 1)
    for kind in TYPES:
        for row in world.zuora.dump().get(kind, ()):
            status = str(row.get("IntegrationStatus__NS") or "")
            if status not in STATUSES and not status.startswith(BEGINNINGS):
                yield f"{kind} {row['Id']} has the status {status!r}"
            if status == "Sync Complete" and not row.get("IntegrationId__NS"):
                yield f"{kind} {row['Id']} is complete and has no Integration ID"
    limit = 6
    if world.netsuite_control.stats()["in_flight_max"] > limit:
        yield f"more than {limit} calls were in flight at once"
    yield from _of_money(tenant)


def _of_money(tenant: Simulated) -> Iterator[str]:
    """A document that is complete is in NetSuite as it was sent, unless a person has touched it."""
    for document in tenant.documents:
        row = tenant.world.in_zuora(document.kind, zid(document.number))
        if document.touched or row.get("IntegrationStatus__NS") != "Sync Complete":
            continue
        there = counterparts(tenant.world, document)
        if not there:
            yield f"{document.kind} {document.number} is complete and NetSuite has nothing of it"
            continue
        amount = Decimal(str(there[0].get("payment" if document.kind == "Payment" else "total", 0)))
        if amount != document.amount:
            yield f"{document.kind} {document.number} is {document.amount} and NetSuite holds {amount}"
        if str(there[0]["id"]) != str(row.get("IntegrationId__NS")):
            yield f"{document.kind} {document.number} names {row.get('IntegrationId__NS')}, its counterpart is {there[0]['id']}"


def finally_(tenant: Simulated) -> Iterator[str]:
    """Faults in the end: a few runs that nothing disturbs bring everything over, say so, and a further one writes nothing."""
    output: dict[str, Any] = {}
    for _ in range(SETTLING_RUNS):
        output = tenant.run()
        if output.get("outcome") in GREEN and not any(True for _ in _not_done(tenant)):
            break
    yield from always(tenant)
    yield from _not_done(tenant)
    if not any(d.touched for d in tenant.documents):
        if output.get("outcome") not in GREEN or not output.get("tiedOut"):
            yield f"the last run is {output.get('outcome')!r}, tied out: {output.get('tiedOut')}"
        yield from _sums(tenant)
    before = writes(tenant.world)
    again = tenant.run()
    if writes(tenant.world) != before:
        yield f"a run with nothing to do writes: {before} -> {writes(tenant.world)} ({again.get('outcome')})"


def _not_done(tenant: Simulated) -> Iterator[str]:
    """Documents that are neither complete nor held by name."""
    items = tenant.world.memory.tables["STATUS_TABLE"].items
    for document in tenant.documents:
        row = tenant.world.in_zuora(document.kind, zid(document.number))
        if row.get("IntegrationStatus__NS") == "Sync Complete" and row.get("TransferredToAccounting") == "Yes":
            continue
        item = items.get((f"zuora#{document.kind}#{zid(document.number)}",)) or {}
        if not (document.touched and item.get("state") in ("HELD", "REFUSED") and item.get("code")):
            yield f"{document.kind} {document.number} is {row.get('IntegrationStatus__NS')!r}, the ledger says {item.get('state')}"


def _sums(tenant: Simulated) -> Iterator[str]:
    """By currency, what NetSuite holds is what the tenant has made."""
    for kind, record_type in TYPES.items():
        made, there = Counter[str](), Counter[str]()
        for document in tenant.documents:
            if document.kind == kind:
                made[ACCOUNTS[document.account]] += int(document.amount * 100)
                for record in counterparts(tenant.world, document):
                    amount = record.get("payment" if kind == "Payment" else "total", 0)
                    there[str(record["currency"].get("refName", record["currency"]))] += int(Decimal(str(amount)) * 100)
        if sum(made.values()) != sum(there.values()) or len(made) != len(there):
            yield f"{record_type}: {dict(made)} was made, NetSuite holds {dict(there)}"
