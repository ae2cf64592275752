"""Logging in to Zuora Revenue (api-zuora-revenue.md section 2): a token that goes in the header `token`, or a OneID bearer token."""

from __future__ import annotations

import base64
import binascii
import json
from urllib.parse import urlencode

import requests

from tallybridge.errors import BadAnswer, LoginRefused
from tallybridge.http import Answer, Call, Effect, Http, Signer
from tallybridge.tokens import Bearer, TokenCache, TokenSource
from tallybridge.zuora_revenue.answers import error_from, keys_in_lower_case
from tallybridge.zuora_revenue.connection import RevenueConnection
from tallybridge.zuora_revenue.template import SERVICE

TOKEN_SECONDS = 1_800.0
"""Life of a token whose own expiry cannot be read."""
MARGIN_SECONDS = 300.0
"""A token is renewed when less than this remains."""
HEADER = "token"


class HeaderToken(Bearer):
    """Signs requests with the token in the header `token`, as Zuora Revenue wants it."""

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers[HEADER] = self._source.current()
        return request

    def refused(self, request: requests.PreparedRequest) -> bool:
        self._source.discard(str(request.headers[HEADER]))
        return True


def signer_for(connection: RevenueConnection, http: Http, tokens: TokenCache) -> Signer:
    """The signer for the connection's `auth_method`."""
    who = connection.user or connection.client_id
    key = f"revenue:{connection.url}:{connection.role}:{connection.client_name}:{who}"
    if connection.auth_method == "oauth2":
        return Bearer(TokenSource(key, lambda: one_id(connection, http), tokens, http.clock))
    return HeaderToken(TokenSource(key, lambda: authenticate(connection, http), tokens, http.clock))


def authenticate(connection: RevenueConnection, http: Http) -> tuple[str, float]:
    """A new token and the seconds it may be used. Raises `LoginRefused` ZR_AUTH_FAILED, and the errors of `answers.error_from`."""
    pair = base64.b64encode(f"{connection.user}:{connection.password}".encode()).decode()
    headers = {"Authorization": f"Basic {pair}", "role": connection.role, "clientname": connection.client_name}
    answer = http.send(Call(SERVICE, "POST", f"{connection.url}/authenticate", Effect.READ, "authenticate", headers=headers))
    if answer.status in (400, 401):
        raise _refused(answer)
    if error := error_from(answer, "authenticate"):
        raise error
    token = answer.headers.get("Revpro-Token", "")
    if not token:
        raise BadAnswer("Zuora Revenue's login answer has no token.", service=SERVICE, status=answer.status, code="ZR_AUTH_FAILED")
    return token, max(0.0, _seconds_of(token, http.clock()) - MARGIN_SECONDS)


def one_id(connection: RevenueConnection, http: Http) -> tuple[str, float]:
    """A bearer token of OneID and the seconds it may be used. Raises as `authenticate`."""
    form = {"client_id": connection.client_id, "client_secret": connection.client_secret, "grant_type": "client_credentials"}
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    answer = http.send(Call(SERVICE, "POST", connection.token_address, Effect.READ, "login", headers=headers, body=urlencode(form)))
    if answer.status in (400, 401):
        raise _refused(answer)
    if error := error_from(answer, "login"):
        raise error
    try:
        given = answer.json()
        return str(given["access_token"]), max(0.0, float(given.get("expires_in", TOKEN_SECONDS)) - MARGIN_SECONDS)
    except (KeyError, TypeError, ValueError) as wrong:
        raise BadAnswer("OneID's answer has no usable token.", service=SERVICE, status=answer.status, code="ZR_AUTH_FAILED") from wrong


def _seconds_of(token: str, now: float) -> float:
    """How long a token lives, by its own `exp` if that can be read."""
    try:
        body = token.split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
        return float(claims["exp"]) - now
    except (IndexError, KeyError, TypeError, ValueError, binascii.Error):
        return TOKEN_SECONDS


def _refused(answer: Answer) -> LoginRefused:
    reason = str(keys_in_lower_case(answer).get("message") or "no reason given")
    return LoginRefused(
        f"Zuora Revenue refused the login: {reason} (status {answer.status}).",
        service=SERVICE,
        status=answer.status,
        detail=reason,
        code="ZR_AUTH_FAILED",
        advice="Check user, password, role and client name of the Revenue connection.",
    )
