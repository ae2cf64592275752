"""What must always hold, and what must hold in the end, when nothing disturbs any more."""

from __future__ import annotations

import gzip
import json
import re
from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from tests.simulation.outside import period_opens
from tests.simulation.script import ACCOUNTS
from tests.simulation.tenant import TYPES, Sight, Simulated, writes
from tests.sync.builders import zid

SLOTS = 6
"""The most that the settings ever allow."""
DONE = "Sync Complete"
UNDER_WAY = re.compile(r"(Creating|Updating|Linking) ")
REFUSED = re.compile(r"Error (Creating|Updating|Linking) ")
SHAPES = ("", DONE)
MASTER = {"Account": "customer", "ProductRatePlanCharge": "serviceSaleItem"}
SETTLING_RUNS = 6
GREEN = ("completed", "completed with warnings")


def always(tenant: Simulated) -> Iterator[str]:
    """Faults that no moment may show."""
    sight = tenant.sight()
    yield from one_counterpart(tenant, sight)
    yield from allowed_edges(tenant)
    yield from whole_statuses(tenant, sight)
    yield from slots(tenant)
    yield from money(tenant, sight)


def one_counterpart(tenant: Simulated, sight: Sight) -> Iterator[str]:
    for document in tenant.documents:
        if len(found := sight.counterparts(document)) > 1:
            yield f"{document.kind} {document.number} has {len(found)} counterparts"
    for record_type in MASTER.values():
        yield from (f"{record_type} {i} is there {len(n)} times" for i, n in sight.of_type(record_type).items() if len(n) > 1)


def allowed_edges(tenant: Simulated) -> Iterator[str]:
    """Every status that was written: nothing is undone, and refused is only what was under way, or differs by what a person did."""
    touched = {d.id for d in tenant.documents if d.touched}
    for kind, record_id, before, after in tenant.changes:
        fine = (
            (bool(UNDER_WAY.match(after)) and (before in SHAPES or UNDER_WAY.match(before) or REFUSED.match(before)))
            or after == DONE
            or (bool(REFUSED.match(after)) and (UNDER_WAY.match(before) or REFUSED.match(before) or record_id in touched))
        )
        if not fine:
            yield f"{kind} {record_id} went from {before!r} to {after!r}"


def whole_statuses(tenant: Simulated, sight: Sight) -> Iterator[str]:
    for kind in TYPES:
        for row in sight.rows(kind).values():
            status = str(row.get("IntegrationStatus__NS") or "")
            if status not in SHAPES and not UNDER_WAY.match(status) and not REFUSED.match(status):
                yield f"{kind} {row['Id']} has the status {status!r}"
            if status == DONE and not row.get("IntegrationId__NS"):
                yield f"{kind} {row['Id']} is complete and has no Integration ID"


def slots(tenant: Simulated) -> Iterator[str]:
    if tenant.world.netsuite_control.statistics.in_flight_max > SLOTS:
        yield f"more than {SLOTS} calls were in flight at once"


def money(tenant: Simulated, sight: Sight) -> Iterator[str]:
    """A document that is complete is on the other side as it was sent, unless a person has touched it."""
    for document in tenant.documents:
        if document.touched or sight.status(document) != DONE:
            continue
        there = sight.counterparts(document)
        if not there:
            yield f"{document.kind} {document.number} is complete and nothing of it is on the other side"
            continue
        held = sight.amount(document, there[0])
        if held != (ACCOUNTS[document.account], document.amount):
            yield f"{document.kind} {document.number} is {document.amount} {ACCOUNTS[document.account]}, the other side holds {held}"
        named, own = sight.names(document)
        if named != own:
            yield f"{document.kind} {document.number} names {named}, its counterpart is {own}"


def finally_(tenant: Simulated) -> Iterator[str]:
    """Faults in the end: a few runs that nothing disturbs bring everything over, say so, and a further one writes nothing."""
    output = tenant.run()
    yield from one_problem_each(tenant, output)
    if period_opens(tenant):
        output = tenant.run()
    for _ in range(SETTLING_RUNS):
        if output.get("outcome") in GREEN and not any(True for _ in not_done(tenant)):
            break
        output = tenant.run()
    yield from always(tenant)
    yield from not_done(tenant)
    yield from names(tenant)
    yield from drifts(tenant, output)
    if not any(d.touched for d in tenant.documents):
        if output.get("outcome") not in GREEN or not output.get("tiedOut"):
            yield f"the last run is {output.get('outcome')!r}, tied out: {output.get('tiedOut')}"
        yield from sums(tenant)
    before = writes(tenant.world)
    again = tenant.run()
    refused = any(REFUSED.match(tenant.sight().status(d)) for d in tenant.documents)  # those are tried again
    if writes(tenant.world) != before and not refused:
        yield f"a run with nothing to do writes: {before} -> {writes(tenant.world)} ({again.get('outcome')})"


def one_problem_each(tenant: Simulated, output: dict[str, Any]) -> Iterator[str]:
    """After a run that nothing disturbs, a document that is not done is told, each reason once and with a code, and one that is done is
    not."""
    if output.get("outcome") not in GREEN:
        return
    sight = tenant.sight()
    lines = [json.loads(line) for line in gzip.decompress(tenant.world.object(output["keys"]["log"])).splitlines()]
    told: dict[str, list[str]] = {}
    for line in lines:
        if line.get("code") and line.get("outcome"):
            told.setdefault(str(line.get("source_id")), []).append(f"{line['code']} {line.get('waits_for', '')}".strip())
    for document in tenant.documents:
        found = told.get(document.id, [])
        fine = not found if sight.is_done(document) else found and len(set(found)) == len(found)
        if not fine and not document.touched:
            yield f"{document.kind} {document.number} is {sight.status(document)!r} and told as {found}"


def not_done(tenant: Simulated) -> Iterator[str]:
    """Documents that are neither complete nor held by name: because a person has touched them, or another one that they wait for."""
    sight = tenant.sight()
    in_the_way = {d.number for d in tenant.documents if d.touched and not sight.is_done(d)}
    items = tenant.world.memory.tables["STATUS_TABLE"].items
    for document in tenant.documents:
        if document.undone or sight.is_done(document):
            continue
        key = f"netsuite#customerPayment#{document.id}" if document.in_netsuite else f"zuora#{document.kind}#{document.id}"
        item = items.get((key,)) or {}
        excused = document.touched or str(item.get("waits_for", "")).rpartition(" ")[2] in in_the_way
        if not (excused and item.get("state") in ("HELD", "REFUSED") and item.get("code")):
            yield f"{document.kind} {document.number} is {sight.status(document)!r}, the ledger says {item.get('state')} {item.get('code')}"


def names(tenant: Simulated) -> Iterator[str]:
    """A customer has the name that its account was given last."""
    customers = tenant.sight().of_type("customer")
    for number, name in tenant.names.items():
        held = [c.get("companyName") for c in customers.get(zid(number), [])]
        if held not in ([name], []):
            yield f"account {number} is called {name!r}, its customer {held}"


def drifts(tenant: Simulated, output: dict[str, Any]) -> Iterator[str]:
    """What a person did after the sync is told once by every run."""
    wanted = [d.number for d in tenant.documents if d.drifts]
    if wanted and "keys" in output:
        told = Counter(drift["number"] for drift in tenant.world.summary(output)["drift"])
        yield from (f"what a person did to {number} is told {told[number]} times" for number in wanted if told[number] != 1)


def sums(tenant: Simulated) -> Iterator[str]:
    """Currency by currency, what the other side holds is what the tenant has made."""
    sight = tenant.sight()
    for kind, record_type in TYPES.items():
        made: dict[str, Decimal] = {}
        there: dict[str, Decimal] = {}
        for document in tenant.documents:
            if document.kind == kind:
                currency = ACCOUNTS[document.account]
                made[currency] = made.get(currency, Decimal(0)) + document.amount
                for record in sight.counterparts(document):
                    held, amount = sight.amount(document, record)
                    there[held] = there.get(held, Decimal(0)) + amount
        if made != there:
            yield f"{record_type}: {_shown(made)} was made, the other side holds {_shown(there)}"


def _shown(amounts: dict[str, Decimal]) -> str:
    return ", ".join(f"{currency} {amount}" for currency, amount in sorted(amounts.items()))
