"""Whose processor time a process of functions takes: the connector's own, the AWS client's, or that of calls to the vendors.

What a thread does inside a call to AWS belongs to the AWS client (botocore with all below it: parameters, signature, HTTP, parsing), what
it does inside a request to a vendor to HTTP, everything else to the connector. Seconds are of the processor, by thread, so that waiting
costs nothing; instructions are those of Python's interpreter, which other work on the machine does not change. What C code does is in the
seconds alone.
"""

from __future__ import annotations

import functools
import sys
import threading
import time
from collections import Counter, deque
from collections.abc import Callable
from typing import Any

from sandbox.aws.patch import put

KEPT = 20_000
"""Records of requests that are kept."""
RECORDS = "/services/rest/record/v1/"
OWN, AWS, VENDORS = "connector", "AWS client", "HTTP to the vendors"


class Meter:
    """Measures this process from `install` on; one per process."""

    def __init__(self) -> None:
        self._here = threading.local()
        self._adding = threading.Lock()
        self._seconds: dict[str, float] = {AWS: 0.0, VENDORS: 0.0}
        self._instructions: Counter[str] = Counter()
        self._calls: Counter[str] = Counter()
        self.sent: deque[tuple[str, str, str]] = deque(maxlen=KEPT)
        """Method, address and body of each record that NetSuite was sent, in order, so that another program can send the same."""

    def install(self) -> None:
        """Measure from now on, in the threads that begin after this."""
        import requests
        from botocore.client import BaseClient

        put(BaseClient, "_make_api_call", self._within(AWS, self._named(BaseClient._make_api_call)))  # type: ignore[attr-defined]
        put(requests.Session, "send", self._within(VENDORS, self._kept(requests.Session.send)))

    def count_instructions(self) -> None:
        """Count them from now on, in the threads that begin after this, which makes everything many times slower."""
        threading.settrace(self._counted)

    def used(self) -> dict[str, dict[str, float]]:
        """Seconds and instructions so far, each by area, and calls to AWS by operation."""
        whole = time.process_time()
        with self._adding:
            inside = dict(self._seconds)
            seconds: dict[str, float] = {OWN: whole - sum(inside.values()), **inside}
            return {"seconds": seconds, "instructions": dict(self._instructions), "calls": dict(self._calls)}

    def _named(self, call: Callable[..., Any]) -> Callable[..., Any]:
        def counted(client: Any, operation: str, arguments: Any) -> Any:
            with self._adding:
                self._calls[operation] += 1
            return call(client, operation, arguments)

        return counted

    def _kept(self, send: Callable[..., Any]) -> Callable[..., Any]:
        def kept(session: Any, request: Any, **options: Any) -> Any:
            if RECORDS in request.url and request.method in ("POST", "PUT") and request.body:
                body = request.body.decode() if isinstance(request.body, bytes) else request.body
                self.sent.append((request.method, request.url, body))
            return send(session, request, **options)

        return kept

    def _within(self, area: str, function: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(function)
        def measured(*args: Any, **options: Any) -> Any:
            before, begun = getattr(self._here, "area", OWN), time.thread_time()
            self._here.area = area
            try:
                return function(*args, **options)
            finally:
                self._here.area = before
                if before == OWN:  # what is called from within another area is counted there
                    with self._adding:
                        self._seconds[area] += time.thread_time() - begun

        return measured

    def _counted(self, frame: Any, event: str, _: Any) -> Any:
        if event == "opcode":
            self._instructions[getattr(self._here, "area", OWN)] += 1  # threads may lose a few to one another
        else:
            frame.f_trace_opcodes, frame.f_trace_lines = True, False
        return self._counted


def interpreter() -> str:
    """The interpreter that instructions are those of."""
    return f"Python {sys.version_info.major}.{sys.version_info.minor}"
