"""Every body of `/v1` that the stand-in takes, broken in every published way: each must be refused, saying which field it is.

The model is `sandbox/zuora/published/bodies.json`, which needs nothing else. Where the published reference is at hand (`CONTRACTS_DIR`) the
model itself is held against it; `test_vendor_sdk.py` holds it against the SDK.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest

from sandbox.zuora.published import Spec, bodies, findings, spec_of
from tests.standins.zuora.derive_bodies import shape
from tests.standins.zuora.tenant import Tenant
from tests.standins.zuora.test_payments import code
from tests.standins.zuora.test_published_contract import description, description_file, resolved

OPERATIONS, MODELS = bodies()
DEPTH = 7
SAMPLE = 30
"""Faults that are sent for each operation; the check itself is tried with all of them."""
WRONG: dict[str, Any] = {
    "text": 5,
    "number": "five",
    "integer": 1.5,
    "boolean": "yes",
    "date": "31/01/2026",
    "object": "x",
    "figure": "five",
}
RIGHT: dict[str, Any] = {
    "text": "x",
    "number": 1,
    "integer": 1,
    "boolean": True,
    "date": "2026-01-31",
    "object": {},
    "figure": 1,
    "any": "x",
}
Broken = tuple[dict[str, Any], str, int]
"""A body, the place of what is wrong with it, and the category of the refusal."""


def right(spec: Spec, depth: int = 0) -> Any:
    """A value that the field may have."""
    if spec.kind in MODELS:
        one: Any = smallest(spec.kind, depth + 1)
    elif spec.kind == "enum":
        one = spec.values[0]
    elif spec.kind == "text" and not spec.many:
        one = "x" * max(spec.low, 1)
    else:
        one = RIGHT[spec.kind]
    return [one] if spec.many else one


def smallest(model: str, depth: int = 0) -> dict[str, Any]:
    """A body with what is required alone."""
    return {key: right(spec, depth) for key, spec in MODELS[model].items() if spec.required}


def wrong(spec: Spec) -> Iterator[Any]:
    """Values that the field may not have."""
    if spec.many:
        yield "no list"
        if spec.kind != "any":
            yield [next(wrong(Spec(spec.kind, False, spec.values, 0, None, False)))]
        if spec.high is not None:
            yield right(spec) * (spec.high + 1)
    elif spec.kind in MODELS:
        yield "no object"
        yield []
    elif spec.kind == "enum":
        yield "No such value"
        yield 5
        yield spec.values[0].swapcase()
    elif spec.kind != "any":
        yield WRONG[spec.kind]
        yield [RIGHT[spec.kind]]
        if spec.high is not None:
            yield "x" * (spec.high + 1)
        if spec.kind in ("number", "integer"):
            yield True
        if spec.kind == "date":
            yield "2026-02-30"


def broken(model: str, place: str = "", above: tuple[str, ...] = ()) -> Iterator[Broken]:
    """The model's bodies with one fault each, at every depth; a model within itself is not gone into again."""
    base = smallest(model)
    yield {**base, "noSuchKey": 1}, f"{place}noSuchKey", 21
    for key, spec in MODELS[model].items():
        if re.search(r"__(NS|c|QT)$", key):
            continue
        if spec.required:
            yield {k: v for k, v in base.items() if k != key}, place + key, 22
            yield {**base, key: None}, place + key, 22
        for value in wrong(spec):
            yield {**base, key: value}, place + key, 20
        if spec.kind in MODELS and spec.kind not in above and len(above) < DEPTH:
            inner = f"{place}{key}{'[0]' if spec.many else ''}."
            for body, where, category in broken(spec.kind, inner, (*above, model)):
                yield {**base, key: [body] if spec.many else body}, where, category


def refusal(answer: dict[str, Any]) -> dict[str, Any]:
    """The answer, or that of the one memo in it: each of several has a refusal of its own."""
    return answer["memos"][0] if "memos" in answer else answer


def test_the_check_finds_every_fault_of_every_body() -> None:
    count = 0
    for operation, model in OPERATIONS.items():
        for body, where, category in broken(model):
            count += 1
            found = [f.place for f in findings(model, body)]
            assert any(place.startswith(where) for place in found), (operation, where, category, body)
    assert count > 10_000


SENT = {operation: model for operation, model in OPERATIONS.items() if not re.search(r"/(credit|debit)memos|query|export", operation)}
OTHERS = {operation: model for operation, model in OPERATIONS.items() if re.search(r"query|export", operation)}
"""Of other families: they ignore keys that they do not know, and have refusals of their own."""


@pytest.mark.parametrize("operation", sorted(SENT))
def test_every_operation_refuses_every_fault_of_its_body(settled: Tenant, operation: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settled.stand_in.options, "refund_with_unapply", True)
    monkeypatch.setattr(settled.stand_in.options, "orders_harmonization", True)
    method, path = operation.split(" ")
    before = settled.stand_in.dump()
    faults = list(broken(SENT[operation]))
    for body, where, category in faults[:: max(1, len(faults) // SAMPLE)]:
        answer = refusal(settled.call(method, path.replace("{key}", "A-1"), body).json())
        told = (where, body, answer)
        assert answer["success"] is False and answer["processId"] and answer["reasons"], told
        leaf = where.rsplit(".", 1)[-1].split("[")[0]
        assert leaf in answer["reasons"][0]["message"] and code(answer) == category, told
    assert settled.stand_in.dump() == before


@pytest.mark.parametrize("operation", sorted(SENT))
def test_no_operation_refuses_a_published_field_as_unknown(settled: Tenant, operation: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settled.stand_in.options, "refund_with_unapply", True)
    monkeypatch.setattr(settled.stand_in.options, "orders_harmonization", True)
    method, path = operation.split(" ")
    kinds = {"contacts": "Contact", "payments": "Payment", "refunds": "Refund", "invoices": "Invoice", "credit-memos": "CreditMemo"}
    kinds |= {"debit-memos": "DebitMemo", "subscriptions": "Subscription", "accounts": "Account"}
    kind = kinds.get(path.split("/")[2], "Account")
    row = next(iter(settled.stand_in.tenant.store.all(kind)), {"Id": "A-1"})
    for key, spec in MODELS[SENT[operation]].items():
        if re.search(r"__(NS|c|QT)$", key):
            continue
        body = {**smallest(SENT[operation]), key: right(spec)}
        answer = settled.call(method, path.replace("{key}", row["Id"]), body).json()
        assert answer.get("success") or code(answer) != 21, (key, answer)


@pytest.mark.parametrize("operation", sorted(OTHERS))
def test_other_families_refuse_every_fault_but_unknown_keys(settled: Tenant, operation: str) -> None:
    method, path = operation.split(" ")
    for body, where, category in broken(OTHERS[operation]):
        response = settled.call(method, path, body)
        answer = response.json()
        if category != 21:
            assert response.status_code == 400, (where, body, answer)
            text = answer.get("message") or answer.get("FaultMessage") or answer["Errors"][0]["Message"]
            assert where.rsplit(".", 1)[-1] in text, (where, body, answer)
        elif "message" in answer:
            assert "noSuchKey" not in answer["message"]


# The published reference


def whole(schema: dict[str, Any]) -> dict[str, Any]:
    """With the fields of its alternatives."""
    found = resolved(schema)
    for choice in found.get("oneOf") or found.get("anyOf") or ():
        found = {**found, "properties": {**whole(choice).get("properties", {}), **found.get("properties", {})}}
    return found


def differences(model: str, schema: dict[str, Any], seen: set[tuple[str, int]]) -> Iterator[str]:
    """What the reference asks for and the model does not."""
    schema = whole(schema)
    published = schema.get("properties", {})
    if (model, len(published)) in seen:
        return
    seen.add((model, len(published)))
    for key, property_ in published.items():
        if re.search(r"__(NS|c|QT)$", key):
            continue
        spec = MODELS[model].get(key)
        if spec is None:
            yield f"{model}.{key} is missing"
            continue
        inner = whole(property_)
        one = whole(inner.get("items", {})) if spec.many else inner
        if key in schema.get("required", ()) and not spec.required:
            yield f"{model}.{key} is required"
        if one.get("format") == "date" and spec.kind != "date":
            yield f"{model}.{key} is a date"
        if "enum" in one and (spec.kind != "enum" or not {str(v) for v in one["enum"] if v != "NULL"} <= set(spec.values)):
            yield f"{model}.{key} has the values {one['enum']}"
        if (most := one.get("maxLength")) and spec.kind == "text" and not spec.many and (spec.high is None or spec.high > most):
            yield f"{model}.{key} has at most {most} characters"
        if spec.kind in MODELS and "properties" in one:
            yield from differences(spec.kind, one, seen)


@pytest.mark.skipif(not description_file().is_file(), reason="no copy of zuora-openapi.yaml; set CONTRACTS_DIR to its folder")
def test_every_body_is_as_strict_as_the_published_reference() -> None:
    paths = {shape(path): path for path in description()["paths"]}
    found: list[str] = []
    seen: set[tuple[str, int]] = set()
    for operation, model in (SENT | OTHERS).items():
        method, path = operation.split(" ")
        if shape(path) not in paths:
            assert operation == "POST /v1/object/export"
            continue
        known = description()["paths"][paths[shape(path)]][method.lower()]["requestBody"]
        found += differences(model, resolved(known)["content"]["application/json"]["schema"], seen)
    assert not found, "\n".join(found)


def test_the_notation() -> None:
    assert spec_of("text 1..50!") == Spec("text", False, (), 1, 50, True)
    assert spec_of("[Line] ..2") == Spec("Line", True, (), 0, 2, False)
    assert spec_of("=A b|C-d!") == Spec("enum", False, ("A b", "C-d"), 0, None, True)
    with pytest.raises(ValueError, match="not a field"):
        spec_of("text, short")
