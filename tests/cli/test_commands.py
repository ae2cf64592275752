"""The commands as they are called: exit codes, JSON, errors."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tallybridge_cli import main as commands
from tallybridge_cli import options, settings_commands
from tallybridge_cli.target import Target
from tests.cli.runs import RUN, finished_run, store_run


@pytest.fixture
def call(target: Target, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Any:
    """Calls a command on the test's installation; answers exit code and what it wrote."""
    import sys

    for module in (commands, settings_commands):
        monkeypatch.setattr(module, "target_of", lambda env, stack: target)

    def call_(*arguments: str) -> tuple[int, str]:
        for module in (commands, settings_commands):
            monkeypatch.setattr(module, "out", options.console_for(sys.stdout))
            monkeypatch.setattr(module, "err", options.console_for(sys.stderr))
        with pytest.raises(SystemExit) as end:
            commands.main(arguments)
        written = capsys.readouterr()
        return int(end.value.code or 0), written.out + written.err

    return call_


def test_show_has_the_run_s_exit_code(call: Any, target: Target) -> None:
    store_run(target, finished_run(held=1))
    code, text = call("show", RUN)
    assert code == 1
    assert "INV-V9" in text


def test_show_as_json_keeps_amounts_to_the_cent(call: Any, target: Target) -> None:
    store_run(target, finished_run(held=1))
    code, text = call("show", "last", "--json")
    total = json.loads(text, parse_float=str)["summary"]["totals"][0]
    assert code == 1
    assert total["selected"]["amount"] == "1001.00"


def test_an_unknown_run_is_a_configuration_error_with_a_next_step(call: Any) -> None:
    code, text = call("show", "nonsense")
    assert code == 3
    assert "RUN-UNKNOWN" in text
    assert "tallybridge runs" in text


def test_an_error_as_json_has_code_message_and_advice(call: Any) -> None:
    code, text = call("show", "nonsense", "--json")
    error = json.loads(text.splitlines()[0])["error"]
    assert code == 3
    assert set(error) == {"code", "message", "advice"}


@pytest.mark.parametrize("arguments", [("rum",), ("show", "--level", "loud"), ("run", "--steps", "invoices,refusals")])
def test_misuse_is_a_configuration_error(call: Any, arguments: tuple[str, ...]) -> None:
    assert call(*arguments)[0] == 3


def test_runs_lists_newest_first(call: Any, target: Target) -> None:
    store_run(target, finished_run())
    target.runs.record("20260505T030000Z-later", started="2026-05-05T03:00:00Z", outcome="running")
    code, text = call("runs", "--json")
    assert code == 0
    assert [r["run_id"] for r in json.loads(text)["runs"]] == ["20260505T030000Z-later", RUN]


def test_status_of_an_idle_installation_is_0(call: Any) -> None:
    code, text = call("status", "--json")
    assert (code, json.loads(text)["waiting"]) == (0, [])


class States:
    """Step Functions whose executions are interrupted by the operator as soon as they are watched."""

    def __init__(self) -> None:
        self.started: list[dict[str, Any]] = []

    def start_execution(self, **given: Any) -> dict[str, str]:
        self.started.append({**given, "input": json.loads(given["input"])})
        return {"executionArn": f"arn:aws:states:us-east-1:123456789012:execution:billing:{given['name']}"}

    def describe_execution(self, executionArn: str) -> dict[str, str]:
        raise KeyboardInterrupt


def test_run_hands_on_what_was_asked_for(call: Any, target: Target) -> None:
    states = target.clients["stepfunctions"] = States()
    code, text = call("run", "--dry-run", "--steps", "customers, charges", "--trigger", "month end", "--no-wait")
    assert code == 0
    assert states.started[0]["input"] == {
        **{"trigger": "month end", "dryRun": True, "steps": ["customers", "charges"]},
        "by": target.who(),
    }
    assert states.started[0]["name"] in text


def test_an_interrupted_watch_leaves_the_run_going_and_says_so(call: Any, target: Target) -> None:
    target.clients["stepfunctions"] = States()
    code, text = call("run")
    assert code == 130
    assert "goes on without being watched" in text


def test_help_names_the_exit_codes(call: Any) -> None:
    code, text = call("--help")
    assert code == 0
    assert "130 interrupted" in " ".join(text.split())


def test_every_command_and_option_is_in_the_documentation() -> None:
    page = (Path(__file__).parents[2] / "docs" / "cli.md").read_text(encoding="utf-8")
    for command in commands.app.registered_commands:
        name = command.callback.__name__ if command.callback else ""
        assert f"`{name}" in page, f"docs/cli.md does not describe {name}"
    for option in (
        "--env",
        "--stack",
        "--json",
        "--debug",
        "--dry-run",
        "--steps",
        "--trigger",
        "--no-wait",
        "--log",
        "--level",
        "--record",
    ):
        assert option in page


def test_accept_mode_goes_into_the_execution_s_input(call: Any, target: Target, monkeypatch: pytest.MonkeyPatch) -> None:
    class States:
        def start_execution(self, **given: Any) -> dict[str, str]:
            self.given = given
            return {"executionArn": f"arn:{given['name']}"}

    states = States()
    target.clients["stepfunctions"] = states
    assert call("run", "--accept-mode", "b", "--no-wait")[0] == 0
    assert json.loads(states.given["input"]) == {"trigger": "manual", "dryRun": False, "steps": None, "acceptMode": "B", "by": target.who()}
    call("run", "--no-wait")
    assert "acceptMode" not in json.loads(states.given["input"])


def test_a_mode_that_does_not_exist_is_refused_before_anything_starts(call: Any) -> None:
    code, text = call("run", "--accept-mode", "C")
    assert code == 3
    assert "A is a tenant without Invoice Settlement" in text
