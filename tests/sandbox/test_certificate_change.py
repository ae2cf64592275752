"""A new certificate for the NetSuite login: whatever is lost and wherever it ends, a login works, and the same command goes on."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from sandbox.clock import VirtualClock
from sandbox.host import Sandbox, SandboxOptions
from tallybridge.desk import certificate_change, credentials, key_pair
from tallybridge.desk.doctor import expiry
from tallybridge.desk.doctor.examine import http_of
from tallybridge.desk.target import Target
from tallybridge.errors import ConfigurationError
from tallybridge.netsuite.certificates import Certificates
from tallybridge_cli.main import app

PERSON = "ann@example.com"
STEP: dict[str, Any] = {"trigger": "manual", "steps": ["customers"]}
"""A run proves a certificate whichever steps it has."""


class Killed(BaseException):
    """The process ends here."""


@pytest.fixture
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    with Sandbox(
        SandboxOptions(out=tmp_path_factory.mktemp("out"), child=False, clock=VirtualClock(datetime.now(UTC)), console=False)
    ) as started:
        yield started


@pytest.fixture
def target(sandbox: Sandbox) -> Target:
    return Target(sandbox.env, "the test", sandbox.aws.clock)


def secret(target: Target) -> dict[str, Any]:
    stored = target.client("secretsmanager").get_secret_value(SecretId=target["CREDENTIALS_SECRET"])["SecretString"]
    return dict(json.loads(stored)["netsuite"])


def mapped(target: Target) -> list[str]:
    """The certificates that NetSuite takes."""
    connection, _ = certificate_change._in_use(target)
    return [each.id for each in Certificates(connection, http_of(target)).all() if not each.revoked]


def unfinished(target: Target) -> list[str]:
    """What the doctor says of a change that is under way."""
    return [check.next for check in expiry.checks(target) if check.name == "certificate"]


def logs_in(target: Target) -> bool:
    return bool(credentials.LOGINS["netsuite"](target))


def run(sandbox: Sandbox) -> None:
    sandbox.aws.clock.sleep(5)
    sandbox.aws.run("BillingSyncArn", STEP)
    sandbox.aws.settle()


def command(sandbox: Sandbox, *arguments: str) -> int:
    return int(app(["rotate", "netsuite", *arguments, "--env", str(sandbox.out / "sandbox.env")], standalone_mode=False) or 0)


def test_the_new_one_is_in_force_and_the_old_one_ends_after_a_good_run(sandbox: Sandbox, target: Target, tmp_path: Path) -> None:
    before = secret(target)
    made = certificate_change.begin(target, tmp_path, PERSON, "yearly")
    now = secret(target)
    assert (now["certificate_id"], now["previous_certificate_id"], now["expires_on"]) == (
        made.id,
        before["certificate_id"],
        made.expires_on,
    )
    assert now["private_key"] != before["private_key"] and logs_in(target)
    assert sorted(mapped(target)) == sorted([made.id, before["certificate_id"]])
    assert list(tmp_path.iterdir()) == [], "the key is nowhere but in the secret"
    for code, attempt in (
        ("CERTIFICATE-OPEN", lambda: certificate_change.begin(target, tmp_path, PERSON)),
        ("CERTIFICATE-UNPROVED", lambda: certificate_change.finish(target, PERSON)),
    ):
        with pytest.raises(ConfigurationError) as refused:
            attempt()
        assert (refused.value.code, bool(refused.value.advice)) == (code, True)
    assert unfinished(target) == ["Once a run has gone well: `tallybridge rotate netsuite --finish`."]
    run(sandbox)
    assert certificate_change.finish(target, PERSON) == before["certificate_id"]
    assert unfinished(target) == []
    assert (mapped(target), "previous_certificate_id" in secret(target), logs_in(target)) == ([made.id], False, True)
    with pytest.raises(ConfigurationError) as nothing:
        certificate_change.finish(target, PERSON)
    assert nothing.value.code == "CERTIFICATE-NONE"
    assert [entry.who for entry in target.audit.newest()] == [PERSON, PERSON]
    assert before["private_key"].splitlines()[1] not in str([entry.to_json() for entry in target.audit.newest()])


def test_a_dry_run_and_a_failed_one_prove_nothing(sandbox: Sandbox, target: Target, tmp_path: Path) -> None:
    certificate_change.begin(target, tmp_path, PERSON)
    sandbox.aws.clock.sleep(5)
    sandbox.aws.run("BillingSyncArn", {**STEP, "dryRun": True})
    sandbox.aws.settle()
    sandbox.control("netsuite", "faults", [{"path": "/token", "status": 401, "body": {"error": "invalid_client"}}])
    sandbox.aws.clock.sleep(4000)
    sandbox.aws.run("BillingSyncArn", STEP)
    sandbox.aws.settle()
    sandbox.control("netsuite", "faults", [])
    with pytest.raises(ConfigurationError) as refused:
        certificate_change.finish(target, PERSON)
    assert refused.value.code == "CERTIFICATE-UNPROVED"


def after(original: Callable[..., Any]) -> Callable[..., Any]:
    """Does it, and ends the process."""

    def done(*arguments: Any, **named: Any) -> Any:
        original(*arguments, **named)
        raise Killed

    return done


def at_once(*arguments: Any, **named: Any) -> Any:
    raise Killed


KILLED_IN_BEGIN: dict[str, tuple[Any, str, bool]] = {
    "after the key is made": (key_pair, "kept_in", True),
    "before the upload": (Certificates, "set_up", False),
    "after the upload": (Certificates, "set_up", True),
    "before the secret": (credentials, "rotate", False),
    "after the secret": (credentials, "rotate", True),
}


@pytest.mark.parametrize("point", KILLED_IN_BEGIN)
def test_an_end_at_any_point_leaves_a_login_and_the_same_command_goes_on(
    sandbox: Sandbox, target: Target, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, point: str
) -> None:
    owner, name, done = KILLED_IN_BEGIN[point]
    before = secret(target)["certificate_id"]
    with monkeypatch.context() as patch:
        patch.setattr(owner, name, after(getattr(owner, name)) if done else at_once)
        with pytest.raises(Killed):
            certificate_change.begin(target, tmp_path, PERSON)
    assert logs_in(target)
    key = tmp_path / key_pair.KEY
    assert key.stat().st_mode & 0o077 == 0
    if point == "after the secret":
        with pytest.raises(ConfigurationError, match="A change is under way"):
            certificate_change.begin(target, tmp_path, PERSON)
    else:
        certificate_change.begin(target, tmp_path, PERSON)
    assert logs_in(target) and not key.exists()
    assert len(mapped(target)) == 2 and before in mapped(target), "nothing was mapped twice"


@pytest.mark.parametrize("point", ["before it is revoked", "after it is revoked"])
def test_finishing_goes_on_wherever_it_ended(
    sandbox: Sandbox, target: Target, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, point: str
) -> None:
    made = certificate_change.begin(target, tmp_path, PERSON)
    run(sandbox)
    with monkeypatch.context() as patch:
        patch.setattr(Certificates, "revoke", after(Certificates.revoke) if point.startswith("after") else at_once)
        with pytest.raises(Killed):
            certificate_change.finish(target, PERSON)
    assert logs_in(target)
    assert certificate_change.finish(target, PERSON) == made.previous
    assert (mapped(target), logs_in(target), "previous_certificate_id" in secret(target)) == ([made.id], True, False)


@pytest.mark.parametrize("lost", ["before", "after"])
def test_lost_answers_are_looked_up(sandbox: Sandbox, target: Target, tmp_path: Path, lost: str) -> None:
    rule = {"method": "POST", "path": "/certificates", "drop": lost, "times": 1}
    sandbox.control("netsuite", "faults", [rule])
    if lost == "before":
        with pytest.raises(ConfigurationError, match="has not mapped the new certificate"):
            certificate_change.begin(target, tmp_path, PERSON)
        assert logs_in(target)
    made = certificate_change.begin(target, tmp_path, PERSON)
    assert len(mapped(target)) == 2 and logs_in(target)
    run(sandbox)
    sandbox.control("netsuite", "faults", [{**rule, "path": "/revoke"}])
    certificate_change.finish(target, PERSON)
    assert (mapped(target), logs_in(target)) == ([made.id], True)


def test_what_lies_in_the_folder_from_before_is_not_put_in_force_again(sandbox: Sandbox, target: Target, tmp_path: Path) -> None:
    """The pair of the first set-up, or of an attempt long ago."""
    (tmp_path / key_pair.KEY).write_text(secret(target)["private_key"])
    old = key_pair.made(target.clock.now(), 20)
    made = certificate_change.begin(target, tmp_path, PERSON)
    assert made.id != made.previous and logs_in(target)
    run(sandbox)
    certificate_change.finish(target, PERSON)
    (tmp_path / key_pair.KEY).write_text(old.key)
    (tmp_path / key_pair.CERTIFICATE).write_text(old.certificate)
    with pytest.raises(ConfigurationError) as refused:
        certificate_change.begin(target, tmp_path, PERSON)
    assert (refused.value.code, logs_in(target)) == ("KEY-FILE", True)


def test_where_the_role_may_not_it_is_done_by_hand(
    sandbox: Sandbox, target: Target, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The person uploads the file on the screen, and gives back the id that it shows."""
    sandbox.control("netsuite", "faults", [{"path": "/certificates", "status": 403, "body": {"error": "access_denied"}}])
    before = secret(target)["certificate_id"]
    assert command(sandbox, "--certificate", "--into", str(tmp_path), "--json") == 3
    text = capsys.readouterr().out
    key, certificate = tmp_path / key_pair.KEY, tmp_path / key_pair.CERTIFICATE
    assert str(certificate) in text and certificate_change.SCREEN in text and f"--key-file {key}" in text
    assert key.read_text().splitlines()[1] not in text
    sandbox.control("netsuite", "faults", [])
    connection, _ = certificate_change._in_use(target)
    api = Certificates(connection, http_of(target))
    row = next(each for each in api.all() if each.id == before)
    api.set_up(certificate.read_text(), row.role, row.entity)
    new = next(each.id for each in api.all() if each.id != before)
    sandbox.control("netsuite", "faults", [{"path": "/certificates", "status": 403, "body": {"error": "access_denied"}}])
    assert command(sandbox, "--key-file", str(key), "--certificate-id", new) == 0
    assert (secret(target)["certificate_id"], secret(target)["previous_certificate_id"], logs_in(target)) == (new, before, True)
    assert secret(target)["expires_on"] == key_pair.last_day(certificate.read_text()), "the file beside the key says when it ends"
    run(sandbox)
    with pytest.raises(ConfigurationError) as refused:
        command(sandbox, "--finish")
    assert (refused.value.code, certificate_change.SCREEN in refused.value.advice) == ("CERTIFICATE-RIGHT", True)
    assert command(sandbox, "--finish", "--revoked") == 0
    assert "previous_certificate_id" not in secret(target)


def test_the_commands_say_what_they_have_done(sandbox: Sandbox, target: Target, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = secret(target)["certificate_id"]
    assert command(sandbox, "--certificate", "--into", str(tmp_path), "--json") == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["side"], told["previous"], told["certificate_id"]) == ("netsuite", before, secret(target)["certificate_id"])
    run(sandbox)
    assert command(sandbox, "--finish", "--json") == 0
    assert json.loads(capsys.readouterr().out)["revoked"] == before


@pytest.mark.parametrize("arguments", [("--certificate", "--finish"), ("--certificate", "--certificate-id", "x"), ("--revoked",)])
def test_words_that_do_not_go_together_are_refused(sandbox: Sandbox, arguments: tuple[str, ...]) -> None:
    with pytest.raises(ConfigurationError) as refused:
        command(sandbox, *arguments)
    assert refused.value.code == "INPUT"
