"""A running stand-in and a small client for its tests."""

from __future__ import annotations

import gzip
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import requests

from sandbox.control import Control
from sandbox.server import LoopbackServer
from sandbox.zuora import ZuoraOptions, ZuoraStandIn
from tests.clients.spoil import served
from tests.straight import straight_into

START = datetime(2026, 1, 31, 16, 15, tzinfo=UTC)
PACIFIC = timezone(timedelta(hours=-8))
JOB_WAIT_S = 10.0


class Clock:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now

    def move(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


def rid(letter: str, number: int = 1) -> str:
    """A readable id: the letter, then the number."""
    return f"{letter}{number:031x}"


@dataclass
class Tenant:
    """One stand-in on loopback. What goes through the sessions goes straight into it: `http` carries a token, `outside` does not."""

    stand_in: ZuoraStandIn
    server: LoopbackServer
    clock: Clock
    http: requests.Session
    outside: requests.Session

    @property
    def url(self) -> str:
        return self.server.url

    def log_in(self, client_id: str = "", client_secret: str = "") -> str:
        """Call with the token of a client from now on: the usual one, of a bare tenant its administrator's."""
        options = self.stand_in.options
        usual = (options.admin_client_id, options.admin_client_secret) if options.bare else (options.client_id, options.client_secret)
        given = (client_id, client_secret) if client_id else usual
        form = {"client_id": given[0], "client_secret": given[1], "grant_type": "client_credentials"}
        token = str(self.outside.post(f"{self.url}/oauth/token", data=form, timeout=5).json()["access_token"])
        self.http.headers["Authorization"] = f"Bearer {token}"
        return token

    def call(self, method: str, path: str, body: Any = None, **more: Any) -> requests.Response:
        return self.http.request(method, self.url + path, json=body, timeout=10, **more)

    def get(self, path: str, **params: Any) -> Any:
        return self.call("GET", path, params=params).json()

    def post(self, path: str, body: Any) -> Any:
        return self.call("POST", path, body).json()

    def put(self, path: str, body: Any) -> Any:
        return self.call("PUT", path, body).json()

    def load(self, **objects: list[dict[str, Any]]) -> None:
        response = self.outside.post(f"{self.url}/_sandbox/load", json=objects, timeout=30)
        assert response.status_code == 200, response.text

    def refused(self, **objects: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """The errors of a load that must be refused."""
        response = self.outside.post(f"{self.url}/_sandbox/load", json=objects, timeout=30)
        assert response.status_code == 422, response.text
        return list(response.json()["errors"])

    def zoql(self, text: str) -> Any:
        return self.post("/v1/action/query", {"queryString": text})

    def submit(self, sql: str, **more: Any) -> requests.Response:
        body = {"query": sql, "outputFormat": "JSON", "compression": "GZIP", "output": {"target": "S3"}, **more}
        return self.call("POST", "/query/jobs", body)

    def finished(self, job_id: str) -> dict[str, Any]:
        """The job once it is no longer waiting or running."""
        end = time.monotonic() + JOB_WAIT_S
        while time.monotonic() < end:
            job: dict[str, Any] = self.get(f"/query/jobs/{job_id}")["data"]
            if job["queryStatus"] not in ("accepted", "in_progress"):
                return job
        raise AssertionError(f"job {job_id} did not finish")

    def job(self, sql: str, **more: Any) -> dict[str, Any]:
        return self.finished(self.submit(sql, **more).json()["data"]["id"])

    def sql(self, text: str, **more: Any) -> list[dict[str, Any]]:
        """The rows of a query that must succeed."""
        job = self.job(text, **more)
        assert job["queryStatus"] == "completed", job
        content = self.outside.get(job["dataFile"], timeout=10).content
        return [json.loads(line) for line in gzip.decompress(content).splitlines()]

    def sql_error(self, text: str) -> str:
        job = self.job(text)
        assert job["queryStatus"] == "failed", job
        return str(job["errorMessage"])


@contextmanager
def running(**options: Any) -> Iterator[Tenant]:
    """A stand-in with a clock of its own, logged in."""
    clock = Clock()
    stand_in = ZuoraStandIn(ZuoraOptions(clock=clock, **options))
    app = served(Control(stand_in))
    with LoopbackServer(app) as server:
        tenant = Tenant(stand_in, server, clock, straight_into({server.url: app}), straight_into({server.url: app}))
        tenant.log_in()
        yield tenant


ACCOUNT = {"Id": rid("a"), "Name": "Acme Ltd", "AccountNumber": "A-1", "Currency": "USD", "DefaultPaymentMethodId": rid("9", 1)}
OTHER_ACCOUNT = {"Id": rid("a", 2), "Name": "Beta Inc", "AccountNumber": "A-2", "Currency": "EUR"}
CONTACTS = [
    {"Id": rid("c"), "AccountId": rid("a"), "FirstName": "Ann", "LastName": "Lee", "Country": "US", "PostalCode": "78701"},
    {"Id": rid("c", 2), "AccountId": rid("a", 2), "FirstName": "Bo", "LastName": "Ek"},
]
CHECK = {"Id": rid("9", 1), "Type": "Check", "Name": "Check"}


def invoice(number: int, amount: float = 100.0, **more: Any) -> dict[str, Any]:
    """A posted invoice of the first account."""
    return {
        "Id": rid("1", number),
        "InvoiceNumber": f"INV{number:08d}",
        "AccountId": rid("a"),
        "InvoiceDate": "2026-01-15",
        "Amount": amount,
        "Status": "Posted",
        **more,
    }


def basics() -> dict[str, list[dict[str, Any]]]:
    """Two accounts with contacts, a payment method, two invoices of 100 with an item each, and a debit memo of 30."""
    return {
        "Account": [ACCOUNT, OTHER_ACCOUNT],
        "Contact": CONTACTS,
        "PaymentMethod": [CHECK],
        "Invoice": [invoice(1), invoice(2)],
        "InvoiceItem": [
            {"Id": rid("2", n), "InvoiceId": rid("1", n), "ChargeName": f"Seats {n}", "ChargeAmount": 90.0, "TaxAmount": 10.0}
            for n in (1, 2)
        ],
        "TaxationItem": [{"Id": rid("3", 1), "InvoiceItemId": rid("2", 1), "Name": "State", "TaxAmount": 10.0, "TaxRate": 0.1}],
    }


def memos() -> dict[str, list[dict[str, Any]]]:
    """A posted credit memo of 40 and a posted debit memo of 30."""
    common = {"AccountId": rid("a"), "MemoDate": "2026-01-20", "Status": "Posted"}
    return {
        "CreditMemo": [{"Id": rid("4"), "MemoNumber": "CM00000001", "TotalAmount": 40.0, **common}],
        "CreditMemoItem": [{"Id": rid("5"), "CreditMemoId": rid("4"), "Amount": 40.0, "ChargeName": "Refund of seats"}],
        "DebitMemo": [{"Id": rid("6"), "MemoNumber": "DM00000001", "TotalAmount": 30.0, **common}],
        "DebitMemoItem": [{"Id": rid("7"), "DebitMemoId": rid("6"), "Amount": 30.0}],
    }
