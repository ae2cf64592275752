"""tap-zuora (PyPI), which the Singer project runs on live tenants: what it discovers and reads in both of its ways."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from sandbox.zuora import ZuoraStandIn
from tests.clients.program import Program
from tests.standins.zuora.tenant import rid

WANTED = ("Account", "Contact", "Invoice", "PaymentMethod")


def config(zuora: Program[ZuoraStandIn], way: str, **more: Any) -> str:
    options = zuora.stand_in.options
    given = {
        "start_date": (datetime.now(UTC) - timedelta(days=2)).strftime("%Y-%m-%dT00:00:00Z"),
        "api_type": way,
        "auth_type": "OAUTH",
        "username": options.client_id,
        "password": options.client_secret,
        "partner_id": options.aqua_partners[0],
        "sandbox": "true",
        **more,
    }
    return zuora.file(f"config-{way}.json", given)


def discovered(zuora: Program[ZuoraStandIn], way: str) -> dict[str, Any]:
    done = zuora.run("tap-zuora", "--config", config(zuora, way), "--discover")
    assert done.returncode == 0, done.stderr[-2000:]
    catalog: dict[str, Any] = json.loads(done.stdout)
    return catalog


def read(zuora: Program[ZuoraStandIn], way: str) -> list[dict[str, Any]]:
    """The messages of a sync of `WANTED` with every field that can be read."""
    catalog = discovered(zuora, way)
    for stream in catalog["streams"]:
        for entry in stream["metadata"]:
            entry["metadata"]["selected"] = stream["stream"] in WANTED
    return zuora.lines("tap-zuora", "--config", config(zuora, way), "--catalog", zuora.file("catalog.json", catalog))


@pytest.mark.parametrize("way", ["REST", "AQUA"])
def test_streams_are_discovered(zuora: Program[ZuoraStandIn], way: str) -> None:
    streams = {s["stream"]: s for s in discovered(zuora, way)["streams"]}
    assert set(WANTED) <= set(streams)
    assert streams["Account"]["replication_key"] == "UpdatedDate"
    assert "DefaultPaymentMethodId" in streams["Account"]["schema"]["properties"]


@pytest.mark.parametrize("way", ["REST", "AQUA"])
def test_records_are_read(zuora: Program[ZuoraStandIn], way: str) -> None:
    messages = read(zuora, way)
    records = {(m["stream"], m["record"]["Id"]): m["record"] for m in messages if m["type"] == "RECORD"}
    counts = {name: sum(stream == name for stream, _ in records) for name in WANTED}
    assert counts == {"Account": 2, "Contact": 2, "Invoice": 2, "PaymentMethod": 1}
    assert records["Account", rid("a")]["Name"] == "Acme Ltd"
    assert records["Invoice", rid("1", 1)]["Amount"] == 100
    assert records["Contact", rid("c")]["AccountId"] == rid("a")
    states = [m["value"] for m in messages if m["type"] == "STATE"]
    assert states[-1]["bookmarks"]["Account"]["UpdatedDate"] >= datetime.now(UTC).strftime("%Y-")


@pytest.mark.parametrize("way", ["REST", "AQUA"])
def test_a_wrong_secret_is_told(zuora: Program[ZuoraStandIn], way: str) -> None:
    done = zuora.run("tap-zuora", "--config", config(zuora, way, password="wrong"), "--discover")
    assert done.returncode != 0
    assert "invalid credentials" in done.stderr
