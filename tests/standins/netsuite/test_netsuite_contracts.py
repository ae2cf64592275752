"""Answers and requests against JSON Schemas of the record types.

The schemas are looked for in the folder that CONTRACTS_DIR names, else in `shared/contracts` beside the checkout.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from sandbox.netsuite.catalog import TAX_FIELDS
from tests.standins.netsuite.account import ITEM, Account

jsonschema = pytest.importorskip("jsonschema", reason="jsonschema is not installed")

FILE = "netsuite-record-schemas.json"
BESIDE_THE_CHECKOUT = Path(__file__).parents[4] / "shared" / "contracts"
FOLDER = Path(os.environ.get("CONTRACTS_DIR", BESIDE_THE_CHECKOUT))
pytestmark = pytest.mark.skipif(not (FOLDER / FILE).exists(), reason=f"{FILE} is not here; set CONTRACTS_DIR to its folder")
KINDS = [
    "customer",
    "contact",
    "nonInventorySaleItem",
    "invoice",
    "creditMemo",
    "customerPayment",
    "customerRefund",
    "customerDeposit",
    "depositApplication",
    "journalEntry",
    "salesOrder",
    "currency",
    "subsidiary",
    "classification",
    "term",
    "account",
    "paymentMethod",
    "salesTaxItem",
]


@pytest.fixture(scope="module")
def definitions() -> dict[str, Any]:
    found: dict[str, Any] = json.loads((FOLDER / FILE).read_text())["definitions"]
    return found


def busy_account(ns: Account) -> None:
    """At least one record of every kind."""
    address = {"defaultBilling": True, "addressBookAddress": {"addr1": "Main St. 1", "country": {"id": "US"}}}
    customer = ns.customer(addressBook={"items": [address]}, terms="3", custentityzuoraid="z", custentityzuorabatch={"refName": "Batch1"})
    ns.create("contact", {"lastName": "Doe", "company": customer})
    item = ns.create("nonInventorySaleItem", {"itemId": "N", **ITEM})
    invoice = ns.invoice(customer, item, 100, 20, custbodyzuoraid="z")
    order = {"entity": customer, "item": {"items": [{"item": item, "amount": 5}]}}
    ns.create("salesOrder", order)
    ns.create("creditMemo", {**order, "apply": {"items": [{"doc": invoice, "apply": True, "amount": 5}]}})
    payment = ns.payment(customer, 50, (invoice, 40))
    apply = {"items": [{"doc": {"id": payment}, "line": 1, "apply": True, "amount": 4.2}]}
    ns.create("customerRefund", {"customer": customer, "account": "1", "apply": apply})
    deposit = ns.create("customerDeposit", {"customer": customer, "payment": 9})
    part = {"apply": {"items": [{"doc": invoice, "apply": True, "amount": 3}]}}
    ns.record("POST", f"customerDeposit/{deposit}/!transform/depositApplication", part)
    lines = [{"account": "3", "debit": 10, "entity": customer}, {"account": "7", "credit": 10}]
    ns.create("journalEntry", {"subsidiary": "2", "line": {"items": lines}})


def first_of(ns: Account, kind: str) -> str:
    return str(ns.get(f"{kind}?limit=1")["items"][0]["id"])


PAGE = {"totalResults", "count", "hasMore", "offset"}
SHARED_BODY = {"creditMemo": "invoice", "salesOrder": "invoice"}
"""Types whose own definition lists only what they have beside another one's (api-netsuite.md 9.6 and 9.11)."""


def body_properties(definitions: dict[str, Any], kind: str) -> dict[str, Any]:
    """The properties of a record type's body, shared ones included."""
    return {**definitions.get(SHARED_BODY.get(kind, ""), {}).get("properties", {}), **definitions[kind]["properties"]}


def as_written(value: Any) -> Any:
    """A read document in the form in which it could be written: without links, page members and custom fields."""
    if isinstance(value, list):
        return [as_written(v) for v in value]
    if not isinstance(value, dict):
        return value
    dropped = {"links", *(PAGE if "items" in value else ())}
    return {n: as_written(v) for n, v in value.items() if n not in dropped and not n.startswith("custcol")}


@pytest.mark.parametrize("kind", KINDS)
def test_answers_hold_against_the_schema(ns: Account, definitions: dict[str, Any], kind: str) -> None:
    busy_account(ns)
    schema = {**definitions[kind], "properties": body_properties(definitions, kind), "definitions": definitions}
    document = as_written(ns.get(f"{kind}/{first_of(ns, kind)}?expandSubResources=true"))
    document = {n: v for n, v in document.items() if not n.startswith(("custbody", "custentity", "custitem"))}
    document.pop("id")
    faults = [f"{'/'.join(map(str, e.absolute_path))}: {e.message[:300]}" for e in jsonschema.Draft7Validator(schema).iter_errors(document)]
    assert faults == []


@pytest.mark.parametrize("kind", KINDS)
def test_every_property_of_the_schema_is_known(ns: Account, definitions: dict[str, Any], kind: str) -> None:
    known = {*ns.stand_in.tenant.catalog.type(kind).fields, *TAX_FIELDS["suitetax"]}
    assert {n for n in definitions[kind]["properties"] if n.lower() not in known and n not in ("links", "refName", "id")} == set()
