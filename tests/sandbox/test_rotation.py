"""Credentials are exchanged for new ones that were tried first, by command and in the console; no value is ever shown."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

from sandbox.clock import VirtualClock
from sandbox.host import Sandbox, SandboxOptions
from tallybridge.console.app import Console
from tallybridge.console.roles import Role
from tallybridge.console.site import OwnMachine, Site
from tallybridge.desk import credentials
from tallybridge.desk.target import Target
from tallybridge.errors import ConfigurationError, TallybridgeError
from tallybridge_cli.main import app
from tests.console.conftest import fault
from tests.console.world import ADDRESS, KEY, Browser

PERSON = "ann@example.com"
WRONG = "a-new-secret-that-nobody-gave"


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    with Sandbox(SandboxOptions(out=tmp_path_factory.mktemp("out"), child=False, clock=VirtualClock())) as started:
        yield started


@pytest.fixture
def target(sandbox: Sandbox) -> Iterator[Target]:
    made = Target(sandbox.env, "the test", sandbox.aws.clock)
    before = secret(made)
    yield made
    made.client("secretsmanager").put_secret_value(SecretId=made["CREDENTIALS_SECRET"], SecretString=json.dumps(before))


def secret(target: Target) -> dict[str, Any]:
    stored = target.client("secretsmanager").get_secret_value(SecretId=target["CREDENTIALS_SECRET"])["SecretString"]
    return dict(json.loads(stored))


def browser(target: Target, role: Role = Role.APPROVER) -> Browser:
    made = Browser(Console(Site(target, ADDRESS, "a-secret-of-the-tests", OwnMachine(KEY, PERSON, role), "Test"), fault))
    made.get(f"/enter?key={KEY}")
    return made


def damaged(target: Target, system: str) -> dict[str, str]:
    """A credential that the side does not take."""
    key = {"zuora": "client_secret", "netsuite": "certificate_id", "revenue": "password"}[system]
    return {key: WRONG}


@pytest.mark.parametrize("system", ["zuora", "netsuite"])
def test_what_does_not_work_is_not_put_in_force(target: Target, system: str) -> None:
    before = (secret(target), list(target.audit.newest()))
    with pytest.raises(ConfigurationError) as refused:
        credentials.rotate(target, system, damaged(target, system), PERSON)
    assert refused.value.code == "CREDENTIALS-NEW"
    assert WRONG not in refused.value.message + refused.value.advice
    assert (secret(target), list(target.audit.newest())) == before


@pytest.mark.parametrize("system", ["zuora", "netsuite"])
def test_what_works_is_put_in_force_and_all_else_stays(target: Target, system: str) -> None:
    before = secret(target)
    key = next(key for key in credentials.KEYS[system] if key in before[system])
    good = before[system][key]
    broken = {**before, system: {**before[system], key: WRONG}}
    target.client("secretsmanager").put_secret_value(SecretId=target["CREDENTIALS_SECRET"], SecretString=json.dumps(broken))
    assert credentials.rotate(
        target, system, {key: f" {good} ", "client_secret" if key != "client_secret" else "client_id": ""}, PERSON, "due"
    )
    assert secret(target) == before
    entry = next(iter(target.audit.newest()))
    assert (entry.who, entry.action, entry.reason, entry.after) == (PERSON, "rotate", "due", f"new: {key}")
    assert good not in json.dumps(entry.to_json())


@pytest.mark.parametrize(
    ("system", "given"),
    [
        ("mars", {"x": "y"}),
        ("zuora", {}),
        ("zuora", {"client_secret": "  "}),
        ("zuora", {"base_url": "https://elsewhere"}),
        ("zuora", {"client_secret": "x" * 20_001}),
        ("zuora", {"expires_on": "31.3.2027"}),
    ],
)
def test_what_cannot_be_exchanged_is_refused(target: Target, system: str, given: dict[str, str]) -> None:
    before = secret(target)
    with pytest.raises(ConfigurationError) as refused:
        credentials.rotate(target, system, given, PERSON)
    assert (refused.value.code, secret(target)) == ("CREDENTIALS", before)


def test_the_console_shows_no_value_also_when_it_refuses(target: Target) -> None:
    person, before = browser(target), secret(target)
    page = person.get("/settings")
    secret_keys = {system: [key for key in keys if key != credentials.EXPIRES] for system, keys in credentials.KEYS.items()}
    values = [str(before[system][key]) for system, keys in secret_keys.items() for key in keys if key in before.get(system, {})]
    assert len(values) > 4
    assert not [value for value in values if value in page.text]
    form = {**page.fields("/settings/rotate"), "system": "zuora", "secret-client_secret": WRONG, "reason": "due"}
    refused = person.post("/settings/rotate", form)
    assert refused.status == 400 and "CREDENTIALS-NEW" in refused.seen
    assert WRONG not in refused.text and "due" in refused.text
    good = {**person.get("/settings").fields("/settings/rotate"), "system": "zuora", "reason": "due"}
    assert (
        person.post("/settings/rotate", {**good, "secret-client_secret": before["zuora"]["client_secret"]}).where
        == "/settings?done=rotated"
    )
    operator = browser(target, Role.OPERATOR)
    assert operator.post("/settings/rotate", operator.get("/").fields("/signout")).status == 403


def test_of_two_people_at_once_neither_takes_back_what_the_other_has_done(target: Target, monkeypatch: pytest.MonkeyPatch) -> None:
    before = secret(target)
    other = json.dumps({**before, "netsuite": {**before["netsuite"], "expires_on": "2028-01-31"}})

    def meanwhile(of: Target) -> str:
        target.client("secretsmanager").put_secret_value(SecretId=target["CREDENTIALS_SECRET"], SecretString=other)
        return "fine"

    monkeypatch.setitem(credentials.LOGINS, "zuora", meanwhile)
    with pytest.raises(TallybridgeError) as refused:
        credentials.rotate(target, "zuora", {"client_secret": "another"}, PERSON)
    assert (refused.value.code, secret(target)) == ("INSTRUCTION-REPLACED", json.loads(other))


def test_when_they_expire_is_said_by_who_has_made_them(target: Target) -> None:
    person = browser(target)
    assert "nobody has said when they expire" in person.get("/settings").seen
    credentials.rotate(target, "netsuite", {"expires_on": "2027-03-31"}, PERSON)
    assert "expires on 2027-03-31" in person.get("/settings").seen
    assert credentials.expiries(target) == {"netsuite": "2027-03-31"}


def test_the_command_takes_them_from_a_file(sandbox: Sandbox, target: Target, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def call(*arguments: str) -> int:
        try:
            return int(app(["rotate", *arguments, "--env", str(sandbox.out / "sandbox.env")], standalone_mode=False) or 0)
        except typer.Exit as ended:
            return ended.exit_code

    file = tmp_path / "new.json"
    known = secret(target)["zuora"]
    file.write_text(json.dumps({"client_id": known["client_id"], "client_secret": known["client_secret"]}))
    assert call("zuora", "--from", str(file), "--json") == 0
    written = capsys.readouterr().out
    assert json.loads(written)["keys"] == ["client_id", "client_secret"] and known["client_secret"] not in written
    for arguments, code in ((("mars",), "INPUT"), (("zuora", "--from", str(tmp_path / "none.json")), "INPUT")):
        with pytest.raises(ConfigurationError) as refused:
            call(*arguments)
        assert refused.value.code == code


@pytest.mark.parametrize("copied", ["\\n", "\r\n", "\n"])
def test_a_key_is_taken_with_the_line_ends_that_copying_leaves(target: Target, copied: str) -> None:
    """In JSON by hand they are often written as two letters, twice escaped; from Windows they are two characters."""
    before = secret(target)["netsuite"]["private_key"]
    credentials.rotate(target, "netsuite", {"private_key": f"  {before.strip()} ".replace("\n", copied)}, PERSON)
    assert secret(target)["netsuite"]["private_key"] == before
