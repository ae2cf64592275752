"""Data Query refuses what Trino 351 refuses, with its words, and answers what it answers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.standins.zuora.tenant import Tenant, basics, running
from tests.standins.zuora.trino_cases import ANSWERED, REFUSED


@pytest.fixture(scope="module")
def tenant() -> Iterator[Tenant]:
    with running() as made:
        made.load(**basics())
        yield made


@pytest.mark.parametrize(("sql", "message"), [row[1:] for row in REFUSED], ids=[row[0] for row in REFUSED])
def test_refused(tenant: Tenant, sql: str, message: str) -> None:
    assert tenant.sql_error(sql).startswith(message)


@pytest.mark.parametrize(("sql", "rows"), [row[1:] for row in ANSWERED], ids=[row[0] for row in ANSWERED])
def test_answered(tenant: Tenant, sql: str, rows: list[list[Any]]) -> None:
    assert [list(row.values()) for row in tenant.sql(sql)] == rows
