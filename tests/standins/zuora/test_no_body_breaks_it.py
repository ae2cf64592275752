"""No request ends in an error of the server, whatever stands where in its body."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from sandbox.zuora.urls import ROUTES, Route
from tests.standins.zuora.tenant import Tenant, rid
from tests.standins.zuora.test_accounts import CATALOGUE, ORDER, SUBSCRIPTION, account_body
from tests.standins.zuora.test_exports import QUERY, body
from tests.standins.zuora.test_payments import payment_body

ODD: tuple[Any, ...] = (None, 5, -1.5, True, "", "x", [], [5], [None], {}, {"x": [1]}, "é" * 300, 10**30)
GOOD: dict[str, Any] = {
    "POST /v1/accounts": account_body(),
    "POST /v1/payments": payment_body(invoices=[{"invoiceId": rid("1", 1), "amount": 1}]),
    "POST /v1/orders": ORDER,
    "POST /v1/subscriptions": SUBSCRIPTION,
    "POST /query/jobs": {"query": "SELECT id FROM invoice", "outputFormat": "JSON", "compression": "GZIP", "output": {"target": "S3"}},
    "POST /v1/batch-query": body(QUERY),
    "POST /v1/object/export": {"Format": "csv", "Name": "x", "Query": QUERY},
    "POST /v1/action/query": {"queryString": "select Id from Account", "conf": {"batchSize": 1}},
    "POST /v1/action/queryMore": {"queryLocator": "x", "conf": {"batchSize": 1}},
    "POST /v1/action/create": {"type": "Product", "objects": [{"Name": "x", "EffectiveStartDate": "2026-01-01"}]},
    "POST /v1/action/update": {"type": "Account", "objects": [{"Id": rid("a"), "Name": "x", "fieldsToNull": ["Notes"]}]},
    "POST /v1/action/delete": {"type": "Account", "ids": ["x"]},
    "POST /v1/object/{type}": {"Name": "x", "EffectiveStartDate": "2026-01-01", "EffectiveEndDate": "2027-01-01"},
    "PUT /v1/object/{type}/{id}": {"Name": "x"},
    "PUT /v1/invoices": {"invoices": [{"id": rid("1", 1), "invoiceItems": [{"id": rid("2", 1)}]}]},
    "PUT /v1/credit-memos/bulk": {"memos": [{"id": rid("4"), "items": [{"id": "x"}]}]},
    "PUT /v1/debit-memos/bulk": {"memos": [{"id": rid("6"), "items": [{"id": "x"}]}]},
    "POST /objects/migrations": {
        "actions": [
            {
                "type": "addField",
                "namespace": "com_zuora",
                "object": "account",
                "field": {"name": "A__c", "definition": {"type": "string", "label": "A", "maxLength": 5, "enum": ["x"]}},
            }
        ]
    },
    "POST /settings/tax-codes/{engine}": {"name": "x", "description": "x", "active": True},
    "PUT /settings/tax-codes/{id}": {"name": "x", "active": True},
    "PUT /settings/payment-methods": {"paymentMethods": [{"type": "Cash", "active": True}]},
    "POST /settings/batch-requests": {"requests": [{"id": "1", "method": "GET", "url": "/tax-codes", "body": {"name": "x"}}]},
    "POST /v1/accounting-codes": {"name": "x", "type": "Cash", "notes": "x"},
}
ANY = {"id": "x", "amount": 1, "invoices": [{"invoiceId": rid("1", 1), "amount": 1}], "type": "External", "items": [{"id": "x"}]}
PATHS = {"type": "product", "engine": "ztax", "key": rid("a"), "id": rid("b")}


def altered(value: Any) -> Iterator[Any]:
    """The value with something odd in each of its places, and instead of it."""
    yield from ODD
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from ({**value, key: other} for other in altered(inner))
    elif isinstance(value, list) and value:
        yield from ([other, *value[1:]] for other in altered(value[0]))


def written(route: Route) -> bool:
    return route.method in ("POST", "PUT") and not route.bodiless


@pytest.mark.parametrize("route", [r for r in ROUTES if written(r)], ids=lambda r: f"{r.method} {r.shape}")
def test_odd_values_are_answered(settled: Tenant, route: Route) -> None:
    settled.load(**CATALOGUE)
    path = re.sub(r"{(\w+)}", lambda m: PATHS.get(m[1], "x"), route.shape)
    good = GOOD.get(f"{route.method} {route.shape}", ANY)
    for sent in altered(good):
        if isinstance(sent, dict):
            answer = settled.call(route.method, path, sent)
            assert answer.status_code < 500, json.dumps(sent)
