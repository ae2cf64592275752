"""NetSuite payments, part P4: changes after the sync. Money is never moved twice, whatever answer is lost."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tests.faults.deaths import killed_every
from tests.faults.killing import KillableWiring
from tests.rules.cases import ruled
from tests.sync.builders import merged, zid
from tests.sync.memory import MemoryWorld
from tests.sync.reverse_world import (
    PAYMENTS,
    SYNC_DATE,
    all_of,
    apply,
    balance,
    calls,
    forget_calls,
    in_netsuite,
    lose_answers,
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

Amounts = dict[str, float]


@pytest.fixture(scope="module")
def killable(started_world: World) -> MemoryWorld:
    return MemoryWorld.of(started_world, KillableWiring)


def synced(world: MemoryWorld, amount: float = 90, **applied: float) -> MemoryWorld:
    """P1 as it was sent, and looked at once more after that."""
    ready(world, ns_payment("P1", amount, applied, memo="old", custbodyzuorapaymentreferenceid="R1"))
    run(world)
    run(world)
    return world


def parts(world: MemoryWorld) -> dict[str, Any]:
    return parts_of(world, zuora_of(world, "Payment", "P1")["Id"])


CHANGES: dict[str, tuple[Amounts, Amounts, list[str], Amounts]] = {
    "apply more of the same": ({"INV1": 20}, {"INV1": 50}, ["apply"], {"INV1": 50, "rest": 40}),
    "apply another": ({"INV1": 20}, {"DM1": 30}, ["apply"], {"INV1": 20, "DM1": 30, "rest": 40}),
    "apply less": ({"INV1": 50}, {"INV1": 20}, ["unapply"], {"INV1": 20, "rest": 70}),
    "remove one": ({"INV1": 20, "DM1": 30}, {"DM1": 0}, ["unapply"], {"INV1": 20, "rest": 70}),
    "remove all": ({"INV1": 20, "INV2": 30}, {"INV1": 0, "INV2": 0}, ["unapply"], {"rest": 90}),
    "move to another": ({"INV1": 90}, {"INV1": 40, "INV2": 50}, ["unapply", "apply"], {"INV1": 40, "INV2": 50}),
    "move from a debit memo": ({"DM1": 30, "INV1": 60}, {"DM1": 0, "INV1": 90}, ["unapply", "apply"], {"INV1": 90}),
}


@pytest.mark.rule(
    "payments.P4.status.updated", "sequence-and-status.4.2.text.payment-ns-z-change-mode-b", "sequence-and-status.5.algorithm.update"
)
@pytest.mark.parametrize("case", ruled(CHANGES, {"move to another": "payments.P4.update.unapply-first"}))
def test_applications_follow_netsuite(fast: MemoryWorld, case: str) -> None:
    before, change, moves, expected = CHANGES[case]
    synced(fast, **before)
    first = zuora_of(fast, "Payment", "P1")
    apply(fast, "P1", **change)
    seen = statuses_seen(fast, lambda: run(fast))
    sent = [("Zuora", f"/v1/payments/{{id}}/{move}") for move in moves]
    assert seen == [("marked", "Updating Payment"), *sent, ("Zuora", "/v1/payments/{id}"), ("marked", "Sync Complete")]
    assert parts(fast) == {k: Decimal(str(v)) for k, v in expected.items()}
    after = zuora_of(fast, "Payment", "P1")
    assert ns(fast, "customerPayment", "P1")[SYNC_DATE] >= after["SyncDate__NS"] > first["SyncDate__NS"]


@pytest.mark.rule("payments.P4.update.flags-stay")
def test_the_flags_stay_as_they_are(fast: MemoryWorld) -> None:
    synced(fast, INV1=20)
    apply(fast, "P1", INV1=30)
    run(fast)
    made, source = zuora_of(fast, "Payment", "P1"), ns(fast, "customerPayment", "P1")
    assert (made["TransferredToAccounting"], made["Origin__NS"], made["Amount"]) == ("Yes", "NETSUITE", 90)
    assert source["custbodyzuorasyncupdates"] is True


@pytest.mark.rule("payments.P4.update.fingerprint")
def test_memo_and_reference_follow_too(fast: MemoryWorld) -> None:
    synced(fast, INV1=20)
    in_netsuite(fast, "P1", {"memo": "new", "custbodyzuorapaymentreferenceid": "R2"})
    summary = run(fast)
    made = zuora_of(fast, "Payment", "P1")
    assert (made["Comment"], made["ReferenceId"], summary["step"]["updated"]) == ("new", "R2", 1)
    assert parts(fast) == {"INV1": 20, "rest": 70}


@pytest.mark.rule("payments.P4.update.unchanged", "payments.P4.update.fingerprint")
def test_what_is_not_sent_changes_nothing(fast: MemoryWorld) -> None:
    synced(fast, INV1=20)
    in_netsuite(fast, "P1", {"custbodyzuoratype": "touched"})
    before = ns(fast, "customerPayment", "P1")
    forget_calls(fast)
    summary = run(fast)
    assert summary["step"]["unchanged"] == 1
    zuora, netsuite = calls(fast)
    assert (writes(zuora), writes(netsuite), zuora["GET /v1/payments/{key}/parts"]) == (0, 0, 0)
    assert ns(fast, "customerPayment", "P1") == before


SYNCED_AT = {"synced long after the change": ("2029-01-01T00:00:00Z", 0, 20), "changed after the sync": ("2026-01-01T00:00:00Z", 1, 60)}


@pytest.mark.rule("payments.P4.update.fingerprint")
@pytest.mark.parametrize("case", SYNCED_AT)
def test_without_a_fingerprint_the_dates_tell(fast: MemoryWorld, case: str) -> None:
    synced_at, updated, applied = SYNCED_AT[case]
    synced(fast, INV1=20)
    fast.memory.tables["STATUS_TABLE"].items.clear()
    apply(fast, "P1", INV1=60)
    in_netsuite(fast, "P1", {SYNC_DATE: synced_at})
    assert run(fast)["step"]["updated"] == updated
    assert parts(fast)["INV1"] == applied


def test_a_payment_of_an_older_connector_that_agrees_is_left_alone(fast: MemoryWorld) -> None:
    synced(fast, INV1=20)
    fast.memory.tables["STATUS_TABLE"].items.clear()
    in_netsuite(fast, "P1", {"custbodyzuoratype": "touched"})
    forget_calls(fast)
    assert run(fast)["step"]["unchanged"] == 1
    assert (writes(calls(fast)[0]), writes(calls(fast)[1])) == (0, 0)


@pytest.mark.rule("payments.P4.update.amount-or-customer")
@pytest.mark.parametrize("change", ["amount", "customer"])
def test_amount_and_customer_are_left_to_a_person(fast: MemoryWorld, change: str) -> None:
    synced(fast, INV1=20)
    if change == "amount":
        in_netsuite(fast, "P1", {"customer": {"id": "9001"}, "payment": 95})
    else:
        fast.zuora.tenant.store.update("Payment", zuora_of(fast, "Payment", "P1")["Id"], {"AccountId": zid("A2")})
        apply(fast, "P1", INV1=25)
    expected = "NetSuite payment P1: amount or customer changed after its sync; correct by hand in Zuora."
    assert messages(run(fast))["NSPAY-CHANGED"] == expected
    forget_calls(fast)
    assert messages(run(fast))["NSPAY-CHANGED"] == expected, "it is said until it is corrected"
    assert (writes(calls(fast)[0]), writes(calls(fast)[1])) == (0, 0)
    assert (parts(fast)["INV1"], status_of(fast, "P1")) == (20, "Sync Complete")


@pytest.mark.rule("payments.P4.validation.1", "payments.P4.validation.3", "payments.P4.validation.4")
@pytest.mark.parametrize(("document", "code"), [("INV9", "NSPAY-V1"), ("JOURNAL", "NSPAY-V3"), ("INV2", "NSPAY-V4")])
def test_validations_hold_a_change_too(fast: MemoryWorld, document: str, code: str) -> None:
    synced(fast, INV1=20)
    zuora = person_in_zuora(fast)
    zuora.post("/v1/payments", other("INV2", 45), "other")
    apply(fast, "P1", **{document: 10})
    assert code in messages(run(fast))
    assert (parts(fast), status_of(fast, "P1")) == ({"INV1": 20, "rest": 70}, "Sync Complete")


def other(invoice: str, amount: float) -> dict[str, Any]:
    """A payment that somebody enters in Zuora."""
    method = {"type": "External", "paymentMethodId": zid("Check of the tenant"), "currency": "USD"}
    return {"accountId": zid("A1"), "amount": amount, **method, "invoices": [{"invoiceId": zid(invoice), "amount": amount}]}


@pytest.mark.rule("payments.P4.validation.4")
def test_what_it_has_already_does_not_count_against_the_balance(fast: MemoryWorld) -> None:
    synced(fast, 100, INV1=90)
    apply(fast, "P1", INV1=100)
    assert run(fast)["step"]["updated"] == 1
    assert balance(fast, "INV1") == 0


REFUSAL = {"success": False, "reasons": [{"code": 53820030, "message": "not today"}]}


@pytest.mark.rule("payments.P4.status.refused")
def test_a_refused_change_is_told_and_tried_again(fast: MemoryWorld) -> None:
    synced(fast, INV1=50)
    apply(fast, "P1", INV1=20, INV2=40)
    fast.zuora_control.set_faults([{"method": "PUT", "path": "/apply", "status": 200, "body": REFUSAL}])
    run(fast)
    assert (status_of(fast, "P1"), parts(fast)) == ("Error Updating Payment", {"INV1": 20, "rest": 70})
    fast.zuora_control.set_faults([])
    run(fast)
    assert (status_of(fast, "P1"), parts(fast)) == ("Sync Complete", {"INV1": 20, "INV2": 40, "rest": 30})


@pytest.mark.rule("sequence-and-status.5.algorithm.resume", "sequence-and-status.4.1.rule.7")
@pytest.mark.parametrize("drop", ["before", "after"])
@pytest.mark.parametrize("move", ["unapply", "apply", "[0-9a-f]{32}$"])
def test_a_lost_answer_moves_no_money_twice(fast: MemoryWorld, move: str, drop: str) -> None:
    synced(fast, INV1=50)
    apply(fast, "P1", INV1=20, INV2=40)
    lose_answers(fast, {"method": "PUT", "path": f"/v1/payments/.*{move}", "drop": drop})
    summary = run(fast)
    assert (summary["step"]["unfinished"], status_of(fast, "P1")) == (1, "Updating Payment")
    lose_answers(fast)
    run(fast)
    assert (status_of(fast, "P1"), parts(fast)) == ("Sync Complete", {"INV1": 20, "INV2": 40, "rest": 30})
    assert (balance(fast, "INV1"), balance(fast, "INV2")) == (80, 10)


@pytest.mark.parametrize("drop", ["before", "after"])
@pytest.mark.parametrize(("move", "first", "then"), [("/apply", 20, 30), ("/unapply", 50, 40)])
def test_an_amount_that_could_be_moved_twice_is_moved_once(fast: MemoryWorld, move: str, first: int, then: int, drop: str) -> None:
    """Ten more or less would fit several times over, so that nothing but the connector's own care keeps the call from being repeated."""
    synced(fast, INV1=first)
    apply(fast, "P1", INV1=then)
    lose_answers(fast, {"method": "PUT", "path": f"/v1/payments/.*{move}$", "drop": drop})
    summary = run(fast)
    assert (summary["step"]["unfinished"], parts(fast).get("INV1")) == (1, then if drop == "after" else first)
    lose_answers(fast)
    run(fast)
    assert (status_of(fast, "P1"), parts(fast)) == ("Sync Complete", {"INV1": then, "rest": 90 - then})


def test_a_change_made_in_zuora_meanwhile_is_seen(fast: MemoryWorld) -> None:
    """The parts are read from the transactional store: somebody has made the same change there."""
    synced(fast, INV1=20)
    apply(fast, "P1", INV2=40)
    made = zuora_of(fast, "Payment", "P1")
    person_in_zuora(fast).put(f"/v1/payments/{made['Id']}/apply", {"invoices": [{"invoiceId": zid("INV2"), "amount": 40}]})
    assert run(fast)["step"]["unchanged"] == 1
    assert parts(fast) == {"INV1": 20, "INV2": 40, "rest": 30}


# -- killed ----------------------------------------------------------------------------------------------------------------


@pytest.mark.rule("sequence-and-status.5.2.rule.4")
@pytest.mark.parametrize("every", [61, pytest.param(11, marks=pytest.mark.slow)])
def test_a_killed_worker_makes_nothing_twice(killable: MemoryWorld, every: int) -> None:
    def prepared() -> None:
        """P1 is to be changed, P2 to be made."""
        synced(killable, INV1=50)
        apply(killable, "P1", INV1=20, INV2=40)
        killable.load(netsuite=merged(ns_payment("P2", 30, {"DM1": 30}), ns_payment("P3", 7)))

    def check(output: dict[str, Any]) -> None:
        assert output["tiedOut"] is True, messages_of(killable, output)
        assert parts(killable) == {"INV1": 20, "INV2": 40, "rest": 30}
        assert [len(all_of(killable, "Payment", n)) for n in ("P1", "P2", "P3")] == [1, 1, 1]
        assert [balance(killable, n) for n in ("INV1", "INV2", "DM1")] == [80, 10, 0]
        assert {status_of(killable, n) for n in ("P1", "P2", "P3")} == {"Sync Complete"}

    tally = killed_every(every, killable, prepared, [PAYMENTS], check)
    assert tally.cases and not tally.failures, tally


def messages_of(world: MemoryWorld, output: dict[str, Any]) -> Any:
    return world.summary(output)["messages"] if output.get("keys") else output
