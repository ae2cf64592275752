"""What the tests of tenants without Invoice Settlement share: the world of the invoice tests with the feature off, negative invoices, and
invoices that exist on both sides with adjustments of them."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from tests.sync.builders import Objects, invoice, merged, zid
from tests.sync.invoice_world import CUSTOMERS, ITEMS, SYNCED, TAX_ITEM, TAXED, parents
from tests.sync.memory import MemoryWorld
from tests.sync.world import World

DONE = ("Sync Complete", "Yes")
OWN_FIELDS = ("Zuora Reference ID", "Zuora Adjustment Type")
ADJUSTED = {"INV1": ("invoice", "7001", 100.0), "INV2": ("invoice", "7002", 60.0), "NEG1": ("creditMemo", "7003", 80.0)}
"""Documents of account A1 on both sides: NetSuite record type, internal id, amount there."""


def negative(number: str, *amounts: float, taxes: list[float] | None = None, **fields: Any) -> Objects:
    """A negative invoice of account A1 whose lines are all for Gold."""
    if taxes:
        fields["tax_fields"] = {**TAXED["tax_fields"], **fields.get("tax_fields", {})}
    return invoice("A1", number, [("Gold", a) for a in amounts], sub="S1", taxes=taxes, **fields)


# -- adjustments ---------------------------------------------------------------------------------------------------------


def adjusted_documents() -> tuple[Objects, Objects]:
    """(Zuora, NetSuite): `ADJUSTED` and what they need; each has one item and a tax line of 5 beside it."""
    zuora, netsuite = parents()
    state: dict[str, Any] = {"TransferredToAccounting": "Yes", **SYNCED}
    for number, (kind, internal_id, amount) in ADJUSTED.items():
        sign = -1 if kind == "creditMemo" else 1
        taxes: dict[str, Any] = {"taxes": [sign * 5.0], "tax_fields": {"AccountingCode": TAX_ITEM}}
        lines = [("Gold", sign * (amount - 5))]
        zuora = merged(zuora, invoice("A1", number, lines, sub="S1", IntegrationId__NS=internal_id, **state, **taxes))
        head = {"id": internal_id, "externalId": zid(number), "custbodyzuoraid": zid(number), "tranDate": "2026-10-01", "tranId": number}
        line = {"item": {"id": ITEMS["Gold"]}, "amount": amount}
        record = {**head, "entity": {"id": CUSTOMERS["A1"]}, "item": {"items": [line]}}
        netsuite = merged(netsuite, {kind: [{**record, "autoApply": False} if kind == "creditMemo" else record]})
    return zuora, netsuite


def adjustment(number: str, document: str, amount: float, kind: str = "Credit", *, of_tax: bool = False, **fields: Any) -> Objects:
    """An adjustment of the first item, or of its tax, of a document."""
    source = f"{document} {'tax' if of_tax else 'item'} 1"
    head = {
        "Id": zid(number),
        "AdjustmentNumber": number,
        "InvoiceId": zid(document),
        "SourceType": "Tax" if of_tax else "InvoiceDetail",
        "SourceId": zid(source),
        "Type": kind,
        "Amount": amount,
        "AdjustmentDate": "2026-10-20",
        "Status": "Processed",
    }
    return {"InvoiceItemAdjustment": [{**head, **fields}]}


def own_fields() -> Objects:
    """The body fields that only adjustments have."""
    ids = {label: "custbody" + label.replace(" ", "").lower() for label in OWN_FIELDS}
    kinds = ["invoice", "creditMemo"]
    return {"customField": [{"scriptId": i, "label": label, "type": "text", "appliesTo": kinds} for label, i in ids.items()]}


def ready(world: MemoryWorld, *zuora: Objects, netsuite: Objects | None = None, **settings: Any) -> MemoryWorld:
    """The world anew with the adjusted documents, these objects beside them, and these settings."""
    world.reset(**settings)
    own_zuora, own_netsuite = adjusted_documents()
    world.load(netsuite=own_fields())
    world.load(merged(own_zuora, *zuora), merged(own_netsuite, netsuite or {}))
    world.clock.advance(minutes=1)
    return world


def run(world: MemoryWorld, *steps: str, **how: Any) -> dict[str, Any]:
    """One run, of adjustments if nothing else is said; answers its summary with the log's lines under "log"."""
    return world.reported(*(steps or ("adjustments",)), **how)


def messages(summary: dict[str, Any], number: str = "") -> list[tuple[str, str]]:
    """(code, message) of the log lines that carry a code, of one record if its number is given."""
    coded = [line for line in summary["log"] if line.get("code")]
    return [(line["code"], line["message"]) for line in coded if not number or line.get("source_number") == number]


def adjustment_in_zuora(world: World, number: str) -> dict[str, Any]:
    return next(a for a in world.zuora.dump()["InvoiceItemAdjustment"] if a["AdjustmentNumber"] == number)


def state_of(world: World, number: str) -> tuple[str | None, str | None]:
    """(Integration Status, Transferred to Accounting) of an adjustment."""
    record = adjustment_in_zuora(world, number)
    return record.get("IntegrationStatus__NS"), record.get("TransferredToAccounting")


def made(world: World, number: str, kind: str = "") -> list[dict[str, Any]]:
    """The NetSuite transactions that carry the Zuora ID of a record, of one type if it is given."""
    kinds = (kind,) if kind else ("invoice", "creditMemo")
    return [t for k in kinds for t in world.in_netsuite(k) if t.get("custbodyzuoraid") == zid(number)]


def only(world: World, number: str, kind: str) -> dict[str, Any]:
    """The one NetSuite transaction of a record, which must be of that type."""
    (found,) = made(world, number)
    assert found in world.in_netsuite(kind)
    return found


def document(world: World, internal_id: str) -> dict[str, Any]:
    """A NetSuite invoice or credit memo by its internal id."""
    return next(t for k in ("invoice", "creditMemo") for t in world.in_netsuite(k) if str(t["id"]) == internal_id)


def applied(record: dict[str, Any]) -> dict[str, Decimal]:
    """Applied amounts of a credit memo by NetSuite document id."""
    lines = (record.get("apply") or {}).get("items", [])
    return {str(line["doc"]["id"]): Decimal(str(line["amount"])) for line in lines if line.get("apply")}


def calls(world: World, system: str) -> int:
    """Calls to one of the systems since the count was cleared."""
    control = world.zuora_control if system == "zuora" else world.netsuite_control
    return int(control.stats()["total"])


def clear_counts(world: World) -> None:
    world.zuora_control.clear_stats()
    world.netsuite_control.clear_stats()
