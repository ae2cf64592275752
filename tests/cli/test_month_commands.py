"""The commands of month-end: what a person reads, what a program gets, and how they end."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from tallybridge.errors import ConfigurationError
from tallybridge.sync.runlog import RunOutcome
from tallybridge_cli import main as commands
from tallybridge_cli import month_commands, options
from tallybridge_cli.target import Target
from tests.cli.months import hold, looked, settle, sync
from tests.cli.runs import finished_run, store_run

HERS = "arn:aws:sts::123456789012:assumed-role/finance/mara"


@pytest.fixture
def call(target: Target, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Any:
    """Calls a command on the test's installation; answers exit code and what it wrote."""
    store_run(target, finished_run(RunOutcome.COMPLETED, held=0))
    looked(target)
    monkeypatch.setattr(month_commands, "target_of", lambda env, stack: target)
    monkeypatch.setattr(Target, "who", lambda _: HERS)

    def call_(*arguments: str) -> tuple[int, str]:
        monkeypatch.setattr(month_commands, "out", options.console_for(sys.stdout))
        monkeypatch.setattr(commands, "err", options.console_for(sys.stderr))
        with pytest.raises(SystemExit) as end:
            commands.main(arguments)
        written = capsys.readouterr()
        return int(end.value.code or 0), written.out + written.err

    return call_


def test_the_month_before_this_is_meant_if_none_is_named(call: Any, target: Target) -> None:
    sync(target, "INV1")
    code, text = call("month-end")
    assert (code, text.splitlines()[0]) == (0, "April 2026 is complete: 1 document on both sides, the money compared.")


def test_what_is_open_is_told_by_its_key_and_the_largest_by_name(call: Any, target: Target) -> None:
    hold(target, "INV2", amount="1204.5")
    code, text = call("month-end", "2026-04")
    assert (code, "April 2026 is not complete: 1 document is missing." in text) == (1, True)
    assert "NetSuite's receivables are USD 1,204.50 too low." in text
    assert "INV-V1  1 invoice (USD 1,204.50) not in NetSuite: INV-V1." in text
    assert "INV2 USD 1,204.50, 2026-04-12, A1 Acme: INV2 lacks something." in text


def test_a_period_is_signed_off_only_with_every_open_point_and_a_reason(call: Any, target: Target) -> None:
    hold(target, "INV2")
    settle(target.clock)  # type: ignore[arg-type]
    code, text = call("month-end", "2026-04", "--sign-off")
    assert (code, "SIGN-OFF-OPEN" in text, "INV-V1" in text) == (3, True, True)
    assert call("month-end", "2026-04", "--sign-off", "--confirm", "INV-V1")[0] == 3
    code, text = call("month-end", "2026-04", "--sign-off", "--confirm", "INV-V1", "--reason", "disputed")
    assert (code, f"Signed off on 4 May 2026, 03:01:00 UTC by {HERS}" in text) == (0, True)
    code, text = call("month-end", "2026-04", "--json")
    signed = json.loads(text)["signed"]
    assert (signed["who"], signed["reason"], signed["same_figures"]) == (HERS, "disputed", True)


def test_the_json_has_the_whole_of_it(call: Any, target: Target) -> None:
    hold(target, "INV2")
    found = json.loads(call("month-end", "2026-04", "--json")[1])
    assert (found["period"]["key"], found["complete"], found["signed"], found["exported"]) == ("2026-04", False, None, None)
    assert found["rows"][0]["missing"] == {"count": 1, "amount": 50}


def test_an_export_is_written_and_proved(call: Any, target: Target, tmp_path: Path) -> None:
    sync(target, "INV1")
    file = tmp_path / "april.zip"
    code, text = call("month-end", "2026-04", "--export", str(file))
    assert (code, "1 document, not signed" in text, list(tmp_path.iterdir())) == (0, True, [file])
    code, text = call("verify-export", str(file))
    assert (code, "Nothing was changed: period April 2026, digest" in text, f"taken by {HERS}" in text) == (0, True, True)
    code, text = call("verify-export", str(file), "--alone")
    assert (code, "Where it comes from is not proved" in text) == (1, True)
    file.write_bytes(file.read_bytes()[:-100])
    code, text = call("verify-export", str(file), "--json")
    assert (code, json.loads(text)["proved"]) == (2, False)


def test_whoever_checks_an_export_needs_no_installation(call: Any, target: Target, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def nowhere(env: object, stack: object) -> Target:
        raise ConfigurationError("It is not said which installation is meant.", place="target", code="TARGET")

    sync(target, "INV1")
    file = tmp_path / "april.zip"
    call("month-end", "2026-04", "--export", str(file))
    monkeypatch.setattr(month_commands, "target_of", nowhere)
    assert call("verify-export", str(file))[0] == 1
    code, text = call("verify-export", str(file), "--stack", "x")
    assert (code, "TARGET" in text) == (3, True)


def test_an_export_that_cannot_be_written_leaves_nothing(call: Any, target: Target, tmp_path: Path) -> None:
    code, text = call("month-end", "2026-04", "--export", str(tmp_path / "nowhere" / "april.zip"))
    assert (code, "EXPORT-FILE" in text, list(tmp_path.iterdir())) == (3, True, [])


def test_a_period_that_is_none_is_refused(call: Any) -> None:
    code, text = call("month-end", "November")
    assert (code, "PERIOD-UNKNOWN" in text) == (3, True)
