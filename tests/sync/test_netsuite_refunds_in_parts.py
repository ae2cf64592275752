"""Refunds of applied money in tenants that do not unapply and refund in one call: unapply, refund, and apply again if the refund is
refused; whatever happens between the calls, nothing is unapplied or refunded twice and nothing stays unapplied."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tests.faults.deaths import killed_every
from tests.faults.killing import KillableWiring
from tests.sync.builders import zid
from tests.sync.memory import MemoryWorld
from tests.sync.reverse_world import (
    REFUNDS,
    all_of,
    balance,
    calls,
    forget_calls,
    in_netsuite,
    lose_answers,
    messages,
    ns_refund,
    paid,
    parts_of,
    ready,
    run,
    status_of,
    zuora_of,
)
from tests.sync.world import World

REFUND = "customerRefund"
ONE_CALL, REFUND_ALONE = "POST /v1/payments/{key}/refunds/unapply", "POST /v1/payments/{key}/refunds"
UNAPPLY, APPLY = "PUT /v1/payments/{key}/unapply", "PUT /v1/payments/{key}/apply"
Amounts = dict[str, float]


@pytest.fixture(scope="module")
def killable(started_world: World) -> MemoryWorld:
    return MemoryWorld.of(started_world, KillableWiring)


def prepared(world: MemoryWorld, *refunds: Any, amount: float = 120, applied: Amounts | None = None, **settings: Any) -> MemoryWorld:
    """A payment PAY1 applied to these documents and these NetSuite refunds, in a tenant without the permission."""
    zuora, netsuite = paid(world, amount, applied if applied is not None else {"INV1": 100})
    ready(world, netsuite, *(refunds or ns_refund("R1", 50)), zuora=zuora, **settings)
    world.zuora.options.refund_with_unapply = False
    return world


def counted(world: MemoryWorld) -> tuple[int, int, int, int]:
    """Calls since the last look: the one call, unapply, refund, apply."""
    zuora, _ = calls(world)
    return zuora[ONE_CALL], zuora[UNAPPLY], zuora[REFUND_ALONE], zuora[APPLY]


def refunded(world: MemoryWorld, number: str = "R1") -> dict[str, Any]:
    return zuora_of(world, "Refund", number, REFUND)


CASES: dict[str, tuple[float, Amounts, float, Amounts]] = {
    "from the only invoice": (120, {"INV1": 100}, 50, {"INV1": 70}),
    "from the only debit memo": (30, {"DM1": 30}, 10, {"DM1": 20}),
    "all of several": (120, {"INV1": 80, "DM1": 30}, 120, {}),
}


@pytest.mark.parametrize("case", CASES)
def test_the_refusal_of_the_one_call_is_followed_by_unapply_and_refund(fast: MemoryWorld, case: str) -> None:
    amount, applied, back, left = CASES[case]
    prepared(fast, *ns_refund("R1", back), amount=amount, applied=applied)
    forget_calls(fast)
    summary = run(fast, REFUNDS)
    assert counted(fast) == (1, 1, 1, 0)
    assert (summary["step"]["created"], summary["tiedOut"]) == (1, True), messages(summary)
    assert parts_of(fast, zid("PAY1")) == {k: Decimal(str(v)) for k, v in left.items()}
    assert (refunded(fast)["Amount"], status_of(fast, "R1", REFUND)) == (back, "Sync Complete")


def test_what_is_unapplied_already_needs_no_fallback(fast: MemoryWorld) -> None:
    prepared(fast, *ns_refund("R1", 50), amount=120, applied={"INV1": 60})
    forget_calls(fast)
    run(fast, REFUNDS)
    assert counted(fast) == (0, 0, 1, 0)


def test_the_run_is_refused_once_and_remembers_it(fast: MemoryWorld) -> None:
    prepared(fast, *ns_refund("R1", 20), *ns_refund("R2", 30), applied={"INV1": 100}, amount=100)
    forget_calls(fast)
    run(fast, REFUNDS)
    assert counted(fast) == (1, 2, 2, 0)
    assert parts_of(fast, zid("PAY1")) == {"INV1": 50}
    assert (refunded(fast, "R1")["Amount"], refunded(fast, "R2")["Amount"]) == (20, 30)
    assert {status_of(fast, n, REFUND) for n in ("R1", "R2")} == {"Sync Complete"}


def refuse_refunds(world: MemoryWorld, **more: Any) -> None:
    body = {"success": False, "reasons": [{"code": 53850030, "message": "The gateway rule does not allow it."}]}
    world.zuora_control.set_faults([{"method": "POST", "path": "/refunds$", "status": 200, "body": body, **more}])


def test_a_refused_refund_is_applied_again(fast: MemoryWorld) -> None:
    prepared(fast)
    refuse_refunds(fast)
    forget_calls(fast)
    summary = run(fast, REFUNDS)
    assert counted(fast) == (1, 1, 1, 1)
    assert (parts_of(fast, zid("PAY1")), balance(fast, "INV1")) == ({"INV1": 100, "rest": 20}, 0)
    assert "does not allow it" in " ".join(messages(summary).values())
    assert (status_of(fast, "R1", REFUND), all_of(fast, "Refund", "R1", REFUND)) == ("Error Creating Refund", [])
    fast.zuora_control.set_faults([])
    run(fast, REFUNDS)
    assert (parts_of(fast, zid("PAY1")), refunded(fast)["Amount"]) == ({"INV1": 70}, 50)
    assert status_of(fast, "R1", REFUND) == "Sync Complete"


def test_an_apply_that_is_refused_too_is_told_and_made_good_by_the_next_run(fast: MemoryWorld) -> None:
    prepared(fast)
    body = {"success": False, "reasons": [{"code": 53850030, "message": "Not now."}]}
    paths = (("POST", "/refunds$"), ("PUT", "/apply$"))
    fast.zuora_control.set_faults([{"method": m, "path": p, "status": 200, "body": body} for m, p in paths])
    summary = run(fast, REFUNDS)
    assert "could not be taken back" in " ".join(messages(summary).values())
    assert parts_of(fast, zid("PAY1")) == {"INV1": 70, "rest": 50}
    fast.zuora_control.set_faults([])
    forget_calls(fast)
    run(fast, REFUNDS)
    assert counted(fast) == (0, 0, 1, 0)  # the money is unapplied already
    assert (parts_of(fast, zid("PAY1")), refunded(fast)["Amount"]) == ({"INV1": 70}, 50)


def interrupted(world: MemoryWorld) -> None:
    """Unapplied, and then nothing answers any more."""
    prepared(world)
    lose_answers(world, {"method": "POST", "path": "/refunds$", "drop": "before"})
    run(world, REFUNDS)
    lose_answers(world)
    world.clock.advance(minutes=30)
    assert parts_of(world, zid("PAY1")) == {"INV1": 70, "rest": 50}


def test_an_interrupted_refund_is_finished_by_the_next_run(fast: MemoryWorld) -> None:
    interrupted(fast)
    forget_calls(fast)
    summary = run(fast, REFUNDS)
    assert counted(fast) == (0, 0, 1, 0)
    assert (parts_of(fast, zid("PAY1")), refunded(fast)["Amount"], summary["tiedOut"]) == ({"INV1": 70}, 50, True)


def test_an_interrupted_refund_that_is_refused_then_is_applied_again(fast: MemoryWorld) -> None:
    interrupted(fast)
    refuse_refunds(fast)
    run(fast, REFUNDS)
    fast.zuora_control.set_faults([])
    assert parts_of(fast, zid("PAY1")) == {"INV1": 100, "rest": 20}


def test_an_interrupted_refund_that_is_no_longer_wanted_is_applied_again_and_told(fast: MemoryWorld) -> None:
    """Meanwhile the credit memo's payment reference was taken away: there is nothing to refund."""
    interrupted(fast)
    in_netsuite(fast, "CM-R1", {"custbodyzuorarefundpaymentreference": None}, "creditMemo")
    forget_calls(fast)
    summary = run(fast, REFUNDS)
    assert counted(fast) == (0, 0, 0, 1)
    assert parts_of(fast, zid("PAY1")) == {"INV1": 100, "rest": 20}
    assert "NSRFD-V2" in messages(summary)
    assert summary["step"]["held"] == 1
    forget_calls(fast)
    assert "NSRFD-V2" in messages(run(fast, REFUNDS))
    assert counted(fast) == (0, 0, 0, 0)


def test_an_interrupted_refund_whose_amount_has_changed_is_begun_anew(fast: MemoryWorld) -> None:
    interrupted(fast)
    line = {"items": [{"line": 1, "amount": 40}]}
    in_netsuite(fast, "R1", {"apply": {"items": [{"doc": {"id": "7521"}, "apply": True, "amount": 40}]}}, REFUND)
    in_netsuite(fast, "CM-R1", {"item": line}, "creditMemo")
    assert "NSRFD-AGAIN" in messages(run(fast, REFUNDS))
    assert parts_of(fast, zid("PAY1")) == {"INV1": 100, "rest": 20}
    fast.clock.advance(minutes=30)
    run(fast, REFUNDS)
    assert (parts_of(fast, zid("PAY1")), refunded(fast)["Amount"]) == ({"INV1": 80}, 40)


@pytest.mark.parametrize("path", ["/unapply$", "/refunds$"])
@pytest.mark.parametrize("rule", [{"drop": "before"}, {"drop": "after"}, {"drop": "after", "times": 1}])
def test_whatever_answer_is_lost_there_is_one_refund_and_one_unapply(fast: MemoryWorld, path: str, rule: dict[str, Any]) -> None:
    prepared(fast)
    lose_answers(fast, {"path": f"payments/[^/]*{path}", **rule})
    run(fast, REFUNDS)
    lose_answers(fast)
    for _ in range(2):
        fast.clock.advance(minutes=30)
        summary = run(fast, REFUNDS)
    assert (refunded(fast)["Amount"], parts_of(fast, zid("PAY1"))) == (50, {"INV1": 70})
    assert (status_of(fast, "R1", REFUND), summary["tiedOut"]) == ("Sync Complete", True)


@pytest.mark.parametrize("every", [31, pytest.param(7, marks=pytest.mark.slow)])
def test_a_killed_worker_moves_nothing_twice(killable: MemoryWorld, every: int) -> None:
    def check(output: dict[str, Any]) -> None:
        assert output["tiedOut"] is True
        assert refunded(killable)["Amount"] == 50
        assert parts_of(killable, zid("PAY1")) == {"INV1": 70}

    tally = killed_every(every, killable, lambda: prepared(killable), [REFUNDS], check)
    assert tally.cases and not tally.failures, tally
