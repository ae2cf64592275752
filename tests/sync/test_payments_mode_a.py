"""Payments, part P1: selection, validations with their exact texts, statuses, re-sync; tenants without Invoice Settlement."""

from __future__ import annotations

import pytest

from tests.sync.builders import zid
from tests.sync.common_rows import held_for_the_account, taken_by_state
from tests.sync.memory import MemoryWorld
from tests.sync.payment_world import (
    DONE,
    applied,
    counted,
    lose_answers,
    messages,
    ns_invoice,
    paid,
    ready,
    run,
    state_of,
    the_payment,
    writes,
)
from tests.sync.ran import PAYMENTS, Ran, ran
from tests.sync.refund_world import change, delete_in_netsuite
from tests.sync.table import READ_PATHS, Row, Table, check, held, left
from tests.sync.words import a_payment, an_account, an_invoice, world_with
from tests.sync.world import World


@pytest.fixture(scope="module")
def fast(started_mode_a: World) -> MemoryWorld:
    world = MemoryWorld.of(started_mode_a)
    lose_answers(world)
    return world


# -- selection and validations -------------------------------------------------------------------------------------------

CUTOVER = ("settings.key.cutover_zuora_payment", "sequence-and-status.1.4.gate.cutover-dates-zuora-invoices-zuora-payments-zuora")
ORDER = ("sequence-and-status.1.6.order.payment-z-ns",)
ROWS = [
    *taken_by_state(
        "PAY",
        a_payment,
        account=1,
        transferred=4,
        date=(5, "EffectiveDate", "2026-10-10", "2026-10-09"),
        doing="Payment",
        ignored=6,
        cutover=CUTOVER,
    ),
    left("selection.2: account not attempted yet", a_payment("P2", of=an_account("WAITS", IntegrationStatus__NS=None))),
    left("selection.2: account in error", a_payment("P2E", of=an_account("ERR", IntegrationStatus__NS="Error Updating Customer"))),
    left("selection.3: draft", a_payment("P3D", Status="Draft")),
    left("selection.3: canceled", a_payment("P3C", Status="Canceled")),
    left("selection.3: voided", a_payment("P3V", Status="Voided")),
    left("from-netsuite", a_payment("P0", Origin__NS="NETSUITE", TransferredToAccounting="Yes"), also=("payments.P1.from-netsuite",)),
    held(
        "validation.1",
        a_payment("PV1", method="BankTransfer"),
        'PAY-V1: payment method "BankTransfer" has no NetSuite payment method of exactly that name.',
        also=("sequence-and-status.7.4.exact-name",),
    ),
    held(
        "validation.2",
        a_payment("PV2", 10.0, [(an_invoice("INV9"), 10.0)]),
        "PAY-V2: invoice INV9 has not been synced to NetSuite.",
        also=ORDER,
    ),
    *held_for_the_account("PAY", a_payment, location=3, class_=4, department=5, amount="10.00"),
    held(
        "account",
        a_payment("PVACC", 10.0, [(an_invoice("INVACC", synced=True), 10.0)], of=an_account("NOID", there="")),
        "PAY-V6: account NOID has not been synced to NetSuite.",
    ),
    held("validation.6", a_payment("PV6", 10.0, []), "PAY-A6: not applied to any invoice; credit balance and overpayments are not synced."),
    held(
        "validation.7",
        a_payment("PV7", 10.0, [(an_invoice("NEG1", -40.0, synced=True), 10.0)]),
        "PAY-A7: applied to negative invoice NEG1, which is a credit memo in NetSuite; handle by hand.",
    ),
]
PAGE = Table(PAYMENTS, "payments.P1.", ROWS, {"cutover_zuora_payment": "2026-10-10"})


@pytest.fixture(scope="module", params=READ_PATHS)
def page(started_mode_a: World, request: pytest.FixtureRequest) -> Ran:
    return PAGE.run(started_mode_a, **{"zuora.read_path": request.param})


@pytest.mark.parametrize("row", PAGE.cases())
def test_rule(page: Ran, row: Row) -> None:
    check(page, row)


def test_nothing_else_is_told_and_the_run_ties_out(page: Ran) -> None:
    PAGE.holds_together(page)


@pytest.mark.rule("payments.P1.selection.5")
@pytest.mark.parametrize("path", READ_PATHS)
def test_without_a_cutover_date_all_are_taken_however_old(started_mode_a: World, path: str) -> None:
    world = world_with(started_mode_a, a_payment("P1", EffectiveDate="2020-01-01"), **{"zuora.read_path": path})
    assert ran(world, PAYMENTS).synced("P1")


def test_a_held_payment_is_released_by_itself_once_its_invoice_is_there(fast: MemoryWorld) -> None:
    ready(fast, paid("A1", "P1", 10.0, {"INV9": 10.0}), netsuite={"invoice": [ns_invoice("7010", "9001", 40, zid("INV9"))]})
    run(fast)
    change(fast, "Invoice", "INV9", IntegrationId__NS="7010")
    run(fast)
    assert (state_of(fast, "P1"), applied(fast, "P1")) == (DONE, {"7010": 10})


# -- statuses ------------------------------------------------------------------------------------------------------------

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
