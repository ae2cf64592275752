"""The least rights that people and CloudFormation need, as files that AWS takes: `policies/` of the repository, filled in for one stack."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tallybridge.errors import ConfigurationError

FOLDER = Path(__file__).resolve().parents[3] / "policies"
LONGEST = 6_144
"""Characters of a managed policy, blanks not counted (IAM quotas)."""
LONGEST_STACK = 24
"""Letters of a stack's name that are whole in the names that CloudFormation makes of it: those of roles have 64 in all."""
WHAT_FOR = {
    "deploy": "who deploys, sets up mail and looks at what is there",
    "operate": "who runs the sync and looks after it",
    "read": "who looks at runs, records and reports",
    "service-role-trust": "CloudFormation's role: who may take it on",
    "service-role-1": "CloudFormation's role: code, data and roles",
    "service-role-2": "CloudFormation's role: what watches and starts",
    "service-role-console": "CloudFormation's role: only with ConsoleEnabled=true",
}
"""The files, in the order in which somebody needs them."""
OF_THE_ROLE = ("service-role-1", "service-role-2", "service-role-console")
STACK_NAME = re.compile(r"[A-Za-z][A-Za-z0-9-]*")


def filled_in(stack: str, account: str, region: str, caller: str, key: str = "", partition: str = "aws") -> dict[str, dict[str, Any]]:
    """Every policy for a stack, by the name of its file. `caller` is the ARN of the person whose own rights are to be looked up, `key` that
    of the key that signs exports, "" where there is none. Raises `ConfigurationError` INPUT for a name that the policies would not fit."""
    if not STACK_NAME.fullmatch(stack) or len(stack) > LONGEST_STACK:
        raise ConfigurationError(
            f'"{stack}" is no name for a stack here: letters, digits and "-", at most {LONGEST_STACK}.',
            place="--stack",
            code="INPUT",
            advice="Choose a shorter name: CloudFormation cuts longer ones in the names of roles, so that no policy could name them.",
        )
    values = {
        "AWS::AccountId": account,
        "AWS::Region": region,
        "AWS::Partition": partition,
        "AWS::StackName": stack,
        "StackNameInLowerCase": stack.lower(),
        "CallerArn": caller,
        "ExportKey": key or f"arn:{partition}:kms:{region}:{account}:key/none",
    }
    return {name: json.loads(_filled((FOLDER / f"{name}.json").read_text(encoding="utf-8"), values)) for name in WHAT_FOR}


def write(folder: Path, policies: Mapping[str, Any]) -> list[Path]:
    """Write the policies into a folder, one file each; answers the paths."""
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for name, document in policies.items():
        written.append(folder / f"{name}.json")
        written[-1].write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
    return written


def _filled(text: str, values: Mapping[str, str]) -> str:
    return re.sub(r"\$\{([A-Za-z:]+)\}", lambda found: values[found[1]], text)
