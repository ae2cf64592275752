"""What a run has created in NetSuite is reversed by a plan that a second person approves: nothing is deleted, each document is compensated
once, and it ties out by currency and customer."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pytest

from tallybridge.desk.actions import retry_all
from tallybridge.desk.problems import problems
from tallybridge.desk.records import explain
from tallybridge.steps.reversals import Reversals
from tallybridge.sync.reversal import ReversalPlan
from tests.sync.builders import invoice
from tests.sync.full_world import full_world
from tests.sync.invoice_world import change, lose_answers
from tests.sync.memory import MemoryWorld
from tests.sync.reversal_world import (
    ANN,
    accounts,
    approved,
    carried_out,
    everything,
    invoices,
    open_amounts,
    planned,
    refusal,
    reversed_whole,
    reversers,
    target_of,
    the,
    transactions,
    write,
)
from tests.sync.world import unserved_world


@pytest.fixture(scope="module")
def memory(request: pytest.FixtureRequest) -> MemoryWorld:
    return MemoryWorld.of(unserved_world(settlement=getattr(request, "param", "B") == "B"))


EACH_MODE = pytest.mark.parametrize(("memory", "mode"), [("A", "A"), ("B", "B")], indirect=["memory"])


# --- What becomes of the documents ---------------------------------------------------------------------------------------


def test_an_invoice_is_reversed_by_a_credit_memo_that_is_applied_to_it(memory: MemoryWorld) -> None:
    run_id = invoices(memory)["runId"]
    before = transactions(memory)
    plan, output = reversed_whole(memory, run_id)
    assert output["tiedOut"] is True, memory.summary(output)["messages"]
    ((invoice_id, row),) = before.items()
    ((credited, (memo,)),) = reversers(memory).items()
    assert (credited, open_amounts(memory), accounts(memory)) == (invoice_id, {}, {})
    now = transactions(memory)
    assert now[memo]["type"] == "creditMemo"
    assert (now[memo]["tranDate"], now[memo]["total"]) == (row["tranDate"], row["total"])
    assert now[memo]["memo"] == f"Reverses invoice INV1 (Tallybridge reversal {plan.id})"
    assert not now[memo].get("custbodyzuoraid")


def test_a_payment_is_taken_off_its_invoice_and_reversed_by_a_journal_entry_that_it_is_applied_to(memory: MemoryWorld) -> None:
    run_id = invoices(memory, "payments")["runId"]
    payment = the(memory, "customerPayment")
    _, output = reversed_whole(memory, run_id)
    assert output["tiedOut"] is True, memory.summary(output)["messages"]
    now, (journal,) = transactions(memory), reversers(memory)[payment]
    assert now[journal]["type"] == "journalEntry"
    assert [line["doc"]["id"] for line in now[payment]["apply"]["items"]] == [journal]
    assert (open_amounts(memory), accounts(memory)) == ({}, {})


@dataclass(frozen=True)
class Whole:
    """A run that creates documents of every kind, and its reversal: the transactions of NetSuite before it, after it, and after one more
    run of all steps; the summary of the run and of that one."""

    made: dict[str, Any]
    plan: ReversalPlan
    reversal: dict[str, Any]
    before: dict[str, dict[str, Any]]
    after: dict[str, dict[str, Any]]
    balances: dict[tuple[str, str, str], Decimal]
    open: dict[str, Decimal]
    reversers: dict[str, list[str]]
    next: dict[str, Any]
    at_last: dict[str, dict[str, Any]]


@pytest.fixture(scope="module", params=["A", "B"])
def whole(request: pytest.FixtureRequest) -> Whole:
    world = MemoryWorld.of(unserved_world(settlement=request.param == "B"))
    output = everything(world, request.param)
    before = transactions(world)
    plan, reversal = reversed_whole(world, output["runId"])
    assert reversal["tiedOut"] is True, world.summary(reversal)["messages"]
    after = transactions(world), accounts(world), open_amounts(world), reversers(world)
    world.clock.advance(minutes=30)
    later = world.summary(world.run())
    return Whole(world.summary(output), plan, reversal, before, *after, later, transactions(world))


def test_a_whole_run_is_reversed_to_nothing(whole: Whole) -> None:
    before = whole.before
    assert {r.id for r in whole.plan.reversals} == before.keys()
    assert before.keys() <= whole.after.keys()
    assert whole.balances == {}
    assert {i: len(by) for i, by in whole.reversers.items()} == dict.fromkeys(before, 1)
    refunds = [by for i, (by,) in whole.reversers.items() if before[i]["type"] == "customerRefund"]
    assert refunds
    assert {i for i, amount in whole.open.items() if amount} - set(refunds) <= {
        by for i, (by,) in whole.reversers.items() if before[i]["type"] == "customerPayment"
    }


def test_the_run_after_it_sends_nothing_anew_and_finds_no_drift(whole: Whole) -> None:
    assert whole.at_last == whole.after
    assert whole.next["drift"] == []
    assert {m["step"] for m in whole.next["messages"]} <= {"products", "rate_plans"}


def test_every_dollar_that_the_run_created_is_in_the_plan_or_told(whole: Whole) -> None:
    """A credit memo that was made of a negative invoice is counted below zero, as the run counts it."""
    made: dict[str, Decimal] = {}
    for row in whole.made["totals"]:
        if row["currency"]:
            made[row["currency"]] = made.get(row["currency"], Decimal(0)) + Decimal(str(row["synced"]["amount"]))
    plan = whole.plan
    said: dict[str, Decimal] = {}
    reversals = [(r.currency, -r.amount if (r.step, r.record_type) == ("invoices", "creditMemo") else r.amount) for r in plan.reversals]
    for currency, amount in [*reversals, *((n.currency, n.amount) for n in plan.left)]:
        if currency:
            said[currency] = said.get(currency, Decimal(0)) + (amount or 0)
    assert said == made
    master = [each for each in plan.left if each.code == "RV-MASTER"]
    assert {each.step for each in master} == {"customers", "charges"}
    assert all(each.advice and each.count for each in plan.left)


@pytest.mark.parametrize("lacking", [("multiple_currencies",), ("one_world", "multiple_currencies"), ("payment_instruments",)])
def test_an_account_with_fewer_features(memory: MemoryWorld, lacking: tuple[str, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    for feature in lacking:
        monkeypatch.setattr(memory.netsuite.options, feature, False)
    settings = {"netsuite_subsidiaries": "No", "default_subsidiary": ""} if "one_world" in lacking else {}
    plan, output = reversed_whole(memory, invoices(memory, "payments", **settings)["runId"])
    assert [(r.amount, r.currency) for r in plan.reversals] == [(Decimal(60), "USD"), (Decimal(100), "USD")]
    assert output["tiedOut"] is True, memory.summary(output)["messages"]
    assert (open_amounts(memory), accounts(memory)) == ({}, {})


@EACH_MODE
def test_documents_of_one_customer_are_reversed_in_pieces(memory: MemoryWorld, mode: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is applied to a document may lie in an earlier piece, or in the same one."""
    monkeypatch.setattr(Reversals, "chunk", 1)
    _, reversal = reversed_whole(memory, everything(memory, mode)["runId"])
    assert reversal["tiedOut"] is True, memory.summary(reversal)["messages"]
    assert accounts(memory) == {}


def test_what_was_written_to_zuora_is_told_with_what_a_person_can_do(memory: MemoryWorld) -> None:
    everything(memory)
    entered = full_world("B").second
    memory.load(netsuite={kind: entered[kind] for kind in ("creditMemo", "customerPayment", "customerRefund")})
    memory.clock.advance(minutes=30)
    output = memory.run(steps=["netsuite_payments", "netsuite_refunds"])
    plan = planned(memory, output["runId"])
    assert plan.reversals == ()
    assert {(told.code, told.step) for told in plan.left} == {("RV-ZUORA", "netsuite_payments"), ("RV-ZUORA", "netsuite_refunds")}
    assert all(told.amount and told.currency and "in Zuora" in told.advice for told in plan.left)


# --- Carrying out --------------------------------------------------------------------------------------------------------


def test_a_document_that_changes_after_the_approval_is_held(memory: MemoryWorld) -> None:
    plan = planned(memory, invoices(memory)["runId"])
    approved(memory, plan)
    write(memory, "invoice", {"tranDate": "2026-10-02"}, the(memory, "invoice"))
    output = carried_out(memory, plan)
    assert [m["code"] for m in memory.summary(output)["messages"]] == ["RV-CHANGED"]
    assert reversers(memory) == {}


def test_a_new_plan_ends_what_an_earlier_one_has_left_held(memory: MemoryWorld) -> None:
    run_id = invoices(memory)["runId"]
    plan = planned(memory, run_id)
    approved(memory, plan)
    write(memory, "invoice", {"tranDate": "2026-10-02"}, the(memory, "invoice"))
    carried_out(memory, plan)
    (held,) = problems(target_of(memory)).found
    assert (held.step, held.code, held.count) == ("reversals", "RV-CHANGED", 1)
    refused = refusal(lambda: retry_all(target_of(memory), [held], ANN))
    assert (refused.code, "tallybridge reversal" in (refused.advice or "")) == ("INSTRUCTION", True)
    again = planned(memory, run_id)
    assert problems(target_of(memory)).found == ()
    approved(memory, again)
    assert carried_out(memory, again)["tiedOut"] is True
    assert problems(target_of(memory)).found == ()


def test_a_payment_that_comes_between_holds_the_invoice_and_says_so(memory: MemoryWorld) -> None:
    plan = planned(memory, invoices(memory)["runId"])
    approved(memory, plan)
    document = transactions(memory)[the(memory, "invoice")]
    apply = {"apply": {"items": [{"doc": {"id": document["id"]}, "apply": True, "amount": 40}]}}
    payment = write(memory, "customerPayment", {"customer": document["entity"], "payment": 40, "autoApply": False, **apply})
    output = carried_out(memory, plan)
    assert [m["code"] for m in memory.summary(output)["messages"]] == ["RV-APPLIED"]
    assert reversers(memory) == {}
    write(
        memory,
        "customerPayment",
        {"customer": document["entity"], "apply": {"items": [{"doc": {"id": document["id"]}, "apply": False}]}},
        payment,
    )
    again = carried_out(memory, plan)
    assert again["tiedOut"] is True, memory.summary(again)["messages"]
    assert len(reversers(memory)) == 1


def test_a_new_plan_finishes_a_payment_whose_reversal_was_cut_off(memory: MemoryWorld) -> None:
    run_id = invoices(memory, "payments")["runId"]
    approved(memory, plan := planned(memory, run_id))
    lose_answers(memory)
    memory.netsuite_control.set_faults([{"method": "PATCH", "path": "^/services/rest/record/v1/customerPayment", "drop": "before"}])
    carried_out(memory, plan)
    memory.netsuite_control.set_faults([])
    payment = the(memory, "customerPayment")
    assert reversers(memory).keys() == {payment}
    again, output = reversed_whole(memory, run_id)
    assert [r.record_type for r in again.reversals] == ["customerPayment", "invoice"]
    assert output["tiedOut"] is True, memory.summary(output)["messages"]
    assert (open_amounts(memory), accounts(memory)) == ({}, {})


def test_an_invoice_waits_for_the_payment_that_could_not_be_reversed(memory: MemoryWorld) -> None:
    plan = planned(memory, invoices(memory, "payments")["runId"])
    approved(memory, plan)
    write(
        memory,
        "customerPayment",
        {"customer": {"id": plan.reversals[0].customer}, "tranDate": "2026-10-20"},
        the(memory, "customerPayment"),
    )
    output = carried_out(memory, plan)
    assert sorted(m["code"] for m in memory.summary(output)["messages"]) == ["RV-CHANGED", "RV-WAITS"]
    assert reversers(memory) == {}


def test_a_rehearsal_writes_nothing(memory: MemoryWorld) -> None:
    plan = planned(memory, invoices(memory)["runId"])
    approved(memory, plan)
    before = transactions(memory)
    output = carried_out(memory, plan, dry_run=True)
    assert transactions(memory) == before
    (row,) = memory.summary(output)["totals"]
    assert (row["object"], row["synced"]["count"], row["synced"]["amount"]) == ("Reversal", 1, 100)


def test_other_runs_have_no_part_in_it(memory: MemoryWorld) -> None:
    invoices(memory)
    opened = memory.open()
    assert opened["steps"]["reversals"] is False
    memory.close(opened["runId"])


def test_a_reversal_sends_nothing_else(memory: MemoryWorld) -> None:
    plan = planned(memory, invoices(memory)["runId"])
    approved(memory, plan)
    memory.load(invoice("A1", "INV2", [("Gold", 10.0)], sub="S1"))
    output = carried_out(memory, plan)
    assert [row["object"] for row in memory.summary(output)["totals"]] == ["Reversal"]
    assert memory.in_zuora("Invoice", "INV2").get("IntegrationId__NS") is None


def test_the_record_tells_by_what_it_was_reversed(memory: MemoryWorld) -> None:
    plan, _ = reversed_whole(memory, invoices(memory)["runId"])
    ((_, (memo,)),) = reversers(memory).items()
    stories = {story.step: story for story in explain(target_of(memory), "INV1").stories}
    assert stories["invoices"].next == f"Nothing: it was reversed in NetSuite by credit memo {memo}, and is not sent again by itself."
    assert stories["reversals"].item["destination_id"] == memo
    assert memory.in_zuora("Invoice", "INV1")["IntegrationStatus__NS"] == "Sync Complete"
    assert plan.run_id


def test_what_was_reversed_is_sent_anew_when_a_person_asks_for_it(memory: MemoryWorld) -> None:
    """As docs/reversal.md says."""
    run_id = invoices(memory)["runId"]
    reversed_whole(memory, run_id)
    first = the(memory, "invoice")
    write(memory, "invoice", {"externalId": None, "custbodyzuoraid": None}, first)
    change(memory, "Invoice", "INV1", IntegrationId__NS=None, IntegrationStatus__NS=None, TransferredToAccounting="No")
    memory.clock.advance(minutes=30)
    output = memory.run(steps=["invoices"])
    assert output["tiedOut"] is True, memory.summary(output)["messages"]
    (second,) = {i for i, row in transactions(memory).items() if row["type"] == "invoice"} - {first}
    assert open_amounts(memory) == {second: Decimal(100)}
    _, again = reversed_whole(memory, output["runId"])
    assert again["tiedOut"] is True, memory.summary(again)["messages"]
    assert sorted(reversers(memory)) == sorted([first, second])


def test_a_reversal_is_a_document_of_its_month(memory: MemoryWorld) -> None:
    reversed_whole(memory, invoices(memory)["runId"])
    (item,) = [item for item in target_of(memory).ledger.dated_in("2026-10") if item["step"] == "reversals"]
    assert (item["record_type"], item["currency"], item["amount"], item["number"]) == ("creditMemo", "USD", "100", "INV1")


def test_two_plans_of_one_run_reverse_each_document_once(memory: MemoryWorld) -> None:
    run_id = invoices(memory, "payments")["runId"]
    plans = [planned(memory, run_id) for _ in range(2)]
    for plan in plans:
        approved(memory, plan)
    for plan in plans:
        output = carried_out(memory, plan)
        assert output["tiedOut"] is True, memory.summary(output)["messages"]
    assert [len(by) for by in reversers(memory).values()] == [1, 1]
    assert accounts(memory) == {}
