"""What became of candidates that no longer meet the selection, told from the ledger."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tallybridge.sync.earlier import result_of_earlier

ITEM = {"number": "INV1", "currency": "USD", "amount": "12.5", "destination_id": "7001", "action": "create"}


@pytest.mark.parametrize(
    ("item", "own", "outcome", "action"),
    [
        (None, False, "skipped", ""),
        ({**ITEM, "state": "DONE"}, True, "synced", "create"),
        ({**ITEM, "state": "CONFIRMED"}, True, "synced", "create"),
        ({**ITEM, "state": "DONE", "action": "recover"}, True, "already", "recover"),
        ({**ITEM, "state": "SENT"}, True, "skipped", ""),
        ({**ITEM, "state": "DONE"}, False, "already", "none"),
        ({**ITEM, "state": "CONFIRMED"}, False, "skipped", ""),
        ({**ITEM, "state": "HELD"}, False, "skipped", ""),
    ],
)
def test_a_candidate_that_is_gone(item: dict[str, Any] | None, own: bool, outcome: str, action: str) -> None:
    result = result_of_earlier("Invoice", "i1", item, own=own)
    assert (result.outcome, result.action) == (outcome, action)
    if outcome == "skipped":
        assert (result.source_number, result.amount, result.code) == ("i1", None, "GONE")
    else:
        assert (result.source_number, result.currency, result.amount, result.destination_id) == ("INV1", "USD", Decimal("12.5"), "7001")
