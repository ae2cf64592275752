"""What a run has created in NetSuite is reversed by a plan that a second person approves: nothing is deleted, each document is compensated
once, and it ties out by currency and customer."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.sync.memory import MemoryWorld
from tests.sync.reversal_world import (
    BOB,
    accounts,
    approved,
    carried_out,
    everything,
    invoices,
    open_amounts,
    planned,
    reversed_whole,
    reversers,
    transactions,
)
from tests.sync.world import unserved_world


@pytest.fixture(scope="module")
def memory(request: pytest.FixtureRequest) -> MemoryWorld:
    return MemoryWorld.of(unserved_world(settlement=getattr(request, "param", "B") == "B"))


def test_an_invoice_is_reversed_by_a_credit_memo_that_is_applied_to_it(memory: MemoryWorld) -> None:
    run_id = invoices(memory)["runId"]
    before = transactions(memory)
    plan, output = reversed_whole(memory, run_id)
    assert output["tiedOut"] is True, memory.summary(output)["messages"]
    ((invoice, row),) = before.items()
    ((credited, (memo,)),) = reversers(memory).items()
    assert (credited, open_amounts(memory), accounts(memory)) == (invoice, {}, {})
    now = transactions(memory)
    assert now[memo]["type"] == "creditMemo"
    assert (now[memo]["tranDate"], now[memo]["total"]) == (row["tranDate"], row["total"])
    assert now[memo]["memo"] == f"Reverses invoice INV1 (Tallybridge reversal {plan.id})"
    assert not now[memo].get("custbodyzuoraid")


def test_planning_writes_nothing(memory: MemoryWorld) -> None:
    run_id = invoices(memory)["runId"]
    before = transactions(memory)
    plan = planned(memory, run_id)
    assert transactions(memory) == before
    assert [(t.record_type, t.way, t.currency, t.count, t.amount) for t in plan.totals] == [
        ("invoice", "creditMemo", "USD", 1, Decimal("100"))
    ]


@pytest.mark.parametrize(("memory", "mode"), [("A", "A"), ("B", "B")], indirect=["memory"])
def test_a_whole_run_is_reversed_to_nothing(memory: MemoryWorld, mode: str) -> None:
    output = everything(memory, mode)
    before = transactions(memory)
    plan, reversal = reversed_whole(memory, output["runId"])
    assert reversal["tiedOut"] is True, memory.summary(reversal)["messages"]
    assert {r.id for r in plan.reversals} == before.keys()
    assert before.keys() <= transactions(memory).keys()
    assert accounts(memory) == {}
    assert {i: len(by) for i, by in reversers(memory).items()} == dict.fromkeys(before, 1)
    assert approved and BOB and carried_out
