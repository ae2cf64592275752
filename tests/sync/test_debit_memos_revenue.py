"""Revenue dates that arrive after the debit memo was sent (memos.md D, Later revenue dates; invoices.md section 7), and what NetSuite's own
tax changes (invoices.md section 12)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sync.builders import merged, subscription, zid
from tests.sync.invoice_world import change, item, synced_charge
from tests.sync.memo_world import CODE, DEFERRABLE, debit, memos, ran, ready
from tests.sync.memory import MemoryWorld
from tests.sync.ran import Ran, status_of
from tests.sync.recording import during
from tests.sync.world import World

UPDATE = {"method": "PATCH", "path": "^/services/rest/record/v1/invoice"}
LINES = [("Gold", 5.0), ("Deferred", 100.0), ("Deferred", 50.0)]
WAITING = ("2026-10-01", "2026-10-31", True)
PLAIN = ("2026-10-01", "2026-10-31", False)
RECOGNISED = ("2026-10-10", "2026-10-31", False)


@pytest.fixture(params=["data_query", "zoql"])
def sent(started_world: World, request: pytest.FixtureRequest) -> MemoryWorld:
    """A debit memo with a plain line and two deferred ones, synced: the second line belongs to an invoice item, the third waits for the
    subscription's customer acceptance."""
    charge = {"RevRecCode": CODE, "RevRecStart__NS": "Rev Rec Trigger Date", "RevRecTriggerCondition": "CustomerAcceptanceDate"}
    memo = debit("M1", LINES, sub="S2")
    memo["DebitMemoItem"][1]["InvoiceItemId"] = zid("INV1 item")
    own = merged(synced_charge("Deferred", "510", **charge), subscription("A1", "S2", "Gold", "Deferred"), memo)
    for row in own["RatePlanCharge"]:
        row["RevRecTriggerCondition"] = "CustomerAcceptanceDate"
    world = ready(
        MemoryWorld.of(started_world),
        own,
        netsuite={"serviceSaleItem": [item("Deferred", "510", **DEFERRABLE)]},
        netsuite_use_revenue_recognition="Yes",
        **{"zuora.read_path": request.param},
    )
    change(world, "Subscription", "S2", ContractAcceptanceDate=None)
    run: Ran = ran(world)
    assert run.synced("M1")
    assert dates(run) == [PLAIN, WAITING, WAITING]
    world.netsuite_control.clear_stats()
    return world


def lines(run: Ran) -> list[dict[str, Any]]:
    """The NetSuite lines in the order of the memo's items; without Data Query their order is not certain."""
    by_item = {line["custcolzuoraid"]: line for line in run.lines_of("M1")}
    return [by_item[zid(f"M1 item {n}")] for n in range(1, len(LINES) + 1)]


def dates(run: Ran) -> list[tuple[Any, Any, Any]]:
    return [(line.get("revRecStartDate"), line.get("revRecEndDate"), bool(line.get("deferRevRec"))) for line in lines(run)]


@pytest.mark.rule(
    "memos.D.revenue-update",
    "memos.D.mapping-line.to-sublist-replace",
    "sequence-and-status.4.2.text.revenue-date-update-of-a-synced-invoice-debit-memo",
)
def test_one_update_changes_exactly_the_lines_whose_date_is_known(sent: MemoryWorld) -> None:
    change(sent, "InvoiceItem", "INV1 item", RevRecStartDate="2026-10-10")
    seen = during(sent, lambda: status_of(memos(sent, "Debit")["M1"]), UPDATE)
    second = ran(sent)
    assert seen == [("Updating Revenue Recognition", "Yes")]
    assert dates(second) == [PLAIN, RECOGNISED, WAITING]
    assert [line["amount"] for line in lines(second)] == [5, 100, 50]
    assert status_of(second.record("M1")) == ("Sync Complete", "Yes")
    assert second.output["tiedOut"]
    change(sent, "Subscription", "S2", ContractAcceptanceDate="2026-10-20")
    assert dates(ran(sent)) == [PLAIN, RECOGNISED, ("2026-10-20", "2026-10-31", False)]
    ran(sent)
    assert sent.netsuite_control.stats()["calls"]["PATCH /record/v1/invoice/{id}"] == 2


@pytest.mark.rule("memos.D.revenue-update", "sequence-and-status.4.2.text.revenue-date-update-of-a-synced-invoice-debit-memo")
def test_a_refused_update_is_picked_up_again_by_its_status(sent: MemoryWorld) -> None:
    change(sent, "InvoiceItem", "INV1 item", RevRecStartDate="2026-10-10")
    body = {"status": 400, "o:errorDetails": [{"detail": "Refused by a script.", "o:errorCode": "USER_ERROR"}]}
    sent.netsuite_control.set_faults([{**UPDATE, "status": 400, "body": body}])
    assert status_of(ran(sent).record("M1")) == ("Error Updating Revenue Recognition", "Yes")
    sent.netsuite_control.set_faults([])
    mended = ran(sent)
    assert (status_of(mended.record("M1")), dates(mended)) == (("Sync Complete", "Yes"), [PLAIN, RECOGNISED, WAITING])


def test_a_closed_period_is_a_warning_until_it_is_opened(sent: MemoryWorld) -> None:
    change(sent, "InvoiceItem", "INV1 item", RevRecStartDate="2026-10-10")
    (period,) = [p for p in sent.in_netsuite("accountingPeriod") if p["periodName"] == "Oct 2026"]
    sent.load(netsuite={"accountingPeriod": [{"id": period["id"], "arLocked": True}]})
    run = ran(sent)
    text = "Debit memo M1: revenue dates could not be updated in NetSuite: the accounting period of 2026-10-05 is closed."
    assert run.problems("M1") == [("DM-REVENUE-PERIOD", text)]
    assert run.record("M1") == run.before["M1"]


@pytest.mark.rule("sequence-and-status.1.2.rule.truncated", "sequence-and-status.7.5.value.no")
def test_where_netsuite_calculates_tax_debit_memos_go_without_zuoras(started_world: World) -> None:
    world = ready(MemoryWorld.of(started_world), debit("M1", taxes=[8.25]), use_standard_invoice_sync="No")
    run: Ran = ran(world)
    assert run.synced("M1")
    assert [line["amount"] for line in run.lines_of("M1")] == [100]
    assert run.output["tiedOut"]
    assert ran(world, "Credit").summary["steps"] == [] or world.in_netsuite("creditMemo") == []
