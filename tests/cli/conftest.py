"""An installation in moto's memory, and a console that writes into a text."""

from __future__ import annotations

import copy
import io
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest
from moto.dynamodb.models import dynamodb_backends
from moto.s3.models import s3_backends
from moto.secretsmanager.models import secretsmanager_backends
from moto.ssm.models import ssm_backends
from rich.console import Console, RenderableType

from sandbox.aws import mail
from sandbox.aws.inprocess import ACCOUNT, InProcess
from tallybridge_cli.target import Target
from tests.tables import AUDIT, RUNS, STATUS

REGION = "us-east-1"
PARAMETER = "/tallybridge/settings"


class TestClock:
    """A clock that stands still until it is moved."""

    __test__ = False

    def __init__(self) -> None:
        self.moment = datetime(2026, 5, 4, 3, 0, 0, tzinfo=UTC)

    def now(self) -> datetime:
        return self.moment

    def sleep(self, seconds: float) -> None:
        self.moment += timedelta(seconds=seconds)


@pytest.fixture
def clock() -> TestClock:
    return TestClock()


@pytest.fixture(scope="session")
def clients() -> dict[str, Any]:
    """Clients for all tests: making one anew takes longer than a test."""
    session = boto3.Session(aws_access_key_id="test", aws_secret_access_key="test", region_name=REGION)
    made: dict[str, Any] = {name: session.client(name) for name in ("dynamodb", "s3", "ssm", "secretsmanager", "ses", "sesv2")}
    return {**made, "tables": session.resource("dynamodb")}


class Empty:
    """Tables, bucket, parameter and secret with nothing in them: made once, copied for each test, since making them takes longer than most
    tests."""

    def __init__(self) -> None:
        self._made: list[Any] = []

    def put_in_place(self, clients: dict[str, Any]) -> None:
        buckets, parameters = s3_backends[ACCOUNT]["aws"], ssm_backends[ACCOUNT][REGION]._parameters
        places: list[tuple[Any, str]] = [
            (dynamodb_backends[ACCOUNT][REGION], "tables"),
            (secretsmanager_backends[ACCOUNT][REGION], "secrets"),
            (buckets, "buckets"),
            (s3_backends, "bucket_accounts"),
        ]
        if not self._made:
            self._make(clients)
            self._made = [copy.deepcopy(getattr(*place)) for place in places] + [copy.deepcopy(parameters[PARAMETER])]
            return
        *made, versions = copy.deepcopy(self._made)
        for (owner, name), value in zip(places, made, strict=True):
            setattr(owner, name, value)
        parameters[PARAMETER] = versions

    def _make(self, clients: dict[str, Any]) -> None:
        for table in (STATUS, RUNS, AUDIT):
            clients["dynamodb"].create_table(**table)
        clients["s3"].create_bucket(Bucket="reports")
        clients["ssm"].put_parameter(Name=PARAMETER, Value="{}", Type="String")
        clients["secretsmanager"].create_secret(Name="credentials", SecretString="{}")


EMPTY = Empty()


@pytest.fixture
def target(clock: TestClock, clients: dict[str, Any]) -> Iterator[Target]:
    """Tables, bucket, parameter and secret as the template makes them, empty."""
    variables = {
        "BILLING_SYNC_ARN": f"arn:aws:states:{REGION}:123456789012:stateMachine:billing",
        "STATUS_TABLE": "status",
        "RUNS_TABLE": "runs",
        "AUDIT_TABLE": "audit",
        "REPORTS_BUCKET": "reports",
        "SETTINGS_PARAMETER": PARAMETER,
        "CREDENTIALS_SECRET": "credentials",
    }
    aws = InProcess(REGION)
    aws.start()
    mail.MailAccount.reset()
    try:
        EMPTY.put_in_place(clients)
        yield Target(variables, "the test", clock, dict(clients))
    finally:
        aws.stop()


@pytest.fixture
def printed() -> Callable[[RenderableType], str]:
    """What a part looks like in a terminal of 160 columns, without colours."""

    def print_(part: RenderableType) -> str:
        console = Console(file=io.StringIO(), width=160, highlight=False)
        console.print(part)
        text = console.file
        assert isinstance(text, io.StringIO)
        return text.getvalue()

    return print_
