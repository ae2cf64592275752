"""What the tests of NetSuite credit memos share: credit memos as people enter them, negative invoices that were synced, and what became of
them in Zuora.

    memos(world, ns_memo("CM1", 40, {"INV1": 40}))
    go(world)
    assert adjustments(world)[0]["Amount"] == 40
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from decimal import Decimal
from typing import Any

from tests.sync.builders import Objects, merged, zid
from tests.sync.memory import MemoryWorld
from tests.sync.payment_world import CUSTOMERS, ns_invoice, zuora_invoice
from tests.sync.reverse_world import DOCUMENTS, ns, ready, run

MEMOS = "netsuite_credit_memos"
ON_ITEMS: dict[str, Any] = {"credit_memo_target": "InvoiceItemAdjustment"}
IDS, TYPE = "custbodyzuoraadjustmentids", "custbodyzuoratype"
NEGATIVE = ("NEG1", "7601", 70)
"""A Zuora invoice of A1 of -70 and its NetSuite credit memo."""
CHARGED = "7700"
"""The NetSuite invoice of a charge adjustment that was made in Zuora on the negative invoice."""
LINES = {"INV4": ("7004", (60, 30), (6, 4)), "INV5": ("7005", (20,), ())}
"""Synced invoices of A1 with several lines: internal id, items, taxes."""
CREATING, ERROR, DONE = "Creating Invoice Adjustment", "Error Creating Invoice Adjustment", "Sync Complete"


def with_lines(number: str) -> tuple[Objects, Objects]:
    """(Zuora, NetSuite): one of the invoices of several lines."""
    internal_id, items, taxes = LINES[number]
    total = sum(items) + sum(taxes)
    zuora = zuora_invoice(number, "A1", total, internal_id)
    zuora["InvoiceItem"] = items_of(number, items)
    zuora["TaxationItem"] = [
        {
            "Id": zid(f"{number} tax {n}"),
            "InvoiceItemId": zid(f"{number} item {n}"),
            "Name": f"Tax {n}",
            "TaxAmount": amount,
            **row(number, n),
        }
        for n, amount in enumerate(taxes, start=1)
    ]
    return zuora, {"invoice": [ns_invoice(internal_id, CUSTOMERS["A1"], total, zid(number))]}


def items_of(number: str, amounts: Iterable[float]) -> list[dict[str, Any]]:
    """The items of an invoice, each made a second after the one before."""
    return [
        {"Id": zid(f"{number} item {n}"), "ChargeName": f"Charge {n}", "ChargeAmount": amount, **row(number, n)}
        for n, amount in enumerate(amounts, start=1)
    ]


def row(number: str, second: int) -> dict[str, Any]:
    return {"InvoiceId": zid(number), "CreatedDate": f"2026-10-01T00:00:{second:02d}.000+00:00"}


def ns_memo(number: str, amount: float, applied: Mapping[str, float], owner: str = "A1", **fields: Any) -> Objects:
    """A credit memo; `applied` = amount by document name (INV1, FOREIGN ...) or internal id. Fields that are None are left out."""
    lines = [{"doc": {"id": document(name)}, "apply": True, "amount": value} for name, value in applied.items()]
    record = {
        "tranId": number,
        "entity": {"id": CUSTOMERS.get(owner, owner)},
        "tranDate": "2026-10-20",
        "memo": "Goodwill",
        "autoApply": False,
        "item": {"items": [{"item": {"id": "501"}, "amount": amount}]},
        **({"apply": {"items": lines}} if lines else {}),
        **fields,
    }
    return {"creditMemo": [{k: v for k, v in record.items() if v is not None}]}


def document(name: str) -> str:
    return DOCUMENTS.get(name) or (LINES[name][0] if name in LINES else name)


def negative(applied: Mapping[str, float], *, items: tuple[float, ...] = (-70,), **fields: Any) -> tuple[Objects, Objects]:
    """(Zuora, NetSuite): the negative invoice and its credit memo, which is applied to these documents."""
    number, internal_id, amount = NEGATIVE
    zuora = zuora_invoice(number, "A1", -amount, internal_id)
    zuora["InvoiceItem"] = items_of(number, items)
    known = {"id": internal_id, "custbodyzuoraid": zid(number), TYPE: "NEGATIVE_INVOICE", "memo": "Closed"}
    return zuora, ns_memo(number, amount, applied, **{**known, **fields})


def charged_in_zuora(amount: float) -> tuple[Objects, Objects]:
    """(Zuora, NetSuite): a charge adjustment on the negative invoice, and the NetSuite invoice that it became."""
    made = {
        "Id": zid("charged"),
        "InvoiceId": zid("NEG1"),
        "SourceId": zid("NEG1 item 1"),
        "SourceType": "InvoiceDetail",
        "Type": "Charge",
        "Amount": amount,
        "AdjustmentDate": "2026-10-10",
        "IntegrationId__NS": CHARGED,
        "IntegrationStatus__NS": DONE,
        "TransferredToAccounting": "Yes",
    }
    return {"InvoiceItemAdjustment": [made]}, {
        "invoice": [ns_invoice(CHARGED, CUSTOMERS["A1"], amount, zid("charged"), kind="INVOICE_ITEM_ADJUSTMENT")]
    }


def memos(world: MemoryWorld, *netsuite: Objects, zuora: Objects | None = None, **settings: Any) -> MemoryWorld:
    """The world anew with the usual parents, the invoices of several lines, and these objects."""
    lines = [with_lines(number) for number in LINES]
    return ready(world, *(n for _, n in lines), *netsuite, zuora=merged(*(z for z, _ in lines), zuora or {}), **settings)


def closing(world: MemoryWorld, applied: Mapping[str, float], *, charged: float = 0, **how: Any) -> MemoryWorld:
    """The world with the negative invoice and its memo applied to these documents; `charged`: by a charge adjustment made in Zuora."""
    settings = {k: how.pop(k) for k in list(how) if k in ("credit_memo_target", "notify_on_success")}
    zuora, netsuite = negative(applied, **how)
    by_charge, its_invoice = charged_in_zuora(charged) if charged else ({}, {})
    return memos(world, its_invoice, netsuite, zuora=merged(zuora, by_charge), **settings)


def go(world: MemoryWorld, **how: Any) -> dict[str, Any]:
    """One run of the step."""
    return run(world, MEMOS, **how)


def memo(world: MemoryWorld, number: str = "CM1") -> dict[str, Any]:
    return ns(world, "creditMemo", number)


def adjustments(world: MemoryWorld, kind: str = "InvoiceAdjustment") -> list[dict[str, Any]]:
    """The processed adjustments that came from NetSuite, by Integration ID, charges first."""
    dump = world.zuora.dump().get(kind, [])
    found = [r for r in dump if r["Status"] == "Processed" and r.get("IntegrationId__NS") not in (None, CHARGED)]
    return sorted(found, key=lambda r: (r["Type"] != "Charge", len(r["IntegrationId__NS"]), r["IntegrationId__NS"]))


def brief(world: MemoryWorld, kind: str = "InvoiceAdjustment") -> list[tuple[str, str, Any]]:
    """(Integration ID without the memo's own id, type and document, amount) of all adjustments."""
    names = {zid(n): n for n in (*DOCUMENTS, *LINES, NEGATIVE[0])}
    ids = {str(m["id"]) for m in world.in_netsuite("creditMemo")}
    rows = []
    for row in adjustments(world, kind):
        key, _, rest = row["IntegrationId__NS"].partition("_")
        assert key in ids
        rows.append((rest, f"{row['Type']} {names[row['InvoiceId']]}", Decimal(str(row["Amount"]))))
    return rows


@contextmanager
def tenant(world: MemoryWorld, **options: Any) -> Iterator[MemoryWorld]:
    """A tenant with other features; `memos` or another reset puts them into force."""
    before = world.zuora.options
    world.zuora.options = dataclasses.replace(before, **options)
    try:
        yield world
    finally:
        world.zuora.options = before
        world.reset()
