"""Data Query: jobs, files, dialect, lag (spec section 10)."""

from __future__ import annotations

import csv
import gzip
import io
import json
import time
import zipfile
from typing import Any

import pytest
import requests

from sandbox.zuora import DataQueryLimits
from sandbox.zuora.models.dataquery.jobs import Job, QueryJobs
from sandbox.zuora.models.dataquery.signatures import FUNCTIONS
from tests.standins.zuora.tenant import PACIFIC, Tenant, basics, invoice, rid, running

ONE = rid("1", 1)


def test_the_life_of_a_job(settled: Tenant) -> None:
    submitted = settled.submit("SELECT id FROM invoice WHERE status = 'Posted'", useIndexJoin=True).json()["data"]
    assert submitted["queryStatus"] == "accepted"
    assert (submitted["useIndexJoin"], submitted["sourceData"], submitted["remainingRetries"]) == (True, "LIVE", 3)
    done = settled.finished(submitted["id"])
    assert (done["queryStatus"], done["outputRows"]) == ("completed", 2)
    assert isinstance(done["processingTime"], int)
    assert done["updatedOn"].endswith("Z")
    assert [j["id"] for j in settled.get("/query/jobs")["data"]] == [submitted["id"]]
    assert settled.get("/query/jobs", queryStatus="failed")["data"] == []


def test_a_job_ends_by_the_clock_however_slow_the_machine_is(settled: Tenant, monkeypatch: pytest.MonkeyPatch) -> None:
    work = QueryJobs.execute

    def slow(jobs: QueryJobs, job: Job) -> None:
        time.sleep(0.3)
        work(jobs, job)

    monkeypatch.setattr(QueryJobs, "execute", slow)
    submitted = settled.submit("SELECT id FROM invoice").json()["data"]
    assert settled.get(f"/query/jobs/{submitted['id']}")["data"]["queryStatus"] == "completed"


@pytest.mark.parametrize(
    ("sql", "rows"),
    [
        ("SELECT invoicenumber FROM invoice ORDER BY invoicenumber", [{"invoicenumber": "INV00000001"}, {"invoicenumber": "INV00000002"}]),
        ("SELECT InvoiceNumber AS Nr FROM INVOICE WHERE Id = '" + ONE + "'", [{"Nr": "INV00000001"}]),
        ("SELECT sum(balance) AS s, count(*) FROM invoice", [{"s": 200, "_col1": 2}]),
        ("SELECT count(*) AS n FROM invoice WHERE COALESCE(integrationstatus__ns, '') <> 'Sync Complete'", [{"n": 2}]),
        ("SELECT count(*) AS n FROM invoice WHERE integrationstatus__ns <> 'Sync Complete'", [{"n": 0}]),
        ("SELECT count(*) AS n FROM invoice WHERE invoicedate >= DATE '2026-01-15' AND duedate < DATE '2026-01-15'", [{"n": 0}]),
        ("SELECT count(*) AS n FROM invoice WHERE updateddate >= TIMESTAMP '2026-01-31 16:15:00.000 +00:00'", [{"n": 2}]),
        ("SELECT count(*) AS n FROM invoice WHERE updateddate > TIMESTAMP '2026-01-31 08:15:00.000 -08:00'", [{"n": 0}]),
        (
            "SELECT i.invoicenumber, a.name FROM invoice i JOIN account a ON a.id = i.accountid WHERE i.id IN ('" + ONE + "')",
            [{"invoicenumber": "INV00000001", "name": "Acme Ltd"}],
        ),
        ("SELECT 'invoice' AS step, count(*) AS n FROM invoice UNION ALL SELECT 'payment', count(*) FROM payment ORDER BY 1", None),
        ("SELECT t.name FROM taxationitem t WHERE t.invoiceitemid IN (SELECT id FROM invoiceitem WHERE invoiceid = '" + ONE + "')", None),
        ("WITH x AS (SELECT accountid, sum(amount) AS s FROM invoice GROUP BY accountid) SELECT s FROM x", [{"s": 200}]),
        ("SELECT CASE WHEN amount > 50 THEN 'big' ELSE 'small' END AS size FROM invoice LIMIT 1", [{"size": "big"}]),
        ("SELECT row_number() OVER (ORDER BY id) AS n FROM invoice ORDER BY n", [{"n": 1}, {"n": 2}]),
        ("SELECT autopay FROM account WHERE autopay = false LIMIT 1", [{"autopay": False}]),
        ("SELECT name FROM account WHERE name = 'O''Neil'", []),
        ("SELECT at_timezone(createddate, 'UTC') AS c FROM invoice LIMIT 1", [{"c": "2026-01-31T16:15:00.000+00:00"}]),
        ("SELECT count(*) AS n FROM account WHERE at_timezone(createddate, 'UTC') > TIMESTAMP '2026-01-31 00:00:00 UTC'", [{"n": 2}]),
        ("SELECT date_diff('day', invoicedate, DATE '2026-01-31') AS d FROM invoice LIMIT 1", [{"d": 16}]),
    ],
)
def test_dialect(settled: Tenant, sql: str, rows: list[dict[str, Any]] | None) -> None:
    found = settled.sql(sql)
    if rows is not None:
        assert found == rows
    else:
        assert found


@pytest.mark.parametrize(
    ("sql", "message"),
    [
        ("SELECT x FROM invoice", "line 1:8: Column 'x' cannot be resolved"),
        ("SELECT i.x FROM invoice i", "line 1:8: Column 'i.x' cannot be resolved"),
        ("SELECT id FROM acccount", "Table owl.data.acccount does not exist"),
        ("SELECT id FROM invoice i JOIN account a ON a.id = i.accountid", "line 1:8: Column 'id' is ambiguous"),
        ("SELECT id FROM invoice WHERE invoicedate > '2026-01-01'", "line 1:42: '>' cannot be applied to date, varchar(10)"),
        ("SELECT id FROM invoice WHERE amount = '5'", "line 1:37: '=' cannot be applied to decimal(18,6), varchar(1)"),
        ("SELECT foo(id) FROM invoice", "line 1:8: Function 'foo' not registered"),
        ("SELECT id FROM", "line 1:"),
        ("DELETE FROM invoice", "line 1:1: mismatched input 'DELETE'. Expecting: 'SELECT', 'WITH'"),
        ("DESCRIBE nothing", "Table owl.data.nothing does not exist"),
        ("SELECT productname FROM invoiceitem", "line 1:8: Column 'productname' cannot be resolved"),
    ],
)
def test_failed_jobs_name_the_fault(settled: Tenant, sql: str, message: str) -> None:
    assert settled.sql_error(sql).startswith(message)


def test_tables_and_columns(settled: Tenant) -> None:
    assert {"Table": "creditmemo"} in settled.sql("SHOW TABLES")
    described = settled.sql("DESCRIBE creditmemo")
    assert {"Column": "id", "Type": "varchar", "Extra": "", "Comment": "Id"} in described
    kinds = {row["Column"]: row["Type"] for row in described}
    assert (kinds["balance"], kinds["memodate"], kinds["createddate"]) == ("decimal(18,6)", "date", "timestamp with time zone")
    assert "comments" in kinds
    assert settled.sql("SHOW COLUMNS FROM creditmemo") == described


def test_functions_are_listed(settled: Tenant) -> None:
    rows = settled.sql("SHOW FUNCTIONS")
    assert {"split_part", "array_agg", "year", "row_number"} <= {row["Function"] for row in rows}
    assert settled.sql("SHOW FUNCTIONS LIKE 'split_%'")[0] == {
        "Function": "split_part",
        "Return Type": "varchar",
        "Argument Types": "varchar, varchar, bigint",
        "Function Type": "scalar",
        "Deterministic": True,
        "Description": "",
    }


def test_jobs_at_the_same_time_keep_their_faults_apart(settled: Tenant) -> None:
    asked = {
        "SELECT amount / 0 FROM invoice": "Division by zero",
        "SELECT CAST(status AS bigint) FROM invoice": "Cannot cast 'Posted' to BIGINT",
        "SELECT (SELECT id FROM invoice)": "Scalar sub-query has returned multiple rows",
        "SELECT sum(amount) AS s FROM invoice": None,
    }
    jobs = [(settled.submit(sql).json()["data"]["id"], said) for sql, said in asked.items() for _ in range(3)]
    assert [settled.finished(job).get("errorMessage") for job, _ in jobs] == [said for _, said in jobs]


def test_a_statement_that_comes_again_is_asked_at_its_own_time(settled: Tenant) -> None:
    sql = "SELECT CURRENT_DATE AS d, date_add('day', 1, now()) AS n"
    assert settled.sql(sql) == [{"d": "2026-01-31", "n": "2026-02-01T16:15:00.000+00:00"}]
    settled.clock.move(86_400)
    settled.log_in()
    assert settled.sql(sql) == [{"d": "2026-02-01", "n": "2026-02-02T16:15:00.000+00:00"}]


def test_long_statements(settled: Tenant) -> None:
    texts = [f"'x{number}'" for number in range(620)]
    assert settled.sql(f"SELECT id FROM invoice WHERE {' OR '.join(f'id = {text}' for text in texts)}") == []
    assert settled.sql(f"SELECT count(*) AS n FROM invoice HAVING {' AND '.join(f'max(id) <> {text}' for text in texts)}") == [{"n": 2}]
    assert settled.sql(f"SELECT length({' || '.join(texts[:500])}) AS n") == [{"n": 1890}]
    assert settled.sql(f"SELECT count(*) AS n, max(s) AS s FROM (VALUES {', '.join(f'({text}, 1)' for text in texts)}) t (s, m)") == [
        {"n": 620, "s": "x99"}
    ]


def test_a_name_may_come_twice(settled: Tenant) -> None:
    sql = "SELECT i.id, a.id, i.amount FROM invoice i JOIN account a ON a.id = i.accountid WHERE i.invoicenumber = 'INV00000001'"
    job = settled.job(sql, outputFormat="CSV", compression="NONE")
    assert requests.get(job["dataFile"], timeout=5).text == f"id,id,amount\n{ONE},{rid('a')},100\n"


def test_every_listed_function_runs(settled: Tenant) -> None:
    """Each form that is listed is called with values of its types, so that none is promised that is not there."""
    values = {
        "varchar": "'1'",
        "bigint": "1",
        "boolean": "true",
        "timestamp": "TIMESTAMP '2026-01-31 08:15:00 UTC'",
        "array(T)": "ARRAY[1]",
        "double": "0.5",
        "days": "INTERVAL '1' DAY",
        "months": "INTERVAL '1' MONTH",
    }
    values |= {"T": "1", "U": "1", "N": "1.5", "X": "DATE '2026-01-31'"}
    special = {"date_trunc": "'day'", "date_add": "'day'", "date_diff": "'day'", "at_timezone": "'UTC'", "date_parse": "'%d'"}
    special |= {"from_unixtime": "'UTC'", "with_timezone": "'UTC'", "parse_datetime": "'20'"}
    special |= {"date": "'2026-01-31'", "from_iso8601_date": "'2026-01-31'", "from_iso8601_timestamp": "'2026-01-31'"}
    instead = {
        "regexp_extract('1', '1', 1)": "regexp_extract('1', '(1)', 1)",
        "regexp_extract_all('1', '1', 1)": "regexp_extract_all('1', '(1)', 1)",
        "date_parse('%d', '%d')": "date_parse('31', '%d')",
        "parse_datetime('20', '20')": "parse_datetime('31', 'dd')",
        "_base('1', 1)": "_base('1', 2)",
        "to_base(1, 1)": "to_base(1, 2)",
        "width_bucket(1.5, 1.5, 1.5, 1)": "width_bucket(1.5, 1, 2, 1)",
        "(1.5)": "(0.5)",
        "(1, 1)": "(1, 2)",
    }
    for name, forms in FUNCTIONS.items():
        for form in forms:
            given = [special.get(name, values[g]) if g == "varchar" else values[g] for g in form.given]
            call = f"{name}({', '.join(given)})" + (" OVER (ORDER BY id)" if form.kind == "window" else "")
            for said, meant in instead.items():
                call = call.replace(said, meant)
            settled.sql(f"SELECT {call} AS found FROM invoice" if form.kind == "window" else f"SELECT {call} AS found")


def test_mode_a_lacks_the_settlement_tables(unsettled: Tenant) -> None:
    tables = {row["Table"] for row in unsettled.sql("SHOW TABLES")}
    assert "invoicepayment" in tables
    assert not tables & {"creditmemo", "paymentpart", "refundpart", "debitmemo"}
    assert unsettled.sql_error("SELECT id FROM creditmemo") == "Table owl.data.creditmemo does not exist"


def test_writes_become_visible_after_the_lag(settled: Tenant) -> None:
    sql = f"SELECT integrationstatus__ns AS s FROM invoice WHERE id = '{ONE}'"
    settled.put(f"/v1/invoices/{ONE}", {"IntegrationStatus__NS": "first"})
    settled.clock.move(3)
    settled.put(f"/v1/invoices/{ONE}", {"IntegrationStatus__NS": "second"})
    assert settled.sql(sql) == [{"s": None}]
    settled.clock.move(2)
    assert settled.sql(sql) == [{"s": "first"}]
    settled.clock.move(3)
    assert settled.sql(sql) == [{"s": "second"}]


def test_loaded_objects_are_visible_at_once(settled: Tenant) -> None:
    settled.load(Invoice=[invoice(3)])
    assert settled.sql("SELECT count(*) AS n FROM invoice") == [{"n": 3}]


def test_deleted_rows_are_left_out_unless_asked_for(settled: Tenant) -> None:
    made = settled.post("/v1/payments", {"type": "External", "amount": 5, "currency": "USD", "paymentMethodId": rid("9", 1)})
    settled.clock.move(6)
    assert settled.sql("SELECT amount FROM paymentpart") == [{"amount": 5}]
    settled.put(f"/v1/payments/{made['id']}/cancel", {})
    settled.clock.move(6)
    assert settled.sql("SELECT id FROM paymentpart") == []
    assert len(settled.sql("SELECT id FROM paymentpart", readDeleted=True)) == 1
    assert settled.sql("SELECT id FROM payment", readDeleted=True) == []
    assert settled.sql("SELECT p.id FROM paymentpart p JOIN payment x ON x.id = p.paymentid", readDeleted=True) == []
    assert len(settled.sql("SELECT deleted FROM paymentpart WHERE deleted = true OR deleted = false")) == 1
    assert settled.sql("SELECT deleted FROM paymentpart WHERE deleted = true") == [{"deleted": True}]


def test_formats_and_compressions(settled: Tenant) -> None:
    sql = "SELECT invoicenumber, autopay, comments FROM invoice ORDER BY 1 LIMIT 1"

    def content(**more: Any) -> bytes:
        return requests.get(settled.job(sql, **more)["dataFile"], timeout=5).content

    assert json.loads(content(compression="NONE")) == {"invoicenumber": "INV00000001", "autopay": None, "comments": None}
    assert list(csv.reader(io.StringIO(gzip.decompress(content(outputFormat="CSV")).decode()))) == [
        ["invoicenumber", "autopay", "comments"],
        ["INV00000001", "", ""],
    ]
    assert content(outputFormat="DSV", columnSeparator="|", compression="NONE").startswith(b"invoicenumber|autopay|comments\n")
    with zipfile.ZipFile(io.BytesIO(content(compression="ZIP"))) as archive:
        assert archive.read(archive.namelist()[0]).startswith(b'{"invoicenumber"')
    empty = settled.job("SELECT id FROM payment", compression="NONE")
    assert requests.get(empty["dataFile"], timeout=5).content == b""


def test_the_file_takes_no_token_and_expires(settled: Tenant) -> None:
    job = settled.job("SELECT id FROM invoice")
    url = job["dataFile"]
    assert url.startswith(f"{settled.url}/presigned/")
    assert requests.get(url, timeout=5).status_code == 200
    with_token = settled.http.get(url, timeout=5)
    assert with_token.status_code == 400
    assert "Only one auth mechanism allowed" in with_token.text
    assert requests.get(url[:-1] + ("0" if url[-1] != "0" else "1"), timeout=5).status_code == 403
    settled.clock.move(3601)
    assert requests.get(url, timeout=5).status_code == 403
    settled.log_in()
    assert requests.get(settled.get(f"/query/jobs/{job['id']}")["data"]["dataFile"], timeout=5).status_code == 200


@pytest.mark.parametrize(
    "change",
    [{"query": ""}, {"query": None}, {"outputFormat": "XML"}, {"compression": None}, {"output": {}}, {"sourceData": "MOON"}],
)
def test_wrong_submissions(settled: Tenant, change: dict[str, Any]) -> None:
    response = settled.submit("SELECT 1", **change) if "query" not in change else settled.submit(change["query"])
    assert (response.status_code, response.json()["code"]) == (400, 400)


def test_unreadable_submission(settled: Tenant) -> None:
    response = settled.http.post(f"{settled.url}/query/jobs", data="{", headers={"Content-Type": "application/json"}, timeout=5)
    assert (response.status_code, response.json()) == (400, {"code": 400, "message": "Unable to process JSON"})


def test_unknown_and_finished_jobs(settled: Tenant) -> None:
    missing = settled.call("GET", "/query/jobs/abc")
    assert (missing.status_code, missing.json()) == (404, {"code": 1001, "message": "No such query: abc"})
    job = settled.job("SELECT id FROM invoice")
    refused = settled.call("DELETE", f"/query/jobs/{job['id']}")
    assert refused.status_code == 400
    assert refused.json() == {"code": 1003, "message": f"Query job {job['id']} is not in accepted or in_progress status"}


def test_troubles_of_jobs(settled: Tenant) -> None:
    settled.stand_in.troubles.jobs.extend(["fail", "hang", "cancel"])
    failed = settled.job("SELECT id FROM invoice")
    assert (failed["queryStatus"], failed["errorCode"], failed["errorMessage"]) == (
        "failed",
        "LINK_30000007",
        "Service Temporarily Unavailable",
    )
    hanging = settled.submit("SELECT id FROM invoice").json()["data"]["id"]
    assert settled.get(f"/query/jobs/{hanging}")["data"]["queryStatus"] == "accepted"
    assert settled.call("DELETE", f"/query/jobs/{hanging}").json()["data"]["queryStatus"] == "cancelled"
    assert settled.job("SELECT id FROM invoice")["queryStatus"] == "cancelled"


def test_troubles_of_files(settled: Tenant) -> None:
    settled.stand_in.troubles.files.extend(["empty", "truncated", "corrupt"])
    bodies = [requests.get(settled.job("SELECT id FROM invoice")["dataFile"], timeout=5).content for _ in range(3)]
    assert bodies[0] == b""
    for body in bodies[1:]:
        with pytest.raises((EOFError, OSError, gzip.zlib.error)):  # type: ignore[attr-defined]
            gzip.decompress(body)
    settled.stand_in.troubles.files.append("expired")
    job = settled.job("SELECT id FROM invoice")
    assert requests.get(job["dataFile"], timeout=5).status_code == 403
    assert requests.get(settled.get(f"/query/jobs/{job['id']}")["data"]["dataFile"], timeout=5).status_code == 200


def test_the_queue_is_limited() -> None:
    with running(data_query_limits=DataQueryLimits(running=1, queued=2)) as tenant:
        tenant.stand_in.troubles.jobs.extend(["hang"] * 3)
        for _ in range(3):
            assert tenant.submit("SELECT id FROM invoice").status_code == 200
        refused = tenant.submit("SELECT id FROM invoice")
        assert refused.status_code == 429
        assert refused.json()["reasons"][0]["code"] % 100 == 70


def test_rows_out_are_limited() -> None:
    with running(data_query_limits=DataQueryLimits(rows_out=2)) as tenant:
        tenant.load(Account=[{"Name": f"N{n}", "Currency": "USD"} for n in range(3)])
        assert "output rows" in tenant.sql_error("SELECT id FROM account")


def test_results_are_shown_in_the_zone_of_the_tenant() -> None:
    with running(zone=PACIFIC) as tenant:
        tenant.load(Account=[{"Name": "Acme", "Currency": "USD", "CreatedDate": "2026-01-31T08:15:00Z"}])
        row = tenant.sql("SELECT createddate, at_timezone(createddate, 'UTC') AS utc FROM account")[0]
        assert row == {"createddate": "2026-01-31T00:15:00.000-08:00", "utc": "2026-01-31T08:15:00.000+00:00"}
        assert tenant.sql("SELECT name FROM account WHERE createddate = TIMESTAMP '2026-01-31 00:15:00'") == [{"name": "Acme"}]


def test_sums_do_not_drift(empty: Tenant) -> None:
    empty.load(Account=[{"Id": rid("a"), "Name": "Acme", "Currency": "USD"}], Invoice=[invoice(n, 0.1) for n in range(1, 1001)])
    assert empty.sql("SELECT sum(amount) AS s FROM invoice") == [{"s": 100}]


def test_a_job_waits_and_runs_as_long_as_the_tenant_is_said_to_take() -> None:
    with running(data_query_queue_s=600, data_query_run_s=1_800) as slow:
        slow.load(**basics())
        job_id = slow.submit("SELECT id FROM account").json()["data"]["id"]
        other = slow.submit("SELECT id FROM account").json()["data"]["id"]

        def status() -> str:
            return str(slow.get(f"/query/jobs/{job_id}")["data"]["queryStatus"])

        seen = [status()]
        slow.clock.move(599)
        seen.append(status())
        slow.clock.move(1)
        seen.append(status())
        assert "dataFile" not in slow.get(f"/query/jobs/{job_id}")["data"]
        assert len(slow.get("/query/jobs", queryStatus="in_progress")["data"]) == 2
        assert slow.call("DELETE", f"/query/jobs/{other}").json()["data"]["queryStatus"] == "cancelled"
        slow.clock.move(1_799)
        seen.append(status())
        slow.clock.move(1)
        done = slow.finished(job_id)
        assert seen == ["accepted", "accepted", "in_progress", "in_progress"]
        assert (done["queryStatus"], done["outputRows"]) == ("completed", len(basics()["Account"]))
        assert slow.get(f"/query/jobs/{other}")["data"]["queryStatus"] == "cancelled"


def test_jobs_that_wait_fill_the_queue() -> None:
    with running(data_query_queue_s=600, data_query_limits=DataQueryLimits(running=1, queued=1)) as slow:
        first, second, third = (slow.submit("SELECT id FROM account") for _ in range(3))
        assert [each.status_code for each in (first, second, third)] == [200, 200, 429]
        slow.clock.move(601)
        for each in (first, second):
            assert slow.finished(each.json()["data"]["id"])["queryStatus"] == "completed"
        assert slow.submit("SELECT id FROM account").status_code == 200
