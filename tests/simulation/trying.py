"""Plays a script, and makes one that breaks something as short as it can be."""

from __future__ import annotations

import traceback
from collections.abc import Sequence

from tests.simulation.invariants import always, finally_
from tests.simulation.script import Event, mode_of, script_of
from tests.simulation.tenant import Simulated
from tests.sync.memory import MemoryWorld


def faults_of(world: MemoryWorld, mode: str, events: Sequence[Event]) -> list[str]:
    """What breaks when these events happen; [] where nothing does."""
    tenant = Simulated(world, mode)
    try:
        tenant.begin()
        for event in events:
            tenant.happen(event)
            if found := [f"after {event}: {fault}" for fault in always(tenant)]:
                return found
        return list(finally_(tenant))
    except Exception:  # an event or a run that ends in a fault of the program is one
        return [traceback.format_exc(limit=-6)]


def shortest(world: MemoryWorld, mode: str, events: Sequence[Event]) -> list[Event]:
    """The events without those that the fault does not need."""
    kept = list(events)
    changed = True
    while changed:
        changed = False
        for place in reversed(range(len(kept))):
            fewer = kept[:place] + kept[place + 1 :]
            if faults_of(world, mode, fewer):
                kept, changed = fewer, True
    return kept


def told(world: MemoryWorld, seed: int) -> str:
    """What is wrong with a seed, with the shortest script that shows it; "" where nothing is."""
    mode, events = mode_of(seed), script_of(seed)
    if not faults_of(world, mode, events):
        return ""
    short = shortest(world, mode, events)
    lines = [f"seed {seed}, mode {mode}:", *(f"  {event}" for event in short or events)]
    return "\n".join([*lines, *(f"  -> {fault}" for fault in faults_of(world, mode, short) or ["not seen a second time"])])
