"""What the refund tests share, in both modes: payments that exist on both sides and their refunds, said once as what was applied and what
was refunded, and written as each kind of tenant has it.

    ready(world, refunds={"R1": {"P1": {"INV1": 60}}})       # P1 paid INV1 with 100; 60 of it were refunded
    summary = run(world)
    assert refund_lines(world, "R1") == {"8001": 60}
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from tests.sync import payment_world
from tests.sync.builders import Objects, merged, zid
from tests.sync.memory import MemoryWorld
from tests.sync.payment_world import CUSTOMERS, INVOICES, SYNCED

DONE = ("Sync Complete", "Yes")
UPDATING, CREATING = ("Updating Payment", "Processing"), ("Creating Refund", "Processing")
ONLY = ("refunds",)
Applied = Mapping[str, float]
PAID: dict[str, tuple[str, str, float, Applied]] = {
    "P1": ("8001", "A1", 100, {"INV1": 100}),
    "P2": ("8002", "A1", 50, {"INV2": 50}),
    "P3": ("8003", "A2", 80, {"INV3": 80}),
}
"""Payments on both sides: NetSuite id, account, amount, what they were applied to by invoice number."""


def objects(
    settlement: bool,
    refunds: Mapping[str, Mapping[str, Applied]],
    paid: Mapping[str, tuple[str, str, float, Applied]],
    fields: Mapping[str, Mapping[str, Any]],
) -> tuple[Objects, Objects]:
    """(Zuora, NetSuite). `refunds`: amounts by payment and invoice; `fields` beside the usual ones, by number of refund or payment."""
    zuora: Objects = {"PaymentMethod": [{"Id": zid("check"), "Type": "Check"}]}
    netsuite: Objects = {"customerPayment": []}
    for number, (internal_id, owner, amount, applied) in paid.items():
        back = {i: sum(r.get(number, {}).get(i, 0) for r in refunds.values()) for i in applied}
        zuora = merged(zuora, _payment(settlement, number, internal_id, owner, amount, applied, back, fields.get(number, {})))
        if internal_id:
            netsuite["customerPayment"].append(_in_netsuite(number, internal_id, owner, amount, applied))
    for number, parts in refunds.items():
        zuora = merged(zuora, _refund(settlement, number, paid, parts, fields.get(number, {})))
    return zuora, netsuite


def _payment(
    settlement: bool, number: str, internal_id: str, owner: str, amount: float, applied: Applied, back: Applied, fields: Mapping[str, Any]
) -> Objects:
    state = {"IntegrationId__NS": internal_id, "TransferredToAccounting": "Yes", **SYNCED} if internal_id else {}
    head = {"Id": zid(number), "PaymentNumber": number, "AccountId": zid(owner), "Amount": amount, "EffectiveDate": "2026-10-15"}
    head |= {"PaymentMethodId": zid("check"), "Status": "Processed", "Type": "External", **state, **fields}
    if not settlement:
        rows = [_row(number, invoice, value) for invoice, value in applied.items()]
        return {"Payment": [head], "InvoicePayment": rows}
    still = {invoice: value - back[invoice] for invoice, value in applied.items()}
    parts = [{**_row(number, invoice, value), "Id": zid(f"{number} part {invoice}")} for invoice, value in still.items() if value]
    rest = amount - sum(applied.values())
    parts += [{"Id": zid(f"{number} rest"), "PaymentId": zid(number), "Amount": rest}] if rest else []
    sums = {"AppliedAmount": sum(still.values()), "UnappliedAmount": rest}
    return {"Payment": [{**head, **sums}], "PaymentPart": parts}


def _row(payment: str, invoice: str, amount: float) -> dict[str, Any]:
    return {"Id": zid(f"{payment} on {invoice}"), "PaymentId": zid(payment), "InvoiceId": zid(invoice), "Amount": amount}


def _refund(
    settlement: bool,
    number: str,
    paid: Mapping[str, tuple[str, str, float, Applied]],
    parts: Mapping[str, Applied],
    fields: Mapping[str, Any],
) -> Objects:
    owner = next((paid[p][1] for p in parts), "A1")
    head: dict[str, Any] = {"Id": zid(number), "RefundNumber": number, "AccountId": zid(owner), "Type": "External", "SourceType": "Payment"}
    head |= {"Amount": sum(sum(p.values()) for p in parts.values()) or 10, "RefundDate": "2026-10-20", "MethodType": "Check"}
    head |= {"Status": "Processed", **fields}
    head = {k: v for k, v in head.items() if v is not None}
    if settlement:
        rows = [
            {"Id": zid(f"{number} of {p}"), "RefundId": zid(number), "PaymentId": zid(p), "RefundAmount": sum(by_invoice.values())}
            for p, by_invoice in parts.items()
        ]
        return {"Refund": [head], "RefundPart": rows}
    rows = [
        {
            "Id": zid(f"{number} of {p} {invoice}"),
            "RefundId": zid(number),
            "InvoicePaymentId": zid(f"{p} on {invoice}"),
            "InvoiceId": zid(invoice),
            "RefundAmount": amount,
        }
        for p, by_invoice in parts.items()
        for invoice, amount in by_invoice.items()
    ]
    return {"Refund": [head], "RefundInvoicePayment": rows}


def _in_netsuite(number: str, internal_id: str, owner: str, amount: float, applied: Applied) -> dict[str, Any]:
    lines = [{"doc": {"id": INVOICES[i][1]}, "apply": True, "amount": value} for i, value in applied.items() if i in INVOICES]
    head = {"id": internal_id, "customer": {"id": CUSTOMERS[owner]}, "payment": amount, "tranDate": "2026-10-15", "memo": "as it was"}
    own = {"custbodyzuoraid": zid(number), "autoApply": False}
    return {**head, **own, "apply": {"items": lines}} if lines else {**head, **own}


# -- the world -----------------------------------------------------------------------------------------------------------


def ready(
    world: MemoryWorld,
    *more: Objects,
    refunds: Mapping[str, Mapping[str, Applied]] | None = None,
    paid: Mapping[str, tuple[str, str, float, Applied]] | None = None,
    fields: Mapping[str, Mapping[str, Any]] | None = None,
    netsuite: Objects | None = None,
    **settings: Any,
) -> MemoryWorld:
    """The world anew with `PAID`, or the payments given, and these refunds; R1 of 60 of P1 if none are given."""
    given = {"R1": {"P1": {"INV1": 60}}} if refunds is None else refunds
    zuora, own = objects(world.zuora.options.settlement, given, PAID if paid is None else paid, fields or {})
    payment_world.ready(world, zuora, *more, netsuite=netsuite, **settings)
    world.load(netsuite=own)
    return world


def run(world: MemoryWorld, **how: Any) -> dict[str, Any]:
    """One run of refunds; its summary with the log."""
    return payment_world.run(world, **{"steps": ONLY, **how})


def zuora_refund(world: MemoryWorld, number: str) -> dict[str, Any]:
    return next(r for r in world.zuora.dump()["Refund"] if r["Id"] == zid(number))


def state_of(world: MemoryWorld, number: str = "R1") -> tuple[str | None, str | None]:
    """(Integration Status, Transferred to Accounting) of a Zuora refund."""
    record = zuora_refund(world, number)
    return record.get("IntegrationStatus__NS"), record.get("TransferredToAccounting")


def ns_refund(world: MemoryWorld, number: str = "R1") -> dict[str, Any] | None:
    """The one NetSuite refund of a Zuora refund; None when there is none."""
    found = [r for r in world.in_netsuite("customerRefund") if r.get("custbodyzuoraid") == zid(number)]
    assert len(found) < 2, found
    return {**found[0], "id": str(found[0]["id"])} if found else None


def made(world: MemoryWorld, number: str = "R1") -> dict[str, Any]:
    """The NetSuite refund, which must be there."""
    found = ns_refund(world, number)
    assert found is not None, f"no NetSuite refund of {number}"
    return found


def refund_lines(world: MemoryWorld, number: str = "R1") -> Any:
    """What a NetSuite refund is applied to: Decimal by NetSuite payment."""
    return lines_of(ns_refund(world, number))


def ns_payment(world: MemoryWorld, internal_id: str) -> dict[str, Any]:
    return next(p for p in world.in_netsuite("customerPayment") if str(p["id"]) == internal_id)


def applied(world: MemoryWorld, internal_id: str = "8001") -> Any:
    """What a NetSuite payment is applied to: Decimal by document."""
    return lines_of(ns_payment(world, internal_id))


def lines_of(record: Mapping[str, Any] | None) -> dict[str, Decimal]:
    """What a NetSuite record is applied to: Decimal by document."""
    lines = ((record or {}).get("apply") or {}).get("items", [])
    return {str(line["doc"]["id"]): Decimal(str(line["amount"])) for line in lines if line.get("apply")}


def change(world: MemoryWorld, kind: str, number: str, **fields: Any) -> None:
    """What a person does to a Zuora object: set fields, or clear them with None."""
    store = world.zuora.tenant.store
    with store.lock:
        store.update(kind, zid(number), fields)
    world.clock.advance(minutes=5)


def delete_in_netsuite(world: MemoryWorld, internal_id: str) -> None:
    """A person deletes a NetSuite transaction."""
    world.netsuite.tenant.store.apply(("transaction", int(internal_id)), None)
    world.clock.advance(minutes=5)
