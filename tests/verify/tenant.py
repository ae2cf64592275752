"""A Zuora stand-in of any options, and worlds that ask it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sandbox.control import Control
from sandbox.server import LoopbackServer
from sandbox.zuora import ZuoraOptions, ZuoraStandIn
from tallybridge.http import Http
from tallybridge.settings import parse_settings
from tallybridge.tokens import ProcessTokens
from tallybridge.zuora import ZuoraConnection
from tallybridge_cli.verify.building import zuora_rest
from tallybridge_cli.verify.journal import Journal
from tallybridge_cli.verify.probe import Finding, System
from tallybridge_cli.verify.probes import PROBES
from tallybridge_cli.verify.rest import Trace
from tallybridge_cli.verify.running import findings
from tallybridge_cli.verify.world import World
from tallybridge_cli.verify.zuora import CLEANER
from tests.straight import straight_into

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

NOW = datetime(2026, 5, 4, 15, 0, 0, tzinfo=UTC)
BY_NAME = {probe.name: probe for probe in PROBES}
Bend = Callable[["WSGIApplication"], "WSGIApplication"]


class MovingClock:
    """A clock that moves while somebody sleeps."""

    def __init__(self) -> None:
        self.moment = NOW

    def now(self) -> datetime:
        return self.moment

    def sleep(self, seconds: float) -> None:
        self.moment += timedelta(seconds=seconds)


class Tenant:
    """One address; the tenant behind it can be exchanged. What is asked here goes straight in, without connections.
    `bend` may change what goes in and out."""

    def __init__(self) -> None:
        self.clock = MovingClock()
        self.opened()
        self.server = LoopbackServer(self._answer).start()
        straight = straight_into({self.server.url: self._answer})
        self.http = Http(clock=lambda: self.clock.now().timestamp(), sleep=self.clock.sleep, session=straight)

    def _answer(self, environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        return self.app(environ, start)

    def opened(self, bend: Bend = lambda app: app, **options: Any) -> Tenant:
        """A new tenant with these options and one customer's documents."""
        self.options = ZuoraOptions(clock=self.clock.now, **options)
        self.stand_in = ZuoraStandIn(self.options)
        self.app: WSGIApplication = bend(Control(self.stand_in))
        return self

    def loaded(self, **objects: list[dict[str, Any]]) -> Tenant:
        self.stand_in.load(objects)
        self.clock.sleep(60)
        return self

    def world(self, folder: Path, run: str = "1") -> World:
        o = self.options
        connection = ZuoraConnection(self.server.url, o.client_id, o.client_secret)
        trace = Trace()
        rest = zuora_rest(connection, self.http, trace, ProcessTokens())
        cleaners = {System.ZUORA: CLEANER}
        settings = parse_settings("{}")
        return World(run, self.clock, Journal(folder), settings, {System.ZUORA: rest}, trace, cleaners, {System.ZUORA: connection})

    def found(self, folder: Path, *names: str) -> list[Finding]:
        """The findings of the probes."""
        return list(findings(self.world(folder), [BY_NAME[name] for name in names]))

    def held(self) -> dict[str, int]:
        """How many objects of each type there are."""
        return {kind: len(rows) for kind, rows in self.stand_in.dump().items() if rows}

    def close(self) -> None:
        self.http.session.close()
        self.server.close()
