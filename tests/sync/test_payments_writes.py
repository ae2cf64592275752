"""Payments and refunds: how statuses are written, lost answers, and how many calls a hundred of them take, in both modes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.sync import refund_world
from tests.sync.builders import Objects, payment
from tests.sync.memory import MemoryWorld
from tests.sync.payment_world import (
    DONE,
    applied,
    change,
    counted,
    invoices,
    lose_answers,
    ns_payment,
    paid,
    ready,
    reset_by_a_person,
    run,
    state_of,
)
from tests.sync.recording import REFUSAL, during
from tests.sync.world import unserved_world

MANY = 100
ONCE = 30
"""Calls of a run beside those for its records: the tables that it loads, the selection, the look at the mode, drift."""


@pytest.fixture(scope="module", params=[False, True], ids=["A", "B"])
def fast(request: pytest.FixtureRequest) -> MemoryWorld:
    memory = MemoryWorld.of(unserved_world(settlement=request.param))
    lose_answers(memory)
    return memory


@pytest.fixture
def actions(fast: MemoryWorld) -> Iterator[MemoryWorld]:
    """A tenant whose Actions write payments and refunds with Invoice Settlement too."""
    fast.zuora.options.mode_b_actions_on_payments = True
    yield fast
    fast.zuora.options.mode_b_actions_on_payments = False


def own(world: MemoryWorld, owner: str, number: str, amount: float, applied_: dict[str, float], **fields: Any) -> Objects:
    """A payment as this tenant has it."""
    make = payment if world.zuora.options.settlement else paid
    return make(owner, number, amount, applied_, **fields)


def many(world: MemoryWorld) -> list[Objects]:
    """A hundred payments, fifty of each account."""
    rows = [("A1", "INV1"), ("A2", "INV3")]
    return [own(world, *rows[n % 2][:1], f"P{n:03d}", 0.5, {rows[n % 2][1]: 0.5}) for n in range(MANY)]


def puts(calls: dict[str, int], kind: str) -> int:
    return calls.get(f"PUT /v1/{kind}/{{key}}", 0)


# -- call budgets --------------------------------------------------------------------------------------------------------


def test_calls_for_a_hundred_payments(fast: MemoryWorld) -> None:
    """NetSuite: one for each. Zuora (api-zuora-billing.md 15.2): 2.01 with Invoice Settlement, 0.05 without."""
    ready(fast, *many(fast)[:1])
    _, *for_one = counted(fast)
    ready(fast, *many(fast))
    summary, netsuite, zuora = counted(fast)
    assert (summary["steps"][0]["created"], summary["tiedOut"]) == (MANY, True)
    settlement = fast.zuora.options.settlement
    assert puts(zuora, "payments") == (2 * MANY if settlement else 0)
    cost_no_more(for_one, (netsuite, 1.01), (zuora, 2.01 if settlement else 0.05))


def test_calls_for_a_hundred_refunds(fast: MemoryWorld) -> None:
    """In NetSuite two writes each, unapply and create; in Zuora three statuses, and with Invoice Settlement the parts of each payment."""
    paid_ = {f"P{n:03d}": (str(20_000 + n), "A1", 0.5, {"INV1": 0.5}) for n in range(MANY)}
    refunds = {f"R{n:03d}": {f"P{n:03d}": {"INV1": 0.25}} for n in range(MANY)}
    refund_world.ready(fast, refunds={"R000": refunds["R000"]}, paid=paid_)
    _, *for_one = counted(fast, steps=refund_world.ONLY)
    refund_world.ready(fast, refunds=refunds, paid=paid_)
    summary, netsuite, zuora = counted(fast, steps=refund_world.ONLY)
    assert (summary["steps"][0]["created"], summary["tiedOut"]) == (MANY, True)
    assert netsuite["PATCH /record/v1/customerPayment/{id}"] == netsuite["POST /record/v1/customerRefund"] == MANY
    settlement = fast.zuora.options.settlement
    assert puts(zuora, "refunds") == (3 * MANY if settlement else 0)
    cost_no_more(for_one, (netsuite, 2.01), (zuora, 4.01 if settlement else 0.05))


def cost_no_more(for_one: list[dict[str, int]], *of_many: tuple[dict[str, int], float]) -> None:
    """Whether each further record took no more calls than said, and one alone little more than what a run reads once."""
    for one, (calls, rate) in zip(for_one, of_many, strict=True):
        assert sum(calls.values()) - sum(one.values()) <= rate * (MANY - 1), calls
        assert sum(one.values()) <= ONCE + rate, one


# -- journal_only_progress_mark and mode_b_payment_status_write ----------------------------------------------------------


def seen_while_sent(world: MemoryWorld, method: str, path: str, state: Any) -> list[Any]:
    """What Zuora says at the moment when NetSuite is asked."""
    seen = during(world, state, {"method": method, "path": path})
    refund_world.run(world, steps=("payments", "refunds"))
    world.netsuite_control.set_faults([])
    return seen


@pytest.mark.parametrize("write", ["v1", "actions"])
def test_what_is_under_way_may_be_kept_in_the_journal_only(actions: MemoryWorld, write: str) -> None:
    settlement = actions.zuora.options.settlement
    ready(actions, own(actions, "A1", "P1", 60.0, {"INV1": 60.0}), journal_only_progress_mark="Yes", mode_b_payment_status_write=write)
    before = seen_while_sent(actions, "POST", "/record/v1/customerPayment", lambda: state_of(actions, "P1"))
    assert before == [(None, None)] if settlement else [("Creating Payment", "Processing")]
    assert state_of(actions, "P1") == DONE
    refund_world.ready(actions, journal_only_progress_mark="Yes", mode_b_payment_status_write=write)
    before = seen_while_sent(actions, "POST", "/record/v1/customerRefund", lambda: refund_world.state_of(actions))
    assert before == [(None, None)] if settlement else [refund_world.CREATING]
    assert refund_world.state_of(actions) == DONE


@pytest.mark.parametrize("what", ["payments", "refunds"])
def test_with_the_journal_only_one_status_write_is_left(fast: MemoryWorld, what: str) -> None:
    if not fast.zuora.options.settlement:
        pytest.skip("tenants with Invoice Settlement")
    if what == "payments":
        ready(fast, payment("A1", "P1", 60.0, {"INV1": 60.0}), journal_only_progress_mark="Yes")
    else:
        refund_world.ready(fast, journal_only_progress_mark="Yes")
    _, _, zuora = counted(fast, steps=(what,))
    assert puts(zuora, what) == 1


@pytest.mark.parametrize("what", ["payments", "refunds"])
def test_a_refusal_is_said_in_zuora_with_the_journal_only_too(fast: MemoryWorld, what: str) -> None:
    ready(fast, own(fast, "A1", "P1", 60.0, {"INV1": 60.0}), journal_only_progress_mark="Yes")
    if what == "refunds":
        refund_world.ready(fast, journal_only_progress_mark="Yes")
    path = f"/record/v1/customer{'Payment' if what == 'payments' else 'Refund'}"
    fast.netsuite_control.set_faults([{"method": "POST", "path": path, "status": 400, "body": REFUSAL, "times": 1}])
    run(fast, steps=(what,))
    if what == "payments":
        assert state_of(fast, "P1") == ("Error Creating Payment", "Error")
    else:
        assert refund_world.state_of(fast) == ("Error Creating Refund", "Error")


def test_statuses_by_actions_fifty_a_call(actions: MemoryWorld) -> None:
    if not actions.zuora.options.settlement:
        pytest.skip("tenants with Invoice Settlement")
    ready(actions, *many(actions)[:60], mode_b_payment_status_write="actions")
    summary, _, zuora = counted(actions)
    assert (puts(zuora, "payments"), zuora["POST /v1/action/update"]) == (0, 4)
    assert (summary["steps"][0]["created"], state_of(actions, "P000")) == (60, DONE)
    refund_world.ready(actions, mode_b_payment_status_write="actions")
    _, _, zuora = counted(actions, steps=refund_world.ONLY)
    assert (puts(zuora, "refunds"), zuora["POST /v1/action/update"]) == (0, 3)
    assert refund_world.state_of(actions) == DONE


def test_actions_that_do_not_work_leave_the_payment_unsent(fast: MemoryWorld) -> None:
    """The tenant refuses Actions on payments: nothing is sent without a status."""
    if not fast.zuora.options.settlement:
        pytest.skip("tenants with Invoice Settlement")
    ready(fast, payment("A1", "P1", 60.0, {"INV1": 60.0}), mode_b_payment_status_write="actions")
    summary = run(fast)
    assert (ns_payment(fast, "P1"), state_of(fast, "P1")) == (None, (None, None))
    assert any("its status could not be written in the source" in x["message"] for x in summary["log"])


@pytest.mark.parametrize(
    ("code", "advice"),
    [
        (58490020, "Correct the value in Zuora or its mapping, then sync the record again. "),
        (58490050, ""),  # another process holds the payment
    ],
)
def test_a_status_that_zuora_declines_is_told_with_what_a_person_can_do(fast: MemoryWorld, code: int, advice: str) -> None:
    if not fast.zuora.options.settlement:
        pytest.skip("tenants with Invoice Settlement")
    ready(fast, payment("A1", "P1", 60.0, {"INV1": 60.0}))
    body = {"success": False, "reasons": [{"code": code, "message": "No."}]}
    later = [{"method": "PUT", "path": "^/v1/payments/", "nth": n, "status": 200, "body": body} for n in range(2, 12)]
    fast.zuora_control.set_faults(later)
    summary = run(fast)
    text = "done in the destination, but the source could not be written back: No."
    (told,) = [line for line in summary["log"] if text in line["message"]]
    assert told["advice"] == f"{advice}The next run finds the counterpart and completes the source record."


# -- lost answers --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("drop", ["after", "before"])
@pytest.mark.parametrize("what", ["create", "status"])
@pytest.mark.parametrize("nth", [1, 2])
def test_a_lost_answer_makes_no_second_payment(fast: MemoryWorld, what: str, nth: int, drop: str) -> None:
    ready(fast, own(fast, "A1", "P1", 60.0, {"INV1": 60.0}), own(fast, "A2", "P2", 5.0, {"INV3": 5.0}))
    create = {"method": "POST", "path": "/record/v1/customerPayment"}
    control = fast.netsuite_control if what == "create" else fast.zuora_control
    control.set_faults([{**(create if what == "create" else {"path": "^/v1/(payments/|action/update)"}), "drop": drop, "nth": nth}])
    run(fast)
    control.set_faults([])
    fast.clock.advance(hours=1)
    summary = run(fast)
    assert (state_of(fast, "P1"), applied(fast, "P1")) == (DONE, {"7001": 60})
    assert (state_of(fast, "P2"), applied(fast, "P2")) == (DONE, {"7003": 5})
    assert summary["tiedOut"] is True


@pytest.mark.parametrize("drop", ["after", "before"])
def test_a_lost_answer_to_an_update_is_made_good(fast: MemoryWorld, drop: str) -> None:
    if not fast.zuora.options.settlement:
        pytest.skip("part P2")
    ready(fast, payment("A1", "P1", 90.0, {"INV1": 20.0}))
    run(fast)
    change(fast, "P1", "apply", **invoices(INV2=30.0))
    reset_by_a_person(fast, "P1")
    fast.netsuite_control.set_faults([{"method": "PATCH", "path": "/record/v1/customerPayment", "drop": drop}])
    run(fast)
    fast.netsuite_control.set_faults([])
    fast.clock.advance(hours=1)
    run(fast)
    assert (state_of(fast, "P1"), applied(fast, "P1")) == (DONE, {"7001": 20, "7002": 30})


# -- payments and refunds together ---------------------------------------------------------------------------------------


@pytest.mark.rule("payments.P2.update.5")
def test_a_part_that_was_refunded_stays_refunded_when_the_payment_is_updated(fast: MemoryWorld) -> None:
    if not fast.zuora.options.settlement:
        pytest.skip("part P2")
    refund_world.ready(fast, refunds={"R1": {"P1": {"INV1": 60}}})
    refund_world.run(fast)
    lines = refund_world.refund_lines(fast)
    change(fast, "P1", "unapply", **invoices(INV1=15.0))
    reset_by_a_person(fast, "P1")
    summary = run(fast)
    assert (applied(fast, "P1"), refund_world.refund_lines(fast)) == ({"7001": 25}, lines)
    assert (state_of(fast, "P1"), summary["tiedOut"]) == (DONE, True)


@pytest.mark.rule("sequence-and-status.1.6.order.refund-z-ns")
def test_a_payment_and_its_refund_go_in_one_run(fast: MemoryWorld) -> None:
    number, amount = "P1", 100.0
    paid_ = {number: ("", "A1", amount, {"INV1": amount})}
    refund_world.ready(fast, refunds={"R1": {number: {"INV1": 60.0}}}, paid=paid_)
    summary = run(fast, steps=("payments", "refunds"))
    assert (state_of(fast, number), refund_world.state_of(fast)) == (DONE, DONE)
    assert (applied(fast, number), summary["tiedOut"]) == ({"7001": 40}, True)
