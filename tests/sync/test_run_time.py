"""A run whose time does not suffice: it ends in good order, says how far it came, and the next run goes on."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from sandbox.demo.bench_steps import bench_step
from tallybridge.http import Call
from tallybridge.tasks.select import LEAST_BUNDLES, MAX_BUNDLE, bundles
from tallybridge.tasks.steps import STEPS, comes_after, step_class
from tests.sync.memory import MemoryWiring, MemoryWorld
from tests.sync.world import unserved_world

RECORDS = 12
CHUNK = 2
CALL_MINUTES = 1.5
MAX_RUNS = 20
SYNCED_FIELDS = ("IntegrationId__NS", "IntegrationStatus__NS", "SyncDate__NS")


class SlowWiring(MemoryWiring):
    """Every call takes its time on the world's clock, and functions run for as long as they need."""

    def observer(self) -> Any:
        return self

    def before(self, call: Call) -> None:
        self.world.clock.advance(minutes=CALL_MINUTES)

    def after(self, call: Call, status: int | None, seconds: float) -> None:
        return None


@pytest.fixture(scope="module")
def memory() -> MemoryWorld:
    return MemoryWorld.of(unserved_world())


@pytest.fixture
def slow(memory: MemoryWorld, monkeypatch: pytest.MonkeyPatch) -> MemoryWorld:
    monkeypatch.setattr("tallybridge.tasks.away.PROBE_SECONDS", 3600)
    monkeypatch.setattr(step_class("invoices"), "chunk", CHUNK)
    monkeypatch.setattr(step_class("payments"), "chunk", CHUNK)
    world = copy.copy(memory)
    world.wiring_class = SlowWiring
    world.invocation_seconds = 24 * 3600
    return world


def filled(world: MemoryWorld, step: str, **settings: Any) -> None:
    tenant = bench_step(step, RECORDS, "B")
    world.reset(**{"default_subsidiary": "Parent Company", **tenant.settings, **settings})
    world.load(tenant.in_mode("B"), tenant.netsuite)


def ran(world: MemoryWorld, *steps: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Output and summary of a run."""
    output = world.run(steps=list(steps))
    return output, world.summary(output)


def report(summary: dict[str, Any], step: str) -> dict[str, Any]:
    return next(s for s in summary["steps"] if s["step"] == step)


def test_a_run_out_of_time_is_partly_done_and_the_next_ones_finish_it(slow: MemoryWorld) -> None:
    filled(slow, "invoices", run_hours=1)
    done: list[int] = []
    for _ in range(MAX_RUNS):
        output, summary = ran(slow, "invoices")
        done.append(report(summary, "invoices")["created"])
        assert output["tiedOut"] is True
        if output["outcome"] == "completed":
            break
        invoices = report(summary, "invoices")
        assert output["outcome"] == summary["outcome"] == invoices["outcome"] == "partly done"
        assert invoices["selected"] + invoices["left"] == RECORDS - sum(done[:-1])
        assert invoices["message"].startswith(f"{invoices['selected']} of {RECORDS - sum(done[:-1])} records; the run's time was used up.")
        assert all(t["tied_out"] for t in summary["totals"])
        assert not [m for m in summary["messages"] if m["level"] != "INFO"]
    assert len(done) > 2
    assert sum(done) == RECORDS == len(slow.in_netsuite("invoice"))


def test_steps_that_refer_to_what_is_left_wait_for_it(slow: MemoryWorld) -> None:
    tenant = bench_step("payments", RECORDS, "B")
    zuora = tenant.in_mode("B")
    for invoice in zuora["Invoice"]:
        for name in SYNCED_FIELDS:
            invoice.pop(name, None)
        invoice["TransferredToAccounting"] = "No"
    slow.reset(**{"default_subsidiary": "Parent Company", **tenant.settings, "run_hours": 1})
    slow.load(zuora, {name: rows for name, rows in tenant.netsuite.items() if name != "invoice"})
    output, summary = ran(slow, "invoices", "payments")
    assert (output["outcome"], report(summary, "invoices")["outcome"]) == ("partly done", "partly done")
    payments = report(summary, "payments")
    assert (payments["outcome"], payments["selected"]) == ("partly done", 0)
    assert payments["message"] == "Not begun: waits for Zuora invoices. The next run goes on."
    assert slow.in_netsuite("customerPayment") == []


def test_a_run_that_has_time_leaves_nothing(slow: MemoryWorld) -> None:
    filled(slow, "invoices", run_hours=160)
    output, summary = ran(slow, "invoices")
    assert (output["outcome"], report(summary, "invoices")["left"]) == ("completed", 0)


def test_nothing_comes_after_a_step_that_runs_later() -> None:
    for place, step in enumerate(STEPS):
        assert set(comes_after(step)) <= set(STEPS[:place])


def test_batches_that_a_step_does_not_come_to_are_left_without_being_called(slow: MemoryWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is invoked for them: the state machine begins no bundle any more, and what it has not begun is counted as left."""
    filled(slow, "invoices", run_hours=1)
    run_id = slow.open(steps=["invoices"])["runId"]
    called: list[str] = []
    batch = MemoryWorld.batch

    def noted(world: MemoryWorld, run_id: str, step: str, name: str) -> None:
        called.append(name)
        batch(world, run_id, step, name)

    monkeypatch.setattr(MemoryWorld, "batch", noted)
    slow.step(run_id, "invoices")
    folder = slow.wiring().folder(run_id)
    manifest = folder.read_json("invoices/manifest.json")
    assert len(manifest) == RECORDS / CHUNK > len(called) > 0
    assert folder.has("invoices/left/batches.json"), "what steps that come after it look for"
    summary = slow.summary(slow.close(run_id))
    invoices = report(summary, "invoices")
    assert (summary["outcome"], invoices["selected"] + invoices["left"], invoices["unfinished"]) == ("partly done", RECORDS, 0)
    assert invoices["left"] >= RECORDS - CHUNK * len(called)


def test_bundles_are_of_one_batch_until_there_are_many() -> None:
    def sizes(count: int) -> list[int]:
        names = [f"{number:06d}" for number in range(1, count + 1)]
        found = bundles(names)
        assert [name for bundle in found for name in bundle["batches"]] == names
        return [len(bundle["batches"]) for bundle in found]

    assert sizes(0) == []
    assert set(sizes(LEAST_BUNDLES * 2 - 1)) == {1}
    assert set(sizes(LEAST_BUNDLES * 2)) == {2}
    assert (len(sizes(9_000)), max(sizes(9_000))) == (450, MAX_BUNDLE)


def test_a_watermark_does_not_pass_what_was_left(slow: MemoryWorld) -> None:
    """Changed customers that a run did not come to are looked at by the next one."""
    tenant = bench_step("customers", RECORDS, "B")
    slow.reset(default_subsidiary="Parent Company", **{**tenant.settings, "run_hours": 1})
    slow.load(tenant.in_mode("B"), tenant.netsuite)
    kind = step_class("customers")
    chunk, kind.chunk = kind.chunk, CHUNK
    try:
        found = [ran(slow, "customers")[1] for _ in range(MAX_RUNS)]
    finally:
        kind.chunk = chunk
    outcomes = [summary["outcome"] for summary in found]
    assert outcomes[0] == "partly done"
    assert outcomes[-1] == "completed"
    assert sum(report(s, "customers")["created"] for s in found) == RECORDS
