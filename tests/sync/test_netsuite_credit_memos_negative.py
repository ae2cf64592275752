"""NetSuite credit memos, part A3: closing negative invoices in Zuora."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sync.builders import zid
from tests.sync.memory import MemoryWorld
from tests.sync.netsuite_memo_world import (
    CHARGED,
    DONE,
    IDS,
    NEGATIVE,
    ON_ITEMS,
    adjustments,
    brief,
    closing,
    go,
    memo,
    memos,
    negative,
    tenant,
)
from tests.sync.payment_world import ns_invoice
from tests.sync.reverse_world import STATUS, SYNC_DATE, ZUORA_ID, balance, messages
from tests.sync.world import World

MEMO = NEGATIVE[1]
EXTRA = ("Origin__NS", "Transaction__NS")


@pytest.fixture(scope="module")
def fast(started_mode_a: World) -> MemoryWorld:
    return MemoryWorld.of(started_mode_a)


# -- procedure -------------------------------------------------------------------------------------------------------------


@pytest.mark.rule("adjustments.A3.procedure.1", "adjustments.A3.procedure.2", "adjustments.A3.procedure.3")
def test_one_charge_and_one_credit_for_each_invoice(fast: MemoryWorld) -> None:
    with tenant(fast, custom_fields={"InvoiceAdjustment": EXTRA}):
        closing(fast, {"INV1": 30, "INV2": 40}, tranId="CM7")
        summary = go(fast)
        assert brief(fast) == [("", "Charge NEG1", 70), ("7001", "Credit INV1", 30), ("7002", "Credit INV2", 40)]
        numbers = {str(n["id"]): n["tranId"] for n in fast.in_netsuite("invoice")}
        assert [a["Transaction__NS"] for a in adjustments(fast)] == ["CM7", f"CM7_{numbers['7001']}", f"CM7_{numbers['7002']}"]
        assert [balance(fast, n) for n in ("NEG1", "INV1", "INV2")] == [0, 70, 10]
        record = memo(fast, MEMO)
        assert record[STATUS] == DONE
        assert record[SYNC_DATE].startswith("2026-11-")
        assert (summary["outcome"], summary["tiedOut"]) == ("completed", True)


@pytest.mark.rule("adjustments.A3.procedure.1", "adjustments.A3.procedure.2")
def test_the_other_fields_are_those_of_the_standard_sync(fast: MemoryWorld) -> None:
    with tenant(fast, custom_fields={"InvoiceAdjustment": EXTRA}):
        closing(fast, {"INV1": 70})
        go(fast)
        for adjustment in adjustments(fast):
            expected = {
                "AccountId": zid("A1"),
                "AdjustmentDate": "2026-10-20",
                "ReferenceId": MEMO,
                "Comments": "Closed",
                "Status": "Processed",
            }
            expected |= {"TransferredToAccounting": "Yes", "Origin__NS": "NETSUITE"}
            assert {k: adjustment[k] for k in expected} == expected
            assert adjustment["SyncDate__NS"].startswith("2026-11-")


@pytest.mark.rule("adjustments.A3.zuora-id-kept")
def test_the_zuora_id_stays_and_the_adjustments_have_their_own_field(fast: MemoryWorld) -> None:
    closing(fast, {"INV1": 30, "INV2": 40})
    go(fast)
    record = memo(fast, MEMO)
    assert record[ZUORA_ID] == zid("NEG1")
    assert record[IDS] == ",".join(a["Id"] for a in adjustments(fast))


@pytest.mark.rule("adjustments.A3.applied-elsewhere")
def test_other_applications_produce_no_credit(fast: MemoryWorld) -> None:
    closing(fast, {"INV1": 30, "FOREIGN": 25, "JOURNAL": 15})
    go(fast)
    assert brief(fast) == [("", "Charge NEG1", 70), ("7001", "Credit INV1", 30)]


REFUND: dict[str, Any] = {
    "customer": {"id": "9001"},
    "tranDate": "2026-10-21",
    "paymentOption": {"refName": "Check"},
    "account": {"refName": "1000 Operating Bank Account"},
    "apply": {"items": [{"doc": {"id": MEMO}, "apply": True, "amount": 70}]},
}


@pytest.mark.rule("adjustments.A3.applied-elsewhere", "adjustments.A3.validation.1")
def test_a_refund_uses_the_memo_up_and_produces_no_credit(fast: MemoryWorld) -> None:
    closing(fast, {})
    fast.load(netsuite={"customerRefund": [REFUND]})
    go(fast)
    assert brief(fast) == [("", "Charge NEG1", 70)]
    assert memo(fast, MEMO)[STATUS] == DONE


@pytest.mark.rule("adjustments.A3.charge-adjustments-left-out")
def test_charges_that_zuora_has_made_already_are_not_made_again(fast: MemoryWorld) -> None:
    closing(fast, {CHARGED: 10, "INV1": 60}, charged=10)
    assert balance(fast, "NEG1") == -60
    summary = go(fast)
    assert brief(fast) == [("", "Charge NEG1", 60), ("7001", "Credit INV1", 60)]
    assert balance(fast, "NEG1") == 0
    assert (summary["outcome"], summary["tiedOut"]) == ("completed", True)


@pytest.mark.rule("adjustments.A3.charge-adjustments-left-out")
def test_nothing_is_made_when_charges_have_used_it_up(fast: MemoryWorld) -> None:
    closing(fast, {CHARGED: 70}, charged=70)
    summary = go(fast)
    assert brief(fast) == []
    record = memo(fast, MEMO)
    assert (record[STATUS], record[ZUORA_ID], record.get(IDS)) == (DONE, zid("NEG1"), None)
    assert (summary["outcome"], summary["tiedOut"]) == ("completed", True)
    assert go(fast)["step"]["selected"] == 0


@pytest.mark.rule("adjustments.A3.on-items")
def test_on_items_a_charge_goes_to_the_negative_ones(fast: MemoryWorld) -> None:
    with tenant(fast, invoice_adjustments=False):
        closing(fast, {"INV4": 70}, items=(20, -60, -30))
        summary = go(fast)
        found = adjustments(fast, "InvoiceItemAdjustment")
        sources = {zid(f"{n} item {i}"): f"{n} {i}" for n in ("NEG1", "INV4") for i in (1, 2, 3)}
        assert [(a["Type"], sources[a["SourceId"]], a["Amount"]) for a in found] == [
            ("Charge", "NEG1 2", 60),
            ("Charge", "NEG1 3", 10),
            ("Credit", "INV4 1", 60),
            ("Credit", "INV4 2", 10),
        ]
        assert [a["IntegrationId__NS"] for a in found] == [MEMO, f"{MEMO}_2", f"{MEMO}_7004", f"{MEMO}_7004_2"]
        assert memo(fast, MEMO)[IDS] == ",".join(a["Id"] for a in found)
        assert [balance(fast, n) for n in ("NEG1", "INV4")] == [0, 30]
        assert (summary["outcome"], summary["tiedOut"]) == ("completed", True)


# -- validations -----------------------------------------------------------------------------------------------------------


def untouched(world: MemoryWorld) -> bool:
    return not adjustments(world) and not adjustments(world, "InvoiceItemAdjustment") and STATUS not in memo(world, MEMO)


@pytest.mark.rule("adjustments.A3.on-items")
def test_what_cannot_be_placed_on_items_is_not_begun(fast: MemoryWorld) -> None:
    """The invoice to be credited was charged as a whole: its balance would take the credit, its items would not."""
    charge = {"Id": zid("by hand"), "InvoiceId": zid("INV5"), "Type": "Charge", "Amount": 15, "AdjustmentDate": "2026-10-02"}
    zuora, netsuite = negative({"INV1": 40, "7078": 30}, tranId="CM7")
    invoice = {"invoice": [ns_invoice("7078", "9001", 35, zid("INV5"))]}
    memos(fast, invoice, netsuite, zuora={**zuora, "InvoiceAdjustment": [charge]}, **ON_ITEMS)
    summary = go(fast)
    text = "NetSuite credit memo CM7: only USD 20.00 of USD 30.00 can be placed on the items of Zuora invoice INV5; nothing was created."
    assert messages(summary)["NSNEG-ITEMS"] == text
    assert untouched(fast)
