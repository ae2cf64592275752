"""A NetSuite stand-in of any options, and worlds that ask it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sandbox.control import Control
from sandbox.netsuite import NetSuiteOptions, NetSuiteStandIn
from sandbox.server import LoopbackServer
from tallybridge.http import Http
from tallybridge.netsuite import NetSuiteConnection
from tallybridge.settings import parse_settings
from tallybridge.tokens import ProcessTokens
from tallybridge_cli.verify.building import netsuite_rest
from tallybridge_cli.verify.journal import Journal
from tallybridge_cli.verify.netsuite import CLEANER
from tallybridge_cli.verify.probe import Finding, Probe, System
from tallybridge_cli.verify.probes import PROBES
from tallybridge_cli.verify.rest import Trace
from tallybridge_cli.verify.running import findings
from tallybridge_cli.verify.world import World

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

NOW = datetime(2026, 5, 4, 15, 0, 0, tzinfo=UTC)
BY_NAME = {probe.name: probe for probe in PROBES}
Bend = Callable[["WSGIApplication"], "WSGIApplication"]


class StillClock:
    """A clock that stands still until somebody sleeps."""

    def __init__(self) -> None:
        self.moment = NOW

    def now(self) -> datetime:
        return self.moment

    def sleep(self, seconds: float) -> None:
        return None


class Account:
    """One server; the account behind it can be exchanged. `bend` may change what goes in and out."""

    def __init__(self) -> None:
        self.clock = StillClock()
        self.opened()
        self.server = LoopbackServer(self._answer).start()
        self.http = Http(clock=lambda: self.clock.now().timestamp(), sleep=self.clock.sleep)

    def _answer(self, environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        return self.app(environ, start)

    def opened(self, bend: Bend = lambda app: app, **options: Any) -> Account:
        """A new account with these options."""
        self.options = NetSuiteOptions(clock=self.clock.now, **options)
        self.stand_in = NetSuiteStandIn(self.options)
        self.control = Control(self.stand_in)
        self.app: WSGIApplication = bend(self.control)
        return self

    def world(self, folder: Path, run: str = "1") -> World:
        o = self.options
        keys = {name: getattr(o, name) for name in ("consumer_key", "consumer_secret", "token_id", "token_secret")}
        connection = NetSuiteConnection(o.account, "tba", self.server.url, **keys)
        trace = Trace()
        rest = netsuite_rest(connection, self.http, trace, ProcessTokens())
        cleaners = {System.NETSUITE: CLEANER}
        return World(
            run, self.clock, Journal(folder), parse_settings("{}"), {System.NETSUITE: rest}, trace, cleaners, {System.NETSUITE: connection}
        )

    def found(self, folder: Path, *names: str) -> list[Finding]:
        """The findings of the probes."""
        return list(findings(self.world(folder), [BY_NAME[name] for name in names]))

    def held(self) -> dict[str, int]:
        """How many entities, items and transactions there are."""
        return {group: len(self.stand_in.tenant.store.groups[group]) for group in ("entity", "item", "transaction")}

    def close(self) -> None:
        self.http.session.close()
        self.server.close()


def probes(system: System) -> list[Probe]:
    return [probe for probe in PROBES if probe.system is system]
