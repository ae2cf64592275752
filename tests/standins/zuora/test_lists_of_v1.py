"""Filters, order and pages of the lists of `/v1`, and what none of them takes."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox.zuora.published import filters
from tests.standins.zuora.tenant import Tenant, rid
from tests.standins.zuora.test_payments import code, payment_body
from tests.standins.zuora.test_published_contract import description, description_file, resolved

LISTS = {
    "/v1/payments": filters.PAYMENTS,
    "/v1/refunds": filters.REFUNDS,
    "/v1/credit-memos": filters.CREDIT_MEMOS,
    "/v1/debit-memos": filters.DEBIT_MEMOS,
    f"/v1/credit-memos/{rid('4')}/items": filters.CREDIT_MEMO_ITEMS,
    f"/v1/debit-memos/{rid('6')}/items": filters.DEBIT_MEMO_ITEMS,
}
BAD = {"number": "ten", "date": "31/01/2026", "moment": "yesterday", "boolean": "maybe", "enum": "No such value"}


@pytest.fixture
def paid(settled: Tenant) -> Tenant:
    """Three payments: 10, 30 and 20."""
    for amount, reference in ((10, "b"), (30, "a"), (20, None)):
        more = {} if reference is None else {"referenceId": reference}
        assert settled.post("/v1/payments", payment_body(amount=amount, **more))["success"]
        settled.clock.move(60)
    return settled


def amounts(tenant: Tenant, **params: Any) -> list[Any]:
    return [p["amount"] for p in tenant.get("/v1/payments", **params)["payments"]]


@pytest.mark.parametrize(
    ("params", "found"),
    [
        ({}, [10, 30, 20]),
        ({"sort": "amount"}, [10, 20, 30]),
        ({"sort": "+amount"}, [10, 20, 30]),
        ({"sort": "-amount"}, [30, 20, 10]),
        ({"sort": "status,-createdDate"}, [20, 30, 10]),
        ({"amount": "30.00"}, [30]),
        ({"number": "P-00000003"}, [20]),
        ({"status": "Processed", "type": "External", "currency": "USD", "effectiveDate": "2026-01-31"}, [10, 30, 20]),
        ({"status": "Canceled"}, []),
        ({"createdDate": "2026-01-31 16:16:00"}, [30]),
        ({"accountId": rid("a", 2)}, []),
        ({"accountId": "nobody"}, []),
        ({"noSuchParameter": "1"}, [10, 30, 20]),
        ({"referenceId": "a"}, [10, 30, 20]),
        ({"pageSize": 2, "page": 2, "sort": "amount"}, [30]),
        ({"pageSize": 2, "page": 9}, []),
    ],
)
def test_filters_and_order(paid: Tenant, params: dict[str, Any], found: list[int]) -> None:
    assert amounts(paid, **params) == found


def test_the_next_page_keeps_filters_and_order(paid: Tenant) -> None:
    first = paid.get("/v1/payments", sort="-amount", status="Processed", pageSize=2)
    following = paid.http.get(first["nextPage"], timeout=5).json()
    assert ([p["amount"] for p in following["payments"]], "nextPage" in following) == ([10], False)


def test_what_is_computed_can_be_filtered_too(settled: Tenant) -> None:
    assert len(settled.get("/v1/debit-memos", accountNumber="A-1", beAppliedAmount=0)["debitMemos"]) == 1
    assert settled.get("/v1/debit-memos", beAppliedAmount=1)["debitMemos"] == []
    assert len(settled.get("/v1/credit-memos", transferredToAccounting="No")["creditMemos"]) == 1


@pytest.mark.parametrize("path", LISTS)
def test_values_that_do_not_fit_are_refused(settled: Tenant, path: str) -> None:
    wrong = [(name, BAD[spec.kind]) for name, spec in LISTS[path].items() if spec.kind in BAD]
    wrong += [
        ("sort", "noSuchField"),
        ("page", "0"),
        ("page", "x"),
        ("page", "-1"),
        ("pageSize", "0"),
        ("pageSize", "ten"),
        ("page", "1.5"),
    ]
    for name, value in wrong:
        answer = settled.call("GET", path, params={name: value})
        assert (answer.status_code, code(answer.json())) == (400, 27), (name, answer.text)
        assert (value if name == "sort" else name) in answer.json()["reasons"][0]["message"]


@pytest.mark.skipif(not description_file().is_file(), reason="no copy of zuora-openapi.yaml; set CONTRACTS_DIR to its folder")
def test_the_filters_are_the_published_ones() -> None:
    templates = {
        **{path: path for path in list(LISTS)[:4]},
        f"/v1/credit-memos/{rid('4')}/items": "/v1/credit-memos/{creditMemoKey}/items",
        f"/v1/debit-memos/{rid('6')}/items": "/v1/debit-memos/{debitMemoKey}/items",
    }
    for path, template in templates.items():
        parameters = [resolved(p) for p in description()["paths"][template]["get"]["parameters"]]
        published = {p["name"]: resolved(p["schema"]) for p in parameters if p["in"] == "query"}
        assert set(LISTS[path]) == set(published) - {"page", "pageSize", "sort"}, path
        for name, spec in LISTS[path].items():
            assert set(spec.values) == set(published[name].get("enum", ())), (path, name)
