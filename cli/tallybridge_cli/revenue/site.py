"""The revenue connector of one installation, as the commands work on it."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from typing import Any

from tallybridge.clock import SystemClock
from tallybridge.configuration import REVENUE, Configuration
from tallybridge.documents import Unusable, read_object
from tallybridge.errors import ConfigurationError
from tallybridge.netsuite.datasets import Dataset, Datasets
from tallybridge.revenue.config import Instance, InstanceObject, RevenueConfig, parse_config
from tallybridge.revenue.mapping import folded
from tallybridge.revenue.wiring import RevenueWiring
from tallybridge.wiring import Invocation, parse_secret
from tallybridge.zuora_revenue import Template
from tallybridge_cli.target import Target

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

    def revenue_configuration(self) -> Configuration:
        return self.target.configuration(REVENUE)

    # -- configuration -----------------------------------------------------------------------------------------------

    def document(self) -> dict[str, Any]:
        """The configuration as it is stored, whether it is usable or not. Raises `ConfigurationError` when it is no JSON object."""
        try:
            return read_object(self.revenue_configuration().current().document)
        except Unusable as wrong:
            text = f"The revenue configuration is not usable: {wrong}"
            raise ConfigurationError(text, place=wrong.places, code="REVENUE-SETTINGS", advice="Store it again from a file.") from wrong

    def store(self, document: str, reason: str = "") -> RevenueConfig:
        """Validate a document and make it the configuration. Raises `ConfigurationError`; then nothing is changed."""
        config = parse_config(document)
        self.revenue_configuration().save_version(document, self.target.who(), reason)
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
    from tallybridge.revenue.identity import Identity

    if not line.mapping:
        yield "ERROR", "no column is mapped"
    elif not Identity.of(line):
        yield "NOTICE", "no key column and no line id: a dataset of more than one page (1,000 rows) is refused, since rows may be missing"
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
