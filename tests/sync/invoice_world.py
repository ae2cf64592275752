"""What the invoice tests share: a tenant pair whose customers and items exist on both sides, and what people do there."""

from __future__ import annotations

from typing import Any

from requests.exceptions import ReadTimeout

from tests.sync.builders import Objects, account, charge, merged, subscription, zid
from tests.sync.world import World

SYNCED = {"IntegrationStatus__NS": "Sync Complete"}
CUSTOMERS = {"A1": "9001"}
ITEMS = {"Gold": "501", "Silver": "502", "Discount": "503"}
TAX_ITEM = "601"
TAXED: dict[str, Any] = {"tax_fields": {"AccountingCode": TAX_ITEM}}

MAPPED: dict[str, Any] = {
    "transaction_number_mapping": "Use Number From Source Record",
    "netsuite_default_tax_code": "Zero Rate",
    "netsuite_use_revenue_recognition": "Yes",
    "default_class": "Services",
    "default_location": "Americas",
    **{f"invoice_line_{name}_mapping": "Zuora Account" for name in ("class", "department", "location")},
}
"""Settings with which every row of the mapping of a document has a value."""
CLASSIFIED = {"Class__NS": "Services : Training", "Department__NS": "Engineering", "Location__NS": " Americas : North America : Eastern "}
"""Classifications of an account, one with blanks around it."""


def customer(number: str, internal_id: str, currency: str = "USD", **fields: Any) -> dict[str, Any]:
    """The NetSuite customer of a Zuora account."""
    known = {"id": internal_id, "companyName": f"Customer {number}", "subsidiary": {"id": "1"}, "custentityzuoraid": zid(number)}
    return {**known, "currency": {"refName": currency}, **fields}


def item(name: str, internal_id: str, **fields: Any) -> dict[str, Any]:
    """The NetSuite item of a Zuora charge."""
    shared = {"subsidiary": {"items": [{"id": "1"}]}, "includeChildren": True}
    return {"id": internal_id, "itemId": name, "custitemzuoraid": zid(name), "custitemzuoratype": "CHARGE", **shared, **fields}


def synced_account(number: str, internal_id: str, **fields: Any) -> Objects:
    return account(number, IntegrationId__NS=internal_id, **SYNCED, **fields)


def synced_charge(name: str, internal_id: str, **fields: Any) -> Objects:
    return charge(name, IntegrationId__NS=internal_id, **SYNCED, **fields)


def parents() -> tuple[Objects, Objects]:
    """Account A1 with the subscription S1 to Gold, Silver and Discount, and a tax item: (Zuora, NetSuite)."""
    zuora = merged(
        *(synced_account(number, internal_id) for number, internal_id in CUSTOMERS.items()),
        *(synced_charge(name, internal_id) for name, internal_id in ITEMS.items()),
        subscription("A1", "S1", *ITEMS),
    )
    netsuite = {
        "customer": [customer(number, internal_id) for number, internal_id in CUSTOMERS.items()],
        "serviceSaleItem": [item(name, internal_id) for name, internal_id in ITEMS.items()],
        "nonInventorySaleItem": [{**item("Tax", TAX_ITEM), "custitemzuoratype": "TAX"}],
    }
    return zuora, netsuite


def ready(world: World, *zuora: Objects, netsuite: Objects | None = None, **settings: Any) -> World:
    """A fresh world with the parents, these objects beside them, and these settings."""
    world.reset(**settings)
    own_zuora, own_netsuite = parents()
    world.load(merged(own_zuora, *zuora), own_netsuite)
    world.load(netsuite=netsuite)
    return world


def change(world: World, kind: str, name: str, **fields: Any) -> None:
    """What a person does to a Zuora object: set fields, or clear them with None. Some time passes."""
    store = world.zuora.tenant.store
    with store.lock:
        store.update(kind, zid(name), fields)
    world.clock.advance(minutes=5)


def delete_in_netsuite(world: World, internal_id: str) -> None:
    """A person deletes a NetSuite transaction."""
    world.netsuite.tenant.store.apply(("transaction", int(internal_id)), None)
    world.clock.advance(minutes=5)


def lose_answers(world: World) -> None:
    """Let rules that drop a connection lose NetSuite's answer where there is no connection: the request waits for it in vain."""

    def drop(environ: Any) -> None:
        raise ReadTimeout("no answer")

    world.netsuite_control.drop = drop  # type: ignore[method-assign]
