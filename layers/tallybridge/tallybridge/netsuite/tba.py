"""Token-based authentication: every request is signed with OAuth 1.0a, HMAC-SHA256 (api-netsuite.md 2.3)."""

from __future__ import annotations

import secrets
from collections.abc import Callable

import requests
from requests_oauthlib import OAuth1  # type: ignore[attr-defined]

from tallybridge.netsuite.connection import NetSuiteConnection


def new_nonce() -> str:
    """32 letters and digits, never the same twice."""
    return secrets.token_hex(16)


class TbaSigner:
    """Signs each send anew, with a fresh nonce: NetSuite refuses a signature that it has seen."""

    def __init__(self, connection: NetSuiteConnection, clock: Callable[[], float], nonce: Callable[[], str] = new_nonce) -> None:
        self._connection = connection
        self._clock = clock
        self._nonce = nonce

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        keys = self._connection
        sign = OAuth1(  # type: ignore[no-untyped-call]
            keys.consumer_key,
            client_secret=keys.consumer_secret,
            resource_owner_key=keys.token_id,
            resource_owner_secret=keys.token_secret,
            realm=keys.realm,
            signature_method="HMAC-SHA256",
            nonce=self._nonce(),
            timestamp=str(int(self._clock())),
        )
        signed: requests.PreparedRequest = sign(request)
        authorization = signed.headers["Authorization"]
        signed.headers["Authorization"] = authorization.decode() if isinstance(authorization, bytes) else authorization
        return signed

    def prepare(self) -> None:
        """Nothing is needed beforehand."""

    def refused(self, request: requests.PreparedRequest) -> bool:
        """A refused signature stays refused, except a nonce that was taken to be a repetition: one more try with a new one."""
        return True
