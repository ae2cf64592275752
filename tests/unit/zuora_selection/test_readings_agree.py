"""A condition is said once and read three ways: its SQL, its ZOQL and `holds` must choose the same rows."""

from __future__ import annotations

import re
import sqlite3
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox.zuora import ZuoraOptions, ZuoraStandIn
from sandbox.zuora.models.zoql import select
from tallybridge.zuora.selection import Condition, Filled, Is, IsNot, OnOrAfter, OnOrBefore, Parent, SourceQuery

TEXTS = ["Yes", "No", "Ignore", "O'Neil", 'say "hi"', "back\\slash", "a, b", "ü 株", "null", "' or 1=1 --"]
DATES = ["2026-01-30", "2026-01-31", "2026-02-01"]
text_values = st.sampled_from(TEXTS)
filled = st.builds(Filled, st.just("IntegrationStatus__NS"))
is_ = st.builds(
    Is, st.just("IntegrationStatus__NS"), st.lists(st.one_of(text_values, st.none()), min_size=1, max_size=3, unique=True).map(tuple)
)
is_not = st.builds(IsNot, st.just("IntegrationStatus__NS"), st.lists(text_values, min_size=1, max_size=3, unique=True).map(tuple))
dates = st.sampled_from(DATES)
on_or = st.one_of(st.builds(OnOrAfter, st.just("InvoiceDate"), dates), st.builds(OnOrBefore, st.just("InvoiceDate"), dates))
conditions = st.one_of(is_, is_not, filled, on_or)
alternatives = st.lists(st.lists(conditions, min_size=1, max_size=2).map(tuple), min_size=1, max_size=2).map(tuple)

ACCOUNT = "8ad08c8a8f4c1a5e018f4c3b2a190001"
ROWS: list[dict[str, Any]] = [
    {
        "Id": f"{n:032x}",
        "AccountId": ACCOUNT,
        "InvoiceNumber": f"INV{n}",
        "InvoiceDate": DATES[n % 3],
        "Amount": 1,
        **({"IntegrationStatus__NS": text} if text is not None else {}),
    }
    for n, text in enumerate([*TEXTS, *TEXTS, None, None, None], 1)
]


def sqlite_rows() -> sqlite3.Connection:
    connection = sqlite3.connect(":memory:")
    connection.execute("CREATE TABLE invoice (id TEXT, accountid TEXT, invoicedate TEXT, integrationstatus__ns TEXT, updateddate TEXT)")
    rows = [(r["Id"], ACCOUNT, r["InvoiceDate"], r.get("IntegrationStatus__NS"), "2026-01-01") for r in ROWS]
    connection.executemany("INSERT INTO invoice VALUES (?, ?, ?, ?, ?)", rows)
    connection.create_function("at_timezone", 2, lambda moment, zone: moment)
    return connection


@pytest.fixture(scope="module")
def copy() -> sqlite3.Connection:
    return sqlite_rows()


@pytest.fixture(scope="module")
def tenant() -> ZuoraStandIn:
    stand_in = ZuoraStandIn(ZuoraOptions())
    stand_in.load({"Account": [{"Id": ACCOUNT, "AccountNumber": "A1", "Name": "A", "Currency": "USD"}], "Invoice": ROWS})
    return stand_in


def by_sql(copy: sqlite3.Connection, query: SourceQuery) -> set[str]:
    sql = re.sub(r"DATE ('[^']*')", r"\1", query.heads_sql())  # SQLite compares dates as text
    return {row[0] for row in copy.execute(sql)}


def by_zoql(tenant: ZuoraStandIn, query: SourceQuery) -> set[str]:
    return {row["Id"] for row in select(tenant.tenant.store, query.zoql(), tenant.options.zone)[1]}


def by_rows(query: SourceQuery) -> set[str]:
    return {row["Id"] for row in ROWS if query.qualifies(row, {})}


@settings(max_examples=150, deadline=None)
@given(alternatives)
def test_sql_zoql_and_the_check_on_a_row_choose_the_same(
    copy: sqlite3.Connection, tenant: ZuoraStandIn, anyof: tuple[tuple[Condition, ...], ...]
) -> None:
    query = SourceQuery("Invoice", ("Status",), anyof)
    chosen = by_rows(query)
    assert by_sql(copy, query) == chosen
    assert by_zoql(tenant, query) == chosen


def test_an_optional_parent_may_be_missing_and_a_required_one_may_not() -> None:
    parent = Parent("Account", "AccountId", where=(Is("Status", ("Active",)),))
    required = SourceQuery("Payment", (), ((Filled("Id"),),), parents=(parent,))
    optional = SourceQuery("Payment", (), ((Filled("Id"),),), parents=(Parent("Account", "AccountId", parent.where, optional=True),))
    without, with_one = {"Id": "1"}, {"Id": "1", "AccountId": "2"}
    assert (required.qualifies(without, {}), optional.qualifies(without, {})) == (False, True)
    closed, active = {"Account": {"Status": "Canceled"}}, {"Account": {"Status": "Active"}}
    for query in (required, optional):
        assert (query.qualifies(with_one, closed), query.qualifies(with_one, active)) == (False, True)


def test_narrowed_adds_the_condition_to_every_alternative() -> None:
    query = SourceQuery("Invoice", (), ((Is("Status", ("A",)),), (Is("Status", ("B",)),))).narrowed(Filled("IntegrationId__NS"))
    assert [query.qualifies({"Status": s, "IntegrationId__NS": i}, {}) for s in "ABC" for i in ("1", "")] == [True, False] * 2 + [False] * 2
