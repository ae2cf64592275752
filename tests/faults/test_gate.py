"""The gate that stops a lane also sees writes that a condition refused."""

from __future__ import annotations

import pytest

from tests.faults.killing import KillableStore
from tests.faults.lanes import Gate
from tests.sync.memory import ConditionFailed, MemoryTable
from tests.sync.world import MovableClock


def test_a_refused_write_is_no_longer_under_way() -> None:
    table = MemoryTable("ledger", "key")
    gate = Gate(MovableClock())
    store = KillableStore(table, gate)
    once = {"Item": {"key": "a"}, "ConditionExpression": "attribute_not_exists(key)"}
    store.put_item(**once)
    with pytest.raises(ConditionFailed):
        store.put_item(**once)
    assert gate.in_flight == 0
