"""The status of debit and credit memos from one moment to the next, recovery, re-sync, faults and the number of calls (memos.md, Status;
sequence-and-status.md sections 4 to 6). What the two kinds share is run over both."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from tests.sync.builders import Objects, zid
from tests.sync.invoice_world import change, delete_in_netsuite
from tests.sync.memo_world import GOLD, memo, memos, ran, ready
from tests.sync.memory import MemoryWorld
from tests.sync.ran import status_of
from tests.sync.recording import during


@dataclass(frozen=True)
class Kind:
    """What differs between the two kinds in these tests."""

    name: str
    record: str
    creating: str
    error: str

    def create(self) -> dict[str, Any]:
        return {"method": "POST", "path": f"^/services/rest/record/v1/{self.record}"}

    def write_back(self) -> dict[str, Any]:
        return {"method": "PUT", "path": f"^/v1/{self.name.lower()}-memos/bulk"}

    def memo(self, number: str, **fields: Any) -> Objects:
        return memo(self.name, "A1", number, fields.pop("lines", GOLD), sub="S1", **fields)

    def in_netsuite(self, number: str, amount: float = 100.0, internal_id: str = "7100") -> Objects:
        lines = [{"item": {"id": "501"}, "amount": amount}]
        head = {"id": internal_id, "entity": {"id": "9001"}, "tranDate": "2026-10-05", "item": {"items": lines}}
        return {self.record: [{**head, "custbodyzuoraid": zid(number)}]}


DEBIT = Kind("Debit", "invoice", "Creating Debit Memo", "Error Creating Debit Memo")
CREDIT = Kind("Credit", "creditMemo", "Creating Credit Memo", "Error Creating Credit Memo")


def kinds(debit: tuple[str, ...] = (), credit: tuple[str, ...] = ()) -> pytest.MarkDecorator:
    """Both kinds, each with the rules that the test proves for it."""
    params = [(DEBIT, debit), (CREDIT, credit)]
    marked = [pytest.param(k, id=k.name, marks=pytest.mark.rule(*rules) if rules else ()) for k, rules in params]
    return pytest.mark.parametrize("kind", marked)


@kinds()
def test_an_interrupted_memo_is_completed_by_the_next_run(fast: MemoryWorld, kind: Kind) -> None:
    ready(fast, kind.memo("M1"))
    during(fast, lambda: fast.zuora_control.set_faults([{**kind.write_back(), "status": 503, "body": {}}]), kind.create())
    first = ran(fast, kind.name)
    assert status_of(first.record("M1")) == (kind.creating, "Processing")
    fast.zuora_control.set_faults([])
    fast.netsuite_control.set_faults([])
    fast.clock.advance(hours=1)
    assert ran(fast, kind.name).synced("M1")


@pytest.mark.rule("memos.D.resync", "sequence-and-status.6.resync.debit-memo", "memos.D.status.nothing-later")
def test_a_debit_memo_needs_its_status_cleared_to_be_sent_again(fast: MemoryWorld) -> None:
    ready(fast, DEBIT.memo("M1"))
    old = str(ran(fast).sent("M1")["id"])
    delete_in_netsuite(fast, old)
    change(fast, "DebitMemo", "M1", TransferredToAccounting="No", Comments="changed")
    assert ran(fast).made("M1") == []
    change(fast, "DebitMemo", "M1", IntegrationStatus__NS=None)
    run = ran(fast)
    assert run.synced("M1")
    assert str(run.sent("M1")["id"]) != old


# -- green runs and counts --------------------------------------------------------------------------------------------------


@kinds(("sequence-and-status.4.3.transition.sync-complete-yes-any-later-change-in-the-source",), ())
def test_a_second_run_writes_nothing(fast: MemoryWorld, kind: Kind) -> None:
    ready(fast, *(kind.memo(f"M{n}") for n in range(3)))
    ran(fast, kind.name)
    fast.zuora_control.clear_stats()
    fast.netsuite_control.clear_stats()
    assert ran(fast, kind.name).outcome == "completed"
    assert [c for c in fast.zuora_control.stats()["calls"] if c.startswith("PUT")] == []
    assert [c for c in fast.netsuite_control.stats()["calls"] if "record" in c and "metadata" not in c] == []


@kinds()
def test_a_dry_run_writes_nothing(fast: MemoryWorld, kind: Kind) -> None:
    ready(fast, kind.memo("M1"))
    before = memos(fast, kind.name)
    step = f"{kind.name.lower()}_memos"
    output = fast.run(steps=(step,), dry_run=True)
    assert output["outcome"] == "completed"
    assert memos(fast, kind.name) == before
    assert [r for r in fast.in_netsuite(kind.record) if r.get("custbodyzuoraid") == zid("M1")] == []


@kinds()
def test_calls_per_memo_stay_within_the_target(fast: MemoryWorld, kind: Kind) -> None:
    """Two sizes tell the cost of one more memo apart from what a run costs anyway."""
    costs = []
    for count in (10, 60):
        applied = {"CreditMemoPart": [{"CreditMemoId": zid(f"M{n}"), "InvoiceId": zid("INV1"), "Amount": 0.1} for n in range(count)]}
        ready(fast, *(kind.memo(f"M{n}", taxes=[8.25]) for n in range(count)), applied if kind is CREDIT else {})
        fast.zuora_control.clear_stats()
        fast.netsuite_control.clear_stats()
        run = ran(fast, kind.name)
        assert all(run.synced(f"M{n}") for n in range(count))
        costs.append([sum(c.stats()["calls"].values()) for c in (fast.netsuite_control, fast.zuora_control)])
    (netsuite_few, zuora_few), (netsuite_many, zuora_many) = costs
    assert (netsuite_many - netsuite_few) / 50 <= 1.05
    assert (zuora_many - zuora_few) / 50 <= 0.15
    assert netsuite_many <= 60 * 1.05 + 20, "beside the memos: reference data, and what was changed and deleted since the last run"
    assert zuora_many <= 60 * 0.15 + 30
