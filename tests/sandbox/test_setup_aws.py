"""`tallybridge setup aws`, `setup certificate`, `setup credentials` and `setup` alone, on the stand-ins."""

from __future__ import annotations

import json
import shlex
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import boto3
import pytest
import typer
from botocore.client import BaseClient
from typer.testing import CliRunner

from sandbox.aws.inprocess import ACCOUNT
from sandbox.aws.permissions import _allows, needs
from sandbox.aws.rights import Rights
from sandbox.by_hand.__main__ import app as hands
from sandbox.clock import VirtualClock
from sandbox.host import RECIPIENT, SENDER, Sandbox, SandboxOptions
from tallybridge.desk import key_pair
from tallybridge.errors import ConfigurationError
from tallybridge_cli.main import app
from tallybridge_cli.setup import aws as setup_aws
from tallybridge_cli.setup import policies

STRANGER = "stranger@example.org"


def started(out: Path, data: Any) -> Sandbox:
    return Sandbox(SandboxOptions(data=data, out=out, child=False, clock=VirtualClock(datetime.now(UTC)), console=False))


@pytest.fixture
def bare(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    with started(tmp_path_factory.mktemp("out"), "bare") as running:
        yield running


@pytest.fixture
def whole(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    with started(tmp_path_factory.mktemp("out"), "empty") as running:
        yield running


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The folder that a person works in."""
    monkeypatch.chdir(tmp_path)


def call(sandbox: Sandbox, *arguments: str) -> int:
    return int(app(["setup", *arguments, "--env", str(sandbox.out / "sandbox.env")], standalone_mode=False) or 0)


@pytest.fixture
def asked(capsys: pytest.CaptureFixture[str]) -> Any:
    """Calls a command with --json; answers its exit code and what it wrote."""

    def do(sandbox: Sandbox, *arguments: str) -> tuple[int, dict[str, Any]]:
        code = call(sandbox, *arguments, "--json")
        return code, json.loads(capsys.readouterr().out.splitlines()[-1])  # functions log to it, too

    return do


def by_hand(sandbox: Sandbox, *arguments: str, input: str = "") -> None:
    done = CliRunner().invoke(hands, ["aws", *arguments, "--env", str(sandbox.out / "sandbox.env")], input=input)
    assert done.exit_code == 0, done.output


def state(told: dict[str, Any], name: str) -> str:
    return next(str(c["state"]) for c in told["checks"] if c["name"] == name)


def secret(sandbox: Sandbox) -> dict[str, Any]:
    stored = boto3.client("secretsmanager").get_secret_value(SecretId=sandbox.env["CREDENTIALS_SECRET"])["SecretString"]
    return dict(json.loads(stored))


# --- aws ----------------------------------------------------------------------------------------------------------------------------


def test_mail_is_set_up_step_by_step_and_nothing_is_done_twice(bare: Sandbox, asked: Any) -> None:
    domain = SENDER.partition("@")[2]
    code, told = asked(bare, "aws", "--recipient", RECIPIENT, "--recipient", STRANGER)
    assert (code, told["ok"], state(told, "stack"), state(told, domain)) == (1, False, "ok", "warn")
    assert [row["type"] for row in told["records"]] == ["CNAME"] * 3
    assert (state(told, STRANGER), RECIPIENT in {c["name"] for c in told["checks"]}) == ("warn", False), "the domain will cover it"
    assert "settings" in next(c["detail"] for c in told["checks"] if c["name"] == "recipients")
    again = asked(bare, "aws")[1]["records"]
    assert again == told["records"], "the same identity"
    by_hand(bare, "dns-records", "-", input="\n".join(f"{r['name']} {r['type']} {r['value']}" for r in told["records"]))
    code, told = asked(bare, "aws")
    assert (code, state(told, "sender"), state(told, "mail sandbox"), state(told, STRANGER), told["records"]) == (
        1,
        "ok",
        "note",
        "warn",
        [],
    )
    by_hand(bare, "click-link", STRANGER)
    code, told = asked(bare, "aws")
    assert (code, told["ok"]) == (0, True)
    document = json.loads(boto3.client("ssm").get_parameter(Name=bare.env["SETTINGS_PARAMETER"])["Parameter"]["Value"])
    assert document == {"notify_recipients": [RECIPIENT, STRANGER]}


def test_the_recipients_are_changed_and_all_other_settings_stay(whole: Sandbox, asked: Any) -> None:
    before = json.loads(boto3.client("ssm").get_parameter(Name=whole.env["SETTINGS_PARAMETER"])["Parameter"]["Value"])
    assert asked(whole, "aws", "--recipient", STRANGER)[0] == 0
    after = json.loads(boto3.client("ssm").get_parameter(Name=whole.env["SETTINGS_PARAMETER"])["Parameter"]["Value"])
    assert after == {**before, "notify_recipients": [STRANGER]}
    with pytest.raises(ConfigurationError) as refused:
        call(whole, "aws", "--recipient", "nobody")
    assert refused.value.code == "SETTINGS"


def test_the_mail_sandbox_is_left_only_when_the_person_agrees(bare: Sandbox, asked: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    wanted = (
        "--leave-mail-sandbox",
        "--website",
        "https://example.com",
        "--use-case",
        "Reports of nightly syncs to our own finance staff.",
    )
    monkeypatch.setattr(typer, "confirm", lambda *_, **__: (_ for _ in ()).throw(typer.Abort()))
    with pytest.raises(typer.Abort):
        call(bare, "aws", *wanted)
    client = boto3.client("sesv2")
    assert "Details" not in client.get_account()
    with pytest.raises(ConfigurationError) as refused:
        call(bare, "aws", "--leave-mail-sandbox", "--yes")
    assert (refused.value.code, "Details" in client.get_account()) == ("INPUT", False)
    assert state(asked(bare, "aws", *wanted, "--yes")[1], "request") == "ok"
    told = asked(bare, "aws", *wanted, "--yes")[1]
    assert state(told, "request") == "note" and "has the request" in json.dumps(told)
    by_hand(bare, "support-answers")
    assert state(asked(bare, "aws")[1], "mail sandbox") == "ok"


def test_an_address_of_its_own_sends_as_well_as_a_domain(bare: Sandbox, asked: Any) -> None:
    told = asked(bare, "aws", "--identity", SENDER, "--recipient", SENDER)[1]
    assert (state(told, SENDER), told["records"]) == ("warn", [])
    by_hand(bare, "click-link", SENDER)
    assert asked(bare, "aws")[0] == 0
    with pytest.raises(ConfigurationError) as refused:
        call(bare, "aws", "--identity", "not a domain")
    assert refused.value.code == "INPUT"


def test_what_the_person_may_not_is_told_before_it_is_refused(whole: Sandbox, asked: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    assert state(asked(whole, "aws")[1], "rights") == "ok"
    monkeypatch.setattr(Rights, "denied", {"secretsmanager:PutSecretValue"})
    code, told = asked(whole, "aws")
    assert (code, state(told, "rights")) == (1, "warn") and "secretsmanager:PutSecretValue" in json.dumps(told)
    monkeypatch.setattr(Rights, "told", False)
    assert state(asked(whole, "aws")[1], "rights") == "note"


def test_before_there_is_a_stack_it_says_how_to_deploy_one(whole: Sandbox, asked: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(setup_aws, "sam", lambda: "/opt/sam")
    monkeypatch.setattr(setup_aws, "runtime", lambda: "python3.12")
    code, told = asked(whole, "aws", "--stack", "billing-eu")
    advice = next(c["next"] for c in told["checks"] if c["name"] == "stack")
    assert (code, state(told, "sam"), state(told, "python"), state(told, "stack")) == (1, "ok", "ok", "warn")
    assert "/opt/sam build --parameter-overrides PythonRuntime=python3.12" in advice and "--stack-name billing-eu" in advice
    assert "--role-arn" not in advice, "an administrator has made no role"
    trust = {"Version": "2012-10-17", "Statement": []}
    boto3.client("iam").create_role(RoleName="billing-eu-deployment", AssumeRolePolicyDocument=json.dumps(trust))
    told = asked(whole, "aws", "--stack", "billing-eu")[1]
    assert f"--role-arn arn:aws:iam::{ACCOUNT}:role/billing-eu-deployment" in json.dumps(told)
    monkeypatch.setattr(setup_aws, "sam", lambda: "")
    monkeypatch.setattr(setup_aws, "runtime", lambda: "")
    told = asked(whole, "aws", "--stack", "billing-eu")[1]
    assert (state(told, "sam"), state(told, "python")) == ("warn", "warn")


def test_policies_are_written_for_the_stack(whole: Sandbox, asked: Any, tmp_path: Path) -> None:
    code, told = asked(whole, "aws", "--policies", str(tmp_path / "rights"))
    assert (code, sorted(Path(file).stem for file in told["policies"])) == (0, sorted(policies.WHAT_FOR))
    assert f":{ACCOUNT}:" in (tmp_path / "rights" / "operate.json").read_text()


def test_setting_up_takes_no_more_than_deploying_and_operating(
    bare: Sandbox, asked: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every call of AWS is one that the policies allow."""
    written = policies.filled_in("tallybridge", ACCOUNT, "us-east-1", "arn:aws:iam::123456789012:user/moto")
    statements = [s for name in ("deploy", "operate") for s in written[name]["Statement"]]
    before, refused = BaseClient._make_api_call, []  # type: ignore[attr-defined]

    def watched(client: Any, operation: str, parameters: Any) -> Any:
        service = client.meta.service_model.service_name
        for need in needs(service, operation, parameters, f"us-east-1:{ACCOUNT}"):
            of_caller = service == "sts" or (service in ("iam", "sesv2", "cloudformation") and need.resources == ("*",))
            allowed = [s for s in statements if need.action in s["Action"]] if of_caller else [s for s in statements if _allows(s, need)]
            if threading.current_thread() is threading.main_thread() and service != "sts" and not allowed:
                refused.append(need)
        return before(client, operation, parameters)

    with monkeypatch.context() as patch:  # taken back before the sandbox ends, which has a watch of its own
        patch.setattr(BaseClient, "_make_api_call", watched)
        asked(
            bare,
            "aws",
            "--recipient",
            STRANGER,
            "--leave-mail-sandbox",
            "--yes",
            "--website",
            "https://example.com",
            "--use-case",
            "x" * 30,
        )
        asked(bare)
        file = tmp_path / "zuora.json"
        file.write_text('{"base_url": "https://rest.zuora.com", "client_id": "c", "client_secret": "s"}')
        asked(bare, "credentials", "--zuora", str(file), "--untried")
        asked(bare)
    assert refused == []


# --- certificate and credentials ----------------------------------------------------------------------------------------------------


def test_a_key_pair_is_made_once_and_only_its_owner_reads_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def made() -> dict[str, Any]:
        assert app(["setup", "certificate", "--into", str(tmp_path / "pair"), "--json"], standalone_mode=False) == 0
        return dict(json.loads(capsys.readouterr().out))

    first, key, certificate = made(), tmp_path / "pair" / key_pair.KEY, tmp_path / "pair" / key_pair.CERTIFICATE
    assert (key.stat().st_mode & 0o777, first["made"]) == (0o600, True)
    assert key_pair.belongs(key.read_text(), certificate.read_text())
    before = key.read_text()
    assert (made()["made"], key.read_text()) == (False, before)
    certificate.write_text(key_pair.made(datetime.now(UTC)).certificate)
    with pytest.raises(ConfigurationError) as refused:
        made()
    assert refused.value.code == "KEY-FILE"


def test_the_secret_is_filled_and_what_is_not_given_stays(whole: Sandbox, asked: Any, tmp_path: Path) -> None:
    before = secret(whole)
    boto3.client("secretsmanager").put_secret_value(SecretId=whole.env["CREDENTIALS_SECRET"], SecretString="{}")
    zuora, key = tmp_path / "zuora.json", tmp_path / "key.pem"
    zuora.write_text(json.dumps({name: before["zuora"][name] for name in ("base_url", "client_id", "client_secret")}))
    zuora.chmod(0o600)
    key.write_text(before["netsuite"]["private_key"].replace("\n", "\r\n"))
    code, told = asked(whole, "credentials", "--zuora", str(zuora))
    assert (code, told["notes"], secret(whole)) == (0, [], {"zuora": before["zuora"]})
    ids = {name: before["netsuite"][name] for name in ("account_id", "client_id", "certificate_id")}
    options = ("--account", ids["account_id"], "--client-id", ids["client_id"], "--certificate-id", ids["certificate_id"])
    code, told = asked(whole, "credentials", *options, "--key-file", str(key))
    now = secret(whole)
    assert (code, now["zuora"], now["netsuite"]["private_key"].strip()) == (0, before["zuora"], before["netsuite"]["private_key"].strip())
    text = json.dumps(told)
    assert before["zuora"]["client_secret"] not in text and before["netsuite"]["private_key"].splitlines()[1] not in text
    words = shlex.split(told["back"])
    said = {words[n]: words[n + 1] for n in range(3, len(words), 2)}
    boto3.client("secretsmanager").update_secret_version_stage(
        SecretId=said["--secret-id"],
        VersionStage=said["--version-stage"],
        MoveToVersionId=said["--move-to-version-id"],
        RemoveFromVersionId=said["--remove-from-version-id"],
    )
    assert secret(whole) == {"zuora": before["zuora"]}, "the way back that was told"


def test_what_does_not_log_in_is_not_stored(whole: Sandbox, tmp_path: Path) -> None:
    before, file = secret(whole), tmp_path / "all.json"
    for system, key in (("zuora", "client_secret"), ("netsuite", "certificate_id")):
        file.write_text(json.dumps({system: {**before[system], key: "wrong"}}))
        with pytest.raises(ConfigurationError) as refused:
            call(whole, "credentials", "--from", str(file))
        assert (refused.value.code, secret(whole)) == ("CREDENTIALS-NEW", before)
    file.write_text(json.dumps({"zuora": {"base_url": "https://rest.zuora.com.evil.example"}}))
    with pytest.raises(ConfigurationError):
        call(whole, "credentials", "--from", str(file))
    assert secret(whole) == before


def test_secrets_are_asked_for_without_being_shown(whole: Sandbox, asked: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    before, hidden = secret(whole), []

    def prompt(text: str, **how: Any) -> str:
        if how.get("hide_input"):
            hidden.append(text)
        return before["zuora"]["client_secret"] if "client_secret" in text else ""

    monkeypatch.setattr(typer, "prompt", prompt)
    code, told = asked(whole, "credentials")
    assert (code, told["keys"], secret(whole)) == (0, {"zuora": ["base_url", "client_secret"]}, before)
    assert [text.split()[1] for text in hidden] == ["client_id", "client_secret", "client_id", "certificate_id"]


def test_a_file_that_others_can_read_is_told_of(whole: Sandbox, asked: Any, tmp_path: Path) -> None:
    file = tmp_path / "all.json"
    file.write_text(json.dumps({"zuora": secret(whole)["zuora"]}))
    file.chmod(0o644)
    assert str(file) in asked(whole, "credentials", "--from", str(file))[1]["notes"][0]


# --- setup alone --------------------------------------------------------------------------------------------------------------------


def states(told: dict[str, Any]) -> dict[str, str]:
    return {step["key"]: step["state"] for step in told["steps"]}


def test_with_nothing_there_it_says_what_to_begin_with(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION", "AWS_ACCESS_KEY_ID"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", "/none")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/none")
    assert app(["setup", "--json"], standalone_mode=False) == 1
    told = json.loads(capsys.readouterr().out)
    assert (told["done"], told["next"]["key"], told["problem"]["code"]) == (False, "aws.stack", "AWS-LOGIN")
    assert "done" not in {step["state"] for step in told["steps"]}
    assert all(step["next"] and step["who"] and step["minutes"] for step in told["steps"])


def test_it_goes_on_where_it_is(bare: Sandbox, asked: Any) -> None:
    code, told = asked(bare)
    assert (code, states(told)["aws.stack"], told["next"]["key"]) == (1, "done", "aws.mail")
    records = asked(bare, "aws", "--recipient", SENDER)[1]["records"]
    by_hand(bare, "dns-records", "-", input="\n".join(f"{r['name']} CNAME {r['value']}" for r in records))
    told = asked(bare)[1]
    assert (states(told)["aws.mail"], states(told)["settings"]) == ("done", "open")
    assert (told["next"]["key"], "netsuite.features" in told["unless_done"]) == ("netsuite.key", True)
    assert app(["setup", "certificate"], standalone_mode=False) == 0
    assert states(asked(bare)[1])["netsuite.key"] == "done"


def test_all_of_it_is_done_once_a_run_has_tied_out(whole: Sandbox, asked: Any) -> None:
    told = asked(whole)[1]
    now = states(told)
    assert (now["credentials"], now["settings"], now["doctor"], now["dry-run"], now["run"]) == ("done", "done", "done", "open", "open")
    assert told["next"]["key"] == "dry-run"
    assert told["next"]["next"] == f"tallybridge run --dry-run --env {whole.out / 'sandbox.env'}", "the same installation"
    whole.aws.run("BillingSyncArn", {"trigger": "manual", "dryRun": True})
    whole.aws.settle()
    now = states(asked(whole)[1])
    assert (now["dry-run"], now["run"]) == ("done", "open")
    whole.aws.run("BillingSyncArn", {"trigger": "manual"})
    whole.aws.settle()
    code, told = asked(whole)
    assert (states(told)["run"], code, told["done"], told["next"]) == ("done", 0, True, None), told
