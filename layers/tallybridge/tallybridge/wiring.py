"""The one module that reads environment variables and builds clients and stores.

Heavy things (boto3 clients, HTTP pools, tokens) live as long as the process; everything that belongs to one run or one invocation is made
anew. Environment variables are read at each invocation, since in the sandbox all functions share one process.
"""

from __future__ import annotations

import copy
import os
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any, Self

from tallybridge import __version__
from tallybridge.clock import Clock, SystemClock
from tallybridge.configuration import SETTINGS, Configuration, Versions
from tallybridge.documents import DOCUMENT, Unusable, read_object
from tallybridge.errors import ConfigurationError
from tallybridge.http import Http, Observer, Pressure
from tallybridge.netsuite import NetSuite, NetSuiteConnection
from tallybridge.netsuite.faults import SERVICE as NETSUITE
from tallybridge.rounds import Kept
from tallybridge.settings import Settings
from tallybridge.sync.folder import RunFolder
from tallybridge.sync.ledger import Ledger, Owner
from tallybridge.sync.problems import Counts
from tallybridge.sync.runs import BILLING, Runs
from tallybridge.sync.slots import SharedSlots
from tallybridge.tokens import ProcessTokens
from tallybridge.zuora import Zuora, ZuoraConnection

FILL_IN = "Fill in the secret as the deployment guide shows, then run `tallybridge doctor`."
SAFETY_SECONDS = 5
"""A worker stops this long before it would be stopped."""
AWS_CLIENT: dict[str, Any] = {
    "retries": {"mode": "standard", "max_attempts": 5},
    "max_pool_connections": 32,
    "parameter_validation": False,
}
"""Of every client. Parameters are judged by the service alone: judging them here too costs each call a tenth of its processor time."""
USER_AGENT = f"tallybridge/{__version__}"
"""Who calls, as CloudTrail shows it. One that is given is not put together anew for each call, which costs another tenth."""

_lock = threading.RLock()
_aws: dict[str, Any] = {}
_tokens = ProcessTokens()
_http: dict[str, Http] = {}


def variable(name: str, *, optional: bool = False) -> str:
    """An environment variable that the function must have, unless it is optional. Raises `ConfigurationError` ENVIRONMENT."""
    value = os.environ.get(name, "")
    if not value and not optional:
        advice = "Deploy the template again, or name the stack or environment file."
        raise ConfigurationError(f"The environment variable {name} is not set.", place=name, code="ENVIRONMENT", advice=advice)
    return value


def aws(kind: str, service: str) -> Any:
    """A boto3 "client" or "resource", one per process, made under a lock because boto3 is not thread-safe while it makes one."""
    with _lock:
        if (key := f"{kind}:{service}") not in _aws:
            import boto3
            from botocore.config import Config

            _aws[key] = getattr(boto3, kind)(service, config=Config(**AWS_CLIENT, user_agent=f"{USER_AGENT} Boto3/{boto3.__version__}"))
        return _aws[key]


def forget_clients() -> None:
    """Make everything anew at the next use: for a process whose AWS has been replaced."""
    with _lock:
        _aws.clear()
        _http.clear()
        _tokens.__init__()  # type: ignore[misc]


@dataclass(frozen=True)
class Invocation:
    """One call of a function: its id, and when (epoch seconds) it is stopped from outside."""

    id: str
    deadline: float


class Wiring:
    """Builds what a task needs. Tests replace single methods."""

    def __init__(self, invocation: Invocation, clock: Clock | None = None) -> None:
        self.invocation = invocation
        self.clock = clock or SystemClock()
        self._slots: dict[tuple[str, str, float], SharedSlots] = {}
        self._credentials: dict[str, dict[str, str]] | None = None
        self.pressure = Pressure()
        """How hard services press on this invocation."""

    @classmethod
    def of(cls, context: Any) -> Self:
        """For a Lambda invocation, from its context object."""
        clock = SystemClock()
        left = context.get_remaining_time_in_millis() / 1000
        return cls(Invocation(context.aws_request_id, clock.now().timestamp() + left - SAFETY_SECONDS), clock)

    # -- AWS ---------------------------------------------------------------------------------------------------------

    def table(self, name: str) -> Any:
        """The table that a variable names, made once per process: boto3 builds a class for each that it makes."""
        with _lock:
            if (key := f"table:{variable(name)}") not in _aws:
                _aws[key] = aws("resource", "dynamodb").Table(variable(name))
            return _aws[key]

    def objects(self) -> Any:
        return aws("client", "s3")

    def mailer(self) -> Any:
        return aws("client", "ses")

    def schedules(self) -> Any:
        return aws("client", "scheduler")

    def runs(self, job: str = BILLING) -> Runs:
        """The list of a job's runs and their records."""
        return Runs(self.table("RUNS_TABLE"), self.clock, job)

    def problems(self) -> Counts:
        """What is held or refused, as runs have counted it."""
        return Counts(self.table("RUNS_TABLE"), self.clock)

    def folder(self, run_id: str) -> RunFolder:
        return RunFolder(self.objects(), variable("REPORTS_BUCKET"), run_id)

    def looks(self) -> RunFolder:
        """What looks of earlier runs have found, for later ones."""
        return RunFolder(self.objects(), variable("REPORTS_BUCKET"), "looks", "configuration")

    def ledger(self, run_id: str, batch: str = "", of_run: Mapping[str, str] | None = None) -> Ledger:
        """The ledger for one worker; its claims end with this invocation. `of_run`: see `Ledger`."""
        owner = Owner(run_id, batch, self.invocation.id)
        return Ledger(self.table("STATUS_TABLE"), self.clock, owner, int(self.invocation.deadline) + SAFETY_SECONDS, of_run)

    def parameters(self) -> Any:
        return aws("client", "ssm")

    def configuration(self) -> Configuration:
        """The settings with their history."""
        return self.edited(SETTINGS, variable("SETTINGS_PARAMETER"))

    def edited(self, name: str, parameter: str) -> Configuration:
        """A document that people edit, by its name and its parameter's."""
        return Configuration(self.parameters(), parameter, Versions(self.objects(), variable("REPORTS_BUCKET"), name), self.clock)

    def credentials(self) -> dict[str, dict[str, str]]:
        """The credentials secret as this invocation found it first: {"zuora": {...}, "netsuite": {...}}. Raises `ConfigurationError`
        CREDENTIALS."""
        if self._credentials is None:
            text = aws("client", "secretsmanager").get_secret_value(SecretId=variable("CREDENTIALS_SECRET"))["SecretString"]
            self._credentials = parse_credentials(text)
        return self._credentials

    def hurried(self, seconds: float) -> Self:
        """The same for calls that must end within so many seconds."""
        sooner = copy.copy(self)
        sooner.invocation = replace(self.invocation, deadline=min(self.invocation.deadline, self.clock.now().timestamp() + seconds))
        return sooner

    # -- Zuora and NetSuite ------------------------------------------------------------------------------------------

    def observer(self) -> Observer | None:
        return None

    def tokens(self) -> ProcessTokens:
        """Access tokens, for as long as the process lives."""
        return _tokens

    def http(self) -> Http:
        """The process's pool of connections, with this invocation's deadline."""
        with _lock:
            if "pool" not in _http:
                clock = self.clock
                _http["pool"] = Http(clock=lambda: clock.now().timestamp(), sleep=clock.sleep)
            bounded = _http["pool"].until(self.invocation.deadline, self.observer())
        bounded.pressure = self.pressure
        return bounded

    def kept(self, folder: RunFolder, task: str) -> Kept:
        """What the rounds of a task have asked; `task` is the place in the run's folder, for example "invoices/select"."""
        return Kept(folder, f"{task}/answers/", self.clock, self.invocation.deadline)

    def zuora(self, settings: Settings, kept: Kept | None = None) -> Zuora:
        return Zuora(zuora_connection(self.credentials(), settings), self.http(), tokens=self.tokens(), kept=kept)

    def netsuite(self, settings: Settings, owner: Owner, kept: Kept | None = None) -> NetSuite:
        """The NetSuite client, limited by the account's slots."""
        connection = netsuite_connection(self.credentials(), settings)
        slots = self.account_slots(connection, settings.netsuite_max_concurrency, f"{owner.run_id}|{owner.invocation}")
        return NetSuite(connection, self.http(), slots, tokens=self.tokens(), kept=kept)

    def account_slots(self, connection: NetSuiteConnection, limit: int, worker: str) -> SharedSlots:
        """The slots of a NetSuite account, which all workers of both jobs share. `limit` is that of the run's settings; that of newer ones
        prevails. One worker has them once, whatever clients it makes."""
        until = self.invocation.deadline
        key = (connection.realm, worker, until)
        if key not in self._slots:
            limit, table = self.runs().concurrency(limit), self.table("RUNS_TABLE")
            self._slots[key] = SharedSlots(table, connection.realm, limit, worker, self.clock, deadline=until, service=NETSUITE)
        return self._slots[key]

    @contextmanager
    def task(self) -> Iterator[None]:
        """A task's work; when it is over, other workers may begin to use the account's slots."""
        try:
            yield
        finally:
            while self._slots:
                self._slots.popitem()[1].leave()


def parse_credentials(text: str) -> dict[str, dict[str, str]]:
    """The content of the credentials secret. Raises `ConfigurationError` CREDENTIALS that names what is missing, never a value."""
    content = parse_secret(text)
    for system in ("zuora", "netsuite"):
        if system not in content:
            raise ConfigurationError(f'The credentials secret lacks "{system}".', place=system, code="CREDENTIALS", advice=FILL_IN)
    return {system: content[system] for system in ("zuora", "netsuite")}


def parse_secret(text: str) -> dict[str, dict[str, str]]:
    """Keys and values by system, as far as the secret has them; empty values are left out. Raises `ConfigurationError` CREDENTIALS that
    names the place, never a value."""
    try:
        content = read_object(text)
    except Unusable as wrong:
        where = f" ({wrong.places})" if wrong.places != DOCUMENT else ""
        problem = f"The credentials secret is not valid JSON, no object, or has a key twice{where}."
        raise ConfigurationError(problem, place="credentials", code="CREDENTIALS", advice=FILL_IN) from None
    for system, keys in content.items():
        if not isinstance(keys, dict):
            raise ConfigurationError(
                f'"{system}" in the secret must be an object.', place=system or "credentials", code="CREDENTIALS", advice=FILL_IN
            )
        for key, value in keys.items():
            if isinstance(value, bool) or not isinstance(value, str | int | None):
                place = f"{system}.{key}"
                raise ConfigurationError(f'"{place}" in the secret must be a text.', place=place, code="CREDENTIALS", advice=FILL_IN)
    return {system: {k: str(v) for k, v in keys.items() if v not in (None, "")} for system, keys in content.items()}


def zuora_connection(credentials: Mapping[str, Mapping[str, str]], settings: Settings) -> ZuoraConnection:
    """Where and how to reach Zuora: settings prevail over the secret."""
    given = credentials["zuora"]
    base_url = settings.zuora_base_url or given.get("base_url", "")
    for name, value in {"base_url": base_url, "client_id": given.get("client_id"), "client_secret": given.get("client_secret")}.items():
        if not value:
            raise ConfigurationError(
                f'The Zuora connection lacks "{name}".', place=f"zuora.{name}", code="CREDENTIALS", advice="Fill in the secret."
            )
    entities = tuple(filter(None, (settings.zuora_entity_ids or given.get("entity_ids", "")).split(",")))
    return ZuoraConnection(base_url, given["client_id"], given["client_secret"], entities)


def netsuite_connection(credentials: Mapping[str, Mapping[str, str]], settings: Settings) -> NetSuiteConnection:
    """Where and how to reach NetSuite: settings prevail over the secret."""
    given = dict(credentials["netsuite"])
    own = {
        "account_id": settings.netsuite_account_id,
        "base_url": settings.netsuite_base_url,
        "auth_method": settings.netsuite_auth_method,
    }
    given |= {k: v for k, v in own.items() if v}
    known = {f for f in NetSuiteConnection.__dataclass_fields__ if f in given}
    if "account_id" not in given:
        raise ConfigurationError(
            'The NetSuite connection lacks "account_id".', place="netsuite.account_id", code="CREDENTIALS", advice="Fill in the secret."
        )
    return NetSuiteConnection(**{name: given[name] for name in known})  # type: ignore[arg-type]
