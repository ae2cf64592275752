"""What a handler sees of the process around it: its own environment variables and its own standard output.

On Lambda every function has a process of its own. Here they share one, and several run at once; a context variable says which
invocation a thread works for. Threads that an invocation starts belong to it.
"""

from __future__ import annotations

import http.client
import io
import os
import sys
import threading
from collections.abc import Iterator, Mapping, MutableMapping
from contextlib import contextmanager
from contextvars import ContextVar, copy_context
from dataclasses import dataclass, field
from typing import Any

from sandbox.aws.patch import put
from sandbox.clock import Owner, owned_by

INHERITED = frozenset({"PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "PYTHONPATH", "PYTHONHASHSEED", "SSL_CERT_FILE", "SSL_CERT_DIR"})
"""Variables of the process that a function may see. Everything else comes from the template, as on Lambda."""


@dataclass(eq=False)
class Invocation(Owner):
    """One running invocation: its variables, the lines it printed and the bytes it holds in temporary files. Once it has been ended, it
    reaches nobody any more."""

    variables: dict[bytes, bytes]
    printed: io.StringIO = field(default_factory=io.StringIO)
    temporary: int = 0


_current: ContextVar[Invocation | None] = ContextVar("tallybridge_sandbox_invocation", default=None)


def current_invocation() -> Invocation | None:
    """The invocation the calling thread works for, if any."""
    return _current.get()


class _Variables(MutableMapping[bytes, bytes]):
    """Stands behind `os.environ`: the invocation's own variables inside an invocation, those of the process outside."""

    def __init__(self, process: MutableMapping[bytes, bytes]) -> None:
        self.process = process

    def _mapping(self) -> MutableMapping[bytes, bytes]:
        invocation = _current.get()
        return self.process if invocation is None else invocation.variables

    def __getitem__(self, key: bytes) -> bytes:
        return self._mapping()[key]

    def __setitem__(self, key: bytes, value: bytes) -> None:
        self._mapping()[key] = value

    def __delitem__(self, key: bytes) -> None:
        del self._mapping()[key]

    def __iter__(self) -> Iterator[bytes]:
        return iter(self._mapping())

    def __len__(self) -> int:
        return len(self._mapping())


class _Output(io.TextIOBase):
    """Stands in for `sys.stdout`: what an invocation prints goes to its log, everything else where it went before."""

    def __init__(self, process: Any) -> None:
        self.process = process

    def write(self, text: str) -> int:
        invocation = _current.get()
        return self.process.write(text) if invocation is None else invocation.printed.write(text)

    def flush(self) -> None:
        if _current.get() is None:
            self.process.flush()

    def writable(self) -> bool:
        return True

    def isatty(self) -> bool:
        return _current.get() is None and self.process.isatty()

    def fileno(self) -> int:
        return int(self.process.fileno())

    @property
    def encoding(self) -> str:  # type: ignore[override]
        return getattr(self.process, "encoding", None) or "utf-8"


class ProcessView:
    """Puts the views above in place while an embedded AWS runs, and takes them away again."""

    def __init__(self) -> None:
        self._environ_data: MutableMapping[bytes, bytes] | None = None
        self._thread_start = threading.Thread.start
        self._request: Any = http.client.HTTPConnection.putrequest
        self._lock = threading.Lock()

    def install(self) -> None:
        environ: Any = os.environ
        self._environ_data = environ._data
        put(environ, "_data", _Variables(environ._data))
        thread_start = self._thread_start

        def start(thread: threading.Thread) -> None:
            if _current.get() is not None:
                context, run = copy_context(), thread.run
                thread.run = lambda: context.run(run)  # type: ignore[method-assign]
            thread_start(thread)

        put(threading.Thread, "start", start)
        request = self._request

        def put_request(connection: Any, *rest: Any, **options: Any) -> None:
            invocation = _current.get()
            if invocation is not None:
                invocation.check()
            request(connection, *rest, **options)

        put(http.client.HTTPConnection, "putrequest", put_request)

    def remove(self) -> None:
        put(os.environ, "_data", self._environ_data)
        put(threading.Thread, "start", self._thread_start)
        put(http.client.HTTPConnection, "putrequest", self._request)
        if isinstance(sys.stdout, _Output):
            put(sys, "stdout", sys.stdout.process)

    @contextmanager
    def invocation(self, variables: Mapping[str, str]) -> Iterator[Invocation]:
        """Runs the body as an invocation that sees `variables` and the few inherited ones, and nothing else."""
        self._take_output()
        inherited = {name: value for name in INHERITED if (value := os.environ.get(name)) is not None} if _current.get() is None else {}
        invocation = Invocation({os.fsencode(k): os.fsencode(v) for k, v in {**inherited, **variables}.items()})
        token = _current.set(invocation)
        try:
            with owned_by(invocation):
                yield invocation
        finally:
            _current.reset(token)

    def _take_output(self) -> None:
        """Puts the output view in place again if something, such as a test runner's capture, has replaced it."""
        if not isinstance(sys.stdout, _Output):
            with self._lock:
                if not isinstance(sys.stdout, _Output):
                    put(sys, "stdout", _Output(sys.stdout))
