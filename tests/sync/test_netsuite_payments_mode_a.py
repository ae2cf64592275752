"""NetSuite payments, part P3: tenants without Invoice Settlement. Selection, validations, the three steps and their recovery."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tests.rules.cases import ruled
from tests.sync.builders import Objects, zid
from tests.sync.changes import Change, Changes, Looked, applied, changed, unlinked
from tests.sync.memory import MemoryWorld
from tests.sync.ran import NETSUITE_PAYMENTS, Ran
from tests.sync.reverse_world import (
    CASH,
    ORIGIN,
    STATUS,
    SWITCHED_ON,
    SYNC_DATE,
    ZUORA_ID,
    all_of,
    apply,
    balance,
    calls,
    cleared,
    forget_calls,
    in_netsuite,
    lose_answers,
    maps_to,
    messages,
    ns,
    ns_payment,
    parts_of,
    person_in_zuora,
    ready,
    run,
    status_of,
    statuses_seen,
    writes,
    zuora_of,
)
from tests.sync.table import Row, Table, check, held, left, sent
from tests.sync.words import A_JOURNAL_ENTRY, METHODS, a_netsuite_payment, a_payment, a_stranger, an_account, an_invoice, an_own_invoice
from tests.sync.world import World


@pytest.fixture(scope="module")
def fast(started_mode_a: World) -> MemoryWorld:
    return MemoryWorld.of(started_mode_a)


def cancel(world: MemoryWorld, payment_id: str) -> None:
    """A person cancels a Zuora payment: Transferred to Accounting is taken back first."""
    world.zuora.tenant.store.update("Payment", payment_id, {"TransferredToAccounting": "No"})
    (done,) = person_in_zuora(world).update("Payment", [{"Id": payment_id, "Status": "Canceled"}])
    assert done.ok, done


def payment(**fields: Any) -> Objects:
    return ns_payment("P1", 100, {"INV1": 100}, **fields)


# -- selection and validations -------------------------------------------------------------------------------------------------

STRANGER, EURO = a_stranger("STRANGER"), an_account("EURO", currency="EUR")
OWN, INV8 = an_own_invoice("OWN", 99.0), an_invoice("INV8", synced=True, Balance=None)
ZUORA_BORN: dict[str, Any] = {"custbodyzuoraid": zid("INV1"), "custbodyzuoratype": "INVOICE"}
ADJUSTMENT_BORN: dict[str, Any] = {"custbodyzuoraid": zid("IIA1"), "custbodyzuoratype": "INVOICE_ITEM_ADJUSTMENT"}
HELD = ("sequence-and-status.4.1.rule.4", "sequence-and-status.2.codes")
ROWS = [
    sent("good", a_netsuite_payment("P0")),
    left(
        "selection.1: customer without a Zuora account",
        a_netsuite_payment("P1", 9.0, [(an_own_invoice("STRANGE", 9.0, of=STRANGER, **ZUORA_BORN), 9.0)], of=STRANGER),
    ),
    left(
        "selection.2: complete", a_netsuite_payment("P2", custbodyzuoraintegrationstatus="Sync Complete"), also=("payments.P3.behaviour",)
    ),
    left("selection.2: complete, written otherwise", a_netsuite_payment("P2O", custbodyzuoraintegrationstatus=" sync complete. ")),
    left("ignored", a_netsuite_payment("P2I", custbodyzuoraintegrationstatus="Ignore")),
    sent("refused before", a_netsuite_payment("P2E", custbodyzuoraintegrationstatus="Error Creating Payment")),
    sent("interrupted", a_netsuite_payment("P2C", custbodyzuoraintegrationstatus="Creating Payment")),
    left("selection.3: not fully applied", a_netsuite_payment("P3", 120.0, [(an_invoice("INV3", synced=True), 100.0)])),
    left("selection.4: from Zuora", a_netsuite_payment("P4", custbodyzuoraorigin="ZUORA")),
    left(
        "selection.5: applied to a journal entry too",
        a_netsuite_payment("P5", 115.0, [(an_invoice("INV5", synced=True), 100.0), (A_JOURNAL_ENTRY, 15.0)]),
    ),
    left("selection.6: applied to NetSuite's own invoice alone", a_netsuite_payment("P6", 25.0, [(OWN, 25.0)])),
    sent(
        "selection.6: applied to NetSuite's own invoice too",
        a_netsuite_payment("P6B", 125.0, [(an_invoice("INV6", synced=True), 100.0), (OWN, 25.0)]),
    ),
    left("an adjustment's invoice", a_netsuite_payment("P6A", 9.0, [(an_own_invoice("ADJ", 9.0, **ADJUSTMENT_BORN), 9.0)])),
    left("selection.7: before the cutover date", a_netsuite_payment("P7", tranDate="2026-10-09")),
    sent("selection.7: on the cutover date", a_netsuite_payment("P7O", tranDate="2026-10-10")),
    held(
        "validation.1",
        a_netsuite_payment("V1", 40.0, [(an_invoice("INV9", 40.0, synced=True, IntegrationId__NS=None), 40.0)]),
        "NSPAY-V1: Zuora invoice INV9 is not marked as synced.",
        also=HELD,
    ),
    held(
        "validation.2",
        a_netsuite_payment("V2", paymentOption={"refName": "ACH"}),
        'NSPAY-V2: payment method "ACH" has no Zuora counterpart.',
    ),
    held(
        "validation.3",
        a_netsuite_payment("V3", 100.0, [(INV8, 100.0)]).with_(a_payment("Z1", 30.0, [(INV8, 30.0)])),
        "NSPAY-V3: USD 100.00 exceeds the balance USD 70.00 of Zuora invoice INV8.",
    ),
    held(
        "validation.4",
        a_netsuite_payment("V4", 10.0, [(an_invoice("INVC", of=EURO, synced=True), 10.0)], of=EURO),
        "NSPAY-CURRENCY of USD 10.00: Zuora invoice INVC is in EUR, not USD; not sent.",
    ),
]
PAGE = Table(NETSUITE_PAYMENTS, "payments.P3.", ROWS, {**SWITCHED_ON, "cutover_netsuite_payment": "2026-10-10"}, more=[METHODS])


@pytest.fixture(scope="module")
def page(fast: MemoryWorld) -> Ran:
    return PAGE.run(fast)


@pytest.mark.parametrize("row", PAGE.cases())
def test_rule(page: Ran, row: Row) -> None:
    check(page, row)


def test_nothing_else_is_told_and_the_run_ties_out(page: Ran) -> None:
    PAGE.holds_together(page)


@pytest.mark.rule("payments.0.default-off", "settings.key.disable_netsuite_payment_sync")
def test_off_by_default(fast: MemoryWorld) -> None:
    ready(fast, payment())
    fast.settings()
    fast.clock.advance(minutes=30)
    fast.run()
    assert all_of(fast, "Payment", "P1") == []


# -- procedure and mapping -------------------------------------------------------------------------------------------------

RICH: dict[str, Any] = {
    "memo": "hello",
    "custbodyzuorapaymentreferenceid": "R9",
    "paymentOption": {"refName": "Cash"},
    "tranDate": "2026-10-12",
}
MAPPING: dict[str, tuple[str, Any]] = {
    "internalid-to-payment-integrationid-ns": ("IntegrationId__NS", "1000001"),
    "zuora-customer-id-to-payment-accountid": ("AccountId", zid("A1")),
    "payment-not-sent": ("Amount", Decimal(120)),
    "apply-line-amounts-to-payment-amount": ("Amount", Decimal(120)),
    "trandate-to-payment-effectivedate": ("EffectiveDate", "2026-10-12"),
    "to-payment-paymentnumber": ("PaymentNumber", "P-00000001"),
    "zuora-payment-reference-id-to-payment-referenceid": ("ReferenceId", "R9"),
    "memo-to-payment-comment": ("Comment", "hello"),
    "paymentmethod-name-to-payment-paymentmethodid": ("PaymentMethodId", CASH),
    "to-payment-type": ("Type", "External"),
    "to-payment-status": ("Status", "Processed"),
    "to-transferredtoaccounting": ("TransferredToAccounting", "Yes"),
    "to-payment-syncdate-ns": ("SyncDate__NS", "written back"),
    "to-payment-origin-ns": ("Origin__NS", "NETSUITE"),
}


@pytest.fixture(scope="module")
def rich(fast: MemoryWorld) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
    """(Zuora payment, NetSuite payment, invoice payments) of one with everything; 25 of it goes to an invoice that is not Zuora's."""
    ready(fast, ns_payment("P1", 145, {"INV1": 100, "INV2": 20, "FOREIGN": 25}, **RICH))
    fast.clock.moment = fast.clock.moment.replace(microsecond=0)  # all of it happens within one second
    run(fast)
    made = zuora_of(fast, "Payment", "P1")
    return made, ns(fast, "customerPayment", "P1"), parts_of(fast, made["Id"])


@pytest.mark.parametrize("case", ruled(MAPPING, {row: row for row in MAPPING}, "payments.P3.mapping."))
def test_mapping(rich: tuple[dict[str, Any], dict[str, Any], dict[str, Any]], case: str) -> None:
    name, expected = MAPPING[case]
    made, source, _ = rich
    assert maps_to(made[name], expected, source)


@pytest.mark.rule(
    "payments.P3.mapping.apply-line-amount-to-invoicepayment-invoiceid-amount",
    "payments.P3.mapping.zuora-id-written-back-payment-id",
    "payments.P3.mapping.zuora-integration-status-written-back",
    "payments.P3.mapping.zuora-origin-written-back-netsuite",
    "payments.P3.mapping.zuora-sync-date-written-back-now",
    "sequence-and-status.4.1.rule.1",
    "sequence-and-status.4.3.rule.netsuite-source",
)
def test_one_invoice_payment_each_and_what_is_written_back(rich: tuple[dict[str, Any], dict[str, Any], dict[str, Any]]) -> None:
    made, source, parts = rich
    assert parts == {"INV1": 100, "INV2": 20}
    assert (source[STATUS], source[ZUORA_ID], source[ORIGIN]) == ("Sync Complete", made["Id"], "NETSUITE")
    assert source[SYNC_DATE].startswith("2026-") and source[SYNC_DATE].endswith("Z")
    assert "IntegrationStatus__NS" not in made


@pytest.mark.rule(
    "payments.P3.procedure.1",
    "payments.P3.procedure.2",
    "payments.P3.procedure.3",
    "payments.P3.procedure.4",
    "payments.P3.status.created",
    "sequence-and-status.4.1.rule.3",
    "sequence-and-status.5.2.rule.3",
)
def test_a_draft_then_its_invoices_then_processed(fast: MemoryWorld) -> None:
    ready(fast, ns_payment("P1", 120, {"INV1": 100, "INV2": 20}))
    states: list[tuple[str, int]] = []
    real = fast.zuora_control.stand_in.wsgi

    def note(environ: Any, start_response: Any) -> Any:
        answer = list(real(environ, start_response))
        if "action/" in environ["PATH_INFO"] and "query" not in environ["PATH_INFO"]:
            (made,) = all_of(fast, "Payment", "P1")
            states.append((made["Status"], len(parts_of(fast, made["Id"]))))
        return answer

    fast.zuora_control.stand_in.wsgi = note  # type: ignore[method-assign]
    seen = statuses_seen(fast, lambda: run(fast))
    fast.zuora_control.stand_in.wsgi = real  # type: ignore[method-assign]
    assert states == [("Draft", 0), ("Draft", 1), ("Draft", 2), ("Processed", 2)]
    writes_in_zuora = [("Zuora", f"/v1/action/{kind}") for kind in ("create", "create", "create", "update")]
    assert seen == [("marked", "Creating Payment"), *writes_in_zuora, ("marked", "Sync Complete")]
    assert (balance(fast, "INV1"), balance(fast, "INV2")) == (0, 30)


def test_a_second_run_writes_nothing(fast: MemoryWorld) -> None:
    ready(fast, payment())
    run(fast)
    forget_calls(fast)
    run(fast)
    zuora, netsuite = calls(fast)
    assert (writes(zuora), writes(netsuite)) == (0, 0)
    fast.clock.advance(hours=3)
    run(fast)
    forget_calls(fast)
    assert run(fast)["step"]["selected"] == 0
    assert calls(fast)[1].total() == 8, "after the overlap it is only asked how many there are, and what was changed and deleted"


def test_a_dry_run_writes_nothing(fast: MemoryWorld) -> None:
    ready(fast, payment())
    summary = run(fast, dry_run=True)
    assert summary["step"]["created"] == 1
    assert (status_of(fast, "P1"), all_of(fast, "Payment", "P1")) == (None, [])


# -- status and recovery ---------------------------------------------------------------------------------------------------


def refuse(kind: str) -> dict[str, Any]:
    body = [{"Success": False, "Errors": [{"Code": "INVALID_VALUE", "Message": "not today"}]}]
    return {"method": "POST", "path": "^/v1/action/create", "nth": 1 if kind == "Payment" else 2, "status": 200, "body": body}


@pytest.mark.rule("payments.P3.status.refused", "sequence-and-status.4.1.rule.6")
def test_a_refusal_is_told_and_tried_again(fast: MemoryWorld) -> None:
    ready(fast, payment())
    fast.zuora_control.set_faults([refuse("Payment")])
    summary = run(fast)
    assert status_of(fast, "P1") == "Error Creating Payment"
    assert "not today" in messages(summary)["ZUORA-INVALID_VALUE"]
    fast.zuora_control.set_faults([])
    run(fast)
    assert status_of(fast, "P1") == "Sync Complete"
    assert zuora_of(fast, "Payment", "P1")["Status"] == "Processed"


@pytest.mark.rule("payments.P3.recovery.draft", "sequence-and-status.5.algorithm.resume")
def test_a_draft_gets_what_it_lacks(fast: MemoryWorld) -> None:
    ready(fast, ns_payment("P1", 120, {"INV1": 100, "INV2": 20}))
    fast.zuora_control.set_faults([{**refuse("InvoicePayment"), "nth": 3}])
    run(fast)
    draft = zuora_of(fast, "Payment", "P1")
    assert (draft["Status"], parts_of(fast, draft["Id"])) == ("Draft", {"INV1": 100})
    fast.zuora_control.set_faults([])
    run(fast)
    made = zuora_of(fast, "Payment", "P1")
    assert (made["Id"], made["Status"], made["TransferredToAccounting"]) == (draft["Id"], "Processed", "Yes")
    assert parts_of(fast, made["Id"]) == {"INV1": 100, "INV2": 20}
    assert status_of(fast, "P1") == "Sync Complete"


def test_a_draft_that_no_longer_agrees_is_left_to_a_person(fast: MemoryWorld) -> None:
    ready(fast, ns_payment("P1", 120, {"INV1": 100, "INV2": 20}))
    fast.zuora_control.set_faults([{**refuse("InvoicePayment"), "nth": 3}])
    run(fast)
    fast.zuora_control.set_faults([])
    apply(fast, "P1", INV1=90, INV2=30)
    text = messages(run(fast))["NSPAY-DRAFT"]
    assert text == "NetSuite payment P1: Zuora payment P-00000001 is a draft that no longer agrees with it; nothing is done."
    assert zuora_of(fast, "Payment", "P1")["Status"] == "Draft"


@pytest.mark.rule(
    "payments.P3.recovery.processed", "sequence-and-status.5.algorithm.write-back", "sequence-and-status.5.1.lookup.payment-ns-z"
)
def test_a_processed_payment_is_written_back(fast: MemoryWorld) -> None:
    ready(fast, payment())
    run(fast)
    made = zuora_of(fast, "Payment", "P1")
    in_netsuite(fast, "P1", {STATUS: "Creating Payment", ZUORA_ID: ""})
    forget_calls(fast)
    summary = run(fast)
    assert summary["step"]["recovered"] == 1
    assert writes(calls(fast)[0]) == 0
    assert ns(fast, "customerPayment", "P1")[ZUORA_ID] == made["Id"]
    assert status_of(fast, "P1") == "Sync Complete"


def test_a_processed_payment_that_is_not_transferred_is_completed(fast: MemoryWorld) -> None:
    ready(fast, payment())
    run(fast)
    made = zuora_of(fast, "Payment", "P1")
    fast.zuora.tenant.store.update("Payment", made["Id"], {"TransferredToAccounting": "No"})
    in_netsuite(fast, "P1", {STATUS: "Creating Payment"})
    run(fast)
    assert zuora_of(fast, "Payment", "P1")["TransferredToAccounting"] == "Yes"


@pytest.mark.rule("payments.P3.recovery.cancelled")
def test_a_cancelled_payment_is_left_alone(fast: MemoryWorld) -> None:
    ready(fast, payment())
    run(fast)
    cancel(fast, zuora_of(fast, "Payment", "P1")["Id"])
    in_netsuite(fast, "P1", {STATUS: "Error Creating Payment"})
    text = messages(run(fast))["NSPAY-CANCELED"]
    assert text == "NetSuite payment P1: Zuora payment P-00000001 was canceled or voided; nothing is done."
    assert len(all_of(fast, "Payment", "P1")) == 1


@pytest.mark.rule("payments.P3.resync", "sequence-and-status.6.resync.payment-ns-z")
def test_a_cancelled_payment_is_made_again_on_request(fast: MemoryWorld) -> None:
    ready(fast, payment())
    run(fast)
    cancel(fast, zuora_of(fast, "Payment", "P1")["Id"])
    cleared(fast, "P1")
    summary = run(fast)
    assert [p["Status"] for p in all_of(fast, "Payment", "P1")] == ["Canceled", "Processed"]
    assert (status_of(fast, "P1"), summary["tiedOut"]) == ("Sync Complete", True)


LOST = ["create 1", "create 2", "create 3", "update 1"]


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("lost", LOST)
def test_whatever_answer_is_lost_there_is_one_payment(fast: MemoryWorld, lost: str, moment: str) -> None:
    ready(fast, ns_payment("P1", 120, {"INV1": 100, "INV2": 20}))
    kind, number = lost.split()
    lose_answers(fast, {"method": "POST", "path": f"^/v1/action/{kind}", "nth": int(number), "drop": moment})
    run(fast)
    lose_answers(fast)
    run(fast)
    made = zuora_of(fast, "Payment", "P1")
    assert (made["Status"], parts_of(fast, made["Id"])) == ("Processed", {"INV1": 100, "INV2": 20})
    assert (balance(fast, "INV1"), balance(fast, "INV2")) == (0, 30)
    assert status_of(fast, "P1") == "Sync Complete"


def test_a_group_of_answers_lost_makes_no_second_payment(fast: MemoryWorld) -> None:
    ready(fast, payment())
    lose_answers(fast, {"method": "POST", "path": "^/v1/action/(create|update)", "drop": "after"})
    run(fast)
    lose_answers(fast)
    run(fast)
    assert zuora_of(fast, "Payment", "P1")["Status"] == "Processed"
    assert balance(fast, "INV1") == 0


# -- changed after the sync ------------------------------------------------------------------------------------------------


OTHER = an_own_invoice("OTHER", 99.0)
CHANGES = [
    Change(
        "moved to an invoice that is not from Zuora",
        a_netsuite_payment("C1").with_(OTHER),
        applied({"INV-C1": 0, "OTHER": 9}),
        "NSPAY-UNSENT: changed after its sync (USD 0.00 to 0 Zuora invoices); "
        f"Zuora payment P-00000001 holds USD 10.00 (USD 10.00 to invoice {zid('INV-C1')}). It is not sent.",
    ),
    Change(
        "partly unapplied",
        a_netsuite_payment("C2"),
        applied({"INV-C2": 6}),
        "NSPAY-UNSENT: changed after its sync (USD 6.00 to 1 Zuora invoices); "
        "Zuora payment P-00000002 holds USD 10.00 (USD 10.00 to invoice INV-C2). It is not sent.",
    ),
    Change(
        "voided",
        a_netsuite_payment("C3"),
        applied({"INV-C3": 0}, changed(payment=0, memo="VOID")),
        "NSPAY-VOIDED: voided or set to 0 after its sync; "
        f"Zuora payment P-00000003 still holds USD 10.00 (USD 10.00 to invoice {zid('INV-C3')}).",
    ),
    Change(
        "customer without a Zuora ID",
        a_netsuite_payment("C4", of=an_account("LEFT")),
        unlinked("LEFT"),
        "NSPAY-UNLINKED: its customer no longer carries a Zuora ID; Zuora payment P-00000004 stays as it is.",
    ),
]
LATER = Changes(NETSUITE_PAYMENTS, CHANGES, more=[METHODS])


@pytest.fixture(scope="module")
def looked(fast: MemoryWorld) -> Looked:
    return LATER.looked(fast)


@pytest.mark.rule("payments.P3.behaviour")
@pytest.mark.parametrize("row", CHANGES, ids=lambda row: row.name)
def test_a_change_is_not_sent_but_told(looked: Looked, row: Change) -> None:
    LATER.check(looked, row)


def test_what_is_held_is_not_written_until_it_is_set_aside(looked: Looked) -> None:
    LATER.holds_together(looked)


def test_a_remark_is_no_difference(fast: MemoryWorld) -> None:
    ready(fast, payment())
    run(fast)
    in_netsuite(fast, "P1", {"memo": "new"})
    assert run(fast)["step"]["unchanged"] == 1
