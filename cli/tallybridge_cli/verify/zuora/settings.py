"""What `tallybridge setup zuora` relies on: definitions of objects, new fields, tax codes, payment method types and rights."""

from __future__ import annotations

from typing import Any

from tallybridge.errors import OutcomeUnknown
from tallybridge_cli.verify.facts import Fact, facts_probe
from tallybridge_cli.verify.probe import NotTestable, Probe, System, sentence, words
from tallybridge_cli.verify.rest import Reply
from tallybridge_cli.verify.world import World
from tallybridge_cli.verify.zuora.books import FIELD, SYSTEM, codes, field_name, migrated, rows, submitted, taken, told, wanted, zoql

DEFINITION = "/objects/definitions/com_zuora/account"
PERMISSION = "10"
LOOKS = (0, 5, 25, 90, 480)
"""Seconds between looks whether a new field is known."""
WITHOUT_ACCOUNT = ("ACH", "Cash", "Check", "WireTransfer", "Other")
"""Types of which a method can belong to no account."""
TELL = "Send the evidence to the maintainers."


def _denied(reply: Reply) -> bool:
    return PERMISSION in codes(reply) or reply.status in (401, 403)


def _asked(world: World, path: str, what: str) -> Reply:
    """The answer to a read. Raises `NotTestable` where the user may not ask."""
    reply = world.zuora.ask("GET", path, quiet=True)
    if _denied(reply):
        raise NotTestable(f"The user of the installation may not read {what}; `tallybridge setup zuora` asks as an administrator.")
    return reply


def _defined(world: World) -> bool:
    return taken(_asked(world, DEFINITION, "definitions of objects"))


def _told_as_read(world: World) -> bool:
    """Properties with their origin, and the list of those that can be filtered."""
    schema = wanted(_asked(world, DEFINITION, "definitions of objects"), "the definition of the account")["schema"]
    return isinstance(schema.get("filterable"), list) and all("origin" in each for each in schema["properties"].values())


def _new_field(world: World) -> Reply:
    """The answer to the create of a field of the account."""
    name = field_name(world)
    made = world.journal.intend(SYSTEM, FIELD, name)
    definition = {"type": "string", "label": "Tallybridge verify", "maxLength": 255}
    try:
        reply = migrated(world, "addField", {"name": name, "filterable": False, "required": False, "definition": definition})
    except OutcomeUnknown:
        raise NotTestable("The answer to a new field was lost; run the probe again.") from None
    if not taken(reply):
        world.journal.is_gone(made)
    if _denied(reply):
        raise NotTestable("The user of the installation may not make fields; `tallybridge setup zuora --create` tries it and says.")
    return reply


def _migrates(world: World) -> bool:
    return taken(_new_field(world))


def _known_after(world: World) -> int:
    """Seconds after which describe and ZOQL know a new field: 0 at once, else the first of some looks that finds it."""
    reply = _new_field(world)
    if not taken(reply):
        raise NotTestable(f"Zuora refused a new field: {told(reply)}")
    name, waited = field_name(world), 0
    for pause in LOOKS:
        world.clock.sleep(pause)
        waited += pause
        described = f"<name>{name}</name>" in world.zuora.ask("GET", "/v1/describe/Account", quiet=True).text
        if described and taken(zoql(world, f"select Id, {name} from Account where Name = 'x'")):
            return waited
    raise NotTestable(f"A new field was not known within {waited} seconds.")


def _no_accounting_code(world: World) -> bool:
    found = _asked(world, "/settings/tax-codes", "tax codes")["taxCodes"]
    if not found:
        raise NotTestable("The tenant has no tax code.")
    return not any("accountingcode" in str(name).lower() for code in found for name in code)


def _types_give_methods(world: World) -> bool:
    """Whether each type that is switched on has a method without account."""
    on = set(_asked(world, "/settings/payment-methods", "payment method types")["paymentMethodTypes"]) & set(WITHOUT_ACCOUNT)
    if not on:
        raise NotTestable("No type is switched on of which a method can be without account.")
    there = {row["type"] for row in rows(world, "SELECT DISTINCT type FROM paymentmethod WHERE accountid IS NULL")}
    return on <= there


def _refused(world: World) -> list[str]:
    """The kinds of reads that the user may not do."""
    empty = "0" * 32
    asked: dict[str, Reply] = {
        "Data Query": submitted(world, f"SELECT id FROM account WHERE id = '{empty}'"),
        "ZOQL": zoql(world, f"select Id from Account where Id = '{empty}'"),
        "describe": world.zuora.ask("GET", "/v1/describe/Account", quiet=True),
        "Object Query": world.zuora.ask("GET", "/object-query/accounts", params={"pageSize": "1"}, quiet=True),
        "catalogue": world.zuora.ask("GET", "/v1/catalog/products", params={"pageSize": "1"}, quiet=True),
    }
    return [name for name, reply in asked.items() if _denied(reply) or "NO_PERMISSION" in codes(reply)]


def _rights(seen: Any) -> str:
    return f"The user may not use {', '.join(seen)}." if seen else "The user may read what the product reads."


PROBES = (
    Probe(
        "zuora.user-rights",
        System.ZUORA,
        "May the user of the installation read what the product reads?",
        _refused,
        [],
        _rights,
        lambda seen: "`tallybridge setup zuora` names the rights; without Data Query set the read path to ZOQL.",
    ),
    facts_probe(
        "zuora.object-definitions",
        System.ZUORA,
        "Are definitions of standard objects told as the set-up reads them?",
        Fact("there", _defined, "They are not told.", "The set-up cannot compare fields; enter the rows of docs/zuora-fields.md by hand."),
        Fact("form", _told_as_read, "They have another form.", f"The set-up may report wrong types. {TELL}"),
    ),
    Probe(
        "zuora.object-migrations",
        System.ZUORA,
        "Can fields of standard objects be made by API?",
        _migrates,
        True,
        words(yes="They can.", no="Standard objects are refused."),
        words(no="`tallybridge setup zuora` prints the rows; a person enters them in the Object Manager."),
        writes=True,
        option="migrates_standard_objects",
    ),
    Probe(
        "zuora.new-field",
        System.ZUORA,
        "How many seconds is a new field unknown to describe and ZOQL, at most?",
        _known_after,
        5,
        sentence("It was known after {} seconds."),
        lambda seen: "Give `tallybridge setup zuora --create` a longer --wait if it is more than two minutes.",
        writes=True,
        option="new_field_delay_s",
    ),
    facts_probe(
        "zuora.tax-codes",
        System.ZUORA,
        "Do the settings tell no accounting code of a tax code?",
        Fact("code", _no_accounting_code, "They tell it.", "The set-up could read it, and perhaps set it; tell the maintainers."),
    ),
    Probe(
        "zuora.payment-types",
        System.ZUORA,
        "Has each payment method type that is switched on a method without account?",
        _types_give_methods,
        False,
        words(yes="Each has one.", no="Some have none."),
        words(yes="Nothing: switching a type on is enough for an account's default method."),
        option="payment_types_give_methods",
    ),
)
