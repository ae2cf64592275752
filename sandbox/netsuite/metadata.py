"""The metadata catalogue: what records look like in this account, as JSON Schema and as OpenAPI."""

from __future__ import annotations

import re
from typing import Any

from werkzeug.wrappers import Request, Response

from sandbox.netsuite.catalog import Catalog
from sandbox.netsuite.operations import Outcome
from sandbox.netsuite.output import link, to_json
from sandbox.netsuite.permissions import shows_custom_fields
from sandbox.netsuite.records import Records
from sandbox.netsuite.responses import base_of, respond
from sandbox.netsuite.schema import SUBRECORDS, Field, Fields, RecordType
from sandbox.netsuite.urls import RECORD

SCHEMA_MEDIA = "application/schema+json"
OPENAPI_MEDIA = "application/swagger+json"
FILTERABLE = ("str", "int", "num", "bool", "date", "dt", "enum", "ref")
JSON_TYPES: dict[str, dict[str, Any]] = {
    "str": {"type": "string"},
    "int": {"type": "integer", "format": "int64"},
    "num": {"type": "number", "format": "double"},
    "bool": {"type": "boolean"},
    "date": {"type": "string", "format": "date"},
    "dt": {"type": "string", "format": "date-time"},
    "any": {},
}
LINK_SCHEMA = {"type": "array", "readOnly": True, "items": {"$ref": "/services/rest/record/v1/metadata-catalog/nsLink"}}


MOST_KNOWN = 512
_known: dict[Any, str] = {}


class MetadataResponses:
    """Handlers of `/record/v1/metadata-catalog`."""

    def __init__(self, catalog: Catalog, records: Records) -> None:
        self.catalog = catalog
        self.records = records

    def metadata_list(self, request: Request, match: re.Match[str]) -> Response:
        """All record types, or the schemas of those in `select`; OpenAPI when that is accepted."""
        wanted = [n.strip() for n in request.args.get("select", "").split(",") if n.strip()]
        kinds = [self.records.kind(n) for n in wanted] or list(self.catalog.types.values())
        if OPENAPI_MEDIA in request.headers.get("Accept", ""):
            return _json(self._openapi(kinds), OPENAPI_MEDIA)
        base = base_of(request) + RECORD + "metadata-catalog/"
        items = []
        for kind in kinds:
            links = [{"rel": "canonical", "href": base + kind.name, "mediaType": "application/json"}]
            links += [{"rel": "describes", "href": base_of(request) + RECORD + kind.name}]
            items.append({"name": kind.name, "links": links})
        document = {"links": [link("self", base.rstrip("/"))], "items": items, "count": len(items), "totalResults": len(items)}
        return respond(Outcome(200, {**document, "hasMore": False, "offset": 0}, kind="collection"))

    def metadata(self, request: Request, match: re.Match[str]) -> Response:
        """One record type as JSON Schema (the default) or OpenAPI."""
        kind = self.records.kind(match["type"])
        if OPENAPI_MEDIA in request.headers.get("Accept", ""):
            return _json(self._openapi([kind]), OPENAPI_MEDIA)
        return Response(self._described(kind), status=200, content_type=SCHEMA_MEDIA)

    def _described(self, kind: RecordType) -> str:
        """The schema of a record type as text, made once for accounts that are alike and whose options are those they began with."""
        catalog = self.catalog
        options = repr(catalog.options)
        account = (kind.name, shows_custom_fields(catalog.role), options, tuple(catalog.custom.values()))
        known = _known.get(account) if options == catalog.began_with else None
        if known is None:
            known = to_json({"$schema": "http://json-schema.org/draft-06/hyper-schema#", **self.schema(kind)})
            if options == catalog.began_with:
                if len(_known) >= MOST_KNOWN:
                    _known.clear()
                _known[account] = known
        return known

    def schema(self, kind: RecordType) -> dict[str, Any]:
        """A record type as JSON Schema."""
        properties = {"id": {"title": "Internal Id", "type": "string"}, **self._properties(kind, kind.fields), "links": LINK_SCHEMA}
        names = [f.name for f in kind.fields.values() if f.kind in FILTERABLE]
        return {"type": "object", "properties": properties, "x-ns-filterable": names}

    def _properties(self, kind: RecordType, fields: Fields) -> dict[str, Any]:
        hidden = not shows_custom_fields(self.catalog.role)
        shown = (f for f in fields.values() if f.name not in ("id", "links") and not (f.custom and hidden))
        return {f.name: self._property(kind, f) for f in shown}

    def _property(self, kind: RecordType, field: Field) -> dict[str, Any]:
        described: dict[str, Any] = {"title": field.label, **self._type(kind, field)}
        if field.kind not in ("sub", "rec"):
            described["nullable"] = field.rule != "R"
        if field.read_only:
            described["readOnly"] = True
        options = self.catalog.options
        if field.length and options.describes_lengths:
            described["maxLength"] = options.text_lengths.get(field.name, field.length)
        if field.custom:
            described["x-ns-custom-field"] = True
        return described

    def _type(self, kind: RecordType, field: Field) -> dict[str, Any]:
        match field.kind:
            case "ref":
                return _reference(field.target)
            case "multi":
                return _collection(_reference(field.target))
            case "enum":
                identifier: dict[str, Any] = {"type": "string", **({"enum": field.options} if field.options else {})}
                return {"type": "object", "properties": {"id": identifier, "refName": {"type": "string"}}}
            case "rec":
                parts = SUBRECORDS.get(field.target, {})
                return {"type": "object", "properties": self._properties(kind, parts)}
            case "sub":
                shape = self.catalog.shape(kind.name, field)
                return _collection({"type": "object", "properties": self._properties(kind, shape.fields) if shape else {}})
        return dict(JSON_TYPES[field.kind])

    def _openapi(self, kinds: list[RecordType]) -> dict[str, Any]:
        paths: dict[str, Any] = {}
        for kind in kinds:
            reference = {"$ref": f"#/components/schemas/{kind.name}"}
            body = {"content": {"application/json": {"schema": reference}}}
            done = {"204": {"description": "Done."}}
            paths[f"/{kind.name}"] = {
                "get": {"tags": [kind.name], "summary": "Get list of records.", "responses": {"200": {"description": "List."}}},
                "post": {"tags": [kind.name], "summary": "Insert record.", "requestBody": body, "responses": done},
            }
            paths[f"/{kind.name}/{{id}}"] = {
                "get": {"tags": [kind.name], "summary": "Get record.", "responses": {"200": {"description": "Record.", **body}}},
                "patch": {"tags": [kind.name], "summary": "Update record.", "requestBody": body, "responses": done},
                "put": {"tags": [kind.name], "summary": "Insert or update record.", "requestBody": body, "responses": done},
                "delete": {"tags": [kind.name], "summary": "Remove record.", "responses": done},
            }
        return {
            "openapi": "3.0.1",
            "info": {"title": "NetSuite REST Record API", "version": "v1"},
            "servers": [{"url": RECORD.rstrip("/")}],
            "paths": paths,
            "components": {"schemas": {kind.name: self.schema(kind) for kind in kinds}},
        }


def _reference(target: str) -> dict[str, Any]:
    parts = {"id": {"type": "string"}, "refName": {"type": "string"}, "externalId": {"type": "string"}, "links": LINK_SCHEMA}
    return {"type": "object", "properties": parts, **({"x-ns-target": target} if target else {})}


def _collection(item: dict[str, Any]) -> dict[str, Any]:
    whole = {"type": "integer"}
    page = {"totalResults": whole, "count": whole, "offset": whole, "hasMore": {"type": "boolean"}, "links": LINK_SCHEMA}
    return {"type": "object", "properties": {"items": {"type": "array", "items": item}, **page}}


def _json(document: dict[str, Any], media: str) -> Response:
    return Response(to_json(document), status=200, content_type=media)
