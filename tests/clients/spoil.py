"""The negative control of `make clients`: answers that are wrong in a way that a check of their content must notice.

With the variable SPOIL_ANSWERS every number of a JSON answer is one more, every list lacks its last element, and every other text its last
line. What the programs need in order to get in (tokens, and the sandbox's own `/_sandbox/`) stays right.
"""

from __future__ import annotations

import gzip
import json
import os
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from werkzeug.test import run_wsgi_app

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

VARIABLE = "SPOIL_ANSWERS"
SPARED = ("/_sandbox/", "/oauth/", "/auth/", "/services/rest/auth/")


def spoiled(value: Any) -> Any:
    """A JSON value made wrong."""
    if isinstance(value, dict):
        return {name: spoiled(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [spoiled(inner) for inner in value[:-1]]
    return value + 1 if isinstance(value, (int, float)) and not isinstance(value, bool) else value


def spoiled_body(body: bytes) -> bytes:
    """A body made wrong, compressed as it was."""
    if body[:2] == b"\x1f\x8b":
        return gzip.compress(spoiled_body(gzip.decompress(body)))
    try:
        return json.dumps(spoiled(json.loads(body))).encode()
    except ValueError:
        return b"".join(body.splitlines(keepends=True)[:-1])


class _Spoiled:
    def __init__(self, app: WSGIApplication) -> None:
        self.app = app

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if environ["PATH_INFO"].startswith(SPARED):
            return self.app(environ, start_response)
        parts, status, headers = run_wsgi_app(self.app, environ)
        body = b"".join(parts)
        body = spoiled_body(body) if body and environ["REQUEST_METHOD"] != "HEAD" else body
        kept = [(name, value) for name, value in headers if name.lower() != "content-length"]
        start_response(status, [*kept, ("Content-Length", str(len(body)))])
        return [body]


def served(app: WSGIApplication) -> WSGIApplication:
    """What the tests of foreign programs serve: the stand-in, or in the negative control the stand-in with wrong answers."""
    return _Spoiled(app) if os.environ.get(VARIABLE) else app
