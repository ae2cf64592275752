"""Datasets: list, execute, pages, values, features and permissions, troubles, and a million computed rows."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest
import requests

from sandbox.demo import load_tenant
from sandbox.demo.revenue import DATASETS, FIELDS, large_dataset, revenue_demo
from tests.effort import calls_of
from tests.standins.netsuite.account import Account, error_of

COLUMNS = [
    {"name": "SO_LINE_ID"},
    {"name": "TransactionDate", "type": "date"},
    {"name": "NetAmount", "type": "number"},
    {"name": "Billed", "type": "boolean"},
    {"name": "Transaction Currency"},
]
ROW = {"SO_LINE_ID": "1_1", "TransactionDate": "2026-01-05", "NetAmount": "180.00", "Billed": True, "Transaction Currency": "USD"}
COMPUTED = [
    {"name": "SO_LINE_ID", "value": "SO{n:07}-1"},
    {"name": "Group", "value": "{n/4}"},
    {"name": "NetAmount", "type": "number", "value": "{n%900+100}.50"},
    {"name": "TransactionDate", "type": "date", "value": "2026-01-01+{n%28}"},
    {"name": "Fixed", "type": "date", "value": "2026-12-31"},
    {"name": "Flag", "type": "boolean", "value": "{n%2}"},
    {"name": "Name", "value": '100 % "Acme" é'},
    {"name": "Empty"},
]


def load(ns: Account, **dataset: Any) -> None:
    answer = ns.load({"dataset": [{"id": "custdataset17", "name": "Lines", **dataset}]})
    assert answer.status_code == 200, answer.text


def settings(ns: Account, **values: Any) -> None:
    answer = ns.load({"datasetSettings": [values]})
    assert answer.status_code == 200, answer.text


def result(ns: Account, query: str = "", identifier: str = "custdataset17", **more: Any) -> requests.Response:
    return ns.call("GET", f"query/v1/dataset/{identifier}/result{query}", **more)


def links(page: dict[str, Any]) -> dict[str, str]:
    return {link["rel"]: link["href"] for link in page["links"]}


# --- list -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("slash", ["", "/"])
def test_the_list_has_pages(ns: Account, slash: str) -> None:
    names = [f"custdataset{n}" for n in range(5)] + ["stddataset_sales"]
    assert ns.load({"dataset": [{"id": name, "name": name.upper(), "rows": []} for name in names]}).status_code == 200
    page = ns.call("GET", f"query/v1/dataset{slash}?limit=2&offset=2").json()
    assert [(i["id"], i["name"], i["links"]) for i in page["items"]] == [(n, n.upper(), []) for n in names[2:4]]
    assert (page["count"], page["offset"], page["hasMore"], page["totalResults"]) == (2, 2, True, 6)


def test_hidden_datasets_are_not_listed_and_not_found(ns: Account) -> None:
    load(ns, rows=[ROW], shared=False)
    assert ns.call("GET", "query/v1/dataset/").json()["items"] == []
    assert error_of(result(ns))[:2] == (404, "NONEXISTENT_ID")


@pytest.mark.parametrize("identifier", ["17", "custdataset99", "CUSTDATASET17"])
def test_an_unknown_dataset_is_not_found(ns: Account, identifier: str) -> None:
    load(ns, rows=[ROW])
    answer = result(ns, identifier=identifier)
    assert error_of(answer)[:2] == (404, "NONEXISTENT_ID")
    assert (answer.json()["title"], answer.json()["status"]) == ("Not Found", 404)


# --- values -----------------------------------------------------------------------------------------------------------


def test_values_are_text_in_the_accounts_formats(ns: Account) -> None:
    load(ns, columns=COLUMNS, rows=[ROW, {"SO_LINE_ID": "1_2", "NetAmount": 10.5, "Billed": False, "TransactionDate": None}])
    answer = result(ns)
    assert answer.headers["Content-Type"] == "application/vnd.oracle.resource+json; type=collection"
    assert answer.json()["items"] == [
        {
            "links": [],
            "so_line_id": "1_1",
            "transactiondate": "1/5/2026",
            "netamount": "180.00",
            "billed": "T",
            "transaction currency": "USD",
        },
        {"links": [], "so_line_id": "1_2", "netamount": "10.5", "billed": "F"},
    ]


@pytest.mark.parametrize(
    ("date_format", "shown"),
    [("M/D/YYYY", "1/5/2026"), ("D/M/YYYY", "5/1/2026"), ("DD-Mon-YYYY", "05-Jan-2026"), ("YYYY-MM-DD", "2026-01-05")],
)
def test_dates_follow_the_preference(ns: Account, date_format: str, shown: str) -> None:
    load(ns, columns=COLUMNS, rows=[ROW])
    settings(ns, date_format=date_format, key_style="alias")
    row = result(ns).json()["items"][0]
    assert (row["TransactionDate"], row["Transaction Currency"]) == (shown, "USD")


def test_empty_values_are_left_out(ns: Account) -> None:
    load(ns, rows=[{"A": "", "B": None, "C": "0", "D": 0}])
    assert result(ns).json()["items"] == [{"links": [], "c": "0", "d": "0"}]


def test_a_query_is_run_each_time(ns: Account) -> None:
    load(ns, query="SELECT companyname AS Customer FROM customer ORDER BY id")
    assert result(ns).json()["items"] == []
    ns.customer(companyName="Acme")
    assert result(ns).json()["items"] == [{"links": [], "customer": "Acme"}]


def test_computed_rows(ns: Account) -> None:
    load(ns, generate=10, columns=COMPUTED)
    rows = result(ns).json()["items"]
    assert rows[8] == {
        "links": [],
        "so_line_id": "SO0000009-1",
        "group": "2",
        "netamount": "109.50",
        "transactiondate": "1/10/2026",
        "fixed": "12/31/2026",
        "flag": "T",
        "name": '100 % "Acme" é',
    }
    assert len(rows) == 10


# --- pages ------------------------------------------------------------------------------------------------------------


def test_pages_link_to_one_another(ns: Account) -> None:
    load(ns, generate=2_417, columns=COMPUTED)
    first = result(ns).json()
    address = f"{ns.url}/services/rest/query/v1/dataset/custdataset17/result"
    assert (first["count"], first["hasMore"], first["offset"], first["totalResults"]) == (1000, True, 0, 2417)
    assert links(first)["next"] == f"{address}?limit=1000&offset=1000"
    assert links(first)["last"] == f"{address}?limit=1000&offset=2000"
    assert links(first)["self"] == f"{address}?limit=1000&offset=0"
    seen, page = [row["so_line_id"] for row in first["items"]], first
    while page["hasMore"]:
        page = ns.call("GET", links(page)["next"]).json()
        seen += [row["so_line_id"] for row in page["items"]]
    assert seen == [f"SO{n:07}-1" for n in range(1, 2418)]
    assert (page["count"], set(links(page)) & {"next", "last"}) == (417, set())


@pytest.mark.parametrize(
    ("query", "parameter"),
    [
        ("?limit=0", "limit"),
        ("?limit=1001", "limit"),
        ("?limit=x", "limit"),
        ("?limit=-1", "limit"),
        ("?offset=-1000", "offset"),
        ("?limit=1000&offset=500", "offset"),
        ("?limit=10&offset=15", "offset"),
        ("?limit=1000&offset=1000000", "offset"),
        ("?limit=1&offset=1000", "offset"),
    ],
)
def test_pages_that_cannot_be(ns: Account, query: str, parameter: str) -> None:
    load(ns, rows=[ROW])
    for answer in (result(ns, query), ns.call("GET", f"query/v1/dataset/{query}")):
        assert error_of(answer)[:2] == (400, "INVALID_PARAMETER")
        assert answer.json()["o:errorDetails"][0]["o:errorQueryParam"] == parameter
        assert answer.json()["title"] == "Bad Request"


def test_a_page_behind_the_end_is_empty(ns: Account) -> None:
    load(ns, rows=[ROW])
    page = result(ns, "?offset=5000").json()
    assert (page["count"], page["items"], page["hasMore"], page["totalResults"]) == (0, [], False, 1)


def test_without_connect_a_result_ends_at_100000_rows(ns: Account) -> None:
    load(ns, generate=250_000, columns=COMPUTED)
    assert result(ns, "?limit=1").json()["totalResults"] == 250_000
    settings(ns, suite_analytics_connect=False)
    last = result(ns, "?limit=1000&offset=99000").json()
    assert (last["totalResults"], last["hasMore"], last["count"]) == (100_000, False, 1000)
    assert result(ns, "?limit=1000&offset=100000").json()["items"] == []


def test_a_result_ends_at_a_million_rows(ns: Account) -> None:
    load(ns, generate=1_500_000, columns=COMPUTED)
    last = result(ns, "?limit=1000&offset=999000").json()
    assert (last["totalResults"], last["hasMore"], last["items"][-1]["so_line_id"]) == (1_000_000, False, "SO1000000-1")


def test_a_page_costs_the_same_wherever_it_stands(ns: Account) -> None:
    load(ns, generate=1_000_000, columns=[{"name": f"C{n}", "value": "{n%97}.50 USD"} for n in range(20)])

    def page(offset: int) -> None:
        assert result(ns, f"?limit=1000&offset={offset}").json()["count"] == 1000

    page(0)  # what is done once is done
    first, last = (calls_of(partial(page, offset)) for offset in (0, 999_000))
    assert last <= 1.1 * first
    assert first <= 5 * 1000 * 20, "1,000 rows of 20 columns"


# --- features, permissions, requests ----------------------------------------------------------------------------------


@pytest.mark.parametrize("switch", ["rest_web_services", "suite_analytics_workbook", "permission"])
def test_features_and_the_permission(ns: Account, switch: str) -> None:
    load(ns, rows=[ROW])
    settings(ns, **{switch: False})
    for answer in (result(ns), ns.call("GET", "query/v1/dataset/")):
        assert error_of(answer)[:2] == (403, "INSUFFICIENT_PERMISSION")
        assert answer.json()["title"] == "Forbidden"
    settings(ns, **{switch: True})
    assert result(ns).status_code == 200


def test_a_login_is_needed(ns: Account) -> None:
    load(ns, rows=[ROW])
    answer = result(ns, headers={"Authorization": "Bearer nonsense"})
    assert error_of(answer)[:2] == (401, "INVALID_LOGIN")


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
def test_datasets_are_read_only(ns: Account, method: str) -> None:
    load(ns, rows=[ROW])
    assert ns.call(method, "query/v1/dataset/custdataset17/result").status_code == 405
    assert ns.call(method, "query/v1/dataset/").status_code == 405


@pytest.mark.parametrize(
    ("accept", "status"),
    [("application/json", 200), ("*/*", 200), ("application/vnd.oracle.resource+json; type=collection", 200), ("text/csv", 406)],
)
def test_the_media_type(ns: Account, accept: str, status: int) -> None:
    load(ns, rows=[ROW])
    assert result(ns, headers={"Accept": accept}).status_code == status


def test_prefer_transient_does_no_harm(ns: Account) -> None:
    load(ns, rows=[ROW])
    assert result(ns, headers={"Prefer": "transient"}).status_code == 200


# --- troubles ---------------------------------------------------------------------------------------------------------


def test_pages_can_be_spoilt(ns: Account) -> None:
    troubles = [{"page": 2, "totalResults": 5}, {"page": 3, "repeat_row": True}, {"page": 4, "drop_row": True}, {"page": 5, "empty": True}]
    load(ns, generate=60, columns=COMPUTED, troubles=troubles)
    pages = [result(ns, f"?limit=10&offset={offset}").json() for offset in range(0, 60, 10)]
    ids = [[row["so_line_id"] for row in page["items"]] for page in pages]
    assert [page["totalResults"] for page in pages] == [60, 5, 60, 60, 60, 60]
    assert ids[2][-1] == ids[2][0]
    assert [len(page) for page in ids] == [10, 10, 10, 9, 0, 10]
    assert pages[4]["hasMore"] is True


def test_an_html_answer_of_a_page(ns: Account) -> None:
    load(ns, generate=30, columns=COMPUTED)
    rules = [{"path": "offset=10", "status": 502, "body": "<html>Bad Gateway</html>", "times": 1}]
    requests.post(f"{ns.url}/_sandbox/faults", json=rules, timeout=10)
    assert result(ns, "?limit=10&offset=0").status_code == 200
    spoilt = result(ns, "?limit=10&offset=10")
    assert (spoilt.status_code, spoilt.headers["Content-Type"].split(";")[0]) == (502, "text/html")
    assert result(ns, "?limit=10&offset=10").status_code == 200


# --- load, dump, reset ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("dataset", "message"),
    [
        ({"id": "17", "rows": []}, "custdataset17"),
        ({"rows": [], "query": "SELECT 1"}, "one of query, rows, generate"),
        ({}, "one of query, rows, generate"),
        ({"rows": [{"Links": "x"}]}, "links"),
        ({"rows": [], "colour": 1}, "colour"),
        ({"rows": [{"B": "x"}], "columns": [{"name": "A"}]}, "unknown column 'B'"),
        ({"rows": [{"A": "x"}], "columns": [{"name": "A", "type": "number"}]}, "does not fit"),
        ({"rows": [{"A": "1/5/2026"}], "columns": [{"name": "A", "type": "date"}]}, "does not fit"),
        ({"rows": [{"A": "T"}], "columns": [{"name": "A", "type": "boolean"}]}, "does not fit"),
        ({"rows": [{"A": "2026-02-30"}], "columns": [{"name": "A", "type": "date"}]}, "day"),
        ({"rows": [], "columns": [{"name": "links"}]}, "cannot be named"),
        ({"rows": [], "columns": [{"name": "a-b"}]}, "cannot be named"),
        ({"rows": [], "columns": [{"name": "A", "type": "money"}]}, "type"),
        ({"rows": [], "columns": [{"name": "A", "value": "x"}]}, "computed"),
        ({"generate": 5, "columns": [{"name": "A"}]}, "value"),
        ({"generate": -5, "columns": [{"name": "A", "value": "x"}]}, "whole number"),
        ({"generate": 5, "columns": [{"name": "A", "value": "{m}"}]}, "cannot be read"),
        ({"generate": 5, "columns": [{"name": "A", "value": "{n%0}"}]}, "cannot be read"),
        ({"generate": 5, "columns": [{"name": "A", "type": "date", "value": "{n}"}]}, "must look like"),
        ({"generate": 5, "columns": [{"name": "A", "type": "boolean", "value": "Y"}]}, "boolean"),
        ({"rows": [], "troubles": [{"page": 1, "colour": True}]}, "trouble"),
        ({"rows": [], "troubles": [{"totalResults": 1}]}, "whole number"),
    ],
)
def test_datasets_that_cannot_be(ns: Account, dataset: dict[str, Any], message: str) -> None:
    answer = ns.load({"dataset": [{"id": "custdataset17", "name": "Lines", **dataset}]})
    assert answer.status_code == 422
    assert message in answer.json()["errors"][0]["message"]
    assert ns.call("GET", "query/v1/dataset/").json()["totalResults"] == 0


@pytest.mark.parametrize("wrong", [{"colour": 1}, {"date_format": "YY"}, {"permission": "no"}, {"key_style": True}])
def test_settings_that_cannot_be(ns: Account, wrong: dict[str, Any]) -> None:
    answer = ns.load({"datasetSettings": [{"suite_analytics_connect": False}, wrong]})
    assert answer.status_code == 422
    assert ns.stand_in.options.datasets.suite_analytics_connect is True


def test_a_dump_can_be_loaded_again_and_reset_forgets(ns: Account) -> None:
    sets = [
        {"id": "custdataset1", "name": "Rows", "columns": [{"name": "A", "type": "text"}], "rows": [{"A": "1"}], "shared": True},
        {
            "id": "custdataset2",
            "name": "Computed",
            "generate": 5,
            "columns": [{"name": "A", "type": "text", "value": "{n}"}],
            "troubles": [{"page": 1, "empty": True}],
            "shared": False,
        },
    ]
    assert ns.load({"dataset": sets}).status_code == 200
    settings(ns, date_format="YYYY-MM-DD")
    assert requests.get(f"{ns.url}/_sandbox/dump", timeout=30).json()["dataset"] == sets
    requests.post(f"{ns.url}/_sandbox/reset", timeout=10)
    assert "dataset" not in requests.get(f"{ns.url}/_sandbox/dump", timeout=30).json()
    assert ns.stand_in.options.datasets.date_format == "M/D/YYYY"
    assert ns.load({"dataset": sets}).status_code == 200


# --- demo -------------------------------------------------------------------------------------------------------------


def test_the_demo_datasets_are_taken_and_give_their_columns(ns: Account) -> None:
    demo = revenue_demo(load_tenant())
    assert ns.load(demo.netsuite).status_code == 200
    for name, identifier in DATASETS.items():
        rows = result(ns, identifier=identifier).json()["items"]
        assert {key for row in rows for key in row} - {"links"} <= {f.alias.lower() for f in FIELDS[name]}
        assert all(row["netamount"] and row["startdate"].count("/") == 2 for row in rows)


def test_the_large_dataset_has_unique_lines(ns: Account) -> None:
    assert ns.load({"dataset": [large_dataset(3_000, "custdataset_large")]}).status_code == 200
    rows = [r for offset in (0, 1000, 2000) for r in result(ns, f"?offset={offset}", "custdataset_large").json()["items"]]
    assert len({row["so_line_id"] for row in rows}) == 3_000
