"""Which debit and credit memos are taken (memos.md D and C, Selection), read in both ways."""

from __future__ import annotations

from typing import Any

import pytest

from tallybridge.settings import DEFAULTS
from tallybridge.tasks.steps import STEPS, steps_to_run
from tests.rules.cases import of_tables
from tests.sync.builders import zid
from tests.sync.common_rows import taken_by_state
from tests.sync.memo_world import credit, credited, memos, ready
from tests.sync.memory import MemoryWorld
from tests.sync.ran import CREDIT_MEMOS, DEBIT_MEMOS, Ran
from tests.sync.table import READ_PATHS, Row, Table, check, held, left, sent
from tests.sync.words import a_credit_memo, a_debit_memo, an_account
from tests.sync.world import World

CUTOVER = ("settings.key.cutover_zuora_memo", "sequence-and-status.1.4.gate.cutover-date-zuora-debit-credit-memos-one-date")
DATE = "MemoDate", "2026-09-01", "2026-08-31"
BY_DATE = {"cutover_zuora_memo": "2026-09-01"}
DEBITS = [
    *taken_by_state("DM", a_debit_memo, account=1, transferred=3, date=(4, *DATE), doing="Debit Memo", ignored=6, cutover=CUTOVER),
    left("selection.2: Draft", a_debit_memo("DM2D", Status="Draft")),
    left("selection.2: Canceled", a_debit_memo("DM2C", Status="Canceled")),
    left(
        "selection.5: Sync Complete, although transferred was reset",
        a_debit_memo("DM5C", TransferredToAccounting="No", IntegrationStatus__NS="Sync Complete"),
    ),
    sent("memos.0.sent-whatever-balance", a_debit_memo("DM0", Balance=0.0)),
]
MIGRATED: dict[str, Any] = {"ReasonCode": "AR Mig - negative invoice"}
WHAT_TO_DO = "Set Transferred to Accounting to Yes or allow migrated memos."
CREDITS = [
    left("selection.1: Draft", a_credit_memo("CM1D", Status="Draft")),
    left("selection.1: Canceled", a_credit_memo("CM1C", Status="Canceled")),
    *taken_by_state("CM", a_credit_memo, account=2, transferred=3, date=(5, *DATE), doing="Credit Memo", ignored=6),
    left(
        "selection.2: account not Sync Complete",
        a_credit_memo("CM2E", of=an_account("ERR", IntegrationStatus__NS="Error Updating Customer")),
    ),
    sent("selection.4: origin Zuora", a_credit_memo("CM4", Origin__NS="ZUORA")),
    left("selection.4: origin NetSuite", a_credit_memo("CM4N", Origin__NS="NETSUITE")),
    sent("selection.no-status-rule", a_credit_memo("CMNS", TransferredToAccounting="No", IntegrationStatus__NS="Sync Complete")),
    sent("selection.6: another reason code", a_credit_memo("CM6", ReasonCode="Write-off")),
    held(
        "selection.6: migrated",
        a_credit_memo("CM6M", **MIGRATED),
        f"CM-MIGRATED: created by the Invoice Settlement migration from a negative invoice; not sent. {WHAT_TO_DO}",
        also=("sequence-and-status.9.migrated-memos",),
    ),
]
PAGES = {"debit": Table(DEBIT_MEMOS, "memos.D.", DEBITS, BY_DATE), "credit": Table(CREDIT_MEMOS, "memos.C.", CREDITS, BY_DATE)}


@pytest.fixture(scope="module", params=READ_PATHS)
def runs(started_world: World, request: pytest.FixtureRequest) -> dict[str, Ran]:
    return {kind: page.run(started_world, **{"zuora.read_path": request.param}) for kind, page in PAGES.items()}


@pytest.mark.parametrize(("kind", "row"), of_tables(PAGES))
def test_rule(runs: dict[str, Ran], kind: str, row: Row) -> None:
    check(runs[kind], row)


@pytest.mark.parametrize("kind", PAGES)
def test_nothing_else_is_told_and_the_run_ties_out(runs: dict[str, Ran], kind: str) -> None:
    PAGES[kind].holds_together(runs[kind])


@pytest.mark.rule("memos.0.sent-whatever-balance")
def test_amounts_keep_their_sign(runs: dict[str, Ran]) -> None:
    assert runs["debit"].sent("DMA1")["total"] == 100


@pytest.mark.rule("memos.0.mode-b-only", "sequence-and-status.1.2.step.5", "sequence-and-status.1.2.step.6")
def test_memos_belong_to_tenants_with_invoice_settlement_debit_memos_first_both_before_payments() -> None:
    memo_steps = ("debit_memos", "credit_memos")
    assert [steps_to_run(DEFAULTS, "A")[name] for name in memo_steps] == [False, False]
    assert [steps_to_run(DEFAULTS, "B")[name] for name in memo_steps] == [True, True]
    assert [name for name in STEPS if name in (*memo_steps, "payments")] == [*memo_steps, "payments"]


@pytest.mark.rule("memos.C.unapplied")
def test_without_invoice_and_applications_it_is_sent_unapplied(runs: dict[str, Ran]) -> None:
    run = runs["credit"]
    made = run.sent("CMA1")
    assert (run.applied("CMA1"), made["total"], made["unapplied"]) == ({}, 100, 100)


@pytest.mark.rule("sequence-and-status.9.migrated-memos", "memos.C.selection.6")
def test_the_advice_for_a_migrated_memo_is_in_its_text(runs: dict[str, Ran]) -> None:
    assert runs["credit"].line("CM6M", "CM-MIGRATED")["advice"] == WHAT_TO_DO


@pytest.mark.rule("sequence-and-status.9.migrated-memos")
def test_a_migrated_memo_is_sent_where_the_setting_allows_it(started_world: World) -> None:
    world = ready(MemoryWorld.of(started_world), credit("CM1", **MIGRATED), send_migrated_credit_memos="Yes")
    assert credited(world).synced("CM1")


@pytest.mark.rule("memos.C.selection.7")
@pytest.mark.parametrize("path", ["data_query", "zoql"])
@pytest.mark.rule("operations.9.credit-memo-limit")
def test_a_run_takes_as_many_as_the_setting_says_and_the_next_one_the_rest(started_world: World, path: str) -> None:
    migrated = [credit(f"CMM{n}", **MIGRATED) for n in range(3)]
    memos_ = [credit(f"CM{n}") for n in range(5)]
    settings: dict[str, Any] = {"credit_memos_per_run": 2, "zuora.read_path": path}
    world = ready(MemoryWorld.of(started_world), *memos_, *migrated, **settings)
    done, told = [], []
    for _ in range(3):
        run = credited(world)
        done.append(sum(run.synced(f"CM{n}") for n in range(5)))
        assert {line["code"] for line in run.lines if line.get("code")} <= {"CM-MIGRATED", "LEFT-LIMIT"}
        told += [(row["code"], row["count"], len(row["first"])) for row in run.summary["left_out"]]
    assert done == [2, 4, 5]
    assert told == [("LEFT-LIMIT", 3, 3), ("LEFT-LIMIT", 1, 1)]
    assert memos(world, "Credit")["CMM0"].get("IntegrationStatus__NS") is None
    assert zid("CMM0") not in {m["externalId"] for m in world.in_netsuite("creditMemo")}
