"""What a plan says of the general ledger is what NetSuite then holds: account, accounting period and currency of every document that a run
after it makes, read from NetSuite's own records. That of the demo tenant is looked at by test_dry_run_forecast.py."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import pytest

from tallybridge.tasks.gl_effect import Effect
from tallybridge.tasks.plans import StepPlan
from tallybridge.tasks.steps import STEPS
from tests.sync.full_world import full_world
from tests.sync.memory import MemoryWorld
from tests.sync.world import unserved_world

Net = dict[tuple[str, str, str], Decimal]
"""Debits less credits by account, period and currency (the name that NetSuite gives it)."""
ITEMS = ("serviceSaleItem", "nonInventorySaleItem", "inventoryItem", "discountItem", "otherChargeSaleItem")
CHOSEN_BY_NETSUITE = "account of the payment method"
"""What a plan says of a refund by a payment method without an account of its own: which one it becomes is NetSuite's choice."""
SIGNS = {"invoice": 1, "creditMemo": -1, "customerPayment": 1, "customerRefund": -1}


@pytest.fixture(scope="module")
def memory(request: pytest.FixtureRequest) -> tuple[MemoryWorld, str]:
    return MemoryWorld.of(unserved_world(settlement=request.param == "B")), request.param


def held(world: MemoryWorld) -> Net:
    """What NetSuite's documents post, as they are now."""
    items = {str(row["id"]): row for kind in ITEMS for row in world.in_netsuite(kind)}
    sums: Net = {}

    def post(record: Mapping[str, Any], account: Mapping[str, Any], amount: Decimal) -> None:
        key = (account["refName"], record["postingPeriod"]["refName"], record["currency"]["refName"])
        sums[key] = sums.get(key, Decimal(0)) + amount

    for kind, sign in SIGNS.items():
        for record in world.in_netsuite(kind):
            total = Decimal(str(record.get("payment") or record["total"]))
            if kind in ("customerPayment", "customerRefund"):
                post(record, record["account"], sign * total)
                post(record, record["arAcct"], -sign * total)
                continue
            post(record, record["account"], sign * total)
            for line in record["item"]["items"]:
                item = items[str(line["item"]["id"])]
                deferred = item.get("deferredRevenueAccount") if line.get("revRecSchedule") else None
                post(record, deferred or item["incomeAccount"], -sign * Decimal(str(line["amount"])))
    return {key: amount for key, amount in sums.items() if amount}


def planned(world: MemoryWorld, run: str) -> Net:
    """What a plan says, under NetSuite's names."""
    effect, names = Effect(), {str(row["symbol"]): str(row["name"]) for row in world.in_netsuite("currency")}
    for step in STEPS:
        effect.merge(StepPlan.load(world.wiring().folder(run), step).sums.effect)
    assert effect.off() == {}
    assert {account for number, account, _, _ in effect.sums if not number} <= {CHOSEN_BY_NETSUITE}
    sums: Net = {}
    for (_, account, period, currency), (debit, credit, _) in effect.sums.items():
        named = "1050 Undeposited Funds" if account in ("Undeposited Funds", CHOSEN_BY_NETSUITE) else account
        key = (named, period, names[currency])
        sums[key] = sums.get(key, Decimal(0)) + debit - credit
    return {key: amount for key, amount in sums.items() if amount}


def came_true(world: MemoryWorld, run: str, before: Net) -> None:
    """Whether what NetSuite's documents post has changed from `before` by what the plan of a run says."""
    after = held(world)
    moved = {key: rest for key in {*before, *after} if (rest := after.get(key, Decimal(0)) - before.get(key, Decimal(0)))}
    assert planned(world, run) == moved
    assert moved


@pytest.mark.parametrize("memory", ["A", "B"], indirect=True)
def test_of_a_tenant_in_which_every_step_works(memory: tuple[MemoryWorld, str]) -> None:
    world, mode = memory
    full = full_world(mode)
    world.reset(default_subsidiary="Parent Company", **full.settings)
    world.load(full.first_zuora, full.first_netsuite)
    before, run = held(world), world.run(dry_run=True)["runId"]
    world.clock.advance(minutes=30)
    world.run(plan=run)
    came_true(world, run, before)
