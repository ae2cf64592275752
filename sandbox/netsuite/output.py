"""Records as JSON documents."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from sandbox.netsuite.exceptions import nonexistent
from sandbox.netsuite.rules import Tenant
from sandbox.netsuite.schema import SUBRECORDS, Field, Fields
from sandbox.netsuite.store import Record
from sandbox.netsuite.values import ENUM_LABELS, STATUS_LABELS

RECORD_PATH = "/services/rest/record/v1/"
NO_LINKS = {"transaction": "transaction"}


def wire_number(value: Any) -> Any:
    """Decimals as JSON numbers."""
    if isinstance(value, Decimal):
        return float(value)
    return str(value)


def to_json(document: Any) -> str:
    """A document in wire form."""
    return json.dumps(document, default=wire_number, ensure_ascii=False)


def link(rel: str, href: str) -> dict[str, str]:
    return {"rel": rel, "href": href}


class Renderer:
    """Builds documents; `base` is scheme and host that links begin with. With an empty base no links are given."""

    def __init__(self, tenant: Tenant, base: str, simple_enums: bool = False) -> None:
        self.tenant = tenant
        self.base = base
        self.simple_enums = simple_enums

    def href(self, *parts: object) -> str:
        return self.base + RECORD_PATH + "/".join(str(p) for p in parts)

    def values_of(self, record: Record) -> dict[str, Any]:
        """Stored values with those that the server works out or sources from elsewhere."""
        found = {**record.values, **self.tenant.ledger.derived(record, self.tenant.today())}
        for custom in self.tenant.catalog.sourced(record.type.name):
            value = sourced(self.tenant, custom.source, record.values)
            if value is not None:
                found[custom.script_id] = value
        return found

    def whole(self, record: Record) -> dict[str, Any]:
        """All of a record in the form that `load` takes."""
        document = {"id": record.id, **self._body(record.type.fields, self.values_of(record), record)}
        for name in record.lines:
            known = record.type.fields.get(name.lower())
            if known is not None and record.lines[name]:
                document[name] = {"items": self._lines(record, known)}
        return document

    def document(self, record: Record, *, expand: bool | frozenset[str] = False, only: frozenset[str] | None = None) -> dict[str, Any]:
        """A record as GET answers it: sublists and subrecords as links unless they are expanded."""
        kind = record.type.name
        body = self._body(record.type.fields, self.values_of(record), record)
        if only is not None:
            body = {n: v for n, v in body.items() if n.lower() in only}
        for name, known in ((f.name, f) for f in record.type.fields.values() if f.kind in ("sub", "rec")):
            inline = expand is True or (isinstance(expand, frozenset) and name.lower() in expand)
            if known.kind == "rec":
                if name in body and not inline:
                    body[name] = {"links": [link("self", self.href(kind, record.id, name))]}
            elif only is None and self.tenant.catalog.shape(kind, known) is not None:
                stub: dict[str, Any] = {"links": [link("self", self.href(kind, record.id, name))]}
                body[name] = self.sublist(record, known) if inline else stub
        return {"links": [link("self", self.href(kind, record.id))], "id": str(record.id), **body}

    def sublist(self, record: Record, known: Field) -> dict[str, Any]:
        """A sublist as a collection of whole lines."""
        items = self._lines(record, known)
        links = [link("self", self.href(record.type.name, record.id, known.name))]
        return {"links": links, "items": items, "totalResults": len(items), "count": len(items), "hasMore": False, "offset": 0}

    def sub_resource(self, record: Record, path: list[str], expand: bool) -> dict[str, Any]:
        """A sublist (links to its lines, or whole lines), one of its lines, or a subrecord."""
        known = record.type.fields.get(path[0].lower())
        if known is None or known.kind not in ("sub", "rec"):
            raise nonexistent()
        if known.kind == "rec":
            value = record.values.get(known.name)
            if value is None or len(path) > 1:
                raise nonexistent()
            return self._subrecord(known, value)
        collection = self.sublist(record, known)
        keys = self._line_keys(record, known)
        if len(path) > 1:
            if path[1] not in keys:
                raise nonexistent()
            return _part(dict(collection["items"][keys.index(path[1])]), path[2:])
        if not expand:
            here = collection["links"][0]["href"]
            collection["items"] = [{"links": [link("self", f"{here}/{key}")]} for key in keys]
        return collection

    def _line_keys(self, record: Record, known: Field) -> list[str]:
        shape = self.tenant.catalog.shape(record.type.name, known)
        if shape is None:
            raise nonexistent()
        rows = record.lines.get(known.name, [])
        return [str(row.get(shape.key, position)) if shape.key else str(position) for position, row in enumerate(rows, 1)]

    def _lines(self, record: Record, known: Field) -> list[dict[str, Any]]:
        shape = self.tenant.catalog.shape(record.type.name, known)
        if shape is None:
            return []
        lines = []
        for line in record.lines.get(known.name, ()):
            values = {**line, **self._line_values(record, known, line)}
            lines.append(self._body(shape.fields, values, record))
        return lines

    def _line_values(self, record: Record, known: Field, line: dict[str, Any]) -> dict[str, Any]:
        """Values of a line that the server works out."""
        found: dict[str, Any] = {}
        if known.name in ("apply", "credit", "deposit"):
            document = self.tenant.store.transaction(line["doc"])
            left = self.tenant.ledger.open_amount(document, without=record.id)
            total = document.values.get("total", document.values.get("payment"))
            found = {"refNum": document.values.get("tranId"), "total": total, "type": document.type.title, "line": line.get("line", 0)}
            found["remaining" if known.name == "deposit" else "due"] = left
            currency = document.values.get("currency")
            found["currency"] = self.tenant.store.display("currency", currency) if currency else None
            found["applyDate"] = document.values.get("tranDate")
        if known.name == "item":
            item = self.tenant.store.get("item", line["item"])
            found = {"lineUniqueKey": str(line["uniquekey"])}
            if item is not None:
                for source in self.tenant.catalog.sourced_lines(record.type.name):
                    found[source.script_id] = sourced(self.tenant, source.source, line)
        return found

    def _body(self, fields: Fields, values: dict[str, Any], record: Record) -> dict[str, Any]:
        body = {}
        for name, value in values.items():
            known = fields.get(name.lower())
            if known is not None and known.kind != "sub" and value is not None:
                body[known.name] = self.value(known, value, record)
        return body

    def value(self, known: Field, value: Any, record: Record) -> Any:
        """One value in its read form."""
        match known.kind:
            case "ref":
                return self._reference(known.target, value)
            case "multi":
                items = [self._reference(known.target, v) for v in value]
                if not self.base:
                    return {"items": items}
                return {"links": [], "items": items, "totalResults": len(items), "count": len(items), "hasMore": False, "offset": 0}
            case "enum":
                labels = STATUS_LABELS.get(record.type.name, {}) if known.name == "status" else ENUM_LABELS.get(known.name, {})
                return value if self.simple_enums else {"id": value, "refName": labels.get(value, value)}
            case "rec":
                return self._subrecord(known, value)
        return scalar(value)

    def _subrecord(self, known: Field, value: dict[str, Any]) -> dict[str, Any]:
        fields = SUBRECORDS[known.target]
        body: dict[str, Any] = {"links": []} if self.base else {}
        for name, part in value.items():
            sub = fields[name.lower()]
            if sub.kind == "enum":
                body[sub.name] = part if self.simple_enums else {"id": part, "refName": part}
            elif part is not None:
                body[sub.name] = scalar(part)
        return body

    def _reference(self, target: str, value: Any) -> dict[str, Any]:
        shown = self.tenant.store.display(target, value) if isinstance(value, int) else str(value)
        found: dict[str, Any] = {"id": str(value), "refName": shown}
        if not self.base:
            return found
        record = self.tenant.store.find(target, value) if isinstance(value, int) else None
        return {"links": [link("self", self.href(record.type.name, value))] if record else [], **found}


def _part(line: dict[str, Any], path: list[str]) -> dict[str, Any]:
    """A line, or the subrecord of it that the path names."""
    if not path:
        return line
    found = next((v for n, v in line.items() if n.lower() == path[0].lower()), None)
    if not isinstance(found, dict) or len(path) > 1:
        raise nonexistent()
    return found


def sourced(tenant: Tenant, source: str, values: dict[str, Any]) -> Any:
    """A value that is shown from another record: `item.custitemzuoraid` is that field of the record in `item`."""
    through, _, field = source.partition(".")
    identifier = values.get(through)
    record = tenant.store.get("item" if through == "item" else "entity", identifier) if identifier else None
    return record.values.get(field) if record else None


def scalar(value: Any) -> Any:
    """Dates and times as text; everything else as it is."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    if isinstance(value, date):
        return value.isoformat()
    return value
