"""How long calls take in a worker, and therefore how many records it has time for before it is stopped. All times in seconds."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from tallybridge.sync.step import Plan, Write
from tallybridge.sync.work import Work

LOOKS = 3
"""Calls to the destination that a piece of work needs beside its requests: the last one under way, what was made, its parts."""
READS = 20
"""Calls in a row that reading may need where slots are scarce."""
MARKED_AT_ONCE = 8
"""Marks in flight, where the source takes them one by one; until it is seen how long they take."""
REST_SECONDS = 20
"""Kept free: for the ledger, and for what is slower than anything that was seen."""


def nothing_seen() -> float:
    """No call so far."""
    return 0.0


@dataclass
class Pace:
    """`source` and `destination` tell the slowest call that was seen of either, waiting for a slot included; `mark` is what one mark in the
    source has taken at most, on average of those that were made together."""

    source: Callable[[], float] = nothing_seen
    destination: Callable[[], float] = nothing_seen
    mark: float = 0.0
    request: float = 0.0
    requests: int = 0
    all_requests: float = 0.0
    """How many requests there were, and what they have taken together."""
    unsettled: int = 0
    """Records of the piece before, which are still to be looked at and written back while others are sent."""
    _guard: threading.Lock = field(default_factory=threading.Lock, repr=False, compare=False)

    def marked(self, number: float, seconds: float) -> None:
        """So many marks were made together."""
        self.mark = max(self.mark, seconds / number)

    def requested(self, seconds: float) -> None:
        """A request was answered."""
        with self._guard:
            self.request = max(self.request, seconds)
            self.requests, self.all_requests = self.requests + 1, self.all_requests + seconds

    def add_unsettled(self, records: int) -> None:
        """So many records are still to be settled while others are sent, or, below 0, are no longer."""
        with self._guard:
            self.unsettled += records

    def lead(self, records: int, writers: int) -> int:
        """How many requests take the writers as long as it takes to mark so many records."""
        usual = self._usual()
        return math.ceil(writers * (1 + records * self.mark / usual)) if usual else writers

    def to_read(self) -> float:
        """What it may take to read others ahead: the slots are the same ones."""
        return READS * max(self.source(), self.destination())

    def to_settle(self, sent: int) -> float:
        """What it takes to look at, and to write back, what was sent."""
        return REST_SECONDS + LOOKS * self._call() + (sent + self.unsettled) * self._one_mark()

    def room(self, works: Sequence[Work], writers: int, seconds: float) -> int:
        """How many of the works, from the first, can be carried out. Those of one group take their turns, so that the longest group
        counts; at least one is tried."""
        groups: dict[str, float] = {}
        whole = longest = marks = 0.0
        for number, work in enumerate(works):
            takes = _requests(work.plan) * self._usual()
            group = work.record.group or work.record.id
            groups[group] = groups.get(group, 0.0) + takes
            whole, longest, marks = whole + takes, max(longest, groups[group]), marks + _marks(work.plan)
            if max(whole / writers, longest) + marks * self._one_mark() + self.to_settle(0) > seconds:
                return max(1, number)
        return len(works)

    def _usual(self) -> float:
        """What a request takes on average: one that has waited long for its slot says little of a hundred others."""
        return self.all_requests / self.requests if self.requests else self._call()

    def _call(self) -> float:
        return max(self.destination(), self.request)

    def _one_mark(self) -> float:
        return self.mark or self.source() / MARKED_AT_ONCE


def _requests(plan: Plan) -> int:
    return sum(len(stage.requests) for stage in plan.stages) if isinstance(plan, Write) else 0


def _marks(plan: Plan) -> int:
    return 1 + (sum(bool(stage.in_progress) for stage in plan.stages) if isinstance(plan, Write) else 0)
