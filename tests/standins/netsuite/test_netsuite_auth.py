"""OAuth 2.0 client credentials: what the token endpoint and the bearer check accept and refuse."""

from __future__ import annotations

from typing import Any

import pytest
import requests
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from joserfc.jwk import ECKey, RSAKey

from sandbox.netsuite import new_key_pair
from tests.standins.netsuite.account import JWT_BEARER, TOKEN_PATH, Account, error_of


def test_token_answer_has_the_documented_members_and_opens_the_api(ns: Account) -> None:
    answer = ns.ask_token(ns.assertion())
    body = answer.json()
    assert answer.status_code == 200
    assert body["token_type"].lower() == "bearer" and int(body["expires_in"]) == 3600
    assert len(body["access_token"]) > 700 and body["access_token"].count(".") == 2
    ns.session.headers["Authorization"] = f"Bearer {body['access_token']}"
    assert ns.record("GET", "customer").status_code == 200


def test_official_account_address_is_a_good_audience(ns: Account) -> None:
    assert ns.ask_token(ns.assertion(aud=f"https://1234567-sb1.suitetalk.api.netsuite.com{TOKEN_PATH}")).status_code == 200


@pytest.mark.parametrize(
    ("claims", "error", "status"),
    [
        ({"iss": "someone else"}, "invalid_client", 401),
        ({"aud": "https://other.suitetalk.api.netsuite.com" + TOKEN_PATH}, "invalid_grant", 400),
        ({"aud": None}, "invalid_grant", 400),
        ({"exp": 1, "iat": 0}, "invalid_grant", 400),
        ({"scope": ["everything"]}, "invalid_scope", 400),
        ({"scope": []}, "invalid_scope", 400),
        ({"exp": "soon"}, "invalid_request", 400),
    ],
)
def test_wrong_claims_are_refused_by_name(ns: Account, claims: dict[str, Any], error: str, status: int) -> None:
    answer = ns.ask_token(ns.assertion(**claims))
    assert (answer.status_code, answer.json()) == (status, {"error": error})
    assert ("WWW-Authenticate" in answer.headers) == (status == 401)


def test_assertion_must_live_less_than_an_hour(ns: Account) -> None:
    now = int(ns.clock().timestamp())
    assert ns.ask_token(ns.assertion(iat=now, exp=now + 3600)).json() == {"error": "invalid_grant"}
    assert ns.ask_token(ns.assertion(iat=now, exp=now + 3599)).status_code == 200


def test_signature_of_another_key_is_refused(ns: Account) -> None:
    other = ECKey.import_key(new_key_pair()[0])
    answer = ns.ask_token(ns.assertion(key=other))
    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")


def test_unknown_certificate_id_is_refused(ns: Account) -> None:
    assert ns.ask_token(ns.assertion(head={"kid": "gone"})).json() == {"error": "invalid_client"}


@pytest.mark.parametrize("algorithm", ["PS256", "PS384", "PS512", "ES384", "ES512", "RS256"])
def test_only_the_six_documented_algorithms_are_accepted(ns: Account, algorithm: str) -> None:
    curves = {"ES384": ec.SECP384R1(), "ES512": ec.SECP521R1()}
    private: Any = (
        ec.generate_private_key(curves[algorithm])
        if algorithm in curves
        else rsa.generate_private_key(public_exponent=65537, key_size=2048)
    )
    public = private.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    pem = private.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    ns.options.certificate_public_key = public.decode()
    key = (ECKey if algorithm in curves else RSAKey).import_key(pem)
    answer = ns.ask_token(ns.assertion(head={"alg": algorithm}, key=key))
    assert answer.status_code == (400 if algorithm == "RS256" else 200)


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"grant_type": "password"}, "unsupported_grant_type"),
        ({"grant_type": None}, "invalid_request"),
        ({"client_assertion": None}, "invalid_request"),
        ({"client_assertion_type": "jwt"}, "invalid_request"),
        ({"client_assertion": "not a token"}, "invalid_request"),
        ({"client_assertion_type": [JWT_BEARER, JWT_BEARER]}, "invalid_request"),
    ],
)
def test_wrong_forms_are_refused_by_name(ns: Account, changes: dict[str, Any], error: str) -> None:
    answer = ns.ask_token(ns.assertion(), **changes)
    assert (answer.status_code, answer.json()) == (400, {"error": error})


def test_access_token_ends_after_its_hour(ns: Account) -> None:
    ns.clock.forward(seconds=3599)
    assert ns.record("GET", "customer").status_code == 200
    ns.clock.forward(seconds=1)
    answer = ns.record("GET", "customer")
    assert error_of(answer)[:2] == (401, "INVALID_LOGIN")
    assert 'error="invalid_token"' in answer.headers["WWW-Authenticate"]


def test_revoked_token_is_refused(ns: Account) -> None:
    ns.stand_in.gate.revoke_tokens()
    assert ns.record("GET", "customer").status_code == 401


def test_token_without_the_rest_scope_opens_nothing(ns: Account) -> None:
    token = ns.ask_token(ns.assertion(scope=["restlets"])).json()["access_token"]
    ns.session.headers["Authorization"] = f"Bearer {token}"
    assert ns.record("GET", "customer").status_code == 401


@pytest.mark.parametrize(("header", "status"), [(None, 401), ("Bearer nonsense", 401), ("Bearer ", 400), ("Basic abc", 401)])
def test_missing_or_wrong_credentials(ns: Account, header: str | None, status: int) -> None:
    answer = requests.get(f"{ns.url}/services/rest/record/v1/customer", headers={"Authorization": header} if header else {}, timeout=10)
    assert answer.status_code == status
    assert 'realm="1234567_SB1"' in answer.headers["WWW-Authenticate"]
    if status == 401:
        assert answer.json()["title"] == "Unauthorized"
        assert error_of(answer)[2].startswith("Invalid login attempt. For more details, see the Login Audit Trail")


def test_the_token_endpoint_takes_so_many_calls_a_minute(ns: Account) -> None:
    ns.options.token_calls_per_minute = 3
    for _ in range(2):
        assert ns.ask_token(ns.assertion()).status_code == 200
    refused = ns.ask_token(ns.assertion())
    assert error_of(refused)[:2] == (429, "CONCURRENCY_LIMIT_EXCEEDED")
    assert ns.record("GET", "customer").status_code == 200, "the tokens that are there go on"
    ns.clock.forward(seconds=60)
    assert ns.ask_token(ns.assertion()).status_code == 200
