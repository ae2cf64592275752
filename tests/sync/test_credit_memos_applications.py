"""What credit memos are applied to: on create, by an update after a person's reset, on recovery, and where NetSuite's open balances are
too small (memos.md C, Application and Status)."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tests.rules.cases import ruled
from tests.sync.builders import zid
from tests.sync.memo_world import (
    DONE,
    FOREIGN,
    by_api,
    by_hand,
    credit,
    credited,
    memos,
    on,
    paid_in_netsuite,
    part,
    ready,
    reset_by_a_person,
)
from tests.sync.memory import MemoryWorld
from tests.sync.ran import Ran, status_of
from tests.sync.recording import REFUSAL, during

PATCH = {"method": "PATCH", "path": "^/services/rest/record/v1/creditMemo"}
RECORD = "memos.C.mapping.invoice-integrationid-ns-and-or-debitmemo-integrationid-ns-to-apply-items-doc"
AMOUNT = "memos.C.mapping.creditmemopart-amount-to-apply-line-amount"


def state(run: Ran, number: str = "CM1") -> Any:
    return status_of(run.record(number))


def calls(world: MemoryWorld, name: str) -> int:
    return int(world.netsuite_control.stats()["calls"].get(name, 0))


@pytest.mark.rule("memos.C.application.1", RECORD, AMOUNT)
def test_a_new_memo_is_applied_to_each_document_once_with_its_parts_added_up(fast: MemoryWorld) -> None:
    memo = credit("CM1", applied={"INV1": 20.0, "DM1": 10.0})
    memo["CreditMemoPart"].append(part("CM1", 8, "INV1", 5.0))
    run = credited(ready(fast, memo))
    assert run.applied("CM1") == {"7001": 25, "7004": 10}
    made = run.sent("CM1")
    assert (made["applied"], made["unapplied"]) == (35, 65)
    assert calls(fast, "PATCH /record/v1/creditMemo/{id}") == 0


@pytest.mark.rule("memos.C.application.2")
def test_later_applications_are_not_seen_until_a_person_resets_the_memo(fast: MemoryWorld) -> None:
    ready(fast, credit("CM1", applied={"INV1": 20.0}))
    credited(fast)
    by_api(fast, "CM1", "apply", **on(INV2=30.0))
    assert credited(fast).applied("CM1") == {"7001": 20}
    reset_by_a_person(fast, "CM1")
    assert credited(fast).applied("CM1") == {"7001": 20, "7002": 30}


@pytest.mark.rule("memos.C.application.3")
def test_applications_to_documents_that_are_not_zuoras_are_left_alone(fast: MemoryWorld) -> None:
    first = credited(ready(fast, credit("CM1", applied={"INV1": 20.0})))
    line = {"doc": {"id": FOREIGN}, "apply": True, "amount": 25}
    by_hand(fast, "creditMemo", str(first.sent("CM1")["id"]), {"apply": {"items": [line]}})
    by_api(fast, "CM1", "unapply", **on(INV1=20.0))
    reset_by_a_person(fast, "CM1")
    assert credited(fast).applied("CM1") == {FOREIGN: Decimal(25)}


@pytest.mark.rule("memos.C.status.updated", "sequence-and-status.4.2.text.credit-memo-mode-b-change")
def test_the_status_during_an_update(fast: MemoryWorld) -> None:
    credited(ready(fast, credit("CM1", applied={"INV1": 20.0})))
    reset_by_a_person(fast, "CM1")
    seen = during(fast, lambda: status_of(memos(fast, "Credit")["CM1"]), PATCH)
    assert state(credited(fast)) == DONE
    assert seen == [("Updating Credit Memo", "Processing")]


@pytest.mark.rule("memos.C.status.refused", "sequence-and-status.4.2.text.credit-memo-mode-b-change")
def test_a_refused_update_carries_its_error_status_and_is_done_by_the_next_run(fast: MemoryWorld) -> None:
    credited(ready(fast, credit("CM1", applied={"INV1": 20.0})))
    by_api(fast, "CM1", "apply", **on(INV2=30.0))
    reset_by_a_person(fast, "CM1")
    fast.netsuite_control.set_faults([{**PATCH, "status": 400, "body": REFUSAL, "times": 1}])
    assert state(credited(fast)) == ("Error Updating Credit Memo", "Error")
    run = credited(fast)
    assert (state(run), run.applied("CM1")) == (DONE, {"7001": 20, "7002": 30})


@pytest.mark.rule("memos.C.validation.9")
def test_v9_an_update_of_a_memo_with_another_amount_changes_nothing(fast: MemoryWorld) -> None:
    first = credited(ready(fast, credit("CM1", applied={"INV1": 20.0})))
    made = str(first.sent("CM1")["id"])
    by_hand(fast, "creditMemo", made, {"item": {"items": [{"line": 1, "amount": 99}]}})
    by_api(fast, "CM1", "unapply", **on(INV1=20.0))
    reset_by_a_person(fast, "CM1")
    run = credited(fast)
    text = f"Credit memo CM1: amount USD 100.00 differs from NetSuite credit memo {made} (USD 99.00); lines are not changed by an update."
    assert run.problems("CM1") == [("CM-V9", text)]
    assert (run.applied("CM1"), state(run)) == ({"7001": 20}, ("Sync Complete", "No"))


@pytest.mark.rule("memos.C.validation.1")
def test_an_update_waits_for_a_document_that_is_not_synced_and_unapplies_nothing(fast: MemoryWorld) -> None:
    credited(ready(fast, credit("CM1", applied={"INV1": 20.0})))
    by_api(fast, "CM1", "apply", **on(INV9=30.0))
    reset_by_a_person(fast, "CM1")
    run = credited(fast)
    assert run.problems("CM1") == [("CM-V1", "Credit memo CM1: invoice INV9 has not been synced to NetSuite.")]
    assert run.applied("CM1") == {"7001": 20}


# -- open balances ----------------------------------------------------------------------------------------------------------


@pytest.mark.rule("memos.C.application.4")
def test_an_application_beyond_the_open_balance_does_not_hold_the_memo_back(fast: MemoryWorld) -> None:
    ready(fast, credit("CM1", applied={"INV1": 60.0, "INV2": 40.0}))
    paid_in_netsuite(fast, "7001", 70.0)
    first = credited(fast)
    made = first.sent("CM1")["id"]
    text = f"Credit memo CM1: created as {made}, but not applied to INV1: open balance USD 30.00, needed USD 60.00."
    assert first.problems("CM1") == [("CM-OPEN", text)]
    assert first.applied("CM1") == {"7002": 40}
    assert (state(first), first.record("CM1")["IntegrationId__NS"]) == (("Updating Credit Memo", "Processing"), str(made))
    assert (first.outcome, first.output["tiedOut"]) == ("completed with warnings", True)
    second = credited(fast)
    assert second.problems("CM1") == [("CM-OPEN", text)]
    assert second.record("CM1") == second.before["CM1"]
    assert calls(fast, "PATCH /record/v1/creditMemo/{id}") == 0
    by_hand(fast, "customerPayment", "8001", {"apply": {"items": [{"doc": {"id": "7001"}, "apply": False, "amount": 0}]}})
    third = credited(fast)
    assert (third.applied("CM1"), state(third), len(third.made("CM1"))) == ({"7001": 60, "7002": 40}, DONE, 1)


@pytest.mark.rule("memos.C.application.4")
def test_several_applications_that_do_not_fit_are_named_together(fast: MemoryWorld) -> None:
    ready(fast, credit("CM1", applied={"INV1": 60.0, "INV2": 40.0}))
    paid_in_netsuite(fast, "7001", 70.0)
    paid_in_netsuite(fast, "7002", 50.0, "8002")
    run = credited(fast)
    ((_, text),) = run.problems("CM1")
    assert text.endswith(
        "not applied to INV1: open balance USD 30.00, needed USD 60.00; not applied to INV2: open balance USD 0.00, needed USD 40.00."
    )
    assert run.applied("CM1") == {}


@pytest.mark.rule("memos.C.application.4")
def test_two_memos_of_one_batch_share_the_open_balance(fast: MemoryWorld) -> None:
    ready(fast, credit("CM1", applied={"INV1": 50.0}), credit("CM2", applied={"INV1": 50.0}, MemoDate="2026-10-06"))
    paid_in_netsuite(fast, "7001", 40.0)
    run = credited(fast)
    assert (run.applied("CM1"), state(run)) == ({"7001": 50}, DONE)
    assert (run.applied("CM2"), state(run, "CM2")) == ({}, ("Updating Credit Memo", "Processing"))
    assert "open balance USD 10.00, needed USD 50.00" in run.problems("CM2")[0][1]


@pytest.mark.rule("memos.C.application.4")
def test_a_memo_that_is_not_sent_takes_nothing_of_the_open_balance(fast: MemoryWorld) -> None:
    ready(fast, credit("CM1", applied={"INV1": 50.0}, TotalAmount=100.01), credit("CM2", applied={"INV1": 50.0}, MemoDate="2026-10-06"))
    paid_in_netsuite(fast, "7001", 40.0)
    run = credited(fast)
    assert run.problems("CM1")[0][0] == "CM-V7"
    assert run.applied("CM2") == {"7001": 50}


@pytest.mark.rule("memos.C.application.4")
def test_an_update_that_does_not_fit_leaves_that_document_as_it_is(fast: MemoryWorld) -> None:
    credited(ready(fast, credit("CM1", applied={"INV1": 20.0, "INV2": 10.0})))
    paid_in_netsuite(fast, "7001", 70.0)
    by_api(fast, "CM1", "apply", **on(INV1=20.0))
    by_api(fast, "CM1", "unapply", **on(INV2=10.0))
    reset_by_a_person(fast, "CM1")
    run = credited(fast)
    assert (run.applied("CM1"), state(run)) == ({"7001": 20}, ("Updating Credit Memo", "Processing"))
    assert "not applied to INV1: open balance USD 10.00, needed USD 20.00" in run.problems("CM1")[0][1]


# -- recovery ---------------------------------------------------------------------------------------------------------------

LEFT_AT = {
    "creating": ("Creating Credit Memo", "Processing"),
    "refused": ("Error Creating Credit Memo", "Error"),
    "updating": ("Updating Credit Memo", "Processing"),
    "update refused": ("Error Updating Credit Memo", "Error"),
}


@pytest.mark.rule("memos.C.status.lookup", "sequence-and-status.5.1.lookup.credit-memo-b")
@pytest.mark.parametrize("case", ruled(LEFT_AT, {}))
@pytest.mark.parametrize("applied", [{}, {"7001": 5}], ids=["unapplied", "partly applied"])
def test_a_memo_found_in_netsuite_gets_its_applications_checked(fast: MemoryWorld, case: str, applied: dict[str, int]) -> None:
    status, transferred = LEFT_AT[case]
    lines = [{"doc": {"id": d}, "apply": True, "amount": a} for d, a in applied.items()]
    there = {"id": "7100", "entity": {"id": "9001"}, "tranDate": "2026-10-05", "item": {"items": [{"item": {"id": "501"}, "amount": 100}]}}
    known = {**there, "custbodyzuoraid": zid("CM1"), **({"apply": {"items": lines}} if lines else {})}
    left: dict[str, Any] = {"IntegrationStatus__NS": status, "TransferredToAccounting": transferred}
    ready(fast, credit("CM1", applied={"INV1": 20.0}, **left), netsuite={"creditMemo": [known]})
    run = credited(fast)
    assert (run.applied("CM1"), state(run), run.record("CM1")["IntegrationId__NS"]) == ({"7001": 20}, DONE, "7100")
    assert run.output["tiedOut"]


def test_a_memo_found_complete_is_not_written(fast: MemoryWorld) -> None:
    ready(fast, credit("CM1", applied={"INV1": 20.0}))
    credited(fast)
    by_api(fast, "CM1", IntegrationStatus__NS="Creating Credit Memo", transferredToAccounting="Processing")
    run = credited(fast)
    assert state(run) == DONE
    assert calls(fast, "PATCH /record/v1/creditMemo/{id}") == 0


def test_applications_changed_after_the_query_copy_was_taken_are_read_again(fast: MemoryWorld) -> None:
    """The copy lags behind: at selection it still shows the old application."""
    ready(fast, credit("CM1", applied={"INV1": 20.0}))
    opened = fast.open(steps=("credit_memos",))
    event = {"runId": opened["runId"], "step": "credit_memos"}
    fast.task("credit_memos", {**event, "task": "select"})
    by_api(fast, "CM1", "unapply", **on(INV1=20.0))
    by_api(fast, "CM1", "apply", **on(INV2=45.0))
    fast.task("credit_memos", {**event, "task": "batch", "batch": "000001"})
    fast.task("credit_memos", {**event, "task": "summarise", "error": None})
    assert fast.close(opened["runId"])["tiedOut"]
    assert fast.in_netsuite("creditMemo")[0]["applied"] == 45
    assert [line["doc"]["id"] for line in fast.in_netsuite("creditMemo")[0]["apply"]["items"] if line.get("apply")] == ["7002"]
