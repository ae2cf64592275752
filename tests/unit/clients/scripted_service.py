"""A service on loopback that answers as a test tells it to, keeps what it was sent, and can lose the connection."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

GUARD_SECONDS = 60.0


class _Headers(dict[str, str]):
    """Headers by name, whatever its case."""

    def __init__(self, headers: Message) -> None:
        super().__init__((name.lower(), value) for name, value in headers.items())

    def __getitem__(self, name: str) -> str:
        return super().__getitem__(name.lower())

    def __contains__(self, name: object) -> bool:
        return super().__contains__(str(name).lower())

    def get(self, name: str, default: Any = None) -> Any:
        return super().get(name.lower(), default)


@dataclass(frozen=True)
class Request:
    method: str
    path: str
    query: dict[str, list[str]]
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass(frozen=True)
class Reply:
    """`body` is sent as it is when it is text or bytes, otherwise as JSON; `drop` closes the connection without an answer;
    `cut` closes it after so many bytes of the body. `silence` is waited for before the first byte, or after those of `cut`."""

    status: int = 200
    body: Any = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    drop: bool = False
    cut: int | None = None
    silence: threading.Event | None = None


Handler = Callable[[Request], Reply]


class _QuietServer(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Clients that gave up are part of the tests."""


class ScriptedService:
    """`answer` is asked for each request; `replies`, while there are any, come first, in order."""

    def __init__(self) -> None:
        self.requests: list[Request] = []
        self.replies: list[Reply] = []
        self.answer: Handler = lambda request: Reply(404, {"message": f"nothing scripted for {request.method} {request.path}"})
        service = self

        class Wire(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def handle_one(self) -> None:
                service.serve(self)

            do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = handle_one

            def log_message(self, format: str, *args: object) -> None:
                return None

        self.server = _QuietServer(("127.0.0.1", 0), Wire)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        self.thread.start()

    def serve(self, wire: BaseHTTPRequestHandler) -> None:
        parts = urlsplit(wire.path)
        body = wire.rfile.read(int(wire.headers.get("Content-Length") or 0))
        request = Request(wire.command, parts.path, parse_qs(parts.query), _Headers(wire.headers), body)
        self.requests.append(request)
        reply = self.replies.pop(0) if self.replies else self.answer(request)
        if reply.silence and reply.cut is None:
            reply.silence.wait(GUARD_SECONDS)
        if reply.drop:
            wire.close_connection = True
            wire.connection.shutdown(socket.SHUT_RDWR)
            return
        raw = (
            reply.body
            if isinstance(reply.body, bytes)
            else reply.body.encode()
            if isinstance(reply.body, str)
            else json.dumps(reply.body).encode()
        )
        wire.send_response(reply.status)
        for name, value in reply.headers.items():
            wire.send_header(name, value)
        wire.send_header("Content-Length", str(len(raw)))
        wire.end_headers()
        wire.wfile.write(raw if reply.cut is None else raw[: reply.cut])
        if reply.cut is not None:
            wire.wfile.flush()
            if reply.silence:
                reply.silence.wait(GUARD_SECONDS)
            wire.close_connection = True
            wire.connection.shutdown(socket.SHUT_RDWR)

    def called(self, path: str) -> list[Request]:
        """The requests to one path."""
        return [r for r in self.requests if r.path == path]

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


class FakeTime:
    """A clock that only sleeping moves."""

    def __init__(self, now: float = 1_770_000_000.0) -> None:
        self.now = now
        self.slept: list[float] = []

    def clock(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds
