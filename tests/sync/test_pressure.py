"""Calls that NetSuite refuses for too many at once are counted with the step whose batch made them, and so is the time they waited."""

from __future__ import annotations

import pytest

from tallybridge.tasks.folded import so_far
from tallybridge.tasks.results import StepFacts
from tallybridge.tasks.steps import step_class
from tests.sync.invoice_world import ready
from tests.sync.memory import MemoryWorld
from tests.sync.test_instructions import broken, mended
from tests.sync.world import unserved_world

CREATE = {"method": "POST", "path": "/services/rest/record/v1/invoice$"}
BUSY = {**CREATE, "times": 3, "status": 429, "body": {}, "headers": {"Retry-After": "7"}}


@pytest.fixture(scope="module")
def world() -> MemoryWorld:
    return MemoryWorld.of(unserved_world())


@pytest.mark.parametrize("refused", [0, 3])
def test_refusals_and_waiting_are_told_with_the_step(world: MemoryWorld, refused: int) -> None:
    ready(world, broken("INV1"))
    mended(world)
    world.netsuite_control.set_faults([BUSY] if refused else [])
    summary = world.reported("invoices")
    world.netsuite_control.set_faults([])
    assert summary["tiedOut"] and summary["outcome"] == "completed"
    found = so_far(world.wiring().folder(summary["run_id"]), StepFacts.of_class(step_class("invoices"))).pressure
    assert found.refused == refused
    assert (found.waited >= 7 * refused) if refused else (found.waited == 0)
