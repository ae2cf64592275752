"""NetSuite credit memos, part A2: what is created in Zuora, row by row, on which object, and what stands in the way."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from tallybridge.steps.documents.adjustment_spread import CREDIT
from tallybridge.steps.documents.netsuite_credit_memo_mapping import ON_INVOICES, MemoData, Movement, body
from tests.rules.cases import ruled
from tests.sync.builders import zid
from tests.sync.memory import MemoryWorld
from tests.sync.netsuite_memo_world import DONE, ON_ITEMS, adjustments, brief, go, memo, memos, ns_memo, tenant
from tests.sync.payment_world import ns_invoice
from tests.sync.reverse_world import STATUS, SYNC_DATE, ZUORA_ID, balance, messages
from tests.sync.world import World

EXTRA = ("Origin__NS", "Transaction__NS")
WITH_FIELDS = {"custom_fields": {"InvoiceAdjustment": EXTRA, "InvoiceItemAdjustment": EXTRA}}


@pytest.fixture(scope="module")
def fast(started_mode_a: World) -> MemoryWorld:
    return MemoryWorld.of(started_mode_a)


@pytest.fixture(scope="module")
def made(fast: MemoryWorld) -> dict[str, tuple[dict[str, Any], dict[str, Any]]]:
    """By object: the adjustment of a tenant that has all fields, and its credit memo afterwards."""
    found = {}
    with tenant(fast, **WITH_FIELDS):
        for kind in ("InvoiceAdjustment", "InvoiceItemAdjustment"):
            memos(fast, ns_memo("CM1", 40, {"INV1": 40}), credit_memo_target=kind)
            assert go(fast)["outcome"] == "completed"
            (adjustment,) = adjustments(fast, kind)
            found[kind] = (adjustment, memo(fast))
    return found


ROWS: dict[str, Callable[[dict[str, Any], dict[str, Any]], bool]] = {
    "AccountId": lambda z, n: z["AccountId"] == zid("A1"),
    "AdjustmentDate": lambda z, n: z["AdjustmentDate"] == "2026-10-20",
    "Amount": lambda z, n: z["Amount"] == Decimal(40),
    "InvoiceId": lambda z, n: z["InvoiceId"] == zid("INV1"),
    "ReferenceId": lambda z, n: z["ReferenceId"] == str(n["id"]),
    "IntegrationId__NS": lambda z, n: z["IntegrationId__NS"] == str(n["id"]),
    "Comment": lambda z, n: (z.get("Comment") or z.get("Comments")) == "Goodwill",
    "Transaction__NS": lambda z, n: z["Transaction__NS"] == "CM1",
    "Type": lambda z, n: z["Type"] == "Credit",
    "TransferredToAccounting": lambda z, n: z["TransferredToAccounting"] == "Yes",
    "Origin__NS": lambda z, n: z["Origin__NS"] == "NETSUITE",
    "SyncDate__NS": lambda z, n: z["SyncDate__NS"].startswith("2026-11-") and z["SyncDate__NS"].endswith("Z"),
    "status of the counterpart stays empty": lambda z, n: "IntegrationStatus__NS" not in z,
    "Zuora Integration Status": lambda z, n: n[STATUS] == DONE,
    "Zuora ID": lambda z, n: n[ZUORA_ID] == z["Id"],
    "Zuora Sync Date": lambda z, n: n[SYNC_DATE].startswith("2026-11-") and n[SYNC_DATE].endswith("Z"),
}
RULES: dict[str, str | tuple[str, ...]] = {
    "AdjustmentDate": "trandate-to-adjustmentdate",
    "Amount": "apply-line-amount-to-amount",
    "InvoiceId": "applied-invoice-s-zuora-id-to-invoiceid",
    "ReferenceId": "internalid-to-referenceid",
    "IntegrationId__NS": "internalid-to-integrationid-ns",
    "Comment": "memo-to-comment",
    "Transaction__NS": (
        "tranid-to-transaction-ns",
        "custom-fields.1.4.field.invoice-item-adjustment",
        "sequence-and-status.3.1.field.transaction-ns",
    ),
    "Type": "to-type",
    "TransferredToAccounting": "to-transferredtoaccounting",
    "Origin__NS": ("to-origin-ns", "custom-fields.1.4.field.invoice-item-adjustment"),
    "SyncDate__NS": "to-syncdate-ns",
    "Zuora Integration Status": "zuora-integration-status-written-back",
    "Zuora ID": "zuora-id-written-back",
    "Zuora Sync Date": "zuora-sync-date-written-back",
}


@pytest.mark.parametrize("kind", ["InvoiceAdjustment", "InvoiceItemAdjustment"])
@pytest.mark.parametrize("row", ruled(ROWS, RULES, "adjustments.A2.mapping."))
def test_rows(made: dict[str, tuple[dict[str, Any], dict[str, Any]]], row: str, kind: str) -> None:
    adjustment, record = made[kind]
    assert ROWS[row](adjustment, record), (adjustment, record)


@pytest.mark.rule("adjustments.A2.mapping.zuora-customer-id-to-accountid")
def test_the_account_is_given_where_zuora_takes_it() -> None:
    """Zuora takes it from the invoice itself unless the tenant's object lets it be given."""
    content = body(MemoData({"id": "5", "account": "acc"}), Movement("5", CREDIT, "inv", Decimal(1), "CM"), ON_INVOICES, "now")
    assert content["AccountId"] == "acc"


def test_the_comment_is_cut_to_zuoras_length(fast: MemoryWorld) -> None:
    memos(fast, ns_memo("CM1", 40, {"INV1": 40}, memo="x" * 300))
    go(fast)
    assert adjustments(fast)[0]["Comments"] == "x" * 255


def test_a_tenant_without_the_extra_fields_is_told_once(fast: MemoryWorld) -> None:
    """Origin__NS and Transaction__NS are not in every tenant (api-zuora-billing.md 12.11): one remark, no warning."""
    memos(fast, ns_memo("CM1", 40, {"INV1": 40}), ns_memo("CM2", 5, {"INV5": 5}))
    summary = go(fast)
    remarks = [line["message"] for line in summary["log"] if line.get("code") == "NSCM-FIELDS"]
    assert remarks == ["Zuora InvoiceAdjustment has no Transaction__NS and no Origin__NS: left out."]
    assert summary["outcome"] == "completed"


# -- which object ----------------------------------------------------------------------------------------------------------


@pytest.mark.rule("adjustments.A2.target.invoiceadjustment", "adjustments.A2.item-not-looked-at")
def test_one_adjustment_on_the_invoice(fast: MemoryWorld) -> None:
    memos(fast, ns_memo("CM1", 95, {"INV4": 95}), credit_memo_target="InvoiceAdjustment")
    go(fast)
    assert brief(fast) == [("", "Credit INV4", Decimal(95))]
    assert brief(fast, "InvoiceItemAdjustment") == []
    assert balance(fast, "INV4") == 5


@pytest.mark.rule("adjustments.A2.target.invoiceitemadjustment")
def test_spread_over_items_and_taxes(fast: MemoryWorld) -> None:
    memos(fast, ns_memo("CM1", 98, {"INV4": 98}), **ON_ITEMS)
    summary = go(fast)
    found = adjustments(fast, "InvoiceItemAdjustment")
    names = {zid(f"INV4 {n}"): n for n in ("item 1", "item 2", "tax 1", "tax 2")}
    assert [(names[a["SourceId"]], a["SourceType"], a["Amount"]) for a in found] == [
        ("item 1", "InvoiceDetail", 60),
        ("item 2", "InvoiceDetail", 30),
        ("tax 1", "Tax", 6),
        ("tax 2", "Tax", 2),
    ]
    own = str(memo(fast)["id"])
    assert [a["IntegrationId__NS"] for a in found] == [own, f"{own}_2", f"{own}_3", f"{own}_4"]
    assert {a["TransferredToAccounting"] for a in found} == {"Yes"}
    assert memo(fast)[ZUORA_ID] == found[0]["Id"]
    assert brief(fast) == []
    assert (summary["outcome"], summary["tiedOut"]) == ("completed", True)


@pytest.mark.rule("adjustments.A2.target.invoiceitemadjustment")
def test_all_or_nothing(fast: MemoryWorld) -> None:
    """The invoice's balance would take it, its lines would not: an adjustment of the invoice as a whole has opened it again."""
    charge = {"InvoiceId": zid("INV5"), "Type": "Charge", "Amount": 15, "AdjustmentDate": "2026-10-02"}
    memos(fast, zuora={"InvoiceAdjustment": [{"Id": zid("by hand"), **charge}]}, **ON_ITEMS)
    fast.load(netsuite={"invoice": [ns_invoice("7078", "9001", 35, zid("INV5"))]})
    fast.load(netsuite=ns_memo("CM1", 30, {"7078": 30}))
    summary = go(fast)
    text = "NetSuite credit memo CM1: only USD 20.00 of USD 30.00 can be placed on the items of Zuora invoice INV5; nothing was created."
    assert messages(summary)["NSCM-ITEMS"] == text
    assert brief(fast, "InvoiceItemAdjustment") == []
    assert STATUS not in memo(fast)


@pytest.mark.parametrize(
    ("has_it", "target", "kind"),
    [
        (True, "auto", "InvoiceAdjustment"),
        (False, "auto", "InvoiceItemAdjustment"),
        (True, "InvoiceItemAdjustment", "InvoiceItemAdjustment"),
    ],
)
def test_the_setting_and_the_tenant_decide(fast: MemoryWorld, has_it: bool, target: str, kind: str) -> None:
    with tenant(fast, invoice_adjustments=has_it):
        memos(fast, ns_memo("CM1", 40, {"INV1": 40}), credit_memo_target=target)
        go(fast)
        assert brief(fast, kind) == [("", "Credit INV1", Decimal(40))]


def test_a_target_that_the_tenant_lacks_stops_the_step(fast: MemoryWorld) -> None:
    with tenant(fast, invoice_adjustments=False):
        memos(fast, ns_memo("CM1", 40, {"INV1": 40}), credit_memo_target="InvoiceAdjustment")
        with pytest.raises(Exception, match="The Zuora tenant has no InvoiceAdjustment with the field IntegrationId__NS"):
            go(fast)
        assert STATUS not in memo(fast)


def test_two_memos_on_one_invoice_share_its_items(fast: MemoryWorld) -> None:
    """The second one does not count on what the first one takes."""
    memos(fast, ns_memo("CM1", 50, {"INV4": 50}), ns_memo("CM2", 45, {"INV4": 45}, tranDate="2026-10-21"), **ON_ITEMS)
    summary = go(fast)
    assert [a["Amount"] for a in adjustments(fast, "InvoiceItemAdjustment")] == [50, 10, 30, 5]
    assert (summary["outcome"], summary["tiedOut"]) == ("completed", True)


# -- validations -----------------------------------------------------------------------------------------------------------


@pytest.mark.rule("adjustments.A2.validation.2")
def test_two_memos_may_not_exceed_the_balance_together(fast: MemoryWorld) -> None:
    """The one that is synced last is logged for a person to solve."""
    credit = {"InvoiceId": zid("INV1"), "Type": "Credit", "Amount": 30, "AdjustmentDate": "2026-10-02"}
    both = (ns_memo("CM1", 40, {"INV1": 40}), ns_memo("CM2", 45, {"INV1": 45}, tranDate="2026-10-21"))
    memos(fast, *both, zuora={"InvoiceAdjustment": [{"Id": zid("by hand"), **credit}]})
    summary = go(fast)
    assert messages(summary)["NSCM-V2"] == "NetSuite credit memo CM2: USD 45.00 exceeds the balance USD 30.00 of Zuora invoice INV1."
    assert brief(fast) == [("", "Credit INV1", Decimal(40))]


@pytest.mark.parametrize(("memo_day", "adjusted"), [("2026-09-10", "2026-10-01"), ("2026-10-20", "2026-10-20")])
def test_an_adjustment_is_not_dated_before_its_invoice(fast: MemoryWorld, memo_day: str, adjusted: str) -> None:
    """NetSuite applies older credits to younger invoices; Zuora takes no adjustment from before its invoice."""
    memos(fast, ns_memo("CM1", 40, {"INV1": 40}, tranDate=memo_day))
    go(fast)
    assert [row["AdjustmentDate"] for row in adjustments(fast)] == [adjusted]
