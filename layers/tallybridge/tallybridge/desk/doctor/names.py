"""Names and ids in the settings, each looked up in NetSuite (settings.md section 1)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Protocol

from tallybridge.desk.doctor.check import Check, State
from tallybridge.errors import Refused
from tallybridge.settings import Settings
from tallybridge.steps.shared.reference import TABLES

AREA = "NetSuite"
NAMES = {
    "zuora_default_currency": ("Zuora Default Currency", "currency"),
    "netsuite_default_tax_code": ("NetSuite Default Tax Code", "tax code"),
    "netsuite_default_tax_schedule": ("NetSuite Default Tax Schedule", "tax schedule"),
    "default_department": ("Default Department", "department"),
    "default_location": ("Default Location", "location"),
    "default_class": ("Default Class", "class"),
    "default_subsidiary": ("Default Subsidiary", "subsidiary"),
}
"""Settings that hold the name of a NetSuite record: label, and the table that it must be in."""
IDS = {
    "unassigned_payments_customer_id": ("Unassigned Payments", "customer"),
    "default_item_id": ("Default Item", "item"),
    "rounding_item_id": ("Rounding Item", "item"),
}
"""Settings that hold an internal id: label and table."""
EXACT_NAME = 'Enter the exact name, using " : " between levels.'


class Asked(Protocol):
    """What is needed of the NetSuite client."""

    def suiteql(self, q: str, params: Sequence[Any] = ()) -> Iterator[dict[str, str]]: ...


def name_checks(netsuite: Asked, settings: Settings) -> Iterator[Check]:
    """Every name stands for one active record, the payment methods of the translation among them."""
    for key, (label, table) in NAMES.items():
        if value := getattr(settings, key):
            yield name_check(netsuite, key, label, table, value)
    for zuora_type, method in settings.payment_method_translation.items():
        key = f"payment_method_translation.{zuora_type}"
        yield name_check(netsuite, key, f"Payment Method Translation, {zuora_type}", "payment method", method)


def name_check(netsuite: Asked, key: str, label: str, table: str, value: str) -> Check:
    """One name: found once, not at all, or several times."""
    try:
        found = [row["id"] for row in netsuite.suiteql(TABLES[table]) if row.get("name", "").strip() == value.strip()]
    except Refused:
        found = []
    if len(found) == 1:
        return Check(AREA, key, State.OK, f'"{value}"')
    if found:
        text = f'Setting "{label}": "{value}" stands for {len(found)} records in NetSuite.'
        return Check(AREA, key, State.FAIL, text, "Give them different names.")
    return Check(AREA, key, State.FAIL, f'Setting "{label}": "{value}" was not found in NetSuite.', EXACT_NAME)


def id_checks(netsuite: Asked, settings: Settings) -> Iterator[Check]:
    """Every internal id stands for an active record of its kind."""
    for key, (label, table) in IDS.items():
        if internal_id := getattr(settings, key):
            rows = list(netsuite.suiteql(f"SELECT id FROM {table} WHERE id = ? AND isinactive = 'F'", [internal_id]))
            if rows:
                yield Check(AREA, key, State.OK, f"{table} {internal_id}")
            else:
                text = f'Setting "{label}": NetSuite has no active {table} {internal_id}.'
                yield Check(AREA, key, State.FAIL, text, "Enter the internal id of an active record.")
