"""OpenID Connect: authorization code flow with PKCE, state and nonce (OpenID Connect Core 1.0 section 3.1, RFC 7636).

Any provider with a discovery document will do. Endpoints and issuer are HTTPS; plain HTTP is taken on this machine alone, for the sandbox.
"""

from __future__ import annotations

import base64
import hashlib
import re
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import requests
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from tallybridge.console.errors import sign_in_failed

SCOPE = "openid email profile"
SECONDS = 10
"""How long an answer of the provider is waited for."""
ALGORITHMS = ["RS256"]
LEEWAY = 60
"""Seconds by which the provider's clock may differ."""
DISCOVERED_FOR = timedelta(hours=1)
_ALLOWED = re.compile(r"https://|http://(127\.0\.0\.1|localhost|\[::1\])(:[0-9]+)?(/|$)")


@dataclass(frozen=True)
class Client:
    """How the console is known to the provider; `secret` is "" for a public client."""

    issuer: str
    id: str
    secret: str
    callback: str


@dataclass(frozen=True)
class Attempt:
    """What belongs to one sign-in; the browser keeps it, signed, until the provider sends the person back."""

    state: str
    nonce: str
    verifier: str
    to: str

    @classmethod
    def begin(cls, to: str) -> Attempt:
        return cls(secrets.token_urlsafe(24), secrets.token_urlsafe(24), secrets.token_urlsafe(48), to)

    @property
    def challenge(self) -> str:
        return base64.urlsafe_b64encode(hashlib.sha256(self.verifier.encode()).digest()).rstrip(b"=").decode()


class Provider:
    """The identity provider of one client. `now` is the time that tokens are judged by."""

    _known: dict[str, tuple[datetime, dict[str, Any]]] = {}
    """Discovery documents by issuer, with when they were read; for as long as the process lives."""

    def __init__(self, client: Client, now: datetime) -> None:
        self.client, self.now = client, now

    def address(self, attempt: Attempt) -> str:
        """Where the person signs in."""
        asked = {
            "response_type": "code",
            "client_id": self.client.id,
            "redirect_uri": self.client.callback,
            "scope": SCOPE,
            "state": attempt.state,
            "nonce": attempt.nonce,
            "code_challenge": attempt.challenge,
            "code_challenge_method": "S256",
        }
        return f"{self._endpoint('authorization_endpoint')}?{urlencode(asked)}"

    def claims(self, code: str, attempt: Attempt) -> dict[str, Any]:
        """The claims of the person who brings this code. Raises `Refusal` CONSOLE-SIGN-IN."""
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self.client.callback,
            "client_id": self.client.id,
            "code_verifier": attempt.verifier,
        }
        own = (self.client.id, self.client.secret) if self.client.secret else None
        try:
            answer = requests.post(self._endpoint("token_endpoint"), data=form, auth=own, timeout=SECONDS, allow_redirects=False)
            token = answer.json().get("id_token") if answer.status_code == 200 else None
        except (requests.RequestException, ValueError, AttributeError) as failed:
            raise sign_in_failed("the identity provider gave no token") from failed
        if not isinstance(token, str):
            raise sign_in_failed("the identity provider did not take the code")
        return self.verified(token, attempt.nonce)

    def verified(self, token: str, nonce: str) -> dict[str, Any]:
        """The claims of an ID token: signed by the provider with RS256, for this client, in time, and for this sign-in."""
        try:
            keys = KeySet.import_key_set(self._get(self._endpoint("jwks_uri")))
            claims = jwt.decode(token, keys, algorithms=ALGORITHMS).claims
            registry = jwt.JWTClaimsRegistry(
                now=lambda: int(self.now.timestamp()),
                leeway=LEEWAY,
                iss={"essential": True, "value": self.client.issuer},
                aud={"essential": True, "value": self.client.id},
                exp={"essential": True},
                iat={"essential": True},
                sub={"essential": True},
                nonce={"essential": True, "value": nonce},
            )
            registry.validate(claims)
        except (JoseError, ValueError, KeyError, TypeError) as wrong:
            raise sign_in_failed("the identity provider's token is not valid") from wrong
        if claims.get("azp", self.client.id) != self.client.id:
            raise sign_in_failed("the token is meant for another client")
        return dict(claims)

    def sign_out_address(self, back: str) -> str:
        """Where the person can end the session with the provider as well; "" where it offers none."""
        if not self._document().get("end_session_endpoint"):
            return ""
        asked = {"client_id": self.client.id, "logout_uri": back, "post_logout_redirect_uri": back}
        return f"{self._endpoint('end_session_endpoint')}?{urlencode(asked)}"

    # -- discovery -----------------------------------------------------------------------------------------------------

    def _endpoint(self, name: str) -> str:
        address = str(self._document().get(name, ""))
        if not _ALLOWED.match(address):
            raise sign_in_failed(f"the identity provider has no usable {name}")
        return address

    def _document(self) -> dict[str, Any]:
        issuer = self.client.issuer
        read, document = Provider._known.get(issuer, (None, {}))
        if read is None or not timedelta(0) <= self.now - read < DISCOVERED_FOR:
            document = self._get(f"{issuer.rstrip('/')}/.well-known/openid-configuration")
            if document.get("issuer") != issuer:
                raise sign_in_failed("the identity provider calls itself by another name")
            Provider._known[issuer] = (self.now, document)
        return document

    def _get(self, address: str) -> Any:
        if not _ALLOWED.match(address):
            raise sign_in_failed("the identity provider's address is not HTTPS")
        try:
            answer = requests.get(address, timeout=SECONDS, allow_redirects=False)
            answer.raise_for_status()
            document = answer.json()
        except (requests.RequestException, ValueError) as failed:
            raise sign_in_failed("the identity provider does not answer") from failed
        if not isinstance(document, dict):
            raise sign_in_failed("the identity provider's answer is not understood")
        return document
