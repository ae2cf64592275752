"""The operator's console at its port: the HTTP API before the stack's function, and the people who may sign in beside it.

Both answer on one port under two names, 127.0.0.1 and localhost, so that to a browser they are two sites, as they are in a company.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from sandbox.aws import LocalAws
from sandbox.aws.http_api import HttpApi
from sandbox.clock import Clock
from sandbox.people import CLIENT, PATH, People
from sandbox.server import LoopbackServer

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment


def console_parameters(port: int) -> dict[str, str]:
    """The stack's parameters for a console at this port."""
    return {
        "ConsoleEnabled": "true",
        "ConsoleIssuer": f"http://localhost:{port}{PATH}",
        "ConsoleClientId": CLIENT,
        "ConsoleAddress": f"http://127.0.0.1:{port}",
    }


class ConsoleAddress:
    """WSGI application: the people below their path, everything else the API's."""

    def __init__(self, aws: LocalAws, port: int, clock: Clock) -> None:
        own, issuer = (console_parameters(port)[name] for name in ("ConsoleAddress", "ConsoleIssuer"))
        self.people = People(issuer, f"{own}/callback", f"{own}/signed-out", lambda: clock.now().timestamp())
        self.api = HttpApi(lambda event: aws.invoke("console", event), clock)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        app = self.people if environ["PATH_INFO"].startswith(f"{PATH}/") else self.api
        return app(environ, start_response)


def serve_console(aws: LocalAws, port: int, clock: Clock) -> LoopbackServer:
    """The server of a stack that was made with `console_parameters`."""
    return LoopbackServer(ConsoleAddress(aws, port, clock), port)
