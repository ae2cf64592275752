"""Deploying again, as CloudFormation does it: what changes, what is written although nobody asked, and what stays."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest

from sandbox.aws import LocalAws, StackError
from sandbox.clock import VirtualClock
from tallybridge.configuration import SETTINGS, Configuration, Version, Versions
from tests.infra.conftest import PARAMETERS, TEMPLATE
from tests.infra.scripted import Script

SMALL: dict[str, Any] = {
    "AWSTemplateFormatVersion": "2010-09-09",
    "Transform": "AWS::Serverless-2016-10-31",
    "Parameters": {"Words": {"Type": "String", "Default": "as the template says"}, "Second": {"Type": "String", "Default": "no"}},
    "Conditions": {"Two": {"Fn::Equals": [{"Ref": "Second"}, "yes"]}},
    "Resources": {
        "Note": {"Type": "AWS::SSM::Parameter", "Properties": {"Name": "/small/note", "Type": "String", "Value": {"Ref": "Words"}}},
        "Other": {
            "Type": "AWS::SSM::Parameter",
            "Condition": "Two",
            "Properties": {"Name": "/small/other", "Type": "String", "Value": "two"},
        },
        "Kept": {"Type": "AWS::S3::Bucket", "DeletionPolicy": "RetainExceptOnCreate"},
        "Gone": {"Type": "AWS::S3::Bucket", "DeletionPolicy": "Delete"},
    },
    "Outputs": {"Kept": {"Value": {"Ref": "Kept"}}, "Gone": {"Value": {"Ref": "Gone"}}},
}


class Small:
    """A small stack, whose template the test changes."""

    def __init__(self, folder: Path) -> None:
        self.template: dict[str, Any] = json.loads(json.dumps(SMALL))
        self.path = folder / "template.yaml"
        self.write()

    def write(self) -> Path:
        self.path.write_text(json.dumps(self.template))
        return self.path


@pytest.fixture
def small(tmp_path: Path) -> Small:
    return Small(tmp_path)


@pytest.fixture
def stack(small: Small) -> Iterator[LocalAws]:
    with LocalAws(small.path, parameters={}) as running:
        yield running


def note(name: str = "/small/note") -> tuple[str, int]:
    parameter = boto3.client("ssm").get_parameter(Name=name)["Parameter"]
    return parameter["Value"], parameter["Version"]


def edit(value: str) -> None:
    boto3.client("ssm").put_parameter(Name="/small/note", Value=value, Overwrite=True)


def buckets() -> set[str]:
    return {each["Name"] for each in boto3.client("s3").list_buckets()["Buckets"]}


# --- Parameters of the stack -----------------------------------------------------------------------------------------


def test_a_tag_of_the_stack_writes_the_templates_value_over_what_people_edited(stack: LocalAws) -> None:
    edit("as people say")
    assert stack.update(tags={"cost-centre": "4711"})["Note"] == "UPDATE"
    assert note() == ("as the template says", 3)


def test_so_does_any_other_property(stack: LocalAws, small: Small) -> None:
    edit("as people say")
    small.template["Resources"]["Note"]["Properties"]["Description"] = "What people say."
    assert stack.update(small.write()) == {"Note": "UPDATE"}
    assert note() == ("as the template says", 3)


def test_an_update_that_does_not_concern_it_leaves_it(stack: LocalAws, small: Small) -> None:
    edit("as people say")
    assert stack.update() == {}
    assert stack.update(parameters={"Second": "yes"}) == {"Other": "CREATE"}
    assert note() == ("as people say", 2)
    assert stack.update(tags={}) == {}


def test_a_changed_parameter_of_the_stack_is_seen_where_it_is_used(stack: LocalAws) -> None:
    assert stack.update(parameters={"Words": "otherwise"}) == {"Note": "UPDATE"}
    assert note() == ("otherwise", 2)


# --- What comes and goes ---------------------------------------------------------------------------------------------


def test_a_condition_makes_and_removes(stack: LocalAws) -> None:
    assert stack.update(parameters={"Second": "yes"}) == {"Other": "CREATE"}
    assert note("/small/other") == ("two", 1)
    assert stack.update(parameters={"Second": "no"}) == {"Other": "DELETE"}
    with pytest.raises(boto3.client("ssm").exceptions.ParameterNotFound):
        note("/small/other")


def test_what_leaves_the_template_is_deleted_unless_it_is_retained(stack: LocalAws, small: Small) -> None:
    kept, gone = stack.outputs["Kept"], stack.outputs["Gone"]
    for name in ("Kept", "Gone"):
        del small.template["Resources"][name], small.template["Outputs"][name]
    assert stack.update(small.write()) == {"Kept": "RETAIN", "Gone": "DELETE"}
    assert kept in buckets()
    assert gone not in buckets()
    assert stack.outputs == {}


def test_what_joins_the_template_is_made(stack: LocalAws, small: Small) -> None:
    small.template["Resources"]["New"] = {"Type": "AWS::S3::Bucket"}
    small.template["Outputs"]["New"] = {"Value": {"Ref": "New"}}
    assert stack.update(small.write()) == {"New": "CREATE"}
    assert stack.outputs["New"] in buckets()


def test_what_cannot_be_changed_here_is_refused_and_not_ignored(stack: LocalAws, small: Small) -> None:
    small.template["Resources"]["Kept"]["Properties"] = {"VersioningConfiguration": {"Status": "Enabled"}}
    with pytest.raises(StackError, match=r"Kept: VersioningConfiguration of AWS::S3::Bucket cannot be changed here"):
        stack.update(small.write())


# --- The product's stack ---------------------------------------------------------------------------------------------


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock()


@pytest.fixture
def product(functions_root: Path, script: Script, clock: VirtualClock) -> Iterator[LocalAws]:
    with LocalAws(TEMPLATE, parameters=PARAMETERS, functions_root=functions_root, clock=clock) as running:
        yield running


def settings_of(aws: LocalAws, clock: VirtualClock) -> Configuration:
    versions = Versions(boto3.client("s3"), aws.outputs["ReportsBucket"], SETTINGS)
    return Configuration(boto3.client("ssm"), aws.outputs["SettingsParameter"], versions, clock)


@pytest.mark.parametrize(
    "change",
    [
        {"tags": {"cost-centre": "4711"}},
        {"parameters": {"LogRetentionDays": "30"}},
        {"parameters": {"InstanceName": "Renamed"}, "tags": {"owner": "finance"}},
        {"parameters": {"ScheduleState": "ENABLED"}},
    ],
)
def test_no_deployment_touches_settings_their_history_or_credentials(
    product: LocalAws, clock: VirtualClock, change: dict[str, Any]
) -> None:
    settings, document = settings_of(product, clock), json.dumps({"cutover_zuora_invoice": "2026-01-01"})
    settings.versions.add(Version(1, document, author="someone", reason="the first"))
    boto3.client("ssm").put_parameter(Name=product.outputs["SettingsParameter"], Value=document, Type="String")
    secrets = boto3.client("secretsmanager")
    secrets.put_secret_value(SecretId=product.outputs["CredentialsSecret"], SecretString="{}")
    outputs, ids = dict(product.outputs), dict(product.physical_ids)
    done = product.update(**change)
    assert done
    assert set(done.values()) <= {"UPDATE", "CREATE"}
    assert product.outputs == outputs
    assert {name: product.physical_ids[name] for name in ids} == ids
    assert boto3.client("ssm").get_parameter(Name=product.outputs["SettingsParameter"])["Parameter"]["Value"] == document
    assert [each.document for each in settings.versions.all()] == [document]
    assert secrets.get_secret_value(SecretId=product.outputs["CredentialsSecret"])["SecretString"] == "{}"


def test_an_enabled_schedule_starts_runs_from_then_on(product: LocalAws, clock: VirtualClock, script: Script) -> None:
    clock.advance(days=2)
    done = product.update(parameters={"ScheduleState": "ENABLED"})
    assert done["BillingSyncSchedule"] == "UPDATE"
    assert script.events("open_run") == []
    clock.advance(days=1)
    product.settle()
    assert len(script.events("open_run")) == 1


def test_functions_see_changed_parameters_with_their_next_invocation(product: LocalAws, script: Script) -> None:
    script.when("notify", lambda *_: os.environ["LOG_LEVEL"])
    before = product.invoke("notify", {})
    product.update(parameters={"LogLevel": "DEBUG"})
    assert (before, product.invoke("notify", {})) == ("INFO", "DEBUG")


def test_a_changed_definition_counts_for_the_next_execution(product: LocalAws, tmp_path: Path) -> None:
    shutil.copytree(TEMPLATE.parent / "statemachine", tmp_path / "statemachine")
    changed = tmp_path / "statemachine" / "billing_sync.asl.json"
    definition = json.loads(changed.read_text())
    definition["Comment"] = "Changed."
    changed.write_text(json.dumps(definition))
    assert product.update(Path(shutil.copy(TEMPLATE, tmp_path))) == {"BillingSync": "UPDATE"}
    described = boto3.client("stepfunctions").describe_state_machine(stateMachineArn=product.outputs["BillingSyncArn"])
    assert json.loads(described["definition"])["Comment"] == "Changed."
    assert product.run("BillingSyncArn", {"trigger": "manual"})["status"] == "SUCCEEDED"
