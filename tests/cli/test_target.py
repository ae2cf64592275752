"""Which installation a command works on."""

from __future__ import annotations

from pathlib import Path

import boto3
import pytest
from moto import mock_aws

from tallybridge.errors import ConfigurationError
from tallybridge_cli.target import NEEDED, OUTPUTS, read_env, resolve

COMPLETE = {name: f"value of {name}" for name in NEEDED}


def env_file(folder: Path, variables: dict[str, str]) -> Path:
    path = folder / "sandbox.env"
    path.write_text("".join(f"{k}={v}\n" for k, v in variables.items()))
    return path


def test_values_keep_equals_signs_and_lose_quotes(tmp_path: Path) -> None:
    path = tmp_path / "env"
    path.write_text("# a comment\n\nA=x=y==\nexport B='quoted'\n C = spaced \n")
    assert read_env(path) == {"A": "x=y==", "B": "quoted", "C": "spaced"}


def test_a_line_that_is_no_assignment_is_named(tmp_path: Path) -> None:
    path = tmp_path / "env"
    path.write_text("A=1\nnonsense\n")
    with pytest.raises(ConfigurationError, match="line 2"):
        read_env(path)


def test_a_missing_file_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError) as missing:
        resolve(tmp_path / "none.env", None, {})
    assert "make sandbox" in missing.value.advice


def test_the_named_file_goes_before_the_environment(tmp_path: Path) -> None:
    found = resolve(env_file(tmp_path, COMPLETE), None, dict.fromkeys(NEEDED, "other"))
    assert found["RUNS_TABLE"] == "value of RUNS_TABLE"


def test_the_environment_goes_before_a_running_sandbox(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "out").mkdir()
    env_file(tmp_path / "out", COMPLETE)
    assert resolve(None, None, {**COMPLETE, "RUNS_TABLE": "mine"})["RUNS_TABLE"] == "mine"
    assert resolve(None, None, {})["RUNS_TABLE"] == "value of RUNS_TABLE"


def test_nothing_said_is_a_configuration_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ConfigurationError, match="not said which installation"):
        resolve(None, None, {})


def test_what_an_installation_lacks_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="STATUS_TABLE is not set"):
        resolve(env_file(tmp_path, {k: v for k, v in COMPLETE.items() if k != "STATUS_TABLE"}), None, {})


def test_a_file_without_credentials_takes_those_of_the_environment(tmp_path: Path) -> None:
    own = {"AWS_ACCESS_KEY_ID": "mine", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_REGION": "elsewhere"}
    found = resolve(env_file(tmp_path, {**COMPLETE, "AWS_REGION": "here"}), None, own)
    assert (found["AWS_ACCESS_KEY_ID"], found["AWS_REGION"]) == ("mine", "here")


def test_a_stack_is_known_by_its_outputs() -> None:
    environ = {"AWS_REGION": "us-east-1", "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}
    outputs = {key: {"Value": f"value of {name}"} for key, name in OUTPUTS.items()}
    template = {"Resources": {"Topic": {"Type": "AWS::SNS::Topic"}}, "Outputs": outputs}
    with mock_aws():
        import json

        boto3.client("cloudformation", "us-east-1").create_stack(StackName="mine", TemplateBody=json.dumps(template))
        assert resolve(None, "mine", environ)["BILLING_SYNC_ARN"] == "value of BILLING_SYNC_ARN"
        with pytest.raises(ConfigurationError, match='no stack "other"'):
            resolve(None, "other", environ)
