"""Turns the SAM template into the plain CloudFormation that the embedded AWS creates, as the AWS::Serverless transform would."""

from __future__ import annotations

import copy
import functools
import json
import logging
import os
import re
from pathlib import Path
from typing import Any
from unittest.mock import patch

import yaml
from samtranslator.translator.transform import transform
from samtranslator.yaml_helper import intrinsics_multi_constructor

CODE_BUCKET = "sandbox-code"
"""Stands for the bucket that a deployment uploads code to; the key of a code object is its path in the repository."""
OWN_PORT = re.compile(r"(?:(?<=://127\.0\.0\.1)|(?<=://localhost)):\d+")
NO_PORT = ":65536"
"""In the place of the port that a sandbox has got, so that what is translated for one counts for the next."""
STATE_MACHINE = "AWS::Serverless::StateMachine"


logging.getLogger("samtranslator").setLevel(logging.ERROR)  # it complains at exit that its own metrics were not published


class _ManagedPolicies:
    """The template names no managed policy; the translator asks for the list all the same."""

    def load(self) -> dict[str, str]:
        return {}


@functools.lru_cache(maxsize=8)
def _parsed(text: str) -> dict[str, Any]:
    loader: Any = type("Loader", (getattr(yaml, "CSafeLoader", yaml.SafeLoader),), {})  # the one in C takes a tenth of the time
    loader.add_multi_constructor("!", intrinsics_multi_constructor)
    load: Any = yaml.load
    return dict(load(text, Loader=loader))


def load_template(path: Path) -> dict[str, Any]:
    """The template as written, CloudFormation's short forms (`!Ref`) as their long ones."""
    return copy.deepcopy(_parsed(path.read_text(encoding="utf-8")))


def translate(path: Path, parameters: dict[str, str], region: str) -> dict[str, Any]:
    """The template at `path` without SAM. Definitions are read from their files, code stays a reference to its folder."""
    text = path.read_text(encoding="utf-8")
    ports = {port for value in parameters.values() for port in OWN_PORT.findall(value)}
    given = tuple(sorted((name, OWN_PORT.sub(NO_PORT, value)) for name, value in parameters.items())) if len(ports) == 1 else ()
    without_sam = _without_sam(text, given or tuple(sorted(parameters.items())), region)
    translated: dict[str, Any] = json.loads(without_sam.replace(NO_PORT, "".join(ports)) if given else without_sam)
    for logical_id, resource in _parsed(text)["Resources"].items():
        if resource["Type"] == STATE_MACHINE and logical_id in translated["Resources"]:
            definition = path.parent / resource["Properties"]["DefinitionUri"]
            translated["Resources"][logical_id]["Properties"]["DefinitionString"] = definition.read_text(encoding="utf-8")
    return translated


@functools.lru_cache(maxsize=16)
def _without_sam(text: str, parameters: tuple[tuple[str, str], ...], region: str) -> str:
    """As JSON, with state machines that have no definition."""
    template, given = copy.deepcopy(_parsed(text)), dict(parameters)
    for logical_id, resource in template["Resources"].items():
        properties = resource.get("Properties", {})
        kind = resource["Type"]
        if kind == "AWS::Serverless::Function":
            properties["CodeUri"] = {"Bucket": CODE_BUCKET, "Key": properties["CodeUri"]}
        elif kind == "AWS::Serverless::LayerVersion":
            properties["ContentUri"] = {"Bucket": CODE_BUCKET, "Key": properties["ContentUri"]}
        elif kind == STATE_MACHINE:
            del properties["DefinitionUri"]
            properties["Definition"] = {"Comment": logical_id}
    with patch.dict(os.environ, {"AWS_DEFAULT_REGION": region}):
        policies: Any = _ManagedPolicies()
        return json.dumps(transform(_without_what_is_off(template, given), given, policies))


def _without_what_is_off(template: dict[str, Any], parameters: dict[str, str]) -> dict[str, Any]:
    """The template without resources and outputs whose condition does not hold: CloudFormation makes none of them."""
    given = {name: parameters.get(name, each.get("Default", "")) for name, each in template.get("Parameters", {}).items()}
    conditions = template.get("Conditions", {})
    for section in ("Resources", "Outputs"):
        rows = template.get(section, {})
        template[section] = {k: v for k, v in rows.items() if "Condition" not in v or holds(conditions[v["Condition"]], conditions, given)}
    return template


def holds(condition: Any, conditions: dict[str, Any], parameters: dict[str, str]) -> bool:
    """Whether a condition of a template holds (CloudFormation user guide, "Condition functions")."""
    ((function, given),) = condition.items()
    if function == "Condition":
        return holds(conditions[given], conditions, parameters)
    if function == "Fn::Equals":
        one, other = (parameters[each["Ref"]] if isinstance(each, dict) else each for each in given)
        return bool(one == other)
    each_holds = [holds(each, conditions, parameters) for each in given]
    return {"Fn::Not": not each_holds[0], "Fn::And": all(each_holds), "Fn::Or": any(each_holds)}[function]
