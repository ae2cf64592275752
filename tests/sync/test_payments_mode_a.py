"""Payments, part P1, tenants without Invoice Settlement: statuses, re-sync."""

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


def test_a_dry_run_writes_nothing_and_a_second_run_neither(fast: MemoryWorld) -> None:
    ready(fast, paid("A1", "P1", 60.0, {"INV1": 60.0}))
    summary, netsuite, zuora = counted(fast, dry_run=True)
    assert not {name for name in (*writes(netsuite), *writes(zuora)) if "oauth" not in name}
    assert (summary["steps"][0]["created"], state_of(fast, "P1")) == (1, (None, None))
    run(fast)
    assert state_of(fast, "P1") == DONE
    _, netsuite, zuora = counted(fast)
    assert not {name for name in (*writes(netsuite), *writes(zuora)) if "oauth" not in name}
