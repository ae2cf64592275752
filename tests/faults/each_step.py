"""Tenants for one step at a time, and what the two systems hold in the end."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from sandbox.demo.bench_steps import CASES, bench_step
from tests.sync.memory import MemoryWorld

RECORDS = 2
STEPS: list[tuple[str, str]] = [(mode, step) for mode in ("A", "B") for step, (_, modes, _) in CASES.items() if mode in modes]
IN_JOBS = [(mode, step) for mode, step in STEPS if step in ("customers", "charges", "invoices", "debit_memos")]
IN_JOBS += [("A", "netsuite_refunds"), ("B", "netsuite_payments")]
"""Of those whose records, or marks, may go in batch requests: a customer, an item, documents, two kinds of marks. Others differ in nothing
that these do not have."""
ITEM_SECONDS = 1.2
ZUORA_FACTS = ("IntegrationStatus__NS", "TransferredToAccounting", "Origin__NS", "Status", "Type", "Amount", "TotalAmount", "Balance",
               "UnappliedAmount", "AppliedAmount", "RefundAmount", "ChargeAmount", "Comment", "Comments")  # fmt: skip
NETSUITE_FACTS = ("custbodyzuoraid", "custentityzuoraid", "custitemzuoraid", "custbodyzuoratype", "custbodyzuoraorigin",
                  "custbodyzuoraintegrationstatus", "custentityzuoraintegrationstatus", "total", "payment", "amountRemaining", "itemId",
                  "companyName")  # fmt: skip
TEMPORARY = "8ad08c8a00"
"""Ids that the stand-in gave: which record got which one is chance."""


def fill(world: MemoryWorld, mode: str, step: str, *, jobs: bool = False) -> None:
    """The world anew, with everything before the step done. `jobs`: records go in batch requests, which take NetSuite a while."""
    tenant = bench_step(step, RECORDS, mode)
    world.netsuite.options.async_item_s = ITEM_SECONDS if jobs else 0.0
    more = {"netsuite_batch_requests": "always"} if jobs else {}
    world.reset(default_subsidiary="Parent Company", **tenant.settings, **more)
    world.load(tenant.in_mode(mode), tenant.netsuite)
    world.load(netsuite=tenant.later_in(mode))


def picture(world: MemoryWorld) -> dict[str, list[Any]]:
    """What the two systems hold, without ids and times: facts of every record, and how much is applied where."""
    shown: dict[str, list[Any]] = {}
    for name, rows in world.zuora.dump().items():
        shown[f"zuora {name}"] = sorted(
            [f"{k}={_plain(row[k])}" for k in ZUORA_FACTS if row.get(k) not in (None, "")]
            + [f"{k} filled" for k in ("IntegrationId__NS", "SyncDate__NS") if row.get(k)]
            for row in rows
        )
    for name, rows in world.netsuite.dump().items():
        shown[f"netsuite {name}"] = sorted(
            [f"{k}={_plain(row[k])}" for k in NETSUITE_FACTS if row.get(k) not in (None, "")]
            + sorted(str(line.get("amount")) for line in (row.get("apply") or {}).get("items", []) if line.get("apply"))
            for row in rows
            if isinstance(row, dict)
        )
    return shown


def _plain(value: Any) -> str:
    text = str(Decimal(str(value)).normalize()) if isinstance(value, int | float | Decimal) else str(value)
    return "made here" if text.startswith(TEMPORARY) else text
