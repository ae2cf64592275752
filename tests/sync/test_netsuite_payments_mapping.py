"""NetSuite payments, part P4: the mapping row by row, statuses, calls, look-up and recovery of what was interrupted."""

from __future__ import annotations

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

RICH: dict[str, Any] = {
    "memo": "hello",
    "custbodyzuorapaymentreferenceid": "R9",
    "paymentOption": {"refName": "Cash"},
    "tranDate": "2026-10-12",
}
MAPPING: dict[str, tuple[str, Any]] = {
    "internalid-to-payment-integrationid-ns": ("IntegrationId__NS", "1000001"),
    "zuora-customer-id-to-payment-accountid": ("AccountId", zid("A1")),
    "payment-to-payment-amount": ("Amount", Decimal(200)),
    "memo-to-payment-comment": ("Comment", "hello"),
    "tranid-to-payment-transaction-ns": ("Transaction__NS", "P1"),
    "zuora-payment-reference-id-to-payment-referenceid": ("ReferenceId", "R9"),
    "paymentmethod-name-to-payment-paymentmethodid": ("PaymentMethodId", CASH),
    "to-paymentnumber": ("PaymentNumber", "P-00000001"),
    "to-transferredtoaccounting": ("TransferredToAccounting", "Yes"),
    "to-payment-type": ("Type", "External"),
    "to-syncdate-ns": ("SyncDate__NS", "written back"),
    "trandate-to-effectivedate": ("EffectiveDate", "2026-10-12"),
    "to-origin-ns": ("Origin__NS", "NETSUITE"),
}


@pytest.fixture(scope="module")
def rich(fast: MemoryWorld) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
    """(Zuora payment, NetSuite payment, parts) of one with everything."""
    ready(fast, ns_payment("P1", 200, {"INV1": 100, "INV2": 20, "DM1": 30}, **RICH))
    run(fast)
    made = zuora_of(fast, "Payment", "P1")
    return made, ns(fast, "customerPayment", "P1"), parts_of(fast, made["Id"])


@pytest.mark.parametrize("case", ruled(MAPPING, {row: row for row in MAPPING}, "payments.P4.mapping."))
def test_mapping(rich: tuple[dict[str, Any], dict[str, Any], dict[str, Any]], case: str) -> None:
    name, expected = MAPPING[case]
    made, source, _ = rich
    assert maps_to(made[name], expected, source)


@pytest.mark.rule(
    "payments.P4.mapping.apply-line-amount-to-invoice-debit-memo-application-amount",
    "payments.P4.mapping.apply-line-doc-to-resolved-by-invoice-integrationid-ns-debitmemo",
    "payments.P4.mapping.zuora-origin-zuora-id-zuora-sync-date-zuora-integration-written-back",
    "sequence-and-status.4.1.rule.1",
    "sequence-and-status.4.1.rule.5",
    "sequence-and-status.4.3.rule.netsuite-source",
)
def test_applications_and_what_is_written_back(rich: tuple[dict[str, Any], dict[str, Any], dict[str, Any]]) -> None:
    made, source, parts = rich
    assert parts == {"INV1": 100, "INV2": 20, "DM1": 30, "rest": 50}
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


def test_later_runs_write_nothing_and_after_the_overlap_only_count(fast: MemoryWorld) -> None:
    ready(fast, merged(*(ns_payment(f"P{n}", 5, {"INV1": 5}) for n in range(1, 4))))
    run(fast)
    forget_calls(fast)
    second = run(fast)
    assert (writes(calls(fast)[0]), writes(calls(fast)[1])) == (0, 0)
    assert second["tiedOut"] and second["step"]["selected"] == 0
    fast.clock.advance(hours=3)
    assert run(fast)["step"]["selected"] == 0
    forget_calls(fast)
    later = run(fast)
    assert later["step"]["selected"] == 0
    assert calls(fast)[1].total() == 8  # does it answer, three record types, how many wait, what is left out, changed, deleted


def test_a_dry_run_writes_nothing(fast: MemoryWorld) -> None:
    ready(fast, ns_payment("P1", 100, {"INV1": 100}))
    summary = run(fast, dry_run=True)
    assert summary["step"]["created"] == 1
    assert (status_of(fast, "P1"), all_of(fast, "Payment", "P1")) == (None, [])


# -- refusals and recovery ---------------------------------------------------------------------------------------------------

REFUSAL = {"success": False, "reasons": [{"code": 53810030, "message": "not today"}]}


@pytest.mark.rule("payments.P4.status.refused", "sequence-and-status.4.1.rule.6")
def test_a_refusal_is_told_and_tried_again(fast: MemoryWorld) -> None:
    ready(fast, ns_payment("P1", 100, {"INV1": 100}))
    fast.zuora_control.set_faults([{"method": "POST", "path": "^/v1/payments", "status": 200, "body": REFUSAL}])
    summary = run(fast)
    assert status_of(fast, "P1") == "Error Creating Payment"
    assert "not today" in messages(summary)["ZUORA-53810030"]
    fast.zuora_control.set_faults([])
    run(fast)
    assert status_of(fast, "P1") == "Sync Complete"
    assert len(all_of(fast, "Payment", "P1")) == 1


STATUSES = ["Creating Payment", "creating payment...", "Error Creating Payment", "Updating Payment", ""]


@pytest.mark.rule(
    "sequence-and-status.5.algorithm.write-back", "sequence-and-status.5.1.lookup.payment-ns-z", "sequence-and-status.4.2.rule.reading"
)
@pytest.mark.parametrize("status", STATUSES)
def test_a_payment_that_zuora_has_is_written_back(fast: MemoryWorld, status: str) -> None:
    ready(fast, ns_payment("P1", 100, {"INV1": 100}))
    run(fast)
    made = zuora_of(fast, "Payment", "P1")
    in_netsuite(fast, "P1", {STATUS: status, ZUORA_ID: ""})
    forget_calls(fast)
    summary = run(fast)
    assert summary["step"]["recovered"] == 1
    assert writes(calls(fast)[0]) == 0
    assert (ns(fast, "customerPayment", "P1")[ZUORA_ID], status_of(fast, "P1")) == (made["Id"], "Sync Complete")


@pytest.mark.rule("payments.P4.resync", "sequence-and-status.6.resync.payment-ns-z")
def test_a_cancelled_payment_is_made_again_on_request(fast: MemoryWorld) -> None:
    ready(fast, ns_payment("P1", 100, {"INV1": 100}))
    run(fast)
    made = zuora_of(fast, "Payment", "P1")
    zuora = person_in_zuora(fast)
    zuora.put(f"/v1/payments/{made['Id']}/unapply", {"invoices": [{"invoiceId": zid("INV1"), "amount": 100}]})
    cancelled_by_hand(fast, made["Id"])
    in_netsuite(fast, "P1", {STATUS: "Error Creating Payment"})
    assert "was canceled or voided" in messages(run(fast))["NSPAY-CANCELED"]
    assert len(all_of(fast, "Payment", "P1")) == 1
    cleared(fast, "P1")
    summary = run(fast)
    assert sorted(p["Status"] for p in all_of(fast, "Payment", "P1")) == ["Canceled", "Processed"]
    assert (status_of(fast, "P1"), summary["tiedOut"], balance(fast, "INV1")) == ("Sync Complete", True, 0)


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


@pytest.mark.parametrize("replay", [200, 409])
@pytest.mark.parametrize("rule", [{"drop": "before"}, {"drop": "after"}, {"drop": "after", "times": 1}, {"status": 503, "times": 2}])
def test_whatever_answer_is_lost_there_is_one_payment(fast: MemoryWorld, rule: dict[str, Any], replay: int) -> None:
    fast.zuora.options.idempotency_replay_status = replay  # type: ignore[assignment]
    ready(fast, ns_payment("P1", 120, {"INV1": 100, "INV2": 20}))
    lose_answers(fast, {"method": "POST", "path": "^/v1/payments", **rule})
    run(fast)
    lose_answers(fast)
    run(fast)
    made = zuora_of(fast, "Payment", "P1")
    assert parts_of(fast, made["Id"]) == {"INV1": 100, "INV2": 20}
    assert (balance(fast, "INV1"), status_of(fast, "P1")) == (0, "Sync Complete")


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
