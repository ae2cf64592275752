"""Rounding in tenants without Invoice Settlement: negative invoices, which are credit memos in NetSuite, and adjustments."""

from __future__ import annotations

from decimal import Decimal

from tests.sync import invoice_world, mode_a_world
from tests.sync.builders import merged, zid
from tests.sync.memory import MemoryWorld
from tests.sync.ran import ran
from tests.sync.rounding_world import BOOK, THIRDS, currencies, of_invoice
from tests.sync.world import World


def test_without_invoice_settlement_negative_invoices_are_rounded_likewise(started_mode_a: World) -> None:
    world = MemoryWorld.of(started_mode_a)
    taken = [(name, -amount) for name, amount in THIRDS]
    for settings in ({}, BOOK):
        made = merged(of_invoice("A1", "X1", THIRDS), of_invoice("A1", "NEG", taken))
        invoice_world.ready(world, made, netsuite=currencies(), **settings)
        run = ran(world)
        if settings:
            assert (run.outcome, run.output["tiedOut"]) == ("completed", True)
            memo = next(m for m in run.netsuite["creditMemo"] if m["custbodyzuoraid"] == zid("NEG"))
            assert [Decimal(str(line["amount"])) for line in memo["item"]["items"]][-1] == Decimal("0.01")
        else:
            assert {n: [c for c, _ in run.problems(n)] for n in ("X1", "NEG")} == {"X1": ["INV-ROUNDING"], "NEG": ["INV-ROUNDING"]}


def test_adjustments_that_netsuite_cannot_keep_are_held(started_mode_a: World) -> None:
    world = MemoryWorld.of(started_mode_a)
    mode_a_world.ready(world, mode_a_world.adjustment("X1", "INV1", 1.5), netsuite={"currency": [{"id": "1", "currencyPrecision": 0}]})
    summary = mode_a_world.run(world)
    assert [code for code, _ in mode_a_world.messages(summary, "X1")] == ["IIA-PRECISION"]
    assert mode_a_world.made(world, "X1") == []
