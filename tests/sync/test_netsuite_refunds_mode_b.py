"""NetSuite refunds, part R3, with Invoice Settlement: selection, validations, what is unapplied."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tests.faults.deaths import killed_every
from tests.faults.killing import KillableWiring
from tests.rules.cases import ruled
from tests.sync.builders import Objects, zid
from tests.sync.memory import MemoryWorld
from tests.sync.ran import NETSUITE_REFUNDS, Ran
from tests.sync.reverse_world import (
    REFUNDS,
    STATUS,
    SWITCHED_ON,
    ZUORA_ID,
    all_of,
    balance,
    calls,
    convenient,
    forget_calls,
    in_netsuite,
    messages,
    ns,
    ns_refund,
    paid,
    parts_of,
    person_in_zuora,
    ready,
    run,
    status_of,
    writes,
    zuora_of,
)
from tests.sync.table import Row, Table, check, held, left, sent
from tests.sync.words import (
    METHODS,
    Part,
    a_netsuite_payment,
    a_netsuite_refund,
    a_payment,
    a_stranger,
    an_account,
    an_invoice,
)
from tests.sync.world import World

Amounts = dict[str, float]
REFUND = "customerRefund"


@pytest.fixture(scope="module")
def killable(started_world: World) -> MemoryWorld:
    return MemoryWorld.of(started_world, KillableWiring)


def prepared(world: MemoryWorld, *refund: Objects, amount: float = 120, applied: Amounts | None = None, **settings: Any) -> MemoryWorld:
    """A payment PAY1 of `amount`, applied to these documents, and these NetSuite objects."""
    zuora, netsuite = paid(world, amount, applied if applied is not None else {"INV1": 100})
    return ready(world, netsuite, *(refund or ns_refund("R1", 50)), zuora=zuora, **settings)


def refunded(world: MemoryWorld, number: str = "R1") -> dict[str, Any]:
    return zuora_of(world, "Refund", number, REFUND)


# -- selection and validations ---------------------------------------------------------------------------------------------

STRANGER, EURO = a_stranger("STRANGER"), an_account("EURO", currency="EUR")
HELD = ("sequence-and-status.4.1.rule.4", "sequence-and-status.2.codes")
NO_REFERENCE = "has no valid Zuora payment reference."
SPREAD = [(an_invoice("INV-A", synced=True), 100.0), (an_invoice("INV-B", 20.0, synced=True), 20.0)]
UNAPPLIED = a_netsuite_payment("P9", 50.0, [])
OF_PAYMENT = {"items": [{"doc": {"id": UNAPPLIED.there}, "apply": True, "amount": 50}]}
ROWS = [
    sent("good", a_netsuite_refund("R0")),
    left("selection.1: no Zuora account", a_netsuite_refund("R1", of=STRANGER, payment=UNAPPLIED)),
    left("selection.2: complete", a_netsuite_refund("R2", custbodyzuoraintegrationstatus="Sync Complete")),
    sent("refused before", a_netsuite_refund("R3", custbodyzuoraintegrationstatus="Error Creating Refund")),
    left("selection.4: of a payment", a_netsuite_refund("R4", apply=OF_PAYMENT).with_(UNAPPLIED)),
    left("selection.4: credit memo does not ask for it", a_netsuite_refund("R4N", asked=False)),
    left("selection.5: from Zuora", a_netsuite_refund("R5", custbodyzuoraorigin="ZUORA")),
    sent("selection.6: before the cutover date of payments", a_netsuite_refund("R6", tranDate="2026-10-16")),
    held(
        "validation.1",
        a_netsuite_refund("V1", memos=[(30.0, 30.0), (20.0, 20.0)]),
        "NSRFD-V1: must be applied to one credit memo only.",
        also=HELD,
    ),
    held("validation.2", a_netsuite_refund("V2", referred=False), f"NSRFD-V2: credit memo CM-V2 {NO_REFERENCE}"),
    held(
        "validation.2: canceled",
        a_netsuite_refund("V2C", payment=a_payment("PAY2C", 120.0, [], synced=True, Status="Canceled")),
        f"NSRFD-V2: credit memo CM-V2C {NO_REFERENCE}",
        also=("sequence-and-status.1.6.order.refund-ns-z",),
    ),
    held("validation.3", a_netsuite_refund("V3", 130.0), "NSRFD-V3: USD 130.00 exceeds payment PAY-V3 (USD 120.00)."),
    held(
        "validation.4",
        a_netsuite_refund("V4", payment=a_payment("PAY4", 120.0, SPREAD, synced=True)),
        "NSRFD-V4: partial refund of a payment spread over several invoices; refund it by hand in Zuora.",
    ),
    held(
        "validation.5",
        a_netsuite_refund("V5", paymentOption={"refName": "Petty Cash"}),
        'NSRFD-V5: payment method "Petty Cash" is not known to Zuora.',
    ),
    held("validation.7", a_netsuite_refund("V7", memos=[(60.0, 50.0)]), "NSRFD-V7: must refund the whole of credit memo CM-V7."),
    held(
        "currency",
        a_netsuite_refund("VC", of=EURO),
        "NSRFD-CURRENCY of USD 50.00: Zuora payment PAY-VC is in EUR, not USD; not sent.",
    ),
]
CUTOVER = {"cutover_netsuite_payment": "2026-10-20", "cutover_zuora_refund": "2026-10-20"}
PETTY_CASH = Part("", {}, {"paymentMethod": [{"id": "77", "name": "Petty Cash"}]})
PAGE = Table(NETSUITE_REFUNDS, "refunds.R3.", ROWS, {**SWITCHED_ON, **CUTOVER}, more=[METHODS, PETTY_CASH])


@pytest.fixture(scope="module")
def page(fast: MemoryWorld) -> Ran:
    convenient(fast)
    return PAGE.run(fast)


@pytest.mark.parametrize("row", PAGE.cases())
def test_rule(page: Ran, row: Row) -> None:
    check(page, row)


def test_nothing_else_is_told_and_the_run_ties_out(page: Ran) -> None:
    PAGE.holds_together(page, "DRIFT-UNDONE")  # PAY2C was canceled after its sync


@pytest.mark.rule("refunds.0.ns-off-by-default", "settings.key.disable_netsuite_refund_sync")
def test_off_by_default(fast: MemoryWorld) -> None:
    prepared(fast)
    fast.settings()
    fast.clock.advance(minutes=30)
    fast.run()
    assert all_of(fast, "Refund", "R1", REFUND) == []


NAME = "NetSuite refund R1"


@pytest.mark.rule("refunds.R3.validation.2", "sequence-and-status.1.6.order.refund-ns-z")
def test_a_payment_that_zuora_does_not_have_is_not_valid(fast: MemoryWorld) -> None:
    prepared(fast, applied={})
    in_netsuite(fast, "PAY1", {ZUORA_ID: "nothing"})
    assert messages(run(fast, REFUNDS))["NSRFD-V2"] == f"{NAME}: credit memo CM-R1 has no valid Zuora payment reference."


@pytest.mark.rule("refunds.R3.validation.6")
def test_what_was_refunded_before_is_not_left(fast: MemoryWorld) -> None:
    prepared(fast, *ns_refund("R1", 100), applied={})
    body = {"type": "External", "methodType": "Check", "totalAmount": 40, "refundDate": "2026-10-20"}
    person_in_zuora(fast).post(f"/v1/payments/{zid('PAY1')}/refunds", body, "before")
    assert messages(run(fast, REFUNDS))["NSRFD-V6"] == f"{NAME}: only USD 80.00 of payment PAY1 is left to refund."


def test_a_payment_of_another_account_is_not_refunded(fast: MemoryWorld) -> None:
    prepared(fast, applied={})
    fast.zuora.tenant.store.update("Payment", zid("PAY1"), {"AccountId": zid("A2")})
    text = f"{NAME}: Zuora payment PAY1 belongs to another account than A1, its customer's; not sent."
    assert messages(run(fast, REFUNDS))["NSRFD-ACCOUNT"] == text


def test_an_account_that_zuora_does_not_have_holds_a_refund(fast: MemoryWorld) -> None:
    prepared(fast)
    in_netsuite(fast, "9001", {"custentityzuoraid": "gone"}, "customer")
    assert messages(run(fast, REFUNDS))["NSRFD-ACCOUNT"] == f"{NAME}: Zuora account gone does not exist."


# -- calls -----------------------------------------------------------------------------------------------------------------


@pytest.mark.rule("refunds.R3.mapping.credit-memo-s-zuora-refund-payment-to-paymentid")
def test_the_payment_that_the_credit_memo_names_is_refunded(fast: MemoryWorld) -> None:
    zuora, netsuite = paid(fast, 60, {}, "PAY1")
    more_zuora, more_netsuite = paid(fast, 70, {}, "PAY2")
    both = {kind: rows + more_zuora.get(kind, []) for kind, rows in zuora.items()}
    ready(fast, netsuite, more_netsuite, *ns_refund("R1", 50, payment="PAY2"), zuora=both)
    run(fast, REFUNDS)
    assert (parts_of(fast, zid("PAY1")), parts_of(fast, zid("PAY2"))) == ({"rest": 60}, {"rest": 20})


@pytest.mark.rule("refunds.R3.mapping.customer-name-refund-trandate-to-transaction-ns")
def test_the_transaction_is_named_where_the_tenant_has_the_field(fast: MemoryWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    prepared(fast)
    sent: list[str] = []
    send = fast.session.send
    seen = "<field><name>Transaction__NS</name></field></fields>"

    def listen(request: Any, **how: Any) -> Any:
        answer = send(request, **how)
        if "/describe/Refund" in request.url:
            answer._content = answer.content.replace(b"</fields>", seen.encode())
        if request.url.endswith("/refunds/unapply"):
            sent.append(request.body.decode() if isinstance(request.body, bytes) else request.body)
        return answer

    monkeypatch.setattr(fast.session, "send", listen)
    run(fast, REFUNDS)
    assert '"Transaction__NS":"Customer 9001 2026-10-21"' in sent[0]


# -- what is unapplied -------------------------------------------------------------------------------------------------------

CREATES: dict[str, tuple[float, Amounts, float, Amounts, str, int]] = {
    "enough is unapplied": (120, {"INV1": 60}, 50, {"INV1": 60, "rest": 10}, "refunds", 0),
    "enough is unapplied, several documents": (120, {"INV1": 60, "INV2": 10}, 50, {"INV1": 60, "INV2": 10}, "refunds", 0),
    "missing from the only invoice": (120, {"INV1": 100}, 50, {"INV1": 70}, "refunds/unapply", 1),
    "missing from the only debit memo": (30, {"DM1": 30}, 10, {"DM1": 20}, "refunds/unapply", 1),
    "all of several": (120, {"INV1": 80, "DM1": 30}, 120, {}, "refunds/unapply", 1),
}
CREATE_RULES = {
    "enough is unapplied": "mode-b-unapplied",
    "missing from the only invoice": "mode-b-single",
    "all of several": "mode-b-several",
}


@pytest.mark.parametrize("case", ruled(CREATES, CREATE_RULES, "refunds.R3.create."))
def test_what_is_taken_from_where(fast: MemoryWorld, case: str) -> None:
    amount, applied, back, left, path, reads = CREATES[case]
    prepared(fast, *ns_refund("R1", back), amount=amount, applied=applied)
    forget_calls(fast)
    summary = run(fast, REFUNDS)
    assert summary["step"]["created"] == 1, messages(summary)
    assert parts_of(fast, zid("PAY1")) == {k: Decimal(str(v)) for k, v in left.items()}
    zuora, _ = calls(fast)
    assert (zuora[f"POST /v1/payments/{{key}}/{path}"], zuora["GET /v1/payments/{key}/parts"], writes(zuora)) == (1, reads, 1)
    for name, before in applied.items():
        assert balance(fast, name) == {"INV1": 100, "INV2": 50, "DM1": 30}[name] - Decimal(str(left.get(name, 0))), before


@pytest.mark.rule("refunds.R3.create.mode-b-several", "refunds.R3.validation.4")
def test_part_of_several_documents_is_left_to_a_person(fast: MemoryWorld) -> None:
    prepared(fast, *ns_refund("R1", 110), amount=120, applied={"INV1": 80, "DM1": 30})
    assert "NSRFD-V4" in messages(run(fast, REFUNDS))
    assert parts_of(fast, zid("PAY1")) == {"INV1": 80, "DM1": 30, "rest": 10}


@pytest.mark.rule("refunds.R3.create.mode-b-apply-back", "refunds.R3.status.refused", "sequence-and-status.4.1.rule.6")
def test_a_refused_refund_leaves_nothing_unapplied(fast: MemoryWorld) -> None:
    """Unapply and refund are one call, which Zuora does as a whole or not at all: here it is dated before the payment."""
    prepared(fast, *ns_refund("R1", 50, tranDate="2026-10-14"))
    summary = run(fast, REFUNDS)
    assert status_of(fast, "R1", REFUND) == "Error Creating Refund"
    assert "before the date" in " ".join(messages(summary).values())
    assert (parts_of(fast, zid("PAY1")), balance(fast, "INV1")) == ({"INV1": 100, "rest": 20}, 0)
    assert all_of(fast, "Refund", "R1", REFUND) == []
    assert STATUS not in ns(fast, "creditMemo", "CM-R1")
    in_netsuite(fast, "R1", {"tranDate": "2026-10-22"}, REFUND)
    run(fast, REFUNDS)
    assert status_of(fast, "R1", REFUND) == "Sync Complete"


# -- interrupted -------------------------------------------------------------------------------------------------------------


def test_a_credit_memo_that_cannot_be_written_keeps_the_refund_open(fast: MemoryWorld) -> None:
    prepared(fast)
    fast.netsuite_control.set_faults([{"method": "PATCH", "path": "/creditMemo/", "status": 400, "body": {"title": "no"}}])
    assert run(fast, REFUNDS)["step"]["unfinished"] == 1
    assert status_of(fast, "R1", REFUND) == "Creating Refund"
    fast.netsuite_control.set_faults([])
    run(fast, REFUNDS)
    assert status_of(fast, "R1", REFUND) == ns(fast, "creditMemo", "CM-R1")[STATUS] == "Sync Complete"
    assert refunded(fast)["Amount"] == 50


@pytest.mark.parametrize("every", [31, pytest.param(7, marks=pytest.mark.slow)])
def test_a_killed_worker_refunds_nothing_twice(killable: MemoryWorld, every: int) -> None:
    def check(output: dict[str, Any]) -> None:
        assert output["tiedOut"] is True
        assert refunded(killable)["Amount"] == 50
        assert parts_of(killable, zid("PAY1")) == {"INV1": 70}
        assert status_of(killable, "R1", REFUND) == ns(killable, "creditMemo", "CM-R1")[STATUS] == "Sync Complete"

    tally = killed_every(every, killable, lambda: prepared(killable), [REFUNDS], check)
    assert tally.cases and not tally.failures, tally
