"""The tie-out where one step makes records of several types: a record of another type than was sent does not tie out."""

from __future__ import annotations

from tests.sync import mode_a_world
from tests.sync.builders import zid
from tests.sync.invoice_world import CUSTOMERS, ITEMS
from tests.sync.memory import MemoryWorld
from tests.sync.test_tie_out_identity import close_after
from tests.sync.world import World


def test_an_adjustment_that_is_an_invoice_instead_of_a_credit_memo_is_named(started_mode_a: World) -> None:
    world = MemoryWorld.of(started_mode_a)
    mode_a_world.ready(world, mode_a_world.adjustment("X1", "INV1", 5.0))

    def replaced() -> None:
        (memo,) = mode_a_world.made(world, "X1", "creditMemo")
        records = world.netsuite.records
        records.delete(records.find(records.kind("creditMemo"), str(memo["id"])))
        line = {"item": {"id": ITEMS["Gold"]}, "amount": 5}
        head = {"custbodyzuoraid": zid("X1"), "tranDate": "2026-10-20", "entity": {"id": CUSTOMERS["A1"]}}
        world.load(netsuite={"invoice": [{**head, "item": {"items": [line]}}]})

    output, summary = close_after(world, replaced, "adjustments")
    (total,) = summary.totals
    assert (output["outcome"], total.difference, [r.number for r in total.off]) == ("out of balance", 0, ["X1"])
    assert [h.kind for h in total.off[0].held] == ["invoice"]
