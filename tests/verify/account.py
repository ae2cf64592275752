"""A NetSuite stand-in of any options, and worlds that ask it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sandbox.control import Control
from sandbox.netsuite import NetSuiteOptions, NetSuiteStandIn, new_key_pair
from sandbox.server import LoopbackServer
from tallybridge.http import Http
from tallybridge.netsuite import NetSuiteConnection
from tallybridge.netsuite.connection import AuthMethod
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
from tests.straight import straight_into
from tests.verify.bent import bending
from tests.verify.cases import Case

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

NOW = datetime(2026, 5, 4, 15, 0, 0, tzinfo=UTC)
BY_NAME = {probe.name: probe for probe in PROBES}
Bend = Callable[["WSGIApplication"], "WSGIApplication"]


PRIVATE_KEY, PUBLIC_KEY = new_key_pair()


class StillClock:
    """A clock that stands still until somebody sleeps."""

    def __init__(self) -> None:
        self.moment = NOW

    def now(self) -> datetime:
        return self.moment

    def sleep(self, seconds: float) -> None:
        self.moment += timedelta(seconds=seconds)


class Account:
    """One address; the account behind it can be exchanged. What is asked here goes straight in, without connections.
    `bend` may change what goes in and out."""

    def __init__(self) -> None:
        self.clock = StillClock()
        self.opened()
        self.server = LoopbackServer(self._answer).start()
        straight = straight_into({self.server.url: self._answer})
        self.http = Http(clock=lambda: self.clock.now().timestamp(), sleep=self.clock.sleep, session=straight)

    def _answer(self, environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        return self.app(environ, start)

    def opened(self, bend: Bend = lambda app: app, auth: AuthMethod = "tba", **options: Any) -> Account:
        """A new account with these options."""
        self.auth: AuthMethod = auth
        self.options = NetSuiteOptions(clock=self.clock.now, certificate_public_key=PUBLIC_KEY, **options)
        self.stand_in = NetSuiteStandIn(self.options)
        self.control = Control(self.stand_in)
        self.app: WSGIApplication = bend(self.control)
        return self

    def arranged(self, *cases: Case) -> Account:
        """A new account with the options, objects and answers of all cases."""
        options: dict[str, Any] = {}
        objects: dict[str, list[dict[str, Any]]] = {}
        for case in cases:
            options |= case.options
            objects |= case.objects
        self.opened(bending(*[answer for case in cases for answer in case.bent]), **options)
        if objects:
            self.stand_in.load({kind: [self._with_id(kind, each) for each in given] for kind, given in objects.items()})
        return self

    def _with_id(self, kind: str, given: dict[str, Any]) -> dict[str, Any]:
        """A change of a period names it by its name."""
        if kind != "accountingPeriod":
            return given
        found = next(p for p in self.stand_in.tenant.store.all(kind) if p.values["periodName"] == given["periodName"])
        return {"id": found.id, **given}

    def world(self, folder: Path, run: str = "1") -> World:
        o = self.options
        keys = {name: getattr(o, name) for name in ("consumer_key", "consumer_secret", "token_id", "token_secret")}
        certificate = {"client_id": o.client_id, "certificate_id": o.certificate_id, "private_key": PRIVATE_KEY}
        connection = NetSuiteConnection(o.account, self.auth, self.server.url, **keys, **certificate)
        trace = Trace()
        rest = netsuite_rest(connection, self.http, trace, ProcessTokens())
        cleaners, connections = {System.NETSUITE: CLEANER}, {System.NETSUITE: connection}
        return World(run, self.clock, Journal(folder), parse_settings("{}"), {System.NETSUITE: rest}, trace, cleaners, connections)

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
