"""The calls that a sync makes most often must not slow it down. Calls of functions are counted, those of client and server together."""

from __future__ import annotations

import pytest

from sandbox.zuora.models.dataquery.jobs import QueryJobs
from tests.effort import calls_of
from tests.standins.zuora.tenant import Tenant, invoice, rid

INVOICES = 2_000
BATCH_LIMIT = 12_000
JOB_LIMIT = 200_000


def calls(tenant: Tenant, path: str, body: object) -> int:
    """Calls that a request takes, once it has been asked before."""

    def ask() -> None:
        assert tenant.call("POST", path, body).status_code == 200

    ask()
    return calls_of(ask)


def test_batches_and_joins_over_many_invoices(empty: Tenant, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(QueryJobs, "at_once", True)
    ids = [rid("1", n) for n in range(1, INVOICES + 1)]
    items = [{"InvoiceId": i, "ChargeAmount": 30.0, "ChargeName": "Seats"} for i in ids for _ in range(3)]
    empty.load(
        Account=[{"Id": rid("a"), "Name": "A", "Currency": "USD"}], Invoice=[invoice(n) for n in range(1, INVOICES + 1)], InvoiceItem=items
    )
    condition = " or ".join(f"Id = '{i}'" for i in ids[:50])
    query = {"queryString": f"select Id, Status, IntegrationStatus__NS from Invoice where {condition}"}
    assert calls(empty, "/v1/action/query", query) < BATCH_LIMIT
    objects = [{"Id": i, "IntegrationStatus__NS": "Creating Invoice", "TransferredToAccounting": "Processing"} for i in ids[:50]]
    assert calls(empty, "/v1/action/update", {"type": "Invoice", "objects": objects}) < BATCH_LIMIT
    empty.sql("SELECT count(*) FROM invoice")
    joined = (
        "SELECT ii.id, i.invoicenumber, a.name FROM invoiceitem ii JOIN invoice i ON i.id = ii.invoiceid"
        " JOIN account a ON a.id = i.accountid LEFT JOIN taxationitem t ON t.invoiceitemid = ii.id ORDER BY i.invoicenumber, ii.id"
    )
    rows: list[object] = []
    assert calls_of(lambda: rows.extend(empty.sql(joined))) < JOB_LIMIT
    assert len(rows) == 3 * INVOICES
