"""Every request that the connector sends, against the published contracts where copies are at hand.

`CONTRACTS_DIR` names the folder that holds them; without it a folder `shared/contracts` beside the checkout is tried. `traffic` says which
runs the requests are from. Checked for Zuora: that method, path and query parameters are published; of bodies: types, enumerations,
lengths, required members at every level, and that every key is published or a custom field. Actions, whose objects the description leaves
open, are checked against the objects that it describes for reading. For NetSuite: the JSON Schema of the record type, with line numbers
and custom fields allowed. SuiteQL, ZOQL and SQL texts are checked by the stand-ins' own parsers. Neither contract describes datasets or
Zuora Revenue.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from functools import cache
from typing import Any

import pytest

from tests.contract.traffic import Sent, Traffic, traffic
from tests.standins.netsuite.test_netsuite_contracts import FILE, FOLDER, body_properties
from tests.standins.zuora.test_published_contract import CUSTOM, TYPES, description, description_file, problems, resolved

CUSTOM_NETSUITE = ("custbody", "custcol", "custentity", "custitem")
SCHEMA_OF = {"serviceSaleItem": "nonInventorySaleItem"}
RECORD_WRITES = ("POST", "PUT", "PATCH")
MAX_DEPTH = 12
FILES = re.compile(r"/presigned/.+")
"""Where the rows of a query job lie is for Zuora to say."""
ACTIONS = ("/v1/action/create", "/v1/action/update")
OF_THE_ACTION = {"Id", "fieldsToNull"}
EXPECTED: dict[str, list[str]] = {
    "A": ["POST /v1/action/create", "POST /v1/action/update", "POST /v1/orders", "POST /v1/subscriptions", "POST /query/jobs"],
    "B": [
        "PUT /v1/invoices",
        "PUT /v1/credit-memos/bulk",
        "PUT /v1/debit-memos/bulk",
        "PUT /v1/payments/{paymentKey}",
        "PUT /v1/payments/{paymentKey}/apply",
        "PUT /v1/payments/{paymentKey}/unapply",
        "PUT /v1/refunds/{refundKey}",
        "POST /v1/payments",
        "POST /v1/payments/{paymentKey}/refunds",
        "POST /v1/payments/{paymentKey}/refunds/unapply",
        "POST /v1/orders",
        "POST /v1/subscriptions",
        "POST /v1/action/create",
        "POST /v1/action/update",
    ],
}
"""Operations that the traffic of a mode has to contain, so that they are looked at at all."""
WRITTEN = {
    "A": {"customer", "serviceSaleItem", "invoice", "creditMemo", "customerPayment", "customerRefund", "salesOrder"},
    "B": {"customer", "serviceSaleItem", "invoice", "creditMemo", "customerPayment", "customerRefund", "salesOrder"},
}
"""NetSuite record types that the traffic of a mode has to create or change."""
NOT_IN_THE_DESCRIPTION = {
    ("Contact", "Description"): "api-zuora-billing.md 14.3, as the SOAP object has it",
    ("Refund", "PaymentId"): "api-zuora-billing.md 12.10 and 14.3: only for create, so that no object that is read shows it",
}
"""Fields of Actions that the description's objects lack although they exist: (type, field), and where they are documented."""
PRICE_QUANTITY = {"type": "object", "properties": {"value": {"type": "integer"}}, "required": ["value"], "additionalProperties": False}
"""Where the schema has an array, Oracle's help shows an object ("Working with the Pricing Sublist on Item Records")."""
ANSWERED_OTHERWISE = {
    ("GET /v1/credit-memos", "creditMemos"): "live tenants spell the key so (api-zuora-billing.md 12.4)",
}
"""Members of answers that the description lacks: (operation, place), and why they are right."""
INSTEAD = {"customerRefund": {"account": "paymentOption"}}
"""Required by the schema, but another field does as well (api-netsuite.md 9.8)."""
NOT_DESCRIBED = {"InvoiceItemAdjustment", "InvoiceAdjustment", "InvoicePayment"}
"""Objects of tenants without Invoice Settlement, which the description does not have; api-zuora-billing.md 14.3 has their fields."""


@pytest.fixture(scope="module", params=["A", "B"])
def sent(request: pytest.FixtureRequest) -> tuple[str, Traffic]:
    return request.param, traffic(request.param)


@pytest.mark.skipif(not description_file().is_file(), reason="no copy of zuora-openapi.yaml; set CONTRACTS_DIR to its folder")
def test_requests_to_zuora_hold(sent: tuple[str, Traffic]) -> None:
    mode, requests = sent
    seen: Counter[str] = Counter()
    faults: set[str] = set()
    for request in requests["zuora"]:
        name, operation = _operation(request)
        seen[name] += 1
        if operation is not None:
            faults |= {f"{name}: {p}" for p in (*_parameters(request, operation), *_body(request, operation), *_objects(request))}
        elif not FILES.fullmatch(request.path):
            faults.add(f"{name}: not published")
    assert sorted(faults) == []
    assert [name for name in EXPECTED[mode] if name not in seen] == []


@pytest.mark.skipif(not description_file().is_file(), reason="no copy of zuora-openapi.yaml; set CONTRACTS_DIR to its folder")
def test_answers_to_these_requests_hold(sent: tuple[str, Traffic]) -> None:
    """What the stand-in answered, for every operation that the connector uses."""
    mode, requests = sent
    seen: Counter[str] = Counter()
    faults: set[str] = set()
    for request in requests["zuora"]:
        name, operation = _operation(request)
        schema = _answer_schema(operation) if operation is not None else None
        if schema is None or request.answer is None or (isinstance(request.answer, dict) and request.answer.get("success") is False):
            continue
        seen[name] += 1
        faults |= {f"{name}: {p}" for p in problems(request.answer, schema) if (name, p.partition(":")[0]) not in ANSWERED_OTHERWISE}
    assert sorted(faults) == []
    assert [name for name in EXPECTED[mode] if name not in seen] == []


def _answer_schema(operation: dict[str, Any]) -> dict[str, Any] | None:
    content = resolved(operation["responses"].get("200", {})).get("content", {}).get("application/json")
    return dict(content["schema"]) if content else None


def _operation(request: Sent) -> tuple[str, dict[str, Any] | None]:
    """Its name, with the published path, and its description; the path as sent and None if there is none."""
    found = [t for t, o in _paths(request.path) if request.method.lower() in o]
    if not found:
        return f"{request.method} {request.path}", None
    path = min(found, key=lambda t: t.count("{"))
    return f"{request.method} {path}", description()["paths"][path][request.method.lower()]


@cache
def _paths(path: str) -> list[tuple[str, dict[str, Any]]]:
    return [(t, o) for t, o, pattern in _templates() if pattern.fullmatch(path)]


@cache
def _templates() -> list[tuple[str, dict[str, Any], re.Pattern[str]]]:
    """The published paths, each with its operations and what it matches."""
    paths: dict[str, dict[str, Any]] = description()["paths"]
    return [(t, o, re.compile(re.sub(r"\\\{[^}]+\\\}", "[^/]+", re.escape(t)))) for t, o in paths.items()]


def _parameters(request: Sent, operation: dict[str, Any]) -> list[str]:
    published = {p["name"].removesuffix("[]") for p in map(resolved, operation.get("parameters", [])) if p["in"] == "query"}
    return [f"query parameter {name} is not published" for name in request.params if name.removesuffix("[]") not in published]


def _body(request: Sent, operation: dict[str, Any]) -> list[str]:
    content = resolved(operation.get("requestBody", {})).get("content", {}).get("application/json")
    if content is None:
        return ["has a body, but none is published"] if request.body is not None else []
    schema = content["schema"]
    outside = {k: v for k, v in request.body.items() if k != "objects"} if request.path in ACTIONS else request.body
    return [*problems(outside, schema), *_missing(request.body, schema)]


def _missing(value: Any, schema: dict[str, Any], place: str = "", depth: int = 0) -> list[str]:
    """Required members that are not there, at every level."""
    schema = resolved(schema)
    if depth > MAX_DEPTH:
        return []
    if choices := schema.get("oneOf") or schema.get("anyOf"):
        return min((_missing(value, c, place, depth + 1) for c in choices), key=len)
    if isinstance(value, list):
        return [m for row in value for m in _missing(row, schema.get("items", {}), f"{place}[]", depth + 1)]
    if not isinstance(value, dict):
        return []
    found = [f"{place}.{name} is required".lstrip(".") for name in schema.get("required", []) if name not in value]
    for name, inner in schema.get("properties", {}).items():
        if name in value:
            found += _missing(value[name], inner, f"{place}.{name}", depth + 1)
    return found


def _objects(request: Sent) -> list[str]:
    """What is wrong with the fields of an Action's objects."""
    if request.path not in ACTIONS:
        return []
    kind = request.body["type"]
    if kind in NOT_DESCRIBED:
        return []
    published = resolved(description()["components"]["schemas"][f"Expanded{kind}"])["properties"]
    found = []
    for fields in request.body["objects"]:
        for name, value in fields.items():
            if name in OF_THE_ACTION or name.endswith(CUSTOM) or (kind, name) in NOT_IN_THE_DESCRIPTION:
                continue
            schema = published.get(name[0].lower() + name[1:])
            if schema is None:
                found.append(f"{kind}.{name}: not published")
            elif resolved(schema).get("type") in TYPES:
                found += problems(value, schema, f"{kind}.{name}")
    return found


@pytest.mark.skipif(not (FOLDER / FILE).exists(), reason=f"{FILE} is not here; set CONTRACTS_DIR to its folder")
def test_requests_to_netsuite_hold(sent: tuple[str, Traffic]) -> None:
    pytest.importorskip("jsonschema", reason="jsonschema is not installed")
    mode, requests = sent
    written: set[str] = set()
    faults: set[str] = set()
    for request in requests["netsuite"]:
        found = re.search(r"/record/v1/(\w+)", request.path)
        if found is None or request.method not in RECORD_WRITES:
            continue
        kind = SCHEMA_OF.get(found[1], found[1])
        written.add(found[1])
        document = {k: v for k, v in _standard_fields(request.body).items() if v is not None}  # null empties a field (api-netsuite.md 3.4)
        spared = frozenset(name for name, other in INSTEAD.get(kind, {}).items() if request.body.get(other))
        errors = _validator(kind, request.method == "PATCH", spared).iter_errors(document)
        faults |= {f"{request.method} {kind}: {'/'.join(map(str, e.absolute_path))}: {e.message[:300]}" for e in errors}
    assert sorted(faults) == []
    assert WRITTEN[mode] - written == set()


@cache
def _definitions() -> dict[str, Any]:
    definitions: dict[str, Any] = json.loads((FOLDER / FILE).read_text())["definitions"]
    definitions["item.price"]["properties"]["quantity"] = PRICE_QUANTITY
    return definitions


@cache
def _validator(kind: str, is_change: bool, spared: frozenset[str]) -> Any:
    """Says what is wrong with the body of a create or a change; a create needs what the schema requires but for what is `spared`."""
    jsonschema = pytest.importorskip("jsonschema")

    definitions = _definitions()
    schema = {
        **definitions[kind],
        "properties": body_properties(definitions, kind),
        "definitions": definitions,
        "additionalProperties": False,
    }
    schema["required"] = [] if is_change else [n for n in schema.get("required", []) if n not in spared]
    return jsonschema.Draft7Validator(schema)


def _standard_fields(value: Any) -> Any:
    """A body without custom fields, which the schemas cannot know."""
    if isinstance(value, list):
        return [_standard_fields(v) for v in value]
    if not isinstance(value, dict):
        return value
    return {k: _standard_fields(v) for k, v in value.items() if not k.startswith(CUSTOM_NETSUITE)}
