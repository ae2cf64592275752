"""The status of an invoice from one moment to the next, and how an interrupted or refused one is taken up again
(invoices.md section 4, sequence-and-status.md sections 4 to 6)."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tests.sync.builders import Objects, invoice, subscription, zid
from tests.sync.invoice_world import (
    ITEMS,
    TAXED,
    change,
    customer,
    delete_in_netsuite,
    item,
    ready,
    synced_account,
    synced_charge,
)
from tests.sync.memory import MemoryWorld
from tests.sync.ran import ran, status_of
from tests.sync.recording import during
from tests.sync.world import World


@pytest.fixture
def world(started_world: World) -> World:
    """Stores in memory, so that a run takes a fraction of a second."""
    return MemoryWorld.of(started_world)


GOLD = [("Gold", 100.0)]
CREATE = {"method": "POST", "path": "^/services/rest/record/v1/invoice"}
WRITE_BACK = {"method": "PUT", "path": "^/v1/invoices"}
DONE = ("Sync Complete", "Yes")
NAMES = {
    "quotes": 'O\'Brien "& Sons" \\ Co',
    "commas and a formula": "=SUM(1,2), Ltd.; GmbH",
    "beyond ASCII": "Žižka 株式会社",
    "300 characters": "long " * 60,
}


def in_netsuite(number: str, amount: float = 100.0, **fields: Any) -> Objects:
    """The NetSuite invoice of a Zuora invoice, as an earlier run or another connector left it."""
    lines = [{"item": {"id": "501"}, "amount": amount}]
    known = {"id": "7001", "entity": {"id": "9001"}, "tranDate": "2026-10-01", "item": {"items": lines}}
    return {"invoice": [{**known, "custbodyzuoraid": zid(number), **fields}]}


# -- 4.3 transitions --------------------------------------------------------------------------------------------------------


@pytest.mark.rule(
    "sequence-and-status.4.1.rule.6",
    "sequence-and-status.4.2.text.invoice-not-negative",
    "sequence-and-status.4.3.transition.creating-x-processing-destination-refused",
    "sequence-and-status.4.3.transition.error-creating-x-error-next-run-none-found-validation-passes",
    "invoices.4.status.4",
)
def test_4_6_refused_invoices_get_the_error_status_and_others_go_on(world: World) -> None:
    ready(
        world,
        synced_charge("Old", "510"),
        subscription("A1", "S2", *ITEMS, "Old"),
        invoice("A1", "INV1", [("Old", 10.0)], sub="S2"),
        invoice("A1", "INV2", GOLD, sub="S1"),
        netsuite={"serviceSaleItem": [item("Old", "510", isInactive=True)]},
    )
    run = ran(world)
    assert status_of(run.record("INV1")) == ("Error Creating Invoice", "Error")
    assert "IntegrationId__NS" not in run.record("INV1")
    assert run.made("INV1") == []
    ((_, message),) = run.problems("INV1")
    assert "Invoice INV1: " in message
    assert 'charge "Old" is inactive' in message
    assert run.synced("INV2")
    assert (run.outcome, run.output["tiedOut"]) == ("completed with warnings", True)
    world.load(netsuite={"serviceSaleItem": [{"id": "510", "isInactive": False}]})
    assert ran(world).synced("INV1")


def test_4_6_a_period_closed_meanwhile_is_a_refusal(world: World) -> None:
    ready(world, invoice("A1", "INV1", GOLD, sub="S1"))
    (period,) = [p for p in world.in_netsuite("accountingPeriod") if p["periodName"] == "Oct 2026"]
    during(world, lambda: world.load(netsuite={"accountingPeriod": [{"id": period["id"], "arLocked": True}]}), CREATE)
    run = ran(world)
    assert status_of(run.record("INV1")) == ("Error Creating Invoice", "Error")
    assert "period Oct 2026 is closed" in run.problems("INV1")[0][1]


@pytest.mark.rule("operations.7.1.message.netsuite-warning-code-insufcnt-num-prds-for-rev-rec-not")
def test_4_6_a_schedule_beyond_the_last_period_is_a_refusal(world: World) -> None:
    template = {"revRecSchedule": {"id": "1"}, "deferredRevenueAccount": {"id": "6"}}
    made = invoice("A1", "INV1", [("Long", 10.0)], sub="S2")
    made["InvoiceItem"][0] |= {"ServiceEndDate": "2050-12-31", "RevRecStartDate": "2026-10-01"}
    ready(
        world,
        synced_charge("Long", "510", RevRecCode="Straight-line, exact days"),
        subscription("A1", "S2", "Long"),
        made,
        netsuite={"serviceSaleItem": [item("Long", "510", **template)]},
        netsuite_use_revenue_recognition="Yes",
    )
    run = ran(world)
    assert status_of(run.record("INV1")) == ("Error Creating Invoice", "Error")
    assert "Not enough accounting periods" in run.problems("INV1")[0][1]


@pytest.mark.rule("sequence-and-status.4.1.rule.7", "sequence-and-status.4.3.transition.creating-x-processing-crash", "invoices.4.status.5")
def test_4_7_an_interrupted_invoice_keeps_its_status_and_is_completed_by_the_next_run(world: World) -> None:
    ready(world, invoice("A1", "INV1", GOLD, sub="S1"))
    during(world, lambda: world.zuora_control.set_faults([{**WRITE_BACK, "status": 503, "body": {}}]), CREATE)
    first = ran(world)
    assert status_of(first.record("INV1")) == ("Creating Invoice", "Processing")
    assert len(first.made("INV1")) == 1
    world.zuora_control.set_faults([])
    world.netsuite_control.set_faults([])
    world.clock.advance(hours=1)
    second = ran(world)
    assert second.synced("INV1")
    assert second.record("INV1")["IntegrationId__NS"] == str(first.sent("INV1")["id"])


# -- 5 recovery -------------------------------------------------------------------------------------------------------------


@pytest.mark.rule("sequence-and-status.6.resync.invoice-z-ns", "sequence-and-status.6.resync.any-made-by-mistake", "invoices.4.resync")
@pytest.mark.parametrize("status", ["Sync Complete", None], ids=["transferred reset", "fields cleared"])
def test_6_deleted_in_netsuite_and_reset_gives_a_new_record(world: World, status: str | None) -> None:
    ready(world, invoice("A1", "INV1", GOLD, sub="S1"))
    first = ran(world)
    old = str(first.sent("INV1")["id"])
    delete_in_netsuite(world, old)
    kept = {} if status else {"IntegrationStatus__NS": None, "IntegrationId__NS": None, "SyncDate__NS": None}
    change(world, "Invoice", "INV1", TransferredToAccounting="No", **kept)
    second = ran(world)
    assert second.synced("INV1")
    assert second.record("INV1")["IntegrationId__NS"] == str(second.sent("INV1")["id"]) != old


@pytest.mark.rule("settings.key.external_id_prefixes")
def test_5_2_with_prefixes_the_external_id_carries_its_kind_and_is_found_again(world: World) -> None:
    ready(world, invoice("A1", "INV1", GOLD, sub="S1"), external_id_prefixes="Yes")
    first = ran(world)
    assert first.sent("INV1")["externalId"] == f"ZINV-{zid('INV1')}"
    change(world, "Invoice", "INV1", TransferredToAccounting="No")
    assert ran(world).synced("INV1")


def test_5_an_inconclusive_look_up_creates_nothing(world: World) -> None:
    ready(world, invoice("A1", "INV1", GOLD, sub="S1"))
    world.netsuite_control.set_faults([{**CREATE, "status": 503, "body": {}}])
    run = ran(world)
    assert run.made("INV1") == []
    assert status_of(run.record("INV1")) == ("Creating Invoice", "Processing")


@pytest.mark.rule("invoices.4.after-complete", "sequence-and-status.4.3.transition.sync-complete-yes-any-later-change-in-the-source")
def test_4_a_change_after_the_sync_stays_in_zuora(world: World) -> None:
    ready(world, invoice("A1", "INV1", GOLD, sub="S1", Comments="first"))
    ran(world)
    change(world, "Invoice", "INV1", Comments="second")
    again = ran(world)
    assert again.sent("INV1")["memo"] == "first"
    assert again.summary["steps"][0]["selected"] == 0


@pytest.mark.rule("invoices.5.several-tax-lines")
def test_5_each_tax_of_a_charge_is_a_line_of_its_own(world: World) -> None:
    made = invoice("A1", "INV1", [("Gold", 100.0), ("Silver", 10.0)], sub="S1", taxes=[8.25, 1.5], **TAXED)
    made["TaxationItem"][1]["InvoiceItemId"] = made["TaxationItem"][0]["InvoiceItemId"]
    ready(world, made)
    assert [line["amount"] for line in ran(world).lines_of("INV1")] == [100, Decimal("8.25"), Decimal("1.50"), 10]


# -- totals -----------------------------------------------------------------------------------------------------------------


def test_a_netsuite_total_that_differs_by_a_cent_gets_the_error_status_and_the_run_is_out_of_balance(world: World) -> None:
    """NetSuite adds tax of its own: a tax of 0.01 % on 100."""
    ready(
        world,
        synced_charge("Taxable", "510"),
        subscription("A1", "S2", "Taxable"),
        invoice("A1", "INV1", [("Taxable", 100.0)], sub="S2"),
        netsuite={
            "customer": [customer("A1", "9001", taxable=True)],
            "salesTaxItem": [{"id": "9", "itemId": "Cent", "taxType": 1, "rate": 0.01}],
            "serviceSaleItem": [item("Taxable", "510", isTaxable=True, salesTaxCode={"id": "9"})],
        },
        use_standard_invoice_sync="Yes - NetSuite Int'l Edition",
    )
    run = ran(world)
    made = run.sent("INV1")["id"]
    assert run.problems("INV1") == [("INV-TOTAL", f"Invoice INV1: invoice {made} holds USD 100.01 instead of USD 100.00.")]
    assert status_of(run.record("INV1")) == ("Error Creating Invoice", "Error")
    assert (run.outcome, run.output["tiedOut"]) == ("out of balance", False)
    again = ran(world)
    assert again.problems("INV1") == run.problems("INV1")
    assert len(again.made("INV1")) == 1


def test_12_where_netsuite_adds_its_tax_a_found_record_is_not_compared(world: World) -> None:
    left: dict[str, Any] = {"IntegrationStatus__NS": "Creating Invoice", "TransferredToAccounting": "Processing"}
    zuora = invoice("A1", "INV1", GOLD, sub="S1", **left)
    ready(world, zuora, netsuite=in_netsuite("INV1", 108.0), use_standard_invoice_sync="No")
    assert ran(world).synced("INV1")


# -- texts ------------------------------------------------------------------------------------------------------------------


def test_any_text_arrives_and_is_cut_to_what_netsuite_takes(world: World) -> None:
    accounts = {f"N{n}": (f"92{n:02d}", name) for n, name in enumerate(NAMES.values())}
    parts: list[Objects] = []
    for number, (internal_id, name) in accounts.items():
        parts += [
            synced_account(number, internal_id, name=name[:255]),
            subscription(number, f"S{number}", "Gold"),
            invoice(number, f"INV{number}", GOLD, sub=f"S{number}", Comments=name[:255]),
        ]
        parts[-2]["Subscription"][0]["Notes"] = name * 3  # emoji cannot be stored in Zuora
    customers = [{**customer(number, internal_id), "companyName": f"{name[:70]} 😀"} for number, (internal_id, name) in accounts.items()]
    ready(world, *parts, netsuite={"customer": customers})
    run = ran(world)
    for number, (_, name) in accounts.items():
        assert run.synced(f"INV{number}"), name
        assert run.sent(f"INV{number}")["memo"] == run.record(f"INV{number}")["Comments"]
        assert run.lines_of(f"INV{number}")[0]["custcolzuorasubscriptionnotes"] == (name * 3)[:300]


# -- green runs and counts --------------------------------------------------------------------------------------------------


@pytest.mark.rule("sequence-and-status.4.3.transition.sync-complete-yes-any-later-change-in-the-source")
def test_a_second_run_writes_nothing_and_asks_one_question(world: World) -> None:
    ready(world, *(invoice("A1", f"INV{n}", GOLD, sub="S1", taxes=[8.25], **TAXED) for n in range(3)))
    assert ran(world).outcome == "completed"
    world.zuora_control.clear_stats()
    world.netsuite_control.clear_stats()
    world.run(steps=("invoices",))
    calls = world.zuora_control.stats()["calls"]
    assert [c for c in calls if c.startswith("PUT")] == []
    assert calls["POST /v1/action/query"] == 1
    assert world.netsuite_control.stats()["calls"] == {
        "POST /query/v1/suiteql": 3,
        "GET /record/v1/metadata-catalog/invoice": 1,
    }, "does it answer, what was changed and deleted since"


def test_calls_per_invoice_stay_within_the_target(world: World) -> None:
    """Two sizes tell the cost of one more invoice apart from what a run costs anyway."""
    costs = []
    for number in (10, 60):
        ready(world, *(invoice("A1", f"INV{n:04d}", GOLD, sub="S1") for n in range(number)))
        world.zuora_control.clear_stats()
        world.netsuite_control.clear_stats()
        assert world.run(steps=("invoices",))["outcome"] == "completed"
        costs.append((world.zuora_control.stats()["total"], world.netsuite_control.stats()["total"]))
    (zuora_few, netsuite_few), (zuora_many, netsuite_many) = costs
    assert (netsuite_many - netsuite_few) / 50 <= 1.05
    assert (zuora_many - zuora_few) / 50 <= 0.15
    assert netsuite_few <= 10 * 1.05 + 20
    assert zuora_few <= 10 * 0.15 + 30


def test_the_documented_example_nine_of_ten_then_the_tenth(world: World) -> None:
    documents = [invoice("A1", f"INV{n}", GOLD, sub="S1", taxes=[8.25], **TAXED) for n in range(10)]
    ready(world, *documents)
    tax = zid("INV7 tax 1")
    with world.zuora.tenant.store.lock:
        world.zuora.tenant.store.update("TaxationItem", tax, {"AccountingCode": None})
    world.clock.advance(minutes=5)
    first = ran(world)
    assert (first.outcome, first.output["tiedOut"]) == ("completed with warnings", True)
    assert [n for n in range(10) if first.synced(f"INV{n}")] == [0, 1, 2, 3, 4, 5, 6, 8, 9]
    assert len(first.problems("INV7")) == 1
    change(world, "TaxationItem", "INV7 tax 1", AccountingCode="601")
    second = ran(world)
    assert second.outcome == "completed"
    assert second.synced("INV7")
    assert sum(t["synced"] for t in second.output["totals"]) == 1
