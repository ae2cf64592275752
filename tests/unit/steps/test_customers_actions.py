"""Zuora accounts -> NetSuite customers, actions, statuses and recovery: customer-accounts.md sections 2.2, 2.4 and 4."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from tallybridge.errors import AlreadyExists
from tallybridge.sync.runlog import Outcome
from tallybridge.sync.step import Found
from tests.unit.steps.customer_bench import ACCOUNT, EVERYTHING, LATE, ONE_WORLD, C, bench, held, synced
from tests.unit.steps.master_fakes import STAMP, Bench

# -- actions and statuses (2.2, 2.4, 4) ----------------------------------------------------------------------------------


@pytest.mark.rule("customer-accounts.2.action.empty-status-empty-any")
def test_a_new_account_is_created() -> None:
    plan = bench().plan("acc1")
    assert (plan.action, plan.in_progress, plan.error) == ("create", "Creating Customer", "Error Creating Customer")
    assert plan.requests[0].record_id is None
    assert (plan.write_back, plan.transferred, plan.check_amount) == (True, False, False)


@pytest.mark.rule(
    "customer-accounts.2.action.empty-status-creating-linking-error-any", "customer-accounts.4.recovery.1", "customer-accounts.4.recovery.2"
)
@pytest.mark.parametrize("status", [None, "Creating Customer", "Linking Customer..."])
def test_an_account_whose_customer_is_there_already_is_only_written_back(status: str | None) -> None:
    b = bench({"IntegrationStatus__NS": status})
    b.netsuite.put("customer", "77", **{C["Zuora ID"]: "acc1"})
    plan = b.plan("acc1")
    assert isinstance(plan, Found)
    assert (plan.counterpart.id, plan.action, plan.write_back) == ("77", "recover", True)


@pytest.mark.rule("customer-accounts.4.recovery.3", "customer-accounts.2.action.empty-status-creating-linking-error-any")
@pytest.mark.parametrize("status", ["Creating Customer", "Error Creating Customer"])
def test_an_account_left_in_the_middle_without_a_customer_is_created(status: str) -> None:
    assert bench({"IntegrationStatus__NS": status}).plan("acc1").action == "create"


def test_the_customer_is_found_by_its_external_id_too() -> None:
    b = bench()
    b.netsuite.put("customer", "78", externalId="acc1")
    assert b.plan("acc1").counterpart.id == "78"


@pytest.mark.rule("customer-accounts.4.recovery.2", "customer-accounts.2.action.empty-status-creating-linking-error-any")
def test_a_customer_found_after_an_error_is_brought_up_to_date_as_well() -> None:
    b = bench({"IntegrationStatus__NS": "Error Creating Customer"})
    b.netsuite.put("customer", "77", **{C["Zuora ID"]: "acc1"}, companyName="Old name")
    plan = b.plan("acc1")
    assert (plan.action, plan.destination_id, plan.write_back) == ("recover", "77", True)
    assert plan.requests[0].body["companyName"] == "Brightwater GmbH"
    b.settings = {"customer_account_sync_behavior": "Sync New Records Only"}
    assert isinstance(b.plan("acc1"), Found)


@pytest.mark.rule("customer-accounts.4.recovery.4")
def test_two_customers_with_one_zuora_id_hold_the_account() -> None:
    b = bench()
    for internal_id in ("77", "78"):
        b.netsuite.put("customer", internal_id, **{C["Zuora ID"]: "acc1"})
    assert held(b) == [("ACCT-AMBIGUOUS", "Account A0001: 2 NetSuite customers carry this Zuora ID. Clear the duplicates first.")]


@pytest.mark.rule("customer-accounts.1.rule.4", "customer-accounts.2.action.filled-new-and-modified")
def test_an_update_sends_only_what_differs() -> None:
    b = synced(bench(settings=EVERYTHING))
    b.zuora.tables["Account"]["acc1"] |= {"Notes": "New notes", "UpdatedDate": "2026-02-10T00:00:00Z"}
    plan = b.plan("acc1")
    assert (plan.action, plan.in_progress, plan.error, plan.write_back) == ("update", "", "Error Updating Customer", False)
    assert plan.requests[0].body == {
        "comments": "New notes",
        C["Zuora Updated Date"]: "2026-02-10T00:00:00Z",
    }
    assert (plan.requests[0].record_id, plan.requests[0].replace, plan.destination_id) == ("900", (), "900")


@pytest.mark.rule("customer-accounts.1.rule.4")
@pytest.mark.parametrize(
    "held_value",
    [
        {"companyName": "  Brightwater   GmbH "},
        {"terms": {"id": 31, "refName": "Net 30", "links": []}},
        {"id": "900", C["Zuora Batch"]: {"id": "7", "refName": "Batch7"}},
        {"comments": "Some\nnotes"},
    ],
)
def test_nothing_is_sent_when_nothing_differs_after_normalisation(held_value: dict[str, Any]) -> None:
    b = synced(bench())
    b.netsuite.records["customer"]["900"] |= held_value
    b.zuora.tables["Account"]["acc1"]["UpdatedDate"] = "2026-02-11T00:00:00Z"
    plan = b.plan("acc1")
    assert isinstance(plan, Found)
    assert (plan.write_back, plan.action) == (False, "none")


@pytest.mark.rule("classifications.4.subsidiary.customer-update-link", "customer-accounts.2.mapping.account-customertype-ns-to-isperson")
def test_an_update_never_sends_type_currency_or_subsidiary() -> None:
    b = synced(bench(settings=EVERYTHING))
    b.netsuite.records["customer"]["900"] |= {"isPerson": True, "currency": {"id": "1"}, "subsidiary": {"id": "1"}}
    assert b.plan("acc1").write_back is False


@pytest.mark.parametrize("status", ["Error Updating Customer", None])
def test_a_successful_update_of_an_account_that_is_not_complete_completes_it(status: str | None) -> None:
    b = synced(bench(), IntegrationStatus__NS=status)
    assert b.plan("acc1").write_back is True
    b.netsuite.records["customer"]["900"]["companyName"] = "Other"
    plan = b.plan("acc1")
    assert (plan.action, plan.write_back) == ("update", True)


def test_a_customer_that_was_deleted_in_netsuite_ends_as_netsuites_refusal() -> None:
    b = bench({**LATE, "IntegrationStatus__NS": "Sync Complete"})
    plan = b.plan("acc1")
    assert plan.action == "update"
    assert plan.requests[0].record_id == "900"
    assert plan.requests[0].body["companyName"] == "Brightwater GmbH"


def test_a_customer_that_cannot_be_read_holds_only_its_account() -> None:
    b = synced(bench())
    b.netsuite.broken = {"900"}
    assert [message for _, message in held(b)] == ["Account A0001: NetSuite customer 900 could not be read: no answer"]


@pytest.mark.rule(
    "customer-accounts.2.action.filled-new-only",
    "customer-accounts.2.validation.skipped-on-link",
    "customer-accounts.2.address.link",
    "customer-accounts.2.status.link",
    "classifications.4.subsidiary.customer-update-link",
    "settings.8.procedure.3",
)
def test_a_link_writes_zuora_fields_only_and_validates_nothing() -> None:
    b = bench({**LATE, "PaymentTerm": "Net 37", "BillToId": None}, {"customer_account_sync_behavior": "Sync New Records Only"})
    plan = b.plan("acc1")
    assert (plan.action, plan.in_progress, plan.error) == ("link", "Linking Customer", "Error Linking Customer")
    assert (plan.destination_id, plan.write_back) == ("900", True)
    assert set(plan.requests[0].body) <= set(C.values())
    assert plan.requests[0].body[C["Zuora Payment Term"]] == "Net 37"
    assert not [call for call in b.netsuite.calls if call[0] == "read"]


# -- through the engine --------------------------------------------------------------------------------------------------


def family(b: Bench) -> Bench:
    """acc1 is the child of top, itself a child of root; none of them is synced."""
    b.zuora.tables["Account"]["acc1"]["ParentId"] = "top"
    b.zuora.put("Account", {**ACCOUNT, "Id": "top", "AccountNumber": "A0100", "ParentId": "zroot"})
    b.zuora.put("Account", {**ACCOUNT, "Id": "zroot", "AccountNumber": "A0200"})
    return b


@pytest.mark.rule("customer-accounts.1.rule.5", "customer-accounts.2.mapping.account-parentid-to-parent")
def test_a_family_is_created_in_one_batch_parents_first() -> None:
    b = family(bench())
    result = b.run()
    assert {r.outcome for r in result.results} == {Outcome.SYNCED}
    accounts, customers = b.zuora.tables["Account"], b.netsuite.records["customer"]
    ids = {i: accounts[i]["IntegrationId__NS"] for i in ("zroot", "top", "acc1")}
    assert customers[ids["acc1"]]["parent"] == {"id": ids["top"]}
    assert customers[ids["top"]]["parent"] == {"id": ids["zroot"]}
    assert "parent" not in customers[ids["zroot"]]
    assert accounts["acc1"]["IntegrationStatus__NS"] == "Sync Complete"
    assert accounts["acc1"]["SyncDate__NS"] == STAMP


@pytest.mark.rule("customer-accounts.1.rule.6", "customer-accounts.2.validation.V6")
def test_children_of_a_refused_parent_are_held_and_their_status_stays() -> None:
    b = family(bench())
    b.netsuite.refuse = lambda body: body.get(C["Zuora ID"]) == "top"
    outcomes = {r.source_id: r.outcome for r in b.run().results}
    assert outcomes == {"zroot": Outcome.SYNCED, "top": Outcome.REFUSED, "acc1": Outcome.HELD}
    assert b.zuora.tables["Account"]["top"]["IntegrationStatus__NS"] == "Error Creating Customer"
    assert "IntegrationStatus__NS" not in b.zuora.tables["Account"]["acc1"]
    assert b.ledger.facts["acc1"] == {"code": "ACCT-V6", "waits_for": "Account A0100"}


def test_children_of_a_held_parent_are_held() -> None:
    b = family(bench())
    b.zuora.tables["Account"]["top"]["PaymentTerm"] = "Net 37"
    result = b.run()
    assert {r.source_id: r.code for r in result.results if r.outcome is Outcome.HELD} == {"top": "ACCT-V1", "acc1": "ACCT-V6"}


def test_a_child_finds_the_parent_that_is_recovered_in_the_same_batch() -> None:
    b = family(bench())
    b.netsuite.put("customer", "77", **{C["Zuora ID"]: "top"})
    assert {r.source_id: r.outcome for r in b.run().results}["acc1"] is Outcome.SYNCED
    assert b.netsuite.records["customer"][b.zuora.tables["Account"]["acc1"]["IntegrationId__NS"]]["parent"] == {"id": "77"}


def test_parents_in_a_circle_are_held() -> None:
    b = family(bench())
    b.zuora.tables["Account"]["zroot"]["ParentId"] = "acc1"
    result = b.run()
    assert {r.code for r in result.results} == {"ACCT-V6"}
    assert len(result.results) == 3
    assert all("circle" in line.advice for line in result.lines)


def test_a_dry_run_says_what_would_happen_to_a_family_and_writes_nothing() -> None:
    b = family(bench())
    result = b.run(dry_run=True)
    assert [r.outcome for r in result.results] == [Outcome.SYNCED] * 3
    assert b.zuora.writes == []
    assert not [call for call in b.netsuite.calls if call[0] in ("create", "update")]


@pytest.mark.rule("customer-accounts.2.status.create", "customer-accounts.2.mapping.netsuite-internal-id-to-account-integrationid-ns")
def test_the_status_goes_before_the_create_and_the_id_after_it() -> None:
    b = bench()
    b.run()
    assert [w.get("IntegrationStatus__NS") for w in b.zuora.writes] == ["Creating Customer", "Sync Complete"]
    assert "TransferredToAccounting" not in {k for w in b.zuora.writes for k in w}


@pytest.mark.rule("customer-accounts.2.status.update")
def test_an_update_writes_nothing_in_zuora() -> None:
    b = synced(bench())
    b.zuora.tables["Account"]["acc1"]["Notes"] = "New"
    assert [r.outcome for r in b.run().results] == [Outcome.SYNCED]
    assert b.zuora.writes == []


@pytest.mark.rule("customer-accounts.2.status.update", "customer-accounts.1.1.watermark.failed-update")
def test_a_refused_update_leaves_an_error_status() -> None:
    b = synced(bench())
    b.zuora.tables["Account"]["acc1"]["Notes"] = "New"
    b.netsuite.refuse = lambda body: True
    assert [r.outcome for r in b.run().results] == [Outcome.REFUSED]
    assert [w["IntegrationStatus__NS"] for w in b.zuora.writes] == ["Error Updating Customer"]


@pytest.mark.rule("customer-accounts.2.duplicate-entity-id", "customer-accounts.2.status.create")
def test_a_customer_number_that_is_taken_is_an_error_and_never_linked_by_name() -> None:  # C4
    b = bench(settings={"customer_account_number_mapping": "Use Name From Source Record"})
    b.netsuite.put("customer", "5", entityId="Brightwater GmbH")

    def refuse(body: Mapping[str, Any]) -> bool:
        raise AlreadyExists("This entity already exists.", service="NetSuite")

    b.netsuite.refuse = refuse
    assert [r.outcome for r in b.run().results] == [Outcome.REFUSED]
    assert b.zuora.tables["Account"]["acc1"]["IntegrationStatus__NS"] == "Error Creating Customer"


@pytest.mark.parametrize(
    ("settings", "more"),
    [
        ({}, set()),
        (ONE_WORLD, {"subsidiary"}),
        ({"netsuite_multiple_currencies": "Yes"}, {"currency"}),
        ({"netsuite_default_tax_code": "Zero"}, {"tax code"}),
    ],
)
def test_only_tables_that_the_settings_call_for_are_read(settings: dict[str, Any], more: set[str]) -> None:
    assert set(bench(settings=settings).step().needs) == {"term", "fields:customer"} | more
