"""Which debit memos are taken (memos.md D, Selection): one run over one memo for each case, read in both ways."""

from __future__ import annotations

from typing import Any

import pytest

from tallybridge.settings import DEFAULTS
from tallybridge.tasks.steps import STEPS, steps_to_run
from tests.sync.builders import Objects, merged, subscription
from tests.sync.invoice_world import Ran, customer, parents, synced_account
from tests.sync.memo_world import debit, ran
from tests.sync.memory import MemoryWorld
from tests.sync.world import World

RULE = "memos.D.selection"
TAKEN: dict[str, dict[str, Any]] = {
    "rule 1: Sync To NetSuite Yes": {"account": "AYES"},
    "rule 1: Sync To NetSuite empty": {},
    "rule 3: transferred No": {"TransferredToAccounting": "No"},
    "rule 3: transferred Error": {"TransferredToAccounting": "Error", "IntegrationStatus__NS": "Error Creating Debit Memo"},
    "rule 3: transferred Processing": {"TransferredToAccounting": "Processing", "IntegrationStatus__NS": "Creating Debit Memo"},
    "rule 4: dated on the cutover date": {"MemoDate": "2026-09-01"},
    "rule 5: another status": {"IntegrationStatus__NS": "Something else"},
    "whatever is left of its balance": {"Balance": 0.0},
}
LEFT: dict[str, dict[str, Any]] = {
    "rule 1: Sync To NetSuite No": {"account": "ANO"},
    "rule 2: Draft": {"Status": "Draft"},
    "rule 2: Canceled": {"Status": "Canceled"},
    "rule 3: transferred Yes": {"TransferredToAccounting": "Yes"},
    "rule 3: transferred Ignore": {"TransferredToAccounting": "Ignore"},
    "rule 4: dated before the cutover date": {"MemoDate": "2026-08-31"},
    "rule 5: Sync Complete, although transferred was reset": {"TransferredToAccounting": "No", "IntegrationStatus__NS": "Sync Complete"},
    "rule 6: status Ignore": {"IntegrationStatus__NS": "Ignore"},
}
CASES = {**TAKEN, **LEFT}
NUMBERS = {case: f"DM{n:03d}" for n, case in enumerate(CASES)}
MARKS = {
    **{f"rule {n}": [f"{RULE}.{n}"] for n in range(1, 7)},
    "rule 4": [
        f"{RULE}.4",
        "settings.key.cutover_zuora_memo",
        "sequence-and-status.1.4.gate.cutover-date-zuora-debit-credit-memos-one-date",
    ],
    "whatever is left of its balance": ["memos.0.sent-whatever-balance"],
}


def tagged(cases: dict[str, Any]) -> list[Any]:
    return [pytest.param(case, marks=pytest.mark.rule(*MARKS[case.split(":")[0]])) for case in cases]


def made(case: str) -> Objects:
    fields = dict(CASES[case])
    account = fields.pop("account", "A1")
    return debit(NUMBERS[case], account=account, sub={"A1": "S1", "AYES": "S2", "ANO": "S3"}[account], **fields)


@pytest.fixture(scope="module", params=["data_query", "zoql"])
def run(started_world: World, request: pytest.FixtureRequest) -> Ran:
    world = MemoryWorld.of(started_world)
    world.reset(cutover_zuora_memo="2026-09-01", **{"zuora.read_path": request.param})
    zuora, netsuite = parents()
    more = merged(
        synced_account("AYES", "9002", SynctoNetSuite__NS="Yes"),
        synced_account("ANO", "9003", SynctoNetSuite__NS="No"),
        subscription("AYES", "S2", "Gold"),
        subscription("ANO", "S3", "Gold"),
    )
    world.load(merged(zuora, more, *map(made, CASES)), merged(netsuite, {"customer": [customer("AYES", "9002"), customer("ANO", "9003")]}))
    done: Ran = ran(world)
    return done


@pytest.mark.parametrize("case", tagged(TAKEN))
def test_is_taken_by(run: Ran, case: str) -> None:
    assert run.synced(NUMBERS[case])


@pytest.mark.parametrize("case", tagged(LEFT))
def test_is_left_untouched_by(run: Ran, case: str) -> None:
    assert run.untouched(NUMBERS[case])
    assert [line for line in run.lines if line.get("source_number") == NUMBERS[case]] == []


def test_the_run_ties_out(run: Ran) -> None:
    (total,) = [t for t in run.output["totals"] if t["currency"] == "USD"]
    assert run.output["tiedOut"]
    assert total["synced"] == len(TAKEN)


@pytest.mark.rule("memos.0.sent-whatever-balance")
def test_amounts_keep_their_sign(run: Ran) -> None:
    assert run.sent(NUMBERS["rule 1: Sync To NetSuite empty"])["total"] == 100


@pytest.mark.rule("memos.0.mode-b-only", "sequence-and-status.1.2.step.5", "sequence-and-status.1.2.step.6")
def test_memos_belong_to_tenants_with_invoice_settlement_debit_memos_first_both_before_payments() -> None:
    memo_steps = ("debit_memos", "credit_memos")
    assert [steps_to_run(DEFAULTS, "A")[name] for name in memo_steps] == [False, False]
    assert [steps_to_run(DEFAULTS, "B")[name] for name in memo_steps] == [True, True]
    assert [name for name in STEPS if name in (*memo_steps, "payments")] == [*memo_steps, "payments"]
