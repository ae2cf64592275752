"""How the bench reckons: fixed time, the query's own, cost, the table of aims; and the two programs that it compares with."""

from __future__ import annotations

import json
from typing import Any

import pytest

from sandbox.bench import Options, line
from sandbox.bench_cost import cost, cost_of
from sandbox.bench_loops import Kind, Task, run
from sandbox.bench_measure import Measured, Profile, calls, query_seconds
from sandbox.bench_table import AIMS, table
from sandbox.netsuite import NetSuiteOptions
from sandbox.stand_ins import StandInOptions, StandInThreads


def measured(records: int = 100, **given: Any) -> Measured:
    plain: dict[str, Any] = {
        **{"profile": Profile("invoices", "B", records), "records": records, "green": True, "seconds": 10.0, "query": 1.5},
        **{"netsuite_calls": 100, "zuora_calls": 20, "in_flight": 5, "rejected": 0, "processor": {}, "emulator": 0.0, "instructions": {}},
        **{"aws": {}, "gigabyte_seconds": 0.0, "invocations": 0, "states": 0},
    }
    return Measured(**{**plain, **given})


def test_ratio_and_fixed_time_of_a_step() -> None:
    found = measured()
    assert found.profile.limit == pytest.approx(16.6667, abs=1e-3)
    assert found.rate == 10.0
    assert found.ratio == pytest.approx(0.6)
    assert found.fixed == pytest.approx(10 - 1.5 - 6)
    assert "100    10.0 s   10.00/s   0.60     1.000     0.200" in line(found)


def entry(method: str, operation: str, began: float, ended: float) -> dict[str, Any]:
    return {"method": method, "operation": f"{method} {operation}", "began": began, "ended": ended}


def test_the_querys_own_time_ends_before_the_first_record_is_sent() -> None:
    zuora = [
        entry("GET", "/v1/credit-memos", 0.0, 0.3),
        entry("POST", "/query/jobs", 1.0, 1.3),
        entry("GET", "/query/jobs/{id}", 2.0, 2.3),
        entry("GET", "/files/...", 2.3, 2.6),
        entry("POST", "/query/jobs", 9.0, 9.3),
    ]
    netsuite = [entry("POST", "/query/v1/suiteql", 0.1, 0.4), entry("POST", "/record/v1/invoice", 3.0, 3.3)]
    assert query_seconds(zuora, netsuite) == pytest.approx(1.6)
    assert query_seconds(zuora[:1], netsuite) == 0


def test_logins_and_result_files_are_no_calls() -> None:
    assert calls({"calls": {"POST /oauth/token": 2, "GET /files/...": 3, "POST /query/jobs": 4}}) == 4


def test_cost_of_many_is_what_a_run_takes_anyway_and_what_each_record_adds() -> None:
    few = measured(100, aws={"PutItem": 500, "PutObject": 100}, gigabyte_seconds=10.0, invocations=8, states=40)
    many = measured(300, aws={"PutItem": 1_500, "PutObject": 100}, gigabyte_seconds=30.0, invocations=8, states=40)
    whole, small = cost_of(1_100, few, many), cost(few)
    assert whole["DynamoDB"] == pytest.approx(11 * small["DynamoDB"])
    assert whole["S3"] == pytest.approx(small["S3"]) and whole["Step Functions"] == pytest.approx(small["Step Functions"])
    assert small["DynamoDB"] == pytest.approx(500 * 0.625 / 1e6)


def test_the_table_says_of_each_aim_what_came_of_it() -> None:
    results = {aim.key: aim.limit for aim in AIMS if aim.key not in ("invoices", "cost", "batch_calls")}
    lines = table({**results, "invoices": 0.5, "cost": 0.4999}, {"batch_calls": "not built"}).splitlines()
    said = {aim.key: text for aim, text in zip(AIMS, lines[1:], strict=True)}
    assert "missed" in said["invoices"] and said["cost"].endswith("met") and said["batch_calls"].endswith("-  not built")
    assert all(said[key].endswith("met") for key in results)
    assert all(aim.figure in said[aim.key] and aim.aim in said[aim.key] for aim in AIMS)


def test_options_of_the_quick_form_give_way_to_those_that_are_given(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QUICK", "1")
    monkeypatch.setenv("RECORDS", "7")
    options = Options.from_environment()
    assert (options.records, options.long, options.memory) == (7, 0, ())
    assert options.profile("invoices", "B").loops and not options.profile("payments", "B").loops


@pytest.mark.parametrize(("kind", "each"), [("bare", 1), ("peer", 2)])
def test_a_program_to_compare_with_creates_each_record_once(kind: Kind, each: int) -> None:
    account = NetSuiteOptions()
    with StandInThreads(StandInOptions(netsuite_slots=2)) as servers:
        url = f"{servers.addresses.netsuite}/services/rest/record/v1/customer"
        body = {"companyName": "Acme", "subsidiary": {"id": "1"}}
        records = [("POST", url, json.dumps({**body, "externalId": f"C{n}", "companyName": f"Acme {n}"})) for n in range(4)]
        consumer, token = (account.consumer_key, account.consumer_secret), (account.token_id, account.token_secret)
        task = Task(kind, 2, account.account, consumer, token, records)
        first, again = run(task), run(task)
    assert (first.calls, first.failed) == (4 * each, 0)
    assert again.failed == 4, "each is there already"
