"""Settings that are allowed and that a person ought to think about: told when they are checked and in every run."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from tallybridge.desk.doctor import State
from tallybridge.settings import DEFAULTS, Settings, parse_settings
from tallybridge.tasks.remarks import DEPENDS, OF_STEPS, ONLY_IN_MODE, remarks
from tallybridge.tasks.steps import STEPS
from tallybridge_cli import settings_file

TODAY = date(2026, 11, 29)
ROWS = [{"zuora_object": "Invoice", "zuora_field": "Region__c", "netsuite_field": "custbody_region"}]
MASTER = {"customer_account_master": "NetSuite"}
TAXED = {"use_standard_invoice_sync": "No"}


def told(document: dict[str, Any], mode: str = "") -> dict[str, str]:
    """The remarks by place."""
    found = list(remarks(parse_settings(json.dumps(document)), mode, TODAY))
    assert all(each.text and each.advice for each in found)
    return {each.place: each.text for each in found}


CASES: dict[str, tuple[dict[str, Any], str, set[str]]] = {
    "nothing": ({}, "", set()),
    "rows without the switch": ({"custom_field_mappings": ROWS}, "B", {"custom_field_mappings"}),
    "the switch without rows": ({"custom_field_sync_enabled": "Yes"}, "B", {"custom_field_sync_enabled"}),
    "both": ({"custom_field_sync_enabled": "Yes", "custom_field_mappings": ROWS}, "B", set()),
    "both in a tenant that has none": (
        {"custom_field_sync_enabled": "Yes", "custom_field_mappings": ROWS},
        "A",
        {"custom_field_sync_enabled"},
    ),
    "inline without the switch": ({"custom_fields_inline": "Yes"}, "B", {"custom_fields_inline"}),
    "credit memos of NetSuite with Invoice Settlement": (
        {"disable_netsuite_credit_memo_sync": "No"},
        "B",
        {"disable_netsuite_credit_memo_sync"},
    ),
    "credit memos of NetSuite without it": ({"disable_netsuite_credit_memo_sync": "No"}, "A", set()),
    "credit memos of NetSuite, tenant unknown": ({"disable_netsuite_credit_memo_sync": "No"}, "", set()),
    "switched on while NetSuite calculates tax": (
        {**TAXED, "disable_netsuite_payment_sync": "No", "disable_netsuite_refund_sync": "No"},
        "",
        {"disable_netsuite_payment_sync", "disable_netsuite_refund_sync"},
    ),
    "a cutover of a step of the other mode": ({"cutover_zuora_memo": "2026-01-01"}, "A", {"cutover_zuora_memo"}),
    "a cutover of a step that is off": (
        {"cutover_zuora_payment": "2026-01-01", "disable_zuora_payment_sync": "Yes", "disable_zuora_refund_sync": "Yes"},
        "",
        {"cutover_zuora_payment"},
    ),
    "a cutover of NetSuite payments that are off": ({"cutover_netsuite_payment": "2026-01-01"}, "", {"cutover_netsuite_payment"}),
    "adjustments with Invoice Settlement": (
        {"cutover_zuora_invoice_item_adjustment": "2026-01-01"},
        "B",
        {"cutover_zuora_invoice_item_adjustment"},
    ),
    "unassigned payments without Invoice Settlement": (
        {"unassigned_payments_customer_id": "12"},
        "A",
        {"unassigned_payments_customer_id"},
    ),
    "de-concatenation with Zuora as master": ({"de_concatenate_account_number": "Yes"}, "", {"de_concatenate_account_number"}),
    "de-concatenation with NetSuite as master": ({**MASTER, "de_concatenate_account_number": "Yes"}, "", set()),
    "VAT ids with NetSuite as master": ({**MASTER, "map_vat_id": "Yes"}, "", {"map_vat_id"}),
    "a subsidiary without OneWorld": ({"default_subsidiary": "Parent Company"}, "", {"default_subsidiary"}),
    "a subsidiary with OneWorld": ({"default_subsidiary": "Parent Company", "netsuite_subsidiaries": "Yes"}, "", set()),
    "a limit of errors without debug logging": ({"netsuite_error_limit": "500"}, "", {"netsuite_error_limit"}),
    "contacts that never update": (
        {"include_contact_changes": "Yes", "customer_account_sync_behavior": "Sync New Records Only"},
        "",
        {"include_contact_changes"},
    ),
    "a tax code while NetSuite calculates tax": ({**TAXED, "netsuite_default_tax_code": "Zero"}, "", {"netsuite_default_tax_code"}),
    "the catalogue twice": (
        {"force_zuora_product_catalog_sync": "Yes", "enable_sales_order_sync": "Yes"},
        "",
        {"force_zuora_product_catalog_sync"},
    ),
    "a subscription API without sales orders": ({"zuora.subscription_api": "orders"}, "", {"zuora.subscription_api"}),
    "a sender without recipients": ({"notify_sender": "a@example.com"}, "", {"notify_sender"}),
    "recipients of nothing": (
        {"notify_recipients": ["a@example.com"], "notify_on_error": "No", "notify_on_warning": "No"},
        "",
        {"notify_recipients"},
    ),
    "recipients of success alone": (
        {"notify_recipients": ["a@example.com"], "notify_on_error": "No", "notify_on_warning": "No", "notify_on_success": "Yes"},
        "",
        set(),
    ),
    "recipients of one kind of problem alone": (
        {"notify_recipients_by_kind": {"drift": ["a@example.com"]}},
        "",
        {"notify_recipients_by_kind"},
    ),
    "recipients of one kind and of everything else": (
        {"notify_recipients": ["b@example.com"], "notify_recipients_by_kind": {"drift": ["a@example.com"]}},
        "",
        set(),
    ),
    "a cutover in the future": (
        {"cutover_zuora_invoice": "2027-01-01", "cutover_zuora_payment": "2027-01-01", "cutover_zuora_refund": "2027-01-01"}
        | {"cutover_zuora_memo": "2027-01-01", "cutover_zuora_invoice_item_adjustment": "2027-01-01"},
        "",
        {f"cutover_zuora_{what}" for what in ("invoice", "payment", "refund", "memo", "invoice_item_adjustment")},
    ),
    "a cutover today": ({"cutover_zuora_account": "2026-11-29"}, "", set()),
    "a cutover long ago": ({"cutover_zuora_account": "0026-11-29"}, "", {"cutover_zuora_account"}),
    "payments from before their invoices": (
        {"cutover_zuora_invoice": "2026-01-01", "cutover_zuora_payment": "2025-01-01", "cutover_zuora_refund": "2026-01-01"}
        | {"cutover_zuora_memo": "2026-01-01"},
        "B",
        {"cutover_zuora_payment"},
    ),
    "invoices alone": ({"cutover_zuora_invoice": "2026-01-01"}, "B", {"cutover_zuora_payment", "cutover_zuora_memo"}),
    "refunds from before their payments": ({"cutover_zuora_payment": "2026-01-01"}, "B", {"cutover_zuora_refund"}),
    "a method that is another type": (
        {"payment_method_translation": {"Other": "Check"}},
        "",
        {"payment_method_translation.Other"},
    ),
    "a method that is none": ({"payment_method_translation": {"Check": "Cheque"}}, "", set()),
}


@pytest.mark.parametrize("case", CASES)
def test_what_has_no_effect_or_is_easily_not_meant_is_remarked_on(case: str) -> None:
    document, mode, expected = CASES[case]
    assert set(told(document, mode)) == expected


def test_every_table_names_settings_and_steps_that_are_there() -> None:
    keys = {key for keys in (*OF_STEPS.values(), *ONLY_IN_MODE.values(), DEPENDS) for key in keys}
    names = {name: info.alias or name for name, info in Settings.model_fields.items()}
    assert keys <= set(names) and {step for steps in OF_STEPS for step in steps} <= set(STEPS)


def test_the_defaults_are_remarked_on_in_no_tenant() -> None:
    assert [list(remarks(DEFAULTS, mode, TODAY)) for mode in ("", "A", "B")] == [[], [], []]


def test_a_document_with_every_key_at_its_default_is_remarked_on_in_no_tenant() -> None:
    whole = json.loads(DEFAULTS.model_dump_json(by_alias=True))
    assert [told(whole, mode) for mode in ("", "A", "B")] == [{}, {}, {}]


def test_settings_check_warns_with_the_place(tmp_path: Path) -> None:
    file = tmp_path / "settings.json"
    file.write_text(json.dumps({"custom_field_mappings": ROWS, "netsuite_error_limit": "100"}), encoding="utf-8")
    found = {check.name: check for check in settings_file.examined(file, None)}
    for place in ("custom_field_mappings", "netsuite_error_limit"):
        assert found[place].state is State.WARN and "has no effect" in found[place].detail
