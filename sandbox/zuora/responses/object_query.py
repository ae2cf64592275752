"""`/object-query/{plural}` (spec section 9)."""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from werkzeug.wrappers import Response

from sandbox.zuora.exceptions import missing_key, v1_error
from sandbox.zuora.http import Call, json_response
from sandbox.zuora.models.objectquery import Expansion, expansions, filter_tests, sort_key
from sandbox.zuora.models.values import Record, object_query_moment
from sandbox.zuora.schema import ObjectType
from sandbox.zuora.schema.rules import EMPTY_PLURALS, PLURALS

DEFAULT_PAGE = 10
MAX_PAGE = 99
INVALID_PARAMETER = 27
PROCESSING_TYPES = {"Charge": "0", "Discount": "1"}
"""Here processing types are digits in a string, for all kinds of items; elsewhere words or numbers."""


def refuse(message: str) -> Exception:
    return v1_error(500000, INVALID_PARAMETER, message, 400)


def type_of(call: Call) -> ObjectType:
    name = PLURALS.get(call.args["plural"])
    kind = call.tenant.schema.get(name) if name else None
    if kind is None or (kind.settlement_only and not call.tenant.settlement):
        raise v1_error(500000, 40, f"The object {call.args['plural']} does not exist.", 404)
    return kind


def values(call: Call, name: str) -> list[str]:
    """A repeatable parameter, written with or without brackets."""
    return [*call.request.args.getlist(f"{name}[]"), *call.request.args.getlist(name)]


def listed(call: Call) -> Response:
    if call.args["plural"] in EMPTY_PLURALS:
        return json_response({"nextPage": None, "data": []})
    kind = type_of(call)
    size = call.integer("pageSize", DEFAULT_PAGE, 1, MAX_PAGE)
    start = position(call.parameter("cursor"))
    candidates, tests = filter_tests(call.tenant, kind, values(call, "filter"))
    found = [r for r in candidates if all(test(r) for test in tests)]
    sorts = values(call, "sort")
    if len(sorts) > 1:
        raise refuse("Only one sort is allowed.")
    if sorts:
        key, descending = sort_key(kind, sorts[0])
        found.sort(key=key, reverse=descending)
    view = View(call, kind, size)
    page = [view.show(r) for r in found[start : start + size]]
    more = start + size < len(found)
    return json_response({"nextPage": cursor(start + size) if more else None, "data": page})


def get(call: Call) -> Response:
    empty = call.args["plural"] in EMPTY_PLURALS
    kind = None if empty else type_of(call)
    record = call.tenant.store.find(kind.name, call.args["key"]) if kind else None
    if kind is None or record is None:
        error = missing_key(call.args["key"])
        error.status = 404
        raise error
    return json_response(View(call, kind, MAX_PAGE).show(record))


def cursor(start: int) -> str:
    return base64.urlsafe_b64encode(json.dumps([{"order": "ASC", "at": start}]).encode()).decode()


def position(text: str) -> int:
    """Where the page begins. Raises the refusal of a cursor that was not handed out."""
    if not text:
        return 0
    try:
        start = json.loads(base64.urlsafe_b64decode(text))[0]["at"]
    except (ValueError, KeyError, TypeError, IndexError):
        start = None
    if type(start) is not int or start < 0:
        raise refuse("The cursor is invalid.")
    return start


class View:
    """How one call shows its objects: columns, nulls, expanded relations."""

    def __init__(self, call: Call, kind: ObjectType, page_size: int) -> None:
        self.store = call.tenant.store
        self.schema = call.tenant.schema
        self.zone = call.tenant.options.zone
        self.kind = kind
        self.nulls = call.flag("includeNullFields")
        self.page_size = page_size
        self.columns = self.chosen(call)
        self.expanded = expansions(call.args["plural"], kind.name, values(call, "expand"))
        self.check_columns()

    def chosen(self, call: Call) -> dict[str, set[str]]:
        """The columns asked for, by object name in lower case."""
        wanted = {"": call_list(call, "fields")}
        for name in call.request.args:
            owner, dot, rest = name.partition(".")
            if dot and rest in ("fields[]", "fields"):
                wanted[owner.lower()] = call_list(call, f"{owner}.fields")
        return {k: {f.lower() for f in v} for k, v in wanted.items() if v}

    def check_columns(self) -> None:
        """Raises the refusal of a column that its object does not have."""
        kinds = {"": self.kind, self.kind.name.lower(): self.kind}
        waiting = list(self.expanded)
        while waiting:
            expansion = waiting.pop()
            kinds[expansion.name.lower()] = self.schema[expansion.kind]
            waiting += expansion.deeper
        for owner, wanted in self.columns.items():
            kind = kinds.get(owner)
            if kind is None:
                raise refuse(f"The fields of '{owner}' cannot be chosen: it is not expanded.")
            if unknown := sorted(wanted - {name.lower() for name in kind.by_camel}):
                raise refuse(f"{kind.name} has no field '{unknown[0]}'.")

    def show(self, record: Record) -> dict[str, Any]:
        return self.object(self.kind, record, self.expanded, self.columns.get("") or self.columns.get(self.kind.name.lower()))

    def object(self, kind: ObjectType, record: Record, deeper: Sequence[Expansion], columns: set[str] | None) -> dict[str, Any]:
        shown: dict[str, Any] = {}
        for name, field in kind.by_camel.items():
            value = record.get(field.name)
            if (value is None and not self.nulls) or (columns and name.lower() not in columns):
                continue
            if name == "processingType":
                value = PROCESSING_TYPES.get(str(value), str(value))
            shown[name] = object_query_moment(value, self.zone) if isinstance(value, datetime) else value
        for expansion in deeper:
            shown[expansion.name] = self.relation(expansion, record)
        return shown

    def relation(self, expansion: Expansion, record: Record) -> Any:
        kind = self.schema[expansion.kind]
        columns = self.columns.get(expansion.name.lower())
        if expansion.many:
            rows = self.store.by(kind.name, expansion.link, record["Id"])[: self.page_size]
            return [self.object(kind, r, expansion.deeper, columns) for r in rows]
        related = self.store.get(kind.name, record.get(expansion.link))
        return self.object(kind, related, expansion.deeper, columns) if related else None


def call_list(call: Call, name: str) -> set[str]:
    return {part.strip() for value in values(call, name) for part in value.split(",") if part.strip()}
