"""Lists with filters, the metadata catalogue, system services, datasets."""

from __future__ import annotations

from typing import Any

import pytest

from tests.standins.netsuite.account import Account, error_of


def ids(ns: Account, q: str) -> list[str]:
    answer = ns.call("GET", "record/v1/customer", params={"q": q})
    assert answer.status_code == 200, answer.text
    return [item["id"] for item in answer.json()["items"]]


@pytest.mark.parametrize(
    ("q", "hits"),
    [
        ('email START_WITH "ap@" AND isInactive IS false', "a"),
        ("email EMPTY", "b"),
        ("email EMPTY_NOT", "ac"),
        ('companyName CONTAIN "corp"', "bc"),
        ('companyName IS_NOT "Acme"', "bc"),
        ("creditLimit GREATER 100 OR creditLimit EMPTY", "bc"),
        ("creditLimit BETWEEN [50, 150]", "a"),
        ("creditLimit ANY_OF [100, 200]", "ac"),
        ('(email EMPTY OR creditLimit EQUAL 200) AND companyName ENDWITH "Corp"', "bc"),
        ('startDate ON_OR_AFTER "2/1/2026"', "b"),
        ('startDate BEFORE "2/1/2026"', "a"),
        ("terms ANY_OF [3]", "a"),
    ],
)
def test_filter(ns: Account, q: str, hits: str) -> None:
    made = {
        "a": ns.customer(email="ap@acme.example", creditLimit=100, startDate="2026-01-31", terms="3"),
        "b": ns.customer(companyName="Big Corp", startDate="2026-02-01"),
        "c": ns.customer(companyName="Corp", email="x@corp.example", creditLimit=200),
    }
    assert ids(ns, q) == [made[letter] for letter in hits]


@pytest.mark.parametrize(
    "q",
    [
        "nope IS 1",
        "email LIKE x",
        "email IS",
        "(email EMPTY",
        "startDate AFTER 2026-01-31",
        "creditLimit EQUAL many",
        "email EMPTY email EMPTY",
    ],
)
def test_bad_filters_are_refused(ns: Account, q: str) -> None:
    answer = ns.call("GET", "record/v1/customer", params={"q": q})
    assert error_of(answer)[:2] == (400, "INVALID_PARAMETER")
    assert answer.json()["o:errorDetails"][0]["o:errorQueryParam"] == "q"


def test_list_holds_ids_and_links_only_and_pages(ns: Account) -> None:
    made = [ns.customer(companyName=f"C{n}") for n in range(5)]
    page = ns.call("GET", "record/v1/customer?limit=2&offset=2").json()
    assert [item["id"] for item in page["items"]] == made[2:4] and set(page["items"][0]) == {"links", "id"}
    assert (page["count"], page["totalResults"], page["hasMore"]) == (2, 5, True)
    following = next(link["href"] for link in page["links"] if link["rel"] == "next")
    assert [item["id"] for item in ns.call("GET", following).json()["items"]] == made[4:]
    assert ns.call("GET", "record/v1/customer?limit=2&offset=1").status_code == 400


def test_schema_of_a_record_shows_custom_fields(ns: Account) -> None:
    answer = ns.record("GET", "metadata-catalog/customer", headers={"Accept": "application/schema+json"})
    assert answer.headers["Content-Type"] == "application/schema+json"
    schema = answer.json()
    field = schema["properties"]["custentityzuorasoldtoid"]
    assert (field["title"], field["type"], field["x-ns-custom-field"]) == ("Zuora Sold To ID", "string", True)
    assert schema["properties"]["isInactive"]["type"] == "boolean" and "email" in schema["x-ns-filterable"]
    line = ns.record("GET", "metadata-catalog/invoice").json()["properties"]["item"]["properties"]["items"]["items"]["properties"]
    assert line["custcolzuoraitemid"]["readOnly"] is True and line["revRecStartDate"]["format"] == "date"


def test_catalogue_lists_types_and_gives_openapi(ns: Account) -> None:
    names = [item["name"] for item in ns.record("GET", "metadata-catalog").json()["items"]]
    assert {"customer", "invoice", "customerPayment", "nonInventorySaleItem"} <= set(names)
    answer = ns.record("GET", "metadata-catalog?select=customer,invoice", headers={"Accept": "application/swagger+json"})
    document = answer.json()
    assert document["openapi"].startswith("3.") and set(document["components"]["schemas"]) == {"customer", "invoice"}
    assert error_of(ns.record("GET", "metadata-catalog/planet"))[0] == 404


def test_system_services(ns: Account) -> None:
    limits = ns.call("GET", "system/v1/governanceLimits").json()
    assert (limits["accountConcurrencyLimit"], limits["integrationLimitType"]) == (5, "accountLimit")
    assert ns.call("GET", "system/v1/serverTime").json() == {"serverTime": "2026-02-15T10:00:00Z"}
    assert ns.call("OPTIONS", "*").status_code == 204


def test_datasets_are_listed_and_executed(ns: Account) -> None:
    ns.invoice(ns.customer(), ns.item(), 10, 20)
    query = "SELECT id AS line_id, -foreignamount AS NetAmount FROM transactionline WHERE mainline = 'F' ORDER BY id"
    rows = [{"SO_LINE_ID": "1_1", "Billed": True, "Amount": 10.50, "Memo": None} for _ in range(3)]
    sets: list[dict[str, Any]] = [
        {"id": "custdataset17", "name": "Lines", "query": query},
        {"id": "custdataset18", "name": "Rows", "rows": rows},
        {"id": "custdataset19", "name": "Hidden", "rows": [], "shared": False},
    ]
    assert ns.load({"dataset": sets}).status_code == 200
    listed = ns.call("GET", "query/v1/dataset/").json()
    assert [(d["id"], d["name"]) for d in listed["items"]] == [("custdataset17", "Lines"), ("custdataset18", "Rows")]
    result = ns.call("GET", "query/v1/dataset/custdataset17/result").json()
    assert [(r["line_id"], r["netamount"]) for r in result["items"]] == [("1", "10"), ("2", "20")]
    page = ns.call("GET", "query/v1/dataset/custdataset18/result?limit=2").json()
    assert page["items"][0] == {"links": [], "so_line_id": "1_1", "billed": "T", "amount": "10.5"}
    assert (page["count"], page["totalResults"], page["hasMore"]) == (2, 3, True)
    for path, code in (
        ("17/result", "NONEXISTENT_ID"),
        ("custdataset19/result", "NONEXISTENT_ID"),
        ("custdataset18/result?limit=5000", "INVALID_PARAMETER"),
    ):
        assert error_of(ns.call("GET", f"query/v1/dataset/{path}"))[1] == code
