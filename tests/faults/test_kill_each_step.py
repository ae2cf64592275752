"""Each step of the billing sync alone, killed before and after its effects: in the end both systems look exactly as after a run that
nobody disturbed. Every n-th effect in the default suite; all of them with KILL_EVERY=1 (`make faults`)."""

from __future__ import annotations

import os
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from sandbox.demo.bench_steps import CASES, bench_step
from tests.faults.killing import KillableWiring, Killer, KillingObserver
from tests.faults.ways import WAYS
from tests.sync.memory import MemoryWorld
from tests.sync.world import start_world

DEFAULT_EVERY = 19
SHIFT = 5
"""Each step, way and moment begins at another effect, so that together they meet more of them."""
RECORDS = 2
MISSING_EFFECTS = 8
"""By so many the number of effects may differ between runs."""
STEPS: list[tuple[str, str]] = [(mode, step) for mode in ("A", "B") for step, (_, modes, _) in CASES.items() if mode in modes]
EACH = pytest.mark.parametrize(("killable", "step"), STEPS, indirect=["killable"])

ZUORA_FACTS = ("IntegrationStatus__NS", "TransferredToAccounting", "Origin__NS", "Status", "Type", "Amount", "TotalAmount", "Balance",
               "UnappliedAmount", "AppliedAmount", "RefundAmount", "ChargeAmount", "Comment", "Comments")  # fmt: skip
NETSUITE_FACTS = ("custbodyzuoraid", "custentityzuoraid", "custitemzuoraid", "custbodyzuoratype", "custbodyzuoraorigin",
                  "custbodyzuoraintegrationstatus", "custentityzuoraintegrationstatus", "total", "payment", "amountRemaining", "itemId",
                  "companyName")  # fmt: skip
TEMPORARY = "8ad08c8a00"
"""Ids that the stand-in gave: which record got which one is chance."""


@pytest.fixture(scope="module")
def killable(request: pytest.FixtureRequest) -> Iterator[tuple[MemoryWorld, str]]:
    for world in start_world(settlement=request.param == "B"):
        yield MemoryWorld.of(world, KillableWiring), request.param


def new_world(world: MemoryWorld, step: str, mode: str, killer: Killer) -> None:
    KillingObserver.killer = killer
    tenant = bench_step(step, RECORDS, mode)
    world.reset(default_subsidiary="Parent Company", **tenant.settings)
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


def undisturbed(world: MemoryWorld, step: str, mode: str) -> tuple[int, dict[str, list[Any]]]:
    killer = Killer()
    new_world(world, step, mode, killer)
    output = world.run(steps=[step])
    assert output["outcome"] == "completed", world.summary(output)["messages"]
    assert sum(t["synced"] for t in output["totals"]) == RECORDS
    return len(killer.names), picture(world)


def killed(world: MemoryWorld, step: str, mode: str, way: str, at: int, moment: str) -> tuple[Killer, dict[str, Any]]:
    """A run killed at an effect; one of the last effects may not come in every run, since threads share tokens and leases of slots."""
    killer, output = Killer(), {}
    for earlier in range(MISSING_EFFECTS):
        killer = Killer(at - earlier, moment)
        new_world(world, step, mode, killer)
        output = WAYS[way](world, killer, [step])
        if killer.where:
            break
    return killer, output


def kill_every(world: MemoryWorld, mode: str, step: str, every: int) -> None:
    number, expected = undisturbed(world, step, mode)
    for place, (way, moment) in enumerate((w, m) for w in WAYS for m in ("before", "after")):
        start = 1 + (SHIFT * (4 * STEPS.index((mode, step)) + place)) % min(every, number)
        for at in range(start, number + 1, every):
            killer, output = killed(world, step, mode, way, at, moment)
            where = f"{step}, mode {mode}: effect {at} of {number}, {killer.where}; {way}"
            assert killer.where, where
            assert output.get("tiedOut") is True, (where, world.summary(output)["messages"])
            found = picture(world)
            differing = {k: (v, found.get(k)) for k, v in expected.items() if found.get(k) != v}
            assert not differing, (where, differing)


@EACH
def test_a_killed_step_leaves_nothing_undone_and_nothing_doubled(killable: tuple[MemoryWorld, str], step: str) -> None:
    kill_every(*killable, step, int(os.environ.get("KILL_EVERY", DEFAULT_EVERY)))


@pytest.mark.slow
@EACH
def test_killed_at_each_single_effect_of_a_step(killable: tuple[MemoryWorld, str], step: str) -> None:
    kill_every(*killable, step, 1)
