"""Refunds, parts R1 and R2: validations with their exact texts; nothing is changed by a refund that is held."""

from __future__ import annotations

from typing import Any

import pytest

from tallybridge.settings import DEFAULTS
from tallybridge.sync.ledger import Owner
from tests.rules.cases import ruled
from tests.sync.builders import account, merged, zid
from tests.sync.memory import MemoryWorld
from tests.sync.payment_world import FOREIGN, SYNCED, messages
from tests.sync.refund_world import DONE, PAID, UPDATING, applied, change, delete_in_netsuite, made, ns_refund, ready, run, state_of
from tests.sync.world import unserved_world


@pytest.fixture(scope="module", params=[False, True], ids=["A", "B"])
def fast(request: pytest.FixtureRequest) -> MemoryWorld:
    return MemoryWorld.of(unserved_world(settlement=request.param))


PAY4 = {"P4": ("", "A1", 40.0, {"INV1": 40.0}), **PAID}
UNSYNCED_INVOICE = {**PAID, "P5": ("8005", "A1", 40.0, {"INV9": 40.0})}
PARTLY: dict[str, Any] = {"refunds": {"R1": {"P5": {"INV9": 30.0}}, "R2": {"P2": {"INV2": 5}}}, "paid": UNSYNCED_INVOICE}
INVALID: dict[str, tuple[dict[str, Any], str]] = {
    "RFD-V1": (
        {"fields": {"R1": {"MethodType": "BankTransfer"}}},
        'Refund R1: refund method "BankTransfer" has no NetSuite payment method of exactly that name.',
    ),
    "RFD-V2": (
        {"refunds": {"R1": {"P4": {"INV1": 30}}, "R2": {"P2": {"INV2": 5}}}, "paid": PAY4},
        "Refund R1: payment P4 has not been synced to NetSuite.",
    ),
    "RFD-V3": ({"account": {"Location__NS": "Mars"}}, 'Refund R1: location "Mars" of account A5 does not exist in NetSuite.'),
    "RFD-V4": ({"account": {"Class__NS": "Mars"}}, 'Refund R1: class "Mars" of account A5 does not exist in NetSuite.'),
    "RFD-V5": ({"account": {"Department__NS": "Mars"}}, 'Refund R1: department "Mars" of account A5 does not exist in NetSuite.'),
    "RFD-V6": (PARTLY, "Refund R1: invoice INV9 has not been synced to NetSuite."),
    "RFD-V7": ({"refunds": {"R1": {}, "R2": {"P2": {"INV2": 5}}}}, "Refund R1: it refunds no invoice payment; not supported."),
    "RFD-CURRENCY": (
        {"account": {"Currency": "EUR"}},
        'Refund R1 of EUR 60.00: NetSuite customer "Customer 9001" (9001) has USD, not EUR; not sent.',
    ),
    "RFD-ACCOUNT": ({"account": {"IntegrationId__NS": None}}, "Refund R1: account A5 has not been synced to NetSuite."),
}
RULES = {
    **{f"RFD-V{n}": (f"refunds.R1.validation.{n}",) for n in range(1, 8)},
    **{f"RFD-V{n}": (f"refunds.R1.validation.{n}", "refunds.R2.rule.2") for n in range(1, 6)},
    "RFD-CURRENCY": ("sequence-and-status.7.3.differs",),
}
RULES["RFD-V1"] += ("sequence-and-status.7.4.exact-name",)
RULES["RFD-V2"] += ("sequence-and-status.1.6.order.refund-z-ns",)


@pytest.mark.parametrize("case", ruled(INVALID, RULES))
def test_each_validation_holds_the_refund_with_its_text_and_changes_nothing(fast: MemoryWorld, case: str) -> None:
    given, text = INVALID[case]
    given = {"refunds": {"R1": {"P1": {"INV1": 60}}, "R2": {"P2": {"INV2": 5}}}, **given}
    own = given.pop("account", None)
    more = merged()
    if own:
        more = account("A5", **{"IntegrationId__NS": "9001", **SYNCED, **own})
        given["fields"] = {"R1": {"AccountId": zid("A5")}}
    ready(fast, more, **given)
    before = {i: applied(fast, i) for i in ("8001", "8002", "8003")}
    summary = run(fast)
    assert messages(summary)[case] == text
    assert (ns_refund(fast), state_of(fast)) == (None, (None, None))
    assert applied(fast) == before["8001"]
    assert state_of(fast, "R2") == DONE, "another refund went through"
    assert (summary["outcome"], summary["tiedOut"]) == ("completed with warnings", True)


@pytest.mark.rule("refunds.R2.rule.2")
def test_a_payment_that_netsuite_no_longer_has_holds_the_refund(fast: MemoryWorld) -> None:
    ready(fast)
    delete_in_netsuite(fast, "8001")
    summary = run(fast)
    assert messages(summary)["RFD-GONE"] == "Refund R1: NetSuite payment 8001 of payment P1 does not exist."
    assert (ns_refund(fast), state_of(fast)) == (None, (None, None))


def test_all_failures_are_told_together(fast: MemoryWorld) -> None:
    owner = account("A5", IntegrationId__NS="9001", Location__NS="Mars", Class__NS="Venus", **SYNCED)
    ready(fast, owner, fields={"R1": {"AccountId": zid("A5"), "MethodType": "BankTransfer"}})
    assert set(messages(run(fast))) >= {"RFD-V1", "RFD-V3", "RFD-V4"}


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


def test_without_a_conclusive_look_up_nothing_is_created(fast: MemoryWorld) -> None:
    ready(fast, fields={"R1": {"IntegrationStatus__NS": UPDATING[0], "TransferredToAccounting": UPDATING[1]}})
    fast.clock.advance(minutes=30)
    event = {"runId": fast.open(steps=("refunds",))["runId"], "step": "refunds"}
    fast.task("refunds", {**event, "task": "select"})
    fast.netsuite_control.set_faults([{"path": "suiteql", "status": 500, "body": {}}])
    fast.task("refunds", {**event, "task": "batch", "batch": "000001"})
    assert fast.task("refunds", {**event, "task": "summarise", "error": None})["outcome"] == "failed"
    assert (ns_refund(fast), state_of(fast)) == (None, UPDATING)
