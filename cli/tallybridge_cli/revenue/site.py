"""The revenue connector of one installation, as the commands work on it."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from typing import Any

from tallybridge.clock import SystemClock
from tallybridge.errors import ConfigurationError
from tallybridge.netsuite.datasets import Dataset, Datasets
from tallybridge.revenue.config import Instance, InstanceObject, RevenueConfig, parse_config
from tallybridge.revenue.mapping import folded
from tallybridge.revenue.wiring import STORED_UNDER, RevenueWiring, parse_secret, stored_key
from tallybridge.wiring import Invocation
from tallybridge.zuora_revenue import Template
from tallybridge_cli.target import Target

PARAMETER_BYTES = 4_096
"""A longer document goes to the reports bucket; the parameter then names its place."""
CONFIGURATION = "configuration/revenue.json"
COMMAND_SECONDS = 900
METADATA = "metadata"


class Site(RevenueWiring):
    """The wiring of the functions, with an installation's names instead of environment variables."""

    def __init__(self, target: Target) -> None:
        clock = SystemClock()
        super().__init__(Invocation(f"cli-{uuid.uuid4().hex[:8]}", clock.now().timestamp() + COMMAND_SECONDS), clock)
        self.target = target

    def table(self, name: str) -> Any:
        return self.target.table(name)

    def objects(self) -> Any:
        return self.target.objects

    def folder(self, run_id: str) -> Any:
        return self.target.folder(run_id)

    def secret(self) -> dict[str, Any]:
        client = self.target.client("secretsmanager")
        return parse_secret(client.get_secret_value(SecretId=self.target["CREDENTIALS_SECRET"])["SecretString"])

    def revenue_document(self) -> str:
        parameter = self.target.client("ssm").get_parameter(Name=self.target["REVENUE_SETTINGS_PARAMETER"])
        text = str(parameter["Parameter"]["Value"])
        if key := stored_key(text):
            return str(self.objects().get_object(Bucket=self.target["REPORTS_BUCKET"], Key=key)["Body"].read().decode())
        return text

    # -- configuration -----------------------------------------------------------------------------------------------

    def store(self, document: str) -> RevenueConfig:
        """Validate a document and make it the configuration. Raises `ConfigurationError`; then nothing is changed."""
        config = parse_config(document)
        text = json.dumps(json.loads(document), separators=(",", ":"), ensure_ascii=False)
        if len(text.encode()) > PARAMETER_BYTES:
            self.objects().put_object(
                Bucket=self.target["REPORTS_BUCKET"], Key=CONFIGURATION, Body=text.encode(), ContentType="application/json"
            )
            text = json.dumps({STORED_UNDER: CONFIGURATION})
        name = self.target["REVENUE_SETTINGS_PARAMETER"]
        self.target.client("ssm").put_parameter(Name=name, Value=text, Type="String", Overwrite=True)
        return config

    def instance(self, name: str) -> Instance:
        """An instance of the configuration; the only one when no name is given. Raises `ConfigurationError` INSTANCE_NOT_FOUND."""
        config = self.revenue_config()
        found = config.instances[0] if not name and len(config.instances) == 1 else config.instance(name)
        if found is None:
            names = ", ".join(f'"{i.name}"' for i in config.instances) or "none"
            raise ConfigurationError(
                f'There is no solution instance "{name}".',
                place="instance",
                code="INSTANCE_NOT_FOUND",
                advice=f"The instances are {names}.",
            )
        return found

    # -- metadata ----------------------------------------------------------------------------------------------------

    def all_datasets(self) -> list[Dataset]:
        return list(self._datasets().all())

    def dataset_columns(self, dataset: str) -> list[str]:
        """Column names of a dataset: the union over its first page. Columns that are empty there do not show."""
        return sorted({key for row in self._datasets().page(dataset, 0).rows for key in row} - {"links"})

    def template(self, name: str) -> Template | None:
        return self.revenue(self.revenue_config().connection.revenue).template(name)

    def refresh(self, line: InstanceObject) -> dict[str, Any]:
        """Read both sides' columns of an object afresh and keep them for the screen; the mapping is not changed. An empty dataset shows
        no columns: then the last known list stays."""
        key = f"{METADATA}/{line.dataset}.json"
        columns = self.dataset_columns(line.dataset) or self._known(key)
        self._keep(key, columns)
        template = self.template(line.template)
        self._keep(f"{METADATA}/template-{folded(line.template)}.json", template.to_json() if template else {})
        return {"columns": columns, "template": template}

    def _known(self, key: str) -> list[str]:
        try:
            body = self.objects().get_object(Bucket=self.target["REPORTS_BUCKET"], Key=f"configuration/{key}")["Body"].read()
        except self.objects().exceptions.NoSuchKey:
            return []
        return list(json.loads(body))

    def _keep(self, key: str, content: Any) -> None:
        body = json.dumps(content).encode()
        self.objects().put_object(
            Bucket=self.target["REPORTS_BUCKET"], Key=f"configuration/{key}", Body=body, ContentType="application/json"
        )

    def _datasets(self) -> Datasets:
        return self.datasets(self.revenue_config().connection.netsuite)


def mapping_remarks(line: InstanceObject, columns: list[str], template: Template | None) -> Iterator[tuple[str, str]]:
    """What is to be said of a mapping: ("ERROR" | "STALE" | "NOTICE", text) for each remark (section 4, rule 4; section 5, rule 4)."""
    from tallybridge.revenue.columns import always_mandatory, canonical

    if not line.mapping:
        yield "ERROR", "no column is mapped"
    if template is None:
        yield "ERROR", f'Zuora Revenue has no upload template "{line.template}"'
        return
    targets = {canonical(c.name) for c in template.columns}
    known = {folded(c) for c in columns}
    for each in line.mapping:
        if canonical(each.target) not in targets:
            yield "ERROR", f'the template has no column "{each.target}" (stale)'
        if columns and folded(each.source) not in known:
            yield "STALE", f'the source "{each.source}" is not in the first page of the dataset; it may be empty there, or gone'
    mapped = {canonical(each.target) for each in line.mapping}
    for column in template.columns:
        if always_mandatory(column.name, ()) and canonical(column.name) not in mapped:
            yield "NOTICE", f'the mandatory column "{column.label}" ({column.name}) is not mapped; data augmentation may fill it'
