"""NetSuite credit memos, parts A2 and A3: which are selected, when the step runs, and what a run without work costs."""

from __future__ import annotations

from typing import Any

import pytest

from tallybridge.settings import parse_settings
from tallybridge.tasks.steps import steps_to_run, why_not
from tests.rules.cases import ruled
from tests.sync.builders import Objects, merged, zid
from tests.sync.memory import MemoryWorld
from tests.sync.netsuite_memo_world import DONE, IDS, MEMOS, TYPE, adjustments, closing, go, memo, memos, ns_memo
from tests.sync.reverse_world import STATUS, calls, customer, forget_calls, in_netsuite, ns_invoice, writes
from tests.sync.world import World


@pytest.fixture(scope="module")
def fast(started_mode_a: World) -> MemoryWorld:
    return MemoryWorld.of(started_mode_a)


def selected(summary: dict[str, Any]) -> int:
    return int(summary["step"]["selected"])


STRANGER: Objects = {"customer": [customer("9077", "")], "invoice": [ns_invoice("7077", "9077", 100, zid("INV1"))]}
STANDARD: dict[str, tuple[tuple[Objects, ...], int]] = {
    "all rules met": ((ns_memo("CM1", 40, {"INV1": 40}),), 1),
    "customer without Zuora Customer ID": ((STRANGER, ns_memo("CM1", 40, {"7077": 40}, owner="9077")), 0),
    "synced before": ((ns_memo("CM1", 40, {"INV1": 40}, **{STATUS: "Sync Complete"}),), 0),
    "synced before, written otherwise": ((ns_memo("CM1", 40, {"INV1": 40}, **{STATUS: " sync complete..."}),), 0),
    "set aside by a person": ((ns_memo("CM1", 40, {"INV1": 40}, **{STATUS: "Ignore"}),), 0),
    "refused before": ((ns_memo("CM1", 40, {"INV1": 40}, **{STATUS: "Error Creating Invoice Adjustment"}),), 1),
    "interrupted before": ((ns_memo("CM1", 40, {"INV1": 40}, **{STATUS: "Creating Invoice Adjustment"}),), 1),
    "partly applied": ((ns_memo("CM1", 41, {"INV1": 40}),), 0),
    "an adjustment's credit": ((ns_memo("CM1", 40, {"INV1": 40}, **{TYPE: "INVOICE_ITEM_ADJUSTMENT"}),), 0),
    "a credit memo's": ((ns_memo("CM1", 40, {"INV1": 40}, **{TYPE: "CREDIT_MEMO"}),), 0),
    "applied to NetSuite's own invoice only": ((ns_memo("CM1", 25, {"FOREIGN": 25}),), 0),
    "applied to both kinds": ((ns_memo("CM1", 65, {"INV1": 40, "FOREIGN": 25}),), 1),
    "applied to two Zuora invoices": ((ns_memo("CM1", 60, {"INV1": 40, "INV2": 20}),), 1),
    "asks for a Zuora refund": ((ns_memo("CM1", 40, {"INV1": 40}, custbodycreatezuorarefund=True),), 0),
}
STANDARD_RULES = {
    "all rules met": "selection.5",
    "customer without Zuora Customer ID": "selection.1",
    "synced before": "selection.2",
    "synced before, written otherwise": "selection.2",
    "partly applied": "selection.3",
    "an adjustment's credit": "selection.4",
    "applied to NetSuite's own invoice only": "selection.5",
    "applied to two Zuora invoices": "selection.5",
    "asks for a Zuora refund": "selection.6",
}


@pytest.mark.parametrize("case", ruled(STANDARD, STANDARD_RULES, "adjustments.A2."))
def test_which_memos_are_selected(fast: MemoryWorld, case: str) -> None:
    objects, expected = STANDARD[case]
    memos(fast, *objects)
    assert selected(go(fast)) == expected


NEGATIVE_CASES: dict[str, tuple[dict[str, float], dict[str, Any], int]] = {
    "all rules met": ({"INV1": 70}, {}, 1),
    "not applied to any Zuora invoice": ({"FOREIGN": 25, "INV9": 40, "JOURNAL": 5}, {}, 1),
    "set aside by a person": ({"INV1": 70}, {STATUS: "Ignore"}, 0),
    "partly applied": ({"INV1": 69}, {}, 0),
    "an ordinary memo of the invoice's ids": ({"FOREIGN": 25}, {"custbodyzuoratype": "CREDIT_MEMO"}, 0),
}
NEGATIVE_RULES = {
    "all rules met": "selection.4",
    "set aside by a person": "selection.2",
    "partly applied": "selection.3",
    "an ordinary memo of the invoice's ids": "selection.4",
}


@pytest.mark.parametrize("case", ruled(NEGATIVE_CASES, NEGATIVE_RULES, "adjustments.A3."))
def test_which_negative_invoices_are_selected(fast: MemoryWorld, case: str) -> None:
    applied, fields, expected = NEGATIVE_CASES[case]
    closing(fast, applied, **fields)
    assert selected(go(fast)) == expected


@pytest.mark.rule("adjustments.A3.selection.1")
def test_a_negative_invoice_needs_a_customer_of_zuora(fast: MemoryWorld) -> None:
    memos(fast, STRANGER, ns_memo("CM1", 40, {"7077": 40}, owner="9077", **{TYPE: "NEGATIVE_INVOICE"}))
    assert selected(go(fast)) == 0


@pytest.mark.rule(
    "settings.key.disable_netsuite_credit_memo_sync",
    "adjustments.A2.off-by-default",
    "sequence-and-status.1.4.gate.disable-netsuite-credit-memo-sync",
)
def test_off_by_default() -> None:
    assert why_not(MEMOS, parse_settings("{}"), "A") == 'the setting "disable_netsuite_credit_memo_sync" is on'
    on = parse_settings('{"disable_netsuite_credit_memo_sync": "No"}')
    assert steps_to_run(on, "A")[MEMOS] is True
    assert steps_to_run(on, "B")[MEMOS] is False


def test_a_second_run_writes_nothing_and_only_counts(fast: MemoryWorld) -> None:
    memos(fast, ns_memo("CM1", 40, {"INV1": 40}))
    go(fast)
    for _ in range(2):
        forget_calls(fast)
        assert selected(go(fast)) == 0
        assert sum(map(writes, calls(fast))) == 0
        fast.clock.advance(hours=3)
    forget_calls(fast)
    assert selected(go(fast)) == 0
    zuora, netsuite = calls(fast)
    assert sum(n for name, n in netsuite.items() if "suiteql" in name) == 5  # answers, waits, left out, changed, deleted
    assert {name for name in zuora if "query" in name} <= {"POST /query/jobs", "GET /query/jobs/{id}"}, "the one job that asks for drift"
    assert zuora["POST /query/jobs"] == 2 and not [name for name in zuora if "describe" in name]


def test_a_dry_run_writes_nothing(fast: MemoryWorld) -> None:
    memos(fast, ns_memo("CM1", 40, {"INV1": 40}))
    forget_calls(fast)
    summary = go(fast, dry_run=True)
    assert (selected(summary), summary["step"]["created"]) == (1, 1)
    assert [writes(c) for c in calls(fast)] == [0, 0]
    assert adjustments(fast) == []
    assert STATUS not in memo(fast)


@pytest.mark.rule("adjustments.A2.nothing-later")
def test_later_changes_are_not_sent(fast: MemoryWorld) -> None:
    memos(fast, ns_memo("CM1", 40, {"INV1": 40}))
    go(fast)
    before = adjustments(fast)
    in_netsuite(fast, "CM1", {"memo": "Changed", "apply": {"items": [{"doc": {"id": "7001"}, "apply": False}]}}, "creditMemo")
    in_netsuite(fast, "CM1", {"apply": {"items": [{"doc": {"id": "7002"}, "apply": True, "amount": 40}]}}, "creditMemo")
    summary = go(fast)
    assert (selected(summary), summary["step"]["held"]) == (1, 1)
    assert adjustments(fast) == before


def test_both_kinds_in_one_run_tie_out(fast: MemoryWorld) -> None:
    standard = merged(ns_memo("CM1", 40, {"INV1": 40}), ns_memo("CM3", 5, {"INV5": 5}))
    closing(fast, {"INV2": 50, "FOREIGN": 20})
    fast.load(netsuite=standard)
    summary = go(fast)
    assert (selected(summary), summary["outcome"], summary["tiedOut"]) == (3, "completed", True)
    assert {memo(fast, n)[STATUS] for n in ("CM1", "CM3", "7601")} == {DONE}
    assert IDS not in memo(fast)
