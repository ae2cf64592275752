"""What a Zuora tenant has of the connector's fields, as its definitions and descriptions tell."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from tallybridge.errors import Refused
from tallybridge.fields.zuora import ADVANCED, LENGTH, OBJECTS, OWN_SUFFIX, SUFFIXES, TYPE, ZUORAS_SUFFIX, ZuoraField, ZuoraObject
from tallybridge.zuora import Zuora
from tallybridge.zuora.metadata import Field

DEFINITIONS = "/objects/definitions/com_zuora"
DEFINED_TYPE = "string"
"""The word of definitions for what descriptions call text."""


@dataclass(frozen=True)
class Seen:
    """One object. `defined`: the properties of its definition by name, None where the tenant shows no definition; `indexed`: those that are
    filterable; `described`: what the query APIs know of it, None where the tenant does not show the object, for the reason in `hidden`."""

    object: ZuoraObject
    defined: Mapping[str, Mapping[str, Any]] | None
    indexed: frozenset[str]
    described: Mapping[str, Field] | None
    hidden: str = ""

    def has(self, name: str) -> bool:
        """Whether the field is made, even if the query APIs do not know it yet."""
        return name in (self.described or {}) or name in (self.defined or {})

    def own(self) -> list[str]:
        """Names of all fields that somebody at the tenant has made."""
        return sorted({n for names in (self.defined or {}, self.described or {}) for n in names if n.endswith(OWN_SUFFIX)})


@dataclass(frozen=True)
class Tenant:
    """All objects that the tenant's mode has, and the suffix of the connector's fields in it."""

    mode: str
    suffix: str
    objects: tuple[Seen, ...]


@dataclass
class Findings:
    """What has to be done, and by whom. `missing` can be made; `by_zuora` only Zuora can add; `waiting` are made, but not known everywhere
    yet; `unfilterable` exist and are not filtered by; `wrong` says which have another type; `hidden` which objects are not shown."""

    there: list[ZuoraField] = field(default_factory=list)
    missing: list[ZuoraField] = field(default_factory=list)
    by_zuora: list[ZuoraField] = field(default_factory=list)
    waiting: list[ZuoraField] = field(default_factory=list)
    unfilterable: list[ZuoraField] = field(default_factory=list)
    wrong: dict[str, str] = field(default_factory=dict)
    hidden: dict[str, str] = field(default_factory=dict)


def look(zuora: Zuora, suffix: str = "") -> Tenant:
    """Read everything; `suffix` "" takes the one that the tenant has more fields of."""
    mode = "B" if zuora.invoice_settlement_enabled() else "A"
    seen = tuple(look_at(zuora, each) for each in OBJECTS.values() if each.mode in ("", mode))
    return Tenant(mode, suffix or usual_suffix(seen), seen)


def look_at(zuora: Zuora, each: ZuoraObject) -> Seen:
    """One object."""
    defined, indexed = definition(zuora, each.name) if each.kind == ADVANCED else (None, frozenset())
    try:
        return Seen(each, defined, indexed, {f.name: f for f in zuora.describe(each.name)})
    except Refused as refused:
        return Seen(each, defined, indexed, None, refused.detail or refused.message)


def definition(zuora: Zuora, name: str) -> tuple[Mapping[str, Mapping[str, Any]] | None, frozenset[str]]:
    """The custom properties of a definition by name, and which of them are filterable; None where there is no definition to see."""
    try:
        answer = zuora.get(f"{DEFINITIONS}/{name.lower()}")
    except Refused:
        return None, frozenset()
    schema = answer.get("schema") or answer
    properties = schema.get("properties") or {}
    custom = {n: p for n, p in properties.items() if isinstance(p, Mapping) and (p.get("origin") == "custom" or n.endswith(SUFFIXES))}
    listed = {str(n) for n in schema.get("filterable") or ()}
    return custom, frozenset(listed | {n for n, p in custom.items() if p.get("filterable") is True})


def usual_suffix(seen: tuple[Seen, ...]) -> str:
    """The suffix of most of the connector's fields; without any the one that a tenant can make fields with."""
    counted = {suffix: sum(each.has(f.api + suffix) for each in seen for f in each.object.fields) for suffix in SUFFIXES}
    return ZUORAS_SUFFIX if counted[ZUORAS_SUFFIX] > counted[OWN_SUFFIX] else OWN_SUFFIX


def findings(tenant: Tenant) -> Findings:
    """What the tenant lacks of the table, and what is not as the table has it."""
    found = Findings()
    for seen in tenant.objects:
        if seen.described is None:
            found.hidden[seen.object.name] = seen.hidden
            continue
        for each in seen.object.fields:
            sort(found, seen, each, each.api + tenant.suffix)
    return found


def sort(found: Findings, seen: Seen, each: ZuoraField, name: str) -> None:
    """Put one field where it belongs."""
    own = name.endswith(OWN_SUFFIX)
    described = (seen.described or {}).get(name)
    if not seen.has(name):
        (found.missing if own else found.by_zuora).append(each)
        return
    (found.there if described else found.waiting).append(each)
    if fault := wrong_type(described, (seen.defined or {}).get(name), own=own):
        found.wrong[f"{each.object}.{name}"] = fault
    if own and each.filterable and not filterable(seen, name, described):
        found.unfilterable.append(each)


def filterable(seen: Seen, name: str, described: Field | None) -> bool:
    """By the definition where there is one, by the description else."""
    if seen.defined is not None and name in seen.defined:
        return name in seen.indexed
    return described is None or described.filterable


def wrong_type(described: Field | None, defined: Mapping[str, Any] | None, *, own: bool) -> str:
    """What the type is instead of text of 255 characters, in words; "" where it is that. Zuora's own fields may be lists of values."""
    if defined is not None and own:
        kind, length = str(defined.get("type", "")), defined.get("maxLength")
        if kind != DEFINED_TYPE or defined.get("enum") or defined.get("format"):
            return f"{kind} with a list of values" if defined.get("enum") else f"{defined.get('format') or kind}"
        return f"text of {length} characters" if isinstance(length, int) and length < LENGTH else ""
    if described is None or described.type == TYPE or (not own and described.type == "picklist"):
        return f"text of {described.max_length} characters" if described and (described.max_length or LENGTH) < LENGTH else ""
    return described.type


def is_there(zuora: Zuora, object_name: str, name: str) -> bool:
    """Whether a field is made now, for a create whose answer was lost or refused."""
    defined, _ = definition(zuora, object_name)
    return name in (defined or {}) or name in names_of(zuora, object_name)


def names_of(zuora: Zuora, object_name: str) -> set[str]:
    """What the query APIs know of an object."""
    try:
        return {f.name for f in zuora.describe(object_name)}
    except Refused:
        return set()


def visible(zuora: Zuora, fields: list[ZuoraField], suffix: str) -> Iterator[ZuoraField]:
    """Those that the query APIs know by now."""
    described: dict[str, set[str]] = {}
    for each in fields:
        if each.object not in described:
            described[each.object] = names_of(zuora, each.object)
        if each.api + suffix in described[each.object]:
            yield each
