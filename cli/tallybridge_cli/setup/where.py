"""Which AWS account, region and stack the set-up works on; unlike other commands it begins before there is a stack."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from tallybridge.desk.target import Target
from tallybridge.errors import ConfigurationError
from tallybridge_cli.options import told_of
from tallybridge_cli.target import SANDBOX_ENV, read_env, resolve

STACK = "tallybridge"
"""The stack's name unless another is given: that of samconfig.toml."""
MACHINE = "-billing-sync"
"""What the name of the billing sync's state machine has behind that of the stack."""


@dataclass(frozen=True)
class Place:
    """`aws` makes clients with the login that the command has; `target` is the installation, None while nothing is deployed; `option` is
    what further commands have to be given to mean the same, with a blank before it."""

    stack: str
    aws: Target
    target: Target | None
    option: str = ""

    @cached_property
    def caller(self) -> dict[str, str]:
        """Who is logged in: {"Account", "Arn"}."""
        found: dict[str, Any] = self.aws.client("sts").get_caller_identity()
        return {name: str(found[name]) for name in ("Account", "Arn")}

    @property
    def region(self) -> str:
        return str(self.aws.client("sts").meta.region_name)

    @property
    def partition(self) -> str:
        return str(self.aws.client("sts").meta.partition)


def place_of(env: Path | None, stack: str | None) -> Place:
    """What `--env` and `--stack` mean; without either the environment, else a running sandbox, else the default stack. Raises what AWS says
    where it cannot be asked."""
    file = env or (SANDBOX_ENV if SANDBOX_ENV.is_file() and not os.environ.get("AWS_ENDPOINT_URL") else None)
    variables = dict(os.environ) if file is None else {**_of(os.environ), **read_env(file)}
    source = str(file) if file else "the environment"
    if stack is None and variables.get("BILLING_SYNC_ARN"):
        target = resolve(file, None, variables)
        name = target["BILLING_SYNC_ARN"].rpartition(":")[2].removesuffix(MACHINE)
        return Place(name, target, told_of(target), f" --env {env}" if env else "")
    name = stack or STACK
    found = deployed(name, variables)
    option = f" --stack {name}" + (f" --env {env}" if env else "")
    return Place(name, Target(_of(variables), source), told_of(found) if found else None, option)


def deployed(stack: str, variables: Mapping[str, str]) -> Target | None:
    """The installation of a stack, None while there is no such stack or it is not whole."""
    try:
        return resolve(None, stack, _of(variables))
    except ConfigurationError as missing:
        if missing.code == "TARGET":
            return None
        raise
    except ClientError as refused:
        if refused.response.get("Error", {}).get("Code") == "ValidationError":
            return None
        raise


def _of(variables: Mapping[str, str]) -> dict[str, str]:
    """The variables by which AWS is reached."""
    return {name: value for name, value in variables.items() if name.startswith("AWS_")}
