"""What the tests of customers from NetSuite share: customers, runs of the step alone, and what both systems hold afterwards."""

from __future__ import annotations

from typing import Any

from tallybridge.settings import DEFAULTS
from tallybridge.sync.ledger import Owner
from tests.sync.memory import MemoryWorld

SETTINGS = {"customer_account_master": "NetSuite", "zuora_default_currency": "USD"}
NEW_ONLY = {"customer_account_sync_behavior": "Sync New Records Only"}
ONLY = ("netsuite_customers",)
ANN = {
    "addressee": "Ann Lee",
    "addr1": "1 Main St",
    "addr2": "Floor 2",
    "city": "Austin",
    "state": "TX",
    "zip": "78701",
    "country": {"id": "US"},
}
BO = {"addressee": "Bo van Ek", "addr1": "2 Side St", "city": "Dallas", "state": "TX", "zip": "75001", "country": {"id": "US"}}
STATUS = "custentityzuoraintegrationstatus"
ACTION = "^/v1/action/"


def customer(internal_id: str, billing: Any = ANN, shipping: Any = BO, **fields: Any) -> dict[str, Any]:
    """A customer that is to be sent. An address of None is left out; a field of None, too."""
    lines = [
        {"defaultBilling": a is billing, "defaultShipping": a is shipping, "label": f"Address {n}", "addressBookAddress": a}
        for n, a in enumerate(x for x in (billing, shipping) if x is not None)
    ]
    record = {
        "id": internal_id,
        "entityId": f"C-{internal_id}",
        "companyName": f"Company {internal_id}",
        "subsidiary": {"id": "1"},
        "currency": {"refName": "USD"},
        "terms": {"refName": "Net 30"},
        "phone": "+1 512 555 0101",
        "fax": "+1 512 555 0102",
        "comments": "A note",
        "custentitysendtozuora": True,
        "custentityzuorabatch": {"refName": "Batch7"},
        "custentityzuorabillcycleday": {"refName": "15"},
        "custentityzuorabilltoworkemail": "ap@example.com",
        "custentityzuorasoldtoworkemail": "it@example.com",
        **({"addressBook": {"items": lines}} if lines else {}),
        **fields,
    }
    return {k: v for k, v in record.items() if v is not None}


def ready(world: MemoryWorld, *customers: dict[str, Any], zuora: Any = None, netsuite: Any = None, **settings: Any) -> None:
    """The world anew with these customers; `zuora`, `netsuite`: what else is loaded."""
    world.reset(**SETTINGS, **settings)
    world.load(zuora, {"customer": list(customers), **(netsuite or {})})


def run(world: MemoryWorld, **how: Any) -> dict[str, Any]:
    """One run of the step; answers its summary with the log's lines under "log"."""
    return world.reported(*ONLY, **how)


def messages(summary: dict[str, Any], prefix: str = "NSCUS") -> dict[str, str]:
    """The log's message by code."""
    return {line["code"]: line["message"] for line in summary["log"] if line.get("code", "").startswith(prefix)}


def netsuite(world: MemoryWorld, internal_id: str) -> dict[str, Any]:
    """A NetSuite customer as it is."""
    return next(c for c in world.in_netsuite("customer") if str(c["id"]) == internal_id)


def accounts(world: MemoryWorld, internal_id: str = "") -> list[dict[str, Any]]:
    """The Zuora accounts, or those of one customer."""
    rows = world.zuora.dump().get("Account", [])
    return [a for a in rows if not internal_id or a.get("IntegrationId__NS") == internal_id]


def account(world: MemoryWorld, internal_id: str) -> dict[str, Any]:
    """The one Zuora account of a customer."""
    (row,) = accounts(world, internal_id)
    return row


def contacts(world: MemoryWorld, internal_id: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Bill-to and sold-to contact of a customer's account, which has no others."""
    own = account(world, internal_id)
    rows = {c["Id"]: c for c in world.zuora.dump()["Contact"] if c["AccountId"] == own["Id"]}
    assert set(rows) == {own["BillToId"], own["SoldToId"]}
    return rows[own["BillToId"]], rows[own["SoldToId"]]


def change(world: MemoryWorld, internal_id: str, **fields: Any) -> None:
    """What a person does to a customer in NetSuite; some time passes."""
    world.clock.advance(minutes=10)
    tester = Owner("tests", "by hand", f"person-{next(world.counter)}")
    world.wiring().netsuite(DEFAULTS, tester).update("customer", internal_id, fields)
    world.clock.advance(minutes=10)
