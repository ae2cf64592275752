"""Invoices with more lines than the limit (invoices.md section 10), with a small limit from the settings."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tallybridge.settings import DEFAULTS
from tallybridge.sync.ledger import Owner
from tests.sync.builders import invoice, zid
from tests.sync.invoice_world import change, lose_answers, ready
from tests.sync.memory import MemoryWorld
from tests.sync.ran import Ran, ran, status_of
from tests.sync.world import World


@pytest.fixture
def world(started_world: World) -> World:
    """Stores in memory, so that a run takes a fraction of a second."""
    return MemoryWorld.of(started_world)


SMALL: dict[str, Any] = {"large_invoice_lines": 4, "large_invoice_piece": 2}
LINES = [("Discount", -60.0), ("Gold", 30.0), ("Silver", 20.0), ("Gold", 10.0), ("Silver", 5.0), ("Gold", 1.0)]
EXCEEDS = "Invoice INV1: 6 lines exceed the limit of 4; set aside. Set Transferred to Accounting to No to send it in pieces."
CREATE = {"method": "POST", "path": "^/services/rest/record/v1/invoice"}
ADD = {"method": "PATCH", "path": "^/services/rest/record/v1/invoice"}


def go_ahead(world: World) -> None:
    change(world, "Invoice", "INV1", TransferredToAccounting="No")


def calls(world: World) -> tuple[int, int]:
    made = world.netsuite_control.stats()["calls"]
    return made.get("POST /record/v1/invoice", 0), made.get("PATCH /record/v1/invoice/{id}", 0)


def check_complete(run: Ran) -> None:
    assert run.synced("INV1")
    lines = run.lines_of("INV1")
    assert sorted(line["custcolzuoraid"] for line in lines) == sorted(zid(f"INV1 item {n}") for n in range(1, 7))
    assert [line["line"] for line in lines] == [1, 2, 3, 4, 5, 6]
    assert run.sent("INV1")["total"] == Decimal("6.00")
    assert run.output["tiedOut"]


@pytest.mark.rule("invoices.10.limit", "settings.key.large_invoice_lines")
def test_10_above_the_limit_it_is_set_aside_with_a_message_and_one_on_the_limit_is_sent(world: World) -> None:
    ready(world, invoice("A1", "INV1", LINES, sub="S1"), invoice("A1", "INV2", LINES[1:5], sub="S1"), **SMALL)
    run = ran(world)
    assert status_of(run.record("INV1")) == (None, "Ignore")
    assert run.made("INV1") == []
    assert run.problems("INV1") == [("INV-LARGE", EXCEEDS)]
    assert run.line("INV1", "INV-LARGE")["level"] == "WARNING"
    assert run.synced("INV2")
    assert ran(world).problems("INV1") == []


def at_first_set_aside(world: World) -> None:
    ready(world, invoice("A1", "INV1", LINES, sub="S1"), **SMALL)
    assert status_of(ran(world).record("INV1")) == (None, "Ignore")
    go_ahead(world)
    world.netsuite_control.clear_stats()


@pytest.mark.rule("invoices.10.go-ahead", "invoices.10.running-total", "settings.key.large_invoice_piece")
def test_10_the_second_no_sends_it_in_pieces_and_completes_after_the_last(world: World) -> None:
    at_first_set_aside(world)
    totals: list[Any] = []
    statuses: list[Any] = []

    def look(_: float) -> None:
        totals.extend(i["total"] for i in world.in_netsuite("invoice"))
        statuses.append(status_of(dict(world.in_zuora("Invoice", "INV1"))))

    world.netsuite_control.sleep = look
    world.netsuite_control.set_faults([{**CREATE, "delay_ms": 1}, {**ADD, "delay_ms": 1}])
    run = ran(world)
    check_complete(run)
    assert calls(world) == (1, 2)
    assert statuses == [("Creating Invoice", "Processing")] * 3
    assert totals == [50, 65]  # never below zero: what is negative comes last


@pytest.mark.rule("invoices.10.recovery")
def test_10_after_a_crash_between_pieces_only_the_missing_lines_are_sent(world: World) -> None:
    at_first_set_aside(world)
    world.netsuite_control.set_faults([{**ADD, "status": 503, "body": {}}])
    first = ran(world)
    assert status_of(first.record("INV1")) == ("Creating Invoice", "Processing")
    assert len(first.lines_of("INV1")) == 2
    world.netsuite_control.set_faults([])
    world.netsuite_control.clear_stats()
    world.clock.advance(hours=1)
    check_complete(ran(world))
    assert calls(world) == (0, 2)


def test_10_a_crash_after_the_last_piece_only_completes_zuora(world: World) -> None:
    lose_answers(world)
    at_first_set_aside(world)
    world.netsuite_control.set_faults([{**ADD, "drop": "after", "nth": 2}])
    first = ran(world)
    world.netsuite_control.set_faults([])
    world.clock.advance(hours=1)
    second = ran(world)
    check_complete(second)
    assert first.made("INV1")[0]["id"] == second.sent("INV1")["id"]


@pytest.mark.rule("invoices.10.total-equal")
def test_10_an_invoice_in_pieces_whose_total_differs_is_not_completed(world: World) -> None:
    """Somebody changes a line of the invoice in NetSuite while its pieces are on their way."""
    at_first_set_aside(world)
    world.netsuite_control.set_faults([{**ADD, "status": 503, "body": {}}])
    ran(world)
    world.netsuite_control.set_faults([])
    (begun,) = world.in_netsuite("invoice")
    line = {"line": 1, "amount": 37}
    world.wiring().netsuite(DEFAULTS, Owner("a person", "", "1")).update("invoice", str(begun["id"]), {"item": {"items": [line]}})
    world.clock.advance(hours=1)
    run = ran(world)
    assert (len(run.lines_of("INV1")), run.sent("INV1")["total"]) == (6, 13)
    assert status_of(run.record("INV1")) == ("Error Creating Invoice", "Error")
    assert "IntegrationId__NS" not in run.record("INV1")
    assert run.output["outcome"] == "out of balance"
