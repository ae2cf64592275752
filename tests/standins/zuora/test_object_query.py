"""Object Query: filters, pages, expansion, names and formats (spec section 9)."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest

from sandbox.zuora.exceptions import V1Error
from sandbox.zuora.models.objectquery import ALWAYS_FILTERABLE, FILTERABLE, filter_tests
from sandbox.zuora.published.expands import EXPANDS
from sandbox.zuora.schema.rules import PLURALS
from tests.standins.zuora.tenant import PACIFIC, Tenant, invoice, rid, running
from tests.standins.zuora.test_accounts import CATALOGUE, ORDER
from tests.standins.zuora.test_published_contract import description, description_file, resolved


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
        **{"expand[]": ["account.billto", "invoiceitems"], "invoiceitems.fields[]": "id"},
    )
    assert found["account"]["name"] == "Acme Ltd"
    assert found["account"]["billTo"]["lastName"] == "Lee"
    assert found["invoiceItems"][0] == {"id": rid("2", 1)}
    item = settled.get(f"/object-query/invoice-items/{rid('2', 1)}", **{"expand[]": "TaxationItems"})
    assert [t["name"] for t in item["taxationItems"]] == ["State"]


def test_every_published_expansion_is_taken_and_no_other(settled: Tenant) -> None:
    settled.load(**CATALOGUE)
    settled.post("/v1/orders", ORDER)
    for plural, paths in EXPANDS.items():
        for path in paths.split():
            answer = settled.call("GET", f"/object-query/{plural}", params={"expand[]": path})
            assert answer.status_code == 200, (plural, path, answer.text)
            longer = settled.call("GET", f"/object-query/{plural}", params={"expand[]": f"{path}.account.invoices"})
            assert longer.status_code == 400, (plural, path)
    subscription = settled.get("/object-query/subscriptions", **{"expand[]": ["order", "rateplans.rateplancharges.rateplanchargetiers"]})[
        "data"
    ][0]
    assert subscription["order"]["orderNumber"] == "O-00000001"


@pytest.mark.skipif(not description_file().is_file(), reason="no copy of zuora-openapi.yaml; set CONTRACTS_DIR to its folder")
def test_the_expansions_are_the_published_ones() -> None:
    assert set(EXPANDS) == set(PLURALS)
    for plural, paths in EXPANDS.items():
        parameters = [resolved(p) for p in description()["paths"][f"/object-query/{plural}"]["get"]["parameters"]]
        given = next(resolved(p["schema"]["items"]).get("enum", []) for p in parameters if p["name"] == "expand[]")
        assert set(given) <= set(paths.split()), plural


ODD_VALUES = ("null", "x", "5", "2026-01-31", "", "[x]", "[null,5]", "\x02\x03", "true")


def test_every_operator_on_every_indexed_field_is_answered(settled: Tenant) -> None:
    settled.load(**CATALOGUE)
    settled.post("/v1/orders", ORDER)
    tenant, refused, answered = settled.stand_in.tenant, 0, 0
    codes: set[tuple[int, int]] = set()
    for kind in (tenant.schema[name] for name in PLURALS.values()):
        names = {*FILTERABLE.get(kind.name, "").split(), *ALWAYS_FILTERABLE} & set(kind.by_lower)
        for name, operator, value in product(sorted(names), ("EQ", "NE", "LT", "GT", "LE", "GE", "SW", "IN", "eq", "XX"), ODD_VALUES):
            try:
                found, tests = filter_tests(tenant, kind, [f"{name}.{operator}:{value}"])
                assert operator not in ("eq", "XX")
                assert all(isinstance(test(record), bool) for record in found for test in tests)
                answered += 1
            except V1Error as refusal:
                codes.add((refusal.status, refusal.code % 100))
                refused += 1
    assert codes == {(400, 27)}
    assert min(answered, refused) > 1_000


@pytest.mark.parametrize("cursor", ["x", "e30=", "W3siYXQiOiAieCJ9XQ==", "W3siYXQiOiAtNX1d", "W3siYXQiOiB0cnVlfV0="])
def test_cursors_that_were_not_handed_out(settled: Tenant, cursor: str) -> None:
    assert settled.call("GET", "/object-query/invoices", params={"cursor": cursor}).status_code == 400


@pytest.mark.parametrize(
    "condition", ["amount.GT:null", "amount.EQ:\x02\x03", "duedate.LE:null", "reversed.EQ:maybe", "duedate.EQ:31.01.2026"]
)
def test_values_that_do_not_fit_their_field(settled: Tenant, condition: str) -> None:
    assert settled.call("GET", "/object-query/invoices", params={"filter[]": condition}).status_code == 400


def test_unknown_things(settled: Tenant, unsettled: Tenant) -> None:
    assert settled.call("GET", "/object-query/things").status_code == 404
    assert settled.call("GET", f"/object-query/invoices/{rid('1', 9)}").status_code == 404
    assert unsettled.call("GET", "/object-query/credit-memos").status_code == 404
