"""Why a debit or a credit memo is not sent (memos.md D and C, Validations)."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.rules.cases import of_tables
from tests.sync.builders import zid
from tests.sync.common_rows import held_for_the_account
from tests.sync.ran import CREDIT_MEMOS, DEBIT_MEMOS, Ran
from tests.sync.table import Row, Table, check, held, sent
from tests.sync.words import Part, a_charge, a_credit_memo, a_debit_memo, an_account, an_invoice
from tests.sync.world import World


def of_both(code: str, make: Callable[..., Part], *, charge: int, tax: int, amount: int) -> list[Row]:
    """What holds both kinds, by the numbers of the validations."""
    new = a_charge("New charge", synced=False)
    return [
        held(
            f"validation.{charge}",
            make(f"{code}C", [("New charge", 10.0), ("New charge", 5.0), ("Gold", 1.0)], new),
            f'{code}-V{charge}: charge "New charge" has not been synced to NetSuite.',
            waits_for='charge "New charge"',
        ),
        held(
            f"validation.{charge}: standalone",
            make(f"{code}S", {"Courtesy fee": 5.0}, standalone=True),
            f'{code}-V{charge}: charge "Courtesy fee" has not been synced to NetSuite.',
        ),
        held(
            f"validation.{tax}: tax",
            make(f"{code}T", taxes=[8.25], tax_fields={"AccountingCode": None}),
            f'{code}-V{tax}: tax code "STATE" has no accounting code.',
        ),
        held(
            f"validation.{tax}: tax item",
            make(f"{code}N", taxes=[8.25], tax_fields={"AccountingCode": "2100 Sales Tax"}),
            f'{code}-V{tax}: tax code "STATE" has accounting code "2100 Sales Tax", which is not a NetSuite item id.',
        ),
        held(
            f"validation.{amount}",
            make(f"{code}A", TotalAmount=100.01),
            f"{code}-V{amount}: lines add up to USD 100.00 but the memo amount is USD 100.01; not sent.",
        ),
        held("period", make(f"{code}OLD", MemoDate="2025-12-31"), f"{code}-PERIOD: The accounting period of 2025-12-31 is closed."),
    ]


DEBITS = [
    held(
        "validation.1",
        a_debit_memo("DM1", of=an_account("NEW", synced=False)),
        "DM-V1: account NEW has not been synced to NetSuite.",
        also=("sequence-and-status.1.6.order.invoice-debit-memo",),
        waits_for="account NEW",
    ),
    held(
        "validation.4",
        a_debit_memo("DM4", [("Variable", 10.0), ("Variable", 5.0)], a_charge("Variable", RevRecTemplateType__NS="Variable")),
        'DM-V4: charge "Variable" uses a variable revenue template but subscription S-DM4 has no NetSuite Project.',
    ),
    *of_both("DM", a_debit_memo, charge=2, tax=3, amount=8),
    *held_for_the_account("DM", a_debit_memo, location=5, class_=6, department=7, amount="100.00"),
    held(
        "validation.8: no amount",
        a_debit_memo("DM8N", item_fields={"AmountWithoutTax": None}),
        "DM-V8: lines add up to USD 0.00 but the memo amount is USD 100.00; not sent.",
    ),
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
INV1, INV9, DM9 = an_invoice("INV1", synced=True), an_invoice("INV9"), a_debit_memo("DM9", 20.0)
"""An invoice that is synced; an invoice and a debit memo that are not."""
ORDER = ("sequence-and-status.1.6.order.credit-memo-b",)
CREDITS = [
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
    *of_both("CM", a_credit_memo, charge=6, tax=6, amount=7),
    *held_for_the_account("CM", a_credit_memo, location=3, class_=4, department=5, amount="100.00"),
    held("validation.8", a_credit_memo("CM8", applied=[(INV1, 90.0), (INV1, 20.0)]), "CM-V8: applied amounts exceed the memo amount."),
    held("account", a_credit_memo("CMACC", of=an_account("NOID", there="")), "CM-ACCOUNT: account NOID has not been synced to NetSuite."),
    held(
        "several",
        a_credit_memo("CMALL", 100.0, INV9, of=an_account("LOC", Location__NS="Mars"), InvoiceId=zid("INV9"), TotalAmount=90.0),
        "CM-V1: invoice INV9 has not been synced to NetSuite.",
        'CM-V3: location "Mars" of account LOC does not exist in NetSuite.',
        "CM-V7: lines add up to USD 100.00 but the memo amount is USD 90.00; not sent.",
    ),
    sent("good", a_credit_memo("CMGOOD", 100.0, INV1, InvoiceId=zid("INV1"), taxes=[8.25], applied=[(INV1, 10.0)])),
]
CLOSED = ["Dec 2025"]
PAGES = {
    "debit": Table(DEBIT_MEMOS, "memos.D.", DEBITS, {"netsuite_use_revenue_recognition": "Yes"}, closed=CLOSED),
    "credit": Table(CREDIT_MEMOS, "memos.C.", CREDITS, closed=CLOSED),
}


@pytest.fixture(scope="module")
def runs(started_world: World) -> dict[str, Ran]:
    return {kind: page.run(started_world) for kind, page in PAGES.items()}


@pytest.mark.parametrize(("kind", "row"), of_tables(PAGES))
def test_rule(runs: dict[str, Ran], kind: str, row: Row) -> None:
    check(runs[kind], row)


@pytest.mark.parametrize("kind", PAGES)
def test_nothing_else_is_told_and_the_run_ties_out(runs: dict[str, Ran], kind: str) -> None:
    PAGES[kind].holds_together(runs[kind])
