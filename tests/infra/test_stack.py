"""The embedded AWS: the stack is whole, handlers see what they would see on Lambda, other processes can reach it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import boto3
import pytest
import requests

from sandbox.aws import FunctionFailed, LocalAws
from sandbox.aws.translate import translate
from sandbox.server import LoopbackServer
from tests.infra.conftest import PARAMETERS, TEMPLATE
from tests.infra.scripted import Script, fail


def client_to(aws: LocalAws, service: str) -> Any:
    """A client that goes over HTTP, as another process would."""
    return boto3.client(service, endpoint_url=aws.endpoint_url)


def test_everything_in_the_template_was_created(aws: LocalAws) -> None:
    wanted = translate(TEMPLATE, PARAMETERS, aws.region)["Resources"]
    assert set(aws.physical_ids) == {name for name, each in wanted.items() if each.get("Condition") != "MailsAlarms"}


class TestTheStack:
    """What the template asks for is there."""

    def test_tables_and_their_protection(self, aws: LocalAws) -> None:
        client = boto3.client("dynamodb")
        table = client.describe_table(TableName=aws.outputs["StatusTable"])["Table"]
        assert table["GlobalSecondaryIndexes"][0]["IndexName"] == "waiting"
        assert table["DeletionProtectionEnabled"] is True
        life = client.describe_time_to_live(TableName=aws.outputs["RunsTable"])["TimeToLiveDescription"]
        assert (life["AttributeName"], life["TimeToLiveStatus"]) == ("expires", "ENABLED")
        backups = client.describe_continuous_backups(TableName=aws.outputs["RunsTable"])["ContinuousBackupsDescription"]
        assert backups["PointInTimeRecoveryDescription"]["PointInTimeRecoveryStatus"] == "ENABLED"

    def test_alarms_travel_encrypted(self, aws: LocalAws) -> None:
        topic = boto3.client("sns").get_topic_attributes(TopicArn=aws.physical_ids["AlarmTopic"])["Attributes"]
        assert topic["KmsMasterKeyId"] == aws.physical_ids["AlarmKey"]
        assert boto3.client("kms").get_key_rotation_status(KeyId=topic["KmsMasterKeyId"])["KeyRotationEnabled"] is True

    def test_buckets_keep_versions(self, aws: LocalAws) -> None:
        for name in ("ReportsBucket", "UploadsBucket"):
            assert boto3.client("s3").get_bucket_versioning(Bucket=aws.outputs[name])["Status"] == "Enabled"

    def test_credentials_start_empty_and_settings_are_not_there_until_somebody_saves_them(self, aws: LocalAws) -> None:
        names = [aws.outputs["SettingsParameter"], aws.outputs["RevenueSettingsParameter"]]
        assert names == ["/tallybridge/settings", "/tallybridge/revenue-settings"]
        assert boto3.client("ssm").get_parameters(Names=names)["Parameters"] == []
        assert boto3.client("secretsmanager").get_secret_value(SecretId=aws.outputs["CredentialsSecret"])["SecretString"] == "{}"

    def test_state_machines_have_their_names(self, aws: LocalAws) -> None:
        machines = boto3.client("stepfunctions").list_state_machines()["stateMachines"]
        assert {machine["name"] for machine in machines} == {
            "tallybridge-billing-sync",
            "tallybridge-sync-step",
            "tallybridge-revenue-ingest",
            "tallybridge-run-ended",
            "tallybridge-revenue-ended",
        }

    def test_the_schedule_starts_the_billing_sync(self, aws: LocalAws) -> None:
        schedule = boto3.client("scheduler").get_schedule(Name="tallybridge-billing-sync")
        assert schedule["State"] == "DISABLED"
        assert schedule["Target"]["Arn"] == aws.outputs["BillingSyncArn"]
        assert json.loads(schedule["Target"]["Input"]) == {"trigger": "schedule"}

    def test_alarms_are_set(self, aws: LocalAws) -> None:
        alarms = {each["AlarmName"]: each for each in boto3.client("cloudwatch").describe_alarms()["MetricAlarms"]}
        assert alarms["tallybridge run failed"]["Dimensions"] == [{"Name": "service", "Value": "tallybridge"}]
        assert len(alarms["tallybridge function errors in transaction steps"]["Metrics"]) == 10
        assert all(each["AlarmActions"] == [aws.physical_ids["AlarmTopic"]] for each in alarms.values())


class TestHandlers:
    """What a handler sees."""

    def test_its_own_variables_and_no_others(self, aws: LocalAws, script: Script, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("STRANGER", "of the process")
        monkeypatch.setenv("HTTPS_PROXY", "http://elsewhere.example.com")
        script.when("notify", lambda event, _: dict(os.environ))
        script.when("open_run", lambda event, _: dict(os.environ))
        notify, open_run = aws.invoke("notify", {}), aws.invoke("open_run", {})
        assert notify["NOTIFICATION_SENDER"] == "sync@example.com"
        assert notify["AWS_LAMBDA_FUNCTION_NAME"] == "tallybridge-notify"
        assert notify["AWS_REGION"] == aws.region
        assert "NOTIFICATION_SENDER" not in open_run
        assert open_run["INSTANCE_NAME"] == "Test"
        assert not {"STRANGER", "HTTPS_PROXY", "AWS_ENDPOINT_URL"} & (notify.keys() | open_run.keys())

    def test_variables_of_functions_that_run_at_once_do_not_mix(self, aws: LocalAws, script: Script) -> None:
        meet = threading.Barrier(2)

        def name(event: Any, _: Any) -> str:
            if event.get("own"):  # the clean-up of an execution before may call them at the same time
                meet.wait()
            return os.environ["AWS_LAMBDA_FUNCTION_NAME"]

        script.when("notify", name)
        script.when("close_run", name)
        found: dict[str, str] = {}
        threads = [threading.Thread(target=lambda f=f: found.update({f: aws.invoke(f, {"own": True})})) for f in ("notify", "close_run")]
        with aws.clock.working():  # no time passes before both are under way
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
        assert found == {"notify": "tallybridge-notify", "close_run": "tallybridge-close-run"}

    def test_threads_of_a_handler_see_its_variables(self, aws: LocalAws, script: Script) -> None:
        def in_thread(event: Any, _: Any) -> Any:
            found: list[str] = []
            thread = threading.Thread(target=lambda: found.append(os.environ["REPORTS_BUCKET"]))
            thread.start()
            thread.join()
            return found

        script.when("notify", in_thread)
        assert aws.invoke("notify", {}) == [aws.outputs["ReportsBucket"]]

    def test_what_a_handler_sets_ends_with_its_invocation(self, aws: LocalAws, script: Script) -> None:
        script.when("notify", lambda event, _: os.environ.setdefault("LEFT_BEHIND", "yes"))
        aws.invoke("notify", {})
        script.when("notify", lambda event, _: os.environ.get("LEFT_BEHIND"))
        assert aws.invoke("notify", {}) is None
        assert "LEFT_BEHIND" not in os.environ

    def test_a_context_like_the_real_one(self, aws: LocalAws, script: Script) -> None:
        fields = ("function_name", "function_version", "memory_limit_in_mb", "invoked_function_arn", "aws_request_id", "log_group_name")
        script.when(
            "reconcile",
            lambda event, context: {name: getattr(context, name) for name in fields} | {"left": context.get_remaining_time_in_millis()},
        )
        seen = aws.invoke("reconcile", {})
        assert (seen["function_name"], seen["function_version"], seen["memory_limit_in_mb"]) == ("tallybridge-reconcile", "$LATEST", "1024")
        assert seen["invoked_function_arn"] == f"arn:aws:lambda:{aws.region}:123456789012:function:tallybridge-reconcile"
        assert seen["log_group_name"] == "/aws/lambda/tallybridge-reconcile"
        assert len(seen["aws_request_id"]) == 36
        assert 299_000 < seen["left"] <= 300_000

    def test_what_it_prints_goes_to_its_log(self, aws: LocalAws, script: Script, capsys: pytest.CaptureFixture[str]) -> None:
        script.when("notify", lambda event, _: print("said by the handler"))
        aws.invoke("notify", {})
        assert aws.invocations("notify")[-1].log == "said by the handler\n"
        assert "said by the handler" not in capsys.readouterr().out

    def test_functions_are_known_by_folder_logical_id_name_and_arn(self, aws: LocalAws, script: Script) -> None:
        for name in ("close_run", "CloseRunFunction", "tallybridge-close-run", aws.physical_ids["CloseRunFunction"]):
            assert aws.invoke(name, {"runId": name})["runId"] == name
        with pytest.raises(KeyError, match="the stack has no function nobody"):
            aws.invoke("nobody", {})


class TestFailures:
    """How failures of a handler look from outside."""

    def test_an_exception_is_named_by_its_class(self, aws: LocalAws, script: Script) -> None:
        script.when("notify", fail("went wrong", LookupError))
        with pytest.raises(FunctionFailed) as failed:
            aws.invoke("notify", {})
        assert (failed.value.error_type, failed.value.message) == ("LookupError", "went wrong")
        assert aws.invocations("notify")[-1].error == "LookupError"

    def test_lambda_answers_with_the_error_and_its_header(self, aws: LocalAws, script: Script) -> None:
        script.when("notify", fail("went wrong", LookupError))
        answer = boto3.client("lambda").invoke(FunctionName="tallybridge-notify", Payload=b"{}")
        document = json.loads(answer["Payload"].read())
        assert answer["FunctionError"] == "Unhandled"
        assert set(document) == {"errorType", "errorMessage", "requestId", "stackTrace"}

    def test_an_answer_that_is_not_json(self, aws: LocalAws, script: Script) -> None:
        script.when("notify", lambda event, _: {1, 2})
        with pytest.raises(FunctionFailed, match=r"Runtime.MarshalError"):
            aws.invoke("notify", {})

    def test_an_answer_that_is_too_large(self, aws: LocalAws, script: Script) -> None:
        script.when("notify", lambda event, _: "x" * 6_300_000)
        with pytest.raises(FunctionFailed, match=r"Function.ResponseSizeTooLarge"):
            aws.invoke("notify", {})

    def test_a_handler_that_exits(self, aws: LocalAws, script: Script) -> None:
        script.when("notify", lambda event, _: sys.exit(3))
        with pytest.raises(FunctionFailed, match=r"Runtime.ExitError"):
            aws.invoke("notify", {})


class TestFromOutside:
    """Other processes, and what the process does beside AWS."""

    def test_the_server_shows_the_same_state(self, aws: LocalAws) -> None:
        boto3.client("s3").put_object(Bucket=aws.outputs["ReportsBucket"], Key="runs/seen", Body=b"from inside")
        assert client_to(aws, "s3").get_object(Bucket=aws.outputs["ReportsBucket"], Key="runs/seen")["Body"].read() == b"from inside"

    def test_another_process_runs_the_sync(self, aws: LocalAws, script: Script) -> None:
        start = "boto3.client('stepfunctions').start_execution(stateMachineArn=sys.argv[1], name='outside')"
        code = f"import boto3, sys; print({start}['executionArn'])"
        environment = {
            **os.environ,
            "AWS_ENDPOINT_URL": aws.endpoint_url,
            "AWS_REGION": aws.region,
            "AWS_ACCESS_KEY_ID": "sandbox",
            "AWS_SECRET_ACCESS_KEY": "sandbox",
        }
        done = subprocess.run(
            [sys.executable, "-c", code, aws.outputs["BillingSyncArn"]],
            env=environment,
            capture_output=True,
            text=True,
            check=True,
            timeout=60,
        )
        assert aws.wait(done.stdout.strip())["output"]["runId"] == "outside"

    def test_the_server_listens_on_loopback_only(self, aws: LocalAws) -> None:
        assert aws.endpoint_url.startswith("http://127.0.0.1:")

    def test_requests_reaches_other_servers_untouched(self, aws: LocalAws) -> None:
        def stand_in(environ: Any, start: Any) -> list[bytes]:
            start("200 OK", [("Content-Length", "2")])
            return [b"ok"]

        assert requests.adapters.HTTPAdapter.send.__module__ == "requests.adapters"
        with LoopbackServer(stand_in) as server:
            assert requests.get(server.url, timeout=60).text == "ok"

    def test_mails_can_be_read(self, aws: LocalAws) -> None:
        text = "From: sync@example.com\r\nTo: finance@example.com\r\nSubject: [Test] completed\r\n\r\nAll is well.\r\n"
        boto3.client("ses").send_raw_email(
            Source="sync@example.com", Destinations=["finance@example.com"], RawMessage={"Data": text.encode()}
        )
        mail = aws.sent_mails()[-1]
        assert (mail["Subject"], mail.get_content().strip()) == ("[Test] completed", "All is well.")

    def test_a_sender_that_is_not_verified_cannot_send(self, aws: LocalAws) -> None:
        client = boto3.client("ses")
        with pytest.raises(client.exceptions.MessageRejected):
            client.send_raw_email(
                Source="stranger@example.com", Destinations=["x@example.com"], RawMessage={"Data": b"Subject: x\r\n\r\nx"}
            )


def test_one_runs_at_a_time(aws: LocalAws, functions_root: Path) -> None:
    second = LocalAws(TEMPLATE, parameters=PARAMETERS, functions_root=functions_root)
    with pytest.raises(RuntimeError, match="an embedded AWS is running in this process already"):
        second.start()
    assert boto3.client("s3").list_buckets()["Buckets"]
