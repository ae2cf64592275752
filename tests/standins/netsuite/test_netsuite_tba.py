"""Token-based authentication: the published vectors, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest
import requests
from oauthlib.oauth1 import Client  # type: ignore[import-untyped]
from requests_oauthlib.oauth1_auth import OAuth1

from sandbox.netsuite.tba import base_string, signature
from tests.standins.netsuite.account import Account

VECTOR = {
    "oauth_consumer_key": "ef40afdd8abaac111b13825dd5e5e2ddddb44f86d5a0dd6dcf38c20aae6b67e4",
    "oauth_token": "2b0ce516420110bcbd36b69e99196d1b7f6de3c6234c5afb799b73d87569f5cc",
    "oauth_signature_method": "HMAC-SHA256",
    "oauth_timestamp": "1508242306",
    "oauth_nonce": "fjaLirsIcCGVZWzBX0pg",
    "oauth_version": "1.0",
    "realm": "123456",
}
SECRETS = (
    "d26ad321a4b2f23b0741c8d38392ce01c3e23e109df6c96eac6d099e9ab9e8b5",
    "c29a677df7d5439a458c063654187e3d678d73aca8e3c9d8bea1478a3eb0d295",
)


@pytest.mark.parametrize(
    ("method", "url", "expected"),
    [
        (
            "GET",
            "https://123456.suitetalk.api.netsuite.com/services/rest/record/v1/employee/40",
            "B5OIWznZ2YP0OB7VrJrGkYsTh+8H+5T9Hag+o92q0zY=",
        ),
        (
            "POST",
            "https://123456.restlets.api.netsuite.com/app/site/hosting/restlet.nl"
            "?script=6&deploy=1&customParam=someValue&testParam=someOtherValue",
            "+KK4SKNgz4ZiILGLwOMtfYlgcXSy1eis8ldE9X90azQ=",
        ),
    ],
)
def test_published_known_answers(method: str, url: str, expected: str) -> None:
    assert signature(base_string(method, url, VECTOR), *SECRETS) == expected


def test_known_answer_of_a_paged_address() -> None:
    oauth = {
        "oauth_consumer_key": "ck",
        "oauth_token": "ti",
        "oauth_signature_method": "HMAC-SHA256",
        "oauth_timestamp": "1767225600",
        "oauth_nonce": "abc123",
        "oauth_version": "1.0",
    }
    url = "https://1234567-sb1.suitetalk.api.netsuite.com/services/rest/query/v1/dataset/custdataset17/result?limit=1000&offset=2000"
    assert signature(base_string("GET", url, oauth), "cs", "ts") == "vr1x0G/Lte6832BL05sfUWVrjyZLw39V6OgiQwRDIQc="


def signer(ns: Account, **changes: Any) -> OAuth1:
    o = ns.options
    keys = {
        "client_key": o.consumer_key,
        "client_secret": o.consumer_secret,
        "resource_owner_key": o.token_id,
        "resource_owner_secret": o.token_secret,
        "signature_method": "HMAC-SHA256",
        "realm": o.account,
        "timestamp": str(int(ns.clock().timestamp())),
        **changes,
    }
    make: Any = OAuth1
    signed: OAuth1 = make(**keys)
    return signed


def customers(ns: Account, auth: OAuth1, **params: str) -> requests.Response:
    return requests.get(f"{ns.url}/services/rest/record/v1/customer", params=params, auth=auth, timeout=10)


def test_signed_request_is_let_in_with_its_query_parameters(ns: Account) -> None:
    ns.customer(companyName="Müller & Söhne")
    answer = customers(ns, signer(ns), q='companyName IS "Müller & Söhne"', limit="10")
    assert answer.status_code == 200 and answer.json()["totalResults"] == 1


def test_paths_with_external_ids_can_be_signed(ns: Account) -> None:
    body = {"companyName": "Acme", "subsidiary": {"id": "2"}}
    url = f"{ns.url}/services/rest/record/v1/customer/eid:ZACC-1"
    assert requests.put(url, json=body, auth=signer(ns), timeout=10).status_code == 204


@pytest.mark.parametrize(
    "change",
    [
        {"client_key": "other"},
        {"client_secret": "other"},
        {"resource_owner_key": "other"},
        {"resource_owner_secret": "other"},
        {"realm": "1234567"},
        {"signature_method": "HMAC-SHA1"},
        {"nonce": "a!b"},
    ],
)
def test_wrong_keys_realm_method_or_nonce_are_refused(ns: Account, change: dict[str, str]) -> None:
    answer = customers(ns, signer(ns, **change))
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"].startswith('OAuth realm="1234567_SB1", error="token_rejected"')


@pytest.mark.parametrize(("seconds", "status"), [(0, 200), (299, 200), (301, 401), (-301, 401)])
def test_clock_may_differ_by_five_minutes(ns: Account, seconds: int, status: int) -> None:
    stamp = str(int(ns.clock().timestamp()) + seconds)
    assert customers(ns, signer(ns, timestamp=stamp)).status_code == status


def test_nonce_is_taken_once(ns: Account) -> None:
    again = {"nonce": "abcdefgh1234"}
    assert customers(ns, signer(ns, **again)).status_code == 200
    assert customers(ns, signer(ns, **again)).status_code == 401


def test_parameters_added_after_signing_are_noticed(ns: Account) -> None:
    o = ns.options
    client = Client(
        o.consumer_key,
        o.consumer_secret,
        o.token_id,
        o.token_secret,
        signature_method="HMAC-SHA256",
        realm=o.account,
        timestamp=str(int(ns.clock().timestamp())),
    )
    url, headers, _ = client.sign(f"{ns.url}/services/rest/record/v1/customer?limit=5")
    assert requests.get(url + "&offset=5", headers=headers, timeout=10).status_code == 401


def test_account_address_may_be_signed_instead_of_the_local_one(ns: Account) -> None:
    o = ns.options
    client = Client(
        o.consumer_key,
        o.consumer_secret,
        o.token_id,
        o.token_secret,
        signature_method="HMAC-SHA256",
        realm=o.account,
        timestamp=str(int(ns.clock().timestamp())),
    )
    _, headers, _ = client.sign(f"https://{o.host}/services/rest/record/v1/customer")
    assert requests.get(f"{ns.url}/services/rest/record/v1/customer", headers=headers, timeout=10).status_code == 200
