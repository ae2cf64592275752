"""Whatever is sent to the console: a clear answer, and never a fault."""

from __future__ import annotations

import base64
from typing import Any
from urllib.parse import quote, urlsplit

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tallybridge_cli.target import Target
from tests.cli.runs import RUN, finished_run, store_run
from tests.console.world import ADDRESS, Browser, Context, Executions

PATHS = (
    *("/", "/runs", f"/runs/{RUN}", f"/runs/{RUN}/log", f"/runs/{RUN}/files/report.html", "/compare", "/schedules", "/settings"),
    *("/settings/edit", "/settings/versions/1", "/doctor", "/signin", "/callback", "/enter", "/signed-out", "/static/console.css"),
)
FORMS = (
    *("/start", "/stop", "/switch", f"/runs/{RUN}/stop", "/schedules/change", "/schedules/revenue", "/settings/restore"),
    *("/settings/edit/check", "/settings/edit/again", "/settings/edit/save", "/signout", "/nowhere"),
)
WORDS = (
    "a",
    "b",
    "to",
    "key",
    "code",
    "state",
    "done",
    "format",
    "outcome",
    "kind",
    "since",
    "until",
    "after",
    "level",
    "step",
    "as",
    "only",
)
FIELDS = ("kind", "run_id", "reason", "state", "expression", "timezone", "instance", "number", "document", "version", "key.run_hours")
TEXT = st.text(max_size=30)


def asked(browser: Browser, method: str, path: str, query: str = "", body: bytes = b"") -> int:
    event: dict[str, Any] = {
        "version": "2.0",
        "rawPath": path,
        "rawQueryString": query,
        "headers": {"host": urlsplit(ADDRESS).netloc, "origin": ADDRESS},
        "cookies": [f"{name}={value}" for name, value in browser.cookies.items()],
        "requestContext": {"http": {"method": method, "path": path}, "stage": "$default"},
        "body": base64.b64encode(body).decode(),
        "isBase64Encoded": True,
    }
    return int(browser.console.handle(event, Context())["statusCode"])


SEARCH = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture
def with_a_run(browser: Browser, target: Target) -> Browser:
    store_run(target, finished_run())
    return browser


@SEARCH
@given(st.sampled_from(PATHS), st.dictionaries(st.sampled_from(WORDS), TEXT, max_size=4), TEXT)
def test_any_address(with_a_run: Browser, path: str, words: dict[str, str], tail: str) -> None:
    query = "&".join(f"{name}={quote(value)}" for name, value in words.items())
    assert asked(with_a_run, "GET", path, query) < 500
    assert asked(with_a_run, "GET", path, tail) < 500
    assert asked(with_a_run, "GET", f"{path}/{quote(tail)}") < 500


@SEARCH
@given(st.sampled_from(FORMS), st.dictionaries(st.sampled_from(FIELDS), TEXT, max_size=5))
def test_any_form(browser: Browser, executions: Executions, path: str, fields: dict[str, str]) -> None:
    executions.started.clear()
    tokens = browser.get("/").fields("/signout")
    given = {**tokens, **fields, **({"csrf": "x"} if path == "/signout" else {})}
    body = "&".join(f"{name}={quote(value)}" for name, value in given.items()).encode()
    assert asked(browser, "POST", path, body=body) < 500
    assert executions.started == [] or fields.get("kind") in ("run", "dry")


@pytest.mark.parametrize("body", [b"\xff\xfe=\xff", b"&".join(b"f%d=1" % n for n in range(2_000)), b"a" * 300_000, b'{"kind": "run"}', b""])
def test_a_body_that_is_no_form(browser: Browser, executions: Executions, body: bytes) -> None:
    assert asked(browser, "POST", "/start", body=body) in (400, 409)
    assert executions.started == []


def test_very_many_words_in_an_address(browser: Browser) -> None:
    assert asked(browser, "GET", "/", "&".join(f"w{n}=1" for n in range(2_000))) == 200


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS", "HEAD", "TRACE"])
def test_other_methods_do_nothing(browser: Browser, method: str) -> None:
    assert asked(browser, method, "/start") == 404
