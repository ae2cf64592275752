"""The settings of the commercial connector, copied from its screens, become a settings document."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tallybridge.desk.settings import catalogue
from tallybridge.errors import ConfigurationError
from tallybridge.settings import parse_settings
from tallybridge_cli.settings_import import LABELS, imported
from tests.cli.test_every_command import told  # noqa: F401 - a fixture

SCREENS = """# Sync Preferences
Zuora Default Currency*: USD
NetSuite Use Subsidiaries\tYes
Default Subsidiary: Parent Company : Europe
Invoice Line Class Mapping: zuora account
Customer Account Sync Behavior * : Sync New Records Only
Item ID Mapping = Use Zuora Charge Name
Product Catalog Sync Behavior: Sync New and Modified Records
Enable Sales Order Sync: checked

# Advanced Settings
Zuora Invoices: 01/31/2026
Zuora Payments: 2026-02-01
NetSuite Payments:
Use Standard Invoice Sync: Yes - NetSuite Int'l Edition
Disable NetSuite Payment Sync,No
NetSuite Error Limit for Debugging: 100
NetSuite Consumer Secret: abc
Scheduler: every 2 hours
"""


def test_every_setting_that_the_screens_have_is_one_of_ours() -> None:
    assert LABELS.keys() <= {setting.key for setting in catalogue()}
    labels = [label.lower() for text in LABELS.values() for label in text.split("|")]
    assert len(set(labels)) == len(labels)


def test_screens_become_a_document() -> None:
    found = imported(SCREENS)
    assert found.document == {
        "zuora_default_currency": "USD",
        "netsuite_subsidiaries": "Yes",
        "default_subsidiary": "Parent Company : Europe",
        "invoice_line_class_mapping": "Zuora Account",
        "customer_account_sync_behavior": "Sync New Records Only",
        "item_id_mapping": "Use Zuora Record Name",
        "product_catalog_sync_behavior": "Sync New and Modified Records",
        "enable_sales_order_sync": "Yes",
        "cutover_zuora_invoice": "2026-01-31",
        "cutover_zuora_payment": "2026-02-01",
        "use_standard_invoice_sync": "Yes - NetSuite Int'l Edition",
        "disable_netsuite_payment_sync": "No",
        "netsuite_error_limit": "100",
    }
    assert parse_settings(json.dumps(found.document)).default_subsidiary == "Parent Company : Europe"


def test_what_has_no_place_is_told_and_a_secret_is_never_repeated() -> None:
    found = imported(SCREENS)
    left = dict(found.left)
    assert left.keys() == {"NetSuite Payments", "NetSuite Consumer Secret", "Scheduler"}
    assert "setup aws" in left["NetSuite Consumer Secret"]
    assert "abc" not in str(found)


def test_a_screen_that_was_not_copied_is_missed() -> None:
    assert imported("Debug logging: Yes").missing == [
        "Customer Account Sync Behavior",
        "Product Catalog Sync Behavior",
        "Zuora Default Currency",
    ]


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("Zuora Invoices: 02/03/2026", 'line 1: Zuora Invoices: "02/03/2026" can be 2026-02-03 or 2026-03-02'),
        ("Zuora Invoices: spring", "is no day"),
        ("Customer Account Master: SAP", "none of Zuora, NetSuite"),
        ("Enable Sales Order Sync: perhaps", "none of Yes, No"),
        ("netsuite_max_concurrency: many", "no whole number"),
        ('{"a": ', "begins like JSON"),
    ],
)
def test_what_cannot_be_read_is_named_with_its_line(line: str, says: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        imported(line)
    assert refused.value.code == "IMPORT"
    assert says in refused.value.message


@pytest.mark.parametrize(("order", "day"), [("mdy", "2026-02-03"), ("dmy", "2026-03-02")])
def test_a_day_that_can_be_read_in_two_ways_needs_to_be_told(order: str, day: str) -> None:
    assert imported("Zuora Invoices: 02/03/2026", order).document == {"cutover_zuora_invoice": day}


def test_json_and_own_keys_are_read_too() -> None:
    text = json.dumps({"NetSuite Subsidiaries": "No", "field_map": {"custbody.Zuora ID": "custbody_x"}, "netsuite_max_concurrency": 7})
    found = imported(text)
    assert found.document == {
        "netsuite_subsidiaries": "No",
        "field_map": {"custbody.Zuora ID": "custbody_x"},
        "netsuite_max_concurrency": 7,
    }


CUSTOM_FIELDS = """Zuora object,Zuora Custom Field,NetSuite Custom Field ID,NetSuite Custom Field Internal Id
Credit Memo,Region__c,custbody_region,77
Account,Tier__c,custentity_tier,
"""


def test_the_rows_of_the_custom_field_sync_come_with_it() -> None:
    found = imported("Enable Custom Field Sync: Yes", custom_fields=CUSTOM_FIELDS)
    first, second = parse_settings(json.dumps(found.document)).custom_field_mappings
    assert (first.zuora_object, first.netsuite_internal_id) == ("CreditMemo", "77")
    assert (second.zuora_object, second.netsuite_field, second.netsuite_internal_id) == ("Account", "custentity_tier", "")


def test_custom_fields_without_their_columns_are_refused() -> None:
    with pytest.raises(ConfigurationError, match="NetSuite Custom Field ID is missing"):
        imported("Debug logging: Yes", custom_fields="Zuora object,Zuora Custom Field\nAccount,A__c\n")


def test_the_command_writes_a_file_that_the_check_takes(tmp_path: Path, told: Any) -> None:  # noqa: F811
    source, made = tmp_path / "screens.txt", tmp_path / "settings.json"
    source.write_text(SCREENS)
    code, out, _ = told("settings", "import", str(source), "--into", str(made), "--json")
    assert (code, json.loads(out)["file"]) == (0, str(made))
    code, out, _ = told("settings", "check", str(made), "--offline", "--json")
    assert (code, json.loads(out)["ok"]) == (0, True)


def test_a_value_that_no_setting_takes_writes_nothing(tmp_path: Path, told: Any) -> None:  # noqa: F811
    source, made = tmp_path / "screens.txt", tmp_path / "settings.json"
    source.write_text("Zuora Default Currency: dollars\n")
    code, out, _ = told("settings", "import", str(source), "--into", str(made), "--json")
    assert (code, json.loads(out)["error"]["code"]) == (3, "SETTINGS")
    assert not made.exists()
