"""NetSuite payments that were synced and leave the selection: followed in Zuora, or held with a message. Never silently different."""

from __future__ import annotations

from typing import Any

import pytest

from tallybridge.settings import DEFAULTS
from tallybridge.sync.ledger import Owner
from tests.sync.builders import zid
from tests.sync.changes import Change, Changes, Looked, applied, changed, save, unlinked
from tests.sync.memory import MemoryWorld
from tests.sync.ran import NETSUITE_PAYMENTS, NETSUITE_REFUNDS, Ran, ran
from tests.sync.reverse_world import (
    REFUNDS,
    STATUS,
    SWITCHED_ON,
    ZUORA_ID,
    apply,
    balance,
    calls,
    cancelled_by_hand,
    convenient,
    forget_calls,
    in_netsuite,
    messages,
    ns,
    ns_payment,
    ns_refund,
    parts_of,
    person_in_zuora,
    ready,
    run,
    status_of,
    writes,
    zuora_of,
)
from tests.sync.words import METHODS, a_netsuite_payment, a_netsuite_refund, an_account, an_invoice, world_with

PAYMENT_1 = "7301"
"""The internal id under which `ns_refund` names its payment PAY1."""


def synced(world: MemoryWorld, amount: float = 100, applied: dict[str, float] | None = None, **settings: Any) -> MemoryWorld:
    """P1 as it was sent, and looked at once more after that."""
    ready(world, ns_payment("P1", amount, applied or {"INV1": amount}, id=PAYMENT_1), **settings)
    run(world)
    run(world)
    assert status_of(world, "P1") == "Sync Complete"
    return world


def parts(world: MemoryWorld) -> dict[str, Any]:
    return parts_of(world, zuora_of(world, "Payment", "P1")["Id"])


def change(world: MemoryWorld, **fields: Any) -> None:
    in_netsuite(world, "P1", {"customer": ns(world, "customerPayment", "P1")["customer"], **fields})


# -- followed --------------------------------------------------------------------------------------------------------------

FOLLOWED: dict[str, tuple[dict[str, float], dict[str, float]]] = {
    "moved to an invoice that is not from Zuora": ({"INV1": 0, "FOREIGN": 25}, {"rest": 100}),
    "partly moved to one": ({"INV1": 75, "FOREIGN": 25}, {"INV1": 75, "rest": 25}),
    "unapplied": ({"INV1": 0}, {"rest": 100}),
}


@pytest.mark.parametrize("case", FOLLOWED)
def test_a_synced_payment_is_followed_whatever_it_is_applied_to(fast: MemoryWorld, case: str) -> None:
    amounts, expected = FOLLOWED[case]
    synced(fast)
    apply(fast, "P1", **amounts)
    summary = run(fast)
    assert (parts(fast), summary["step"]["updated"], summary["tiedOut"]) == (expected, 1, True)
    assert balance(fast, "INV1") == 100 - expected.get("INV1", 0)
    run(fast)
    forget_calls(fast)
    run(fast)
    assert writes(calls(fast)[0]) == 0


def test_an_interrupted_creation_that_no_longer_qualifies_is_followed(fast: MemoryWorld) -> None:
    synced(fast)
    in_netsuite(fast, "P1", {STATUS: "Creating Payment", ZUORA_ID: ""})
    apply(fast, "P1", INV1=0, FOREIGN=25)
    run(fast)
    assert (parts(fast), status_of(fast, "P1")) == ({"rest": 100}, "Sync Complete")


def test_one_that_was_never_made_and_no_longer_qualifies_is_told(fast: MemoryWorld) -> None:
    ready(fast, ns_payment("P1", 25, {"FOREIGN": 25}, **{STATUS: "Error Creating Payment"}))
    summary = run(fast)
    assert "NSPAY-LEFT" in messages(summary)
    assert (summary["step"]["held"], summary["tiedOut"]) == (1, True)


# -- held ------------------------------------------------------------------------------------------------------------------


def voided(world: MemoryWorld) -> None:
    apply(world, "P1", INV1=0)
    change(world, payment=0, memo="VOID")


def updates_off(world: MemoryWorld) -> None:
    change(world, custbodyzuorasyncupdates=False)
    apply(world, "P1", INV1=60)


CHANGES = [
    Change(
        "voided",
        a_netsuite_payment("C1"),
        applied({"INV-C1": 0}, changed(payment=0, memo="VOID")),
        "NSPAY-VOIDED: voided or set to 0 after its sync; "
        f"Zuora payment P-00000001 still holds USD 10.00 (USD 10.00 to invoice {zid('INV-C1')}).",
    ),
    Change(
        "sync updates set to No",
        a_netsuite_payment("C2"),
        applied({"INV-C2": 6}, changed(custbodyzuorasyncupdates=False)),
        "NSPAY-UPDATES: changed after its sync, but Zuora Sync Updates is not Yes; not sent to Zuora payment P-00000002.",
    ),
    Change(
        "dated before the cutover",
        a_netsuite_payment("C3"),
        changed(tranDate="2026-10-09"),
        "NSPAY-CUTOVER: changed after its sync and dated 2026-10-09, before the cutover date 2026-10-10; not sent to Zuora.",
    ),
    Change(
        "customer without a Zuora ID",
        a_netsuite_payment("C4", of=an_account("LEFT")),
        unlinked("LEFT"),
        "NSPAY-UNLINKED: its customer no longer carries a Zuora ID; Zuora payment P-00000004 stays as it is.",
    ),
]
LATER = Changes(NETSUITE_PAYMENTS, CHANGES, {"cutover_netsuite_payment": "2026-10-10"}, [METHODS])


@pytest.fixture(scope="module")
def looked(fast: MemoryWorld) -> Looked:
    convenient(fast)
    return LATER.looked(fast)


@pytest.mark.parametrize("row", CHANGES, ids=lambda row: row.name)
def test_what_may_not_be_followed_is_held_and_told(looked: Looked, row: Change) -> None:
    LATER.check(looked, row)


def test_what_is_held_is_not_written_until_it_is_set_aside(looked: Looked) -> None:
    LATER.holds_together(looked)


def test_a_hold_ends_when_both_sides_agree_again(fast: MemoryWorld) -> None:
    synced(fast)
    updates_off(fast)
    assert "NSPAY-UPDATES" in messages(run(fast))
    apply(fast, "P1", INV1=100)
    assert run(fast)["step"]["unchanged"] == 1
    run(fast)
    assert run(fast)["step"]["selected"] == 0


def test_a_void_on_both_sides_is_no_difference(fast: MemoryWorld) -> None:
    synced(fast)
    voided(fast)
    zuora, made = person_in_zuora(fast), zuora_of(fast, "Payment", "P1")
    zuora.put(f"/v1/payments/{made['Id']}/unapply", {"invoices": [{"invoiceId": zid("INV1"), "amount": 100}]})
    cancelled_by_hand(fast, made["Id"])
    summary = run(fast)
    assert (summary["step"]["held"], list(messages(summary))) == (0, ["NSPAY-VOID"])


@pytest.mark.rule("payments.P4.validation.1")
def test_a_document_from_before_invoice_settlement_ends_in_a_message(fast: MemoryWorld) -> None:
    ready(fast)
    in_netsuite(fast, "7009", {ZUORA_ID: zid("adjustment"), "custbodyzuoratype": "INVOICE_ITEM_ADJUSTMENT"}, "invoice")
    fast.load(netsuite=ns_payment("P1", 25, {"FOREIGN": 25}))
    summary = run(fast)
    assert (list(messages(summary)), summary["step"]["held"]) == (["NSPAY-ADJUSTMENT"], 1)
    assert not any(line.get("waits_for") for line in summary["log"])


# -- after a refund --------------------------------------------------------------------------------------------------------


def refunded(world: MemoryWorld, refund: float, amount: float = 100, applied: dict[str, float] | None = None) -> MemoryWorld:
    """P1 was synced; then a refund from NetSuite, which takes from Zuora's payment and leaves NetSuite's as it is."""
    synced(world, amount, applied)
    for objects in ns_refund("R1", refund):
        world.load(netsuite=objects)
    summary = run(world, REFUNDS)
    assert summary["step"]["created"] == 1, messages(summary)
    return world


AFTER_A_REFUND: dict[str, tuple[float, float, dict[str, float], dict[str, float], dict[str, float]]] = {
    "a remark, part refunded": (100, 30, {"INV1": 100}, {}, {"INV1": 70}),
    "a remark, all refunded": (100, 100, {"INV1": 100}, {}, {}),
    "a remark, unapplied money refunded": (90, 30, {"INV1": 50}, {}, {"INV1": 50, "rest": 10}),
    "lowered": (100, 30, {"INV1": 100}, {"INV1": 60}, {"INV1": 30, "rest": 40}),
    "taken away": (100, 30, {"INV1": 100}, {"INV1": 0}, {"rest": 70}),
    "raised from what is left": (90, 30, {"INV1": 50}, {"INV1": 60}, {"INV1": 60}),
    "moved": (100, 30, {"INV1": 100}, {"INV1": 60, "INV2": 40}, {"INV1": 30, "INV2": 40}),
}


def named(n: int, amounts: dict[str, float]) -> dict[str, float]:
    """The documents of a row are its own."""
    return {f"{document}-{n}": amount for document, amount in amounts.items()}


@pytest.fixture(scope="module")
def after_refunds(fast: MemoryWorld) -> tuple[Ran, Ran]:
    """All payments are synced and refunded in part, then edited and applied otherwise: the run that follows that, and one more."""
    convenient(fast)
    payments, refunds = [], []
    for n, (amount, refund, before, _, _) in enumerate(AFTER_A_REFUND.values()):
        documents = {f"INV1-{n}": an_invoice(f"INV1-{n}", synced=True), f"INV2-{n}": an_invoice(f"INV2-{n}", 50.0, synced=True)}
        made = a_netsuite_payment(f"P{n}", amount, [(documents[d], a) for d, a in named(n, before).items()])
        payments.append(made.with_(*documents.values()))
        refunds.append(a_netsuite_refund(f"R{n}", refund, payment=made))
    world = world_with(fast, METHODS, *payments, **SWITCHED_ON)
    for _ in range(2):
        ran(world, NETSUITE_PAYMENTS)
    for kind in ("creditMemo", "customerRefund"):
        world.load(netsuite={kind: [row for made in refunds for row in made.netsuite[kind]]})
    world.clock.advance(minutes=30)
    assert ran(world, NETSUITE_REFUNDS).summary["steps"][0]["created"] == len(refunds)
    for payment in payments:
        save(world, NETSUITE_PAYMENTS, payment.number, {"memo": "edited"})
    world.clock.advance(minutes=30)
    for _ in range(2):
        told = [line for line in ran(world, NETSUITE_PAYMENTS).lines if line.get("code")]
        assert {line["code"] for line in told} <= {"NSPAY-V5"}, told
    for n, (_, _, _, now, _) in enumerate(AFTER_A_REFUND.values()):
        applied(named(n, now))(world, NETSUITE_PAYMENTS, f"P{n}")
    world.clock.advance(minutes=30)
    return ran(world, NETSUITE_PAYMENTS), ran(world, NETSUITE_PAYMENTS)


@pytest.mark.parametrize("case", AFTER_A_REFUND)
def test_after_a_refund_a_payment_is_followed_on(after_refunds: tuple[Ran, Ran], case: str) -> None:
    n, expected = list(AFTER_A_REFUND).index(case), AFTER_A_REFUND[case][-1]
    wanted = {"rest" if d == "rest" else zid(f"{d}-{n}"): amount for d, amount in expected.items()}
    for one in after_refunds:
        made = one.sent(f"P{n}")
        rows = [p for p in one.zuora["PaymentPart"] if p["PaymentId"] == made["Id"] and p["Amount"]]
        assert {p.get("InvoiceId", "rest"): p["Amount"] for p in rows} == wanted
        assert (made["Comment"], one.synced(f"P{n}"), one.output["tiedOut"]) == ("edited", True, True)


def test_more_than_a_refund_has_left_is_held(fast: MemoryWorld) -> None:
    refunded(fast, 30, 90, {"INV1": 50})
    apply(fast, "P1", INV1=90)
    assert list(messages(run(fast))) == ["NSPAY-REFUNDED"]
    assert parts(fast) == {"INV1": 50, "rest": 10}


def test_a_move_in_zuora_that_leaves_the_sums_is_seen_too(fast: MemoryWorld) -> None:
    synced(fast, 90, {"INV1": 20})
    fast.clock.advance(minutes=10)
    zuora, made = person_in_zuora(fast), zuora_of(fast, "Payment", "P1")["Id"]
    zuora.put(f"/v1/payments/{made}/unapply", {"invoices": [{"invoiceId": zid("INV1"), "amount": 20}]})
    zuora.put(f"/v1/payments/{made}/apply", {"invoices": [{"invoiceId": zid("INV2"), "amount": 20}]})
    in_netsuite(fast, "P1", {"custbodyzuoratype": "touched"})
    run(fast)
    assert parts(fast) == {"INV1": 20, "rest": 70}


def test_without_a_memory_a_refund_is_not_taken_for_a_change_either(fast: MemoryWorld) -> None:
    """Items of an older connector keep a fingerprint alone."""
    refunded(fast, 30)
    for item in fast.memory.tables["STATUS_TABLE"].items.values():
        for name in ("wanted", "held_in_zuora", "refunded", "date"):
            item.pop(name, None)
    change(fast, memo="edited")
    run(fast)
    assert (parts(fast), status_of(fast, "P1")) == ({"INV1": 70}, "Sync Complete")


@pytest.mark.parametrize("zone", ["Pacific/Pago_Pago", "America/Los_Angeles", "Pacific/Kiritimati"])
def test_without_any_memory_it_is_told_who_changed_what(fast: MemoryWorld, zone: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a payment that another connector has synced, the record's own times say whether NetSuite's was changed: in any zone."""
    monkeypatch.setattr(fast.netsuite.options, "time_zone", zone)
    synced(fast, 90, {"INV1": 20})
    fast.memory.tables["STATUS_TABLE"].items.clear()
    fast.clock.advance(minutes=10)
    made = zuora_of(fast, "Payment", "P1")["Id"]
    person_in_zuora(fast).put(f"/v1/payments/{made}/unapply", {"invoices": [{"invoiceId": zid("INV1"), "amount": 20}]})
    assert list(messages(run(fast))) == ["NSPAY-DIFFERS"]
    assert parts(fast) == {"rest": 90}
    in_netsuite(fast, "P1", {"memo": "saved"})
    run(fast)
    assert parts(fast) == {"INV1": 20, "rest": 70}


def test_what_zuora_holds_too_much_is_seen_although_the_fingerprint_is_the_same(fast: MemoryWorld) -> None:
    synced(fast, 90, {"INV1": 20})
    made = zuora_of(fast, "Payment", "P1")
    person_in_zuora(fast).put(f"/v1/payments/{made['Id']}/apply", {"invoices": [{"invoiceId": zid("INV1"), "amount": 30}]})
    in_netsuite(fast, "P1", {"custbodyzuoratype": "touched"})
    run(fast)
    assert parts(fast) == {"INV1": 20, "rest": 70}


# -- not covered, told by name -----------------------------------------------------------------------------------------------


def discounted(world: MemoryWorld, document: str, amount: float, disc: float) -> None:
    line = {"doc": {"id": document}, "apply": True, "amount": amount, "disc": disc}
    world.load(netsuite=ns_payment("P1", amount, apply={"items": [line]}))


def test_an_early_payment_discount_is_told(fast: MemoryWorld) -> None:
    ready(fast)
    discounted(fast, "7001", 98, 2)
    summary = run(fast)
    line = next(line for line in summary["log"] if line.get("code") == "NSPAY-DISCOUNT")
    text = "NetSuite payment P1: early payment discount of USD 2.00 on invoice INV1 is not sent; Zuora's stays open by it."
    assert (line["message"], line["level"]) == (text, "WARNING")
    assert (parts(fast), balance(fast, "INV1"), summary["tiedOut"]) == ({"INV1": 98}, 2, True)


def test_a_discount_on_another_document_is_not_told(fast: MemoryWorld) -> None:
    ready(fast)
    discounted(fast, "7009", 20, 5)
    fast.load(netsuite=ns_payment("P2", 50, {"INV2": 50}))
    assert not messages(run(fast))


def deposit(amount: float) -> dict[str, Any]:
    return {"customerDeposit": [{"id": "7601", "tranId": "DEP1", "customer": {"id": "9001"}, "payment": amount, "tranDate": "2026-10-02"}]}


def test_a_deposit_used_together_with_a_payment_is_told_by_name(fast: MemoryWorld) -> None:
    used = {"items": [{"doc": {"id": "7601"}, "apply": True, "amount": 40}]}
    ready(fast, deposit(40), ns_payment("P1", 60, {"INV1": 100}, deposit=used))
    summary = run(fast)
    assert messages(summary)["NSPAY-DEPOSIT"].startswith("NetSuite payment P1: customer deposit DEP1 (USD 40.00) is used together with it")
    assert summary["step"]["held"] == 1


def test_a_deposit_application_on_the_same_document_is_told(fast: MemoryWorld) -> None:
    ready(fast, deposit(40))
    fast.netsuite.options.allow_number_override = True
    lines = {"items": [{"doc": {"id": "7001"}, "apply": True, "amount": 40}]}
    netsuite = fast.wiring().netsuite(DEFAULTS, Owner("person", "by hand/", "person"))
    netsuite.transform("customerDeposit", "7601", "depositApplication", {"tranId": "DA1", "apply": lines})
    fast.load(netsuite=ns_payment("P1", 60, {"INV1": 60}))
    text = "NetSuite payment P1: deposit application DA1 settles USD 40.00 of invoice INV1 too; customer deposits are not sent."
    assert messages(run(fast))["NSPAY-DEPOSITED"] == text
    assert parts(fast) == {"INV1": 60}
