"""The central promise: a run is in balance only if NetSuite, asked at its end, holds what was sent. A record that somebody changes or
deletes between its create and that moment makes the run out of balance, by name, though the run itself did everything right."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from tests.sync import invoice_world, payment_world
from tests.sync.builders import invoice, merged, payment, zid
from tests.sync.invoice_world import TAXED
from tests.sync.memory import MemoryWorld
from tests.sync.test_tie_out_identity import close_after, other_values


def record_of(world: MemoryWorld, record_type: str, number: str) -> dict[str, Any]:
    (found,) = [r for r in world.in_netsuite(record_type) if r.get("custbodyzuoraid") == zid(number)]
    return found


def deleted(world: MemoryWorld, record_type: str, number: str) -> None:
    """As a person deletes it in NetSuite's own screens."""
    world.netsuite.tenant.store.apply(("transaction", int(record_of(world, record_type, number)["id"])), None)


def raised(world: MemoryWorld, record_type: str, number: str) -> None:
    """One cent more than what was sent."""
    record = record_of(world, record_type, number)
    name = "payment" if record_type == "customerPayment" else "total"
    other_values(world, record, **{name: Decimal(str(record[name])) + Decimal("0.01")})


def two_invoices(world: MemoryWorld) -> tuple[str, str, str]:
    documents = merged(*(invoice("A1", name, [("Gold", 100.0)], sub="S1", **TAXED) for name in ("X1", "X2")))
    invoice_world.ready(world, documents)
    return "invoices", "invoice", "X1"


def two_payments(world: MemoryWorld) -> tuple[str, str, str]:
    payment_world.ready(world, *(payment("A1", name, 10.0, {"INV1": 10.0}) for name in ("P1", "P2")))
    return "payments", "customerPayment", "P1"


@pytest.mark.parametrize("world_of", [two_invoices, two_payments])
@pytest.mark.parametrize(("change", "count", "difference"), [(deleted, -1, None), (raised, 0, Decimal("0.01"))])
def test_a_record_that_changes_before_the_end_puts_the_run_out_of_balance(
    fast: MemoryWorld,
    world_of: Callable[[MemoryWorld], tuple[str, str, str]],
    change: Callable[[MemoryWorld, str, str], None],
    count: int,
    difference: Decimal | None,
) -> None:
    step, record_type, number = world_of(fast)
    output, summary = close_after(fast, lambda: change(fast, record_type, number), step)
    assert (output["outcome"], output["tiedOut"]) == ("out of balance", False)
    (total,) = summary.totals
    assert (total.synced.count, total.destination.count) == (2, 2 + count)
    assert total.difference == (difference if difference is not None else -total.synced.amount / 2)
    assert [off.number for off in total.off] == [number]


@pytest.mark.parametrize("world_of", [two_invoices, two_payments])
def test_a_record_that_nobody_touches_is_in_balance(fast: MemoryWorld, world_of: Callable[[MemoryWorld], tuple[str, str, str]]) -> None:
    step, _, _ = world_of(fast)
    output, summary = close_after(fast, lambda: None, step)
    assert (output["outcome"], output["tiedOut"]) == ("completed", True)
    assert [off.number for total in summary.totals for off in total.off] == []


@pytest.mark.parametrize(
    ("act", "outcome", "count"),
    [(lambda world, kind, number: None, "completed", 1), (deleted, "out of balance", 0)],
    ids=["untouched", "deleted"],
)
def test_a_record_that_was_there_already_is_asked_about_too(
    fast: MemoryWorld, act: Callable[[MemoryWorld, str, str], None], outcome: str, count: int
) -> None:
    """Its status was lost in Zuora: nothing is sent, it is found again, and must be there to the end like any other."""
    step, record_type, number = two_invoices(fast)
    fast.run(steps=[step])
    invoice_world.change(fast, "Invoice", number, IntegrationId__NS=None, IntegrationStatus__NS=None, TransferredToAccounting="No")
    output, summary = close_after(fast, lambda: act(fast, record_type, number), step)
    (total,) = summary.totals
    assert (output["outcome"], total.already.count, total.destination.count) == (outcome, 1, count)
