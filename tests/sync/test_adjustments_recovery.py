"""How an interrupted, refused or reset adjustment is taken up again (adjustments.md A1, status; sequence-and-status.md 4 to 6)."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tests.sync.builders import Objects, merged, zid
from tests.sync.invoice_world import CUSTOMERS, ITEMS, delete_in_netsuite, lose_answers
from tests.sync.memory import MemoryWorld
from tests.sync.mode_a_world import DONE, adjustment, adjustment_in_zuora, applied, document, made, messages, only, ready, run, state_of
from tests.sync.world import World

CREATE_MEMO = {"method": "POST", "path": "^/services/rest/record/v1/creditMemo"}
CREATE_INVOICE = {"method": "POST", "path": "^/services/rest/record/v1/invoice"}
UPDATE_MEMO = {"method": "PATCH", "path": "^/services/rest/record/v1/creditMemo"}
REFUSAL = {"status": 400, "body": {"status": 400, "o:errorDetails": [{"detail": "Refused by a script.", "o:errorCode": "USER_ERROR"}]}}
CREATING = {"Credit": ("Creating Credit Memo", "Processing"), "Charge": ("Creating Invoice", "Processing")}
FAILED = {"Credit": ("Error Creating Credit Memo", "Error"), "Charge": ("Error Creating Invoice", "Error")}
TYPES = {"Credit": "creditMemo", "Charge": "invoice"}


@pytest.fixture
def world(started_mode_a: World) -> MemoryWorld:
    return MemoryWorld.of(started_mode_a)


def left_at(state: tuple[str | None, str | None]) -> dict[str, Any]:
    return {"IntegrationStatus__NS": state[0], "TransferredToAccounting": state[1]}


def in_netsuite(number: str, kind: str, amount: float, *, internal_id: str = "7501", memo: str = "", of_memo: float = 0) -> Objects:
    """The NetSuite transaction of an adjustment, as an earlier run left it; `of_memo` of the credit memo `memo` is applied to it."""
    head = {"id": internal_id, "entity": {"id": CUSTOMERS["A1"]}, "tranDate": "2026-10-20", "custbodyzuoraid": zid(number)}
    lines = [{"item": {"id": ITEMS["Gold"]}, "amount": amount}]
    own = {"autoApply": False} if kind == "creditMemo" else {}
    there: Objects = {kind: [{**head, **own, "item": {"items": lines}}]}
    if of_memo:
        part = {"doc": {"id": internal_id}, "apply": True, "amount": of_memo}
        there = merged(there, {"creditMemo": [{"id": memo, "apply": {"items": [part]}}]})
    return there


# -- refused --------------------------------------------------------------------------------------------------------------


def test_a_credit_above_what_is_open_in_netsuite_is_a_refusal(world: MemoryWorld) -> None:
    ready(world, adjustment("IIA1", "INV1", 90.0))
    payment = {"customer": {"id": CUSTOMERS["A1"]}, "payment": 60, "tranDate": "2026-10-05"}
    world.load(netsuite={"customerPayment": [{**payment, "apply": {"items": [{"doc": {"id": "7001"}, "apply": True, "amount": 60}]}}]})
    summary = run(world)
    assert state_of(world, "IIA1") == FAILED["Credit"]
    assert made(world, "IIA1") == []
    text = "Adjustment IIA1: the NetSuite documents of invoice INV1 have USD 50.00 less open than the USD 90.00 credited."
    assert messages(summary) == [("IIA-OPEN", text)]


@pytest.mark.rule("adjustments.A1.recovery.charge-on-negative", "sequence-and-status.5.algorithm.resume", "adjustments.A1.status.4")
def test_a_refused_application_keeps_the_invoice_and_is_made_by_the_next_run(world: MemoryWorld) -> None:
    ready(world, adjustment("IIA1", "NEG1", 30.0, "Charge"))
    world.netsuite_control.set_faults([{**UPDATE_MEMO, **REFUSAL}])
    first = run(world)
    invoice = str(only(world, "IIA1", "invoice")["id"])
    assert state_of(world, "IIA1") == ("Error Updating Credit Memo", "Error")
    assert adjustment_in_zuora(world, "IIA1")["IntegrationId__NS"] == invoice
    assert "Refused by a script." in messages(first)[0][1]
    world.netsuite_control.set_faults([])
    second = run(world)
    assert applied(document(world, "7003")) == {invoice: Decimal(30)}
    assert state_of(world, "IIA1") == DONE
    assert (second["outcome"], second["tiedOut"], len(made(world, "IIA1"))) == ("completed", True, 1)


# -- interrupted ----------------------------------------------------------------------------------------------------------


@pytest.mark.rule("adjustments.A1.status.5", "sequence-and-status.5.1.lookup.adjustment")
@pytest.mark.parametrize("kind", TYPES)
def test_it_is_looked_up_among_the_records_of_its_own_type_only(world: MemoryWorld, kind: str) -> None:
    other = "invoice" if kind == "Credit" else "creditMemo"
    ready(world, adjustment("IIA1", "INV1", 10.0, kind, **left_at(CREATING[kind])), netsuite=in_netsuite("IIA1", other, 10))
    run(world)
    assert len(made(world, "IIA1", TYPES[kind])) == 1
    assert adjustment_in_zuora(world, "IIA1")["IntegrationId__NS"] != "7501"


RESUMED = [("Creating Invoice", "Processing"), ("Updating Credit Memo", "Processing"), ("Error Updating Credit Memo", "Error")]


@pytest.mark.rule("adjustments.A1.recovery.charge-on-negative", "sequence-and-status.5.algorithm.resume")
@pytest.mark.parametrize("state", RESUMED, ids=lambda s: s[0])
@pytest.mark.parametrize("before", [0, 12, 30], ids=["not applied", "partly", "applied"])
def test_a_found_invoice_is_not_enough_for_a_charge_on_a_negative_invoice(world: MemoryWorld, state: Any, before: int) -> None:
    there = in_netsuite("IIA1", "invoice", 30, memo="7003", of_memo=before)
    ready(world, adjustment("IIA1", "NEG1", 30.0, "Charge", **left_at(state)), netsuite=there)
    world.netsuite_control.clear_stats()
    summary = run(world)
    assert applied(document(world, "7003")) == {"7501": Decimal(30)}
    assert world.netsuite_control.stats()["calls"].get("PATCH /record/v1/creditMemo/{id}", 0) == (before < 30)
    assert len(made(world, "IIA1")) == 1
    assert state_of(world, "IIA1") == DONE
    assert (messages(summary), summary["tiedOut"]) == ([], True)


@pytest.mark.parametrize(
    "rule",
    [{**CREATE_INVOICE, "drop": "after", "nth": 1}, {**UPDATE_MEMO, "drop": "after", "nth": 1}],
    ids=["answer to the create", "answer to the application"],
)
def test_a_lost_answer_neither_doubles_the_invoice_nor_the_application(world: MemoryWorld, rule: dict[str, Any]) -> None:
    lose_answers(world)
    ready(world, adjustment("IIA1", "NEG1", 30.0, "Charge"))
    world.netsuite_control.set_faults([rule])
    run(world)
    if rule["method"] == "POST":
        assert state_of(world, "IIA1") == DONE  # looked up at once, not by the next run
    world.netsuite_control.set_faults([])
    world.clock.advance(hours=1)
    run(world)
    assert state_of(world, "IIA1") == DONE
    assert applied(document(world, "7003")) == {str(only(world, "IIA1", "invoice")["id"]): Decimal(30)}


@pytest.mark.rule("sequence-and-status.4.1.rule.7", "sequence-and-status.4.3.transition.creating-x-processing-crash")
def test_an_application_without_an_answer_leaves_its_status_and_is_made_by_the_next_run(world: MemoryWorld) -> None:
    ready(world, adjustment("IIA1", "NEG1", 30.0, "Charge"))
    world.netsuite_control.set_faults([{**UPDATE_MEMO, "status": 503, "body": {}}])
    run(world)
    assert state_of(world, "IIA1") == ("Updating Credit Memo", "Processing")
    world.netsuite_control.set_faults([])
    world.clock.advance(hours=1)
    run(world)
    assert state_of(world, "IIA1") == DONE
    assert applied(document(world, "7003")) == {str(only(world, "IIA1", "invoice")["id"]): Decimal(30)}


# -- reset ----------------------------------------------------------------------------------------------------------------


@pytest.mark.rule("sequence-and-status.6.resync.any-made-by-mistake")
def test_deleted_in_netsuite_and_cleared_gives_a_new_record(world: MemoryWorld) -> None:
    ready(world, adjustment("IIA1", "INV1", 10.0))
    run(world)
    old = str(only(world, "IIA1", "creditMemo")["id"])
    delete_in_netsuite(world, old)
    cleared = {"IntegrationStatus__NS": None, "IntegrationId__NS": None, "TransferredToAccounting": "No"}
    with world.zuora.tenant.store.lock:
        world.zuora.tenant.store.update("InvoiceItemAdjustment", zid("IIA1"), cleared)
    run(world)
    assert str(only(world, "IIA1", "creditMemo")["id"]) == adjustment_in_zuora(world, "IIA1")["IntegrationId__NS"] != old


@pytest.mark.rule("settings.key.external_id_prefixes")
def test_the_external_id_carries_its_kind_where_the_setting_asks_for_it(world: MemoryWorld) -> None:
    ready(world, adjustment("IIA1", "INV1", 10.0), external_id_prefixes="Yes")
    run(world)
    assert only(world, "IIA1", "creditMemo")["externalId"] == f"ZADJ-{zid('IIA1')}"
