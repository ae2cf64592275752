"""Turns the SAM template into the plain CloudFormation that the embedded AWS creates, as the AWS::Serverless transform would."""

from __future__ import annotations

import copy
import functools
import logging
import os
from pathlib import Path
from typing import Any
from unittest.mock import patch

from samtranslator.translator.transform import transform
from samtranslator.yaml_helper import yaml_parse

CODE_BUCKET = "sandbox-code"
"""Stands for the bucket that a deployment uploads code to; the key of a code object is its path in the repository."""


logging.getLogger("samtranslator").setLevel(logging.ERROR)  # it complains at exit that its own metrics were not published


class _ManagedPolicies:
    """The template names no managed policy; the translator asks for the list all the same."""

    def load(self) -> dict[str, str]:
        return {}


@functools.lru_cache(maxsize=8)
def _parsed(text: str) -> dict[str, Any]:
    parse: Any = yaml_parse
    return dict(parse(text))


def load_template(path: Path) -> dict[str, Any]:
    """The template as written, CloudFormation's short forms (`!Ref`) as their long ones."""
    return copy.deepcopy(_parsed(path.read_text(encoding="utf-8")))


def translate(path: Path, parameters: dict[str, str], region: str) -> dict[str, Any]:
    """The template at `path` without SAM. Definitions are read from their files, code stays a reference to its folder."""
    template = load_template(path)
    definitions: dict[str, str] = {}
    for logical_id, resource in template["Resources"].items():
        properties = resource.get("Properties", {})
        kind = resource["Type"]
        if kind == "AWS::Serverless::Function":
            properties["CodeUri"] = {"Bucket": CODE_BUCKET, "Key": properties["CodeUri"]}
        elif kind == "AWS::Serverless::LayerVersion":
            properties["ContentUri"] = {"Bucket": CODE_BUCKET, "Key": properties["ContentUri"]}
        elif kind == "AWS::Serverless::StateMachine":
            definitions[logical_id] = (path.parent / properties.pop("DefinitionUri")).read_text(encoding="utf-8")
            properties["Definition"] = {"Comment": logical_id}
    with patch.dict(os.environ, {"AWS_DEFAULT_REGION": region}):
        policies: Any = _ManagedPolicies()
        translated = transform(template, dict(parameters), policies)
    for logical_id, text in definitions.items():
        translated["Resources"][logical_id]["Properties"]["DefinitionString"] = text
    return copy.deepcopy(translated)
