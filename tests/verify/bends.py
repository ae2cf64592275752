"""Tenants that answer otherwise than assumed: what goes in or out of a stand-in is changed on the way."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

Bend = Callable[["WSGIApplication"], "WSGIApplication"]
Heads = list[tuple[str, str]]
JSON = "application/json"
REFUSED = {"success": False, "processId": "0", "reasons": [{"code": 50000030, "message": "Not here."}]}
MISSING = {"success": False, "processId": "0", "reasons": [{"code": 50000040, "message": "Cannot find it."}]}


def _body(environ: WSGIEnvironment) -> bytes:
    """The request's body, which stays readable."""
    content: bytes = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    environ["wsgi.input"] = io.BytesIO(content)
    return content


def answered(method: str, path: str, answer: Any, status: str = "200 OK", having: str = "") -> Bend:
    """Calls of this kind are answered so, and not carried out. `path` is a pattern of path and query, `having` a text in the body."""

    def bend(app: WSGIApplication) -> WSGIApplication:
        def bent(environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
            asked = "?".join(filter(None, (environ["PATH_INFO"], environ.get("QUERY_STRING"))))
            if environ["REQUEST_METHOD"] == method and re.search(path, asked) and having in _body(environ).decode():
                start(status, [("Content-Type", JSON)])
                return [json.dumps(answer).encode()]
            return app(environ, start)

        return bent

    return bend


def answers(path: str, change: Callable[[str, Heads], tuple[str, Heads]]) -> Bend:
    """The answers to these paths are changed: text and headers."""

    def bend(app: WSGIApplication) -> WSGIApplication:
        def bent(environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
            if not re.search(path, environ["PATH_INFO"]):
                return app(environ, start)
            environ.pop("HTTP_ACCEPT_ENCODING", None)
            said: list[tuple[str, Heads]] = []

            def begun(status: str, headers: Heads, info: Any = None) -> Callable[[bytes], Any]:
                said.append((status, headers))
                return lambda data: None

            content = b"".join(app(environ, begun))
            status, headers = said[-1]
            text, heads = change(content.decode(), [head for head in headers if head[0].lower() != "content-length"])
            start(status, [*heads, ("Content-Length", str(len(text.encode())))])
            return [text.encode()]

        return bent

    return bend


def replaced(path: str, old: str, new: str | Callable[[re.Match[str]], str]) -> Bend:
    """In the answers to these paths a pattern is replaced."""
    return answers(path, lambda text, heads: (re.sub(old, new, text), heads))


def replaced_in(path: str, old: str, new: str) -> Bend:
    """In the bodies sent to these paths a pattern is replaced."""

    def bend(app: WSGIApplication) -> WSGIApplication:
        def bent(environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
            if re.search(path, environ["PATH_INFO"]):
                content = re.sub(old, new, _body(environ).decode()).encode()
                environ |= {"wsgi.input": io.BytesIO(content), "CONTENT_LENGTH": str(len(content))}
            return app(environ, start)

        return bent

    return bend


def without_headers(prefix: str) -> Bend:
    return answers("/", lambda text, heads: (text, [head for head in heads if not head[0].lower().startswith(prefix.lower())]))


def deaf(path: str, header: str) -> Bend:
    """Calls of these paths arrive without a header."""

    def bend(app: WSGIApplication) -> WSGIApplication:
        def bent(environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
            if re.search(path, environ["PATH_INFO"]):
                environ.pop(f"HTTP_{header.upper().replace('-', '_')}", None)
            return app(environ, start)

        return bent

    return bend


def one_token(app: WSGIApplication) -> WSGIApplication:
    """A tenant in which a new token ends the one before."""
    last: list[str] = []

    def bent(environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        if environ["PATH_INFO"] == "/oauth/token":
            content = b"".join(app(environ, start))
            last[:] = [json.loads(content)["access_token"]]
            return [content]
        if last and environ.get("HTTP_AUTHORIZATION") != f"Bearer {last[0]}":
            start("401 Unauthorized", [("Content-Type", JSON)])
            return [b'{"message": "Authentication error"}']
        return app(environ, start)

    return bent


def counting() -> Callable[[re.Match[str]], str]:
    """A replacement that is another one each time."""
    seen = iter(range(10, 60))
    return lambda match: f'"UpdatedDate":"2026-05-04T15:00:{next(seen)}.000+00:00"'
