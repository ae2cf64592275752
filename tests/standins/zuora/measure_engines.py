"""How three engines do with the statements of `trino_cases`, and how long they need for the work of a tenant.

`python -m tests.standins.zuora.measure_engines`, in an environment that has DuckDB too (`pip install duckdb`); it is no requirement."""

from __future__ import annotations

import importlib
import logging
import sqlite3
import time
from collections.abc import Callable
from typing import Any

import sqlglot

from tests.standins.zuora.tenant import Tenant, basics, running
from tests.standins.zuora.trino_cases import ANSWERED, REFUSED

Ask = Callable[[str], Any]
KINDS = {"dec": "DECIMAL(18,6)", "int": "BIGINT", "bool": "BOOLEAN", "date": "DATE", "dt": "TIMESTAMPTZ"}
ROWS = 1_000
READS = 300


def tally(name: str, ask: Ask) -> None:
    """Print which statements are refused that Trino refuses, and which run that Trino runs."""
    taken, failed = [], []
    began = time.thread_time()
    for what, sql, _ in REFUSED:
        if runs(ask, sql):
            taken.append(what)
    for what, sql, _ in ANSWERED:
        if not runs(ask, sql):
            failed.append(what)
    took = time.thread_time() - began
    refused, answered = len(REFUSED) - len(taken), len(ANSWERED) - len(failed)
    print(f"{name}: refuses {refused} of {len(REFUSED)}, runs {answered} of {len(ANSWERED)}, {took:.1f} s")
    print(f"  takes: {'; '.join(taken) or '-'}\n  fails: {'; '.join(failed) or '-'}")


def runs(ask: Ask, sql: str) -> bool:
    try:
        ask(sql)
    except Exception:
        return False
    return True


def bare(connection: Any, dialect: str, tenant: Tenant) -> Ask:
    """An engine behind sqlglot's translation alone, with the same tables and invoices."""
    for kind in tenant.stand_in.tenant.store.schema.values():
        columns = ", ".join(f'"{f.sql}" {KINDS.get(f.kind, "VARCHAR")}' for f in kind.columns() if f.sql)
        connection.execute(f'CREATE TABLE "{kind.table}" ({columns})')
    connection.execute("INSERT INTO account (id, name) VALUES ('a', 'Acme Ltd')")
    for number in (1, 2):
        values = f"'{number}', 'INV0000000{number}', 'a', 'Posted', 100, 100, '2026-01-15'"
        connection.execute(f"INSERT INTO invoice (id, invoicenumber, accountid, status, amount, balance, invoicedate) VALUES ({values})")
    return lambda sql: connection.execute(sqlglot.parse_one(sql, read="trino").sql(dialect=dialect)).fetchall()


def speed(name: str, connection: Any) -> None:
    """Print seconds for what a copy does: rows written one by one under a key, and look-ups."""
    connection.execute("CREATE TABLE speed (id VARCHAR PRIMARY KEY, " + ", ".join(f"c{n} VARCHAR" for n in range(40)) + ")")
    rows = [[str(n), *["x"] * 40] for n in range(ROWS)]
    began = time.perf_counter()
    connection.execute("BEGIN")
    connection.executemany(f"INSERT OR REPLACE INTO speed VALUES ({', '.join('?' * 41)})", rows)
    connection.execute("COMMIT")
    written = time.perf_counter() - began
    began = time.perf_counter()
    for number in range(READS):
        connection.execute(f"SELECT c1, count(*) FROM speed WHERE id = '{number}' GROUP BY c1").fetchall()
    print(f"{name}: {ROWS} rows written in {written:.2f} s, {READS} look-ups in {time.perf_counter() - began:.2f} s")


def measure() -> None:
    logging.disable(logging.CRITICAL)
    duckdb = importlib.import_module("duckdb")
    with running() as tenant:
        tenant.load(**basics())
        jobs = tenant.stand_in.tenant.jobs

        def stand_in(sql: str) -> Any:
            return jobs.copy.run(jobs.translator.translate(sql, tenant.clock()), 1_000)

        tally("the stand-in", stand_in)
        for name, connect in (
            ("duckdb", lambda: duckdb.connect(":memory:", config={"threads": 1})),
            ("sqlite", lambda: sqlite3.connect(":memory:")),
        ):
            began = time.perf_counter()
            ask = bare(connect(), name, tenant)
            print(f"{name}: tables made in {time.perf_counter() - began:.2f} s")
            tally(name, ask)
            speed(name, connect())


if __name__ == "__main__":
    measure()
