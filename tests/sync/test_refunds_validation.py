"""Refunds, parts R1 and R2: what was held, and what becomes of it."""

from __future__ import annotations

import pytest

from tallybridge.settings import DEFAULTS
from tallybridge.sync.ledger import Owner
from tests.sync.memory import MemoryWorld
from tests.sync.payment_world import FOREIGN, messages
from tests.sync.refund_world import DONE, PAID, UPDATING, applied, change, made, ns_refund, ready, run, state_of
from tests.sync.world import INVOCATION_SECONDS, unserved_world


@pytest.fixture(scope="module", params=[False, True], ids=["A", "B"])
def fast(request: pytest.FixtureRequest) -> MemoryWorld:
    return MemoryWorld.of(unserved_world(settlement=request.param))


@pytest.mark.rule("sequence-and-status.1.6.order.refund-z-ns", "refunds.R1.validation.2")
def test_a_held_refund_is_released_by_itself_once_its_payment_is_there(fast: MemoryWorld) -> None:
    ready(fast, refunds={"R1": {"P2": {"INV2": 20}}}, fields={"P2": {"IntegrationId__NS": None}})
    summary = run(fast)
    (line,) = [x for x in summary["log"] if x.get("code") == "RFD-V2"]
    assert line["waits_for"] == "payment P2"
    assert state_of(fast) == (None, None)
    change(fast, "Payment", "P2", IntegrationId__NS="8002")
    run(fast)
    assert state_of(fast) == DONE


def in_netsuite(world: MemoryWorld, internal_id: str, document: str, amount: float) -> None:
    """A person applies a NetSuite payment to a document, or with 0 takes that away."""
    lines = [{"doc": {"id": document}, "apply": bool(amount), "amount": amount}]
    by_hand = world.wiring().netsuite(DEFAULTS, Owner("person", "by hand/", "person"))
    by_hand.update("customerPayment", internal_id, {"customer": {"id": "9001"}, "apply": {"items": lines}})


@pytest.mark.rule("refunds.R2.rule.4", "refunds.R1.refused.step-2")
def test_too_little_unapplied_is_said_on_the_refund_and_the_next_run_tries_again(fast: MemoryWorld) -> None:
    """R2, 4. In NetSuite the payment of 50 is applied to 45 of an invoice that Zuora does not know."""
    settlement = fast.zuora.options.settlement
    paid = {**PAID, "P2": ("8002", "A1", 50.0, {} if settlement else {"INV2": 50.0})}
    ready(fast, refunds={"R1": {"P2": {"rest" if settlement else "INV2": 50.0}}}, paid=paid)
    in_netsuite(fast, "8002", "7002", 0)
    in_netsuite(fast, "8002", FOREIGN, 25)
    summary = run(fast)
    assert messages(summary)["RFD-OPEN"] == "Refund R1: NetSuite payment 8002 of payment P2 has only USD 25.00 unapplied, USD 50.00 needed."
    assert (state_of(fast), ns_refund(fast)) == (("Error Updating Payment", "Error"), None)
    assert applied(fast, "8002") == {FOREIGN: 25}
    assert (summary["outcome"], summary["tiedOut"]) == ("completed with warnings", True)
    in_netsuite(fast, "8002", FOREIGN, 0)
    run(fast)
    assert state_of(fast) == DONE
    assert made(fast)["total"] == 50


def test_without_a_conclusive_look_up_nothing_is_created(fast: MemoryWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    """The time of an invocation is not what ends it: whoever has none left asks nobody whether NetSuite is away."""
    monkeypatch.setattr(fast, "invocation_seconds", 3 * INVOCATION_SECONDS)
    ready(fast, fields={"R1": {"IntegrationStatus__NS": UPDATING[0], "TransferredToAccounting": UPDATING[1]}})
    fast.clock.advance(minutes=30)
    event = {"runId": fast.open(steps=("refunds",))["runId"], "step": "refunds"}
    fast.task("refunds", {**event, "task": "select"})
    fast.netsuite_control.set_faults([{"path": "suiteql", "status": 500, "body": {}}])
    fast.task("refunds", {**event, "task": "batch", "batch": "000001"})
    assert fast.task("refunds", {**event, "task": "summarise", "error": None})["outcome"] == "failed"
    assert (ns_refund(fast), state_of(fast)) == (None, UPDATING)
