"""The stand-in's answers against the vendor's published API description, where a copy of it is at hand.

`CONTRACTS_DIR` names the folder that holds `zuora-openapi.yaml`; without it a folder `shared/contracts` beside the checkout is tried.
Checked: types, enumerations, lengths, and that every key of an answer is published or is a custom field. Known faults of the
document are forgiven: the form of date-times, and the length of Data Query job ids.
"""

from __future__ import annotations

import json
import os
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from tests.standins.zuora.tenant import Tenant, rid
from tests.standins.zuora.test_accounts import CATALOGUE, ORDER, SUBSCRIPTION, account_body

CUSTOM = ("__NS", "__c", "__QT")
TYPES: dict[str, Any] = {
    "string": (str,),
    "number": (int, float),
    "integer": (int,),
    "boolean": (bool,),
    "array": (list,),
    "object": (dict,),
}
FORGIVEN_LENGTHS = ("data.id", "data.createdBy")
MAX_DEPTH = 12


def description_file() -> Path:
    given = os.environ.get("CONTRACTS_DIR")
    folder = Path(given) if given else Path(__file__).resolve().parents[4] / "shared" / "contracts"
    return folder / "zuora-openapi.yaml"


pytestmark = pytest.mark.skipif(not description_file().is_file(), reason="no copy of zuora-openapi.yaml; set CONTRACTS_DIR to its folder")


@cache
def description() -> dict[str, Any]:
    """The document, kept parsed in the machine's folder for temporary files: reading 4 MB of YAML takes seconds in every process."""
    yaml = pytest.importorskip("yaml")
    facts = description_file().stat()
    kept = Path(tempfile.gettempdir()) / f"zuora-openapi-{facts.st_size}-{facts.st_mtime_ns}.json"
    if not kept.exists():
        loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
        parsed = yaml.load(description_file().read_text(encoding="utf-8"), Loader=loader)
        part = kept.with_suffix(f".{os.getpid()}")
        part.write_text(json.dumps(parsed, default=str), encoding="utf-8")
        part.replace(kept)
    content: dict[str, Any] = json.loads(kept.read_text(encoding="utf-8"))
    return content


def resolved(node: dict[str, Any]) -> dict[str, Any]:
    """The schema with references followed and its parts merged."""
    while "$ref" in node:
        target: Any = description()
        for part in node["$ref"].removeprefix("#/").split("/"):
            target = target[part]
        node = target
    merged = dict(node)
    for part in node.get("allOf", []):
        inner = resolved(part)
        merged["properties"] = {**inner.get("properties", {}), **merged.get("properties", {})}
        merged["required"] = [*inner.get("required", []), *merged.get("required", [])]
        merged.setdefault("type", inner.get("type", "object"))
    return merged


def problems(value: Any, schema: dict[str, Any], place: str = "", depth: int = 0) -> list[str]:
    """Where the value departs from the schema."""
    schema = resolved(schema)
    if depth > MAX_DEPTH or (value is None and schema.get("nullable")):
        return []
    if choices := schema.get("oneOf") or schema.get("anyOf"):
        return min((problems(value, c, place, depth + 1) for c in choices), key=len)
    kind = schema.get("type", "object" if "properties" in schema else None)
    if kind is None:
        return []
    if not isinstance(value, TYPES[kind]) or (kind != "boolean" and isinstance(value, bool)):
        return [f"{place}: {value!r} is no {kind}"]
    found: list[str] = []
    if "enum" in schema and value not in schema["enum"]:
        found.append(f"{place}: {value!r} is not among {schema['enum']}")
    if (
        kind == "string"
        and place not in FORGIVEN_LENGTHS
        and not schema.get("minLength", 0) <= len(value) <= schema.get("maxLength", len(value))
    ):
        found.append(f"{place}: length {len(value)}")
    if kind == "array":
        for row in value:
            found += problems(row, schema.get("items", {}), f"{place}[]", depth + 1)
    if kind == "object" and (published := schema.get("properties")):
        for key, inner in value.items():
            if key in published:
                found += problems(inner, published[key], f"{place}.{key}".lstrip("."), depth + 1)
            elif not key.endswith(CUSTOM):
                found.append(f"{place}.{key}: not published".lstrip("."))
    return found


def answer_schema(method: str, template: str) -> dict[str, Any]:
    """The schema of the answer with status 200."""
    response = description()["paths"][template][method.lower()]["responses"]["200"]
    schema: dict[str, Any] = resolved(response)["content"]["application/json"]["schema"]
    return schema


PAYMENT = {
    "accountId": rid("a"),
    "type": "External",
    "amount": 130.0,
    "currency": "USD",
    "paymentMethodId": rid("9", 1),
    "invoices": [{"invoiceId": rid("1", 1), "amount": 100.0}],
    "financeInformation": {"transferredToAccounting": "Yes"},
    "Origin__NS": "NETSUITE",
}
REFUND = {"type": "External", "methodType": "Check", "totalAmount": 10.0, "Origin__NS": "NETSUITE"}
MEMO_ON_INVOICE = {"invoices": [{"invoiceId": rid("1", 1), "amount": 5.0}]}
CALLS: list[tuple[str, str, str, Any]] = [
    ("POST", "/v1/accounts", "/v1/accounts", account_body()),
    ("GET", "/v1/accounts/{account-key}", "/v1/accounts/A-1", None),
    ("PUT", "/v1/accounts/{account-key}", "/v1/accounts/A-1", {"name": "Acme GmbH"}),
    ("POST", "/v1/payments", "/v1/payments", PAYMENT),
    ("GET", "/v1/payments", "/v1/payments", None),
    ("GET", "/v1/payments/{paymentKey}", "/v1/payments/P-00000001", None),
    ("PUT", "/v1/payments/{paymentKey}", "/v1/payments/P-00000001", {"IntegrationStatus__NS": "Sync Complete"}),
    ("GET", "/v1/payments/{paymentKey}/parts", "/v1/payments/P-00000001/parts", None),
    ("POST", "/v1/payments/{paymentKey}/refunds", "/v1/payments/P-00000001/refunds", REFUND),
    (
        "POST",
        "/v1/payments/{paymentKey}/refunds/unapply",
        "/v1/payments/P-00000001/refunds/unapply",
        {**REFUND, "invoices": [{"invoiceId": rid("1", 1), "amount": 10.0}]},
    ),
    (
        "PUT",
        "/v1/payments/{paymentKey}/unapply",
        "/v1/payments/P-00000001/unapply",
        {"invoices": [{"invoiceId": rid("1", 1), "amount": 5.0}]},
    ),
    ("PUT", "/v1/payments/{paymentKey}/apply", "/v1/payments/P-00000001/apply", {"invoices": [{"invoiceId": rid("1", 1), "amount": 5.0}]}),
    ("GET", "/v1/refunds", "/v1/refunds", None),
    ("GET", "/v1/refunds/{refundKey}", "/v1/refunds/R-00000001", None),
    ("PUT", "/v1/refunds/{refundKey}", "/v1/refunds/R-00000001", {"IntegrationStatus__NS": "x"}),
    ("GET", "/v1/refunds/{refundKey}/parts", "/v1/refunds/R-00000001/parts", None),
    ("GET", "/v1/invoices/{invoiceKey}", "/v1/invoices/INV00000001", None),
    ("PUT", "/v1/invoices/{invoiceKey}", "/v1/invoices/INV00000001", {"transferredToAccounting": "Yes"}),
    ("PUT", "/v1/invoices", "/v1/invoices", {"invoices": [{"id": rid("1", 1), "transferredToAccounting": "Yes"}]}),
    ("GET", "/v1/invoices/{invoiceKey}/items", "/v1/invoices/INV00000001/items", None),
    ("GET", "/v1/invoices/{invoiceKey}/application-parts", "/v1/invoices/INV00000001/application-parts", None),
    ("GET", "/v1/credit-memos/{creditMemoKey}", "/v1/credit-memos/CM00000001", None),
    ("PUT", "/v1/credit-memos/{creditMemoKey}", "/v1/credit-memos/CM00000001", {"transferredToAccounting": "Yes"}),
    ("PUT", "/v1/credit-memos/bulk", "/v1/credit-memos/bulk", {"memos": [{"id": rid("4"), "transferredToAccounting": "Yes"}]}),
    ("GET", "/v1/credit-memos/{creditMemoKey}/items", "/v1/credit-memos/CM00000001/items", None),
    ("GET", "/v1/credit-memos/{creditMemoKey}/parts", "/v1/credit-memos/CM00000001/parts", None),
    ("POST", "/v1/credit-memos/{creditMemoKey}/refund", "/v1/credit-memos/CM00000001/refund", REFUND),
    ("GET", "/v1/debit-memos/{debitMemoKey}", "/v1/debit-memos/DM00000001", None),
    ("PUT", "/v1/debit-memos/bulk", "/v1/debit-memos/bulk", {"memos": [{"id": rid("6"), "transferredToAccounting": "Yes"}]}),
    ("GET", "/v1/debit-memos/{debitMemoKey}/items", "/v1/debit-memos/DM00000001/items", None),
    ("PUT", "/v1/credit-memos/{creditMemoKey}/apply", "/v1/credit-memos/CM00000001/apply", MEMO_ON_INVOICE),
    ("PUT", "/v1/credit-memos/{creditMemoKey}/unapply", "/v1/credit-memos/CM00000001/unapply", MEMO_ON_INVOICE),
    ("PUT", "/v1/debit-memos/{debitMemoKey}", "/v1/debit-memos/DM00000001", {"IntegrationStatus__NS": "x"}),
    ("GET", "/v1/catalog/products", "/v1/catalog/products", None),
    ("GET", "/v1/catalog/products/{product-key}", f"/v1/catalog/products/{rid('b')}", None),
    ("POST", "/v1/orders", "/v1/orders", ORDER),
    ("POST", "/v1/subscriptions", "/v1/subscriptions", SUBSCRIPTION),
    ("GET", "/v1/subscriptions/{subscription-key}", "/v1/subscriptions/A-S00000001", None),
    (
        "PUT",
        "/v1/subscriptions/{subscriptionNumber}/customFields",
        "/v1/subscriptions/A-S00000001/customFields",
        {"customFields": {"IntegrationStatus__NS": "x"}},
    ),
    ("POST", "/v1/action/query", "/v1/action/query", {"queryString": "select Id, Name from Account"}),
    ("POST", "/v1/action/update", "/v1/action/update", {"type": "Invoice", "objects": [{"Id": rid("1", 1)}, {"Id": "x"}]}),
    ("GET", "/v1/object/product/{id}", f"/v1/object/product/{rid('b')}", None),
    ("GET", "/object-query/accounts", "/object-query/accounts", None),
    ("GET", "/object-query/invoices", "/object-query/invoices", None),
    ("GET", "/object-query/credit-memos/{key}", "/object-query/credit-memos/CM00000001", None),
    ("GET", "/object-query/payments", "/object-query/payments", None),
    ("GET", "/object-query/payment-applications", "/object-query/payment-applications", None),
    ("GET", "/object-query/refunds", "/object-query/refunds", None),
    ("GET", "/object-query/invoice-items", "/object-query/invoice-items", None),
    ("GET", "/object-query/credit-memo-items", "/object-query/credit-memo-items", None),
    ("GET", "/object-query/debit-memos", "/object-query/debit-memos", None),
    ("GET", "/object-query/debit-memo-items", "/object-query/debit-memo-items", None),
    ("GET", "/object-query/products", "/object-query/products", None),
    ("GET", "/object-query/product-rate-plans", "/object-query/product-rate-plans", None),
    ("GET", "/object-query/contacts", "/object-query/contacts", None),
    ("GET", "/object-query/subscriptions", "/object-query/subscriptions", None),
    ("GET", "/object-query/rate-plan-charges", "/object-query/rate-plan-charges", None),
    ("GET", "/object-query/product-rate-plan-charges", "/object-query/product-rate-plan-charges", None),
]


def test_answers_hold_against_the_published_description(settled: Tenant, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settled.stand_in.options, "orders_harmonization", True)
    monkeypatch.setattr(settled.stand_in.options, "refund_with_unapply", True)
    settled.load(**CATALOGUE)
    settled.http.headers["Zuora-Version"] = "2025-08-12"
    found: list[str] = []
    for method, template, path, body in CALLS:
        response = settled.call(method, path, body)
        assert response.status_code == 200, (method, path, response.text)
        if isinstance(response.json(), dict):
            assert response.json().get("success", True) is True, (method, path, response.text)
        found += [f"{method} {template} {p}" for p in problems(response.json(), answer_schema(method, template))]
    del settled.http.headers["Zuora-Version"]
    assert not found, "\n".join(found)


def test_data_query_jobs_hold_against_the_published_description(settled: Tenant) -> None:
    submitted = settled.submit("SELECT id FROM invoice").json()
    assert problems(submitted, answer_schema("POST", "/query/jobs")) == []
    settled.finished(submitted["data"]["id"])
    done = settled.get(f"/query/jobs/{submitted['data']['id']}")
    assert problems(done, answer_schema("GET", "/query/jobs/{job-id}")) == []


def test_the_checker_finds_what_is_wrong() -> None:
    schema = answer_schema("GET", "/v1/payments/{paymentKey}")
    assert problems({"amount": "5"}, schema) == ["amount: '5' is no number"]
    assert problems({"Amount": 5}, schema) == ["Amount: not published"]
    assert len(problems({"status": "Done"}, schema)) == 1
    assert problems({"Anything__c": 5}, schema) == []
