"""Pieces of work overlap as far as they may, and what was sent is settled whatever fails."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import pytest

from tallybridge.sync import pipeline

PATIENCE_SECONDS = 30
"""Real time after which a test is taken for stuck; nothing depends on it as long as it does not hang."""


class Broken(Exception):
    """What a part of the work fails with."""


@dataclass
class Pieces:
    """Pieces 1 to `count`. `fails` names what fails ("send 2"), `alone` the pieces beside which nothing is sent, `ends` the one after which
    the work does not go on, `together` those that cannot be told apart from the one before them, `stops` one that is not sent any more.
    `meanwhile` says what must have happened before something goes on."""

    count: int = 3
    fails: str = ""
    alone: frozenset[int] = frozenset()
    ends: int = 0
    together: frozenset[int] = frozenset()
    stops: int = 0
    meanwhile: dict[str, str] = field(default_factory=dict)
    done: list[str] = field(default_factory=list)
    taken: int = 0
    changed: threading.Condition = field(default_factory=threading.Condition)

    def note(self, what: str) -> None:
        with self.changed:
            if needed := self.meanwhile.get(what):
                assert self.changed.wait_for(lambda: needed in self.done, PATIENCE_SECONDS), f"{what} waits for {needed} in vain"
            self.done.append(what)
            self.changed.notify_all()
        if what == self.fails:
            raise Broken(what)

    def read(self, behind: int | None = None) -> int | None:
        number = self.taken + 1
        if number > self.count or (behind and number in self.together):
            return None
        self.taken = number
        self.note(f"read {number}")
        return number

    def send(self, piece: int, nearly: Callable[[bool], None]) -> None:
        self.note(f"send {piece}")
        nearly(piece not in self.alone)
        self.note(f"sent {piece}")

    def settle(self, piece: int) -> bool:
        self.note(f"settle {piece}")
        return piece != self.ends

    def goes_on(self) -> bool:
        return self.taken != self.stops

    def before(self, first: str, second: str) -> bool:
        return self.done.index(first) < self.done.index(second)


def test_without_overlap_one_piece_comes_after_the_other() -> None:
    pieces = Pieces()
    pipeline.run(pieces, ahead=False)
    assert pieces.done == [f"{part} {n}" for n in (1, 2, 3) for part in ("read", "send", "sent", "settle")]


def test_the_next_is_read_while_one_is_sent_and_sent_while_it_is_settled() -> None:
    pieces = Pieces(meanwhile={"send 1": "read 2", "sent 1": "send 2", "settle 1": "sent 2", "sent 2": "read 3"})
    pipeline.run(pieces, ahead=True)
    assert sorted(pieces.done) == sorted(f"{part} {n}" for n in (1, 2, 3) for part in ("read", "send", "sent", "settle"))


def test_no_more_than_two_pieces_are_sent_or_settled_at_a_time() -> None:
    pieces = Pieces(count=9)
    pipeline.run(pieces, ahead=True)
    for n in range(1, 8):
        assert pieces.before(f"settle {n}", f"send {n + 2}")
        assert pieces.before(f"settle {n}", f"settle {n + 1}")


def test_what_cannot_be_told_apart_is_read_when_the_one_before_is_settled() -> None:
    pieces = Pieces(together=frozenset({2}))
    pipeline.run(pieces, ahead=True)
    assert pieces.before("settle 1", "read 2")
    assert "settle 3" in pieces.done


def test_nothing_is_sent_beside_a_piece_that_stands_alone() -> None:
    pieces = Pieces(alone=frozenset({1}))
    pipeline.run(pieces, ahead=True)
    assert pieces.before("settle 1", "send 2")


@pytest.mark.parametrize("ahead", [True, False])
def test_after_the_end_nothing_is_sent_any_more(ahead: bool) -> None:
    pieces = Pieces(ends=1, alone=frozenset({1}))
    pipeline.run(pieces, ahead=ahead)
    assert "settle 1" in pieces.done
    assert "send 2" not in pieces.done


def test_what_was_read_ahead_is_forgotten_when_the_time_is_up() -> None:
    pieces = Pieces(stops=2, meanwhile={"send 1": "read 2"})
    pipeline.run(pieces, ahead=True)
    assert "settle 1" in pieces.done
    assert "send 2" not in pieces.done


@pytest.mark.parametrize("fails", ["read 2", "send 2", "settle 1", "read 3"])
def test_what_was_sent_is_settled_whatever_else_fails(fails: str) -> None:
    pieces = Pieces(count=5, fails=fails, meanwhile={"settle 1": "sent 2"} if fails == "settle 1" else {})
    with pytest.raises(Broken, match=fails):
        pipeline.run(pieces, ahead=True)
    for n in range(1, 6):
        assert (f"settle {n}" in pieces.done) == (f"sent {n}" in pieces.done)
    assert "sent 1" in pieces.done
    assert "send 4" not in pieces.done


def test_it_ends_too_where_threads_are_but_calls(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pipeline, "AHEAD", False)
    with ThreadPoolExecutor(max_workers=1) as pool:
        pieces = Pieces()
        pool.submit(pipeline.run, pieces, ahead=True).result(PATIENCE_SECONDS)
    assert pieces.done[-1] == "settle 3"
