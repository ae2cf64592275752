"""AWS: whether everything that the stack made is there and may be read."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from tallybridge.desk.doctor.check import Check, State
from tallybridge.desk.exits import KNOWN_ERRORS, explained
from tallybridge.desk.target import Target
from tallybridge.sync.ledger import ATTENTION_INDEX, NUMBER_INDEX, PERIOD_INDEX

AREA = "AWS"


def checks(target: Target) -> Iterator[Check]:
    """State machine, tables, bucket, parameter, secret: reachable with this login."""
    looks: dict[str, Callable[[], str]] = {
        "state machine": lambda: _machine(target),
        "status table": lambda: _table(target, "STATUS_TABLE", ATTENTION_INDEX, NUMBER_INDEX, PERIOD_INDEX),
        "runs table": lambda: _table(target, "RUNS_TABLE"),
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


def _table(target: Target, variable: str, *indexes: str) -> str:
    table = target.client("dynamodb").describe_table(TableName=target[variable])["Table"]
    known = [i["IndexName"] for i in table.get("GlobalSecondaryIndexes", [])]
    if missing := [index for index in indexes if index not in known]:
        raise LookupError(f"{target[variable]} has no index {missing[0]}")
    return str(target[variable])


def _bucket(target: Target) -> str:
    target.objects.head_bucket(Bucket=target["REPORTS_BUCKET"])
    return target["REPORTS_BUCKET"]


def _parameter(target: Target) -> str:
    version = target.configuration().current()
    return f"{target['SETTINGS_PARAMETER']}, " + (f"version {version.number}" if version.number else "in no version until the next run")


def _secret(target: Target) -> str:
    target.client("secretsmanager").get_secret_value(SecretId=target["CREDENTIALS_SECRET"])
    return target["CREDENTIALS_SECRET"].rsplit(":", 1)[-1]
