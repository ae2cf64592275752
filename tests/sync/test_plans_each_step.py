"""A plan that is applied leaves both systems exactly as a run without one: each step in both modes, and whole tenants."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from sandbox.demo.tenant import load_tenant
from tests.faults.each_step import STEPS, fill, picture
from tests.sync.full_world import full_world
from tests.sync.memory import MemoryWorld
from tests.sync.world import unserved_world

SAMPLE = [("B", "invoices"), ("B", "credit_memos"), ("A", "payments"), ("B", "netsuite_payments"), ("A", "netsuite_customers")]
Begin = Callable[[MemoryWorld, str], None]


@pytest.fixture(scope="module")
def memory(request: pytest.FixtureRequest) -> tuple[MemoryWorld, str]:
    return MemoryWorld.of(unserved_world(settlement=request.param == "B")), request.param


def applied(world: MemoryWorld, steps: list[str] | None = None) -> None:
    """A dry run, and its plan half an hour later."""
    plan = world.run(steps=steps, dry_run=True)
    world.clock.advance(minutes=30)
    output = world.run(plan=plan["runId"])
    summary = world.summary(output)
    assert summary["tied_out"], summary["messages"]
    assert [m for m in summary["messages"] if m["code"] in ("PLAN-MOVED", "PLAN-NEW", "PLAN-NOT-DUE")] == []


def as_without_a_plan(world: MemoryWorld, begin: Callable[[], None], steps: list[str] | None = None) -> None:
    begin()
    world.clock.advance(minutes=30)
    world.run(steps=steps)
    expected = picture(world)
    begin()
    applied(world, steps)
    assert picture(world) == expected


@pytest.mark.parametrize(("memory", "step"), SAMPLE, indirect=["memory"])
def test_a_step_whose_plan_is_applied(memory: tuple[MemoryWorld, str], step: str) -> None:
    world, mode = memory
    as_without_a_plan(world, lambda: fill(world, mode, step), [step])


@pytest.mark.slow
@pytest.mark.parametrize(("memory", "step"), [each for each in STEPS if each not in SAMPLE], indirect=["memory"])
def test_every_step_whose_plan_is_applied(memory: tuple[MemoryWorld, str], step: str) -> None:
    world, mode = memory
    as_without_a_plan(world, lambda: fill(world, mode, step), [step])


@pytest.mark.parametrize("memory", ["A", "B"], indirect=True)
def test_a_tenant_in_which_every_step_works(memory: tuple[MemoryWorld, str]) -> None:
    world, mode = memory
    full = full_world(mode)

    def begin() -> None:
        world.reset(default_subsidiary="Parent Company", **full.settings)
        world.load(full.first_zuora, full.first_netsuite)

    as_without_a_plan(world, begin)
    world.load(netsuite=full.second)
    world.clock.advance(minutes=30)
    applied(world)


@pytest.mark.slow
@pytest.mark.parametrize("memory", ["A", "B"], indirect=True)
def test_the_demo_tenant(memory: tuple[MemoryWorld, str]) -> None:
    world, mode = memory
    tenant = load_tenant()

    def begin() -> None:
        world.reset(default_subsidiary="Parent Company", **tenant.settings)
        world.load(tenant.in_mode(mode), tenant.netsuite)

    as_without_a_plan(world, begin)
    world.load(netsuite=tenant.later_in(mode))
    world.clock.advance(minutes=30)
    applied(world)
