"""Status, line keys and recovery of invoices of tenants without Invoice Settlement (invoices.md sections 2, 4 and 9)."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from requests.exceptions import ConnectTimeout

from tests.sync.builders import Objects, invoice, merged, subscription, zid
from tests.sync.invoice_world import TAXED, change, customer, delete_in_netsuite, item, lose_answers, ready, synced_charge
from tests.sync.memory import MemoryWorld
from tests.sync.mode_a_world import DONE, calls, clear_counts, made, negative, only
from tests.sync.ran import INVOICES, ran, status_of
from tests.sync.recording import during
from tests.sync.world import World

GOLD = [("Gold", 100.0)]
CREATE = {"method": "POST", "path": "^/services/rest/record/v1/creditMemo"}
ACTION = {"method": "POST", "path": "^/v1/action/update"}
REFUSAL = {"status": 400, "body": {"status": 400, "o:errorDetails": [{"detail": "Refused by a script.", "o:errorCode": "USER_ERROR"}]}}
IN_PROGRESS = ("Creating Credit Memo", "Processing")
FAILED = ("Error Creating Credit Memo", "Error")


@pytest.fixture
def world(started_mode_a: World) -> MemoryWorld:
    return MemoryWorld.of(started_mode_a)


def left_at(state: tuple[str | None, str | None]) -> dict[str, Any]:
    return {"IntegrationStatus__NS": state[0], "TransferredToAccounting": state[1]}


def in_netsuite(number: str, kind: str = "creditMemo", amount: float = 100.0, **fields: Any) -> Objects:
    """The NetSuite record of a negative invoice with one line, as an earlier run or another connector left it."""
    lines = [{"line": 3, "item": {"id": "501"}, "amount": amount, "custcolzuoraid": zid(f"{number} item 1")}]
    known = {"id": "7001", "entity": {"id": "9001"}, "tranDate": "2026-10-01", "item": {"items": lines}}
    own = {"autoApply": False} if kind == "creditMemo" else {}
    return {kind: [{**known, **own, "custbodyzuoraid": zid(number), **fields}]}


def keys(world: World, number: str, count: int) -> list[str | None]:
    """What the items of an invoice hold as their NetSuite line."""
    items = {i["Id"]: i for i in world.zuora.dump()["InvoiceItem"]}
    return [items[zid(f"{number} item {n}")].get("IntegrationId__NS") for n in range(1, count + 1)]


# -- status ---------------------------------------------------------------------------------------------------------------


@pytest.mark.rule(
    "invoices.4.status.1",
    "sequence-and-status.4.2.text.invoice-negative-mode-a",
    "invoices.2.destination.negative-mode-a",
)
def test_4_a_negative_invoice_is_a_credit_memo_in_the_making(world: World) -> None:
    ready(world, negative("NEG1", -100.0))
    seen = during(world, lambda: status_of(INVOICES.of(world)["NEG1"]), CREATE)
    run = ran(world)
    assert seen == [IN_PROGRESS]
    memo = only(world, "NEG1", "creditMemo")
    assert status_of(run.record("NEG1")) == DONE
    assert run.record("NEG1")["IntegrationId__NS"] == str(memo["id"])
    assert (memo["total"], run.outcome, run.output["tiedOut"]) == (100, "completed", True)
    assert [line["message"] for line in run.lines if line.get("source_number")] == [f"Invoice NEG1: creditMemo {memo['id']} created."]


def test_the_run_adds_up_what_is_owed_by_and_to_customers(world: World) -> None:
    ready(world, negative("NEG1", -30.0), invoice("A1", "INV1", GOLD, sub="S1"))
    run = ran(world)
    (total,) = run.summary["totals"]
    assert total["synced"]["count"] == 2
    assert [Decimal(str(total[side]["amount"])) for side in ("synced", "destination")] == [70, 70]
    assert run.output["tiedOut"]


@pytest.mark.rule("invoices.4.status.4", "sequence-and-status.4.2.text.invoice-negative-mode-a", "sequence-and-status.4.1.rule.6")
def test_4_a_refused_credit_memo_gets_the_error_status_and_is_tried_again(world: World) -> None:
    ready(world, negative("NEG1", -100.0), invoice("A1", "INV1", GOLD, sub="S1"))
    world.netsuite_control.set_faults([{**CREATE, **REFUSAL}])
    run = ran(world)
    assert status_of(run.record("NEG1")) == FAILED
    assert run.synced("INV1")
    assert run.output["tiedOut"]
    world.netsuite_control.set_faults([])
    assert status_of(ran(world).record("NEG1")) == DONE


def test_4_a_credit_memo_in_a_closed_period_follows_its_own_policy(world: World) -> None:
    policy = {"creditMemo": "Refuse", "invoice": "Hold Until Opened"}
    ready(world, negative("NEG1", -100.0), invoice("A1", "INV1", GOLD, sub="S1"), closed_period=policy)
    (period,) = [p for p in world.in_netsuite("accountingPeriod") if p["periodName"] == "Oct 2026"]
    world.load(netsuite={"accountingPeriod": [{"id": period["id"], "arLocked": True}]})
    run = ran(world)
    assert status_of(run.record("NEG1")) == FAILED
    assert run.untouched("INV1")
    assert run.problems("NEG1") == [("INV-PERIOD", "Invoice NEG1: The accounting period of 2026-10-01 is closed.")]


@pytest.mark.rule("invoices.9.rule.3")
def test_9_3_zero_lines_are_sent_whatever_the_setting_of_the_other_mode_says(world: World) -> None:
    lines = [("Gold", 100.0), ("Silver", 0.0)]
    ready(world, invoice("A1", "INV1", lines, sub="S1"), avoid_zero_amount_invoice_items="Yes")
    assert [line["amount"] for line in ran(world).lines_of("INV1")] == [100, 0]


@pytest.mark.rule("invoices.8.mapping-line.rev-rec-inputs-to-same-six-targets-as-5-2", "invoices.7.procedure.7")
def test_7_7_an_account_whose_credit_memos_cannot_defer_gets_the_dates_alone(world: MemoryWorld) -> None:
    template = {"revRecSchedule": {"id": "1"}, "deferredRevenueAccount": {"id": "6"}}
    ready(
        world,
        synced_charge("Deferred", "510", RevRecCode="Straight-line, exact days"),
        subscription("A1", "S2", "Deferred"),
        invoice("A1", "NEG1", [("Deferred", -100.0)], sub="S2"),
        netsuite={"serviceSaleItem": [item("Deferred", "510", **template)]},
        netsuite_use_revenue_recognition="Yes",
    )
    without_field(world, "creditMemo", "deferRevRec")
    run = ran(world)
    (line,) = only(world, "NEG1", "creditMemo")["item"]["items"]
    assert (line["revRecStartDate"], line["revRecEndDate"], line.get("deferRevRec")) == ("2026-10-01", "2026-10-31", None)
    assert [line["code"] for line in run.lines if line.get("code")] == ["FIELD-DROPPED"]
    change(world, "InvoiceItem", "NEG1 item 1", RevRecStartDate="2026-10-10")
    assert ran(world).summary["steps"][0]["selected"] == 0


def without_field(world: MemoryWorld, record_type: str, field: str) -> None:
    """An account whose lines of a record type lack a field: its metadata says so."""
    send = world.session.send

    def lacking(request: Any, **how: Any) -> Any:
        response = send(request, **how)
        if request.url.endswith(f"/metadata-catalog/{record_type}"):
            response._content = response.content.replace(f'"{field}"'.encode(), b'"somethingElse"')
        return response

    world.session.send = lacking  # type: ignore[method-assign]


# -- line keys ------------------------------------------------------------------------------------------------------------


@pytest.mark.rule(
    "invoices.4.status.3",
    "invoices.5.mapping-line.invoiceitem-integrationid-ns-written-back-line",
    "invoices.8.mapping-line.invoiceitem-integrationid-ns-written-back-line-key",
    "sequence-and-status.3.1.field.invoiceitem-integrationid-ns",
)
def test_4_3_each_item_gets_the_key_of_its_line(world: World) -> None:
    lines = [("Gold", 100.0), ("Silver", 10.0), ("Gold", 5.0)]
    ready(
        world,
        invoice("A1", "INV1", lines, sub="S1", taxes=[8.25, 0, 1.0], **TAXED),
        negative("NEG1", -40.0, -20.0, taxes=[-3.0, 0]),
    )
    run = ran(world)
    assert keys(world, "INV1", 3) == ["1", "3", "4"]
    assert keys(world, "NEG1", 2) == ["1", "3"]
    numbers = {line["custcolzuoraid"]: str(line["line"]) for line in run.lines_of("INV1")}
    assert [numbers[zid(f"INV1 item {n}")] for n in (1, 2, 3)] == ["1", "3", "4"]


@pytest.mark.rule("invoices.4.status.5", "sequence-and-status.5.1.lookup.invoice-negative", "sequence-and-status.5.2.rule.2")
@pytest.mark.parametrize("state", [IN_PROGRESS, FAILED], ids=["creating", "error"])
@pytest.mark.parametrize("there", [True, False], ids=["with NetSuite record", "without"])
def test_5_one_left_in_the_middle_is_recovered_with_its_line_keys(world: World, state: tuple[str, str], there: bool) -> None:
    ready(world, negative("NEG1", -100.0, **left_at(state)), netsuite=in_netsuite("NEG1") if there else None)
    run = ran(world)
    (memo,) = made(world, "NEG1", "creditMemo")
    assert (str(memo["id"]) == "7001") is there
    assert status_of(run.record("NEG1")) == DONE
    assert keys(world, "NEG1", 1) == ["3" if there else "1"]  # that of the NetSuite line, whatever it is
    assert (run.problems("NEG1"), run.output["tiedOut"]) == ([], True)


@pytest.mark.rule("sequence-and-status.5.1.lookup.invoice-negative", "sequence-and-status.5.1.lookup.invoice-not-negative")
@pytest.mark.parametrize(
    ("number", "amount", "own", "other"), [("NEG1", -100.0, "creditMemo", "invoice"), ("INV1", 100.0, "invoice", "creditMemo")]
)
def test_5_1_it_is_looked_up_among_the_records_of_its_own_type_only(world: World, number: str, amount: float, own: str, other: str) -> None:
    zuora = invoice("A1", number, [("Gold", amount)], sub="S1", **left_at(("Creating", "Processing")))
    ready(world, zuora, netsuite=in_netsuite(number, other))
    ran(world)
    assert len(made(world, number, own)) == 1
    assert INVOICES.of(world)[number]["IntegrationId__NS"] != "7001"


@pytest.mark.rule(
    "invoices.4.status.5", "sequence-and-status.4.1.rule.7", "invoices.5.mapping-line.invoiceitem-integrationid-ns-written-back-line"
)
def test_5_when_only_the_line_keys_fail_the_next_run_writes_them_and_completes(world: MemoryWorld) -> None:
    ready(world, negative("NEG1", -100.0), invoice("A1", "INV1", GOLD, sub="S1"))
    failures = [
        {"Success": False, "Errors": [{"Code": "INVALID_VALUE", "Message": "IntegrationId is locked."}]},
        {"Success": True, "Id": "x"},
    ]
    world.zuora_control.set_faults([{**ACTION, "nth": 2, "status": 200, "body": failures}])  # statuses, line keys, statuses
    first = ran(world)
    states = sorted(status_of(first.record(n)) for n in ("NEG1", "INV1"))
    assert DONE in states
    (number,) = [n for n in ("NEG1", "INV1") if status_of(first.record(n)) != DONE]
    assert status_of(first.record(number))[1] == "Processing"
    text = f"Invoice {number}: done in the destination, but its lines could not be written back: IntegrationId is locked."
    assert first.problems(number) == [("ZUORA-INVALID_VALUE", text)]
    world.zuora_control.set_faults([])
    second = ran(world)
    assert status_of(second.record(number)) == DONE
    assert (keys(world, "NEG1", 1) + keys(world, "INV1", 1)).count("1") >= 1
    assert keys(world, number, 1) == ["1"]
    assert len(made(world, number)) == 1


def test_5_when_the_lines_cannot_be_read_the_next_run_completes_them(world: MemoryWorld) -> None:
    ready(world, negative("NEG1", -100.0))
    send = world.session.send

    def broken(request: Any, **how: Any) -> Any:
        if b"transactionline" in (request.body if isinstance(request.body, bytes) else str(request.body).encode()):
            raise ConnectTimeout("no connection")
        return send(request, **how)

    world.session.send = broken  # type: ignore[method-assign]
    assert status_of(ran(world).record("NEG1")) == IN_PROGRESS
    world.session.send = send  # type: ignore[method-assign]
    world.clock.advance(hours=1)
    assert status_of(ran(world).record("NEG1")) == DONE
    assert (keys(world, "NEG1", 1), len(made(world, "NEG1"))) == (["1"], 1)


def test_5_lines_without_a_zuora_id_leave_the_items_without_a_key(world: MemoryWorld) -> None:
    there = in_netsuite("NEG1")
    del there["creditMemo"][0]["item"]["items"][0]["custcolzuoraid"]
    ready(world, negative("NEG1", -100.0, **left_at(IN_PROGRESS)), netsuite=there)
    assert status_of(ran(world).record("NEG1")) == DONE
    assert keys(world, "NEG1", 1) == [None]


# -- recovery -------------------------------------------------------------------------------------------------------------


@pytest.mark.rule("operations.7.2.unknown-outcome")
def test_a_lost_answer_to_the_create_is_looked_up_among_the_credit_memos(world: World) -> None:
    lose_answers(world)
    ready(world, negative("NEG1", -100.0))
    world.netsuite_control.set_faults([{**CREATE, "drop": "after", "nth": 1}])
    assert status_of(ran(world).record("NEG1")) == DONE
    assert len(made(world, "NEG1")) == 1


@pytest.mark.rule("sequence-and-status.6.still-present")
def test_6_reset_while_the_credit_memo_exists_restores_the_invoice(world: World) -> None:
    ready(world, negative("NEG1", -100.0, **left_at(("Sync Complete", "No"))), netsuite=in_netsuite("NEG1"))
    run = ran(world)
    text = "Invoice NEG1: already present in NetSuite as creditMemo 7001; not created again. Delete it there first to force a new copy."
    assert run.problems("NEG1") == [("INV-PRESENT", text)]
    assert status_of(run.record("NEG1")) == DONE


@pytest.mark.rule("sequence-and-status.6.resync.invoice-z-ns", "invoices.4.resync")
def test_6_deleted_in_netsuite_and_reset_gives_a_new_credit_memo_and_its_line_keys(world: World) -> None:
    ready(world, negative("NEG1", -100.0, **left_at(IN_PROGRESS)), netsuite=in_netsuite("NEG1"))
    ran(world)
    assert keys(world, "NEG1", 1) == ["3"]
    delete_in_netsuite(world, "7001")
    change(world, "Invoice", "NEG1", TransferredToAccounting="No")
    run = ran(world)
    assert run.record("NEG1")["IntegrationId__NS"] == str(only(world, "NEG1", "creditMemo")["id"]) != "7001"
    assert keys(world, "NEG1", 1) == ["1"]


@pytest.mark.rule("sequence-and-status.5.algorithm.ambiguous")
def test_5_two_credit_memos_with_one_zuora_id_are_ambiguous(world: World) -> None:
    two = merged(in_netsuite("NEG1"), in_netsuite("NEG1", id="7002"))
    ready(world, negative("NEG1", -100.0, **left_at(IN_PROGRESS)), netsuite=two)
    run = ran(world)
    text = "Invoice NEG1: 2 NetSuite credit memos carry this Zuora ID (7001, 7002). Clear the duplicates first."
    assert run.problems("NEG1") == [("INV-AMBIGUOUS", text)]
    assert run.record("NEG1") == run.before["NEG1"]


# -- totals ---------------------------------------------------------------------------------------------------------------


def test_a_found_credit_memo_with_another_total_gets_the_error_status(world: World) -> None:
    ready(world, negative("NEG1", -100.0, **left_at(IN_PROGRESS)), netsuite=in_netsuite("NEG1", amount=99.99))
    run = ran(world)
    assert run.problems("NEG1") == [("INV-TOTAL", "Invoice NEG1: creditMemo 7001 holds USD -99.99 instead of USD -100.00.")]
    assert status_of(run.record("NEG1")) == FAILED
    assert not run.output["tiedOut"]


@pytest.mark.rule("invoices.12.lines-without-tax-flags")
def test_12_where_netsuite_adds_tax_the_credit_memo_ties_out_without_it(world: World) -> None:
    ready(
        world,
        synced_charge("Taxable", "510"),
        subscription("A1", "S2", "Taxable"),
        invoice("A1", "NEG1", [("Taxable", -100.0)], sub="S2"),
        netsuite={
            "customer": [customer("A1", "9001", taxable=True)],
            "salesTaxItem": [{"id": "9", "itemId": "Eight", "taxType": 1, "rate": 8}],
            "serviceSaleItem": [item("Taxable", "510", isTaxable=True, salesTaxCode={"id": "9"})],
        },
        use_standard_invoice_sync="No",
    )
    run = ran(world)
    assert status_of(run.record("NEG1")) == DONE
    assert (only(world, "NEG1", "creditMemo")["total"], run.output["tiedOut"]) == (108, True)


# -- what it costs --------------------------------------------------------------------------------------------------------


def test_a_dry_run_writes_nothing(world: MemoryWorld) -> None:
    ready(world, negative("NEG1", -100.0))
    before = world.zuora.dump()
    world.run(steps=("invoices",), dry_run=True)
    assert (made(world, "NEG1"), world.zuora.dump()) == ([], before)


@pytest.mark.rule("sequence-and-status.4.3.transition.sync-complete-yes-any-later-change-in-the-source", "invoices.4.after-complete")
def test_a_second_run_writes_nothing_and_asks_one_question(world: World) -> None:
    ready(world, negative("NEG1", -100.0), invoice("A1", "INV1", GOLD, sub="S1"))
    ran(world)
    clear_counts(world)
    world.run(steps=("invoices",))
    assert world.zuora_control.stats()["calls"]["POST /v1/action/query"] == 1
    assert "POST /v1/action/update" not in world.zuora_control.stats()["calls"]
    assert world.netsuite_control.stats()["calls"] == {
        "POST /query/v1/suiteql": 3,
        "GET /record/v1/metadata-catalog/invoice": 1,
    }, "does it answer, what was changed and deleted since"


@pytest.mark.parametrize("sign", [1, -1], ids=["positive", "negative"])
def test_invoices_stay_within_the_calls_that_they_may_cost(world: MemoryWorld, sign: int) -> None:
    """Two sizes tell the cost of one more invoice apart from what a run costs anyway. Statuses and line keys go 50 a call."""
    costs = []
    for number in (10, 60):
        ready(world, *(invoice("A1", f"INV{n:04d}", [("Gold", sign * 100.0)], sub="S1") for n in range(number)))
        clear_counts(world)
        assert world.run(steps=("invoices",))["outcome"] == "completed"
        costs.append((calls(world, "zuora"), calls(world, "netsuite")))
    (zuora_few, netsuite_few), (zuora_many, netsuite_many) = costs
    assert (netsuite_many - netsuite_few) / 50 <= 1.05
    assert (zuora_many - zuora_few) / 50 <= 0.15
    assert netsuite_many <= 60 * 1.05 + 20
    assert zuora_many <= 60 * 0.15 + 20
    made_calls = world.zuora_control.stats()["calls"]
    assert made_calls["POST /v1/action/update"] == 3 * 2
    assert [c for c in made_calls if c.startswith("PUT")] == []
