"""Threaded HTTP/1.1 servers on loopback. For the stand-ins the connection is closed after each answer, as werkzeug's server does; that of
AWS keeps it, as AWS does, since a new one for each call would cost its clients as much again as the call."""

from __future__ import annotations

import io
import selectors
import socket
import threading
from socketserver import BaseServer
from types import TracebackType
from typing import TYPE_CHECKING, Any

from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication


class QuietHandler(WSGIRequestHandler):
    """Speaks HTTP/1.1 and writes no access log."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        return None

    def log_error(self, format: str, *args: object) -> None:
        return None


class KeepingHandler(QuietHandler):
    """Keeps the connection for the next request. For that each request is read whole, whatever the application reads of it, and each answer
    says how long it is; after a request in pieces the connection is closed, since nobody has counted them."""

    def run_wsgi(self) -> None:
        if self.headers.get("Expect", "").lower() == "100-continue":
            self.wfile.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        environ = self.make_environ()
        if "chunked" in environ.get("HTTP_TRANSFER_ENCODING", ""):
            self.close_connection = True
        else:
            environ["wsgi.input"] = io.BytesIO(self.rfile.read(int(environ.get("CONTENT_LENGTH") or 0)))
        answers: list[tuple[str, list[tuple[str, str]]]] = []

        def start_response(status: str, headers: list[tuple[str, str]], problem: Any = None) -> Any:
            answers.append((status, headers))

        body = b"".join(self.server.app(environ, start_response))
        status, headers = answers[-1]
        code, _, reason = status.partition(" ")
        self.send_response_only(int(code), reason)
        for name, value in headers:
            self.send_header(name, value)
        if self.command != "HEAD" and "content-length" not in {name.lower() for name, _ in headers}:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)


class LoopbackServer:
    """Serves one WSGI application on 127.0.0.1 until it is closed. Port 0 takes a free one; `url` says which."""

    def __init__(self, app: WSGIApplication, port: int = 0, handler: type[QuietHandler] = QuietHandler) -> None:
        self.server: BaseWSGIServer = make_server("127.0.0.1", port, app, threaded=True, request_handler=handler)
        self.port: int = self.server.server_port
        self.url = f"http://127.0.0.1:{self.port}"
        self._end, self._ended = socket.socketpair()
        self.thread = threading.Thread(target=self._serve, daemon=True)

    def start(self) -> LoopbackServer:
        self.thread.start()
        return self

    def close(self) -> None:
        self._end.close()
        self.thread.join()
        self.server.server_close()

    def _serve(self) -> None:
        """Waits for connections and for the end: `serve_forever` looks for its end many times a second and is left a moment after it."""
        take_request: Any = vars(BaseServer)["_handle_request_noblock"]
        with self._ended, selectors.DefaultSelector() as waiting:
            for each in (self.server, self._ended):
                waiting.register(each, selectors.EVENT_READ)
            while self._ended not in (ready := [key.fileobj for key, _ in waiting.select()]):
                if self.server in ready:
                    take_request(self.server)

    def __enter__(self) -> LoopbackServer:
        return self.start()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()
