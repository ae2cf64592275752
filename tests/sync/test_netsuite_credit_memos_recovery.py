"""NetSuite credit memos, parts A2 and A3: statuses seen, recovery, lost answers, and what a person does to sync a memo again."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tests.sync.builders import zid
from tests.sync.memory import MemoryWorld
from tests.sync.netsuite_memo_world import (
    CREATING,
    DONE,
    ERROR,
    IDS,
    NEGATIVE,
    ON_ITEMS,
    adjustments,
    brief,
    closing,
    go,
    memo,
    memos,
    ns_memo,
    tenant,
)
from tests.sync.reverse_world import (
    STATUS,
    ZUORA_ID,
    balance,
    cleared,
    in_netsuite,
    lose_answers,
    messages,
    person_in_zuora,
    run,
    statuses_seen,
)
from tests.sync.world import World

MEMO = NEGATIVE[1]
OWN = "7801"
"""The internal id of the standard memo where it must be known beforehand."""
CREATE, UPDATE = "^/v1/action/create", "^/v1/action/update"
REFUSED = [{"Success": False, "Errors": [{"Code": "INVALID_VALUE", "Message": "The period is closed."}]}]


@pytest.fixture(scope="module")
def fast(started_mode_a: World) -> MemoryWorld:
    return MemoryWorld.of(started_mode_a)


def adjustment(key: str, invoice: str, kind: str, amount: float, **fields: Any) -> dict[str, Any]:
    """An invoice adjustment that an earlier run made."""
    known = {"Id": zid(f"made {key} {kind}"), "InvoiceId": zid(invoice), "Type": kind, "Amount": amount, "AdjustmentDate": "2026-10-20"}
    return {**known, "IntegrationId__NS": key, "TransferredToAccounting": "Yes", **fields}


def standard(world: MemoryWorld, *made: dict[str, Any], status: str = "", **settings: Any) -> MemoryWorld:
    state = {STATUS: status} if status else {}
    zuora = {"InvoiceAdjustment": list(made)} if made else {}
    return memos(world, ns_memo("CM1", 40, {"INV1": 40}, id=OWN, **state), zuora=zuora, **settings)


# -- statuses --------------------------------------------------------------------------------------------------------------


@pytest.mark.rule(
    "adjustments.A2.status.created", "sequence-and-status.4.2.text.credit-memo-ns-z", "sequence-and-status.4.3.rule.netsuite-source"
)
def test_statuses_of_a_memo(fast: MemoryWorld) -> None:
    standard(fast)
    seen = statuses_seen(fast, lambda: go(fast), "creditMemo")
    assert seen == [("marked", CREATING), ("Zuora", "/v1/action/create"), ("Zuora", "/v1/action/update"), ("marked", DONE)]
    assert memo(fast)[ZUORA_ID] == adjustments(fast)[0]["Id"]
    assert adjustments(fast)[0]["TransferredToAccounting"] == "Yes"


@pytest.mark.rule("sequence-and-status.4.2.text.credit-memo-ns-z")
def test_statuses_of_a_negative_invoices_memo(fast: MemoryWorld) -> None:
    closing(fast, {"INV1": 70})
    seen = statuses_seen(fast, lambda: go(fast), "creditMemo")
    assert [text for place, text in seen if place == "marked"] == [CREATING, DONE]


@pytest.mark.rule("adjustments.A2.status.refused", "sequence-and-status.4.2.text.credit-memo-ns-z")
def test_a_refusal_by_zuora(fast: MemoryWorld) -> None:
    standard(fast)
    lose_answers(fast, {"method": "POST", "path": CREATE, "status": 200, "body": REFUSED})
    summary = go(fast)
    assert memo(fast)[STATUS] == ERROR
    assert "The period is closed." in messages(summary)["ZUORA-INVALID_VALUE"]
    assert (summary["step"]["refused"], adjustments(fast)) == (1, [])
    fast.zuora_control.set_faults([])
    assert (go(fast)["step"]["created"], memo(fast)[STATUS]) == (1, DONE)


# -- recovery --------------------------------------------------------------------------------------------------------------


@pytest.mark.rule("adjustments.A2.recovery", "sequence-and-status.5.1.lookup.credit-memo-ns-z-standard")
@pytest.mark.parametrize("status", ["", CREATING, ERROR])
def test_an_adjustment_that_is_there_is_not_made_again(fast: MemoryWorld, status: str) -> None:
    standard(fast, adjustment(OWN, "INV1", "Credit", 40), status=status)
    summary = go(fast)
    assert brief(fast) == [("", "Credit INV1", Decimal(40))]
    assert (memo(fast)[STATUS], memo(fast)[ZUORA_ID]) == (DONE, zid(f"made {OWN} Credit"))
    assert (summary["step"]["recovered"], summary["tiedOut"]) == (1, True)


@pytest.mark.rule("adjustments.A2.recovery")
def test_none_there_is_made(fast: MemoryWorld) -> None:
    standard(fast, status=CREATING)
    assert (go(fast)["step"]["created"], memo(fast)[STATUS]) == (1, DONE)


@pytest.mark.rule("adjustments.A2.mapping.to-transferredtoaccounting")
def test_an_interruption_before_transferred_to_accounting_is_made_good(fast: MemoryWorld) -> None:
    standard(fast, adjustment(OWN, "INV1", "Credit", 40, TransferredToAccounting="No"), status=CREATING)
    go(fast)
    assert [a["TransferredToAccounting"] for a in adjustments(fast)] == ["Yes"]
    assert memo(fast)[STATUS] == DONE


@pytest.mark.rule("sequence-and-status.4.3.rule.netsuite-source")
def test_an_unfinished_item_adjustment_is_not_sent_back(fast: MemoryWorld) -> None:
    """A create cannot say Transferred to Accounting: between the two calls the adjustments step must not take it for one of Zuora's."""
    standard(fast, **ON_ITEMS)
    lose_answers(fast, {"method": "POST", "path": UPDATE, "status": 200, "body": REFUSED})
    go(fast)
    (unfinished,) = adjustments(fast, "InvoiceItemAdjustment")
    assert "TransferredToAccounting" not in unfinished
    assert run(fast, "adjustments")["step"]["selected"] == 0
    fast.zuora_control.set_faults([])
    go(fast)
    (finished,) = adjustments(fast, "InvoiceItemAdjustment")
    assert (finished["Id"], finished["TransferredToAccounting"]) == (unfinished["Id"], "Yes")
    assert "IntegrationStatus__NS" not in finished
    assert memo(fast)[STATUS] == DONE


def test_the_object_of_an_earlier_setting_is_found(fast: MemoryWorld) -> None:
    standard(fast, adjustment(OWN, "INV1", "Credit", 40), status=CREATING, **ON_ITEMS)
    go(fast)
    assert (len(adjustments(fast)), adjustments(fast, "InvoiceItemAdjustment")) == (1, [])


def test_the_rest_of_a_spread_is_made(fast: MemoryWorld) -> None:
    source = {"SourceId": zid("INV4 item 1"), "SourceType": "InvoiceDetail", "ReferenceId": OWN}
    first = adjustment(OWN, "INV4", "Credit", 60, **source)
    zuora = {"InvoiceItemAdjustment": [first]}
    memos(fast, ns_memo("CM1", 95, {"INV4": 95}, id=OWN, **{STATUS: CREATING}), zuora=zuora, **ON_ITEMS)
    summary = go(fast)
    assert brief(fast, "InvoiceItemAdjustment") == [("", "Credit INV4", 60), ("2", "Credit INV4", 30), ("3", "Credit INV4", 5)]
    assert memo(fast)[ZUORA_ID] == first["Id"]
    assert summary["tiedOut"]


def test_two_adjustments_of_one_memo_are_ambiguous(fast: MemoryWorld) -> None:
    twice = [adjustment(OWN, "INV1", "Credit", 40, Id=zid(f"copy {n}")) for n in (1, 2)]
    standard(fast, *twice, status=CREATING)
    assert "2 Zuora adjustments carry its internal id" in messages(go(fast))["NSCM-AMBIGUOUS"]


def test_another_amount_in_zuora_is_reported(fast: MemoryWorld) -> None:
    standard(fast, adjustment(OWN, "INV1", "Credit", 30), status=CREATING)
    assert "NSCM-TOTAL" in messages(go(fast))
    assert brief(fast) == [("", "Credit INV1", Decimal(30))]


NEGATIVE_LEFT: dict[str, list[dict[str, Any]]] = {
    "charge": [adjustment(MEMO, "NEG1", "Charge", 70)],
    "charge and one credit": [adjustment(MEMO, "NEG1", "Charge", 70), adjustment(f"{MEMO}_7002", "INV2", "Credit", 40)],
    "one credit": [adjustment(f"{MEMO}_7001", "INV1", "Credit", 30)],
    "everything": [
        adjustment(MEMO, "NEG1", "Charge", 70),
        adjustment(f"{MEMO}_7001", "INV1", "Credit", 30),
        adjustment(f"{MEMO}_7002", "INV2", "Credit", 40),
    ],
}


@pytest.mark.rule(
    "adjustments.A3.recovery",
    "sequence-and-status.5.1.lookup.credit-memo-ns-z-negative-charge",
    "sequence-and-status.5.1.lookup.credit-memo-ns-z-negative-each-credit",
)
@pytest.mark.parametrize("left", NEGATIVE_LEFT)
def test_only_the_missing_ones_are_made(fast: MemoryWorld, left: str) -> None:
    state: dict[str, Any] = {STATUS: ERROR}
    closing(fast, {"INV1": 30, "INV2": 40}, **state)
    fast.load({"InvoiceAdjustment": NEGATIVE_LEFT[left]})
    for row in NEGATIVE_LEFT[left]:
        set_balance(fast, row)
    summary = go(fast)
    assert brief(fast) == [("", "Charge NEG1", 70), ("7001", "Credit INV1", 30), ("7002", "Credit INV2", 40)]
    assert {r["Id"] for r in NEGATIVE_LEFT[left]} <= {a["Id"] for a in adjustments(fast)}
    assert [balance(fast, n) for n in ("NEG1", "INV1", "INV2")] == [0, 70, 10]
    assert memo(fast, MEMO)[IDS] == ",".join(a["Id"] for a in adjustments(fast))
    assert (memo(fast, MEMO)[STATUS], summary["tiedOut"]) == (DONE, True)


def set_balance(world: MemoryWorld, row: dict[str, Any]) -> None:
    """Objects of a later load move no balance that an earlier one has set."""
    table = world.zuora.tenant.store.tables["Invoice"]
    invoice = table[row["InvoiceId"]]
    invoice["Balance"] += Decimal(row["Amount"]) * (1 if row["Type"] == "Charge" else -1)


@pytest.mark.rule("adjustments.A3.recovery")
def test_nothing_is_rolled_back_when_a_credit_is_refused(fast: MemoryWorld) -> None:
    closing(fast, {"INV1": 30, "INV2": 40})
    lose_answers(fast, {"method": "POST", "path": CREATE, "nth": 3, "status": 200, "body": REFUSED})
    go(fast)
    assert brief(fast) == [("", "Charge NEG1", 70), ("7001", "Credit INV1", 30)]
    assert (memo(fast, MEMO)[STATUS], memo(fast, MEMO)[ZUORA_ID]) == (ERROR, zid("NEG1"))
    summary = go(fast)
    assert brief(fast) == [("", "Charge NEG1", 70), ("7001", "Credit INV1", 30), ("7002", "Credit INV2", 40)]
    assert (memo(fast, MEMO)[STATUS], summary["tiedOut"]) == (DONE, True)


# -- lost answers ----------------------------------------------------------------------------------------------------------

LOST = [
    {"method": "POST", "path": path, "nth": n, "drop": when} for path in (CREATE, UPDATE) for n in (1, 2, 3) for when in ("before", "after")
]


@pytest.mark.parametrize("rule", LOST, ids=lambda r: f"{r['path'][11:]} {r['nth']} {r['drop']}")
@pytest.mark.parametrize("on", ["InvoiceAdjustment", "InvoiceItemAdjustment"])
def test_a_lost_answer_does_no_harm(fast: MemoryWorld, rule: dict[str, Any], on: str) -> None:
    """Every create and every update of a memo that takes three adjustments, lost before and after it was applied."""
    closing(fast, {"INV1": 30, "INV2": 40}, credit_memo_target=on)
    lose_answers(fast, rule)
    go(fast)
    summary = go(fast)
    assert brief(fast, on) == [("", "Charge NEG1", 70), ("7001", "Credit INV1", 30), ("7002", "Credit INV2", 40)]
    assert {a["TransferredToAccounting"] for a in adjustments(fast, on)} == {"Yes"}
    assert [balance(fast, n) for n in ("NEG1", "INV1", "INV2")] == [0, 70, 10]
    assert memo(fast, MEMO)[STATUS] == DONE
    assert summary["tiedOut"]


@pytest.mark.parametrize("drop", ["before", "after"])
@pytest.mark.parametrize("nth", [1, 2])
def test_a_lost_status_write_does_no_harm(fast: MemoryWorld, nth: int, drop: str) -> None:
    standard(fast)
    lose_answers(fast)
    fast.netsuite_control.drop = fast.zuora_control.drop  # type: ignore[method-assign]
    fast.netsuite_control.set_faults([{"method": "PATCH", "path": "/creditMemo/", "nth": nth, "drop": drop}])
    go(fast)
    go(fast)
    assert brief(fast) == [("", "Credit INV1", Decimal(40))]
    assert memo(fast)[STATUS] == DONE


# -- a person asks for it again --------------------------------------------------------------------------------------------


def cancel(world: MemoryWorld, kind: str = "InvoiceAdjustment") -> list[str]:
    ids = [a["Id"] for a in adjustments(world, kind)]
    assert all(w.ok for w in person_in_zuora(world).update(kind, [{"Id": i, "Status": "Canceled"} for i in ids]))
    return ids


@pytest.mark.rule("adjustments.A2.resync", "sequence-and-status.6.resync.credit-memo-ns-z")
@pytest.mark.parametrize("on", ["InvoiceAdjustment", "InvoiceItemAdjustment"])
def test_resync(fast: MemoryWorld, on: str) -> None:
    standard(fast, credit_memo_target=on)
    go(fast)
    (gone,) = cancel(fast, on)
    cleared(fast, "CM1", "creditMemo")
    summary = go(fast)
    (again,) = adjustments(fast, on)
    assert again["Id"] != gone
    assert (memo(fast)[STATUS], memo(fast)[ZUORA_ID]) == (DONE, again["Id"])
    assert summary["tiedOut"]


@pytest.mark.rule("adjustments.A3.resync", "sequence-and-status.6.resync.credit-memo-ns-z")
def test_resync_of_a_negative_invoices_memo(fast: MemoryWorld) -> None:
    closing(fast, {"INV1": 70}, tranId="CM7")
    go(fast)
    before = cancel(fast)
    in_netsuite(fast, "CM7", {STATUS: "", IDS: ""}, "creditMemo")
    go(fast)
    after = [a["Id"] for a in adjustments(fast)]
    assert len(after) == len(before) == 2
    assert not set(after) & set(before)
    assert memo(fast, "CM7")[IDS] == ",".join(after)


def test_a_canceled_adjustment_is_not_made_again_by_itself(fast: MemoryWorld) -> None:
    """The run was interrupted, a person then canceled what it had made: only a person knows whether it is still wanted."""
    canceled = adjustment(OWN, "INV1", "Credit", 40, Status="Canceled")
    standard(fast, canceled, status=CREATING)
    text = f"NetSuite credit memo CM1: Zuora adjustment {canceled['Id']} was canceled; nothing is done."
    assert messages(go(fast))["NSCM-CANCELED"] == text
    assert adjustments(fast) == []


def test_a_tenant_without_invoice_adjustments_recovers_too(fast: MemoryWorld) -> None:
    with tenant(fast, invoice_adjustments=False):
        standard(fast)
        lose_answers(fast, {"method": "POST", "path": CREATE, "nth": 1, "drop": "after"})
        go(fast)
        assert brief(fast, "InvoiceItemAdjustment") == [("", "Credit INV1", Decimal(40))]
