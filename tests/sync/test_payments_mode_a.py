"""Payments, part P1: selection, validations with their exact texts, statuses, re-sync; tenants without Invoice Settlement."""

from __future__ import annotations

from typing import Any

import pytest

from tests.rules.cases import ruled
from tests.sync.builders import Objects, account, merged, zid
from tests.sync.memory import MemoryWorld
from tests.sync.payment_world import (
    DONE,
    SYNCED,
    applied,
    counted,
    lose_answers,
    messages,
    ns_invoice,
    ns_payment,
    paid,
    ready,
    run,
    state_of,
    writes,
    zuora_invoice,
)
from tests.sync.refund_world import change, delete_in_netsuite
from tests.sync.world import World


@pytest.fixture(scope="module")
def fast(started_mode_a: World) -> MemoryWorld:
    world = MemoryWorld.of(started_mode_a)
    lose_answers(world)
    return world


# -- selection -----------------------------------------------------------------------------------------------------------

LATER = {"cutover_zuora_payment": "2026-10-15"}
SELECTED: dict[str, tuple[bool, dict[str, Any], dict[str, Any]]] = {
    "rule 1: account without the flag": (True, {}, {}),
    "rule 1: account with flag Yes": (True, {"account": {"SynctoNetSuite__NS": "Yes"}}, {}),
    "rule 1: account with flag No": (False, {"account": {"SynctoNetSuite__NS": "No"}}, {}),
    "rule 2: account not attempted yet": (False, {"account": {"IntegrationStatus__NS": None}}, {}),
    "rule 2: account in error": (False, {"account": {"IntegrationStatus__NS": "Error Updating Customer"}}, {}),
    "rule 3: draft": (False, {"Status": "Draft"}, {}),
    "rule 3: canceled": (False, {"Status": "Canceled"}, {}),
    "rule 3: voided": (False, {"Status": "Voided"}, {}),
    "rule 4: No": (True, {"TransferredToAccounting": "No"}, {}),
    "rule 4: Error": (True, {"TransferredToAccounting": "Error"}, {}),
    "rule 4: Processing": (True, {"TransferredToAccounting": "Processing"}, {}),
    "rule 4: Yes": (False, {"TransferredToAccounting": "Yes"}, {}),
    "rule 4: Ignore": (False, {"TransferredToAccounting": "Ignore"}, {}),
    "rule 5: on the cutover date": (True, {"EffectiveDate": "2026-10-15"}, LATER),
    "rule 5: before the cutover date": (False, {"EffectiveDate": "2026-10-14"}, LATER),
    "rule 5: no cutover date": (True, {"EffectiveDate": "2020-01-01"}, {}),
    "rule 6: status Ignore": (False, {"IntegrationStatus__NS": "Ignore"}, {}),
    "from NetSuite": (False, {"Origin__NS": "NETSUITE", "TransferredToAccounting": "Yes"}, {}),
}


@pytest.mark.rule(
    *(f"payments.P1.selection.{n}" for n in range(1, 7)),
    "payments.P1.from-netsuite",
    "sequence-and-status.1.6.order.payment-z-ns",
    "settings.key.zuora.read_path",
)
@pytest.mark.parametrize("read_path", ["data_query", "zoql"])
@pytest.mark.rule("sequence-and-status.1.4.gate.cutover-dates-zuora-invoices-zuora-payments-zuora")
def test_each_selection_rule(fast: MemoryWorld, read_path: str) -> None:
    own: list[Objects] = []
    numbers = {name: f"P{n}" for n, name in enumerate(SELECTED)}
    for name, (_, given, _settings) in SELECTED.items():
        fields = dict(given)
        owner = f"acct {numbers[name]}"
        own.append(account(owner, **{"IntegrationId__NS": "9001", **SYNCED, **fields.pop("account", {})}))
        own.append(paid(owner, numbers[name], 1.0, {"INV1": 1.0}, **fields))
    for settings in ({}, LATER):
        choice: dict[str, Any] = {"zuora.read_path": read_path, **settings}
        ready(fast, *own, **choice)
        run(fast)
        for name, (expected, _, its_settings) in SELECTED.items():
            if its_settings == settings:
                assert (ns_payment(fast, numbers[name]) is not None) is expected, name


# -- validations ---------------------------------------------------------------------------------------------------------


def on_account(**fields: Any) -> Objects:
    return merged(account("A5", **{"IntegrationId__NS": "9001", **SYNCED, **fields}), paid("A5", "P1", 10.0, {"INV1": 10.0}))


def negative() -> Objects:
    own = zuora_invoice("NEG1", "A1", -40, "7020")
    return merged(own, paid("A1", "P1", 10.0, {"NEG1": 10.0}))


INVALID: dict[str, tuple[Objects, str]] = {
    "PAY-V1": (
        paid("A1", "P1", 10.0, {"INV1": 10.0}, method="BankTransfer"),
        'Payment P1: payment method "BankTransfer" has no NetSuite payment method of exactly that name.',
    ),
    "PAY-V2": (paid("A1", "P1", 10.0, {"INV9": 10.0}), "Payment P1: invoice INV9 has not been synced to NetSuite."),
    "PAY-V3": (on_account(Location__NS="Mars"), 'Payment P1: location "Mars" of account A5 does not exist in NetSuite.'),
    "PAY-V4": (on_account(Class__NS="Mars"), 'Payment P1: class "Mars" of account A5 does not exist in NetSuite.'),
    "PAY-V5": (on_account(Department__NS="Mars"), 'Payment P1: department "Mars" of account A5 does not exist in NetSuite.'),
    "PAY-V6": (on_account(IntegrationId__NS=None), "Payment P1: account A5 has not been synced to NetSuite."),
    "PAY-A6": (
        paid("A1", "P1", 10.0, {}),
        "Payment P1: not applied to any invoice; credit balance and overpayments are not synced.",
    ),
    "PAY-A7": (
        negative(),
        "Payment P1: applied to negative invoice NEG1, which is a credit memo in NetSuite; handle by hand.",
    ),
    "PAY-CURRENCY": (
        on_account(Currency="EUR"),
        'Payment P1 of EUR 10.00: NetSuite customer "Customer 9001" (9001) has USD, not EUR; not sent.',
    ),
}
RULES = {
    "PAY-V1": ("payments.P1.validation.1", "sequence-and-status.7.4.exact-name"),
    "PAY-V2": ("payments.P1.validation.2", "sequence-and-status.1.6.order.payment-z-ns"),
    **{f"PAY-V{n}": (f"payments.P1.validation.{n}",) for n in (3, 4, 5)},
    "PAY-A6": ("payments.P1.validation.6",),
    "PAY-A7": ("payments.P1.validation.7",),
    "PAY-CURRENCY": ("sequence-and-status.7.3.differs",),
}


@pytest.mark.parametrize("case", ruled(INVALID, RULES))
def test_each_validation_holds_the_payment_with_its_text_and_changes_nothing(fast: MemoryWorld, case: str) -> None:
    own, text = INVALID[case]
    ready(fast, own, paid("A1", "P2", 5.0, {"INV1": 5.0}))
    summary = run(fast)
    assert messages(summary)[case] == text
    assert (ns_payment(fast, "P1"), state_of(fast, "P1")) == (None, (None, None))
    assert state_of(fast, "P2") == DONE, "another record went through"
    assert (summary["outcome"], summary["tiedOut"]) == ("completed with warnings", True)


def test_a_held_payment_is_released_by_itself_once_its_invoice_is_there(fast: MemoryWorld) -> None:
    ready(fast, paid("A1", "P1", 10.0, {"INV9": 10.0}), netsuite={"invoice": [ns_invoice("7010", "9001", 40, zid("INV9"))]})
    run(fast)
    change(fast, "Invoice", "INV9", IntegrationId__NS="7010")
    run(fast)
    assert (state_of(fast, "P1"), applied(fast, "P1")) == (DONE, {"7010": 10})


# -- statuses ------------------------------------------------------------------------------------------------------------

CREATE = {"method": "POST", "path": "/record/v1/customerPayment"}
REFUSAL = {"o:errorDetails": [{"detail": "A script says no.", "o:errorCode": "USER_ERROR"}]}


@pytest.mark.rule("payments.P1.status.created", "sequence-and-status.4.1.rule.3", "sequence-and-status.4.2.text.payment-z-ns-new")
def test_the_status_before_and_after(fast: MemoryWorld) -> None:
    ready(fast, paid("A1", "P1", 60.0, {"INV1": 60.0}))
    seen: list[Any] = []
    usual, fast.netsuite_control.sleep = fast.netsuite_control.sleep, lambda _: seen.append(state_of(fast, "P1"))
    fast.netsuite_control.set_faults([{**CREATE, "delay_ms": 1}])
    try:
        summary = run(fast)
    finally:
        fast.netsuite_control.sleep = usual
    assert (seen, state_of(fast, "P1")) == ([("Creating Payment", "Processing")], DONE)
    record, found = fast.in_zuora("Payment", "P1"), ns_payment(fast, "P1")
    assert found is not None
    assert (record["IntegrationId__NS"], record["SyncDate__NS"][:8]) == (found["id"], "2026-11-")
    assert (summary["outcome"], summary["tiedOut"]) == ("completed", True)


@pytest.mark.rule("payments.P1.status.refused", "sequence-and-status.4.2.text.payment-z-ns-new")
def test_a_refused_payment_carries_the_error_status_and_is_sent_again_by_the_next_run(fast: MemoryWorld) -> None:
    ready(fast, paid("A1", "P1", 60.0, {"INV1": 60.0}))
    fast.netsuite_control.set_faults([{**CREATE, "status": 400, "body": REFUSAL, "times": 1}])
    summary = run(fast)
    assert state_of(fast, "P1") == ("Error Creating Payment", "Error")
    assert (summary["outcome"], summary["tiedOut"]) == ("completed with warnings", True)
    run(fast)
    assert state_of(fast, "P1") == DONE


@pytest.mark.rule("sequence-and-status.5.1.lookup.payment-z-ns", "sequence-and-status.5.algorithm.write-back")
@pytest.mark.parametrize("status", ["Creating Payment", "Error Creating Payment", "Processing", None])
@pytest.mark.parametrize("there", [True, False], ids=["counterpart found", "none found"])
def test_recovery(fast: MemoryWorld, status: str | None, there: bool) -> None:
    own = paid("A1", "P1", 60.0, {"INV1": 60.0}, IntegrationStatus__NS=status, TransferredToAccounting="Processing")
    existing = {"id": "8001", "customer": {"id": "9001"}, "payment": 60.0, "tranDate": "2026-10-15", "custbodyzuoraid": zid("P1")}
    ready(fast, own, netsuite={"customerPayment": [existing]} if there else None)
    summary = run(fast)
    found = ns_payment(fast, "P1")
    assert found is not None
    assert (state_of(fast, "P1"), found["id"] == "8001") == (DONE, there)
    assert summary["tiedOut"] is True


@pytest.mark.rule("payments.P1.status.nothing-later", "sequence-and-status.6.still-present")
def test_after_success_nothing_is_sent_and_a_reset_creates_no_second_one(fast: MemoryWorld) -> None:
    ready(fast, paid("A1", "P1", 60.0, {"INV1": 60.0}))
    run(fast)
    before = fast.netsuite.dump()
    change(fast, "Payment", "P1", Comment="changed later", Status="Canceled")
    assert run(fast)["steps"][0]["selected"] == 0
    change(fast, "Payment", "P1", TransferredToAccounting="No", Status="Processed")
    summary, netsuite, _ = counted(fast)
    assert messages(summary)["PAY-PRESENT"].startswith("Payment P1: already present in NetSuite as payment ")
    assert state_of(fast, "P1") == DONE
    assert not {name for name in writes(netsuite) if "oauth" not in name}
    assert fast.netsuite.dump() == before


@pytest.mark.rule("payments.P1.resync", "sequence-and-status.6.resync.payment-z-ns-mode-a")
def test_re_sync_after_the_netsuite_payment_was_deleted(fast: MemoryWorld) -> None:
    ready(fast, paid("A1", "P1", 60.0, {"INV1": 60.0}))
    run(fast)
    first = ns_payment(fast, "P1")
    assert first is not None
    delete_in_netsuite(fast, first["id"])
    change(fast, "Payment", "P1", TransferredToAccounting="No")
    summary = run(fast)
    second = ns_payment(fast, "P1")
    assert second is not None
    assert second["id"] != first["id"]
    assert (state_of(fast, "P1"), applied(fast, "P1"), summary["tiedOut"]) == (DONE, {"7001": 60}, True)


@pytest.mark.parametrize("drop", ["after", "before"])
@pytest.mark.parametrize("what", ["create", "status"])
@pytest.mark.parametrize("nth", [1, 2])
def test_a_lost_answer_makes_no_second_payment(fast: MemoryWorld, what: str, nth: int, drop: str) -> None:
    ready(fast, paid("A1", "P1", 60.0, {"INV1": 60.0}), paid("A2", "P2", 5.0, {"INV3": 5.0}))
    rule = {**(CREATE if what == "create" else {"path": "^/v1/action/update"}), "drop": drop, "nth": nth}
    control = fast.netsuite_control if what == "create" else fast.zuora_control
    control.set_faults([rule])
    run(fast)
    control.set_faults([])
    fast.clock.advance(hours=1)
    summary = run(fast)
    assert (state_of(fast, "P1"), applied(fast, "P1")) == (DONE, {"7001": 60})
    assert (state_of(fast, "P2"), applied(fast, "P2")) == (DONE, {"7003": 5})
    assert summary["tiedOut"] is True


def test_a_dry_run_writes_nothing_and_a_second_run_neither(fast: MemoryWorld) -> None:
    ready(fast, paid("A1", "P1", 60.0, {"INV1": 60.0}))
    summary, netsuite, zuora = counted(fast, dry_run=True)
    assert not {name for name in (*writes(netsuite), *writes(zuora)) if "oauth" not in name}
    assert (summary["steps"][0]["created"], state_of(fast, "P1")) == (1, (None, None))
    run(fast)
    assert state_of(fast, "P1") == DONE
    _, netsuite, zuora = counted(fast)
    assert not {name for name in (*writes(netsuite), *writes(zuora)) if "oauth" not in name}
