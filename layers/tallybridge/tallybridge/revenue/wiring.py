"""Builds what the tasks of the revenue connector need, on top of the wiring that both jobs share."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from tallybridge.errors import ConfigurationError
from tallybridge.netsuite.connection import NetSuiteConnection
from tallybridge.netsuite.datasets import Datasets
from tallybridge.revenue.codes import Code, ConfigurationFault
from tallybridge.revenue.config import Connection, NetSuiteSide, RevenueConfig, RevenueSide, parse_config
from tallybridge.revenue.control import Control
from tallybridge.revenue.files import UploadedFiles
from tallybridge.sync.folder import RunFolder
from tallybridge.sync.runs import Runs
from tallybridge.sync.slots import SharedSlots
from tallybridge.wiring import Wiring, aws, variable
from tallybridge.zuora_revenue import RevenueConnection, ZuoraRevenue

JOB = "revenue"
UPLOAD_PHASE = "revenue-upload"
"""The lock of the upload phase: one upload at a time for the whole tenant (revenue-connector.md section 6, rule 5)."""
STORED_UNDER = "stored"
"""Key of a parameter whose document is too large for it: the document's place in the reports bucket."""


class RevenueWiring(Wiring):
    """What a task of the revenue connector needs. Tests replace single methods."""

    def revenue_document(self) -> str:
        """The configuration as it is now: in the Parameter Store, or, when it is too large, in the bucket that the parameter names."""
        text = str(aws("client", "ssm").get_parameter(Name=variable("REVENUE_SETTINGS_PARAMETER"))["Parameter"]["Value"])
        if key := stored_key(text):
            store = self.objects()
            return str(store.get_object(Bucket=variable("REPORTS_BUCKET"), Key=key)["Body"].read().decode())
        return text

    def revenue_config(self) -> RevenueConfig:
        """The configuration. Raises `ConfigurationError` REVENUE-SETTINGS."""
        return parse_config(self.revenue_document())

    def secret(self) -> dict[str, Any]:
        """The credentials secret as it is. Raises `ConfigurationError` CREDENTIALS."""
        text = aws("client", "secretsmanager").get_secret_value(SecretId=variable("CREDENTIALS_SECRET"))["SecretString"]
        return parse_secret(text)

    def runs(self) -> Runs:
        """The list of the revenue connector's runs and their records."""
        return Runs(self.table("RUNS_TABLE"), self.clock, JOB)

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
        table = self.table("RUNS_TABLE")
        slots = SharedSlots(table, connection.realm, side.max_concurrency, f"revenue/{self.invocation.id}", self.clock)
        return Datasets(connection, self.http(), slots, tokens=self.tokens())

    def revenue(self, side: RevenueSide) -> ZuoraRevenue:
        return ZuoraRevenue(revenue_connection(self.secret(), side), self.http(), tokens=self.tokens())


def stored_key(text: str) -> str:
    """Where a document lies that does not stand in the parameter itself, "" when it does."""
    try:
        content = json.loads(text or "{}")
    except ValueError:
        return ""
    return str(content[STORED_UNDER]) if isinstance(content, dict) and set(content) == {STORED_UNDER} else ""


def parse_secret(text: str) -> dict[str, Any]:
    """The content of the credentials secret. Raises `ConfigurationError` CREDENTIALS."""
    advice = "Fill in the secret as the deployment guide shows."
    try:
        content = json.loads(text or "{}")
    except ValueError as wrong:
        raise ConfigurationError(
            "The credentials secret is not valid JSON.", place="credentials", code="CREDENTIALS", advice=advice
        ) from wrong
    if not isinstance(content, dict):
        raise ConfigurationError("The credentials secret is no JSON object.", place="credentials", code="CREDENTIALS", advice=advice)
    return content


def netsuite_connection(secret: Mapping[str, Any], side: NetSuiteSide) -> NetSuiteConnection:
    """Keys from the secret, address from the configuration. Raises `ConfigurationError` naming what is missing."""
    given = dict(secret.get("netsuite") or {})
    account = side.account_id or str(given.get("account_id", ""))
    if not account:
        raise ConfigurationFault(Code.CONFIG_INCOMPLETE, "The NetSuite account id is missing.", "connection.netsuite.account_id")
    keys = {k: str(v) for k, v in given.items() if k in NetSuiteConnection.__dataclass_fields__}
    address = side.services_url or keys.get("base_url", "")
    try:
        return NetSuiteConnection(**{**keys, "account_id": account, "auth_method": side.auth_method, "base_url": address})  # type: ignore[arg-type]
    except ConfigurationError as wrong:
        raise ConfigurationFault(Code.CONFIG_INCOMPLETE, wrong.message, f"credentials.{wrong.place}") from wrong


def revenue_connection(secret: Mapping[str, Any], side: RevenueSide) -> RevenueConnection:
    """User and password from the secret, the rest from the configuration. Raises `ConfigurationError` naming what is missing."""
    given = {k: str(v) for k, v in dict(secret.get("revenue") or {}).items()}
    if not side.host:
        raise ConfigurationFault(Code.CONFIG_INCOMPLETE, "The host of Zuora Revenue is missing.", "connection.revenue.host")
    keys = {name: given.get(name, "") for name in ("user", "password", "client_id", "client_secret")}
    return RevenueConnection(side.host, side.auth_method, side.api_prefix, side.role, side.client_name, token_url=side.token_url, **keys)


def connections(secret: Mapping[str, Any], connection: Connection) -> None:
    """Check that both connections are complete. Raises `ConfigurationError` CONFIG_INCOMPLETE."""
    netsuite_connection(secret, connection.netsuite)
    revenue_connection(secret, connection.revenue)
