"""What `make clients` stands on: pages name each program with its version, wrong answers are wrong, other hosts are not reached."""

from __future__ import annotations

import gzip
import json
import socket
from pathlib import Path

import pytest
import requests

from sandbox.netsuite import NetSuiteOptions, NetSuiteStandIn
from tests.clients.__main__ import PROGRAMS, Foreign
from tests.clients.secure import behind_tls
from tests.clients.spoil import VARIABLE, spoiled, spoiled_body

DOCS = Path(__file__).resolve().parents[2] / "docs"
PAGES = "".join(page.read_text(encoding="utf-8") for page in DOCS.glob("sandbox*.md"))
HOST = "1234567.suitetalk.api.netsuite.com"


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda program: program.name)
def test_the_pages_name_every_program_with_its_version(program: Foreign) -> None:
    rows = [line for line in PAGES.splitlines() if line.startswith(f"| `{program.name}` (")]
    assert len(rows) == 1
    assert rows[0].split("|")[2].strip() == program.version


def test_the_checks_of_every_program_are_there() -> None:
    root = DOCS.parent
    assert all((root / test).is_file() for program in PROGRAMS for test in program.tests)
    own = {path.relative_to(root).as_posix() for path in (root / "tests" / "clients").glob("test_*.py")}
    assert own <= {test for program in PROGRAMS for test in program.tests}


def test_wrong_answers_are_wrong() -> None:
    given = {"total": 2.5, "done": True, "name": "x", "rows": [{"n": 1}, {"n": 2}]}
    assert spoiled(given) == {"total": 3.5, "done": True, "name": "x", "rows": [{"n": 2}]}
    assert json.loads(gzip.decompress(spoiled_body(gzip.compress(b'{"n": 1}')))) == {"n": 2}
    assert spoiled_body(b"Id,Name\n1,a\n2,b\n") == b"Id,Name\n1,a\n"


@pytest.mark.parametrize("wrong", [False, True])
def test_a_stand_in_is_reached_under_its_host_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, wrong: bool) -> None:
    if wrong:
        monkeypatch.setenv(VARIABLE, "1")
    stand_in = NetSuiteStandIn(NetSuiteOptions(account="1234567"))
    with behind_tls(stand_in, tmp_path, [HOST]) as (url, told):
        asked = {"verify": told["SSL_CERT_FILE"], "timeout": 10}
        proxies = {"https": told["HTTPS_PROXY"]}
        refused = requests.get(f"https://{HOST}/services/rest/record/v1/customer", proxies=proxies, **asked)  # type: ignore[arg-type]
        direct = requests.get(f"{url}/services/rest/record/v1/customer", **asked)  # type: ignore[arg-type]
        for answer in (refused, direct):
            assert answer.status_code == 401
            assert answer.json()["status"] == (402 if wrong else 401)


def test_other_hosts_are_not_led_on(tmp_path: Path) -> None:
    with behind_tls(NetSuiteStandIn(NetSuiteOptions()), tmp_path, [HOST]) as (_, told):
        place, port = told["HTTPS_PROXY"].removeprefix("http://").split(":")
        with socket.create_connection((place, int(port)), timeout=10) as line:
            line.sendall(b"CONNECT example.com:443 HTTP/1.1\r\nHost: example.com\r\n\r\n")
            assert line.recv(100).startswith(b"HTTP/1.1 502 ")
