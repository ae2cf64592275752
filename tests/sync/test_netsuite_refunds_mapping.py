"""NetSuite refunds, part R3, with and without Invoice Settlement: mapping, statuses, recovery, which are the same. What is refunded of what
is in test_netsuite_refunds_mode_a.py and test_netsuite_refunds_mode_b.py."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import pytest

from tests.rules.cases import ruled
from tests.sync.memory import MemoryWorld
from tests.sync.reverse_world import (
    REFUNDS,
    STATUS,
    SYNC_DATE,
    ZUORA_ID,
    all_of,
    balance,
    calls,
    cleared,
    forget_calls,
    in_netsuite,
    lose_answers,
    maps_to,
    messages,
    ns,
    ns_refund,
    paid,
    person_in_zuora,
    ready,
    run,
    status_of,
    statuses_seen,
    writes,
    zuora_of,
)
from tests.sync.world import World

REFUND = "customerRefund"
MODES = {"A": "without Invoice Settlement", "B": "with it"}
modes = pytest.mark.parametrize("mode", MODES)
PAID = {"A": 100, "B": 120}
"""The payment PAY1, of which 100 are applied to INV1."""
REOPENED = {"A": 50, "B": 30}
"""What a refund of 50 leaves open of INV1: with Invoice Settlement the 20 that are not applied go first."""
Rich = tuple[dict[str, Any], dict[str, Any], dict[str, Any]]


@pytest.fixture
def world(started: Mapping[str, World], mode: str) -> MemoryWorld:
    """Of the mode that the test says."""
    return MemoryWorld.of(started[mode])


def prepared(world: MemoryWorld, mode: str, **refunds: float) -> MemoryWorld:
    """The payment, and NetSuite refunds of so much of it, one of 50 if nothing is said."""
    zuora, netsuite = paid(world, PAID[mode], {"INV1": 100})
    entered = [part for number, amount in (refunds or {"R1": 50}).items() for part in ns_refund(number, amount)]
    return ready(world, netsuite, *entered, zuora=zuora)


def refunded(world: MemoryWorld, number: str = "R1") -> dict[str, Any]:
    return zuora_of(world, "Refund", number, REFUND)


def states(world: MemoryWorld, number: str = "R1") -> set[str | None]:
    """Of the refund and its credit memo."""
    return {status_of(world, number, REFUND), ns(world, "creditMemo", f"CM-{number}").get(STATUS)}


MAPPING: dict[str, tuple[str, Any]] = {
    "trandate-to-refunddate": ("RefundDate", "2026-10-21"),
    "apply-line-amount-to-amount": ("Amount", Decimal(50)),
    "paymentmethod-name-to-methodtype": ("MethodType", "Check"),
    "memo-to-comment": ("Comment", "sorry"),
    "to-type": ("Type", "External"),
    "to-sourcetype": ("SourceType", "Payment"),
    "to-transferredtoaccounting": ("TransferredToAccounting", "Yes"),
    "internalid-to-integrationid-ns": ("IntegrationId__NS", "1000001"),
    "to-origin-ns": ("Origin__NS", "NETSUITE"),
    "to-syncdate-ns": ("SyncDate__NS", "written back"),
}


@pytest.fixture(scope="module")
def rich(started: Mapping[str, World]) -> dict[str, Rich]:
    """(Zuora refund, NetSuite refund, NetSuite credit memo)."""
    found = {}
    for mode in MODES:
        world = prepared(MemoryWorld.of(started[mode]), mode)
        in_netsuite(world, "R1", {"memo": "sorry"}, REFUND)
        run(world, REFUNDS)
        found[mode] = refunded(world), ns(world, REFUND, "R1"), ns(world, "creditMemo", "CM-R1")
    return found


@modes
@pytest.mark.parametrize("case", ruled(MAPPING, {row: row for row in MAPPING}, "refunds.R3.mapping."))
def test_mapping(rich: dict[str, Rich], case: str, mode: str) -> None:
    name, expected = MAPPING[case]
    made, source, _ = rich[mode]
    assert maps_to(made[name], expected, source)


@pytest.mark.rule(
    "refunds.R3.mapping.zuora-integration-status-written-back",
    "refunds.R3.mapping.zuora-id-written-back-refund-id",
    "refunds.R3.mapping.zuora-sync-date-written-back-now",
    "refunds.R3.mapping.zuora-id-written-back-refund-id-2",
    "refunds.R3.mapping.credit-memo-zuora-integration-status-written-back",
    "sequence-and-status.4.1.rule.1",
)
@modes
def test_what_is_written_back(rich: dict[str, Rich], mode: str) -> None:
    made, source, memo = rich[mode]
    assert (source[STATUS], source[ZUORA_ID]) == ("Sync Complete", made["Id"])
    assert (memo[STATUS], memo[ZUORA_ID]) == ("Sync Complete", made["Id"])
    assert source[SYNC_DATE].startswith("2026-") and source[SYNC_DATE].endswith("Z")
    assert "IntegrationStatus__NS" not in made


CALLS = {"A": ["/v1/action/create", "/v1/action/update"], "B": ["/v1/payments/{id}/refunds/unapply"]}


@pytest.mark.rule("refunds.R3.status.created", "sequence-and-status.4.2.text.refund-ns-z", "sequence-and-status.4.1.rule.3")
@modes
def test_statuses_of_a_refund_and_its_credit_memo(world: MemoryWorld, mode: str) -> None:
    prepared(world, mode)
    memo: list[tuple[str, str]] = []
    seen = statuses_seen(world, lambda: memo.extend(statuses_seen(world, lambda: run(world, REFUNDS), "creditMemo")), REFUND)
    sent = [("Zuora", path) for path in CALLS[mode]]
    assert seen == [("marked", "Creating Refund"), *sent, ("marked", "Sync Complete")]
    assert memo == [*sent, ("marked", "Sync Complete")]


@modes
def test_a_second_run_writes_nothing(world: MemoryWorld, mode: str) -> None:
    prepared(world, mode)
    run(world, REFUNDS)
    forget_calls(world)
    run(world, REFUNDS)
    zuora, netsuite = calls(world)
    assert (writes(zuora), writes(netsuite)) == (0, 0)
    world.clock.advance(hours=3)
    run(world, REFUNDS)
    forget_calls(world)
    assert run(world, REFUNDS)["step"]["selected"] == 0
    assert calls(world)[1].total() == 9, "after the overlap it is only asked how many there are, and what was changed and deleted"


@modes
def test_a_dry_run_writes_nothing(world: MemoryWorld, mode: str) -> None:
    prepared(world, mode)
    assert run(world, REFUNDS, dry_run=True)["step"]["created"] == 1
    assert (status_of(world, "R1", REFUND), all_of(world, "Refund", "R1", REFUND)) == (None, [])


# -- recovery ----------------------------------------------------------------------------------------------------------------

STATUSES = {"R1": "Creating Refund", "R2": "Creating Refund...", "R3": "Error Creating Refund", "R4": ""}


@pytest.mark.rule("refunds.R3.recovery", "sequence-and-status.5.1.lookup.refund-ns-z", "sequence-and-status.5.algorithm.write-back")
@modes
def test_a_refund_that_zuora_has_is_written_back_whatever_its_status(world: MemoryWorld, mode: str) -> None:
    prepared(world, mode, **dict.fromkeys(STATUSES, 5))
    run(world, REFUNDS)
    made = {number: refunded(world, number)["Id"] for number in STATUSES}
    for number, status in STATUSES.items():
        for record_type, name in ((REFUND, number), ("creditMemo", f"CM-{number}")):
            in_netsuite(world, name, {STATUS: status, ZUORA_ID: ""}, record_type)
    forget_calls(world)
    assert run(world, REFUNDS)["step"]["recovered"] == len(STATUSES)
    assert writes(calls(world)[0]) == 0
    for number, refund in made.items():
        assert states(world, number) == {"Sync Complete"}
        assert ns(world, REFUND, number)[ZUORA_ID] == ns(world, "creditMemo", f"CM-{number}")[ZUORA_ID] == refund


def cancel(world: MemoryWorld, refund: str, mode: str) -> None:
    """A person cancels a refund in Zuora."""
    if mode == "B":
        person_in_zuora(world).put(f"/v1/refunds/{refund}/cancel", {})
        return
    (done,) = person_in_zuora(world).update("Refund", [{"Id": refund, "Status": "Canceled"}])
    assert done.ok, done


@pytest.mark.rule("refunds.R3.resync", "sequence-and-status.6.resync.refund-ns-z")
@modes
def test_a_cancelled_refund_is_made_again_on_request(world: MemoryWorld, mode: str) -> None:
    prepared(world, mode)
    run(world, REFUNDS)
    cancel(world, refunded(world)["Id"], mode)
    in_netsuite(world, "R1", {STATUS: "Creating Refund"}, REFUND)
    text = "NetSuite refund R1: Zuora refund R-00000001 was canceled; nothing is done."
    assert messages(run(world, REFUNDS))["NSRFD-CANCELED"] == text
    cleared(world, "R1", REFUND)
    summary = run(world, REFUNDS)
    assert sorted(r["Status"] for r in all_of(world, "Refund", "R1", REFUND)) == ["Canceled", "Processed"]
    assert (status_of(world, "R1", REFUND), summary["tiedOut"]) == ("Sync Complete", True)


LOST: dict[str, tuple[str, dict[str, Any]]] = {
    **{f"{call}, {drop}": ("A", {"path": f"action/{call}", "drop": drop}) for call in ("create", "update") for drop in ("before", "after")},
    "all, before": ("B", {"path": "/refunds", "drop": "before"}),
    "all, after": ("B", {"path": "/refunds", "drop": "after"}),
    "one": ("B", {"path": "/refunds", "drop": "after", "times": 1}),
}


@pytest.mark.rule("refunds.R3.recovery", "sequence-and-status.5.2.rule.3")
@pytest.mark.parametrize(("mode", "rule"), LOST.values(), ids=LOST)
def test_whatever_answer_is_lost_there_is_one_refund(world: MemoryWorld, mode: str, rule: dict[str, Any]) -> None:
    prepared(world, mode)
    lose_answers(world, {"method": "POST", **rule})
    run(world, REFUNDS)
    lose_answers(world)
    run(world, REFUNDS)
    assert (refunded(world)["Amount"], refunded(world)["TransferredToAccounting"]) == (50, "Yes")
    assert (balance(world, "INV1"), states(world)) == (REOPENED[mode], {"Sync Complete"})
