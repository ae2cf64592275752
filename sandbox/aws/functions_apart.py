"""Functions in a process of their own, which reaches AWS over HTTP as functions on Lambda do. What they take of the processor is then
theirs: the embedded AWS, its HTTP server and its interpreter of state machines stay behind.

All functions share that one process, as they share this one otherwise, so that a run loads the library once; on Lambda each function has
its own. Calls to AWS are signed, sent and parsed in full, on plain HTTP.
"""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

from werkzeug.wrappers import Request, Response

from sandbox.aws.environ import ProcessView
from sandbox.aws.functions import FunctionConfig, Functions, Outcome
from sandbox.aws.local import LocalAws
from sandbox.aws.meter import Meter
from sandbox.child import Child, serve_parent
from sandbox.clock import RealClock
from sandbox.server import LoopbackServer

MODULE = "sandbox.aws.functions_apart"
SPARE_SECONDS = 30
"""How much longer than a function's time-out its answer is waited for."""


class FunctionsApart:
    """Makes the functions of a running `LocalAws` run in another process, as long as the context lasts."""

    def __init__(self, aws: LocalAws, root: Path) -> None:
        self.aws = aws
        self._child = Child(MODULE, {"root": str(root), "region": aws.region})

    def __enter__(self) -> FunctionsApart:
        self.aws.functions.elsewhere = self._run
        return self

    def __exit__(self, *_: object) -> None:
        self.aws.functions.elsewhere = None
        self._child.stop()

    @property
    def pid(self) -> int:
        """The process of the functions."""
        return self._child.pid

    def used(self) -> dict[str, dict[str, float]]:
        """What the functions have used so far; see `Meter.used`."""
        used: dict[str, dict[str, float]] = self._ask("used", {}, SPARE_SECONDS)
        return used

    def count_instructions(self) -> None:
        """Count instructions too from now on, which makes the functions many times slower."""
        self._ask("count", {}, SPARE_SECONDS)

    def sent(self) -> list[tuple[str, str, str]]:
        """The records that functions have sent to NetSuite so far: method, address, body."""
        return [(method, url, body) for method, url, body in self._ask("sent", {}, SPARE_SECONDS)]

    def _run(self, config: FunctionConfig, payload: bytes, request_id: str) -> Outcome:
        """A function's answer, error and log, from the other process."""
        there = {**asdict(config), "variables": {**config.variables, "AWS_ENDPOINT_URL": self.aws.endpoint_url}}
        asked = {"config": there, "payload": payload.decode(), "request": request_id}
        told = self._ask("invoke", asked, config.timeout + SPARE_SECONDS)
        return told["answer"].encode(), told["error"], told["log"]

    def _ask(self, what: str, body: dict[str, Any], seconds: float) -> Any:
        request = urllib.request.Request(f"{self._child.where['url']}/{what}", json.dumps(body).encode())  # noqa: S310 - on loopback
        with urllib.request.urlopen(request, timeout=seconds) as answer:  # noqa: S310
            return json.loads(answer.read())


@contextmanager
def running(options: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """The functions behind a server, for a child; where it is."""
    view, meter = ProcessView(), Meter()
    functions = Functions(Path(options["root"]), view, options["region"], RealClock())
    view.install()
    meter.install()

    @Request.application
    def application(request: Request) -> Response:
        if request.path == "/used":
            return Response(json.dumps(meter.used()))
        if request.path == "/count":
            meter.count_instructions()
            return Response("{}")
        if request.path == "/sent":
            return Response(json.dumps(list(meter.sent)))
        asked = json.loads(request.get_data())
        answer, error, log = functions.run_in_time(FunctionConfig(**asked["config"]), asked["payload"].encode(), asked["request"])
        return Response(json.dumps({"answer": answer.decode(), "error": error, "log": log}))

    with LoopbackServer(application) as server:
        yield {"url": server.url}


if __name__ == "__main__":
    serve_parent(running)
