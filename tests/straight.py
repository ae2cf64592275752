"""HTTP without connections: what a session sends goes straight into WSGI applications, in the thread that asks."""

from __future__ import annotations

import functools
import gzip
import io
import sys
from collections.abc import Callable, Mapping
from types import SimpleNamespace
from typing import Any
from urllib.parse import unquote_to_bytes, urlsplit

import requests
from requests.adapters import BaseAdapter
from urllib3.exceptions import ProtocolError
from werkzeug.test import run_wsgi_app


def _environ(request: requests.PreparedRequest) -> dict[str, Any]:
    """A request as a server hands it on (PEP 3333)."""
    parts = urlsplit(request.url or "")
    body = _whole(request.body or b"")
    environ: dict[str, Any] = {
        "REQUEST_METHOD": request.method or "GET",
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote_to_bytes(parts.path or "/").decode("latin-1"),
        "QUERY_STRING": parts.query,
        "REQUEST_URI": parts.path + (f"?{parts.query}" if parts.query else ""),
        "REMOTE_ADDR": "127.0.0.1",
        "SERVER_NAME": parts.hostname,
        "SERVER_PORT": str(parts.port or 80),
        "SERVER_PROTOCOL": "HTTP/1.1",
        "HTTP_HOST": parts.netloc,
        "CONTENT_LENGTH": str(len(body)),
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": parts.scheme,
        "wsgi.input": io.BytesIO(body),
        "wsgi.input_terminated": True,  # as a server hands on what was sent in chunks
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
    for name, value in request.headers.items():
        environ[_key(name)] = _text(value)
    return environ


@functools.lru_cache(maxsize=500)
def _key(name: str | bytes) -> str:
    """What a header is called there. Who signs a request leaves bytes."""
    key = _text(name).upper().replace("-", "_")
    return key if key in ("CONTENT_TYPE", "CONTENT_LENGTH") else f"HTTP_{key}"


def _whole(given: Any) -> bytes:
    if isinstance(given, str):
        return given.encode()
    if isinstance(given, bytes):
        return given
    return bytes(given.read()) if hasattr(given, "read") else b"".join(given)


def _text(value: str | bytes) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else value


class StraightIn(BaseAdapter):
    """Sends requests into WSGI applications by their address, without a connection."""

    def __init__(self, apps: Mapping[str, Callable[..., Any]]) -> None:
        super().__init__()
        self.apps = apps

    def send(self, request: requests.PreparedRequest, **_: Any) -> requests.Response:  # type: ignore[override]
        assert request.url
        base = next(b for b in self.apps if request.url.startswith(b))
        environ = _environ(request)
        environ["werkzeug.socket"] = SimpleNamespace(shutdown=lambda how: None)  # what a fault rule closes
        try:
            chunks, status, headers = run_wsgi_app(self.apps[base], environ, buffered=True)
        except ConnectionAbortedError as dropped:  # a fault rule: the request was sent, no answer came
            raise requests.ConnectionError(ProtocolError("Connection aborted.", dropped), request=request) from dropped
        response = requests.Response()
        response.status_code, response.url, response.request = int(status[:3]), request.url, request
        response.headers.update(headers)
        body = b"".join(chunks)
        response._content = gzip.decompress(body) if response.headers.get("Content-Encoding") == "gzip" else body
        response._content_consumed = True  # type: ignore[attr-defined]
        return response

    def close(self) -> None:
        return None


def straight_into(apps: Mapping[str, Callable[..., Any]]) -> requests.Session:
    """A session whose requests go straight into applications, by their addresses; to all others connections are made."""
    session = requests.Session()
    session.trust_env = False
    for address in apps:
        session.mount(f"{address}/", StraightIn(apps))
    return session
