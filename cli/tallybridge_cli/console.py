"""The console on one's own machine: the deployed console's pages, on loopback, with the caller's own AWS identity."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server
from werkzeug.wrappers import Request, Response

from tallybridge.console.app import Console
from tallybridge.console.roles import BY_WORD
from tallybridge.console.site import OwnMachine, Site
from tallybridge.desk.target import Target
from tallybridge.errors import ConfigurationError

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

HOST = "127.0.0.1"
DEFAULT_PORT = 7004
MAX_FORM = 1024 * 1024
"""Bytes of a form; settings are the longest."""


class _Quiet(WSGIRequestHandler):
    """Writes no access log: the terminal is for what the person has to know."""

    protocol_version = "HTTP/1.1"

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        return None


class Loopback:
    """WSGI application over a console: requests become the events that an HTTP API would send, and the answers what it would answer."""

    def __init__(self, handle: Callable[[dict[str, Any], Any], dict[str, Any]]) -> None:
        self.handle = handle

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        request = Request(environ)
        request.max_content_length = MAX_FORM
        answer = self.handle(event_of(request), None)
        body = answer.get("body") or ""
        response = Response(base64.b64decode(body) if answer.get("isBase64Encoded") else body.encode(), answer["statusCode"])
        response.headers.clear()
        for name, value in answer["headers"].items():
            response.headers.set(name, value)
        for cookie in answer.get("cookies", ()):
            response.headers.add("Set-Cookie", cookie)
        return response(environ, start_response)


def event_of(request: Request) -> dict[str, Any]:
    """The event of a request, in payload format 2.0, as far as the console looks at it."""
    path = str(request.environ.get("RAW_URI", request.path)).partition("?")[0]
    return {
        "version": "2.0",
        "rawPath": path,
        "rawQueryString": request.query_string.decode("latin-1"),
        "headers": {name.lower(): value for name, value in request.headers},
        "cookies": [each.strip() for each in request.headers.get("Cookie", "").split(";") if each.strip()],
        "requestContext": {"http": {"method": request.method, "path": path}, "stage": "$default"},
        "body": base64.b64encode(request.get_data()).decode(),
        "isBase64Encoded": True,
    }


def site_of(target: Target, port: int, role: str, instance: str) -> Site:
    """The site of one's own machine; who opens the address with its key is the caller as AWS has them. Raises `ConfigurationError`."""
    if role not in BY_WORD:
        text = f'"{role}" is no role.'
        raise ConfigurationError(text, place="--role", code="INPUT", advice=f"The roles are {', '.join(BY_WORD)}.")
    own = OwnMachine(secrets.token_urlsafe(24), target.who(), BY_WORD[role])
    return Site(target, f"http://{HOST}:{port}", secrets.token_urlsafe(48), own, instance)


def address_of(site: Site) -> str:
    """The address that lets its reader in."""
    assert isinstance(site.entrance, OwnMachine)
    return f"{site.address}/enter?key={site.entrance.key}"


def server(site: Site, port: int, fault: Callable[[Exception], None]) -> BaseWSGIServer:
    """The server, not yet serving. Raises `ConfigurationError` CONSOLE-PORT."""
    try:
        return make_server(HOST, port, Loopback(Console(site, fault).handle), threaded=True, request_handler=_Quiet)
    except (OSError, SystemExit) as taken:  # werkzeug turns a taken port into an exit of the process
        raise ConfigurationError(
            f"Port {port} on {HOST} cannot be used.",
            place="--port",
            code="CONSOLE-PORT",
            advice="Choose another with --port. A running sandbox has its own console there: `make sandbox` says where.",
        ) from taken
