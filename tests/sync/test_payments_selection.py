"""Payments, parts P1 and P2: which are taken, which are held; of P2 the table of application states and what is written back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from tests.rules.cases import of_tables, ruled
from tests.sync.builders import Objects, merged, payment, zid
from tests.sync.common_rows import held_for_the_account, taken_by_state
from tests.sync.memory import MemoryWorld
from tests.sync.payment_world import (
    DONE,
    UNASSIGNED,
    applied,
    change,
    invoices,
    messages,
    ns_invoice,
    ns_payment,
    paid,
    ready,
    reset_by_a_person,
    run,
    state_of,
    the_payment,
)
from tests.sync.ran import PAYMENTS, Ran, ran
from tests.sync.table import READ_PATHS, Row, Table, check, held, left, sent
from tests.sync.words import NOBODY, a_debit_memo, a_payment, an_account, an_invoice, world_with
from tests.sync.world import World

# -- selection and validations -------------------------------------------------------------------------------------------

CUTOVER = ("settings.key.cutover_zuora_payment", "sequence-and-status.1.4.gate.cutover-dates-zuora-invoices-zuora-payments-zuora")
INV9, DM9 = an_invoice("INV9"), a_debit_memo("DM9", 10.0)
"""An invoice and a debit memo that are not synced."""


def of_both(**numbers: int) -> list[Row]:
    """What tenants with and without Invoice Settlement have in common; the numbers of the rules are each one's own."""
    date = (numbers.pop("date"), "EffectiveDate", "2026-10-10", "2026-10-09")
    return [
        *taken_by_state("PAY", a_payment, account=1, date=date, doing="Payment", cutover=CUTOVER, **numbers),
        held(
            "validation.1",
            a_payment("PV1", method="BankTransfer"),
            'PAY-V1: payment method "BankTransfer" has no NetSuite payment method of exactly that name.',
            also=("sequence-and-status.7.4.exact-name",),
        ),
        held(
            "validation.2",
            a_payment("PV2", 10.0, [(INV9, 10.0)]),
            "PAY-V2: invoice INV9 has not been synced to NetSuite.",
            also=("sequence-and-status.1.6.order.payment-z-ns",),
        ),
        *held_for_the_account("PAY", a_payment, location=3, class_=4, department=5, amount="10.00"),
    ]


MODE_A = [
    *of_both(transferred=4, date=5, ignored=6),
    left("selection.2: account not attempted yet", a_payment("P2", of=an_account("WAITS", IntegrationStatus__NS=None))),
    left("selection.2: account in error", a_payment("P2E", of=an_account("ERR", IntegrationStatus__NS="Error Updating Customer"))),
    *(left(f"selection.3: {status}", a_payment(f"P3{status}", Status=status)) for status in ("Draft", "Canceled", "Voided")),
    left("from-netsuite", a_payment("P0", Origin__NS="NETSUITE", TransferredToAccounting="Yes"), also=("payments.P1.from-netsuite",)),
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
MODE_B = [
    *of_both(transferred=3, date=4),
    *(
        left(f"selection.2: {status}", a_payment(f"P2{status}", Status=status))
        for status in ("Draft", "Processing", "Canceled", "Voided", "Error")
    ),
    left("selection.6: born in NetSuite", a_payment("P6N", Origin__NS="NETSUITE")),
    left(
        "selection.6: born in NetSuite, reset",
        a_payment("P6R", Origin__NS="NETSUITE", TransferredToAccounting="No", IntegrationId__NS="8888"),
    ),
    sent("selection.6: born in Zuora", a_payment("P6Z", Origin__NS="ZUORA")),
    held("validation.2: debit memo", a_payment("PV2D", 10.0, [(DM9, 10.0)]), "PAY-V2: debit memo DM9 has not been synced to NetSuite."),
    held(
        "validation.6",
        a_payment("PV6", 10.0, [(an_invoice("INV6", synced=True), 10.0)], of=an_account("NEW", synced=False)),
        "PAY-V6: account NEW has not been synced to NetSuite.",
        also=("payments.P2.selection.5",),
    ),
    held(
        "validation.7",
        a_payment("PV7", 90.0, [], of=NOBODY),
        "PAY-V7: unassigned, and no NetSuite customer is configured for unassigned payments; skipped.",
        also=("payments.P2.state.no-account-unassigned",),
    ),
    held("period", a_payment("PVOLD", EffectiveDate="2026-11-01"), "PAY-PERIOD: The accounting period of 2026-11-01 is closed."),
    held(
        "all together",
        a_payment("PVALL", of=an_account("ALL", Location__NS="Mars", Class__NS="Venus")),
        'PAY-V3: location "Mars" of account ALL does not exist in NetSuite.',
        'PAY-V4: class "Venus" of account ALL does not exist in NetSuite.',
    ),
]
BY_DATE = {"cutover_zuora_payment": "2026-10-10"}
PAGES = {
    "A": Table(PAYMENTS, "payments.P1.", MODE_A, BY_DATE),
    "B": Table(PAYMENTS, "payments.P2.", MODE_B, BY_DATE, closed=["Nov 2026"]),
}


@pytest.fixture(scope="module", params=READ_PATHS)
def runs(started: Mapping[str, World], request: pytest.FixtureRequest) -> dict[str, Ran]:
    return {mode: page.run(started[mode], **{"zuora.read_path": request.param}) for mode, page in PAGES.items()}


@pytest.mark.parametrize(("mode", "row"), of_tables(PAGES))
def test_rule(runs: dict[str, Ran], mode: str, row: Row) -> None:
    check(runs[mode], row)


@pytest.mark.parametrize("mode", PAGES)
def test_nothing_else_is_told_and_the_run_ties_out(runs: dict[str, Ran], mode: str) -> None:
    PAGES[mode].holds_together(runs[mode])


@pytest.mark.parametrize("mode", ruled(PAGES, {"A": "payments.P1.selection.5", "B": "payments.P2.selection.4"}))
@pytest.mark.parametrize("path", READ_PATHS)
def test_without_a_cutover_date_all_are_taken_however_old(started: Mapping[str, World], path: str, mode: str) -> None:
    world = world_with(started[mode], a_payment("P1", EffectiveDate="2020-01-01"), **{"zuora.read_path": path})
    assert ran(world, PAYMENTS).synced("P1")


@pytest.mark.parametrize("mode", ruled(PAGES, {"B": "payments.P2.validation.2"}))
def test_a_held_payment_is_released_by_itself_once_its_invoice_is_there(started: Mapping[str, World], mode: str) -> None:
    world, there = MemoryWorld.of(started[mode]), {"invoice": [ns_invoice("7010", "9001", 40, zid("INV9"))]}
    ready(world, (payment if mode == "B" else paid)("A1", "P1", 10.0, {"INV9": 10.0}), netsuite=there)
    run(world)
    assert state_of(world, "P1") == (None, None)
    world.zuora.tenant.store.update("Invoice", zid("INV9"), {"IntegrationId__NS": "7010"})
    run(world)
    assert (state_of(world, "P1"), applied(world, "P1")) == (DONE, {"7010": 10})


@pytest.mark.rule("payments.P2.selection.1")
def test_rule_1_does_not_apply_to_unassigned_payments(fast: MemoryWorld) -> None:
    ready(fast, payment(None, "P1", 10.0, {}), unassigned_payments_customer_id=UNASSIGNED)
    run(fast)
    found = the_payment(fast, "P1")
    assert found["customer"]["id"] == UNASSIGNED


# -- application state ---------------------------------------------------------------------------------------------------


@pytest.mark.rule("payments.P2.state.has-1-application")
def test_state_applied_and_new_creates_with_apply_lines(fast: MemoryWorld) -> None:
    ready(fast, payment("A1", "P1", 90.0, {"INV1": 60.0, "INV2": 30.0}))
    summary = run(fast)
    assert applied(fast, "P1") == {"7001": 60, "7002": 30}
    assert state_of(fast, "P1") == DONE
    assert (summary["outcome"], summary["tiedOut"]) == ("completed", True)


@pytest.mark.rule("payments.P2.state.has-an-account-no-application")
def test_state_unapplied_and_new_waits_untouched_and_is_told(fast: MemoryWorld) -> None:
    ready(fast, payment("A1", "P1", 90.0, {}))
    summary = run(fast)
    assert ns_payment(fast, "P1") is None
    assert state_of(fast, "P1") == (None, None)
    line = next(x for x in summary["log"] if x.get("code") == "PAY-UNAPPLIED")
    assert (line["level"], line["message"]) == ("WARNING", "Payment P1: not applied to any document yet; it is sent once it is.")
    assert (summary["outcome"], summary["tiedOut"], summary["due"]) == ("completed with warnings", True, 1)
    change(fast, "P1", "apply", **invoices(INV1=90.0))
    assert run(fast)["due"] == 0
    assert applied(fast, "P1") == {"7001": 90}


@pytest.mark.rule("payments.P2.state.setting-unapplied", "settings.key.sync_unapplied_payments")
def test_state_unapplied_and_new_with_the_setting_creates_without_apply_lines(fast: MemoryWorld) -> None:
    ready(fast, payment("A1", "P1", 90.0, {}), sync_unapplied_payments="Yes")
    run(fast)
    assert ns_payment(fast, "P1") is not None
    assert applied(fast, "P1") == {}
    assert state_of(fast, "P1") == DONE


@pytest.mark.rule(
    "payments.P2.state.no-account-unassigned",
    "settings.key.unassigned_payments_customer_id",
    "payments.P2.mapping.account-integrationid-ns-to-customer",
)
def test_state_unassigned_and_new_creates_for_the_configured_customer(fast: MemoryWorld) -> None:
    ready(fast, payment(None, "P1", 90.0, {}), unassigned_payments_customer_id=UNASSIGNED)
    summary = run(fast)
    found = the_payment(fast, "P1")
    assert found["customer"]["id"] == UNASSIGNED
    assert applied(fast, "P1") == {}
    assert state_of(fast, "P1") == DONE
    assert summary["tiedOut"] is True


def synced(world: MemoryWorld, *objects: Objects, **settings: Any) -> MemoryWorld:
    """A world in which these payments have been synced."""
    ready(world, *objects, **settings)
    run(world)
    return world


@pytest.mark.rule("payments.P2.state.has-1-application", "sequence-and-status.5.algorithm.update")
def test_state_applied_and_reset_updates(fast: MemoryWorld) -> None:
    synced(fast, payment("A1", "P1", 90.0, {"INV1": 60.0}))
    change(fast, "P1", "apply", **invoices(INV2=30.0))
    reset_by_a_person(fast, "P1")
    summary = run(fast)
    assert applied(fast, "P1") == {"7001": 60, "7002": 30}
    assert state_of(fast, "P1") == DONE
    assert [s["updated"] for s in summary["steps"]] == [1]
    assert summary["tiedOut"] is True


@pytest.mark.rule("payments.P2.state.has-an-account-no-application")
def test_state_unapplied_and_reset_removes_all_applications(fast: MemoryWorld) -> None:
    synced(fast, payment("A1", "P1", 90.0, {"INV1": 60.0, "INV2": 30.0}))
    change(fast, "P1", "unapply", **invoices(INV1=60.0, INV2=30.0))
    reset_by_a_person(fast, "P1")
    run(fast)
    assert applied(fast, "P1") == {}
    assert state_of(fast, "P1") == DONE


@pytest.mark.rule("payments.P2.state.no-account-unassigned")
def test_state_unassigned_and_reset_changes_nothing_in_netsuite(fast: MemoryWorld) -> None:
    synced(fast, payment("A1", "P1", 90.0, {"INV1": 60.0}))
    before = ns_payment(fast, "P1")
    change(fast, "P1", "unapply", **invoices(INV1=60.0))
    change(fast, "P1", "transfer", accountId=None)
    reset_by_a_person(fast, "P1")
    summary = run(fast)
    assert ns_payment(fast, "P1") == before
    assert messages(summary)["PAY-UNASSIGNED"].startswith("Payment P1: no longer assigned to an account")


@pytest.mark.rule(
    "payments.P2.selection.3",
    "sequence-and-status.4.3.transition.sync-complete-yes-any-later-change-in-the-source",
    "payments.P2.status.change-needs-reset",
)
def test_a_synced_payment_is_not_taken_up_because_it_moved_or_became_unassigned(fast: MemoryWorld) -> None:
    synced(fast, payment("A1", "P1", 90.0, {"INV1": 60.0}))
    change(fast, "P1", "unapply", **invoices(INV1=60.0))
    change(fast, "P1", "transfer", accountId=zid("A2"))
    summary = run(fast)
    assert [s["selected"] for s in summary["steps"]] == [0]
    assert applied(fast, "P1") == {"7001": 60}


# -- status and recovery -------------------------------------------------------------------------------------------------


@pytest.mark.rule(
    "payments.P2.mapping.payment-integrationid-ns-integrationstatus-ns-syncdate-ns-written-back",
    "sequence-and-status.3.1.field.origin-ns",
)
def test_success_writes_id_date_and_origin_to_zuora(fast: MemoryWorld) -> None:
    ready(fast, payment("A1", "P1", 60.0, {"INV1": 60.0}))
    run(fast)
    record, found = fast.in_zuora("Payment", "P1"), the_payment(fast, "P1")
    assert record["IntegrationId__NS"] == found["id"]
    assert record["SyncDate__NS"].startswith("2026-")
    assert record["Origin__NS"] == "ZUORA"


@pytest.mark.rule("sequence-and-status.2.rule.6")
def test_payments_of_one_account_are_written_oldest_first_then_by_number(fast: MemoryWorld) -> None:
    dates = {"P3": "2026-10-01", "P2": "2026-10-02", "P1": "2026-10-02", "P4": "2026-09-30"}
    ready(fast, merged(*(payment("A1", n, 5.0, {"INV1": 5.0}, EffectiveDate=day) for n, day in dates.items())))
    run(fast)
    ids = {n: int(found["id"]) for n in dates if (found := ns_payment(fast, n))}
    assert sorted(ids, key=lambda n: ids[n]) == ["P4", "P3", "P1", "P2"]
