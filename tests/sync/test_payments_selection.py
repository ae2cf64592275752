"""Payments, part P2: selection rules, the table of application states, the recovery of what was interrupted."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sync.builders import Objects, account, merged, payment, zid
from tests.sync.memory import MemoryWorld
from tests.sync.payment_world import (
    DONE,
    UNASSIGNED,
    applied,
    change,
    invoices,
    messages,
    ns_payment,
    ready,
    reset_by_a_person,
    run,
    state_of,
)

# -- selection -----------------------------------------------------------------------------------------------------------

LATER = {"cutover_zuora_payment": "2026-10-15"}
SELECTED: dict[str, tuple[bool, dict[str, Any], dict[str, Any]]] = {
    "rule 1: account without the flag": (True, {}, {}),
    "rule 1: account with flag Yes": (True, {"account": {"SynctoNetSuite__NS": "Yes"}}, {}),
    "rule 1: account with flag No": (False, {"account": {"SynctoNetSuite__NS": "No"}}, {}),
    "rule 2: draft": (False, {"Status": "Draft"}, {}),
    "rule 2: processing": (False, {"Status": "Processing"}, {}),
    "rule 2: canceled": (False, {"Status": "Canceled"}, {}),
    "rule 2: voided": (False, {"Status": "Voided"}, {}),
    "rule 2: error": (False, {"Status": "Error"}, {}),
    "rule 3: No": (True, {"TransferredToAccounting": "No"}, {}),
    "rule 3: Error": (True, {"TransferredToAccounting": "Error"}, {}),
    "rule 3: Processing": (True, {"TransferredToAccounting": "Processing"}, {}),
    "rule 3: Yes": (False, {"TransferredToAccounting": "Yes"}, {}),
    "rule 3: Ignore": (False, {"TransferredToAccounting": "Ignore"}, {}),
    "status Ignore": (False, {"IntegrationStatus__NS": "Ignore"}, {}),
    "rule 4: on the cutover date": (True, {"EffectiveDate": "2026-10-15"}, LATER),
    "rule 4: before the cutover date": (False, {"EffectiveDate": "2026-10-14"}, LATER),
    "rule 4: no cutover date": (True, {"EffectiveDate": "2020-01-01"}, {}),
    "rule 6: born in NetSuite": (False, {"Origin__NS": "NETSUITE"}, {}),
    "rule 6: born in Zuora": (True, {"Origin__NS": "ZUORA"}, {}),
}


@pytest.mark.rule(
    "payments.P2.selection.1",
    "payments.P2.selection.2",
    "payments.P2.selection.3",
    "payments.P2.selection.4",
    "payments.P2.selection.6",
    "settings.key.cutover_zuora_payment",
)
@pytest.mark.parametrize("read_path", ["data_query", "zoql"])
@pytest.mark.rule("sequence-and-status.1.4.gate.cutover-dates-zuora-invoices-zuora-payments-zuora")
def test_each_selection_rule(fast: MemoryWorld, read_path: str) -> None:
    own: list[Objects] = []
    numbers = {name: f"P{n}" for n, name in enumerate(SELECTED)}
    for name, (_, given, _settings) in SELECTED.items():
        fields = dict(given)
        owner = f"acct {numbers[name]}"
        own.append(account(owner, IntegrationId__NS="9001", IntegrationStatus__NS="Sync Complete", **fields.pop("account", {})))
        own.append(payment(owner, numbers[name], 10.0, {}, **fields))
    by_settings: dict[str, dict[str, Any]] = {str(s): s for _, _, s in SELECTED.values()}
    for settings in by_settings.values():
        choice: dict[str, Any] = {"sync_unapplied_payments": "Yes", "zuora.read_path": read_path, **settings}
        ready(fast, *own, **choice)
        run(fast)
        for name, (expected, _, its_settings) in SELECTED.items():
            if its_settings == settings:
                assert (ns_payment(fast, numbers[name]) is not None) is expected, name


@pytest.mark.rule("payments.P2.selection.1")
def test_rule_1_does_not_apply_to_unassigned_payments(fast: MemoryWorld) -> None:
    ready(fast, payment(None, "P1", 10.0, {}), unassigned_payments_customer_id=UNASSIGNED)
    run(fast)
    found = ns_payment(fast, "P1")
    assert found is not None
    assert found["customer"]["id"] == UNASSIGNED


@pytest.mark.rule("payments.P2.selection.6")
def test_rule_6_payments_that_came_from_netsuite_never_go_back(fast: MemoryWorld) -> None:
    ready(fast, payment("A1", "P1", 10.0, {"INV1": 10.0}, Origin__NS="NETSUITE", TransferredToAccounting="No", IntegrationId__NS="8888"))
    summary = run(fast)
    assert ns_payment(fast, "P1") is None
    assert summary["tiedOut"] is True


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
    found = ns_payment(fast, "P1")
    assert found is not None
    assert found["customer"]["id"] == UNASSIGNED
    assert applied(fast, "P1") == {}
    assert state_of(fast, "P1") == DONE
    assert summary["tiedOut"] is True


@pytest.mark.rule("payments.P2.validation.7", "payments.P2.state.no-account-unassigned")
def test_state_unassigned_and_new_without_a_configured_customer_is_skipped(fast: MemoryWorld) -> None:
    ready(fast, payment(None, "P1", 90.0, {}))
    summary = run(fast)
    assert ns_payment(fast, "P1") is None
    assert state_of(fast, "P1") == (None, None)
    expected = "Payment P1: unassigned, and no NetSuite customer is configured for unassigned payments; skipped."
    assert messages(summary)["PAY-V7"] == expected
    assert summary["outcome"] == "completed with warnings"


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
    "sequence-and-status.5.1.lookup.payment-z-ns",
    "sequence-and-status.5.algorithm.write-back",
    "sequence-and-status.4.2.rule.reading",
)
@pytest.mark.parametrize("status", ["Creating Payment", "Error Creating Payment", "creating payment..."])
@pytest.mark.parametrize("there", [True, False], ids=["counterpart found", "none found"])
def test_recovery_after_an_interrupted_create(fast: MemoryWorld, status: str, there: bool) -> None:
    tta = "Error" if status.startswith("Error") else "Processing"
    own = payment("A1", "P1", 60.0, {"INV1": 60.0}, IntegrationStatus__NS=status, TransferredToAccounting=tta)
    existing = {
        "customerPayment": [
            {"id": "8001", "customer": {"id": "9001"}, "payment": 60.0, "tranDate": "2026-10-15", "custbodyzuoraid": zid("P1")}
        ]
    }
    ready(fast, own, netsuite=existing if there else None)
    summary = run(fast)
    assert state_of(fast, "P1") == DONE
    found = ns_payment(fast, "P1")
    assert found is not None
    assert (found["id"] == "8001") is there
    step = summary["steps"][0]
    assert (step["recovered"], step["created"]) == ((1, 0) if there else (0, 1))
    assert summary["tiedOut"] is True


@pytest.mark.rule("sequence-and-status.5.algorithm.ambiguous")
def test_recovery_with_two_counterparts_changes_nothing(fast: MemoryWorld) -> None:
    twin = {"customer": {"id": "9001"}, "payment": 60.0, "tranDate": "2026-10-15", "custbodyzuoraid": zid("P1")}
    own = payment("A1", "P1", 60.0, {"INV1": 60.0}, IntegrationStatus__NS="Creating Payment", TransferredToAccounting="Processing")
    ready(fast, own, netsuite={"customerPayment": [{"id": "8001", **twin}, {"id": "8002", **twin}]})
    summary = run(fast)
    assert state_of(fast, "P1") == ("Creating Payment", "Processing")
    expected = "Payment P1: 2 NetSuite payments carry this Zuora ID (8001, 8002). Clear the duplicates first."
    assert messages(summary)["PAY-AMBIGUOUS"] == expected


@pytest.mark.rule("payments.P2.status.refused", "sequence-and-status.4.2.text.payment-z-ns-new")
def test_a_refused_payment_carries_the_error_status_and_is_sent_again_by_the_next_run(fast: MemoryWorld) -> None:
    ready(fast, payment("A1", "P1", 60.0, {"INV1": 60.0}))
    refusal = {"o:errorDetails": [{"detail": "A script says no.", "o:errorCode": "USER_ERROR"}]}
    fast.netsuite_control.set_faults([{"method": "POST", "path": "/record/v1/customerPayment", "status": 400, "body": refusal, "times": 1}])
    first = run(fast)
    assert state_of(fast, "P1") == ("Error Creating Payment", "Error")
    assert first["outcome"] == "completed with warnings"
    assert first["tiedOut"] is True
    run(fast)
    assert state_of(fast, "P1") == DONE


@pytest.mark.rule(
    "payments.P2.mapping.payment-integrationid-ns-integrationstatus-ns-syncdate-ns-written-back",
    "sequence-and-status.3.1.field.origin-ns",
)
def test_success_writes_id_date_and_origin_to_zuora(fast: MemoryWorld) -> None:
    ready(fast, payment("A1", "P1", 60.0, {"INV1": 60.0}))
    run(fast)
    record, found = fast.in_zuora("Payment", "P1"), ns_payment(fast, "P1")
    assert found is not None
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
