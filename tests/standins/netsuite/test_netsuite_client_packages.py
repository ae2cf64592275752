"""Third-party NetSuite clients, unmodified, against the stand-in (skipped where they are not installed)."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any
from urllib.parse import urljoin

import pytest

from sandbox.control import Control
from sandbox.netsuite import NetSuiteOptions, NetSuiteStandIn
from sandbox.server import LoopbackServer
from tests.clients.spoil import served

netsuite = pytest.importorskip("netsuite", reason="the package netsuite (PyPI, 0.12) is not installed")
NetsuiteAPIRequestError = pytest.importorskip("netsuite.exceptions").NetsuiteAPIRequestError


@pytest.fixture
def live() -> Iterator[tuple[NetSuiteStandIn, str]]:
    """A stand-in on the real clock, which is the one that clients sign with."""
    stand_in = NetSuiteStandIn(NetSuiteOptions())
    with LoopbackServer(served(Control(stand_in))) as server:
        yield stand_in, server.url


def client(options: NetSuiteOptions) -> Any:
    keys = {
        "consumer_key": options.consumer_key,
        "consumer_secret": options.consumer_secret,
        "token_id": options.token_id,
        "token_secret": options.token_secret,
    }
    return netsuite.NetSuiteRestApi(netsuite.Config(account=options.account, auth=keys))


def test_package_netsuite_reads_and_writes(live: tuple[NetSuiteStandIn, str]) -> None:
    stand_in, url = live
    api = client(stand_in.options)

    def at(path: str) -> str:
        return f"{url}/services/rest{path}"

    async def session() -> None:
        body = {"companyName": "Müller & Söhne", "subsidiary": {"id": "2"}}
        assert await api.put("", url=at("/record/v1/customer/eid:ZACC-1"), json=body) is None
        created = await api.request("POST", "", url=at("/record/v1/customer"), json={**body, "companyName": "Acme"})
        assert created.status_code == 204 and "/customer/" in created.headers["Location"]
        found = await api.get("", url=at("/record/v1/customer/eid:ZACC-1"), params={"fields": "companyName"})
        assert found["companyName"] == "Müller & Söhne"
        listed = await api.get("", url=at("/record/v1/customer"), params={"q": 'companyName IS "Acme"', "limit": 10, "offset": 0})
        assert listed["totalResults"] == 1
        rows = await api.suiteql("SELECT id, companyname FROM customer ORDER BY id", url=at("/query/v1/suiteql"), limit=1)
        assert (rows["count"], rows["hasMore"], rows["items"][0]["companyname"]) == (1, True, "Müller & Söhne")
        schema = await api.jsonschema("customer", url=at("/record/v1/metadata-catalog/customer"))
        assert schema["properties"]["custentityzuoraid"]["title"] == "Zuora ID"
        document = await api.openapi(["customer"], url=at("/record/v1/metadata-catalog"))
        assert list(document["components"]["schemas"]) == ["customer"]
        await api.delete("", url=at("/record/v1/customer/eid:ZACC-1"))

    asyncio.run(session())
    assert [r["companyName"] for r in stand_in.dump()["customer"]] == ["Acme"]


def test_package_netsuite_reports_errors(live: tuple[NetSuiteStandIn, str]) -> None:
    stand_in, url = live
    wrong = NetSuiteOptions(token_secret="another one")
    with pytest.raises(NetsuiteAPIRequestError, match="INVALID_LOGIN"):
        asyncio.run(client(wrong).get("", url=f"{url}/services/rest/record/v1/customer"))
    with pytest.raises(NetsuiteAPIRequestError, match="Please enter value"):
        asyncio.run(client(stand_in.options).post("", url=f"{url}/services/rest/record/v1/customer", json={}))


def test_package_netsuite_settles_documents_and_pages_suiteql(live: tuple[NetSuiteStandIn, str]) -> None:
    """Invoice, credit memo, payment and refund with their applications; the whole of a SuiteQL answer, page by page."""
    stand_in, url = live
    api = client(stand_in.options)

    def at(path: str) -> str:
        return f"{url}/services/rest{path}"

    async def create(kind: str, body: dict[str, Any]) -> str:
        answer = await api.request("POST", "", url=at(f"/record/v1/{kind}"), json=body)
        return str(answer.headers["Location"]).rsplit("/", 1)[1]

    async def session() -> None:
        customer = await create("customer", {"companyName": "Acme", "subsidiary": {"id": "1"}})
        item = await create(
            "serviceSaleItem",
            {"itemId": "Seat", "incomeAccount": {"id": "8"}, "subsidiary": {"items": [{"id": "1"}]}, "taxSchedule": {"id": "1"}},
        )
        line = {"item": {"id": item}, "quantity": 1, "rate": 100, "amount": 100}
        day = {"tranDate": "2026-01-31"}
        invoice = await create("invoice", {"entity": {"id": customer}, **day, "item": {"items": [line]}})
        applied = {"items": [{"doc": {"id": invoice}, "apply": True, "amount": 40}]}
        payment = await create(
            "customerPayment", {"customer": {"id": customer}, **day, "payment": 60, "autoApply": False, "apply": applied}
        )
        assert (await api.get("", url=at(f"/record/v1/invoice/{invoice}")))["amountRemaining"] == 60
        less = {"customer": {"id": customer}, "apply": {"items": [{"doc": {"id": invoice}, "apply": True, "amount": 10}]}}
        await api.patch("", url=at(f"/record/v1/customerPayment/{payment}"), json=less)
        assert (await api.get("", url=at(f"/record/v1/invoice/{invoice}")))["amountRemaining"] == 90
        memo = await create(
            "creditMemo",
            {"entity": {"id": customer}, **day, "autoApply": False, "item": {"items": [{**line, "rate": 30, "amount": 30}]}},
        )
        back = {"items": [{"doc": {"id": memo}, "apply": True, "amount": 30}]}
        await create("customerRefund", {"customer": {"id": customer}, **day, "account": {"id": "1"}, "apply": back})
        assert (await api.get("", url=at(f"/record/v1/creditMemo/{memo}")))["amountRemaining"] == 0
        query = "SELECT id, type, foreigntotal FROM transaction ORDER BY id"
        pages = [await api.suiteql(query, url=at("/query/v1/suiteql"), limit=3, offset=offset) for offset in (0, 3)]
        assert [(len(p["items"]), p["hasMore"], p["totalResults"]) for p in pages] == [(3, True, 4), (1, False, 4)]
        assert [row["type"] for p in pages for row in p["items"]] == ["CustInvc", "CustPymt", "CustCred", "CustRfnd"]

    asyncio.run(session())


def test_package_netsuite_reads_datasets(live: tuple[NetSuiteStandIn, str]) -> None:
    stand_in, url = live
    rows = [{"id": str(n), "amount": n * 10} for n in range(1, 6)]
    stand_in.load({"dataset": [{"id": "custdataset_open", "name": "Open lines", "rows": rows}]})

    async def session() -> list[dict[str, Any]]:
        api = client(stand_in.options)
        listed = await api.get("", url=f"{url}/services/rest/query/v1/dataset/", params={"limit": 100, "offset": 0})
        assert [d["id"] for d in listed["items"]] == ["custdataset_open"]
        result = f"{url}/services/rest/query/v1/dataset/custdataset_open/result"
        return [await api.get("", url=result, params={"limit": 3, "offset": offset}) for offset in (0, 3)]

    pages = asyncio.run(session())
    assert [(p["count"], p["hasMore"], p["totalResults"]) for p in pages] == [(3, True, 5), (2, False, 5)]


def test_package_netsuite_sends_asynchronously(live: tuple[NetSuiteStandIn, str]) -> None:
    """`Prefer: respond-async`, the job, its task and the result of that."""
    stand_in, url = live
    api = client(stand_in.options)

    async def session() -> None:
        submitted = await api.request(
            "POST",
            "",
            url=f"{url}/services/rest/record/v1/customer",
            headers={"Prefer": "respond-async"},
            json={"companyName": "Later Ltd", "subsidiary": {"id": "1"}},
        )
        assert submitted.status_code == 202
        job = urljoin(url, submitted.headers["Location"])
        for _ in range(200):
            state = await api.get("", url=job)
            if state["completed"]:
                break
            await asyncio.sleep(0.05)
        assert state["progress"] == "succeeded"
        tasks = await api.get("", url=f"{job}/task")
        assert tasks["count"] == 1

    asyncio.run(session())
    assert [r["companyName"] for r in stand_in.dump()["customer"]] == ["Later Ltd"]
