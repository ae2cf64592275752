"""Kill the worker before and after each effect of a whole run, and find in the end: exactly one NetSuite record per Zuora record, statuses
final, totals tied out. Two ways to go on: the execution died and the next run takes over, or the function is started again in the same
run, as Step Functions does. Its threads work side by side. Every n-th effect in the default suite, more of them with `make slow`, all with
KILL_EVERY=1; each step alone dies at each of its effects with `make faults`."""

from __future__ import annotations

import os
from collections import Counter
from typing import Any

import pytest

from tests.faults.killing import KillableWiring, Killer, KillingObserver
from tests.faults.ways import WAYS, killed_at
from tests.sync.builders import account, charge, invoice, merged, payment, subscription
from tests.sync.memory import MemoryWorld
from tests.sync.world import World

IN_THREADS = True
DEFAULT_EVERY = 211
MANY = 7
SHIFT = 53
"""Each way and moment begins at another effect, so that together they meet more of them."""
EXPECTED = {"customer": 2, "serviceSaleItem": 2, "invoice": 3, "customerPayment": 2}
SOURCES = {"Account": 2, "ProductRatePlanCharge": 2, "Invoice": 3, "Payment": 2}
TRANSFERRED = ("Invoice", "Payment")


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


def new_world(world: MemoryWorld, killer: Killer) -> None:
    KillingObserver.killer = killer
    world.reset(default_subsidiary="Parent Company")
    fill(world)


def effects_of_a_run(world: MemoryWorld) -> list[str]:
    killer = Killer()
    new_world(world, killer)
    check(world, world.run(), "nothing killed")
    return killer.names


def check(world: World, output: dict[str, Any], where: str) -> None:
    """Everything is there once, all statuses are final, the last run is green."""
    messages: list[dict[str, Any]] = world.summary(output)["messages"] if output.get("keys") else []
    assert output.get("tiedOut") is True, (where, messages)
    takeover = any(m["code"] == "RUN-STALE-LOCK" for m in messages)
    assert output.get("outcome") == ("completed with warnings" if takeover else "completed"), (where, messages)
    for record_type, number in EXPECTED.items():
        records = world.in_netsuite(record_type)
        ids = Counter(next(v for k, v in r.items() if k.endswith("zuoraid")) for r in records)
        assert len(records) == number, (where, record_type)
        assert max(ids.values()) == 1, (where, record_type)
    objects = world.zuora.dump()
    for source, number in SOURCES.items():
        assert len(objects[source]) == number
        for record in objects[source]:
            assert record.get("IntegrationStatus__NS") == "Sync Complete", (where, source)
            assert record.get("IntegrationId__NS"), (where, source)
            if source in TRANSFERRED:
                assert record.get("TransferredToAccounting") == "Yes", (where, source)


@pytest.fixture(scope="module")
def killable(started_world: World) -> MemoryWorld:
    return MemoryWorld.of(started_world, KillableWiring)


@pytest.fixture(scope="module")
def effects(killable: MemoryWorld) -> int:
    """How many effects an undisturbed run has."""
    return len(effects_of_a_run(killable))


def kill_every(world: MemoryWorld, number: int, way: str, moment: str, every: int, capsys: pytest.CaptureFixture[str]) -> None:
    shift = SHIFT * (2 * list(WAYS).index(way) + (moment == "after"))
    cases = range(1 + shift % every, number + 1, every)
    for at in cases:
        killer, output = killed_at(world, way, at, moment, lambda k: new_world(world, k))
        assert killer.where, f"effect {at} of {number} did not happen"
        check(world, output, f"effect {at} of {number}, {killer.where}; {way}")
        if way == "the function is started again":
            assert [t["synced"] + t["already"] for t in output["totals"]] == [2, 2, 3, 2], (killer.where, output["totals"])
    with capsys.disabled():
        print(f"\nkilled {moment} {len(cases)} of {number} effects, {way}: all recovered")


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("way", WAYS)
def test_a_killed_worker_leaves_nothing_undone_and_nothing_doubled(
    killable: MemoryWorld, effects: int, way: str, moment: str, capsys: pytest.CaptureFixture[str]
) -> None:
    every = int(os.environ.get("KILL_EVERY", DEFAULT_EVERY))
    kill_every(killable, effects, way, moment, every, capsys)


@pytest.mark.slow
@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("way", WAYS)
def test_killed_at_many_effects(killable: MemoryWorld, effects: int, way: str, moment: str, capsys: pytest.CaptureFixture[str]) -> None:
    kill_every(killable, effects, way, moment, MANY, capsys)
