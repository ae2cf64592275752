"""AWS: whether everything that the stack made is there and may be read, and whether mail can be sent."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from tallybridge.settings import Settings
from tallybridge.sync.ledger import ATTENTION_INDEX
from tallybridge_cli.doctor.check import Check, State, named
from tallybridge_cli.exits import KNOWN_ERRORS, explained
from tallybridge_cli.target import Target

AREA = "AWS"


def checks(target: Target) -> Iterator[Check]:
    """State machine, tables, bucket, parameter, secret: reachable with this login."""
    looks: dict[str, Callable[[], str]] = {
        "state machine": lambda: _machine(target),
        "status table": lambda: _table(target, "STATUS_TABLE", ATTENTION_INDEX),
        "runs table": lambda: _table(target, "RUNS_TABLE", ""),
        "reports bucket": lambda: _bucket(target),
        "settings parameter": lambda: _parameter(target),
        "credentials secret": lambda: _secret(target),
    }
    for name, look in looks.items():
        try:
            yield Check(AREA, name, State.OK, look())
        except LookupError as wrong:
            yield Check(AREA, name, State.FAIL, str(wrong.args[0]), "Deploy the template again.")
        except KNOWN_ERRORS as failed:
            known = explained(failed)
            yield Check(AREA, name, State.FAIL, known.message, known.advice)


def _machine(target: Target) -> str:
    arn = target["BILLING_SYNC_ARN"]
    status = target.client("stepfunctions").describe_state_machine(stateMachineArn=arn)["status"]
    if status != "ACTIVE":
        raise LookupError(f"{arn} is {status}")
    return arn.rsplit(":", 1)[-1]


def _table(target: Target, variable: str, index: str) -> str:
    table = target.client("dynamodb").describe_table(TableName=target[variable])["Table"]
    indexes = [i["IndexName"] for i in table.get("GlobalSecondaryIndexes", [])]
    if index and index not in indexes:
        raise LookupError(f"{target[variable]} has no index {index}")
    return str(target[variable])


def _bucket(target: Target) -> str:
    target.objects.head_bucket(Bucket=target["REPORTS_BUCKET"])
    return target["REPORTS_BUCKET"]


def _parameter(target: Target) -> str:
    target.client("ssm").get_parameter(Name=target["SETTINGS_PARAMETER"])
    return target["SETTINGS_PARAMETER"]


def _secret(target: Target) -> str:
    target.client("secretsmanager").get_secret_value(SecretId=target["CREDENTIALS_SECRET"])
    return target["CREDENTIALS_SECRET"].rsplit(":", 1)[-1]


def mail_checks(target: Target, settings: Settings) -> Iterator[Check]:
    """Whether somebody is told, and whether SES lets the sender send."""
    if not settings.notify_recipients:
        yield Check("Mail", "recipients", State.WARN, "nobody is told about warnings and errors", "Set notify_recipients.")
        return
    yield Check("Mail", "recipients", State.OK, named(settings.notify_recipients))
    if not settings.notify_sender:
        yield Check("Mail", "sender", State.OK, "the address given at deployment")
        return
    sender = settings.notify_sender
    identities = [sender, sender.partition("@")[2]]
    try:
        found = target.client("ses").get_identity_verification_attributes(Identities=identities)["VerificationAttributes"]
    except KNOWN_ERRORS as failed:
        yield Check("Mail", "sender", State.WARN, explained(failed).message, "Check in Amazon SES that the sender is verified.")
        return
    yield _sender(sender, found)


def _sender(sender: str, found: dict[str, Any]) -> Check:
    if any(entry.get("VerificationStatus") == "Success" for entry in found.values()):
        return Check("Mail", "sender", State.OK, f"{sender} is verified in Amazon SES")
    return Check(
        "Mail",
        "sender",
        State.FAIL,
        f"neither {sender} nor its domain is verified in Amazon SES",
        "Verify it in Amazon SES in this region, or set notify_sender to a verified address.",
    )
