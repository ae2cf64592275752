"""netsuite-client (PyPI): SuiteQL and records with token-based authentication."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox.netsuite import NetSuiteStandIn
from tests.clients.program import Program


@pytest.fixture
def answers(netsuite: Program[NetSuiteStandIn]) -> Any:
    return netsuite.drive("call_netsuite_client.py", **netsuite.keys)


def test_rows_of_a_query(answers: Any) -> None:
    assert [(row["id"], row["companyname"]) for row in answers["rows"]] == [("100", "Acme"), ("101", "Müller"), ("102", "日本")]


def test_records(answers: Any) -> None:
    assert (answers["invoice"]["total"], answers["invoice"]["amountRemaining"]) == (120.5, 120.5)
    assert [row["id"] for row in answers["listed"]] == ["100", "101"]


def test_errors(answers: Any) -> None:
    assert "Invalid search type: nothing_here" in answers["no table"]
    assert "401" in answers["bad key"] and "INVALID_LOGIN" in answers["bad key"]
