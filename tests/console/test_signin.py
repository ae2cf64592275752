"""Signing in through the company's provider, walked for real over its own server, and everything that must not let anybody in."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from html import unescape
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

import pytest
import requests

from sandbox.people import CLIENT, PATH, PEOPLE, People, new_key
from sandbox.server import LoopbackServer
from tallybridge.console import session as sessions
from tallybridge.console.app import Console
from tallybridge.console.oidc import Client, Provider
from tallybridge.console.session import Sealer
from tallybridge.console.signin import within
from tallybridge.console.site import Site
from tests.cli.conftest import TestClock
from tests.console.conftest import fault
from tests.console.world import ADDRESS, Browser, Page


class Company:
    """The provider on a port of its own; `browser` has nobody signed in."""

    def __init__(self, site: Site, clock: TestClock) -> None:
        self.clock = clock
        self.server = LoopbackServer(lambda environ, start: self.people(environ, start))
        issuer = f"{self.server.url}{PATH}"
        self.people = People(issuer, f"{ADDRESS}/callback", f"{ADDRESS}/signed-out", lambda: clock.now().timestamp())
        self.site = replace(site, entrance=Client(issuer, CLIENT, "", f"{ADDRESS}/callback"))
        self.browser = Browser(Console(self.site, fault))

    def sent_back(self, mail: str, to: str = "/") -> str:
        """The address of the console to which the provider sends a person back."""
        away = self.browser.get(self.browser.get(to).where).where
        page = requests.get(away, timeout=5)
        assert page.status_code == 200, page.text
        (link,) = [part for part in unescape(page.text).split('"') if part.startswith(PATH) and urlencode({"as": mail}) in part]
        answer = requests.get(f"{self.server.url}{link}", timeout=5, allow_redirects=False)
        back = urlsplit(answer.headers["Location"])
        assert f"{back.scheme}://{back.netloc}{back.path}" == f"{ADDRESS}/callback"
        return f"{back.path}?{back.query}"

    def sign_in(self, mail: str, to: str = "/") -> Page:
        return self.browser.get(self.sent_back(mail, to))


@pytest.fixture
def company(site: Site, clock: TestClock) -> Iterator[Company]:
    Provider._known.clear()
    made = Company(site, clock)
    with made.server:
        yield made


def test_a_page_is_asked_for_and_comes_after_the_sign_in(company: Company) -> None:
    answer = company.sign_in("anna@example.com", "/?format=html&x=1")
    assert (answer.status, answer.where) == (303, "/?format=html&x=1")
    assert "anna@example.com · approver" in company.browser.get("/").seen


@pytest.mark.parametrize(
    ("mail", "role"), [("vera@example.com", "viewer"), ("otto@example.com", "operator"), ("anna@example.com", "approver")]
)
def test_the_role_is_that_of_the_highest_group(company: Company, mail: str, role: str) -> None:
    company.sign_in(mail)
    assert f"{mail} · {role}" in company.browser.get("/").seen


def test_who_is_in_none_of_the_groups_sees_nothing(company: Company) -> None:
    answer = company.sign_in("nils@example.com")
    assert (answer.status, "CONSOLE-NO-ROLE" in answer.seen, "nils@example.com is signed in" in answer.seen) == (403, True, True)
    assert company.browser.get("/").status == 302


def test_another_claim_can_name_the_groups(company: Company) -> None:
    company.browser.console = Console(replace(company.site, groups_claim="roles"), fault)
    assert company.sign_in("anna@example.com").status == 403


def test_the_cookie_of_a_session(company: Company) -> None:
    (session, attempt) = company.sign_in("anna@example.com").cookies
    assert session.startswith("__Host-tallybridge-session=") and attempt.startswith("__Host-tallybridge-signin=;")
    for cookie in (session, attempt):
        assert {"HttpOnly", "Secure", "SameSite=Lax", "Path=/"} <= {part.strip() for part in cookie.split(";")}
        assert "Domain" not in cookie


@pytest.mark.parametrize("spoil", ["state", "code", "cookie", "late", "error"])
def test_an_answer_that_does_not_belong_to_this_sign_in_lets_nobody_in(company: Company, spoil: str) -> None:
    back = company.sent_back("anna@example.com")
    given = dict(parse_qsl(urlsplit(back).query))
    if spoil == "state":
        given["state"] = "another"
    elif spoil == "code":
        given["code"] = "guessed"
    elif spoil == "cookie":
        company.browser.cookies.clear()
    elif spoil == "late":
        company.clock.sleep(601)
    else:
        given = {"error": "access_denied", "state": given["state"]}
    answer = company.browser.get(f"/callback?{urlencode(given)}")
    assert (answer.status, "CONSOLE-SIGN-IN" in answer.seen) == (401, True)
    assert company.browser.get("/").status == 302


def test_a_code_counts_once(company: Company) -> None:
    back = company.sent_back("anna@example.com")
    kept = dict(company.browser.cookies)
    assert company.browser.get(back).status == 303
    company.browser.cookies = kept
    assert company.browser.get(back).status == 401


def test_the_verifier_never_leaves_the_console_but_for_the_token(company: Company) -> None:
    away = company.browser.get("/signin?to=/").where
    asked = parse_qs(urlsplit(away).query)
    assert (asked["code_challenge_method"], asked["response_type"]) == (["S256"], ["code"])
    assert "code_verifier" not in asked and len(asked["state"][0]) >= 24 and len(asked["nonce"][0]) >= 24
    again = parse_qs(urlsplit(company.browser.get("/signin?to=/").where).query)
    assert all(asked[name] != again[name] for name in ("state", "nonce", "code_challenge"))


# -- tokens ------------------------------------------------------------------------------------------------------------


def provider(company: Company) -> Provider:
    assert isinstance(company.site.entrance, Client)
    return Provider(company.site.entrance, company.clock.now())


def forged(company: Company, **claims: Any) -> str:
    """A token that another key has signed."""
    other = People(company.people.issuer, company.people.back, company.people.left, company.people.now, new_key())
    return other.token(PEOPLE[2], "nonce", **claims)


def unsigned(company: Company) -> str:
    _, claims, _ = company.people.token(PEOPLE[2], "nonce").split(".")
    return f"eyJhbGciOiJub25lIn0.{claims}."


def hmac_with_the_public_key(company: Company) -> str:
    """The old trick: the public key as the key of HS256."""
    return Sealer("x").seal("session", {**dict.fromkeys(("iss", "aud"), "x"), "nonce": "nonce"})


BAD: dict[str, Callable[[Company], str]] = {
    "another key": forged,
    "no signature": unsigned,
    "HS256": hmac_with_the_public_key,
    "another issuer": lambda c: c.people.token(PEOPLE[2], "nonce", iss="https://elsewhere.example.com"),
    "another client": lambda c: c.people.token(PEOPLE[2], "nonce", aud="another"),
    "another authorised party": lambda c: c.people.token(PEOPLE[2], "nonce", aud=[CLIENT, "another"], azp="another"),
    "expired": lambda c: c.people.token(PEOPLE[2], "nonce", exp=int(c.clock.now().timestamp()) - 61),
    "no expiry": lambda c: c.people.token(PEOPLE[2], "nonce", exp=None),
    "of another sign-in": lambda c: c.people.token(PEOPLE[2], "another nonce"),
    "no token": lambda c: "abc",
}


@pytest.mark.parametrize("kind", BAD)
def test_a_token_that_is_not_the_providers_for_this_sign_in_is_refused(company: Company, kind: str) -> None:
    good = company.people.token(PEOPLE[2], "nonce")
    assert provider(company).verified(good, "nonce")["email"] == "anna@example.com"
    with pytest.raises(Exception, match="sign-in did not succeed") as refused:
        provider(company).verified(BAD[kind](company), "nonce")
    assert refused.value.code == "CONSOLE-SIGN-IN"  # type: ignore[attr-defined]


def test_a_provider_is_spoken_to_over_https_alone(company: Company) -> None:
    plain = Client("http://people.example.com", CLIENT, "", f"{ADDRESS}/callback")
    with pytest.raises(Exception, match="not HTTPS"):
        Provider(plain, company.clock.now()).verified("x", "nonce")


def test_a_provider_that_calls_itself_otherwise_is_not_believed(company: Company) -> None:
    company.people.issuer = "https://elsewhere.example.com"
    answer = company.browser.get("/signin?to=/")
    assert (answer.status, "calls itself by another name" in answer.seen) == (401, True)


def test_a_provider_that_does_not_answer_is_told_apart(site: Site) -> None:
    Provider._known.clear()
    away = replace(site, entrance=Client("http://127.0.0.1:9", CLIENT, "", f"{ADDRESS}/callback"))
    answer = Browser(Console(away, fault)).get("/signin?to=/")
    assert (answer.status, "the identity provider does not answer" in answer.seen) == (401, True)
    assert "You are signed out" in Browser(Console(away, fault)).get("/signed-out").seen


# -- sessions ----------------------------------------------------------------------------------------------------------


def test_a_session_ends_when_nobody_uses_it(company: Company) -> None:
    company.sign_in("anna@example.com")
    for _ in range(3):
        company.clock.sleep(sessions.IDLE.total_seconds() - 60)
        assert company.browser.get("/").status == 200
    company.clock.sleep(sessions.IDLE.total_seconds())
    assert company.browser.get("/").status == 302


def test_a_session_ends_however_much_it_is_used(company: Company) -> None:
    company.sign_in("anna@example.com")
    used, pace = timedelta(0), sessions.IDLE / 2
    while used + pace < sessions.LONGEST:
        company.clock.sleep(pace.total_seconds())
        used += pace
        assert company.browser.get("/").status == 200
    company.clock.sleep(pace.total_seconds())
    assert company.browser.get("/").status == 302


def test_a_session_that_was_ended_is_over_wherever_its_cookie_is(company: Company) -> None:
    company.sign_in("anna@example.com")
    stolen = dict(company.browser.cookies)
    assert company.browser.send("/", "/signout").where == "/signed-out"
    assert company.browser.cookies == {}
    company.browser.cookies = stolen
    assert company.browser.get("/").status == 302


def test_after_the_sign_out_one_can_leave_the_provider_as_well(company: Company) -> None:
    page = company.browser.get("/signed-out")
    (address,) = [unescape(part) for part in page.text.split('"') if "/logout?" in part]
    answer = requests.get(address, timeout=5, allow_redirects=False)
    assert (answer.status_code, answer.headers["Location"]) == (302, f"{ADDRESS}/signed-out")


@pytest.mark.parametrize("text", ["", "abc", "a.b.c", "eyJhbGciOiJub25lIn0.e30."])
def test_a_forged_session_is_none(company: Company, text: str) -> None:
    company.browser.cookies[company.site.cookie("session")] = text
    assert company.browser.get("/").status == 302


def test_what_was_signed_for_something_else_is_no_session(company: Company, clock: TestClock) -> None:
    now = int(clock.now().timestamp())
    claims = {"sub": "x", "role": "approver", "sid": "x", "began": now, "seen": now}
    company.browser.cookies[company.site.cookie("session")] = company.site.sealer.seal("signin", claims)
    assert company.browser.get("/").status == 302
    company.browser.cookies[company.site.cookie("session")] = Sealer("another secret").seal("session", claims)
    assert company.browser.get("/").status == 302


@pytest.mark.parametrize(
    ("path", "safe"),
    [
        ("/runs?x=1", "/runs?x=1"),
        ("//elsewhere.example.com", "/"),
        ("/\\elsewhere.example.com", "/"),
        ("https://elsewhere.example.com", "/"),
        ("javascript:alert(1)", "/"),
        ("/signin?to=/", "/"),
        ("/a\r\nSet-Cookie: x", "/"),
        ("/" + "a" * 600, "/"),
        ("", "/"),
    ],
)
def test_after_the_sign_in_one_stays_in_the_console(path: str, safe: str) -> None:
    assert within(path) == safe


def test_machines_that_ask_for_json_are_told_and_not_sent_away(company: Company) -> None:
    answer = company.browser.get("/?format=json")
    assert (answer.status, answer.data["error"]["code"]) == (401, "CONSOLE-SESSION")


def test_verifying_takes_no_time_from_the_clock_of_the_machine(company: Company) -> None:
    """The session's times are those of the clock that is handed in."""
    company.sign_in("anna@example.com")
    claims = company.site.sealer.open("session", company.browser.cookies[company.site.cookie("session")])
    assert claims is not None and claims["began"] == int(company.clock.now().timestamp()) != int(time.time())
