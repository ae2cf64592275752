"""Third-party NetSuite clients, unmodified, against the stand-in (skipped where they are not installed)."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest

from sandbox.control import Control
from sandbox.netsuite import NetSuiteOptions, NetSuiteStandIn
from sandbox.server import LoopbackServer

netsuite = pytest.importorskip("netsuite", reason="the package netsuite (PyPI, 0.12) is not installed")
NetsuiteAPIRequestError = pytest.importorskip("netsuite.exceptions").NetsuiteAPIRequestError


@pytest.fixture
def live() -> Iterator[tuple[NetSuiteStandIn, str]]:
    """A stand-in on the real clock, which is the one that clients sign with."""
    stand_in = NetSuiteStandIn(NetSuiteOptions())
    with LoopbackServer(Control(stand_in)) as server:
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
