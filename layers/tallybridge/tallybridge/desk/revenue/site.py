"""The revenue connector of one installation, as commands and console work on it."""

from __future__ import annotations

import uuid
from typing import Any

from tallybridge.configuration import REVENUE, Configuration
from tallybridge.desk.target import Target
from tallybridge.documents import Unusable, read_object
from tallybridge.errors import ConfigurationError
from tallybridge.revenue.config import Instance, RevenueConfig, parse_config
from tallybridge.revenue.wiring import RevenueWiring
from tallybridge.wiring import Invocation, parse_secret

WORK_SECONDS = 900


class Site(RevenueWiring):
    """The wiring of the functions, with an installation's names instead of environment variables."""

    def __init__(self, target: Target) -> None:
        clock = target.clock
        super().__init__(Invocation(f"desk-{uuid.uuid4().hex[:8]}", clock.now().timestamp() + WORK_SECONDS), clock)
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

    def store(self, document: str, reason: str = "", who: str = "") -> RevenueConfig:
        """Validate a document and make it the configuration, as `who` wants it: the caller of AWS, unless a person is named. Raises
        `ConfigurationError`; then nothing is changed."""
        config = parse_config(document)
        self.revenue_configuration().save_version(document, who or self.target.who(), reason)
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
