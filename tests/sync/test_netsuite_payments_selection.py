"""NetSuite payments, part P4 (Invoice Settlement): which are taken, and what holds one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tallybridge.errors import ConfigurationError
from tests.rules.cases import ruled
from tests.sync.builders import Objects, merged, payment, zid
from tests.sync.memory import MemoryWorld
from tests.sync.reverse_world import (
    DOCUMENTS,
    ORIGIN,
    STATUS,
    all_of,
    balance,
    customer,
    in_netsuite,
    messages,
    ns_payment,
    parts_of,
    ready,
    run,
    status_of,
    zuora_of,
)


def paying(**fields: Any) -> Objects:
    return ns_payment("P1", 100, {"INV1": 100}, **fields)


def unlinked() -> Objects:
    """An unapplied payment of a customer without a Zuora account."""
    record = {"tranId": "P1", "customer": {"id": "9003"}, "payment": 9, "tranDate": "2026-10-15", "custbodyzuorasyncupdates": True}
    return {"customer": [customer("9003", "")], "customerPayment": [record]}


SELECTION: dict[str, tuple[Callable[[], Objects], bool]] = {
    "applied to an invoice": (paying, True),
    "applied to a debit memo": (lambda: ns_payment("P1", 30, {"DM1": 30}), True),
    "partly applied": (lambda: ns_payment("P1", 120, {"INV1": 100}), True),
    "fully unapplied": (lambda: ns_payment("P1", 77), True),
    "customer without a Zuora account": (unlinked, False),
    "partly applied, to NetSuite's own invoice": (lambda: ns_payment("P1", 60, {"FOREIGN": 25}), False),
    "from Zuora": (lambda: paying(**{ORIGIN: "ZUORA"}), False),
    "fully applied to NetSuite's own invoice": (lambda: ns_payment("P1", 25, {"FOREIGN": 25}), False),
    "fully applied, partly to NetSuite's own invoice": (lambda: ns_payment("P1", 125, {"INV1": 100, "FOREIGN": 25}), True),
    "sync updates off": (lambda: paying(custbodyzuorasyncupdates=False), False),
    "sync updates empty": (lambda: paying(custbodyzuorasyncupdates=None), False),
    "before the cutover date": (lambda: paying(tranDate="2026-10-09"), False),
    "on the cutover date": (lambda: paying(tranDate="2026-10-10"), True),
    "ignored": (lambda: paying(**{STATUS: "Ignore"}), False),
}
SELECTION_RULES = {
    "customer without a Zuora account": "payments.P4.selection.1",
    "applied to a debit memo": "payments.P4.selection.2",
    "fully unapplied": "payments.P4.selection.2",
    "partly applied, to NetSuite's own invoice": "payments.P4.selection.2",
    "from Zuora": "payments.P4.selection.3",
    "fully applied to NetSuite's own invoice": "payments.P4.selection.4",
    "fully applied, partly to NetSuite's own invoice": "payments.P4.selection.4",
    "sync updates off": "payments.P4.selection.5",
    "sync updates empty": ("payments.P4.selection.5", "sequence-and-status.9.sync-updates-empty"),
    "before the cutover date": ("payments.P4.selection.6", "settings.key.cutover_netsuite_payment"),
}


@pytest.mark.parametrize("case", ruled(SELECTION, SELECTION_RULES))
@pytest.mark.rule("sequence-and-status.1.4.gate.cutover-dates-zuora-invoices-zuora-payments-zuora")
def test_which_payments_are_taken(fast: MemoryWorld, case: str) -> None:
    objects, taken = SELECTION[case]
    ready(fast, objects(), cutover_netsuite_payment="2026-10-10")
    summary = run(fast)
    assert summary["step"]["selected"] == taken, messages(summary)
    assert len(all_of(fast, "Payment", "P1")) == taken
    assert summary["tiedOut"]


BEHAVIOURS = {"Sync New Records Only": 50, "Sync New and Modified Records": 80}


@pytest.mark.rule("payments.P4.selection.7", "settings.key.payment_sync_behaviour")
@pytest.mark.parametrize("behaviour", BEHAVIOURS)
def test_payment_sync_behaviour(fast: MemoryWorld, behaviour: str) -> None:
    ready(fast, ns_payment("P1", 80, {"INV1": 50}), payment_sync_behaviour=behaviour)
    run(fast)
    in_netsuite(fast, "P1", {"customer": {"id": "9001"}, "apply": {"items": [{"doc": {"id": "7001"}, "apply": True, "amount": 80}]}})
    run(fast)
    assert parts_of(fast, zuora_of(fast, "Payment", "P1")["Id"])["INV1"] == BEHAVIOURS[behaviour]


def without_field(world: MemoryWorld, script_id: str) -> None:
    """The account loses a custom field."""
    known = world.netsuite.tenant.catalog.custom
    world.netsuite.tenant.set_custom_fields({k: f for k, f in known.items() if k != script_id})


def test_the_customer_tells_where_the_payment_field_is_missing(fast: MemoryWorld) -> None:
    ready(fast)
    without_field(fast, "custbodyzuoracustomeridpayment")
    fast.load(netsuite=paying())
    run(fast)
    assert zuora_of(fast, "Payment", "P1")["AccountId"] == zid("A1")


def test_a_field_that_the_account_lacks_is_named(fast: MemoryWorld) -> None:
    ready(fast)
    without_field(fast, "custbodyzuorasyncupdates")
    fast.load(netsuite=paying(custbodyzuorasyncupdates=None))
    with pytest.raises(ConfigurationError, match='customerPayment is missing field "Zuora Sync Updates"') as failed:
        run(fast)
    assert failed.value.code == "FIELD-MISSING"


# -- validations -----------------------------------------------------------------------------------------------------------

VALIDATIONS: dict[str, tuple[Objects, Objects, str, str]] = {
    "invoice not marked": (
        ns_payment("P1", 40, {"INV9": 40}),
        {},
        "NSPAY-V1",
        "NetSuite payment P1: Zuora invoice INV9 is not marked as synced.",
    ),
    "method": (
        paying(paymentOption={"refName": "ACH"}),
        {},
        "NSPAY-V2",
        'NetSuite payment P1: payment method "ACH" has no Zuora counterpart.',
    ),
    "journal": (
        ns_payment("P1", 115, {"INV1": 100, "JOURNAL": 15}),
        {},
        "NSPAY-V3",
        "NetSuite payment P1: applied to a journal entry; not supported.",
    ),
    "balance": (
        paying(),
        payment("A1", "Z1", 30.0, {"INV1": 30.0}),
        "NSPAY-V4",
        "NetSuite payment P1: USD 100.00 exceeds the balance USD 70.00 of Zuora invoice INV1.",
    ),
}
VALIDATION_RULES = {
    "invoice not marked": ("1", "sequence-and-status.1.6.order.payment-ns-z"),
    "method": "2",
    "journal": "3",
    "balance": "4",
}


@pytest.mark.rule("sequence-and-status.4.1.rule.4", "sequence-and-status.2.codes")
@pytest.mark.parametrize("case", ruled(VALIDATIONS, VALIDATION_RULES, "payments.P4.validation."))
def test_validations_hold_a_payment_and_change_nothing(fast: MemoryWorld, case: str) -> None:
    objects, zuora, code, text = VALIDATIONS[case]
    ready(fast, objects, zuora=zuora)
    summary = run(fast)
    assert messages(summary)[code] == text
    assert summary["step"]["held"] == 1
    assert status_of(fast, "P1") is None
    assert all_of(fast, "Payment", "P1") == []


@pytest.mark.rule("payments.P4.validation.1")
def test_a_debit_memo_that_is_not_marked_holds_it_too(fast: MemoryWorld) -> None:
    ready(fast, ns_payment("P1", 30, {"DM1": 30}))
    fast.zuora.tenant.store.update("DebitMemo", zid("DM1"), {"IntegrationId__NS": "1"})
    assert messages(run(fast))["NSPAY-V1"] == "NetSuite payment P1: Zuora debit memo DM1 is not marked as synced."


@pytest.mark.rule("payments.P4.validation.4")
def test_the_balance_of_a_debit_memo_counts(fast: MemoryWorld) -> None:
    part = {"Id": zid("extra"), "PaymentId": zid("Z1"), "DebitMemoId": zid("DM1"), "Amount": 10}
    before = payment("A1", "Z1", 10.0, {})
    before["Payment"][0] |= {"AppliedAmount": 10, "UnappliedAmount": 0}
    ready(fast, ns_payment("P1", 30, {"DM1": 30}), zuora={**before, "PaymentPart": [part]})
    assert messages(run(fast))["NSPAY-V4"] == "NetSuite payment P1: USD 30.00 exceeds the balance USD 20.00 of Zuora debit memo DM1."


@pytest.mark.rule("payments.P4.validation.5")
def test_what_is_applied_to_other_documents_is_told(fast: MemoryWorld) -> None:
    ready(fast, ns_payment("P1", 125, {"INV1": 100, "FOREIGN": 25}))
    summary = run(fast)
    text = "NetSuite payment P1: USD 25.00 is applied to non-Zuora documents; the Zuora payment will show it as unapplied."
    assert next(line for line in summary["log"] if line.get("code") == "NSPAY-V5") | {"level": "INFO", "message": text} == next(
        line for line in summary["log"] if line.get("code") == "NSPAY-V5"
    )
    assert parts_of(fast, zuora_of(fast, "Payment", "P1")["Id"]) == {"INV1": 100, "rest": 25}


def test_another_currency_holds_a_payment(fast: MemoryWorld) -> None:
    ready(fast, paying())
    fast.zuora.tenant.store.update("Account", zid("A1"), {"Currency": "EUR"})
    text = messages(run(fast))["NSPAY-CURRENCY"]
    assert text == "NetSuite payment P1 of USD 100.00: Zuora invoice INV1 is in EUR, not USD; not sent."


def test_an_account_that_zuora_does_not_have_holds_a_payment(fast: MemoryWorld) -> None:
    ready(fast)
    in_netsuite(fast, "9002", {"custentityzuoraid": "gone"}, "customer")
    fast.load(netsuite=ns_payment("P1", 5, {}, "A2"))
    assert messages(run(fast))["NSPAY-ACCOUNT"] == "NetSuite payment P1: Zuora account gone does not exist."


@pytest.mark.rule("sequence-and-status.2.rule.4", "sequence-and-status.7.4.exact-name")
def test_a_held_payment_does_not_stop_the_others_and_follows_by_itself(fast: MemoryWorld) -> None:
    bad = ns_payment("P1", 40, {"INV9": 40})
    ready(fast, merged(bad, ns_payment("P2", 50, {"INV2": 50}), ns_payment("P3", 10, paymentOption={"refName": "ACH"})))
    report = run(fast)["step"]
    assert (report["created"], report["held"]) == (1, 2)
    assert (status_of(fast, "P2"), status_of(fast, "P1")) == ("Sync Complete", None)
    fast.zuora.tenant.store.update("Invoice", zid("INV9"), {"IntegrationId__NS": DOCUMENTS["INV9"]})
    run(fast)
    assert status_of(fast, "P1") == "Sync Complete"
    assert balance(fast, "INV9") == 0


@pytest.mark.rule("sequence-and-status.7.4.translation")
def test_a_translated_method_is_translated_back(fast: MemoryWorld) -> None:
    own = {"paymentMethod": [{"id": "77", "name": "Cheque"}]}
    ready(fast, own, paying(paymentOption={"id": "77"}), payment_method_translation={"Check": "Cheque"})
    run(fast)
    assert zuora_of(fast, "Payment", "P1")["PaymentMethodId"] == zid("Check of the tenant")
