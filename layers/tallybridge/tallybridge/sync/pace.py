"""How long calls take in a worker, and therefore how many records it has time for before it is stopped. All times in seconds."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from tallybridge.sync.step import Plan, Write
from tallybridge.sync.work import Work

LOOKS = 3
"""Calls to the destination that a piece of work needs beside its requests: the last one under way, what was made, its parts."""
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

    def marked(self, number: int, seconds: float) -> None:
        """Some marks were made together."""
        self.mark = max(self.mark, seconds / number)

    def requested(self, seconds: float) -> None:
        """A request was answered."""
        self.request = max(self.request, seconds)

    def to_settle(self, sent: int) -> float:
        """What it takes to look at, and to write back, what was sent."""
        return REST_SECONDS + LOOKS * self._call() + sent * self._one_mark()

    def room(self, works: Sequence[Work], writers: int, seconds: float) -> int:
        """How many of the works, from the first, can be carried out. Those of one group take their turns, so that the longest group
        counts; at least one is tried."""
        groups: dict[str, float] = {}
        whole = longest = marks = 0.0
        for number, work in enumerate(works):
            takes = _requests(work.plan) * self._call()
            group = work.record.group or work.record.id
            groups[group] = groups.get(group, 0.0) + takes
            whole, longest, marks = whole + takes, max(longest, groups[group]), marks + _marks(work.plan)
            if max(whole / writers, longest) + marks * self._one_mark() + self.to_settle(0) > seconds:
                return max(1, number)
        return len(works)

    def _call(self) -> float:
        return max(self.destination(), self.request)

    def _one_mark(self) -> float:
        return self.mark or self.source() / MARKED_AT_ONCE


def _requests(plan: Plan) -> int:
    return sum(len(stage.requests) for stage in plan.stages) if isinstance(plan, Write) else 0


def _marks(plan: Plan) -> int:
    return 1 + (sum(bool(stage.in_progress) for stage in plan.stages) if isinstance(plan, Write) else 0)
