"""Seeds of the simulation: a few in the default suite, always the same; very many with `make simulate`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.faults.branching import one_thread
from tests.simulation import trying
from tests.simulation.__main__ import table
from tests.simulation.events import EVENTS, happen
from tests.simulation.invariants import always
from tests.simulation.script import KINDS, Event, has_threads, mode_of, script_of
from tests.simulation.tenant import Simulated
from tests.simulation.trying import Worlds, faults_of, shortest, told
from tests.sync.memory import MemoryWorld

World = Callable[[str], MemoryWorld]
SEEDS = range(1, 11)
"""Those of every test run; the last one has threads."""
STORY = [Event(kind, luck) for kind, luck in [("bill", 8), ("bill", 3), ("bill", 9), ("pay", 8), ("pay", 4), ("credit", 5), ("run", 1)]]
LUCK = range(1, 13)


@pytest.mark.parametrize("seed", SEEDS)
def test_nothing_breaks_what_must_always_hold(worlds: Worlds, seed: int) -> None:
    assert told(worlds, seed) == ""


@pytest.fixture(scope="module")
def storied() -> Iterator[Simulated]:
    """A tenant in which the story has happened."""
    with one_thread():
        tenant = Simulated(Worlds().of("B"), "B")
        tenant.begin()
        assert all(happen(tenant, event) for event in STORY)
        yield tenant


@pytest.mark.apart
@pytest.mark.parametrize("kind", sorted(EVENTS))
def test_every_kind_of_event_strikes_and_breaks_nothing(storied: Simulated, kind: str) -> None:
    """With the first luck with which it does."""
    if kind == "period opens":
        assert happen(storied, Event("period closes", 1))
    for luck in LUCK:
        struck = happen(storied, Event(kind, luck))
        assert list(always(storied)) == []
        if struck:
            return
    raise AssertionError(f"{kind} never strikes")


def test_a_seed_means_the_same_each_time() -> None:
    assert script_of(7) == script_of(7) != script_of(8)
    assert EVENTS.keys() == KINDS.keys()
    assert {has_threads(seed) for seed in SEEDS} == {True, False} and {mode_of(seed) for seed in SEEDS} == {"A", "B"}


def test_a_seed_is_played_the_same_each_time(worlds: Worlds, monkeypatch: pytest.MonkeyPatch) -> None:
    """Effect by effect, where there are no threads, whatever was played before it."""
    played: list[list[Any]] = []

    def listened(tenant: Simulated) -> Iterator[str]:
        played[-1].append(_story_of(tenant))
        return always(tenant)

    monkeypatch.setattr(trying, "always", listened)
    for others in ([], [5]):
        played.append([])
        assert [told(worlds, other) for other in others] == [""] * len(others)
        played[-1].clear()
        assert told(worlds, 4) == ""
    assert played[0] == played[1] != []


def _story_of(tenant: Any) -> Any:
    outcomes = [(output.get("outcome"), output.get("totals")) for output in tenant.outputs]
    return tenant.world.clock.moment, outcomes, list(tenant.changes), dict(tenant.world.netsuite_control.statistics.calls)


def test_a_fault_is_found_and_its_script_made_short(world_of: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The check that cannot fail is none: with a fault that comes with every dry run, the dry run and what it needs are left."""
    monkeypatch.setitem(EVENTS, "dry run", lambda tenant, chance: doubled(tenant))
    events = [Event(kind, n) for n, kind in enumerate(["bill", "time passes", "run", "dry run", "run"])]
    found = faults_of(world_of("B"), "B", events)
    assert found and "has 2 counterparts" in found[0]
    assert [event.kind for event in shortest(world_of("B"), "B", events)] == ["bill", "run", "dry run"]


def doubled(tenant: Any) -> bool:
    """A fault of the product: a second counterpart of an invoice."""
    for record in tenant.world.in_netsuite("invoice")[:1]:
        twin = {k: v for k, v in record.items() if k in ("entity", "tranDate", "custbodyzuoraid", "currency")}
        item = record["item"]["items"][0]["item"]
        tenant.world.load(netsuite={"invoice": [{**twin, "id": "77001", "item": {"items": [{"item": item, "amount": 1.0}]}}]})
    return True


def test_a_seed_that_fails_is_told_with_its_script(worlds: Worlds, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trying, "always", lambda tenant: iter(["a fault"] if tenant.documents else []))
    text = told(worlds, 5)
    bill = script_of(5)[0]
    assert text == f"seed 5, mode B, one way:\n  {bill}\n  -> after {bill}: a fault"


def test_the_table_of_a_simulation_counts_every_kind(worlds: Worlds) -> None:
    struck = Counter[str]()
    told(worlds, 3, struck)
    rows = list(table(range(3, 4), 1.5, 61.0, 0, struck))
    assert rows[2:4] == ["| Seeds | 1, from 3 on |", "| Failures | 0 |"]
    assert rows[4:6] == ["| Processor time of a seed | 1.50 s |", "| Wall time | 1 min 1 s |"]
    assert f"| Bill | {sum(e.kind == 'bill' for e in script_of(3))}, {struck['bill']} |" in rows
    assert len(rows) == 7 + len(KINDS)
