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
from tests.infra.scripted import CONSOLE, FUNCTIONS, REVENUE_FUNCTIONS, Script

EVERY_FUNCTION = {"logs:CreateLogStream", "logs:PutLogEvents", "xray:PutTraceSegments", "xray:PutTelemetryRecords"}
"""What Lambda itself does in a function's name."""

PLACES = {"dynamodb": ("runs", "status", "index"), "s3": ("bucket", "uploads", "configuration"), "secretsmanager": ("", "console")}
ALL_FUNCTIONS = (*FUNCTIONS, *REVENUE_FUNCTIONS, CONSOLE)


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
        "index": f"arn:aws:dynamodb:{at}:table/{out['StatusTable']}/index/waiting",
        "bucket": f"arn:aws:s3:::{out['ReportsBucket']}/runs/some-run/file.json",
        "uploads": f"arn:aws:s3:::{out['UploadsBucket']}/runs/some-run/file.csv",
        "configuration": f"arn:aws:s3:::{out['ReportsBucket']}/configuration/settings/000001.json",
        "reversals": f"arn:aws:s3:::{out['ReportsBucket']}/reversals/some-plan.json",
        "console": out["ConsoleSecret"],
        "": {
            **{
                f"ssm:{name}": f"arn:aws:ssm:{at}:parameter{out[settings]}"
                for name in ("GetParameter", "GetParameterHistory", "PutParameter")
            },
            **dict.fromkeys(("secretsmanager:GetSecretValue", "secretsmanager:PutSecretValue"), out["CredentialsSecret"]),
            "scheduler:ListSchedules": "*",
            **dict.fromkeys(("ses:GetAccount", "ses:GetEmailIdentity", "ses:GetSuppressedDestination"), "*"),
            **dict.fromkeys(("kms:Sign", "kms:GetPublicKey"), out["ExportKey"]),
            "states:DescribeStateMachine": out["BillingSyncArn"],
            **dict.fromkeys(
                ("scheduler:GetSchedule", "scheduler:UpdateSchedule"), f"arn:aws:scheduler:{at}:schedule/default/tallybridge-billing-sync"
            ),
            **dict.fromkeys(
                ("scheduler:CreateSchedule", "scheduler:DeleteSchedule"),
                f"arn:aws:scheduler:{at}:schedule/default/tallybridge-revenue-ingest-daily",
            ),
            "iam:PassRole": aws.role_arn("BillingSyncScheduleRole"),
            "states:StartExecution": out["BillingSyncArn"],
            **dict.fromkeys(
                ("states:StopExecution", "states:DescribeExecution"),
                f"{out['BillingSyncArn'].replace(':stateMachine:', ':execution:')}:some-run",
            ),
            "ses:SendRawEmail": f"arn:aws:ses:{at}:identity/{PARAMETERS['NotificationSender']}",
        }.get(action, ""),
    }[place]
    if action == "s3:ListBucket":
        resource = f"arn:aws:s3:::{out['UploadsBucket' if place == 'uploads' else 'ReportsBucket']}"
    if action == "iam:PassRole":
        context = {"iam:PassedToService": "scheduler.amazonaws.com"}
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
    known |= {("iam:PassRole", "")}
    known -= {("s3:ListBucket", "configuration")}  # the same permission as for the runs in the same bucket
    assert {each for each in known - reached if aws.roles.allows(function_name(folder), need_of(aws, *each, folder))} == set()
    assert aws.roles.granted(function_name(folder)) == {action for action, _ in reached} | EVERY_FUNCTION


@pytest.mark.parametrize("folder", ALL_FUNCTIONS)
def test_a_function_may_not_reach_beyond_its_own_resources(aws: LocalAws, folder: str) -> None:
    elsewhere = [
        Need("s3:GetObject", (f"arn:aws:s3:::{aws.outputs['ReportsBucket']}/elsewhere/file",)),
        Need("s3:PutObject", (f"arn:aws:s3:::{aws.outputs['UploadsBucket']}/elsewhere/file",)),
        Need("s3:ListBucket", ("arn:aws:s3:::another-bucket",)),
        Need("dynamodb:GetItem", ("arn:aws:dynamodb:us-east-1:123456789012:table/other",)),
        Need("secretsmanager:GetSecretValue", ("arn:aws:secretsmanager:us-east-1:123456789012:secret:other",)),
        Need(
            "ses:SendRawEmail",
            ("arn:aws:ses:us-east-1:999999999999:identity/other.example.com",),
            {"ses:FromAddress": "a@other.example.com"},
        ),
        Need("sqs:SendMessage", ("arn:aws:sqs:us-east-1:123456789012:other",)),
        Need("scheduler:GetSchedule", ("arn:aws:scheduler:us-east-1:123456789012:schedule/default/of-another-stack",)),
        Need("scheduler:UpdateSchedule", ("arn:aws:scheduler:us-east-1:123456789012:schedule/default/of-another-stack",)),
        Need("states:StartExecution", ("arn:aws:states:us-east-1:123456789012:stateMachine:other",)),
        Need("states:StopExecution", ("arn:aws:states:us-east-1:123456789012:execution:other:some-run",)),
        Need("iam:PassRole", ("*",)),
        Need("kms:Sign", ("arn:aws:kms:us-east-1:123456789012:key/other",)),
    ]
    assert [need for need in elsewhere if aws.roles.allows(function_name(folder), need)] == []


def test_a_call_that_the_role_does_not_allow_is_refused(aws: LocalAws, script: Script) -> None:
    table = aws.outputs["StatusTable"]
    script.when("notify", lambda event, _: boto3.client("dynamodb").get_item(TableName=table, Key={"id": {"S": "x"}}))
    with pytest.raises(FunctionFailed, match="tallybridge-notify may not perform dynamodb:GetItem") as refused:
        aws.invoke("notify", {})
    assert refused.value.error_type == "ClientError"


def test_a_refusal_has_the_code_of_the_real_one(aws: LocalAws, script: Script) -> None:
    def code(event: object, _: object) -> list[str]:
        with pytest.raises(ClientError) as by_s3:
            boto3.client("s3").delete_object(Bucket=aws.outputs["ReportsBucket"], Key="runs/x")
        with pytest.raises(ClientError) as by_dynamodb:
            boto3.client("dynamodb").get_item(TableName=aws.outputs["StatusTable"], Key={"id": {"S": "x"}})
        return [str(refused.value.response["Error"]["Code"]) for refused in (by_s3, by_dynamodb)]

    script.when("notify", code)
    assert aws.invoke("notify", {}) == ["AccessDenied", "AccessDeniedException"]


def answer_for_a_missing_object(aws: LocalAws, script: Script, key: str = "runs/some-run/missing.json") -> list[object]:
    """Code and status that a function gets for GetObject and for HeadObject of a key that is not there."""

    def ask(event: object, _: object) -> list[object]:
        found: list[object] = []
        for call in (boto3.client("s3").get_object, boto3.client("s3").head_object):
            with pytest.raises(ClientError) as missing:
                call(Bucket=aws.outputs["ReportsBucket"], Key=key)
            found += [missing.value.response["Error"]["Code"], missing.value.response["ResponseMetadata"]["HTTPStatusCode"]]
        return found

    script.when("notify", ask)
    return list(aws.invoke("notify", {}))


def test_a_role_that_may_list_the_bucket_learns_that_an_object_is_missing(aws: LocalAws, script: Script) -> None:
    assert answer_for_a_missing_object(aws, script) == ["NoSuchKey", 404, "404", 404]


@pytest.mark.parametrize("condition", [None, {"StringLike": {"s3:prefix": "runs/*"}}, {"StringEquals": {"s3:prefix": ""}}])
def test_a_role_that_may_not_list_the_whole_bucket_is_refused_a_missing_object(
    aws: LocalAws, script: Script, monkeypatch: pytest.MonkeyPatch, condition: object
) -> None:
    bucket = f"arn:aws:s3:::{aws.outputs['ReportsBucket']}"
    statements = [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": f"{bucket}/runs/*"}]
    if condition:
        statements.append({"Effect": "Allow", "Action": "s3:ListBucket", "Resource": bucket, "Condition": condition})  # type: ignore[dict-item]
    monkeypatch.setitem(aws.roles._statements, "tallybridge-notify", statements)
    assert answer_for_a_missing_object(aws, script) == ["AccessDenied", 403, "AccessDenied", 403]


def test_a_role_that_may_not_list_reads_what_is_there(aws: LocalAws, script: Script, monkeypatch: pytest.MonkeyPatch) -> None:
    bucket = aws.outputs["ReportsBucket"]
    boto3.client("s3").put_object(Bucket=bucket, Key="runs/some-run/there.json", Body=b"{}")
    allowed = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{bucket}/runs/*"}
    monkeypatch.setitem(aws.roles._statements, "tallybridge-notify", [allowed])
    read = lambda event, _: boto3.client("s3").get_object(Bucket=bucket, Key="runs/some-run/there.json")["Body"].read().decode()  # noqa: E731
    script.when("notify", read)
    assert aws.invoke("notify", {}) == "{}"


@pytest.mark.parametrize("folder", [folder for folder in ALL_FUNCTIONS if folder != "watch_runs"])
def test_a_function_that_reads_objects_learns_when_one_is_missing(aws: LocalAws, folder: str) -> None:
    """Whoever may read a bucket's objects may list the whole bucket, so that absence is told as absence."""
    read = [
        output
        for output in ("ReportsBucket", "UploadsBucket")
        for prefix in ("runs", "configuration")
        if aws.roles.allows(function_name(folder), Need("s3:GetObject", (f"arn:aws:s3:::{aws.outputs[output]}/{prefix}/x",)))
    ]
    refused = [
        bucket
        for bucket in read
        if not aws.roles.allows(function_name(folder), Need("s3:ListBucket", (f"arn:aws:s3:::{aws.outputs[bucket]}",)))
    ]
    assert read
    assert refused == []


def test_what_functions_use_is_noted(aws: LocalAws, script: Script) -> None:
    bucket = aws.outputs["ReportsBucket"]
    script.when("archive_log", lambda event, _: boto3.client("s3").put_object(Bucket=bucket, Key="runs/x/y", Body=b"") and None)
    aws.invoke("archive_log", {})
    assert "s3:PutObject" in aws.roles.used["tallybridge-archive-log"]
