"""Stacks one after the other: what is refused at load time, and that nothing of one is left in the next."""

from __future__ import annotations

import os
import shutil
import sys
import threading
import warnings
from collections.abc import Iterator
from pathlib import Path

import boto3
import moto
import pytest
from botocore.useragent import UserAgentString
from moto.core.models import botocore_stubber

from sandbox.aws import FunctionFailed, LocalAws, StackError, patch, properties, repairs
from tests.infra.conftest import PARAMETERS, REPOSITORY, TEMPLATE
from tests.infra.scripted import Script


def test_resources_with_a_condition_are_created_when_it_holds(functions_root: Path) -> None:
    parameters = {**PARAMETERS, "AlarmEmail": "operator@example.com", "ScheduleState": "ENABLED"}
    with LocalAws(TEMPLATE, parameters=parameters, functions_root=functions_root) as aws:
        assert {"AlarmSubscription", "NoRunAlarm"} <= set(aws.physical_ids)
        subscriptions = boto3.client("sns").list_subscriptions()["Subscriptions"]
        assert [each["Endpoint"] for each in subscriptions] == ["operator@example.com"]
        assert boto3.client("scheduler").get_schedule(Name="tallybridge-billing-sync")["State"] == "ENABLED"


class TestWhatIsRefused:
    """A template, definition or function that would not run here as on AWS."""

    @pytest.fixture
    def copied(self, tmp_path: Path) -> Iterator[Path]:
        """A template beside its definitions, to be damaged; warnings are errors, so that nothing is merely passed over."""
        shutil.copy(TEMPLATE, tmp_path)
        shutil.copytree(REPOSITORY / "statemachine", tmp_path / "statemachine")
        with warnings.catch_warnings():
            warnings.simplefilter("error", UserWarning)
            yield tmp_path / "template.yaml"

    def start(self, template: Path, functions_root: Path) -> None:
        with LocalAws(template, parameters=PARAMETERS, functions_root=functions_root):
            pass

    def replace(self, path: Path, old: str, new: str) -> None:
        text = path.read_text()
        assert old in text
        path.write_text(text.replace(old, new, 1))

    def test_a_property_that_would_be_ignored(self, copied: Path, functions_root: Path) -> None:
        self.replace(
            copied,
            "      BillingMode: PAY_PER_REQUEST\n",
            "      BillingMode: PAY_PER_REQUEST\n      ImportSourceSpecification: {}\n",
        )
        with pytest.raises(StackError, match="StatusTable: ImportSourceSpecification of AWS::DynamoDB::Table is not honoured here"):
            self.start(copied, functions_root)

    def test_a_type_without_a_model(self, copied: Path, functions_root: Path) -> None:
        self.replace(copied, "\nOutputs:\n", "\n  Fleet:\n    Type: AWS::GameLift::Fleet\n\nOutputs:\n")
        with pytest.raises(StackError, match="Fleet: resources of type AWS::GameLift::Fleet are not part of the embedded AWS"):
            self.start(copied, functions_root)

    def test_a_managed_policy_of_somebody_else(self, copied: Path, functions_root: Path) -> None:
        self.replace(copied, "ManagedPolicyArns: [!Ref SyncStepPolicy]", 'ManagedPolicyArns: ["arn:aws:iam::aws:policy/PowerUserAccess"]')
        with pytest.raises(StackError, match="CustomersRole: arn:aws:iam::aws:policy/PowerUserAccess is no managed policy of this stack"):
            self.start(copied, functions_root)

    def test_an_input_transformer_of_a_rule(self, copied: Path, functions_root: Path) -> None:
        target = "          Arn: !Ref RunEnded\n"
        self.replace(copied, target, f"{target}          InputPath: $.detail\n")
        with pytest.raises(StackError, match="CleanUpRule: InputPath of a target is not honoured here"):
            self.start(copied, functions_root)

    def test_a_definition_with_a_fault(self, copied: Path, functions_root: Path) -> None:
        self.replace(copied.parent / "statemachine" / "sync_step.asl.json", '"Next": "AnyBatches?"', '"Next": "Nowhere"')
        with pytest.raises(StackError, match=r"SyncStep: Selected\?: goes to Nowhere, which does not exist"):
            self.start(copied, functions_root)

    def test_a_substitution_that_nothing_is_put_in_for(self, copied: Path, functions_root: Path) -> None:
        self.replace(copied, "        NotifyFunctionArn: !GetAtt NotifyFunction.Arn\n", "")
        with pytest.raises(StackError, match=r"BillingSync: nothing is put in for \$\{NotifyFunctionArn\}"):
            self.start(copied, functions_root)

    def test_a_function_without_code(self, tmp_path: Path) -> None:
        with pytest.raises(StackError, match="OpenRunFunction: there is no "):
            self.start(TEMPLATE, tmp_path)

    def test_another_release_of_moto(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(moto, "__version__", "9.9.9")
        with pytest.raises(patch.UnsupportedMoto, match=r"made for moto 5\.2\.5, but 9\.9\.9 is installed"):
            patch.apply(repairs.REPAIRS)

    def test_the_table_of_properties_names_nothing_twice(self) -> None:
        for kind, names in properties.LEFT_OUT.items():
            assert not names.keys() & properties.HONOURED.get(kind, set())


def test_a_function_whose_module_cannot_be_imported(functions_root: Path, tmp_path: Path) -> None:
    shutil.copytree(functions_root, tmp_path / "broken")
    (tmp_path / "broken" / "functions" / "notify" / "app.py").write_text("import no_such_module\n")
    with LocalAws(TEMPLATE, parameters=PARAMETERS, functions_root=tmp_path / "broken") as aws, pytest.raises(FunctionFailed) as failed:
        aws.invoke("notify", {})
    assert failed.value.error_type == "Runtime.ImportModuleError"


def test_one_stack_leaves_nothing_for_the_next(functions_root: Path, script: Script) -> None:
    for _ in range(2):
        with LocalAws(TEMPLATE, parameters=PARAMETERS, functions_root=functions_root) as aws:
            client = boto3.client("stepfunctions")
            assert client.list_executions(stateMachineArn=aws.outputs["BillingSyncArn"])["executions"] == []
            assert len(boto3.client("s3").list_buckets()["Buckets"]) == 2
            assert aws.sent_mails() == []
            aws.run("BillingSyncArn", {}, name="same-name")


def test_closing_gives_the_process_back_as_it_was(functions_root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_PROFILE", "somebody")
    before = (dict(os.environ), threading.Thread.start, UserAgentString.to_string, boto3.session.Session.client, sys.stdout)
    with LocalAws(TEMPLATE, parameters=PARAMETERS, functions_root=functions_root) as aws:
        assert "AWS_ENDPOINT_URL" not in os.environ
        aws.invoke("notify", {})
        assert boto3.client("s3").list_buckets()["Buckets"]
    assert (dict(os.environ), threading.Thread.start, UserAgentString.to_string, boto3.session.Session.client, sys.stdout) == before
    assert botocore_stubber.enabled is False


def test_closing_stops_what_runs(functions_root: Path, script: Script) -> None:
    begun, go_on = threading.Event(), threading.Event()

    def slow(event: object, _: object) -> None:
        begun.set()
        go_on.wait(60)

    script.when("open_run", slow)
    with LocalAws(TEMPLATE, parameters=PARAMETERS, functions_root=functions_root) as aws:
        boto3.client("stepfunctions").start_execution(stateMachineArn=aws.outputs["BillingSyncArn"])
        assert begun.wait(60)
        threading.Timer(0.05, go_on.set).start()
    assert [thread for thread in threading.enumerate() if "_exec_and_notify" in thread.name or "_execution_logic" in thread.name] == []
    assert script.events("archive_log") == []


def test_a_stack_that_cannot_start_leaves_room_for_another(functions_root: Path, tmp_path: Path) -> None:
    with pytest.raises(StackError):
        LocalAws(TEMPLATE, parameters=PARAMETERS, functions_root=tmp_path).start()
    with LocalAws(TEMPLATE, parameters=PARAMETERS, functions_root=functions_root) as aws:
        assert aws.outputs
