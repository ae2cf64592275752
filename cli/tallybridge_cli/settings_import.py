"""The settings of the commercial connector, as its screens name them, made into a settings document (settings.md sections 2 to 4, 6)."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from tallybridge.desk.settings import JSON, LINES, Setting, catalogue
from tallybridge.errors import ConfigurationError
from tallybridge.settings import ITEM_ID_SPELLINGS

LABELS = {
    "zuora_default_currency": "Zuora Default Currency",
    "netsuite_multiple_currencies": "NetSuite Multiple Currencies|Use Multiple Currencies",
    "netsuite_advanced_pricing": "NetSuite Advanced Pricing|Use Advanced Pricing",
    "netsuite_default_tax_code": "NetSuite Default Tax Code",
    "netsuite_default_tax_schedule": "NetSuite Default Tax Schedule",
    "netsuite_subsidiaries": "NetSuite Subsidiaries|NetSuite Use Subsidiaries",
    "default_department": "Default Department|NetSuite Default Department",
    "default_location": "Default Location|NetSuite Default Location",
    "default_class": "Default Class|NetSuite Default Class",
    "default_subsidiary": "Default Subsidiary|NetSuite Default Subsidiary",
    "invoice_line_department_mapping": "Invoice Line Department Mapping",
    "invoice_line_location_mapping": "Invoice Line Location Mapping",
    "invoice_line_class_mapping": "Invoice Line Class Mapping",
    "netsuite_use_revenue_recognition": "NetSuite Use Revenue Recognition",
    "customer_account_master": "Customer Account Master",
    "customer_account_sync_behavior": "Customer Account Sync Behavior",
    "customer_account_number_mapping": "Customer Account Number Mapping",
    "customer_account_number_update_behavior": "Customer Account Number Update Behavior",
    "de_concatenate_account_number": "De-concatenate Account Number",
    "unassigned_payments_customer_id": "Unassigned Payments",
    "item_id_mapping": "Item ID Mapping",
    "product_catalog_sync_behavior": "Product Catalog Sync Behavior",
    "enable_sales_order_sync": "Enable Sales Order Sync",
    "transaction_number_mapping": "Transaction Number Mapping",
    "payment_sync_behaviour": "Payment Sync Behaviour|Payment Sync Behavior",
    "cutover_zuora_invoice": "Zuora Invoices",
    "cutover_zuora_payment": "Zuora Payments",
    "cutover_zuora_refund": "Zuora Payment Refunds",
    "cutover_zuora_invoice_item_adjustment": "Zuora Invoice Item Adjustments",
    "cutover_zuora_memo": "Zuora Debit/Credit Memos",
    "cutover_netsuite_payment": "NetSuite Payments",
    "cutover_zuora_account": "Zuora Accounts",
    "disable_zuora_invoice_sync": "Disable Zuora Invoice Sync",
    "disable_zuora_payment_sync": "Disable Zuora Payment Sync",
    "disable_zuora_refund_sync": "Disable Zuora Payment Refund Sync",
    "disable_zuora_invoice_item_adjustment_sync": "Disable Zuora Invoice Item Adjustment Sync",
    "disable_zuora_charge_sync": "Disable Zuora Product Rate Plan Charge Sync",
    "disable_netsuite_payment_sync": "Disable NetSuite Payment Sync",
    "disable_netsuite_credit_memo_sync": "Disable NetSuite Credit Memo Sync",
    "disable_netsuite_refund_sync": "Disable NetSuite Refund Sync",
    "disable_customer_account_sync": "Disable Customer Account Sync",
    "disable_zuora_credit_memo_sync": "Disable Zuora Credit Memo Sync",
    "disable_zuora_debit_memo_sync": "Disable Zuora Debit Memo Sync",
    "force_zuora_product_catalog_sync": "Force Zuora Product Catalog Sync",
    "avoid_zero_amount_invoice_items": "Avoid zero amount invoice items",
    "use_standard_invoice_sync": "Use Standard Invoice Sync",
    "debug_logging": "Debug logging",
    "netsuite_error_limit": "NetSuite Error Limit for Debugging",
    "custom_field_sync_enabled": "Custom Field Sync|Enable Custom Field Sync",
    "netsuite.account_id": "NetSuite Account ID",
}
"""The labels of each setting, the first as its screen writes it, then other names that the documentation uses."""
SECRETS = frozenset(
    [
        "password",
        "username",
        "applicationid",
        "consumerkey",
        "consumersecret",
        "tokenid",
        "tokensecret",
        "clientid",
        "clientsecret",
        "certificateid",
        "privatekey",
    ]
)
"""Labels of what belongs into the credentials, squeezed."""
MUST_SAY = ("customer_account_sync_behavior", "product_catalog_sync_behavior", "zuora_default_currency")
"""What the commercial connector demands of everybody; when it is missing, a part of the screens was not copied."""
ROW = ("Zuora Object", "Zuora Custom Field", "NetSuite Custom Field ID")
SPLIT = re.compile(r"\t+|\s*[:=]\s+|\s*[:=]$")
YES, NO = frozenset({"yes", "true", "on", "checked", "enabled", "x"}), frozenset({"no", "false", "off", "unchecked", "disabled"})
DAYS = {"ymd": "%Y-%m-%d", "mdy": "%m/%d/%Y", "dmy": "%d/%m/%Y"}
"""Ways to write a day, and the order that each has."""


@dataclass
class Imported:
    """`document`: the settings; `taken`: (label, key); `left`: (label, why) of what has no place in it, to be looked at by a person;
    `missing`: labels that the screens always have and the file has not."""

    document: dict[str, Any] = field(default_factory=dict)
    taken: list[tuple[str, str]] = field(default_factory=list)
    left: list[tuple[str, str]] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)


def imported(text: str, dates: str = "", custom_fields: str = "") -> Imported:
    """The settings in a text: a line "Label: value" each, or two columns, or a JSON object. `dates`: mdy or dmy, for days with two
    readings; `custom_fields`: a CSV text with the rows of the custom field sync. Raises `ConfigurationError` IMPORT with every value that
    cannot be read and the line that it stands in."""
    made, wrong, places = Imported(), list[str](), _places()
    for number, label, value in _pairs(text):
        squeezed = _squeezed(label)
        setting = places.get(squeezed)
        if setting is None:
            secret = any(squeezed.endswith(word) for word in SECRETS)
            made.left.append((label, "a credential; `tallybridge setup aws` asks for it" if secret else "no setting has this name"))
        elif not value:
            made.left.append((label, "empty; its default holds"))
        else:
            try:
                made.document[setting.key] = _value(setting, value, dates)
                made.taken.append((label, setting.key))
            except ValueError as unreadable:
                wrong.append(f"{number}: {unreadable}")
    if custom_fields:
        made.document["custom_field_mappings"] = list(_mappings(custom_fields, wrong))
        made.taken.append((f"{len(made.document['custom_field_mappings'])} rows", "custom_field_mappings"))
    if wrong:
        text = f"The file has values that cannot be read. {' '.join(wrong)}"
        raise ConfigurationError(text, place="file", code="IMPORT", advice="Correct these lines and repeat the command.")
    made.missing = [LABELS[key].split("|")[0] for key in MUST_SAY if key not in made.document]
    return made


def _places() -> dict[str, Setting]:
    """The settings by their squeezed labels, and by their keys."""
    known = {setting.key: setting for setting in catalogue()}
    labels = {_squeezed(label): known[key] for key, text in LABELS.items() for label in text.split("|")}
    return {**{_squeezed(key): setting for key, setting in known.items()}, **labels}


def _squeezed(label: str) -> str:
    return "".join(c for c in label.lower() if c.isalnum())


def _pairs(text: str) -> Iterator[tuple[str, str, str]]:
    """Place, label and value of everything in the text."""
    if text.lstrip().startswith("{"):
        try:
            content = json.loads(text)
        except ValueError as broken:
            why, advice = f"The file begins like JSON and is none: {broken}", 'Mend it, or write a line "Label: value" each.'
            raise ConfigurationError(why, place="file", code="IMPORT", advice=advice) from broken
        for label, value in content.items():
            yield label, label, value.strip() if isinstance(value, str) else json.dumps(value)
        return
    lines = text.splitlines()
    for number, line in enumerate(lines, 1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        label, value = _halves(line)
        yield f"line {number}", label.strip().rstrip("*").strip(), value.strip()


def _halves(line: str) -> tuple[str, str]:
    if not SPLIT.search(line) and "," in line:
        first, *rest = next(csv.reader(io.StringIO(line)))
        return first, ",".join(rest)
    first, *rest = SPLIT.split(line, maxsplit=1)
    return first, rest[0] if rest else ""


def _value(setting: Setting, value: str, dates: str) -> Any:
    """The value as the settings document writes it. Raises `ValueError` that says what is wrong."""
    if setting.kind == "day":
        return _day(setting, value, dates)
    if setting.kind == "choice":
        return _choice(setting, value)
    if setting.kind == "number":
        if not value.isdecimal():
            raise ValueError(f'{LABELS.get(setting.key, setting.key)}: "{value}" is no whole number.')
        return int(value)
    return json.loads(value) if setting.kind in (LINES, JSON) else value


def _choice(setting: Setting, value: str) -> str:
    wanted = str(ITEM_ID_SPELLINGS.get(value, value)) if setting.key == "item_id_mapping" else value
    lower = wanted.lower()
    for choice in setting.choices:
        if lower == choice.lower() or (choice == "Yes" and lower in YES) or (choice == "No" and lower in NO):
            return choice
    raise ValueError(f'{LABELS.get(setting.key, setting.key).split("|")[0]}: "{value}" is none of {", ".join(setting.choices)}.')


def _day(setting: Setting, value: str, dates: str) -> str:
    """A day as YYYY-MM-DD. One that two orders read differently needs to be told which."""
    found: Mapping[str, str] = {order: day for order in DAYS if (day := _read(value, DAYS[order]))}
    if dates in found and dates:
        return found[dates]
    if len(set(found.values())) == 1:
        return next(iter(found.values()))
    label = LABELS[setting.key]
    if found:
        raise ValueError(f'{label}: "{value}" can be {" or ".join(sorted(found.values()))}; say which with --dates mdy or --dates dmy.')
    raise ValueError(f'{label}: "{value}" is no day, such as 2026-01-31.')


def _read(value: str, pattern: str) -> str:
    try:
        return datetime.strptime(value.replace(".", "/"), pattern).date().isoformat()  # noqa: DTZ007 - a day has no zone
    except ValueError:
        return ""


def _mappings(text: str, wrong: list[str]) -> Iterator[dict[str, str]]:
    rows = csv.DictReader(io.StringIO(text))
    names = {_squeezed(name): name for name in rows.fieldnames or ()}
    if lacking := [name for name in ROW if _squeezed(name) not in names]:
        wrong.append(f"custom fields: the columns must be {', '.join(ROW)}; {lacking[0]} is missing.")
        return
    for row in rows:
        given = {key: str(row[name] or "").strip() for key, name in names.items()}
        mapping = dict(zip(("zuora_object", "zuora_field", "netsuite_field"), (given[_squeezed(n)] for n in ROW), strict=True))
        internal = given.get("netsuitecustomfieldinternalid", "")
        yield {
            **mapping,
            "zuora_object": mapping["zuora_object"].replace(" ", ""),
            **({"netsuite_internal_id": internal} if internal else {}),
        }
