"""Tenants for measuring one step: the stand-ins take them, and the step finds as many records as asked for and all before it done."""

from __future__ import annotations

import json

import pytest

from sandbox.demo.bench_steps import CASES, bench_step
from sandbox.demo.tenant import Tenant
from sandbox.netsuite import NetSuiteOptions, NetSuiteStandIn
from sandbox.zuora import ZuoraOptions, ZuoraStandIn
from tallybridge.settings import parse_settings
from tallybridge.tasks.steps import step_class

COUNT = 12
STEPS = [(step, mode) for step, (_, modes, _) in CASES.items() for mode in modes]


def unsynced(tenant: Tenant, mode: str, step: str) -> int:
    """Records of the step's type that were not synced."""
    kind = step_class(step).object
    if kind[0].isupper():
        return sum("IntegrationStatus__NS" not in row for row in tenant.in_mode(mode)[kind])
    entered = {**tenant.later_in(mode), "customer": [c for c in tenant.netsuite["customer"] if "custentitysendtozuora" in c]}
    return len(entered[kind])


@pytest.mark.parametrize(("step", "mode"), STEPS)
def test_the_stand_ins_take_the_records_of_the_step(step: str, mode: str) -> None:
    tenant = bench_step(step, COUNT, mode)
    ZuoraStandIn(ZuoraOptions(settlement=mode == "B")).load(tenant.in_mode(mode))
    netsuite = NetSuiteStandIn(NetSuiteOptions())
    netsuite.load(tenant.netsuite)
    netsuite.load(tenant.later_in(mode))
    assert unsynced(tenant, mode, step) == COUNT
    parse_settings(json.dumps(tenant.settings))


@pytest.mark.parametrize(("step", "mode"), STEPS)
def test_what_comes_before_the_step_is_done_on_both_sides(step: str, mode: str) -> None:
    tenant = bench_step(step, COUNT, mode)
    records = {r.get("externalId"): r for rows in tenant.netsuite.values() for r in rows}
    synced = [r for rows in tenant.in_mode(mode).values() for r in rows if r.get("IntegrationStatus__NS") == "Sync Complete"]
    assert bool(synced) == (step not in ("customers", "netsuite_customers", "products", "charges"))
    assert all(str(records[r["Id"]]["id"]) == r["IntegrationId__NS"] for r in synced)


@pytest.mark.parametrize(("step", "mode"), [("nothing", "B"), ("adjustments", "B"), ("debit_memos", "A")])
def test_a_step_that_there_is_not_is_refused(step: str, mode: str) -> None:
    with pytest.raises(ValueError, match=f"{step}' in mode {mode}"):
        bench_step(step, 1, mode)
