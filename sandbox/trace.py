"""`python -m sandbox.trace STEP`: one step of the billing sync, alone in a tenant of its own, with a line for each HTTP call: when it left
and when its answer came, in seconds since the step began; and how many NetSuite calls were in flight over time. It shows where slots wait.

Options as environment variables: COUNT (100) records, MODE (B, or A without Invoice Settlement), LATENCY_MS (300), NETSUITE_SLOTS (5),
LINES (1; 0 prints the picture and the sums alone).
"""

from __future__ import annotations

import os
import sys
import tempfile
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sandbox.bench_measure import run, set_latency
from sandbox.demo.bench_steps import bench_step
from sandbox.host import Sandbox, SandboxOptions
from tallybridge.http import Call
from tallybridge.tasks import handler
from tallybridge.tasks.sync_step import run_task
from tallybridge.wiring import Wiring

WIDTH = 50
"""Characters of the picture's bars."""
BUCKETS = 60
"""Lines of the picture, at most."""


@dataclass(frozen=True)
class Span:
    """Something that took time: seconds on the machine's clock. `service` is "function" for an invocation."""

    service: str
    name: str
    begun: float
    ended: float


class Recorder:
    """An observer of HTTP calls that keeps them; a call's answer comes in the thread that made it."""

    def __init__(self) -> None:
        self.spans: list[Span] = []
        self._under_way = threading.local()

    def before(self, call: Call) -> None:
        self._under_way.begun = time.monotonic()

    def after(self, call: Call, status: int | None, seconds: float) -> None:
        self.spans.append(Span(call.service, f"{call.operation} {status or 'no answer'}", self._under_way.begun, time.monotonic()))

    def invoked(self, task: Callable[..., dict[str, Any]]) -> Callable[..., dict[str, Any]]:
        """The task of a function, its time noted."""

        def timed(kind: Any, event: dict[str, Any], wiring: Wiring) -> dict[str, Any]:
            begun = time.monotonic()
            try:
                return task(kind, event, wiring)
            finally:
                name = f"{event.get('task')} {event.get('batch', '')}".strip()
                self.spans.append(Span("function", name, begun, time.monotonic()))

        return timed


def main(arguments: Sequence[str]) -> int:
    """Trace a step and print what came of it; 0 when the run was green."""

    def number(name: str, default: int) -> int:
        return int(os.environ.get(name, default))

    step, count, mode = arguments[0], number("COUNT", 100), os.environ.get("MODE", "B")
    slots, latency = number("NETSUITE_SLOTS", 5), number("LATENCY_MS", 300)
    with (
        tempfile.TemporaryDirectory() as out,
        Sandbox(SandboxOptions(netsuite_slots=slots, settlement=mode == "B", out=Path(out))) as sandbox,
    ):
        tenant = bench_step(step, count, mode)
        sandbox.load(tenant)
        sandbox.load_netsuite(tenant.later_in(mode))
        set_latency(sandbox, latency)
        recorder = Recorder()
        Wiring.observer = lambda self: recorder  # type: ignore[method-assign]  # this process does nothing else
        vars(handler)["run_task"] = recorder.invoked(run_task)
        output = run(sandbox, [step])
    functions = [s for s in recorder.spans if s.service == "function"]
    begun, ended = min(s.begun for s in functions), max(s.ended for s in functions)
    spans = sorted((s for s in recorder.spans if begun <= s.begun <= ended), key=lambda s: s.begun)
    if number("LINES", 1):
        for span in spans:
            print(f"{span.begun - begun:8.2f} {span.ended - begun:8.2f} {span.service:<9} {span.name}")
    for line in [*picture(spans, begun, ended), "", *sums(spans, begun, ended, slots)]:
        print(line)
    return 0 if output["outcome"] == "completed" else 1


def picture(spans: Sequence[Span], begun: float, ended: float) -> list[str]:
    """NetSuite calls in flight over time, on average of each piece of it; and which functions ran."""
    step = max(0.25, (ended - begun) / BUCKETS)
    lines = ["", f"NetSuite calls in flight, every {step:.2f} s"]
    at = begun
    while at < ended:
        busy = sum(_within(s, at, at + step) for s in spans if s.service == "NetSuite") / step
        other = sum(_within(s, at, at + step) for s in spans if s.service == "Zuora") / step
        running = ", ".join(s.name for s in spans if s.service == "function" and _within(s, at, at + step) > 0)
        lines.append(f"{at - begun:8.2f} {busy:5.2f} {other:5.2f} {'#' * round(busy * 4):<{WIDTH}} {running}")
        at += step
    return lines


def sums(spans: Sequence[Span], begun: float, ended: float, slots: int) -> list[str]:
    """Calls by name, with their seconds; and what part of the slots was used."""
    groups: dict[tuple[str, str], list[float]] = defaultdict(list)
    for span in spans:
        groups[span.service, span.name.split()[0] if span.service == "function" else span.name].append(span.ended - span.begun)
    lines = [f"{service:<9} {name:<40} {len(each):>6} {sum(each):>8.1f} s" for (service, name), each in sorted(groups.items())]
    used, whole = sum(s.ended - s.begun for s in spans if s.service == "NetSuite") / slots, ended - begun
    return [*lines, f"{whole:.1f} s, of which the slots were in use for {used:.1f} s ({used / whole:.2f})"]


def _within(span: Span, begun: float, ended: float) -> float:
    return max(0.0, min(span.ended, ended) - max(span.begun, begun))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
