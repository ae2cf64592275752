"""A run that carries out a reversal is killed before and after its effects, or loses answers: in the end each document is compensated
once, and the general ledger is as if the reversed run had never been. Every n-th effect in the default suite, all with `make slow`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.faults.killing import KillableWiring, Killer, KillingObserver
from tests.faults.ways import PLACES, killed_at
from tests.sync import reversal_world
from tests.sync.memory import MemoryWorld
from tests.sync.reversal_world import accounts, approved, open_amounts, planned, reversers, transactions
from tests.sync.world import unserved_world

DEFAULT_EVERY = 197
World = tuple[MemoryWorld, str]
MODES = pytest.mark.parametrize("killable", ["A", "B"], indirect=True)
WITH_SETTLEMENT = pytest.mark.parametrize("killable", ["B"], indirect=True)
LOST = [
    {"method": "POST", "path": "^/services/rest/record/v1/", "drop": "after"},
    {"method": "POST", "path": "^/services/rest/record/v1/", "drop": "before"},
    {"method": "PATCH", "path": "^/services/rest/record/v1/", "drop": "after"},
    {"method": "PATCH", "path": "^/services/rest/record/v1/", "drop": "before"},
]


@pytest.fixture(scope="module")
def killable(request: pytest.FixtureRequest) -> World:
    return MemoryWorld.of(unserved_world(settlement=request.param == "B"), KillableWiring), request.param


def few(world: MemoryWorld, mode: str) -> dict[str, Any]:
    """An invoice and a payment on it."""
    return reversal_world.invoices(world, "payments")


def ready(world: MemoryWorld, mode: str, made: Callable[[MemoryWorld, str], dict[str, Any]]) -> tuple[str, dict[str, Any]]:
    """A run with an approved plan that reverses it: the plan's id, and the documents."""
    KillingObserver.killer = Killer()
    run_id = made(world, mode)["runId"]
    documents = transactions(world)
    plan = planned(world, run_id)
    approved(world, plan)
    world.clock.advance(minutes=30)
    return plan.id, documents


def check(world: MemoryWorld, documents: dict[str, Any], where: str) -> None:
    assert {i: len(by) for i, by in reversers(world).items()} == dict.fromkeys(documents, 1), where
    assert documents.keys() <= transactions(world).keys(), where
    assert accounts(world) == {}, where


def kill_every(world: MemoryWorld, mode: str, every: int, made: Callable[[MemoryWorld, str], dict[str, Any]]) -> None:
    asked: dict[str, Any] = {}
    documents: dict[str, Any] = {}

    def begin(killer: Killer) -> None:
        asked["reverse"], found = ready(world, mode, made)
        documents.clear()
        documents.update(found)
        KillingObserver.killer = killer

    begin(killer := Killer())
    assert world.run(**asked)["tiedOut"] is True
    KillingObserver.killer = Killer()
    number, open_ = len(killer.names), open_amounts(world)
    check(world, documents, "without a kill")
    for place, way, moment in PLACES:
        for at in range(1 + (place * 7) % min(every, number), number + 1, every):
            dead, output = killed_at(world, way, at, moment, begin, asked=asked)
            KillingObserver.killer = Killer()
            where = f"mode {mode}: effect {at} of {number}, {dead.where}; {way}"
            assert output.get("tiedOut") is True, (where, world.summary(output)["messages"])
            check(world, documents, where)
            assert sorted(open_amounts(world).values()) == sorted(open_.values()), where


@WITH_SETTLEMENT
def test_a_killed_reversal_compensates_each_document_once(killable: World) -> None:
    kill_every(*killable, DEFAULT_EVERY, few)


@pytest.mark.slow
@WITH_SETTLEMENT
def test_a_reversal_killed_at_every_effect_compensates_each_document_once(killable: World) -> None:
    kill_every(*killable, 1, few)


@pytest.mark.slow
@MODES
def test_a_killed_reversal_of_every_kind_compensates_each_document_once(killable: World) -> None:
    kill_every(*killable, 29, reversal_world.everything)


@pytest.fixture(scope="module")
def to_be_reversed(killable: World) -> tuple[MemoryWorld, str, dict[str, Any]]:
    """A world with an approved plan that reverses documents of every kind: the plan's id, and the documents."""
    world, mode = killable
    return world, *ready(world, mode, reversal_world.everything)


@pytest.mark.apart
@MODES
@pytest.mark.parametrize("rule", LOST, ids=lambda rule: f"{rule['method']} {rule['drop']}")
def test_a_lost_answer_compensates_each_document_once(
    to_be_reversed: tuple[MemoryWorld, str, dict[str, Any]], rule: dict[str, str]
) -> None:
    """The answers to some writes are lost, or the writes themselves; what is left open by it is done by the next run."""
    world, plan_id, documents = to_be_reversed
    world.netsuite_control.set_faults([{**rule, "nth": n} for n in (1, 4, 7)])
    first = world.run(reverse=plan_id)
    assert sum(fault.used for fault in world.netsuite_control.faults) > 1
    world.netsuite_control.set_faults([])
    world.clock.advance(minutes=30)
    output = first if first["tiedOut"] and not world.summary(first)["messages"] else world.run(reverse=plan_id)
    assert output["tiedOut"] is True, world.summary(output)["messages"]
    check(world, documents, str(rule))
