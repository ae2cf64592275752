"""One product with one rate plan and one charge, and the NetSuite reference data they need: what the tests of the catalogue steps share."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tallybridge.steps import charges, products, rate_plans
from tallybridge.steps.charges import Charges
from tallybridge.steps.master_data.items import RECORD_TYPES
from tallybridge.steps.products import Products
from tallybridge.steps.rate_plans import RatePlans
from tallybridge.steps.shared.from_zuora import ZuoraToNetSuite
from tallybridge.steps.shared.mapping import Custom, filled
from tallybridge.steps.shared.reference import Reference
from tallybridge.sync.step import Hold, Write
from tests.unit.steps.master_fakes import Bench, FakeNetSuite, FakeZuora, fields_with, table

Catalogue = type[ZuoraToNetSuite]
ALL_ROWS = (*products.ROWS, *rate_plans.ROWS, *charges.ROWS)
FIELDS = fields_with(
    [row.target for row in ALL_ROWS if isinstance(row.target, str)],
    dict.fromkeys(row.target.label for row in ALL_ROWS if isinstance(row.target, Custom)),
    "custitem",
)
C = FIELDS.custom

PRODUCT: dict[str, Any] = {
    "Id": "pr1",
    "Name": "Analytics",
    "EffectiveStartDate": "2026-01-01",
    "EffectiveEndDate": "2026-12-31",
    "UpdatedDate": "2026-02-01T08:00:00.000+01:00",
    "IntegrationId__NS": "700",
    "ItemType__NS": "Service",
}
PLAN: dict[str, Any] = {
    "Id": "rp1",
    "Name": "Monthly",
    "ProductId": "pr1",
    "EffectiveStartDate": "2026-01-01",
    "EffectiveEndDate": "2026-12-31",
    "UpdatedDate": "2026-02-01T08:00:00.000+01:00",
    "ItemType__NS": "Service",
    "BillingPeriod__NS": "Monthly",
    "Class__NS": "Software",
    "Department__NS": "Sales : Field",
    "Location__NS": "Europe",
    "IncludeChildren__NS": "Yes",
    "Subsidiary__NS": "Parent : Europe",
    "Price__NS": "250.25",
    "MultiCurrencyPrice__NS": "CAD:340.5; GBP:199",
}
CHARGE: dict[str, Any] = {
    "Id": "ch1",
    "Name": "Platform Fee",
    "AccountingCode": "Sales",
    "ChargeModel": "Flat Fee Pricing",
    "ChargeType": "Recurring",
    "CreatedDate": "2026-01-05T10:00:00.000+01:00",
    "Description": "The platform",
    "ProductRatePlanId": "rp1",
    "RevRecCode": "Straight",
    "TaxCode": "STX",
    "Taxable": True,
    "UpdatedDate": "2026-02-01T08:00:00.000+01:00",
    "ItemType__NS": "Service",
    "Class__NS": "Software",
    "Department__NS": "Sales : Field",
    "Location__NS": "Europe",
    "DeferredRevAccount__NS": "Deferred : Subscriptions",
    "IncludeChildren__NS": "Yes",
    "RecognizedRevAccount__NS": "Revenue : Recurring",
    "RevRecStart__NS": "Charge Period Start",
    "RevRecEnd__NS": "Charge Period Start",
    "RevRecTemplateType__NS": "Standard",
    "Subsidiary__NS": "Parent : Europe",
}
ROWS_OF: dict[Catalogue, dict[str, Any]] = {Products: {**PRODUCT, "IntegrationId__NS": None}, RatePlans: PLAN, Charges: CHARGE}

ONE_WORLD = {"netsuite_subsidiaries": "Yes"}
REV_REC = {"netsuite_use_revenue_recognition": "Yes"}
NEW_ONLY = {"product_catalog_sync_behavior": "Sync New Records Only"}
SYNCED = {"IntegrationId__NS": "900", "IntegrationStatus__NS": "Sync Complete"}
SUITEQL = {"serviceSaleItem": "Service", "nonInventorySaleItem": "NonInvtPart", "inventoryItem": "InvtPart"}


def bench(
    kind: Catalogue, change: Mapping[str, Any] | None = None, settings: Mapping[str, Any] | None = None, **parents: Mapping[str, Any]
) -> Bench:
    """The step with its record, changed as given (None takes a field away); `plan` and `product` change its parents."""
    zuora = FakeZuora()
    netsuite = FakeNetSuite(zuora_field=C["Zuora ID"], type_field=C["Zuora Type"], item_types=SUITEQL)
    zuora.put("Product", PRODUCT | dict(parents.get("product", {})))
    zuora.put("ProductRatePlan", PLAN | dict(parents.get("plan", {})))
    zuora.put(kind.object, {k: v for k, v in {**ROWS_OF[kind], **(change or {})}.items() if v is not None})
    return Bench(kind, zuora, netsuite, reference(), dict(settings or {}))


def reference() -> Reference:
    accounts = {"Sales": ("41", "Income"), "Revenue : Recurring": ("42", "Income"), "Deferred : Subscriptions": ("24", "DeferRevenue")}
    tables = {
        "class": table(Software="1", Hardware="2"),
        "department": table(Sales__Field="11"),
        "location": table(Europe="21"),
        "subsidiary": table(Parent="1", Parent__Europe="3"),
        "tax schedule": table(Standard="81"),
        "revenue template": table(Straight="61"),
        "currency": table(USD="1", CAD="2", GBP="3"),
        "account": {name: {"id": i, "kind": kind} for name, (i, kind) in accounts.items()},
    }
    return Reference(tables, dict.fromkeys(RECORD_TYPES.values(), FIELDS))


def id_of(b: Bench) -> str:
    """The record that the bench is about."""
    return str(ROWS_OF[b.kind]["Id"])


def own(b: Bench) -> dict[str, Any]:
    """The Zuora record as the bench holds it, to be changed."""
    return b.zuora.tables[b.kind.object][id_of(b)]


def held(b: Bench) -> list[tuple[str, str]]:
    plan = b.plan(id_of(b))
    assert isinstance(plan, Hold), plan
    return [(p.code, p.message) for p in plan.problems]


def written(b: Bench) -> dict[str, Any]:
    plan = b.plan(id_of(b))
    assert isinstance(plan, Write), plan
    return dict(plan.requests[0].body)


def synced(b: Bench) -> Bench:
    """As after a first sync: the item is there as it was created, and the record says so."""
    b.netsuite.put("serviceSaleItem", "900", **written(b))
    own(b).update(SYNCED)
    return b


def mapped(b: Bench, when: str) -> dict[str, Any]:
    """What the step's table gives for one kind of write."""
    item = b.record(id_of(b)).data
    return filled(item.kind.rows, when, item, b.reference, "serviceSaleItem")
