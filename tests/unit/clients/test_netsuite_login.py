"""Both ways to log in to NetSuite (api-netsuite.md section 2)."""

from __future__ import annotations

import base64
import json
import re
import subprocess
import sys
from typing import Any
from urllib.parse import parse_qs, unquote

import pytest
import requests
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from joserfc import jwt
from joserfc.jwk import ECKey, RSAKey

from tallybridge.errors import ConfigurationError, LoginRefused
from tallybridge.http import Http
from tallybridge.netsuite import NetSuite, NetSuiteConnection
from tallybridge.netsuite.connection import TOKEN_PATH
from tallybridge.netsuite.oauth2 import assertion, signing_key
from tallybridge.netsuite.tba import TbaSigner
from tallybridge.tokens import ProcessTokens
from tests.unit.clients.scripted_service import FakeTime, Reply, ScriptedService

TIME = "/services/rest/system/v1/serverTime"
NOON = Reply(200, {"serverTime": "2026-02-01T12:00:00.000Z"})

VECTOR = {
    "consumer_key": "ef40afdd8abaac111b13825dd5e5e2ddddb44f86d5a0dd6dcf38c20aae6b67e4",
    "consumer_secret": "d26ad321a4b2f23b0741c8d38392ce01c3e23e109df6c96eac6d099e9ab9e8b5",
    "token_id": "2b0ce516420110bcbd36b69e99196d1b7f6de3c6234c5afb799b73d87569f5cc",
    "token_secret": "c29a677df7d5439a458c063654187e3d678d73aca8e3c9d8bea1478a3eb0d295",
}


def pem(key: Any) -> str:
    return str(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()).decode())


def signed_header(method: str, url: str) -> dict[str, str]:
    signer = TbaSigner(NetSuiteConnection("123456", "tba", **VECTOR), lambda: 1508242306.9, lambda: "fjaLirsIcCGVZWzBX0pg")
    request = requests.Request(method, url, json={"a": 1} if method == "POST" else None).prepare()
    return dict(re.findall(r'(\w+)="([^"]*)"', signer(request).headers["Authorization"]))


@pytest.mark.parametrize(
    ("method", "url", "signature"),
    [
        (
            "GET",
            "https://123456.suitetalk.api.netsuite.com/services/rest/record/v1/employee/40",
            "B5OIWznZ2YP0OB7VrJrGkYsTh+8H+5T9Hag+o92q0zY=",
        ),
        (
            "POST",
            "https://123456.restlets.api.netsuite.com/app/site/hosting/restlet.nl?script=6&deploy=1&customParam=someValue&testParam=someOtherValue",
            "+KK4SKNgz4ZiILGLwOMtfYlgcXSy1eis8ldE9X90azQ=",
        ),
    ],
)
def test_the_published_signatures_come_out(method: str, url: str, signature: str) -> None:
    header = signed_header(method, url)
    assert unquote(header["oauth_signature"]) == signature
    assert header["realm"] == "123456"
    assert header["oauth_signature_method"] == "HMAC-SHA256"
    assert header["oauth_timestamp"] == "1508242306"


def test_every_send_has_a_new_nonce(service: ScriptedService, netsuite: NetSuite) -> None:
    service.replies = [Reply(503), Reply(429), NOON]
    netsuite.server_time()
    headers = [r.headers["Authorization"] for r in service.requests]
    nonces = [re.search(r'oauth_nonce="([0-9a-zA-Z]{6,64})"', h) for h in headers]
    assert len({n and n.group(1) for n in nonces}) == 3
    assert all('realm="1234567_SB1"' in h for h in headers)


def test_a_refused_signature_is_tried_once_more(service: ScriptedService, netsuite: NetSuite) -> None:
    service.answer = lambda r: Reply(
        401, {"title": "Unauthorized", "status": 401, "o:errorDetails": [{"detail": "x", "o:errorCode": "INVALID_LOGIN"}]}
    )
    with pytest.raises(LoginRefused) as caught:
        netsuite.server_time()
    assert caught.value.code == "NS-INVALID_LOGIN"
    assert len(service.requests) == 2


def m2m(service: ScriptedService, private_key: str) -> NetSuiteConnection:
    return NetSuiteConnection("1234567_SB1", base_url=service.url + "/", client_id="client", certificate_id="cert", private_key=private_key)


def token(name: str, life: Any = 3600) -> Reply:
    return Reply(200, {"access_token": name, "expires_in": life, "token_type": "bearer"})


@pytest.mark.parametrize(
    ("key", "algorithm"),
    [
        (ec.generate_private_key(ec.SECP256R1()), "ES256"),
        (ec.generate_private_key(ec.SECP384R1()), "ES384"),
        (rsa.generate_private_key(65537, 2048), "PS256"),
    ],
)
def test_the_assertion_is_signed_as_the_key_allows(key: Any, algorithm: str) -> None:
    private = pem(key)
    connection = NetSuiteConnection(
        "1234567_SB1", base_url="http://127.0.0.1:7002", client_id="client", certificate_id="cert", private_key=private
    )
    text = assertion(connection, 1_770_000_000)
    header = json.loads(base64.urlsafe_b64decode(text.split(".")[0] + "=="))
    assert header == {"typ": "JWT", "alg": algorithm, "kid": "cert"}
    public = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    verifier = RSAKey.import_key(public) if algorithm == "PS256" else ECKey.import_key(public)
    claims = jwt.decode(text, verifier, algorithms=[algorithm]).claims
    assert len(claims.pop("jti")) >= 16
    assert claims == {
        "iss": "client",
        "scope": ["rest_webservices"],
        "aud": "https://1234567-sb1.suitetalk.api.netsuite.com" + TOKEN_PATH,
        "iat": 1_770_000_000,
        "exp": 1_770_000_300,
    }


@pytest.mark.parametrize("bad", ["not a key", pem(ed25519.Ed25519PrivateKey.generate())])
def test_a_key_that_netsuite_does_not_take_is_a_configuration_error(bad: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        signing_key(bad)
    assert caught.value.place == "netsuite.private_key"


def test_the_token_call_and_the_use_of_the_token(service: ScriptedService, http: Http, private_key: str) -> None:
    service.replies = [token("t1", "3600"), NOON]
    NetSuite(m2m(service, private_key), http).server_time()
    login, call = service.requests
    assert (login.method, login.path) == ("POST", TOKEN_PATH)
    form = parse_qs(login.body.decode())
    assert form["grant_type"] == ["client_credentials"]
    assert form["client_assertion_type"] == ["urn:ietf:params:oauth:client-assertion-type:jwt-bearer"]
    assert form["client_assertion"][0].count(".") == 2
    assert "Authorization" not in login.headers
    assert call.headers["Authorization"] == "Bearer t1"


def test_the_token_is_renewed_at_nine_tenths_of_its_life(service: ScriptedService, http: Http, private_key: str, time: FakeTime) -> None:
    netsuite = NetSuite(m2m(service, private_key), http)
    service.replies = [token("t1"), NOON, NOON, token("t2"), NOON]
    netsuite.server_time()
    time.now += 3239
    netsuite.server_time()
    time.now += 1
    netsuite.server_time()
    assert [r.headers["Authorization"] for r in service.called(TIME)] == ["Bearer t1", "Bearer t1", "Bearer t2"]


def test_the_token_is_renewed_once_on_a_401(service: ScriptedService, http: Http, private_key: str) -> None:
    service.replies = [token("t1"), Reply(401), token("t2"), Reply(401)]
    with pytest.raises(LoginRefused):
        NetSuite(m2m(service, private_key), http).server_time()
    assert len(service.called(TOKEN_PATH)) == 2


def test_workers_share_the_token(service: ScriptedService, http: Http, private_key: str) -> None:
    cache = ProcessTokens()
    service.replies = [token("t1"), NOON, NOON]
    for _ in range(2):
        NetSuite(m2m(service, private_key), http, tokens=cache).server_time()
    assert len(service.called(TOKEN_PATH)) == 1


@pytest.mark.parametrize(
    ("status", "body", "text"),
    [
        (401, {"error": "invalid_client"}, "certificate is not known"),
        (400, {"error": "invalid_grant"}, "check the clock, the certificate"),
        (400, {"error": "unauthorized_client"}, "does not allow Client Credentials"),
        (400, {"error": "invalid_scope"}, "REST Web Services"),
        (403, "<html>", "no reason given"),
    ],
)
def test_a_refused_login_says_why(service: ScriptedService, http: Http, private_key: str, status: int, body: Any, text: str) -> None:
    service.answer = lambda r: Reply(status, body)
    with pytest.raises(LoginRefused, match=text):
        NetSuite(m2m(service, private_key), http).server_time()
    assert len(service.requests) == 1


def test_a_login_that_does_not_answer_is_tried_again(service: ScriptedService, http: Http, private_key: str) -> None:
    service.replies = [Reply(503), Reply(drop=True), token("t1"), NOON]
    assert NetSuite(m2m(service, private_key), http).server_time().hour == 12


@pytest.mark.parametrize(
    ("given", "place"),
    [
        ({"account_id": "no account"}, "netsuite.account_id"),
        ({"account_id": "1", "client_id": "c", "certificate_id": "d"}, "netsuite.private_key"),
        ({"account_id": "1", "auth_method": "tba", "consumer_key": "c"}, "netsuite.consumer_secret"),
        ({"account_id": "1", "auth_method": "password"}, "netsuite.auth_method"),
    ],
)
def test_credentials_that_are_not_complete_name_what_is_missing(given: dict[str, Any], place: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        NetSuiteConnection(**given)
    assert caught.value.place == place


@pytest.mark.rule("settings.key.netsuite.account_id")
def test_hosts_and_realm_follow_from_the_account_id() -> None:
    connection = NetSuiteConnection("1234567-sb1", "tba", **VECTOR)
    assert connection.realm == "1234567_SB1"
    assert connection.url == "https://1234567-sb1.suitetalk.api.netsuite.com"
    assert all(secret not in repr(connection) for secret in (VECTOR["consumer_secret"], VECTOR["token_secret"]))


def test_the_client_loads_without_the_libraries_that_sign_or_aws() -> None:
    code = (
        "import sys, tallybridge.netsuite, tallybridge.zuora;"
        "print([m for m in ('joserfc', 'cryptography.hazmat.primitives.asymmetric.rsa', 'requests_oauthlib', 'boto3') if m in sys.modules])"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env={"PYTHONPATH": ":".join(sys.path)})
    assert out.stdout.strip() == "[]"
