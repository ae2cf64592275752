"""NetSuite payments, parts P3 and P4: the mapping row by row, statuses, calls, look-up and recovery of what was interrupted. What P3 has
alone, the draft, is in test_netsuite_payments_mode_a.py."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import pytest

from tests.rules.cases import ruled
from tests.sync.builders import merged, zid
from tests.sync.memory import MemoryWorld
from tests.sync.reverse_world import (
    CASH,
    ORIGIN,
    STATUS,
    SYNC_DATE,
    ZUORA_ID,
    all_of,
    balance,
    calls,
    cancelled_by_hand,
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
from tests.sync.world import World

RICH: dict[str, Any] = {
    "memo": "hello",
    "custbodyzuorapaymentreferenceid": "R9",
    "paymentOption": {"refName": "Cash"},
    "tranDate": "2026-10-12",
}
MODES = {"A": "P3", "B": "P4"}
"""The parts of the page by mode."""
MAPPING: dict[str, tuple[str, Any]] = {
    "internalid-to-payment-integrationid-ns": ("IntegrationId__NS", "1000001"),
    "zuora-customer-id-to-payment-accountid": ("AccountId", zid("A1")),
    "memo-to-payment-comment": ("Comment", "hello"),
    "zuora-payment-reference-id-to-payment-referenceid": ("ReferenceId", "R9"),
    "paymentmethod-name-to-payment-paymentmethodid": ("PaymentMethodId", CASH),
    "to-transferredtoaccounting": ("TransferredToAccounting", "Yes"),
    "to-payment-type": ("Type", "External"),
}
OWN: dict[str, dict[str, tuple[str, Any]]] = {
    "A": {
        "payment-not-sent": ("Amount", Decimal(120)),
        "apply-line-amounts-to-payment-amount": ("Amount", Decimal(120)),
        "trandate-to-payment-effectivedate": ("EffectiveDate", "2026-10-12"),
        "to-payment-paymentnumber": ("PaymentNumber", "P-00000001"),
        "to-payment-status": ("Status", "Processed"),
        "to-payment-syncdate-ns": ("SyncDate__NS", "written back"),
        "to-payment-origin-ns": ("Origin__NS", "NETSUITE"),
    },
    "B": {
        "payment-to-payment-amount": ("Amount", Decimal(200)),
        "tranid-to-payment-transaction-ns": ("Transaction__NS", "P1"),
        "to-paymentnumber": ("PaymentNumber", "P-00000001"),
        "to-syncdate-ns": ("SyncDate__NS", "written back"),
        "trandate-to-effectivedate": ("EffectiveDate", "2026-10-12"),
        "to-origin-ns": ("Origin__NS", "NETSUITE"),
    },
}
ROWS = {f"{part}.mapping.{name}": (mode, *row) for mode, part in MODES.items() for name, row in {**MAPPING, **OWN[mode]}.items()}
APPLIED: dict[str, tuple[float, dict[str, float]]] = {
    "A": (145, {"INV1": 100, "INV2": 20, "FOREIGN": 25}),
    "B": (200, {"INV1": 100, "INV2": 20, "DM1": 30}),
}
"""A payment with everything; without Invoice Settlement a part of it goes to an invoice that is not Zuora's."""
PARTS = {"A": {"INV1": 100, "INV2": 20}, "B": {"INV1": 100, "INV2": 20, "DM1": 30, "rest": 50}}
Rich = tuple[dict[str, Any], dict[str, Any], dict[str, Any]]


@pytest.fixture
def world(started: Mapping[str, World], mode: str) -> MemoryWorld:
    """Of the mode that the test says."""
    return MemoryWorld.of(started[mode])


def of_modes(**rules: Any) -> pytest.MarkDecorator:
    """Both modes; the rules of each."""
    return pytest.mark.parametrize("mode", ruled(MODES, rules))


@pytest.fixture(scope="module")
def rich(started: Mapping[str, World]) -> dict[str, Rich]:
    """(Zuora payment, NetSuite payment, parts) of one with everything."""
    found = {}
    for mode, (amount, applied) in APPLIED.items():
        own = ready(MemoryWorld.of(started[mode]), ns_payment("P1", amount, applied, **RICH))
        own.clock.moment = own.clock.moment.replace(microsecond=0)  # all of it happens within one second
        run(own)
        made = zuora_of(own, "Payment", "P1")
        found[mode] = made, ns(own, "customerPayment", "P1"), parts_of(own, made["Id"])
    return found


@pytest.mark.parametrize("row", ruled(ROWS, {row: row for row in ROWS}, "payments."))
def test_mapping(rich: dict[str, Rich], row: str) -> None:
    mode, name, expected = ROWS[row]
    made, source, _ = rich[mode]
    assert maps_to(made[name], expected, source)


WRITTEN = ("sequence-and-status.4.1.rule.1", "sequence-and-status.4.3.rule.netsuite-source")


@of_modes(
    A=(
        *WRITTEN,
        "payments.P3.mapping.apply-line-amount-to-invoicepayment-invoiceid-amount",
        "payments.P3.mapping.zuora-id-written-back-payment-id",
        "payments.P3.mapping.zuora-integration-status-written-back",
        "payments.P3.mapping.zuora-origin-written-back-netsuite",
        "payments.P3.mapping.zuora-sync-date-written-back-now",
    ),
    B=(
        *WRITTEN,
        "payments.P4.mapping.apply-line-amount-to-invoice-debit-memo-application-amount",
        "payments.P4.mapping.apply-line-doc-to-resolved-by-invoice-integrationid-ns-debitmemo",
        "payments.P4.mapping.zuora-origin-zuora-id-zuora-sync-date-zuora-integration-written-back",
        "sequence-and-status.4.1.rule.5",
    ),
)
def test_applications_and_what_is_written_back(rich: dict[str, Rich], mode: str) -> None:
    made, source, parts = rich[mode]
    assert parts == PARTS[mode]
    assert (source[STATUS], source[ZUORA_ID], source[ORIGIN]) == ("Sync Complete", made["Id"], "NETSUITE")
    assert source[SYNC_DATE].startswith("2026-") and source[SYNC_DATE].endswith("Z")
    assert "IntegrationStatus__NS" not in made


@pytest.mark.rule(
    "payments.P4.status.created",
    "sequence-and-status.4.2.text.payment-ns-z-new",
    "sequence-and-status.4.1.rule.3",
    "sequence-and-status.5.2.rule.3",
    "sequence-and-status.5.algorithm.create",
)
def test_statuses_of_a_new_payment(fast: MemoryWorld) -> None:
    ready(fast, ns_payment("P1", 100, {"INV1": 100}))
    seen = statuses_seen(fast, lambda: run(fast))
    assert seen == [("marked", "Creating Payment"), ("Zuora", "/v1/payments"), ("marked", "Sync Complete")]


@pytest.mark.rule("sequence-and-status.2.rule.6")
def test_older_payments_of_a_customer_come_first(fast: MemoryWorld) -> None:
    rows = [
        ns_payment(n, 10, {"INV1": 10}, tranDate=date) for n, date in (("P1", "2026-10-17"), ("P2", "2026-10-15"), ("P3", "2026-10-16"))
    ]
    ready(fast, merged(*rows))
    run(fast)
    assert [zuora_of(fast, "Payment", n)["PaymentNumber"] for n in ("P2", "P3", "P1")] == ["P-00000001", "P-00000002", "P-00000003"]


def test_calls(fast: MemoryWorld) -> None:
    """One create a payment, and a fixed number of reads for the whole batch."""
    ready(fast, merged(*(ns_payment(f"P{n}", 5, {"INV1": 5}) for n in range(1, 9))))
    run(fast, dry_run=True)
    forget_calls(fast)
    run(fast)
    zuora, netsuite = calls(fast)
    assert zuora["POST /v1/payments"] == 8
    assert writes(zuora) == 8
    assert zuora["POST /v1/action/query"] <= 7
    assert netsuite["POST /query/v1/suiteql"] <= 13, "five of them for drift"
    assert netsuite["PATCH /record/v1/customerPayment/{id}"] == 16


@of_modes()
def test_later_runs_write_nothing_and_after_the_overlap_only_count(world: MemoryWorld, mode: str) -> None:
    ready(world, merged(*(ns_payment(f"P{n}", 5, {"INV1": 5}) for n in range(1, 4))))
    run(world)
    forget_calls(world)
    second = run(world)
    assert (writes(calls(world)[0]), writes(calls(world)[1])) == (0, 0)
    assert second["tiedOut"] and second["step"]["selected"] == 0
    world.clock.advance(hours=3)
    assert run(world)["step"]["selected"] == 0
    forget_calls(world)
    later = run(world)
    assert later["step"]["selected"] == 0
    assert calls(world)[1].total() == 8  # does it answer, three record types, how many wait, what is left out, changed, deleted


@of_modes()
def test_a_dry_run_writes_nothing(world: MemoryWorld, mode: str) -> None:
    ready(world, ns_payment("P1", 100, {"INV1": 100}))
    summary = run(world, dry_run=True)
    assert summary["step"]["created"] == 1
    assert (status_of(world, "P1"), all_of(world, "Payment", "P1")) == (None, [])


# -- refusals and recovery ---------------------------------------------------------------------------------------------------

REFUSED = {
    "A": ("action/create", "ZUORA-INVALID_VALUE", [{"Success": False, "Errors": [{"Code": "INVALID_VALUE", "Message": "not today"}]}]),
    "B": ("payments", "ZUORA-53810030", {"success": False, "reasons": [{"code": 53810030, "message": "not today"}]}),
}


@of_modes(
    A=("payments.P3.status.refused", "sequence-and-status.4.1.rule.6"), B=("payments.P4.status.refused", "sequence-and-status.4.1.rule.6")
)
def test_a_refusal_is_told_and_tried_again(world: MemoryWorld, mode: str) -> None:
    path, code, body = REFUSED[mode]
    ready(world, ns_payment("P1", 100, {"INV1": 100}))
    world.zuora_control.set_faults([{"method": "POST", "path": f"^/v1/{path}", "status": 200, "body": body}])
    summary = run(world)
    assert status_of(world, "P1") == "Error Creating Payment"
    assert "not today" in messages(summary)[code]
    world.zuora_control.set_faults([])
    run(world)
    assert status_of(world, "P1") == "Sync Complete"
    assert zuora_of(world, "Payment", "P1")["Status"] == "Processed"


STATUSES = ["Creating Payment", "creating payment...", "Error Creating Payment", "Updating Payment", ""]
LOOKED_UP = ("sequence-and-status.5.algorithm.write-back", "sequence-and-status.5.1.lookup.payment-ns-z")


@of_modes(A=("payments.P3.recovery.processed", *LOOKED_UP), B=(*LOOKED_UP, "sequence-and-status.4.2.rule.reading"))
def test_a_payment_that_zuora_has_is_written_back_whatever_its_status(world: MemoryWorld, mode: str) -> None:
    statuses = {f"P{n}": status for n, status in enumerate(STATUSES, start=1)}
    ready(world, merged(*(ns_payment(number, 20, {"INV1": 20}) for number in statuses)))
    run(world)
    made = {number: zuora_of(world, "Payment", number)["Id"] for number in statuses}
    for number, status in statuses.items():
        in_netsuite(world, number, {STATUS: status, ZUORA_ID: ""})
    forget_calls(world)
    summary = run(world)
    assert summary["step"]["recovered"] == len(statuses)
    assert writes(calls(world)[0]) == 0
    assert {number: ns(world, "customerPayment", number)[ZUORA_ID] for number in statuses} == made
    assert {status_of(world, number) for number in statuses} == {"Sync Complete"}


def cancel(world: MemoryWorld, payment: str, mode: str) -> None:
    """A person cancels a Zuora payment: applications and Transferred to Accounting are taken back first."""
    zuora = person_in_zuora(world)
    if mode == "B":
        zuora.put(f"/v1/payments/{payment}/unapply", {"invoices": [{"invoiceId": zid("INV1"), "amount": 100}]})
        cancelled_by_hand(world, payment)
        return
    world.zuora.tenant.store.update("Payment", payment, {"TransferredToAccounting": "No"})
    (done,) = zuora.update("Payment", [{"Id": payment, "Status": "Canceled"}])
    assert done.ok, done


@of_modes(
    A=("payments.P3.recovery.cancelled", "payments.P3.resync", "sequence-and-status.6.resync.payment-ns-z"),
    B=("payments.P4.resync", "sequence-and-status.6.resync.payment-ns-z"),
)
def test_a_cancelled_payment_is_left_alone_and_made_again_on_request(world: MemoryWorld, mode: str) -> None:
    ready(world, ns_payment("P1", 100, {"INV1": 100}))
    run(world)
    cancel(world, zuora_of(world, "Payment", "P1")["Id"], mode)
    in_netsuite(world, "P1", {STATUS: "Error Creating Payment"})
    text = "NetSuite payment P1: Zuora payment P-00000001 was canceled or voided; nothing is done."
    assert messages(run(world))["NSPAY-CANCELED"] == text
    assert len(all_of(world, "Payment", "P1")) == 1
    cleared(world, "P1")
    summary = run(world)
    assert sorted(p["Status"] for p in all_of(world, "Payment", "P1")) == ["Canceled", "Processed"]
    assert (status_of(world, "P1"), summary["tiedOut"], balance(world, "INV1")) == ("Sync Complete", True, 0)


def test_a_synced_payment_that_zuora_does_not_have_is_not_made_again(fast: MemoryWorld) -> None:
    ready(fast, ns_payment("P1", 100, {"INV1": 100}, **{STATUS: "Sync Complete", ZUORA_ID: "gone"}))
    text = messages(run(fast))["NSPAY-MISSING"]
    assert text == "NetSuite payment P1: marked as synced, but no Zuora payment carries its internal id; nothing is done."
    assert all_of(fast, "Payment", "P1") == []


@pytest.mark.rule("sequence-and-status.5.algorithm.ambiguous")
def test_two_counterparts_are_left_to_a_person(fast: MemoryWorld) -> None:
    ready(fast, ns_payment("P1", 10, {"INV1": 10}))
    run(fast)
    made = zuora_of(fast, "Payment", "P1")
    own = {k: made[k] for k in ("AccountId", "Amount", "EffectiveDate", "PaymentMethodId", "Status", "Type", "IntegrationId__NS")}
    parts = [{"Id": zid("twin part"), "PaymentId": zid("twin"), "Amount": 10}]
    fast.load({"Payment": [{**own, "Id": zid("twin"), "PaymentNumber": "TWIN", "UnappliedAmount": 10}], "PaymentPart": parts})
    in_netsuite(fast, "P1", {STATUS: "Creating Payment"})
    assert "2 Zuora payments carry its internal id as Integration ID" in messages(run(fast))["NSPAY-AMBIGUOUS"]
    assert status_of(fast, "P1") == "Creating Payment"


# -- lost answers ----------------------------------------------------------------------------------------------------------


@pytest.mark.rule("sequence-and-status.4.1.rule.7", "sequence-and-status.5.algorithm.lookup-failed")
def test_a_create_whose_outcome_stays_unknown_is_not_repeated_blindly(fast: MemoryWorld) -> None:
    ready(fast, ns_payment("P1", 100, {"INV1": 100}))
    lookups = {"method": "POST", "path": "^/v1/action/query", "status": 503, "body": {"message": "down"}}
    lose_answers(fast, {"method": "POST", "path": "^/v1/payments", "drop": "after"}, {**lookups, "nth": 7}, {**lookups, "nth": 8})
    run(fast)
    lose_answers(fast)
    run(fast)
    made = zuora_of(fast, "Payment", "P1")
    assert (status_of(fast, "P1"), parts_of(fast, made["Id"])) == ("Sync Complete", {"INV1": 100})


ANSWERS: dict[str, dict[str, Any]] = {
    "all, before": {"drop": "before"},
    "all, after": {"drop": "after"},
    "one": {"drop": "after", "times": 1},
    "not available twice": {"status": 503, "times": 2},
}
LOST: dict[str, tuple[str, dict[str, Any]]] = {
    **{
        f"{call} {nth}, {moment}": ("A", {"path": f"^/v1/action/{call}", "nth": nth, "drop": moment})
        for call, nth in (("create", 1), ("create", 2), ("create", 3), ("update", 1))
        for moment in ("before", "after")
    },
    "several": ("A", {"path": "^/v1/action/(create|update)", "drop": "after"}),
    **{
        f"{name}, answered with {replay} when repeated": ("B", {"path": "^/v1/payments", "replay": replay, **how})
        for replay in (200, 409)
        for name, how in ANSWERS.items()
    },
}


@pytest.mark.parametrize(("mode", "how"), LOST.values(), ids=LOST)
def test_whatever_answer_is_lost_there_is_one_payment(world: MemoryWorld, mode: str, how: dict[str, Any]) -> None:
    rule = {"method": "POST", **how}
    world.zuora.options.idempotency_replay_status = rule.pop("replay", 200)
    ready(world, ns_payment("P1", 120, {"INV1": 100, "INV2": 20}))
    lose_answers(world, rule)
    run(world)
    lose_answers(world)
    run(world)
    made = zuora_of(world, "Payment", "P1")
    assert (made["Status"], parts_of(world, made["Id"])) == ("Processed", {"INV1": 100, "INV2": 20})
    assert (balance(world, "INV1"), balance(world, "INV2")) == (0, 30)
    assert status_of(world, "P1") == "Sync Complete"


def test_a_lost_write_back_is_made_up_for(fast: MemoryWorld) -> None:
    ready(fast, ns_payment("P1", 100, {"INV1": 100}))
    path = "/record/v1/customerPayment/"
    fast.netsuite_control.set_faults([{"method": "PATCH", "path": path, "nth": 2, "status": 400, "body": {"title": "no"}}])
    assert run(fast)["step"]["unfinished"] == 1
    assert status_of(fast, "P1") == "Creating Payment"
    fast.netsuite_control.set_faults([])
    run(fast)
    assert (status_of(fast, "P1"), len(all_of(fast, "Payment", "P1"))) == ("Sync Complete", 1)


def test_nothing_is_sent_when_the_status_cannot_be_written(fast: MemoryWorld) -> None:
    ready(fast, ns_payment("P1", 100, {"INV1": 100}))
    fast.netsuite_control.set_faults([{"method": "PATCH", "path": "/customerPayment/", "status": 400, "body": {"title": "no"}}])
    assert run(fast)["step"]["unfinished"] == 1
    assert all_of(fast, "Payment", "P1") == []
