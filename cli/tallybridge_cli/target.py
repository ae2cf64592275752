"""Which installation a command works on: the sandbox's environment file, the environment, or a stack by its name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

from tallybridge.clock import Clock, SystemClock
from tallybridge.configuration import REVENUE, SETTINGS, Configuration, Versions
from tallybridge.errors import ConfigurationError
from tallybridge.revenue.config import parse_config
from tallybridge.settings import Settings, parse_settings
from tallybridge.sync.folder import RunFolder
from tallybridge.sync.ledger import Ledger, Owner
from tallybridge.sync.runs import BILLING, Runs
from tallybridge.sync.runs import REVENUE as REVENUE_JOB
from tallybridge.wiring import parse_credentials

SANDBOX_ENV = Path("out/sandbox.env")
OUTPUTS = {
    "BillingSyncArn": "BILLING_SYNC_ARN",
    "StatusTable": "STATUS_TABLE",
    "RunsTable": "RUNS_TABLE",
    "ReportsBucket": "REPORTS_BUCKET",
    "UploadsBucket": "UPLOADS_BUCKET",
    "RevenueIngestArn": "REVENUE_INGEST_ARN",
    "RevenueSettingsParameter": "REVENUE_SETTINGS_PARAMETER",
    "RevenueScheduleRole": "REVENUE_SCHEDULE_ROLE",
    "ScheduleDeadLetters": "SCHEDULE_DEAD_LETTERS",
    "SettingsParameter": "SETTINGS_PARAMETER",
    "CredentialsSecret": "CREDENTIALS_SECRET",
    "NotificationSender": "NOTIFICATION_SENDER",
}
"""Outputs of the stack and the variables of the same content."""
NEEDED = ("BILLING_SYNC_ARN", "STATUS_TABLE", "RUNS_TABLE", "REPORTS_BUCKET", "SETTINGS_PARAMETER", "CREDENTIALS_SECRET")
AWS_TRIES = 4


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
        if service not in self.clients:
            self.clients[service] = self._session.client(service, endpoint_url=self.variables.get("AWS_ENDPOINT_URL"), config=CONFIG)
        return self.clients[service]

    def table(self, name: str) -> Any:
        """The DynamoDB table whose name stands in a variable."""
        if "tables" not in self.clients:
            endpoint = self.variables.get("AWS_ENDPOINT_URL")
            self.clients["tables"] = self._session.resource("dynamodb", endpoint_url=endpoint, config=CONFIG)
        return self.clients["tables"].Table(self[name])

    @cached_property
    def runs(self) -> Runs:
        return Runs(self.table("RUNS_TABLE"), self.clock)

    @cached_property
    def ledger(self) -> Ledger:
        """The ledger, for reading."""
        return Ledger(self.table("STATUS_TABLE"), self.clock, Owner("", "", ""), 0)

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

        def told(document: str) -> None:
            """Runs that are under way keep to the new number of calls at a time."""
            job, calls = CONCURRENCY[name]
            Runs(self.table("RUNS_TABLE"), self.clock, job).set_concurrency(calls(document))

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


def resolve(env_file: Path | None, stack: str | None, environ: Mapping[str, str]) -> Target:
    """The installation that a command means: --stack, else --env, else the environment, else a running sandbox's out/sandbox.env.

    Raises `ConfigurationError` TARGET when there is none, or when it lacks something.
    """
    if stack:
        target = _of_stack(stack, environ)
    elif env_file is not None:
        target = Target(_with_credentials(read_env(env_file), environ), str(env_file))
    elif environ.get("BILLING_SYNC_ARN"):
        target = Target(environ, "the environment")
    elif SANDBOX_ENV.is_file() and not environ.get("AWS_ENDPOINT_URL"):
        target = Target(read_env(SANDBOX_ENV), str(SANDBOX_ENV))
    else:
        raise ConfigurationError("It is not said which installation is meant.", place="target", code="TARGET", advice=HOW)
    for name in NEEDED:
        target[name]
    return target


def read_env(path: Path) -> dict[str, str]:
    """KEY=value lines; blank lines and those that begin with # are left out. Raises `ConfigurationError` TARGET."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except OSError as missing:
        advice = "Start the sandbox with `make sandbox`, or name another file."
        raise ConfigurationError(f"{path} cannot be read: {missing.strerror}.", place=str(path), code="TARGET", advice=advice) from missing
    found = {}
    for number, line in enumerate(lines, 1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        name, equals, value = line.removeprefix("export ").partition("=")
        if not equals:
            raise ConfigurationError(f"{path}, line {number}: not KEY=value.", place=f"{path}:{number}", code="TARGET")
        found[name.strip()] = value.strip().strip("\"'")
    return found


def _with_credentials(variables: dict[str, str], environ: Mapping[str, str]) -> dict[str, str]:
    """The file's variables; AWS credentials come from the environment when the file has none."""
    if "AWS_ACCESS_KEY_ID" in variables:
        return variables
    names = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")
    return {**{name: environ[name] for name in names if name in environ}, **variables}


def _of_stack(stack: str, environ: Mapping[str, str]) -> Target:
    names = ("AWS_ENDPOINT_URL", "AWS_REGION", "AWS_DEFAULT_REGION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")
    variables = {name: environ[name] for name in names if name in environ}
    source = f"stack {stack}"
    try:
        found = Target(variables, source).client("cloudformation").describe_stacks(StackName=stack)["Stacks"][0]
    except ClientError as refused:
        if refused.response.get("Error", {}).get("Code") != "ValidationError":
            raise
        advice = "Check name and region; `sam list stack-outputs` shows what is deployed."
        raise ConfigurationError(f'There is no stack "{stack}" here.', place="stack", code="TARGET", advice=advice) from refused
    outputs = {o["OutputKey"]: o["OutputValue"] for o in found.get("Outputs", [])}
    return Target({**variables, **{OUTPUTS[k]: v for k, v in outputs.items() if k in OUTPUTS}}, source)
