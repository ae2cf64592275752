"""Why an adjustment is not sent (adjustments.md A1, validations)."""

from __future__ import annotations

import pytest

from tests.sync.common_rows import held_for_the_account
from tests.sync.invoice_world import TAX_ITEM, change
from tests.sync.ran import ADJUSTMENTS, Ran, ran
from tests.sync.table import Row, Table, check, held, sent
from tests.sync.words import ADJUSTMENT_FIELDS, a_charge, an_account, an_adjustment, an_adjustment_for, an_invoice, world_with
from tests.sync.world import World

NEW = an_account("NEW", synced=False)
TAXED = an_adjustment("IIA6", an_invoice("INVTAX", taxes=[5.0], tax_fields={"AccountingCode": None}, synced=True), of_tax=True)
STANDALONE = an_adjustment("IIA5S", an_invoice("INVSOLO", {"Courtesy fee": 5.0}, standalone=True, synced=True))
NO_CODE = 'IIA-V6: tax code "STATE" has no accounting code.'
ALL = an_account("ALL", Location__NS="Mars", Class__NS="Toys")
ROWS = [
    held(
        "validation.1",
        an_adjustment("IIA1", an_invoice("INVNEW")),
        "IIA-V1: invoice INVNEW has not been synced to NetSuite.",
        also=("sequence-and-status.1.6.order.invoice-item-adjustment-a",),
        waits_for="invoice INVNEW",
    ),
    *held_for_the_account(
        "IIA", an_adjustment_for, location=2, class_=3, department=4, amount="1.00", also=("sequence-and-status.7.1.rule.4",)
    ),
    held(
        "validation.5",
        an_adjustment("IIA5", an_invoice("INVCHG", {"New charge": 5.0}, a_charge("New charge", synced=False), synced=True), 1.0, "Charge"),
        'IIA-V5: charge "New charge" has not been synced to NetSuite.',
        waits_for='charge "New charge"',
    ),
    held("validation.5: standalone", STANDALONE, 'IIA-V5: charge "Courtesy fee" has not been synced to NetSuite.'),
    held("validation.6", TAXED, NO_CODE),
    held(
        "validation.7",
        an_adjustment("IIA7", an_invoice("INVACC", of=NEW, synced=True)),
        "IIA-V7: account NEW has not been synced to NetSuite.",
        waits_for="account NEW",
    ),
    held(
        "tax item",
        an_adjustment("IIA8", an_invoice("INVODD", taxes=[5.0], tax_fields={"AccountingCode": "2100 Sales Tax"}, synced=True), of_tax=True),
        'IIA-V8: tax code "STATE" has accounting code "2100 Sales Tax", which is not a NetSuite item id.',
    ),
    held(
        "gone",
        an_adjustment("IIAGONE", an_invoice("NEGGONE", -50.0, synced=True, there="7001", gone=True), 1.0, "Charge"),
        "IIA-GONE: NetSuite credit memo 7001 of invoice NEGGONE does not exist.",
    ),
    held(
        "operations.7.2.failure.closed-period",
        an_adjustment("IIAOLD", an_invoice("INV1", synced=True), AdjustmentDate="2025-12-31"),
        "IIA-PERIOD: The accounting period of 2025-12-31 is closed.",
    ),
    held(
        "sequence-and-status.4.1.rule.4",
        an_adjustment("IIAALL", an_invoice("INVALL", of=ALL)),
        "IIA-V1: invoice INVALL has not been synced to NetSuite.",
        'IIA-V2: location "Mars" of account ALL does not exist in NetSuite.',
        'IIA-V3: class "Toys" of account ALL does not exist in NetSuite.',
    ),
    sent("good", an_adjustment("IIAGOOD", an_invoice("INV1", synced=True)), also=("sequence-and-status.1.6.no-block",)),
]
PAGE = Table(ADJUSTMENTS, "adjustments.A1.", ROWS, closed=["Dec 2025"], more=[ADJUSTMENT_FIELDS])


@pytest.fixture(scope="module")
def run(started_mode_a: World) -> Ran:
    return PAGE.run(started_mode_a)


@pytest.mark.parametrize("row", PAGE.cases())
def test_rule(run: Ran, row: Row) -> None:
    check(run, row)


def test_nothing_else_is_told_and_the_run_ties_out(run: Ran) -> None:
    PAGE.holds_together(run, "DRIFT-MISSING", "DRIFT-MISSING")  # of the two invoices that NetSuite does not have


def test_a_standalone_item_takes_the_default_item_of_the_settings(started_mode_a: World) -> None:
    world = world_with(started_mode_a, ADJUSTMENT_FIELDS, STANDALONE, default_item_id="501")
    assert ran(world, ADJUSTMENTS).lines_of("IIA5S")[0]["item"]["id"] == "501"


def test_what_was_held_goes_when_its_cause_is_gone(started_mode_a: World) -> None:
    world = world_with(started_mode_a, ADJUSTMENT_FIELDS, TAXED)
    assert not ran(world, ADJUSTMENTS).synced("IIA6")
    change(world, "TaxationItem", "INVTAX tax 1", AccountingCode=TAX_ITEM)
    later = ran(world, ADJUSTMENTS)
    assert later.synced("IIA6")
    assert later.sent("IIA6")["entity"]["id"] == "9001"
