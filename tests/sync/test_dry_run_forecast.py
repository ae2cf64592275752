"""A first dry run forecasts what the real run then does, in the general ledger too: parents that the same run would create satisfy their
children."""

from __future__ import annotations

import re
from typing import Any

import pytest

from sandbox.demo.tenant import load_tenant
from tallybridge.reporting.summary import read_summary
from tallybridge.sync.runlog import RunSummary
from tests.sync.builders import merged
from tests.sync.full_world import customers_world, full_world
from tests.sync.memory import MemoryWorld
from tests.sync.order_world import catalogue, items, order, subscriptions
from tests.sync.test_plans_effect import came_true, held
from tests.sync.world import unserved_world

MADE = re.compile(r"\b(created as|NetSuite payment|credit memo|customer \"[^\"]*\") \(?(a new record|new|[0-9]{1,15})\b")
"""Ids that only the real run can know."""


@pytest.fixture(scope="module", params=["A", "B"])
def world(request: pytest.FixtureRequest) -> MemoryWorld:
    return MemoryWorld.of(unserved_world(settlement=request.param == "B"))


def told(summary: RunSummary) -> list[tuple[str, str, str, tuple[str, ...]]]:
    return sorted((m.step, m.code, MADE.sub(r"\1 N", m.message), tuple(sorted(m.records))) for m in summary.messages)


def counted(summary: RunSummary) -> dict[tuple[str, str], list[Any]]:
    names = ("selected", "synced", "already", "held", "refused", "skipped", "unfinished", "missing", "missing_credits")
    return {(t.object, t.currency): [getattr(t, name).to_json() for name in names] for t in summary.totals}


def forecast(world: MemoryWorld) -> str:
    """A dry run and the real run after it say the same. The dry run's id."""
    before = world.zuora.dump(), world.netsuite.dump()
    dry = world.run(dry_run=True)
    rehearsal = read_summary(world.object(dry["keys"]["summary"]))
    assert (world.zuora.dump(), world.netsuite.dump()) == before
    real = read_summary(world.object(world.run()["keys"]["summary"]))
    assert counted(rehearsal) == counted(real)
    assert told(rehearsal) == told(real)
    assert [(c.code, c.count, c.held) for c in rehearsal.causes] == [(c.code, c.count, c.held) for c in real.causes]
    assert [row.to_json() for row in rehearsal.left_out] == [row.to_json() for row in real.left_out]
    return str(dry["runId"])


def test_the_demo_tenants_dry_runs_say_what_the_real_runs_then_do(world: MemoryWorld) -> None:
    tenant, mode = load_tenant(), "B" if world.zuora.options.settlement else "A"
    world.reset(default_subsidiary="Parent Company", **tenant.settings)
    world.load(tenant.in_mode(mode), tenant.netsuite)
    before = held(world)
    came_true(world, forecast(world), before)
    world.load(netsuite=tenant.later_in(mode))
    world.clock.advance(minutes=30)
    forecast(world)


def test_where_every_step_works_the_dry_run_says_so(world: MemoryWorld) -> None:
    full = full_world("B" if world.zuora.options.settlement else "A")
    world.reset(default_subsidiary="Parent Company", **full.settings)
    world.load(full.first_zuora, full.first_netsuite)
    forecast(world)
    world.load(netsuite=full.second)
    world.clock.advance(minutes=30)
    forecast(world)


def test_orders_of_customers_that_the_same_run_would_bring_to_zuora(world: MemoryWorld) -> None:
    full = customers_world()
    world.reset(default_subsidiary="Parent Company", enable_sales_order_sync="Yes", **full.settings)
    world.load(merged(full.first_zuora, catalogue()), {**full.first_netsuite, "serviceSaleItem": items()})
    sold = next(c for c in full.first_netsuite["customer"] if c["custentitysendtozuora"])
    owner = next(str(c["id"]) for c in world.in_netsuite("customer") if c.get("entityId") == sold["entityId"])
    world.load(netsuite={"salesOrder": [order("6001", owner=owner)]})
    forecast(world)
    assert [s["IntegrationId__NS"] for s in subscriptions(world)] == ["6001"]
