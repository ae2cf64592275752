"""The first run binds an instance to one tenant pair and mode; another one is refused, or accepted by a person."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from typing import Any

import pytest

from tallybridge.errors import ConfigurationError
from tallybridge.tasks.steps import STEPS
from tests.sync.memory import MemoryWorld
from tests.sync.run_world import fails_to_open, mails, open_with, ready, run_log


@pytest.mark.parametrize(("account", "refused"), [("1", False), ("2", True)])
def test_of_two_first_openings_that_meet_the_second_keeps_to_the_first(fast: MemoryWorld, account: str, refused: bool) -> None:
    fast.reset()
    runs, other = (fast.wiring().runs() for _ in range(2))
    table: Any = runs.table
    read, first = table.get_item, {"netsuite_account": "1", "tenant_mode": "B"}

    def meanwhile(**asked: Any) -> Any:
        found = read(**asked)
        table.get_item = read
        other.bind(first)
        return found

    table.get_item = meanwhile
    if refused:
        with pytest.raises(ConfigurationError):
            runs.bind({**first, "netsuite_account": account})
    else:
        assert runs.bind({**first, "netsuite_account": account}) == ""
    assert runs.bound() == first


def test_an_instance_is_bound_to_one_netsuite_account(fast: MemoryWorld) -> None:
    ready(fast, notify_on_success="Yes")
    fast.run()
    fast.settings(**{"netsuite.account_id": "7654321", "notify_on_success": "Yes"})
    error, output = fails_to_open(fast)
    assert (error.code, output["outcome"]) == ("CONNECTION-CHANGED", "failed")
    assert "7654321" in error.message
    assert mails(fast) == 2
    assert fast.wiring().runs().lock_holder() is None


@contextmanager
def without_settlement(world: MemoryWorld) -> Iterator[None]:
    """A tenant of mode A: its credit memos cannot be read."""
    world.zuora.options.settlement = False
    try:
        yield
    finally:
        world.zuora.options.settlement = True


def bound_mode(world: MemoryWorld) -> str:
    runs = world.wiring().runs()
    return str(runs.table.get_item(Key={"pk": "connection", "sk": "zuora-netsuite"})["Item"]["tenant_mode"])


@pytest.mark.rule("sequence-and-status.1.3.rule.detected")
def test_the_mode_is_detected_and_kept_with_the_connection(fast: MemoryWorld) -> None:
    ready(fast)
    assert open_with(fast)["mode"] == "B"
    assert bound_mode(fast) == "B"
    ready(fast)
    with without_settlement(fast):
        opened = open_with(fast)
    assert (opened["mode"], bound_mode(fast)) == ("A", "A")
    assert (opened["steps"]["adjustments"], opened["steps"]["credit_memos"]) == (True, False)
    assert tuple(opened["steps"]) == STEPS
    assert json.loads(fast.object(f"runs/{opened['runId']}/run.json"))["mode"] == "A"


@pytest.mark.rule("sequence-and-status.1.3.rule.differs")
@pytest.mark.parametrize(("stored", "detected"), [("A", "B"), ("B", "A")])
def test_a_run_stops_when_the_tenants_mode_is_not_the_one_that_was_kept(fast: MemoryWorld, stored: str, detected: str) -> None:
    ready(fast)
    fast.wiring().runs().bind({"tenant_mode": stored})
    with nullcontext() if detected == "B" else without_settlement(fast):
        error, output = fails_to_open(fast)
    assert (error.code, output["outcome"], bound_mode(fast)) == ("MODE-CHANGED", "failed", stored)
    assert f"(mode {detected})" in error.message
    assert f'{{"acceptMode": "{detected}"}}' in error.advice
    assert fast.wiring().runs().lock_holder() is None


def test_a_deliberate_switch_is_accepted_once_and_kept(fast: MemoryWorld) -> None:
    ready(fast)
    fast.wiring().runs().bind({"tenant_mode": "A"})
    opened = open_with(fast, acceptMode="B")
    assert (opened["mode"], bound_mode(fast)) == ("B", "B")
    (warning,) = [line for line in run_log(fast, opened["runId"]) if line["level"] == "WARNING"]
    assert (warning["code"], "until now this instance ran in mode A" in warning["message"]) == ("MODE-SWITCHED", True)
    again = open_with(fast, acceptMode="B")
    assert [line["code"] for line in run_log(fast, again["runId"]) if line["level"] == "WARNING"] == []
    assert open_with(fast)["mode"] == "B"


def test_a_dry_run_binds_nothing(fast: MemoryWorld) -> None:
    ready(fast)
    with without_settlement(fast):
        assert open_with(fast, dryRun=True)["mode"] == "A"
    assert "Item" not in fast.wiring().runs().table.get_item(Key={"pk": "connection", "sk": "zuora-netsuite"})
    assert open_with(fast)["mode"] == "B"


def test_a_dry_run_looks_at_the_other_mode_without_switching(fast: MemoryWorld) -> None:
    ready(fast)
    fast.wiring().runs().bind({"tenant_mode": "A"})
    assert open_with(fast, acceptMode="B", dryRun=True)["mode"] == "B"
    assert bound_mode(fast) == "A"
    assert fails_to_open(fast)[0].code == "MODE-CHANGED"


def test_a_mode_that_the_tenant_does_not_have_is_not_accepted(fast: MemoryWorld) -> None:
    ready(fast)
    fast.wiring().runs().bind({"tenant_mode": "A"})
    with without_settlement(fast):
        error, _ = fails_to_open(fast, {"acceptMode": "B"})
    assert (error.code, bound_mode(fast)) == ("MODE-NOT-SWITCHED", "A")


def test_accepting_a_mode_does_not_accept_another_netsuite_account(fast: MemoryWorld) -> None:
    ready(fast)
    fast.wiring().runs().bind({"netsuite_account": "7654321", "tenant_mode": "A"})
    error, _ = fails_to_open(fast, {"acceptMode": "B"})
    assert (error.code, bound_mode(fast)) == ("CONNECTION-CHANGED", "A")
