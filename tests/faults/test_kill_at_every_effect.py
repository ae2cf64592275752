"""Kill the worker before and after each effect of a whole run, run again, and find: exactly one NetSuite record per Zuora record, statuses
final, totals tied out. Every n-th effect in the default suite; all of them with KILL_EVERY=1 (`make faults`)."""

from __future__ import annotations

import os
from collections import Counter
from typing import Any

import pytest
from tallybridge import wiring

from tests.faults.killing import KillableWiring, Killer, KillingObserver, WorkerKilled
from tests.sync.builders import account, charge, invoice, merged, payment, subscription
from tests.sync.world import World

EVERY = int(os.environ.get("KILL_EVERY", "9"))
EXPECTED = {"customer": 2, "serviceSaleItem": 2, "invoice": 3, "customerPayment": 2}
SOURCES = {"Account": 2, "ProductRatePlanCharge": 2, "Invoice": 3, "Payment": 2}
TRANSFERRED = ("Invoice", "Payment")
MAX_RUNS = 3


def fill(world: World) -> None:
    world.load(
        merged(
            account("A1"),
            account("A2", ParentId=None),
            charge("Gold"),
            charge("Silver"),
            subscription("A1", "S1", "Gold", "Silver"),
            subscription("A2", "S2", "Silver"),
            invoice("A1", "INV1", [("Gold", 100.0), ("Silver", -10.5)], sub="S1"),
            invoice("A1", "INV2", [("Gold", 33.33)], sub="S1"),
            invoice("A2", "INV3", [("Silver", 12.0)], sub="S2"),
            payment("A1", "P1", 100.0, {"INV1": 60.0, "INV2": 33.33}),
            payment("A2", "P2", 12.0, {"INV3": 12.0}),
        )
    )


def effects_of_a_run(world: World) -> list[str]:
    KillingObserver.killer = Killer()
    fill(world)
    world.run()
    return KillingObserver.killer.names


def die_and_recover(world: World, killer: Killer) -> dict[str, Any]:
    """One run that dies, then runs until one is green; the last one's output."""
    KillingObserver.killer = killer
    fill(world)
    with pytest.raises(WorkerKilled):
        world.run()
    killer.revive()
    wiring.forget_clients()
    output: dict[str, Any] = {}
    for _ in range(MAX_RUNS):
        world.clock.advance(minutes=30)
        output = world.run()
        if output.get("outcome") == "completed":
            break
    return output


def check(world: World, output: dict[str, Any], where: str) -> None:
    assert (output.get("outcome"), output.get("tiedOut")) == ("completed", True), where
    for record_type, number in EXPECTED.items():
        records = world.in_netsuite(record_type)
        ids = Counter(next(v for k, v in r.items() if k.endswith("zuoraid")) for r in records)
        assert len(records) == number, (where, record_type)
        assert max(ids.values()) == 1, (where, record_type)
    for source, number in SOURCES.items():
        objects = world.zuora.dump()[source]
        assert len(objects) == number
        for record in objects:
            assert record.get("IntegrationStatus__NS") == "Sync Complete", (where, source)
            assert record.get("IntegrationId__NS"), (where, source)
            if source in TRANSFERRED:
                assert record.get("TransferredToAccounting") == "Yes", (where, source)


@pytest.fixture
def killable(world: World) -> World:
    world.wiring_class = KillableWiring
    wiring.forget_clients()
    return world


@pytest.mark.parametrize("moment", ["before", "after"])
def test_a_killed_run_is_completed_by_the_next_without_doubling_anything(
    killable: World, moment: str, capsys: pytest.CaptureFixture[str]
) -> None:
    number = len(effects_of_a_run(killable))
    cases = range(1, number + 1, EVERY)
    for at in cases:
        killable.reset()
        killer = Killer(at, moment)
        output = die_and_recover(killable, killer)
        check(killable, output, f"effect {at} of {number}, {killer.where}")
    with capsys.disabled():
        print(f"\nkilled {moment} {len(cases)} of {number} effects, all recovered")
