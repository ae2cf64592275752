"""Reversing a run on the command line: planned by one person, approved by another, carried out, told."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tallybridge.desk.reversal import planning
from tallybridge.desk.target import Target
from tallybridge_cli import main as commands
from tallybridge_cli import options, reversal_commands, watch
from tests.sync.memory import MemoryWorld
from tests.sync.reversal_world import ANN, BOB, connect, invoices, reversers, target_of
from tests.sync.world import unserved_world

Call = Callable[..., tuple[int, str]]


@pytest.fixture(scope="module")
def world() -> MemoryWorld:
    return MemoryWorld.of(unserved_world())


@pytest.fixture
def run_id(world: MemoryWorld) -> str:
    """A run that has created an invoice and a payment."""
    return str(invoices(world, "payments")["runId"])


@pytest.fixture
def call(world: MemoryWorld, run_id: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Call:
    """call(person, "plan", ...) -> exit code and what the command wrote. An execution that is started runs at once, in the world."""
    target = target_of(world)

    def follow(target: Target, execution: str) -> Iterator[Any]:
        given = target.clients["stepfunctions"].inputs[-1]
        world.run(reverse=given["reverse"])
        return iter(())

    monkeypatch.setattr(planning, "connected", connect(world))
    monkeypatch.setattr(reversal_commands, "target_of", lambda env, stack: target)
    monkeypatch.setattr(watch, "follow", follow)

    def call_(person: str, *arguments: str) -> tuple[int, str]:
        monkeypatch.setattr(Target, "who", lambda _: person)
        monkeypatch.setattr(reversal_commands, "out", options.console_for(sys.stdout))
        monkeypatch.setattr(commands, "err", options.console_for(sys.stderr))
        with pytest.raises(SystemExit) as end:
            commands.main(("reversal", *arguments))
        written = capsys.readouterr()
        return int(end.value.code or 0), written.out + written.err

    return call_


def made(call: Call, run_id: str) -> dict[str, Any]:
    code, text = call(ANN, "plan", run_id, "--json")
    assert code == 0, text
    return dict(json.loads(text))


def test_a_plan_says_what_is_reversed_how_and_what_stays(call: Call, run_id: str, world: MemoryWorld) -> None:
    code, text = call(ANN, "plan", run_id)
    assert code == 0
    for said in ("1 payment with USD 60.00, by journal entry", "1 invoice with USD 100.00, by credit memo", "RV-MASTER", "not approved"):
        assert said in text
    assert "are not sent again by themselves" in text and "tallybridge reversal approve" in text
    assert reversers(world) == {}


def test_another_person_approves_and_it_is_carried_out(call: Call, run_id: str, world: MemoryWorld) -> None:
    plan = made(call, run_id)
    code, text = call(BOB, "approve", plan["id"], "--reason", "wrong price list", "--json")
    told = json.loads(text)
    assert (code, told["state"], told["done"], told["approval"]["reason"]) == (0, "carried out", 2, "wrong price list")
    assert {row["id"]: [row["reversed_by"]] for row in told["reversals"]} == reversers(world)
    code, text = call(BOB, "show", plan["id"])
    assert code == 0 and "carried out" in text and all(by in text for (by,) in reversers(world).values())
    code, text = call(ANN, "list", "--run", run_id)
    assert f"{plan['id']}  carried out  run {run_id}: 1 payment" in text


def test_refusals_have_a_code_and_a_next_step(call: Call, run_id: str) -> None:
    plan = made(call, run_id)
    for arguments, said in {
        ("approve", plan["id"], "--reason", "mine"): ("REVERSAL-SAME-PERSON", "another approver"),
        ("run", plan["id"]): ("REVERSAL-NOT-APPROVED", "reversal approve"),
        ("show", "nothing"): ("REVERSAL-UNKNOWN", "reversal list"),
        ("plan", "nothing"): ("RUN-UNKNOWN", ""),
    }.items():
        code, text = call(ANN, *arguments)
        assert code == 3, text
        assert all(each in text for each in said), text


def test_it_need_not_be_waited_for(call: Call, run_id: str, world: MemoryWorld) -> None:
    plan = made(call, run_id)
    code, text = call(BOB, "approve", plan["id"], "--reason", "wrong price list", "--no-wait")
    assert (code, "carries it out." in text, reversers(world)) == (0, True, {})
    code, text = call(BOB, "run", plan["id"])
    assert code == 0 and "carried out" in text


def test_nothing_was_planned(call: Call) -> None:
    assert "Nothing was planned to be reversed." in call(ANN, "list")[1]
