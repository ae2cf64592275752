"""The connector's fields in Zuora: one table, from which the doctor, the set-up and the page of fields are made (custom-fields.md 1).

Every field is text of 255 characters, optional and without a default. A name has the suffix of the tenant's fields: `__NS` where Zuora
has added them, `__c` where the tenant has made them itself, see the setting `zuora.field_suffix`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from tallybridge.fields.need import Need

TYPE, LENGTH = "text", 255
"""Of every field, in Zuora's words."""
ADVANCED, LEGACY = "advanced", "legacy"
"""Advanced fields are made by the API or in the Object Manager, legacy ones only in the settings (provisioning.md section 3.1)."""
OWN_SUFFIX, ZUORAS_SUFFIX = "__c", "__NS"
SUFFIXES = (ZUORAS_SUFFIX, OWN_SUFFIX)
LABELS = {
    "IntegrationId": "Integration ID",
    "IntegrationStatus": "Integration Status",
    "SyncDate": "Sync Date",
    "SynctoNetSuite": "Sync to NetSuite",
    "CustomerType": "NetSuite Customer Type",
    "CustomerId": "NetSuite Customer ID",
    "Department": "NetSuite Department",
    "Location": "NetSuite Location",
    "Class": "NetSuite Class",
    "Subsidiary": "NetSuite Subsidiary",
    "IncludeChildren": "NetSuite Subsidiary Include Children",
    "ItemType": "Item Type",
    "Price": "NetSuite Price",
    "MultiCurrencyPrice": "NetSuite Multi Currency Price",
    "BillingPeriod": "NetSuite Billing Period",
    "RecognizedRevAccount": "NetSuite Recognized Revenue Account",
    "DeferredRevAccount": "NetSuite Deferred Revenue Account",
    "RevRecStart": "NetSuite Revenue Recognition Start Date",
    "RevRecEnd": "NetSuite Revenue Recognition End Date",
    "RevRecTemplateType": "NetSuite Revenue Recognition Template Type",
    "SalesOrder": "NetSuite Sales Order",
    "Project": "NetSuite Project",
    "Origin": "Origin",
    "Transaction": "Transaction",
}
"""Labels by API name; a name means the same on every object."""


@dataclass(frozen=True)
class ZuoraField:
    """One field of one object. `api` is its name without the suffix; `vital` are the steps that cannot work without it, `useful` those to
    which it only costs what it is for. `filterable` (indexed, of a legacy field): queries and look-ups filter by it."""

    object: str
    api: str
    vital: tuple[str, ...]
    useful: tuple[str, ...]
    filterable: bool

    @property
    def label(self) -> str:
        return LABELS[self.api]

    @property
    def steps(self) -> tuple[str, ...]:
        """Every step that uses it."""
        return (*self.vital, *self.useful)


@dataclass(frozen=True)
class ZuoraObject:
    """One object. `kind`: which fields it can have; `mode`: "A" or "B" where only tenants of that mode have it; `fields` in the order of
    the page."""

    name: str
    kind: str
    mode: str
    fields: tuple[ZuoraField, ...]


DOCUMENTS = "invoices debit_memos credit_memos adjustments"
TO_NETSUITE = f"{DOCUMENTS} payments refunds"
FILTERED = ("IntegrationId", "IntegrationStatus")
"""What every advanced object and each adjustment is looked up and selected by; on top of it what `_USES` marks with a star."""
_USES: dict[str, tuple[str, str, str]] = {
    "Account": (
        ADVANCED,
        "",
        f"""
IntegrationId IntegrationStatus: customers netsuite_customers {TO_NETSUITE}
SyncDate: customers netsuite_customers
SynctoNetSuite*: customers {TO_NETSUITE}
Department Location Class Subsidiary: customers {TO_NETSUITE}
CustomerType: customers
CustomerId: netsuite_customers""",
    ),
    "Product": (ADVANCED, "", "IntegrationId IntegrationStatus SyncDate ItemType: products"),
    "ProductRatePlan": (
        ADVANCED,
        "",
        """
IntegrationId: rate_plans sales_orders
IntegrationStatus SyncDate ItemType Department Location Class Subsidiary IncludeChildren: rate_plans
Price MultiCurrencyPrice BillingPeriod: rate_plans""",
    ),
    "ProductRatePlanCharge": (
        ADVANCED,
        "",
        f"""
IntegrationId: charges {DOCUMENTS}
IntegrationStatus SyncDate ItemType Department Location Class Subsidiary IncludeChildren: charges
RecognizedRevAccount DeferredRevAccount: charges
RevRecStart RevRecEnd RevRecTemplateType: {DOCUMENTS}""",
    ),
    "Subscription": (
        ADVANCED,
        "",
        """
IntegrationId IntegrationStatus SyncDate SalesOrder*: sales_orders
Project: invoices debit_memos credit_memos""",
    ),
    "Invoice": (
        ADVANCED,
        "",
        """
IntegrationId: invoices payments refunds adjustments netsuite_payments netsuite_credit_memos
IntegrationStatus SyncDate: invoices""",
    ),
    "InvoiceItem": (LEGACY, "A", "IntegrationId~: invoices"),
    "DebitMemo": (
        ADVANCED,
        "B",
        """
IntegrationId: debit_memos credit_memos payments netsuite_payments
IntegrationStatus SyncDate: debit_memos""",
    ),
    "CreditMemo": (
        ADVANCED,
        "B",
        """
IntegrationId IntegrationStatus SyncDate Origin: credit_memos
Transaction: ? credit_memos""",
    ),
    "Payment": (
        ADVANCED,
        "",
        """
IntegrationId IntegrationStatus: payments refunds netsuite_payments netsuite_refunds
SyncDate Origin*: payments netsuite_payments netsuite_refunds
Transaction: netsuite_payments""",
    ),
    "Refund": (
        ADVANCED,
        "",
        """
IntegrationId IntegrationStatus SyncDate Origin*: refunds netsuite_refunds
SynctoNetSuite: refunds""",
    ),
    "InvoiceItemAdjustment": (
        LEGACY,
        "A",
        """
IntegrationId IntegrationStatus SyncDate: adjustments
Origin* Transaction: ? netsuite_credit_memos""",
    ),
    "InvoiceAdjustment": (
        LEGACY,
        "A",
        """
IntegrationId: netsuite_credit_memos
IntegrationStatus SyncDate: ? netsuite_credit_memos""",
    ),
}
"""By object: kind, mode, and lines of "fields: steps that cannot work without them", steps after "?" where a field is only useful. A star
marks a field that is filtered by beside `FILTERED`, "~" one of these that is not."""


def _fields(name: str, lines: str) -> Iterator[ZuoraField]:
    for line in lines.strip().splitlines():
        marked, _, steps = line.partition(":")
        vital, _, useful = steps.partition("?")
        for mark in marked.split():
            api = mark.rstrip("*~")
            filterable = mark.endswith("*") or (api in FILTERED and not mark.endswith("~"))
            yield ZuoraField(name, api, tuple(vital.split()), tuple(useful.split()), filterable)


OBJECTS = {name: ZuoraObject(name, kind, mode, tuple(_fields(name, lines))) for name, (kind, mode, lines) in _USES.items()}
"""Zuora's objects by name, with every field that the connector reads or writes there."""
FIELDS = tuple(field for each in OBJECTS.values() for field in each.fields)


def _needs(each: ZuoraObject) -> Iterator[Need]:
    for field in each.fields:
        entry = f"{field.label} = {field.api}"
        if field.vital:
            yield Need(" ".join(field.vital), entry)
        if field.useful:
            yield Need(" ".join(field.useful), "", entry)


ZUORA: dict[str, tuple[Need, ...]] = {name: tuple(_needs(each)) for name, each in OBJECTS.items()}
"""The same as needs of the steps, for the doctor."""
MODE_OF = {name: each.mode for name, each in OBJECTS.items() if each.mode}
"""Objects that only tenants of one mode have."""
ALSO_WRITTEN = {"Refund": ("Transaction",)}
"""Fields that are written where a tenant has them, and that nobody misses (refunds.md, open point 4)."""
BY_OTHER_CALLS = ("DebitMemo", "CreditMemo")
"""Objects whose description says that nothing can be updated or filtered, because they are written and read by calls of their own."""
