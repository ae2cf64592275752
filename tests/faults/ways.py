"""The two ways in which work goes on after a worker died: the next run takes over, or the function is started again in the same run."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol, TypeVar

from tallybridge.tasks.archive_log import archive_log
from tallybridge.tasks.close_run import close_run
from tallybridge.tasks.notify import notify
from tallybridge.tasks.open_run import open_run
from tallybridge.tasks.reconcile import reconcile
from tallybridge.tasks.steps import STEPS
from tallybridge.tokens import ProcessTokens
from tests.faults.killing import Killer, WorkerKilled
from tests.sync.memory import MemoryWorld

MAX_RUNS = 3
STARTS = 3
"""How often a function is started in one run: first and two retries."""
GREEN = ("completed", "completed with warnings")
TAKES_OVER, AGAIN = "the next run takes over", "the function is started again"

T = TypeVar("T")


class Mortal(Protocol):
    """Somebody who may die and be followed by a new process."""

    def revive(self) -> None: ...


def start_again(world: MemoryWorld, killer: Mortal) -> None:
    """A new process: it has no tokens."""
    killer.revive()
    world.tokens = ProcessTokens()


def dies_and_the_next_run_takes_over(
    world: MemoryWorld, killer: Killer, steps: Sequence[str] | None = None, asked: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """One run that dies, then runs until one is green; the last one's output. A run that is over before it could die is the only one.
    `asked`: what else its input says; the next ones are usual ones, or go on with the reversal that it names."""
    try:
        return world.run(**(asked or {"steps": steps}))
    except WorkerKilled:
        pass
    start_again(world, killer)
    output: dict[str, Any] = {}
    for _ in range(MAX_RUNS):
        world.clock.advance(minutes=30)
        output = world.run(**(asked if asked and "reverse" in asked else {"steps": steps}))
        if output.get("outcome") in GREEN:
            break
    return output


def dies_and_is_started_again(
    world: MemoryWorld, killer: Killer, steps: Sequence[str] | None = None, asked: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """One run in which the function that dies is started once more, as the state machines do; the run's output."""

    def persistently(act: Callable[[], T]) -> T:
        for _ in range(STARTS):
            try:
                return act()
            except WorkerKilled:
                start_again(world, killer)
                world.clock.advance(seconds=2)
        raise AssertionError("killed more than once")

    return whole_run(world, asked or {"steps": list(steps) if steps else None}, persistently)


def whole_run(world: MemoryWorld, asked: Mapping[str, Any], persistently: Callable[[Callable[[], Any]], Any]) -> dict[str, Any]:
    """A run, each function of which is called by `persistently`; its output. `asked`: what its input says."""
    execution = f"arn:aws:states:eu-west-1:000000000000:execution:billing:run-{next(world.counter):04d}"
    content = {"input": {"trigger": "manual", **asked}, "execution": execution}
    opened = persistently(lambda: open_run(content, world.wiring()))
    if not opened["opened"]:
        return dict(opened)
    run_id = opened["runId"]
    for step in filter(opened["steps"].get, STEPS):
        event = {"runId": run_id, "step": step}

        def task(step: str = step, event: dict[str, Any] = event, **more: Any) -> dict[str, Any]:
            return world.rounds(lambda: persistently(lambda: world.task(step, {**event, **more})))

        for number in range(1, task(task="select")["batches"] + 1):
            task(task="batch", batch=f"{number:06d}")
        task(task="summarise", error=None)
    for end in (reconcile, archive_log):
        world.rounds(lambda: persistently(lambda: end({"runId": run_id}, world.wiring())))  # noqa: B023
    persistently(lambda: notify({"runId": run_id}, world.wiring()))
    return dict(persistently(lambda: close_run({"runId": run_id}, world.wiring())))


def killed_at(
    world: MemoryWorld,
    way: str,
    at: int,
    moment: str,
    begin: Callable[[Killer], None],
    steps: Sequence[str] | None = None,
    asked: Mapping[str, Any] | None = None,
) -> tuple[Killer, dict[str, Any]]:
    """A run that is killed at an effect, in a world that `begin` makes anew: killer and last output. How many effects a run has differs,
    since threads share tokens and leases of slots: one that ends before it could die is followed by another that dies at the last effect
    which that one had, at the latest. `asked`: what the input of the run says instead of steps, as `begin` leaves it."""
    while True:
        killer = Killer(at, moment)
        begin(killer)
        output = WAYS[way](world, killer, steps, asked)
        if killer.where:
            return killer, output
        at = min(at - 1, killer.count)


WAYS = {
    TAKES_OVER: dies_and_the_next_run_takes_over,
    AGAIN: dies_and_is_started_again,
}
MOMENTS = ("before", "after")
Place = tuple[int, str, str]
"""Number, way to go on, moment."""
PLACES: list[Place] = [(place, way, moment) for place, (way, moment) in enumerate((w, m) for w in WAYS for m in MOMENTS)]


def in_turn(shift: int) -> list[Place]:
    """Those of the places that have their turn: each moment with one way, and each way at one moment; with the next `shift` the others."""
    return [each for each in PLACES if (each[0] // len(MOMENTS) + each[0] + shift) % len(WAYS) == 0]
