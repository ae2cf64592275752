"""A bare Zuora tenant is set up with the commands and the screens that the guide names, until the doctor is content with it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from typer.testing import CliRunner

from sandbox.by_hand.__main__ import app as hands
from sandbox.clock import VirtualClock
from sandbox.host import Sandbox, SandboxOptions
from tallybridge.desk.doctor import State, zuora
from tallybridge.http import Http
from tallybridge.settings import parse_settings
from tallybridge.wiring import zuora_connection
from tallybridge.zuora import Zuora
from tallybridge_cli.main import main
from tallybridge_cli.setup import zuora as command


@pytest.fixture(params=[True, False], ids=["mode B", "mode A"])
def bare(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    folder = tmp_path_factory.mktemp("out")
    clock = VirtualClock()
    options = SandboxOptions(data="bare", settlement=request.param, out=folder, child=False, clock=clock, console=False)
    with Sandbox(options) as running, pytest.MonkeyPatch.context() as patched:
        patched.setattr(command, "clock_of", lambda target: clock)
        yield running


def by_hand(sandbox: Sandbox, *arguments: str) -> str:
    done = CliRunner().invoke(hands, ["zuora", *arguments, "--env", str(sandbox.out / "sandbox.env")])
    assert done.exit_code == 0, done.output
    return done.output


def set_up(sandbox: Sandbox, capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, Path]:
    """Run the command; its document goes into a file, as with `> zuora.json`."""
    with pytest.raises(SystemExit) as ended:
        main(["setup", "zuora", "--json", "--env", str(sandbox.out / "sandbox.env"), *arguments])
    file = sandbox.out / "zuora.json"
    lines = capsys.readouterr().out.splitlines()  # functions of the stack write there too, when their time comes
    file.write_text(next(line for line in lines if line.startswith('{"tenant"')), encoding="utf-8")
    return int(ended.value.code or 0), file


def test_commands_and_screens_lead_to_a_doctor_who_is_content(bare: Sandbox, capsys: pytest.CaptureFixture[str]) -> None:
    admin, user = bare.out / "zuora-admin.json", bare.out / "zuora-user.json"
    by_hand(bare, "client", "--user", "administrator", "--into", str(admin))
    assert admin.stat().st_mode & 0o777 == 0o600
    by_hand(bare, "tax-code", "WORLD")
    given = ("--credentials", str(admin), "--tax-item", "WORLD=900", "--payment-type", "Check")
    code, file = set_up(bare, capsys, *given, "--create")
    assert code == 1
    by_hand(bare, "legacy-fields", str(file))
    by_hand(bare, "fields", str(file))
    by_hand(bare, "role", "Tallybridge", str(file))
    by_hand(bare, "user", "tallybridge", "--role", "Tallybridge")
    by_hand(bare, "client", "--user", "tallybridge", "--into", str(user))
    by_hand(bare, "tax-code", "WORLD", "--accounting-code", "900")
    settings = {"zuora.field_suffix": "__c"}
    boto3.client("ssm").put_parameter(Name=bare.env["SETTINGS_PARAMETER"], Value=json.dumps(settings), Type="String")
    command.clock_of(None).sleep(60)
    code, file = set_up(bare, capsys, *given)
    assert json.loads(file.read_text())["complete"] is True
    assert code == 0
    assert faults(bare, json.loads(user.read_text()), settings) == []
    assert "account A-FIRST, invoice INV-FIRST" in by_hand(bare, "first-invoice", "--day", "2026-11-01", "--tax-code", "WORLD")
    assert [tax["AccountingCode"] for tax in bare.dump("zuora")["TaxationItem"]] == ["900"]


def faults(sandbox: Sandbox, credentials: dict[str, Any], settings: dict[str, Any]) -> list[str]:
    """What the doctor says about Zuora with the API user's own client, beside what is in order."""
    document = parse_settings(json.dumps(settings))
    clock = command.clock_of(None)
    client = Zuora(zuora_connection({"zuora": credentials}, document), Http(clock=lambda: clock.now().timestamp(), sleep=clock.sleep))
    mode = zuora.mode_of(client)
    assert mode == ("B" if sandbox.options.settlement else "A")
    checks = [zuora.login(client), *zuora.checks(client, document, mode)]
    return [f"{c.name}: {c.detail}" for c in checks if c.state is not State.OK]


def test_without_a_running_sandbox_hands_have_nothing_to_work_on(tmp_path: Path) -> None:
    done = CliRunner().invoke(hands, ["zuora", "user", "a", "--role", "b", "--env", str(tmp_path / "none.env")])
    assert done.exit_code == 1 and "does not say ZUORA_BASE_URL" in done.output


def test_a_file_that_is_something_else_is_refused(tmp_path: Path) -> None:
    (tmp_path / "some.json").write_text("{}")
    done = CliRunner().invoke(hands, ["zuora", "legacy-fields", str(tmp_path / "some.json")])
    assert done.exit_code == 1 and "it is not what `tallybridge setup zuora --json` prints" in done.output
