"""Why a credit memo is not sent (memos.md C, Validations)."""

from __future__ import annotations

import pytest

from tests.sync.builders import zid
from tests.sync.common_rows import held_for_the_account
from tests.sync.ran import CREDIT_MEMOS, Ran
from tests.sync.table import Row, Table, check, held, sent
from tests.sync.words import a_charge, a_credit_memo, a_debit_memo, an_account, an_invoice
from tests.sync.world import World

INV1, INV9, DM9 = an_invoice("INV1", synced=True), an_invoice("INV9"), a_debit_memo("DM9", 20.0)
"""An invoice that is synced; an invoice and a debit memo that are not."""
ORDER = ("sequence-and-status.1.6.order.credit-memo-b",)
ROWS = [
    held(
        "validation.1: referred",
        a_credit_memo("CM1R", 100.0, INV9, InvoiceId=zid("INV9")),
        "CM-V1: invoice INV9 has not been synced to NetSuite.",
        also=ORDER,
    ),
    held(
        "validation.1: applied",
        a_credit_memo("CM1A", applied=[(INV9, 10.0)]),
        "CM-V1: invoice INV9 has not been synced to NetSuite.",
        also=ORDER,
        waits_for="invoice INV9",
    ),
    held(
        "validation.2",
        a_credit_memo("CM2", applied=[(DM9, 10.0)]),
        "CM-V2: debit memo DM9 has not been synced to NetSuite.",
        waits_for="debit memo DM9",
    ),
    *held_for_the_account("CM", a_credit_memo, location=3, class_=4, department=5, amount="100.00"),
    held(
        "validation.6",
        a_credit_memo("CM6", [("New charge", 10.0), ("New charge", 5.0)], a_charge("New charge", synced=False)),
        'CM-V6: charge "New charge" has not been synced to NetSuite.',
        waits_for='charge "New charge"',
    ),
    held(
        "validation.6: standalone",
        a_credit_memo("CM6S", {"Courtesy fee": 5.0}, standalone=True),
        'CM-V6: charge "Courtesy fee" has not been synced to NetSuite.',
    ),
    held(
        "validation.6: tax",
        a_credit_memo("CM6T", taxes=[8.25], tax_fields={"AccountingCode": None}),
        'CM-V6: tax code "STATE" has no accounting code.',
    ),
    held(
        "validation.6: tax item",
        a_credit_memo("CM6N", taxes=[8.25], tax_fields={"AccountingCode": "2100 Sales Tax"}),
        'CM-V6: tax code "STATE" has accounting code "2100 Sales Tax", which is not a NetSuite item id.',
    ),
    held(
        "validation.7",
        a_credit_memo("CM7", TotalAmount=100.01),
        "CM-V7: lines add up to USD 100.00 but the memo amount is USD 100.01; not sent.",
    ),
    held("validation.8", a_credit_memo("CM8", applied=[(INV1, 90.0), (INV1, 20.0)]), "CM-V8: applied amounts exceed the memo amount."),
    held("account", a_credit_memo("CMACC", of=an_account("NOID", there="")), "CM-ACCOUNT: account NOID has not been synced to NetSuite."),
    held("period", a_credit_memo("CMOLD", MemoDate="2025-12-31"), "CM-PERIOD: The accounting period of 2025-12-31 is closed."),
    held(
        "several",
        a_credit_memo("CMALL", 100.0, INV9, of=an_account("LOC", Location__NS="Mars"), InvoiceId=zid("INV9"), TotalAmount=90.0),
        "CM-V1: invoice INV9 has not been synced to NetSuite.",
        'CM-V3: location "Mars" of account LOC does not exist in NetSuite.',
        "CM-V7: lines add up to USD 100.00 but the memo amount is USD 90.00; not sent.",
    ),
    sent("good", a_credit_memo("CMGOOD", 100.0, INV1, InvoiceId=zid("INV1"), taxes=[8.25], applied=[(INV1, 10.0)])),
]
PAGE = Table(CREDIT_MEMOS, "memos.C.", ROWS, closed=["Dec 2025"])


@pytest.fixture(scope="module")
def run(started_world: World) -> Ran:
    return PAGE.run(started_world)


@pytest.mark.parametrize("row", PAGE.cases())
def test_rule(run: Ran, row: Row) -> None:
    check(run, row)


def test_nothing_else_is_told_and_the_run_ties_out(run: Ran) -> None:
    PAGE.holds_together(run)
