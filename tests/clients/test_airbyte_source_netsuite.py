"""airbyte-source-netsuite (PyPI), which reads whole accounts: it learns the record types from the metadata catalogue, lists the records
of a window of time, and fetches each of them with its sublists."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from sandbox.netsuite import NetSuiteStandIn
from tests.clients.program import Program

TYPES = ("customer", "invoice", "servicesaleitem", "subsidiary", "account", "accountingperiod", "currency")


def config(netsuite: Program[NetSuiteStandIn], **other: Any) -> str:
    keys = netsuite.keys
    given = {
        "realm": keys["account"],
        "consumer_key": keys["consumer_key"],
        "consumer_secret": keys["consumer_secret"],
        "token_key": keys["token_id"],
        "token_secret": keys["token_secret"],
        "object_types": list(TYPES),
        "start_datetime": (datetime.now(UTC) - timedelta(days=2)).strftime("%Y-%m-%dT00:00:00Z"),
        "window_in_days": 30,
        **other,
    }
    return netsuite.file("config.json", given)


def messages(netsuite: Program[NetSuiteStandIn], kind: str, *arguments: str) -> list[Any]:
    """What the program says of one kind."""
    said = netsuite.lines("source-netsuite", *arguments)
    key = {"CONNECTION_STATUS": "connectionStatus"}.get(kind, kind.lower())
    return [line[key] for line in said if line["type"] == kind]


def discovered(netsuite: Program[NetSuiteStandIn], **other: Any) -> dict[str, Any]:
    (catalog,) = messages(netsuite, "CATALOG", "discover", "--config", config(netsuite, **other))
    return {stream["name"]: stream for stream in catalog["streams"]}


@pytest.mark.parametrize(("secret", "outcome"), [("", "SUCCEEDED"), ("wrong", "FAILED")])
def test_the_connection_is_checked(netsuite: Program[NetSuiteStandIn], secret: str, outcome: str) -> None:
    given = {"token_secret": secret} if secret else {}
    (status,) = messages(netsuite, "CONNECTION_STATUS", "check", "--config", config(netsuite, **given))
    assert status["status"] == outcome


def test_every_type_of_the_catalogue_is_discovered(netsuite: Program[NetSuiteStandIn]) -> None:
    streams = discovered(netsuite, object_types=[])
    assert set(TYPES) <= set(streams)
    schema = streams["customer"]["json_schema"]["properties"]
    assert {"companyName", "lastModifiedDate", "addressBook"} <= set(schema)


def test_records_are_read_in_full(netsuite: Program[NetSuiteStandIn]) -> None:
    streams = discovered(netsuite)
    wanted = [
        {"stream": stream, "sync_mode": stream["supported_sync_modes"][-1], "destination_sync_mode": "append"}
        for stream in streams.values()
    ]
    catalog = netsuite.file("catalog.json", {"streams": wanted})
    records = messages(netsuite, "RECORD", "read", "--config", config(netsuite), "--catalog", catalog)
    found: dict[str, list[dict[str, Any]]] = {}
    for record in records:
        found.setdefault(record["stream"], []).append(record["data"])
    held = netsuite.stand_in.dump()
    spelt = {name.lower(): name for name in held}
    assert {name: len(found[name]) for name in TYPES} == {name: len(held[spelt[name]]) for name in TYPES}
    assert {row["companyName"] for row in found["customer"]} == {"Acme", "Müller", "日本"}
    (invoice,) = found["invoice"]
    assert [(line["quantity"], line["amount"]) for line in invoice["item"]["items"]] == [(2, 120.5)]
