"""Every function may do what its code can reach, and nothing else; the sandbox holds it to that."""

from __future__ import annotations

import boto3
import pytest
from botocore.exceptions import ClientError

from sandbox.aws import FunctionFailed, LocalAws
from sandbox.aws.inprocess import ACCOUNT
from sandbox.aws.permissions import Need
from tests.infra import reach
from tests.infra.conftest import PARAMETERS
from tests.infra.scripted import FUNCTIONS, REVENUE_FUNCTIONS, Script

EVERY_FUNCTION = {"logs:CreateLogStream", "logs:PutLogEvents", "xray:PutTraceSegments", "xray:PutTelemetryRecords"}
"""What Lambda itself does in a function's name."""

PLACES = {"dynamodb": ("runs", "status", "index"), "s3": ("bucket", "uploads")}
ALL_FUNCTIONS = (*FUNCTIONS, *REVENUE_FUNCTIONS)


def function_name(folder: str) -> str:
    return "tallybridge-" + folder.replace("_", "-")


def need_of(aws: LocalAws, action: str, place: str, folder: str = "") -> Need:
    """The call that stands for an action of the walk, on the resources of the stack."""
    at, out = f"{aws.region}:{ACCOUNT}", aws.outputs
    context: dict[str, str] = {}
    settings = "RevenueSettingsParameter" if folder.startswith("revenue") else "SettingsParameter"
    resource = {
        "runs": f"arn:aws:dynamodb:{at}:table/{out['RunsTable']}",
        "status": f"arn:aws:dynamodb:{at}:table/{out['StatusTable']}",
        "index": f"arn:aws:dynamodb:{at}:table/{out['StatusTable']}/index/attention",
        "bucket": f"arn:aws:s3:::{out['ReportsBucket']}/runs/some-run/file.json",
        "uploads": f"arn:aws:s3:::{out['UploadsBucket']}/runs/some-run/file.csv",
        "": {
            "ssm:GetParameter": f"arn:aws:ssm:{at}:parameter{out[settings]}",
            "s3:GetObject": f"arn:aws:s3:::{out['ReportsBucket']}/configuration/revenue.json",
            "secretsmanager:GetSecretValue": out["CredentialsSecret"],
            "ses:SendRawEmail": f"arn:aws:ses:{at}:identity/{PARAMETERS['NotificationSender']}",
        }.get(action, ""),
    }[place]
    if action == "s3:ListBucket":
        bucket = out["UploadsBucket" if place == "uploads" else "ReportsBucket"]
        resource, context = f"arn:aws:s3:::{bucket}", {"s3:prefix": "runs/some-run/"}
    if action == "ses:SendRawEmail":
        context = {"ses:FromAddress": PARAMETERS["NotificationSender"]}
    return Need(action, (resource,), context)


@pytest.mark.parametrize("folder", ALL_FUNCTIONS)
def test_a_function_may_do_what_its_code_can_reach(aws: LocalAws, folder: str) -> None:
    reached = reach.reached_by(folder).actions
    refused = [each for each in reached if not aws.roles.allows(function_name(folder), need_of(aws, *each, folder))]
    assert reached
    assert refused == []


@pytest.mark.parametrize("folder", ALL_FUNCTIONS)
def test_a_function_may_do_nothing_else(aws: LocalAws, folder: str) -> None:
    reached = reach.reached_by(folder).actions
    known = {(action, place) for action in set(reach.CALLS.values()) for place in PLACES.get(action.partition(":")[0], ("",))}
    assert {each for each in known - reached if aws.roles.allows(function_name(folder), need_of(aws, *each, folder))} == set()
    assert aws.roles.granted(function_name(folder)) == {action for action, _ in reached} | EVERY_FUNCTION


@pytest.mark.parametrize("folder", ALL_FUNCTIONS)
def test_a_function_may_not_reach_beyond_its_own_resources(aws: LocalAws, folder: str) -> None:
    elsewhere = [
        Need("s3:GetObject", (f"arn:aws:s3:::{aws.outputs['ReportsBucket']}/elsewhere/file",)),
        Need("s3:PutObject", (f"arn:aws:s3:::{aws.outputs['UploadsBucket']}/elsewhere/file",)),
        Need("s3:ListBucket", (f"arn:aws:s3:::{aws.outputs['ReportsBucket']}",), {"s3:prefix": ""}),
        Need("s3:ListBucket", (f"arn:aws:s3:::{aws.outputs['ReportsBucket']}",)),
        Need("dynamodb:GetItem", ("arn:aws:dynamodb:us-east-1:123456789012:table/other",)),
        Need("secretsmanager:GetSecretValue", ("arn:aws:secretsmanager:us-east-1:123456789012:secret:other",)),
        Need("ses:SendRawEmail", (need_of(aws, "ses:SendRawEmail", "").resources[0],), {"ses:FromAddress": "other@example.com"}),
        Need("iam:PassRole", ("*",)),
    ]
    assert [need for need in elsewhere if aws.roles.allows(function_name(folder), need)] == []


def test_a_call_that_the_role_does_not_allow_is_refused(aws: LocalAws, script: Script) -> None:
    table = aws.outputs["StatusTable"]
    script.when("notify", lambda event, _: boto3.client("dynamodb").get_item(TableName=table, Key={"id": {"S": "x"}}))
    with pytest.raises(FunctionFailed, match="tallybridge-notify may not perform dynamodb:GetItem") as refused:
        aws.invoke("notify", {})
    assert refused.value.error_type == "ClientError"


def test_a_refusal_has_the_code_of_the_real_one(aws: LocalAws, script: Script) -> None:
    def code(event: object, _: object) -> str:
        with pytest.raises(ClientError) as refused:
            boto3.client("s3").delete_object(Bucket=aws.outputs["ReportsBucket"], Key="runs/x")
        return str(refused.value.response["Error"]["Code"])

    script.when("notify", code)
    assert aws.invoke("notify", {}) == "AccessDeniedException"


def test_what_functions_use_is_noted(aws: LocalAws, script: Script) -> None:
    bucket = aws.outputs["ReportsBucket"]
    script.when("archive_log", lambda event, _: boto3.client("s3").put_object(Bucket=bucket, Key="runs/x/y", Body=b"") and None)
    aws.invoke("archive_log", {})
    assert "s3:PutObject" in aws.roles.used["tallybridge-archive-log"]
