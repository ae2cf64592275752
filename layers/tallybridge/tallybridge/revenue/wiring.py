"""Builds what the tasks of the revenue connector need, on top of the wiring that both jobs share."""

from __future__ import annotations

from collections.abc import Mapping

from tallybridge.configuration import REVENUE, Configuration
from tallybridge.errors import ConfigurationError
from tallybridge.netsuite.connection import NetSuiteConnection
from tallybridge.netsuite.datasets import Datasets
from tallybridge.revenue.codes import Code, ConfigurationFault
from tallybridge.revenue.config import Connection, NetSuiteSide, RevenueConfig, RevenueSide, parse_config
from tallybridge.revenue.control import Control
from tallybridge.revenue.files import UploadedFiles
from tallybridge.sync.folder import RunFolder
from tallybridge.sync.runs import REVENUE as JOB
from tallybridge.sync.runs import Runs
from tallybridge.wiring import Wiring, aws, parse_secret, variable
from tallybridge.zuora_revenue import RevenueConnection, ZuoraRevenue

UPLOAD_PHASE = "revenue-upload"
"""The lock of the upload phase: one upload at a time for the whole tenant (revenue-connector.md section 6, rule 5)."""


class RevenueWiring(Wiring):
    """What a task of the revenue connector needs. Tests replace single methods."""

    def revenue_configuration(self) -> Configuration:
        """The configuration with its history."""
        return self.edited(REVENUE, variable("REVENUE_SETTINGS_PARAMETER"))

    def revenue_config(self) -> RevenueConfig:
        """The configuration. Raises `ConfigurationError` REVENUE-SETTINGS."""
        return parse_config(self.revenue_configuration().current().document)

    def secret(self) -> dict[str, dict[str, str]]:
        """The credentials secret as it is. Raises `ConfigurationError` CREDENTIALS."""
        text = aws("client", "secretsmanager").get_secret_value(SecretId=variable("CREDENTIALS_SECRET"))["SecretString"]
        return parse_secret(text)

    def runs(self, job: str = JOB) -> Runs:
        """The list of the revenue connector's runs and their records."""
        return Runs(self.table("RUNS_TABLE"), self.clock, job)

    def instance_lock(self, key: str) -> Runs:
        """The lock of one solution instance."""
        return Runs(self.table("RUNS_TABLE"), self.clock, f"{JOB}#{key}")

    def upload_lock(self) -> Runs:
        """The lock of the upload phase."""
        return Runs(self.table("RUNS_TABLE"), self.clock, UPLOAD_PHASE)

    def uploads(self, run_id: str) -> RunFolder:
        """Rows and upload files of a run; they are deleted sooner than its reports."""
        return RunFolder(self.objects(), variable("UPLOADS_BUCKET"), run_id)

    def files(self, run_id: str) -> UploadedFiles:
        return UploadedFiles(self.table("RUNS_TABLE"), self.clock, run_id)

    def control(self, run_id: str) -> Control:
        """The switch by which a run is cancelled."""
        return Control(self.table("RUNS_TABLE"), self.clock, run_id)

    def datasets(self, side: NetSuiteSide) -> Datasets:
        """NetSuite's datasets, each call in one of the account's slots, which the billing sync uses too."""
        connection = netsuite_connection(self.secret(), side)
        slots = self.account_slots(connection, side.max_concurrency, f"revenue/{self.invocation.id}")
        return Datasets(connection, self.http(), slots, tokens=self.tokens())

    def revenue(self, side: RevenueSide) -> ZuoraRevenue:
        return ZuoraRevenue(revenue_connection(self.secret(), side), self.http(), tokens=self.tokens())


def netsuite_connection(secret: Mapping[str, Mapping[str, str]], side: NetSuiteSide) -> NetSuiteConnection:
    """Keys from the secret, address from the configuration. Raises `ConfigurationError` naming what is missing."""
    given = secret.get("netsuite", {})
    account = side.account_id or given.get("account_id", "")
    if not account:
        raise ConfigurationFault(Code.CONFIG_INCOMPLETE, "The NetSuite account id is missing.", "connection.netsuite.account_id")
    keys = {k: v for k, v in given.items() if k in NetSuiteConnection.__dataclass_fields__}
    address = side.services_url or keys.get("base_url", "")
    try:
        return NetSuiteConnection(**{**keys, "account_id": account, "auth_method": side.auth_method, "base_url": address})  # type: ignore[arg-type]
    except ConfigurationError as wrong:
        raise ConfigurationFault(Code.CONFIG_INCOMPLETE, wrong.message, f"credentials.{wrong.place}") from wrong


def revenue_connection(secret: Mapping[str, Mapping[str, str]], side: RevenueSide) -> RevenueConnection:
    """User and password from the secret, the rest from the configuration. Raises `ConfigurationError` naming what is missing."""
    given = secret.get("revenue", {})
    if not side.host:
        raise ConfigurationFault(Code.CONFIG_INCOMPLETE, "The host of Zuora Revenue is missing.", "connection.revenue.host")
    keys = {name: given.get(name, "") for name in ("user", "password", "client_id", "client_secret")}
    return RevenueConnection(side.host, side.auth_method, side.api_prefix, side.role, side.client_name, token_url=side.token_url, **keys)


def connections(secret: Mapping[str, Mapping[str, str]], connection: Connection) -> None:
    """Check that both connections are complete. Raises `ConfigurationError` CONFIG_INCOMPLETE."""
    netsuite_connection(secret, connection.netsuite)
    revenue_connection(secret, connection.revenue)
