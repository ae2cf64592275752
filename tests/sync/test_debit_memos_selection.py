"""Which debit memos are taken (memos.md D, Selection), read in both ways."""

from __future__ import annotations

import pytest

from tallybridge.settings import DEFAULTS
from tallybridge.tasks.steps import STEPS, steps_to_run
from tests.sync.common_rows import taken_by_state
from tests.sync.ran import DEBIT_MEMOS, Ran
from tests.sync.table import READ_PATHS, Row, Table, check, left, sent
from tests.sync.words import a_debit_memo
from tests.sync.world import World

CUTOVER = ("settings.key.cutover_zuora_memo", "sequence-and-status.1.4.gate.cutover-date-zuora-debit-credit-memos-one-date")
ROWS = [
    *taken_by_state(
        "DM",
        a_debit_memo,
        account=1,
        transferred=3,
        date=(4, "MemoDate", "2026-09-01", "2026-08-31"),
        doing="Debit Memo",
        ignored=6,
        cutover=CUTOVER,
    ),
    left("selection.2: Draft", a_debit_memo("DM2D", Status="Draft")),
    left("selection.2: Canceled", a_debit_memo("DM2C", Status="Canceled")),
    left(
        "selection.5: Sync Complete, although transferred was reset",
        a_debit_memo("DM5C", TransferredToAccounting="No", IntegrationStatus__NS="Sync Complete"),
    ),
    sent("memos.0.sent-whatever-balance", a_debit_memo("DM0", Balance=0.0)),
]
PAGE = Table(DEBIT_MEMOS, "memos.D.", ROWS, {"cutover_zuora_memo": "2026-09-01"})


@pytest.fixture(scope="module", params=READ_PATHS)
def run(started_world: World, request: pytest.FixtureRequest) -> Ran:
    return PAGE.run(started_world, **{"zuora.read_path": request.param})


@pytest.mark.parametrize("row", PAGE.cases())
def test_rule(run: Ran, row: Row) -> None:
    check(run, row)


def test_nothing_else_is_told_and_the_run_ties_out(run: Ran) -> None:
    PAGE.holds_together(run)


@pytest.mark.rule("memos.0.sent-whatever-balance")
def test_amounts_keep_their_sign(run: Ran) -> None:
    assert run.sent("DMA1")["total"] == 100


@pytest.mark.rule("memos.0.mode-b-only", "sequence-and-status.1.2.step.5", "sequence-and-status.1.2.step.6")
def test_memos_belong_to_tenants_with_invoice_settlement_debit_memos_first_both_before_payments() -> None:
    memo_steps = ("debit_memos", "credit_memos")
    assert [steps_to_run(DEFAULTS, "A")[name] for name in memo_steps] == [False, False]
    assert [steps_to_run(DEFAULTS, "B")[name] for name in memo_steps] == [True, True]
    assert [name for name in STEPS if name in (*memo_steps, "payments")] == [*memo_steps, "payments"]
