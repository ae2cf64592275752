"""A stack that has just been deployed: no credentials, no settings, and a mail account that nobody has asked anything for."""

from __future__ import annotations

from collections.abc import Iterator

import boto3
import pytest
from botocore.exceptions import ClientError
from typer.testing import CliRunner

from sandbox.aws.rights import Rights
from sandbox.by_hand.__main__ import app
from sandbox.clock import VirtualClock
from sandbox.host import SENDER, Sandbox, SandboxOptions
from tallybridge_cli.target import read_env

STRANGER, FRIEND = "stranger@example.org", "friend@example.org"


@pytest.fixture
def bare(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    options = SandboxOptions(data="bare", out=tmp_path_factory.mktemp("out"), child=False, clock=VirtualClock(), console=False)
    with Sandbox(options) as running:
        yield running


def by_hand(sandbox: Sandbox, *arguments: str, input: str = "") -> tuple[int, str]:
    done = CliRunner().invoke(app, ["aws", *arguments, "--env", str(sandbox.out / "sandbox.env")], input=input)
    return done.exit_code, done.output


def send(sender: str, *recipients: str) -> str:
    try:
        boto3.client("ses").send_raw_email(Source=sender, Destinations=list(recipients), RawMessage={"Data": b"Subject: x\r\n\r\nx"})
    except ClientError as refused:
        return str(refused.response["Error"]["Code"])
    return "sent"


def rows(domain: str) -> str:
    """The records of a domain, as a person would paste them."""
    attributes = boto3.client("sesv2").get_email_identity(EmailIdentity=domain)["DkimAttributes"]
    return "\n".join(f"  {t}._domainkey.{domain}.  CNAME  {t}.dkim.amazonses.com." for t in attributes["Tokens"])


def test_secret_and_settings_are_as_the_template_leaves_them(bare: Sandbox) -> None:
    secret = boto3.client("secretsmanager").get_secret_value(SecretId=bare.env["CREDENTIALS_SECRET"])
    assert secret["SecretString"] == "{}"
    with pytest.raises(ClientError, match="ParameterNotFound"):
        boto3.client("ssm").get_parameter(Name=bare.env["SETTINGS_PARAMETER"])
    written = read_env(bare.out / "sandbox.env")
    assert {"ZUORA_BASE_URL", "NETSUITE_BASE_URL", "NETSUITE_ACCOUNT"} <= set(written)
    assert not [name for name in written if ("SECRET" in name and name.startswith(("ZUORA", "NETSUITE"))) or "PRIVATE_KEY" in name]
    assert [file.name for file in bare.out.iterdir() if not file.name.startswith(".")] == ["sandbox.env"]


def test_a_domain_is_verified_once_its_records_are_published(bare: Sandbox) -> None:
    client, domain = boto3.client("sesv2"), SENDER.partition("@")[2]
    assert send(SENDER, SENDER) == "MessageRejected"
    assert client.create_email_identity(EmailIdentity=domain)["VerifiedForSendingStatus"] is False
    assert send(SENDER, SENDER) == "MessageRejected"
    text = rows(domain)
    assert by_hand(bare, "dns-records", "-", input="\n".join(text.split("\n")[:2])) == (0, "2 records are published.\n")
    assert client.get_email_identity(EmailIdentity=domain)["DkimAttributes"]["Status"] == "PENDING"
    by_hand(bare, "dns-records", "-", input=text)
    found = client.get_email_identity(EmailIdentity=domain)
    assert (found["VerifiedForSendingStatus"], found["VerificationStatus"], found["DkimAttributes"]["Status"]) == (
        True,
        "SUCCESS",
        "SUCCESS",
    )
    assert (send(SENDER, SENDER), send(f"x@mail.{domain}", SENDER), send(SENDER, STRANGER)) == ("sent", "sent", "MessageRejected")


def test_an_address_is_verified_by_its_owner_alone(bare: Sandbox) -> None:
    client = boto3.client("sesv2")
    assert by_hand(bare, "click-link", FRIEND)[0] == 1
    client.create_email_identity(EmailIdentity=FRIEND)
    with pytest.raises(ClientError, match="AlreadyExists"):
        client.create_email_identity(EmailIdentity=FRIEND)
    assert send(FRIEND, FRIEND) == "MessageRejected"
    assert by_hand(bare, "click-link", FRIEND)[0] == 0
    assert send(FRIEND, FRIEND) == "sent"
    assert by_hand(bare, "mails") == (0, "None to None: x\n")


def test_everybody_is_mailed_once_aws_support_has_agreed(bare: Sandbox) -> None:
    client = boto3.client("sesv2")
    assert client.get_account()["ProductionAccessEnabled"] is False
    assert by_hand(bare, "support-answers")[0] == 1, "nobody has asked"
    asked = {"MailType": "TRANSACTIONAL", "WebsiteURL": "https://example.com", "UseCaseDescription": "Reports of runs to our own staff."}
    with pytest.raises(ClientError, match="BadRequest"):
        client.put_account_details(**{**asked, "WebsiteURL": "no address"})
    client.put_account_details(**asked, ProductionAccessEnabled=True)
    with pytest.raises(ClientError, match="Conflict"):
        client.put_account_details(**asked, ProductionAccessEnabled=True)
    assert client.get_account()["Details"]["ReviewDetails"]["Status"] == "PENDING"
    assert by_hand(bare, "support-answers", "--refused")[0] == 0
    assert client.get_account()["ProductionAccessEnabled"] is False
    client.put_account_details(**asked, ProductionAccessEnabled=True)
    by_hand(bare, "support-answers")
    assert client.get_account()["ProductionAccessEnabled"] is True


def test_a_person_may_ask_for_their_rights_or_not(bare: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    def asked() -> dict[str, str]:
        arn = "arn:aws:iam::123456789012:user/ann"
        answers = boto3.client("iam").simulate_principal_policy(PolicySourceArn=arn, ActionNames=["s3:GetObject", "ses:GetAccount"])
        return {a["EvalActionName"]: a["EvalDecision"] for a in answers["EvaluationResults"]}

    assert asked() == {"s3:GetObject": "allowed", "ses:GetAccount": "allowed"}
    monkeypatch.setattr(Rights, "denied", {"ses:GetAccount"})
    assert asked()["ses:GetAccount"] == "implicitDeny"
    monkeypatch.setattr(Rights, "told", False)
    with pytest.raises(ClientError, match="AccessDenied"):
        asked()
