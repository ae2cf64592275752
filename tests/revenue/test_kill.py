"""A worker that dies at any effect, before or after it: never two uploads of one part, never a silent partial staging, always a report.
Every so manieth effect, and each around an upload, in the default suite; all of them with `make slow`."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tallybridge.errors import StepFailed
from tallybridge.http import Call
from tallybridge.revenue.closing import close_run
from tallybridge.revenue.files import FileState
from tallybridge.revenue.result import standing
from tests.faults.killing import KillableStore, Killer, WorkerKilled
from tests.faults.ways import MOMENTS
from tests.revenue.rules import rules
from tests.revenue.world import RevenueWorld, line, order


class KillableCalls:
    """Sees every request: those that write are effects."""

    def __init__(self, killer: Killer) -> None:
        self.killer = killer
        self.number = 0

    def before(self, call: Call) -> None:
        if "upload/file" in call.operation:
            self.number = self.killer.before(f"POST {call.operation}")

    def after(self, call: Call, status: int | None, seconds: float) -> None:
        if "upload/file" in call.operation:
            self.killer.after(self.number, f"POST {call.operation}")


def prepare(world: RevenueWorld, killer: Killer) -> None:
    world.load_rows(orders=[order(n) for n in range(1, 6)])
    world.objects(line("Orders", key_column="doc_line_id"))
    world.change(large_dataset_mode="chunked", max_rows_per_file=3, rows_per_part=3)
    world.memory.runs = KillableStore(world.memory.runs, killer)  # type: ignore[assignment]
    world.memory.objects = KillableStore(world.memory.objects, killer)
    world.memory.mailer = KillableStore(world.memory.mailer, killer)
    world.observer = KillableCalls(killer)


def reviving(world: RevenueWorld, killer: Killer) -> Any:
    """The state machine; a function that was killed finds a fresh process at its next attempt."""
    machine = world.machine()

    def once(function: Any) -> Any:
        def call(event: dict[str, Any]) -> Any:
            try:
                return function(event)
            except WorkerKilled:
                killer.revive()
                raise

        return call

    machine.functions = {name: once(function) for name, function in machine.functions.items()}
    return machine


def effects(world: RevenueWorld) -> list[str]:
    killer = Killer()
    prepare(world, killer)
    reviving(world, killer).run("whole", {"trigger": "manual", "instance": "Daily"})
    return killer.names


def check_invariants(world: RevenueWorld, where: str) -> None:
    names = [u["file_name"] for u in world.uploads()]
    assert len(names) == len(set(names)), f"{where}: a part was uploaded twice"
    result = world.result("run")
    staged = {row["file_request_id"] for row in world.dump()["stagingLine"]}
    states = {f.request_id: f.state for f in world.files("run")}
    output = world.wiring().runs().read("run")["outcome"]
    if output in ("SUCCESS", "WARNING"):
        assert len(world.staged()) == 5, f"{where}: green, but not everything is staged"
    else:
        assert output == "FAILED", where
        unknown = [f for f in world.files("run") if f.state in ("UNKNOWN", "SENDING", "SENT")]
        told = " ".join(standing(result))
        assert all(str(i) in states for i in staged) or unknown, f"{where}: staged, but not said"
        assert all(f.name in told for f in unknown), f"{where}: unknown, but not said"
    assert any(key[1].endswith("summary_run.csv") for key in world.memory.objects.content), f"{where}: no log"
    assert not [i for i in world.memory.runs.items.values() if i["pk"] == "lock"], f"{where}: a lock is left"


def kill_at(world: RevenueWorld, every: int) -> None:
    """Kill before and after every so manieth effect, the moments at different ones, and at each effect around an upload."""
    names = effects(world)
    uploads = [n for n, name in enumerate(names, 1) if name.startswith("POST")]
    assert len(uploads) == 2 and len(names) > 60
    around = {(n + offset, moment) for n in uploads for offset in (-1, 0, 1) for moment in MOMENTS}
    spread = {(n, m) for shift, m in enumerate(MOMENTS) for n in range(1 + shift * every // 2, len(names) + 1, every)}
    unknown = []
    for number, moment in sorted(around | spread):
        world.reset()
        killer = Killer(at=number, moment=moment)
        prepare(world, killer)
        reviving(world, killer).run("run", {"trigger": "manual", "instance": "Daily"})
        where = f"{moment} effect {number}, {names[number - 1]}"
        check_invariants(world, where)
        if world.wiring().runs().read("run")["outcome"] == "FAILED":
            unknown.append((number, moment))
    # Only a death between the record SENDING and the note of the answer leaves the outcome open.
    assert {(n, moment) for n in uploads for moment in MOMENTS} <= set(unknown) <= around


@rules("8.idempotency", "8.rule.9", "7.rule.2", "7.task.11", "7.task.12")
def test_killed_before_or_after_some_effects_and_each_around_an_upload(world: RevenueWorld) -> None:
    kill_at(world, 7)


@pytest.mark.slow
def test_killed_before_or_after_every_effect(world: RevenueWorld) -> None:
    kill_at(world, 1)


@rules("8.idempotency")
def test_the_record_is_written_before_the_request(world: RevenueWorld) -> None:
    names = effects(world)
    for number, name in enumerate(names):
        if name.startswith("POST"):
            assert names[number - 1] == "update_item", "SENDING is the last write before the request"


@rules("8.rule.9", "8.idempotency")
def test_a_file_that_a_worker_was_sending_when_it_died_is_sent_by_nobody(world: RevenueWorld) -> None:
    sent = next(number for number, name in enumerate(effects(world), 1) if name.startswith("POST"))
    world.reset()
    killer = Killer(at=sent, moment="after")
    prepare(world, killer)
    reviving(world, killer).run("run", {"trigger": "manual", "instance": "Daily"})
    assert ([f.state for f in world.files("run")], len(world.uploads())) == (["UNKNOWN", "PREPARED"], 1)


@rules("8.idempotency")
def test_of_two_workers_that_have_read_a_file_one_sends_it(world: RevenueWorld) -> None:
    world.load_rows(orders=[order(1)])
    world.objects(line("Orders"))
    world.run("run")
    (file,) = world.files("run")
    files = world.wiring().files("another")
    files.prepare(replace(file, state=FileState.PREPARED))
    (read,) = files.all()
    files.move(read, [FileState.PREPARED], FileState.SENDING)
    with pytest.raises(StepFailed, match="is no longer PREPARED"):
        files.move(read, [FileState.PREPARED], FileState.SENDING)


@rules("7.rule.2")
@pytest.mark.parametrize("status", ["ABORTED", "TIMED_OUT"])
def test_an_execution_that_is_stopped_is_reported_and_leaves_no_lock(world: RevenueWorld, status: str) -> None:
    world.load_rows(orders=[order(1)])
    world.objects(line("Orders"))
    machine = world.machine()
    usual = machine.functions["RevenueUploadFunctionArn"]

    class Stopped(BaseException):
        pass

    def stopping(event: dict[str, Any]) -> dict[str, Any]:
        answer = usual(event)
        if event["task"] == "upload":
            raise Stopped
        return answer

    machine.functions = {**machine.functions, "RevenueUploadFunctionArn": stopping}
    with pytest.raises(Stopped):
        machine.run("stopped", {"trigger": "manual", "instance": "Daily"})
    event = {"detail": {"executionArn": "arn:aws:states:eu-west-1:1:execution:revenue:stopped", "status": status}}
    assert close_run(event, world.wiring())["freed"]
    assert world.wiring().runs().read("stopped")["outcome"] == "FAILED"
    assert "FAILED" in world.mails()[0]["Subject"] and world.files("stopped")[0].name in world.report_file("stopped", "summary_stopped.csv")
    assert not [i for i in world.memory.runs.items.values() if i["pk"] == "lock"]
    assert not close_run(event, world.wiring())["freed"], "told twice, done once"


@rules("7.rule.5")
def test_a_dataset_that_takes_longer_than_one_function_may_run_is_read_on(world: RevenueWorld) -> None:
    columns = [{"name": name, "value": str(value)} for name, value in order(1).items() if name != "doc_line_id"]
    columns.append({"name": "doc_line_id", "value": "SO{n:06}-1"})
    world.netsuite.load({"dataset": [{"id": "custdataset_orders", "name": "Orders", "columns": columns, "generate": 6_000}]})
    world.objects(line("Orders"))

    class Slow:
        def before(self, call: Call) -> None:
            return None

        def after(self, call: Call, status: int | None, seconds: float) -> None:
            if "from row" in call.operation:
                world.clock.advance(seconds=290)

    world.observer = Slow()
    assert world.run("long")["outcome"] == "SUCCESS"
    assert world.passed.count("ReadDataset") == 2
    assert len(set(world.staged())) == 6_000


def test_a_run_that_cannot_even_be_opened_is_closed(world: RevenueWorld) -> None:
    machine = world.machine()

    def broken(event: dict[str, Any]) -> dict[str, Any]:
        raise MemoryError("no room")

    machine.functions = {**machine.functions, "RevenueOpenFunctionArn": broken}
    assert machine.run("never", {"trigger": "manual", "instance": "Daily"})["outcome"] == "FAILED"
    assert world.wiring().runs().read("never")["outcome"] == "FAILED"
