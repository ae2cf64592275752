"""Vendors that take their time, on the virtual clock: nothing is cut off, and no person is needed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from sandbox.clock import VirtualClock
from sandbox.demo.bench_steps import bench_step
from sandbox.host import Sandbox, SandboxOptions

GUARD_SECONDS = 600
"""Of the machine."""
PAYMENTS = 45
HOUR = 3_600


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock()


def started(tmp_path: Path, clock: VirtualClock, **options: Any) -> Sandbox:
    return Sandbox(SandboxOptions(out=tmp_path, child=False, clock=clock, **options))


def failed(sandbox: Sandbox) -> list[tuple[str, str | None]]:
    return [(each.function, each.error) for each in sandbox.aws.invocations() if each.error]


def run(sandbox: Sandbox, **content: Any) -> dict[str, Any]:
    ended = sandbox.aws.run("BillingSyncArn", {"trigger": "manual", **content}, timeout=GUARD_SECONDS)
    assert ended["status"] == "SUCCEEDED"
    output: dict[str, Any] = ended["output"]
    return output


@pytest.fixture(scope="module")
def swift(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    """The demo tenant's totals where every answer comes at once."""
    with started(tmp_path_factory.mktemp("swift"), VirtualClock(), data="demo") as sandbox:
        totals: list[dict[str, Any]] = run(sandbox)["totals"]
    return totals


CASES = [
    pytest.param(10_000, 0, id="slow calls"),
    pytest.param(2_000, 1_200, id="slow queries", marks=pytest.mark.slow),
    pytest.param(1_000, HOUR, id="queries of an hour", marks=pytest.mark.slow),
]


@pytest.mark.parametrize(("latency_ms", "query_s"), CASES)
def test_the_demo_tenant_comes_to_the_same_however_long_answers_take(
    tmp_path: Path, clock: VirtualClock, swift: list[dict[str, Any]], latency_ms: int, query_s: int
) -> None:
    """A query an hour, some of them one after the other: a run of half a day."""
    with started(tmp_path, clock, data="demo", latency_ms=latency_ms, data_query_s=query_s) as sandbox:
        output = run(sandbox)
        assert (output["outcome"], output["totals"]) == ("completed with warnings", swift)
        assert failed(sandbox) == []


def one_account(payments: int) -> Any:
    """A tenant whose payments all belong to one account, so that they are written one after the other."""
    tenant = bench_step("payments", payments)
    first = tenant.zuora["Account"][0]
    for row in (row for rows in tenant.zuora.values() for row in rows):
        if "AccountId" in row:
            row["AccountId"] = first["Id"]
    for invoice in tenant.netsuite["invoice"]:
        invoice["entity"] = {"id": first["IntegrationId__NS"]}
    return tenant


def test_one_account_with_more_payments_than_a_function_has_time_for(tmp_path: Path, clock: VirtualClock) -> None:
    with started(tmp_path, clock) as sandbox:
        sandbox.load(one_account(PAYMENTS))
        sandbox.control("netsuite", "latency", {"ms": 10_000})
        output = run(sandbox, steps=["payments"])
        (total,) = output["totals"]
        assert (output["outcome"], total["synced"], total["tiedOut"]) == ("completed", PAYMENTS, True)
        assert failed(sandbox) == []
        rounds = [each for each in sandbox.aws.invocations("payments") if each.milliseconds > 100_000]
        assert len(rounds) >= 2
        made = sandbox.dump("netsuite")["customerPayment"]
        numbers = [row["custbodyzuorareferencenumber"] for row in sorted(made, key=lambda row: int(row["id"]))]
        assert numbers == sorted(numbers)
