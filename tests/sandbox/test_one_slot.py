"""An account that gives one slot where three were expected, and vendors that take ten seconds for a call: a batch is settled piece by
piece."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tallybridge import wiring
from tallybridge.tasks.batch import first_chunk
from tests.sandbox.both_jobs import both_jobs

CALL_SECONDS = 10


def test_the_demo_tenant_is_synced_though_a_function_has_hardly_time_to_read_the_records_of_a_batch(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The parts of payments that an earlier round has marked are read one by one. On this clock a caller learns that its time is over when
    the answer comes, so that workers stop a whole call before they would be stopped."""
    monkeypatch.setattr(wiring, "SAFETY_SECONDS", wiring.SAFETY_SECONDS + CALL_SECONDS)
    with both_jobs(tmp_path, slots=3, latency_ms=CALL_SECONDS * 1000, instances=1) as both:
        both.account.limit = lambda now: 1
        output = both.ended(both.start_billing())["output"]
        assert (output["tiedOut"], output["outcome"]) == (True, "completed with warnings")
        assert not [each for each in both.sandbox.aws.invocations() if each.error]


@pytest.mark.parametrize(
    ("there", "in_vain", "taken"), [(90, 0, 90), (110, 0, 50), (90, 1, 12), (90, 2, 3), (90, 3, 1), (90, 99, 1), (2, 1, 2), (2, 2, 2)]
)
def test_each_round_that_settles_nothing_is_followed_by_a_smaller_piece(there: int, in_vain: int, taken: int) -> None:
    rows: Any = list(range(there))
    assert first_chunk(rows, 50, in_vain) == rows[:taken]
