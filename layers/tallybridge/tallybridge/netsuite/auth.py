"""Which way to sign a connection's calls. The libraries that sign are loaded only when they are used."""

from __future__ import annotations

from typing import Protocol

from tallybridge.http import Http, Signer
from tallybridge.netsuite.connection import NetSuiteConnection
from tallybridge.tokens import Bearer, TokenCache, TokenSource


class NetSuiteSigner(Signer, Protocol):
    """A signer that can log in before the call takes its slot: a lease is dated by its call."""

    def prepare(self) -> None: ...


def signer_for(connection: NetSuiteConnection, http: Http, tokens: TokenCache) -> NetSuiteSigner:
    """The signer for the connection's `auth_method`."""
    if connection.auth_method == "tba":
        from tallybridge.netsuite.tba import TbaSigner

        return TbaSigner(connection, http.clock)
    key = f"netsuite:{connection.url}:{connection.realm}:{connection.client_id}:{connection.certificate_id}"

    def login() -> tuple[str, float]:
        from tallybridge.netsuite import oauth2

        return oauth2.login(connection, http)

    return Bearer(TokenSource(key, login, tokens, http.clock))
