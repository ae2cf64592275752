"""What stands before the console in the sandbox: the HTTP API, the people who sign in, and the conditions of the template."""

from __future__ import annotations

import base64
import json
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

import pytest
from werkzeug.test import Client

from sandbox.aws.http_api import HttpApi
from sandbox.aws.translate import holds
from sandbox.clock import RealClock
from sandbox.people import CLIENT, PATH, People

BACK = "http://127.0.0.1:7004/callback"
VERIFIER = "a-verifier-that-is-long-enough-for-the-rules-of-pkce"
CHALLENGE = "dnaPHvIvW7lKCBMM3wFRkq2HMf5rO3N_xQjRi2v3JX8"


# -- the API -----------------------------------------------------------------------------------------------------------


class Function:
    """A function that answers what it is told to, and keeps its events."""

    def __init__(self, answer: Any) -> None:
        self.answer, self.events = answer, list[dict[str, Any]]()

    def __call__(self, event: dict[str, Any]) -> Any:
        self.events.append(event)
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


def test_a_request_becomes_an_event_in_format_2() -> None:
    function = Function({"statusCode": 200, "body": "ok"})
    client = Client(HttpApi(function, RealClock()))
    client.set_cookie("a", "1")
    client.post("/x/y?b=2&b=3&c=%20d", data={"name": "Ann & Bob"}, headers={"X-Two": "words"})
    (event,) = function.events
    assert (event["version"], event["routeKey"], event["requestContext"]["stage"]) == ("2.0", "$default", "$default")
    assert (event["rawPath"], event["rawQueryString"]) == ("/x/y", "b=2&b=3&c=%20d")
    assert event["queryStringParameters"] == {"b": "2,3", "c": " d"}
    assert event["requestContext"]["http"]["method"] == "POST"
    assert (event["headers"]["x-two"], event["cookies"], "cookie" in event["headers"]) == ("words", ["a=1"], False)
    assert (event["isBase64Encoded"], base64.b64decode(event["body"])) == (True, b"name=Ann+%26+Bob")


def test_text_is_handed_over_as_text_and_nothing_as_nothing() -> None:
    function = Function({"statusCode": 200})
    client = Client(HttpApi(function, RealClock()))
    client.post("/", data='{"a": 1}', content_type="application/json")
    client.get("/")
    assert (function.events[0]["body"], function.events[0]["isBase64Encoded"]) == ('{"a": 1}', False)
    assert "body" not in function.events[1] and "queryStringParameters" not in function.events[1]


def test_an_answer_with_cookies_and_bytes() -> None:
    answer = {"statusCode": 201, "headers": {"Content-Type": "text/x"}, "cookies": ["a=1; Path=/", "b=2"], "isBase64Encoded": True}
    given = Client(HttpApi(Function({**answer, "body": base64.b64encode(b"\xff").decode()}), RealClock())).get("/")
    assert (given.status_code, given.data, given.headers["Content-Type"]) == (201, b"\xff", "text/x")
    assert given.headers.getlist("Set-Cookie") == ["a=1; Path=/", "b=2"]


@pytest.mark.parametrize("answer", [RuntimeError("inside"), {"no": "status"}, None])
def test_what_a_function_cannot_answer_is_the_apis_own_500(answer: Any) -> None:
    given = Client(HttpApi(Function(answer), RealClock())).get("/")
    assert (given.status_code, given.json) == (500, {"message": "Internal Server Error"})


# -- the people --------------------------------------------------------------------------------------------------------


class Company:
    def __init__(self) -> None:
        self.now = 1_800_000_000.0
        people = People(f"http://localhost:7004{PATH}", BACK, "http://127.0.0.1:7004/signed-out", lambda: self.now)
        self.client = Client(people)

    def authorize(self, **changes: str) -> Any:
        asked = {
            **{"response_type": "code", "client_id": CLIENT, "redirect_uri": BACK, "scope": "openid email", "state": "s", "nonce": "n"},
            **{"code_challenge": CHALLENGE, "code_challenge_method": "S256", "as": "otto@example.com", **changes},
        }
        return self.client.get(f"{PATH}/authorize?{urlencode({k: v for k, v in asked.items() if v})}")

    def code(self) -> str:
        return str(dict(parse_qsl(urlsplit(self.authorize().headers["Location"]).query))["code"])

    def token(self, code: str, **changes: str) -> Any:
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": BACK, "client_id": CLIENT, "code_verifier": VERIFIER}
        return self.client.post(f"{PATH}/token", data={**form, **changes})


@pytest.fixture
def company() -> Company:
    return Company()


def test_a_code_is_good_for_one_token_of_the_person_who_was_chosen(company: Company) -> None:
    code = company.code()
    token = company.token(code).json["id_token"]
    claims = json.loads(base64.urlsafe_b64decode(token.split(".")[1] + "=="))
    assert (claims["email"], claims["cognito:groups"], claims["nonce"], claims["aud"]) == ("otto@example.com", ["operator"], "n", CLIENT)
    assert (company.token(code).status_code, company.token(code).json) == (400, {"error": "invalid_grant"})


@pytest.mark.parametrize("wrong", [{"code_verifier": "another"}, {"redirect_uri": "x"}, {"client_id": "x"}, {"grant_type": "password"}])
def test_a_token_is_given_only_to_who_asked_for_the_code(company: Company, wrong: dict[str, str]) -> None:
    assert company.token(company.code(), **wrong).status_code == 400


def test_a_code_is_good_for_a_minute(company: Company) -> None:
    code = company.code()
    company.now += 61
    assert company.token(code).status_code == 400


@pytest.mark.parametrize("wrong", [{"client_id": "x"}, {"redirect_uri": "http://elsewhere.example.com/"}])
def test_nobody_is_sent_to_an_address_that_is_not_known(company: Company, wrong: dict[str, str]) -> None:
    assert company.authorize(**wrong).status_code == 400


@pytest.mark.parametrize(
    "wrong", [{"code_challenge": ""}, {"code_challenge_method": "plain"}, {"response_type": "token"}, {"scope": "email"}]
)
def test_a_request_that_a_real_provider_refuses_is_sent_back_with_an_error(company: Company, wrong: dict[str, str]) -> None:
    back = parse_qs(urlsplit(company.authorize(**wrong).headers["Location"]).query)
    assert (back["error"], "code" in back) == (["invalid_request"], False)


# -- conditions --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("enabled", "issuer", "users"), [("true", "", True), ("true", "https://x", False), ("false", "", False)])
def test_a_condition_holds_as_cloudformation_has_it(enabled: str, issuer: str, users: bool) -> None:
    conditions = {
        "On": {"Fn::Equals": [{"Ref": "Enabled"}, "true"]},
        "Users": {"Fn::And": [{"Condition": "On"}, {"Fn::Equals": [{"Ref": "Issuer"}, ""]}]},
        "Off": {"Fn::Not": [{"Condition": "On"}]},
        "Either": {"Fn::Or": [{"Condition": "On"}, {"Condition": "Off"}]},
    }
    given = {"Enabled": enabled, "Issuer": issuer}
    found = {name: holds(each, conditions, given) for name, each in conditions.items()}
    assert found == {"On": enabled == "true", "Users": users, "Off": enabled != "true", "Either": True}
