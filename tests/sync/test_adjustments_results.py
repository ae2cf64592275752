"""What an adjustment becomes in NetSuite by its type and the sign of its invoice, and what a run costs (adjustments.md A1)."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tallybridge.settings import DEFAULTS
from tallybridge.tasks.steps import steps_to_run
from tests.sync.builders import zid
from tests.sync.memory import MemoryWorld
from tests.sync.mode_a_world import (
    DONE,
    adjustment,
    applied,
    calls,
    clear_counts,
    document,
    made,
    messages,
    only,
    ready,
    run,
    state_of,
)
from tests.sync.recording import during
from tests.sync.world import World

TO_CREATE = {"method": "POST", "path": "^/services/rest/record/v1/(invoice|creditMemo)"}
TO_UPDATE = {"method": "PATCH", "path": "^/services/rest/record/v1/creditMemo"}


@pytest.fixture
def world(started_mode_a: World) -> MemoryWorld:
    return MemoryWorld.of(started_mode_a)


def left_of(world: MemoryWorld, internal_id: str) -> Decimal:
    return Decimal(str(document(world, internal_id)["amountRemaining"]))


# -- what is created ------------------------------------------------------------------------------------------------------


@pytest.mark.rule(
    "adjustments.A1.destination.credit-amount-not-negative-invoice",
    "adjustments.A1.status.1",
    "adjustments.A1.status.2",
    "adjustments.A1.status.4",
    "sequence-and-status.4.2.text.adjustment-type-credit",
    "sequence-and-status.4.1.rule.3",
    "sequence-and-status.3.2.type.invoice-item-adjustment",
)
def test_a_credit_on_an_invoice_is_a_credit_memo_applied_to_it(world: MemoryWorld) -> None:
    ready(world, adjustment("IIA1", "INV1", 10.0))
    seen = during(world, lambda: state_of(world, "IIA1"), TO_CREATE)
    summary = run(world)
    assert seen == [("Creating Credit Memo", "Processing")]
    memo = only(world, "IIA1", "creditMemo")
    assert (memo["total"], applied(memo)) == (10, {"7001": Decimal(10)})
    assert left_of(world, "7001") == 90
    assert state_of(world, "IIA1") == DONE
    assert (summary["outcome"], summary["tiedOut"]) == ("completed", True)
    assert any(f"Adjustment IIA1: creditMemo {memo['id']} created." == line["message"] for line in summary["log"])


@pytest.mark.rule(
    "adjustments.A1.destination.charge-amount-not-negative",
    "adjustments.A1.status.1",
    "sequence-and-status.4.2.text.adjustment-type-charge",
)
def test_a_charge_on_an_invoice_is_an_invoice_that_leaves_the_first_as_it_is(world: MemoryWorld) -> None:
    ready(world, adjustment("IIA1", "INV1", 10.0, "Charge"))
    seen = during(world, lambda: state_of(world, "IIA1"), TO_CREATE)
    summary = run(world)
    assert seen == [("Creating Invoice", "Processing")]
    invoice = only(world, "IIA1", "invoice")
    assert (invoice["total"], invoice["custbodyzuorarelatedtransaction"]["id"]) == (10, "7001")
    assert left_of(world, "7001") == 100
    assert left_of(world, str(invoice["id"])) == 10
    assert state_of(world, "IIA1") == DONE
    assert (summary["outcome"], summary["tiedOut"]) == ("completed", True)
    assert any(f"Adjustment IIA1: invoice {invoice['id']} created." == line["message"] for line in summary["log"])


@pytest.mark.rule("adjustments.A1.destination.credit-amount-negative-creditmemo")
def test_a_credit_on_a_negative_invoice_is_an_unapplied_credit_memo_with_a_warning(world: MemoryWorld) -> None:
    ready(world, adjustment("IIA1", "NEG1", 10.0))
    summary = run(world)
    memo = only(world, "IIA1", "creditMemo")
    assert (memo["total"], applied(memo), memo["custbodyzuorarelatedtransaction"]["id"]) == (10, {}, "7003")
    text = "Adjustment IIA1: credit on negative invoice NEG1; NetSuite credit memo left unapplied."
    assert messages(summary) == [("IIA-UNAPPLIED", text)]
    (line,) = [line for line in summary["log"] if line.get("code")]
    assert line["level"] == "WARNING"
    assert state_of(world, "IIA1") == DONE


@pytest.mark.rule(
    "adjustments.A1.destination.charge-amount-negative",
    "adjustments.A1.status.1",
    "adjustments.A1.status.2",
    "sequence-and-status.4.2.text.adjustment-type-charge",
    "sequence-and-status.5.3.merge-only",
)
def test_a_charge_on_a_negative_invoice_is_an_invoice_to_which_its_credit_memo_is_applied(world: MemoryWorld) -> None:
    ready(world, adjustment("IIA1", "NEG1", 30.0, "Charge"))
    seen = during(world, lambda: state_of(world, "IIA1"), TO_CREATE, TO_UPDATE)
    summary = run(world)
    assert seen == [("Creating Invoice", "Processing"), ("Updating Credit Memo", "Processing")]
    invoice = only(world, "IIA1", "invoice")
    assert applied(document(world, "7003")) == {str(invoice["id"]): Decimal(30)}
    assert left_of(world, str(invoice["id"])) == 0
    assert state_of(world, "IIA1") == DONE
    assert (summary["outcome"], summary["tiedOut"]) == ("completed", True)


@pytest.mark.rule("adjustments.A1.one-each")
def test_each_adjustment_of_one_item_is_a_transaction_of_its_own(world: MemoryWorld) -> None:
    ready(world, *(adjustment(f"IIA{n}", "INV1", 10.0) for n in range(3)), adjustment("IIA9", "INV1", 5.0, of_tax=True))
    assert run(world)["outcome"] == "completed"
    numbers = ["IIA0", "IIA1", "IIA2", "IIA9"]
    assert [len(made(world, n)) for n in numbers] == [1, 1, 1, 1]
    assert [len(made(world, n)[0]["item"]["items"]) for n in numbers] == [1, 1, 1, 1]
    assert left_of(world, "7001") == 65


def test_several_charges_share_the_credit_memo(world: MemoryWorld) -> None:
    ready(world, *(adjustment(f"IIA{n}", "NEG1", 30.0, "Charge") for n in range(2)))
    assert run(world)["outcome"] == "completed"
    ids = [str(only(world, f"IIA{n}", "invoice")["id"]) for n in range(2)]
    assert applied(document(world, "7003")) == dict.fromkeys(ids, Decimal(30))


# -- too little left of the credit memo -----------------------------------------------------------------------------------


@pytest.mark.rule("adjustments.A1.open-on-memo")
def test_what_is_left_of_the_credit_memo_is_applied_and_the_rest_reported(world: MemoryWorld) -> None:
    ready(world, *(adjustment(f"IIA{n}", "NEG1", 50.0, "Charge") for n in range(2)))
    summary = run(world)
    first, second = (only(world, f"IIA{n}", "invoice") for n in range(2))
    assert applied(document(world, "7003")) == {str(first["id"]): Decimal(50), str(second["id"]): Decimal(30)}
    assert state_of(world, "IIA0") == DONE
    assert state_of(world, "IIA1") == ("Error Updating Credit Memo", "Error")
    assert messages(summary) == [
        ("IIA-OPEN", "Adjustment IIA1: NetSuite credit memo 7003 of invoice NEG1 has only USD 30.00 left; USD 50.00 needed.")
    ]
    assert summary["outcome"] == "completed with warnings"


@pytest.mark.rule("adjustments.A1.open-on-memo", "adjustments.A1.recovery.charge-on-negative")
def test_the_rest_is_applied_once_there_is_something_left(world: MemoryWorld) -> None:
    ready(world, adjustment("IIA1", "NEG1", 30.0, "Charge"))
    apply_by_hand(world, "7001", 80)
    clear_counts(world)
    short = run(world)
    assert "PATCH /record/v1/creditMemo/{id}" not in world.netsuite_control.stats()["calls"]  # nothing left: nothing to apply
    invoice = str(only(world, "IIA1", "invoice")["id"])
    assert messages(short) == [
        ("IIA-OPEN", "Adjustment IIA1: NetSuite credit memo 7003 of invoice NEG1 has only USD 0.00 left; USD 30.00 needed.")
    ]
    assert applied(document(world, "7003")) == {"7001": Decimal(80)}
    again = run(world)
    assert messages(again) == messages(short)
    assert state_of(world, "IIA1") == ("Error Updating Credit Memo", "Error")
    apply_by_hand(world, "7001", 60)
    assert messages(run(world)) == [
        ("IIA-OPEN", "Adjustment IIA1: NetSuite credit memo 7003 of invoice NEG1 has only USD 20.00 left; USD 30.00 needed.")
    ]
    assert applied(document(world, "7003")) == {"7001": Decimal(60), invoice: Decimal(20)}
    apply_by_hand(world, "7001", 50)
    last = run(world)
    assert (messages(last), last["outcome"], last["tiedOut"]) == ([], "completed", True)
    assert applied(document(world, "7003")) == {"7001": Decimal(50), invoice: Decimal(30)}
    assert state_of(world, "IIA1") == DONE
    assert len(made(world, "IIA1")) == 1


def apply_by_hand(world: MemoryWorld, invoice: str, amount: float) -> None:
    """A person applies the credit memo of NEG1 to an invoice, or less of it than before."""
    lines = [{"doc": {"id": invoice}, "apply": True, "amount": amount}]
    world.load(netsuite={"creditMemo": [{"id": "7003", "apply": {"items": lines}}]})


# -- when the step runs, and what it costs --------------------------------------------------------------------------------


@pytest.mark.rule("adjustments.0.mode-a-only", "sequence-and-status.1.2.rule.no-netsuite-credit-memos")
def test_only_tenants_without_invoice_settlement_have_adjustments() -> None:
    assert (steps_to_run(DEFAULTS, "A")["adjustments"], steps_to_run(DEFAULTS, "B")["adjustments"]) == (True, False)


@pytest.mark.rule("adjustments.A1.not-with-netsuite-tax", "sequence-and-status.1.1.rule.truncated")
def test_where_netsuite_calculates_tax_the_step_does_not_run(world: MemoryWorld) -> None:
    ready(world, adjustment("IIA1", "INV1", 10.0), use_standard_invoice_sync="No")
    run(world)
    assert (state_of(world, "IIA1"), made(world, "IIA1")) == ((None, None), [])


@pytest.mark.rule("sequence-and-status.1.4.gate.disable-zuora-invoice-item-adjustment-sync", "sequence-and-status.1.4.rule.untouched")
def test_the_step_can_be_switched_off(world: MemoryWorld) -> None:
    ready(world, adjustment("IIA1", "INV1", 10.0), disable_zuora_invoice_item_adjustment_sync="Yes")
    run(world)
    assert (state_of(world, "IIA1"), made(world, "IIA1")) == ((None, None), [])


def test_a_dry_run_writes_nothing(world: MemoryWorld) -> None:
    ready(world, adjustment("IIA1", "INV1", 10.0), adjustment("IIA2", "NEG1", 30.0, "Charge"))
    summary = run(world, dry_run=True)
    assert [(state_of(world, n), made(world, n)) for n in ("IIA1", "IIA2")] == [((None, None), [])] * 2
    assert [line["message"] for line in summary["log"] if "would be" in line["message"]] == [
        "Adjustment IIA1: creditMemo would be created.",
        "Adjustment IIA2: invoice would be created.",
    ]


def test_a_second_run_writes_nothing_and_asks_one_question(world: MemoryWorld) -> None:
    ready(world, adjustment("IIA1", "INV1", 10.0), adjustment("IIA2", "NEG1", 30.0, "Charge"))
    run(world)
    clear_counts(world)
    run(world)
    assert world.zuora_control.stats()["calls"].get("POST /v1/action/query") == 1
    assert "POST /v1/action/update" not in world.zuora_control.stats()["calls"]
    assert world.netsuite_control.stats()["calls"] == {
        "POST /query/v1/suiteql": 3,
        "GET /record/v1/metadata-catalog/invoice": 1,
    }, "does it answer, what was changed and deleted since"


def test_adjustments_stay_within_the_calls_that_they_may_cost(world: MemoryWorld) -> None:
    """Two sizes tell the cost of one more adjustment apart from what a run costs anyway."""
    costs = []
    for number in (10, 60):
        ready(world, *(adjustment(f"IIA{n:04d}", "INV1", 0.25) for n in range(number)))
        clear_counts(world)
        assert run(world)["outcome"] == "completed"
        costs.append((calls(world, "zuora"), calls(world, "netsuite")))
    (zuora_few, netsuite_few), (zuora_many, netsuite_many) = costs
    assert (netsuite_many - netsuite_few) / 50 <= 1.05
    assert (zuora_many - zuora_few) / 50 <= 0.15
    assert netsuite_many <= 60 * 1.05 + 20
    assert zuora_many <= 60 * 0.15 + 20
    assert len({zid(f"IIA{n:04d}") for n in range(60)} & {t.get("externalId") for t in world.in_netsuite("creditMemo")}) == 60
