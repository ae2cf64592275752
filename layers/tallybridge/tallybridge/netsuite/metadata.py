"""What a record type of an account consists of: `GET /metadata-catalog/{type}` as JSON Schema (api-netsuite.md 3.10)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from tallybridge import money
from tallybridge.errors import BadAnswer

MAX_DEPTH = 4
"""Levels between a sublist and the properties of its lines."""


REFERENCE = frozenset({"id", "refName", "externalId", "links"})
"""Properties of a reference: a list of such is a field with several values, not a sublist."""


@dataclass(frozen=True)
class FieldInfo:
    """One field. `type` is the schema's word; `custom` says that the account made it; `length` is how many characters a text may have, 0
    where the account does not say; `parts` are the fields of a record inside this one, such as an address."""

    title: str
    type: str
    custom: bool
    length: int = 0
    parts: Mapping[str, FieldInfo] = field(default_factory=dict)


@dataclass(frozen=True)
class RecordSchema:
    """Body fields, and for each sublist the fields of its lines (empty when the account only names the sublist)."""

    fields: dict[str, FieldInfo]
    sublists: dict[str, dict[str, FieldInfo]] = field(default_factory=dict)


@lru_cache(maxsize=32)
def schema_in(body: bytes, record_type: str) -> RecordSchema:
    """The schema in an answer, which says the same each time until somebody customises the account. Raises `ValueError` when it is no JSON,
    `BadAnswer` when it describes nothing."""
    return schema_from(money.loads(body), record_type)


def schema_from(document: Any, record_type: str) -> RecordSchema:
    """The schema in a metadata document. Raises `BadAnswer` when it is not one."""
    properties = document.get("properties") if isinstance(document, dict) else None
    if not isinstance(properties, dict):
        raise BadAnswer(f"NetSuite's description of {record_type} has no properties.", service="NetSuite")
    known = {name: p for name, p in properties.items() if isinstance(p, dict) and name != "links"}
    found = {name: _lines(p) for name, p in known.items()}
    lines = {name: found[name] or {} for name, p in known.items() if _is_sublist(p, found[name])}
    return RecordSchema({name: _field(name, p) for name, p in known.items() if name not in lines}, lines)


def _is_sublist(schema: Mapping[str, Any], lines: Mapping[str, FieldInfo] | None) -> bool:
    return "collection" in str(schema.get("$ref", "")).lower() or (lines is not None and not (lines and set(lines) <= REFERENCE))


def _lines(schema: Mapping[str, Any], depth: int = 0) -> dict[str, FieldInfo] | None:
    """The line fields below a property: an array of objects, possibly wrapped in an object with `items`."""
    if depth > MAX_DEPTH:
        return None
    items = schema.get("items")
    if schema.get("type") == "array" and isinstance(items, dict):
        properties = items.get("properties")
        return {n: _field(n, p) for n, p in properties.items() if isinstance(p, dict)} if isinstance(properties, dict) else {}
    inner = schema.get("properties")
    if isinstance(inner, dict) and isinstance(inner.get("items"), dict):
        return _lines(inner["items"], depth + 1)
    return None


def _field(name: str, schema: Mapping[str, Any]) -> FieldInfo:
    kind = schema.get("type") or ("object" if "$ref" in schema or "properties" in schema else "")
    length, properties = schema.get("maxLength"), schema.get("properties")
    inner = properties if isinstance(properties, dict) and not set(properties) <= REFERENCE else {}
    return FieldInfo(
        str(schema.get("title") or name),
        str(schema.get("format") or kind),
        schema.get("x-ns-custom-field") is True,
        length if isinstance(length, int) and length > 0 else 0,
        {n: _field(n, p) for n, p in inner.items() if isinstance(p, dict) and p.get("type") == "string"},
    )
