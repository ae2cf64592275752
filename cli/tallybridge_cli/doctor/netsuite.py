"""NetSuite: login, concurrency, the connector's fields per record type, and every name that the settings mention."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from tallybridge.errors import Refused
from tallybridge.netsuite import FieldInfo, NetSuite, RecordSchema
from tallybridge.settings import NumberMapping, Settings
from tallybridge.steps.reference import TABLES, derived_id, prefix_of
from tallybridge_cli.doctor.check import Check, State, named

AREA = "NetSuite"
COMMON = "Zuora ID|Zuora Type|Zuora Reference Number|Zuora Origin|Zuora Created Date|Zuora Sync Date"
ITEM = (
    "Zuora ID|Zuora Type|Zuora Product Name|Zuora Product Rate Plan Name|Zuora Product Rate Plan Charge Name|Zuora Charge Model"
    "|Zuora Charge Type|Zuora Tax Code|Zuora Taxable|Zuora Created Date|Zuora Sync Date"
)
BODY: dict[str, str] = {
    "customer": "Zuora ID|Zuora Account Number|Zuora Account MRR|Zuora Auto Pay|Zuora Batch|Zuora Bill Cycle Day|Zuora Bill To ID"
    "|Zuora Sold To ID|Zuora Bill To Tax Region|Zuora Bill To Work Email|Zuora Sold To Work Email|Zuora Created Date|Zuora Updated Date"
    "|Zuora Sync Date|Zuora CRM ID|Zuora Customer Service Rep Name|Zuora Default Payment Method|Zuora Payment Term"
    "|Zuora Purchase Order Number|Zuora Sales Rep|Zuora Tax Exempt Certificate ID|Zuora Tax Exempt Status",
    "serviceSaleItem": ITEM,
    "nonInventorySaleItem": ITEM,
    "invoice": f"{COMMON}|Zuora Amount Without Tax|Zuora Tax Amount|Zuora Tax Exempt Amount|Zuora Posted Date|Zuora Target Date"
    "|Zuora Last Email Sent Date",
    "customerPayment": f"{COMMON}|Zuora Payment Type|Zuora Credit Card Type|Zuora Payment Reference ID",
}
"""Labels of the fields that the connector writes, by record type (custom-fields.md sections 2.2 to 2.4)."""
LINE: dict[str, str] = {
    "invoice": "Zuora ID|Zuora Type|Zuora Charge Date|Zuora Service Start Date|Zuora Service End Date|Zuora Subscription Number"
    "|Zuora Subscription Notes|Zuora Tax Rate|Zuora Tax Rate Description"
}
INDISPENSABLE = "Zuora ID"
MISSING_NEXT = "Create the field in NetSuite, show it on the preferred form, or name its script id in the setting field_map."
NAMES = {
    "default_class": "class",
    "default_department": "department",
    "default_location": "location",
    "default_subsidiary": "subsidiary",
    "netsuite_default_tax_code": "tax code",
    "netsuite_default_tax_schedule": "tax schedule",
}
"""Settings that hold the name of a NetSuite record, and the table that it must be in."""


def login(netsuite: NetSuite) -> Check:
    """Log in and ask for NetSuite's clock."""
    return Check(AREA, "login", State.OK, f"its clock says {netsuite.server_time():%Y-%m-%d %H:%M} UTC")


def checks(netsuite: NetSuite, settings: Settings) -> Iterator[Check]:
    """Everything about NetSuite."""
    yield concurrency_check(netsuite, settings)
    for record_type, labels in BODY.items():
        schema = netsuite.metadata(record_type)
        yield fields_check(record_type, labels.split("|"), LINE.get(record_type, "").split("|"), schema, settings.field_map)
    yield from name_checks(netsuite, settings)
    yield from id_checks(netsuite, settings)
    yield from hints(settings)


def concurrency_check(netsuite: NetSuite, settings: Settings) -> Check:
    """Whether NetSuite answers so many calls at a time as the settings let through."""
    name, wanted = "concurrency", settings.netsuite_max_concurrency
    try:
        limits = netsuite.governance_limits()
    except Refused:
        return Check(AREA, name, State.OK, f"up to {wanted} calls at a time; only administrators may read the account's limit")
    most = limits.integration if limits.integration is not None else limits.account
    if wanted > most:
        detail = f"netsuite_max_concurrency is {wanted}, but NetSuite answers {most} calls at a time"
        return Check(AREA, name, State.WARN, detail, f"Set netsuite_max_concurrency to {max(1, most - 1)} or less.")
    if wanted == limits.account and limits.integration is None:
        return Check(AREA, name, State.OK, f"up to {wanted} of {most} calls at a time; nothing is left for other integrations meanwhile")
    return Check(AREA, name, State.OK, f"up to {wanted} of {most} calls at a time")


def fields_check(record_type: str, labels: list[str], line_labels: list[str], schema: RecordSchema, overrides: Mapping[str, str]) -> Check:
    """Whether a record type has the fields: by the field map, else by label, else by derived script id."""
    prefix, line = prefix_of(record_type), schema.sublists.get("item", {})
    missing = [label for label in labels if not _has(schema.fields, prefix, label, overrides)]
    missing += [f"line: {label}" for label in line_labels if label and not _has(line, "custcol", label, overrides)]
    title = f"fields of {record_type}"
    if not missing:
        return Check(AREA, title, State.OK, f"{len(labels) + len([x for x in line_labels if x])} fields")
    state = State.FAIL if INDISPENSABLE in missing else State.WARN
    return Check(AREA, title, state, f"NetSuite {record_type} is missing {named(missing)}", MISSING_NEXT)


def _has(fields: Mapping[str, FieldInfo], prefix: str, label: str, overrides: Mapping[str, str]) -> bool:
    if mapped := overrides.get(f"{prefix}.{label}"):
        return mapped in fields
    return derived_id(prefix, label) in fields or any(f.custom and f.title == label for f in fields.values())


def name_checks(netsuite: NetSuite, settings: Settings) -> Iterator[Check]:
    """Every name in the settings stands for one active record (settings.md section 1)."""
    for key, table in NAMES.items():
        value = getattr(settings, key)
        if not value:
            continue
        found = [row["id"] for row in netsuite.suiteql(TABLES[table]) if row.get("name", "").strip() == value.strip()]
        if len(found) == 1:
            yield Check(AREA, key, State.OK, f'"{value}"')
        elif found:
            yield Check(AREA, key, State.FAIL, f'"{value}" stands for {len(found)} records', "Give them different names.")
        else:
            detail = f'Setting "{key}": "{value}" was not found in NetSuite.'
            yield Check(AREA, key, State.FAIL, detail, 'Enter the exact name, using " : " between levels.')


def id_checks(netsuite: NetSuite, settings: Settings) -> Iterator[Check]:
    """Every internal id in the settings stands for an active record of its kind."""
    wanted = {
        "unassigned_payments_customer_id": ("customer", settings.unassigned_payments_customer_id),
        "default_item_id": ("item", settings.default_item_id),
    }
    for key, (table, internal_id) in wanted.items():
        if not internal_id:
            continue
        rows = list(netsuite.suiteql(f"SELECT id FROM {table} WHERE id = ? AND isinactive = 'F'", [internal_id]))
        if rows:
            yield Check(AREA, key, State.OK, f"{table} {internal_id}")
        else:
            yield Check(
                AREA, key, State.FAIL, f"NetSuite has no active {table} {internal_id}", "Enter the internal id of an active record."
            )


def hints(settings: Settings) -> Iterator[Check]:
    """What cannot be asked of NetSuite but must be so (settings.md section 2.3)."""
    numbers = "Setup > Company > Auto-Generated Numbers"
    if settings.transaction_number_mapping is NumberMapping.SOURCE_NUMBER:
        detail = "Zuora numbers are used for documents"
        yield Check(
            AREA, "document numbers", State.OK, detail, f"Make sure that Allow Override is on for invoices and payments ({numbers})."
        )
    if settings.customer_account_number_mapping is not NumberMapping.AUTO:
        detail = "Zuora numbers or names are used for customers"
        yield Check(AREA, "customer numbers", State.OK, detail, f"Make sure that Allow Override is on for customers ({numbers}).")
    if settings.netsuite_subsidiaries and not settings.default_subsidiary:
        detail = "accounts and charges without a subsidiary of their own are held"
        yield Check(
            AREA, "default_subsidiary", State.WARN, detail, "Set default_subsidiary, or fill Subsidiary on every account and charge."
        )
