"""Tenants in which people have entered by hand on the other side what a step would make there."""

from __future__ import annotations

from typing import Any

from tallybridge.settings import DEFAULTS
from tallybridge.sync.instructions import Instruction, Instructions, Kind
from tallybridge.sync.ledger import Owner, State
from tests.faults.each_step import fill
from tests.sync.memory import MemoryWorld

ONE_OF_SEVERAL = {"netsuite_credit_memos", "sales_orders"}
"""Steps whose records are not linked by hand."""
MARKS = ("zuoraid", "zuoraintegrationstatus", "zuoratransferred", "zuorasyncdate", "zuoraorigin")
UNSYNCED = {"IntegrationId__NS": None, "IntegrationStatus__NS": None}


def entered_by_hand(world: MemoryWorld, mode: str, step: str) -> dict[str, dict[str, Any]]:
    """The world anew, with all records of a step on both sides, none of which names the other; no run knows of it. Answers by the ledger's
    key what belongs together."""
    fill(world, mode, step)
    assert world.run(steps=[step])["outcome"] == "completed"
    together = done(world, step)
    assert together
    for item in together.values():
        forgotten(world, item)
    world.memory.tables["STATUS_TABLE"].items.clear()
    world.clock.advance(days=1)
    return together


def links(world: MemoryWorld, step: str, together: dict[str, dict[str, Any]]) -> Instructions:
    """Somebody links them all."""
    wiring = world.wiring()
    queue = Instructions(wiring.ledger("", "desk"), wiring.clock)
    wanted = [
        Instruction(key, step, item["number"], Kind.LINK, "a person", "2026-11-02", target=item["destination_id"])
        for key, item in together.items()
    ]
    assert len(queue.give(wanted)) == len(together)
    return queue


def done(world: MemoryWorld, step: str) -> dict[str, dict[str, Any]]:
    """The ledger's items of what was synced, by key."""
    items = world.memory.tables["STATUS_TABLE"].items.values()
    return {item["id"]: dict(item) for item in items if item.get("state") == State.DONE and item.get("step") == step}


def forgotten(world: MemoryWorld, item: dict[str, Any]) -> None:
    """As if the record on the other side had been entered by hand: neither side names the other one."""
    system, kind, source_id = item["id"].split("#")
    there = item["destination_id"]
    zuora = (kind, source_id) if system == "zuora" else (of_zuora(world, there), there)
    netsuite = there if system == "zuora" else source_id
    store = world.zuora.tenant.store
    row = next(row for row in world.zuora.dump()[zuora[0]] if row["Id"] == zuora[1])
    with store.lock:
        store.update(zuora[0], zuora[1], {name: None for name in UNSYNCED if name in row} | blank(row))
    record_type, record = next(
        (name, row)
        for name, rows in world.netsuite.dump().items()
        for row in rows
        if str(row.get("id")) == netsuite and (name == kind or source_id in row.values())
    )
    body = {name: None for name in record if name.startswith("cust") and name.endswith(MARKS)}
    by_hand(world, record_type, netsuite, body | ({"externalId": f"hand-{netsuite}"} if system == "zuora" else {}))


def blank(row: dict[str, Any]) -> dict[str, Any]:
    return {"TransferredToAccounting": "No"} if row.get("TransferredToAccounting") else {}


def of_zuora(world: MemoryWorld, zuora_id: str) -> str:
    return next(kind for kind, rows in world.zuora.dump().items() for row in rows if row.get("Id") == zuora_id)


def by_hand(world: MemoryWorld, record_type: str, internal_id: str, body: dict[str, Any]) -> None:
    world.wiring().netsuite(DEFAULTS, Owner("person", "by hand/", "person")).update(record_type, internal_id, body)


def counted(world: MemoryWorld) -> dict[str, int]:
    dumps = {"zuora": world.zuora.dump(), "netsuite": world.netsuite.dump()}
    return {f"{system} {kind}": len(rows) for system, dump in dumps.items() for kind, rows in dump.items()}


def paired(world: MemoryWorld, item: dict[str, Any]) -> bool:
    """Whether the two sides of a record name each other, and Zuora says that it is synced."""
    system, kind, source_id = item["id"].split("#")
    there = item["destination_id"]
    if system == "netsuite":
        row = next(row for row in world.zuora.dump()[of_zuora(world, there)] if row["Id"] == there)
        return bool(row.get("IntegrationId__NS") == source_id)
    row = next(row for row in world.zuora.dump()[kind] if row["Id"] == source_id)
    records = [record for rows in world.netsuite.dump().values() for record in rows if str(record.get("id")) == there]
    named = any(value == source_id for record in records for name, value in record.items() if name.endswith("zuoraid"))
    return named and (row.get("IntegrationId__NS"), row.get("IntegrationStatus__NS")) == (there, "Sync Complete")
