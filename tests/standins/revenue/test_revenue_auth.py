"""Tokens: how they are given out, how long they live, and what a role may do with them."""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode

import pytest
import requests

from tests.standins.revenue.tenant import ORDER, PREFIX, START, Revenue, text


def claims_of(token: str) -> dict[str, object]:
    part = token.split(".")[1]
    found: dict[str, object] = json.loads(urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    return found


def test_the_token_is_in_the_header_and_not_in_the_body(rv: Revenue) -> None:
    answer = rv.ask_token()
    assert answer.status_code == 200
    assert answer.json() == {"Message": "Token Generated", "status": "success"}
    assert answer.headers["Content-Type"] == "application/json; charset=utf-8"
    claims = claims_of(answer.headers["Revpro-Token"])
    now = int(START.timestamp())
    assert (claims["iat"], claims["nbf"], claims["exp"]) == (now, now, now + 1800)
    assert (claims["username"], claims["role"], claims["clientname"]) == ("sandbox-revenue-user", "API Role", "Default")


@pytest.mark.parametrize(
    ("who", "status"),
    [
        ({"password": "wrong"}, 401),
        ({"user": "nobody"}, 401),
        ({"role": ""}, 400),
        ({"client": ""}, 400),
        ({"role": "Other Role"}, 401),
        ({"client": "Other"}, 401),
    ],
)
def test_wrong_credentials(rv: Revenue, who: dict[str, str], status: int) -> None:
    answer = rv.ask_token(**who)
    assert answer.status_code == status
    assert set(answer.json()) == {"Status", "Message"}
    assert "Revpro-Token" not in answer.headers


@pytest.mark.parametrize("header", ["", "Bearer abc", "Basic", "Basic ???", "Basic bm9jb2xvbg=="])
def test_no_or_another_authorization_header(rv: Revenue, header: str) -> None:
    headers = {"role": "API Role", "clientname": "Default", "Authorization": header}
    assert requests.post(f"{rv.url}{PREFIX}/authenticate", headers=headers, timeout=10).status_code == 401


def test_a_token_ends_after_thirty_minutes(rv: Revenue) -> None:
    rv.clock.forward(minutes=29, seconds=59)
    assert rv.call("GET", "revenue-orgs").status_code == 200
    rv.clock.forward(seconds=1)
    assert rv.call("GET", "revenue-orgs").status_code == 401
    rv.log_in()
    assert rv.call("GET", "revenue-orgs").status_code == 200


CALLS = [
    ("POST", "upload/file"),
    ("POST", "csv/upload"),
    ("GET", "fileupload/status/12000"),
    ("GET", "csv/upload/status?id=1"),
    ("GET", "upload/mapping?templatename=Transactions"),
    ("GET", "stage/error/transaction"),
    ("GET", "revenue-orgs"),
    ("GET", "programs"),
    ("POST", "job/collection/template"),
    ("GET", "job/collection/template/1"),
    ("GET", "anything/else"),
]


@pytest.mark.parametrize(("method", "path"), CALLS)
@pytest.mark.parametrize("token", ["", "nonsense", "a.b.c"])
def test_every_path_needs_a_living_token(rv: Revenue, method: str, path: str, token: str) -> None:
    answer = rv.call(method, path, {"token": token})
    assert answer.status_code == 401
    assert answer.json()["Status"] == "Error"


def test_the_token_does_not_go_into_the_authorization_header(rv: Revenue) -> None:
    headers = {"token": "", "Authorization": f"Bearer {rv.token}"}
    assert rv.call("GET", "revenue-orgs", headers).status_code == 401


@pytest.mark.parametrize(
    ("privileges", "refused"),
    [
        (
            {"inbound": False, "outbound": True},
            {"upload/file", "csv/upload", "upload/mapping?templatename=Transactions", "job/collection/template"},
        ),
        ({"inbound": True, "outbound": False}, set()),
    ],
)
def test_privileges_of_the_role(rv: Revenue, privileges: dict[str, bool], refused: set[str]) -> None:
    rv.load(
        role=[{"name": "Limited", **privileges}],
        user=[{"name": "limited", "password": "secret", "roles": ["Limited"]}],
    )
    rv.log_in(user="limited", password="secret", role="Limited")
    assert {path for method, path in CALLS if rv.call(method, path).status_code == 403} == refused


def test_a_role_without_any_privilege_can_do_nothing(rv: Revenue) -> None:
    rv.load(
        role=[{"name": "None", "inbound": False, "outbound": False}],
        user=[{"name": "none", "password": "secret", "roles": ["None"]}],
    )
    rv.log_in(user="none", password="secret", role="None")
    assert {rv.call(method, path).status_code for method, path in CALLS} == {403}


def test_while_the_api_is_off_every_path_answers_405(rv: Revenue) -> None:
    rv.load(tenant=[{"api_enabled": False}])
    for method, path in [*CALLS, ("POST", "authenticate")]:
        answer = rv.call(method, path)
        assert (answer.status_code, answer.json()) == (405, {})


def test_oneid_gives_bearer_tokens_that_upload(rv: Revenue) -> None:
    options = rv.stand_in.options
    form = {"grant_type": "client_credentials", "client_id": options.oauth_client_id, "client_secret": options.oauth_client_secret}
    answer = requests.post(f"{rv.url}/oauth2/token", data=form, timeout=10)
    assert answer.status_code == 200
    headers = {"token": "", "Authorization": f"Bearer {answer.json()['access_token']}", "templatename": "Transactions"}
    assert rv.call("POST", "upload/file", headers, files={"file": ("a.csv", text(ORDER))}).status_code == 200


@pytest.mark.parametrize(
    ("change", "status", "error"),
    [({"client_secret": "no"}, 401, "invalid_client"), ({"grant_type": "password"}, 400, "unsupported_grant_type")],
)
def test_oneid_refusals(rv: Revenue, change: dict[str, str], status: int, error: str) -> None:
    options = rv.stand_in.options
    form = {"grant_type": "client_credentials", "client_id": options.oauth_client_id, "client_secret": options.oauth_client_secret}
    answer = requests.post(f"{rv.url}/oauth2/token", data=form | change, timeout=10)
    assert (answer.status_code, answer.json()) == (status, {"error": error})


def test_reset_ends_tokens(rv: Revenue) -> None:
    rv.control("reset", {})
    assert rv.call("GET", "revenue-orgs").status_code == 401
