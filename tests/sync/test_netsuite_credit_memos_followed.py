"""NetSuite credit memos that were synced and change or leave the selection: no change is sent, and none goes unmentioned."""

from __future__ import annotations

from typing import Any

import pytest

from tallybridge.settings import DEFAULTS
from tallybridge.sync.ledger import Owner
from tests.sync.changes import Change, Changes, Looked, applied, changed, unlinked
from tests.sync.memory import MemoryWorld
from tests.sync.netsuite_memo_world import (
    CREATING,
    DONE,
    ERROR,
    MEMOS,
    NEGATIVE,
    adjustments,
    brief,
    closing,
    document,
    go,
    memo,
    memos,
    ns_memo,
    tenant,
)
from tests.sync.ran import NETSUITE_MEMOS
from tests.sync.reverse_world import MEMOS_ON, STATUS, ZUORA_ID, in_netsuite, messages, person_in_zuora
from tests.sync.words import a_netsuite_memo, an_account, an_invoice, an_own_invoice
from tests.sync.world import World


@pytest.fixture(scope="module")
def fast(started_mode_a: World) -> MemoryWorld:
    return MemoryWorld.of(started_mode_a)


def synced(world: MemoryWorld, **settings: Any) -> MemoryWorld:
    """CM1 of 25 on INV1 as it was sent, and looked at once more after that."""
    memos(world, ns_memo("CM1", 25, {"INV1": 25}), **settings)
    go(world)
    assert go(world)["step"]["selected"] == 0
    assert memo(world)[STATUS] == DONE
    return world


def change(world: MemoryWorld, number: str = "CM1", **fields: Any) -> None:
    in_netsuite(world, number, fields, "creditMemo")


def apply(world: MemoryWorld, number: str = "CM1", **amounts: float) -> None:
    """A person sets applications one after the other; 0 takes one away."""
    for name, amount in amounts.items():
        line = {"doc": {"id": document(name)}, "apply": bool(amount), **({"amount": amount} if amount else {})}
        change(world, number, apply={"items": [line]})


def voided(world: MemoryWorld) -> None:
    apply(world, INV1=0)
    change(world, item={"items": [{"line": 1, "amount": 0}]})


INV2, OWN = an_invoice("INV2", synced=True), an_own_invoice("OWN", 99.0)
LEFT, ANEW = an_account("LEFT"), "changed after its sync"
NOWHERE = f"{ANEW} (applied to no Zuora invoice)"
ROWS = [
    Change(
        "moved to an invoice that is not from Zuora",
        a_netsuite_memo("CM1", 25.0).with_(OWN),
        applied({"INV-CM1": 0, "OWN": 25}),
        f"NSCM-CHANGED: {NOWHERE}; Zuora still holds credit of USD 25.00 on invoice INV-CM1. It is not sent.",
    ),
    Change(
        "moved to another Zuora invoice",
        a_netsuite_memo("CM2", 25.0).with_(INV2),
        applied({"INV-CM2": 0, "INV2": 25}),
        f"NSCM-CHANGED: {ANEW} (credit of USD 25.00 on invoice INV2); Zuora still holds credit of USD 25.00 on invoice INV-CM2. "
        "It is not sent.",
    ),
    Change(
        "partly moved",
        a_netsuite_memo("CM3", 25.0).with_(INV2),
        applied({"INV-CM3": 15, "INV2": 10}),
        f"NSCM-CHANGED: {ANEW} (credit of USD 10.00 on invoice INV2, credit of USD 15.00 on invoice INV-CM3); "
        "Zuora still holds credit of USD 25.00 on invoice INV-CM3. It is not sent.",
    ),
    Change(
        "unapplied",
        a_netsuite_memo("CM4", 25.0),
        applied({"INV-CM4": 0}),
        f"NSCM-CHANGED: {NOWHERE}; Zuora still holds credit of USD 25.00 on invoice INV-CM4. It is not sent.",
    ),
    Change(
        "lowered",
        a_netsuite_memo("CM5", 25.0),
        applied({"INV-CM5": 10}),
        f"NSCM-CHANGED: {ANEW} (credit of USD 10.00 on invoice INV-CM5); Zuora still holds credit of USD 25.00 on invoice INV-CM5. "
        "It is not sent.",
    ),
    Change(
        "to be refunded",
        a_netsuite_memo("CM6", 25.0),
        applied({"INV-CM6": 0}, changed(custbodycreatezuorarefund=True)),
        f"NSCM-CHANGED: {NOWHERE}; Zuora still holds credit of USD 25.00 on invoice INV-CM6. It is not sent.",
    ),
    Change(
        "voided",
        a_netsuite_memo("CM7", 25.0),
        applied({"INV-CM7": 0}, changed(item={"items": [{"line": 1, "amount": 0}]})),
        "NSCM-VOIDED: voided or set to 0 after its sync; Zuora still holds credit of USD 25.00 on invoice INV-CM7.",
    ),
    Change(
        "customer without a Zuora ID",
        a_netsuite_memo("CM8", 25.0, of=LEFT),
        unlinked("LEFT"),
        "NSCM-UNLINKED: its customer no longer carries a Zuora ID; Zuora still holds credit of USD 25.00 on invoice INV-CM8.",
    ),
]
PAGE = Changes(NETSUITE_MEMOS, ROWS, MEMOS_ON)


@pytest.fixture(scope="module")
def page(fast: MemoryWorld) -> Looked:
    with tenant(fast, custom_fields={"InvoiceAdjustment": ("Origin__NS", "Transaction__NS")}) as world:
        return PAGE.looked(world)


@pytest.mark.rule("adjustments.A2.nothing-later")
@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_a_synced_memo_that_changes_is_held_and_told(page: Looked, row: Change) -> None:
    PAGE.check(page, row)


def test_what_is_held_is_not_written_until_it_is_set_aside(page: Looked) -> None:
    PAGE.holds_together(page)


def test_a_hold_ends_when_both_sides_agree_again(fast: MemoryWorld) -> None:
    synced(fast)
    apply(fast, INV1=10)
    assert "NSCM-CHANGED" in messages(go(fast))
    apply(fast, INV1=25)
    summary = go(fast)
    assert (summary["step"]["unchanged"], messages(summary), summary["tiedOut"]) == (1, {}, True)
    assert go(fast)["step"]["selected"] == 0


def test_a_change_of_no_consequence_is_looked_at_once(fast: MemoryWorld) -> None:
    synced(fast)
    change(fast, memo="new", custbodycreatezuorarefund=True)
    assert go(fast)["step"]["unchanged"] == 1
    assert go(fast)["step"]["selected"] == 0


def cancel(world: MemoryWorld) -> None:
    """A person cancels the adjustment in Zuora."""
    (made,) = adjustments(world)
    person_in_zuora(world).update("InvoiceAdjustment", [{"Id": made["Id"], "Status": "Canceled"}])


def test_a_change_on_both_sides_is_no_difference(fast: MemoryWorld) -> None:
    synced(fast)
    voided(fast)
    assert list(messages(go(fast))) == ["NSCM-VOIDED"]
    cancel(fast)
    summary = go(fast)
    assert (summary["step"]["held"], list(messages(summary))) == (0, ["NSCM-VOID"])
    assert go(fast)["step"]["selected"] == 0


@pytest.mark.parametrize("zone", ["Pacific/Pago_Pago", "America/Los_Angeles", "UTC", "Pacific/Kiritimati"])
def test_a_change_within_the_second_of_the_sync_is_told(fast: MemoryWorld, zone: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fast.netsuite.options, "time_zone", zone)
    monkeypatch.setattr(fast.clock, "now", lambda: fast.clock.moment)
    synced(fast)
    change(fast, memo="new")
    fast.run(steps=[MEMOS])
    line = {"doc": {"id": document("INV1")}, "apply": True, "amount": 10}
    netsuite = fast.wiring().netsuite(DEFAULTS, Owner("person", "by hand/", "person"))
    netsuite.update("creditMemo", str(memo(fast)["id"]), {"apply": {"items": [line]}})
    assert list(messages(go(fast))) == ["NSCM-CHANGED"]


def test_an_adjustment_that_was_canceled_is_told_when_the_memo_changes(fast: MemoryWorld) -> None:
    synced(fast)
    cancel(fast)
    change(fast, memo="new")
    summary = go(fast)
    assert (list(messages(summary)), summary["step"]["held"]) == (["NSCM-CANCELED"], 1)
    assert adjustments(fast) == []


def test_one_that_says_it_was_synced_and_was_not_is_told(fast: MemoryWorld) -> None:
    memos(fast, ns_memo("CM1", 25, {"INV1": 25}, **{STATUS: DONE, ZUORA_ID: "made elsewhere"}))
    assert list(messages(go(fast))) == ["NSCM-MISSING"]
    assert adjustments(fast) == []


def test_an_interrupted_creation_that_no_longer_qualifies_is_held(fast: MemoryWorld) -> None:
    synced(fast)
    change(fast, **{STATUS: CREATING, ZUORA_ID: ""})
    apply(fast, INV1=0, FOREIGN=25)
    summary = go(fast)
    assert (list(messages(summary)), summary["step"]["held"]) == (["NSCM-CHANGED"], 1)
    assert brief(fast) == [("", "Credit INV1", 25)]


@pytest.mark.parametrize("status", [CREATING, ERROR])
def test_one_that_was_never_made_and_no_longer_qualifies_is_told(fast: MemoryWorld, status: str) -> None:
    memos(fast, ns_memo("CM1", 25, {"FOREIGN": 25}, **{STATUS: status}))
    summary = go(fast)
    assert (list(messages(summary)), summary["step"]["held"], summary["tiedOut"]) == (["NSCM-LEFT"], 1, True)


def test_memos_that_the_refund_step_has_marked_are_not_this_steps(fast: MemoryWorld) -> None:
    of_refund: dict[str, Any] = {STATUS: DONE, ZUORA_ID: "a refund", "custbodycreatezuorarefund": True}
    memos(fast, ns_memo("CM1", 25, {"INV1": 25}, **of_refund))
    assert go(fast)["step"]["selected"] == 0


def test_the_memo_of_a_negative_invoice_is_followed_too(fast: MemoryWorld) -> None:
    closing(fast, {"INV1": 70})
    go(fast)
    assert go(fast)["step"]["selected"] == 0
    apply(fast, NEGATIVE[1], INV1=45, INV2=25)
    summary = go(fast)
    wanted = "charge of USD 70.00 on invoice NEG1, credit of USD 45.00 on invoice INV1, credit of USD 25.00 on invoice INV2"
    there = "charge of USD 70.00 on invoice NEG1, credit of USD 70.00 on invoice INV1"
    text = f"NetSuite credit memo NEG1: changed after its sync ({wanted}); Zuora still holds {there}. It is not sent."
    assert messages(summary) == {"NSNEG-CHANGED": text}
    assert summary["tiedOut"]
