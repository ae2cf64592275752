"""Foreign programs against the stand-ins. `python -m tests.clients` (`make clients`) brings each program into an environment of its own and
says where it lies; without that nothing here is collected."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox.netsuite import NetSuiteOptions, NetSuiteStandIn
from sandbox.zuora import ZuoraOptions, ZuoraStandIn
from tests.clients.program import Program
from tests.clients.secure import behind_tls
from tests.standins.zuora.tenant import basics

ENVIRONMENT = "CLIENT_ENVIRONMENT"
ZUORA_HOSTS = ["rest.apisandbox.zuora.com", "rest.sandbox.na.zuora.com", "apisandbox.zuora.com"]
collect_ignore_glob = [] if os.environ.get(ENVIRONMENT) else ["test_*.py"]


@pytest.fixture
def zuora(tmp_path: Path) -> Iterator[Program[ZuoraStandIn]]:
    """A Zuora tenant under its host names, and the program that is under test."""
    stand_in = ZuoraStandIn(ZuoraOptions(settlement=True, data_query_lag_s=0))
    stand_in.load(basics())
    with behind_tls(stand_in, tmp_path, ZUORA_HOSTS) as (url, told):
        yield Program(stand_in, Path(os.environ[ENVIRONMENT]), tmp_path, url, told)


@pytest.fixture
def netsuite(tmp_path: Path) -> Iterator[Program[NetSuiteStandIn]]:
    """A NetSuite account under its host name, with three customers and an invoice."""
    stand_in = NetSuiteStandIn(NetSuiteOptions(account="1234567"))
    customers = [{"id": str(100 + n), "companyName": name, "subsidiary": {"id": "1"}} for n, name in enumerate(("Acme", "Müller", "日本"))]
    item = {"id": "50", "itemId": "Seat", "incomeAccount": {"id": "8"}, "subsidiary": {"items": [{"id": "1"}]}, "taxSchedule": {"id": "1"}}
    line = {"item": {"id": "50"}, "quantity": 2, "rate": 60.25, "amount": 120.5}
    invoice = {"id": "900", "entity": {"id": "100"}, "tranDate": "2026-01-31", "item": {"items": [line]}}
    stand_in.load({"customer": customers, "serviceSaleItem": [item], "invoice": [invoice]})
    with behind_tls(stand_in, tmp_path, [stand_in.options.host]) as (url, told):
        yield Program(stand_in, Path(os.environ[ENVIRONMENT]), tmp_path, url, told)
