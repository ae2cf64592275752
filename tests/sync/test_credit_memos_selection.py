"""Which credit memos are taken (memos.md C, Selection): one run over one memo for each case, read in both ways."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sync.builders import Objects, account, merged, subscription, zid
from tests.sync.invoice_world import customer, parents, synced_account
from tests.sync.memo_world import CreditRun, credit, credited, memos, ready
from tests.sync.memory import MemoryWorld
from tests.sync.world import World

RULE = "memos.C.selection"
MIGRATED: dict[str, Any] = {"ReasonCode": "AR Mig - negative invoice"}
TAKEN: dict[str, dict[str, Any]] = {
    "rule 2: Sync To NetSuite Yes": {"account": "AYES"},
    "rule 2: Sync To NetSuite empty": {},
    "rule 3: transferred No": {"TransferredToAccounting": "No"},
    "rule 3: transferred Error": {"TransferredToAccounting": "Error", "IntegrationStatus__NS": "Error Creating Credit Memo"},
    "rule 3: transferred Processing": {"TransferredToAccounting": "Processing", "IntegrationStatus__NS": "Creating Credit Memo"},
    "rule 4: origin Zuora": {"Origin__NS": "ZUORA"},
    "rule 5: dated on the cutover date": {"MemoDate": "2026-09-01"},
    "no status rule": {"TransferredToAccounting": "No", "IntegrationStatus__NS": "Sync Complete"},
    "rule 6: another reason code": {"ReasonCode": "Write-off"},
}
LEFT: dict[str, dict[str, Any]] = {
    "rule 1: Draft": {"Status": "Draft"},
    "rule 1: Canceled": {"Status": "Canceled"},
    "rule 2: Sync To NetSuite No": {"account": "ANO"},
    "rule 2: account not Sync Complete": {"account": "AERR"},
    "rule 3: transferred Yes": {"TransferredToAccounting": "Yes"},
    "rule 3: transferred Ignore": {"TransferredToAccounting": "Ignore"},
    "rule 4: origin NetSuite": {"Origin__NS": "NETSUITE"},
    "rule 5: dated before the cutover date": {"MemoDate": "2026-08-31"},
    "rule 6: status Ignore": {"IntegrationStatus__NS": "Ignore"},
    "rule 6: migrated": MIGRATED,
}
CASES = {**TAKEN, **LEFT}
NUMBERS = {case: f"CM{n:03d}" for n, case in enumerate(CASES)}
SUBSCRIPTIONS = {"A1": "S1", "AYES": "S2", "ANO": "S3", "AERR": "S4"}


def tagged(cases: dict[str, Any]) -> list[Any]:
    ids = {case: f"{RULE}.{case[5]}" if case.startswith("rule") else f"{RULE}.no-status-rule" for case in cases}
    return [pytest.param(case, marks=pytest.mark.rule(rule)) for case, rule in ids.items()]


def made(case: str) -> Objects:
    fields = dict(CASES[case])
    owner = fields.pop("account", "A1")
    return credit(NUMBERS[case], account=owner, sub=SUBSCRIPTIONS[owner], **fields)


@pytest.fixture(scope="module", params=["data_query", "zoql"])
def run(started_world: World, request: pytest.FixtureRequest) -> CreditRun:
    world = MemoryWorld.of(started_world)
    world.reset(cutover_zuora_memo="2026-09-01", **{"zuora.read_path": request.param})
    zuora, netsuite = parents()
    more = merged(
        synced_account("AYES", "9002", SynctoNetSuite__NS="Yes"),
        synced_account("ANO", "9003", SynctoNetSuite__NS="No"),
        account("AERR", IntegrationId__NS="9004", IntegrationStatus__NS="Error Updating Customer"),
        *(subscription(owner, sub, "Gold") for owner, sub in SUBSCRIPTIONS.items() if owner != "A1"),
    )
    customers = [customer("AYES", "9002"), customer("ANO", "9003"), customer("AERR", "9004")]
    world.load(merged(zuora, more, *map(made, CASES)), merged(netsuite, {"customer": customers}))
    return credited(world)


@pytest.mark.parametrize("case", tagged(TAKEN))
def test_is_taken_by(run: CreditRun, case: str) -> None:
    assert run.synced(NUMBERS[case])


@pytest.mark.parametrize("case", tagged(LEFT))
def test_is_left_untouched_by(run: CreditRun, case: str) -> None:
    assert run.untouched(NUMBERS[case])
    if "migrated" not in case:
        assert [line for line in run.lines if line.get("source_number") == NUMBERS[case]] == []


@pytest.mark.rule("memos.C.unapplied")
def test_without_invoice_and_applications_it_is_sent_unapplied(run: CreditRun) -> None:
    made = run.sent(NUMBERS["rule 2: Sync To NetSuite empty"])
    assert run.applied(NUMBERS["rule 2: Sync To NetSuite empty"]) == {}
    assert (made["total"], made["unapplied"]) == (100, 100)


@pytest.mark.rule("sequence-and-status.9.migrated-memos", f"{RULE}.6")
def test_a_migrated_memo_is_skipped_with_a_warning(run: CreditRun) -> None:
    number = NUMBERS["rule 6: migrated"]
    advice = "Set Transferred to Accounting to Yes or allow migrated memos."
    text = f"Credit memo {number}: created by the Invoice Settlement migration from a negative invoice; not sent. {advice}"
    line = run.line(number, "CM-MIGRATED")
    assert (line["message"], line["advice"], line["level"]) == (text, advice, "WARNING")
    assert run.output["tiedOut"]


@pytest.mark.rule("sequence-and-status.9.migrated-memos")
def test_a_migrated_memo_is_sent_where_the_setting_allows_it(started_world: World) -> None:
    world = ready(MemoryWorld.of(started_world), credit("CM1", **MIGRATED), send_migrated_credit_memos="Yes")
    assert credited(world).synced("CM1")


@pytest.mark.rule(f"{RULE}.7")
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
