"""The tables that stores are tested on: those in memory that fast tests use, the embedded DynamoDB, and that of a second implementation."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tallybridge.sync.ledger import Ledger, Owner
from tests.second_aws import STORES, embedded
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


@pytest.fixture(params=STORES)
def table(request: pytest.FixtureRequest) -> Iterator[Any]:
    """A fresh Integration Status table."""
    yield from made(request, STATUS, "id")


@pytest.fixture(params=STORES)
def runs(request: pytest.FixtureRequest) -> Iterator[Any]:
    """A fresh runs table."""
    yield from made(request, RUNS, "pk", "sk")


def made(request: pytest.FixtureRequest, definition: dict[str, Any], *keys: str) -> Iterator[Any]:
    if request.param == "memory":
        yield MemoryTable(definition["TableName"], *keys)
    elif request.param == "ministack":
        yield request.getfixturevalue("ministack").table(definition)
    else:
        with embedded() as aws:
            yield aws.table(definition)


def ledger(table: Any, clock: Clock, *, run: str = "r1", batch: str = "invoices/1", who: str = "w1") -> Ledger:
    """A worker's ledger with a lease of five minutes."""
    return Ledger(table, clock, Owner(run, batch, who), int(clock.now().timestamp()) + 300)
