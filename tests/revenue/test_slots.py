"""The account's slots in a run of the revenue connector: it waits for its turn as long as it takes, and fails nothing by it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tallybridge.revenue.connecting import PATIENCE
from tallybridge.sync.sharing import LEASE_SECONDS
from tallybridge.sync.slots import TURN_SECONDS, SharedSlots
from tests.revenue.world import RevenueWorld, invoice, order

TOO_MANY: dict[str, dict[str, Any]] = {
    "429": {"status": 429, "body": {"o:errorDetails": [{"o:errorCode": "CONCURRENCY_LIMIT_EXCEEDED", "detail": "x"}]}},
    "400": {"status": 400, "body": {"o:errorDetails": [{"o:errorCode": "SSS_REQUEST_LIMIT_EXCEEDED", "detail": "x"}]}},
}


def load(world: RevenueWorld) -> None:
    world.load_rows(orders=[order(n) for n in range(1, 4)], invoices=[invoice(1)])


def take_all(world: RevenueWorld) -> None:
    """Workers of the billing sync hold every slot, and die."""
    runs: Any = world.memory.runs
    dead = SharedSlots(runs, world.account.account, 5, "billing", world.clock)
    assert len(dead._lease(5)) == 5


def test_slots_of_workers_that_died_are_waited_for_in_rounds(world: RevenueWorld) -> None:
    load(world)
    take_all(world)
    begun = world.clock.now()
    assert world.run("patient")["outcome"] == "SUCCESS"
    assert world.passed.count("AuthenticateNetSuite") == 1 + LEASE_SECONDS // TURN_SECONDS
    assert LEASE_SECONDS - 1 <= (world.clock.now() - begun).total_seconds() <= LEASE_SECONDS + 60


def test_also_in_the_midst_of_reading(world: RevenueWorld) -> None:
    load(world)
    machine = world.machine()
    prepare = machine.functions["RevenuePrepareFunctionArn"]
    reads = 0

    def held_up(event: dict[str, Any]) -> dict[str, Any]:
        nonlocal reads
        if event["task"] == "read":
            reads += 1
            if reads == 1:
                take_all(world)
        return prepare(event)

    machine.functions = {**machine.functions, "RevenuePrepareFunctionArn": held_up}
    assert machine.run("patient", {"trigger": "manual", "instance": "Daily"})["outcome"] == "SUCCESS"
    assert reads == 1 + LEASE_SECONDS // TURN_SECONDS + 1
    assert world.staged() == ["SO1-1", "SO2-1", "SO3-1", "INV1-1"]


@pytest.mark.parametrize("status", TOO_MANY)
def test_an_account_that_refuses_every_call_for_an_hour_is_outlasted_without_a_storm(world: RevenueWorld, status: str) -> None:
    load(world)
    begun, world.netsuite_control.now = world.clock.now(), lambda: world.clock.now().timestamp()
    world.faults("netsuite", {"path": "^/services/rest/", "for_s": 3_600, **TOO_MANY[status]})
    assert world.run("patient")["outcome"] == "SUCCESS"
    assert 3_600 <= (world.clock.now() - begun).total_seconds() <= 3_600 + 120
    (rule,) = world.netsuite_control.faults
    assert 50 <= rule.used <= 70


def test_an_account_that_refuses_every_call_for_hours_is_told(world: RevenueWorld) -> None:
    load(world)
    world.faults("netsuite", {"path": "^/services/rest/", **TOO_MANY["429"]})
    begun = world.clock.now()
    output = world.run("too-long")
    assert output["outcome"] == "FAILED"
    assert world.codes("too-long") == {"NS_UNREACHABLE"}
    assert PATIENCE < world.clock.now() - begun < PATIENCE + timedelta(minutes=10)
