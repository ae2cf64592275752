"""What the console refuses before it does anything, and what every answer carries."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from botocore.exceptions import ClientError

from tallybridge.console import frame
from tallybridge.console.app import Console
from tallybridge.console.site import Site
from tests.cli.conftest import TestClock
from tests.console.world import ADDRESS, Browser, Executions


@pytest.mark.parametrize("host", ["evil.example.com", "127.0.0.1:7004", "console.example.com.evil.example.com", ""])
def test_another_host_is_refused(browser: Browser, host: str) -> None:
    answer = browser.get("/", {"host": host})
    assert (answer.status, "CONSOLE-HOST" in answer.seen, "Run now" in answer.seen) == (421, True, False)


CROSS = [
    {"origin": "https://evil.example.com"},
    {"origin": "null"},
    {"sec-fetch-site": "cross-site"},
    {"sec-fetch-site": "same-site"},
    {"origin": ADDRESS.replace("https", "http")},
]


@pytest.mark.parametrize("headers", CROSS)
def test_a_form_of_another_site_is_refused_even_with_the_right_token(
    browser: Browser, executions: Executions, headers: dict[str, str]
) -> None:
    answer = browser.send("/", "/start", headers, kind="run")
    assert (answer.status, "CONSOLE-ORIGIN" in answer.seen, executions.started) == (403, True, [])
    assert "Send it again" not in answer.seen
    assert browser.send("/", "/signout", headers).status == 403


@pytest.mark.parametrize("token", ["", "abc", "0" * 64])
def test_a_form_without_the_sessions_token_is_shown_again_and_not_carried_out(browser: Browser, executions: Executions, token: str) -> None:
    answer = browser.send("/", "/start", kind="run", csrf=token)
    assert (answer.status, "CONSOLE-FORM" in answer.seen, executions.started) == (409, True, [])
    assert browser.post("/start", {**answer.fields("/start"), "kind": "run"}).status == 303
    assert len(executions.started) == 1


def test_the_token_of_another_session_does_not_count(signed_in: Callable[..., Browser], executions: Executions) -> None:
    one, other = signed_in(), signed_in(person="otto@example.com")
    answer = one.post("/start", {**other.get("/").fields("/start"), "kind": "run"})
    assert (answer.status, executions.started) == (409, [])


def test_a_session_that_ends_in_the_middle_of_a_form_loses_nothing(browser: Browser, clock: TestClock, executions: Executions) -> None:
    fields = browser.get("/").fields("/start")
    before = dict(browser.cookies)
    clock.sleep(24 * 3600)
    answer = browser.post("/start", {**fields, "kind": "dry"})
    assert (answer.status, "CONSOLE-SESSION" in answer.seen, 'name="kind" value="dry"' in answer.text) == (401, True, True)
    clock.sleep(-24 * 3600)
    browser.cookies = before
    again = browser.post("/start", {**answer.fields("/start"), "kind": "dry"})
    assert (again.status, executions.started) == (409, [])
    assert browser.post("/start", {**again.fields("/start"), "kind": "dry"}).status == 303
    assert len(executions.started) == 1


def test_what_was_entered_is_text_when_it_is_shown_again(browser: Browser) -> None:
    answer = browser.send("/", "/start", csrf="", kind='"><script>alert(1)</script>')
    assert "<script>alert" not in answer.text and "&lt;script&gt;alert(1)" in answer.text


def test_a_form_that_could_not_be_carried_out_may_be_sent_again(browser: Browser, executions: Executions) -> None:
    fields = browser.get("/").fields("/start")
    assert browser.post("/start", {**fields, "kind": "neither"}).status == 400
    assert browser.post("/start", {**fields, "kind": "run"}).where == "/?done=started"
    assert len(executions.started) == 1


def test_every_answer_is_kept_out_of_frames_caches_and_scripts_of_others(browser: Browser) -> None:
    for path in ("/", "/?format=json", "/nowhere", "/signed-out"):
        headers = browser.get(path).headers
        policy = dict(part.strip().partition(" ")[::2] for part in headers["content-security-policy"].split(";"))
        assert policy["default-src"] == policy["frame-ancestors"] == policy["base-uri"] == "'none'"
        assert policy["script-src"] == policy["style-src"] == policy["form-action"] == "'self'"
        assert "unsafe" not in headers["content-security-policy"]
        assert headers["cache-control"] == "no-store"
        assert headers["x-content-type-options"] == "nosniff" and headers["x-frame-options"] == "DENY"
        assert headers["strict-transport-security"].startswith("max-age=")


def test_nothing_is_inline(browser: Browser) -> None:
    text = browser.get("/").text
    assert " style=" not in text and "<style" not in text and " onclick=" not in text and "javascript:" not in text
    assert text.count("<script") == 1 and "></script>" in text


@pytest.mark.parametrize("path", ["/nowhere", "/runs/%3Cscript%3E/nowhere", "/static/../app.py", "/static/console.py"])
def test_an_unknown_page_is_a_clear_answer(browser: Browser, path: str) -> None:
    answer = browser.get(path)
    assert (answer.status, "CONSOLE-UNKNOWN" in answer.seen, "<script>" in answer.text.replace("<script src", "")) == (404, True, False)


def test_its_own_files_are_served_without_a_sign_in_and_kept(site: Site) -> None:
    nobody = Browser(Console(site))
    for name, kind in (("console.css", "text/css"), ("console.js", "text/javascript")):
        answer = nobody.get(f"/static/{name}")
        assert (answer.status, answer.headers["content-type"].partition(";")[0]) == (200, kind)
        assert "immutable" in answer.headers["cache-control"]


def test_a_fault_is_told_and_shows_no_more_than_its_code(site: Site, browser: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[Exception] = []
    broken = Browser(Console(site, told.append), cookies=browser.cookies)

    def fail(*_: object) -> None:
        raise RuntimeError("the inside of the program")

    monkeypatch.setattr(site.state, "has_ended", fail)
    answer = broken.get("/")
    assert (answer.status, "CONSOLE-FAULT" in answer.seen, "inside of the program" in answer.text, len(told)) == (500, True, False, 1)


def test_what_aws_says_is_not_for_strangers(site: Site, browser: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[Exception] = []
    stranger = Browser(Console(site, told.append), cookies=browser.cookies)
    denied = ClientError({"Error": {"Code": "AccessDenied", "Message": "arn:aws:iam::1:role/secret may not"}}, "GetItem")

    def deny(*_: object) -> None:
        raise denied

    monkeypatch.setattr(site.state, "has_ended", deny)
    answer = stranger.get("/")
    assert (answer.status, "arn:aws" in answer.text, told) == (500, False, [denied])


def test_on_ones_own_machine_only_who_knows_the_key_comes_in(site: Site) -> None:
    stranger = Browser(Console(site))
    for path in ("/", "/enter", "/enter?key=guessed", "/signin?to=/", "/callback?code=x&state=y"):
        answer = stranger.get(path)
        assert (answer.status, "Open the address that tallybridge console has printed" in answer.seen) == (401, True), path
    assert stranger.post("/start", {"kind": "run"}).status == 401


def test_every_refusal_has_its_entry_in_the_error_page() -> None:
    root = Path(__file__).resolve().parents[2]
    page = (root / "docs" / "errors.md").read_text(encoding="utf-8")
    sources = [*(root / "layers/tallybridge/tallybridge/console").rglob("*.py"), root / "cli/tallybridge_cli/console.py"]
    codes = {code for source in sources for code in re.findall(r'"(CONSOLE-[A-Z-]+)"', source.read_text(encoding="utf-8"))}
    assert len(codes) > 10
    assert sorted(code for code in codes if f"`{code}`" not in page) == []


def test_commands_in_a_text_are_set_as_commands_and_markup_in_it_is_text() -> None:
    assert frame._coded("Run `tallybridge doctor` <b>`a<b`") == "Run <code>tallybridge doctor</code> &lt;b&gt;<code>a&lt;b</code>"
