"""The console on one's own machine, asked over its own server."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
import requests

from tallybridge.errors import ConfigurationError
from tallybridge_cli.console import address_of, server, site_of
from tallybridge_cli.target import Target
from tests.console.world import Executions, Scheduler

ANN = "arn:aws:iam::123456789012:user/ann"


@pytest.fixture
def address(target: Target, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The address that the command prints."""
    monkeypatch.setattr(Target, "who", lambda _: ANN)
    target.clients["scheduler"], target.clients["stepfunctions"] = Scheduler(), Executions()
    faults: list[Exception] = []
    port = _free_port()
    site = site_of(target, port, "operator", "Test")
    serving = server(site, port, faults.append)
    thread = threading.Thread(target=serving.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    yield address_of(site)
    serving.shutdown()
    thread.join()
    serving.server_close()
    assert faults == []


def _free_port() -> int:
    import socket

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_whoever_opens_the_printed_address_is_the_caller_in_the_role_that_was_asked_for(address: str) -> None:
    browser = requests.Session()
    page = browser.get(address, timeout=10)
    assert (page.status_code, f"{ANN}</bdi> · operator" in page.text) == (200, True)
    assert page.headers["Content-Security-Policy"].startswith("default-src 'none'")
    assert "Strict-Transport-Security" not in page.headers


def test_whoever_does_not_know_the_address_sees_nothing(address: str) -> None:
    origin = address.partition("/enter")[0]
    assert requests.get(origin, timeout=10).status_code == 401
    assert requests.get(f"{origin}/enter?key=guessed", timeout=10).status_code == 401


def test_a_name_that_was_pointed_at_this_machine_is_refused(address: str) -> None:
    """What a page elsewhere could do by DNS: the request comes from the person's own browser, with another Host."""
    browser = requests.Session()
    browser.get(address, timeout=10)
    answer = browser.get(address.partition("/enter")[0], headers={"Host": "evil.example.com:7004"}, timeout=10)
    assert (answer.status_code, "CONSOLE-HOST" in answer.text) == (421, True)


def test_a_form_is_carried_out(address: str, target: Target) -> None:
    browser = requests.Session()
    page = browser.get(address, timeout=10)
    origin = address.partition("/enter")[0]
    form = page.text.partition('action="/start"')[2]
    fields = {name: form.partition(f'name="{name}" value="')[2].partition('"')[0] for name in ("csrf", "once")}
    answer = browser.post(f"{origin}/start", data={**fields, "kind": "dry"}, headers={"Origin": origin}, timeout=10)
    assert (answer.status_code, "The run has been started" in answer.text) == (200, True)
    assert len(target.clients["stepfunctions"].started) == 1


def test_a_role_that_does_not_exist_and_a_port_that_is_taken_are_told(
    target: Target, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(ConfigurationError, match='"boss" is no role') as wrong:
        site_of(target, 7004, "boss", "")
    assert wrong.value.code == "INPUT"
    taken = int(address.partition("127.0.0.1:")[2].partition("/")[0])
    with pytest.raises(ConfigurationError, match="cannot be used") as refused:
        server(site_of(target, taken, "viewer", ""), taken, lambda error: None)
    assert refused.value.code == "CONSOLE-PORT"
