"""Zuora: login, mode, the connector's fields, and the way records are selected."""

from __future__ import annotations

from collections.abc import Iterator

from tallybridge.settings import Settings
from tallybridge.zuora import Zuora
from tallybridge_cli.doctor.check import Check, State, named

AREA = "Zuora"
COMMON = ("IntegrationId", "IntegrationStatus", "SyncDate")
NEEDED: dict[str, tuple[str, ...]] = {
    "Account": (*COMMON, "SynctoNetSuite", "CustomerType", "Subsidiary", "Class", "Department", "Location"),
    "ProductRatePlanCharge": (
        *COMMON,
        "ItemType",
        "Subsidiary",
        "Class",
        "Department",
        "Location",
        "IncludeChildren",
        "RecognizedRevAccount",
        "DeferredRevAccount",
        "RevRecStart",
        "RevRecEnd",
        "RevRecTemplateType",
    ),
    "Invoice": COMMON,
    "Payment": (*COMMON, "Origin"),
    "Subscription": ("Project",),
}
"""Names without the suffix; the first three are those without which nothing can be synced (custom-fields.md section 1)."""
FIELDS_NEXT = (
    "Ask Zuora to activate its NetSuite integration for the tenant, or create the fields as custom fields and set zuora.field_suffix "
    "to __c."
)


def login(zuora: Zuora) -> Check:
    """Log in and detect the mode."""
    if zuora.invoice_settlement_enabled():
        return Check(AREA, "login", State.OK, "Invoice Settlement is on")
    return Check(
        AREA,
        "login",
        State.WARN,
        "Invoice Settlement is off; the transaction steps of such tenants are not part of this version",
        "Connect a tenant with Invoice Settlement.",
    )


def checks(zuora: Zuora, settings: Settings) -> Iterator[Check]:
    """The connector's fields of each object, and Data Query where it is used."""
    for object_type, names in NEEDED.items():
        yield fields_check(object_type, names, {f.name: f.updateable for f in zuora.describe(object_type)}, settings.zuora_field_suffix)
    if settings.zuora_read_path == "data_query":
        zuora.describe_table("invoice")
        yield Check(AREA, "Data Query", State.OK, "granted")


def fields_check(object_type: str, names: tuple[str, ...], known: dict[str, bool], suffix: str) -> Check:
    """Whether an object has the fields. Missing ones of the status triple fail, others only cost what they are for."""
    title = f"fields of {object_type}"
    missing = [n + suffix for n in names if n + suffix not in known]
    if missing:
        state = State.FAIL if any(n.removesuffix(suffix) in COMMON for n in missing) else State.WARN
        return Check(AREA, title, state, f"Zuora {object_type} is missing {named(missing)}", FIELDS_NEXT)
    frozen = [n + suffix for n in names if n in COMMON and not known[n + suffix]]
    if frozen:
        next_step = "Give the API user's role write access to them."
        return Check(AREA, title, State.FAIL, f"Zuora {object_type}: {named(frozen)} cannot be written", next_step)
    return Check(AREA, title, State.OK, f"{len(names)} fields")
