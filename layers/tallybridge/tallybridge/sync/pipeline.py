"""Pieces of work in a row, each read, sent and settled: while one is sent, the next is read and the one before is settled.

    read     1  2  3  4
    send        1  2  3  4
    settle         1  2  3  4

The next one begins to be sent when the one before is nearly through, so that its preparations fall into the end of that. One piece is
settled at a time. What has been sent is settled, whatever else fails. What was read ahead may be forgotten, so that reading must not write.
This is the one place that owns the threads for it.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Protocol, TypeVar

T = TypeVar("T")
AHEAD = True
"""Whether anything overlaps. Without it everything happens in one thread, one piece after the other."""
THREADS = 5
"""One reads, two send, two settle or wait for their turn to."""


class Line(Protocol[T]):
    """The work, as `run` asks for it."""

    def read(self, behind: T | None = None) -> T | None:
        """The next piece, None when there is none. With `behind` it is read while that piece, and perhaps others before it, are under way:
        None, too, where it cannot be told apart from them."""

    def send(self, piece: T, nearly: Callable[[bool], None]) -> None:
        """Tells `nearly`, as soon as little is left to send, whether another piece may be sent."""

    def settle(self, piece: T) -> bool:
        """Answers whether the work goes on."""
        ...

    def goes_on(self) -> bool:
        """Asked before a piece is sent that was read ahead."""
        ...


def run(line: Line[T], *, ahead: bool) -> None:
    """Everything, until there is no piece left or the work does not go on. Raises what reading, sending or settling raises."""
    if ahead and AHEAD:
        with ThreadPoolExecutor(max_workers=THREADS) as pool:
            _overlapped(line, pool)
        return
    while (piece := line.read()) is not None:
        line.send(piece, lambda free: None)
        if not line.settle(piece):
            return


def _overlapped(line: Line[T], pool: ThreadPoolExecutor) -> None:
    settled: Future[bool] | None = None
    piece = line.read()
    while piece is not None:
        before, nearly = settled, Future[bool]()
        coming = pool.submit(line.read, piece)
        sent = pool.submit(_send, line, piece, nearly)
        settled = pool.submit(_settle, line, piece, sent, before)
        free = nearly.result()
        going_on = before is None or before.result()
        if not free:
            going_on = settled.result() and going_on
        piece = coming.result() if going_on else None
        if piece is not None:
            piece = piece if line.goes_on() else None
        elif going_on:
            piece = line.read() if settled.result() else None
    if settled is not None:
        settled.result()


def _send(line: Line[T], piece: T, nearly: Future[bool]) -> None:
    def tell(free: bool) -> None:
        if not nearly.done():
            nearly.set_result(free)

    try:
        line.send(piece, tell)
    finally:
        tell(False)


def _settle(line: Line[T], piece: T, sent: Future[None], before: Future[bool] | None) -> bool:
    sent.result()
    try:
        going_on = before is None or before.result()
    finally:
        settled = line.settle(piece)
    return settled and going_on
