"""Each step of the billing sync alone, while a second worker enters: in the end both systems look exactly as after a run that nobody
disturbed.

The second worker belongs to the next run, because the first one's run was stopped, or it is a retry in the same run; neither ends a
function that is running. Either the first worker stands before one of its effects while the second does all that it may, or the second
one stands before one of its effects, having read what it rests on, while the first does everything, or the second one dies there and is
started again when the first has ended. One effect in each order in the default suite, around jobs one of each step, the orders taking
turns; all of them with `make slow`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import pytest

from tallybridge.tasks.close_run import close_run
from tallybridge.tasks.steps import step_class
from tests.faults import deaths
from tests.faults.each_step import IN_JOBS, STEPS, fill, picture
from tests.faults.killing import WorkerKilled
from tests.faults.lanes import Lane, as_processes
from tests.sync.memory import MemoryWorld
from tests.sync.reverse_world import apply, ns_payment, parts_of, ready, run, zuora_of
from tests.sync.world import World, unserved_world

SHIFT = 7
"""Each step, way and order begins at another effect, so that together they meet more of them."""
MAX_RUNS = 3
PAST_ITS_HEARTBEAT = 2
"""The effect before which the first worker stands while the second one does what it rests on."""
WAYS = ("the next run", "a retry")
ORDERS = ("the first stands", "the second stands", "the second dies")
EACH = pytest.mark.parametrize(("memory", "step"), STEPS, indirect=["memory"])


@pytest.fixture(scope="module")
def memory(request: pytest.FixtureRequest) -> tuple[MemoryWorld, str]:
    return MemoryWorld.of(unserved_world(settlement=request.param == "B")), request.param


@pytest.fixture(autouse=True)
def processes_of_their_own(monkeypatch: pytest.MonkeyPatch) -> None:
    for target, name, value in as_processes(step_class(step) for _, step in STEPS):
        monkeypatch.setattr(target, name, value)


def opened(world: MemoryWorld, step: str) -> tuple[str, int]:
    """A new run with its records selected: (run id, batches)."""
    run = world.open(steps=[step])
    assert run["opened"], run
    selected = world.task(step, {"runId": run["runId"], "step": step, "task": "select"})
    return run["runId"], selected["batches"]


def stopped(world: MemoryWorld, run_id: str) -> None:
    """What happens when a person stops the execution: AWS tells, and ends no function."""
    execution = f"arn:aws:states:eu-west-1:000000000000:execution:billing:{run_id}"
    assert close_run({"detail": {"executionArn": execution, "status": "ABORTED"}}, world.wiring())["freed"]


def closed(world: MemoryWorld, run_id: str, step: str) -> dict[str, Any]:
    world.task(step, {"runId": run_id, "step": step, "task": "summarise", "error": None})
    return world.close(run_id)


def undisturbed(world: MemoryWorld, step: str, fill: Callable[[], None]) -> tuple[list[str], dict[str, list[Any]]]:
    """The effects of a worker in their order, and what is there in the end."""
    fill()
    run_id, batches = opened(world, step)
    lane = Lane(world).start(run_id, step, batches)
    lane.finish()
    output = closed(world, run_id, step)
    assert output["outcome"] == "completed", world.summary(output)["messages"]
    return lane.gate.names, picture(world)


def disturbed(world: MemoryWorld, step: str, fill: Callable[[], None], way: str, order: str, at: int) -> tuple[str, dict[str, Any]]:
    """A run in which a second worker enters, and runs until one is green: where the one worker stood, and the last output."""
    fill()
    first_stands = order == "the first stands"
    run_id, batches = opened(world, step)
    first = Lane(world, stop_at=at if first_stands else PAST_ITS_HEARTBEAT).start(run_id, step, batches)
    first.stands()
    if way == "the next run":
        stopped(world, run_id)
        run_id, batches = opened(world, step)
    second = Lane(world, 0 if first_stands else at, dies=order == "the second dies").start(run_id, step, batches)
    second.stands()
    first.finish()
    second.finish()
    if isinstance(second.died, WorkerKilled) and second.gate.dies:
        Lane(world).start(run_id, step, batches).finish()
    output = closed(world, run_id, step)
    for _ in range(MAX_RUNS):
        if output["outcome"] == "completed":
            break
        world.clock.advance(minutes=30)
        output = world.run(steps=[step])
    return (first if first_stands else second).gate.where, output


Choice = Callable[[Sequence[str], int], Iterable[int]]
"""Before which effects of a worker the other enters, from the names of the effects and the place of way and order; from 1."""


def each(names: Sequence[str], place: int) -> Iterable[int]:
    """Each effect in each order; the ways take turns."""
    return range(1 + place // len(ORDERS), len(names) + 1, len(WAYS))


def one(shift: int) -> Choice:
    """One effect in each order, the ways taking turns; `shift`, and each way and order, moves which one."""

    def chosen(names: Sequence[str], place: int) -> Iterable[int]:
        return [1 + SHIFT * (4 * shift + place) % len(names)] if _has_its_turn(place, shift) else []

    return chosen


def _has_its_turn(place: int, shift: int) -> bool:
    """Whether this way is that of this order."""
    way, order = divmod(place, len(ORDERS))
    return (way + order + shift) % len(WAYS) == 0


def one_order(shift: int) -> Choice:
    """As `one`, but in one order, the orders taking turns."""
    of_each = one(shift)
    return lambda names, place: of_each(names, place) if place % len(ORDERS) == shift % len(ORDERS) else []


def enter_at(
    world: MemoryWorld,
    step: str,
    fill: Callable[[], None],
    choose: Choice,
    name: str,
    known: tuple[list[str], dict[str, list[Any]]] | None = None,
) -> None:
    """Let the second worker enter at the chosen effects, in both ways and orders. `known`: effects and end of an undisturbed run."""
    names, expected = known or undisturbed(world, step, fill)
    for place, (way, order) in enumerate((w, o) for w in WAYS for o in ORDERS):
        for at in choose(names, place):
            stood, output = disturbed(world, step, fill, way, order, at)
            where = f"{name}: {order} at effect {at} of {len(names)} ({stood or 'not reached'}); {way} enters"
            assert output["outcome"] == "completed" and output["tiedOut"], (where, world.summary(output)["messages"])
            found = picture(world)
            differing = {k: (v, found.get(k)) for k, v in expected.items() if found.get(k) != v}
            assert not differing, (where, differing)


@EACH
def test_a_second_worker_doubles_and_loses_nothing(memory: tuple[MemoryWorld, str], step: str) -> None:
    world, mode = memory
    known = deaths.undisturbed(mode, step)
    choose = one(STEPS.index((mode, step)))
    enter_at(world, step, lambda: fill(world, mode, step), choose, f"{step}, mode {mode}", (known.of_batches, known.picture))


@pytest.mark.slow
@EACH
def test_a_second_worker_enters_between_any_two_effects(memory: tuple[MemoryWorld, str], step: str) -> None:
    world, mode = memory
    enter_at(world, step, lambda: fill(world, mode, step), each, f"{step}, mode {mode}")


def enter_around_jobs(world: MemoryWorld, mode: str, step: str, choose: Choice) -> None:
    """New records that go in batch requests."""
    enter_at(world, step, lambda: fill(world, mode, step, jobs=True), choose, f"{step} in jobs, mode {mode}")


AROUND_JOBS = pytest.mark.parametrize(("memory", "step"), IN_JOBS, indirect=["memory"])


@AROUND_JOBS
def test_a_second_worker_around_a_job_doubles_and_loses_nothing(memory: tuple[MemoryWorld, str], step: str) -> None:
    world, mode = memory
    enter_around_jobs(world, mode, step, one_order(IN_JOBS.index((mode, step))))


@pytest.mark.slow
@AROUND_JOBS
def test_a_second_worker_enters_between_any_two_effects_around_a_job(memory: tuple[MemoryWorld, str], step: str) -> None:
    enter_around_jobs(*memory, step, each)


# -- changes that must not be sent twice -----------------------------------------------------------------------------------

MOVES = {"apply": (20, 50), "unapply": (50, 20)}
"""What NetSuite's payment of 90 was applied with, and is now: the difference would fit a second time."""


def move_no_money_twice(started: World, move: str, choose: Choice) -> None:
    world, (before, now) = MemoryWorld.of(started), MOVES[move]

    def changed() -> None:
        ready(world, ns_payment("P1", 90, {"INV1": before}))
        run(world)
        run(world)
        apply(world, "P1", INV1=now)
        world.clock.advance(minutes=30)

    enter_at(world, "netsuite_payments", changed, choose, f"{move} {before} -> {now}")
    assert parts_of(world, zuora_of(world, "Payment", "P1")["Id"]) == {"INV1": now, "rest": 90 - now}


@pytest.mark.parametrize("move", MOVES)
def test_a_second_worker_moves_no_money_twice(started_world: World, move: str) -> None:
    """Around the call that moves it, in each order, the ways taking turns."""
    shift = list(MOVES).index(move)

    def around(names: Sequence[str], place: int) -> Iterable[int]:
        return [n for n, name in enumerate(names, 1) if f"/{move}" in name and _has_its_turn(place, shift)]

    move_no_money_twice(started_world, move, around)


@pytest.mark.slow
@pytest.mark.parametrize("move", MOVES)
def test_a_second_worker_moves_no_money_twice_at_any_effect(started_world: World, move: str) -> None:
    move_no_money_twice(started_world, move, each)
