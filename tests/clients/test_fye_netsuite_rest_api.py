"""@fye/netsuite-rest-api (npm): streams over queries and datasets, and updates, from JavaScript."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox.netsuite import NetSuiteStandIn
from tests.clients.program import Program


@pytest.fixture
def answers(netsuite: Program[NetSuiteStandIn]) -> Any:
    rows = [{"id": str(n), "amount": n * 10} for n in range(1, 6)]
    netsuite.stand_in.load({"dataset": [{"id": "custdataset_open", "name": "Open lines", "rows": rows}]})
    return netsuite.drive("call_fye_netsuite_rest_api.js", **netsuite.keys)


def test_all_pages_of_a_query(answers: Any) -> None:
    assert [row["companyname"] for row in answers["query"]["rows"]] == ["Acme", "Müller", "日本"]
    assert answers["query"]["total"] == 3


def test_all_pages_of_a_dataset(answers: Any) -> None:
    assert [row["id"] for row in answers["dataset"]["rows"]] == ["1", "2", "3", "4", "5"]


def test_a_record_is_changed(netsuite: Program[NetSuiteStandIn], answers: Any) -> None:
    assert answers["changed"] == 204
    assert (answers["read"]["companyName"], answers["read"]["comments"]) == ("Müller", "seen")
    assert "seen" in {record.get("comments") for record in netsuite.stand_in.dump()["customer"]}


def test_errors(answers: Any) -> None:
    assert answers["refused"]["o:errorDetails"][0]["o:errorCode"] == "USER_ERROR"
    assert "Invalid search type: nothing_here" in answers["wrong"]["error"]
    assert "Invalid login attempt" in answers["denied"]["error"]
