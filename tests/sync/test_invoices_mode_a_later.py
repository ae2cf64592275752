"""Revenue dates that arrive later, and large invoices, of tenants without Invoice Settlement (invoices.md sections 7 and 10)."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tests.sync.builders import invoice, merged, subscription, zid
from tests.sync.invoice_world import change, item, ready, synced_charge
from tests.sync.memory import MemoryWorld
from tests.sync.mode_a_world import DONE, made, only
from tests.sync.ran import Ran, ran, status_of
from tests.sync.recording import during
from tests.sync.world import World

CODE = "Straight-line, exact days"
WAITING = ("2026-10-01", "2026-10-31", True)
RECOGNISED = ("2026-10-10", "2026-10-31", False)
LINES = [("Deferred", 100.0), ("Deferred", 50.0)]


@pytest.fixture
def world(started_mode_a: World) -> MemoryWorld:
    return MemoryWorld.of(started_mode_a)


# -- 7 revenue dates ------------------------------------------------------------------------------------------------------


def sent(world: World) -> None:
    """An invoice and a negative one with two deferred lines each, synced."""
    template = {"revRecSchedule": {"id": "1"}, "deferredRevenueAccount": {"id": "6"}}
    ready(
        world,
        merged(
            synced_charge("Deferred", "510", RevRecCode=CODE, RevRecStart__NS="Rev Rec Trigger Date"),
            subscription("A1", "S2", "Deferred"),
            invoice("A1", "INV1", LINES, sub="S2"),
            invoice("A1", "NEG1", [(name, -amount) for name, amount in LINES], sub="S2"),
        ),
        netsuite={"serviceSaleItem": [item("Deferred", "510", **template)]},
        netsuite_use_revenue_recognition="Yes",
    )
    assert ran(world).outcome == "completed"
    world.netsuite_control.clear_stats()
    world.zuora_control.clear_stats()


def dates(world: World, number: str) -> list[tuple[Any, Any, bool]]:
    (record,) = made(world, number)
    return [(line.get("revRecStartDate"), line.get("revRecEndDate"), bool(line.get("deferRevRec"))) for line in record["item"]["items"]]


def trigger(world: World, number: str, line: int) -> None:
    change(world, "InvoiceItem", f"{number} item {line}", RevRecStartDate="2026-10-10")


def strip(world: World, kind: str, number: str, line: int, zuora_id: str | None = None) -> None:
    """A script of the account clears the Zuora ID of a NetSuite line, or puts another in its place."""
    (record,) = made(world, number)
    world.load(netsuite={kind: [{"id": record["id"], "item": {"items": [{"line": line, "custcolzuoraid": zuora_id}]}}]})


@pytest.mark.rule("invoices.7.procedure.3", "sequence-and-status.4.2.text.revenue-date-update-of-a-synced-invoice-debit-memo")
def test_7_the_statuses_of_an_update_go_by_actions_and_leave_transferred_alone(world: World) -> None:
    sent(world)
    trigger(world, "INV1", 1)
    seen = during(
        world, lambda: status_of(dict(world.in_zuora("Invoice", "INV1"))), {"method": "PATCH", "path": "^/services/rest/record/v1/invoice"}
    )
    run = ran(world)
    assert seen == [("Updating Revenue Recognition", "Yes")]
    assert status_of(run.record("INV1")) == DONE
    assert dates(world, "INV1") == [RECOGNISED, WAITING]
    assert [c for c in world.zuora_control.stats()["calls"] if c.startswith("PUT")] == []


@pytest.mark.rule("invoices.7.procedure.7")
def test_7_7_a_credit_memo_takes_part_where_its_lines_can_be_deferred(world: World) -> None:
    sent(world)
    assert dates(world, "NEG1") == [WAITING, WAITING]
    trigger(world, "NEG1", 2)
    run = ran(world)
    assert dates(world, "NEG1") == [WAITING, RECOGNISED]
    assert [line["amount"] for line in only(world, "NEG1", "creditMemo")["item"]["items"]] == [100, 50]
    assert status_of(run.record("NEG1")) == DONE


@pytest.mark.rule("invoices.7.procedure.4", "sequence-and-status.3.1.field.invoiceitem-integrationid-ns")
def test_7_4_a_line_that_lost_its_zuora_id_is_found_by_the_stored_key(world: World) -> None:
    sent(world)
    strip(world, "invoice", "INV1", 1)
    trigger(world, "INV1", 1)
    ran(world)
    assert dates(world, "INV1") == [RECOGNISED, WAITING]


@pytest.mark.rule("invoices.7.procedure.4")
@pytest.mark.parametrize("key", [None, "2", "77"], ids=["none", "that of another line", "that of no line"])
def test_7_4_without_a_good_key_the_line_is_found_by_its_zuora_id(world: World, key: str | None) -> None:
    sent(world)
    change(world, "InvoiceItem", "INV1 item 1", IntegrationId__NS=key)
    trigger(world, "INV1", 1)
    ran(world)
    assert dates(world, "INV1") == [RECOGNISED, WAITING]


def test_7_the_line_keys_stay_as_they_are(world: World) -> None:
    sent(world)
    change(world, "InvoiceItem", "INV1 item 2", IntegrationId__NS="kept")
    trigger(world, "INV1", 1)
    ran(world)
    assert world.in_zuora("InvoiceItem", zid("INV1 item 2"))["IntegrationId__NS"] == "kept"


# -- 10 large invoices ----------------------------------------------------------------------------------------------------

SMALL: dict[str, Any] = {"large_invoice_lines": 4, "large_invoice_piece": 2}
LARGE = [("Gold", 60.0), ("Gold", -30.0), ("Silver", -20.0), ("Gold", -10.0), ("Silver", -5.0), ("Gold", -1.0)]
EXCEEDS = "Invoice NEG1: 6 lines exceed the limit of 4; set aside. Set Transferred to Accounting to No to send it in pieces."
ADD = {"method": "PATCH", "path": "^/services/rest/record/v1/creditMemo"}


def large(world: World, **settings: Any) -> None:
    """A large negative invoice, set aside and let through again."""
    ready(world, invoice("A1", "NEG1", LARGE, sub="S1", amount=-6.0), **{**SMALL, **settings})
    run = ran(world)
    assert (status_of(run.record("NEG1")), run.problems("NEG1")) == ((None, "Ignore"), [("INV-LARGE", EXCEEDS)])
    go_ahead(world)


def go_ahead(world: World) -> None:
    change(world, "Invoice", "NEG1", TransferredToAccounting="No")


def check_complete(world: World, run: Ran) -> None:
    memo = only(world, "NEG1", "creditMemo")
    assert status_of(run.record("NEG1")) == DONE
    assert [line["line"] for line in memo["item"]["items"]] == [1, 2, 3, 4, 5, 6]
    assert memo["total"] == Decimal("6.00")
    by_line = {str(line["line"]): line["custcolzuoraid"] for line in memo["item"]["items"]}
    keys = [world.in_zuora("InvoiceItem", zid(f"NEG1 item {n}"))["IntegrationId__NS"] for n in range(1, 7)]
    assert [by_line[key] for key in keys] == [zid(f"NEG1 item {n}") for n in range(1, 7)]
    assert run.output["tiedOut"]


@pytest.mark.rule("invoices.10.go-ahead", "invoices.10.running-total", "invoices.10.limit")
def test_10_a_large_negative_invoice_goes_in_pieces_without_falling_below_zero(world: World) -> None:
    large(world)
    totals: list[Any] = []
    during(world, lambda: totals.extend(m["total"] for m in world.in_netsuite("creditMemo")), ADD)
    check_complete(world, ran(world))
    assert totals == [50, 65]


@pytest.mark.rule("invoices.10.recovery")
def test_10_after_a_crash_between_pieces_only_the_missing_lines_are_sent(world: World) -> None:
    large(world)
    world.netsuite_control.set_faults([{**ADD, "status": 503, "body": {}}])
    first = ran(world)
    assert status_of(first.record("NEG1")) == ("Creating Credit Memo", "Processing")
    assert world.in_zuora("InvoiceItem", zid("NEG1 item 2")).get("IntegrationId__NS") is None  # only after the last piece
    world.netsuite_control.set_faults([])
    world.clock.advance(hours=1)
    check_complete(world, ran(world))


@pytest.mark.rule("invoices.10.go-ahead")
def test_10_one_that_was_let_through_and_then_held_is_not_set_aside_again(world: World) -> None:
    large(world)
    change(world, "Account", "A1", Class__NS="Nowhere")
    held = ran(world)
    assert held.problems("NEG1") == [("INV-V6", 'Invoice NEG1: class "Nowhere" of account A1 does not exist in NetSuite.')]
    change(world, "Account", "A1", Class__NS=None)
    check_complete(world, ran(world))


@pytest.mark.rule("invoices.10.go-ahead")
def test_10_one_that_was_let_through_into_a_closed_period_is_not_set_aside_again(world: World) -> None:
    large(world)
    (period,) = [p for p in world.in_netsuite("accountingPeriod") if p["periodName"] == "Oct 2026"]
    world.load(netsuite={"accountingPeriod": [{"id": period["id"], "arLocked": True}]})
    held = ran(world)
    assert [code for code, _ in held.problems("NEG1")] == ["INV-PERIOD"]
    world.load(netsuite={"accountingPeriod": [{"id": period["id"], "arLocked": False}]})
    check_complete(world, ran(world))


def test_10_where_netsuite_adds_tax_the_totals_of_a_large_invoice_are_not_compared(world: World) -> None:
    ready(
        world,
        synced_charge("Taxable", "510"),
        subscription("A1", "S2", "Taxable"),
        invoice("A1", "INV1", [("Taxable", 10.0)] * 5, sub="S2"),
        netsuite={
            "salesTaxItem": [{"id": "9", "itemId": "Eight", "taxType": 1, "rate": 8}],
            "customer": [{"id": "9001", "taxable": True}],
            "serviceSaleItem": [item("Taxable", "510", isTaxable=True, salesTaxCode={"id": "9"})],
        },
        use_standard_invoice_sync="No",
        **SMALL,
    )
    ran(world)
    change(world, "Invoice", "INV1", TransferredToAccounting="No")
    run = ran(world)
    assert (status_of(run.record("INV1")), run.sent("INV1")["total"], run.output["tiedOut"]) == (DONE, 54, True)
