"""Plays many seeds and prints what they cost, what happened in them and what broke; `make simulate`.

FIRST, SEEDS and JOBS (processes; one for each processor) are taken from the environment. Ends with 1 where a seed fails."""

from __future__ import annotations

import gc
import os
import sys
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor

from tests.simulation.script import KINDS, script_of
from tests.simulation.trying import Worlds, told

AT_ONCE = 20
"""Seeds that a process plays before it says how it went."""
MADE_ANEW = 200
"""Collections of young objects between two looks at old ones: what a process keeps is kept to its end."""

worlds = Worlds()


def play(seeds: range) -> tuple[float, list[str], Counter[str]]:
    """Processor seconds of some seeds, what is wrong with those that fail, and how often each kind of event has struck."""
    began, struck = _seconds(), Counter[str]()
    failures = [fault for seed in seeds if (fault := told(worlds, seed, struck))]
    return _seconds() - began, failures, struck


def _begin() -> None:
    gc.freeze()
    gc.set_threshold(50_000, 20, MADE_ANEW)


def _seconds() -> float:
    """Of this process and those that it has started and that have ended."""
    used = os.times()
    return used.user + used.system + used.children_user + used.children_system


def table(seeds: range, spent: float, wall: float, failures: int, struck: Counter[str]) -> Iterator[str]:
    """Figures as rows of a table in Markdown."""
    events = Counter(event.kind for seed in seeds for event in script_of(seed))
    yield "| Figure | Value |"
    yield "| --- | --- |"
    yield f"| Seeds | {len(seeds):,}, from {seeds.start} on |"
    yield f"| Failures | {failures} |"
    yield f"| Processor time of a seed | {spent / max(len(seeds), 1):.2f} s |"
    yield f"| Wall time | {int(wall // 60)} min {int(wall % 60)} s |"
    yield f"| Events, and those that struck | {sum(events.values()):,}, {sum(struck.values()):,}, of {len(events)} kinds |"
    yield from (f"| {kind[0].upper()}{kind[1:]} | {events[kind]:,}, {struck[kind]:,} |" for kind in KINDS)


def main() -> int:
    """Exit code: 0 where nothing broke."""
    first, count = int(os.environ.get("FIRST") or 1), int(os.environ.get("SEEDS") or 10_000)
    jobs = os.environ.get("JOBS", "auto")
    seeds, began, spent, failures, done = range(first, first + count), time.monotonic(), 0.0, 0, 0
    struck = Counter[str]()
    parts = [seeds[n : n + AT_ONCE] for n in range(0, count, AT_ONCE)]
    with ProcessPoolExecutor(os.cpu_count() if jobs == "auto" else int(jobs), initializer=_begin) as processes:
        for part, (seconds, found, some) in zip(parts, processes.map(play, parts), strict=True):
            spent, failures, done = spent + seconds, failures + len(found), done + len(part)
            struck += some
            print("".join(f"\n{fault}\n" for fault in found), end="", flush=True)
            print(f"{done:,} of {count:,} seeds, {failures} failures, {spent / done:.2f} s of processor time each", file=sys.stderr)
    print("\n".join(table(seeds, spent, time.monotonic() - began, failures, struck)))
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
