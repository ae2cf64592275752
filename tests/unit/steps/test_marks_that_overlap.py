"""Records of one chunk are marked complete while those of the next are marked as under way: neither loses what it has read."""

from __future__ import annotations

from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

import pytest

from tallybridge.steps.netsuite_customers import NetSuiteCustomers
from tallybridge.steps.sales_orders import SalesOrders
from tallybridge.steps.shared.from_netsuite import NetSuiteToZuora
from tallybridge.sync.step import Mark, MarkResult, SourceRecord

READ = {"z1": {"Id": "z1", "Name": "S-1", "BillToId": "b1", "SoldToId": "s1"}}
COMPLETE = Mark(SourceRecord("1", "1", ""), "Sync Complete", destination_id="z1", synced_at="2026-03-01T00:00:00Z")
UNDER_WAY = Mark(SourceRecord("2", "2", ""), "Creating")


@pytest.mark.parametrize(("kind", "kept"), [(SalesOrders, "subscriptions"), (NetSuiteCustomers, "accounts")], ids=["orders", "customers"])
def test_what_was_read_for_a_complete_record_is_still_there_when_its_mark_is_written(
    kind: type[Any], kept: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    step: Any = object.__new__(kind)
    step.context = SimpleNamespace(source=SimpleNamespace(reread=lambda *_: dict(READ)))
    step.declined = set()
    setattr(step, kept, {})
    written: list[Any] = []

    def write(step: Any, marks: Sequence[Mark]) -> dict[str, MarkResult]:
        if marks == [COMPLETE]:
            step.mark([UNDER_WAY])
            written.append(getattr(step, kept).get("z1"))
        return {}

    monkeypatch.setattr(NetSuiteToZuora, "mark", write)
    step.mark([COMPLETE])
    assert written == [READ["z1"]]
