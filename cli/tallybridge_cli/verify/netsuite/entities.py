"""Customers and items: numbers, names, external ids, formats, lengths, and what NetSuite fills in."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from tallybridge.errors import AlreadyExists
from tallybridge.http import Answer, Effect
from tallybridge.netsuite.faults import error_from
from tallybridge.steps.shared.fitting import PUBLISHED
from tallybridge_cli.verify.netsuite.books import (
    ITEM,
    KNOWN_WORDS,
    OTHER_WORDS,
    TAKEN,
    change,
    customer,
    customer_body,
    document,
    has_subsidiaries,
    invoice,
    item_body,
    line,
    made,
    must,
    query,
    read,
    refusal,
    rows,
    schedule,
    schema,
    script,
    told,
    tried,
)
from tallybridge_cli.verify.probe import NotTestable, Probe, System, sentence, words
from tallybridge_cli.verify.rest import Reply
from tallybridge_cli.verify.world import World

LONG = 5_000
"""Characters of a text that no field takes."""
TOO_LONG = re.compile(r"maximum number\s*\(\s*(\d+)\s*\)")
ADDRESS = ("addressee", "attention", "addr1", "addr2", "city", "state", "zip", "addrPhone")
OF_CUSTOMERS = ("companyName", "phone", "fax", "comments", "accountNumber")
OF_ITEMS = ("itemId", "displayName", "salesDescription")
OF_INVOICES = ("memo", "otherRefNum", "tranId")
DIGITS = frozenset({"phone", "fax", "addrPhone"})
LONGEST_ID = 100
ODD_NAME = 'Ä "quoted", & <odd>'


def _taken_as(reply: Reply) -> str:
    """How NetSuite took a second record of something that is unique."""
    if reply.ok:
        return TAKEN
    error = error_from(Answer(reply.status, reply.headers, reply.text.encode()), "create", Effect.ONCE, "record")
    return KNOWN_WORDS if isinstance(error, AlreadyExists) else OTHER_WORDS


def _numbers(world: World) -> str:
    own = world.name("number")
    customers = read(world, "customer", made(world, "customer", "number", {**customer_body(world, "number"), "entityId": own}))
    invoices = read(world, "invoice", invoice(world, "number-2", tranId=own))
    kept = [name for name, value in (("customers", customers["entityId"]), ("invoices", invoices["tranId"])) if value == own]
    return " and ".join(kept) or "none"


def _duplicate_number(world: World) -> bool:
    if read(world, "invoice", invoice(world, "double-1", tranId=world.name("double")))["tranId"] != world.name("double"):
        raise NotTestable("Given document numbers are ignored, so that two cannot be the same.")
    reply, _ = tried(world, "invoice", "double-2", document(world, tranId=world.name("double")))
    return reply.ok


def _formats(world: World) -> list[str]:
    """Which kinds of contact data are checked."""
    wrong = {"email": "no mail address", "phone": "123"}
    asked = {name: tried(world, "customer", name, {**customer_body(world, name), name: value})[0] for name, value in wrong.items()}
    return [name for name, reply in asked.items() if not reply.ok]


def _lengths(world: World) -> dict[str, int]:
    """Fields that take fewer characters than the product goes by where the account says nothing."""
    found = {}
    for kind, names, body in _long_bodies(world):
        for name in names:
            if name not in PUBLISHED or not _has(world, kind, name):
                continue
            reply, _ = tried(world, kind, f"long-{name}", body(name, ("1" if name in DIGITS else "x") * LONG))
            told_length = TOO_LONG.search(told(reply)) if not reply.ok else None
            if told_length and int(told_length[1]) < PUBLISHED[name]:
                found[name] = int(told_length[1])
    return found


def _has(world: World, kind: str, name: str) -> bool:
    return name in ADDRESS or name in schema(world, kind).fields


def _long_bodies(world: World) -> tuple[tuple[str, tuple[str, ...], Callable[[str, str], Mapping[str, Any]]], ...]:
    """Record types, their fields, and bodies with one long text."""

    def address(name: str, text: str) -> Mapping[str, Any]:
        book = {"items": [{"label": "Bill", "addressBookAddress": {"country": {"id": "DE"}, name: text}}]}
        return {**customer_body(world, f"long-{name}"), "addressBook": book}

    return (
        ("customer", OF_CUSTOMERS, lambda name, text: {**customer_body(world, f"long-{name}"), name: text}),
        ("customer", ADDRESS, address),
        (ITEM, OF_ITEMS, lambda name, text: {**item_body(world, f"long-{name}"), **schedule(world), name: text}),
        ("invoice", OF_INVOICES, lambda name, text: document(world, **{name: text})),
    )


def _external_ids(world: World) -> dict[str, str]:
    """How a second record with an external id is taken, per kind."""
    bodies: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
        "customer": (customer_body(world, "twice-1"), customer_body(world, "twice-2")),
        ITEM: ({**item_body(world, "twice-3"), **schedule(world)}, {**item_body(world, "twice-4"), **schedule(world)}),
        "invoice": (document(world), document(world)),
    }
    found = {}
    for kind, (one, two) in bodies.items():
        made(world, kind, f"twice-{kind}", one)
        found[kind] = _taken_as(tried(world, kind, f"twice-{kind}", two)[0])
    return found


def _external_id_forms(world: World) -> str:
    """External ids that differ by case, and long ones."""
    made(world, "customer", "case", customer_body(world, "case-1"))
    case, _ = tried(world, "customer", "CASE", customer_body(world, "case-2"))
    long = "x" * (LONGEST_ID - len(world.name("")))
    length, _ = tried(world, "customer", long, customer_body(world, "long"))
    refused = [name for name, reply in (("case", case), ("length", length)) if not reply.ok]
    return " and ".join(refused) or "none"


def _name_taken(world: World) -> str:
    made(world, ITEM, "same-1", {**item_body(world, "same"), **schedule(world)})
    return _taken_as(tried(world, ITEM, "same-2", {**item_body(world, "same"), **schedule(world)})[0])


def _number_taken(world: World) -> str:
    body = {**customer_body(world, "same-3"), "entityId": world.name("same")}
    if read(world, "customer", made(world, "customer", "same-3", body))["entityId"] != world.name("same"):
        raise NotTestable("Given customer numbers are ignored, so that two cannot be the same.")
    return _taken_as(tried(world, "customer", "same-4", {**body, "companyName": world.name("same-4")})[0])


def _required(world: World) -> dict[str, str]:
    """Records that lack what NetSuite asks for, per kind."""
    person = {**customer_body(world, "person"), "isPerson": True, "firstName": "Ann"}
    asked: dict[str, tuple[str, dict[str, Any]]] = {
        "customer without name": ("customer", {k: v for k, v in customer_body(world, "x").items() if k != "companyName"}),
        "person without last name": ("customer", {k: v for k, v in person.items() if k != "companyName"}),
        "invoice without lines": ("invoice", {"entity": {"id": customer(world)}}),
        "invoice without customer": ("invoice", {"item": {"items": [line(world)]}}),
    }
    if has_subsidiaries(world):
        asked["customer without subsidiary"] = ("customer", {"companyName": world.name("bare"), "isPerson": False})
        asked["item without subsidiary"] = (ITEM, {k: v for k, v in item_body(world, "bare").items() if k != "subsidiary"})
    needs = "NetSuite needs a value"
    answers = {name: tried(world, kind, f"bare-{n}", body)[0] for n, (name, (kind, body)) in enumerate(asked.items())}
    return {name: how for name, reply in answers.items() if (how := refusal(reply, needs)) != KNOWN_WORDS}


def _person_fixed(world: World) -> bool:
    id = made(world, "customer", "fixed", customer_body(world, "fixed"))
    reply = change(world, "customer", id, {"isPerson": True, "firstName": "Ann", "lastName": "Other"})
    return not reply.ok or read(world, "customer", id)["isPerson"] is False


def _address_book(world: World) -> dict[str, Any]:
    """What an address book is after it was replaced, and whether a state of another country is kept."""

    def book(city: str) -> dict[str, Any]:
        address = {"addr1": "Street 1", "city": city, "state": "Bavaria", "country": {"id": "DE"}}
        return {"addressBook": {"items": [{"label": city, "defaultBilling": True, "addressBookAddress": address}]}}

    id = made(world, "customer", "book", {**customer_body(world, "book"), **book("Munich")})
    reply = change(world, "customer", id, book("Passau"), replace="addressBook")
    if not reply.ok:
        raise NotTestable(f"NetSuite refused the address book: {told(reply)}")
    lines = read(world, "customer", id, expand=True)["addressBook"]["items"]
    state = lines[-1].get("addressBookAddress", {}).get("state")
    return {"lines": len(lines), "state": state}


def _odd_names(world: World) -> bool:
    name = f"{world.name('odd')} {ODD_NAME}"
    reply, id = tried(world, "customer", "odd", {**customer_body(world, "odd"), "companyName": name})
    return reply.ok and read(world, "customer", id)["companyName"] == name


def _inactive(world: World) -> list[str]:
    """Inactive records that a new document takes."""
    asleep = made(world, ITEM, "asleep", {**item_body(world, "asleep"), **schedule(world)})
    must(change(world, ITEM, asleep, {"isInactive": True}))
    items, _ = tried(world, "invoice", "asleep-1", document(world, {**line(world), "item": {"id": asleep}}))
    gone = made(world, "customer", "gone", customer_body(world, "gone"))
    must(change(world, "customer", gone, {"isInactive": True}))
    customers, _ = tried(world, "invoice", "gone-1", {**document(world), "entity": {"id": gone}})
    return [name for name, reply in (("items", items), ("customers", customers)) if reply.ok]


def _currency(world: World) -> bool:
    """Whether a customer without currency has that of its subsidiary, or else the base currency."""
    if "currency" not in schema(world, "customer").fields:
        raise NotTestable("The account has one currency.")
    return bool(read(world, "customer", customer(world)).body.get("currency"))


def _sourced(world: World) -> str:
    """Whether a sourced field of a document is found by queries."""
    zuora_id, field = script(world, "custentity", "Zuora ID"), script(world, "custbody", "Zuora Customer ID (Sales)")
    if zuora_id not in schema(world, "customer").fields or field not in schema(world, "invoice").fields:
        raise NotTestable(f"The fields {zuora_id} and {field} are not there yet; `tallybridge setup netsuite` makes them.")
    own = made(world, "customer", "sourced", {**customer_body(world, "sourced"), zuora_id: world.name("sourced")})
    id = made(world, "invoice", "sourced-1", {**document(world), "entity": {"id": own}})
    reply = query(world, f"SELECT {field} AS value FROM transaction WHERE id = ?", (id,), 1)
    if not reply.ok:
        return "no column"
    return "found" if reply["items"] and reply["items"][0].get("value") == world.name("sourced") else "empty"


def _read_only(world: World) -> bool:
    return change(world, "customer", customer(world), {"balance": 1}).ok


def _unknown_property(world: World) -> str:
    return refusal(change(world, "customer", customer(world), {"tbVerifyNothing": 1}), "NetSuite field")


def _case(world: World) -> bool:
    """Whether queries tell upper from lower case."""
    customer(world)
    found = rows(world, "SELECT id FROM customer WHERE companyname = ?", (world.name("customer").lower(),), 1)
    like = rows(world, "SELECT id FROM customer WHERE companyname LIKE ?", (world.name("customer").lower() + "%",), 1)
    return not found and not like


def _deletion(world: World) -> bool:
    """Whether a deletion is told at once."""
    id = made(world, "customer", "deleted", customer_body(world, "deleted"))
    if not world.netsuite.ask("DELETE", f"/services/rest/record/v1/customer/{id}").ok:
        raise NotTestable("The role may not delete customers.")
    q = "SELECT d.recordid AS id, TO_CHAR(d.deleteddate, 'YYYY-MM-DD HH24:MI:SS') AS at FROM deletedrecord d WHERE d.recordid = ?"
    reply = query(world, q, (id,), 1)
    if not reply.ok:
        raise NotTestable(f"The role may not ask what was deleted: {told(reply)}")
    return bool(reply["items"])


NS = System.NETSUITE
PROBES = (
    Probe(
        "netsuite.numbers",
        NS,
        "Are given customer and document numbers taken (Allow Override)?",
        _numbers,
        "none",
        sentence("Given numbers are taken for: {}."),
        sentence("The settings that use Zuora's numbers work for {}; switch Allow Override on for the others."),
        writes=True,
        option="allow_number_override",
        to_option=lambda seen: seen != "none",
    ),
    Probe(
        "netsuite.duplicate-number",
        NS,
        "Is a document number that exists already taken?",
        _duplicate_number,
        False,
        words(yes="It is taken.", no="It is refused."),
        words(yes="Two documents of one number come about where somebody has entered that number in NetSuite."),
        writes=True,
        option="habits.duplicate_numbers",
        to_option=lambda seen: "taken" if seen else "refused",
    ),
    Probe(
        "netsuite.contact-formats",
        NS,
        "Are mail addresses and telephone numbers checked?",
        _formats,
        ["email", "phone"],
        lambda seen: f"Checked are: {', '.join(seen) or 'none'}.",
        sentence("Nothing: the product sends only what every account takes ({} is checked)."),
        writes=True,
        option="contact_formats",
        to_option=bool,
    ),
    Probe(
        "netsuite.text-lengths",
        NS,
        "Has every text at least the published length?",
        _lengths,
        {},
        lambda seen: "Shorter are: " + ", ".join(f"{name} {most}" for name, most in seen.items()) + "." if seen else "None is shorter.",
        sentence("Where the metadata tells the length the product goes by it; otherwise longer values are refused: {}."),
        writes=True,
        option="text_lengths",
    ),
    Probe(
        "netsuite.external-id",
        NS,
        "Is a second customer, item or invoice of one external id refused, in words that the product knows?",
        _external_ids,
        {"customer": KNOWN_WORDS, ITEM: KNOWN_WORDS, "invoice": KNOWN_WORDS},
        lambda seen: "; ".join(f"{kind}: {how}" for kind, how in seen.items()) + ".",
        sentence("Send the evidence to the maintainers before the first run: a lost answer could make a second record ({})."),
        writes=True,
    ),
    Probe(
        "netsuite.external-id-forms",
        NS,
        "Are external ids taken that differ by case alone, or have 100 characters?",
        _external_id_forms,
        "case",
        lambda seen: "Both are taken." if seen == "none" else f"Refused for its {seen}.",
        sentence("Zuora's ids have 32 characters of lower case; only external ids of your own are concerned ({})."),
        writes=True,
        option="habits.external_id_case",
        to_option=lambda seen: "case" not in seen,
    ),
    Probe(
        "netsuite.item-name-taken",
        NS,
        "Is a second item of one name refused, in words that the product knows?",
        _name_taken,
        KNOWN_WORDS,
        sentence("It is {}."),
        sentence("Two items of one name come about, or the advice is NetSuite's own text: it is {}."),
        writes=True,
    ),
    Probe(
        "netsuite.customer-number-taken",
        NS,
        "Is a second customer of one number refused, in words that the product knows?",
        _number_taken,
        KNOWN_WORDS,
        sentence("It is {}."),
        sentence("Two customers of one number come about, or the advice is NetSuite's own text: it is {}."),
        writes=True,
    ),
    Probe(
        "netsuite.required-fields",
        NS,
        "Is a record refused that lacks its mandatory fields, with their labels?",
        _required,
        {},
        lambda seen: "; ".join(f"{name}: {how}" for name, how in seen.items()) + "." if seen else "All are refused with the labels.",
        sentence("Such records come about incomplete, or the advice is NetSuite's own text ({})."),
        writes=True,
    ),
    Probe(
        "netsuite.person-fixed",
        NS,
        "Does a customer stay a company?",
        _person_fixed,
        True,
        words(yes="It does.", no="It can become a person."),
        words(no="Nothing: the product does not change it."),
        writes=True,
    ),
    Probe(
        "netsuite.address-book",
        NS,
        "Is an address book replaced as a whole, and a state of another country kept?",
        _address_book,
        {"lines": 1, "state": "Bavaria"},
        lambda seen: f"{seen['lines']} lines are there after it was replaced; the state is {seen['state']!r}.",
        sentence("Addresses pile up with each update, or states are lost: {}; report it."),
        writes=True,
    ),
    Probe(
        "netsuite.value-characters",
        NS,
        "Are quotes, commas, & and < kept in names?",
        _odd_names,
        True,
        words(yes="They are.", no="They are refused or changed."),
        words(no="Such customers are held or differ; correct their names in Zuora."),
        writes=True,
    ),
    Probe(
        "netsuite.inactive-records",
        NS,
        "Are inactive items and customers refused in new documents?",
        _inactive,
        [],
        lambda seen: f"Inactive {' and '.join(seen)} are taken." if seen else "They are refused.",
        sentence("Documents of inactive {} are posted instead of held."),
        writes=True,
    ),
    Probe(
        "netsuite.defaults-on-create",
        NS,
        "Does a customer without currency get one?",
        _currency,
        True,
        words(yes="It does.", no="It stays without."),
        words(no="Set the currency of accounts; documents of such customers may be refused."),
        writes=True,
    ),
    Probe(
        "netsuite.sourced-fields",
        NS,
        "Do queries find the customer's Zuora ID on a document (a sourced field)?",
        _sourced,
        "found",
        words(found="They do.", empty="The column is empty.", **{"no column": "There is no such column."}),
        words(
            empty="Let the field store its value, or sales orders are not selected.",
            **{"no column": "Show the field to queries (it must store its value), or sales orders are not selected."},
        ),
        writes=True,
        option="habits.sourced_in_queries",
        to_option=lambda seen: seen == "found",
    ),
    Probe(
        "netsuite.read-only-property",
        NS,
        "Is a property that the server works out ignored when it is sent?",
        _read_only,
        False,
        words(yes="It is ignored.", no="It is refused."),
        words(yes="Nothing: the product does not send any."),
        writes=True,
        option="habits.read_only_ignored",
    ),
    Probe(
        "netsuite.unknown-property",
        NS,
        "Is a property that the record does not have refused, in words that the product knows?",
        _unknown_property,
        KNOWN_WORDS,
        sentence("It is {}."),
        words(taken="A wrong field map loses values without an error; run the doctor after each change."),
        writes=True,
    ),
    Probe(
        "netsuite.query-case",
        NS,
        "Do queries tell upper from lower case?",
        _case,
        True,
        words(yes="They do.", no="They do not."),
        words(no="Names that differ by case alone count as the same."),
        writes=True,
        option="habits.query_case",
    ),
    Probe(
        "netsuite.deletion-visible",
        NS,
        "Is a deletion told at once?",
        _deletion,
        True,
        words(yes="It is.", no="It is not, or not at once."),
        words(no="Deletions are told by a later run, or not at all."),
        writes=True,
    ),
)
