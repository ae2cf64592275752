"""A part of the sandbox in a process of its own, so that it has an interpreter and its processor time for itself.

The child reads its options from the first line of its input, answers with one line that says where it is, and ends when its input ends, so
that it cannot outlive its parent.
"""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from types import TracebackType
from typing import Any, TextIO

STOP_SECONDS = 5.0
"""How long a child may take to end after its input has ended."""


class ChildFailed(RuntimeError):
    """The part did not come up; the message says why."""


class Child:
    """A running module; a context manager. `where` is what the child answered, `pid` its process."""

    def __init__(self, module: str, options: Mapping[str, Any]) -> None:
        """Start it. Raises `ChildFailed`."""
        started = subprocess.Popen([sys.executable, "-m", module], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self._process = started
        assert started.stdin is not None and started.stdout is not None
        started.stdin.write(json.dumps(options) + "\n")
        started.stdin.flush()
        self.where: dict[str, Any] = json.loads(started.stdout.readline() or f'{{"error": "the process of {module} ended"}}')
        if "error" in self.where:
            self.stop()
            raise ChildFailed(self.where["error"])

    @property
    def pid(self) -> int:
        return self._process.pid

    def stop(self) -> None:
        """End it; in the end by force."""
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                pipe.close()
        try:
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def __enter__(self) -> Child:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.stop()


def serve_parent(
    start: Callable[[dict[str, Any]], AbstractContextManager[Mapping[str, Any]]], requests: TextIO = sys.stdin, answers: TextIO = sys.stdout
) -> None:
    """What a child does: `start` is given the options, and its context says where the part is; it ends with the input."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group; the parent decides when to stop
    options = json.loads(requests.readline())
    try:
        with start(options) as where:
            print(json.dumps(where), file=answers, flush=True)
            requests.read()
    except ChildFailed as failed:
        print(json.dumps({"error": str(failed)}), file=answers, flush=True)
