"""Plans on the command line: shown in sums, record by record and as postings; applied with a reason, or refused."""

from __future__ import annotations

import csv
import io
import json
import sys
from typing import Any

import pytest

from tallybridge.desk import plans, progress
from tallybridge.tasks.plans import take
from tallybridge_cli import main as commands
from tallybridge_cli import options, plan_commands, watch
from tallybridge_cli.target import Target
from tests.cli.conftest import TestClock
from tests.cli.plans import store_plan
from tests.cli.runs import RUN, finished_run, store_run

HERS = "arn:aws:sts::123456789012:assumed-role/finance/mara"


@pytest.fixture
def call(target: Target, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Any:
    """Calls a command on the test's installation, as a person; answers exit code and what it wrote. A run that is started is one that has
    ended already."""
    started: list[dict[str, Any]] = []

    def start(_: Target, **asked: Any) -> str:
        started.append(asked)
        return f"arn:aws:states:x:1:execution:billing:{RUN}"

    monkeypatch.setattr(plan_commands, "target_of", lambda env, stack: target)
    monkeypatch.setattr(Target, "who", lambda _: HERS)
    monkeypatch.setattr(plans, "start", start)
    monkeypatch.setattr(progress, "start", start)
    monkeypatch.setattr(watch, "follow", lambda *_: iter(()))

    def call_(*arguments: str) -> tuple[int, str]:
        monkeypatch.setattr(plan_commands, "out", options.console_for(sys.stdout))
        monkeypatch.setattr(commands, "err", options.console_for(sys.stderr))
        with pytest.raises(SystemExit) as end:
            commands.main(arguments)
        written = capsys.readouterr()
        return int(end.value.code or 0), written.out + written.err

    call_.started = started  # type: ignore[attr-defined]
    return call_


@pytest.fixture
def plan(target: Target, clock: TestClock) -> str:
    return store_plan(target, clock)


def test_a_plan_is_named_by_the_beginning_of_its_run(call: Any, plan: str) -> None:
    assert plan in call("plan", plan[:6])[1]


def test_the_newest_plan_is_shown(call: Any, plan: str) -> None:
    code, text = call("plan")
    assert code == 0
    for said in (plan, "Zuora invoices", "USD 100.00", "held", "1100 Accounts Receivable", f"tallybridge apply {plan}"):
        assert said in text


def test_without_a_plan_it_is_said_how_to_make_one(call: Any, target: Target) -> None:
    code, text = call("plan")
    assert (code, "PLAN-UNKNOWN" in text, "tallybridge run --dry-run" in text) == (3, True, True)


def test_a_run_that_was_no_dry_run_has_no_plan(call: Any, target: Target) -> None:
    store_run(target, finished_run())
    assert "PLAN-UNKNOWN" in call("plan", RUN)[1]
    assert "RUN-UNKNOWN" in call("plan", "nobody")[1]


def test_the_postings_alone_as_json_and_as_csv(call: Any, plan: str) -> None:
    told = json.loads(call("plan", plan, "--gl", "--json")[1])
    assert set(told) == {"effect", "unknown", "off", "silent"}
    rows = list(csv.DictReader(io.StringIO(call("plan", plan, "--gl", "--csv")[1])))
    assert [(r["name"], r["debit"], r["credit"]) for r in rows] == [
        ("1100 Accounts Receivable", "100", "60"),
        ("4000 Sales", "0", "100"),
        ("Undeposited Funds", "60", "0"),
    ]


def test_the_records_one_by_one(call: Any, plan: str) -> None:
    rows = list(csv.DictReader(io.StringIO(call("plan", plan, "--csv")[1])))
    assert [(r["step"], r["number"], r["does"], r["amount"]) for r in rows] == [
        ("customers", "A1", "update", ""),
        ("invoices", "INV1", "create", "100"),
        ("invoices", "INV2", "held", "7"),
        ("payments", "P1", "create", "60"),
    ]
    text = call("plan", plan, "--does", "held")[1]
    assert "INV2" in text
    assert "INV-V2" in text
    assert [r["number"] for r in json.loads(call("plan", plan, "--does", "held", "--json")[1])["records"]] == ["INV2"]


def test_a_plan_is_applied_and_the_run_is_shown(call: Any, plan: str, target: Target) -> None:
    store_run(target, finished_run())
    code, text = call("apply", plan, "--reason", "month end")
    assert (code, RUN in text) == (1, True)
    (asked,) = call.started
    assert (asked["plan"], asked["dry_run"], asked["by"], asked["reason"]) == (plan, False, HERS, "month end")
    told = json.loads(call("apply", plan, "--reason", "month end", "--json")[1])
    assert (told["run_id"], told["plan"], told["exit_code"]) == (RUN, plan, 1)


def test_a_plan_that_may_not_be_applied_starts_nothing(call: Any, plan: str, target: Target) -> None:
    assert call("apply", plan, "--reason", " ")[0] == 3
    assert "RUN-UNKNOWN" in call("apply", "nobody", "--reason", "month end")[1]
    take(target.folder(plan), "the-run", target.clock.now())
    code, text = call("apply", plan, "--reason", "month end")
    assert (code, "PLAN-APPLIED" in text, "the-run" in text, call.started) == (3, True, True, [])
    assert "It cannot be applied" in call("plan", plan)[1]


def test_a_new_plan_is_made_first(call: Any, target: Target) -> None:
    store_run(target, finished_run(dry_run=True))
    target.runs.record(RUN, dry_run=True)
    code, text = call("plan", "--new")
    assert (code, RUN in text, call.started[0]["dry_run"]) == (0, True, True)
