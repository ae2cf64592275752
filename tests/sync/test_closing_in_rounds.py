"""Counting, comparing and archiving take as many rounds as they need, and come to the same however many these were, and wherever a worker
died in between."""

from __future__ import annotations

import copy
import gzip
import itertools
import json
import os
import random
import re
import threading
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any, ClassVar

import boto3
import pytest
from botocore.exceptions import ClientError

from tallybridge.clock import stamp
from tallybridge.http import Call
from tallybridge.sync import upload
from tallybridge.sync.folder import RunFolder, is_gone
from tallybridge.sync.held import Held
from tallybridge.sync.runs import STALE_AFTER
from tallybridge.tasks import asking, drift, folded
from tallybridge.tasks.archive_log import archive_log
from tallybridge.tasks.reconcile import reconcile
from tallybridge.tasks.results import StepFacts
from tallybridge.tasks.steps import STEPS, step_class
from tallybridge.tasks.sync_step import run_task
from tests.faults.killing import KillableStore, Killer, WorkerKilled
from tests.sync import world
from tests.sync.builders import account, charge, invoice, merged, payment, subscription, zid
from tests.sync.memory import Keys, MemoryObjects, MemoryWiring, MemoryWorld
from tests.sync.run_world import ready

IN_THREADS = True

MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|\+00:00)")
GUARD_SECONDS = 60.0
S3_SECONDS = 0.2
CALL_SECONDS = 1.0
ONE_GO = 100_000
SHORT = 40
"""Seconds of an invocation: those behind which a round asks nothing more, what a round begins with, and a few calls."""
LESS = 14
EVERY = 17
"""Every so many writes a worker dies in the default suite."""


class Slow:
    """A store whose calls take their time."""

    def __init__(self, objects: MemoryObjects, clock: world.MovableClock) -> None:
        self.objects = objects
        self.clock = clock

    def __getattr__(self, name: str) -> Any:
        def call(**arguments: Any) -> Any:
            self.clock.advance(seconds=S3_SECONDS)
            return getattr(self.objects, name)(**arguments)

        return call


class SlowCalls:
    """Every call takes its time."""

    def __init__(self, clock: world.MovableClock) -> None:
        self.clock = clock

    def before(self, call: Call) -> None:
        self.clock.advance(seconds=CALL_SECONDS)

    def after(self, call: Call, status: int | None, seconds: float) -> None:
        return None


class SlowWiring(MemoryWiring):
    """Whose worker may be killed, too."""

    killer: ClassVar[Killer] = Killer()

    def observer(self) -> SlowCalls:
        return SlowCalls(self.world.clock)

    def objects(self) -> Any:
        return KillableStore(Slow(self.world.memory.objects, self.world.clock), SlowWiring.killer)

    def table(self, name: str) -> Any:
        return KillableStore(super().table(name), SlowWiring.killer)


def files(run: MemoryWorld, run_id: str, *names: str) -> dict[str, Any]:
    """What a run left, without moments."""
    of = f"runs/{run_id}/"
    log = gzip.decompress(run.object(f"{of}log.jsonl.gz")).decode()
    plain = {name: run.object(of + name).decode() for name in names or ("totals.json", "summary.json", "summary.csv")}
    return {name: MOMENT.sub("-", text).splitlines() for name, text in {**plain, "log": log}.items()}


class Closing:
    """A run whose batches are done, to be closed again and again from the same state."""

    def __init__(self, run: MemoryWorld, run_id: str, steps: list[str]) -> None:
        self.world = run
        self.run_id = run_id
        self.steps = steps
        self.objects = dict(run.memory.objects.content)
        self.items = {name: copy.deepcopy(table.items) for name, table in run.memory.tables.items()}

    def again(self) -> None:
        self.world.memory.objects = MemoryObjects()
        self.world.memory.objects.content = Keys(self.objects)
        for name, table in self.world.memory.tables.items():
            table.items = copy.deepcopy(self.items[name])

    def tasks(self) -> dict[str, Callable[[], dict[str, Any]]]:
        event = {"runId": self.run_id, "error": None}
        summaries = {
            step: partial(self._wired, lambda step, wiring: run_task(step_class(step), {**event, "task": "summarise"}, wiring), step)
            for step in self.steps
        }
        others = {
            "reconcile": partial(self._wired, lambda _, wiring: reconcile(event, wiring), ""),
            "archive": partial(self._wired, lambda _, wiring: archive_log(event, wiring), ""),
        }
        return {**summaries, **others}

    def _wired(self, act: Callable[[str, Any], dict[str, Any]], step: str) -> dict[str, Any]:
        return act(step, self.world.wiring())

    def close(self, seconds: int, at: int = 0, moment: str = "before") -> tuple[dict[str, Any], dict[str, int], Killer]:
        """Close the run from the state in which it was: files, rounds by task, and who may have killed it. A task that dies is repeated.
        An invocation ends after so many seconds, that of a step, which begins with less, after fewer."""
        self.again()
        SlowWiring.killer = killer = Killer(at, moment)
        rounds: dict[str, int] = {}
        for name, task in self.tasks().items():
            done, self.world.invocation_seconds = False, seconds - LESS * (name in self.steps)
            while not done:
                rounds[name] = rounds.get(name, 0) + 1
                assert rounds[name] < 200, f"{name} does not come to an end"
                try:
                    answer = task()
                except WorkerKilled:
                    killer.revive()
                    continue
                done = answer["done"]
                self.world.clock.advance(seconds=answer["wait"])
                holder = self.world.wiring().runs().lock_holder()
                assert holder and holder["heartbeat"] > stamp(self.world.clock.now() - STALE_AFTER + timedelta(minutes=10))
        return files(self.world, self.run_id), rounds, killer


@pytest.fixture(scope="module")
def closing(started_world: world.World) -> Closing:
    """Synced, set back, held, waiting, left out by a rule, changed on one side after the sync: some of everything, in small batches."""
    with pytest.MonkeyPatch.context() as patch:
        for step in ("customers", "invoices", "payments"):
            patch.setattr(step_class(step), "chunk", 1)
        run = MemoryWorld.of(started_world, SlowWiring)
        run.invocation_seconds = ONE_GO
        ready(run, cutover_zuora_invoice="2020-01-01", customer_account_sync_behavior="Sync New and Modified Records")
        assert run.run()["outcome"] == "completed"
        drifts(run)
        run.load(merged(*(account(f"B{n}", currency="EUR" if n == 3 else "USD") for n in range(7)), *documents()))
        opened = run.open()
        steps = [step for step in STEPS if opened["steps"][step]]
        for step in steps:
            selected = run.rounds(lambda: run.task(step, {"runId": opened["runId"], "step": step, "task": "select"}))  # noqa: B023
            for number in range(selected["batches"]):
                run.batch(opened["runId"], step, f"{number + 1:06d}")
        return Closing(run, opened["runId"], steps)


def documents() -> list[dict[str, Any]]:
    invoices = [invoice("A1", f"INV1{n}", [("Gold", 10.0 + n)], sub="S1") for n in range(5)]
    strange = [invoice("A1", f"INV2{n}", [("Gold", 7.0)], sub="S1", InvoiceDate="2011-01-01") for n in range(2)]
    held = [invoice("A1", f"INV3{n}", [("Odd", 20.0 + n)], sub="S2") for n in range(3)]
    paid = [payment("A1", f"P1{n}", 5.0, {f"INV1{n}": 5.0}) for n in range(4)]
    waiting = [payment("A1", f"P3{n}", 5.0, {f"INV3{n}": 5.0}) for n in range(3)]
    odd = [charge("Odd", ItemType__NS=None), subscription("A1", "S2", "Odd")]
    return [*odd, *invoices, *strange, *held, *paid, *waiting]


def drifts(run: MemoryWorld) -> None:
    run.clock.advance(minutes=10)
    store = run.zuora.tenant.store
    with store.lock:
        store.update("Payment", zid("P1"), {"Amount": 61.0})
    run.clock.advance(minutes=10)


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pieces, questions and parts of a few records each."""
    monkeypatch.setattr(folded, "FILES_PER_PIECE", 3)
    monkeypatch.setattr(asking, "IDS_PER_QUESTION", 2)
    monkeypatch.setattr(drift, "AT_A_TIME", 1)
    monkeypatch.setattr(upload, "PART_BYTES", 300)


@pytest.fixture(scope="module")
def at_once(closing: Closing) -> dict[str, Any]:
    left, rounds, _ = closing.close(ONE_GO)
    assert set(rounds.values()) == {1}, rounds
    return left


def test_there_is_some_of_everything(at_once: dict[str, Any]) -> None:
    summary = json.loads("".join(at_once["summary.json"]))
    of = {total["object"]: total for total in summary["totals"]}
    assert of["Invoice"]["synced"]["count"] and of["Invoice"]["held"]["count"] and of["Payment"]["held"]["count"]
    assert summary["drift"] and summary["left_out"] and summary["causes"] and len(at_once["log"]) > 30


@pytest.mark.parametrize("seconds", [SHORT, SHORT + 1, SHORT + 3, SHORT + 7])
def test_rounds_come_to_the_same_as_one_go(closing: Closing, at_once: dict[str, Any], small: None, seconds: int) -> None:
    left, rounds, _ = closing.close(seconds)
    assert left == at_once
    assert sum(rounds.values()) > len(rounds)
    if seconds == SHORT:
        assert min(rounds[name] for name in ("customers", "invoices", "reconcile", "archive")) > 1


def test_pieces_come_to_the_same_as_one(closing: Closing, at_once: dict[str, Any], small: None) -> None:
    assert closing.close(ONE_GO)[0] == at_once


@pytest.mark.parametrize("moment", ["before", "after"])
def test_a_worker_that_dies_between_two_writes_counts_nothing_twice(
    closing: Closing, at_once: dict[str, Any], small: None, moment: str
) -> None:
    dies_at_each_write(closing, at_once, moment, every=EVERY)


@pytest.mark.slow
@pytest.mark.parametrize("moment", ["before", "after"])
def test_a_worker_that_dies_between_any_two_writes_counts_nothing_twice(
    closing: Closing, at_once: dict[str, Any], small: None, moment: str
) -> None:
    dies_at_each_write(closing, at_once, moment, every=1)


def dies_at_each_write(closing: Closing, at_once: dict[str, Any], moment: str, every: int) -> None:
    counted = closing.close(SHORT + 7)[2]
    for at in range(1, counted.count + 1, every):
        left, _, killer = closing.close(SHORT + 7, at, moment)
        assert killer.where or killer.count < at  # how often threads hand a slot on, without a write, differs
        assert left == at_once, f"{killer.where}, write {at} of {counted.count}"


def test_a_log_of_many_parts_is_put_together_on_s3(served_world: world.World) -> None:
    """In rounds, with a part that is sent again; what an upload has become that is over is told."""
    folder = RunFolder(boto3.client("s3"), os.environ["REPORTS_BUCKET"], "parts")
    content = random.Random(7).randbytes(3 * upload.PART_BYTES + 1_000)
    first = upload.Upload(folder, "log.jsonl.gz", "application/gzip")
    first.write(content[: upload.PART_BYTES + 10])
    state = json.loads(json.dumps(first.to_json()))
    first.write(content[upload.PART_BYTES + 10 : 2 * upload.PART_BYTES + 20])
    second = upload.Upload(folder, "log.jsonl.gz", "application/gzip")
    second.load(state)
    second.write(content[upload.PART_BYTES + 10 :])
    assert not folder.has("log.jsonl.gz")
    second.close()
    assert folder.read("log.jsonl.gz") == content
    third = upload.Upload(folder, "log.jsonl.gz", "application/gzip")
    third.load(state)
    with pytest.raises(ClientError) as gone:
        third.write(content)
    assert is_gone(gone.value)


def test_a_run_that_is_archived_again_begins_at_the_beginning(closing: Closing, at_once: dict[str, Any], small: None) -> None:
    assert closing.close(SHORT)[0] == at_once
    closing.world.invocation_seconds = ONE_GO
    folder = closing.world.wiring().folder(closing.run_id)
    folder.write_lines("log/later.jsonl.gz", [])
    assert archive_log({"runId": closing.run_id, "error": None}, closing.world.wiring())["done"]
    assert files(closing.world, closing.run_id) == at_once


def test_a_step_that_was_cut_short_is_counted_by_the_archive(closing: Closing, at_once: dict[str, Any], small: None) -> None:
    """A run that was stopped between two batches: the log has the lines of those that are done, and the step's report says so."""
    closing.again()
    closing.world.invocation_seconds = SHORT
    content = closing.world.memory.objects.content
    for key in [k for k in content if k.startswith(f"runs/{closing.run_id}/customers/") and "/000003-" in k and "batches" not in k]:
        del content[key]
    error = {"Error": "Stopped", "Cause": ""}
    closing.world.rounds(lambda: archive_log({"runId": closing.run_id, "error": error}, closing.world.wiring()))
    left = files(closing.world, closing.run_id, "summary.json")
    summary = json.loads("".join(left["summary.json"]))
    customers = next(step for step in summary["steps"] if step["step"] == "customers")
    assert (customers["selected"], customers["unfinished"], customers["outcome"]) == (7, 1, "failed")
    assert "when the run was ended" in customers["message"]
    of_batches = [line for line in at_once["log"] if '"step":"customers"' in line and '"source_id"' in line]
    assert len([line for line in left["log"] if line in of_batches]) == len(of_batches) - 1


def test_destinations_are_asked_side_by_side_as_far_as_there_are_slots(
    closing: Closing, small: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(asking, "IDS_PER_QUESTION", 1)
    closing.close(ONE_GO)
    folder = closing.world.wiring().folder(closing.run_id)
    kind, guard = step_class("customers"), threading.Lock()
    together, under_way, most = threading.Barrier(3), 0, 0

    class Destination:
        """Answers its first questions once three of them are under way."""

        asked = itertools.count()

        def holdings(self, ids: list[str]) -> list[tuple[str, Held]]:
            nonlocal under_way, most
            with guard:
                under_way, number = under_way + 1, next(self.asked)
                most = max(most, under_way)
            if number < together.parties:
                together.wait(GUARD_SECONDS)
            with guard:
                under_way -= 1
            return [(i, Held()) for i in ids]

    asked, step = asking.Asked(), Destination()
    whole = folded.so_far(folder, StepFacts.of_class(kind))
    asked.ask(kind, whole, folder, lambda: step, 3)  # type: ignore[arg-type, return-value]
    assert most == 3
    assert asked.answers.held["Account", ""].count == whole.totals["Account", ""].expected.count > 3
