"""AQuA, data source export, files and describe (spec section 11)."""

from __future__ import annotations

import gzip
import io
import zipfile
from typing import Any
from xml.etree import ElementTree

import pytest

from tests.standins.zuora.tenant import PACIFIC, Tenant, invoice, rid, running

QUERY = (
    "select Invoice.InvoiceNumber, Invoice.Amount, Account.Name from Invoice where Invoice.Status = 'Posted' order by Invoice.InvoiceNumber"
)


def body(*queries: str, **more: Any) -> dict[str, Any]:
    rows = [{"name": f"q{i}", "type": "zoqlexport", "query": q} for i, q in enumerate(queries)]
    return {"format": "csv", "version": 1.1, "name": "test", "useQueryLabels": True, "dateTimeUtc": True, "queries": rows, **more}


def result(tenant: Tenant, query: str, **more: Any) -> str:
    """The file of a job with one query."""
    submitted = tenant.post("/v1/batch-query/", body(query, **more))
    job = tenant.get(f"/v1/batch-query/jobs/{submitted['id']}")
    assert job["status"] == "completed", job
    return tenant.call("GET", f"/v1/files/{job['batches'][0]['fileId']}").text


def test_the_life_of_a_job(settled: Tenant) -> None:
    submitted = settled.post("/v1/batch-query/", body(QUERY))
    assert (submitted["status"], submitted["format"], submitted["batches"][0]["status"]) == ("submitted", "CSV", "pending")
    done = settled.get(f"/v1/batch-query//jobs/{submitted['id']}")
    assert (done["status"], done["startTime"]) == ("completed", "2026-01-31 16:15:00")
    batch = done["batches"][0]
    assert (batch["status"], batch["recordCount"], batch["full"]) == ("completed", 2, True)
    response = settled.call("GET", f"/v1/files/{batch['fileId']}")
    assert response.headers["Content-Type"].startswith("text/csv")
    assert response.text.splitlines() == [
        "Invoice.InvoiceNumber,Invoice.Amount,Account.Name",
        "INV00000001,100,Acme Ltd",
        "INV00000002,100,Acme Ltd",
    ]
    for alias in ("/v1/file/", "/apps/api/file/"):
        assert settled.call("GET", alias + batch["fileId"]).text == response.text


@pytest.mark.parametrize(
    ("condition", "found"),
    [
        ("Invoice.IntegrationStatus__NS is null", 2),
        ("(Invoice.IntegrationStatus__NS is null or Invoice.IntegrationStatus__NS != 'Sync Complete') and Amount > 50", 2),
        ("Invoice.IntegrationStatus__NS != 'Sync Complete'", 0),
        ("not (Amount > 50)", 0),
        ("Account.Name = 'Acme Ltd'", 2),
        ("BillToContact.LastName = 'Lee'", 2),
        ("CreatedDate = '2026-01-31'", 2),
        ("CreatedDate < '2026-01-31'", 0),
        ("CreatedDate >= '2026-01-31T16:15:01+00:00'", 0),
        ("Account.AutoPay = 'false'", 2),
        ("Comments = 'O''Neil'", 0),
    ],
)
def test_conditions(settled: Tenant, condition: str, found: int) -> None:
    assert len(result(settled, f"select Id from Invoice where {condition}").splitlines()) == found + 1


def test_items_reach_their_product(settled: Tenant) -> None:
    text = result(settled, "select InvoiceItem.ChargeName, Invoice.InvoiceNumber, Product.Name from InvoiceItem order by ChargeName")
    assert text.splitlines()[1:] == ["Seats 1,INV00000001,", "Seats 2,INV00000002,"]


def test_grouping_labels_nulls_and_times(settled: Tenant) -> None:
    assert result(settled, "select Account.Name, sum(Amount) as Total from Invoice group by Account.Name").splitlines() == [
        "Account.Name,Total",
        "Acme Ltd,200",
    ]
    assert (
        result(settled, "select Invoice.InvoiceNumber from Invoice limit 1", useQueryLabels=False).splitlines()[0]
        == "Invoice: InvoiceNumber"
    )
    assert result(settled, "select Comments from Invoice limit 1", nullReplacement="NIL").splitlines()[1] == "NIL"
    assert result(settled, "select CreatedDate from Invoice limit 1").splitlines()[1] == "2026-01-31T16:15:00+00:00"


def test_times_without_utc_are_in_the_zone_of_the_tenant() -> None:
    with running(zone=PACIFIC) as tenant:
        tenant.load(Account=[{"Name": "A", "Currency": "USD", "CreatedDate": "2026-01-31T16:15:00Z"}])
        assert result(tenant, "select CreatedDate from Account", dateTimeUtc=False).splitlines()[1] == "2026-01-31T08:15:00-08:00"


def test_formats(settled: Tenant) -> None:
    for form in ("gzip", "zip"):
        submitted = settled.post("/v1/batch-query", body(QUERY, format=form))
        file_id = settled.get(f"/v1/batch-query/jobs/{submitted['id']}")["batches"][0]["fileId"]
        content = settled.call("GET", f"/v1/files/{file_id}").content
        if form == "gzip":
            text = gzip.decompress(content)
        else:
            with zipfile.ZipFile(io.BytesIO(content)) as archive:
                text = archive.read(archive.namelist()[0])
        assert text.startswith(b"Invoice.InvoiceNumber,")


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"queries": []}, "90016"),
        ({"queries": [{"name": "a", "type": "zoqlexport", "query": "select Id from Account"}] * 51}, "90004"),
        ({"queries": [{"name": "a", "type": "zoqlexport", "query": "select Nothing from Account"}]}, "90005"),
        ({"queries": [{"name": "a", "type": "zoqlexport", "query": "select Id from Nothing"}]}, "90005"),
        ({"queries": [{"name": "a", "type": "zoqlexport", "query": "select Id from Invoice, Account"}]}, "90005"),
        ({"queries": [{"name": "a", "type": "zoqlexport", "query": "select PaymentPart.Id from Invoice"}]}, "90005"),
        ({"queries": [{"name": "a", "type": "zoqlexport", "query": "selekt"}]}, "90005"),
        ({"queries": [{"name": "a", "type": "zoqlexport", "query": "select distinct Name from Account"}]}, "90020"),
        *(
            ({"queries": [{"name": "a", "type": "zoqlexport", "query": query}]}, "90005")
            for query in (
                "select Account.Name, Invoice.Amount, count(Invoice.Id) from Invoice group by Account.Name",
                "select Account.Name, count(Invoice.Id) from Invoice",
                "select * from Invoice group by Status",
                "select Id from Invoice where Status == 'Posted'",
                "select Id from Invoice where Status = 'Posted' && Amount > 1",
                "select Id from Invoice where upper(Status) = 'POSTED'",
                "select concat(Id, Status) from Invoice",
            )
        ),
        ({"queries": [{"name": "a", "type": "zoql", "query": "select * from Account"}]}, "90005"),
        ({"queries": [{"name": "a", "type": "sql", "query": "select 1"}]}, "90005"),
        ({"partner": "stranger", "project": "p"}, "90019"),
        ({"notifyUrl": "x" * 5000}, "90014"),
    ],
)
def test_refused_jobs(settled: Tenant, change: dict[str, Any], code: str) -> None:
    response = settled.call("POST", "/v1/batch-query/", {**body(QUERY), **change})
    assert (response.status_code, response.json()["errorCode"]) == (200, code)


def test_what_is_selected_beside_an_aggregate_is_grouped_by(settled: Tenant) -> None:
    """The vendor's page of Export ZOQL clauses: https://docs.zuora.com/en/zuora-platform/data/legacy-query-methods/export-zoql."""
    query = "select Account.Name, Invoice.Amount, count(Invoice.Id) from Invoice group by Account.Name"
    refused = settled.post("/v1/object/export", {"Format": "csv", "Query": query, "Name": "x"})
    text = "One or more columns in the SELECT statement does not appear in the GROUP BY statement."
    assert refused["Errors"] == [{"Code": "MALFORMED_QUERY", "Message": text}]
    assert result(settled, "select Name, Currency, count(Id) from Account group by Account.Name, Account.Currency").count("\n") == 3


def test_unknown_jobs_and_cancelling(settled: Tenant) -> None:
    assert settled.get("/v1/batch-query/jobs/x")["errorCode"] == "90002"
    assert settled.call("DELETE", "/v1/batch-query/jobs/x").json()["errorCode"] == "90003"
    submitted = settled.post("/v1/batch-query/", body(QUERY))
    assert settled.call("DELETE", f"/v1/batch-query/jobs/{submitted['id']}").json()["status"] == "cancelled"
    assert settled.get(f"/v1/batch-query/jobs/{submitted['id']}")["status"] == "cancelled"


def test_plain_zoql_in_a_job(settled: Tenant) -> None:
    row = {"name": "a", "type": "zoql", "query": "select InvoiceNumber, Amount from Invoice where Amount > 50"}
    submitted = settled.post("/v1/batch-query/", body(queries=[row]))
    job = settled.get(f"/v1/batch-query/jobs/{submitted['id']}")
    assert job["batches"][0]["recordCount"] == 2


def test_stateful_jobs_return_what_changed(settled: Tenant) -> None:
    more = {"partner": "sandbox-partner", "project": "p1"}
    text = result(settled, "select InvoiceNumber from Invoice", **more)
    assert len(text.splitlines()) == 3
    settled.clock.move(60)
    settled.put(f"/v1/invoices/{rid('1', 2)}", {"comments": "x"})
    settled.clock.move(10)
    assert result(settled, "select InvoiceNumber from Invoice", **more).splitlines()[1:] == ["INV00000002"]
    assert len(result(settled, "select InvoiceNumber, Amount from Invoice", **more).splitlines()) == 3
    assert settled.get("/v1/batch-query/jobs/partner/sandbox-partner/project/p1")["status"] == "completed"


def test_data_source_export(settled: Tenant) -> None:
    made = settled.post("/v1/object/export", {"Format": "csv", "Query": "select Id, AccountNumber from Account order by AccountNumber"})
    assert made["Success"] is True
    job = settled.get(f"/v1/object/export/{made['Id']}")
    assert (job["Status"], job["Format"]) == ("Completed", "csv")
    text = settled.call("GET", f"/v1/files/{job['FileId']}").text
    assert text.splitlines()[0] == "Account.Id,Account.AccountNumber"
    assert len(text) == job["Size"]
    refused = settled.call("POST", "/v1/object/export", {"Format": "csv", "Query": "select from"})
    assert (refused.status_code, refused.json()["Errors"][0]["Code"]) == (400, "MALFORMED_QUERY")
    assert settled.call("POST", "/v1/object/export", {"Format": "pdf", "Query": QUERY}).status_code == 400
    assert settled.call("GET", "/v1/object/export/x").status_code == 404
    assert settled.call("GET", "/v1/files/x").status_code == 404


def test_parts_are_exported(settled: Tenant) -> None:
    settled.load(Invoice=[invoice(9)])
    payment = {
        "accountId": rid("a"),
        "type": "External",
        "amount": 5,
        "currency": "USD",
        "invoices": [{"invoiceId": rid("1", 9), "amount": 5}],
    }
    assert settled.post("/v1/payments", payment)["success"] is True
    settled.clock.move(6)
    text = result(settled, "select PaymentPart.Amount, Invoice.InvoiceNumber, Payment.PaymentNumber from PaymentPart")
    assert text.splitlines()[1:] == ["5,INV00000009,P-00000001"]


def test_describe(settled: Tenant, unsettled: Tenant) -> None:
    names = {e.findtext("name") for e in ElementTree.fromstring(settled.call("GET", "/v1/describe/").text)}
    assert {"Invoice", "CreditMemo"} <= names
    root = ElementTree.fromstring(settled.call("GET", "/v1/describe/Invoice").text)
    fields = {f.findtext("name"): f for f in root.iter("field")}
    status = fields["IntegrationStatus__NS"]
    assert (status.findtext("custom"), status.findtext("maxlength"), status.findtext("type")) == ("true", "255", "text")
    assert status.findtext("label") == "Integration Status"
    assert (fields["Amount"].findtext("type"), fields["Amount"].findtext("updateable")) == ("decimal", "false")
    assert [o.text for o in fields["Status"].iter("option")][:2] == ["Draft", "Posted"]
    assert unsettled.call("GET", "/v1/describe/CreditMemo").status_code == 404
    assert unsettled.call("GET", "/v1/describe/Nothing").status_code == 404
