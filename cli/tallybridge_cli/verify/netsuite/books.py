"""What the probes of NetSuite share: queries, metadata, records of their own, and how these are taken away again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any

from tallybridge.errors import BadAnswer, OutcomeUnknown
from tallybridge.field_names import derived_id
from tallybridge.http import Answer
from tallybridge.netsuite.client import id_in
from tallybridge.netsuite.faults import KNOWN, details_in
from tallybridge.netsuite.metadata import RecordSchema, schema_from
from tallybridge_cli.verify.journal import Made
from tallybridge_cli.verify.probe import NotTestable
from tallybridge_cli.verify.rest import Reply
from tallybridge_cli.verify.world import PREFIX, Cleaner, Kept, Lost, World

RECORDS = "/services/rest/record/v1"
SUITEQL = "/services/rest/query/v1/suiteql"
SYSTEM = "netsuite"
ITEM = "nonInventorySaleItem"
TAX_SCHEDULE = "Tax Schedule"
"""How NetSuite calls what an item lacks where advanced taxes are on."""
NO_RECORD = 404
RATE = 10
"""Price of the probes' items."""


def told(reply: Reply) -> str:
    """Code and text of a refusal."""
    answer = Answer(reply.status, reply.headers, reply.text.encode())
    return "; ".join(dict.fromkeys(f"{detail.code} {detail.text}" for detail in details_in(answer)))


KNOWN_WORDS, OTHER_WORDS, TAKEN = "refused in known words", "refused in other words", "taken"


def refusal(reply: Reply, known_as: str) -> str:
    """How NetSuite took something that it should refuse: `TAKEN`, or refused in words that the product knows as this text of its own, or in
    others."""
    if reply.ok:
        return TAKEN
    answer = Answer(reply.status, reply.headers, reply.text.encode())
    said = [f"{detail.code} {detail.text}" for detail in details_in(answer)]
    first_known = next((known for text in said for known in KNOWN if known.pattern.search(text)), None)
    return KNOWN_WORDS if first_known and first_known.text.startswith(known_as) else OTHER_WORDS


def query(world: World, q: str, params: Sequence[str] = (), limit: int = 1000, prefer: str = "transient") -> Reply:
    """The answer to a query, whatever it is."""
    body = {"q": q, **({"params": list(params)} if params else {})}
    place = {"limit": str(limit), "offset": "0"}
    return world.netsuite.ask("POST", SUITEQL, body, params=place, headers={"Prefer": prefer} if prefer else {}, reads=True)


def rows(world: World, q: str, params: Sequence[str] = (), limit: int = 1000) -> list[dict[str, str]]:
    """The rows of a query. Raises `NotTestable` when it is refused."""
    reply = query(world, q, params, limit)
    if not reply.ok:
        raise NotTestable(f"NetSuite refused a query: {told(reply)}")
    return [{name.lower(): str(value) for name, value in row.items() if name != "links"} for row in reply["items"]]


def first(world: World, q: str, params: Sequence[str] = ()) -> dict[str, str]:
    """The first row of a query, {} without one."""
    found = rows(world, q, params, 1)
    return found[0] if found else {}


def schema(world: World, record_type: str) -> RecordSchema:
    """A record type as the account describes it. Raises `NotTestable` when it does not."""

    def ask() -> RecordSchema:
        headers = {"Accept": "application/schema+json"}
        reply = world.netsuite.ask("GET", f"{RECORDS}/metadata-catalog/{record_type}", headers=headers)
        if not reply.ok:
            raise NotTestable(f"NetSuite does not describe {record_type} to the role: {told(reply)}")
        return schema_from(reply.body, record_type)

    return world.once(f"schema {record_type}", ask)


def script(world: World, prefix: str, label: str) -> str:
    """The script id of one of the connector's fields: by the field map of the settings, else derived."""
    return world.settings.field_map.get(f"{prefix}.{label}") or derived_id(prefix, label)


def read(world: World, kind: str, id: str, *, expand: bool = False) -> Reply:
    """A record. Raises `NotTestable` when it cannot be read."""
    reply = world.netsuite.ask("GET", f"{RECORDS}/{kind}/{id}", params={"expandSubResources": "true"} if expand else {})
    if not reply.ok:
        raise NotTestable(f"NetSuite does not show the {kind} that was just made: {told(reply)}")
    return reply


def change(world: World, kind: str, id: str, body: Any, replace: str = "") -> Reply:
    """The answer to an update of a record."""
    return world.netsuite.ask("PATCH", f"{RECORDS}/{kind}/{id}", body, params={"replace": replace} if replace else {})


def must(reply: Reply) -> None:
    """Raises `NotTestable` for a change that was refused although the probe needs it."""
    if not reply.ok:
        raise NotTestable(f"NetSuite refused a change that the probe needs: {told(reply)}")


# Records of the probes


def tried(world: World, kind: str, what: str, body: Mapping[str, Any], *, shared: bool = False, path: str = "") -> tuple[Reply, str]:
    """The answer to a create, and the new id, "" where it was refused. A lost answer is looked up. `path`: where it is not the collection
    of its kind (a transform)."""
    key = world.name(what)
    made = world.journal.intend(SYSTEM, kind, key, shared=shared)
    try:
        reply = world.netsuite.ask("POST", path or f"{RECORDS}/{kind}", {**body, "externalId": key})
    except OutcomeUnknown:
        id = found(world, kind, key)
        if not id:
            world.journal.is_gone(made)
        raise NotTestable(f"The answer to the create of {kind} {key} was lost; run the probe again.") from None
    if not reply.ok:
        world.journal.is_gone(made)
        return reply, ""
    id = id_in(Answer(reply.status, reply.headers, b"")) or found(world, kind, key)
    world.journal.is_there(made, id)
    return reply, id


def made(world: World, kind: str, what: str, body: Mapping[str, Any], *, shared: bool = False, path: str = "") -> str:
    """The id of a new record. Raises `NotTestable` when NetSuite refuses it."""
    reply, id = tried(world, kind, what, body, shared=shared, path=path)
    if not id:
        raise NotTestable(f"NetSuite refused the {kind} that the probe works with: {told(reply)}")
    return id


def found(world: World, kind: str, key: str) -> str:
    """The id of the record with an external id, "" where there is none. Raises `BadAnswer` when NetSuite does not tell."""
    reply = world.netsuite.ask("GET", f"{RECORDS}/{kind}/eid:{key}")
    if not reply.ok and reply.status != NO_RECORD:
        raise BadAnswer(f"NetSuite does not tell whether {kind} {key} is there: {told(reply)}", service="NetSuite", status=reply.status)
    return str(reply["id"]) if reply.ok else ""


def has_subsidiaries(world: World) -> bool:
    return "subsidiary" in schema(world, "customer").fields


def subsidiary(world: World) -> str:
    """The subsidiary of the probes' records: the one of the settings, else the first."""

    def ask() -> str:
        known = rows(world, "SELECT id, fullname FROM subsidiary WHERE isinactive = 'F' AND iselimination = 'F' ORDER BY id")
        own = [row["id"] for row in known if row.get("fullname") == world.settings.default_subsidiary]
        if not known:
            raise NotTestable("The role sees no subsidiary.")
        return own[0] if own else known[0]["id"]

    return world.once("subsidiary", ask)


def customer_body(world: World, what: str) -> dict[str, Any]:
    """A company with nothing but what every account asks for."""
    own = {"subsidiary": {"id": subsidiary(world)}} if has_subsidiaries(world) else {}
    return world.with_values("customer", {"companyName": world.name(what), "isPerson": False, **own})


def customer(world: World) -> str:
    """The customer of the probes' documents."""
    return world.once("customer", lambda: made(world, "customer", "customer", customer_body(world, "customer"), shared=True))


def item_body(world: World, what: str) -> dict[str, Any]:
    """An item for sale with an income account."""

    def income() -> str:
        row = first(world, "SELECT id FROM account WHERE accttype = 'Income' AND isinactive = 'F' ORDER BY id")
        if not row:
            raise NotTestable("The role sees no income account.")
        return row["id"]

    own = {"subsidiary": {"items": [{"id": subsidiary(world)}]}} if has_subsidiaries(world) else {}
    return world.with_values("item", {"itemId": world.name(what), "incomeAccount": {"id": world.once("income account", income)}, **own})


def schedule(world: World) -> dict[str, Any]:
    """A tax schedule for an item, where the account has the field and a schedule."""

    def ask() -> dict[str, Any]:
        if "taxSchedule" not in schema(world, ITEM).fields:
            return {}
        row = first(world, "SELECT id FROM taxschedule WHERE isinactive = 'F' ORDER BY id")
        return {"taxSchedule": {"id": row["id"]}} if row else {}

    return world.once("schedule", ask)


def item(world: World) -> str:
    """The item of the probes' documents."""
    return world.once("item", lambda: made(world, ITEM, "item", {**item_body(world, "item"), **schedule(world)}, shared=True))


def today(world: World) -> date:
    """The day of the probes' documents."""
    return world.clock.now().date()


def line(world: World, amount: Any = RATE, **given: Any) -> dict[str, Any]:
    """A line of the probes' item."""
    return world.with_values("line", {"item": {"id": item(world)}, "quantity": 1, "rate": amount, "amount": amount, **given})


def document(world: World, *lines: Mapping[str, Any], **given: Any) -> dict[str, Any]:
    """An invoice, credit memo or order of today."""
    lines = lines or (line(world),)
    body = {"entity": {"id": customer(world)}, "tranDate": today(world).isoformat(), "item": {"items": [*lines]}, **given}
    return world.with_values("document", body)


def invoice(world: World, what: str, *lines: Mapping[str, Any], **given: Any) -> str:
    """A new invoice."""
    return made(world, "invoice", what, document(world, *lines, **given))


def applied(*parts: tuple[str, Any]) -> dict[str, Any]:
    """Applications: document and amount."""
    return {"apply": {"items": [{"doc": {"id": doc}, "apply": True, "amount": amount} for doc, amount in parts]}, "autoApply": False}


def payment_body(world: World, amount: Any, *parts: tuple[str, Any]) -> dict[str, Any]:
    """A payment of today, applied to documents."""
    body = {"customer": {"id": customer(world)}, "tranDate": today(world).isoformat(), "payment": amount, **applied(*parts)}
    return world.with_values("payment", body)


# Taking away


def undo(world: World, made: Made) -> str:
    """Delete a record, or make it inactive where NetSuite keeps it; answers why it is still there. Only what has the probes' external id
    is touched: a number alone may mean another record."""
    id = found(world, made.kind, made.key)
    if not id:
        return _under_another_name(world, made)
    reply = world.netsuite.ask("DELETE", f"{RECORDS}/{made.kind}/{id}")
    if reply.ok or reply.status == NO_RECORD:
        return ""
    why = told(reply)
    if made.kind in ("customer", ITEM) and change(world, made.kind, id, {"isInactive": True}).ok:
        return Kept(f"NetSuite keeps it ({why}); it was made inactive.")
    return why


def _under_another_name(world: World, made: Made) -> str:
    """What to say of a record that its external id does not find any more."""
    if not made.id or not world.netsuite.ask("GET", f"{RECORDS}/{made.kind}/{made.id}", params={"fields": "id"}, quiet=True).ok:
        return ""
    return "There is a record of this id, but without the external id of the probe; look at it by hand."


def lost(world: World) -> Iterator[Lost]:
    """Records with the probes' external ids: customers and items first, so that documents go before them."""
    wanted = (f"{PREFIX}-%",)
    for row in rows(world, "SELECT id, externalid FROM customer WHERE isinactive = 'F' AND externalid LIKE ? ORDER BY id", wanted):
        yield "customer", row["externalid"], row["id"]
    for row in rows(world, "SELECT id, externalid FROM item WHERE isinactive = 'F' AND externalid LIKE ? ORDER BY id", wanted):
        yield ITEM, row["externalid"], row["id"]
    for row in rows(world, "SELECT id, externalid, recordtype FROM transaction WHERE externalid LIKE ? ORDER BY id", wanted):
        yield row["recordtype"], row["externalid"], row["id"]


CLEANER = Cleaner(undo, lost)
