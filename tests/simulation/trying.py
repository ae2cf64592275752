"""Plays a script, and makes one that breaks something as short as it can be."""

from __future__ import annotations

import contextlib
import traceback
from collections import Counter
from collections.abc import Sequence

from tests.faults.branching import one_thread
from tests.faults.killing import KillableWiring
from tests.simulation.events import happen
from tests.simulation.invariants import always, finally_
from tests.simulation.script import Event, goes_both_ways, has_threads, mode_of, script_of
from tests.simulation.tenant import Simulated
from tests.sync.memory import MemoryWorld
from tests.sync.world import unserved_world


class Worlds:
    """A world for each mode, made when it is first asked for."""

    def __init__(self) -> None:
        self.made: dict[str, MemoryWorld] = {}

    def of(self, mode: str) -> MemoryWorld:
        if mode not in self.made:
            self.made[mode] = MemoryWorld.of(unserved_world(settlement=mode == "B"), KillableWiring)
        return self.made[mode]


def faults_of(
    world: MemoryWorld, mode: str, events: Sequence[Event], both_ways: bool = True, struck: Counter[str] | None = None
) -> list[str]:
    """What breaks when these events happen; [] where nothing does. `struck` counts those that did something."""
    tenant = Simulated(world, mode, both_ways=both_ways)
    try:
        tenant.begin()
        for event in events:
            if happen(tenant, event) and struck is not None:
                struck[event.kind] += 1
            if found := [f"after {event}: {fault}" for fault in always(tenant)]:
                return found
        return list(finally_(tenant))
    except Exception:  # an event or a run that ends in a fault of the program is one
        return [traceback.format_exc(limit=-6)]


def shortest(world: MemoryWorld, mode: str, events: Sequence[Event], both_ways: bool = True) -> list[Event]:
    """The events without those that the fault does not need."""
    kept = list(events)
    changed = True
    while changed:
        changed = False
        for place in reversed(range(len(kept))):
            fewer = kept[:place] + kept[place + 1 :]
            if faults_of(world, mode, fewer, both_ways):
                kept, changed = fewer, True
    return kept


def told(worlds: Worlds, seed: int, struck: Counter[str] | None = None) -> str:
    """What is wrong with a seed, with the shortest script that shows it; "" where nothing is. `struck` as for `faults_of`."""
    mode, events, both_ways = mode_of(seed), script_of(seed), goes_both_ways(seed)
    world = worlds.of(mode)
    with contextlib.nullcontext() if has_threads(seed) else one_thread():
        first = faults_of(world, mode, events, both_ways, struck)
        if not first:
            return ""
        short = shortest(world, mode, events, both_ways)
        again = faults_of(world, mode, short, both_ways)
    head = f"seed {seed}, mode {mode}, {'both ways' if both_ways else 'one way'}:"
    lines = [head, *(f"  {event}" for event in (short if again else events))]
    return "\n".join([*lines, *(f"  -> {fault}" for fault in again or ["not seen a second time", *first])])
