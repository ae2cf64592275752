"""The copy of the owner's own fields: which rows apply, and what becomes of a step's plan."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tallybridge.settings import Settings
from tallybridge.steps.shared.custom_fields import LIMIT, CustomFields
from tallybridge.sync.step import CREATED, Counterpart, Found, Hold, Plan, Problem, Request, SourceRecord, Stage, Write

ROWS = [
    {"zuora_object": "Invoice", "zuora_field": "Region__c", "netsuite_field": "custbody_region", "netsuite_internal_id": "901"},
    {"zuora_object": "Invoice", "zuora_field": "Score__c", "netsuite_field": "custbody_score"},
    {"zuora_object": "Account", "zuora_field": "Tier__c", "netsuite_field": "custentity_tier"},
]
CREATE = Write("create", "Creating Invoice", "Error Creating Invoice", (Request("invoice", {"memo": "x"}),))
UPDATE = Write("update", "", "Error Updating Customer", (Request("customer", {"memo": "x"}, "7"),), destination_id="7")


def fields(zuora_object: str = "Invoice", mode: str = "B", **settings: Any) -> CustomFields:
    given = {"custom_field_sync_enabled": "Yes", "custom_field_mappings": ROWS, **settings}
    return CustomFields.of(Settings.model_validate(given), mode, zuora_object)


def record(status: str = "") -> SourceRecord:
    return SourceRecord("i1", "INV1", status, currency="USD", amount=Decimal(10))


def added(plan: Plan, *, status: str = "", place: int = 0, own: dict[str, Any] | None = None, **settings: Any) -> Plan:
    custom = fields(**settings)
    return custom.added(plan, record(status), custom.values(own or {"Region__c": "West"}), "invoice", "Invoice INV1", place)


@pytest.mark.rule("operations.8.rule.1", "operations.8.object.invoice")
def test_rows_of_an_object_are_read_and_sent_as_text() -> None:
    custom = fields()
    assert custom.names == ("Region__c", "Score__c")
    own = {"Region__c": "West & <North>", "Score__c": Decimal("12.50"), "Tier__c": "Gold"}
    assert custom.values(own) == {"custbody_region": "West & <North>", "custbody_score": "12.5"}
    assert custom.values({"Region__c": True, "Score__c": None}) == {"custbody_region": "true"}


@pytest.mark.parametrize(
    ("zuora_object", "mode", "settings"),
    [("Invoice", "A", {}), ("Refund", "B", {}), ("Invoice", "B", {"custom_field_sync_enabled": "No"})],
    ids=["without Invoice Settlement", "an object that has none", "switched off"],
)
def test_nothing_is_copied_where_the_sync_does_not_apply(zuora_object: str, mode: str, settings: dict[str, Any]) -> None:
    assert fields(zuora_object, mode, **settings).names == ()


@pytest.mark.rule("sequence-and-status.8.new-records-only", "sequence-and-status.8.statuses", "operations.8.rule.2", "operations.8.rule.3")
def test_a_new_record_gets_a_stage_of_its_own_after_the_creation() -> None:
    plan = added(CREATE)
    copy = Stage("Updating custom fields", "Error updating custom fields", (Request("invoice", {"custbody_region": "West"}, CREATED),))
    assert isinstance(plan, Write)
    assert plan.stages == (*CREATE.stages, copy)


@pytest.mark.parametrize("plan", [UPDATE, Found(Counterpart("7")), Hold((Problem("X", "x"),))], ids=["update", "found", "hold"])
@pytest.mark.rule("operations.8.rule.2")
def test_updates_links_and_what_is_not_sent_stay_as_they_are(plan: Plan) -> None:
    assert added(plan) == plan


@pytest.mark.parametrize("status", ["Updating custom fields", "Error updating custom fields"])
def test_an_unfinished_copy_is_finished_by_the_next_run(status: str) -> None:
    plan = added(Found(Counterpart("7", Decimal(10))), status=status)
    assert isinstance(plan, Write)
    assert (plan.action, plan.destination_id, plan.requests, len(plan.then)) == ("recover", "7", (), 1)


@pytest.mark.rule("operations.8.rule.4")
def test_after_two_hundred_records_the_copy_is_left_out_with_a_warning() -> None:
    assert len(added(CREATE, place=LIMIT - 1).stages) == 2  # type: ignore[union-attr]
    plan = added(CREATE, place=LIMIT)
    assert isinstance(plan, Write)
    assert (plan.stages, plan.remark_level) == (CREATE.stages, "WARNING")
    assert plan.remarks[0].message == "Custom fields of Invoice INV1 were not sent: limit of 200 reached."


@pytest.mark.rule("operations.8.rule.5")
def test_a_large_invoice_in_pieces_is_left_out() -> None:
    pieces = Write("create", "Creating Invoice", "Error Creating Invoice", (Request("invoice", {}), Request("invoice", {}, CREATED)))
    assert added(pieces) == pieces


@pytest.mark.rule("operations.8.inline")
def test_inline_values_keep_their_type_and_go_with_create_and_update_without_limit() -> None:
    own = {"Region__c": "West", "Score__c": Decimal("12.5")}
    for plan in (CREATE, UPDATE):
        sent = added(plan, own=own, place=LIMIT + 1, custom_fields_inline="Yes")
        assert isinstance(sent, Write)
        assert sent.stages[0].requests[0].body == {"memo": "x", "custbody_region": "West", "custbody_score": Decimal("12.5")}
        assert len(sent.stages) == 1


@pytest.mark.rule("operations.8.inline")
def test_inline_a_change_of_a_mapped_field_alone_is_an_update() -> None:
    there = Counterpart("7", record={"custbody_region": "East"})
    plan = added(Found(there, action="none", write_back=False), custom_fields_inline="Yes")
    assert isinstance(plan, Write)
    assert (plan.action, plan.requests) == ("update", (Request("invoice", {"custbody_region": "West"}, "7"),))
    same = Found(Counterpart("7", record={"custbody_region": "West"}), action="none", write_back=False)
    assert added(same, custom_fields_inline="Yes") == same
