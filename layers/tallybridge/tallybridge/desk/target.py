"""One installation: its names, and the clients and stores that work on it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import boto3
from botocore.config import Config

from tallybridge.clock import Clock, SystemClock
from tallybridge.configuration import KINDS, REVENUE, SETTINGS, Configuration, Version, Versions, differences
from tallybridge.desk.audit import Audit
from tallybridge.errors import ConfigurationError
from tallybridge.revenue.config import parse_config
from tallybridge.settings import Settings, parse_settings
from tallybridge.sync.folder import RunFolder
from tallybridge.sync.ledger import Ledger, Owner
from tallybridge.sync.problems import Counts
from tallybridge.sync.runs import BILLING, Runs
from tallybridge.sync.runs import REVENUE as REVENUE_JOB
from tallybridge.wiring import parse_credentials

AWS_TRIES = 4
_lock = threading.RLock()


@dataclass(frozen=True)
class Target:
    """An installation. `variables` are those of sandbox.env; `source` says where they come from, in words."""

    variables: Mapping[str, str]
    source: str
    clock: Clock = field(default_factory=SystemClock)
    clients: dict[str, Any] = field(default_factory=dict, repr=False, compare=False)
    """boto3 clients by service, and the DynamoDB resource as "tables", as far as they have been needed."""

    def __getitem__(self, name: str) -> str:
        """A variable. Raises `ConfigurationError` TARGET when it is missing."""
        value = self.variables.get(name, "")
        if not value:
            raise ConfigurationError(f"{name} is not set ({self.source}).", place=name, code="TARGET", advice=HOW)
        return value

    @cached_property
    def _session(self) -> Any:
        get = self.variables.get
        return boto3.Session(
            aws_access_key_id=get("AWS_ACCESS_KEY_ID"),
            aws_secret_access_key=get("AWS_SECRET_ACCESS_KEY"),
            aws_session_token=get("AWS_SESSION_TOKEN"),
            region_name=get("AWS_REGION") or get("AWS_DEFAULT_REGION"),
        )

    def client(self, service: str) -> Any:
        """The boto3 client for this installation."""
        return self._made(service, lambda given: self._session.client(service, **given))

    def _made(self, name: str, make: Callable[[dict[str, Any]], Any]) -> Any:
        """A client by its name, made once; under a lock, because boto3 is not thread-safe while it makes one."""
        with _lock:
            if name not in self.clients:
                self.clients[name] = make({"endpoint_url": self.variables.get("AWS_ENDPOINT_URL"), "config": CONFIG})
            return self.clients[name]

    def table(self, name: str) -> Any:
        """The DynamoDB table whose name stands in a variable."""
        resource = self._made("tables", lambda given: self._session.resource("dynamodb", **given))
        with _lock:
            return resource.Table(self[name])

    @cached_property
    def runs(self) -> Runs:
        return Runs(self.table("RUNS_TABLE"), self.clock)

    @cached_property
    def revenue_runs(self) -> Runs:
        return Runs(self.table("RUNS_TABLE"), self.clock, REVENUE_JOB)

    @cached_property
    def problems(self) -> Counts:
        """What is held or refused, as runs have counted it."""
        return Counts(self.table("RUNS_TABLE"), self.clock)

    @cached_property
    def ledger(self) -> Ledger:
        """The ledger, for reading."""
        return Ledger(self.table("STATUS_TABLE"), self.clock, Owner("", "", ""), 0)

    @cached_property
    def audit(self) -> Audit:
        """Who did what, when and why."""
        return Audit(self.table("AUDIT_TABLE"), self.clock)

    def note(self, who: str, action: str, what: str, **said: str) -> None:
        """Put into the audit what somebody is about to do; `said`: reason, before, after. A stack that has no audit yet is told nothing."""
        if self.variables.get("AUDIT_TABLE"):
            self.audit.note(who, action, what, **said)

    @cached_property
    def objects(self) -> Any:
        return self.client("s3")

    def folder(self, run_id: str) -> RunFolder:
        """The files of a run."""
        return RunFolder(self.objects, self["REPORTS_BUCKET"], run_id)

    def settings(self) -> Settings:
        """The settings as they are now. Raises `ConfigurationError`."""
        return parse_settings(self.configuration().current().document)

    def configuration(self, name: str = SETTINGS) -> Configuration:
        """The settings or the revenue configuration, with their history."""
        versions = Versions(self.objects, self["REPORTS_BUCKET"], name)

        def told(version: Version) -> None:
            """Runs that are under way keep to the new number of calls at a time."""
            before = versions.get(version.before).document if version.before else "{}"
            changed = ", ".join(differences(before, version.document)) or "nothing"
            self.note(
                version.author, "save", f"{KINDS[name].what}, version {version.number}", reason=version.reason, after=f"changed: {changed}"
            )
            job, calls = CONCURRENCY[name]
            Runs(self.table("RUNS_TABLE"), self.clock, job).set_concurrency(calls(version.document))

        return Configuration(self.client("ssm"), self[PARAMETERS[name]], versions, self.clock, told)

    def who(self) -> str:
        """Who works with this installation, as AWS names them."""
        return str(self.client("sts").get_caller_identity()["Arn"])

    def credentials(self) -> dict[str, dict[str, str]]:
        """The credentials secret. Raises `ConfigurationError`."""
        return parse_credentials(self.client("secretsmanager").get_secret_value(SecretId=self["CREDENTIALS_SECRET"])["SecretString"])


CONCURRENCY: dict[str, tuple[str, Callable[[str], int]]] = {
    SETTINGS: (BILLING, lambda document: parse_settings(document).netsuite_max_concurrency),
    REVENUE: (REVENUE_JOB, lambda document: parse_config(document).connection.netsuite.max_concurrency),
}
"""The job of a document, and how many calls to NetSuite at a time it allows."""
PARAMETERS = {SETTINGS: "SETTINGS_PARAMETER", REVENUE: "REVENUE_SETTINGS_PARAMETER"}
"""The variables that name the documents' parameters."""
CONFIG = Config(retries={"mode": "standard", "max_attempts": AWS_TRIES})
HOW = "Name the stack with --stack, or an environment file with --env; `make sandbox` writes out/sandbox.env."
