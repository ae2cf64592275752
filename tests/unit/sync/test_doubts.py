"""The look for drift goes on where it stood, and from the beginning where the rows come in another order now."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from tallybridge.sync.folder import RunFolder
from tallybridge.sync.runlog import Level, LogLine
from tallybridge.tasks.doubts import Look
from tallybridge.tasks.watermarks import Watermark
from tests.sync.memory import MemoryObjects


@dataclass(frozen=True)
class Row:
    id: str
    modified: str = ""


ROWS = [Row(f"r{n}", f"2026-11-02T08:00:0{n}Z") for n in range(6)]


def rows() -> Iterator[Row]:
    return iter(ROWS)


def test_the_rest_is_what_was_not_gone_through() -> None:
    look = Look("now")
    look.gone_through(ROWS[:2])
    look.gone_through(ROWS[2:4])
    assert (look.passed, look.last, look.latest) == (4, "r3", ROWS[3].modified)
    assert list(look.rest(rows)) == ROWS[4:]


@pytest.mark.parametrize("now", [ROWS[::-1], ROWS[:2], []])
def test_rows_in_another_order_are_all_gone_through_again(now: list[Row]) -> None:
    look = Look("now")
    look.gone_through(ROWS[:4])
    assert list(look.rest(lambda: iter(now))) == now
    assert look.passed == 0


def folder() -> RunFolder:
    objects: Any = MemoryObjects()
    return RunFolder(objects, "bucket", "run")


def test_it_survives_between_two_rounds() -> None:
    kept, look = folder(), Look("2026-11-02T08:00:00Z")
    look.doubts.add("zuora#Invoice#i1")
    look.doubts.add("netsuite#customerPayment#42")
    look.doubts.unknown.add("i2")
    look.lines.append(LogLine("t", "run", "run", Level.WARNING, "It is not allowed.", "DRIFT-DELETIONS"))
    look.gone_through(ROWS[:1])
    look.finish("drift in Zuora", Watermark("a", "b", "c"))
    look.gone_through(ROWS[:3])
    look.save(kept)
    assert Look.load(kept, "later") == look
    assert Look.load(folder(), "later") == Look("later")
