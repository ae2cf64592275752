"""Zuora accounts -> NetSuite customers, which are selected: customer-accounts.md sections 1.1 and 2.1."""

from __future__ import annotations

from typing import Any

import pytest

from tallybridge.sync.step import Candidate
from tallybridge.zuora.selection import Selected
from tests.unit.steps.customer_bench import bench

# -- selection (2.1) -----------------------------------------------------------------------------------------------------


@pytest.mark.rule(
    "customer-accounts.2.selection.1",
    "customer-accounts.2.selection.2",
    "customer-accounts.2.selection.3",
    "customer-accounts.2.selection.4",
    "customer-accounts.2.selection.5",
    "customer-accounts.1.rule.2",
    "customer-accounts.1.1.watermark.otherwise",
    "settings.key.cutover_zuora_account",
    "custom-fields.1.2.field.sync-to-netsuite",
    "custom-fields.1.1.field.ignore",
)
@pytest.mark.parametrize(
    ("change", "selected"),
    [
        ({}, True),
        ({"Status": "Draft"}, False),
        ({"Status": "Canceled"}, False),
        ({"SynctoNetSuite__NS": None}, True),
        ({"SynctoNetSuite__NS": "No"}, False),
        ({"IntegrationStatus__NS": "Ignore"}, False),
        ({"IntegrationStatus__NS": "Error Creating Customer"}, True),
        ({"IntegrationStatus__NS": "Sync Complete", "UpdatedDate": "2026-02-01T00:00:00.000+01:00"}, True),
        ({"IntegrationStatus__NS": "Complete", "UpdatedDate": "2026-02-01T00:00:00.000+01:00"}, True),
        ({"IntegrationStatus__NS": "Sync Complete", "UpdatedDate": "2025-12-01T00:00:00.000+01:00"}, False),
        ({"CreatedDate": "2025-06-01T00:00:00.000+01:00"}, False),
    ],
)
def test_selects_active_accounts_that_are_new_or_modified_lately(change: dict[str, Any], selected: bool) -> None:
    b = bench(change, {"cutover_zuora_account": "2026-01-01"})
    assert [c.id for c in b.step().select()] == (["acc1"] if selected else [])


@pytest.mark.rule("customer-accounts.1.1.watermark.behavior-is-sync-new-records-only", "settings.key.customer_account_sync_behavior")
def test_a_modified_account_is_not_selected_with_new_records_only() -> None:
    b = bench({"IntegrationStatus__NS": "Sync Complete"}, {"customer_account_sync_behavior": "Sync New Records Only"})
    assert list(b.step().select()) == []


@pytest.mark.rule("customer-accounts.1.1.watermark.retry-list")
def test_a_held_account_is_selected_again_once_although_the_watermark_has_passed_it() -> None:
    b = bench({"IntegrationStatus__NS": "Sync Complete", "UpdatedDate": "2025-06-01T00:00:00.000Z"})
    b.retry = ("acc1", "gone")
    assert [c.id for c in b.step().select()] == ["acc1"]
    b.zuora.tables["Account"]["acc1"]["UpdatedDate"] = "2026-02-02T00:00:00.000Z"
    assert [c.id for c in b.step().select()] == ["acc1"]


@pytest.mark.rule("customer-accounts.1.rule.7", "settings.key.include_contact_changes")
@pytest.mark.parametrize("flag", ["Yes", "No"])
def test_changed_contacts_select_their_accounts_only_where_the_setting_asks_for_it(flag: str) -> None:
    b = bench(settings={"include_contact_changes": flag})
    b.zuora.tables["Account"]["acc1"] |= {"IntegrationStatus__NS": "Sync Complete", "UpdatedDate": "2025-01-01T00:00:00Z"}
    b.zuora.tables["Contact"]["sold1"]["UpdatedDate"] = "2026-02-20T00:00:00Z"
    b.zuora.put("Contact", {"Id": "other", "AccountId": "acc1", "UpdatedDate": "2026-02-20T00:00:00Z"})
    assert [c.id for c in b.step().select()] == (["acc1"] if flag == "Yes" else [])
    assert bool(b.step().waiting_work()) == (flag == "Yes")
    b.zuora.tables["Contact"]["sold1"]["UpdatedDate"] = "2025-02-20T00:00:00Z"
    assert list(b.step().select()) == []


@pytest.mark.parametrize("status", ["ignore", "IGNORE."])
def test_ignore_is_recognised_however_it_is_written(status: str) -> None:
    b = bench({"IntegrationStatus__NS": status})
    assert b.step().refresh([Candidate("acc1", "", Selected("acc1").to_json())]) == []


# -- what was seen of an account ------------------------------------------------------------------------------------------


def test_an_account_says_when_it_was_changed_and_what_it_contains() -> None:
    b = bench()
    before = b.record("acc1")
    assert before.modified == "2026-02-01T07:00:00.000Z"
    assert b.step().moments(["acc1"]) == {"acc1": before.modified}
    b.zuora.tables["Account"]["acc1"] |= {"UpdatedDate": "2026-02-03T00:00:00Z", "IntegrationStatus__NS": "Sync Complete"}
    assert b.record("acc1").state == before.state  # the connector's own writes
    b.zuora.tables["Account"]["acc1"]["Notes"] = "Other"
    assert b.record("acc1").state != before.state


@pytest.mark.rule("customer-accounts.1.rule.7")
@pytest.mark.parametrize("flag", ["Yes", "No"])
def test_a_contact_is_part_of_its_account_where_the_setting_asks_for_it(flag: str) -> None:
    b = bench(settings={"include_contact_changes": flag})
    before = b.record("acc1").state
    b.zuora.tables["Contact"]["sold1"]["City"] = "Elsewhere"
    assert (b.record("acc1").state != before) == (flag == "Yes")
