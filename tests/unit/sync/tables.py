"""The two tables that the ledger is tested on: the one in memory that fast tests use, and the embedded DynamoDB."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest

from sandbox.aws.inprocess import InProcess
from tallybridge.sync.ledger import Ledger, Owner
from tests.sync.memory import MemoryTable
from tests.tables import RUNS, STATUS


class Clock:
    """Stands still until it is moved; waiting moves it."""

    def __init__(self) -> None:
        self.moment = datetime(2026, 11, 2, 8, 0, tzinfo=UTC)

    def now(self) -> datetime:
        return self.moment

    def sleep(self, seconds: float) -> None:
        self.moment += timedelta(seconds=seconds)


@pytest.fixture(params=["memory", "dynamodb"])
def table(request: pytest.FixtureRequest) -> Iterator[Any]:
    """A fresh Integration Status table."""
    if request.param == "memory":
        yield MemoryTable("status", "id")
        return
    aws = InProcess("eu-west-1")
    aws.start()
    try:
        yield boto3.resource("dynamodb").create_table(**STATUS)
    finally:
        aws.stop()


@pytest.fixture(params=["memory", "dynamodb"])
def runs(request: pytest.FixtureRequest) -> Iterator[Any]:
    """A fresh runs table."""
    if request.param == "memory":
        yield MemoryTable("runs", "pk", "sk")
        return
    aws = InProcess("eu-west-1")
    aws.start()
    try:
        yield boto3.resource("dynamodb").create_table(**RUNS)
    finally:
        aws.stop()


def ledger(table: Any, clock: Clock, *, run: str = "r1", batch: str = "invoices/1", who: str = "w1") -> Ledger:
    """A worker's ledger with a lease of five minutes."""
    return Ledger(table, clock, Owner(run, batch, who), int(clock.now().timestamp()) + 300)
