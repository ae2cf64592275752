"""Why an invoice is not sent (invoices.md section 3)."""

from __future__ import annotations

import pytest

from tests.sync.builders import zid
from tests.sync.common_rows import held_for_the_account
from tests.sync.ran import INVOICES, Ran
from tests.sync.table import Row, Table, check, held, sent
from tests.sync.words import a_charge, an_account, an_invoice
from tests.sync.world import World

UNKNOWN_VALUE = ("classifications.5.message.transaction-uses-an-unknown-account-value", "sequence-and-status.7.1.rule.4")
TOGETHER = ("sequence-and-status.4.1.rule.4", "sequence-and-status.4.3.transition.blank-no-null-validation-fails")
NO_BLOCK = ("sequence-and-status.2.rule.4", "sequence-and-status.1.6.no-block", "operations.1.rule.2")
NO_CODE = 'INV-V3: tax code "STATE" has no accounting code, so no NetSuite item can be found for its tax line.'
ROWS = [
    held(
        "validation.1",
        an_invoice("INV1", of=an_account("NEW", synced=False)),
        "INV-V1: account NEW has not been synced to NetSuite.",
        also=("sequence-and-status.1.6.order.invoice-debit-memo", "sequence-and-status.2.codes"),
        waits_for="account NEW",
    ),
    held(
        "validation.2",
        an_invoice("INV2", [("New charge", 10.0), ("New charge", 5.0), ("Gold", 1.0)], a_charge("New charge", synced=False)),
        f'INV-V2: charge "New charge" ({zid("New charge")}) has not been synced to NetSuite.',
        waits_for='charge "New charge"',
    ),
    held(
        "standalone-charge",
        an_invoice("INV2S", {"Courtesy fee": 5.0}, standalone=True),
        'INV-V2: charge "Courtesy fee" () has not been synced to NetSuite.',
        also=("invoices.3.standalone-charge",),
    ),
    held("validation.3", an_invoice("INV3", taxes=[8.25], tax_fields={"AccountingCode": None}), NO_CODE),
    held(
        "validation.4",
        an_invoice("INV4", [("Variable", 10.0), ("Variable", 5.0)], a_charge("Variable", RevRecTemplateType__NS="Variable")),
        'INV-V4: charge "Variable" uses a variable revenue template but subscription S-INV4 has no NetSuite Project.',
    ),
    *held_for_the_account("INV", an_invoice, location=5, class_=6, department=7, amount="100.00", also=UNKNOWN_VALUE),
    held(
        "validation.8",
        an_invoice("INV8", taxes=[8.25], tax_fields={"AccountingCode": "2100 Sales Tax"}),
        'INV-V8: tax code "STATE" has accounting code "2100 Sales Tax", which is not a NetSuite item id.',
    ),
    held(
        "validation.9",
        an_invoice("INV9", amount=100.01),
        "INV-V9: lines add up to USD 100.00 but the invoice amount is USD 100.01; not sent.",
    ),
    held("validation.10", an_invoice("INV10", 0.0, amount=50.0), "INV-V10: no line left to send after removing zero amounts; not sent."),
    held(
        "validation.11",
        an_invoice("INV11", taxes=[8.25], tax_fields={"Jurisdiction": None}),
        "INV-V11: a tax line has no jurisdiction; not sent.",
    ),
    held(
        "operations.7.2.failure.closed-period",
        an_invoice("INVOLD", InvoiceDate="2025-12-31", DueDate="2026-01-31"),
        "INV-PERIOD: The accounting period of 2025-12-31 is closed.",
    ),
    held(
        "invoices.3.reported-together",
        an_invoice(
            "INVALL",
            of=an_account("ALL", Location__NS="Mars", Class__NS="Toys"),
            amount=90.0,
            taxes=[1.0],
            tax_fields={"AccountingCode": None, "Jurisdiction": None},
        ),
        NO_CODE,
        'INV-V5: location "Mars" of account ALL does not exist in NetSuite.',
        'INV-V6: class "Toys" of account ALL does not exist in NetSuite.',
        "INV-V9: lines add up to USD 101.00 but the invoice amount is USD 90.00; not sent.",
        "INV-V11: a tax line has no jurisdiction; not sent.",
        also=TOGETHER,
    ),
    sent("good", an_invoice("INVGOOD", taxes=[8.25]), also=NO_BLOCK),
]
SETTINGS = {"netsuite_use_revenue_recognition": "Yes", "avoid_zero_amount_invoice_items": "Yes"}
PAGE = Table(INVOICES, "invoices.3.", ROWS, SETTINGS, closed=["Dec 2025"])


@pytest.fixture(scope="module")
def run(started_world: World) -> Ran:
    return PAGE.run(started_world)


@pytest.mark.parametrize("row", PAGE.cases())
def test_rule(run: Ran, row: Row) -> None:
    check(run, row)


def test_nothing_else_is_told_and_the_run_ties_out(run: Ran) -> None:
    PAGE.holds_together(run)
