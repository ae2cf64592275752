"""Revenue dates that arrive after the invoice was sent (invoices.md section 7)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sync.builders import invoice, merged, subscription
from tests.sync.invoice_world import change, item, ready, synced_charge
from tests.sync.memory import MemoryWorld
from tests.sync.ran import Ran, ran, status_of
from tests.sync.recording import during
from tests.sync.world import World


@pytest.fixture
def world(started_world: World) -> World:
    """Stores in memory, so that a run takes a fraction of a second."""
    return MemoryWorld.of(started_world)


CODE = "Straight-line, exact days"
DEFERRABLE = {"revRecSchedule": {"id": "1"}, "deferredRevenueAccount": {"id": "6"}}
UPDATE = {"method": "PATCH", "path": "^/services/rest/record/v1/invoice"}
LINES = [("Gold", 5.0), ("Deferred", 100.0), ("Deferred", 50.0)]


def sent(world: World) -> Ran:
    """An invoice with a plain line and two deferred ones, synced."""
    ready(
        world,
        merged(
            synced_charge("Deferred", "510", RevRecCode=CODE, RevRecStart__NS="Rev Rec Trigger Date"),
            subscription("A1", "S2", "Gold", "Deferred"),
            invoice("A1", "INV1", LINES, sub="S2"),
            invoice("A1", "INV2", [("Gold", 7.0)], sub="S2"),
        ),
        netsuite={"serviceSaleItem": [item("Deferred", "510", **DEFERRABLE)]},
        netsuite_use_revenue_recognition="Yes",
    )
    run = ran(world)
    assert run.synced("INV1")
    world.netsuite_control.clear_stats()
    return run


def dates(run: Ran) -> list[tuple[Any, Any, Any]]:
    return [(line.get("revRecStartDate"), line.get("revRecEndDate"), bool(line.get("deferRevRec"))) for line in run.lines_of("INV1")]


def trigger(world: World, line: int, day: str = "2026-10-10") -> None:
    change(world, "InvoiceItem", f"INV1 item {line}", RevRecStartDate=day)


def patches(world: World) -> int:
    return int(world.netsuite_control.stats()["calls"].get("PATCH /record/v1/invoice/{id}", 0))


def close_october(world: World, closed: bool) -> None:
    (period,) = [p for p in world.in_netsuite("accountingPeriod") if p["periodName"] == "Oct 2026"]
    world.load(netsuite={"accountingPeriod": [{"id": period["id"], "arLocked": closed}]})


WAITING = ("2026-10-01", "2026-10-31", True)
PLAIN = ("2026-10-01", "2026-10-31", False)
RECOGNISED = ("2026-10-10", "2026-10-31", False)


@pytest.mark.rule(
    "invoices.7.procedure.1",
    "invoices.7.procedure.2",
    "invoices.7.procedure.3",
    "sequence-and-status.4.2.text.revenue-date-update-of-a-synced-invoice-debit-memo",
    "invoices.5.mapping-line.to-sublist-replace",
    "sequence-and-status.5.3.merge-only",
)
def test_7_one_update_changes_exactly_the_lines_whose_date_is_known(world: World) -> None:
    first = sent(world)
    assert dates(first) == [PLAIN, WAITING, WAITING]
    trigger(world, 2)
    seen = during(world, lambda: status_of(dict(world.in_zuora("Invoice", "INV1"))), UPDATE)
    second = ran(world)
    assert seen == [("Updating Revenue Recognition", "Yes")]  # 7.3: Transferred to Accounting stays Yes
    assert dates(second) == [PLAIN, RECOGNISED, WAITING]
    assert [line["amount"] for line in second.lines_of("INV1")] == [5, 100, 50]
    assert status_of(second.record("INV1")) == ("Sync Complete", "Yes")
    assert second.output["tiedOut"]
    trigger(world, 3, "2026-10-20")
    third = ran(world)
    assert dates(third) == [PLAIN, RECOGNISED, ("2026-10-20", "2026-10-31", False)]
    assert patches(world) == 2


@pytest.mark.rule("invoices.7.procedure.5")
def test_7_5_nothing_is_written_again_once_the_dates_are_there(world: World) -> None:
    sent(world)
    trigger(world, 2)
    trigger(world, 3)
    ran(world)
    assert patches(world) == 1
    for _ in range(2):
        assert ran(world).outcome == "completed"
    assert patches(world) == 1


@pytest.mark.rule("invoices.7.procedure.5")
def test_7_5_a_line_that_a_person_has_released_is_left_alone(world: World) -> None:
    first = sent(world)
    made = first.sent("INV1")["id"]
    by_hand = {"line": 2, "deferRevRec": False, "revRecStartDate": "2026-10-05"}
    world.load(netsuite={"invoice": [{"id": made, "item": {"items": [by_hand]}}]})
    trigger(world, 2)
    trigger(world, 3)
    assert dates(ran(world)) == [PLAIN, ("2026-10-05", "2026-10-31", False), RECOGNISED]


def test_7_a_trigger_that_keeps_the_provisional_start_still_ends_the_deferral(world: World) -> None:
    sent(world)
    trigger(world, 2, "2026-09-01")
    assert dates(ran(world)) == [PLAIN, PLAIN, WAITING]


@pytest.mark.rule("invoices.7.procedure.3", "sequence-and-status.4.2.text.revenue-date-update-of-a-synced-invoice-debit-memo")
def test_7_3_a_refused_update_is_picked_up_again_by_its_status(world: World) -> None:
    sent(world)
    trigger(world, 2)
    body = {"status": 400, "o:errorDetails": [{"detail": "Refused by a script.", "o:errorCode": "USER_ERROR"}]}
    world.netsuite_control.set_faults([{**UPDATE, "status": 400, "body": body}])
    refused = ran(world)
    assert status_of(refused.record("INV1")) == ("Error Updating Revenue Recognition", "Yes")
    assert refused.outcome == "completed with warnings"
    world.netsuite_control.set_faults([])
    world.clock.advance(minutes=5)
    mended = ran(world)
    assert status_of(mended.record("INV1")) == ("Sync Complete", "Yes")
    assert dates(mended) == [PLAIN, RECOGNISED, WAITING]
    trigger(world, 3)
    assert dates(ran(world)) == [PLAIN, RECOGNISED, RECOGNISED]


def test_7_3_an_interrupted_update_is_completed(world: World) -> None:
    sent(world)
    trigger(world, 2)
    during(world, lambda: world.zuora_control.set_faults([{"method": "PUT", "path": "^/v1/invoices", "status": 503}]), UPDATE)
    first = ran(world)
    assert status_of(first.record("INV1")) == ("Updating Revenue Recognition", "Yes")
    world.zuora_control.set_faults([])
    world.clock.advance(hours=1)
    second = ran(world)
    assert status_of(second.record("INV1")) == ("Sync Complete", "Yes")
    assert dates(second) == [PLAIN, RECOGNISED, WAITING]


@pytest.mark.rule("invoices.7.procedure.6")
def test_7_6_a_closed_period_is_a_warning_until_it_is_opened(world: World) -> None:
    sent(world)
    trigger(world, 2)
    close_october(world, True)
    text = "Invoice INV1: revenue dates could not be updated in NetSuite: the accounting period of 2026-10-01 is closed."
    for _ in range(2):
        run = ran(world)
        assert run.problems("INV1") == [("INV-REVENUE-PERIOD", text)]
        assert run.record("INV1") == run.before["INV1"]
    close_october(world, False)
    assert dates(ran(world)) == [PLAIN, RECOGNISED, WAITING]


@pytest.mark.rule("invoices.7.procedure.4")
def test_7_an_invoice_recovered_after_a_crash_gets_its_dates_too(world: World) -> None:
    sent(world)
    change(world, "Invoice", "INV1", IntegrationStatus__NS="Creating Invoice", TransferredToAccounting="Processing")
    ran(world)
    trigger(world, 2)
    assert dates(ran(world)) == [PLAIN, RECOGNISED, WAITING]


def test_7_an_invoice_without_deferred_lines_is_never_asked_about(world: World) -> None:
    sent(world)
    trigger(world, 2)
    run = ran(world)
    assert [line for line in run.lines if line.get("source_number") == "INV2"] == []
