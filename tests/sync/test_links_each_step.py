"""A record that somebody has entered by hand on the other side is linked in every step: it is recognised afterwards, nothing is made twice,
and the totals tie out."""

from __future__ import annotations

import pytest

from tests.faults.each_step import STEPS
from tests.sync.by_hand import ONE_OF_SEVERAL, counted, done, entered_by_hand, links
from tests.sync.memory import MemoryWorld
from tests.sync.world import unserved_world

EACH = pytest.mark.parametrize(("memory", "step"), STEPS, indirect=["memory"])


@pytest.fixture(scope="module")
def memory(request: pytest.FixtureRequest) -> tuple[MemoryWorld, str]:
    world = unserved_world(settlement=request.param == "B")
    return MemoryWorld.of(world), request.param


@EACH
def test_a_record_entered_by_hand_is_linked(memory: tuple[MemoryWorld, str], step: str) -> None:
    world, mode = memory
    before = entered_by_hand(world, mode, step)
    there = counted(world)
    queue = links(world, step, before)
    summary = world.reported(step, only="instructed")
    told = {each.number: (each.outcome, each.message) for each in queue.read(before).values()}
    assert counted(world) == there
    if step in ONE_OF_SEVERAL:
        assert {outcome for outcome, _ in told.values()} == {"held"}
        return
    assert {outcome for outcome, _ in told.values()} <= {"synced", "already"}, told
    assert summary["tied_out"], [line["message"] for line in summary["log"]]
    assert {key: item["destination_id"] for key, item in done(world, step).items()} == {k: i["destination_id"] for k, i in before.items()}
    later = world.reported(step)
    assert (later["outcome"], later["drift"], counted(world)) == ("completed", [], there)
