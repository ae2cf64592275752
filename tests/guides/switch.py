"""What Zuora's own migration to Invoice Settlement makes of a tenant, as far as the connector sees it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from tallybridge.errors import ConfigurationError
from tallybridge.tasks.open_run import open_run
from tallybridge.tasks.steps import STEPS
from tests.sync.builders import zid
from tests.sync.memory import MemoryWorld

Objects = dict[str, list[dict[str, Any]]]
REASON = "AR Mig - negative invoice"
DERIVED = {
    "Invoice": ("Balance", "PaymentAmount", "CreditMemoAmount", "AdjustmentAmount", "RefundAmount"),
    "Payment": ("UnappliedAmount",),
}
"""Amounts that the tenant works out from what is applied."""


def migrated(tenant: Objects, *, transferred: str = "") -> Objects:
    """The objects of a mode A tenant after the migration: payment parts in place of invoice payments, and a credit memo for each negative
    invoice. `transferred` is what a person has put into Transferred to Accounting of those memos since."""
    kept = {name: rows for name, rows in tenant.items() if name not in ("InvoicePayment", "RefundInvoicePayment")}
    applied = {row["Id"]: row for row in tenant.get("InvoicePayment", [])}
    kept["PaymentPart"] = [
        {"Id": row["Id"], "PaymentId": row["PaymentId"], "InvoiceId": row["InvoiceId"], "Amount": rest}
        for row in applied.values()
        if (rest := round(row["Amount"] - row.get("RefundAmount", 0), 2))
    ]
    kept["RefundPart"] = [
        {"Id": row["Id"], "RefundId": row["RefundId"], "PaymentId": applied[row["InvoicePaymentId"]]["PaymentId"],
         "RefundAmount": row["RefundAmount"]}
        for row in tenant.get("RefundInvoicePayment", [])
    ]  # fmt: skip
    negative = [i for i in tenant["Invoice"] if i["Amount"] < 0]
    kept["CreditMemo"] = [_memo(n, i, transferred) for n, i in enumerate(negative, 1)]
    kept["CreditMemoItem"] = [_item(m) for m in kept["CreditMemo"]]
    return {name: rows for name, rows in kept.items() if rows}


def _memo(n: int, invoice: dict[str, Any], transferred: str) -> dict[str, Any]:
    memo = {
        "Id": zid(f"migrated {invoice['Id']}"),
        "MemoNumber": f"CM-MIG-{n}",
        "AccountId": invoice["AccountId"],
        "MemoDate": "2026-11-01",
        "Status": "Posted",
        "TotalAmount": -invoice["Amount"],
        "ReasonCode": REASON,
        "TransferredToAccounting": transferred,
    }
    return {k: v for k, v in memo.items() if v != ""}


def _item(memo: dict[str, Any]) -> dict[str, Any]:
    known = {
        "Id": zid(f"item of {memo['Id']}"),
        "CreditMemoId": memo["Id"],
        "Amount": memo["TotalAmount"],
        "AmountWithoutTax": memo["TotalAmount"],
    }
    return {**known, "ChargeName": "Migration", "Quantity": 1, "ProcessingType": "Charge"}


def _bare(name: str, row: dict[str, Any]) -> dict[str, Any]:
    return {k: v for k, v in row.items() if k not in DERIVED.get(name, ())}


def switch(world: MemoryWorld, tenant: Objects, settlement: bool) -> None:
    """The tenant as it is after its feature was switched, with these objects."""
    world.zuora.options = replace(world.zuora.options, settlement=settlement)
    world.zuora.reset()
    world.load({name: [_bare(name, row) for row in rows] for name, rows in tenant.items()})


def run(world: MemoryWorld, **content: Any) -> dict[str, Any]:
    """One run with this execution input. Raises what `open_run` raises."""
    world.clock.advance(minutes=30)
    execution = f"arn:aws:states:eu-west-1:000000000000:execution:billing:guide-{next(world.counter):04d}"
    try:
        opened = open_run({"input": {"trigger": "manual", **content}, "execution": execution}, world.wiring())
    except ConfigurationError as refused:
        world.close(execution.rsplit(":", 1)[-1], {"Error": refused.code, "Cause": refused.message})
        raise
    for step in STEPS:
        if opened["steps"][step]:
            world.step(opened["runId"], step)
    return world.close(opened["runId"])
