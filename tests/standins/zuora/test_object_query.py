"""Object Query: filters, pages, expansion, names and formats (spec section 9)."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox.zuora.schema.rules import PLURALS
from tests.standins.zuora.tenant import PACIFIC, Tenant, invoice, rid, running


def ids(answer: Any) -> list[str]:
    return [r["id"] for r in answer["data"]]


def query(tenant: Tenant, plural: str, *filters: str, **params: Any) -> Any:
    return tenant.get(f"/object-query/{plural}", **{"filter[]": list(filters)}, **params)


def test_every_plural_answers(settled: Tenant) -> None:
    for plural in PLURALS:
        answer = query(settled, plural)
        assert answer["nextPage"] is None
        assert isinstance(answer["data"], list)


def test_ids_are_read_in_one_call(settled: Tenant) -> None:
    assert ids(query(settled, "credit-memos", f"id.IN:[{rid('4')},{rid('4', 9)}]", pageSize=99)) == [rid("4")]


@pytest.mark.parametrize(
    ("condition", "found"),
    [
        ("status.EQ:Posted", [1, 2, 3]),
        ("status.NE:Posted", []),
        ("amount.GT:100", [3]),
        ("amount.LE:100", [1, 2]),
        ("invoicenumber.SW:INV0000000", [1, 2, 3]),
        ("duedate.EQ:null", []),
        ("invoicedate.GE:2026-01-20", [3]),
        ("updateddate.GE:2026-01-31T16:15:00Z", [1, 2, 3]),
        ("accountid.EQ:" + rid("a"), [1, 2, 3]),
        ("reversed.EQ:null", [1, 2, 3]),
    ],
)
def test_filters(settled: Tenant, condition: str, found: list[int]) -> None:
    settled.load(Invoice=[invoice(3, 300.0, InvoiceDate="2026-01-20")])
    assert ids(query(settled, "invoices", condition, **{"sort[]": "invoicenumber.ASC"})) == [rid("1", n) for n in found]


def test_filters_are_joined_by_and(settled: Tenant) -> None:
    assert ids(query(settled, "invoices", "status.EQ:Posted", f"id.EQ:{rid('1', 2)}")) == [rid("1", 2)]


@pytest.mark.parametrize(
    ("plural", "params"),
    [
        ("invoices", {"pageSize": 100}),
        ("invoices", {"pageSize": 0}),
        ("invoices", {"filter[]": "IntegrationStatus__NS.EQ:null"}),
        ("invoices", {"filter[]": "transferredtoaccounting.EQ:No"}),
        ("invoices", {"filter[]": "status=Posted"}),
        ("invoices", {"filter[]": "amount.EQ:much"}),
        ("invoices", {"filter[]": "id.IN:a,b"}),
        ("invoices", {"sort[]": ["status.ASC", "amount.ASC"]}),
        ("invoices", {"sort[]": "comments.ASC"}),
        ("invoices", {"expand[]": "payments"}),
        ("invoices", {"cursor": "xyz"}),
    ],
)
def test_refused_parameters(settled: Tenant, plural: str, params: dict[str, Any]) -> None:
    response = settled.call("GET", f"/object-query/{plural}", params=params)
    assert response.status_code == 400
    assert response.json()["reasons"][0]["code"] % 100 == 27


def test_pages(settled: Tenant) -> None:
    settled.load(Invoice=[invoice(n) for n in range(3, 13)])
    first = settled.get("/object-query/invoices", **{"sort[]": "invoicenumber.DESC"})
    assert (len(first["data"]), ids(first)[0]) == (10, rid("1", 12))
    second = settled.get("/object-query/invoices", **{"sort[]": "invoicenumber.DESC", "cursor": first["nextPage"]})
    assert (ids(second), second["nextPage"]) == ([rid("1", 2), rid("1", 1)], None)


def test_names_formats_and_nulls() -> None:
    with running(zone=PACIFIC) as tenant:
        account = {
            "Id": rid("a"),
            "Name": "A",
            "Currency": "USD",
            "VATId": "V1",
            "IntegrationStatus__NS": "x",
            "CreatedDate": "2026-01-31T16:15:00Z",
        }
        tenant.load(Account=[account])
        shown = tenant.get(f"/object-query/accounts/{rid('a')}")
        assert (shown["vATId"], shown["IntegrationStatus__NS"], shown["createdDate"]) == ("V1", "x", "2026-01-31T08:15:00-08:00")
        assert "crmId" not in shown
        assert tenant.get(f"/object-query/accounts/{rid('a')}", includeNullFields="true")["crmId"] is None


def test_memo_names(settled: Tenant) -> None:
    memo = settled.get("/object-query/credit-memos/CM00000001")
    assert (memo["memoNumber"], memo["memoDate"], memo["totalAmount"], memo["balance"]) == ("CM00000001", "2026-01-20", 40, 40)


def test_columns_can_be_chosen(settled: Tenant) -> None:
    assert settled.get("/object-query/invoices/INV00000001", **{"fields[]": "id,amount"}) == {"id": rid("1", 1), "amount": 100}


def test_expansion(settled: Tenant) -> None:
    found = settled.get(
        "/object-query/invoices/INV00000001",
        **{"expand[]": ["account.billto", "invoiceitems.taxationitems"], "invoiceitems.fields[]": "id"},
    )
    assert found["account"]["name"] == "Acme Ltd"
    assert found["account"]["billTo"]["lastName"] == "Lee"
    assert [t["name"] for t in found["invoiceItems"][0]["taxationItems"]] == ["State"]


def test_unknown_things(settled: Tenant, unsettled: Tenant) -> None:
    assert settled.call("GET", "/object-query/things").status_code == 404
    assert settled.call("GET", f"/object-query/invoices/{rid('1', 9)}").status_code == 404
    assert unsettled.call("GET", "/object-query/credit-memos").status_code == 404
