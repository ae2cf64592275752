"""Records that were left out and need a person stand in status, report, mail and exit code, in one definition shared by all."""

from __future__ import annotations

import io
from email import message_from_bytes, policy
from types import SimpleNamespace
from typing import Any

import pytest
from rich.console import Console

from tallybridge.reporting.summary import read_summary
from tallybridge.reporting.verdict import verdict
from tallybridge_cli import standing
from tallybridge_cli.exits import Code, code_of
from tests.sync.builders import Objects, account, charge, invoice, merged, payment, subscription, zid
from tests.sync.invoice_world import change
from tests.sync.memory import MemoryWorld


def tenant(world: MemoryWorld, *more: Objects, **settings: Any) -> None:
    world.reset(default_subsidiary="Parent Company", **settings)
    world.load(merged(account("A1"), charge("Gold"), subscription("A1", "S1", "Gold"), *more))


def run(world: MemoryWorld) -> dict[str, Any]:
    world.clock.advance(minutes=30)
    return world.run()


def now(world: MemoryWorld) -> standing.Standing:
    wiring = world.wiring()
    target: Any = SimpleNamespace(runs=wiring.runs(), ledger=wiring.ledger("look", "look"), clock=world.clock, folder=wiring.folder)
    return standing.standing(target)


def told(world: MemoryWorld, code: str, output: dict[str, Any]) -> None:
    """The record is told of in summary, report, mail, status and exit codes."""
    summary = read_summary(world.object(output["keys"]["summary"]))
    mail = message_from_bytes(world.object(output["keys"]["mail"]), policy=policy.default)
    body = mail.get_body(("plain",))
    assert output["outcome"] == "completed with warnings"
    assert code_of(summary) is Code.LEFT_OVER
    assert summary.due == 1
    assert code in [c.code for c in summary.causes]
    assert code in world.object(output["keys"]["report"]).decode()
    assert body is not None and code in body.get_content()
    here = now(world)
    assert here.exit_code is Code.LEFT_OVER
    assert code in [c.code for c in here.causes]
    page = io.StringIO()
    Console(file=page, width=200).print(standing.page(here))
    assert code in page.getvalue()
    assert "1 record needs a person" in page.getvalue()


LARGE = {"large_invoice_lines": 2, "large_invoice_piece": 2}


def negative() -> Objects:
    return invoice("A1", "NEG1", [("Gold", -40.0)], sub="S1")


def unapplied() -> Objects:
    return payment("A1", "P1", 90.0, {})


def of_a_memo() -> Objects:
    memo = {"Id": zid("CM1"), "MemoNumber": "CM1", "AccountId": zid("A1"), "MemoDate": "2026-10-02", "TotalAmount": 30, "Status": "Draft"}
    refund = {"Id": zid("R2"), "RefundNumber": "R2", "AccountId": zid("A1"), "RefundDate": "2026-10-03", "Amount": 10}
    refund |= {"Status": "Processed", "SourceType": "CreditMemo", "Type": "External", "MethodType": "Check"}
    part = {"Id": zid("R2 of CM1"), "RefundId": zid("R2"), "CreditMemoId": zid("CM1"), "RefundAmount": 10}
    return {"CreditMemo": [memo], "Refund": [refund], "RefundPart": [part]}


def large() -> Objects:
    return invoice("A1", "BIG1", [("Gold", 10.0), ("Gold", 20.0), ("Gold", 30.0)], sub="S1")


def migrated() -> Objects:
    memo = {"Id": zid("CM9"), "MemoNumber": "CM9", "AccountId": zid("A1"), "MemoDate": "2026-10-02", "TotalAmount": 30, "Status": "Posted"}
    return {"CreditMemo": [memo | {"ReasonCode": "AR Mig - negative invoice"}]}


def unassigned() -> Objects:
    made = payment("A1", "P9", 25.0, {})
    made["Payment"] = [{k: v for k, v in row.items() if k != "AccountId"} for row in made["Payment"]]
    return made


def inactive() -> Objects:
    """An invoice whose account is left out by a rule that is told apart: nobody is told of the account."""
    return merged(account("A2", Status="Canceled"), subscription("A2", "S2", "Gold"), invoice("A2", "INV2", [("Gold", 50.0)], sub="S2"))


KINDS: dict[str, tuple[Any, dict[str, Any]]] = {
    "INV-NEGATIVE": (negative, {}),
    "PAY-UNAPPLIED": (unapplied, {}),
    "RFD-MEMO": (of_a_memo, {}),
    "INV-LARGE": (large, LARGE),
    "CM-MIGRATED": (migrated, {}),
    "PAY-V7": (unassigned, {}),
    "INV-V1": (inactive, {}),
}


@pytest.mark.parametrize("code", KINDS)
def test_what_is_left_out_and_needs_a_person_is_told_in_every_run(fast: MemoryWorld, code: str) -> None:
    made, settings = KINDS[code]
    tenant(fast, invoice("A1", "INV1", [("Gold", 100.0)], sub="S1"), made(), **settings)
    told(fast, code, run(fast))
    told(fast, code, run(fast))


def test_what_a_person_has_taken_out_of_the_sync_waits_no_longer(fast: MemoryWorld) -> None:
    tenant(fast, negative())
    run(fast)
    assert now(fast).exit_code is Code.LEFT_OVER
    change(fast, "Invoice", "NEG1", TransferredToAccounting="Ignore")
    output = run(fast)
    assert read_summary(fast.object(output["keys"]["summary"])).due == 0
    here = now(fast)
    assert (here.exit_code, here.waiting) == (Code.TIED_OUT, ())


def test_a_large_invoice_waits_no_longer_once_it_was_sent(fast: MemoryWorld) -> None:
    tenant(fast, large(), **LARGE)
    run(fast)
    change(fast, "Invoice", "BIG1", TransferredToAccounting="No")
    output = run(fast)
    assert output["outcome"] == "completed"
    assert now(fast).exit_code is Code.TIED_OUT


def test_what_is_not_brought_over_is_told_by_type_with_its_effect_on_receivables(fast: MemoryWorld) -> None:
    tenant(fast, invoice("A1", "INV1", [("Gold", 100.0)], sub="S1"), negative(), unapplied())
    summary = read_summary(fast.object(run(fast)["keys"]["summary"]))
    detail = verdict(summary).answers[1].detail
    assert "Not brought over yet: negative invoices USD 40.00 and payments USD 90.00." in detail
    assert "NetSuite's receivables are USD 130.00 too high." in detail


def test_totals_that_were_not_compared_are_not_called_tied_out(fast: MemoryWorld) -> None:
    tenant(fast, unapplied())
    summary = read_summary(fast.object(run(fast)["keys"]["summary"]))
    answer = verdict(summary).answers[1].detail
    compared = [t for t in summary.totals if t.checked]
    assert f"{len(compared)} control totals tie out of {len(summary.totals)}" in answer
