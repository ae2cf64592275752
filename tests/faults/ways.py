"""The two ways in which work goes on after a worker died: the next run takes over, or the function is started again in the same run."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from tallybridge.tasks.archive_log import archive_log
from tallybridge.tasks.close_run import close_run
from tallybridge.tasks.notify import notify
from tallybridge.tasks.open_run import open_run
from tallybridge.tasks.reconcile import reconcile
from tallybridge.tasks.steps import STEPS
from tallybridge.tokens import ProcessTokens
from tests.faults.killing import Killer, WorkerKilled
from tests.sync.memory import MemoryWorld

MISSING_EFFECTS = 8
"""By so many the number of effects may differ between runs."""
MAX_RUNS = 3
STARTS = 3
"""How often a function is started in one run: first and two retries."""

T = TypeVar("T")


def start_again(world: MemoryWorld, killer: Killer) -> None:
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
        if output.get("outcome") in ("completed", "completed with warnings"):
            break
    return output


def dies_and_is_started_again(
    world: MemoryWorld, killer: Killer, steps: Sequence[str] | None = None, asked: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """One run in which the function that dies is started once more, as the state machines do; the run's output."""

    def persistently(act: Callable[[int], T]) -> T:
        for attempt in range(STARTS):
            try:
                return act(attempt)
            except WorkerKilled:
                start_again(world, killer)
                world.clock.advance(seconds=2)
        raise AssertionError("killed more than once")

    content = {"trigger": "manual", **(asked or {"steps": list(steps) if steps else None})}
    execution = {"input": content, "execution": "arn:aws:states:eu-west-1:000000000000:execution:billing:run-1"}
    opened = persistently(lambda _: open_run(execution, world.wiring()))
    run_id = opened["runId"]
    for step in filter(opened["steps"].get, STEPS):
        event = {"runId": run_id, "step": step}
        selected = world.rounds(lambda: persistently(lambda _: world.task(step, {**event, "task": "select"})))  # noqa: B023
        for number in range(1, selected["batches"] + 1):
            persistently(lambda _: world.batch(run_id, step, f"{number:06d}"))  # noqa: B023
        world.rounds(lambda: persistently(lambda _: world.task(step, {**event, "task": "summarise", "error": None})))  # noqa: B023
    for task in (reconcile, archive_log):
        world.rounds(lambda: persistently(lambda _: task({"runId": run_id}, world.wiring())))  # noqa: B023
    persistently(lambda _: notify({"runId": run_id}, world.wiring()))
    return persistently(lambda _: close_run({"runId": run_id}, world.wiring()))


def killed_at(
    world: MemoryWorld,
    way: str,
    at: int,
    moment: str,
    begin: Callable[[Killer], None],
    steps: Sequence[str] | None = None,
    asked: Mapping[str, Any] | None = None,
) -> tuple[Killer, dict[str, Any]]:
    """A run that is killed at an effect, in a world that `begin` makes anew: killer and last output. One of the last effects may not
    come in every run, since threads share tokens and leases of slots: then the one before it is taken. `asked`: what the input of the run
    says instead of steps, as `begin` leaves it."""
    killer, output = Killer(), {}
    for earlier in range(MISSING_EFFECTS):
        killer = Killer(at - earlier, moment)
        begin(killer)
        output = WAYS[way](world, killer, steps, asked)
        if killer.where:
            break
    return killer, output


WAYS = {
    "the next run takes over": dies_and_the_next_run_takes_over,
    "the function is started again": dies_and_is_started_again,
}
