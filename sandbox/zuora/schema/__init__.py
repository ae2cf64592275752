"""The object types of the service. `build_schema` makes a fresh set, to which a tenant may add custom fields."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache, lru_cache

from sandbox.zuora.schema import billing, core, orders, rules, settlement
from sandbox.zuora.schema.fields import SYSTEM_FIELDS, TEXT_LENGTH, Field, ObjectType, camel_name, is_custom, parse_entries

__all__ = ["Field", "ObjectType", "Schema", "add_custom_field", "build_schema", "camel_name", "is_custom"]

Schema = dict[str, ObjectType]
TABLES = {**core.FIELDS, **billing.FIELDS, **settlement.FIELDS, **orders.FIELDS}


def build_schema(connector_fields: bool = True, custom_fields: Mapping[str, tuple[str, ...]] | None = None) -> Schema:
    """All object types, with the `__NS` fields if they are installed, and with the tenant's own text fields."""
    built = _built(connector_fields, tuple((name, tuple(fields)) for name, fields in (custom_fields or {}).items()))
    return {name: kind.copy() for name, kind in built.items()}


@lru_cache(maxsize=16)
def _built(connector_fields: bool, custom_fields: tuple[tuple[str, tuple[str, ...]], ...]) -> Schema:
    """What `build_schema` copies; tenants that begin anew have the same."""
    schema = {name: build_type(name) for name in TABLES}
    if connector_fields:
        for name, short_names in rules.CONNECTOR_FIELDS.items():
            for short in short_names.split():
                add_custom_field(schema[name], f"{short}__NS", rules.CONNECTOR_ENUMS.get((name, short)))
    for name, fields in custom_fields:
        for custom in fields:
            add_custom_field(schema[name], custom)
    for kind in schema.values():
        kind.rebuild()
    return schema


def build_type(name: str) -> ObjectType:
    fields = dict(published_fields(name))
    return ObjectType(
        name=name,
        fields=fields,
        references=references_of(name, fields),
        required=tuple(rules.REQUIRED.get(name, "").split()),
        number=rules.NUMBERS[name][0] if name in rules.NUMBERS else None,
        plural=next((plural for plural, kind in rules.PLURALS.items() if kind == name), None),
        settlement_only=name in rules.SETTLEMENT_TYPES,
        zoql=name not in rules.SETTLEMENT_TYPES and name not in rules.ORDER_TYPES,
    )


@cache
def published_fields(name: str) -> Mapping[str, Field]:
    """The fields of a type without custom ones."""
    enums = rules.ENUMS.get(name, {})
    absent = set(rules.NOT_IN_OBJECT_QUERY.get(name, "").split())
    fields: dict[str, Field] = {}
    for field_name, kind, length, flags in parse_entries(f"{SYSTEM_FIELDS}; {TABLES[name]}"):
        is_column = kind != "obj" and (field_name not in absent or field_name == "Description")
        fields[field_name] = Field(
            name=field_name,
            kind=kind,
            length=length,
            flags=flags,
            enum=enums.get(field_name),
            sql=rules.SQL_NAMES.get((name, field_name), field_name.lower()) if is_column else None,
            camel=camel_name(field_name) if kind != "obj" and field_name not in absent else None,
            custom=is_custom(field_name),
        )
    return fields


def references_of(name: str, fields: Mapping[str, Field]) -> dict[str, str]:
    """Which fields of the type hold the id of which other type."""
    return {
        field_name: target
        for field_name, target in rules.REFERENCES_EVERYWHERE.items()
        if field_name in fields and fields[field_name].flags != "c" and (name, field_name) not in rules.NO_REFERENCE
    }


def add_custom_field(kind: ObjectType, name: str, enum: tuple[str, ...] | None = None) -> None:
    """Add a text custom field (`...__c` or `...__NS`), to be followed by `rebuild`. Raises `ValueError` for another name."""
    if not is_custom(name):
        raise ValueError(f"a custom field must end in __c, __NS or __QT: {name!r}")
    flags = "qfcu" if kind.zoql else "o"
    kind.fields[name] = Field(name, "str", TEXT_LENGTH, flags, enum, name.lower(), name, custom=True)
