"""netsuite-rest (npm): SuiteQL, records and errors from JavaScript."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox.netsuite import NetSuiteStandIn
from tests.clients.program import Program


@pytest.fixture
def answers(netsuite: Program[NetSuiteStandIn]) -> Any:
    return netsuite.drive("call_netsuite_rest.js", **netsuite.keys)


def test_pages_of_a_query(answers: Any) -> None:
    first, second = answers["pages"]
    assert [row["companyname"] for row in first["items"] + second["items"]] == ["Acme", "Müller", "日本"]
    assert (first["hasMore"], second["hasMore"], first["totalResults"]) == (True, False, 3)


def test_records_are_made_read_and_changed(netsuite: Program[NetSuiteStandIn], answers: Any) -> None:
    assert answers["made"] == 204
    assert answers["read"]["total"] == 120.5
    assert answers["changed"] == 204
    stored = {record["companyName"]: record for record in netsuite.stand_in.dump()["customer"]}
    assert "Fourth" in stored and stored["Müller"]["comments"] == "seen"


def test_errors(answers: Any) -> None:
    assert answers["gone"][0] == 404 and "NONEXISTENT_ID" in answers["gone"][1]
    assert answers["bad key"][0] == 401 and "INVALID_LOGIN" in answers["bad key"][1]
