"""The policies for people and for CloudFormation: enough for what the commands and the template do, and nothing else."""

from __future__ import annotations

import ast
import fnmatch
import functools
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cfnlint
import pytest

from sandbox.aws import LocalAws
from sandbox.aws.inprocess import ACCOUNT
from sandbox.aws.permissions import Need, _allows, _listed
from sandbox.aws.translate import translate
from tallybridge.errors import ConfigurationError
from tallybridge_cli.setup import policies
from tests.infra import reach
from tests.infra.conftest import PARAMETERS, TEMPLATE
from tests.infra.test_permissions import need_of

STACK, REGION, CALLER = "tallybridge", "us-east-1", f"arn:aws:iam::{ACCOUNT}:user/ann"
SERVICE_ROLE = ("service-role-1", "service-role-2", "service-role-console")
WITH_CONSOLE = {**PARAMETERS, "ConsoleIssuer": "", "ConsoleClientId": "", "AlarmEmail": "ops@example.com"}
WRITES = ("Put", "Update", "Delete", "Create", "Start", "Stop", "Pass", "Sign")


@pytest.fixture(scope="module")
def written(aws: LocalAws) -> dict[str, dict[str, Any]]:
    return policies.filled_in(STACK, ACCOUNT, REGION, CALLER, aws.outputs["ExportKey"])


def allows(document: dict[str, Any], need: Need) -> bool:
    return any(_allows(statement, need) for statement in document["Statement"])


def granted(*documents: dict[str, Any]) -> set[str]:
    return {action for document in documents for statement in document["Statement"] for action in _listed(statement["Action"])}


def commands() -> Iterator[tuple[str, str]]:
    """Every command of the command line, as (module, function), but those of the set-up, which have a test of their own."""
    for file in sorted((reach.COMMANDS / "tallybridge_cli").rglob("*.py")):
        where = ".".join(file.relative_to(reach.COMMANDS).with_suffix("").parts)
        if ".setup" in where:
            continue
        for name, function in reach.module(where).functions.items():
            if any(re.search(r"\b\w*app\.command", ast.unparse(each)) for each in function.decorator_list):
                yield where, name


ALL_COMMANDS = list(commands())


# --- What AWS takes ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", policies.WHAT_FOR)
def test_a_policy_is_one_that_aws_takes(written: dict[str, dict[str, Any]], name: str) -> None:
    document = written[name]
    assert document["Version"] == "2012-10-17"
    assert len(re.sub(r"\s", "", json.dumps(document, separators=(",", ":")))) <= policies.LONGEST
    names = [statement.get("Sid", "") for statement in document["Statement"]]
    assert len(set(names)) == len(names) and all(re.fullmatch("[A-Za-z0-9]*", each) for each in names)
    assert "${" not in json.dumps(document)
    assert not [action for action in granted(document) if "*" in action], "an action with a wildcard would grow by itself"


def test_there_is_no_file_that_nobody_is_told_of() -> None:
    assert {file.stem for file in policies.FOLDER.glob("*.json")} == set(policies.WHAT_FOR)


@pytest.mark.parametrize("name", ["a-name-of-more-than-twenty-four", "1st", "under_score", ""])
def test_a_name_that_the_policies_would_not_fit_is_refused(name: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        policies.filled_in(name, ACCOUNT, REGION, CALLER)
    assert (refused.value.code, refused.value.place) == ("INPUT", "--stack")


def test_they_are_written_for_one_stack(tmp_path: Path) -> None:
    files = policies.write(tmp_path / "mine", policies.filled_in("Billing-EU", ACCOUNT, "eu-central-1", CALLER))
    assert [file.stem for file in files] == list(policies.WHAT_FOR)
    texts = {file.stem: file.read_text() for file in files}
    assert "arn:aws:s3:::billing-eu-reportsbucket-*" in texts["read"] and "table/Billing-EU-RunsTable-*" in texts["read"]
    assert '"iam:SimulatePrincipalPolicy"' in texts["deploy"] and CALLER in texts["deploy"]


# --- People -----------------------------------------------------------------------------------------------------------------------


def test_there_are_commands() -> None:
    assert {"run", "status", "rotate", "doctor", "explain"} <= {name for _, name in ALL_COMMANDS}


@pytest.mark.parametrize(("where", "name"), ALL_COMMANDS, ids=lambda part: str(part).removeprefix("tallybridge_cli."))
def test_who_operates_may_do_what_a_command_can_reach(aws: LocalAws, written: dict[str, dict[str, Any]], where: str, name: str) -> None:
    reached = reach.reached_by_command(where, name).actions
    folder = "revenue" if ".revenue" in where else ""
    assert [each for each in reached if not allows(written["operate"], need_of(aws, *each, folder))] == []


BESIDE_THE_WALK = {
    "cloudformation:DescribeStacks": "`--stack` looks up the outputs of the stack",
    "dynamodb:DescribeTable": "the doctor",
}
"""Actions that the walk cannot see, and why they are needed."""


def test_who_operates_may_do_nothing_else(written: dict[str, dict[str, Any]]) -> None:
    reached = {action for where, name in ALL_COMMANDS for action, _ in reach.reached_by_command(where, name).actions}
    assert granted(written["operate"]) - reached - set(BESIDE_THE_WALK) == set()


def test_who_reads_may_only_read_and_sees_no_credentials(written: dict[str, dict[str, Any]]) -> None:
    actions = granted(written["read"])
    assert not [action for action in actions if action.partition(":")[2].startswith(WRITES) or action.startswith("secretsmanager:")]
    assert actions <= granted(written["operate"])


@pytest.mark.parametrize("name", ["read", "operate"])
def test_nobody_reaches_beyond_the_stack(written: dict[str, dict[str, Any]], name: str) -> None:
    at = f"{REGION}:{ACCOUNT}"
    elsewhere = [
        Need("s3:GetObject", ("arn:aws:s3:::another-bucket/runs/x",)),
        Need("s3:PutObject", ("arn:aws:s3:::tallybridge-reportsbucket-1/runs/x",)),
        Need("dynamodb:Query", (f"arn:aws:dynamodb:{at}:table/another",)),
        Need("dynamodb:UpdateItem", (f"arn:aws:dynamodb:{at}:table/tallybridge-AuditTable-1",)),
        Need("secretsmanager:GetSecretValue", (f"arn:aws:secretsmanager:{at}:secret:another",)),
        Need("states:StartExecution", (f"arn:aws:states:{at}:stateMachine:tallybridge-sync-step",)),
        Need(
            "iam:PassRole", (f"arn:aws:iam::{ACCOUNT}:role/tallybridge-OpenRunRole-1",), {"iam:PassedToService": "scheduler.amazonaws.com"}
        ),
        Need("kms:Sign", (f"arn:aws:kms:{at}:key/1",)),
    ]
    assert [need for need in elsewhere if allows(written[name], need)] == []


# --- CloudFormation ---------------------------------------------------------------------------------------------------------------

NOT_OURS = {
    r"(ec2|elasticfilesystem|s3files|s3tables|kinesis|firehose|cloudfront):.*": "nothing of the stack is in a VPC or uses these services",
    r"s3:getObject|s3:REST\.PUT\.OBJECT|s3:GetObjectMetadata": "no actions that IAM knows",
    r"iam:(Attach|Detach)(User|Group)Policy|iam:(Put|Delete)RolePermissionsBoundary": "policies go to roles alone, without a boundary",
    r"iam:CreateServiceLinkedRole": "pools send no mail of their own, tables do not scale by themselves",
    r"kms:(CreateGrant|Decrypt|Encrypt|GenerateDataKey.*|ReEncrypt.*|RevokeGrant|ListAliases)": "only the alarms' topic has a key",
    r"dynamodb:((Associate|Create)TableReplica|(BatchWrite|Delete|Get|Put|Update)Item|ImportTable|Query|Scan|DescribeImport)": "none so",
    r"dynamodb:((Enable|Disable|Update)KinesisStreamingDestination|UpdateContributorInsights)": "neither is switched on",
    r"lambda:(AssociateRuntimeAlias|PassCapacityProvider|PublishVersion|GetCodeSigningConfig)": "functions have no such properties",
    r"lambda:(Put|Delete)Function(CodeSigningConfig|Concurrency|RecursionConfig|ScalingConfig)": "as before",
    r"lambda:PutRuntimeManagementConfig": "as before",
    r"logs:(Put|Delete)(BearerTokenAuthentication|DataProtectionPolicy|IndexPolicy|LogGroupDeletionProtection)": "as before",
    r"logs:((Dis)?[Aa]ssociateKmsKey|DeleteResourcePolicy|CreateLogStream|DescribeLogStreams|PutLogEvents)": "as before",
    r"s3:.*(Metadata\w*TableConfiguration)": "buckets have no such properties",
    r"s3:(Put|Delete)(Bucket)?(Cors|CORS|Website|Replication|ReplicationConfiguration|Logging|Notification|Abac|Acl)": "as before",
    r"s3:(Put|Delete)(Bucket)?(Accelerate|Analytics|IntelligentTiering|Inventory|Metrics)Configuration": "as before",
    r"s3:(PutBucketObjectLockConfiguration|PutObjectLockConfiguration|PutObjectAcl|DeleteObject|DeleteBucketEncryption)": "as before",
    r"s3:DeleteBucketLifecycle": "buckets keep their rules",
    r"secretsmanager:(RemoveRegionsFromReplication|ReplicateSecretToRegions)": "no replicas",
    r"sns:PutDataProtectionPolicy": "the topic has none",
}
"""What CloudFormation's handlers may need besides, and why they do not for this template."""
BESIDE_THE_HANDLERS = {
    "cloudformation:CreateChangeSet": "the transform of AWS SAM",
    "dynamodb:DescribeKinesisStreamingDestination": "the handlers read it",
    "lambda:GetFunctionRecursionConfig": "the handlers read it",
    "logs:GetLogDelivery": "logs of state machines and of the API are delivered",
    "logs:ListLogDeliveries": "as before",
    "logs:UpdateLogDelivery": "as before",
    "logs:DeleteLogDelivery": "as before",
}


@functools.cache
def template() -> dict[str, Any]:
    return translate(TEMPLATE, WITH_CONSOLE, REGION)


@functools.cache
def handler_permissions(kind: str) -> frozenset[str]:
    """What CloudFormation's own handlers of a resource type say they may need."""
    root = Path(cfnlint.__file__).parent / "data" / "schemas"
    named = json.loads((root / "providers" / f"{REGION}.json").read_text())[kind]
    handlers = json.loads((root / "resources" / f"{named}.json").read_text())["handlers"]
    return frozenset(p for verb, handler in handlers.items() if verb != "list" for p in handler.get("permissions", []))


KINDS = sorted({resource["Type"] for resource in template()["Resources"].values()})


@pytest.mark.parametrize("kind", KINDS)
def test_the_service_role_covers_every_kind_of_resource(written: dict[str, dict[str, Any]], kind: str) -> None:
    needed = {each for each in handler_permissions(kind) if not any(re.fullmatch(pattern, each) for pattern in NOT_OURS)}
    assert needed - granted(*(written[name] for name in SERVICE_ROLE)) == set()


def test_the_service_role_may_do_nothing_else(written: dict[str, dict[str, Any]]) -> None:
    known = {each for kind in KINDS for each in handler_permissions(kind)} | set(BESIDE_THE_HANDLERS)
    assert granted(*(written[name] for name in SERVICE_ROLE)) - known == set()


def test_each_reason_is_one_for_something() -> None:
    every = {each for kind in KINDS for each in handler_permissions(kind)}
    assert [pattern for pattern in NOT_OURS if not any(re.fullmatch(pattern, each) for each in every)] == []


CREATED_BY: dict[str, tuple[str, str]] = {
    "AWS::CloudWatch::Alarm": ("cloudwatch:PutMetricAlarm", "arn:aws:cloudwatch:{at}:alarm:{id}"),
    "AWS::CloudWatch::Dashboard": ("cloudwatch:PutDashboard", "arn:aws:cloudwatch::{account}:dashboard/{id}"),
    "AWS::DynamoDB::Table": ("dynamodb:CreateTable", "arn:aws:dynamodb:{at}:table/{id}"),
    "AWS::Events::Rule": ("events:PutRule", "arn:aws:events:{at}:rule/{id}"),
    "AWS::IAM::Role": ("iam:CreateRole", "arn:aws:iam::{account}:role/{id}"),
    "AWS::Lambda::Function": ("lambda:CreateFunction", "arn:aws:lambda:{at}:function:{id}"),
    "AWS::Logs::LogGroup": ("logs:CreateLogGroup", "arn:aws:logs:{at}:log-group:{id}"),
    "AWS::S3::Bucket": ("s3:CreateBucket", "arn:aws:s3:::{id}"),
    "AWS::Scheduler::Schedule": ("scheduler:CreateSchedule", "arn:aws:scheduler:{at}:schedule/default/{id}"),
    "AWS::StepFunctions::StateMachine": ("states:CreateStateMachine", "{id}"),
}
"""Resources with names of the stack's: the action that makes them, and their ARN."""


@pytest.mark.parametrize("kind", CREATED_BY)
def test_the_names_in_the_policies_are_those_of_the_stack(aws: LocalAws, written: dict[str, dict[str, Any]], kind: str) -> None:
    action, arn = CREATED_BY[kind]
    mine = [name for name, resource in template()["Resources"].items() if resource["Type"] == kind and name in aws.physical_ids]
    ids = {name: aws.physical_ids[name].rpartition("/")[2] if "Schedule" in kind else aws.physical_ids[name] for name in mine}
    needs = {name: Need(action, (arn.format(at=f"{REGION}:{ACCOUNT}", account=ACCOUNT, id=each),)) for name, each in ids.items()}
    assert needs
    assert [need for need in needs.values() if not any(allows(written[policy], need) for policy in SERVICE_ROLE)] == []


def test_the_deployer_may_hand_on_the_service_role_alone(written: dict[str, dict[str, Any]]) -> None:
    to = {"iam:PassedToService": "cloudformation.amazonaws.com"}
    assert allows(written["deploy"], Need("iam:PassRole", (f"arn:aws:iam::{ACCOUNT}:role/{STACK}-deployment",), to))
    assert not allows(written["deploy"], Need("iam:PassRole", (f"arn:aws:iam::{ACCOUNT}:role/admin",), to))
    assert not [
        action
        for action in granted(written["deploy"])
        if fnmatch.fnmatch(action, "iam:*") and action not in ("iam:GetRole", "iam:PassRole", "iam:SimulatePrincipalPolicy")
    ]
    trust = written["service-role-trust"]["Statement"][0]
    assert trust["Principal"] == {"Service": "cloudformation.amazonaws.com"} and trust["Condition"]["StringEquals"] == {
        "aws:SourceAccount": ACCOUNT
    }
