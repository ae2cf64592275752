"""What every command has in common: its name, its options, JSON that is JSON, and which installation it says it works on."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
from botocore.exceptions import ClientError

from tallybridge import __version__
from tallybridge.desk import connection
from tallybridge_cli import main as commands
from tallybridge_cli import options
from tallybridge_cli.main import app, main
from tallybridge_cli.target import Target
from tests.cli.runs import RUN, finished_run, store_run
from tests.cli.test_commands import call  # noqa: F401 - a fixture

WITHOUT_JSON = {"console"}
"""Serves pages until it is ended; there is nothing to answer."""
WITHOUT_INSTALLATION = {"code", "verify-export", "import", "certificate"}


def commands_of(group: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from commands_of(command, (*path, name))
        else:
            yield (*path, name), command


COMMANDS = dict(commands_of(typer.main.get_command(app)))


def test_commands_are_found() -> None:
    assert {("run",), ("settings", "restore"), ("revenue", "run"), ("problems",)} <= COMMANDS.keys()


@pytest.mark.parametrize("path", COMMANDS, ids=" ".join)
def test_a_command_has_the_options_of_every_command(path: tuple[str, ...]) -> None:
    has = {text for parameter in COMMANDS[path].params for text in parameter.opts}
    wanted = {"--debug", "--json", "--env", "--stack"}
    wanted -= {"--json"} if path[-1] in WITHOUT_JSON else set()
    wanted -= {"--env", "--stack"} if path[-1] in WITHOUT_INSTALLATION else set()
    assert wanted - has == set()


@pytest.fixture
def told(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Callable[..., tuple[int, str, str]]:
    """Calls the command line; answers exit code, standard output and errors."""

    def told_(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr(commands, "err", options.console_for(sys.stderr))
        with pytest.raises(SystemExit) as end:
            main(arguments)
        written = capsys.readouterr()
        return int(end.value.code or 0), written.out, written.err

    return told_


@pytest.mark.parametrize("path", [path for path in COMMANDS if path[-1] not in WITHOUT_JSON], ids=" ".join)
def test_misuse_is_json_when_json_is_asked_for(path: tuple[str, ...], told: Any) -> None:
    code, out, err = told(*path, "--no-such-option", "--json")
    assert (code, err) == (3, "")
    assert json.loads(out)["error"]["code"] == "USAGE"


def test_an_error_is_json_alone(call: Any) -> None:  # noqa: F811
    code, text = call("show", "nonsense", "--json")
    assert (code, json.loads(text)["error"]["code"]) == (3, "RUN-UNKNOWN")


def run(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "tallybridge_cli", *arguments]
    paths = {"PYTHONPATH": ":".join(sys.path), "PATH": "/usr/bin:/bin"}
    return subprocess.run(command, env={**paths, **variables}, capture_output=True, text=True, check=False)


def test_it_has_its_own_name_and_version() -> None:
    assert run("--version").stdout == f"tallybridge {__version__}\n"
    assert "Usage: tallybridge runs" in run("runs", "--help").stdout


def test_a_shell_completes_its_commands() -> None:
    said = run("--show-completion", "bash", _TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION="1").stdout
    assert "_TALLYBRIDGE_COMPLETE" in said
    typed = {"_TALLYBRIDGE_COMPLETE": "complete_bash", "COMP_WORDS": "tallybridge month", "COMP_CWORD": "1"}
    assert run(**typed).stdout.split() == ["month-end"]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("show", "last", "--log", "--step", "invoicez"), 'There is no step "invoicez"'),
        (("problems", "--step", "invoicez"), 'There is no step "invoicez"'),
        (("retry", "--code", "INV-V1", "--step", "invoicez"), 'There is no step "invoicez"'),
    ],
)
def test_a_step_that_does_not_exist_is_refused(arguments: tuple[str, ...], says: str, told: Any) -> None:
    code, _, err = told(*arguments)
    assert code == 3
    assert says in err and "customers" in err


def test_a_record_that_a_log_does_not_name_is_refused(call: Any, target: Target) -> None:  # noqa: F811
    store_run(target, finished_run(held=1))
    code, text = call("show", RUN, "--log", "--record", "INV-NOWHERE")
    assert code == 3
    assert 'Nothing in this log names "INV-NOWHERE"' in text and "tallybridge explain INV-NOWHERE" in text


@pytest.fixture
def resolved(target: Target, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[[], str]:
    """What a person is told when a command finds out which installation it works on."""
    monkeypatch.setattr(options, "resolve", lambda env, stack, environ: target)

    def resolved_() -> str:
        monkeypatch.setattr(options, "err", options.console_for(sys.stderr))
        options.target_of(None, None)
        return capsys.readouterr().err

    return resolved_


def connected(target: Target, zuora: str, netsuite: str) -> None:
    secret = {
        "zuora": {"base_url": f"https://{zuora}", "client_id": "i", "client_secret": "s"},
        "netsuite": {"account_id": netsuite, "client_id": "i", "certificate_id": "c", "private_key": "k"},
    }
    target.client("secretsmanager").put_secret_value(SecretId=target["CREDENTIALS_SECRET"], SecretString=json.dumps(secret))


@pytest.mark.parametrize(
    ("zuora", "netsuite", "kind"),
    [
        ("rest.na.zuora.com", "1234567", "PRODUCTION"),
        ("rest.test.zuora.com", "1234567_SB1", "SANDBOX"),
        ("rest.na.zuora.com", "1234567_SB1", "MIXED"),
    ],
)
def test_a_person_is_told_which_installation_it_is(zuora: str, netsuite: str, kind: str, target: Target, resolved: Any) -> None:
    connected(target, zuora, netsuite)
    options.silent.set(False)
    assert resolved() == f"the test: {kind}, Zuora {zuora}, NetSuite {netsuite}\n"
    options.silent.set(True)
    assert resolved() == ""


def test_a_login_that_may_not_see_it_is_told_so(target: Target, monkeypatch: pytest.MonkeyPatch) -> None:
    class Refusing:
        def get_secret_value(self, **asked: Any) -> None:
            raise ClientError({"Error": {"Code": "AccessDeniedException", "Message": "no"}}, "GetSecretValue")

    monkeypatch.setitem(target.clients, "secretsmanager", Refusing())
    assert connection.described(target) == "what it connects cannot be seen with this login"


def test_an_environment_file_is_named(tmp_path: Path) -> None:
    answer = run("status", "--env", str(tmp_path / "none.env"))
    assert (answer.returncode, "none.env cannot be read" in answer.stderr) == (3, True)
