"""Payments, part P1, tenants without Invoice Settlement: statuses, re-sync, lost answers."""

from __future__ import annotations

import pytest

from tests.sync.memory import MemoryWorld
from tests.sync.payment_world import (
    DONE,
    applied,
    counted,
    lose_answers,
    messages,
    paid,
    ready,
    run,
    state_of,
    the_payment,
    writes,
)
from tests.sync.refund_world import change, delete_in_netsuite
from tests.sync.world import World


@pytest.fixture(scope="module")
def fast(started_mode_a: World) -> MemoryWorld:
    world = MemoryWorld.of(started_mode_a)
    lose_answers(world)
    return world


CREATE = {"method": "POST", "path": "/record/v1/customerPayment"}


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
    first = the_payment(fast, "P1")
    delete_in_netsuite(fast, first["id"])
    change(fast, "Payment", "P1", TransferredToAccounting="No")
    summary = run(fast)
    second = the_payment(fast, "P1")
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
