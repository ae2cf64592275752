"""All of the account's slots are taken when a task of the billing sync begins: its rounds wait, and the run is as any other."""

from __future__ import annotations

from typing import Any

import pytest

from tallybridge.errors import NoSlot
from tallybridge.sync.sharing import LEASE_SECONDS
from tallybridge.sync.slots import SharedSlots
from tallybridge.tasks.drift import DriftTask
from tallybridge.tasks.first_look import FirstLook
from tallybridge.tasks.left_out import ask_netsuite
from tallybridge.tasks.steps import STEPS
from tests.faults.test_kill_at_every_effect import check, fill
from tests.sync.memory import MemoryWorld

TOLD_OF_NO_SLOT = {"NO-SLOT", "NO-TIME", "NOT-SENT", "DRIFT-UNREAD", "LEFT-UNREAD"}


@pytest.fixture
def world(fast: MemoryWorld) -> MemoryWorld:
    fast.reset(default_subsidiary="Parent Company")
    fill(fast)
    return fast


def take_all(world: MemoryWorld) -> None:
    """Another worker holds every slot, and dies."""
    table: Any = world.memory.tables["RUNS_TABLE"]
    account = world.netsuite.options.account
    assert len(SharedSlots(table, account, 5, f"dead-{next(world.counter)}", world.clock)._lease(5)) == 5


@pytest.mark.parametrize("before", ["select", "batch", "close"])
def test_slots_of_workers_that_died_are_waited_for_in_rounds(world: MemoryWorld, before: str) -> None:
    opened = world.open()
    run_id, waited = opened["runId"], 0.0
    task = world.task

    def held_up(step: str, event: dict[str, Any]) -> Any:
        nonlocal waited
        if event["task"] == before and event["step"] == "invoices" and not waited:
            take_all(world)
            begun = world.clock.now()
            answer = in_rounds(step, event)
            waited = (world.clock.now() - begun).total_seconds()
            return answer
        return in_rounds(step, event)

    def in_rounds(step: str, event: dict[str, Any]) -> Any:
        while not (answer := task(step, event)).get("done", True):
            world.clock.advance(seconds=answer["wait"])
        return answer

    world.task = held_up  # type: ignore[method-assign]
    for step in filter(opened["steps"].get, STEPS):
        world.step(run_id, step)
    if before == "close":
        take_all(world)
        begun = world.clock.now()
    output = world.close(run_id)
    if before == "close":
        waited = (world.clock.now() - begun).total_seconds()
    check(world, output, f"slots taken before {before}")
    assert not {m["code"] for m in world.summary(output)["messages"]} & TOLD_OF_NO_SLOT
    assert LEASE_SECONDS - 30 <= waited <= LEASE_SECONDS + 300


def test_what_no_slot_was_there_to_ask_for_is_asked_by_the_next_round(world: MemoryWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    """And not told as something that NetSuite refused."""
    look, looks = DriftTask._look, 0

    def in_vain(self: DriftTask, results: Any) -> Any:
        nonlocal looks
        looks += 1
        if looks == 1:
            raise NoSlot("No slot.", service="NetSuite")
        return look(self, results)

    monkeypatch.setattr(DriftTask, "_look", in_vain)
    output = world.run()
    check(world, output, "no slot for drift")
    assert looks == 2
    assert "DRIFT-UNREAD" not in {m["code"] for m in world.summary(output)["messages"]}

    class Step:
        name = "netsuite_payments"

        def left_out(self) -> Any:
            raise NoSlot("No slot.", service="NetSuite")

    step: Any = Step()
    with pytest.raises(NoSlot):
        ask_netsuite(step, world.wiring().folder("run"), FirstLook())


def test_a_worker_whose_task_is_over_makes_room_for_another(world: MemoryWorld) -> None:
    """Though no time passes between tasks: a run of short tasks does not wait for itself."""
    world.reset(default_subsidiary="Parent Company", netsuite_max_concurrency=1)
    fill(world)
    begun = world.clock.now()
    assert world.run()["outcome"] == "completed"
    assert (world.clock.now() - begun).total_seconds() < 60
    table: Any = world.memory.tables["RUNS_TABLE"]
    assert table.get_item(Key={"pk": "slots", "sk": world.netsuite.options.account})["Item"]["workers"] == {}
