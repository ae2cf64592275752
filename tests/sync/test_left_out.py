"""A documented rule that leaves records out says so: how many, what they amount to, and which."""

from __future__ import annotations

import io
import re
from email import message_from_bytes, policy
from typing import Any

import pytest
from rich.console import Console

from tallybridge import money
from tallybridge.reporting.summary import read_summary
from tallybridge.sync.runlog import RunSummary
from tallybridge_cli import render
from tallybridge_cli.standing import Standing, page
from tests.sync.builders import Objects, account, merged
from tests.sync.memory import MemoryWorld
from tests.sync.payment_world import SYNCED, paid, part, ready, zuora_invoice
from tests.sync.world import unserved_world

Told = dict[tuple[str, str, str], tuple[int, float, list[str]]]
"""(step, code, currency): number, amount, the first by name."""
CUTOVER = "2026-10-10"
ERROR = {"IntegrationId__NS": "5009", "IntegrationStatus__NS": "Error Updating Customer"}
OFF = {"SynctoNetSuite__NS": "No"}


@pytest.fixture(scope="module", params=["A", "B"])
def world(request: pytest.FixtureRequest) -> MemoryWorld:
    """With Invoice Settlement in mode B."""
    return MemoryWorld.of(unserved_world(settlement=request.param == "B"))


def settlement(world: MemoryWorld) -> bool:
    return world.zuora.options.settlement


def left_out(summary: dict[str, Any]) -> Told:
    return {(r["step"], r["code"], r["currency"]): (r["count"], r["amount"], r["first"]) for r in summary["left_out"]}


def lines(summary: dict[str, Any]) -> list[str]:
    return [line["message"] for line in summary["log"] if str(line.get("code", "")).startswith("LEFT-")]


def payments(world: MemoryWorld, owner: str, numbers: list[str], amount: float = 10.0, **fields: Any) -> Objects:
    """Payments of one account, applied to an invoice of A1."""
    made: list[Objects] = []
    for number in numbers:
        one = paid(owner, number, amount, {"INV1": amount}, **fields)
        if settlement(world):
            del one["InvoicePayment"]
            one["PaymentPart"] = [part(number, 0, "INV1", amount)]
        made.append(one)
    return merged(*made)


@pytest.mark.parametrize("read_path", ["data_query", "zoql"])
def test_payments_of_accounts_that_are_not_complete(world: MemoryWorld, read_path: str) -> None:
    own = (account("A3", **ERROR), payments(world, "A3", ["P1", "P2"]), payments(world, "A1", ["P3"]))
    settings: dict[str, Any] = {"zuora.read_path": read_path}
    ready(world, *own, **settings)
    summary = world.reported("payments")
    if settlement(world):
        assert left_out(summary) == {}  # they are sent: the rule is one of tenants without Invoice Settlement
        return
    assert left_out(summary) == {("payments", "LEFT-ACCOUNT-OPEN", "USD"): (2, 20, ["P1", "P2"])}
    assert lines(summary) == [
        "Payments: 2 records (USD 20.00) are left out: their account is not synced to the end: its Integration Status is not Sync "
        "Complete. P1 and P2."
    ]
    assert (summary["outcome"], summary["tiedOut"], summary["due"]) == ("completed with warnings", True, 2)


def test_each_rule_is_told_and_each_record_once(world: MemoryWorld) -> None:
    ready(
        world,
        account("OFF", currency="EUR", **SYNCED, **OFF),
        payments(world, "OFF", ["P11", "P12"], 1.5),
        payments(world, "OFF", ["P13"], 2.0, IntegrationStatus__NS="Ignore"),  # two rules: the first counts
        payments(world, "A1", ["P21"], EffectiveDate="2026-10-09"),
        payments(world, "A1", ["P31"], IntegrationStatus__NS="Ignore"),
        payments(world, "A1", ["P32"], TransferredToAccounting="Ignore"),
        payments(world, "A1", ["P41"]),
        payments(world, "A1", ["P51"], Status="Draft"),
        payments(world, "A1", ["P61"], TransferredToAccounting="Yes"),
        payments(world, "A1", ["P71"], Origin__NS="NETSUITE"),
        cutover_zuora_payment=CUTOVER,
    )
    summary = world.reported("payments")
    assert left_out(summary) == {
        ("payments", "LEFT-IGNORED", "USD"): (2, 20, ["P31", "P32"]),
        ("payments", "LEFT-IGNORED", "EUR"): (1, 2, ["P13"]),
        ("payments", "LEFT-CUTOVER", "USD"): (1, 10, ["P21"]),
        ("payments", "LEFT-ACCOUNT", "EUR"): (2, 3, ["P11", "P12"]),
    }
    assert [t["synced"]["count"] for t in summary["totals"] if t["currency"] == "USD"] == [1]
    again = world.reported("payments")
    assert left_out(again) == left_out(summary)  # said by every run, as long as it is so


def test_the_first_ten_are_named_and_all_are_counted(world: MemoryWorld) -> None:
    ready(world, payments(world, "A1", [f"P{n:02}" for n in range(1, 26)], 1.0, IntegrationStatus__NS="Ignore"))
    summary = world.reported("payments")
    assert left_out(summary) == {("payments", "LEFT-IGNORED", "USD"): (25, 25, [f"P{n:02}" for n in range(1, 11)])}
    assert lines(summary)[0].endswith("P09, P10 and 15 more.")


def test_steps_are_asked_together_by_one_query_job(world: MemoryWorld) -> None:
    ready(
        world,
        account("OFF", **OFF),
        zuora_invoice("INV81", "A1", 5, ""),
        merged(zuora_invoice("INV82", "OFF", 7, "")),
        payments(world, "A1", ["P1"], IntegrationStatus__NS="Ignore"),
        cutover_zuora_invoice="2026-10-02",
    )
    world.zuora_control.clear_stats()
    summary = world.reported("customers", "invoices", "payments")
    told = left_out(summary)
    assert told[("customers", "LEFT-OFF", "")] == (1, 0, ["OFF"])
    assert told[("payments", "LEFT-IGNORED", "USD")] == (1, 10, ["P1"])
    assert told[("invoices", "LEFT-CUTOVER", "USD")] == (3, 52, ["INV81", "INV82", "INV9"])
    jobs = world.zuora_control.stats()["calls"]["POST /query/jobs"]
    for _ in range(2):  # until what the run itself wrote is older than the overlap
        world.clock.advance(hours=3)
        world.reported("customers", "invoices", "payments")
    world.zuora_control.clear_stats()
    assert left_out(world.reported("customers", "invoices", "payments")) == told
    assert world.zuora_control.stats()["calls"]["POST /query/jobs"] == 2 < jobs, "what rules leave out, and what was changed since"


def test_report_mail_and_command_line_say_it(world: MemoryWorld) -> None:
    ready(world, payments(world, "A1", ["P1", "P2"], IntegrationStatus__NS="Ignore"), notify_on_success="Yes", notify_on_warning="Yes")
    world.clock.advance(minutes=30)
    output = world.run(steps=["payments"])
    summary = read_summary(world.object(output["keys"]["summary"]))
    mail = message_from_bytes(world.memory.mailer.sent[-1]["RawMessage"]["Data"], policy=policy.default)
    bodies = [str(mail.get_body((kind,)).get_content()) for kind in ("plain", "html")]  # type: ignore[union-attr]
    shown = Console(width=200, record=True, file=io.StringIO())
    shown.print(render.run_result(summary), page(Standing({"run_id": summary.run_id}, summary, None, ())))
    assert all("Left out by a rule, nothing due: 2 payments (USD 20.00)." in re.sub("<[^>]*>", "", body) for body in bodies)
    for text in (world.object(output["keys"]["report"]).decode(), shown.export_text(clear=False)):
        told = " ".join(text.split())
        assert "Left out by a rule".lower() in told.lower()
        assert "2 records" in told and "USD 20.00" in told and "says Ignore" in told and "P1" in told and "P2" in told
    assert shown.export_text().count("Left out by a rule") == 2
    assert Standing({"run_id": summary.run_id}, summary, None, ()).to_json()["left_out"] == [row.to_json() for row in summary.left_out]
    assert RunSummary.from_json(money.loads(money.dumps(summary.to_json()))) == summary


def test_a_query_that_is_refused_is_a_remark_and_nothing_else(world: MemoryWorld) -> None:
    ready(world, payments(world, "A1", ["P1"], IntegrationStatus__NS="Ignore"))
    world.zuora_control.set_faults(
        [{"method": "POST", "path": "^/query/jobs", "status": 400, "body": {"code": "x", "message": "not today"}}]
    )
    summary = world.reported("payments")
    world.zuora_control.set_faults([])
    assert (summary["tied_out"], left_out(summary)) == (True, {})
    assert {line["code"] for line in summary["log"] if line.get("code")} == {"LEFT-UNREAD", "DRIFT-UNREAD"}


def test_a_dry_run_says_it_too(world: MemoryWorld) -> None:
    ready(world, payments(world, "A1", ["P1"], IntegrationStatus__NS="Ignore"))
    assert left_out(world.reported("payments", dry_run=True)) == {("payments", "LEFT-IGNORED", "USD"): (1, 10, ["P1"])}
