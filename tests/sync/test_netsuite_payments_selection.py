"""NetSuite payments, parts P3 and P4 (Invoice Settlement): which are taken, and what holds one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from tallybridge.errors import ConfigurationError
from tests.rules.cases import of_tables
from tests.sync.builders import Objects, merged, zid
from tests.sync.memory import MemoryWorld
from tests.sync.ran import NETSUITE_PAYMENTS, Ran
from tests.sync.reverse_world import (
    DOCUMENTS,
    SWITCHED_ON,
    all_of,
    balance,
    convenient,
    in_netsuite,
    ns_payment,
    parts_of,
    ready,
    run,
    status_of,
    zuora_of,
)
from tests.sync.table import Row, Table, check, held, left, sent
from tests.sync.words import (
    A_JOURNAL_ENTRY,
    METHODS,
    a_debit_memo,
    a_netsuite_payment,
    a_payment,
    a_stranger,
    an_account,
    an_invoice,
    an_own_invoice,
)
from tests.sync.world import World

CUTOVER = ("settings.key.cutover_netsuite_payment", "sequence-and-status.1.4.gate.cutover-dates-zuora-invoices-zuora-payments-zuora")
HELD = ("sequence-and-status.4.1.rule.4", "sequence-and-status.2.codes")
STRANGER, EURO = a_stranger("STRANGER"), an_account("EURO", currency="EUR")
OWN, DM1 = an_own_invoice("OWN", 99.0), a_debit_memo("DM1", 30.0, synced=True)
INV4, DM4 = an_invoice("INV4", synced=True, Balance=None), a_debit_memo("DM4", 30.0, synced=True)
BOTH = [(an_invoice("INV3", synced=True), 100.0), (A_JOURNAL_ENTRY, 15.0)]
ZUORA_BORN: dict[str, Any] = {"custbodyzuoraid": zid("INV1"), "custbodyzuoratype": "INVOICE"}
ADJUSTMENT_BORN: dict[str, Any] = {"custbodyzuoraid": zid("IIA1"), "custbodyzuoratype": "INVOICE_ITEM_ADJUSTMENT"}


def of_both(*, from_zuora: int, cutover: int, exceeds: int, currency: str) -> list[Row]:
    """What tenants with and without Invoice Settlement have in common, by the numbers of the rules."""
    return [
        sent("applied to an invoice", a_netsuite_payment("P1", 100.0)),
        left("ignored", a_netsuite_payment("PI", custbodyzuoraintegrationstatus="Ignore")),
        left(f"selection.{from_zuora}: from Zuora", a_netsuite_payment("PZ", custbodyzuoraorigin="ZUORA")),
        left(f"selection.{cutover}: before the cutover date", a_netsuite_payment("PB", tranDate="2026-10-09"), also=CUTOVER),
        sent(f"selection.{cutover}: on the cutover date", a_netsuite_payment("PO", tranDate="2026-10-10"), also=CUTOVER),
        held(
            "validation.1",
            a_netsuite_payment("V1", 40.0, [(an_invoice("INV9", 40.0, synced=True, IntegrationId__NS=None), 40.0)]),
            "NSPAY-V1: Zuora invoice INV9 is not marked as synced.",
            also=(*HELD, "sequence-and-status.1.6.order.payment-ns-z"),
        ),
        held(
            "validation.2",
            a_netsuite_payment("V2", paymentOption={"refName": "ACH"}),
            'NSPAY-V2: payment method "ACH" has no Zuora counterpart.',
            also=("sequence-and-status.7.4.exact-name",),
        ),
        held(
            f"validation.{exceeds}",
            a_netsuite_payment("V4", 100.0, [(INV4, 100.0)]).with_(a_payment("Z1", 30.0, [(INV4, 30.0)])),
            f"NSPAY-V{exceeds}: USD 100.00 exceeds the balance USD 70.00 of Zuora invoice INV4.",
        ),
        held(
            currency,
            a_netsuite_payment("VC", 10.0, [(an_invoice("INVC", of=EURO, synced=True), 10.0)], of=EURO),
            "NSPAY-CURRENCY of USD 10.00: Zuora invoice INVC is in EUR, not USD; not sent.",
        ),
    ]


MODE_A = [
    *of_both(from_zuora=4, cutover=7, exceeds=3, currency="validation.4"),
    left(
        "selection.1: customer without a Zuora account",
        a_netsuite_payment("P1S", 9.0, [(an_own_invoice("STRANGE", 9.0, of=STRANGER, **ZUORA_BORN), 9.0)], of=STRANGER),
    ),
    left(
        "selection.2: complete", a_netsuite_payment("P2", custbodyzuoraintegrationstatus="Sync Complete"), also=("payments.P3.behaviour",)
    ),
    left("selection.2: complete, written otherwise", a_netsuite_payment("P2O", custbodyzuoraintegrationstatus=" sync complete. ")),
    sent("refused before", a_netsuite_payment("P2E", custbodyzuoraintegrationstatus="Error Creating Payment")),
    sent("interrupted", a_netsuite_payment("P2C", custbodyzuoraintegrationstatus="Creating Payment")),
    left("selection.3: not fully applied", a_netsuite_payment("P3", 120.0, [(an_invoice("INV2", synced=True), 100.0)])),
    left("selection.5: applied to a journal entry too", a_netsuite_payment("P5", 115.0, BOTH)),
    left("selection.6: applied to NetSuite's own invoice alone", a_netsuite_payment("P6", 25.0, [(OWN, 25.0)])),
    sent(
        "selection.6: applied to NetSuite's own invoice too",
        a_netsuite_payment("P6B", 125.0, [(an_invoice("INV6", synced=True), 100.0), (OWN, 25.0)]),
    ),
    left("an adjustment's invoice", a_netsuite_payment("P6A", 9.0, [(an_own_invoice("ADJ", 9.0, **ADJUSTMENT_BORN), 9.0)])),
]
MODE_B = [
    *of_both(from_zuora=3, cutover=6, exceeds=4, currency="currency"),
    left("selection.1: customer without a Zuora account", a_netsuite_payment("P1S", 9.0, [], of=STRANGER)),
    sent("selection.2: applied to a debit memo", a_netsuite_payment("P2", 30.0, [(DM1, 30.0)])),
    sent("partly applied", a_netsuite_payment("P2P", 120.0, [(an_invoice("INV2", synced=True), 100.0)])),
    sent("selection.2: fully unapplied", a_netsuite_payment("P2U", 77.0, [])),
    left("selection.2: partly applied, to NetSuite's own invoice", a_netsuite_payment("P2O", 60.0, [(OWN, 25.0)])),
    left("selection.4: fully applied to NetSuite's own invoice", a_netsuite_payment("P4", 25.0, [(OWN, 25.0)])),
    left("selection.5: sync updates off", a_netsuite_payment("P5", custbodyzuorasyncupdates=False)),
    left(
        "selection.5: sync updates empty",
        a_netsuite_payment("P5E", custbodyzuorasyncupdates=None),
        also=("sequence-and-status.9.sync-updates-empty",),
    ),
    held(
        "validation.1: debit memo",
        a_netsuite_payment("V1D", 30.0, [(a_debit_memo("DM9", 30.0, synced=True, IntegrationId__NS="1"), 30.0)]),
        "NSPAY-V1: Zuora debit memo DM9 is not marked as synced.",
    ),
    held("validation.3", a_netsuite_payment("V3", 115.0, BOTH), "NSPAY-V3: applied to a journal entry; not supported."),
    held(
        "validation.4: debit memo",
        a_netsuite_payment("V4D", 30.0, [(DM4, 30.0)]).with_(a_payment("Z2", 10.0, [(DM4, 10.0)])),
        "NSPAY-V4: USD 30.00 exceeds the balance USD 20.00 of Zuora debit memo DM4.",
    ),
    held("account", a_netsuite_payment("VA", 5.0, [], of=a_stranger("GONE", "gone")), "NSPAY-ACCOUNT: Zuora account gone does not exist."),
]
SETTINGS = {**SWITCHED_ON, "cutover_netsuite_payment": "2026-10-10"}
PAGES = {
    "A": Table(NETSUITE_PAYMENTS, "payments.P3.", MODE_A, SETTINGS, more=[METHODS]),
    "B": Table(NETSUITE_PAYMENTS, "payments.P4.", MODE_B, SETTINGS, more=[METHODS]),
}


@pytest.fixture(scope="module")
def runs(started: Mapping[str, World]) -> dict[str, Ran]:
    runs = {}
    for mode, page in PAGES.items():
        world = MemoryWorld.of(started[mode])
        convenient(world)
        runs[mode] = page.run(world)
    return runs


@pytest.mark.parametrize(("mode", "row"), of_tables(PAGES))
def test_rule(runs: dict[str, Ran], mode: str, row: Row) -> None:
    check(runs[mode], row)


@pytest.mark.parametrize("mode", PAGES)
def test_nothing_else_is_told_and_the_run_ties_out(runs: dict[str, Ran], mode: str) -> None:
    PAGES[mode].holds_together(runs[mode])


@pytest.mark.rule("payments.0.default-off", "settings.key.disable_netsuite_payment_sync")
def test_off_by_default(started_mode_a: World) -> None:
    world = ready(MemoryWorld.of(started_mode_a), paying())
    world.settings()
    world.clock.advance(minutes=30)
    world.run()
    assert all_of(world, "Payment", "P1") == []


def paying(**fields: Any) -> Objects:
    return ns_payment("P1", 100, {"INV1": 100}, **fields)


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


@pytest.mark.rule("payments.P4.validation.5", "payments.P4.selection.4")
def test_what_is_applied_to_other_documents_is_told(fast: MemoryWorld) -> None:
    ready(fast, ns_payment("P1", 125, {"INV1": 100, "FOREIGN": 25}))
    summary = run(fast)
    text = "NetSuite payment P1: USD 25.00 is applied to non-Zuora documents; the Zuora payment will show it as unapplied."
    assert next(line for line in summary["log"] if line.get("code") == "NSPAY-V5") | {"level": "INFO", "message": text} == next(
        line for line in summary["log"] if line.get("code") == "NSPAY-V5"
    )
    assert parts_of(fast, zuora_of(fast, "Payment", "P1")["Id"]) == {"INV1": 100, "rest": 25}


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
