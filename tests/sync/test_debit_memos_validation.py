"""Why a debit memo is not sent (memos.md D, Validations)."""

from __future__ import annotations

import pytest

from tests.sync.common_rows import held_for_the_account
from tests.sync.ran import DEBIT_MEMOS, Ran
from tests.sync.table import Row, Table, check, held, sent
from tests.sync.words import a_charge, a_debit_memo, an_account
from tests.sync.world import World

ROWS = [
    held(
        "validation.1",
        a_debit_memo("DM1", of=an_account("NEW", synced=False)),
        "DM-V1: account NEW has not been synced to NetSuite.",
        also=("sequence-and-status.1.6.order.invoice-debit-memo",),
        waits_for="account NEW",
    ),
    held(
        "validation.2",
        a_debit_memo("DM2", [("New charge", 10.0), ("New charge", 5.0), ("Gold", 1.0)], a_charge("New charge", synced=False)),
        'DM-V2: charge "New charge" has not been synced to NetSuite.',
        waits_for='charge "New charge"',
    ),
    held(
        "validation.2: standalone",
        a_debit_memo("DM2S", {"Courtesy fee": 5.0}, standalone=True),
        'DM-V2: charge "Courtesy fee" has not been synced to NetSuite.',
    ),
    held(
        "validation.3",
        a_debit_memo("DM3", taxes=[8.25], tax_fields={"AccountingCode": None}),
        'DM-V3: tax code "STATE" has no accounting code.',
    ),
    held(
        "validation.3: no id",
        a_debit_memo("DM3N", taxes=[8.25], tax_fields={"AccountingCode": "2100 Sales Tax"}),
        'DM-V3: tax code "STATE" has accounting code "2100 Sales Tax", which is not a NetSuite item id.',
    ),
    held(
        "validation.4",
        a_debit_memo("DM4", [("Variable", 10.0), ("Variable", 5.0)], a_charge("Variable", RevRecTemplateType__NS="Variable")),
        'DM-V4: charge "Variable" uses a variable revenue template but subscription S-DM4 has no NetSuite Project.',
    ),
    *held_for_the_account("DM", a_debit_memo, location=5, class_=6, department=7, amount="100.00"),
    held(
        "validation.8",
        a_debit_memo("DM8", TotalAmount=100.01),
        "DM-V8: lines add up to USD 100.00 but the memo amount is USD 100.01; not sent.",
    ),
    held(
        "validation.8: no amount",
        a_debit_memo("DM8N", item_fields={"AmountWithoutTax": None}),
        "DM-V8: lines add up to USD 0.00 but the memo amount is USD 100.00; not sent.",
    ),
    held("period", a_debit_memo("DMOLD", MemoDate="2025-12-31"), "DM-PERIOD: The accounting period of 2025-12-31 is closed."),
    held(
        "several",
        a_debit_memo(
            "DMALL",
            of=an_account("ALL", Location__NS="Mars", Class__NS="Toys"),
            TotalAmount=90.0,
            taxes=[1.0],
            tax_fields={"AccountingCode": None},
        ),
        'DM-V3: tax code "STATE" has no accounting code.',
        'DM-V5: location "Mars" of account ALL does not exist in NetSuite.',
        'DM-V6: class "Toys" of account ALL does not exist in NetSuite.',
        "DM-V8: lines add up to USD 101.00 but the memo amount is USD 90.00; not sent.",
    ),
    sent("good", a_debit_memo("DMGOOD", taxes=[8.25])),
]
PAGE = Table(DEBIT_MEMOS, "memos.D.", ROWS, {"netsuite_use_revenue_recognition": "Yes"}, closed=["Dec 2025"])


@pytest.fixture(scope="module")
def run(started_world: World) -> Ran:
    return PAGE.run(started_world)


@pytest.mark.parametrize("row", PAGE.cases())
def test_rule(run: Ran, row: Row) -> None:
    check(run, row)


def test_nothing_else_is_told_and_the_run_ties_out(run: Ran) -> None:
    PAGE.holds_together(run)
