from __future__ import annotations

from collections.abc import Iterator

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from tallybridge.http import Http
from tallybridge.netsuite import NetSuite, NetSuiteConnection
from tallybridge.zuora import Zuora, ZuoraConnection
from tests.unit.clients.scripted_service import FakeTime, Reply, ScriptedService


@pytest.fixture
def service() -> Iterator[ScriptedService]:
    scripted = ScriptedService()
    yield scripted
    scripted.close()


@pytest.fixture
def time() -> FakeTime:
    return FakeTime()


@pytest.fixture
def http(time: FakeTime) -> Iterator[Http]:
    made = Http(clock=time.clock, sleep=time.sleep, luck=lambda: 0.5)
    yield made
    made.session.close()


@pytest.fixture
def zuora(service: ScriptedService, http: Http) -> Zuora:
    """A client that is logged in; tests script what follows."""
    client = Zuora(ZuoraConnection(service.url, "0a1b2c3d-0000-4000-8000-000000000001", "secret"), http)
    service.replies.append(Reply(200, {"access_token": "token-1", "token_type": "bearer", "expires_in": 3600}))
    client._calls.signer._source.current()
    service.requests.clear()
    return client


@pytest.fixture(scope="session")
def private_key() -> str:
    key = ec.generate_private_key(ec.SECP256R1())
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()).decode()


@pytest.fixture
def netsuite(service: ScriptedService, http: Http) -> NetSuite:
    """A client that signs by token-based authentication, so that no login stands between the calls."""
    connection = NetSuiteConnection(
        "1234567_SB1", "tba", service.url, consumer_key="ck", consumer_secret="cs", token_id="ti", token_secret="ts"
    )
    return NetSuite(connection, http)
