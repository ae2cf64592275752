"""Every death and every lost answer of a run of one step, each in a branch of one undisturbed run (`branching`)."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from typing import Any, TypeVar

import requests
from urllib3.exceptions import ProtocolError

from tests.faults.branching import Tally, Tree, one_thread
from tests.faults.each_step import RECORDS, fill, picture
from tests.faults.killing import KillableWiring, KillingObserver, WorkerKilled
from tests.faults.ways import AGAIN, GREEN, MAX_RUNS, MOMENTS, STARTS, WAYS, start_again, whole_run
from tests.sync.memory import MemoryWorld
from tests.sync.world import unserved_world

METHODS = ("POST", "PUT", "PATCH")
BEGINS = datetime(2026, 11, 2, 8, tzinfo=UTC)
T = TypeVar("T")


@dataclass(frozen=True)
class Place:
    """Where something may happen: an effect by its number in the process (from 1), "before" or "after", name, the deaths so far, and of a
    death the way to go on after it."""

    number: int
    moment: str
    name: str
    deaths: int
    way: str = ""


Choice = Callable[[Place], bool]


def never(_: Place) -> bool:
    return False


def each(place: Place) -> bool:
    """Each place, once."""
    return not place.deaths


Sample = Callable[[int], Choice]
"""Chooses among so many effects."""


def one_of_each(place: int, places: int) -> Sample:
    """One effect before it, another one after it, half a run apart, and after each of them another way to go on. `place` of so many, from 0
    on, says where in the run; from each place to the next the ways take turns."""

    def chosen(effects: int) -> Choice:
        ways = list(WAYS) if place % 2 else list(WAYS)[::-1]
        at = {(m, way): 1 + int((place / places + ahead) % 1 * effects) for m, way, ahead in zip(MOMENTS, ways, (0, 0.5), strict=True)}
        return lambda place: place.number == at.get((place.moment, place.way)) and not place.deaths

    return chosen


@dataclass
class Mortal:
    """Counts the effects of a worker, and splits the world at those chosen: in one branch for each way to go on the worker is dead."""

    tree: Tree
    dies: Choice = never
    loses: Choice = never
    dead: bool = False
    way: str = ""
    at: int = 0
    deaths: int = 0
    count: int = 0
    requests: int = 0
    lost: int = 0
    names: list[str] = field(default_factory=list)

    def before(self, name: str) -> int:
        self._live(name)
        self.count += 1
        self.names.append(name)
        self._split(self.count, "before", name)
        return self.count

    def after(self, number: int, name: str) -> None:
        self._live(name)
        self._split(number, "after", name)

    def _live(self, name: str) -> None:
        if self.dead:
            raise WorkerKilled(f"dead already, at {name}")

    def _split(self, number: int, moment: str, name: str) -> None:
        for way in WAYS:
            chosen = self.dies(Place(number, moment, name, self.deaths, way))
            if chosen and self.tree.split(f"died {moment} effect {number}, {name}; {way}"):
                self.dead, self.way, self.deaths = True, way, self.deaths + 1
                raise WorkerKilled(self.tree.where)

    def revive(self) -> None:
        """A new process, whose effects are counted anew."""
        self.dead, self.count, self.names = False, 0, []

    def answered(self, name: str) -> None:
        """After the service has done what was asked: in a branch the answer does not come."""
        self.requests += 1
        place = Place(self.requests, "after", name, self.deaths)
        if not self.lost and self.loses(place) and self.tree.split(f"answer to request {self.requests}, {name}, lost"):
            self.lost += 1
            raise requests.ConnectionError(ProtocolError("Connection aborted.", ConnectionAbortedError("the answer was lost")))


@cache
def mortal_world(mode: str) -> MemoryWorld:
    """A world in which answers may be lost and workers die, as `KillingObserver.killer` says; made once, `begun` makes it anew."""
    world = MemoryWorld.of(unserved_world(settlement=mode == "B"), KillableWiring)
    send = world.session.send

    def losing(request: requests.PreparedRequest, **how: Any) -> requests.Response:
        response = send(request, **how)
        if isinstance(KillingObserver.killer, Mortal):
            KillingObserver.killer.answered(f"{request.method} {request.path_url.partition('?')[0]}")
        return response

    world.session.send = losing  # type: ignore[method-assign]
    return world


def begun(mode: str, step: str, *, jobs: bool = False) -> MemoryWorld:
    """The world of a mode with the step's records in it, and the same day whatever it was used for before."""
    world = mortal_world(mode)
    world.clock.moment, world.counter = BEGINS, itertools.count(1)
    fill(world, mode, step, jobs=jobs)
    return world


def lived(world: MemoryWorld, mortal: Mortal, steps: Sequence[str]) -> dict[str, Any]:
    """Runs until one is green, the functions that died started again where the branch is of that way; the last output."""

    def persistently(act: Callable[[], T]) -> T:
        for _ in range(STARTS):
            try:
                return act()
            except WorkerKilled:
                if mortal.way != AGAIN:
                    raise
                start_again(world, mortal)
                world.clock.advance(seconds=2)
        raise AssertionError(f"a function died {STARTS} times")

    output: dict[str, Any] = {}
    for _ in range(1 + MAX_RUNS):
        try:
            output = whole_run(world, {"steps": list(steps)}, persistently)
        except WorkerKilled:
            start_again(world, mortal)
        if output.get("outcome") in GREEN:
            break
        world.clock.advance(minutes=30)
    return output


def prove(mode: str, step: str, dies: Choice = never, loses: Choice = never, *, jobs: bool = False, sample: Sample | None = None) -> Tally:
    """Begin with the step's records in both systems, and expect of every branch that both look in the end as after the undisturbed run.
    `jobs`: NetSuite's records go in batch requests, and look as those do that go one by one. `sample` is in the place of `dies`."""
    with one_thread():
        known = undisturbed(mode, step)
        tree, expected = Tree(), known.picture
        mortal = Mortal(tree, sample(known.effects) if sample else dies, loses)

        def story() -> None:
            world = begun(mode, step, jobs=jobs)
            KillingObserver.killer = mortal
            output = lived(world, mortal, [step])
            KillingObserver.killer = Mortal(tree)
            green = GREEN[:1] if mortal.lost else GREEN
            assert output.get("outcome") in green and output["tiedOut"] is True, world.summary(output)["messages"] if output else "no run"
            found = picture(world)
            differing = {k: (v, found.get(k)) for k, v in expected.items() if found.get(k) != v}
            assert not differing, differing

        return tree.grow(story)


def killed_every(
    every: int, world: MemoryWorld, prepare: Callable[[], object], steps: Sequence[str], check: Callable[[Any], None]
) -> Tally:
    """A run in a world that `prepare` makes anew, which dies before and after each n-th effect and goes on in both ways. `check` is given
    the last output of every branch, and raises where something is amiss. The two moments begin at different effects."""
    at = {"before": 0, "after": 1 + every // 2}
    with one_thread():
        tree = Tree()
        mortal = Mortal(tree, lambda place: not place.deaths and place.number % every == at[place.moment])

        def story() -> None:
            KillingObserver.killer = Mortal(tree)
            prepare()
            world.clock.advance(minutes=30)
            KillingObserver.killer = mortal
            output = lived(world, mortal, steps)
            KillingObserver.killer = Mortal(tree)
            check(output)

        return tree.grow(story)


@dataclass(frozen=True)
class Undisturbed:
    """A run that nobody disturbs: what both systems hold after it, how many effects it had and which ones its batches, and its calls that
    may write, as (system, method, which of them)."""

    picture: dict[str, list[Any]]
    effects: int
    of_batches: list[str]
    calls: list[tuple[str, str, int]]


@cache
def undisturbed(mode: str, step: str) -> Undisturbed:
    """Such a run of a step; worked out once, for all who disturb it."""
    with one_thread():
        world = begun(mode, step)
        KillingObserver.killer = immortal = Mortal(Tree())
        opened = world.open(steps=[step])
        selected = world.rounds(lambda: world.task(step, {"runId": opened["runId"], "step": step, "task": "select"}))
        before = len(immortal.names)
        for number in range(1, selected["batches"] + 1):
            world.batch(opened["runId"], step, f"{number:06d}")
        of_batches = immortal.names[before:]
        world.rounds(lambda: world.task(step, {"runId": opened["runId"], "step": step, "task": "summarise", "error": None}))
        output = world.close(opened["runId"])
        assert output["outcome"] == "completed", world.summary(output)["messages"]
        assert sum(t["synced"] for t in output["totals"]) == RECORDS
        return Undisturbed(picture(world), immortal.count, of_batches, calls_that_may_write(world))


def calls_that_may_write(world: MemoryWorld) -> list[tuple[str, str, int]]:
    """Of the run before: (system, method, which of them)."""
    calls = []
    for system, control in (("zuora", world.zuora_control), ("netsuite", world.netsuite_control)):
        numbers: Counter[str] = Counter()
        for operation, number in control.stats()["calls"].items():
            numbers[operation.split(" ")[0]] += number
        calls += [(system, method, nth) for method in METHODS for nth in range(1, numbers[method] + 1)]
    return calls
