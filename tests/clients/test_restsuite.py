"""restsuite (PyPI): SuiteQL that follows the pages' links, and records."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox.netsuite import NetSuiteStandIn
from tests.clients.program import Program

MANY = 2_300
"""Customers: the service gives 1,000 rows a page."""


@pytest.fixture
def answers(netsuite: Program[NetSuiteStandIn]) -> Any:
    more = [{"id": str(1000 + n), "companyName": f"Customer {n}", "subsidiary": {"id": "1"}} for n in range(MANY)]
    netsuite.stand_in.load({"customer": more})
    return netsuite.drive("call_restsuite.py", **netsuite.keys)


def test_all_pages_of_a_query(answers: Any) -> None:
    assert [row["id"] for row in answers["rows"]] == [*("100", "101", "102"), *(str(1000 + n) for n in range(MANY))]


def test_a_record_is_made_and_another_read(netsuite: Program[NetSuiteStandIn], answers: Any) -> None:
    status, place = answers["made"]
    assert status == 204 and place.startswith("https://1234567.suitetalk.api.netsuite.com/services/rest/record/v1/customer/")
    assert "Fourth" in {record["companyName"] for record in netsuite.stand_in.dump()["customer"]}
    assert answers["read"]["total"] == 120.5
    assert "Acme" in answers["read"]["entity"]["refName"]


def test_what_is_missing_is_named(answers: Any) -> None:
    status, text = answers["refused"]
    assert status == 400 and "Please enter value(s) for: Subsidiary" in text
