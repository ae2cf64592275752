"""NetSuite refunds that change after their sync, with and without Invoice Settlement: nothing is sent, every difference is told."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sync.memory import MemoryWorld
from tests.sync.reverse_world import REFUNDS, in_netsuite, messages, ns, ns_refund, paid, ready, run, status_of, zuora_of
from tests.sync.world import unserved_world

REFUND = "customerRefund"


@pytest.fixture(scope="module", params=["A", "B"])
def fast(request: pytest.FixtureRequest) -> MemoryWorld:
    return MemoryWorld.of(unserved_world(settlement=request.param == "B"))


def refunded(world: MemoryWorld) -> dict[str, Any]:
    return zuora_of(world, "Refund", "R1", REFUND)


def synced_refund(world: MemoryWorld) -> None:
    zuora, netsuite = paid(world, 100, {"INV1": 100})
    ready(world, netsuite, *ns_refund("R1", 50), zuora=zuora)
    run(world, REFUNDS)
    run(world, REFUNDS)
    assert status_of(world, "R1", REFUND) == "Sync Complete"


def change_amount(world: MemoryWorld, amount: float) -> None:
    line = {"doc": {"id": ns(world, "creditMemo", "CM-R1")["id"]}, "apply": True, "amount": amount}
    in_netsuite(world, "R1", {"customer": {"id": "9001"}, "apply": {"items": [line]}}, REFUND)


def test_a_synced_refund_that_changes_is_told_until_it_agrees_again(fast: MemoryWorld) -> None:
    synced_refund(fast)
    change_amount(fast, 40)
    for _ in range(2):
        summary = run(fast, REFUNDS)
        assert (list(messages(summary)), summary["step"]["held"], summary["tiedOut"]) == (["NSRFD-CHANGED"], 1, True)
    assert refunded(fast)["Amount"] == 50
    change_amount(fast, 50)
    assert run(fast, REFUNDS)["step"]["unchanged"] == 1
    run(fast, REFUNDS)
    assert run(fast, REFUNDS)["step"]["selected"] == 0


def test_a_synced_refund_whose_credit_memo_names_another_payment_is_told(fast: MemoryWorld) -> None:
    synced_refund(fast)
    in_netsuite(fast, "CM-R1", {"custbodyzuorarefundpaymentreference": None}, "creditMemo")
    in_netsuite(fast, "R1", {"memo": "touched"}, REFUND)
    assert list(messages(run(fast, REFUNDS))) == ["NSRFD-CHANGED"]


def test_a_synced_refund_of_a_customer_without_a_zuora_id_is_told(fast: MemoryWorld) -> None:
    synced_refund(fast)
    in_netsuite(fast, "9001", {"custentityzuoraid": ""}, "customer")
    in_netsuite(fast, "R1", {"memo": "touched"}, REFUND)
    assert list(messages(run(fast, REFUNDS))) == ["NSRFD-UNLINKED"]


def test_a_synced_refund_that_zuora_does_not_have_is_told(fast: MemoryWorld) -> None:
    synced_refund(fast)
    fast.zuora.tenant.store.update("Refund", refunded(fast)["Id"], {"IntegrationId__NS": ""})
    in_netsuite(fast, "R1", {"memo": "touched"}, REFUND)
    assert list(messages(run(fast, REFUNDS))) == ["NSRFD-MISSING"]


def test_a_remark_is_no_difference(fast: MemoryWorld) -> None:
    synced_refund(fast)
    in_netsuite(fast, "R1", {"memo": "touched"}, REFUND)
    assert run(fast, REFUNDS)["step"]["unchanged"] == 1
