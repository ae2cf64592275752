"""A control total that does not tie out names the records, also where only the count differs or where differences cancel out: in the
summary, the report, the mail, the log, and on the command line."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from email import message_from_bytes, policy
from typing import Any

import pytest
from rich.console import Console

from tallybridge.reporting.summary import read_summary
from tallybridge.sync.runlog import RunSummary
from tallybridge_cli import render
from tests.sync.builders import account, merged, payment, zid
from tests.sync.memory import MemoryWorld
from tests.sync.run_world import ready

STEPS = ("customers", "charges", "invoices", "payments")
Change = Callable[[MemoryWorld], None]


def run_with(world: MemoryWorld, change: Change) -> tuple[dict[str, Any], RunSummary]:
    """A run during which, after its steps, NetSuite is changed by somebody: its output and its summary."""
    ready(world, notify_on_error="Yes")
    world.load(merged(account("A2"), payment("A1", "P2", 60.0, {"INV1": 40.0})))
    opened = world.open(steps=list(STEPS))
    for step in STEPS:
        world.step(opened["runId"], step)
    change(world)
    output = world.close(opened["runId"])
    return output, read_summary(world.object(output["keys"]["summary"]))


def counterpart(world: MemoryWorld, number: str, kind: str = "customerPayment", field: str = "custbodyzuoraid") -> dict[str, Any]:
    return next(r for r in world.in_netsuite(kind) if r.get(field) == zid(number))


def set_amount(world: MemoryWorld, number: str, amount: float) -> None:
    world.load(netsuite={"customerPayment": [{"id": counterpart(world, number)["id"], "payment": amount}]})


def delete(world: MemoryWorld, number: str, kind: str = "customerPayment", field: str = "custbodyzuoraid") -> None:
    records = world.netsuite.records
    records.delete(records.find(records.kind(kind), str(counterpart(world, number, kind, field)["id"])))


def one_more_and_one_less(world: MemoryWorld) -> None:
    set_amount(world, "P1", 70.0)
    set_amount(world, "P2", 50.0)


def one_missing(world: MemoryWorld) -> None:
    delete(world, "P2")
    set_amount(world, "P1", 120.0)


def one_twice(world: MemoryWorld) -> None:
    first = counterpart(world, "P1")
    again: dict[str, Any] = {name: first[name] for name in ("customer", "custbodyzuoraid", "currency", "paymentMethod") if name in first}
    world.load(netsuite={"customerPayment": [{**again, "payment": 10.0, "tranDate": first["tranDate"]}]})
    set_amount(world, "P2", 50.0)


P1_TWICE = "NetSuite holds 2 records of it, USD 60.00 and USD 10.00, USD 60.00 was sent"
CASES: dict[str, tuple[Change, dict[str, str], str]] = {
    "amounts cancel out": (
        one_more_and_one_less,
        {"P1": "NetSuite holds USD 70.00, USD 60.00 was sent", "P2": "NetSuite holds USD 50.00, USD 60.00 was sent"},
        "NetSuite holds 2 records with other amounts, which cancel out in the sum",
    ),
    "one is missing": (
        one_missing,
        {"P1": "NetSuite holds USD 120.00, USD 60.00 was sent", "P2": "NetSuite does not hold it, USD 60.00 was sent"},
        "NetSuite holds 1 record where 2 were expected",
    ),
    "one is there twice": (
        one_twice,
        {"P1": P1_TWICE, "P2": "NetSuite holds USD 50.00, USD 60.00 was sent"},
        "NetSuite holds 3 records where 2 were expected",
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_records_are_named_though_the_amounts_agree(fast: MemoryWorld, case: str) -> None:
    change, told, reason = CASES[case]
    output, summary = run_with(fast, change)
    assert (output["outcome"], output["tiedOut"]) == ("out of balance", False)
    (off,) = [t for t in summary.totals if not t.tied_out]
    assert (off.object, off.difference == 0, off.off_count) == ("Payment", True, 2)
    assert {r.number: r.id for r in off.off} == {number: zid(number) for number in told}
    mail = message_from_bytes(fast.memory.mailer.sent[-1]["RawMessage"]["Data"], policy=policy.default)
    text = " ".join(str(mail.get_body(("plain",)).get_content()).split())  # type: ignore[union-attr]
    page = " ".join(fast.object(output["keys"]["report"]).decode().split())
    shown = Console(width=300, record=True, file=open("/dev/null", "w"))  # noqa: SIM115
    shown.print(render.run_result(summary), render.answers(summary))
    lines = [json.loads(line) for line in gzip.decompress(fast.object(output["keys"]["log"])).splitlines()]
    logged = {line["source_number"]: line["message"] for line in lines if line.get("code") == "TOTAL-RECORD"}
    terminal = shown.export_text()
    for place in (text, page, terminal):
        assert reason in place
    for number, words in told.items():
        assert logged[number] == f"Payment {number}: {words}."
        assert f"{number} ({words})" in text and f"{number}: {words}" in page and f"{number}: {words}" in terminal
        assert f"{number} {words}" in terminal


def test_a_customer_that_netsuite_lacks_is_named(fast: MemoryWorld) -> None:
    output, summary = run_with(fast, lambda world: delete(world, "A2", "customer", "custentityzuoraid"))
    assert output["outcome"] == "out of balance"
    (off,) = [t for t in summary.totals if not t.tied_out]
    assert (off.object, [(r.number, r.amount, r.held) for r in off.off]) == ("Account", [("A2", None, ())])


def test_a_run_in_which_everything_is_there_names_nobody(fast: MemoryWorld) -> None:
    output, summary = run_with(fast, lambda world: None)
    assert (output["outcome"], output["tiedOut"]) == ("completed", True)
    assert [(t.off_count, t.off) for t in summary.totals] == [(0, [])] * len(summary.totals)
