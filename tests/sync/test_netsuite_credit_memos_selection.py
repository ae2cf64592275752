"""NetSuite credit memos, parts A2 and A3: which are selected, which are held, when the step runs, and what a run without work costs."""

from __future__ import annotations

from typing import Any

import pytest

from tallybridge.settings import parse_settings
from tallybridge.tasks.steps import steps_to_run, why_not
from tests.sync.builders import merged, zid
from tests.sync.memory import MemoryWorld
from tests.sync.netsuite_memo_world import DONE, IDS, MEMOS, adjustments, closing, go, memo, memos, ns_memo, tenant
from tests.sync.ran import NETSUITE_MEMOS, Ran
from tests.sync.reverse_world import MEMOS_ON, STATUS, calls, forget_calls, in_netsuite, writes
from tests.sync.table import Row, Table, check, held, left, sent
from tests.sync.words import A_JOURNAL_ENTRY, a_closed_negative_invoice, a_netsuite_memo, a_stranger, an_invoice, an_own_invoice
from tests.sync.world import World


@pytest.fixture(scope="module")
def fast(started_mode_a: World) -> MemoryWorld:
    return MemoryWorld.of(started_mode_a)


def selected(summary: dict[str, Any]) -> int:
    return int(summary["step"]["selected"])


STRANGER, OWN = a_stranger("STRANGER"), an_own_invoice("OWN", 999.0)
STRANGE = an_own_invoice("STRANGE", 100.0, of=STRANGER, custbodyzuoraid=zid("INV1"), custbodyzuoratype="INVOICE")
NEVER = an_own_invoice("NEVER", 35.0, custbodyzuoraid=zid("never was"), custbodyzuoratype="INVOICE")
INV9 = an_invoice("INV9", 100.0, synced=True, IntegrationId__NS=None)
ROWS = [
    sent("A2.selection.5: all rules met", a_netsuite_memo("CM1")),
    left("A2.selection.1: no Zuora Customer ID", a_netsuite_memo("CM1S", 40.0, [(STRANGE, 40.0)], of=STRANGER)),
    left("A2.selection.2: synced before", a_netsuite_memo("CM2", custbodyzuoraintegrationstatus="Sync Complete")),
    left("A2.selection.2: written otherwise", a_netsuite_memo("CM2O", custbodyzuoraintegrationstatus=" sync complete...")),
    left("set aside by a person", a_netsuite_memo("CM2I", custbodyzuoraintegrationstatus="Ignore")),
    sent("refused before", a_netsuite_memo("CM2E", custbodyzuoraintegrationstatus="Error Creating Invoice Adjustment")),
    sent("interrupted before", a_netsuite_memo("CM2C", custbodyzuoraintegrationstatus="Creating Invoice Adjustment")),
    left("A2.selection.3: partly applied", a_netsuite_memo("CM3", 41.0, [(an_invoice("INV3", synced=True), 40.0)])),
    left("A2.selection.4: an adjustment's credit", a_netsuite_memo("CM4A", custbodyzuoratype="INVOICE_ITEM_ADJUSTMENT")),
    left("A2.selection.4: a credit memo's", a_netsuite_memo("CM4C", custbodyzuoratype="CREDIT_MEMO")),
    left("A2.selection.5: NetSuite's own invoice only", a_netsuite_memo("CM5O", 25.0, [(OWN, 25.0)])),
    sent("A2.selection.5: both kinds", a_netsuite_memo("CM5B", 65.0, [(an_invoice("INV5", synced=True), 40.0), (OWN, 25.0)])),
    left("A2.selection.6: asks for a Zuora refund", a_netsuite_memo("CM6", custbodycreatezuorarefund=True)),
    left(
        "A3.selection.1: no Zuora Customer ID",
        a_netsuite_memo("NEG1", 40.0, [(STRANGE, 40.0)], of=STRANGER, custbodyzuoratype="NEGATIVE_INVOICE"),
    ),
    sent("A3.selection.4: all rules met", a_closed_negative_invoice("NEG2", 70.0, [(an_invoice("INV2", synced=True), 70.0)])),
    left(
        "A3.selection.2: set aside by a person",
        a_closed_negative_invoice("NEG4", 70.0, [(OWN, 70.0)], custbodyzuoraintegrationstatus="Ignore"),
    ),
    left("A3.selection.3: partly applied", a_closed_negative_invoice("NEG5", 70.0, [(an_invoice("INV8", synced=True), 69.0)])),
    left("A3.selection.4: an ordinary memo", a_closed_negative_invoice("NEG6", 70.0, [(OWN, 25.0)], custbodyzuoratype="CREDIT_MEMO")),
    held(
        "A2.validation.1: two Zuora invoices",
        a_netsuite_memo("V1", 60.0, [(an_invoice("INV6", synced=True), 40.0), (an_invoice("INV7", synced=True), 20.0)]),
        "NSCM-V1: applied to 2 Zuora invoices; exactly one is required.",
        also=("adjustments.A2.selection.5",),
    ),
    sent(
        "A2.validation.1: other documents beside it",
        a_netsuite_memo("V1B", 70.0, [(an_invoice("INVV1", synced=True), 40.0), (OWN, 25.0), (A_JOURNAL_ENTRY, 5.0)]),
    ),
    held(
        "A2.validation.2: balance",
        a_netsuite_memo("V2", 40.0, [(an_invoice("INVV2", synced=True, Balance=30.0), 40.0)]),
        "NSCM-V2: USD 40.00 exceeds the balance USD 30.00 of Zuora invoice INVV2.",
    ),
    held(
        "A2.validation.2: no such invoice",
        a_netsuite_memo("V2N", 35.0, [(NEVER, 35.0)]),
        f"NSCM-V2: Zuora invoice {zid('never was')} does not exist.",
    ),
    held(
        "sequence-and-status.1.6.order.credit-memo-ns-z-a",
        a_netsuite_memo("V3", 35.0, [(INV9, 35.0)]),
        "NSCM-V3: Zuora invoice INV9 is not marked as synced.",
    ),
    held(
        "A3.validation.1",
        a_closed_negative_invoice("NEGV1", 70.0, [], item={"items": [{"item": {"id": "501"}, "amount": 0}]}),
        "NSNEG-V1: not applied to any transaction.",
    ),
    held(
        "A3.validation.2: balance",
        a_closed_negative_invoice("NEGV2", 70.0, [(an_invoice("INVN2", synced=True), 70.0)], balance=-50.0),
        "NSNEG-V2: Zuora invoice Z-NEGV2 has balance USD -50.00; expected USD -70.00.",
    ),
    held(
        "A3.validation.2: no such invoice",
        a_closed_negative_invoice("NEGV2N", 70.0, [(an_invoice("INVN3", synced=True), 70.0)], custbodyzuoraid=zid("never was")),
        f"NSNEG-V2: Zuora invoice {zid('never was')} does not exist.",
    ),
    held(
        "nothing is charged when a credit cannot follow",
        a_closed_negative_invoice("NEGV3", 70.0, [(an_invoice("INVN4", synced=True, Balance=50.0), 70.0)]),
        "NSNEG-V3: USD 70.00 exceeds the balance USD 50.00 of Zuora invoice INVN4.",
    ),
    held(
        "sequence-and-status.1.6.order.credit-memo-ns-z-a: negative",
        a_closed_negative_invoice("NEGV4", 70.0, [(INV9, 40.0), (OWN, 25.0), (A_JOURNAL_ENTRY, 5.0)]),
        "NSNEG-V4: Zuora invoice INV9 is not marked as synced.",
    ),
]
PAGE = Table(NETSUITE_MEMOS, "adjustments.", ROWS, MEMOS_ON)


@pytest.fixture(scope="module")
def page(fast: MemoryWorld) -> Ran:
    fields = ("Origin__NS", "Transaction__NS")
    with tenant(fast, custom_fields={"InvoiceAdjustment": fields, "InvoiceItemAdjustment": fields}) as world:
        return PAGE.run(world)


@pytest.mark.parametrize("row", PAGE.cases())
def test_rule(page: Ran, row: Row) -> None:
    check(page, row)


def test_nothing_else_is_told_and_the_run_ties_out(page: Ran) -> None:
    PAGE.holds_together(page, "DRIFT-MISSING")  # the memo of NEGV1 is 0, the invoice is not


@pytest.mark.rule("adjustments.A2.validation.1")
def test_what_is_applied_to_other_documents_is_not_sent(page: Ran) -> None:
    assert page.sent("V1B")["Amount"] == 40


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
