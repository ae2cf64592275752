"""Data Query refuses what Trino 351 refuses, with its words, and answers what it answers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tests.standins.zuora.tenant import Tenant, basics, running
from tests.standins.zuora.trino_cases import ANSWERED, REFUSED


@pytest.fixture(scope="module")
def tenant() -> Iterator[Tenant]:
    with running() as made:
        made.load(**basics())
        yield made


@pytest.fixture(scope="module")
def pacific() -> Iterator[Tenant]:
    with running(zone=ZoneInfo("America/Los_Angeles")) as made:
        yield made


@pytest.mark.parametrize(
    ("expression", "answer"),
    [
        ("date_add('day', 1, {before})", "2026-03-08T12:00:00.000-07:00"),
        ("date_add('week', 1, {before})", "2026-03-14T12:00:00.000-07:00"),
        ("date_add('hour', 24, {before})", "2026-03-08T13:00:00.000-07:00"),
        ("date_add('month', 1, {before})", "2026-04-07T12:00:00.000-07:00"),
        ("{before} + INTERVAL '1' DAY", "2026-03-08T13:00:00.000-07:00"),
        ("date_diff('day', {before}, {after})", 1),
        ("date_diff('hour', {before}, {after})", 23),
        ("{after} - {before}", "0 23:00:00.000"),
        ("date_trunc('day', {after})", "2026-03-08T00:00:00.000-08:00"),
        ("date_trunc('hour', TIMESTAMP '2026-11-01 09:30:00 UTC')", "2026-11-01T01:00:00.000-08:00"),
        ("hour({after})", 12),
        ("day(TIMESTAMP '2026-03-08 06:00:00 UTC')", 7),
        ("CAST(TIMESTAMP '2026-03-08 06:00:00 UTC' AS date)", "2026-03-07"),
        ("DATE '2026-03-09' = TIMESTAMP '2026-03-09 07:00:00 UTC'", True),
    ],
)
def test_moments_where_clocks_change(pacific: Tenant, expression: str, answer: Any) -> None:
    """Days and longer are those of the zone's calendar, hours and intervals are elapsed time."""
    moments = {"before": "TIMESTAMP '2026-03-07 20:00:00 UTC'", "after": "TIMESTAMP '2026-03-08 19:00:00 UTC'"}
    (row,) = pacific.sql(f"SELECT {expression.format(**moments)} AS found")
    assert row["found"] == answer


@pytest.mark.parametrize(("sql", "message"), [row[1:] for row in REFUSED], ids=[row[0] for row in REFUSED])
def test_refused(tenant: Tenant, sql: str, message: str) -> None:
    assert tenant.sql_error(sql).startswith(message)


@pytest.mark.parametrize(("sql", "rows"), [row[1:] for row in ANSWERED], ids=[row[0] for row in ANSWERED])
def test_answered(tenant: Tenant, sql: str, rows: list[list[Any]]) -> None:
    assert [list(row.values()) for row in tenant.sql(sql)] == rows
