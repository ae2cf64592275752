"""How hard services pressed on a step: counted where calls are made, kept with what batches leave, put together along the step's time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from tallybridge.clock import stamp
from tallybridge.http import Pressure
from tallybridge.tasks.pressure import BUCKETS, Stretches, told

START = datetime(2026, 11, 2, 8, 0, tzinfo=UTC)


def piece(minutes: int, refused: int = 1, waited: int = 10) -> dict[str, object]:
    return {"at": stamp(START + timedelta(minutes=minutes)), "refused": refused, "waited": waited}


def test_a_piece_tells_what_came_since_the_one_before() -> None:
    assert told(Pressure(2, 10.4), Pressure(5, 31.6), "now") == {"at": "now", "refused": 3, "waited": 21}


def test_pieces_of_one_minute_come_together_and_calm_ones_are_not_kept() -> None:
    found = Stretches()
    found.add([piece(0), piece(0), piece(3), piece(5, 0, 0)])
    assert list(found.found.values()) == [[2, 20], [1, 10]]
    assert (found.refused, found.waited) == (3, 30)
    assert Stretches.from_json(found.to_json()) == found
    assert Stretches.from_json(None) == Stretches()


def test_a_long_step_keeps_so_many_stretches_and_loses_nothing() -> None:
    found = Stretches()
    found.add(piece(minute) for minute in range(1_440))
    assert len(found.found) <= BUCKETS
    assert (found.refused, found.waited, found.seconds) == (1_440, 14_400, 1_920)


def test_stretches_lie_within_the_time_of_the_run() -> None:
    found = Stretches()
    found.add([piece(0), piece(59)])
    rows = found.within(START, START + timedelta(hours=1))
    assert [row["begins"] for row in rows] == [0, 983]
    assert all(row["begins"] + row["lasts"] <= 1_000 and row["lasts"] >= 2 for row in rows)
    assert found.within(START, START) == []
