"""What the invoice tests share: a tenant pair whose customers and items exist on both sides, and one run's outcome to look at."""

from __future__ import annotations

import gzip
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from requests.exceptions import ReadTimeout

from tests.sync.builders import Objects, account, charge, merged, subscription, zid
from tests.sync.world import World

SYNCED = {"IntegrationStatus__NS": "Sync Complete"}
CUSTOMERS = {"A1": "9001"}
ITEMS = {"Gold": "501", "Silver": "502", "Discount": "503"}
TAX_ITEM = "601"
TAXED: dict[str, Any] = {"tax_fields": {"AccountingCode": TAX_ITEM}}
ONLY = ("invoices",)


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


@dataclass
class Ran:
    """What one run left behind. `lines` are its log lines; the dumps stay as they were when the run ended."""

    output: dict[str, Any]
    summary: dict[str, Any]
    lines: list[dict[str, Any]]
    before: dict[str, dict[str, Any]]
    zuora: dict[str, dict[str, Any]]
    netsuite: dict[str, list[dict[str, Any]]]

    @property
    def outcome(self) -> str:
        return str(self.output["outcome"])

    def invoice(self, number: str) -> dict[str, Any]:
        """The Zuora invoice."""
        return self.zuora[number]

    def made(self, number: str) -> list[dict[str, Any]]:
        """The NetSuite invoices that carry this invoice's Zuora ID."""
        return [i for i in self.netsuite.get("invoice", []) if i.get("custbodyzuoraid") == zid(number)]

    def sent(self, number: str) -> dict[str, Any]:
        """The one NetSuite invoice of this invoice."""
        (found,) = self.made(number)
        return found

    def lines_of(self, number: str) -> list[dict[str, Any]]:
        return list(self.sent(number)["item"]["items"])

    def problems(self, number: str) -> list[tuple[str, str]]:
        """(code, message) of the log lines about an invoice that carry a code."""
        return [(line["code"], line["message"]) for line in self.lines if line.get("source_number") == number and line.get("code")]

    def line(self, number: str, code: str) -> dict[str, Any]:
        (found,) = [line for line in self.lines if line.get("source_number") == number and line.get("code") == code]
        return found

    def untouched(self, number: str) -> bool:
        """Neither a NetSuite record nor a changed field in Zuora."""
        return not self.made(number) and self.invoice(number) == self.before[number]

    def synced(self, number: str) -> bool:
        return status_of(self.invoice(number)) == ("Sync Complete", "Yes") and len(self.made(number)) == 1


def ran(world: World) -> Ran:
    """Run the invoice step as a run of its own."""
    before = invoices(world)
    output = world.run(steps=ONLY)
    log = gzip.decompress(world.object(output["keys"]["log"])).decode().splitlines()
    return Ran(output, world.summary(output), [json.loads(row) for row in log], before, invoices(world), world.netsuite.dump())


def invoices(world: World) -> dict[str, dict[str, Any]]:
    return {i["InvoiceNumber"]: dict(i) for i in world.zuora.dump().get("Invoice", [])}


def status_of(zuora_invoice: Mapping[str, Any]) -> tuple[str | None, str | None]:
    """(Integration Status, Transferred to Accounting)."""
    return zuora_invoice.get("IntegrationStatus__NS"), zuora_invoice.get("TransferredToAccounting")


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
