"""Seeds of the simulation: a few in the default suite, always the same; very many with `make simulate`."""

from __future__ import annotations

import os
from collections.abc import Callable
from random import Random

import pytest

from tests.simulation import trying
from tests.simulation.script import KINDS, Event, mode_of, script_of
from tests.simulation.tenant import EVENTS, Simulated
from tests.simulation.trying import faults_of, shortest, told
from tests.sync.memory import MemoryWorld

World = Callable[[str], MemoryWorld]
FIRST, SEEDS = int(os.environ.get("FIRST", "1")), int(os.environ.get("SEEDS", "6"))
AT_ONCE = 50
"""Seeds of one test, where there are very many."""


@pytest.mark.parametrize("first", range(FIRST, FIRST + SEEDS, AT_ONCE))
def test_nothing_breaks_what_must_always_hold(world_of: World, first: int) -> None:
    found = [fault for seed in range(first, min(first + AT_ONCE, FIRST + SEEDS)) if (fault := told(world_of(mode_of(seed)), seed))]
    assert not found, "\n".join(found)


PEOPLE = {"person changes the amount", "person deletes", "person resets"}


@pytest.mark.parametrize("kind", sorted(PEOPLE))
def test_what_people_do_changes_something_and_breaks_nothing(world_of: World, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    changed: list[bool] = []
    happens = EVENTS[kind]

    def watched(tenant: Simulated, chance: Random) -> None:
        before = tenant.world.netsuite.dump(), tenant.world.zuora.dump()
        happens(tenant, chance)
        changed.append((tenant.world.netsuite.dump(), tenant.world.zuora.dump()) != before)

    monkeypatch.setitem(EVENTS, kind, watched)
    events = [Event("bill", 3), Event("pay", 4), Event("credit", 5), Event("run", 1), Event(kind, 7)]
    assert faults_of(world_of("B"), "B", events) == []
    assert changed == [True]


def test_a_seed_means_the_same_each_time() -> None:
    assert script_of(7) == script_of(7) != script_of(8)
    assert EVENTS.keys() == KINDS.keys()


def doubled(tenant: Simulated) -> None:
    """A fault of the product: a second counterpart of an invoice."""
    for record in tenant.world.in_netsuite("invoice")[:1]:
        twin = {k: v for k, v in record.items() if k in ("entity", "tranDate", "custbodyzuoraid", "currency")}
        item = record["item"]["items"][0]["item"]
        tenant.world.load(netsuite={"invoice": [{**twin, "id": "77001", "item": {"items": [{"item": item, "amount": 1.0}]}}]})


def test_a_fault_is_found_and_its_script_made_short(world_of: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The check that cannot fail is none: with a fault that comes with every dry run, the dry run and what it needs are left."""
    monkeypatch.setitem(EVENTS, "dry run", lambda tenant, chance: doubled(tenant))
    events = [Event(kind, n) for n, kind in enumerate(["bill", "time passes", "run", "settings", "pay", "dry run", "run"])]
    found = faults_of(world_of("B"), "B", events)
    assert found and "has 2 counterparts" in found[0]
    assert [event.kind for event in shortest(world_of("B"), "B", events)] == ["bill", "run", "dry run"]


def test_a_seed_that_fails_is_told_with_its_script(world_of: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trying, "always", lambda tenant: iter(["a fault"] if tenant.documents else []))
    text = told(world_of(mode_of(5)), 5)
    bill = script_of(5)[0]
    assert text == f"seed 5, mode B:\n  {bill}\n  -> after {bill}: a fault"
