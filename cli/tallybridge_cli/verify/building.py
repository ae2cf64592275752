"""The world of an installation: its credentials, what may be written where, and where the journal lies."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from tallybridge.clock import Clock
from tallybridge.configuration import REVENUE
from tallybridge.desk.connection import is_test_account
from tallybridge.desk.target import PARAMETERS, Target
from tallybridge.documents import Unusable, read_object
from tallybridge.errors import ConfigurationError
from tallybridge.http import Answer, Effect, Http
from tallybridge.netsuite import NetSuiteConnection
from tallybridge.netsuite.auth import signer_for
from tallybridge.netsuite.faults import error_from
from tallybridge.revenue.config import parse_config
from tallybridge.revenue.wiring import revenue_connection
from tallybridge.settings import Settings
from tallybridge.tokens import Bearer, ProcessTokens
from tallybridge.wiring import netsuite_connection, parse_secret, zuora_connection
from tallybridge.zuora import ZuoraConnection
from tallybridge.zuora.calls import WSDL_VERSION, ZUORA_VERSION, ZuoraCalls
from tallybridge.zuora_revenue import RevenueConnection
from tallybridge.zuora_revenue.login import signer_for as revenue_signer
from tallybridge_cli.verify.journal import Journal
from tallybridge_cli.verify.netsuite import CLEANER as NETSUITE_CLEANER
from tallybridge_cli.verify.probe import System
from tallybridge_cli.verify.rest import Rest, Trace
from tallybridge_cli.verify.revenue.reads import RevenueSystem
from tallybridge_cli.verify.world import World
from tallybridge_cli.verify.zuora import CLEANER as ZUORA_CLEANER

TEST_HOSTS = frozenset(
    {
        "rest.apisandbox.zuora.com",
        "rest.pt1.zuora.com",
        "rest.sandbox.eu.zuora.com",
        "rest.sandbox.na.zuora.com",
        "rest.test.ap.zuora.com",
        "rest.test.eu.zuora.com",
        "rest.test.zuora.com",
        "127.0.0.1",
        "::1",
        "localhost",
    }
)
"""Hosts of Zuora's tenants for tests (api-zuora-billing.md section 1), and this machine. Every other counts as production."""
KINDS = ("customer", "item", "line", "document", "payment", "account", "contact", "charge")
"""Kinds of records of the probes, whose fields can be given: NetSuite's, then Zuora's."""
CLOCK = "/services/rest/system/v1/serverTime"
NAMES, STRICT = "X-NetSuite-PropertyNameValidation", "error"
"""Property names that NetSuite does not know are refused, as for the product."""


@dataclass(frozen=True)
class Connections:
    """Both systems as the next run would reach them."""

    netsuite: NetSuiteConnection
    zuora: ZuoraConnection
    settings: Settings
    revenue: RevenueSystem | None = None

    @property
    def tenants(self) -> str:
        """Which tenants they are, for the journal."""
        return f"{self.netsuite.account_id} {urlsplit(self.zuora.base_url).netloc}"

    def refusal(self) -> str:
        """Why nothing may be written there, "" where it may: both must be known as ones for tests."""
        host = (urlsplit(self.zuora.base_url).hostname or "").rstrip(".").lower()
        if not is_test_account(self.netsuite.account_id):
            return f"The NetSuite account {self.netsuite.account_id} is not known as a sandbox, release preview or test drive."
        if host not in TEST_HOSTS:
            return f"The Zuora tenant {host or 'without an address'} is not known as one for tests."
        return ""


def connections(target: Target) -> Connections:
    """Raises `ConfigurationError` for settings or credentials that are not usable."""
    settings, given = target.settings(), target.credentials()
    return Connections(netsuite_connection(given, settings), zuora_connection(given, settings), settings, revenue_system(target))


def revenue_system(target: Target) -> RevenueSystem | None:
    """Zuora Revenue, where the installation has a usable connection to it."""
    if not target.variables.get(PARAMETERS[REVENUE]):
        return None
    try:
        given = parse_secret(target.client("secretsmanager").get_secret_value(SecretId=target["CREDENTIALS_SECRET"])["SecretString"])
        config = parse_config(target.configuration(REVENUE).current().document)
        names = [line.template for instance in config.instances for line in instance.objects if line.template]
        return RevenueSystem(revenue_connection(given, config.connection.revenue), tuple(dict.fromkeys(names)))
    except ConfigurationError:
        return None


def require_tests(found: Connections) -> None:
    """Raises `ConfigurationError` VERIFY-PRODUCTION unless both systems are known as ones for tests."""
    if why := found.refusal():
        advice = "Leave out --write: what only reads can be asked of production. Prove the rest on sandboxes of both."
        raise ConfigurationError(f"{why} Nothing was written.", place="--write", code="VERIFY-PRODUCTION", advice=advice)


def netsuite_rest(connection: NetSuiteConnection, http: Http, trace: Trace, tokens: ProcessTokens) -> Rest:
    """Calls to a NetSuite account."""
    return Rest("NetSuite", connection.url, http, signer_for(connection, http, tokens), trace, {NAMES: STRICT})


def zuora_rest(connection: ZuoraConnection, http: Http, trace: Trace, tokens: ProcessTokens) -> Rest:
    """Calls to a Zuora tenant."""
    calls = ZuoraCalls(connection, http, tokens, None)
    versions = {"Zuora-Version": ZUORA_VERSION, "X-Zuora-WSDL-Version": WSDL_VERSION}
    entities = {"Zuora-Entity-Ids": ",".join(connection.entity_ids)} if connection.entity_ids else {}
    return Rest("Zuora", calls.base_url, http, calls.signer, trace, {**versions, **entities})


def revenue_rest(connection: RevenueConnection, http: Http, trace: Trace, tokens: ProcessTokens) -> Rest:
    """Calls to a tenant of Zuora Revenue."""
    return Rest("Zuora Revenue", connection.url, http, revenue_signer(connection, http, tokens), trace, {})


def values_in(file: Path | None) -> dict[str, dict[str, Any]]:
    """What this tenant asks for beside the usual, by kind of record. Raises `ConfigurationError` VERIFY-VALUES."""
    if file is None:
        return {}
    try:
        given = read_object(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, Unusable) as wrong:
        raise _unusable(file, "is no readable JSON object") from wrong
    odd = sorted(kind for kind, fields in given.items() if kind not in KINDS or not isinstance(fields, dict))
    if odd:
        raise _unusable(file, f"names {', '.join(odd)}; each key is one of {', '.join(KINDS)}, with an object of fields")
    return given


def _unusable(file: Path, why: str) -> ConfigurationError:
    advice = 'Write fields by kind of record, such as {"document": {"department": {"id": "5"}}}.'
    return ConfigurationError(f"{file} {why}.", place="--values", code="VERIFY-VALUES", advice=advice)


def require_logins(world: World, systems: Collection[System]) -> None:
    """Raises what a login raises that is refused, before any probe takes that for an answer. Systems without a connection are passed over:
    their probes say so."""
    for system in (each for each in systems if each in world.systems):
        if system is System.NETSUITE:
            reply = world.netsuite.ask("GET", CLOCK)
            if error := error_from(Answer(reply.status, reply.headers, reply.text.encode()), "server time", Effect.READ):
                raise error
        elif isinstance(signer := world.systems[system].signer, Bearer):
            signer.prepare()
    world.trace.taken()


def world_of(found: Connections, run: str, folder: Path, clock: Clock, values: Mapping[str, Mapping[str, Any]] | None = None) -> World:
    """The world of a run of the probes, whose journal lies in `folder`."""
    http = Http(clock=lambda: clock.now().timestamp(), sleep=clock.sleep)
    trace, tokens = Trace(), ProcessTokens()
    netsuite = netsuite_rest(found.netsuite, http, trace, tokens)
    zuora = zuora_rest(found.zuora, http, trace, tokens)
    systems = {System.NETSUITE: netsuite, System.ZUORA: zuora}
    connections: dict[System, Any] = {System.NETSUITE: found.netsuite, System.ZUORA: found.zuora}
    if found.revenue:
        systems[System.REVENUE] = revenue_rest(found.revenue.connection, http, trace, tokens)
        connections[System.REVENUE] = found.revenue
    return World(
        run,
        clock,
        Journal(folder, found.tenants),
        found.settings,
        systems,
        trace,
        {System.NETSUITE: NETSUITE_CLEANER, System.ZUORA: ZUORA_CLEANER},
        connections,
        values or {},
    )
